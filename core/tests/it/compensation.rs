//! Compensation: what a run has written is undone if it fails.

use proptest::prelude::*;
use std::{
    cell::RefCell,
    collections::BTreeMap,
    sync::{Arc, Mutex},
};
use tokio::sync::oneshot;
use trine_core::{
    Compensation, ContextError, Run, Source, Store,
    test::{Log, ManualExecutor, explore, yield_now},
};

/// A run that waits to be told how to end, and its record.
struct Open {
    run: Run<(), ()>,
    undo: Compensation,
    end: oneshot::Sender<Result<(), ()>>,
}

fn manual() -> (Store, ManualExecutor) {
    let executor = ManualExecutor::new();
    (Store::with_spawner(executor.clone()), executor)
}

fn open(store: &Store) -> Open {
    let (end, ended) = oneshot::channel();
    let slot: Arc<Mutex<Option<Compensation>>> = Arc::default();
    let made = Arc::clone(&slot);
    let run = store.run_compensated("open", move |_, undo| async move {
        *made.lock().unwrap() = Some(undo);
        ended.await.unwrap_or(Err(()))
    });
    let undo = slot.lock().unwrap().take().unwrap();
    Open { run, undo, end }
}

#[test]
fn a_run_that_is_not_fulfilled_in_any_way_is_undone_in_one_commit_the_last_write_first() {
    type Ending = fn(Open, &ManualExecutor);
    let endings: [(&str, Ending); 3] = [
        ("rejected", |open, executor| {
            open.end.send(Err(())).unwrap();
            executor.run_until_stalled();
        }),
        ("aborted", |open, _| assert!(open.run.abort("enough"))),
        ("shut down", |_, executor| assert_eq!(executor.shut_down(), 1)),
    ];
    for (name, end) in endings {
        let (store, executor) = manual();
        let (a, b) = (store.source(1), store.source(1));
        let log = Log::new();
        let told = log.clone();
        let both = store.derived(move |cx| (cx.get(a), cx.get(b)));
        let _guard = store.subscribe(both, move |both| told.note(format!("{both:?}")));
        let open = open(&store);
        open.undo.set(a, 2).unwrap();
        open.undo.update(b, |b| *b += 1).unwrap();
        open.undo.set(a, 3).unwrap();
        log.is(["(2, 1)", "(2, 2)", "(3, 2)"]);
        assert_eq!(open.undo.len(), 3);
        end(open, &executor);
        log.is(["(1, 1)"]);
        assert_eq!((store.get(a), store.get(b)), (1, 1), "{name}");
        assert!(store.runs().is_empty());
    }
}

#[test]
fn a_panic_is_undone_too() {
    let store = Store::new();
    let a = store.source(1);
    let run = store.run_compensated("panics", move |_, undo| async move {
        undo.set(a, 2).unwrap();
        assert!(undo.is_empty(), "no");
        Ok::<_, ()>(())
    });
    assert!(run.outcome().unwrap().is_panicked());
    assert_eq!(store.get(a), 1);
}

#[test]
fn a_fulfilled_run_keeps_everything_and_so_does_what_was_kept_before_a_failure() {
    let (store, executor) = manual();
    let (a, b) = (store.source(1), store.source(1));
    let good = open(&store);
    good.undo.set(a, 2).unwrap();
    good.end.send(Ok(())).unwrap();
    executor.run_until_stalled();
    assert_eq!(store.get(a), 2);

    let bad = open(&store);
    bad.undo.set(a, 3).unwrap();
    bad.undo.keep();
    assert!(bad.undo.is_empty());
    bad.undo.set(b, 3).unwrap();
    bad.run.abort("enough");
    assert_eq!((store.get(a), store.get(b)), (3, 1));
}

#[test]
fn the_settle_hook_and_the_waiters_see_the_cells_as_they_were() {
    let (store, log) = (Store::new(), Log::new());
    let a = store.source(1);
    let (hook, seen) = (log.clone(), store.clone());
    let run = store
        .run_builder("hooked")
        .on_settle(move |outcome| hook.note(format!("{} {}", outcome.kind(), seen.get(a))))
        .start_compensated(move |_, undo| async move {
            undo.set(a, 2).unwrap();
            Err::<(), _>(())
        });
    assert!(run.is_settled());
    log.is(["rejected 1"]);
}

#[test]
fn a_cell_that_somebody_else_has_written_since_is_left_even_with_the_same_value() {
    let (store, _executor) = manual();
    let (a, b) = (store.cell("a").source(1), store.cell("b").source(1));
    let open = open(&store);
    open.undo.transaction(|tx| tx.set(a, 2).and_then(|()| tx.set(b, 2))).unwrap().unwrap();
    store.set(a, 7);
    store.set(a, 2);
    let undone = open.undo.undo();
    let names =
        |cells: &[trine_core::CellLabel]| cells.iter().map(ToString::to_string).collect::<Vec<_>>();
    assert_eq!(
        (names(&undone.restored), names(&undone.left)),
        (vec!["`b`".to_owned()], vec!["`a`".to_owned()])
    );
    assert_eq!((store.get(a), store.get(b)), (2, 1));
    // It is gone through once.
    assert_eq!(open.undo.undo(), trine_core::Undone::default());
}

#[test]
fn own_writes_on_top_of_a_foreign_one_are_undone_down_to_it() {
    let (store, _executor) = manual();
    let a = store.source(1);
    let open = open(&store);
    open.undo.set(a, 2).unwrap();
    store.set(a, 5);
    open.undo.set(a, 6).unwrap();
    open.undo.set(a, 7).unwrap();
    open.run.abort("enough");
    assert_eq!(store.get(a), 5);
}

#[test]
fn runs_that_write_one_cell_take_out_their_own_in_whatever_order_they_fail() {
    for first_fails_first in [true, false] {
        let (store, _executor) = manual();
        let loading = store.source(0);
        let (first, second) = (open(&store), open(&store));
        first.undo.set(loading, 1).unwrap();
        second.undo.set(loading, 2).unwrap();
        let (one, other, between) =
            if first_fails_first { (first, second, 2) } else { (second, first, 1) };
        one.run.abort("enough");
        assert_eq!(store.get(loading), between);
        other.run.abort("enough");
        assert_eq!(store.get(loading), 0);
    }
    // The upper one stays when it is fulfilled.
    let (store, executor) = manual();
    let loading = store.source(0);
    let (first, second) = (open(&store), open(&store));
    first.undo.set(loading, 1).unwrap();
    second.undo.set(loading, 2).unwrap();
    second.end.send(Ok(())).unwrap();
    executor.run_until_stalled();
    first.run.abort("enough");
    assert_eq!(store.get(loading), 2);
}

#[test]
fn a_write_that_changes_nothing_or_is_rolled_back_is_not_recorded() {
    let (store, _executor) = manual();
    let (a, b) = (store.source(1), store.source(1));
    let open = open(&store);
    assert_eq!(open.undo.set(a, 1).unwrap(), None);
    open.undo.set(a, 2).unwrap();
    // In one transaction with one that does.
    open.undo.transaction(|tx| tx.set(a, 2).and_then(|()| tx.set(b, 2))).unwrap().unwrap();
    let refused = open.undo.transaction(|tx| tx.set(a, 9).map_err(|_| "gone").and(Err("no")));
    assert_eq!(refused.unwrap(), Err::<(), _>("no"));
    assert_eq!(open.undo.len(), 2);
    open.run.abort("enough");
    assert_eq!((store.get(a), store.get(b)), (1, 1));
}

#[test]
fn a_run_that_is_over_writes_nothing_more() {
    let (store, _executor) = manual();
    let a = store.source(1);
    let open = open(&store);
    open.run.abort("enough");
    assert!(matches!(open.undo.set(a, 2), Err(ContextError::Settled { .. })));
    assert_eq!(store.get(a), 1);
    drop(store);
    assert!(matches!(open.undo.set(a, 2), Err(ContextError::StoreDropped(_))));
    assert_eq!(open.undo.undo(), trine_core::Undone::default());
}

#[test]
fn a_cell_that_is_gone_or_torn_by_now_is_not_ours_to_repair() {
    let (store, _executor) = manual();
    let (gone, torn, sound) = (store.source(1), store.source(1), store.source(1));
    let open = open(&store);
    for cell in [gone, torn, sound] {
        open.undo.set(cell, 2).unwrap();
    }
    store.remove(gone).unwrap();
    let tearing = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        store.update(torn, |_| -> () { panic!("half way") });
    }));
    assert!(tearing.is_err());
    open.run.abort("enough");
    assert!(store.try_get(torn).is_err());
    assert_eq!(store.get(sound), 1);
}

#[test]
fn a_comparison_that_panics_keeps_the_others_from_nothing() {
    #[derive(Clone)]
    struct Odd(i32);
    impl PartialEq for Odd {
        fn eq(&self, other: &Self) -> bool {
            assert!(self.0 < 2, "odd");
            self.0 == other.0
        }
    }
    let (store, _executor) = manual();
    let (odd, even) = (store.source(Odd(1)), store.source(1));
    let open = open(&store);
    open.undo.set(even, 2).unwrap();
    open.undo.set(odd, Odd(2)).unwrap();
    open.run.abort("enough");
    assert_eq!(store.get(even), 1);
    assert!(store.runs().is_empty());
}

#[test]
fn undoing_inside_a_lease_waits_for_its_end() {
    let (store, _executor) = manual();
    let (a, b) = (store.source(1), store.source(1));
    let open = open(&store);
    open.undo.set(a, 2).unwrap();
    store.update(b, |b| {
        *b += 1;
        assert_eq!(open.undo.undo(), trine_core::Undone::default());
    });
    assert_eq!(store.get(a), 1);
}

#[test]
fn whatever_fails_or_is_cancelled_when_nothing_of_it_is_left() {
    let explored = explore().cancellations(2).check(|scene| {
        let store = scene.store();
        let cells = [store.source(0), store.source(0)];
        for (name, add, fails) in [("a", 1, true), ("b", 10, false)] {
            let run = store.run_compensated(name, move |_, undo| async move {
                for cell in cells {
                    yield_now().await;
                    undo.update(cell, |value| *value += add).map_err(|_| ())?;
                }
                if fails { Err(()) } else { Ok(()) }
            });
            drop(run);
        }
        scene.finally(move || {
            assert!(store.runs().is_empty());
            for cell in cells {
                // b's is all there is, or lies on a's, which was there when b read it.
                assert!([0, 10, 11].contains(&store.get(cell)), "{}", store.get(cell));
            }
        });
    });
    assert!(explored.exhaustive);
}

#[derive(Debug, Clone)]
enum Act {
    Start,
    Set { run: usize, cell: usize, value: i32 },
    Foreign { cell: usize, value: i32 },
    Keep(usize),
    Fulfil(usize),
    Fail(usize),
}

fn act() -> impl Strategy<Value = Act> {
    let (run, cell, value) = (any::<usize>(), 0..2_usize, 0..100_i32);
    prop_oneof![
        2 => Just(Act::Start),
        6 => (run, cell.clone(), value.clone()).prop_map(|(run, cell, value)| Act::Set { run, cell, value }),
        1 => (cell, value).prop_map(|(cell, value)| Act::Foreign { cell, value }),
        1 => run.prop_map(Act::Keep),
        1 => run.prop_map(Act::Fulfil),
        2 => run.prop_map(Act::Fail),
    ]
}

/// What is on a cell: values, the last one on top, and whose they are while they can be undone.
#[derive(Default)]
struct Layers(Vec<(i32, Option<u64>)>);

impl Layers {
    fn top(&self) -> i32 {
        self.0.last().map_or(0, |layer| layer.0)
    }

    fn put(&mut self, value: i32, owner: Option<u64>) {
        // An equal value is no write.
        if self.top() != value {
            self.0.push((value, owner));
        }
    }

    fn keep(&mut self, owner: u64) {
        self.0.iter_mut().filter(|layer| layer.1 == Some(owner)).for_each(|layer| layer.1 = None);
    }

    fn undo(&mut self, owner: u64) {
        for at in (0..self.0.len()).rev() {
            if self.0[at].1 == Some(owner) {
                match self.0.get(at + 1) {
                    Some((_, None)) => self.0[at].1 = None,
                    _ => drop(self.0.remove(at)),
                }
            }
        }
    }
}

proptest! {
    #![proptest_config(crate::cases::of(400))]

    #[test]
    fn random_writes_and_failures_leave_what_a_stack_of_layers_leaves(acts in prop::collection::vec(act(), 1..60)) {
        let (store, executor) = manual();
        let cells: [Source<i32>; 2] = [store.source(0), store.source(0)];
        let layers: [RefCell<Layers>; 2] = Default::default();
        let mut runs: BTreeMap<u64, Open> = BTreeMap::new();
        let pick = |runs: &BTreeMap<u64, Open>, at: usize| {
            (!runs.is_empty()).then(|| *runs.keys().nth(at % runs.len()).unwrap())
        };
        for act in acts {
            match act {
                Act::Start => {
                    let open = open(&store);
                    runs.insert(open.run.id().get(), open);
                }
                Act::Set { run, cell, value } => if let Some(id) = pick(&runs, run) {
                    runs[&id].undo.set(cells[cell], value).unwrap();
                    layers[cell].borrow_mut().put(value, Some(id));
                },
                Act::Foreign { cell, value } => {
                    store.set(cells[cell], value);
                    layers[cell].borrow_mut().put(value, None);
                }
                Act::Keep(run) => if let Some(id) = pick(&runs, run) {
                    runs[&id].undo.keep();
                    layers.iter().for_each(|layers| layers.borrow_mut().keep(id));
                },
                Act::Fulfil(run) => if let Some(id) = pick(&runs, run) {
                    runs.remove(&id).unwrap().end.send(Ok(())).unwrap();
                    executor.run_until_stalled();
                    layers.iter().for_each(|layers| layers.borrow_mut().keep(id));
                },
                Act::Fail(run) => if let Some(id) = pick(&runs, run) {
                    runs.remove(&id).unwrap().run.abort("random");
                    layers.iter().for_each(|layers| layers.borrow_mut().undo(id));
                },
            }
            for (cell, layers) in cells.into_iter().zip(&layers) {
                prop_assert_eq!(store.get(cell), layers.borrow().top());
            }
        }
    }
}
