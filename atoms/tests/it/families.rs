//! Families: entries by key, freed when nobody uses them.

use std::{
    collections::BTreeSet,
    hash::{Hash, Hasher},
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, Barrier},
    thread,
};
use trine_atoms::{
    Action, AsyncFamily, Atom, AtomFamily, DerivedAtom, DerivedFamily, Provider, Store, reset_all,
    synergy, transaction,
};
use trine_core::test::{Log, ManualExecutor};

static ROWS: AtomFamily<u32, u32> = AtomFamily::new("rows", |key| key * 10);

#[test]
fn an_entry_is_there_while_a_handle_is_and_begins_anew_after() {
    let store = Store::new();
    let row = ROWS.entry(&store, 1);
    let same = ROWS.entry(&store, 1);
    row.set(5);
    assert_eq!((same.get(), ROWS.len(&store), store.cell_count()), (5, 1, 1));
    drop(row);
    assert_eq!(same.get(), 5);
    drop(same);
    assert_eq!((ROWS.len(&store), store.cell_count()), (0, 0));
    assert_eq!(ROWS.entry(&store, 1).get(), 10);
}

#[test]
fn a_subscription_keeps_its_entry() {
    let (store, log) = (Store::new(), Log::new());
    let told = log.clone();
    let guard = ROWS.entry(&store, 1).subscribe(move |row| told.note(row));
    ROWS.entry(&store, 1).set(7);
    log.is(["7"]);
    assert_eq!(ROWS.len(&store), 1);
    drop(guard);
    assert!(ROWS.is_empty(&store));
}

#[test]
fn a_derivation_keeps_what_it_has_read_in_its_last_run() {
    static SELECTED: Atom<u32> = Atom::new("selected", || 1);
    static SHOWN: DerivedAtom<u32> = DerivedAtom::new("shown", |cx| {
        let key = cx.get(&SELECTED);
        cx.get(&ROWS.of(key)) + 1
    });
    let store = Store::new();
    assert_eq!(SHOWN.get(&store), 11);
    ROWS.entry(&store, 1).set(100);
    assert_eq!(SHOWN.get(&store), 101);
    SELECTED.set(&store, 2);
    assert_eq!(SHOWN.get(&store), 21);
    assert_eq!(ROWS.keys(&store), [2], "the first one is not read any more");
    store.remove(SHOWN.cell(&store)).unwrap();
    assert!(ROWS.is_empty(&store));
}

#[test]
fn entries_are_listed_removed_and_retained() {
    let store = Store::new();
    let rows: Vec<_> = (0..6).map(|key| ROWS.entry(&store, key)).collect();
    let keys: BTreeSet<_> = ROWS.keys(&store).into_iter().collect();
    assert_eq!(keys, (0..6).collect());
    assert!(ROWS.remove(&store, &3));
    assert!(!ROWS.remove(&store, &3));
    assert!(rows[3].try_read().unwrap_err().is_disposed());
    assert_eq!(ROWS.entry(&store, 3).get(), 30, "another one");
    assert_eq!(ROWS.retain(&store, |key| key % 2 == 0), 2);
    assert_eq!(ROWS.len(&store), 3);
    drop(rows);
    assert_eq!((ROWS.len(&store), store.cell_count()), (0, 0));
}

#[test]
fn a_kept_family_keeps_what_was_written_until_it_is_removed() {
    static NOTES: AtomFamily<&str, String> = AtomFamily::new("notes", |_| String::new()).kept();
    let store = Store::new();
    NOTES.entry(&store, "a").set("hello".to_owned());
    assert_eq!(NOTES.entry(&store, "a").get(), "hello");
    reset_all(&store);
    assert_eq!(NOTES.entry(&store, "a").get(), "");
    assert!(NOTES.remove(&store, &"a"));
    assert_eq!(store.cell_count(), 0);
}

#[test]
fn no_leak_over_a_million_keys() {
    let store = Store::new();
    // Ten thousand at a time, as a long list that is scrolled through.
    for window in 0..100 {
        let rows: Vec<_> =
            (window * 10_000..(window + 1) * 10_000).map(|key| ROWS.entry(&store, key)).collect();
        assert_eq!(rows[9].get(), (window * 10_000 + 9) * 10);
        assert_eq!(ROWS.len(&store), 10_000);
    }
    assert_eq!((ROWS.len(&store), store.cell_count()), (0, 0));
}

#[test]
fn entries_are_members_of_synergies_and_an_action_keeps_them() {
    static TOTAL: Atom<u32> = Atom::new("total", || 0);
    let store = Store::new();
    let add: Action<u32> =
        synergy((&ROWS.entry(&store, 1), &TOTAL)).action(|(mut row, mut total), amount| {
            *row += amount;
            *total += amount;
        });
    add.run(&store, 5);
    add.run(&store, 5);
    assert_eq!((ROWS.entry(&store, 1).get(), TOTAL.get(&store)), (20, 10));
    drop(add);
    assert!(ROWS.is_empty(&store));
    let (first, again) = (ROWS.entry(&store, 1), ROWS.entry(&store, 1));
    assert!(trine_atoms::try_synergy((&first, &again)).is_err(), "one entry, listed twice");
    assert!(trine_atoms::try_synergy((&first, &ROWS.entry(&store, 2))).is_ok());
}

#[test]
fn a_transaction_writes_entries() {
    let store = Store::new();
    let row = ROWS.entry(&store, 1);
    transaction(&store, |cx| {
        let value = cx.get(&ROWS.of(1));
        cx.set(&ROWS.of(1), value + 1);
        Ok::<_, ()>(())
    })
    .unwrap();
    assert_eq!(row.get(), 11);
}

#[test]
fn selectors_have_parameters_and_stop_at_equal_results() {
    static NUMBERS: Atom<Vec<u32>> = Atom::new("numbers", || (0..10).collect());
    static MULTIPLES: DerivedFamily<u32, Vec<u32>> = DerivedFamily::new("multiples", |cx, of| {
        cx.with(&NUMBERS, |numbers| numbers.iter().copied().filter(|n| n % of == 0).collect())
    });
    let (store, log) = (Store::new(), Log::new());
    let threes = MULTIPLES.entry(&store, 3);
    let told = log.clone();
    let _guard = threes.subscribe(move |threes| told.note(threes.len()));
    assert_eq!(*MULTIPLES.entry(&store, 5).read(), [0, 5]);
    NUMBERS.update(&store, |numbers| numbers.push(10));
    log.is([]);
    NUMBERS.update(&store, |numbers| numbers.push(12));
    log.is(["5"]);
    assert_eq!(MULTIPLES.keys(&store), [3]);
}

#[test]
fn queries_by_key_are_aborted_when_nobody_wants_them() {
    static USERS: AsyncFamily<u32, u32, String> = AsyncFamily::new("users", |_, id| {
        Box::pin(async move {
            if id == 0 {
                std::future::pending::<()>().await;
            }
            Ok(id * 2)
        })
    });
    let executor = ManualExecutor::new();
    let store = Store::with_spawner(executor.clone());
    let (stuck, seven) = (USERS.entry(&store, 0), USERS.entry(&store, 7));
    let _watching = (stuck.subscribe(|_| {}), seven.subscribe(|_| {}));
    executor.run_until_stalled();
    assert_eq!(**seven.read().value().unwrap(), 14);
    assert_eq!(store.runs().len(), 1);
    drop((stuck, _watching));
    executor.run_until_stalled();
    assert!(store.runs().is_empty());
    assert_eq!(USERS.keys(&store), [7]);
}

#[test]
fn each_provider_that_lists_a_family_has_entries_of_its_own() {
    let store = Store::new();
    let form = Provider::builder("form", &store).provide(&ROWS).build();
    let (mine, theirs) = (ROWS.entry(&form, 1), ROWS.entry(&store, 1));
    mine.set(0);
    assert_eq!((theirs.get(), ROWS.len(&form), ROWS.len(&store)), (10, 1, 1));
    form.end();
    assert!(mine.try_read().unwrap_err().is_disposed());
    assert!(ROWS.try_entry(&form, 1).is_err());
    assert_eq!(theirs.get(), 10);
}

/// A key whose comparisons do what keys should not.
#[derive(Clone)]
struct Hostile(u32, Arc<Store>);

impl PartialEq for Hostile {
    fn eq(&self, other: &Self) -> bool {
        assert!(self.0 != 13 && other.0 != 13, "unlucky");
        // Re-entrant: the family is used while it compares.
        ODD.len(&*self.1);
        self.0 == other.0
    }
}

impl Eq for Hostile {}

impl Hash for Hostile {
    fn hash<H: Hasher>(&self, state: &mut H) {
        0_u32.hash(state); // all of them meet
    }
}

impl Drop for Hostile {
    fn drop(&mut self) {
        ODD.len(&*self.1);
    }
}

static ODD: AtomFamily<Hostile, u32> = AtomFamily::new("odd", |key| key.0);

#[test]
fn keys_may_collide_reenter_and_panic() {
    let store = Arc::new(Store::new());
    let key = |n| Hostile(n, Arc::clone(&store));
    let entries: Vec<_> = (0..5).map(|n| ODD.entry(&*store, key(n))).collect();
    assert_eq!(entries.iter().map(|entry| entry.get()).collect::<Vec<_>>(), [0, 1, 2, 3, 4]);
    catch_unwind(AssertUnwindSafe(|| ODD.entry(&*store, key(13)))).unwrap_err();
    assert_eq!(ODD.entry(&*store, key(3)).get(), 3);
    drop(entries);
    assert!(ODD.is_empty(&*store));
    assert_eq!(store.cell_count(), 0);
}

#[test]
fn threads_that_ask_for_one_key_get_one_entry() {
    let store = Store::new();
    for round in 0..50 {
        let barrier = Barrier::new(4);
        thread::scope(|threads| {
            for _ in 0..4 {
                threads.spawn(|| {
                    barrier.wait();
                    let row = ROWS.entry(&store, round);
                    row.update(|value| *value += 1);
                    barrier.wait();
                    assert_eq!(row.get(), round * 10 + 4);
                });
            }
        });
        assert_eq!((ROWS.len(&store), store.cell_count()), (0, 0));
    }
}
