//! What can go wrong in a cascade. No caller of `set` ever gets these: they are observed.

use crate::{
    handler::{BoxError, HandlerId},
    trigram::{Axis, Trigram},
};
use std::{error::Error, fmt, sync::Arc};
use trine_core::{Failure, Text};

/// What went wrong in a cascade, as [observed](crate::Observation).
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum CascadeError {
    /// A handler failed.
    #[error(transparent)]
    Handler(#[from] HandlerError),
    /// The line of execution of a dispatch was cut off.
    #[error(transparent)]
    Cut(#[from] CutError),
    /// The cascade did not come to rest within its budget, and was ended.
    #[error(transparent)]
    HopBudget(#[from] HopBudgetError),
    /// A signal was dispatched to nobody, since the kernel denies such signals.
    #[error(transparent)]
    Refused(#[from] RefusedError),
}

/// A signal that is most likely a mistake, and that the kernel [denies](crate::Level::Deny).
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{signal} {refusal}")]
pub struct RefusedError {
    /// The signal.
    pub signal: Trigram,
    /// What is wrong with it.
    pub refusal: Refusal,
}

/// What is wrong with a signal.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Refusal {
    /// No handler matches.
    Unhandled,
    /// It is none of the app's [space](crate::Space).
    OutOfSpace {
        /// The first part that no signal of the space has there; none if only the combination is unknown.
        axis: Option<Axis>,
        /// A name that it may have been meant to be.
        near: Option<Text>,
    },
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unhandled => f.write_str("has no handler"),
            Self::OutOfSpace { axis: None, .. } => {
                f.write_str("is out of the space: no pattern of it allows this combination")
            }
            Self::OutOfSpace { axis: Some(axis), near } => {
                write!(f, "is out of the space: no signal there has this {axis}")?;
                near.as_ref().map_or(Ok(()), |near| write!(f, "; did you mean `{near}`?"))
            }
        }
    }
}

/// A handler returned an error or panicked, or an async handler could not be run.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{handler} failed on {signal}: {cause}")]
pub struct HandlerError {
    /// The signal that it handled.
    pub signal: Trigram,
    /// The handler.
    pub handler: HandlerId,
    /// How it failed.
    #[source]
    pub cause: Cause,
}

/// A dispatch that waited for a handler could not go on, or was not allowed to.
#[derive(Debug, Clone, thiserror::Error)]
#[error("the cascade of {signal} was cut off: {cause}")]
pub struct CutError {
    /// The signal that the cascade began with.
    pub signal: Trigram,
    /// Why.
    #[source]
    pub cause: Cause,
}

/// A cascade chained more often than it may: most likely handlers that chain in a circle.
///
/// The budget is [`KernelBuilder::hop_budget`](crate::KernelBuilder::hop_budget).
#[derive(Debug, Clone, thiserror::Error)]
#[error("the cascade was ended after {budget} chained signals, {}", Report(self))]
pub struct HopBudgetError {
    /// How many chained signals a cascade may have.
    pub budget: u32,
    /// The last signals on the way to the one that was too many, in order, out of band too. The last one was not dispatched.
    pub trail: Vec<Trigram>,
}

impl HopBudgetError {
    /// The circle that the last signals went in, from a signal to the one before it comes again; none if they did not, or if it
    /// is longer than half of what the trail holds.
    #[must_use]
    pub fn circle(&self) -> Option<&[Trigram]> {
        let (last, before) = self.trail.split_last()?;
        let length = before.iter().rev().position(|signal| signal == last)? + 1;
        let start = self.trail.len().checked_sub(2 * length)?;
        let (once, again) = self.trail[start..].split_at(length);
        (once == again).then_some(again)
    }
}

/// What the last signals were.
struct Report<'a>(&'a HopBudgetError);

impl fmt::Display for Report<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.circle() {
            Some(circle) => {
                write!(f, "which go in a circle: {} => {}", Trail(circle), circle[0])
            }
            None => {
                let trail = &self.0.trail;
                write!(f, "the last of them {}", Trail(&trail[trail.len().saturating_sub(8)..]))
            }
        }
    }
}

impl CascadeError {
    /// Why a handler or a line of execution came to no good end.
    #[must_use]
    pub fn cause(&self) -> Option<&Cause> {
        match self {
            Self::Handler(error) => Some(&error.cause),
            Self::Cut(error) => Some(&error.cause),
            Self::HopBudget(_) | Self::Refused(_) => None,
        }
    }
}

struct Trail<'a>(&'a [Trigram]);

/// Why a handler or a line of execution came to no good end.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Cause {
    /// The handler returned this error.
    Error(Arc<dyn Error + Send + Sync>),
    /// The handler panicked with this message.
    Panicked(Text),
    /// It could not be run: no runtime, or the store is gone.
    NotRun(Failure),
    /// Its run was aborted for this reason: the cascade was aborted, or somebody aborted the run in the store's list.
    Aborted(Text),
}

impl From<BoxError> for Cause {
    fn from(error: BoxError) -> Self {
        Self::Error(error.into())
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Error(error) => error.fmt(f),
            Self::Panicked(message) => write!(f, "it panicked: {message}"),
            Self::NotRun(failure) => failure.fmt(f),
            Self::Aborted(reason) => write!(f, "it was aborted: {reason}"),
        }
    }
}

impl Error for Cause {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            // Its message is ours; what is behind it follows.
            Self::Error(error) => error.source(),
            Self::NotRun(failure) => failure.source(),
            Self::Panicked(_) | Self::Aborted(_) => None,
        }
    }
}

impl fmt::Display for Trail<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, trigram) in self.0.iter().enumerate() {
            let arrow = if index == 0 { "" } else { " => " };
            write!(f, "{arrow}{trigram}")?;
        }
        Ok(())
    }
}
