//! The app, written once per model. Each file is complete and can be read on its own.

mod atoms;
mod by_hand;
mod tao;
mod thunks;

use crate::portal::Model;

/// Every way to write the app, in the order of the columns.
pub const ALL: &[Model] = &[atoms::ATOMS, thunks::THUNKS, tao::TAO, by_hand::BY_HAND];

/// The model of this name.
#[must_use]
pub fn named(name: &str) -> Option<Model> {
    ALL.iter().copied().find(|model| model.name == name)
}
