//! Writing lists.

use super::{Counted, Counter, capacity, drain};
use crate::log::Log;
use std::panic::{AssertUnwindSafe, catch_unwind};
use trine_core::{
    CellError, CellErrorKind, ContextError, ListCell, ListDiff, ListEdit, Outcome, Store, WeakStore,
};

fn panic_text(code: impl FnOnce()) -> String {
    let payload = catch_unwind(AssertUnwindSafe(code)).unwrap_err();
    payload.downcast_ref::<String>().cloned().unwrap_or_else(|| "no text".to_owned())
}

#[test]
fn a_list_is_a_cell_like_any_other() {
    let (store, log) = (Store::new(), Log::default());
    let list = store.list([1, 2, 3]);
    let len = store.derived(move |cx| cx.with(list, Vec::len));
    let sum = store.derived(move |cx| cx.with(list, |items| items.iter().sum::<i32>()));
    let mut watch = store.watch(list.read_only());
    let (items, lens) = (log.clone(), log.clone());
    let _items = store.subscribe(list, move |list: &Vec<i32>| items.note(format!("{list:?}")));
    let _lens = store.subscribe(len, move |len| lens.note(len));
    store.edit(list, |list| {
        list.push(4);
        list.remove(0);
    });
    log.is(["[2, 3, 4]"]);
    assert_eq!((store.get(len), store.get(sum), store.get(list)), (3, 9, vec![2, 3, 4]));
    assert_eq!(*watch.borrow_and_update(), [2, 3, 4]);
    store.edit(list, |list| list.pop());
    log.is(["[2, 3]", "2"]);
}

#[test]
fn an_edit_is_one_commit_and_returns_what_its_closure_does() {
    let store = Store::new();
    let list = store.list(["a", "b", "c"]);
    let before = store.last_commit();
    let (removed, commit) = store
        .try_edit(list, |list| {
            list.push("d");
            list.swap(0, 3);
            assert_eq!((list.len(), list[0], list.last()), (4, "d", Some(&"a")));
            list.remove(1)
        })
        .unwrap();
    assert_eq!((removed, commit.number()), ("b", Some(store.last_commit())));
    assert_eq!(store.last_commit().get(), before.get() + 1);
    assert_eq!(store.get(list), ["d", "c", "a"]);
}

#[test]
fn an_edit_that_changes_nothing_is_no_commit() {
    let (store, log) = (Store::new(), Log::default());
    let list = store.list([1, 2]);
    let told = log.clone();
    let _guard = store.subscribe(list, move |_| told.note("told"));
    let (before, mut diffs) = (store.last_commit(), store.diffs(list, capacity(4)));
    diffs.try_next();
    store.edit(list, |list| {
        list.truncate(2);
        list.move_item(1, 1);
        list.swap(0, 0);
        list.retain(|_| true);
        list.extend([]);
        list.len()
    });
    store.batch(|tx| tx.edit(list, |list| list.truncate(7)));
    store.updates(|updates| updates.edit(list, |list| list.len())).0.unwrap();
    log.is([]);
    assert_eq!((store.last_commit(), diffs.try_next()), (before, None));
}

#[test]
fn a_bad_index_panics_with_the_list_the_index_and_the_length() {
    let store = Store::new();
    let list = store.cell("queue").list([1, 2, 3]);
    let said = [
        panic_text(|| store.edit(list, |list| list.insert(4, 0))),
        panic_text(|| store.edit(list, |list| assert_eq!(list.remove(3), 0))),
        panic_text(|| store.edit(list, |list| list.set(3, 0))),
        panic_text(|| store.edit(list, |list| list.update(9, |_| ()))),
        panic_text(|| store.edit(list, |list| list.swap(1, 3))),
        panic_text(|| store.edit(list, |list| list.move_item(3, 1))),
        panic_text(|| store.edit(list, |list| list.move_item(1, 3))),
    ];
    let acts = [
        "insert at index 4",
        "remove at index 3",
        "set at index 3",
        "update at index 9",
        "swap at index 3",
        "move from at index 3",
        "move to at index 3",
    ];
    for (said, act) in said.iter().zip(acts) {
        assert_eq!(said, &format!("{act} of `queue`, whose length is 3"));
    }
    // Nothing was changed, so nothing is torn.
    assert_eq!(store.get(list), [1, 2, 3]);
}

#[test]
fn a_panic_half_way_tears_the_list_and_nothing_in_it_is_lost() {
    let store = Store::new();
    let (list, other) = (store.cell("queue").list([1, 2, 3]), store.source(1));
    panic_text(|| {
        store.edit(list, |list| {
            list.push(4);
            list.set(7, 0);
        });
    });
    let error = store.try_get(list).unwrap_err();
    assert!(matches!(error.kind(), CellErrorKind::Torn { .. }), "{error}");
    assert!(error.to_string().contains("set at index 7 of `queue`"), "{error}");
    assert_eq!(store.try_edit(list, |list| list.clear()).unwrap_err(), error);
    assert_eq!(try_clear(&store, list), Err(error.clone()));
    assert_eq!(store.get(other), 1);
    // A repair that fails before it has done anything leaves it as it was.
    panic_text(|| store.recover_list(list, |list| list.set(7, 0)));
    assert_eq!(store.try_get(list).unwrap_err(), error);
    assert_eq!(store.recover_list(list, |list| list.len()), 4);
    assert_eq!(store.get(list), [1, 2, 3, 4]);
}

/// Empties a list in a transaction.
fn try_clear(store: &Store, list: ListCell<i32>) -> Result<(), CellError> {
    store.transaction(|tx| tx.try_edit(list, |list| list.clear()))
}

#[test]
fn a_transaction_is_one_batch_and_a_roll_back_tells_nobody() {
    let store = Store::new();
    let (list, log) = (store.list([1, 2, 3]), Log::default());
    let told = log.clone();
    let _guard = store.subscribe(list, move |list: &Vec<i32>| told.note(format!("{list:?}")));
    let mut diffs = store.diffs(list, capacity(8));
    drain(&mut diffs);

    let refused = store.transaction(|tx| {
        tx.edit(list, |list| {
            list.reset([9, 8, 7]);
            list.truncate(1);
        });
        assert_eq!(tx.get(list), [9]);
        Err::<(), _>("no")
    });
    assert_eq!((refused, store.get(list)), (Err("no"), vec![1, 2, 3]));
    let panicked = catch_unwind(AssertUnwindSafe(|| {
        store.batch(|tx| {
            tx.edit(list, |list| {
                list.clear();
                list.remove(0)
            })
        })
    }));
    assert!(panicked.is_err());
    assert_eq!(store.get(list), [1, 2, 3]);
    log.is([]);
    assert_eq!(drain(&mut diffs), Vec::<Vec<_>>::new());

    store.batch(|tx| {
        tx.edit(list, |list| list.push(4));
        let inner = tx.transaction(|tx| {
            tx.edit(list, |list| list.clear());
            tx.edit(list, |list| list.reset([5]));
            Err::<(), _>(())
        });
        assert_eq!(inner, Err(()));
        tx.edit(list, |list| list.remove(0));
    });
    assert_eq!(store.get(list), [2, 3, 4]);
    log.is(["[2, 3, 4]"]);
    let batch = vec![ListDiff::Push { value: 4 }, ListDiff::Remove { index: 0 }];
    assert_eq!(drain(&mut diffs), [batch]);
}

#[test]
fn derived_cells_are_right_again_after_a_roll_back() {
    let store = Store::new();
    let list = store.list([1, 2, 3]);
    let sum = store.derived(move |cx| cx.with(list, |items| items.iter().sum::<i32>()));
    assert_eq!(store.get(sum), 6);
    let refused = store.transaction(|tx| {
        tx.edit(list, |list| list.retain(|n| *n == 2));
        Err::<(), _>(tx.get(sum))
    });
    assert_eq!((refused, store.get(sum)), (Err(2), 6));
}

#[test]
#[cfg_attr(miri, ignore = "too much for an interpreter")]
fn edits_copy_only_what_a_transaction_or_a_reader_needs() {
    let (store, clones) = (Store::new(), Counter::default());
    let new = |n| Counted(n, clones.clone());
    let list = store.list((0..100_000).map(new).collect::<Vec<_>>());
    let edit = |list: &mut ListEdit<'_, Counted>| {
        list.push(new(1));
        list.insert(3, new(2));
        list.set(5, new(3));
        list.update(6, |item| item.0 += 1);
        list.swap(7, 70_000);
        list.remove(9);
        list.truncate(99_990);
    };
    store.edit(list, edit);
    assert_eq!(clones.take(), 0, "nobody reads diffs");
    store.batch(|tx| tx.edit(list, edit));
    assert_eq!(clones.take(), 2, "what was updated, what was removed");
    let _ = store.transaction(|tx| {
        tx.edit(list, edit);
        tx.edit(list, |list| list.reset([]));
        Err::<(), _>(())
    });
    assert_eq!((clones.take(), store.with(list, Vec::len)), (2, 99_990));
    let mut diffs = store.diffs(list, capacity(4));
    assert_eq!(clones.take(), 99_990, "the content at the beginning");
    drain(&mut diffs);
    store.edit(list, edit);
    assert_eq!(clones.take(), 4, "four elements came, for one reader");
}

#[test]
fn several_updates_are_one_commit() {
    let store = Store::new();
    let (list, count) = (store.list([1]), store.source(1));
    let mut diffs = store.diffs(list, capacity(4));
    drain(&mut diffs);
    let before = store.last_commit().get();
    let (first, _) = store.updates(|updates| {
        updates.edit(list, |list| list.push(2)).unwrap();
        updates.update(count, |count| *count += 1).unwrap();
        updates.edit(list, |list| list.remove(0)).unwrap()
    });
    assert_eq!((first, store.get(list), store.get(count)), (1, vec![2], 2));
    assert_eq!(store.last_commit().get(), before + 1);
    let batch = vec![ListDiff::Push { value: 2 }, ListDiff::Remove { index: 0 }];
    assert_eq!(drain(&mut diffs), [batch]);

    panic_text(|| {
        store.updates(|updates| {
            updates.update(count, |count| *count += 1).unwrap();
            let _ = updates.edit(list, |list| {
                list.push(3);
                list.remove(8)
            });
        });
    });
    assert_eq!(store.get(count), 3);
    assert!(store.try_get(list).is_err());
    store.recover_list(list, |list| list.truncate(1));
    assert_eq!(drain(&mut diffs), [vec![ListDiff::Reset { values: vec![2] }]]);
}

#[test]
fn a_run_edits_until_it_is_over() {
    let store = Store::new();
    let list = store.list([1]);
    let run = store.run("edit", move |cx| async move {
        let (popped, number) = cx.edit(list, |list| {
            list.push(2);
            list.pop()
        })?;
        assert!(number.is_some());
        Ok::<_, ContextError>((popped, cx.clone()))
    });
    let Some(Outcome::Fulfilled { payload: value }) = run.outcome() else {
        panic!("not fulfilled")
    };
    assert_eq!(value.0, Some(2));
    let late = value.1.edit(list, |list| list.clear());
    assert!(matches!(late, Err(ContextError::Settled { .. })), "{late:?}");
    assert_eq!(store.get(list), [1]);
}

#[test]
fn a_list_that_is_gone_is_a_typed_error() {
    let store = Store::new();
    let (list, scope) = (store.list([1]), store.scope("dialog"));
    let owned = scope.adopt(store.cell("rows").list(["a"]));
    scope.end();
    store.remove(list).unwrap();
    assert!(store.try_edit(list, |list| list.clear()).unwrap_err().is_disposed());
    assert!(store.try_diffs(list, capacity(1)).unwrap_err().is_disposed());
    let error = store.try_edit(owned, |list| list.clear()).unwrap_err();
    assert!(error.to_string().contains("`rows` was removed"), "{error}");
    assert_eq!(store.cell_count(), 0);
}

#[test]
fn an_edit_inside_a_lease_is_refused() {
    let store = Store::new();
    let list = store.list([1]);
    let inner = store.clone();
    let error =
        store.edit(list, |_| inner.try_edit(list, |list| list.clear()).map(|_| ())).unwrap_err();
    assert!(error.is_reentrant());
    assert_eq!(store.get(list), [1]);
}

/// Uses its store when it is dropped, which is refused inside a lease.
#[derive(Clone)]
struct Late(WeakStore, Log);

impl Drop for Late {
    fn drop(&mut self) {
        if let Some(store) = self.0.upgrade() {
            store.last_commit();
            self.1.note("dropped");
        }
    }
}

#[test]
fn displaced_elements_are_dropped_outside_the_lease() {
    let (store, log) = (Store::new(), Log::default());
    let new = || Late(store.downgrade(), log.clone());
    let list = store.list((0..8).map(|_| new()).collect::<Vec<_>>());
    let mut diffs = store.diffs(list, capacity(1));
    drain(&mut diffs);
    log.clear();
    let edit = |list: &mut ListEdit<'_, Late>| {
        list.set(0, new());
        list.truncate(6);
        let mut first = true;
        list.retain(|_| !std::mem::take(&mut first));
    };
    store.edit(list, edit);
    assert_eq!(log.take().len(), 4);
    // Undone, lagging, replaced, cleared.
    let _ = store.transaction(|tx| {
        tx.edit(list, edit);
        Err::<(), _>(())
    });
    store.edit(list, |list| {
        list.push(new());
        list.remove(0)
    });
    store.edit(list, |list| list.reset([new()]));
    store.edit(list, |list| list.clear());
    drain(&mut diffs);
}
