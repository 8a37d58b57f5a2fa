//! Whatever panics because of how it was called says so with the caller's line, not with one of the library's.

use std::{
    cell::RefCell,
    num::NonZeroUsize,
    panic::{self, AssertUnwindSafe, Location, catch_unwind},
    sync::Once,
};
use trine_core::{ListDiff, Store};

/// Where a panic is, as the panic hook sees it.
fn place_of_panic(panics: impl FnOnce()) -> Option<(String, u32)> {
    thread_local! {
        static PLACE: RefCell<Option<(String, u32)>> = const { RefCell::new(None) };
    }
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let others = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            let place = info.location().map(|at: &Location<'_>| (at.file().to_owned(), at.line()));
            PLACE.set(place);
            others(info);
        }));
    });
    PLACE.set(None);
    assert!(catch_unwind(AssertUnwindSafe(panics)).is_err(), "did not panic");
    PLACE.take()
}

/// A call that panics, and its line.
type Call<'a> = (u32, &'a str, Box<dyn FnOnce() + 'a>);

fn check(calls: Vec<Call<'_>>) {
    for (line, what, call) in calls {
        let place = place_of_panic(call);
        assert_eq!(place, Some((file!().to_owned(), line)), "{what}");
    }
}

const CAPACITY: NonZeroUsize = NonZeroUsize::MIN;

#[test]
fn what_is_asked_of_a_removed_cell_panics_where_it_was_asked() {
    let store = Store::new();
    let (gone, list) = (store.source(1), store.list([1]));
    store.remove(gone).unwrap();
    store.remove(list).unwrap();
    let scope = store.scope("scope");
    #[rustfmt::skip]
    check(vec![
        (line!(), "get", Box::new(|| _ = store.get(gone))),
        (line!(), "with", Box::new(|| store.with(gone, |_| ()))),
        (line!(), "warm", Box::new(|| store.warm([gone]))),
        (line!(), "set", Box::new(|| _ = store.set(gone, 2))),
        (line!(), "update", Box::new(|| _ = store.update(gone, |n| *n = 2))),
        (line!(), "recover", Box::new(|| _ = store.recover(gone, |n| *n = 2))),
        (line!(), "subscribe", Box::new(|| _ = store.subscribe(gone, |_| {}))),
        (line!(), "subscribe_changes", Box::new(|| _ = store.subscribe_changes(gone, |_| {}))),
        (line!(), "subscribe_diff", Box::new(|| _ = store.subscribe_diff(gone, |_, _| {}))),
        (line!(), "changes", Box::new(|| _ = store.changes(gone, CAPACITY))),
        (line!(), "watch", Box::new(|| _ = store.watch(gone))),
        (line!(), "observe_values", Box::new(|| _ = store.observe_values(gone, ToString::to_string))),
        (line!(), "edit", Box::new(|| store.edit(list, |_| {}))),
        (line!(), "recover_list", Box::new(|| store.recover_list(list, |_| {}))),
        (line!(), "diffs", Box::new(|| _ = store.diffs(list, CAPACITY))),
        (line!(), "subscribe_diffs", Box::new(|| _ = store.subscribe_diffs(list, CAPACITY, |_| {}))),
        (line!(), "Transaction::get", Box::new(|| store.batch(|tx| _ = tx.get(gone)))),
        (line!(), "Transaction::with", Box::new(|| store.batch(|tx| tx.with(gone, |_| ())))),
        (line!(), "Transaction::set", Box::new(|| store.batch(|tx| tx.set(gone, 2)))),
        (line!(), "Transaction::update", Box::new(|| store.batch(|tx| tx.update(gone, |n| *n = 2)))),
        (line!(), "Transaction::edit", Box::new(|| store.batch(|tx| tx.edit(list, |_| {})))),
        (line!(), "Scope::subscribe", Box::new(|| scope.subscribe(gone, |_| {}))),
    ]);
}

#[test]
fn what_is_asked_of_a_store_inside_its_lease_panics_where_it_was_asked() {
    let store = Store::new();
    let (cell, list) = (store.source(1), store.list([1]));
    let commit = store.set(cell, 2);
    let observer = store.observe(|_| {});
    let scope = store.scope("scope");
    #[rustfmt::skip]
    store.batch(|_| check(vec![
        (line!(), "source", Box::new(|| _ = store.source(1))),
        (line!(), "derived", Box::new(|| _ = store.derived(|_| 1))),
        (line!(), "list", Box::new(|| _ = store.list([1]))),
        (line!(), "CellBuilder::source", Box::new(|| _ = store.cell("n").source(1))),
        (line!(), "CellBuilder::atomic_source", Box::new(|| _ = store.cell("n").atomic_source(1))),
        (line!(), "CellBuilder::derived", Box::new(|| _ = store.cell("n").derived(|_| 1))),
        (line!(), "CellBuilder::list", Box::new(|| _ = store.cell("n").list([1]))),
        (line!(), "get", Box::new(|| _ = store.get(cell))),
        (line!(), "with", Box::new(|| store.with(cell, |_| ()))),
        (line!(), "warm", Box::new(|| store.warm([cell]))),
        (line!(), "set", Box::new(|| _ = store.set(cell, 3))),
        (line!(), "update", Box::new(|| _ = store.update(cell, |n| *n = 3))),
        (line!(), "updates", Box::new(|| _ = store.updates(|_| ()))),
        (line!(), "recover", Box::new(|| _ = store.recover(cell, |n| *n = 3))),
        (line!(), "transaction", Box::new(|| _ = store.transaction(|_| Ok::<_, ()>(())))),
        (line!(), "transaction_with_commit", Box::new(|| _ = store.transaction_with_commit(|_| Ok::<_, ()>(())))),
        (line!(), "batch", Box::new(|| store.batch(|_| ()))),
        (line!(), "subscribe", Box::new(|| _ = store.subscribe(cell, |_| {}))),
        (line!(), "subscribe_changes", Box::new(|| _ = store.subscribe_changes(cell, |_| {}))),
        (line!(), "subscribe_diff", Box::new(|| _ = store.subscribe_diff(cell, |_, _| {}))),
        (line!(), "changes", Box::new(|| _ = store.changes(cell, CAPACITY))),
        (line!(), "watch", Box::new(|| _ = store.watch(cell))),
        (line!(), "observe_values", Box::new(|| _ = store.observe_values(cell, ToString::to_string))),
        (line!(), "edit", Box::new(|| store.edit(list, |_| {}))),
        (line!(), "recover_list", Box::new(|| store.recover_list(list, |_| {}))),
        (line!(), "diffs", Box::new(|| _ = store.diffs(list, CAPACITY))),
        (line!(), "subscribe_diffs", Box::new(|| _ = store.subscribe_diffs(list, CAPACITY, |_| {}))),
        (line!(), "emit", Box::new(|| store.emit(|| unreachable!("refused before it is made")))),
        (line!(), "last_commit", Box::new(|| _ = store.last_commit())),
        (line!(), "cell_count", Box::new(|| _ = store.cell_count())),
        (line!(), "delivered", Box::new(|| store.delivered())),
        (line!(), "Commit::delivered", Box::new(|| commit.delivered())),
        (line!(), "Scope::source", Box::new(|| _ = scope.source(1))),
        (line!(), "Scope::derived", Box::new(|| _ = scope.derived(|_| 1))),
        (line!(), "Scope::list", Box::new(|| _ = scope.list([1]))),
        (line!(), "Scope::subscribe", Box::new(|| scope.subscribe(cell, |_| {}))),
    ]));
    drop(observer);
}

#[test]
fn what_is_asked_of_a_scope_that_has_ended_panics_where_it_was_asked() {
    let store = Store::new();
    let cell = store.source(1);
    let scope = store.scope("scope");
    scope.end();
    #[rustfmt::skip]
    check(vec![
        (line!(), "scope", Box::new(|| _ = scope.scope("inner"))),
        (line!(), "source", Box::new(|| _ = scope.source(1))),
        (line!(), "derived", Box::new(|| _ = scope.derived(|_| 1))),
        (line!(), "list", Box::new(|| _ = scope.list([1]))),
        (line!(), "adopt", Box::new(|| _ = scope.adopt(cell))),
        (line!(), "subscribe", Box::new(|| scope.subscribe(cell, |_| {}))),
        (line!(), "keep", Box::new(|| scope.keep(store.subscribe(cell, |_| {})))),
    ]);
}

#[test]
fn diffs_and_edits_that_do_not_fit_panic_where_they_were_applied() {
    let store = Store::new();
    let list = store.cell("todos").list([1]);
    #[rustfmt::skip]
    check(vec![
        (line!(), "ListDiff::apply", Box::new(|| ListDiff::Insert { index: 7, value: 1 }.apply(&mut Vec::new()))),
        (line!(), "ListEdit::remove", Box::new(|| store.edit(list, |list| _ = list.remove(7)))),
        (line!(), "ListEdit::insert", Box::new(|| store.edit(list, |list| list.insert(7, 1)))),
        (line!(), "ListEdit::set", Box::new(|| store.edit(list, |list| list.set(7, 1)))),
        (line!(), "ListEdit::move_item", Box::new(|| store.edit(list, |list| list.move_item(0, 7)))),
        (line!(), "ListEdit::swap", Box::new(|| store.edit(list, |list| list.swap(0, 7)))),
        (line!(), "ListEdit::update", Box::new(|| store.edit(list, |list| list.update(7, |_| ())))),
    ]);
}
