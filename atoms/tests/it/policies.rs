//! What is said about an action once, for all its calls.

use futures_util::FutureExt;
use std::{
    future::pending,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};
use tokio::sync::oneshot;
use trine_atoms::{
    ActionError, ActionRun, AsyncAction, Atom, BoxError, DerivedAtom, FlushError, Provider, Store,
    synergy,
};
use trine_core::{
    AbortedBy, Failure, OutcomeKind, Policy, Retry,
    test::{Log, ManualClock, ManualExecutor},
};

const SECOND: Duration = Duration::from_secs(1);

struct World {
    store: Store,
    executor: ManualExecutor,
    clock: ManualClock,
    log: Log,
    gates: Arc<Mutex<Vec<oneshot::Sender<()>>>>,
    shown: Atom<Vec<u32>>,
}

impl World {
    fn new() -> Self {
        let (executor, clock) = (ManualExecutor::new(), ManualClock::new());
        let store = Store::builder().spawner(executor.clone()).clock(clock.clone()).build();
        let shown = Atom::dynamic("shown", Vec::new);
        Self { store, executor, clock, log: Log::default(), gates: Arc::default(), shown }
    }

    /// Shows its argument while it waits, and adds it when it is done.
    fn add(&self) -> AsyncAction<u32, u32> {
        let (gates, log) = (Arc::clone(&self.gates), self.log.clone());
        synergy(&self.shown).async_action(move |mut shown, n: u32| {
            let (open, wait) = oneshot::channel();
            gates.lock().unwrap().push(open);
            log.note(format!("begins {n}"));
            async move {
                shown.update(move |shown| shown.push(n));
                wait.await?;
                Ok(n)
            }
        })
    }

    fn open(&self) {
        self.gates.lock().unwrap().remove(0).send(()).unwrap();
        self.executor.run_until_stalled();
    }

    fn pass(&self, time: Duration) {
        let until = trine_core::Clock::now(&self.clock) + time;
        self.executor.run_until_stalled();
        while self.clock.next_due().is_some_and(|due| due <= until) {
            self.clock.advance_to_next();
            self.executor.run_until_stalled();
        }
        self.clock.advance(until - trine_core::Clock::now(&self.clock));
        self.executor.run_until_stalled();
    }
}

fn ended<R, E>(run: ActionRun<R, E>) -> Result<R, ActionError<E>> {
    run.into_future().now_or_never().expect("it has ended")
}

#[test]
fn latest_supersedes_leading_skips_queue_and_limit_wait() {
    let world = World::new();
    let run = |action: AsyncAction<u32, u32>| [1, 2, 3].map(|n| action.run(&world.store, n));
    let [one, two, three] = run(world.add().latest());
    assert!(matches!(ended(one), Err(ActionError::Superseded { by }) if by == two.id()));
    assert!(matches!(ended(two), Err(ActionError::Superseded { .. })));
    world.gates.lock().unwrap().drain(..2);
    world.open();
    assert_eq!(ended(three).unwrap(), 3);
    let [one, two, three] = run(world.add().leading());
    world.open();
    assert_eq!(ended(one).unwrap(), 1);
    assert!(
        [two, three].map(ended).iter().all(|end| matches!(end, Err(ActionError::Skipped { .. })))
    );
    world.log.clear();
    let [one, two, three] = run(world.add().queue(1));
    assert!(matches!(ended(three), Err(ActionError::Skipped { .. })));
    world.log.is(["begins 1"]);
    world.open();
    world.open();
    assert_eq!([ended(one).unwrap(), ended(two).unwrap()], [1, 2]);
    world.log.is(["begins 2"]);
    let limited = run(world.add().limit(2));
    world.log.is(["begins 1", "begins 2"]);
    for _ in 0..3 {
        world.open();
    }
    assert_eq!(limited.map(|run| ended(run).unwrap()), [1, 2, 3]);
    assert_eq!(world.shown.get(&world.store), [3, 1, 1, 2, 1, 2, 3]);
}

#[test]
fn shared_calls_get_one_result_and_each_is_aborted_for_itself() {
    let world = World::new();
    #[derive(Debug, Clone, PartialEq)]
    struct Broken;
    let gates = Arc::clone(&world.gates);
    let load = synergy(&world.shown).errors::<Broken>().async_action(move |mut shown, n: u32| {
        let (open, wait) = oneshot::channel();
        gates.lock().unwrap().push(open);
        async move {
            shown.update(move |shown| shown.push(n));
            wait.await.map_err(|_| Broken)?;
            Ok(n)
        }
    });
    let load = load.shared();
    let [one, two, three] = [1, 2, 3].map(|n| load.run(&world.store, n));
    world.executor.run_until_stalled();
    assert_eq!(world.gates.lock().unwrap().len(), 1, "done once");
    two.abort("not me");
    world.open();
    assert_eq!([ended(one).unwrap(), ended(three).unwrap()], [1, 1]);
    assert!(matches!(ended(two), Err(ActionError::Aborted { .. })));
    let both = [4, 5].map(|n| load.run(&world.store, n));
    world.gates.lock().unwrap().clear();
    world.executor.run_until_stalled();
    assert!(both.map(ended).iter().all(|end| matches!(end, Err(ActionError::Handler(Broken)))));
    assert_eq!(world.shown.get(&world.store), [1]);
}

#[test]
#[should_panic(expected = "call `shared` instead")]
fn the_policy_of_shared_work_is_asked_for_with_its_own_method() {
    let _ = World::new().add().policy(Policy::Shared);
}

#[test]
fn calls_of_different_keys_have_nothing_to_do_with_each_other() {
    let world = World::new();
    let action = world.add().leading().key(|n| n % 2);
    let [one, two, three] = [1, 2, 3].map(|n| action.run(&world.store, n));
    assert!(matches!(ended(three), Err(ActionError::Skipped { .. })));
    world.open();
    world.open();
    assert_eq!([ended(one).unwrap(), ended(two).unwrap()], [1, 2]);
    // Nor have those of another action of the same name.
    let (this, that) = (world.add().latest().named("add"), world.add().latest().named("add"));
    let runs = [this.run(&world.store, 1), that.run(&world.store, 2)];
    world.open();
    world.open();
    assert_eq!(runs.map(|run| ended(run).unwrap()), [1, 2]);
}

#[test]
fn debounce_and_throttle_wait_or_skip() {
    let world = World::new();
    let run = |action: &AsyncAction<u32, u32>, n| action.run(&world.store, n);
    let search = world.add().debounce(SECOND);
    let runs = [1, 2, 3].map(|n| run(&search, n));
    world.pass(SECOND);
    world.log.is(["begins 3"]);
    let [one, two, three] = runs;
    assert!(
        [one, two].map(ended).iter().all(|end| matches!(end, Err(ActionError::Superseded { .. })))
    );
    world.open();
    assert_eq!(ended(three).unwrap(), 3);
    let save = world.add().throttle_leading(SECOND);
    let (first, second) = (run(&save, 4), run(&save, 5));
    assert!(matches!(ended(second), Err(ActionError::Skipped { .. })));
    world.open();
    ended(first).unwrap();
    let press = world.add().debounce_leading(SECOND);
    let (first, second) = (run(&press, 6), run(&press, 7));
    assert!(matches!(ended(second), Err(ActionError::Skipped { .. })));
    world.open();
    ended(first).unwrap();
    let scroll = world.add().throttle(SECOND);
    world.log.clear();
    let [first, second, third] = [8, 9, 10].map(|n| run(&scroll, n));
    world.log.is(["begins 8"]);
    world.open();
    world.pass(SECOND);
    world.log.is(["begins 10"]);
    world.open();
    assert!(matches!(ended(second), Err(ActionError::Superseded { .. })));
    assert_eq!([ended(first).unwrap(), ended(third).unwrap()], [8, 10]);
}

#[test]
fn a_timeout_is_an_end_of_its_own_and_undoes_what_was_there_for_the_time_being() {
    let world = World::new();
    let loading = Atom::dynamic("loading", || false);
    let slow: AsyncAction<()> = synergy(&loading).async_action(|mut loading, ()| async move {
        *loading = true;
        let _loading = loading.trigger_scoped()?;
        pending().await
    });
    let run = slow.timeout(3 * SECOND).run(&world.store, ());
    world.pass(2 * SECOND);
    assert!(loading.get(&world.store));
    world.pass(SECOND);
    let end = ended(run).unwrap_err();
    assert!(
        matches!(end, ActionError::TimedOut { after, attempt: 1 } if after == 3 * SECOND),
        "{end:?}"
    );
    assert_eq!(end.to_string(), "the action took longer than 3s (attempt 1)");
    assert!(!loading.get(&world.store) && !end.is_cancelled());
}

#[test]
fn a_retry_calls_the_handler_again_with_fresh_drafts_and_asks_about_its_errors() {
    let world = World::new();
    let (count, loading) = (Atom::dynamic("count", || 0), Atom::dynamic("loading", || false));
    let (log, seen) = (world.log.clone(), loading.clone());
    let store = world.store.downgrade();
    let flaky = synergy((&count, &loading)).errors::<&str>().async_action_with(
        move |cx, (mut count, mut loading), errors: Vec<&'static str>| {
            log.note(format!(
                "attempt {} finds {} {}",
                cx.attempt(),
                *count,
                seen.get(&store.upgrade().unwrap())
            ));
            async move {
                *loading = true;
                let _loading = loading.trigger_scoped().map_err(|_| "flush")?;
                *count += 1;
                match errors.get(cx.attempt() as usize - 1) {
                    Some(error) => Err(*error),
                    None => Ok(()),
                }
            }
        },
    );
    let busy =
        Retry::constant(5, SECOND).when(|error| matches!(error, ActionError::Handler("busy")));
    let flaky = flaky.retry(busy);
    let run = flaky.run(&world.store, vec!["busy", "busy"]);
    world.pass(5 * SECOND);
    ended(run).unwrap();
    world.log.is(["attempt 1 finds 0 false", "attempt 2 finds 0 false", "attempt 3 finds 0 false"]);
    assert_eq!((count.get(&world.store), loading.get(&world.store)), (1, false));
    let run = flaky.run(&world.store, vec!["busy", "gone"]);
    world.pass(5 * SECOND);
    assert!(matches!(ended(run), Err(ActionError::Handler("gone"))));
    assert_eq!(world.log.take().len(), 2);
    let each =
        synergy(&count).errors::<&str>().async_action(|_count, ()| pending::<Result<(), _>>());
    let run = each.retry(Retry::constant(2, SECOND).attempt_timeout(SECOND)).run(&world.store, ());
    world.pass(9 * SECOND);
    assert!(matches!(ended(run), Err(ActionError::TimedOut { attempt: 2, .. })));
}

#[test]
fn a_condition_is_asked_before_anything_else_and_tags_find_runs() {
    let world = World::new();
    let wanted = world.shown.clone();
    let action =
        world.add().latest().tag("work").condition(move |store, n| !wanted.get(store).contains(n));
    let first = action.run(&world.store, 1);
    assert_eq!(world.store.runs().tagged("work").len(), 1);
    world.open();
    ended(first).unwrap();
    let under_way = action.run(&world.store, 2);
    let refused = action.run(&world.store, 1);
    assert!(matches!(ended(refused), Err(ActionError::Skipped { .. })));
    world.open();
    assert_eq!(ended(under_way).unwrap(), 2, "a call that is not wanted supersedes nobody");
    let broken = world.add().condition(|_, _| panic!("who knows"));
    assert!(matches!(
        ended(broken.run(&world.store, 3)),
        Err(ActionError::Failed(Failure::Start { .. }))
    ));
}

#[test]
fn the_status_of_an_action_is_a_cell_that_counts_its_calls() {
    let world = World::new();
    let action = world.add();
    let before = action.run(&world.store, 1);
    let status = action.status(&world.store);
    let other = world.add();
    other.run(&world.store, 9).detach();
    let seen = || {
        let status = world.store.get(status);
        (status.in_flight, status.is_running(), status.last)
    };
    assert_eq!(seen(), (1, true, None), "that of calls before it was asked for as well");
    let second = action.run(&world.store, 2);
    assert_eq!(seen(), (2, true, None));
    world.open();
    ended(before).unwrap();
    assert_eq!(seen(), (1, true, Some(OutcomeKind::Fulfilled)));
    assert!(second.abort("enough"));
    assert_eq!(seen(), (0, false, Some(OutcomeKind::Aborted)));
    assert_eq!(action.status(&world.store), status);
    assert_eq!(other.abort_all(&world.store, "over"), 1);
}

#[test]
fn every_end_of_a_run_is_an_error_of_its_own() {
    let world = World::new();
    let count = Atom::dynamic("count", || 0);
    let synergy = synergy(&count);
    let fails: AsyncAction<()> = synergy.async_action(|_, ()| async { Err("no".into()) });
    assert!(
        matches!(ended(fails.run(&world.store, ())), Err(ActionError::Handler(e)) if e.to_string() == "no")
    );
    let panics: AsyncAction<()> = synergy.async_action(|_, ()| async { panic!("oh") });
    assert!(
        matches!(ended(panics.run(&world.store, ())), Err(ActionError::Panicked { message }) if message == "oh")
    );
    let waits: AsyncAction<()> = synergy.async_action(|_, ()| pending());
    let run = waits.run(&world.store, ());
    run.abort("enough");
    let end = ended(run).unwrap_err();
    assert!(end.is_cancelled());
    assert!(
        matches!(end, ActionError::Aborted { reason, by: AbortedBy::Handle } if reason == "enough")
    );
    let nowhere = Store::builder().build();
    let run = waits.run(&nowhere, ());
    assert!(matches!(ended(run), Err(ActionError::Failed(Failure::NoRuntime(_)))));
    let gone = {
        let store = Store::with_spawner(ManualExecutor::new());
        waits.run(&store, ())
    };
    assert!(matches!(ended(gone), Err(ActionError::Failed(Failure::StoreDropped(_)))));
    let other: AsyncAction<()> = synergy.async_action(|count, ()| async move {
        let kept = count;
        std::mem::forget(kept);
        Ok(())
    });
    assert!(
        matches!(ended(other.run(&world.store, ())), Err(ActionError::DraftEscaped { atom }) if atom == "count")
    );
}

#[test]
fn the_error_of_a_flush_that_a_handler_hands_on_is_told_apart_from_its_own() {
    let world = World::new();
    let count = Atom::dynamic("count", || 0);
    let (store, other) = (world.store.downgrade(), count.clone());
    let boxed: AsyncAction<()> = synergy(&count).async_action(move |mut count, ()| {
        let (store, other) = (store.clone(), other.clone());
        async move {
            *count = 1;
            other.set(&store.upgrade().unwrap(), 7);
            count.trigger()?;
            Ok(())
        }
    });
    assert!(matches!(ended(boxed.run(&world.store, ())), Err(ActionError::Conflict(_))));
    let (store, other) = (world.store.downgrade(), count.clone());
    let plain = synergy(&count).errors::<FlushError>().async_action(move |mut count, ()| {
        let (store, other) = (store.clone(), other.clone());
        async move {
            *count = 1;
            other.set(&store.upgrade().unwrap(), 8);
            count.trigger().map(drop)
        }
    });
    assert!(matches!(ended(plain.run(&world.store, ())), Err(ActionError::Conflict(_))));
    // Retried, since it is a conflict: and there are as many attempts as that takes.
    let attempts = Arc::new(AtomicU32::new(0));
    let (tried, store, other) = (Arc::clone(&attempts), world.store.downgrade(), count.clone());
    let stubborn: AsyncAction<()> = synergy(&count).async_action(move |mut count, ()| {
        let (store, other, tried) = (store.clone(), other.clone(), Arc::clone(&tried));
        async move {
            *count += 1;
            if tried.fetch_add(1, Ordering::Relaxed) < 2 {
                other.update(&store.upgrade().unwrap(), |count| *count += 100);
            }
            let _count = count.trigger()?;
            Ok::<_, BoxError>(())
        }
    });
    ended(stubborn.retry_conflicts(2).run(&world.store, ())).unwrap();
    assert_eq!((attempts.load(Ordering::Relaxed), count.get(&world.store)), (3, 209));
}

#[test]
fn the_status_of_an_action_is_an_atom_wherever_it_is_met_first() {
    let world = World::new();
    let add = world.add();
    let (status, store) = (add.status_atom(), &world.store);
    // First met by a derivation, in a provider.
    let met = status.clone();
    let label = DerivedAtom::dynamic("label", move |cx| {
        let status = cx.get(&met);
        (status.in_flight, status.last)
    });
    let form = Provider::builder("form", store).build();
    let told = world.log.clone();
    let view = label.subscribe(&form, move |label| told.note(format!("{label:?}")));
    let run = add.run(store, 1);
    let another = add.run(&form, 2);
    world.log.is(["(1, None)", "begins 1", "(2, None)", "begins 2"]);
    assert_eq!(status.read(store), status.read(&form));
    assert_eq!(store.get(add.status(store)).in_flight, 2);
    run.abort("enough");
    world.gates.lock().unwrap().remove(0);
    world.open();
    assert!(another.into_future().now_or_never().unwrap().is_ok());
    world.log.is(["(1, Some(Aborted))", "(0, Some(Fulfilled))"]);
    drop(view);
    // Another name is another status.
    assert_eq!(add.named("named").status_atom().read(store).last, None);
}
