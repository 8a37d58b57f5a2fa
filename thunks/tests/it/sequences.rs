//! Random sequences of dispatches, answers, aborts and panics, checked against what must always hold.

use crate::service::ApiError;
use proptest::prelude::*;
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};
use tokio::sync::oneshot;
use trine_core::{OutcomeKind, Run, RunId, Update, test::ManualExecutor};
use trine_thunks::{AsyncThunk, Policy, Slice, SliceKey, Store, ThunkApi};

/// How the test has a body end.
#[derive(Debug, Clone, Copy)]
enum End {
    Fulfil,
    Reject,
    Panic,
}

/// What the test does next. Runs are chosen among those that were dispatched.
#[derive(Debug, Clone)]
enum Step {
    Dispatch { thunk: usize, key: u8, end_at_once: Option<End> },
    End { run: prop::sample::Index, end: End },
    Abort { run: prop::sample::Index },
    AbortAll,
    Proceed,
}

/// The argument: what the body does, handed over once.
#[derive(Clone)]
struct Job {
    key: u8,
    end_at_once: Option<End>,
    orders: Arc<Mutex<Option<oneshot::Receiver<End>>>>,
}

type Work = AsyncThunk<Job, (), ApiError, ()>;

/// The log: which thunk, run and key, and how it ended, or `None` when it began.
type Told = Vec<(usize, RunId, u8, Option<OutcomeKind>)>;

static LOG: SliceKey<Told> = SliceKey::new("log");
static IN_FLIGHT: SliceKey<BTreeMap<usize, i64>> = SliceKey::new("in flight");
static FRAGILE: SliceKey<u32> = SliceKey::new("fragile");
static HOPED: SliceKey<i64> = SliceKey::new("hoped");

fn work(name: &'static str) -> Work {
    AsyncThunk::new(name, |job: Job, _: ThunkApi| async move {
        let end = match job.end_at_once {
            Some(end) => end,
            None => {
                let orders = job.orders.lock().unwrap().take().expect("one body per run");
                orders.await.unwrap_or(End::Reject)
            }
        };
        match end {
            End::Fulfil => Ok(()),
            End::Reject => Err(ApiError::Cancelled),
            End::Panic => panic!("told to"),
        }
    })
}

fn logging(thunks: &[Work]) -> Slice<Told> {
    thunks.iter().enumerate().fold(LOG.slice(Vec::new), |slice, (index, thunk)| {
        slice
            .on(thunk.pending(), move |log, run| {
                log.push((index, run.request_id(), run.arg().key, None));
            })
            .on_any(thunk.settled(), move |log, run| {
                log.push((index, run.request_id(), run.arg().key, Some(run.outcome().kind())));
            })
    })
}

fn counting(thunks: &[Work]) -> Slice<BTreeMap<usize, i64>> {
    thunks.iter().enumerate().fold(IN_FLIGHT.slice(BTreeMap::new), |slice, (index, thunk)| {
        slice
            .on(thunk.pending(), move |flight, _| *flight.entry(index).or_default() += 1)
            .on(thunk.fulfilled(), move |flight, _| *flight.entry(index).or_default() -= 1)
            .on(thunk.rejected(), move |flight, _| *flight.entry(index).or_default() -= 1)
    })
}

/// A slice whose reducers panic for every fourth run, and are repaired by the test.
fn fragile(thunks: &[Work]) -> Slice<u32> {
    thunks.iter().fold(FRAGILE.slice(|| 0), |slice, thunk| {
        slice
            .on(thunk.pending(), |_, run| {
                assert!(run.arg().key != 3, "pending");
                Update::Unchanged
            })
            .on(thunk.rejected(), |_, run| {
                assert!(run.arg().key != 2, "rejected");
                Update::Unchanged
            })
    })
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let end = prop_oneof![Just(End::Fulfil), Just(End::Reject), Just(End::Panic)];
    let step = prop_oneof![
        4 => (0..4_usize, 0..4_u8, prop::option::weighted(0.2, end.clone()))
            .prop_map(|(thunk, key, end_at_once)| Step::Dispatch { thunk, key, end_at_once }),
        3 => (any::<prop::sample::Index>(), end).prop_map(|(run, end)| Step::End { run, end }),
        2 => any::<prop::sample::Index>().prop_map(|run| Step::Abort { run }),
        1 => Just(Step::AbortAll),
        3 => Just(Step::Proceed),
    ];
    prop::collection::vec(step, 0..40)
}

/// Everything that must hold of the log, whatever was done.
fn check(store: &Store, runs: &[Run<(), ApiError>], threads: usize) -> Result<(), TestCaseError> {
    let log = store.get(&LOG);
    let mut open = BTreeMap::new();
    let mut ended = BTreeMap::new();
    let mut flight: BTreeMap<usize, i64> = BTreeMap::new();
    for (thunk, run, key, end) in log {
        match end {
            None => {
                prop_assert!(!ended.contains_key(&run), "pending after the end: {run}");
                // Before a run of `latest` is pending, the one before it has ended: told by this very thread.
                let same = open.values().any(|&(other, other_key)| {
                    other == thunk && (thunk == 1 || (thunk == 2 && other_key == key))
                });
                prop_assert!(
                    !(threads == 1 && same),
                    "two runs at once of thunk {thunk}, which exclude each other"
                );
                prop_assert!(open.insert(run, (thunk, key)).is_none(), "pending twice: {run}");
                *flight.entry(thunk).or_default() += 1;
            }
            Some(kind) => {
                prop_assert!(open.remove(&run).is_some(), "an end without a beginning: {run}");
                prop_assert!(ended.insert(run, kind).is_none(), "ended twice: {run}");
                *flight.entry(thunk).or_default() -= 1;
            }
        }
    }
    prop_assert_eq!(store.get(&IN_FLIGHT), flight, "the state is the fold of the log");
    for run in runs {
        match run.outcome() {
            None => prop_assert!(open.contains_key(&run.id()), "{run:?} is under way"),
            Some(outcome) => {
                // A skipped run has no events at all; neither has one that was over before it was pending, which
                // takes another thread.
                let told = ended.get(&run.id()).copied();
                let untold = if threads == 1 { OutcomeKind::Skipped } else { outcome.kind() };
                prop_assert_eq!(told.unwrap_or(untold), outcome.kind(), "told of {:?}", run);
                prop_assert!(!open.contains_key(&run.id()));
            }
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_pending_run_has_one_end_and_the_state_is_the_fold_of_the_log(steps in steps()) {
        // By index: parallel, latest, leading by key, one after the other.
        let thunks = [
            work("parallel"),
            work("latest").latest(),
            work("leading").leading().key(|job| job.key),
            work("queue").policy(Policy::Queue(3)),
        ]
        .map(|work| work.tag("all").optimistic(&HOPED, |hoped, _| *hoped += 1));
        let executor = ManualExecutor::new();
        let store = Store::builder()
            .on(trine_core::Store::with_spawner(executor.clone()))
            .slice(fragile(&thunks))
            .slice(logging(&thunks))
            .slice(counting(&thunks))
            .slice(HOPED.slice(|| 0))
            .build()
            .unwrap();
        let states = thunks.each_ref().map(|thunk| store.state_of(thunk));
        let (shown, all) = (store.optimistic(&HOPED), store.pending_of_tag("all"));
        let mut runs: Vec<Run<(), ApiError>> = Vec::new();
        let mut orders: Vec<Option<oneshot::Sender<End>>> = Vec::new();

        for step in steps {
            match step {
                Step::Dispatch { thunk, key, end_at_once } => {
                    let (sender, receiver) = oneshot::channel();
                    let orders_of_body = Arc::new(Mutex::new(Some(receiver)));
                    let job = Job { key, end_at_once, orders: orders_of_body };
                    runs.push(store.dispatch(thunks[thunk].with(job)));
                    orders.push(Some(sender));
                }
                Step::End { run, end } if !runs.is_empty() => {
                    if let Some(order) = orders[run.index(runs.len())].take() {
                        let _ = order.send(end);
                    }
                }
                Step::Abort { run } if !runs.is_empty() => {
                    let run = &runs[run.index(runs.len())];
                    let was_settled = run.is_settled();
                    prop_assert_eq!(run.abort("told to"), !was_settled);
                }
                Step::AbortAll => {
                    store.core().runs().abort_all("told to");
                }
                Step::Proceed => {
                    executor.run_one();
                }
                Step::End { .. } | Step::Abort { .. } => {}
            }
            store.recover(&FRAGILE, |count| *count += 1);
            check(&store, &runs, 1)?;
            // Without a reducer: state, tag and patches say the same as the log.
            let flight = store.get(&IN_FLIGHT);
            for (index, state) in states.iter().enumerate() {
                let in_flight = store.read(*state, |state| state.in_flight());
                prop_assert_eq!(in_flight as i64, flight.get(&index).copied().unwrap_or(0));
            }
            let open: i64 = flight.values().sum();
            prop_assert_eq!(store.get(all) as i64, open);
            let fulfilled = store.read(&LOG, |log| {
                log.iter().filter(|told| told.3 == Some(OutcomeKind::Fulfilled)).count()
            });
            prop_assert_eq!(store.get(shown), fulfilled as i64 + open, "what is known and what is hoped");
        }

        drop(orders);
        executor.run_until_stalled();
        check(&store, &runs, 1)?;
        prop_assert!(runs.iter().all(Run::is_settled), "nothing is under way any more");
        prop_assert_eq!(executor.pending(), 0);
        prop_assert_eq!(store.get(shown), store.get(&HOPED), "nothing is hoped any more");
    }
}

#[test]
fn threads_that_dispatch_and_abort_each_others_runs_leave_one_end_per_beginning() {
    const THREADS: usize = 4;
    const RUNS: usize = 200;
    let thunks = [work("parallel"), work("latest").latest(), work("leading").leading()];
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).build().unwrap();
    let spawner = trine_core::TokioSpawner::new(runtime.handle().clone());
    let store = Store::builder()
        .on(trine_core::Store::with_spawner(spawner))
        .slice(logging(&thunks))
        .slice(counting(&thunks))
        .build()
        .unwrap();

    let runs: Vec<_> = std::thread::scope(|scope| {
        let start_and_abort = |thread: usize| {
            let (store, thunks) = (store.clone(), thunks.clone());
            move || {
                let mut runs = Vec::new();
                for index in 0..RUNS {
                    let (sender, receiver) = oneshot::channel();
                    let orders = Arc::new(Mutex::new(Some(receiver)));
                    let job = Job { key: 0, end_at_once: None, orders };
                    runs.push(store.dispatch(thunks[(thread + index) % 3].with(job)));
                    match index % 4 {
                        0 => drop(store.core().runs().abort_named("parallel", "by another")),
                        1 => drop(runs[index].abort("by its own")),
                        2 => drop(sender.send(End::Fulfil)),
                        _ => drop(sender),
                    }
                }
                runs
            }
        };
        let threads: Vec<_> =
            (0..THREADS).map(|thread| scope.spawn(start_and_abort(thread))).collect();
        threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    });
    runtime.block_on(store.core().runs().idle());

    assert_eq!(runs.len(), THREADS * RUNS);
    check(&store, &runs, THREADS).unwrap();
    assert!(runs.iter().all(Run::is_settled));
    assert!(store.get(&IN_FLIGHT).values().all(|count| *count == 0));
}
