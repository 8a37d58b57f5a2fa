//! A cell keeps its type.

use trine_core::Store;

fn main() {
    let store = Store::new();
    let count = store.source(1_u32);
    store.set(count, "one");
}
