//! New titles, shown before the service has confirmed them.

use std::sync::Arc;

use trine_atoms::{AsyncAction, Atom, Store, synergy};
use trine_core::Optimistic;

use super::visits::SPACES;
use crate::api::SpaceList;
use crate::client::Client;
use crate::view::Load;

pub(super) static NOTICE: Atom<Option<String>> = Atom::new("notice", || None);

/// What is shown: the spaces as the service has listed them, with *patches* on them.
pub(super) type Spaces = Optimistic<Arc<Load<SpaceList>>>;

#[derive(Clone)]
pub(super) struct Title {
    pub(super) space: u32,
    pub(super) title: String,
}

pub(super) fn spaces(store: &Store) -> Spaces {
    store.optimistic(SPACES.cell(store))
}

/// `leading`, by space: while one of a space is under way, another does not start.
///
/// The patch is a local variable. However the handler ends, by an error, an abort or a panic, it goes with it, and
/// nothing of it is left: nothing was overwritten that would have to be put back.
pub(super) fn rename(client: Client, spaces: Spaces) -> AsyncAction<Title> {
    let rename = synergy(&NOTICE).async_action_with(move |cx, mut notice, new: Title| {
        let client = client.clone();
        async move {
            let Title { space, title } = new.clone();
            notice.set(None);
            notice = notice.trigger()?;
            let patch = cx.store()?.patch(spaces, move |spaces| {
                Arc::make_mut(spaces).retitle(new.space, &new.title);
            });
            match client.rename_space(space, &title).await {
                Ok(renamed) => patch.confirm_with(move |spaces| {
                    Arc::make_mut(spaces).retitle(space, &renamed.title);
                }),
                Err(error) => {
                    notice.set(Some(error.to_string()));
                    notice.trigger()?;
                }
            }
            Ok(())
        }
    });
    rename
        .named("rename space")
        .key(|new: &Title| new.space)
        .leading()
        .condition(|store, new| SPACES.read(store).title(new.space).is_some())
}
