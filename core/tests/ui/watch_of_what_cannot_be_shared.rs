//! The last value is lent to any number of threads at once.

use std::cell::Cell;
use trine_core::Store;

fn main() {
    let store = Store::new();
    let source = store.cell("count").always_different().source(Cell::new(1));
    store.watch(source);
}
