//! Atoms on their own.

use crate::log::Log;
use std::thread;
use trine_atoms::{Atom, Store, synergy};

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
