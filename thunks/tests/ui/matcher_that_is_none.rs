//! Matchers are cases, and what is made of them.

use trine_thunks::SliceKey;

static COUNT: SliceKey<u32> = SliceKey::new("count");

fn main() {
    let _ = COUNT.slice(|| 0).on_any("counter/added", |count, _| *count += 1);
}
