//! Actions: what changes the atoms of a synergy.

mod asynchronous;
mod composed;
mod context;
mod error;
mod handed;
mod home;
mod perform;
mod policies;
mod run;
mod settings;
mod status;
mod sync;

pub use asynchronous::AsyncAction;
pub use composed::Composition;
pub use context::ActionContext;
pub use error::ActionError;
pub use run::{ActionRun, ActionRunFuture};
pub use status::StatusAtom;
pub use sync::Action;
