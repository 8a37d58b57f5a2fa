//! Each operation and selector of the original's adapter, on a table by itself.

use super::{CHANGED, Item, UNCHANGED, by_size, ids, item, table};
use trine_thunks::Entities;

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
