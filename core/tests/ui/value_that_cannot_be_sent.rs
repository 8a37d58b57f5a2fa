//! A store is shared by threads, and so is what its cells hold.

use std::rc::Rc;
use trine_core::Store;

fn main() {
    let store = Store::new();
    store.source(Rc::new(1));
}
