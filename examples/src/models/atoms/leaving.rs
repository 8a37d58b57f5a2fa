//! Logging out: one sync action over all atoms, one commit.

use trine_atoms::{Action, synergy};

use super::editing::EDITOR;
use super::importing::IMPORT;
use super::live::LIVE;
use super::news::NEWS;
use super::renaming::NOTICE;
use super::visits::{PAGE, SEARCH, SESSION, SHOWN, SPACES, USER};

pub(super) fn log_out() -> Action<(), ()> {
    let here = synergy((&SHOWN, &SESSION, &USER, &SPACES, &SEARCH, &PAGE));
    let work = synergy((&EDITOR, &IMPORT, &NEWS, &LIVE, &NOTICE));
    // Synergies nest, and so do their drafts.
    synergy((here, work)).action(|(here, work), ()| {
        let (mut shown, mut session, mut user, mut spaces, mut search, mut page) = here;
        shown.set(false);
        session.set(Default::default());
        user.set(Default::default());
        spaces.set(Default::default());
        search.set(Default::default());
        page.set(Default::default());
        let (mut editor, mut import, mut news, mut live, mut notice) = work;
        editor.set(Default::default());
        import.set(Default::default());
        news.set(Default::default());
        live.set(Default::default());
        notice.set(None);
    })
}
