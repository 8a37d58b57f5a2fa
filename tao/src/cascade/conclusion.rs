//! What the intercepts of a dispatch decided.

use crate::{context::AppCtx, error::CascadeError, handler::HandlerId};
use std::fmt;
use trine_core::Text;

/// What the intercepts of a dispatch decided.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Conclusion {
    /// All of them let it pass: async and inline handlers hear of it.
    Proceeded,
    /// One of them halted it.
    Halted {
        /// Its reason.
        reason: Text,
        /// The handler.
        by: HandlerId,
    },
    /// One of them redirected it.
    Redirected {
        /// The context that is dispatched instead.
        to: AppCtx,
        /// The handler.
        by: HandlerId,
    },
    /// There is no verdict, so it did not pass: an intercept failed, or could not be awaited.
    Failed(CascadeError),
}

impl Conclusion {
    /// Whether async and inline handlers hear of it.
    #[must_use]
    pub fn proceeded(&self) -> bool {
        matches!(self, Self::Proceeded)
    }
}

impl fmt::Display for Conclusion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Proceeded => f.write_str("proceeded"),
            Self::Halted { reason, .. } => write!(f, "halted: {reason}"),
            Self::Redirected { to, .. } => write!(f, "redirected to {to}"),
            Self::Failed(error) => write!(f, "not concluded: {error}"),
        }
    }
}
