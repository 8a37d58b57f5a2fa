//! Atoms on their own.

use std::{
    sync::{Arc, OnceLock},
    thread,
};
use trine_atoms::{Atom, Store, synergy};
use trine_core::test::Log;

#[test]
fn an_atom_has_a_value_of_its_own_in_each_store() {
    static COUNT: Atom<u32> = Atom::new("count", || 7);
    let (store, other) = (Store::new(), Store::new());
    COUNT.set(&store, 1);
    assert_eq!((COUNT.get(&store), COUNT.get(&other)), (1, 7));
}

#[test]
fn two_atoms_of_one_name_are_two_atoms() {
    let (a, b) = (Atom::dynamic("twin", || 1), Atom::dynamic("twin", || 2));
    let store = Store::new();
    a.set(&store, 10);
    assert_eq!((a.get(&store), b.get(&store)), (10, 2));
}

#[test]
fn an_equal_value_is_no_change_unless_the_atom_goes_by_identity() {
    static EQUAL: Atom<Vec<u8>> = Atom::new("equal", Vec::new);
    static IDENTITY: Atom<Vec<u8>> = Atom::by_identity("identity", Vec::new);
    let (store, log) = (Store::new(), Log::default());
    let (heard, heard_too) = (log.clone(), log.clone());
    let _a = EQUAL.subscribe(&store, move |_| heard.note("equal"));
    let _b = IDENTITY.subscribe(&store, move |_| heard_too.note("identity"));
    EQUAL.set(&store, Vec::new());
    IDENTITY.set(&store, Vec::new());
    log.is(["identity"]);
}

#[test]
fn a_hundred_threads_that_use_an_atom_first_get_one_cell() {
    static COUNT: Atom<u32> = Atom::new("count", || 0);
    let store = Store::new();
    thread::scope(|scope| {
        for _ in 0..100 {
            scope.spawn(|| COUNT.update(&store, |count| *count += 1));
        }
    });
    assert_eq!(COUNT.get(&store), 100);
    assert_eq!(store.cell_count(), 1);
}

#[test]
fn a_reader_keeps_its_value_while_the_atom_changes() {
    static LIST: Atom<Vec<u8>> = Atom::new("list", || vec![1]);
    let store = Store::new();
    let before = LIST.read(&store);
    LIST.update(&store, |list| list.push(2));
    assert_eq!((&*before, &*LIST.read(&store)), (&vec![1], &vec![1, 2]));
    let watch = LIST.watch(&store);
    LIST.set(&store, vec![]);
    assert!(watch.borrow().is_empty());
}

#[test]
fn a_selector_runs_when_one_of_its_atoms_changes_and_stops_at_an_equal_result() {
    static A: Atom<i32> = Atom::new("a", || 1);
    static B: Atom<i32> = Atom::new("b", || 2);
    let (store, log) = (Store::new(), Log::default());
    let sum = synergy((&A, &B)).derive(&store, |(a, b)| *a + *b);
    let heard = log.clone();
    let _guard = store.subscribe(sum, move |sum| heard.note(sum));
    store.batch(|tx| {
        let _ = tx;
    });
    A.set(&store, 43);
    synergy((&A, &B)).action(|(mut a, mut b), ()| (*a, *b) = (*b, *a)).run(&store, ());
    log.is(["45"]);
}

#[test]
fn atoms_whose_initial_values_need_each_other_say_so_with_their_names() {
    use std::panic::{AssertUnwindSafe, catch_unwind};
    let store = Store::new();
    let later: Arc<OnceLock<Atom<u32>>> = Arc::default();
    let (inside, filled) = (store.clone(), Arc::clone(&later));
    let first = Atom::dynamic("first", move || later.get().map_or(7, |atom| atom.get(&inside) + 1));
    assert_eq!(first.get(&Store::new()), 7, "in a store of its own, before there is a circle");
    let (inside, first) = (store.clone(), Arc::new(first));
    let other = Arc::clone(&first);
    let second = Atom::dynamic("second", move || other.get(&inside) + 1);
    assert!(filled.set(second).is_ok());
    let refused = catch_unwind(AssertUnwindSafe(|| first.get(&store))).unwrap_err();
    let message = refused.downcast_ref::<String>().unwrap();
    assert!(message.contains("circle: `first` -> `second` -> `first`"), "{message}");
    // It panics at each use, and nothing is left behind.
    assert!(catch_unwind(AssertUnwindSafe(|| first.get(&store))).is_err());
    assert_eq!(store.cell_count(), 0);
}

#[test]
fn an_initial_value_may_come_from_another_atom() {
    static BASE: Atom<u32> = Atom::new("base", || 20);
    let store = Store::new();
    let inside = store.clone();
    let double = Atom::dynamic("double", move || BASE.get(&inside) * 2);
    assert_eq!(double.get(&store), 40);
    assert_eq!(store.cell_count(), 2);
}

#[test]
fn an_atom_whose_cell_was_removed_begins_anew() {
    static COUNT: Atom<u32> = Atom::new("count", || 7);
    static OTHER: Atom<u32> = Atom::new("other", || 0);
    let (store, log) = (Store::new(), Log::default());
    let heard = log.clone();
    let _old = COUNT.subscribe(&store, move |count| heard.note(format!("old {count}")));
    OTHER.set(&store, 1);
    COUNT.set(&store, 8);
    store.remove(COUNT.cell(&store)).unwrap();
    assert_eq!((COUNT.get(&store), OTHER.get(&store)), (7, 1));
    let heard = log.clone();
    let _new = COUNT.subscribe(&store, move |count| heard.note(format!("new {count}")));
    synergy(&COUNT).action(|mut count, ()| *count += 1).run(&store, ());
    log.is(["old 8", "new 8"]);
    let scope = store.scope("part");
    scope.adopt(COUNT.cell(&store));
    scope.end();
    synergy(&COUNT).action(|mut count, ()| *count += 2).run(&store, ());
    assert_eq!(COUNT.get(&store), 9);
}
