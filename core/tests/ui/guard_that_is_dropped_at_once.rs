//! A subscription that ends in the same line is a mistake.
#![deny(unused_must_use)]

use trine_core::Store;

fn main() {
    let store = Store::new();
    let source = store.source(1);
    store.subscribe(source, |_| {});
}
