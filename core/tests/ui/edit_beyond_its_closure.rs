//! A list is edited inside the lease.

use trine_core::Store;

fn main() {
    let store = Store::new();
    let list = store.list([1, 2]);
    let edit = store.edit(list, |list| list);
    edit.push(3);
}
