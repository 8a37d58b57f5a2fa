//! Entities, operation by operation, and against a naive table (reference 3.4).

use proptest::prelude::*;
use trine_core::Update;
use trine_thunks::{Entities, Entity};

#[derive(Debug, Clone, PartialEq)]
struct Item {
    id: u8,
    size: i32,
    note: &'static str,
}

impl Entity for Item {
    type Key = u8;

    fn key(&self) -> u8 {
        self.id
    }
}

fn item(id: u8, size: i32) -> Item {
    Item { id, size, note: "" }
}

fn table(items: &[(u8, i32)]) -> Entities<Item> {
    items.iter().map(|(id, size)| item(*id, *size)).collect()
}

fn by_size(items: &[(u8, i32)]) -> Entities<Item> {
    Entities::sorted_by(|a: &Item, b: &Item| a.size.cmp(&b.size))
        .with(items.iter().map(|(id, size)| item(*id, *size)))
}

fn ids(table: &Entities<Item>) -> Vec<u8> {
    table.keys().copied().collect()
}

const CHANGED: Update = Update::Changed;
const UNCHANGED: Update = Update::Unchanged;

#[test]
fn add_ignores_what_is_there() {
    let mut items = table(&[(1, 10)]);
    assert_eq!(items.add_one(item(1, 99)), UNCHANGED);
    assert_eq!(items.add_many([item(1, 99), item(2, 20)]), CHANGED);
    assert_eq!(items, table(&[(1, 10), (2, 20)]));
}

#[test]
fn set_replaces_what_is_there_in_its_place() {
    let mut items = table(&[(1, 10), (2, 20)]);
    assert_eq!(items.set_one(item(1, 11)), CHANGED);
    assert_eq!(items.set_many([item(3, 30), item(2, 22)]), CHANGED);
    assert_eq!(items, table(&[(1, 11), (2, 22), (3, 30)]));
}

#[test]
fn set_all_replaces_everything() {
    let mut items = table(&[(1, 10), (2, 20)]);
    assert_eq!(items.set_all([item(3, 30), item(2, 2), item(3, 33)]), CHANGED);
    assert_eq!(items, table(&[(3, 33), (2, 2)]));
    let mut items = by_size(&[(1, 10)]);
    items.set_all([item(3, 30), item(2, 2), item(4, 2)]);
    assert_eq!(ids(&items), [2, 4, 3]);
}

#[test]
fn upsert_adds_or_merges() {
    let mut items = table(&[(1, 10)]);
    let merge = |there: &mut Item, new: Item| there.size += new.size;
    assert_eq!(items.upsert_many([item(1, 5), item(2, 20), item(2, 2)], merge), CHANGED);
    assert_eq!(items, table(&[(1, 15), (2, 22)]));
    assert_eq!(items.upsert_one(item(1, 0), |_, _| UNCHANGED), UNCHANGED);
}

#[test]
fn update_changes_only_what_is_there() {
    let mut items = table(&[(1, 10)]);
    assert_eq!(items.update_one(&1, |item| item.size += 1), CHANGED);
    assert_eq!(items.update_one(&2, |item| item.size += 1), UNCHANGED);
    assert_eq!(items.update_one(&1, |_| UNCHANGED), UNCHANGED);
    assert_eq!(items, table(&[(1, 11)]));
}

#[test]
fn update_may_change_the_key_and_takes_the_place_of_the_one_that_had_it() {
    let mut items = table(&[(1, 10), (2, 20), (3, 30)]);
    assert_eq!(items.update_one(&1, |item| item.id = 3), CHANGED);
    assert_eq!(items, table(&[(3, 10), (2, 20)]));
    let mut items = by_size(&[(1, 10), (2, 20), (3, 30)]);
    items.update_one(&1, |item| *item = self::item(3, 25));
    assert_eq!(ids(&items), [2, 3]);
}

#[test]
fn several_updates_of_one_key_are_made_before_its_key_is_looked_at() {
    let mut items = table(&[(1, 10), (2, 20)]);
    type Change = fn(&mut Item);
    let changes: [(u8, Change); 3] =
        [(1, |item| item.id = 5), (2, |item| item.size = 0), (1, |item| item.size = 50)];
    assert_eq!(items.update_many(changes), CHANGED);
    assert_eq!(items, table(&[(5, 50), (2, 0)]));
    assert_eq!(items.update_all(|item| if item.size == 0 { CHANGED } else { UNCHANGED }), CHANGED);
    assert_eq!(items.update_all(|_| UNCHANGED), UNCHANGED);
}

#[test]
fn remove_by_key_by_keys_by_predicate_and_all() {
    let mut items = table(&[(1, 10), (2, 20), (3, 30), (4, 40), (5, 50)]);
    assert_eq!(items.remove_one(&9), UNCHANGED);
    assert_eq!(items.remove_one(&1), CHANGED);
    assert_eq!(items.remove_many(&[2, 9]), CHANGED);
    assert_eq!(items.remove_where(|item| item.size == 40), CHANGED);
    assert_eq!(items.remove_where(|_| false), UNCHANGED);
    assert_eq!(items.take(&5), Some(item(5, 50)));
    assert_eq!(items, table(&[(3, 30)]));
    assert_eq!((items.remove_all(), items.remove_all()), (CHANGED, UNCHANGED));
    assert!(items.is_empty());
}

#[test]
fn selectors_of_ids_entities_all_total_by_id_and_by_ids() {
    let items = by_size(&[(1, 30), (2, 20), (3, 10)]);
    assert_eq!(ids(&items), [3, 2, 1]);
    assert_eq!(items.iter().map(|item| item.size).collect::<Vec<_>>(), [10, 20, 30]);
    assert_eq!((items.len(), items.get(&2), items.get(&9)), (3, Some(&item(2, 20)), None));
    let some: Vec<_> = items.get_many(&[1, 9, 3]).map(|item| item.id).collect();
    assert_eq!(some, [1, 3]);
    assert_eq!((items.at(1), items.index_of(&1)), (Some(&item(2, 20)), Some(2)));
    assert_eq!(items.iter_from(1).len(), 2);
}

#[test]
fn equal_ones_of_a_sorted_table_are_in_the_order_in_which_they_came() {
    let mut items = by_size(&[(3, 1), (1, 1), (2, 1)]);
    assert_eq!(ids(&items), [3, 1, 2]);
    items.update_one(&3, |item| item.note = "changed");
    assert_eq!(ids(&items), [3, 1, 2]);
    items.update_one(&3, |item| item.size = 2);
    items.update_one(&3, |item| item.size = 1);
    assert_eq!(ids(&items), [3, 1, 2]);
}

#[test]
fn a_comparison_that_contradicts_itself_loses_nothing() {
    let mut items = Entities::sorted_by(|a: &Item, b: &Item| {
        if (a.id ^ b.id) & 1 == 0 { std::cmp::Ordering::Less } else { std::cmp::Ordering::Greater }
    });
    items.add_many((0..100).map(|id| item(id, 0)));
    for id in 0..100 {
        items.update_one(&id, |item| item.size = 1);
    }
    assert_eq!((items.len(), items.iter().count()), (100, 100));
    for id in 0..100 {
        assert_eq!(items.remove_one(&id), CHANGED);
    }
    assert_eq!((items.len(), items.iter().count()), (0, 0));
}

#[test]
fn pairs_and_shared_entities_are_entities() {
    let mut scores: Entities<(&str, u32)> = Entities::new();
    scores.add_one(("Ada", 1));
    assert_eq!(scores.get(&"Ada"), Some(&("Ada", 1)));
    let mut shared = Entities::new();
    shared.add_one(std::sync::Arc::new(item(1, 2)));
    assert_eq!(shared.get(&1).map(|item| item.size), Some(2));
}

#[test]
fn older_versions_stay_as_they_were() {
    let mut items = by_size(&[(1, 10), (2, 20)]);
    let before = items.clone();
    items.update_one(&1, |item| item.size = 30);
    items.add_one(item(3, 5));
    assert_eq!((ids(&before), ids(&items)), (vec![1, 2], vec![3, 2, 1]));
    assert_eq!(before.get(&1), Some(&item(1, 10)));
}

/// What is done to a table.
#[derive(Debug, Clone)]
enum Step {
    Add(u8, i32),
    Set(u8, i32),
    SetAll(Vec<(u8, i32)>),
    Upsert(u8, i32),
    Update(u8, i32),
    Rename(u8, u8),
    Remove(u8),
    RemoveLarger(i32),
    Clear,
    Keep,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let (id, size) = (0_u8..24, -5_i32..5);
    let step = prop_oneof![
        6 => (id.clone(), size.clone()).prop_map(|(id, size)| Step::Add(id, size)),
        3 => (id.clone(), size.clone()).prop_map(|(id, size)| Step::Set(id, size)),
        1 => prop::collection::vec((id.clone(), size.clone()), 0..12).prop_map(Step::SetAll),
        3 => (id.clone(), size.clone()).prop_map(|(id, size)| Step::Upsert(id, size)),
        6 => (id.clone(), size.clone()).prop_map(|(id, size)| Step::Update(id, size)),
        2 => (id.clone(), id.clone()).prop_map(|(old, new)| Step::Rename(old, new)),
        4 => id.prop_map(Step::Remove),
        1 => size.prop_map(Step::RemoveLarger),
        1 => Just(Step::Clear),
        2 => Just(Step::Keep),
    ];
    prop::collection::vec(step, 0..80)
}

/// A vector, which is sorted after each step.
#[derive(Debug, Clone)]
struct Naive {
    items: Vec<(u64, Item)>,
    next: u64,
    sorted: bool,
}

impl Naive {
    fn find(&self, id: u8) -> Option<usize> {
        self.items.iter().position(|(_, item)| item.id == id)
    }

    fn push(&mut self, item: Item) {
        self.items.push((self.next, item));
        self.next += 1;
    }

    fn add_or(&mut self, id: u8, size: i32, there: impl FnOnce(&mut Item)) {
        match self.find(id) {
            Some(index) => there(&mut self.items[index].1),
            None => self.push(item(id, size)),
        }
    }

    fn step(&mut self, step: &Step) {
        match *step {
            Step::Add(id, size) => self.add_or(id, size, |_| ()),
            Step::Set(id, size) => self.add_or(id, size, |there| there.size = size),
            Step::Upsert(id, size) => self.add_or(id, size, |there| there.size += size),
            Step::Update(id, size) => {
                if let Some(index) = self.find(id) {
                    self.items[index].1.size = size;
                }
            }
            Step::Rename(old, new) => {
                if let Some(index) = self.find(old)
                    && old != new
                {
                    let (rank, renamed) = self.items.remove(index);
                    self.items.retain(|(_, item)| item.id != new);
                    self.items.push((rank, Item { id: new, ..renamed }));
                }
            }
            Step::Remove(id) => self.items.retain(|(_, item)| item.id != id),
            Step::RemoveLarger(size) => self.items.retain(|(_, item)| item.size <= size),
            Step::Clear => self.items.clear(),
            Step::SetAll(ref all) => {
                (self.items, self.next) = (Vec::new(), 0);
                for (id, size) in all {
                    self.add_or(*id, *size, |there| there.size = *size);
                }
            }
            Step::Keep => {}
        }
        if self.sorted {
            self.items.sort_by_key(|(rank, item)| (item.size, *rank));
        } else {
            self.items.sort_by_key(|(rank, _)| *rank);
        }
    }

    fn list(&self) -> Vec<Item> {
        self.items.iter().map(|(_, item)| item.clone()).collect()
    }
}

fn do_step(items: &mut Entities<Item>, step: &Step) -> Update {
    match *step {
        Step::Add(id, size) => items.add_one(item(id, size)),
        Step::Set(id, size) => items.set_one(item(id, size)),
        Step::SetAll(ref all) => items.set_all(all.iter().map(|(id, size)| item(*id, *size))),
        Step::Upsert(id, size) => {
            items.upsert_one(item(id, size), |there, new| there.size += new.size)
        }
        Step::Update(id, size) => items.update_one(&id, |item| item.size = size),
        Step::Rename(old, new) => items.update_one(&old, |item| item.id = new),
        Step::Remove(id) => items.remove_one(&id),
        Step::RemoveLarger(size) => items.remove_where(|item| item.size > size),
        Step::Clear => items.remove_all(),
        Step::Keep => UNCHANGED,
    }
}

mod in_a_store {
    //! The same steps as actions, with views of single entities and of the list.

    use super::{Item, Naive, Step, do_step, steps};
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
        let store = store(super::table(&[(1, 10), (2, 20)]));
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
        let store = store(super::table(&[(1, 10), (2, 20)]));
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
        let store = store(super::table(&[(1, 10)]));
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
        let store = store(super::table(&[(1, 10), (2, 20)]));
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
        let store = store(super::table(&[(1, 10)]));
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
        let store = store(super::table(&[(1, 10)]));
        let cells = store.core().cell_count();
        let size = store.entity_selector(&ITEMS, |item| item.size);
        store.get(size.at(&1));
        store.read(&SHELF, move |_| drop(size));
        assert_eq!(store.core().cell_count(), cells);
    }

    #[test]
    fn the_first_reader_of_diffs_has_no_view_run_again() {
        let store = store(super::table(&[(1, 10), (2, 20)]));
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
        assert_eq!(rows, [super::item(1, 11), super::item(2, 20)]);
    }

    #[test]
    fn diffs_tell_what_a_dispatch_did_to_the_rows() {
        let store = store(super::by_size(&[(1, 10), (2, 20), (3, 30)]));
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

    fn run(sorted: bool, atomic: bool, steps: &[Step]) {
        let empty = || if sorted { super::by_size(&[]) } else { Entities::new() };
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
}

proptest! {
    #[test]
    fn random_operations_give_what_a_naive_table_gives(sorted in any::<bool>(), steps in steps()) {
        let mut items = if sorted { by_size(&[]) } else { Entities::new() };
        let mut naive = Naive { items: Vec::new(), next: 0, sorted };
        let mut versions = Vec::new();
        for step in &steps {
            let before = naive.list();
            let update = do_step(&mut items, step);
            naive.step(step);
            if update == UNCHANGED {
                prop_assert_eq!(&before, &naive.list());
            }
            prop_assert_eq!(items.iter().cloned().collect::<Vec<_>>(), naive.list());
            versions.push((items.clone(), naive.list()));
        }
        for (items, list) in &versions {
            prop_assert_eq!(&items.iter().cloned().collect::<Vec<_>>(), list);
            for (others, other_list) in &versions {
                prop_assert_eq!(items == others, list == other_list);
            }
        }
    }
}
