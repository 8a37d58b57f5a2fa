//! A reader is good for the run of the derivation that it was handed to.

use std::sync::{Arc, Mutex};
use trine_core::{Reader, Store};

fn main() {
    let store = Store::new();
    let source = store.source(1);
    let kept: Arc<Mutex<Option<&mut Reader<'_>>>> = Arc::default();
    let keep = Arc::clone(&kept);
    store.derived(move |cx| {
        *keep.lock().unwrap() = Some(cx);
        1
    });
    let later = kept.lock().unwrap().take().unwrap().get(source);
    println!("{later}");
}
