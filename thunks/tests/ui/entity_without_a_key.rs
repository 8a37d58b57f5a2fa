//! Entities are known by a key.

use trine_thunks::Entities;

#[derive(Clone)]
struct Book {
    title: String,
}

fn main() {
    let mut books = Entities::new();
    books.add_one(Book { title: String::from("Emma") });
}
