//! A naive table, and random operations on both.

use super::{Item, UNCHANGED, by_size, item};
use proptest::prelude::*;
use trine_core::Update;
use trine_thunks::Entities;

/// What is done to a table.
#[derive(Debug, Clone)]
pub(super) enum Step {
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

pub(super) fn steps() -> impl Strategy<Value = Vec<Step>> {
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
pub(super) struct Naive {
    pub(super) items: Vec<(u64, Item)>,
    pub(super) next: u64,
    pub(super) sorted: bool,
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

    pub(super) fn step(&mut self, step: &Step) {
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

    pub(super) fn list(&self) -> Vec<Item> {
        self.items.iter().map(|(_, item)| item.clone()).collect()
    }
}

pub(super) fn do_step(items: &mut Entities<Item>, step: &Step) -> Update {
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
