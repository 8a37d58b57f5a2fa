//! A handle that was handed out for reading does not write.

use trine_core::{ReadOnly, Store};

fn main() {
    let store = Store::new();
    let list = store.list([1, 2]);
    let shown: ReadOnly<Vec<i32>> = list.read_only();
    store.set(shown, vec![]);
}
