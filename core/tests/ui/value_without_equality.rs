//! Whether a write changes anything is a question that the value answers, unless the cell is made with a rule.

use trine_core::Store;

struct Opaque;

fn main() {
    let store = Store::new();
    store.cell("ruled").always_different().source(Opaque);
    store.source(Opaque);
}
