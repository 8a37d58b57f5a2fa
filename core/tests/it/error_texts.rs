//! What errors say: who was involved, by name and by place, and what to do. One table for all of them.

use crate::log::Log;
use std::{
    future::pending,
    num::NonZeroUsize,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, Mutex},
};
use trine_core::{
    CellErrorKind, ContextError, Derived, Event, Failure, Missed, Outcome, Reentrant, Run, Store,
    test::ManualExecutor,
};

/// A text, and what has to be in it.
struct Said {
    text: String,
    expected: Vec<String>,
}

/// Brings an error about.
type Make = fn(&Store) -> Said;

fn said(error: impl ToString, expected: &[&str]) -> Said {
    let expected = expected.iter().map(ToString::to_string).collect();
    Said { text: error.to_string(), expected }
}

/// How an error names a line of this file.
fn at(line: u32) -> String {
    format!("{}:{line}:", file!())
}

/// What a panic said.
fn message(panics: impl FnOnce()) -> String {
    let panic = catch_unwind(AssertUnwindSafe(panics)).unwrap_err();
    panic.downcast_ref::<String>().expect("a message").clone()
}

/// A value that cannot be copied when it is 2.
#[derive(PartialEq)]
struct Fussy(u8);

impl Clone for Fussy {
    fn clone(&self) -> Self {
        assert!(self.0 != 2, "does not want to be copied");
        Self(self.0)
    }
}

fn reentrant(store: &Store) -> Said {
    let cell = store.source(1);
    let mut error = None;
    let outer = line!() + 1;
    store.with(cell, |_| error = Some(store.try_get(cell).unwrap_err()));
    said(error.unwrap(), &[&at(outer), "taken at", "used at", "use the context that it was handed"])
}

fn removed(store: &Store) -> Said {
    let cell = store.cell("gone").source(1);
    let removed = line!() + 1;
    store.remove(cell).unwrap();
    let used = line!() + 1;
    said(store.try_get(cell).unwrap_err(), &["`gone`", &at(removed), &at(used)])
}

fn removed_without_a_name(store: &Store) -> Said {
    let made = line!() + 1;
    let cell = store.source(1);
    store.remove(cell).unwrap();
    said(store.try_set(cell, 2).unwrap_err(), &[&format!("the cell made at {}", at(made))])
}

fn foreign(store: &Store) -> Said {
    let cell = Store::new().source(1);
    let used = line!() + 1;
    said(store.try_get(cell).unwrap_err(), &[&at(used), "another store"])
}

fn circle(store: &Store) -> Said {
    let later: Arc<Mutex<Option<Derived<i32>>>> = Arc::default();
    let filled = Arc::clone(&later);
    let a = store.cell("a").derived(move |cx| cx.get(later.lock().unwrap().unwrap()));
    let b = store.cell("b").derived(move |cx| cx.get(a));
    *filled.lock().unwrap() = Some(b);
    said(store.try_get(a).unwrap_err(), &["`a` -> `b` -> `a`", "`try_get`"])
}

fn too_deep(_: &Store) -> Said {
    let store = Store::builder().max_depth(2).build();
    let mut last = store.cell("0").derived(|_| 0);
    for name in ["1", "2", "3"] {
        let before = last;
        last = store.cell(name).derived(move |cx| cx.get(before));
    }
    said(store.try_get(last).unwrap_err(), &["`1`", "2 derivations", "`store.warm`", "`max_depth`"])
}

fn derivation_panicked(store: &Store) -> Said {
    let fragile = store.cell("fragile").derived(|_| -> i32 { panic!("no luck") });
    let above = store.derived(move |cx| cx.get(fragile));
    said(store.try_get(above).unwrap_err(), &["`fragile`", "no luck", "runs again when"])
}

fn torn(store: &Store) -> Said {
    let cell = store.cell("torn").source(1);
    let torn = line!() + 2;
    let _ = catch_unwind(AssertUnwindSafe(|| {
        store.update(cell, |_| -> () { panic!("half way") });
    }));
    said(store.try_get(cell).unwrap_err(), &["`torn`", "half way", &at(torn), "`recover`", "`set`"])
}

fn torn_among_others(store: &Store) -> Said {
    let cell = store.cell("torn").source(1);
    let torn = line!() + 2;
    let _ = catch_unwind(AssertUnwindSafe(|| {
        store.updates(|cx| cx.update(cell, |_| -> () { panic!("half way") }))
    }));
    said(store.try_get(cell).unwrap_err(), &["`torn`", "half way", &at(torn)])
}

fn torn_list(store: &Store) -> Said {
    let list = store.cell("torn").list([1]);
    let torn = line!() + 2;
    let _ = catch_unwind(AssertUnwindSafe(|| {
        store.edit(list, |list| {
            list.clear();
            panic!("half way");
        });
    }));
    said(store.try_edit(list, |_| {}).unwrap_err(), &["`torn`", "half way", &at(torn)])
}

fn clone_failed(store: &Store) -> Said {
    let cell = store.cell("fussy").source(Fussy(1));
    let log = Log::default();
    let heard = log.clone();
    let _guard =
        store.subscribe_changes(cell, move |change| heard.note(change.value().err().unwrap()));
    store.set(cell, Fussy(2));
    said(log.take().concat(), &["`fussy`", "does not want to be copied", "is sound"])
}

fn show_failed(store: &Store) -> Said {
    let cell = store.cell("shy").source(1);
    let log = Log::default();
    let heard = log.clone();
    let _values = store.observe_values(cell, |n| if *n == 2 { panic!("shy") } else { "shown" });
    let _observer = store.observe(move |event| {
        if let Event::Changed { new: Err(error), .. } = event {
            heard.note(error);
        }
    });
    store.set(cell, 2);
    said(log.take().concat(), &["`shy`", "panicked: shy", "is sound"])
}

fn causal_loop(_: &Store) -> Said {
    let store = Store::builder().causal_limit(3).build();
    let (ping, pong) = (store.cell("ping").source(0), store.cell("pong").source(0));
    let (there, back) = (store.clone(), store.clone());
    let log = Log::default();
    let heard = log.clone();
    let _ping = store.subscribe(ping, move |n| _ = there.try_set(pong, n + 1));
    let line = line!() + 2;
    let _pong = store.subscribe(pong, move |n| {
        if let Err(error) = back.try_set(ping, n + 1) {
            heard.note(error);
        }
    });
    store.set(ping, 1);
    said(log.take().concat(), &["`ping` -> `pong`", "more than 3", &at(line), "`causal_limit`"])
}

fn watch_closed(store: &Store) -> Said {
    let cell = store.cell("watched").source(1);
    let mut watch = store.watch(cell);
    store.remove(cell).unwrap();
    let closed = futures_util::FutureExt::now_or_never(watch.changed()).unwrap();
    said(closed.unwrap_err(), &["`watched`", "removed"])
}

fn stream_failed(store: &Store) -> Said {
    let flag = store.source(true);
    let cell = store.cell("fails").derived(move |cx| assert!(cx.get(flag), "no flag"));
    let mut changes = store.changes(cell, NonZeroUsize::MIN);
    store.set(flag, false);
    let told = futures_util::FutureExt::now_or_never(futures_util::StreamExt::next(&mut changes));
    let Some(Some(Err(Missed::Failed(error)))) = told else { panic!("{told:?}") };
    said(error, &["`fails`", "no flag"])
}

fn scope_ended(store: &Store) -> Said {
    let scope = store.scope("dialog");
    let ended = line!() + 1;
    scope.end();
    let used = line!() + 1;
    said(scope.try_scope("inner").unwrap_err(), &["`dialog`", &at(ended), &at(used)])
}

fn scope_dropped(store: &Store) -> Said {
    let outer = store.scope("outer");
    let inner = outer.scope("inner");
    drop(outer);
    let used = line!() + 1;
    said(inner.try_scope("more").unwrap_err(), &["`inner`", &at(used), "was dropped"])
}

fn scope_without_a_store(_: &Store) -> Said {
    let scope = Store::new().scope("orphan");
    said(message(|| _ = scope.source(1)), &["`orphan`", "store", "was dropped"])
}

fn late_run_of_a_scope(store: &Store) -> Said {
    let scope = store.scope("dialog");
    let ended = line!() + 1;
    scope.end();
    let used = line!() + 1;
    let run = scope.run("late", |_| async { Ok::<_, ()>(()) });
    let Some(Outcome::Failed { failure }) = run.outcome() else { panic!("{:?}", run.outcome()) };
    said(failure, &["`dialog`", &at(ended), &at(used)])
}

fn run_over(_: &Store) -> Said {
    let store = Store::with_spawner(ManualExecutor::new());
    let cell = store.source(1);
    let kept = Arc::new(Mutex::new(None));
    let keep = Arc::clone(&kept);
    let run: Run<(), ()> = store.run("save", move |cx| {
        *keep.lock().unwrap() = Some(cx);
        pending()
    });
    run.abort("enough");
    let cx = kept.lock().unwrap().take().unwrap();
    let used = line!() + 1;
    let error = cx.set(cell, 2).unwrap_err();
    assert!(matches!(error, ContextError::Settled { .. }));
    said(error, &["run 1 `save`", &at(used), "refused"])
}

fn store_dropped(_: &Store) -> Said {
    let kept = Arc::new(Mutex::new(None));
    let keep = Arc::clone(&kept);
    let store = Store::with_spawner(ManualExecutor::new());
    let run: Run<(), ()> = store.run("orphan", move |cx| {
        *keep.lock().unwrap() = Some(cx);
        pending()
    });
    drop(store);
    let Some(Outcome::Failed { failure }) = run.outcome() else { panic!("{:?}", run.outcome()) };
    said(failure, &["store was dropped", "keep a handle"])
}

fn run_inside_a_lease(store: &Store) -> Said {
    let cell = store.source(1);
    let mut run = None;
    let outer = line!() + 1;
    store.with(cell, |_| run = Some(store.run("inside", |_| async { Ok::<_, ()>(()) })));
    let outcome = run.unwrap().outcome();
    let Some(Outcome::Failed { failure: Failure::Reentrant(Reentrant { outer: at, inner }) }) =
        outcome
    else {
        panic!("{outcome:?}")
    };
    assert_eq!((at.line(), inner.line()), (outer, outer));
    said(Reentrant { outer: at, inner }, &["taken at", "used at"])
}

fn no_runtime(store: &Store) -> Said {
    let run: Run<(), ()> = store.run("waits", |_| pending());
    let Some(Outcome::Failed { failure }) = run.outcome() else { panic!("{:?}", run.outcome()) };
    said(failure, &["no runtime", "`Store::with_spawner"])
}

fn list_out_of_bounds(store: &Store) -> Said {
    let list = store.cell("todos").list([1]);
    said(message(|| store.edit(list, |list| _ = list.remove(7))), &["`todos`", "7", "1"])
}

fn diffs_of_a_removed_list(store: &Store) -> Said {
    let list = store.cell("todos").list([1]);
    let removed = line!() + 1;
    store.remove(list).unwrap();
    let used = line!() + 1;
    let refused = store.try_subscribe_diffs(list, NonZeroUsize::MIN, |_| {}).unwrap_err();
    assert!(matches!(refused.kind(), CellErrorKind::Disposed { .. }));
    said(refused, &["`todos`", &at(removed), &at(used)])
}

#[test]
fn every_error_names_who_was_involved_where_and_what_to_do() {
    let table: [(&str, Make); 25] = [
        ("reentrant", reentrant),
        ("removed", removed),
        ("removed, without a name", removed_without_a_name),
        ("foreign", foreign),
        ("circle", circle),
        ("too deep", too_deep),
        ("derivation panicked", derivation_panicked),
        ("torn", torn),
        ("torn among others", torn_among_others),
        ("torn list", torn_list),
        ("clone failed", clone_failed),
        ("show failed", show_failed),
        ("causal loop", causal_loop),
        ("watch closed", watch_closed),
        ("stream failed", stream_failed),
        ("scope ended", scope_ended),
        ("scope dropped", scope_dropped),
        ("scope without a store", scope_without_a_store),
        ("late run of a scope", late_run_of_a_scope),
        ("run over", run_over),
        ("store dropped", store_dropped),
        ("run inside a lease", run_inside_a_lease),
        ("no runtime", no_runtime),
        ("list out of bounds", list_out_of_bounds),
        ("diffs of a removed list", diffs_of_a_removed_list),
    ];
    for (what, make) in table {
        let Said { text, expected } = make(&Store::new());
        println!("{what}: {text}");
        for part in expected {
            assert!(text.contains(&part), "{what}: `{part}` is not in\n{text}");
        }
        assert!(!text.ends_with('.'), "{what}: errors end without a full stop: {text}");
        let starts_lower = text.chars().next().is_some_and(|first| !first.is_uppercase());
        assert!(starts_lower, "{what}: errors begin in lower case: {text}");
    }
}
