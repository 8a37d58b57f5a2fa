//! A thunk is dispatched to a store that has the extra value that it needs.

use trine_thunks::{AsyncThunk, Store, ThunkApi};

struct Api;

fn main() {
    let store = Store::builder().build().unwrap();
    let fetch = AsyncThunk::new("users/fetch", |_: u32, _: ThunkApi<Api>| async { Ok::<_, String>(()) });
    store.dispatch(fetch.with(7));
}
