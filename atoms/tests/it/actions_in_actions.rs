//! Actions that run other actions.

use futures_util::FutureExt;
use std::{
    future::pending,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, Mutex},
};
use trine_atoms::{
    Action, ActionContext, ActionError, ActionRun, AsyncAction, Atom, BoxError, Draft, Flush,
    FlushError, Provider, Store, middleware, synergy,
};
use trine_core::{
    AbortedBy,
    test::{Log, ManualExecutor},
};

/// What an action knows of itself, and one that it has started.
type Started = (ActionContext, ActionRun<(), BoxError>);

fn ended<R, E>(run: ActionRun<R, E>) -> Result<R, ActionError<E>> {
    run.into_future().now_or_never().expect("it has ended")
}

#[test]
fn sync_actions_in_a_composition_see_each_other_and_are_one_commit() {
    for watched in [false, true] {
        let (store, log) = (Store::new(), Log::default());
        let count = Atom::dynamic("count", || 0);
        let (heard, seen) = (log.clone(), count.clone());
        let _guard = watched.then(|| {
            middleware(&store, move |flush: &mut Flush| {
                let change = flush.change(&seen).unwrap();
                heard.note(format!("{} {} -> {}", flush.action(), change.base, change.new));
                Ok(())
            })
        });
        let add = synergy(&count).action(|mut count, n: i32| {
            *count += n;
            *count
        });
        let refuse = synergy(&count).try_action(|mut count, ()| {
            *count = 99;
            Err::<(), _>("no")
        });
        let atom = count.clone();
        let all = Action::compose(move |tx, n: i32| {
            assert_eq!(tx.run(&add, n), n);
            assert_eq!(tx.run(&refuse, ()), Err("no"), "and it has changed nothing");
            assert_eq!(tx.get(&atom), n);
            tx.run(&add, n)
        });
        assert_eq!(all.clone().named("all").run(&store, 5), 10);
        assert_eq!((count.get(&store), store.last_commit().get()), (10, 1));
        if watched {
            log.is(["all 0 -> 10"]);
        }
    }
}

#[test]
fn a_composition_that_fails_or_panics_changes_nothing() {
    let store = Store::new();
    let count = Atom::dynamic("count", || 0);
    let add = synergy(&count).action(|mut count, n: i32| *count += n);
    let inner = add.clone();
    let fails = Action::try_compose(move |tx, panics: bool| {
        tx.run(&inner, 1);
        assert!(!panics, "half way");
        Err::<(), _>("no")
    });
    assert_eq!(fails.run(&store, false), Err("no"));
    assert!(catch_unwind(AssertUnwindSafe(|| fails.run(&store, true))).is_err());
    let nested = Action::compose(move |tx, ()| {
        tx.run(&add, 1);
        tx.run(&fails, false).unwrap_err();
        tx.run(&add, 1);
    });
    nested.run(&store, ());
    assert_eq!((count.get(&store), store.last_commit().get()), (2, 1));
}

#[test]
fn an_async_action_runs_others_in_its_place_and_loses_no_update() {
    let store = Store::new();
    let count = Atom::dynamic("count", || 0);
    let form = Provider::builder("form", &store).provide(&count).build();
    let add = synergy(&count).action(|mut count, n: i32| *count += n);
    let add_later: AsyncAction<i32> = synergy(&count).async_action(|mut count, n| async move {
        count.update(move |count| *count += n);
        Ok(())
    });
    let outer: AsyncAction<&'static str> =
        synergy(&count).async_action_with(move |cx: ActionContext, mut count: Draft<i32>, how| {
            let (add, add_later) = (add.clone(), add_later.clone());
            async move {
                cx.run_sync(&add, 10)?;
                cx.run(&add_later, 100).await?;
                match how {
                    "refresh" => {
                        count.refresh()?;
                        *count += 1;
                    }
                    "update" => count.update(|count| *count += 1),
                    _ => *count += 1,
                }
                Ok(())
            }
        });
    ended(outer.run(&form, "refresh")).unwrap();
    ended(outer.run(&form, "update")).unwrap();
    assert_eq!((count.get(&form), count.get(&store)), (222, 0));
    let stale = ended(outer.run(&form, "stale"));
    assert!(matches!(stale, Err(ActionError::Conflict(_))), "{stale:?}");
    assert_eq!(count.get(&form), 332, "what the others have committed");
}

#[test]
fn what_an_action_has_started_ends_with_it_and_its_context_writes_nothing_more() {
    let executor = ManualExecutor::new();
    let store = Store::with_spawner(executor.clone());
    let count = Atom::dynamic("count", || 0);
    let add = synergy(&count).action(|mut count, n: i32| *count += n);
    let waits: AsyncAction<()> = synergy(&count).async_action(|_count, ()| pending());
    let kept: Arc<Mutex<Option<Started>>> = Arc::default();
    let keep = Arc::clone(&kept);
    let outer: AsyncAction<()> =
        synergy(&count).async_action_with(move |cx: ActionContext, _count, ()| {
            let child = cx.run(&waits, ());
            *keep.lock().unwrap() = Some((cx, child));
            pending()
        });
    let run = outer.run(&store, ());
    let (cx, child) = kept.lock().unwrap().take().unwrap();
    assert!(cx.is_active() && cx.id() == run.id() && cx.attempt() == 1);
    run.abort("enough");
    let end = ended(child);
    assert!(
        matches!(end, Err(ActionError::Aborted { by: AbortedBy::Parent(id), .. }) if id == run.id())
    );
    assert!(matches!(cx.run_sync(&add, 1), Err(FlushError::Ended { .. })));
    assert!(!cx.is_active() && cx.aborted().now_or_never().is_some());
    assert_eq!(count.get(&store), 0);
}
