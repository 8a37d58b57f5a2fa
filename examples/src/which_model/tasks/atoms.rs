//! With atoms and synergies.

use std::convert::Infallible;

use trine_atoms::{Atom, MemoryStorage, Store, Stored, synergy};

/// The actions stay as they are: a history remembers, per action, what it has done to the atoms that it was told of.
pub fn undo() -> Vec<&'static str> {
    static TODOS: Atom<Vec<&str>> = Atom::new("todos", Vec::new);

    let store = Store::new();
    let add = synergy(&TODOS).action(|mut todos, title: &'static str| todos.push(title));
    let history = synergy(&TODOS).history(&store).limit(100);

    add.run(&store, "wash up");
    add.run(&store, "cook");
    history.undo().expect("the store is there");
    TODOS.get(&store)
}

/// Each tab binds the atom to what they share, and follows it.
pub fn two_tabs() -> [[&'static str; 2]; 2] {
    static THEME: Atom<&str> = Atom::new("theme", || "");

    let shared = MemoryStorage::new();
    let stored =
        || Stored::new(&THEME, |theme| theme.to_string(), |text| Ok::<_, Infallible>(known(text)));
    let (one, other) = (Store::new(), Store::new());
    let _follow_each_other = [
        stored().bind(&one, &shared).expect("nothing is stored yet"),
        stored().bind(&other, &shared).expect("nothing is stored yet"),
    ];

    let shown = || [THEME.get(&one), THEME.get(&other)];
    THEME.set(&one, "dark");
    let first = shown();
    THEME.set(&other, "light");
    [first, shown()]
}

fn known(text: &str) -> &'static str {
    ["dark", "light"].into_iter().find(|theme| *theme == text).unwrap_or_default()
}
