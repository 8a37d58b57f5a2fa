//! Progress and partial results.

use crate::log::Log;
use std::{future::pending, time::Duration};
use trine_core::{
    Clock,
    test::{ManualClock, ManualExecutor, yield_now},
};
use trine_thunks::{AsyncThunk, Progress, SliceKey, Store, StoreBuilder, ThunkApi};

static PERCENT: Progress<u8> = Progress::new("percent");
static ROWS: Progress<Vec<u32>> = Progress::new("rows");
static SEEN: SliceKey<Vec<String>> = SliceKey::new("seen");

type Work = AsyncThunk<u8, (), String>;

fn seen(work: &Work) -> trine_thunks::Slice<Vec<String>> {
    SEEN.slice(Vec::new)
        .on_any(work.progress(&PERCENT), |seen, run| {
            seen.push(format!("{} {}", run.arg(), run.progress()));
        })
        .on_any(work.progress(&ROWS), |seen, run| {
            seen.push(format!("{} {:?}", run.arg(), run.progress()));
        })
        .on(work.fulfilled(), |seen, _| seen.push("fulfilled".to_owned()))
        .on(work.rejected(), |seen, run| seen.push(run.rejection().kind().to_string()))
}

fn timed() -> (StoreBuilder, ManualClock, ManualExecutor) {
    let (clock, executor) = (ManualClock::new(), ManualExecutor::new());
    let core = trine_core::Store::builder().spawner(executor.clone()).clock(clock.clone()).build();
    (Store::builder().on(core), clock, executor)
}

/// Reports each part as soon as it is told to go on.
fn steps() -> Work {
    AsyncThunk::new("work", |parts: u8, api: ThunkApi| async move {
        for part in 1..=parts {
            yield_now().await;
            api.report(&PERCENT, part);
        }
        Ok(())
    })
}

#[test]
fn each_kind_has_its_own_reducers_and_partial_results_are_progress_too() {
    let work: Work = AsyncThunk::new("work", |_, api: ThunkApi| async move {
        api.report(&PERCENT, 50);
        api.report(&ROWS, vec![1, 2]);
        Ok(())
    });
    let store = Store::builder().slice(seen(&work)).build().unwrap();
    store.dispatch(work.with(7));
    assert_eq!(store.get(&SEEN), ["7 50", "7 [1, 2]", "fulfilled"]);
}

#[test]
fn what_another_thunk_of_the_same_types_reports_is_not_shown() {
    let [one, other] = ["one", "other"].map(|name| -> Work {
        AsyncThunk::new(name, |_, api: ThunkApi| async move {
            api.report(&PERCENT, 50);
            Ok(())
        })
    });
    let store = Store::builder().slice(seen(&one)).thunk(&other).build().unwrap();
    store.dispatch(other.with(7));
    assert_eq!(store.get(&SEEN), [""; 0]);
}

#[test]
fn without_coalescing_all_is_told_at_once() {
    let (builder, _clock, executor) = timed();
    let work = steps();
    let store = builder.slice(seen(&work)).build().unwrap();
    drop(store.dispatch(work.with(3)));
    executor.run_until_stalled();
    assert_eq!(store.get(&SEEN), ["3 1", "3 2", "3 3", "fulfilled"]);
}

#[test]
fn with_coalescing_the_first_is_told_at_once_and_what_is_left_before_the_end() {
    let (builder, _clock, executor) = timed();
    let work = steps().progress_every(Duration::from_secs(1));
    let store = builder.slice(seen(&work)).build().unwrap();
    drop(store.dispatch(work.with(100)));
    executor.run_until_stalled();
    assert_eq!(store.get(&SEEN), ["100 1", "100 100", "fulfilled"]);
}

#[test]
fn what_waits_is_told_when_it_is_time_though_the_body_does_nothing_more() {
    let (builder, clock, executor) = timed();
    let work: Work = AsyncThunk::new("work", |_, api: ThunkApi| async move {
        for part in 1..=3 {
            api.report(&PERCENT, part);
            api.report(&ROWS, vec![u32::from(part)]);
        }
        pending().await
    })
    .progress_every(Duration::from_secs(1));
    let store = builder.slice(seen(&work)).build().unwrap();
    let run = store.dispatch(work.with(7));
    executor.run_until_stalled();
    assert_eq!(store.get(&SEEN), ["7 1"]);
    assert!(clock.advance_to_next());
    assert_eq!(clock.now(), Duration::from_secs(1));
    executor.run_until_stalled();
    assert_eq!(store.get(&SEEN)[1..], ["7 [3]", "7 3"], "in the order in which they began to wait");
    // Nothing waits any more: no timer either.
    assert!(!clock.advance_to_next());
    run.abort("enough");
    assert_eq!(store.get(&SEEN)[3..], ["aborted"]);
}

#[test]
fn an_abort_drops_what_waits() {
    let (builder, clock, executor) = timed();
    let work: Work = AsyncThunk::new("work", |_, api: ThunkApi| async move {
        api.report(&PERCENT, 1);
        api.report(&PERCENT, 2);
        pending().await
    })
    .progress_every(Duration::from_secs(1));
    let store = builder.slice(seen(&work)).build().unwrap();
    let run = store.dispatch(work.with(7));
    run.abort("enough");
    executor.run_until_stalled();
    clock.advance_to_next();
    executor.run_until_stalled();
    assert_eq!(store.get(&SEEN), ["7 1", "aborted"]);
}

#[test]
fn it_is_an_event_that_observers_see_with_its_run() {
    let work: Work = AsyncThunk::new("work", |_, api: ThunkApi| async move {
        api.report(&PERCENT, 50);
        Ok(())
    });
    let store = Store::builder().slice(seen(&work)).build().unwrap();
    let log = Log::default();
    let _following = crate::log::follow(&log, &store);
    store.dispatch(work.with(7));
    log.is(["work/pending", "work/percent", "work/fulfilled"]);
}
