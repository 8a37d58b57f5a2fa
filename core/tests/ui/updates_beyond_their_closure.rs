//! Several updates are one commit; it is over when the closure is.

use trine_core::Store;

fn main() {
    let store = Store::new();
    let source = store.source(1);
    let (updates, _) = store.updates(|updates| updates);
    let _ = updates.update(source, |value| *value += 1);
}
