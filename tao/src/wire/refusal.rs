//! Why a message is not let in, and why a signal is not let out.

use crate::trigram::{NotConcrete, Trigram};
use trine_core::Text;

/// Why a message that came was refused. Its sender is told nothing; whoever [observes](super::Border::observe) the link is.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// It is not JSON, or not of the known form.
    #[error("a message is not of the known form: {reason}")]
    Malformed {
        /// What is wrong with it.
        reason: Text,
    },
    /// Its envelope is of another version.
    #[error("a message has an envelope of version {version}, known is 1")]
    UnknownVersion {
        /// The version, as it was given.
        version: Text,
    },
    /// Its signal is wild, or has an empty part.
    #[error(transparent)]
    NotConcrete(#[from] NotConcrete),
    /// Its signal is none that may come in.
    #[error("{signal} may not come in: see `Border::inbound`")]
    NotAllowed {
        /// The signal.
        signal: Trigram,
    },
    /// It, or what has led to it, was carried over too often.
    #[error(
        "{signal} has crossed {crossings} times, where {limit} are allowed: see `Border::max_crossings`"
    )]
    TooFar {
        /// The signal.
        signal: Trigram,
        /// How often.
        crossings: u32,
        /// How often is allowed.
        limit: u32,
    },
    /// Its data do not fit the border's model.
    #[error("the data of a message cannot be read: {reason}")]
    BadData {
        /// The signal.
        signal: Trigram,
        /// What does not fit.
        reason: Text,
    },
    /// The condition of the inbound filter panicked.
    #[error("the condition for {signal} to come in panicked: {message}")]
    Panicked {
        /// The signal.
        signal: Trigram,
        /// The panic's message.
        message: Text,
    },
}

impl Refusal {
    pub(super) fn malformed(reason: impl Into<Text>) -> Self {
        Self::Malformed { reason: reason.into() }
    }
}

/// Why a signal was not sent over a link. It is the error of the link's handler, and observed as such.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SendError {
    /// Its data do not fit the border's model.
    #[error("{signal} cannot be sent over the link `{link}`: {reason}")]
    BadData {
        /// The signal.
        signal: Trigram,
        /// The link.
        link: Text,
        /// What does not fit.
        reason: Text,
    },
    /// Too many messages wait to be sent.
    #[error(
        "{signal} was not sent over the link `{link}`: {queued} messages wait already, see `Border::max_queued`"
    )]
    Overflow {
        /// The signal.
        signal: Trigram,
        /// The link.
        link: Text,
        /// How many wait.
        queued: usize,
    },
    /// The message would be larger than is allowed.
    #[error(
        "{signal} was not sent over the link `{link}`: its message has {bytes} bytes, where {limit} are allowed, see `Border::max_message`"
    )]
    TooLarge {
        /// The signal.
        signal: Trigram,
        /// The link.
        link: Text,
        /// How large it would be, in bytes.
        bytes: usize,
        /// How large it may be, in bytes.
        limit: usize,
    },
    /// It, or what has led to it, was carried over too often.
    #[error(
        "{signal} was not sent over the link `{link}`: it would have crossed {crossings} times, where {limit} are allowed, see `Border::max_crossings`"
    )]
    TooFar {
        /// The signal.
        signal: Trigram,
        /// The link.
        link: Text,
        /// How often it would have crossed.
        crossings: u32,
        /// How often is allowed.
        limit: u32,
    },
}
