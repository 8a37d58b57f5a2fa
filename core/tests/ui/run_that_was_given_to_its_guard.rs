//! A run that is aborted by its guard belongs to it.

use trine_core::{Run, Store};

fn main() {
    let store = Store::new();
    let run: Run<(), String> = store.run("run", |_| std::future::pending());
    let _guard = run.abort_on_drop();
    run.detach_from_parent();
}
