//! The event feed and the runs: what is told, and when beside the hooks.

use crate::log::Log;
use std::{
    future::pending,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, Mutex},
};
use trine_core::{Event, ObserverGuard, PanicPolicy, Policy, Run, Store, test::ManualExecutor};

/// Notes the events of runs.
fn observe(store: &Store, log: &Log) -> ObserverGuard {
    let heard = log.clone();
    store.observe(move |event| match event {
        Event::RunStarted { run, name, parent } => {
            let parent = parent.map_or_else(String::new, |parent| format!(" by {parent}"));
            heard.note(format!("{run} {name} started{parent}"));
        }
        Event::RunSettled { run, outcome, .. } => heard.note(format!("{run} {outcome}")),
        Event::Failed { what, message } => heard.note(format!("{what}: {message}")),
        Event::Committed { number, .. } => heard.note(number),
        _ => {}
    })
}

#[test]
fn the_feed_is_told_of_start_and_end_before_the_hooks_and_in_order_with_commits() {
    let (store, log) = (Store::new(), Log::default());
    let cell = store.source(0);
    let _observer = observe(&store, &log);
    let (start, end) = (log.clone(), log.clone());
    let run = store
        .run_builder("writes")
        .on_start(|_| {
            start.note("start hook");
            Ok::<_, String>(())
        })
        .on_settle(move |_| end.note("settle hook"))
        .start(move |cx| async move { cx.set(cell, 1).map(drop) });
    assert!(run.is_settled());
    log.is(["run 1 writes started", "start hook", "#1", "run 1 fulfilled", "settle hook"]);
}

#[test]
fn a_superseded_run_ends_in_the_feed_before_its_successor_starts() {
    let (store, log) = (Store::with_spawner(ManualExecutor::new()), Log::default());
    let _observer = observe(&store, &log);
    let search = || -> Run<(), String> {
        store.run_builder("search").policy(Policy::Latest).start(|_| pending())
    };
    let _first = search();
    let _second = search();
    log.is(["run 1 search started", "run 1 superseded", "run 2 search started"]);
}

#[test]
fn children_end_in_the_feed_after_their_parent_and_name_it_when_they_start() {
    let (store, log) = (Store::with_spawner(ManualExecutor::new()), Log::default());
    let _observer = observe(&store, &log);
    let parent: Run<(), String> = store.run("parent", |cx| async move {
        let _child: Run<(), String> = cx.run("child", |_| pending());
        pending().await
    });
    parent.abort("over");
    log.is([
        "run 1 parent started",
        "run 2 child started by run 1",
        "run 1 aborted",
        "run 2 aborted",
    ]);
}

#[test]
fn of_a_run_that_is_refused_only_the_end_is_told() {
    let (store, log) = (Store::with_spawner(ManualExecutor::new()), Log::default());
    let lead = || -> Run<(), String> {
        store.run_builder("once").policy(Policy::Leading).start(|_| pending())
    };
    let _first = lead();
    let _observer = observe(&store, &log);
    let _second = lead();
    log.is(["run 2 skipped"]);
}

#[test]
fn a_hook_and_a_destructor_that_panic_are_failures_in_the_feed_and_nowhere_else() {
    struct Fails;
    impl Drop for Fails {
        fn drop(&mut self) {
            panic!("no end");
        }
    }
    let log = Log::default();
    let heard = log.clone();
    let report = PanicPolicy::Report(Box::new(move |message| heard.note(format!("?? {message}"))));
    let store = Store::builder().on_panic(report).spawner(ManualExecutor::new()).build();
    let _observer = observe(&store, &log);
    let held = Fails;
    let run: Run<(), String> =
        store.run_builder("broken").on_settle(|_| panic!("no hook")).start(|_| async move {
            let _held = held;
            pending().await
        });
    run.abort("over");
    log.is([
        "run 1 broken started",
        "run 1 aborted",
        "the settle hook of run 1 `broken`: no hook",
        "the drop of the body of run 1 `broken`: no end",
    ]);
}

#[test]
fn runs_that_end_with_their_store_call_their_hooks_and_tell_no_events() {
    let (store, log) = (Store::with_spawner(ManualExecutor::new()), Log::default());
    observe(&store, &log).detach();
    let end = log.clone();
    let run: Run<(), String> = store
        .run_builder("last")
        .on_settle(move |outcome| end.note(format!("hook: {}", outcome.kind())))
        .start(|_| pending());
    drop(store);
    assert!(run.outcome().unwrap().is_failed());
    log.is(["run 1 last started", "hook: failed"]);
}

#[test]
fn an_observer_that_replaces_itself_is_replaced() {
    let (store, log) = (Store::new(), Log::default());
    let cell = store.source(0);
    let guard: Arc<Mutex<Option<ObserverGuard>>> = Arc::default();
    let (own, weak, heard) = (Arc::clone(&guard), store.downgrade(), log.clone());
    *guard.lock().unwrap() = Some(store.observe(move |_| {
        heard.note("first");
        let heard = heard.clone();
        drop(own.lock().unwrap().take());
        let second = weak.upgrade().unwrap().observe(move |_| heard.note("second"));
        *own.lock().unwrap() = Some(second);
    }));
    store.set(cell, 1);
    log.is(["first"]);
    store.set(cell, 2);
    log.is(["second"]);
}

/// Notes what happens to cells.
fn observe_cells(store: &Store, log: &Log) -> ObserverGuard {
    let heard = log.clone();
    store.observe(move |event| match event {
        Event::Committed { number, cells, cause } => {
            let cells = cells.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
            let why = cause.callback_of.map_or_else(String::new, |number| format!(" for {number}"));
            heard.note(format!("{number} {cells} line {}{why}", cause.location.line()));
        }
        Event::Changed { number, cell, old, new } => {
            let old = old.as_deref().unwrap_or("?");
            let new = new.as_ref().map_or_else(ToString::to_string, ToString::to_string);
            heard.note(format!("{number} {cell}: {old} -> {new}"));
        }
        Event::Recomputed { cell, changed, because } => {
            let because = because.as_ref().map_or_else(|| "?".to_owned(), ToString::to_string);
            heard.note(format!("ran {cell}, changed: {changed}, because of {because}"));
        }
        Event::Subscribed { cell, location } => {
            heard.note(format!("+ {cell} line {}", location.line()));
        }
        Event::Unsubscribed { cell } => heard.note(format!("- {cell}")),
        Event::Failed { what, message } => heard.note(format!("failed: {what}: {message}")),
        other => heard.note(format!("{other:?}")),
    })
}

#[test]
fn a_commit_is_told_with_its_cells_and_its_cause() {
    let (store, log) = (Store::new(), Log::default());
    let (a, b) = (store.cell("a").source(1), store.cell("b").source(1));
    let answers = store.clone();
    let line = line!() + 1;
    let _guard = store.subscribe(a, move |value| _ = answers.set(b, *value));
    let _observer = observe_cells(&store, &log);
    store.batch(|tx| {
        tx.set(b, 7);
        tx.set(a, 2);
    });
    log.is([&format!("#1 `b` `a` line {}", line + 2), &format!("#2 `b` line {line} for #1")]);
}

#[test]
fn the_values_of_a_cell_are_told_old_and_new_once_per_commit() {
    let (store, log) = (Store::new(), Log::default());
    let price = store.cell("price").source(20);
    let double = store.cell("double").derived(move |cx| cx.get(price) * 2);
    let silent = store.cell("silent").source(0);
    let _price = store.observe_values(price, |price| format!("{price} EUR"));
    let _double = store.observe_values(double, |double| double.to_string());
    let heard = log.clone();
    let _observer = store.observe(move |event| {
        if let Event::Changed { number, cell, old, new } = event {
            let (old, new) = (old.as_ref().unwrap(), new.as_ref().unwrap());
            heard.note(format!("{number} {cell}: {old} -> {new}"));
        }
    });
    store.set(price, 30);
    store.update(price, |price| *price += 1);
    store.set(silent, 1);
    store.batch(|tx| {
        tx.set(price, 1);
        assert_eq!(tx.get(double), 2);
        tx.set(price, 40);
    });
    let undone = store.transaction(|tx| {
        tx.set(price, 0);
        assert_eq!(tx.get(double), 0);
        Err::<(), _>("no")
    });
    assert!(undone.is_err());
    log.is([
        "#1 `price`: 20 EUR -> 30 EUR",
        "#1 `double`: 40 -> 60",
        "#2 `price`: 30 EUR -> 31 EUR",
        "#2 `double`: 60 -> 62",
        "#4 `price`: 31 EUR -> 40 EUR",
        "#4 `double`: 62 -> 80",
    ]);
}

#[test]
fn values_that_nobody_hears_of_are_not_shown_and_the_next_old_one_is_unknown() {
    let (store, log) = (Store::new(), Log::default());
    let cell = store.cell("cell").source(1);
    let shows = log.clone();
    let values = store.observe_values(cell, move |value| {
        shows.note(format!("show {value}"));
        value.to_string()
    });
    log.is(["show 1"]);
    store.set(cell, 2);
    log.is([]);
    let observer = observe_cells(&store, &log);
    store.set(cell, 3);
    let line = line!() - 1;
    store.set(cell, 4);
    let mut told = log.take();
    told.retain(|line| !line.starts_with("show"));
    assert_eq!(
        told,
        [
            &format!("#2 `cell` line {line}"),
            "#2 `cell`: ? -> 3",
            &format!("#3 `cell` line {}", line + 2),
            "#3 `cell`: 3 -> 4",
        ]
    );
    drop(values);
    store.set(cell, 5);
    log.is([&format!("#4 `cell` line {}", line!() - 1)]);
    drop(observer);
}

#[test]
fn values_that_are_kept_are_told_for_as_long_as_the_store_lives() {
    let (store, log) = (Store::new(), Log::default());
    let cell = store.cell("cell").source(1);
    store.observe_values(cell, |value| value.to_string()).detach();
    let dropped = log.on_drop("dropped");
    store
        .observe_values(cell, move |_| {
            let _ = &dropped;
            "?"
        })
        .detach();
    let heard = log.clone();
    let observer = store.observe(move |event| {
        if let Event::Changed { old, new, .. } = event {
            heard.note(format!("{} -> {}", old.as_ref().unwrap(), new.as_ref().unwrap()));
        }
    });
    store.set(cell, 2);
    log.is(["1 -> 2", "? -> ?"]);
    drop(observer);
    drop(store);
    log.is(["dropped"]);
}

#[test]
fn a_text_of_a_value_that_cannot_be_made_is_an_error_in_the_feed_and_no_harm() {
    let (store, log) = (Store::new(), Log::default());
    let cell = store.cell("cell").source(1);
    let _values = store.observe_values(cell, |value| {
        assert!(*value != 2, "cannot be shown");
        value.to_string()
    });
    let heard = log.clone();
    let _observer = store.observe(move |event| {
        if let Event::Changed { old, new, .. } = event {
            heard.note(format!("{old:?} {new:?}"));
        }
    });
    store.set(cell, 2);
    store.set(cell, 3);
    let told = log.take();
    assert!(
        told[0].starts_with("Some(\"1\") Err(ShowFailed") && told[0].contains("cannot be shown")
    );
    assert_eq!(told[1], "None Ok(\"3\")");
    assert_eq!(store.get(cell), 3);
}

#[test]
fn a_recompute_is_told_with_the_cell_that_it_was_for() {
    let (store, log) = (Store::new(), Log::default());
    let (a, b) = (store.cell("a").source(1), store.cell("b").source(1));
    let parity = store.cell("parity").derived(move |cx| cx.get(a) % 2);
    let sum = store.cell("sum").derived(move |cx| cx.get(parity) + cx.get(b));
    let _observer = observe_cells(&store, &log);
    assert_eq!(store.get(sum), 2);
    store.set(b, 2);
    store.get(sum);
    store.set(a, 2);
    store.get(sum);
    store.set(a, 4);
    store.get(sum);
    let told = log.take();
    let ran: Vec<_> = told.iter().filter(|line| line.starts_with("ran")).collect();
    assert_eq!(
        ran,
        [
            "ran `parity`, changed: true, because of ?",
            "ran `sum`, changed: true, because of ?",
            "ran `sum`, changed: true, because of `b`",
            "ran `parity`, changed: true, because of `a`",
            "ran `sum`, changed: true, because of `parity`",
            "ran `parity`, changed: false, because of `a`",
        ]
    );
}

#[test]
fn a_derivation_that_reads_other_cells_than_before_ran_because_of_what_decided_that() {
    let (store, log) = (Store::new(), Log::default());
    let (flag, a, b) =
        (store.cell("flag").source(true), store.cell("a").source(1), store.cell("b").source(2));
    let pick =
        store.cell("pick").derived(move |cx| if cx.get(flag) { cx.get(a) } else { cx.get(b) });
    let _guard = store.subscribe(pick, |_| {});
    let _observer = observe_cells(&store, &log);
    let count = store.derived(move |cx| cx.get(pick));
    store.get(count);
    store.set(a, 5);
    log.clear();
    store.batch(|tx| {
        tx.set(b, 9);
        tx.set(flag, false);
    });
    let told = log.take();
    assert!(
        told.iter().any(|line| line == "ran `pick`, changed: true, because of `flag`"),
        "{told:?}"
    );
}

#[test]
fn subscriptions_are_told_with_the_call_that_made_them_and_their_end() {
    let (store, log) = (Store::new(), Log::default());
    let cell = store.cell("cell").source(1);
    let _observer = observe_cells(&store, &log);
    drop(store.subscribe(cell, |_| {}));
    log.is([&format!("+ `cell` line {}", line!() - 1), "- `cell`"]);
}

#[test]
fn a_derivation_and_an_update_that_panic_are_failures_in_the_feed_where_they_began() {
    let (store, log) = (Store::new(), Log::default());
    let source = store.cell("source").source(0);
    let fragile = store.cell("fragile").derived(move |cx| 10 / cx.get(source));
    let above = store.cell("above").derived(move |cx| cx.get(fragile));
    let list = store.cell("list").list([1]);
    let _observer = observe_cells(&store, &log);
    assert!(store.try_get(above).is_err());
    let _ = catch_unwind(AssertUnwindSafe(|| {
        store.update(source, |_| -> () { panic!("half way") });
    }));
    let _ = catch_unwind(AssertUnwindSafe(|| {
        store.edit(list, |list| {
            list.push(1);
            panic!("half way, too");
        });
    }));
    let told = log.take();
    let failed: Vec<_> = told.iter().filter(|line| line.starts_with("failed")).collect();
    assert_eq!(
        failed,
        [
            "failed: the derivation of `fragile`: attempt to divide by zero",
            "failed: an update of `source`: half way",
            "failed: an update of `list`: half way, too",
        ]
    );
}

#[test]
fn without_an_observer_no_event_is_made() {
    let store = Store::new();
    store.emit(|| panic!("nobody wants to know"));
    let guard = store.observe(|_| {});
    drop(guard);
    store.emit(|| panic!("nobody wants to know any more"));
}

#[test]
fn observers_that_panic_write_and_come_and_go_break_no_commit() {
    let log = Log::default();
    let reported = log.clone();
    let report = PanicPolicy::Report(Box::new(move |message| reported.note(message)));
    let store = Store::builder().on_panic(report).build();
    let (cell, count) = (store.source(0), store.source(0));
    let double = store.derived(move |cx| cx.get(cell) * 2);
    let heard = log.clone();
    let _double = store.subscribe(double, move |double| heard.note(format!("double {double}")));
    let own: Arc<Mutex<Option<ObserverGuard>>> = Arc::default();
    let mut guards = Vec::new();
    guards.push(store.observe(|_| panic!("first")));
    let writes = store.clone();
    guards.push(store.observe(move |event| {
        if let Event::Committed { number, .. } = event
            && number.get() == 1
        {
            writes.update(count, |count| *count += 1);
        }
    }));
    let (slot, adds) = (Arc::clone(&own), store.clone());
    *own.lock().unwrap() = Some(store.observe(move |_| {
        let next = adds.observe(|_| {});
        drop(slot.lock().unwrap().replace(next));
        panic!("third");
    }));
    let heard = log.clone();
    guards.push(store.observe(move |event| {
        if let Event::Committed { number, .. } = event {
            heard.note(number);
        }
    }));
    let commit = store.set(cell, 1);
    assert_eq!(commit.number().unwrap().get(), 1);
    assert_eq!((store.get(double), store.get(count)), (2, 1));
    let told = log.take();
    let of = |line: &str| told.iter().filter(|told| *told == line).count();
    assert_eq!((of("#1"), of("#2"), of("double 2"), of("third")), (1, 1, 1, 1), "{told:?}");
    assert!(of("first") >= 3, "each event panicked: {told:?}");
}

#[test]
fn updates_may_name_the_call_of_a_front_ends_user_as_their_cause() {
    let (store, log) = (Store::new(), Log::default());
    let cell = store.source(0);
    let heard = log.clone();
    let _observer = store.observe(move |event| {
        if let Event::Committed { cause, .. } = event {
            heard.note(cause.location.line());
        }
    });
    let caller = std::panic::Location::caller();
    store.updates(|updates| {
        updates.called_at(caller);
        updates.update(cell, |value| *value = 1).unwrap();
    });
    log.is([&*caller.line().to_string()]);
}
