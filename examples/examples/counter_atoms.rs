//! A counter in atoms: an atom, what follows from it, an action that changes it, and a view.

use std::sync::{Arc, Mutex};

use trine_atoms::{Atom, DerivedAtom, Store, synergy};

static COUNT: Atom<u32> = Atom::new("count", || 0);
static DOUBLE: DerivedAtom<u32> = DerivedAtom::new("double", |cx| cx.get(&COUNT) * 2);

fn main() {
    let store = Store::new();
    let increment = synergy(&COUNT).action(|mut count, by: u32| *count += by);

    // A view is told once per change, in order.
    let shown = Arc::new(Mutex::new(Vec::new()));
    let screen = Arc::clone(&shown);
    let view = DOUBLE.subscribe(&store, move |double| screen.lock().unwrap().push(*double));

    increment.run(&store, 1);
    increment.run(&store, 2);
    increment.run(&store, 0); // nothing changes, nobody is told
    assert_eq!((COUNT.get(&store), DOUBLE.get(&store)), (3, 6));

    drop(view);
    increment.run(&store, 1);
    println!("the view showed {:?}", shown.lock().unwrap());
    assert_eq!(*shown.lock().unwrap(), [2, 6]);
}
