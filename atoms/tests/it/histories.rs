//! Undo and redo, over several atoms, one action at a time.

use futures_util::FutureExt;
use proptest::prelude::{Strategy, any, prop, prop_oneof, proptest};
use std::sync::{Arc, Mutex};
use tokio::sync::oneshot;
use trine_atoms::{ActionError, AsyncAction, Atom, HistoryDepth, Store, synergy};
use trine_core::test::{Log, ManualExecutor};

#[test]
fn each_call_of_an_action_is_one_step_over_all_its_atoms_and_one_commit() {
    let (store, log) = (Store::new(), Log::default());
    let (a, b) = (Atom::dynamic("a", || 0), Atom::dynamic("b", || 0));
    let history = synergy((&a, &b)).history(&store);
    let add = synergy((&a, &b)).action(|(mut a, mut b), n: i32| {
        *a += n;
        *b -= n;
    });
    add.run(&store, 1);
    add.run(&store, 10);
    let heard = log.clone();
    let view = synergy((&a, &b)).derive(&store, |(a, b)| (*a, *b));
    store.subscribe(view, move |view| heard.note(format!("{view:?}"))).detach();
    assert!(history.undo().unwrap() && history.undo().unwrap());
    assert!(!history.undo().unwrap(), "nothing is left");
    assert!(history.redo().unwrap() && history.redo().unwrap() && !history.redo().unwrap());
    log.is(["(1, -1)", "(0, 0)", "(1, -1)", "(11, -11)"]);
}

#[test]
fn all_that_one_async_action_commits_is_one_step() {
    let executor = ManualExecutor::new();
    let store = Store::with_spawner(executor.clone());
    let (progress, result) = (Atom::dynamic("progress", || 0), Atom::dynamic("result", || "none"));
    let gates: Arc<Mutex<Vec<oneshot::Sender<()>>>> = Arc::default();
    let waits = Arc::clone(&gates);
    let import: AsyncAction<&'static str> =
        synergy((&progress, &result)).async_action(move |(mut progress, mut result), text| {
            let (open, wait) = oneshot::channel();
            waits.lock().unwrap().push(open);
            async move {
                *progress = 50;
                let mut progress = progress.trigger()?;
                wait.await?;
                *progress = 100;
                *result = text;
                Ok(())
            }
        });
    let history = synergy((&progress, &result)).history(&store);
    let run = import.run(&store, "imported");
    gates.lock().unwrap().remove(0).send(()).unwrap();
    executor.run_until_stalled();
    run.into_future().now_or_never().unwrap().unwrap();
    assert_eq!(store.get(history.depth()), HistoryDepth { undo: 1, redo: 0 });
    history.undo().unwrap();
    assert_eq!((progress.get(&store), result.get(&store)), (0, "none"));
    history.redo().unwrap();
    assert_eq!((progress.get(&store), result.get(&store)), (100, "imported"));
    // Undoing does not overwrite what an action is working on: that notices.
    progress.set(&store, 0);
    let run = import.run(&store, "again");
    history.undo().unwrap();
    gates.lock().unwrap().remove(0).send(()).unwrap();
    executor.run_until_stalled();
    let ended = run.into_future().now_or_never().unwrap();
    assert!(matches!(ended, Err(ActionError::Conflict(_))), "{ended:?}");
}

#[test]
fn a_change_after_an_undo_forgets_what_could_have_been_done_again_and_the_oldest_go_beyond_the_limit()
 {
    let store = Store::new();
    let n = Atom::dynamic("n", || 0);
    let history = synergy(&n).history(&store).limit(2);
    for value in 1..=4 {
        n.set(&store, value);
    }
    let depth = history.depth();
    assert_eq!(store.get(depth), HistoryDepth { undo: 2, redo: 0 });
    history.undo().unwrap();
    assert_eq!(store.get(depth), HistoryDepth { undo: 1, redo: 1 });
    n.set(&store, 9);
    assert_eq!(store.get(depth), HistoryDepth { undo: 2, redo: 0 });
    assert!(history.undo().unwrap() && history.undo().unwrap() && !history.undo().unwrap());
    assert_eq!(n.get(&store), 2);
    history.clear();
    assert!(!history.redo().unwrap());
    assert_eq!(store.get(depth), HistoryDepth::default());
}

#[test]
fn atoms_that_are_not_chosen_stay_as_they_are() {
    let store = Store::new();
    let (chosen, other) = (Atom::dynamic("chosen", || 0), Atom::dynamic("other", || 0));
    let history = synergy(&chosen).history(&store);
    synergy((&chosen, &other))
        .action(|(mut chosen, mut other), ()| (*chosen, *other) = (1, 1))
        .run(&store, ());
    other.set(&store, 2);
    history.undo().unwrap();
    assert_eq!((chosen.get(&store), other.get(&store)), (0, 2));
}

#[test]
fn undo_in_a_callback_takes_in_what_has_not_been_told_yet() {
    let store = Store::new();
    let n = Atom::dynamic("n", || 0);
    let history = synergy(&n).history(&store);
    let (inside, own, other) = (store.downgrade(), history.clone(), n.clone());
    let mut first = true;
    n.subscribe(&store, move |_| {
        if std::mem::take(&mut first) {
            let store = inside.upgrade().unwrap();
            other.set(&store, 2);
            other.set(&store, 3);
            assert!(own.undo().unwrap());
            assert_eq!(other.get(&store), 1);
        }
    })
    .detach();
    n.set(&store, 1);
    assert_eq!(n.get(&store), 1);
    assert_eq!(store.get(history.depth()), HistoryDepth { undo: 1, redo: 1 });
    assert!(history.undo().unwrap());
    assert_eq!(n.get(&store), 0);
    assert!(history.redo().unwrap() && history.redo().unwrap());
    assert_eq!(n.get(&store), 3);
}

#[test]
fn a_history_holds_no_store_and_leaves_nothing_behind() {
    let store = Store::new();
    let n = Atom::dynamic("n", || 0);
    n.get(&store);
    let cells = store.cell_count();
    let history = synergy(&n).history(&store);
    let clone = history.clone();
    drop(history);
    n.set(&store, 1);
    assert!(clone.undo().unwrap());
    drop(clone);
    assert_eq!(store.cell_count(), cells);
    let history = synergy(&n).history(&store);
    drop(store);
    assert!(history.undo().is_err());
}

#[derive(Debug, Clone)]
enum Do {
    Write(u8, u8),
    Both(u8, u8),
    Undo,
    Redo,
}

fn what() -> impl Strategy<Value = Do> {
    prop_oneof![
        (0..2_u8, 0..4_u8).prop_map(|(which, value)| Do::Write(which, value)),
        (any::<u8>(), any::<u8>()).prop_map(|(a, b)| Do::Both(a % 4, b % 4)),
        proptest::prelude::Just(Do::Undo),
        proptest::prelude::Just(Do::Redo),
    ]
}

proptest! {
    #[test]
    fn a_history_is_a_list_of_states_with_a_place_in_it(steps in prop::collection::vec(what(), 0..40)) {
        let store = Store::new();
        let (a, b) = (Atom::dynamic("a", || 0_u8), Atom::dynamic("b", || 0_u8));
        let history = synergy((&a, &b)).history(&store);
        let both = synergy((&a, &b)).action(|(mut a, mut b), (x, y)| (*a, *b) = (x, y));
        let (mut states, mut at) = (vec![(0, 0)], 0_usize);
        for step in steps {
            let now = states[at];
            let next = match step {
                Do::Write(which, value) => {
                    [&a, &b][usize::from(which)].set(&store, value);
                    if which == 0 { (value, now.1) } else { (now.0, value) }
                }
                Do::Both(x, y) => {
                    both.run(&store, (x, y));
                    (x, y)
                }
                Do::Undo => {
                    assert_eq!(history.undo().unwrap(), at > 0);
                    at = at.saturating_sub(1);
                    states[at]
                }
                Do::Redo => {
                    assert_eq!(history.redo().unwrap(), at + 1 < states.len());
                    at = (at + 1).min(states.len() - 1);
                    states[at]
                }
            };
            if next != states[at] {
                states.truncate(at + 1);
                states.push(next);
                at += 1;
            }
            assert_eq!((a.get(&store), b.get(&store)), states[at]);
            let depth = HistoryDepth { undo: at, redo: states.len() - 1 - at };
            assert_eq!(store.get(history.depth()), depth);
        }
    }
}

#[test]
fn an_action_that_has_taken_back_what_it_had_shown_is_no_step() {
    let executor = ManualExecutor::new();
    let store = Store::with_spawner(executor.clone());
    let (likes, saving) = (Atom::dynamic("likes", || 7), Atom::dynamic("saving", || false));
    let like: AsyncAction<()> =
        synergy((&likes, &saving)).async_action(|(mut likes, mut saving), ()| async move {
            *saving = true;
            let _saving = saving.trigger_scoped()?;
            *likes += 1;
            let _likes = likes.trigger()?;
            std::future::pending::<()>().await;
            Ok(())
        });
    let like = like.compensated();
    let history = synergy((&likes, &saving)).history(&store);
    likes.set(&store, 8);
    for _ in 0..2 {
        let run = like.run(&store, ());
        assert_eq!((likes.get(&store), saving.get(&store)), (9, true));
        run.abort("offline");
        assert_eq!((likes.get(&store), saving.get(&store)), (8, false));
    }
    assert_eq!(store.get(history.depth()), HistoryDepth { undo: 1, redo: 0 });
    assert!(history.undo().unwrap());
    assert_eq!((likes.get(&store), saving.get(&store)), (7, false));
    assert!(!history.undo().unwrap());
}
