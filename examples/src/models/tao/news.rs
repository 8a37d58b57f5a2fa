//! News from a service that may fail at first: a loop with a pause in it.

use std::sync::Arc;

use trine_tao::{AppCtx, BoxError, HandlerGuard, Kernel, Verdict};

use super::{Failure, World};
use crate::api::News;
use crate::portal::{NEWS_ATTEMPTS, NEWS_BACKOFF};
use crate::view::{NewsView, View};

/// Counted from 1.
#[derive(Clone, Copy)]
struct Attempt(u32);

pub(super) fn paths(tao: &Kernel, world: &World) -> Vec<HandlerGuard> {
    let gate = world.clone();
    vec![
        tao.on_intercept(("News", "Ask", "Portal"), move |_| {
            let asked = gate.screen(|view| matches!(view.news, NewsView::Loading { .. }));
            if asked { Verdict::halt("the service is being asked") } else { Verdict::Pass }
        }),
        tao.on_inline(("News", "Ask", "Portal"), |_| {
            AppCtx::new("News", "Find", "Portal").term(Attempt(1))
        }),
        tao.on_inline(("News", "Find", "Portal"), world.does(find)),
        tao.on_inline(("News", "Wait", "Portal"), world.does(wait)),
        tao.on_inline(("News", "View", "Portal"), world.views(view_news)),
        tao.on_inline(("News", "Fail", "Portal"), world.views(view_failure)),
    ]
}

async fn find(world: World, cx: AppCtx) -> Result<AppCtx, BoxError> {
    let Attempt(attempt) = *cx.term_datum::<Attempt>()?;
    world.show(|view| view.news = NewsView::Loading { attempt });
    match world.client.news().await {
        Ok(news) => Ok(AppCtx::new("News", "View", "Portal").term(news)), // 1a
        Err(_) if attempt < NEWS_ATTEMPTS => {
            Ok(AppCtx::new("News", "Wait", "Portal").term(Attempt(attempt))) // 1b
        }
        Err(error) => Err(error.into()), // 1c
    }
}

async fn wait(_: World, cx: AppCtx) -> Result<AppCtx, BoxError> {
    let Attempt(attempt) = *cx.term_datum::<Attempt>()?;
    tokio::time::sleep(NEWS_BACKOFF * 2_u32.pow(attempt - 1)).await;
    Ok(AppCtx::new("News", "Find", "Portal").term(Attempt(attempt + 1)))
}

fn view_news(view: &mut View, news: Arc<News>) {
    view.news = NewsView::Ready(news);
}

fn view_failure(view: &mut View, failure: Arc<Failure>) {
    view.news = NewsView::Failed(failure.problem());
}
