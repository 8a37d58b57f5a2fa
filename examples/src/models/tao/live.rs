//! What others do, as it happens.

use std::sync::Arc;

use futures_util::StreamExt;
use trine_tao::{AppCtx, BoxError, HandlerGuard, Kernel, Verdict};

use super::{Failure, World};
use crate::view::{LiveView, View};

pub(super) fn paths(tao: &Kernel, world: &World) -> Vec<HandlerGuard> {
    let (gate, ender) = (world.clone(), world.clone());
    vec![
        tao.on_intercept(("Live", "Follow", "Portal"), move |_| {
            let follows = gate.screen(|view| view.live.following);
            if follows { Verdict::halt("they are followed") } else { Verdict::Pass }
        }),
        tao.on_inline(("Live", "Follow", "Portal"), world.does(follow)),
        tao.on_inline(("Live", "End", "Portal"), move |_| {
            ender.show(|view| view.live.following = false);
        }),
        tao.on_inline(("Live", "Fail", "Portal"), world.views(view_failure)),
    ]
}

async fn follow(world: World, cx: AppCtx) -> Result<AppCtx, BoxError> {
    let count = *cx.term_datum::<u32>()?;
    world.show(|view| view.live = LiveView { following: true, ..LiveView::default() });
    let mut activities = world.client.live(count);
    while let Some(activity) = activities.next().await {
        let activity = activity?;
        world.show(|view| view.live.take(activity));
    }
    Ok(AppCtx::new("Live", "End", "Portal"))
}

fn view_failure(view: &mut View, failure: Arc<Failure>) {
    view.live.following = false;
    view.live.problem = Some(failure.problem());
}
