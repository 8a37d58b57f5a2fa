//! What others do, as it happens.

use futures_util::StreamExt;
use trine_thunks::{Action, AsyncThunk, Slice, SliceKey, action};

use super::leaving::LoggedOut;
use super::{Api, Work};
use crate::api::Activity;
use crate::view::LiveView;

pub(super) static LIVE: SliceKey<LiveView> = SliceKey::new("live");

/// Somebody has done something.
struct Active(Activity);
impl Action for Active {}

pub(super) fn follow() -> Work<u32, ()> {
    let follow = AsyncThunk::new("live/follow", |count: u32, api: Api| async move {
        let mut activities = api.extra().live(count);
        while let Some(activity) = activities.next().await {
            api.dispatch(Active(activity?));
        }
        Ok(())
    });
    follow.leading()
}

pub(super) fn live(follow: &Work<u32, ()>) -> Slice<LiveView> {
    LIVE.slice(LiveView::default)
        .on(follow.pending(), |live, _| {
            *live = LiveView { following: true, ..LiveView::default() };
        })
        .on(action::<Active>(), |live, Active(activity)| live.take(*activity))
        .on(follow.fulfilled(), |live, _| live.following = false)
        .on(follow.rejected(), |live, run| {
            live.following = false;
            live.problem = Some(run.message());
        })
        .on(action::<LoggedOut>(), |live, _| *live = LiveView::default())
}
