//! New titles, shown before the service has confirmed them.

use trine_thunks::{AsyncThunk, Fulfilled, Slice, SliceKey, action};

use super::leaving::LoggedOut;
use super::visits::SPACES;
use super::{Api, Work};
use crate::api::{Space, SpaceList};
use crate::view::Load;

pub(super) static NOTICE: SliceKey<Option<String>> = SliceKey::new("notice");

pub(super) type Rename = Work<(u32, String), Space>;

/// `leading`, by space: while one of a space is under way, another does not start.
///
/// `provisional`: the new title lies on the slice from `pending` to the end, whatever that is. Nothing is overwritten, so
/// nothing has to be put back; what is confirmed is said by the case of `fulfilled`.
pub(super) fn rename() -> Rename {
    AsyncThunk::new("space/rename", |(id, title): (u32, String), api: Api| async move {
        api.extra().rename_space(id, &title).await
    })
    .key(|(id, _)| *id)
    .leading()
    .condition(|(id, _), api| api.read(&SPACES, |spaces| spaces.title(*id).is_some()))
    .provisional(&SPACES, |spaces, (id, title)| spaces.retitle(*id, title))
}

/// A case of the slice of spaces.
pub(super) fn confirmed(spaces: &mut Load<SpaceList>, run: &Fulfilled<(u32, String), Space>) {
    spaces.retitle(run.arg().0, &run.payload().title);
}

pub(super) fn notice(rename: &Rename) -> Slice<Option<String>> {
    NOTICE
        .slice(|| None)
        .on(rename.pending(), |notice, _| *notice = None)
        .on(rename.rejected(), |notice, run| *notice = Some(run.message()))
        .on(action::<LoggedOut>(), |notice, _| *notice = None)
}
