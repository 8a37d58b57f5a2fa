//! Only actions and thunks are dispatched.

use trine_thunks::Store;

struct Added;

fn main() {
    let store = Store::builder().build().unwrap();
    store.dispatch(Added);
}
