//! What needs to hold a lease: aborts, starts and drops by pure code.

use super::{Failure, Outcome, Policy, Run};
use crate::{Store, lease, test::ManualExecutor};
use std::{
    future::pending,
    sync::{Arc, Mutex},
    time::Duration,
};

type Log = Arc<Mutex<Vec<String>>>;

struct Dropped(Log, &'static str);

impl Drop for Dropped {
    fn drop(&mut self) {
        assert!(lease::held().is_none(), "{} dropped inside a lease", self.1);
        self.0.lock().unwrap().push(self.1.to_owned());
    }
}

fn waiting(store: &Store, log: &Log) -> Run<(), String> {
    let (settle, held) = (Arc::clone(log), Dropped(Arc::clone(log), "body dropped"));
    store
        .run_builder("waiting")
        .on_settle(move |outcome| {
            assert!(lease::held().is_none());
            settle.lock().unwrap().push(outcome.kind().to_string());
        })
        .start(|_| async move {
            let _held = held;
            pending().await
        })
}

fn taken(log: &Log) -> Vec<String> {
    std::mem::take(&mut *log.lock().unwrap())
}

#[test]
fn an_abort_inside_a_lease_decides_at_once_and_tells_when_the_lease_ends() {
    let log = Log::default();
    let store = Store::with_spawner(ManualExecutor::new());
    let run = waiting(&store, &log);
    store.core().serialize(|| {
        assert!(run.abort("inside"));
        assert!(!run.abort("again"));
        assert!(!run.is_settled());
        assert!(run.wait_blocking(Duration::MAX).is_none());
        assert!(taken(&log).is_empty());
    });
    assert_eq!(taken(&log), ["aborted", "body dropped"]);
    assert!(run.outcome().unwrap().is_aborted());
    assert!(store.runs().is_empty());
}

#[test]
fn a_start_inside_a_lease_is_refused_and_told_when_the_lease_ends() {
    let log = Log::default();
    let store = Store::with_spawner(ManualExecutor::new());
    let run = store.core().serialize(|| {
        let run = waiting(&store, &log);
        assert!(taken(&log).is_empty());
        run
    });
    assert_eq!(taken(&log), ["failed", "body dropped"]);
    let Some(Outcome::Failed { failure: Failure::Reentrant(error) }) = run.outcome() else {
        panic!("{:?}", run.outcome());
    };
    assert_eq!(error.inner.file(), file!());
    assert!(store.runs().is_empty());
}

#[test]
fn handles_stores_and_outcomes_dropped_inside_a_lease_are_released_after_it() {
    let log = Log::default();
    let (outer, inner) = (Store::new(), Store::with_spawner(ManualExecutor::new()));
    let value = Dropped(Arc::clone(&log), "payload dropped");
    let done = outer.run("done", |_| async { Ok::<_, String>(value) });
    let (guarded, run) = (waiting(&inner, &log).abort_on_drop(), waiting(&inner, &log));
    outer.core().serialize(|| {
        drop(done);
        drop(guarded);
        drop(inner);
        assert!(taken(&log).is_empty());
    });
    assert_eq!(
        taken(&log),
        ["payload dropped", "aborted", "body dropped", "failed", "body dropped"]
    );
    assert!(run.outcome().unwrap().is_failed());
}

#[test]
#[cfg_attr(miri, ignore = "its keys hold the store that holds them: a leak, and its own")]
fn a_store_used_by_a_keys_eq_is_answered_like_any_other_impure_comparator() {
    struct Impure(Store);
    impl std::hash::Hash for Impure {
        fn hash<H: std::hash::Hasher>(&self, _: &mut H) {}
    }
    impl PartialEq for Impure {
        fn eq(&self, _: &Self) -> bool {
            let run = self.0.run("impure", |_| async { Ok::<_, String>(()) });
            assert!(!run.is_settled());
            self.0.runs().abort_all("impure too");
            true
        }
    }
    impl Eq for Impure {}
    let store = Store::with_spawner(ManualExecutor::new());
    let start = || -> Run<(), String> {
        let builder = store.run_builder("keyed").policy(Policy::Latest);
        builder.key(Impure(store.clone())).start(|_| pending())
    };
    let (first, second) = (start(), start());
    // The comparator has aborted both; it was told when the lease ended.
    assert!(first.is_settled() && second.is_settled());
    assert!(store.runs().is_empty());
}

struct Nobody;

impl std::task::Wake for Nobody {
    fn wake(self: Arc<Self>) {}
}

#[test]
#[cfg_attr(
    miri,
    ignore = "asks whether wakers are the same, which the interpreter answers at random"
)]
fn a_waiter_that_is_dropped_frees_its_slot() {
    let waker = std::task::Waker::from(Arc::new(Nobody));
    let mut waiters = super::waiters::Waiters::default();
    let mut slot = None;
    assert!(waiters.put(&mut slot, waker.clone()).is_none());
    assert!(waiters.holds(slot, &waker));
    assert_eq!(waiters.len(), 1);
    waiters.take().unwrap().wake();
    assert!(!waiters.holds(slot, &waker));
    // Woken: what is left in the slot wakes nobody.
    assert!(waiters.free(&mut slot).is_some_and(|left| !left.will_wake(&waker)));
    assert_eq!((waiters.len(), slot), (0, None));
}
