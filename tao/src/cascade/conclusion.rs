//! What became of a dispatch, and of a whole cascade.

use crate::{
    context::AppCtx,
    error::{CascadeError, HopBudgetError},
    handler::HandlerId,
};
use std::{fmt, sync::Arc, time::Duration};
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
    Failed(Arc<CascadeError>),
}

/// How a cascade came to rest.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Ending {
    /// Everything that followed has happened.
    Completed,
    /// It was [aborted](crate::Cascade::abort), for this reason.
    Aborted(Text),
    /// It has taken longer than its [timeout](crate::CascadeBuilder::timeout).
    TimedOut(Duration),
    /// It has chained more signals than its budget allows.
    HopBudget(HopBudgetError),
}

impl Ending {
    /// Whether everything that followed has happened.
    #[must_use]
    pub fn is_completed(&self) -> bool {
        matches!(self, Self::Completed)
    }
}

impl fmt::Display for Ending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Completed => f.write_str("completed"),
            Self::Aborted(reason) => reason.fmt(f),
            Self::TimedOut(time) => write!(f, "the cascade's time is up: {time:?}"),
            Self::HopBudget(_) => f.write_str("the cascade's hop budget is spent"),
        }
    }
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
