//! New titles, shown before the service has confirmed them.

use std::sync::Arc;

use trine_tao::{AppCtx, BoxError, HandlerGuard, Kernel, Verdict};

use super::{Failure, World, lock};
use crate::api::Space;

pub(super) struct Title {
    pub(super) space: u32,
    pub(super) title: String,
}

pub(super) fn paths(tao: &Kernel, world: &World) -> Vec<HandlerGuard> {
    let (gate, confirmer, undoer) = (world.clone(), world.clone(), world.clone());
    vec![
        tao.on_intercept(("Title", "Change", "Portal"), move |cx| {
            let space = cx.term_datum::<Title>()?.space;
            let listed = gate.store.get(gate.spaces).title(space).is_some();
            let free = !lock(&gate.renaming).contains_key(&space);
            Ok(if listed && free { Verdict::Pass } else { Verdict::halt("not now") })
        }),
        tao.on_inline(("Title", "Change", "Portal"), world.does(change)),
        tao.on_inline(("Title", "Confirm", "Portal"), move |cx| {
            confirmer.confirm(cx.term_datum_arc::<Space>()?);
            Ok(())
        }),
        tao.on_inline(("Title", "Fail", "Portal"), move |cx| {
            undoer.take_back(cx.term_datum::<Failure>()?)
        }),
    ]
}

/// A *patch* lies on what the service has said. Whatever else changes below it, it is shown; taken away, nothing of it
/// is left.
async fn change(world: World, cx: AppCtx) -> Result<AppCtx, BoxError> {
    let title = cx.term_datum_arc::<Title>()?;
    let Title { space, .. } = *title;
    world.show(|view| view.notice = None);
    let shown = Arc::clone(&title);
    let patch = world.store.patch(world.shown_spaces, move |spaces| {
        spaces.retitle(shown.space, &shown.title);
    });
    lock(&world.renaming).insert(space, patch);
    let renamed = world.client.rename_space(space, &title.title).await?;
    Ok(AppCtx::new("Title", "Confirm", "Portal").term(renamed))
}

impl World {
    fn confirm(&self, space: Arc<Space>) {
        let patch = lock(&self.renaming).remove(&space.id);
        if let Some(patch) = patch {
            patch.confirm_with(move |spaces| spaces.retitle(space.id, &space.title));
        }
    }

    fn take_back(&self, failure: &Failure) -> Result<(), BoxError> {
        let Title { space, .. } = failure.of.term_datum::<Title>()?;
        self.show(|view| view.notice = Some(failure.problem()));
        drop(lock(&self.renaming).remove(space));
        Ok(())
    }
}
