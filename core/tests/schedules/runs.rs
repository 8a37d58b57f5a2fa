//! Runs beside those who abort, supersede and await them.

use crate::explore;
use shuttle::{future::block_on, thread};
use std::{
    future::{pending, poll_fn},
    sync::{Arc, Mutex},
    task::Poll,
};
use trine_core::{
    OutcomeKind, Policy, Run, RunContext, Source, Store,
    test::{ManualExecutor, yield_now},
};

/// A body that writes, waits a turn, and writes again.
async fn steps(cx: RunContext, cell: Source<u64>) -> Result<(), String> {
    cx.update(cell, |value| *value += 1).map_err(|error| error.to_string())?;
    let mut waited = false;
    poll_fn(|context| {
        if std::mem::replace(&mut waited, true) {
            return Poll::Ready(());
        }
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
    cx.update(cell, |value| *value += 100).map_err(|error| error.to_string())?;
    Ok(())
}

#[test]
fn of_runs_that_supersede_each_other_the_last_is_fulfilled_and_no_stale_one_writes() {
    explore(|| {
        let executor = ManualExecutor::new();
        let store = Store::with_spawner(executor.clone());
        let starters = [(); 3].map(|()| {
            let store = store.clone();
            thread::spawn(move || {
                let (cell, inner) = (store.source(0_u64), store.downgrade());
                let at_its_end = Arc::new(Mutex::new(Vec::new()));
                let ends = Arc::clone(&at_its_end);
                let run = store.run_builder("search").policy(Policy::Latest);
                let run: Run<(), String> = run
                    .on_settle(move |_| {
                        ends.lock().unwrap().push(inner.upgrade().unwrap().get(cell));
                    })
                    .start(move |cx| steps(cx, cell));
                (run, cell, at_its_end)
            })
        });
        let runtime = thread::spawn({
            let executor = executor.clone();
            move || {
                for _ in 0..4 {
                    executor.run_one();
                    thread::yield_now();
                }
            }
        });
        let started = starters.map(|starter| starter.join().unwrap());
        runtime.join().unwrap();
        executor.run_until_stalled();
        let mut fulfilled = 0;
        for (run, cell, at_its_end) in &started {
            let kind = run.outcome().unwrap().kind();
            assert!(matches!(kind, OutcomeKind::Fulfilled | OutcomeKind::Superseded), "{kind:?}");
            fulfilled += u32::from(kind == OutcomeKind::Fulfilled);
            let written = store.get(*cell);
            assert!(kind != OutcomeKind::Fulfilled || written == 101);
            assert_eq!(*at_its_end.lock().unwrap(), [written], "one end, no write after it");
        }
        // The runtime may have finished one before the next one came.
        assert!(fulfilled >= 1);
        assert!(store.runs().is_empty());
    });
}

#[test]
fn a_run_that_is_aborted_polled_and_awaited_at_once_has_one_end_and_writes_nothing_after_it() {
    explore(|| {
        let executor = ManualExecutor::new();
        let store = Store::with_spawner(executor.clone());
        let cell = store.source(0_u64);
        let run: Run<(), String> = store.run("raced", move |cx| async move {
            let child: Run<(), String> = cx.run("child", |_| pending());
            let done = steps(cx, cell).await;
            drop(child);
            done
        });
        let poller = thread::spawn(move || executor.run_until_stalled());
        let (run, other) = (Arc::new(run), store.runs());
        let waiter = thread::spawn({
            let run = Arc::clone(&run);
            move || block_on(run.result()).is_ok()
        });
        let id = run.id();
        let aborter = thread::spawn(move || other.abort(id, "there"));
        let here = run.abort("here");
        let value = here.then(|| store.get(cell));
        let there = aborter.join().unwrap();
        poller.join().unwrap();
        let fulfilled = waiter.join().unwrap();
        assert_eq!(u8::from(here) + u8::from(there) + u8::from(fulfilled), 1, "one end");
        if let Some(value) = value {
            assert_eq!(store.get(cell), value, "written after the end");
        }
        assert!(!fulfilled || store.get(cell) == 101);
        block_on(run.stopped());
        assert!(store.runs().is_empty());
    });
}

#[test]
fn an_async_derivation_comes_to_rest_with_the_value_of_its_last_inputs() {
    explore(|| {
        let executor = ManualExecutor::new();
        let store = Store::with_spawner(executor.clone());
        let (a, b) = (store.source(0_u64), store.source(0_u64));
        let sum = store.derived_async(move |cx| async move {
            let a = cx.get(a).await;
            yield_now().await;
            Ok::<_, String>(a * 100 + cx.get(b).await)
        });
        let watch = store.watch(sum);
        let writers = [a, b].map(|cell| {
            let store = store.clone();
            thread::spawn(move || {
                for _ in 0..3 {
                    store.update(cell, |value| *value += 1);
                    thread::yield_now();
                }
            })
        });
        let runtime = thread::spawn({
            let executor = executor.clone();
            move || {
                for _ in 0..8 {
                    executor.run_one();
                    thread::yield_now();
                }
            }
        });
        let onlooker = thread::spawn({
            let store = store.clone();
            move || {
                for _ in 0..4 {
                    // Whatever it is called, it is never the value of inputs that were not there together.
                    let (state, now) = store.batch(|tx| (tx.get(sum), (tx.get(a), tx.get(b))));
                    if state.is_ready() {
                        assert_eq!(state.value().map(|value| **value), Some(now.0 * 100 + now.1));
                    }
                }
            }
        });
        for writer in writers {
            writer.join().unwrap();
        }
        for thread in [runtime, onlooker] {
            thread.join().unwrap();
        }
        executor.run_until_stalled();
        let state = watch.borrow();
        assert!(state.is_ready());
        assert_eq!(state.value().map(|value| **value), Some(303));
        store.remove(sum).unwrap();
        executor.run_until_stalled();
        assert_eq!((store.runs().len(), executor.pending(), store.cell_count()), (0, 0, 2));
    });
}
