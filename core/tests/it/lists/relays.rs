//! Diffs of a list that is kept elsewhere: readers cannot tell the difference.

use super::{Counter, capacity, follow};
use proptest::prelude::*;
use std::panic::{AssertUnwindSafe, catch_unwind};
use trine_core::{ListContent, ListDiff, ListDiffs, ListRelay, Source, Store, Updates};

/// A vector in a plain cell, and the relay of its diffs.
struct Shelf {
    store: Store,
    items: Source<Vec<u32>>,
    relay: ListRelay<u32>,
    /// Counts how often the content is made.
    made: Counter,
}

impl Shelf {
    fn new(items: &[u32]) -> Self {
        let store = Store::new();
        let (items, relay) = (store.source(items.to_vec()), store.cell("shelf").list_relay());
        Self { store, items, relay, made: Counter::default() }
    }

    fn updates<R>(&self, body: impl FnOnce(&mut Updates<'_>) -> R) -> R {
        self.store.updates(body).0
    }

    /// Does these to the vector, and tells them, in one commit and several calls.
    fn change(&self, diffs: &[ListDiff<u32>]) {
        self.updates(|cells| {
            for diff in diffs {
                let mut now = Vec::new();
                let change = |items: &mut Vec<u32>| {
                    diff.clone().apply(items);
                    now.clone_from(items);
                };
                cells.update(self.items, change).unwrap();
                let content = || {
                    self.made.add();
                    now
                };
                match diff {
                    ListDiff::Reset { .. } => cells.relay_reset(self.relay, content),
                    diff => cells.relay(self.relay, [diff.clone()], content),
                }
                .unwrap();
            }
        });
    }

    fn read(&self, batches: usize) -> ListDiffs<u32> {
        self.updates(|cells| {
            let now = cells.get(self.items).unwrap();
            cells.relayed_diffs(self.relay, now, capacity(batches)).unwrap()
        })
    }
}

fn push(value: u32) -> ListDiff<u32> {
    ListDiff::Push { value }
}

#[test]
fn a_reader_begins_with_the_content_and_hears_one_batch_per_commit() {
    let shelf = Shelf::new(&[1]);
    let mut diffs = shelf.read(4);
    shelf.change(&[push(2), ListDiff::Move { from: 0, to: 1 }]);
    shelf.change(&[push(3)]);
    assert_eq!(diffs.try_next().unwrap(), [ListDiff::Reset { values: vec![1] }]);
    assert_eq!(diffs.try_next().unwrap(), [push(2), ListDiff::Move { from: 0, to: 1 }]);
    assert_eq!(diffs.try_next().unwrap(), [push(3)]);
    assert!(diffs.try_next().is_none());
}

#[test]
fn the_content_is_made_only_for_readers_that_lag_behind() {
    let shelf = Shelf::new(&[]);
    shelf.change(&[push(1)]);
    let mut diffs = shelf.read(2);
    let mut mirror = Vec::new();
    for value in 2..10 {
        follow(&mut diffs, &mut mirror);
        shelf.change(&[push(value)]);
    }
    assert_eq!(shelf.made.take(), 0);
    shelf.change(&[push(10)]);
    shelf.change(&[push(11)]);
    shelf.change(&[push(12)]);
    assert_eq!(shelf.made.take(), 2);
    assert_eq!(diffs.len(), 1);
    follow(&mut diffs, &mut mirror);
    assert_eq!(mirror, (1..=12).collect::<Vec<_>>());
    drop(diffs);
    assert!(!shelf.updates(|cells| cells.is_relayed(shelf.relay)));
    let commits = shelf.store.last_commit();
    shelf.updates(|cells| cells.relay(shelf.relay, [push(13)], Vec::new)).unwrap();
    assert_eq!(shelf.store.last_commit(), commits, "nobody reads: there is nothing to tell");
}

#[test]
fn who_joins_amid_updates_begins_with_what_they_have_done() {
    let shelf = Shelf::new(&[]);
    let mut early = shelf.read(8);
    let mut late = shelf.updates(|cells| {
        cells.update(shelf.items, |items| items.push(1)).unwrap();
        cells.relay(shelf.relay, [push(1)], || vec![1]).unwrap();
        let late = cells.relayed_diffs(shelf.relay, vec![1], capacity(8)).unwrap();
        cells.update(shelf.items, |items| items.push(2)).unwrap();
        cells.relay(shelf.relay, [push(2)], || vec![1, 2]).unwrap();
        late
    });
    shelf.change(&[push(3)]);
    for diffs in [&mut early, &mut late] {
        let mut mirror = Vec::new();
        follow(diffs, &mut mirror);
        assert_eq!(mirror, [1, 2, 3]);
    }
}

#[test]
fn elements_that_cannot_be_made_are_made_anew_after_the_next_commit() {
    struct Bomb;
    impl ListContent<u32> for Bomb {
        fn elements(&self) -> Vec<u32> {
            panic!("not now")
        }
    }
    let shelf = Shelf::new(&[1]);
    let mut diffs =
        shelf.updates(|cells| cells.relayed_diffs(shelf.relay, Bomb, capacity(4))).unwrap();
    assert!(catch_unwind(AssertUnwindSafe(|| diffs.try_next())).is_err());
    assert!(diffs.try_next().is_none());
    shelf.change(&[push(2)]);
    assert_eq!(diffs.try_next().unwrap(), [ListDiff::Reset { values: vec![1, 2] }]);
}

#[test]
fn content_that_panics_when_it_is_made_or_iterated_loses_nothing_that_was_told_before() {
    let shelf = Shelf::new(&[]);
    let mut diffs = shelf.read(1);
    let told = catch_unwind(AssertUnwindSafe(|| {
        shelf.updates(|cells| {
            cells.update(shelf.items, |items| items.push(1)).unwrap();
            cells.relay(shelf.relay, [push(1)], || vec![1]).unwrap();
            let broken = (0..2).map(|n| if n == 0 { push(2) } else { panic!("half way") });
            cells.relay(shelf.relay, broken, || vec![1, 2]).unwrap();
        });
    }));
    assert!(told.is_err());
    let told = catch_unwind(AssertUnwindSafe(|| {
        shelf.updates(|cells| {
            cells.relay(shelf.relay, [push(2)], || -> Vec<u32> { panic!("no content") }).unwrap();
        });
    }));
    assert!(told.is_err());
    let mut mirror = Vec::new();
    follow(&mut diffs, &mut mirror);
    assert_eq!(mirror, [1]);
    shelf.change(&[push(2)]);
    follow(&mut diffs, &mut mirror);
    assert_eq!(mirror, [1, 2]);
}

#[test]
fn elements_are_made_outside_of_every_lock_and_may_use_the_store() {
    struct Asks(Store, Source<Vec<u32>>);
    impl ListContent<u32> for Asks {
        fn elements(&self) -> Vec<u32> {
            self.0.update(self.1, |items| items.push(7));
            self.0.get(self.1)
        }
    }
    let shelf = Shelf::new(&[1]);
    let asks = Asks(shelf.store.clone(), shelf.items);
    let mut diffs =
        shelf.updates(|cells| cells.relayed_diffs(shelf.relay, asks, capacity(4))).unwrap();
    assert_eq!(diffs.try_next().unwrap(), [ListDiff::Reset { values: vec![1, 7] }]);
}

#[test]
fn a_relay_that_is_removed_ends_its_readers_and_is_an_error() {
    let shelf = Shelf::new(&[]);
    let mut diffs = shelf.read(4);
    shelf.change(&[push(1)]);
    shelf.store.remove(shelf.relay).unwrap();
    let mut mirror = Vec::new();
    follow(&mut diffs, &mut mirror);
    assert_eq!(mirror, [1], "what was told before is read");
    let again = shelf.updates(|cells| cells.relay(shelf.relay, [push(2)], Vec::new));
    assert!(again.unwrap_err().is_disposed());
}

fn diff() -> impl Strategy<Value = (u8, usize, usize)> {
    (0..6_u8, any::<usize>(), any::<usize>())
}

proptest! {
    #[test]
    fn readers_of_a_relay_find_what_readers_of_a_list_find(
        steps in prop::collection::vec((prop::collection::vec(diff(), 0..4), 0..4_usize), 0..40),
    ) {
        let shelf = Shelf::new(&[1, 2, 3]);
        let list = shelf.store.list([1, 2, 3]);
        let mut readers: Vec<_> = (1..4)
            .map(|batches| {
                let listed = shelf.store.diffs(list, capacity(batches));
                (shelf.read(batches), Vec::new(), listed, Vec::new())
            })
            .collect();
        let (mut model, mut next) = (vec![1, 2, 3], 10);
        for (changes, reader) in steps {
            let mut diffs = Vec::new();
            for (kind, a, b) in changes {
                let len = model.len();
                next += 1;
                let diff = match kind {
                    0 => ListDiff::Insert { index: a % (len + 1), value: next },
                    1 if len > 0 => ListDiff::Remove { index: a % len },
                    2 if len > 0 && a % len != b % len => ListDiff::Move { from: a % len, to: b % len },
                    3 if len > 0 => ListDiff::Set { index: a % len, value: next },
                    4 if a % 4 == 0 => ListDiff::Reset { values: vec![next; b % 5] },
                    _ => push(next),
                };
                diff.clone().apply(&mut model);
                diffs.push(diff);
            }
            shelf.change(&diffs);
            if !diffs.is_empty() {
                shelf.store.edit(list, |list| {
                    for diff in diffs {
                        match diff {
                            ListDiff::Push { value } => list.push(value),
                            ListDiff::Insert { index, value } => list.insert(index, value),
                            ListDiff::Remove { index } => _ = list.remove(index),
                            ListDiff::Move { from, to } => list.move_item(from, to),
                            ListDiff::Set { index, value } => list.set(index, value),
                            ListDiff::Reset { values } => list.reset(values),
                            ListDiff::Truncate { .. } | ListDiff::Clear => unreachable!(),
                        }
                    }
                });
            }
            if let Some((diffs, mirror, listed, other)) = readers.get_mut(reader) {
                prop_assert_eq!(diffs.len(), listed.len());
                while let Some(batch) = listed.try_next() {
                    let relayed = diffs.try_next();
                    prop_assert_eq!(relayed.as_ref(), Some(&batch));
                    for diff in batch {
                        diff.clone().apply(mirror);
                        diff.apply(other);
                    }
                }
                prop_assert!(diffs.try_next().is_none());
                prop_assert_eq!(&*mirror, &model);
            }
        }
    }
}
