//! Logging out.

use super::App;
use crate::view::View;

impl App {
    pub(super) fn leave(&self) {
        let logged_out = self.update(|state| {
            state.login += 1;
            state.view = View::default();
            state.spaces = Default::default();
            state.page_task = None;
            state.import_task = None;
            std::mem::take(&mut state.logged_out)
        });
        logged_out.cancel();
    }
}
