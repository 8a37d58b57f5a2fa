//! While an inner transaction is open, the outer one waits: what is written belongs to one of them.

use trine_core::Store;

fn main() {
    let store = Store::new();
    let source = store.source(1);
    store.batch(|outer| {
        outer.transaction(|_| {
            outer.set(source, 2);
            Ok::<_, ()>(())
        })
    });
}
