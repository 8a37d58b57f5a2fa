//! What is done about conflicts, apart from refusing them; drafts that are brought up to date; what is flushed together, and
//! taken back.

use futures_util::FutureExt;
use std::sync::{Arc, Mutex};
use tokio::sync::oneshot;
use trine_atoms::{
    ActionError, ActionRun, AsyncAction, Atom, Draft, Flush, FlushError, Store, middleware,
    synergy, trigger_all,
};
use trine_core::test::{Log, ManualExecutor};

type Gates = Arc<Mutex<Vec<oneshot::Sender<()>>>>;

fn stage() -> (ManualExecutor, Store, Gates) {
    let executor = ManualExecutor::new();
    (executor.clone(), Store::with_spawner(executor), Gates::default())
}

fn gate(gates: &Gates) -> oneshot::Receiver<()> {
    let (open, wait) = oneshot::channel();
    gates.lock().unwrap().push(open);
    wait
}

fn open(executor: &ManualExecutor, gates: &Gates) {
    gates.lock().unwrap().remove(0).send(()).unwrap();
    executor.run_until_stalled();
}

fn ended<R, E>(run: ActionRun<R, E>) -> Result<R, ActionError<E>> {
    run.into_future().now_or_never().expect("it has ended")
}

/// Adds to both while it waits.
fn add(gates: &Gates, a: &Atom<i32>, b: &Atom<i32>) -> AsyncAction<i32> {
    let gates = Arc::clone(gates);
    synergy((a, b)).async_action(move |(mut a, mut b), n| {
        let wait = gate(&gates);
        async move {
            *a += n;
            *b += n;
            wait.await?;
            Ok(())
        }
    })
}

#[test]
fn each_rule_does_with_a_conflict_what_it_says() {
    let (executor, store, gates) = stage();
    let (a, b) = (Atom::dynamic("a", || 0), Atom::dynamic("b", || 0));
    let add = add(&gates, &a, &b);
    let race = |action: &AsyncAction<i32>, opens: usize| {
        a.set(&store, 0);
        b.set(&store, 0);
        let run = action.run(&store, 1);
        a.set(&store, 10);
        for _ in 0..opens {
            open(&executor, &gates);
        }
        (ended(run).is_ok(), a.get(&store), b.get(&store))
    };
    assert_eq!(race(&add, 1), (false, 10, 0), "all or nothing");
    assert_eq!(race(&add.clone().overwrite_conflicts(), 1), (true, 1, 1));
    let merge = add.clone().merge_conflicts(&a, |base, mine, theirs| theirs + (mine - base));
    assert_eq!(race(&merge, 1), (true, 11, 1));
    let elsewhere = add.clone().merge_conflicts(&b, |_, _, _| panic!("there is none"));
    assert_eq!(race(&elsewhere, 1), (false, 10, 0));
    assert_eq!(race(&add.clone().retry_conflicts(1), 2), (true, 11, 1));
    assert_eq!(race(&add.retry_conflicts(0), 1), (false, 10, 0));
}

#[test]
fn a_merge_that_panics_fails_the_action_and_changes_nothing() {
    let (executor, store, gates) = stage();
    let (a, b) = (Atom::dynamic("a", || 0), Atom::dynamic("b", || 0));
    let broken = add(&gates, &a, &b).merge_conflicts(&b, |_, _, _| panic!("no idea"));
    let run = broken.run(&store, 1);
    b.set(&store, 10);
    open(&executor, &gates);
    assert!(matches!(ended(run), Err(ActionError::Panicked { message }) if message == "no idea"));
    assert_eq!((a.get(&store), b.get(&store)), (0, 10));
    a.set(&store, 1);
}

#[test]
fn what_was_written_back_and_forth_is_no_conflict() {
    let (executor, store, gates) = stage();
    let (a, b) = (Atom::dynamic("a", || 0), Atom::dynamic("b", || 0));
    let run = add(&gates, &a, &b).run(&store, 1);
    a.set(&store, 10);
    a.set(&store, 0);
    open(&executor, &gates);
    ended(run).unwrap();
    assert_eq!(a.get(&store), 1);
}

#[test]
fn a_draft_is_brought_up_to_date_and_keeps_what_was_written_to_it_as_it_was_meant() {
    let store = Store::new();
    let list = Atom::dynamic("list", || vec![1]);
    let (inside, other) = (store.downgrade(), list.clone());
    let action: AsyncAction<&'static str> =
        synergy(&list).async_action(move |mut list: Draft<Vec<i32>>, how| {
            let (store, other) = (inside.upgrade(), other.clone());
            async move {
                match how {
                    "read" => {}
                    "update" => list.update(|list| list.push(2)),
                    "set" => list.set(vec![7]),
                    _ => list.push(3),
                }
                other.update(&store.unwrap(), |list| list.push(9));
                let done = list.refresh();
                match how {
                    "read" => assert_eq!((&list[..], list.changed()), (&[1, 9][..], false)),
                    "update" => {
                        assert_eq!((&list[..], &list.base()[..]), (&[1, 9, 2][..], &[1, 9][..]));
                    }
                    "set" => assert_eq!((&list[..], &list.base()[..]), (&[7][..], &[1, 9][..])),
                    _ => {
                        assert!(matches!(done, Err(FlushError::Conflict(_))));
                        assert_eq!(list[..], [1, 3], "as it was");
                        list.set(vec![0]);
                    }
                }
                Ok(())
            }
        });
    for (how, end) in
        [("read", vec![1, 9]), ("update", vec![1, 9, 2]), ("set", vec![7]), ("write", vec![0])]
    {
        list.set(&store, vec![1]);
        ended(action.run(&store, how)).unwrap();
        assert_eq!(list.get(&store), end, "{how}");
    }
}

#[test]
fn a_refreshed_draft_that_is_read_modified_and_written_conflicts_with_later_writes_only() {
    let (executor, store, gates) = stage();
    let count = Atom::dynamic("count", || 0);
    let waits = Arc::clone(&gates);
    let action: AsyncAction<()> = synergy(&count).async_action(move |mut count: Draft<i32>, ()| {
        let (first, second) = (gate(&waits), gate(&waits));
        async move {
            first.await?;
            count.refresh()?;
            *count += 1;
            second.await?;
            Ok(())
        }
    });
    let run = action.run(&store, ());
    count.set(&store, 10);
    open(&executor, &gates);
    open(&executor, &gates);
    ended(run).unwrap();
    assert_eq!(count.get(&store), 11);
    let run = action.run(&store, ());
    open(&executor, &gates);
    count.set(&store, 20);
    open(&executor, &gates);
    assert!(matches!(ended(run), Err(ActionError::Conflict(_))));
}

#[test]
fn drafts_that_are_flushed_together_are_one_commit_or_none() {
    let (store, log) = (Store::new(), Log::default());
    let (a, b, c) = (Atom::dynamic("a", || 0), Atom::dynamic("b", || 0), Atom::dynamic("c", || 0));
    let heard = log.clone();
    let view = synergy((&a, &b, &c)).derive(&store, |(a, b, c)| (*a, *b, *c));
    store.subscribe(view, move |view| heard.note(format!("{view:?}"))).detach();
    let (inside, other) = (store.downgrade(), b.clone());
    let action: AsyncAction<bool> =
        synergy((&a, &b, &c)).async_action(move |(mut a, mut b, mut c), stale| {
            let (store, other) = (inside.upgrade(), other.clone());
            async move {
                (*a, *b, *c) = (1, 1, 1);
                if stale {
                    other.set(&store.unwrap(), 5);
                }
                let (a, b) = trigger_all((a, b))?;
                assert_eq!((*a, *b, a.changed(), b.changed()), (1, 1, false, false));
                c.set(2);
                Ok(())
            }
        });
    let refused = ended(action.run(&store, true));
    assert!(matches!(refused, Err(ActionError::Conflict(_))), "{refused:?}");
    log.is(["(0, 5, 0)"]);
    log.clear();
    ended(action.run(&store, false)).unwrap();
    log.is(["(1, 1, 0)", "(1, 1, 2)"]);
}

#[test]
fn drafts_of_two_calls_cannot_be_flushed_together() {
    let store = Store::new();
    let (a, b) = (Atom::dynamic("a", || 0), Atom::dynamic("b", || 0));
    let stray: Arc<Mutex<Option<Draft<i32>>>> = Arc::default();
    let keep = Arc::clone(&stray);
    let first: AsyncAction<()> = synergy(&a).async_action(move |a, ()| {
        *keep.lock().unwrap() = Some(a);
        async { Ok(()) }
    });
    assert!(matches!(ended(first.run(&store, ())), Err(ActionError::DraftEscaped { .. })));
    let second: AsyncAction<()> = synergy(&b).async_action(move |mut b, ()| {
        let mut a = stray.lock().unwrap().take().unwrap();
        async move {
            (*a, *b) = (1, 1);
            let refused = trigger_all((b, a)).unwrap_err();
            assert!(matches!(refused, FlushError::Strangers { first, second } if first == "b" && second == "a"));
            Ok(())
        }
    });
    let _ = ended(second.run(&store, ()));
    assert_eq!(a.get(&store), 0);
}

#[test]
fn a_compensated_action_takes_back_what_it_has_flushed_unless_it_ends_well_or_somebody_wrote_since()
{
    for (ends_well, meanwhile) in [(true, false), (false, false), (false, true)] {
        let (executor, store, gates) = stage();
        let (a, flag) = (Atom::dynamic("a", || 0), Atom::dynamic("flag", || 0));
        let waits = Arc::clone(&gates);
        let action: AsyncAction<()> =
            synergy((&a, &flag)).async_action(move |(mut a, mut flag), ()| {
                let wait = gate(&waits);
                async move {
                    *a = 1;
                    let mut a = a.trigger()?;
                    *a = 2;
                    let _a = a.trigger()?;
                    // For good and for the time being, of one atom.
                    *flag = 1;
                    let mut flag = flag.trigger()?;
                    *flag = 2;
                    let _flag = flag.trigger_scoped()?;
                    wait.await?;
                    if ends_well { Ok(()) } else { Err("no".into()) }
                }
            });
        let run = action.compensated().run(&store, ());
        assert_eq!((a.get(&store), flag.get(&store)), (2, 2));
        if meanwhile {
            a.set(&store, 50);
        }
        open(&executor, &gates);
        assert_eq!(ended(run).is_ok(), ends_well);
        let left = if meanwhile { 50 } else { 0 };
        let end = if ends_well { (2, 1) } else { (left, 0) };
        assert_eq!((a.get(&store), flag.get(&store)), end, "{ends_well} {meanwhile}");
    }
}

#[test]
fn compensated_actions_on_one_atom_take_out_what_is_theirs_in_whatever_order_they_fail() {
    for order in [[0, 1], [1, 0]] {
        let (executor, store, gates) = stage();
        let likes = Atom::dynamic("likes", || 10);
        let waits = Arc::clone(&gates);
        let like: AsyncAction<i32> = synergy(&likes).async_action(move |mut likes, n| {
            let wait = gate(&waits);
            async move {
                likes.update(move |likes| *likes += n);
                let _likes = likes.trigger()?;
                wait.await?;
                Err("offline".into())
            }
        });
        let like = like.compensated();
        let runs = [1, 100].map(|n| like.run(&store, n));
        assert_eq!(likes.get(&store), 111);
        let mut waiting: Vec<_> = gates.lock().unwrap().drain(..).map(Some).collect();
        for which in order {
            waiting[which].take().unwrap().send(()).unwrap();
            executor.run_until_stalled();
        }
        assert!(runs.map(ended).iter().all(Result::is_err));
        assert_eq!(likes.get(&store), 10, "{order:?}");
    }
}

#[test]
fn middleware_that_writes_the_atom_that_it_is_asked_about_is_not_asked_for_ever() {
    let store = Store::new();
    let count = Atom::dynamic("count", || 0);
    let (inside, atom) = (store.downgrade(), count.clone());
    let _guard = middleware(&store, move |_: &mut Flush| {
        atom.update(&inside.upgrade().unwrap(), |count| *count += 1);
        Ok(())
    });
    let sync = synergy(&count).action(|mut count, ()| *count += 1);
    let refused = sync.try_run(&store, ()).unwrap_err();
    assert!(matches!(refused, FlushError::Unsettled { rounds: 100, .. }), "{refused}");
    let later: AsyncAction<()> = synergy(&count).async_action(|mut count, ()| async move {
        count.update(|count| *count += 1);
        Ok(())
    });
    let refused = ended(later.run(&store, ()));
    assert!(
        matches!(refused, Err(ActionError::Flush(FlushError::Unsettled { .. }))),
        "{refused:?}"
    );
}

#[test]
fn what_others_write_while_middleware_is_asked_is_not_lost() {
    let store = Store::new();
    let count = Atom::dynamic("count", || 0);
    let (inside, atom, once) = (store.downgrade(), count.clone(), Mutex::new(3));
    let _guard = middleware(&store, move |_: &mut Flush| {
        let mut left = once.lock().unwrap();
        if *left > 0 {
            *left -= 1;
            atom.update(&inside.upgrade().unwrap(), |count| *count += 10);
        }
        Ok(())
    });
    synergy(&count).action(|mut count, ()| *count += 1).run(&store, ());
    assert_eq!(count.get(&store), 31);
}

#[test]
fn middleware_that_runs_actions_of_its_own_is_stopped_before_the_stack_overflows() {
    let store = Store::new();
    let count = Atom::dynamic("count", || 0);
    let increment = synergy(&count).action(|mut count, ()| *count += 1);
    let (inside, again) = (store.downgrade(), increment.clone());
    let _guard = middleware(&store, move |_: &mut Flush| {
        again.try_run(&inside.upgrade().unwrap(), ())?;
        Ok(())
    });
    let refused = increment.try_run(&store, ()).unwrap_err();
    assert!(refused.to_string().contains("more than 32 deep"), "{refused}");
    assert_eq!(count.get(&store), 0);
}
