//! A body goes on wherever the spawner polls it.

use std::rc::Rc;
use trine_core::Store;

fn main() {
    let store = Store::new();
    store.run("run", |_| async {
        let held = Rc::new(1);
        std::future::pending::<()>().await;
        Ok::<_, String>(*held)
    });
}
