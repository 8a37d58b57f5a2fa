//! Somebody else commits while an action is under way.

use futures_util::FutureExt;
use std::sync::Mutex;
use tokio::sync::oneshot;
use trine_atoms::{ActionError, AsyncAction, Atom, BoxError, Draft, Store, synergy};
use trine_core::test::ManualExecutor;

type Items = Vec<u32>;

/// Runs `write` on a draft of an atom that holds `[1]`, while `meanwhile` happens between opening and flush.
fn race(
    write: impl Fn(&mut Draft<Items>) + Send + Sync + 'static,
    meanwhile: impl FnOnce(&Store, &Atom<Items>),
) -> (Result<(), ActionError<BoxError>>, Items) {
    let atom: Atom<Items> = Atom::dynamic("items", || vec![1]);
    let executor = ManualExecutor::new();
    let store = Store::with_spawner(executor.clone());
    let (go, wait) = oneshot::channel::<()>();
    let wait = Mutex::new(Some(wait));
    let write = std::sync::Arc::new(write);
    let action: AsyncAction<()> = synergy(&atom).async_action(move |mut items, ()| {
        let (wait, write) = (wait.lock().unwrap().take().unwrap(), write.clone());
        async move {
            write(&mut items);
            wait.await?;
            Ok(())
        }
    });
    let run = action.run(&store, ());
    meanwhile(&store, &atom);
    go.send(()).unwrap();
    executor.run_until_stalled();
    (run.into_future().now_or_never().unwrap(), atom.get(&store))
}

#[test]
fn read_modify_write_is_a_conflict_that_gives_all_three_values_back() {
    let (result, items) = race(
        |items| items.push(2),
        |store, atom| {
            atom.update(store, |items| items.push(9));
        },
    );
    let Err(ActionError::Conflict(conflict)) = result else { panic!("{result:?}") };
    assert_eq!(conflict.atom().as_str(), "items");
    let values = conflict.values::<Items>().unwrap();
    assert_eq!(
        (&*values.base, &*values.mine, &*values.theirs),
        (&vec![1], &vec![1, 2], &vec![1, 9])
    );
    assert!(conflict.values::<String>().is_none());
    assert_eq!(items, [1, 9]);
}

#[test]
fn the_same_result_is_no_conflict() {
    let (result, items) = race(
        |items| items.push(2),
        |store, atom| {
            atom.set(store, vec![1, 2]);
        },
    );
    result.unwrap();
    assert_eq!(items, [1, 2]);
}

#[test]
fn set_is_blind() {
    let (result, items) = race(
        |items| items.set(vec![5]),
        |store, atom| {
            atom.set(store, vec![9]);
        },
    );
    result.unwrap();
    assert_eq!(items, [5]);
}

#[test]
fn what_follows_from_a_set_is_blind_too() {
    let (result, items) = race(
        |items| {
            items.set(vec![5]);
            items.push(6);
        },
        |store, atom| {
            atom.set(store, vec![9]);
        },
    );
    result.unwrap();
    assert_eq!(items, [5, 6]);
}

#[test]
fn update_is_applied_to_what_is_there() {
    let (result, items) = race(
        |items| {
            items.update(|items| items.push(2));
            items.update(|items| items.push(3));
            assert_eq!(**items, [1, 2, 3]);
        },
        |store, atom| {
            atom.update(store, |items| items.push(9));
        },
    );
    result.unwrap();
    assert_eq!(items, [1, 9, 2, 3]);
}

#[test]
fn an_update_mixed_with_a_plain_write_is_checked() {
    let (result, items) = race(
        |items| {
            items.update(|items| items.push(2));
            items.push(3);
        },
        |store, atom| {
            atom.set(store, vec![9]);
        },
    );
    assert!(matches!(result, Err(ActionError::Conflict(_))));
    assert_eq!(items, [9]);
}

#[test]
fn a_draft_that_was_only_read_never_writes() {
    let (result, items) = race(
        |items| assert_eq!(items.len(), 1),
        |store, atom| {
            atom.set(store, vec![9]);
        },
    );
    result.unwrap();
    assert_eq!(items, [9]);
}

#[test]
fn a_conflict_of_one_atom_writes_none_of_them() {
    static A: Atom<i32> = Atom::new("a", || 0);
    static B: Atom<i32> = Atom::new("b", || 0);
    let executor = ManualExecutor::new();
    let store = Store::with_spawner(executor.clone());
    let (go, wait) = oneshot::channel::<()>();
    let wait = Mutex::new(Some(wait));
    let both = synergy((&A, &B)).async_action(move |(mut a, mut b), ()| {
        let wait = wait.lock().unwrap().take().unwrap();
        async move {
            (*a, *b) = (1, 1);
            wait.await?;
            Ok(())
        }
    });
    let run = both.run(&store, ());
    B.set(&store, 9);
    go.send(()).unwrap();
    executor.run_until_stalled();
    assert!(matches!(run.into_future().now_or_never(), Some(Err(ActionError::Conflict(_)))));
    assert_eq!((A.get(&store), B.get(&store)), (0, 9));
}

#[test]
fn a_draft_that_outlives_its_handler_fails_the_action() {
    static A: Atom<i32> = Atom::new("a", || 0);
    let store = Store::new();
    let escaped = std::sync::Arc::new(Mutex::new(None));
    let keep = escaped.clone();
    let leak: AsyncAction<()> = synergy(&A).async_action(move |mut a, ()| {
        let keep = keep.clone();
        async move {
            *a = 5;
            *keep.lock().unwrap() = Some(a);
            Ok(())
        }
    });
    let result = leak.run(&store, ()).into_future().now_or_never().unwrap();
    assert!(
        matches!(&result, Err(ActionError::DraftEscaped { atom }) if *atom == "a"),
        "{result:?}"
    );
    let draft = escaped.lock().unwrap().take().unwrap();
    assert!(draft.trigger().is_err());
    assert_eq!(A.get(&store), 0);
}
