//! A thunk is dispatched with the argument that its body takes.

use trine_thunks::{AsyncThunk, Store, ThunkApi};

fn main() {
    let store = Store::builder().build().unwrap();
    let fetch = AsyncThunk::new("users/fetch", |_: u32, _: ThunkApi| async { Ok::<_, String>(()) });
    store.dispatch(fetch.with("seven"));
}
