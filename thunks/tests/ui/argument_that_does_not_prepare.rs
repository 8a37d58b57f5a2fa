//! A prepared action is made from its argument, not from its payload.

use trine_thunks::ActionCreator;

static NAMED: ActionCreator<String, &str> = ActionCreator::prepared("named", |name: &str| name.to_owned());

fn main() {
    let _ = NAMED.with(String::from("Ada"));
}
