//! A callback is called by whichever thread delivers.

use std::{cell::Cell, rc::Rc};
use trine_core::Store;

fn main() {
    let store = Store::new();
    let source = store.source(1);
    let count = Rc::new(Cell::new(0));
    let _guard = store.subscribe(source, move |_| count.set(count.get() + 1));
}
