//! A subscription outlives the function that makes it.

use trine_core::Store;

fn main() {
    let store = Store::new();
    let source = store.source(1);
    let mut seen = Vec::new();
    let _guard = store.subscribe(source, |value| seen.push(*value));
    println!("{seen:?}");
}
