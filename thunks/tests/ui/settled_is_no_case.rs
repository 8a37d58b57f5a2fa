//! `settled` is for `on_any`, since it is several cases.

use trine_thunks::{AsyncThunk, SliceKey, ThunkApi};

static COUNT: SliceKey<u32> = SliceKey::new("count");

fn main() {
    let fetch = AsyncThunk::new("users/fetch", |_: u32, _: ThunkApi| async { Ok::<_, String>(()) });
    let _ = COUNT.slice(|| 0).on(fetch.settled(), |count, _| *count += 1);
}
