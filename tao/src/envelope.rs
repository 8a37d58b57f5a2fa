//! What accompanies a signal beside its data. Handlers never see it; observers and borders do.
//!
//! | scope | what is in it | how far it goes |
//! |---|---|---|
//! | cascade | its [identity](crate::CascadeId) and, for what a channel or a request has set, whose it is | everything that follows from one `set`, in this process |
//! | hop | how many chains led here, and [how](crate::Via) | one dispatch |
//! | chain | values under names, each derived from that of the signal before by the one [reducer](crate::Kernel::chain_reducer) that owns the name | from cause to effect, over every border |

mod chain;
mod derived_id;
mod reducers;
#[cfg(feature = "serde")]
mod serialize;
mod trace_context;

pub use chain::{Chain, ChainValue};
pub use derived_id::{BadDerivedId, DerivedId};
pub use reducers::{ChainKeyTaken, ChainStep, ReducerGuard};
pub use trace_context::{BadTraceContext, TraceContext};

pub(crate) use reducers::Reducers;
