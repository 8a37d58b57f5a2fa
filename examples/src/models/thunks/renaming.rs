//! New titles, shown before the service has confirmed them.

use std::sync::Arc;

use trine_thunks::{AsyncThunk, Derived, Fulfilled, Slice, SliceKey, Store, Update, action};

use super::leaving::LoggedOut;
use super::visits::SPACES;
use super::{Api, Work};
use crate::api::{Space, SpaceList};
use crate::client::Client;
use crate::view::Load;

pub(super) static NOTICE: SliceKey<Option<String>> = SliceKey::new("notice");
/// What is on its way to the service. What is shown follows from both slices, so nothing has to be taken back.
static UNDER_WAY: SliceKey<Vec<(u32, String)>> = SliceKey::new("renaming");

pub(super) type Rename = Work<(u32, String), Space>;

/// `leading`, by space: while one of a space is under way, another does not start.
pub(super) fn rename() -> Rename {
    AsyncThunk::new("space/rename", |(id, title): (u32, String), api: Api| async move {
        api.extra().rename_space(id, &title).await
    })
    .key(|(id, _)| *id)
    .leading()
    .condition(|(id, _), api| {
        api.read(&SPACES, |spaces| match spaces {
            Load::Ready(list) => list.spaces.iter().any(|space| space.id == *id),
            _ => false,
        })
    })
}

pub(super) fn under_way(rename: &Rename) -> Slice<Vec<(u32, String)>> {
    UNDER_WAY
        .slice(Vec::new)
        .on(rename.pending(), |titles, run| titles.push(run.arg().clone()))
        .on_any(rename.settled(), |titles, run| titles.retain(|(id, _)| *id != run.arg().0))
        .on(action::<LoggedOut>(), |titles, _| titles.clear())
}

pub(super) fn notice(rename: &Rename) -> Slice<Option<String>> {
    NOTICE
        .slice(|| None)
        .on(rename.pending(), |notice, _| *notice = None)
        .on(rename.rejected(), |notice, run| {
            if run.is_cancelled() {
                return Update::Unchanged;
            }
            *notice = Some(run.message());
            Update::Changed
        })
        .on(action::<LoggedOut>(), |notice, _| *notice = None)
}

/// A case of the slice of spaces.
pub(super) fn confirmed(spaces: &mut Load<SpaceList>, run: &Fulfilled<(u32, String), Space>) {
    retitle(spaces, run.arg().0, &run.payload().title);
}

/// The spaces as they are shown.
pub(super) fn spaces(store: &Store<Client>) -> Derived<Load<SpaceList>> {
    let (spaces, under_way) = (store.cell(&SPACES), store.cell(&UNDER_WAY));
    store.core().derived(move |cx| {
        let mut spaces = cx.get(spaces);
        for (id, title) in cx.get(under_way) {
            retitle(&mut spaces, id, &title);
        }
        spaces
    })
}

fn retitle(spaces: &mut Load<SpaceList>, id: u32, title: &str) {
    if let Load::Ready(list) = spaces {
        let space = Arc::make_mut(list).spaces.iter_mut().find(|space| space.id == id);
        space.into_iter().for_each(|space| title.clone_into(&mut space.title));
    }
}
