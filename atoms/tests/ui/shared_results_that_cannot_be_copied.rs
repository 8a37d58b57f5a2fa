//! Several callers cannot all have one result, unless it can be copied.

use trine_atoms::{AsyncAction, Atom, synergy};

static COUNT: Atom<u32> = Atom::new("count", || 0);

struct Once;

fn main() {
    let load: AsyncAction<(), Once> = synergy(&COUNT).async_action(|_count, ()| async { Ok(Once) });
    let _ = load.shared();
}
