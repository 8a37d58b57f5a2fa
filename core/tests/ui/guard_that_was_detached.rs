//! Who has let a subscription go on without a guard cannot end it with one.

use trine_core::Store;

fn main() {
    let store = Store::new();
    let source = store.source(1);
    let guard = store.subscribe(source, |_| {});
    guard.detach();
    drop(guard);
}
