//! A long import that can be stopped.

use std::sync::Arc;

use trine_tao::{AppCtx, BoxError, HandlerGuard, Kernel, Verdict};

use super::{Failure, World};
use crate::portal::contact;
use crate::view::{ImportView, Progress, View};

/// How many there are to import.
pub(super) struct Contacts(pub(super) u32);

pub(super) fn paths(tao: &Kernel, world: &World) -> Vec<HandlerGuard> {
    let (gate, stopper, ender) = (world.clone(), world.clone(), world.clone());
    vec![
        tao.on_intercept(("Import", "Begin", "Portal"), move |_| {
            let runs = gate.screen(|view| matches!(view.import, ImportView::Running(_)));
            if runs { Verdict::halt("an import is under way") } else { Verdict::Pass }
        }),
        tao.on_inline(("Import", "Begin", "Portal"), world.does(import)),
        tao.on_inline(("Import", "End", "Portal"), move |_| {
            ender.show(|view| view.import.end(None));
        }),
        tao.on_inline(("Import", "Stop", "Portal"), move |_| {
            stopper.show(|view| view.import.stop());
        }),
        tao.on_inline(("Import", "Fail", "Portal"), world.views(view_failure)),
    ]
}

/// Aborted with its cascade, it stops between two contacts, or in the middle of a request.
async fn import(world: World, cx: AppCtx) -> Result<AppCtx, BoxError> {
    let Contacts(total) = *cx.term_datum::<Contacts>()?;
    world.show(|view| view.import = ImportView::Running(Progress { done: 0, total }));
    for id in 1..=total {
        world.client.import(&contact(id)).await?;
        world.show(|view| view.import.advance());
    }
    Ok(AppCtx::new("Import", "End", "Portal"))
}

fn view_failure(view: &mut View, failure: Arc<Failure>) {
    view.import.end(Some(failure.problem()));
}
