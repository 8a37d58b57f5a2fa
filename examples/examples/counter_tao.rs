//! A counter in the TAO: counting is a signal, one handler changes the state, another one follows from it.

use std::sync::{Arc, Mutex};

use trine_tao::{AppCtx, Kernel, Store};

fn main() {
    let store = Store::new();
    let count = store.source(0_u32);
    let tao = Kernel::new(&store);
    let shown = Arc::new(Mutex::new(Vec::new()));

    // What follows from counting is to view: whoever draws need not know who counts.
    let _count = tao.on_inline(("Counter", "Increment", "App"), {
        let store = store.clone();
        move |cx: AppCtx| {
            store.update(count, |count| *count += cx.term_datum::<u32>().map_or(0, |by| *by));
            Ok(AppCtx::new("Counter", "View", "App").term(store.get(count) * 2))
        }
    });
    let screen = Arc::clone(&shown);
    let view = tao.on_inline(("Counter", "View", "App"), move |cx: AppCtx| {
        screen.lock().unwrap().push(*cx.term_datum::<u32>()?);
        Ok(())
    });

    let increment = |by: u32| tao.set(AppCtx::new("Counter", "Increment", "App").term(by));
    increment(1);
    increment(2);
    assert_eq!(store.get(count), 3);

    drop(view);
    increment(1);
    println!("the view showed {:?}", shown.lock().unwrap());
    assert_eq!(*shown.lock().unwrap(), [2, 6]);
}
