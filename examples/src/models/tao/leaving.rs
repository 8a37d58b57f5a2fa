//! Logging out: one signal, one commit.

use trine_tao::{HandlerGuard, Kernel};

use super::{World, lock};
use crate::view::{Load, View};

pub(super) fn paths(tao: &Kernel, world: &World) -> Vec<HandlerGuard> {
    let world = world.clone();
    let leave = move |_| {
        world.store.batch(|tx| {
            tx.update(world.screen, |view| *view = View::default());
            tx.update(world.spaces, |spaces| *spaces = Load::Empty);
        });
        // Where no spaces are, a title on them is not seen to go.
        let patches = std::mem::take(&mut *lock(&world.renaming));
        drop(patches);
    };
    vec![tao.on_inline(("App", "Leave", "Portal"), leave)]
}
