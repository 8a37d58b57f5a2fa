//! Things to do, with undo: `cargo run -p trine-examples --example atoms_todo_undo`.
//!
//! What the user does are actions; a history remembers, per action, what they did to the atoms that it was told of. So one undo takes
//! back all that one action has done, in one commit, and what was typed meanwhile, which is not among those atoms, stays.

use trine_atoms::{Action, Atom, HistoryDepth, Store, synergy};
use trine_core::test::Log;

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Todo {
    title: String,
    pub(crate) done: bool,
}

pub(crate) static TODOS: Atom<Vec<Todo>> = Atom::new("todos", Vec::new);
pub(crate) static DONE: Atom<usize> = Atom::new("done", || 0);
pub(crate) static INPUT: Atom<String> = Atom::new("input", String::new);

/// What the user can do.
pub(crate) struct Actions {
    pub(crate) add: Action<(), Result<(), &'static str>>,
    pub(crate) toggle: Action<usize>,
    pub(crate) sweep: Action<(), usize>,
}

impl Actions {
    pub(crate) fn new() -> Self {
        Self {
            add: synergy((&TODOS, &INPUT)).try_action(|(mut todos, mut input), ()| {
                if input.trim().is_empty() {
                    return Err("nothing to do?");
                }
                todos.push(Todo { title: std::mem::take(&mut *input), done: false });
                Ok(())
            }),
            toggle: synergy((&TODOS, &DONE)).action(|(mut todos, mut done), at: usize| {
                todos[at].done ^= true;
                *done = todos.iter().filter(|todo| todo.done).count();
            }),
            sweep: synergy((&TODOS, &DONE)).action(|(mut todos, mut done), ()| {
                todos.retain(|todo| !todo.done);
                std::mem::take(&mut *done)
            }),
        }
    }
}

fn main() {
    let (store, log) = (Store::new(), Log::new());
    let Actions { add, toggle, sweep } = Actions::new();
    let history = synergy((&TODOS, &DONE)).history(&store).limit(100);

    // What the screen shows, and its two buttons.
    let view = synergy((&TODOS, &DONE)).select("view", |(todos, done)| {
        let titles = todos.iter().map(|todo| todo.title.as_str()).collect::<Vec<_>>();
        format!("{} ({done} done)", titles.join(", "))
    });
    let screen = log.clone();
    let _view = view.subscribe(&store, move |view| {
        println!("{view}");
        screen.note(view);
    });
    let buttons = || {
        let HistoryDepth { undo, redo, .. } = store.get(history.depth());
        (undo, redo)
    };

    for title in ["wash up", "cook"] {
        INPUT.set(&store, title.to_owned());
        add.run(&store, ()).expect("something to do");
    }
    assert_eq!(add.run(&store, ()), Err("nothing to do?")); // changes nothing, and is no step
    toggle.run(&store, 0);
    assert_eq!(sweep.run(&store, ()), 1);
    assert_eq!(buttons(), (4, 0));
    log.is([
        "wash up (0 done)",
        "wash up, cook (0 done)",
        "wash up, cook (1 done)",
        "cook (0 done)",
    ]);

    // One undo for all that the sweep has done. What is being typed stays.
    INPUT.set(&store, "swe".to_owned());
    assert!(history.undo().expect("the store is there"));
    assert!(history.undo().expect("the store is there"));
    assert_eq!(INPUT.get(&store), "swe");
    assert_eq!(buttons(), (2, 2));
    log.is(["wash up, cook (1 done)", "wash up, cook (0 done)"]);

    // And forth again, until something else is done.
    assert!(history.redo().expect("the store is there"));
    assert_eq!(buttons(), (3, 1));
    INPUT.set(&store, "sweep".to_owned());
    add.run(&store, ()).expect("something to do");
    assert_eq!(buttons(), (4, 0));
    assert!(!history.redo().expect("the store is there"), "that future is gone");
    log.is(["wash up, cook (1 done)", "wash up, cook, sweep (1 done)"]);
}

#[test]
fn the_list_behaves_as_it_says() {
    main();
}
