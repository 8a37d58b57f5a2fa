//! The app, written once per model: a folder per model, with the same files in each, one per subject.

mod atoms;
mod by_hand;
mod tao;
mod thunks;

use crate::portal::{Model, Portal, Setup};
use trine_tao::Kernel;

/// Every way to write the app, in the order of the columns.
pub const ALL: &[Model] = &[atoms::ATOMS, thunks::THUNKS, tao::TAO, by_hand::BY_HAND];

/// The model of this name.
#[must_use]
pub fn named(name: &str) -> Option<Model> {
    ALL.iter().copied().find(|model| model.name == name)
}

/// The paths of the app in the TAO, as they are written beside its code.
pub const TAO_PATHS: &str = include_str!("tao/paths.md");

/// The app in the TAO with its kernel, to hold what it does against [`TAO_PATHS`].
#[must_use]
pub fn tao_with_kernel(setup: Setup) -> (Box<dyn Portal>, Kernel) {
    tao::with_kernel(setup)
}
