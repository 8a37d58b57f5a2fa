//! What only the terminal knows: where the cursor is, what is being typed, which space is selected.

use tui_input::Input;

use super::feed::Feed;
use crate::view::{Editor, EditorView, Load, View};

/// What only the terminal knows.
#[derive(Debug)]
pub struct Screen {
    /// Which model the app is written in.
    pub model: &'static str,
    /// Where keys go.
    pub mode: Mode,
    /// The place of the selected space in the list.
    pub selected: usize,
    /// What happened in the store.
    pub feed: Feed,
    /// Counts the steps of the spinner.
    pub spinner: usize,
}

/// Where keys go.
#[derive(Clone, Debug, Default)]
pub enum Mode {
    /// Each key is a command.
    #[default]
    Browse,
    /// Into the search box.
    Search(Input),
    /// Into the new title of a space.
    Rename {
        /// Its identity.
        id: u32,
        /// The title.
        title: Input,
    },
    /// Into the editor.
    Edit {
        /// The field of the title.
        title: Input,
        /// The field of the text.
        text: Input,
        /// Whether keys go into the text.
        in_text: bool,
    },
}

impl Screen {
    /// A fresh screen.
    #[must_use]
    pub fn new(model: &'static str, feed: Feed) -> Self {
        Self { model, mode: Mode::Browse, selected: 0, feed, spinner: 0 }
    }

    /// Follows what the portal shows: fields hold what the editor holds, also when that was changed elsewhere.
    pub fn follow(&mut self, view: &View) {
        let spaces = if let Load::Ready(list) = &view.spaces { list.spaces.len() } else { 0 };
        self.selected = self.selected.min(spaces.saturating_sub(1));
        match (&mut self.mode, &view.editor) {
            (Mode::Edit { title, text, .. }, EditorView::Open(editor)) => {
                hold(title, &editor.title);
                hold(text, &editor.text);
            }
            (Mode::Edit { .. }, EditorView::Closed | EditorView::Failed { .. }) => {
                self.mode = Mode::Browse;
            }
            _ => {}
        }
        if !view.shown {
            self.mode = Mode::Browse;
        }
    }

    /// Begins to type into the editor.
    pub fn edit(&mut self, editor: &Editor) {
        let field = |text: &str| Input::new(text.to_owned());
        self.mode =
            Mode::Edit { title: field(&editor.title), text: field(&editor.text), in_text: false };
    }

    /// The identity of the selected space.
    #[must_use]
    pub fn selected_space(&self, view: &View) -> Option<u32> {
        let Load::Ready(list) = &view.spaces else { return None };
        list.spaces.get(self.selected).map(|space| space.id)
    }

    /// The first page of the selected space.
    #[must_use]
    pub fn selected_page(&self, view: &View) -> Option<u32> {
        let Load::Ready(list) = &view.spaces else { return None };
        list.spaces.get(self.selected)?.pages.first().copied()
    }

    /// One step of the spinner.
    pub fn spin(&mut self) {
        self.spinner = self.spinner.wrapping_add(1);
    }
}

fn hold(input: &mut Input, value: &str) {
    if input.value() != value {
        *input = Input::new(value.to_owned());
    }
}
