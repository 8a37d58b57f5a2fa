//! The TAO.

mod cascade;
mod context;
mod dispatch;
mod error;
mod handler;
mod kernel;
mod observe;
mod pattern;
mod sync;
mod trigram;

pub use cascade::{Cascade, CascadeId, Conclusion, Settled};
pub use context::{AppCtx, DatumError};
pub use error::{CascadeError, Cause, CutError, HandlerError, HopBudgetError};
pub use handler::{
    Answer, BoxError, Contexts, HandlerId, Later, Now, Phase, Response, Step, Verdict,
};
pub use kernel::{HandlerGuard, Kernel, KernelBuilder, ObserverGuard, WeakKernel};
pub use observe::{Observation, Via, What};
pub use pattern::{ANY, Any, Part, Pattern};
pub use trigram::{Axis, NotConcrete, Trigram};
