//! User code at its worst, and actions that get in each other's way.

use futures_util::FutureExt;
use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, Mutex},
};
use tokio::sync::oneshot;
use trine_atoms::{ActionError, AsyncAction, Atom, Draft, Edit, FlushError, Store, synergy};
use trine_core::{Source, test::Log, test::ManualExecutor};

static LOADING: Atom<bool> = Atom::new("loading", || false);
static COUNT: Atom<i32> = Atom::new("count", || 0);

/// What lets the waiting actions go on, oldest first.
type Gates = Arc<Mutex<Vec<oneshot::Sender<()>>>>;

/// Waits for the next gate.
fn gate(gates: &Gates) -> oneshot::Receiver<()> {
    let (open, wait) = oneshot::channel();
    gates.lock().unwrap().push(open);
    wait
}

/// Raises the flag at once, by assignment or blindly, and waits.
fn loader(gates: &Gates, blindly: bool) -> AsyncAction<()> {
    let gates = Arc::clone(gates);
    synergy(&LOADING).async_action(move |mut loading, ()| {
        let wait = gate(&gates);
        async move {
            if blindly {
                loading.set(true);
            } else {
                *loading = true;
            }
            let _loading = loading.trigger_scoped()?;
            wait.await?;
            Ok(())
        }
    })
}

fn stage() -> (ManualExecutor, Store, Gates) {
    let executor = ManualExecutor::new();
    let store = Store::with_spawner(executor.clone());
    (executor, store, Gates::default())
}

#[test]
fn a_flag_that_two_actions_have_raised_stays_up_until_both_have_ended() {
    for blindly in [false, true] {
        for first_to_end in [0, 1] {
            let (executor, store, gates) = stage();
            let action = loader(&gates, blindly);
            action.run(&store, ()).detach();
            action.run(&store, ()).detach();
            gates.lock().unwrap().remove(first_to_end).send(()).unwrap();
            executor.run_until_stalled();
            assert!(LOADING.get(&store), "one is under way: {blindly} {first_to_end}");
            gates.lock().unwrap().remove(0).send(()).unwrap();
            executor.run_until_stalled();
            assert!(!LOADING.get(&store), "both have ended: {blindly} {first_to_end}");
        }
    }
}

#[test]
fn a_flag_that_three_actions_have_raised_goes_down_with_the_last_in_whatever_order_they_end() {
    for order in [[0, 0, 0], [0, 1, 0], [1, 0, 0], [1, 1, 0], [2, 0, 0], [2, 1, 0]] {
        let (_executor, store, gates) = stage();
        let action = loader(&gates, true);
        let mut runs: Vec<_> = (0..3).map(|_| action.run(&store, ())).collect();
        for next in order {
            assert!(LOADING.get(&store), "{order:?}");
            runs.remove(next).abort("enough");
        }
        assert!(!LOADING.get(&store), "{order:?}");
    }
}

#[test]
fn a_flag_raised_after_another_action_has_lowered_it_is_not_stuck() {
    let (executor, store, gates) = stage();
    loader(&gates, false).run(&store, ()).detach();
    let waits = Arc::clone(&gates);
    let late: AsyncAction<()> = synergy(&LOADING).async_action(move |mut loading, ()| {
        let (wait, again) = (gate(&waits), gate(&waits));
        async move {
            wait.await?;
            loading.set(true);
            let _loading = loading.trigger_scoped()?;
            again.await?;
            Ok(())
        }
    });
    late.run(&store, ()).detach();
    for up in [false, true, false] {
        gates.lock().unwrap().remove(0).send(()).unwrap();
        executor.run_until_stalled();
        assert_eq!(LOADING.get(&store), up);
    }
}

#[test]
fn what_somebody_else_wrote_over_a_scoped_value_stays() {
    let (executor, store, gates) = stage();
    let status = Atom::dynamic("status", || "idle");
    let waits = Arc::clone(&gates);
    let work: AsyncAction<&'static str> =
        synergy(&status).async_action(move |mut status, shown| {
            let wait = gate(&waits);
            async move {
                status.set(shown);
                let _status = status.trigger_scoped()?;
                wait.await?;
                Ok(())
            }
        });
    work.run(&store, "one").detach();
    work.run(&store, "two").detach();
    assert_eq!(status.get(&store), "two");
    gates.lock().unwrap().remove(0).send(()).unwrap();
    executor.run_until_stalled();
    assert_eq!(status.get(&store), "two");
    status.set(&store, "offline");
    gates.lock().unwrap().remove(0).send(()).unwrap();
    executor.run_until_stalled();
    assert_eq!(status.get(&store), "offline");
    work.run(&store, "three").abort("enough");
    assert_eq!(status.get(&store), "offline");
}

#[test]
fn an_update_that_panics_when_it_is_applied_again_leaves_no_stuck_flag() {
    let (executor, store, gates) = stage();
    let waits = Arc::clone(&gates);
    let action: AsyncAction<()> =
        synergy((&LOADING, &COUNT)).async_action(move |(mut loading, mut count), ()| {
            let wait = gate(&waits);
            async move {
                *loading = true;
                let _loading = loading.trigger_scoped()?;
                count.update(|count| {
                    assert!(*count < 10, "too many");
                    *count += 1;
                });
                wait.await?;
                Ok(())
            }
        });
    let run = action.run(&store, ());
    COUNT.set(&store, 10);
    gates.lock().unwrap().remove(0).send(()).unwrap();
    executor.run_until_stalled();
    let ended = run.into_future_now();
    assert!(matches!(ended, Err(ActionError::Panicked { .. })), "{ended:?}");
    assert!(!LOADING.get(&store));
    assert_eq!(COUNT.get(&store), 10);
}

/// The result of an action that has ended.
trait IntoFutureNow {
    type Output;
    fn into_future_now(self) -> Self::Output;
}

impl<R, E> IntoFutureNow for trine_atoms::ActionRun<R, E> {
    type Output = Result<R, ActionError<E>>;
    fn into_future_now(self) -> Self::Output {
        self.into_future().now_or_never().expect("it has ended")
    }
}

#[test]
fn a_draft_that_escaped_cannot_raise_a_flag_when_its_action_has_ended() {
    let store = Store::new();
    let kept: Arc<Mutex<Option<Draft<bool>>>> = Arc::default();
    let keep = Arc::clone(&kept);
    let action: AsyncAction<()> = synergy(&LOADING).async_action(move |loading, ()| {
        *keep.lock().unwrap() = Some(loading);
        async { Ok(()) }
    });
    let ended = action.run(&store, ()).into_future_now();
    assert!(matches!(ended, Err(ActionError::DraftEscaped { .. })), "{ended:?}");
    let mut draft = kept.lock().unwrap().take().unwrap();
    *draft = true;
    assert!(matches!(draft.trigger_scoped(), Err(FlushError::Ended { .. })));
    assert!(!LOADING.get(&store));
}

/// Uses a store when it is dropped.
#[derive(Clone)]
struct Counted(Store, Source<i32>);

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.update(self.1, |count| *count += 1);
    }
}

#[test]
fn values_that_a_failed_sync_action_has_written_are_dropped_outside_the_lease() {
    let store = Store::new();
    let drops = store.source(0);
    let value: Atom<Option<Counted>> = Atom::by_identity("value", || None);
    let action = synergy(&value).try_action(move |mut value, counted: Counted| {
        value.set(Some(counted));
        Err::<(), _>("no")
    });
    assert_eq!(action.run(&store, Counted(store.clone(), drops)), Err("no"));
    assert_eq!(store.get(drops), 1);
}

#[test]
fn values_that_are_computed_again_are_dropped_outside_the_lease() {
    let (executor, store, gates) = stage();
    let drops = store.source(0);
    let value: Atom<Vec<Counted>> = Atom::by_identity("value", Vec::new);
    let (waits, other) = (Arc::clone(&gates), store.clone());
    let action: AsyncAction<()> = synergy(&value).async_action(move |mut value, ()| {
        let (wait, store) = (gate(&waits), other.downgrade());
        async move {
            value.update(move |value| value.push(Counted(store.upgrade().unwrap(), drops)));
            wait.await?;
            Ok(())
        }
    });
    let run = action.run(&store, ());
    value.set(&store, Vec::new());
    gates.lock().unwrap().remove(0).send(()).unwrap();
    executor.run_until_stalled();
    run.into_future_now().unwrap();
    assert_eq!(value.read(&store).len(), 1);
    assert_eq!(store.get(drops), 1, "the first attempt");
}

#[test]
fn a_sync_action_that_calls_another_one_is_refused_with_both_places_and_changes_nothing() {
    let store = Store::new();
    let inner = synergy(&COUNT).action(|mut count, ()| *count += 1);
    let again = store.clone();
    let outer = synergy(&COUNT).action(move |mut count, ()| {
        *count += 10;
        inner.run(&again, ());
    });
    assert!(catch_unwind(AssertUnwindSafe(|| outer.run(&store, ()))).is_err());
    assert_eq!(COUNT.get(&store), 0);
}

#[test]
fn an_async_action_may_run_others_and_conflicts_with_what_they_wrote() {
    let store = Store::new();
    let inner = synergy(&COUNT).action(|mut count, ()| *count += 1);
    let again = store.downgrade();
    let outer: AsyncAction<bool> =
        synergy(&COUNT).async_action(move |mut count: Draft<i32>, meant| {
            let (store, inner) = (again.upgrade(), inner.clone());
            async move {
                if meant {
                    count.update(|count| *count += 10);
                } else {
                    *count += 10;
                }
                inner.run(&store.unwrap(), ());
                Ok(())
            }
        });
    let ended = outer.run(&store, false).into_future_now();
    assert!(matches!(ended, Err(ActionError::Conflict(_))), "{ended:?}");
    outer.run(&store, true).into_future_now().unwrap();
    assert_eq!(COUNT.get(&store), 12);
}

#[test]
fn drafts_may_change_places() {
    let store = Store::new();
    let (one, two) = (Atom::dynamic("one", || 1), Atom::dynamic("two", || 2));
    let swap = synergy((&one, &two)).action(|(mut one, mut two): (Edit<i32>, Edit<i32>), ()| {
        std::mem::swap(&mut one, &mut two);
        *one = 20;
        *two = 10;
    });
    swap.run(&store, ());
    assert_eq!((one.get(&store), two.get(&store)), (10, 20));
}

#[test]
fn an_action_aborted_by_a_subscriber_of_its_own_trigger_writes_nothing_more() {
    let (store, log) = (Store::new(), Log::default());
    let action: AsyncAction<()> =
        synergy((&LOADING, &COUNT)).async_action(|(mut loading, mut count), ()| async move {
            *loading = true;
            let _loading = loading.trigger_scoped()?;
            *count = 7;
            Ok(())
        });
    let (heard, core) = (log.clone(), store.downgrade());
    let _guard = LOADING.subscribe(&store, move |loading| {
        heard.note(loading);
        if *loading {
            core.upgrade().unwrap().runs().abort_all("no");
        }
    });
    let ended = action.run(&store, ()).into_future_now();
    assert!(matches!(ended, Err(ActionError::Aborted { .. })), "{ended:?}");
    assert_eq!((LOADING.get(&store), COUNT.get(&store)), (false, 0));
    log.is(["true", "false"]);
}

#[test]
fn an_initial_value_that_panics_is_made_again() {
    let store = Store::new();
    let failures = Arc::new(Mutex::new(1));
    let left = Arc::clone(&failures);
    let atom = Atom::dynamic("moody", move || {
        let mut left = left.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        *left -= 1;
        assert!(*left < 0, "not today");
        5
    });
    assert!(catch_unwind(AssertUnwindSafe(|| atom.get(&store))).is_err());
    assert_eq!(atom.get(&store), 5);
}
