//! The same steps as actions, with views of single entities and of the list.

use super::{
    Item, by_size, item,
    model::{Naive, Step, do_step, steps},
    table,
};
use proptest::prelude::*;
use std::{
    num::NonZeroUsize,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, Mutex},
};
use trine_core::ListDiff;
use trine_thunks::{Action, Entities, EntityKey, Slice, SliceKey, Store, action};

struct Shelf {
    items: Entities<Item>,
    name: &'static str,
}

impl Action for Step {}

/// Has the reducer panic after it has done this.
struct Break(Step);
impl Action for Break {}

/// Puts an older version back.
struct Restore(Entities<Item>);
impl Action for Restore {}

struct Rename(&'static str);
impl Action for Rename {}

static SHELF: SliceKey<Shelf> = SliceKey::new("shelf");
static ITEMS: EntityKey<Shelf, Item> = SHELF.entities(|shelf| &shelf.items);

fn shelf(items: Entities<Item>) -> Slice<Shelf> {
    SHELF
        .slice(|| Shelf { items, name: "" })
        .on(action::<Step>(), |shelf, step| do_step(&mut shelf.items, step))
        .on(action::<Restore>(), |shelf, items| shelf.items = items.0.clone())
        .on(action::<Rename>(), |shelf, name| shelf.name = name.0)
        .on(action::<Break>(), |shelf, step| {
            do_step(&mut shelf.items, &step.0);
            assert!(shelf.name == "unbreakable", "half way");
        })
}

fn store(items: Entities<Item>) -> Store {
    Store::builder().slice(shelf(items)).build().unwrap()
}

#[test]
fn a_view_of_one_entity_runs_only_when_that_one_changes() {
    let store = store(table(&[(1, 10), (2, 20)]));
    let size = store.entity_selector(&ITEMS, |item| item.size);
    let (one, two, three) = (size.at(&1), size.at(&2), size.at(&3));
    assert_eq!(one, size.at(&1));
    assert_eq!((store.get(one), store.get(two), store.get(three)), (Some(10), Some(20), None));
    assert_eq!(size.recomputations(), 2, "`select` is not asked about what is not there");
    store.dispatch(Step::Update(1, 11));
    assert_eq!((store.get(one), store.get(two), store.get(three)), (Some(11), Some(20), None));
    assert_eq!(size.recomputations(), 3);
    store.dispatch(Rename("another"));
    store.dispatch(Step::Add(4, 0));
    store.dispatch(Step::Remove(9));
    assert_eq!((store.get(one), store.get(two)), (Some(11), Some(20)));
    assert_eq!(size.recomputations(), 3);
    store.dispatch(Step::Rename(1, 3));
    assert_eq!((store.get(one), store.get(three)), (None, Some(11)));
    assert_eq!(size.recomputations(), 4);
    assert_eq!(store.read(&SHELF, |shelf| shelf.name), "another");
}

#[test]
fn subscribers_of_one_entity_are_told_of_that_one_only() {
    let store = store(table(&[(1, 10), (2, 20)]));
    let heard = Arc::new(Mutex::new(Vec::new()));
    let size = store.select_entity(&ITEMS, 1, |item| item.size);
    let tally = Arc::clone(&heard);
    let _guard = store.subscribe(size, move |size| tally.lock().unwrap().push(*size));
    store.dispatch(Step::Update(2, 21));
    store.dispatch(Step::Update(1, 11));
    store.dispatch(Step::Update(1, 11));
    store.dispatch(Step::Remove(1));
    store.dispatch(Step::SetAll(vec![(1, 5)]));
    assert_eq!(*heard.lock().unwrap(), [Some(11), None, Some(5)]);
}

#[test]
fn views_see_a_state_that_was_put_in_the_place_of_another() {
    let store = store(table(&[(1, 10)]));
    let size = store.select_entity(&ITEMS, 1, |item| item.size);
    assert_eq!(store.get(size), Some(10));
    let old = store.read(&SHELF, |shelf| shelf.items.clone());
    store.dispatch(Step::Update(1, 11));
    assert_eq!(store.get(size), Some(11));
    store.dispatch(Restore(old.clone()));
    assert_eq!(store.get(size), Some(10));
    let mut branch = old;
    branch.update_one(&1, |item| item.size = 12);
    store.dispatch(Restore(branch));
    assert_eq!(store.get(size), Some(12));
    store.dispatch(Restore(Entities::new()));
    assert_eq!(store.get(size), None);
}

#[test]
fn views_of_a_torn_slice_fail_until_it_is_recovered() {
    let store = store(table(&[(1, 10), (2, 20)]));
    let one = store.select_entity(&ITEMS, 1, |item| item.size);
    let two = store.select_entity(&ITEMS, 2, |item| item.size);
    assert_eq!((store.get(one), store.get(two)), (Some(10), Some(20)));
    let broken = catch_unwind(AssertUnwindSafe(|| store.dispatch(Break(Step::Update(1, 11)))));
    assert!(broken.is_err());
    assert!(store.try_read(one, |_| ()).is_err() && store.try_read(two, |_| ()).is_err());
    store.recover(&SHELF, |shelf| shelf.items.update_one(&2, |item| item.size = 21));
    assert_eq!((store.get(one), store.get(two)), (Some(11), Some(21)));
    store.dispatch(Step::Update(1, 12));
    assert_eq!((store.get(one), store.get(two)), (Some(12), Some(21)));
}

#[test]
fn cells_of_a_selector_go_with_it_and_leave_nothing_behind() {
    let store = store(table(&[(1, 10)]));
    let cells = store.core().cell_count();
    let size = store.entity_selector(&ITEMS, |item| item.size);
    for id in 0..100 {
        store.get(size.at(&id));
    }
    assert_eq!((size.len(), store.core().cell_count()), (100, cells + 100));
    assert!(size.forget(&7) && !size.forget(&7));
    assert_eq!(store.core().cell_count(), cells + 99);
    drop(size);
    assert_eq!(store.core().cell_count(), cells);
    store.dispatch(Step::Update(1, 11));
}

#[test]
fn a_selector_may_be_dropped_inside_a_lease() {
    let store = store(table(&[(1, 10)]));
    let cells = store.core().cell_count();
    let size = store.entity_selector(&ITEMS, |item| item.size);
    store.get(size.at(&1));
    store.read(&SHELF, move |_| drop(size));
    assert_eq!(store.core().cell_count(), cells);
}

#[test]
fn the_first_reader_of_diffs_has_no_view_run_again() {
    let store = store(table(&[(1, 10), (2, 20)]));
    let size = store.entity_selector(&ITEMS, |item| item.size);
    assert_eq!((store.get(size.at(&1)), store.get(size.at(&2))), (Some(10), Some(20)));
    let mut diffs = store.entity_diffs(&ITEMS, NonZeroUsize::new(8).unwrap());
    store.dispatch(Step::Update(1, 11));
    assert_eq!((store.get(size.at(&1)), store.get(size.at(&2))), (Some(11), Some(20)));
    assert_eq!(size.recomputations(), 3);
    let mut rows: Vec<Item> = Vec::new();
    while let Some(batch) = diffs.try_next() {
        batch.into_iter().for_each(|diff| diff.apply(&mut rows));
    }
    assert_eq!(rows, [item(1, 11), item(2, 20)]);
}

#[test]
fn diffs_tell_what_a_dispatch_did_to_the_rows() {
    let store = store(by_size(&[(1, 10), (2, 20), (3, 30)]));
    let mut diffs = store.entity_diffs(&ITEMS, NonZeroUsize::new(8).unwrap());
    let mut batch = || diffs.try_next().map(|batch| batch.len());
    assert_eq!(batch(), Some(1), "all of it");
    store.dispatch(Step::Update(1, 11));
    assert_eq!(batch(), Some(1), "a row is set");
    store.dispatch(Step::Update(1, 25));
    assert_eq!(batch(), Some(2), "a row is set and moved");
    store.dispatch(Rename("another"));
    store.dispatch(Step::Remove(9));
    assert_eq!(batch(), None);
}

#[test]
fn diffs_keep_no_copy_of_the_table_and_one_that_is_read_late_is_of_the_last_commit() {
    type Row = (u32, Arc<()>);
    static ROWS: SliceKey<Entities<Row>> = SliceKey::new("rows");
    static ROW: EntityKey<Entities<Row>, Row> = ROWS.entities(|rows| rows);
    struct Insert(u32);
    impl Action for Insert {}
    let one = Arc::new(());
    let held = Arc::clone(&one);
    let added = Arc::clone(&one);
    let rows = ROWS
        .slice(move || {
            let empty = Entities::sorted_by_key(|row: &Row| row.0);
            empty.with((0..1_000).map(|id| (2 * id, Arc::clone(&held))))
        })
        .on(action::<Insert>(), move |rows, insert| rows.add_one((insert.0, Arc::clone(&added))));
    let store = Store::builder().slice(rows).build().unwrap();
    let before = Arc::strong_count(&one);
    let mut diffs = store.entity_diffs(&ROW, NonZeroUsize::new(2).unwrap());
    assert_eq!(diffs.try_next().unwrap().len(), 1);
    assert_eq!(
        Arc::strong_count(&one),
        before,
        "what was read is gone, and nothing else was copied"
    );
    store.dispatch(Insert(501));
    assert_eq!(Arc::strong_count(&one), before + 2, "the row, and the diff that tells of it");
    // Behind by more than two commits: a version of the table waits, which shares its rows.
    for id in [601, 701, 801] {
        store.dispatch(Insert(id));
    }
    assert_eq!(diffs.len(), 1);
    assert_eq!(Arc::strong_count(&one), before + 4);
    let mut mirror = Vec::new();
    diffs.try_next().unwrap().into_iter().for_each(|diff| diff.apply(&mut mirror));
    assert!(
        store.read(&ROWS, |rows| rows.iter().map(|row| row.0).eq(mirror.iter().map(|row| row.0)))
    );
    drop(mirror);
    drop(diffs);
    store.dispatch(Insert(901));
    assert_eq!(Arc::strong_count(&one), before + 5, "nobody reads any more");
}

#[test]
fn readers_of_diffs_that_come_and_go_never_miss_a_change() {
    let store = store(by_size(&[(1, 10), (2, 20)]));
    let bound = NonZeroUsize::new(8).unwrap();
    let mut first = store.entity_diffs(&ITEMS, bound);
    store.dispatch(Step::Add(3, 15));
    let mut second = store.entity_diffs(&ITEMS, bound);
    store.dispatch(Step::Update(1, 30));
    let batches: Vec<_> =
        std::iter::from_fn(|| first.try_next()).map(|batch| batch.len()).collect();
    assert_eq!(batches, [1, 1, 2]);
    drop(first);
    store.dispatch(Step::Remove(2));
    let batches: Vec<_> = std::iter::from_fn(|| second.try_next()).collect();
    assert_eq!(batches.iter().map(Vec::len).collect::<Vec<_>>(), [1, 2, 1]);
    drop(second);
    store.dispatch(Step::Remove(3));
    store.dispatch(Step::Add(4, 1));
    let mut rows = Vec::new();
    let mut third = store.entity_diffs(&ITEMS, bound);
    store.dispatch(Step::Update(4, 99));
    while let Some(batch) = third.try_next() {
        batch.into_iter().for_each(|diff| diff.apply(&mut rows));
    }
    assert_eq!(rows, [item(1, 30), item(4, 99)]);
}

#[test]
fn diffs_of_a_slice_that_is_torn_go_on_with_all_of_it_once_it_is_recovered() {
    let store = store(table(&[(1, 10), (2, 20)]));
    let mut diffs = store.entity_diffs(&ITEMS, NonZeroUsize::new(8).unwrap());
    let mut rows: Vec<Item> = Vec::new();
    let mut follow = |rows: &mut Vec<Item>| {
        while let Some(batch) = diffs.try_next() {
            batch.into_iter().for_each(|diff| diff.apply(rows));
        }
    };
    let broken = catch_unwind(AssertUnwindSafe(|| store.dispatch(Break(Step::Remove(1)))));
    assert!(broken.is_err());
    follow(&mut rows);
    assert_eq!(rows.len(), 2, "as before");
    assert!(store.try_entity_diffs(&ITEMS, NonZeroUsize::new(8).unwrap()).is_err());
    store.recover(&SHELF, |shelf| shelf.items.add_one(item(3, 30)));
    store.dispatch(Step::Update(3, 31));
    follow(&mut rows);
    assert_eq!(rows, [item(2, 20), item(3, 31)]);
}

fn run(sorted: bool, atomic: bool, steps: &[Step]) {
    let empty = || if sorted { by_size(&[]) } else { Entities::new() };
    #[derive(Clone)]
    struct State(Entities<Item>);
    static STATE: SliceKey<State> = SliceKey::new("state");
    static TABLE: EntityKey<State, Item> = STATE.entities(|state| &state.0);
    let start = empty();
    let slice = STATE
        .slice(|| State(start))
        .on(action::<Step>(), |state, step| do_step(&mut state.0, step))
        .on(action::<Restore>(), |state, items| state.0 = items.0.clone());
    let slice = if atomic { slice.atomic() } else { slice };
    let store = Store::builder().slice(slice).build().unwrap();
    let size = store.entity_selector(&TABLE, |item| item.size);
    let mut diffs = store.entity_diffs(&TABLE, NonZeroUsize::new(4).unwrap());
    let mut rows: Vec<Item> = Vec::new();
    let mut naive = Naive { items: Vec::new(), next: 0, sorted };
    let mut kept = Vec::new();
    let mut before: Vec<Option<i32>> = vec![None; 24];
    for (number, step) in steps.iter().enumerate() {
        match step {
            // An older version comes back.
            Step::Keep if number % 3 == 0 && !kept.is_empty() => {
                let (items, older): (Entities<Item>, Naive) = kept.swap_remove(0);
                store.dispatch(Restore(items));
                naive = older;
            }
            Step::Keep => {
                let now = store.read(&STATE, |state| state.0.clone());
                kept.push((now, naive.clone()));
            }
            step => {
                store.dispatch(step.clone());
                naive.step(step);
            }
        }
        let list = naive.list();
        store.read(&STATE, |state| {
            assert_eq!(state.0.iter().cloned().collect::<Vec<_>>(), list);
            for (index, item) in list.iter().enumerate() {
                assert_eq!(state.0.index_of(&item.id), Some(index));
                assert_eq!(state.0.at(index), Some(item));
            }
            let mut fresh = empty();
            fresh.set_all(list.iter().cloned());
            assert_eq!(state.0.keys().eq(fresh.keys()), state.0 == fresh);
        });
        let computed = size.recomputations();
        let mut different = 0;
        for id in 0..24 {
            let expected = list.iter().find(|item| item.id == id).map(|item| item.size);
            assert_eq!(store.get(size.at(&id)), expected, "entity {id}");
            different += u64::from(expected != before[id as usize]);
            before[id as usize] = expected;
        }
        if matches!(step, Step::Add(..) | Step::Update(..) | Step::Set(..) | Step::Remove(_))
            && number > 0
        {
            assert!(size.recomputations() - computed <= 1.max(different), "only what changed");
        }
        if number % 5 == 0 {
            while let Some(batch) = diffs.try_next() {
                batch.into_iter().for_each(|diff: ListDiff<Item>| diff.apply(&mut rows));
            }
            assert_eq!(rows, list);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(192))]
    #[test]
    fn random_actions_give_the_table_views_and_diffs_of_a_naive_one(
        sorted in any::<bool>(), atomic in any::<bool>(), steps in steps(),
    ) {
        run(sorted, atomic, &steps);
    }
}
