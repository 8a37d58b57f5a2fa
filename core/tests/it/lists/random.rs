//! Random edits, read at random times through every view, held against an oracle that computes all anew.

use super::{capacity, follow, follow_view};
use proptest::prelude::*;
use std::panic::{AssertUnwindSafe, catch_unwind};
use trine_core::{ListAdapter, ListDiff, ListEdit, ListFilter, ListMap, ListSort, Store};

/// A change; places are taken modulo what is there.
#[derive(Debug, Clone)]
enum Change {
    Push(u8),
    Insert(usize, u8),
    Remove(usize),
    Move(usize, usize),
    Swap(usize, usize),
    Set(usize, u8),
    Update(usize, u8),
    Truncate(usize),
    Retain(u8),
    Reset(Vec<u8>),
}

#[derive(Debug, Clone)]
enum Step {
    Edit(Vec<Change>),
    /// In a transaction: changes, others in a nested one that is kept or not; committed or not.
    Transaction(Vec<Change>, Vec<Change>, bool, bool),
    /// Several edits as one commit.
    Updates(Vec<Change>, Vec<Change>),
    /// A panic after these changes, and a repair.
    Tear(Vec<Change>),
    /// The readers with this number read.
    Read(usize),
}

/// An element: its value, and which element it is.
type Item = (u8, u32);

fn apply(list: &mut ListEdit<'_, Item>, model: &mut Vec<Item>, next: &mut u32, change: &Change) {
    let mut new = |value| {
        *next += 1;
        (value, *next)
    };
    let len = model.len();
    match *change {
        Change::Push(value) => {
            let item = new(value);
            list.push(item);
            model.push(item);
        }
        Change::Insert(index, value) => {
            let (index, item) = (index % (len + 1), new(value));
            list.insert(index, item);
            model.insert(index, item);
        }
        Change::Reset(ref values) => {
            let items: Vec<_> = values.iter().map(|&value| new(value)).collect();
            list.reset(items.clone());
            *model = items;
        }
        Change::Truncate(to) => {
            let to = len.saturating_sub(to);
            list.truncate(to);
            model.truncate(to);
        }
        Change::Retain(modulus) => {
            list.retain(|item| !item.0.is_multiple_of(modulus));
            model.retain(|item| !item.0.is_multiple_of(modulus));
        }
        _ if len == 0 => assert_eq!(list.pop(), None),
        Change::Remove(index) => {
            let removed = model.remove(index % len);
            assert_eq!(list.remove(index % len), removed);
        }
        Change::Move(from, to) => {
            list.move_item(from % len, to % len);
            let item = model.remove(from % len);
            model.insert(to % len, item);
        }
        Change::Swap(a, b) => {
            list.swap(a % len, b % len);
            model.swap(a % len, b % len);
        }
        Change::Set(index, value) => {
            let item = new(value);
            list.set(index % len, item);
            model[index % len] = item;
        }
        Change::Update(index, value) => {
            list.update(index % len, |item| item.0 = value);
            model[index % len].0 = value;
        }
    }
    assert_eq!(&**list, &model[..]);
}

fn changes() -> impl Strategy<Value = Vec<Change>> {
    let value = || 0..20_u8;
    let change = prop_oneof![
        4 => value().prop_map(Change::Push),
        4 => (any::<usize>(), value()).prop_map(|(index, value)| Change::Insert(index, value)),
        2 => any::<usize>().prop_map(Change::Remove),
        2 => any::<(usize, usize)>().prop_map(|(from, to)| Change::Move(from, to)),
        2 => any::<(usize, usize)>().prop_map(|(a, b)| Change::Swap(a, b)),
        2 => (any::<usize>(), value()).prop_map(|(index, value)| Change::Set(index, value)),
        2 => (any::<usize>(), value()).prop_map(|(index, value)| Change::Update(index, value)),
        1 => (0..6_usize).prop_map(Change::Truncate),
        1 => (2..7_u8).prop_map(Change::Retain),
        1 => prop::collection::vec(value(), 0..12).prop_map(Change::Reset),
    ];
    prop::collection::vec(change, 0..6)
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        6 => changes().prop_map(Step::Edit),
        3 => (changes(), changes(), any::<bool>(), any::<bool>())
            .prop_map(|(outer, inner, keep, commit)| Step::Transaction(outer, inner, keep, commit)),
        1 => (changes(), changes()).prop_map(|(first, second)| Step::Updates(first, second)),
        1 => changes().prop_map(Step::Tear),
        4 => (0..3_usize).prop_map(Step::Read),
    ];
    prop::collection::vec(step, 1..30)
}

fn keep(item: &Item) -> bool {
    !item.0.is_multiple_of(3)
}

fn shorten(item: Item) -> Item {
    (item.0 / 4, item.1)
}

fn order(a: &Item, b: &Item) -> std::cmp::Ordering {
    b.0.cmp(&a.0)
}

fn sorted(mut items: Vec<Item>) -> Vec<Item> {
    items.sort_by(order);
    items
}

proptest! {
    #[test]
    fn every_reader_and_every_view_shows_the_list_whenever_it_has_read(
        initial in prop::collection::vec(0..20_u8, 0..10),
        steps in steps(),
        small in 1..4_usize,
    ) {
        let mut next = 0;
        let mut model: Vec<Item> = Vec::new();
        for value in initial {
            next += 1;
            model.push((value, next));
        }
        let store = Store::new();
        let list = store.list(model.clone());
        let diffs = |batches| store.diffs(list, capacity(batches));
        let (mut all, mut all_shown) = (diffs(1_000), Vec::new());
        let (mut lagging, mut lagging_shown) = (diffs(small), Vec::new());
        let (mut filtered, mut filtered_shown) = (diffs(1_000).filter(keep), Vec::new());
        let (mut mapped, mut mapped_shown) = (diffs(small).map(shorten), Vec::new());
        let (mut ordered, mut ordered_shown) = (diffs(1_000).sort_by(order), Vec::new());
        let (mut composed, mut composed_shown) =
            (diffs(small).map(shorten).sort_by(order).filter(keep), Vec::new());
        let (mut other, mut other_shown) =
            (diffs(1_000).filter(keep).sort_by(order).sort_by(|a, b| a.1.cmp(&b.1)), Vec::new());

        for step in steps.iter().chain([&Step::Read(0), &Step::Read(1), &Step::Read(2)]) {
            let (before, mut now) = (store.last_commit(), model.clone());
            let mut run = |list: &mut ListEdit<'_, Item>, now: &mut Vec<Item>, changes: &[Change]| {
                changes.iter().for_each(|change| apply(list, now, &mut next, change));
            };
            match step {
                Step::Edit(changes) => store.edit(list, |list| run(list, &mut now, changes)),
                Step::Transaction(outer, inner, keep, commit) => {
                    let done = store.transaction(|tx| {
                        tx.edit(list, |list| run(list, &mut now, outer));
                        let mut nested = now.clone();
                        let kept = tx.transaction(|tx| {
                            for change in inner {
                                tx.edit(list, |list| run(list, &mut nested, std::slice::from_ref(change)));
                            }
                            if *keep { Ok(()) } else { Err(()) }
                        });
                        if kept.is_ok() {
                            now = nested;
                        }
                        assert_eq!(tx.get(list), now);
                        tx.edit(list, |list| run(list, &mut now, inner));
                        if *commit { Ok(()) } else { Err(()) }
                    });
                    if done.is_err() {
                        now = model.clone();
                        prop_assert_eq!(store.last_commit(), before);
                    }
                }
                Step::Updates(first, second) => {
                    store.updates(|updates| {
                        updates.edit(list, |list| run(list, &mut now, first)).unwrap();
                        updates.edit(list, |list| run(list, &mut now, second)).unwrap();
                    });
                }
                Step::Tear(changes) => {
                    let torn = catch_unwind(AssertUnwindSafe(|| store.edit(list, |list| {
                        run(list, &mut now, changes);
                        std::panic::resume_unwind(Box::new(()));
                    })));
                    prop_assert!(torn.is_err());
                    store.recover_list(list, |list| run(list, &mut now, changes));
                }
                Step::Read(0) => {
                    follow(&mut all, &mut all_shown);
                    prop_assert_eq!(&all_shown, &model);
                    follow_view(&mut composed, &mut composed_shown);
                    let mut expected = sorted(model.iter().copied().map(shorten).collect());
                    expected.retain(keep);
                    prop_assert_eq!(&composed_shown, &expected);
                }
                Step::Read(1) => {
                    prop_assert!(lagging.len() <= small);
                    follow(&mut lagging, &mut lagging_shown);
                    prop_assert_eq!(&lagging_shown, &model);
                    follow_view(&mut ordered, &mut ordered_shown);
                    prop_assert_eq!(&ordered_shown, &sorted(model.clone()));
                }
                Step::Read(_) => {
                    follow_view(&mut filtered, &mut filtered_shown);
                    let kept: Vec<Item> = model.iter().copied().filter(keep).collect();
                    prop_assert_eq!(&filtered_shown, &kept);
                    follow_view(&mut mapped, &mut mapped_shown);
                    let all: Vec<Item> = model.iter().copied().map(shorten).collect();
                    prop_assert_eq!(&mapped_shown, &all);
                    follow_view(&mut other, &mut other_shown);
                    let mut expected = kept;
                    expected.sort_by_key(|item| item.1);
                    prop_assert_eq!(&other_shown, &expected);
                }
            }
            model = now;
            prop_assert_eq!(&store.get(list), &model);
        }
    }

    #[test]
    fn a_view_is_right_after_each_single_diff(edits in prop::collection::vec(changes(), 1..30)) {
        let (store, mut next, mut model) = (Store::new(), 0, Vec::new());
        let list = store.list(Vec::new());
        let mut source = store.diffs(list, capacity(1_000));
        for changes in &edits {
            store.edit(list, |list| {
                changes.iter().for_each(|change| apply(list, &mut model, &mut next, change));
            });
        }
        let mut filter = ListFilter::new(keep);
        let mut sort = ListSort::new(order);
        let mut both = ListSort::new(order).then(ListFilter::new(keep)).then(ListMap::new(shorten));
        let (mut items, mut kept, mut ordered, mut last): (Vec<Item>, Vec<Item>, Vec<Item>, Vec<Item>) =
            Default::default();
        let tell = |view: Vec<ListDiff<Item>>, shown: &mut Vec<Item>| {
            view.into_iter().for_each(|diff| diff.apply(shown));
        };
        while let Some(batch) = source.try_next() {
            for diff in batch {
                tell(filter.apply(diff.clone()), &mut kept);
                tell(sort.apply(diff.clone()), &mut ordered);
                tell(both.apply(diff.clone()), &mut last);
                diff.apply(&mut items);
                prop_assert_eq!(&kept, &items.iter().copied().filter(keep).collect::<Vec<_>>());
                prop_assert_eq!(&ordered, &sorted(items.clone()));
                let mut expected = ordered.clone();
                expected.retain(keep);
                prop_assert_eq!(&last, &expected.into_iter().map(shorten).collect::<Vec<_>>());
            }
        }
        prop_assert_eq!(items, model);
    }
}
