//! A case knows the payload of its own thunk, not of another one.

use trine_thunks::{AsyncThunk, SliceKey, ThunkApi};

struct User {
    name: String,
}

struct Space {
    title: String,
}

static TITLES: SliceKey<Vec<String>> = SliceKey::new("titles");

fn main() {
    let fetch_user = AsyncThunk::new("users/fetch", |_: u32, _: ThunkApi| async {
        Ok::<_, String>(User { name: String::new() })
    });
    let fetch_space = AsyncThunk::new("spaces/fetch", |_: u32, _: ThunkApi| async {
        Ok::<_, String>(Space { title: String::new() })
    });
    let _ = TITLES
        .slice(Vec::new)
        .on(fetch_space.fulfilled(), |titles, run| titles.push(run.payload().title.clone()))
        .on(fetch_user.fulfilled(), |titles, run| titles.push(run.payload().title.clone()));
}
