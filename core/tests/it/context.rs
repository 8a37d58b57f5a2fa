//! Reading and writing from inside a run.

use crate::log::Log;
use std::sync::{Arc, Mutex};
use trine_core::{ContextError, Event, RunContext, Store, test::ManualExecutor};

#[test]
fn a_body_writes_through_its_context_and_the_commit_names_the_run() {
    let (store, log) = (Store::new(), Log::default());
    let cell = store.source(1);
    let heard = log.clone();
    store
        .observe(move |event| {
            if let Event::Committed { cause, .. } = event {
                heard.note(cause.run.unwrap());
            }
        })
        .detach();
    let run = store.run("write", move |cx| async move {
        cx.set(cell, 2)?;
        cx.update(cell, |value| *value += 1)?;
        cx.get(cell)
    });
    assert_eq!(*run.outcome().unwrap().into_result().unwrap(), 3);
    log.is(["run 1", "run 1"]);
}

#[test]
fn a_run_that_is_over_writes_nothing_more() {
    let executor = ManualExecutor::new();
    let store = Store::with_spawner(executor.clone());
    let cell = store.source(1);
    let kept: Arc<Mutex<Option<RunContext>>> = Arc::default();
    let keep = Arc::clone(&kept);
    let run = store.run("leaks its context", move |cx| async move {
        *keep.lock().unwrap() = Some(cx);
        std::future::pending::<Result<(), ContextError>>().await
    });
    let cx = kept.lock().unwrap().take().unwrap();
    cx.set(cell, 2).unwrap();
    run.abort("enough");
    let refused = [
        cx.set(cell, 3).unwrap_err(),
        cx.update(cell, |value| *value = 3).unwrap_err(),
        cx.transaction(|tx| tx.try_set(cell, 3)).unwrap_err(),
        cx.updates(|cells| cells.update(cell, |value| *value = 3)).unwrap_err(),
    ];
    let first = line!() - 5;
    for (error, line) in refused.into_iter().zip(first..) {
        let ContextError::Settled { run: over, name, used } = error else { panic!("{error}") };
        assert_eq!((over, name.as_str(), used.line()), (run.id(), "leaks its context", line));
    }
    assert_eq!(store.get(cell), 2);
}

#[test]
fn several_updates_can_be_a_part_of_a_run_that_is_over_and_look_without_a_copy() {
    let (store, log) = (Store::new(), Log::default());
    let cell = store.source(Box::new(1));
    let run = store.run("early", |_| async { Ok::<_, String>(()) });
    let (heard, id) = (log.clone(), run.id());
    let _observer = store.observe(move |event| {
        if let Event::Committed { cause, .. } = event {
            heard.note(cause.run == Some(id));
        }
    });
    store.updates(|up| {
        up.caused_by(id);
        up.update(cell, |value| **value += 1).unwrap();
        assert_eq!(up.with(cell, |value| **value), Ok(2));
    });
    store.update(cell, |value| **value += 1);
    log.is(["true", "false"]);
}
