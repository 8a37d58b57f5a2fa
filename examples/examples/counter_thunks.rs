//! A counter in slices: an action says what happened, a slice says what that does to the state, a selector what is shown.

use std::sync::{Arc, Mutex};

use trine_thunks::{Action, SliceKey, Store, action};

static COUNT: SliceKey<u32> = SliceKey::new("count");

/// Somebody has counted on.
struct Increment {
    by: u32,
}
impl Action for Increment {}

fn main() {
    let count = COUNT.slice(|| 0).on(action::<Increment>(), |count, action| *count += action.by);
    let store = Store::builder().slice(count).build().expect("one slice, one case");
    let double = store.select(&COUNT, |count| count * 2);

    // A view is told once per change, in order.
    let shown = Arc::new(Mutex::new(Vec::new()));
    let screen = Arc::clone(&shown);
    let view = store.subscribe(double, move |double| screen.lock().unwrap().push(*double));

    store.dispatch(Increment { by: 1 });
    store.dispatch(Increment { by: 2 });
    store.dispatch(Increment { by: 0 }); // what is selected is the same, nobody is told
    assert_eq!((store.get(&COUNT), store.get(double)), (3, 6));

    drop(view);
    store.dispatch(Increment { by: 1 });
    println!("the view showed {:?}", shown.lock().unwrap());
    assert_eq!(*shown.lock().unwrap(), [2, 6]);
}
