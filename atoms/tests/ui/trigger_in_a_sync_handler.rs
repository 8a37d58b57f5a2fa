//! A sync handler is one transaction: there is nothing to show on the way.

use trine_atoms::{Atom, synergy};

static LOADING: Atom<bool> = Atom::new("loading", || false);

fn main() {
    synergy(&LOADING).action(|mut loading, ()| {
        *loading = true;
        loading.trigger();
    });
}
