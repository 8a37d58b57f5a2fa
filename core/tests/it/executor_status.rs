//! Status cells: what runs are doing, as cells.

use proptest::prelude::*;
use std::{collections::BTreeMap, future::pending, hash, time::Duration};
use tokio::sync::oneshot;
use trine_core::{
    ContextError, Derived, OutcomeKind, Policy, Retry, Run, RunStatus, RunsStatus, Store,
    test::{Log, ManualClock, ManualExecutor},
};

fn manual() -> (Store, ManualExecutor) {
    let executor = ManualExecutor::new();
    (Store::with_spawner(executor.clone()), executor)
}

fn start(store: &Store, name: &'static str) -> Run<(), ()> {
    store.run(name, |_| pending())
}

fn keyed(store: &Store, key: &'static str) -> Run<(), ()> {
    store.run_builder("load").key(key).start(|_| pending())
}

/// A run of the random test: which name, which key, its handle, and the way to end it.
type Known = (usize, u8, Run<(), ()>, Option<oneshot::Sender<Result<(), ()>>>);

/// In flight, attempts, last.
fn short(store: &Store, cell: Derived<RunsStatus>) -> (usize, u64, Option<OutcomeKind>) {
    let status = store.get(cell);
    (status.in_flight, status.attempts, status.last)
}

#[test]
fn a_name_a_key_and_a_run_are_followed_from_start_to_end() {
    let (store, _executor) = manual();
    let (all, ada) = (store.status_of("load"), store.status_of_key("load", "ada"));
    assert_eq!(store.get(all), RunsStatus::default());
    assert_eq!(store.get(all).status(), None);
    let (first, second) = (keyed(&store, "ada"), keyed(&store, "grace"));
    start(&store, "save").detach();
    let one = store.status_of_run(&first);
    assert_eq!(short(&store, all), (2, 2, None));
    assert_eq!((short(&store, ada), short(&store, one)), ((1, 1, None), (1, 1, None)));
    assert_eq!(store.get(all).latest, Some(second.id()));
    assert_eq!(store.get(one).status(), Some(RunStatus::Running));
    first.abort("enough");
    let aborted = Some(OutcomeKind::Aborted);
    assert_eq!(short(&store, all), (1, 2, aborted));
    assert_eq!((short(&store, ada), short(&store, one)), ((0, 1, aborted), (0, 1, aborted)));
    assert_eq!(store.get(one).status(), Some(RunStatus::Settled(OutcomeKind::Aborted)));
    // What comes after it is none of its business.
    keyed(&store, "ada").detach();
    assert_eq!((short(&store, ada), short(&store, one)), ((1, 2, aborted), (0, 1, aborted)));
}

#[test]
fn a_body_that_is_ready_at_once_is_counted_as_well() {
    let store = Store::new();
    let all = store.status_of("greet");
    store.run("greet", |_| async { Ok::<_, ()>(()) }).detach();
    store.run("greet", |_| async { Err::<(), _>(()) }).detach();
    assert_eq!(short(&store, all), (0, 2, Some(OutcomeKind::Rejected)));
}

#[test]
fn runs_that_are_under_way_already_are_counted_and_their_ends_too() {
    let (store, executor) = manual();
    let (end, ended) = oneshot::channel::<()>();
    let ready = store.run("load", |_| ended);
    let other = start(&store, "load");
    let all = store.status_of("load");
    assert_eq!(short(&store, all), (2, 2, None));
    assert_eq!(store.get(all).latest, Some(other.id()));
    end.send(()).unwrap();
    executor.run_until_stalled();
    assert!(ready.outcome().unwrap().is_fulfilled());
    assert_eq!(short(&store, all), (1, 2, Some(OutcomeKind::Fulfilled)));
    other.abort("enough");
    assert_eq!(short(&store, all), (0, 2, Some(OutcomeKind::Aborted)));
    assert_eq!(short(&store, store.status_of_run(&ready)), (0, 0, Some(OutcomeKind::Fulfilled)));
}

#[test]
fn the_cell_is_up_to_date_when_the_hook_is_called_and_each_step_is_one_commit_caused_by_the_run() {
    let (store, log) = (Store::new(), Log::new());
    let (all, of_key) = (store.status_of("load"), store.status_of_key("load", 7));
    let (noting, seen) = (log.clone(), store.clone());
    let _guard = store.subscribe_changes(all, move |change| {
        let status = change.value().unwrap();
        let run = change.cause().run.map(|run| run.get());
        noting.note(format!("{} in flight, by {run:?}", status.in_flight));
    });
    let (started, settled) = (log.clone(), log.clone());
    let before = store.last_commit().get();
    let at_start = seen.clone();
    store
        .run_builder("load")
        .key(7)
        .on_start(move |_| {
            started.note(format!("start hook sees {}", at_start.get(all).in_flight));
            Ok::<_, String>(())
        })
        .on_settle(move |_| settled.note(format!("end hook sees {}", seen.get(all).in_flight)))
        .start(|_| async { Ok::<_, ()>(()) })
        .detach();
    log.is([
        "1 in flight, by Some(1)",
        "start hook sees 1",
        "0 in flight, by Some(1)",
        "end hook sees 0",
    ]);
    assert_eq!(store.last_commit().get() - before, 2);
    assert_eq!(short(&store, of_key), (0, 1, Some(OutcomeKind::Fulfilled)));
}

#[test]
fn attempts_of_a_run_that_retries_are_counted() {
    let (executor, clock) = (ManualExecutor::new(), ManualClock::new());
    let store = Store::builder().spawner(executor.clone()).clock(clock.clone()).build();
    let all = store.status_of("load");
    let run = store
        .run_builder("load")
        .start_retrying(Retry::constant(3, Duration::from_secs(1)), |_| async {
            Err::<(), _>("no")
        });
    let one = store.status_of_run(&run);
    for attempt in 1..=3 {
        executor.run_until_stalled();
        assert_eq!(store.get(all).attempts, attempt);
        clock.advance_to_next();
    }
    executor.run_until_stalled();
    assert!(run.outcome().unwrap().is_rejected());
    assert_eq!(short(&store, all), (0, 3, Some(OutcomeKind::Rejected)));
    assert_eq!(short(&store, one), (0, 3, Some(OutcomeKind::Rejected)));
}

#[test]
fn a_cell_that_nobody_reads_costs_no_commit_and_is_true_when_it_is_read() {
    let store = Store::new();
    let (read, unread) = (store.status_of("load"), store.status_of_key("load", 7));
    assert_eq!(short(&store, read), (0, 0, None));
    let before = store.last_commit().get();
    let load = || store.run("load", |_| async { Ok::<_, ()>(()) }).detach();
    load();
    // One tick, at the start, of the one that was read.
    assert_eq!(store.last_commit().get() - before, 1);
    for _ in 0..100 {
        load();
    }
    store.run("save", |_| async { Ok::<_, ()>(()) }).detach();
    assert_eq!(store.last_commit().get() - before, 1);
    assert_eq!(short(&store, read), (0, 101, Some(OutcomeKind::Fulfilled)));
    assert_eq!(short(&store, unread), (0, 0, None));
    load();
    assert_eq!(store.last_commit().get() - before, 2);
}

#[test]
fn runs_that_share_work_are_counted_and_make_the_same_attempts_and_the_work_is_not_counted() {
    let (executor, clock) = (ManualExecutor::new(), ManualClock::new());
    let store = Store::builder().spawner(executor.clone()).clock(clock.clone()).build();
    let (all, of_key) = (store.status_of("load"), store.status_of_key("load", 7));
    let start = || {
        let builder = store.run_builder("load").policy(Policy::Shared).key(7);
        builder.start_retrying(Retry::constant(2, Duration::from_secs(1)), |_| async {
            Err::<(), _>("no")
        })
    };
    let (first, second) = (start(), start());
    executor.run_until_stalled();
    assert_eq!((short(&store, all), short(&store, of_key)), ((2, 2, None), (2, 2, None)));
    let one = store.status_of_run(&first);
    clock.advance_to_next();
    executor.run_until_stalled();
    assert_eq!((first.attempts(), second.attempts()), (2, 2));
    let rejected = Some(OutcomeKind::Rejected);
    assert_eq!((short(&store, all), short(&store, of_key)), ((0, 4, rejected), (0, 4, rejected)));
    assert_eq!(short(&store, one), (0, 2, rejected));
}

#[test]
fn a_removed_cell_takes_its_tick_with_it() {
    let store = Store::new();
    let before = store.cell_count();
    let all = store.status_of("load");
    store.remove(all).unwrap();
    assert_eq!(store.cell_count(), before);
    store.run("load", |_| async { Ok::<_, ()>(()) }).detach();
    assert_eq!(store.cell_count(), before);
}

#[test]
fn a_refused_run_is_the_last_one_to_have_ended_and_nothing_else() {
    let (store, _executor) = manual();
    let all = store.status_of("load");
    let leading =
        || store.run_builder("load").policy(Policy::Leading).start(|_| pending::<Result<(), ()>>());
    let first = leading();
    leading().detach();
    assert_eq!(short(&store, all), (1, 1, Some(OutcomeKind::Skipped)));
    first.abort("enough");
    assert_eq!(short(&store, all), (0, 1, Some(OutcomeKind::Aborted)));
}

#[test]
fn the_same_question_gives_the_same_cell_and_a_removed_one_is_made_anew() {
    let (store, _executor) = manual();
    let run = start(&store, "load");
    let cells =
        [store.status_of("load"), store.status_of_key("load", 1), store.status_of_run(&run)];
    assert_eq!(store.status_of("load"), cells[0]);
    assert_eq!(store.status_of_key("load", 1), cells[1]);
    assert_eq!(store.status_of_run(&run), cells[2]);
    assert_ne!(store.status_of_key("load", 1_u8), cells[1]);
    for cell in cells {
        store.remove(cell).unwrap();
    }
    run.abort("enough");
    start(&store, "load").detach();
    let all = store.status_of("load");
    assert_ne!(all, cells[0]);
    assert_eq!(short(&store, all), (1, 1, None));
}

#[test]
fn keys_are_dropped_outside_the_lease_and_cells_of_runs_that_are_over_leave_nothing() {
    struct Noisy(trine_core::WeakStore, Log);
    impl PartialEq for Noisy {
        fn eq(&self, _: &Self) -> bool {
            true
        }
    }
    impl Eq for Noisy {}
    impl hash::Hash for Noisy {
        fn hash<H: hash::Hasher>(&self, _: &mut H) {}
    }
    impl Drop for Noisy {
        fn drop(&mut self) {
            // Inside a lease that panics.
            let cells = self.0.upgrade().map(|store| store.cell_count());
            self.1.note(if cells.is_some() { "dropped" } else { "late" });
        }
    }
    let ((store, executor), log) = (manual(), Log::new());
    let noisy = || Noisy(store.downgrade(), log.clone());
    let cell = store.status_of_key("load", noisy());
    assert_eq!(store.status_of_key("load", noisy()), cell);
    log.is(["dropped"]);
    store.remove(cell).unwrap();
    let run = store.run_builder("load").key(noisy()).start(|_| pending::<Result<(), ()>>());
    // That of the cell; the run still has its own.
    log.is(["dropped"]);
    let one = store.status_of_run(&run);
    run.abort("enough");
    assert_eq!(short(&store, one), (0, 1, Some(OutcomeKind::Aborted)));
    drop(run);
    executor.run_until_stalled();
    log.is(["dropped"]);
    // Nobody follows anything any more: a body that is ready at once takes the short way, without a commit.
    let before = store.last_commit();
    store.run("load", |_| async { Ok::<_, ()>(()) }).detach();
    assert_eq!(store.last_commit(), before);
}

#[test]
fn a_key_whose_eq_panics_and_a_callback_that_panics_keep_no_run_from_its_course() {
    #[derive(Clone)]
    struct Odd;
    impl hash::Hash for Odd {
        fn hash<H: hash::Hasher>(&self, _: &mut H) {}
    }
    impl PartialEq for Odd {
        fn eq(&self, _: &Self) -> bool {
            panic!("odd")
        }
    }
    impl Eq for Odd {}
    let (store, executor) = manual();
    let _of_key = store.status_of_key("load", Odd);
    let run = store.run_builder("load").key(Odd).start(|_| async { Ok::<_, ()>(()) });
    assert!(run.outcome().unwrap().is_fulfilled());

    let all = store.status_of("save");
    let _guard = store.subscribe(all, |_| panic!("in a callback"));
    let run = start(&store, "save");
    assert!(!run.is_settled());
    assert!(run.abort("enough"));
    assert_eq!(short(&store, all), (0, 1, Some(OutcomeKind::Aborted)));
    executor.run_until_stalled();
    assert!(store.runs().is_empty());
}

#[test]
fn a_body_sees_itself_and_a_derived_cell_follows() {
    let store = Store::new();
    let all = store.status_of("load");
    let busy = store.derived(move |cx| cx.with(all, RunsStatus::is_running));
    let run = store.run("load", move |cx| async move { cx.get(busy) });
    let seen: Result<_, trine_core::Rejection<ContextError>> = run.outcome().unwrap().into_result();
    assert!(*seen.unwrap());
    assert!(!store.get(busy));
}

#[derive(Debug, Clone)]
enum Act {
    Start { name: usize, key: u8, policy: u8 },
    End(usize, bool),
    Abort(usize),
    Follow { name: usize, key: Option<u8> },
}

fn act() -> impl Strategy<Value = Act> {
    let name = 0..2_usize;
    prop_oneof![
        4 => (name.clone(), 0..2_u8, 0..3_u8).prop_map(|(name, key, policy)| Act::Start { name, key, policy }),
        3 => (any::<usize>(), any::<bool>()).prop_map(|(at, ok)| Act::End(at, ok)),
        2 => any::<usize>().prop_map(Act::Abort),
        2 => (name, prop::option::of(0..2_u8)).prop_map(|(name, key)| Act::Follow { name, key }),
    ]
}

proptest! {
    #![proptest_config(crate::cases::of(300))]

    #[test]
    fn random_runs_are_counted_as_the_list_of_live_ones_counts_them(acts in prop::collection::vec(act(), 1..60)) {
        const NAMES: [&str; 2] = ["load", "save"];
        let (store, executor) = manual();
        let mut runs: Vec<Known> = Vec::new();
        let mut cells: BTreeMap<(usize, Option<u8>), Derived<RunsStatus>> = BTreeMap::new();
        for act in acts {
            match act {
                Act::Start { name, key, policy } => {
                    let (end, ended) = oneshot::channel();
                    let policy = [Policy::Parallel, Policy::Latest, Policy::Leading][usize::from(policy)];
                    let run = store.run_builder(NAMES[name]).key(key).policy(policy).start(|_| async move {
                        ended.await.unwrap_or(Err(()))
                    });
                    runs.push((name, key, run, Some(end)));
                }
                Act::End(at, ok) => if !runs.is_empty() {
                    let at = at % runs.len();
                    if let Some(end) = runs[at].3.take() {
                        let _ = end.send(if ok { Ok(()) } else { Err(()) });
                        executor.run_until_stalled();
                    }
                },
                Act::Abort(at) => if !runs.is_empty() {
                    let at = at % runs.len();
                    runs[at].2.abort("random");
                },
                Act::Follow { name, key } => {
                    let cell = match key {
                        None => store.status_of(NAMES[name]),
                        Some(key) => store.status_of_key(NAMES[name], key),
                    };
                    cells.insert((name, key), cell);
                }
            }
            for ((name, key), cell) in &cells {
                let live = runs.iter().filter(|run| {
                    run.0 == *name && key.is_none_or(|key| run.1 == key) && !run.2.is_settled()
                });
                prop_assert_eq!(store.get(*cell).in_flight, live.count());
            }
        }
    }
}
