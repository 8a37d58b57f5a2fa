//! What is borrowed from a draft ends with it.

use trine_atoms::{AsyncAction, Atom, synergy};

static ITEMS: Atom<Vec<String>> = Atom::new("items", Vec::new);

fn main() {
    let _: AsyncAction<()> = synergy(&ITEMS).async_action(|mut items, ()| async move {
        let first = &mut items[0];
        let _items = items.trigger()?;
        first.push('!');
        Ok(())
    });
}
