//! What the original does, row by row, and what happens here: likewise, or differently on purpose.
//!
//! Each test is a row of a table about `createAsyncThunk`; where the answer here is another one, the test says so.

mod aborts;
mod algorithm;
mod failures;
mod matchers;
mod ordering;
mod unwrapping;

use crate::log::{Log, follow};
use std::future::pending;
use trine_core::{ObserverGuard, test::ManualExecutor};
use trine_thunks::{AsyncThunk, Slice, SliceKey, Store, StoreBuilder, ThunkApi};

/// A thunk of the plainest types.
type Plain = AsyncThunk<u32, u32, String>;

static SEEN: SliceKey<Vec<String>> = SliceKey::new("seen");

/// A thunk that is ready at once; odd arguments are refused.
fn ready() -> Plain {
    AsyncThunk::new("ready", |n: u32, _: ThunkApi| async move {
        if n.is_multiple_of(2) { Ok(n) } else { Err(format!("{n} is odd")) }
    })
}

/// A thunk that waits for ever.
fn waits() -> Plain {
    AsyncThunk::new("waits", |_, _: ThunkApi| pending())
}

/// A slice that notes the events of a thunk.
fn seen(thunk: &Plain) -> Slice<Vec<String>> {
    SEEN.slice(Vec::new)
        .on(thunk.pending(), |seen, run| seen.push(format!("pending {}", run.arg())))
        .on(thunk.fulfilled(), |seen, run| seen.push(format!("fulfilled {}", run.payload())))
        .on(thunk.rejected(), |seen, run| seen.push(format!("rejected {}", run.rejection().kind())))
}

/// Builders of stores whose bodies go on only when the executor is told to.
fn manual() -> (StoreBuilder, ManualExecutor) {
    let executor = ManualExecutor::new();
    (Store::builder().on(trine_core::Store::with_spawner(executor.clone())), executor)
}

/// A store that notes what it dispatches.
fn followed(slice: Slice<Vec<String>>) -> (Store, ManualExecutor, Log, ObserverGuard) {
    let (builder, executor) = manual();
    let (store, log) = (builder.slice(slice).build().unwrap(), Log::default());
    let following = follow(&log, &store);
    (store, executor, log, following)
}
