//! The draft of a sync action is part of its transaction.

use std::sync::Mutex;
use trine_atoms::{Atom, synergy};

static COUNT: Atom<u32> = Atom::new("count", || 0);

fn main() {
    let kept = Mutex::new(None);
    synergy(&COUNT).action(move |count, ()| *kept.lock().unwrap() = Some(count));
}
