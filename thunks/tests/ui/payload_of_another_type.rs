//! A reducer is shown the payload of its case.

use trine_thunks::{ActionCreator, SliceKey};

static NAMES: SliceKey<Vec<String>> = SliceKey::new("names");
static COUNTED: ActionCreator<u32> = ActionCreator::new("counted");

fn main() {
    let _ = NAMES.slice(Vec::new).on(&COUNTED, |names, name| names.push(name.to_uppercase()));
}
