//! What a watch lends is looked at, not changed.

use trine_core::Store;

fn main() {
    let store = Store::new();
    let watch = store.watch(store.source(vec![1]));
    watch.borrow().push(2);
}
