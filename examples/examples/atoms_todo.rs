//! A list of things to do, whose items are atoms of their own.
//!
//! `cargo run -p trine-examples --example atoms_todo`
//!
//! The list is one atom; `split` makes an atom of each item, found by its key however it moves, and told of only when the item
//! itself has changed. What the screen shows is a selector with a parameter. Which rows are unfolded is nobody's data: a
//! family, whose entries go when no row uses them.

use std::sync::{Arc, Mutex};
use trine_atoms::{Atom, AtomFamily, DerivedFamily, ListAtom, Store, WriteAtom};

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Todo {
    pub(crate) id: u32,
    title: String,
    pub(crate) done: bool,
}

/// What is to be shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Show {
    All,
    Done(bool),
}

pub(crate) static TODOS: ListAtom<Todo> = ListAtom::new("todos", Vec::new);
pub(crate) static INPUT: Atom<String> = Atom::new("input", String::new);
pub(crate) static NEXT: Atom<u32> = Atom::new("next id", || 1);
static UNFOLDED: AtomFamily<u32, bool> = AtomFamily::new("unfolded", |_| false);

/// Adds what was typed, in one commit: nobody sees the item added and the input still there. Nothing typed is refused.
pub(crate) static ADD: WriteAtom<(), Result<u32, &str>> = WriteAtom::try_new("add", |cx, ()| {
    let title = cx.get(&INPUT);
    cx.set(&INPUT, String::new());
    let id = cx.get(&NEXT);
    cx.set(&NEXT, id + 1);
    if title.trim().is_empty() {
        return Err("nothing to do?"); // and nothing of the above is left
    }
    cx.edit(&TODOS, |todos| todos.push(Todo { id, title, done: false }));
    Ok(id)
});

/// The titles that a filter lets through.
static TITLES: DerivedFamily<Show, Vec<String>> = DerivedFamily::new("titles", |cx, show| {
    cx.with_list(&TODOS, |todos| {
        let fits = |todo: &&Todo| match show {
            Show::All => true,
            Show::Done(done) => todo.done == *done,
        };
        todos.iter().filter(fits).map(|todo| todo.title.clone()).collect()
    })
});

fn main() {
    let store = Store::new();
    for title in ["wash up", "cook", "sweep"] {
        INPUT.set(&store, title.to_owned());
        ADD.set(&store, ()).expect("something to do");
    }
    INPUT.set(&store, "  ".to_owned());
    assert_eq!(ADD.set(&store, ()), Err("nothing to do?"));
    assert_eq!((INPUT.get(&store).as_str(), NEXT.get(&store)), ("  ", 4));

    // A row per item. Each counts how often it is drawn.
    let items = TODOS.split(|todo| todo.id);
    let drawn = Arc::new(Mutex::new(Vec::new()));
    let rows: Vec<_> = items
        .keys(&store)
        .into_iter()
        .map(|id| {
            let drawn = Arc::clone(&drawn);
            items.item(&store, id).subscribe(move |todo| {
                let title = todo.as_ref().map(|todo| todo.title.clone());
                drawn.lock().unwrap().push((id, title));
            })
        })
        .collect();
    let draws = || std::mem::take(&mut *drawn.lock().unwrap());

    // One item changes: its row is drawn, and no other one.
    let cook = items.item(&store, 2);
    cook.update(|todo| todo.title = "cook soup".to_owned()).expect("it is in the list");
    assert_eq!(draws(), [(2, Some("cook soup".to_owned()))]);

    // Items move without being drawn; they are the same items.
    assert!(items.move_to(&store, &2, 0));
    assert_eq!(items.keys(&store), [2, 1, 3]);
    assert_eq!(draws(), []);

    // Two filters at a time, each computed once per change, while somebody uses it.
    let (all, open) = (TITLES.entry(&store, Show::All), TITLES.entry(&store, Show::Done(false)));
    cook.update(|todo| todo.done = true).expect("it is in the list");
    assert_eq!(*all.read(), ["cook soup", "wash up", "sweep"]);
    assert_eq!(*open.read(), ["wash up", "sweep"]);
    assert_eq!(*TITLES.entry(&store, Show::Done(true)).read(), ["cook soup"]);
    assert_eq!(TITLES.len(&store), 2, "that one has gone again");

    // What is only the screen's: unfolded for as long as a row holds it.
    let unfolded = UNFOLDED.entry(&store, 2);
    unfolded.set(true);
    assert_eq!(UNFOLDED.keys(&store), [2]);
    drop(unfolded);
    assert!(UNFOLDED.is_empty(&store));

    // An item that is removed says so to whoever still holds it.
    draws();
    items.remove(&store, &2);
    assert_eq!(draws(), [(2, None)]);
    let error = cook.update(|todo| todo.done = false).expect_err("it was removed");
    println!("{error}");
    println!("left to do: {}", open.read().join(", "));
    drop(rows);
}

#[test]
fn the_list_behaves_as_it_says() {
    main();
}
