//! What an action reads and writes: of several atoms, of several places, of values of any type.

use super::{ended, listen};
use std::sync::Arc;
use trine_atoms::{AsyncAction, Atom, Flush, Provider, Store, middleware, synergy, try_synergy};
use trine_core::test::Log;

#[test]
fn t1_t2_t3_one_action_writes_several_atoms_and_only_those_are_told_once_each() {
    let (a, b, c) = (Atom::dynamic("a", || 1), Atom::dynamic("b", || 2), Atom::dynamic("c", || 3));
    let (store, log) = (Store::new(), Log::default());
    for (name, atom) in [("a", &a), ("b", &b), ("c", &c)] {
        listen(&store, atom, name, &log);
    }
    let all = synergy((&a, &b, &c)).action(|(mut a, mut b, mut c), ()| {
        *a += 1;
        *b += 2;
        *c += 3;
    });
    all.run(&store, ());
    log.is(["a 2", "b 4", "c 6"]);
    assert_eq!(store.last_commit().get(), 1);
    log.clear();
    synergy((&a, &b, &c)).action(|(mut a, b, c), ()| *a = *a + *b + *c - 5).run(&store, ());
    log.is(["a 7"]);
}

#[test]
fn t5_an_action_takes_an_argument_and_tells_once() {
    let (store, log) = (Store::new(), Log::new());
    let a = Atom::dynamic("a", || 1);
    let told = log.clone();
    let _guard = a.subscribe(&store, move |a| told.note(a));
    let set = synergy(&a).action(|mut a, value: i32| *a = value);
    set.run(&store, 42);
    log.is(["42"]);
}

#[test]
fn t7_t8_c4_an_action_reads_and_writes_atoms_of_a_place_and_of_those_around_it() {
    let (items, input) =
        (Atom::dynamic("items", Vec::<String>::new), Atom::dynamic("input", || "milk".to_owned()));
    let store = Store::new();
    let list = Provider::builder("list", &store).provide(&items).build();
    let form = Provider::builder("form", &list).provide(&input).build();
    let add = synergy((&items, &input)).action(|(mut items, mut input), ()| {
        items.push(input.clone());
        *input = String::new();
    });
    add.run(&form, ());
    assert_eq!((items.get(&list), input.get(&form)), (vec!["milk".to_owned()], String::new()));
    assert_eq!((items.get(&store).len(), input.get(&store).as_str()), (0, "milk"));
    let add_later: AsyncAction<&'static str> =
        synergy((&items, &input)).async_action(|(mut items, mut input), text: &str| async move {
            *input = "..".to_owned();
            let _input = input.trigger_scoped()?;
            items.push(text.to_owned());
            Ok(())
        });
    ended(add_later.run(&form, "tea")).unwrap();
    assert_eq!((items.get(&list).len(), items.get(&store).len()), (2, 0));
    assert_eq!(input.get(&form), "");
}

#[test]
fn p07_three_sync_actions_in_a_row_count_to_three() {
    let (store, count) = (Store::new(), Atom::dynamic("count", || 0));
    let increment = synergy(&count).action(|mut count, ()| *count += 1);
    for _ in 0..3 {
        increment.run(&store, ());
    }
    assert_eq!(count.get(&store), 3);
    let _guard = middleware(&store, |_: &mut Flush| Ok(()));
    for _ in 0..3 {
        increment.run(&store, ());
    }
    assert_eq!(count.get(&store), 6);
}

#[test]
fn p14_values_move_between_the_drafts_of_different_atoms() {
    let store = Store::new();
    let (from, to) = (Atom::dynamic("from", || vec![1, 2]), Atom::dynamic("to", Vec::new));
    let shift: AsyncAction<()> =
        synergy((&from, &to)).async_action(|(mut from, mut to), ()| async move {
            *to = std::mem::take(&mut *from);
            let to = to.trigger()?;
            assert_eq!((from.len(), to.len()), (0, 2));
            Ok(())
        });
    ended(shift.run(&store, ())).unwrap();
    assert_eq!((from.get(&store), to.get(&store)), (vec![], vec![1, 2]));
    synergy((&from, &to))
        .action(|(mut from, mut to), ()| std::mem::swap(&mut *from, &mut *to))
        .run(&store, ());
    assert_eq!((from.get(&store), to.get(&store)), (vec![1, 2], vec![]));
}

#[test]
fn p16_a_selector_over_several_atoms_is_told_once_per_commit() {
    let (store, log) = (Store::new(), Log::default());
    let (a, b, c) = (Atom::dynamic("a", || 1), Atom::dynamic("b", || 2), Atom::dynamic("c", || 3));
    let heard = log.clone();
    let sum = synergy((&a, &b, &c)).derive(&store, |(a, b, c)| *a + *b + *c);
    store.subscribe(sum, move |sum| heard.note(sum)).detach();
    let all: AsyncAction<()> =
        synergy((&a, &b, &c)).async_action(|(mut a, mut b, mut c), ()| async move {
            (*a, *b, *c) = (10, 20, 30);
            Ok(())
        });
    ended(all.run(&store, ())).unwrap();
    log.is(["60"]);
}

#[test]
fn p24_an_atom_cannot_be_in_a_synergy_twice() {
    let (a, b) = (Atom::dynamic("a", || 1), Atom::dynamic("b", || 1));
    let duplicate = try_synergy((&a, &b, &a)).unwrap_err();
    assert_eq!((duplicate.first, duplicate.second), (0, 2));
}

#[test]
fn p26_values_of_any_type_are_changed_in_private_and_noticed() {
    use std::collections::{BTreeMap, HashSet};
    #[derive(Clone, PartialEq, Debug)]
    struct Own {
        count: u32,
    }
    let (store, log) = (Store::new(), Log::default());
    let own = Atom::dynamic("own", || Own { count: 0 });
    let map = Atom::dynamic("map", BTreeMap::<u32, u32>::new);
    let set = Atom::dynamic("set", HashSet::<u32>::new);
    let shared = Atom::dynamic("shared", || Arc::new(vec![1]));
    listen(&store, &own, "own", &log);
    listen(&store, &map, "map", &log);
    let before = (own.read(&store), shared.get(&store));
    let all = synergy((&own, &map, &set, &shared)).action(
        |(mut own, mut map, mut set, mut shared), ()| {
            own.count += 1;
            map.insert(1, 2);
            set.insert(1);
            Arc::make_mut(&mut shared).push(2);
        },
    );
    all.run(&store, ());
    log.is(["own Own { count: 1 }", "map {1: 2}"]);
    assert_eq!((before.0.count, before.1.len()), (0, 1), "nobody's value was changed in place");
    assert_eq!((set.get(&store).len(), shared.get(&store).len()), (1, 2));
}
