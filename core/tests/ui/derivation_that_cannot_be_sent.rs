//! A derivation is run by whichever thread reads.

use std::rc::Rc;
use trine_core::Store;

fn main() {
    let store = Store::new();
    let factor = Rc::new(2);
    let source = store.source(1);
    store.derived(move |cx| cx.get(source) * *factor);
}
