//! Drafts that were flushed together are gone together.

use trine_atoms::{AsyncAction, Atom, synergy, trigger_all};

static ONE: Atom<u32> = Atom::new("one", || 0);
static TWO: Atom<u32> = Atom::new("two", || 0);

fn main() {
    let _: AsyncAction<()> = synergy((&ONE, &TWO)).async_action(|(one, mut two), ()| async move {
        let _fresh = trigger_all((one, two))?;
        *two = 1;
        Ok(())
    });
}
