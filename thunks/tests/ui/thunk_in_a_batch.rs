//! A batch takes actions: a thunk has more to it than one commit.

use trine_thunks::{AsyncThunk, Store, ThunkApi};

fn main() {
    let store = Store::builder().build().unwrap();
    let fetch = AsyncThunk::new("fetch", |id: u32, _: ThunkApi| async move { Ok::<_, String>(id) });
    store.batch(|batch| batch.dispatch(fetch.with(1)));
}
