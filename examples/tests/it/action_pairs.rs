//! Every pair of actions of the example programs, in every order in which they may go on, given up at every await point.
//!
//! The clock is a choice like the others. No pair loses an update: what is there in the end is what those that ended well
//! have written, one after the other.

#[path = "../../examples/atoms_optimistic_save.rs"]
#[allow(dead_code)]
mod atoms_optimistic_save;
#[path = "../../examples/atoms_search.rs"]
#[allow(dead_code)]
mod atoms_search;
#[path = "../../examples/atoms_todo.rs"]
#[allow(dead_code)]
mod atoms_todo;
#[path = "../../examples/atoms_todo_undo.rs"]
#[allow(dead_code)]
mod atoms_todo_undo;

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex},
};

use trine_atoms::{ActionRun, AsyncAction, BoxError, Store};
use trine_core::test::{Explored, Scene, explore, yield_now};
use trine_core::{OutcomeKind, RunStatus};

/// The calls of an action, as they began.
type Calls = Arc<Mutex<Vec<(&'static str, ActionRun<(), BoxError>)>>>;

/// Two users, each of whom calls the action once.
fn call(
    scene: &Scene,
    store: &Store,
    action: &AsyncAction<String>,
    pair: [&'static str; 2],
) -> Calls {
    let calls = Calls::default();
    for (user, text) in ["first", "second"].into_iter().zip(pair) {
        let (store, action, calls) = (store.clone(), action.clone(), Arc::clone(&calls));
        scene.spawn(user, async move {
            let run = action.run(&store, text.to_owned());
            calls.lock().unwrap().push((text, run));
        });
    }
    calls
}

/// Those that ended well, as they began.
fn well(calls: &Calls) -> Vec<&'static str> {
    let calls = calls.lock().unwrap();
    let well = RunStatus::Settled(OutcomeKind::Fulfilled);
    calls.iter().filter(|(_, run)| run.status() == well).map(|(text, _)| *text).collect()
}

/// Each with each, and with itself.
fn pairs<T: Copy>(of: &[T]) -> impl Iterator<Item = [T; 2]> {
    of.iter()
        .enumerate()
        .flat_map(|(at, &first)| of[at..].iter().map(move |&second| [first, second]))
}

fn all_of_them(what: &str, explored: Explored) {
    assert!(explored.exhaustive && explored.schedules > 1, "{what}: {explored:?}");
}

#[test]
fn of_the_search() {
    use atoms_search::{HITS, SEARCHING, Service, search};
    for pair in pairs(&["ada", "gr", "broken"]) {
        let explored = explore().cancellations(1).clock_steps(2).limit(20_000).check(|scene| {
            let store = scene.store();
            let calls =
                call(scene, &store, &search(Arc::new(Service { clock: scene.clock() })), pair);
            scene.finally(move || {
                assert!(store.runs().is_empty(), "something is still under way");
                assert!(!SEARCHING.get(&store));
                // A search replaces the ones that began before it.
                let shown: &[_] = match well(&calls).last() {
                    Some(&"ada") => &["ada"],
                    Some(&"gr") => &["grace"],
                    Some(other) => panic!("{other} was found"),
                    None => &[],
                };
                assert_eq!(HITS.get(&store), shown);
            });
        });
        all_of_them("search", explored);
    }
}

#[test]
fn of_the_optimistic_save() {
    use atoms_optimistic_save::{DOCUMENT, SAVING, Service, rename};
    for pair in pairs(&["plan", "list"]) {
        let ended_well = Arc::new(Mutex::new(BTreeSet::new()));
        let explored = explore().cancellations(1).limit(20_000).check(|scene| {
            let store = scene.store();
            let ended_well = Arc::clone(&ended_well);
            let service = Arc::new(Service::default());
            let calls = call(scene, &store, &rename(Arc::clone(&service)), pair);
            // It may give up, or come too late; then the time runs out.
            scene.spawn("service", async move {
                for revision in [2, 3] {
                    let asked: Vec<_> = std::mem::take(&mut *service.asked.lock().unwrap());
                    for asked in asked {
                        // Nobody waits any more for what was given up.
                        let _ = asked.send(Ok(revision));
                    }
                    yield_now().await;
                }
            });
            scene.finally(move || {
                assert!(store.runs().is_empty(), "something is still under way");
                assert!(!SAVING.get(&store));
                // One at a time, in order; what did not end well is taken back.
                let (well, document) = (well(&calls), DOCUMENT.get(&store));
                assert_eq!(document.title, well.last().copied().unwrap_or("untitled"));
                assert_eq!(document.revision == 1, well.is_empty());
                ended_well.lock().unwrap().insert(well.len());
            });
        });
        all_of_them("optimistic save", explored);
        assert_eq!(*ended_well.lock().unwrap(), BTreeSet::from([0, 1, 2]), "each has happened");
    }
}

/// One thing that a user does, at once.
type Step = fn(&Store);

/// Two users who do one thing each, twice. What is there in the end is there as well if one user does the same, in the order in
/// which it was done.
fn one_after_the_other<T: PartialEq + std::fmt::Debug + 'static>(
    what: &str,
    steps: &[Step],
    begin: Step,
    state: fn(&Store) -> T,
) {
    for pair in pairs(steps) {
        let explored = explore().cancellations(1).check(|scene| {
            let store = scene.store();
            begin(&store);
            let done = Arc::new(Mutex::new(Vec::new()));
            for (user, step) in ["first", "second"].into_iter().zip(pair) {
                let (store, done) = (store.clone(), Arc::clone(&done));
                scene.spawn(user, async move {
                    for _ in 0..2 {
                        step(&store);
                        done.lock().unwrap().push(step);
                        yield_now().await;
                    }
                });
            }
            scene.finally(move || {
                let alone = Store::new();
                begin(&alone);
                for step in &*done.lock().unwrap() {
                    step(&alone);
                }
                assert_eq!(state(&store), state(&alone));
            });
        });
        all_of_them(what, explored);
    }
}

#[test]
fn of_the_list_with_undo() {
    use atoms_todo_undo::{Actions, DONE, INPUT, TODOS};
    fn type_and_add(store: &Store, title: &str) {
        INPUT.set(store, title.to_owned());
        Actions::new().add.run(store, ()).expect("something to do");
    }
    let begin: Step = |store| {
        type_and_add(store, "wash up");
        type_and_add(store, "cook");
        Actions::new().toggle.run(store, 0);
        type_and_add(store, "sweep");
    };
    let steps: &[Step] = &[
        |store| type_and_add(store, "rest"),
        |store| Actions::new().toggle.run(store, 0),
        |store| assert!(Actions::new().add.run(store, ()).is_err(), "nothing typed"),
        |store| {
            // What has been taken away is as much as was said to be done.
            let (before, done) = (TODOS.get(store).len(), DONE.get(store));
            assert_eq!(Actions::new().sweep.run(store, ()), done);
            assert_eq!(TODOS.get(store).len() + done, before);
            // There is always something left to do.
            type_and_add(store, "sweep again");
        },
    ];
    one_after_the_other("list with undo", steps, begin, |store| {
        let (todos, done) = (TODOS.get(store), DONE.get(store));
        assert_eq!(todos.iter().filter(|todo| todo.done).count(), done);
        (todos, done, INPUT.get(store))
    });
}

#[test]
fn of_the_list_of_items() {
    use atoms_todo::{ADD, INPUT, NEXT, TODOS};
    fn type_and_add(store: &Store, title: &str) {
        INPUT.set(store, title.to_owned());
        ADD.set(store, ()).expect("something to do");
    }
    let begin: Step = |store| {
        for title in ["wash up", "cook", "sweep"] {
            type_and_add(store, title);
        }
    };
    let steps: &[Step] = &[
        |store| type_and_add(store, "rest"),
        |store| assert!(ADD.set(store, ()).is_err(), "nothing typed"),
        |store| {
            // It may be gone.
            let _ = TODOS.split(|todo| todo.id).item(store, 2).update(|todo| todo.done ^= true);
        },
        |store| {
            TODOS.split(|todo| todo.id).move_to(store, &2, 0);
        },
        |store| {
            TODOS.split(|todo| todo.id).remove(store, &2);
        },
    ];
    one_after_the_other("list of items", steps, begin, |store| {
        (TODOS.get(store), NEXT.get(store), INPUT.get(store))
    });
}
