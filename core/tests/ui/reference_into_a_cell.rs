//! What a cell holds is looked at inside the lease, and copied out of it.

use trine_core::Store;

fn main() {
    let store = Store::new();
    let name = store.source("Ada".to_owned());
    let inside: &str = store.with(name, |name| name.as_str());
    println!("{inside}");
}
