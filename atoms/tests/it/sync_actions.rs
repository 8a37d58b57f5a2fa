//! Sync actions: one transaction, no executor.

use std::panic::{AssertUnwindSafe, catch_unwind};
use trine_atoms::{Action, Atom, DuplicateAtom, Store, synergy, try_synergy};
use trine_core::test::Log;

#[test]
fn three_calls_in_a_row_count_to_three_and_have_committed_when_they_return() {
    static COUNT: Atom<u32> = Atom::new("count", || 0);
    let store = Store::new();
    let increment: Action<()> = synergy(&COUNT).action(|mut count, ()| *count += 1);
    increment.run(&store, ());
    increment.run(&store, ());
    increment.run(&store, ());
    assert_eq!(COUNT.get(&store), 3);
}

#[test]
fn only_the_atoms_that_were_written_are_told_of_once_each() {
    static A: Atom<i32> = Atom::new("a", || 1);
    static B: Atom<i32> = Atom::new("b", || 2);
    static C: Atom<i32> = Atom::new("c", || 3);
    let (store, log) = (Store::new(), Log::default());
    for (name, atom) in [("a", &A), ("b", &B), ("c", &C)] {
        let heard = log.clone();
        atom.subscribe(&store, move |value| heard.note(format!("{name} {value}"))).detach();
    }
    let sum = synergy((&A, &B, &C)).action(|(mut a, b, mut c), ()| {
        *a += *b + *c;
        *a += 1;
        // Written, but to the value that it had.
        *c = 3;
    });
    sum.run(&store, ());
    log.is(["a 7"]);
}

#[test]
fn an_action_takes_arguments_and_returns_a_value() {
    static COUNT: Atom<i32> = Atom::new("count", || 1);
    let store = Store::new();
    let add = synergy(&COUNT).action(|mut count, (by, times): (i32, i32)| {
        *count += by * times;
        *count
    });
    assert_eq!(add.run(&store, (2, 10)), 21);
}

#[test]
fn an_error_or_a_panic_changes_nothing() {
    static A: Atom<i32> = Atom::new("a", || 1);
    static LIST: Atom<Vec<i32>> = Atom::new("list", Vec::new);
    let store = Store::new();
    let fail = synergy((&A, &LIST)).try_action(|(mut a, mut list), panic: bool| {
        *a = 5;
        list.push(1);
        assert!(!panic, "half way");
        Err::<(), _>("no")
    });
    assert_eq!(fail.run(&store, false), Err("no"));
    let panic = catch_unwind(AssertUnwindSafe(|| fail.run(&store, true)));
    assert_eq!(panic.unwrap_err().downcast_ref(), Some(&"half way"));
    assert_eq!((A.get(&store), LIST.get(&store)), (1, vec![]));
    assert_eq!(store.last_commit().get(), 0);
}

#[test]
fn a_value_moves_from_one_draft_to_another() {
    #[derive(Clone, PartialEq, Debug, Default)]
    struct Own(Vec<u8>);
    static FROM: Atom<Own> = Atom::new("from", || Own(vec![1, 2]));
    static TO: Atom<Own> = Atom::new("to", Own::default);
    let store = Store::new();
    let shift = synergy((&FROM, &TO)).action(|(mut from, mut to), ()| {
        *to = std::mem::take(&mut *from);
    });
    shift.run(&store, ());
    assert_eq!((FROM.get(&store), TO.get(&store)), (Own::default(), Own(vec![1, 2])));
}

#[test]
fn synergies_nest_in_order() {
    static A: Atom<i32> = Atom::new("a", || 1);
    static B: Atom<i32> = Atom::new("b", || 2);
    static C: Atom<i32> = Atom::new("c", || 3);
    let store = Store::new();
    let pair = synergy((&A, &B));
    let all = synergy((pair, &C));
    let rotate = all.action(|((mut a, mut b), mut c), ()| {
        (*a, *b, *c) = (*b, *c, *a);
    });
    rotate.run(&store, ());
    assert_eq!((A.get(&store), B.get(&store), C.get(&store)), (2, 3, 1));
}

#[test]
fn an_atom_listed_twice_is_refused_with_both_positions() {
    static A: Atom<i32> = Atom::new("a", || 1);
    static B: Atom<i32> = Atom::new("b", || 2);
    let DuplicateAtom { atom, first, second, location } =
        try_synergy((&A, synergy((&B, &A)))).unwrap_err();
    assert_eq!((atom.as_str(), first, second), ("a", 0, 2));
    assert!(location.file().ends_with("sync_actions.rs"));
}
