//! Entities, operation by operation, and against a naive table (reference 3.4).

mod in_a_store;
mod model;
mod operations;

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
