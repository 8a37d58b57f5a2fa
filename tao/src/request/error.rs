//! How an answer can fail to come.

use crate::{adapter::Filter, error::CascadeError, handler::HandlerId, trigram::Trigram};
use std::{error::Error, fmt, panic::Location, sync::Arc, time::Duration};
use trine_core::{Failure, Text};

/// A request that was not answered: what was asked, where, and why there is no answer.
#[derive(Clone)]
pub struct RequestError(Arc<Inner>);

struct Inner {
    signal: Trigram,
    responses: Filter,
    asked: &'static Location<'static>,
    kind: RequestErrorKind,
}

/// Why a request was not answered.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum RequestErrorKind {
    /// An intercept halted a signal: the one that was set, or one that would have led to the answer.
    Halted {
        /// The signal.
        signal: Trigram,
        /// Its reason.
        reason: Text,
        /// The handler.
        by: HandlerId,
    },
    /// A handler failed, or something else went wrong on the way, and no other branch has answered.
    Failed(CascadeError),
    /// All that follows from the signal is at rest, nothing went wrong, and no declared response was among it.
    Unanswered,
    /// The time was up.
    TimedOut {
        /// How long was waited.
        after: Duration,
    },
    /// The cascade was aborted for this reason.
    Aborted(Text),
    /// The signal was sent over a link, which ended before an answer came.
    Disconnected {
        /// What the link is called.
        link: Text,
    },
    /// There is no clock or no runtime for the timeout, or the store was dropped meanwhile.
    NotTimed(Failure),
}

impl RequestError {
    pub(super) fn new(
        signal: Trigram,
        responses: Filter,
        asked: &'static Location<'static>,
        kind: RequestErrorKind,
    ) -> Self {
        Self(Arc::new(Inner { signal, responses, asked, kind }))
    }

    /// The signal that asked.
    #[must_use]
    pub fn signal(&self) -> &Trigram {
        &self.0.signal
    }

    /// The declared responses.
    #[must_use]
    pub fn responses(&self) -> &Filter {
        &self.0.responses
    }

    /// The call of `request`.
    #[must_use]
    pub fn asked(&self) -> &'static Location<'static> {
        self.0.asked
    }

    /// Why there is no answer.
    #[must_use]
    pub fn kind(&self) -> &RequestErrorKind {
        &self.0.kind
    }
}

impl fmt::Display for RequestError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Inner { signal, responses, asked, kind } = &*self.0;
        write!(f, "the request {signal} at {asked} was not answered by {responses}: {kind}")
    }
}

impl fmt::Display for RequestErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Halted { signal, reason, by } => write!(f, "{by} halted {signal}: {reason}"),
            Self::Failed(error) => error.fmt(f),
            Self::Unanswered => f.write_str(
                "all that followed is at rest, and none of it matched; declare the response, or have a handler chain to it",
            ),
            Self::TimedOut { after } => write!(f, "no answer came in {after:?}"),
            Self::Aborted(reason) => write!(f, "its cascade was aborted: {reason}"),
            Self::Disconnected { link } => write!(f, "the link `{link}` that it was sent over has ended"),
            Self::NotTimed(failure) => write!(f, "its timeout could not be kept: {failure}"),
        }
    }
}

impl fmt::Debug for RequestError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Inner { signal, responses, asked, kind } = &*self.0;
        f.debug_struct("RequestError")
            .field("signal", signal)
            .field("responses", responses)
            .field("asked", asked)
            .field("kind", kind)
            .finish()
    }
}

impl Error for RequestError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match &self.0.kind {
            // Its message is ours; what is behind it follows.
            RequestErrorKind::Failed(error) => error.source(),
            RequestErrorKind::NotTimed(failure) => failure.source(),
            _ => None,
        }
    }
}
