//! What is computed is not written.

use trine_core::Store;

fn main() {
    let store = Store::new();
    let source = store.source(1);
    let double = store.derived(move |cx| cx.get(source) * 2);
    store.set(double, 3);
}
