//! What the app has no scene for, in each model: undo, and two tabs that show the same.
//!
//! `undo` adds two things to do, undoes one, and returns what is left. `two_tabs` picks a theme in one tab and another in
//! the other, and returns what both have shown after each.

pub mod atoms;
pub mod by_hand;
pub mod tao;
pub mod thunks;

use crate::portal::{SourceFile, source};

/// The file of each model, in the order of the columns.
pub(super) const SOURCES: [(&str, SourceFile); 4] = [
    ("atoms", source!("tasks/atoms.rs")),
    ("thunks", source!("tasks/thunks.rs")),
    ("tao", source!("tasks/tao.rs")),
    ("by-hand", source!("tasks/by_hand.rs")),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_step_is_undone_and_those_before_stay() {
        for todos in [atoms::undo(), thunks::undo(), tao::undo(), by_hand::undo()] {
            assert_eq!(todos, ["wash up"]);
        }
    }

    #[test]
    fn what_is_picked_in_one_tab_is_shown_in_both_whichever_it_is() {
        for themes in [atoms::two_tabs(), thunks::two_tabs(), tao::two_tabs(), by_hand::two_tabs()]
        {
            assert_eq!(themes, [["dark", "dark"], ["light", "light"]]);
        }
    }
}
