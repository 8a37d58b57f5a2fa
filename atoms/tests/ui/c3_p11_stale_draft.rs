//! A draft that was flushed is gone; the one that `trigger` returned takes its place.

use trine_atoms::{Atom, synergy};

static LOADING: Atom<bool> = Atom::new("loading", || false);

fn main() {
    synergy(&LOADING).async_action(|mut loading, ()| async move {
        *loading = true;
        let fresh = loading.trigger()?;
        *loading = false;
        drop(fresh);
        Ok(())
    });
}
