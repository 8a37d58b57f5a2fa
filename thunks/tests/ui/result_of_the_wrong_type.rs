//! The payload has the type that the body returns.

use std::sync::Arc;
use trine_thunks::{AsyncThunk, Store, ThunkApi};

struct User;

async fn show(store: Store) {
    let fetch = AsyncThunk::new("users/fetch", |_: u32, _: ThunkApi| async { Ok::<_, String>(User) });
    let name: Arc<String> = store.dispatch(fetch.with(1)).result().await.unwrap();
    println!("{name}");
}

fn main() {}
