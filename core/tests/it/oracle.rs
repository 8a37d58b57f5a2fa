//! Random stores under random operations, held against a model that recomputes everything.
//!
//! The model (`model.rs`) is as naive as can be: what each source holds, and a formula for each derived cell, evaluated from
//! scratch whenever anybody asks. The world (`world.rs`, and by kind of operation `writes.rs`, `subscribers.rs`,
//! `lifetimes.rs`) does the same operation to a store and to the model, also from inside callbacks. Meanwhile derivations,
//! callbacks and writers leave a trace, which is judged after each operation (`trace.rs`):
//!
//! - each value that is read, told, streamed or watched is the model's, in derivations too: none sees half a commit;
//! - each subscriber is told of a commit exactly once if its cell differs, and not at all if not, in the order of commits;
//!   none is told after its end;
//! - each derivation runs at most once per change of its inputs, so at most once per commit;
//! - commits are numbered one by one, and there is one exactly when something has changed;
//! - in the end nothing is left: no cell, no value, no closure.

mod formula;
mod lifetimes;
mod model;
mod operation;
mod subscribers;
mod trace;
mod world;
mod writes;

use operation::Operation;
use proptest::prelude::*;
use world::World;

proptest! {
    #[test]
    fn the_store_agrees_with_recomputing_everything(
        observed in any::<bool>(),
        operations in prop::collection::vec(Operation::any(), 1..60),
    ) {
        let world = World::new(observed);
        for operation in operations {
            world.apply(&operation);
            world.judge(&operation);
        }
        world.read_everything();
        world.end();
    }
}
