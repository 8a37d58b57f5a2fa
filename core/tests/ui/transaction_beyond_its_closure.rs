//! After its commit a transaction writes nothing more.

use trine_core::Store;

fn main() {
    let store = Store::new();
    let source = store.source(1);
    let tx = store.batch(|tx| tx);
    tx.set(source, 2);
}
