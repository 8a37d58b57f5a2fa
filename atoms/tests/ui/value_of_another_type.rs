//! A draft takes what its atom holds.

use trine_atoms::{Atom, synergy};

static COUNT: Atom<u32> = Atom::new("count", || 0);

fn main() {
    synergy(&COUNT).action(|mut count, ()| count.set("one"));
}
