//! Handlers: what the user writes, and how it is remembered.

mod answer;
mod contain;
mod outputs;
mod response;
mod verdict;

pub use answer::{Answer, BoxError, Contexts};
pub use outputs::Outputs;
pub use response::{Later, Now, Response, Step};
pub use verdict::Verdict;

pub(crate) use contain::{Awaited, Contained, contain};

use crate::{context::AppCtx, error::Cause, observe::Place};
use std::{fmt, panic::Location, pin::Pin, sync::Arc};
use trine_core::Text;

/// The three kinds of handlers, in the order in which a dispatch visits them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Phase {
    /// Decides whether the others hear of it.
    Intercept,
    /// Reacts out of band, in an execution context of its own.
    Async,
    /// Reacts in line.
    Inline,
}

/// The identity of a handler: its phase, and the place in the source where it was registered.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct HandlerId {
    /// Its number in its kernel, in the order of registration: two handlers registered by one line differ in it.
    number: u64,
    /// Its phase.
    phase: Phase,
    /// The call of `on_intercept`, `on_async` or `on_inline`.
    location: &'static Location<'static>,
    /// Which it is of the handlers of its phase that this call has registered in its kernel.
    nth: u32,
}

impl HandlerId {
    pub(crate) fn new(
        number: u64,
        phase: Phase,
        location: &'static Location<'static>,
        nth: u32,
    ) -> Self {
        Self { number, phase, location, nth }
    }

    /// Its number in its kernel, in the order of registration, starting at 1.
    #[must_use]
    pub fn number(&self) -> u64 {
        self.number
    }

    /// Its phase.
    #[must_use]
    pub fn phase(&self) -> Phase {
        self.phase
    }

    /// Where it was registered.
    #[must_use]
    pub fn location(&self) -> &'static Location<'static> {
        self.location
    }

    /// Which it is of the handlers of its phase that were registered there in its kernel, starting at 1: more than 1 for those
    /// of a loop, or of a function that is called again.
    #[must_use]
    pub fn nth(&self) -> u32 {
        self.nth
    }
}

/// A future of a handler, boxed.
pub(crate) type Pending<T> = Pin<Box<dyn Future<Output = Result<T, BoxError>> + Send>>;

/// What a contained handler came to.
pub(crate) type Attempt<T> = Result<T, Cause>;

/// What became of calling a handler.
pub(crate) enum Called<T> {
    /// It has answered, or failed.
    Done(Attempt<T>),
    /// It will.
    Pending(Awaited<T>),
}

/// What a handler does with a signal.
type Body<T> = Box<dyn Fn(&Place) -> Step<T> + Send + Sync>;

/// A registered handler whose answer is a `T`.
pub(crate) struct Handler<T> {
    /// Who it is.
    id: HandlerId,
    /// Its description, made once: the name of its runs.
    name: Text,
    /// What the user wrote, or an adapter of this crate, which sees where in its cascade the signal is.
    body: Body<T>,
}

impl<T> Handler<T> {
    pub(crate) fn new<H, R, M>(id: HandlerId, handler: H) -> Arc<Self>
    where
        H: Fn(AppCtx) -> R + Send + Sync + 'static,
        R: Response<T, M>,
    {
        Self::adapter(id, move |place| handler(place.context.clone()).into_step())
    }

    /// A handler that sees where in its cascade a signal is.
    pub(crate) fn adapter(
        id: HandlerId,
        body: impl Fn(&Place) -> Step<T> + Send + Sync + 'static,
    ) -> Arc<Self> {
        let name = Text::from(id.to_string());
        let body = Contained::new(body);
        Arc::new(Self { id, name, body: Box::new(move |place| body(place)) })
    }

    pub(crate) fn id(&self) -> HandlerId {
        self.id
    }

    pub(crate) fn name(&self) -> &Text {
        &self.name
    }

    /// Calls it; a panic is an answer like any other.
    #[inline]
    pub(crate) fn call(&self, place: &Place) -> Called<T> {
        match contain(|| (self.body)(place)) {
            Ok(Step::Now(answer)) => Called::Done(answer.map_err(Cause::from)),
            Ok(Step::Later(pending)) => Called::Pending(Awaited::new(pending)),
            Err(message) => Called::Done(Err(Cause::Panicked(message))),
        }
    }
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Intercept => "intercept",
            Self::Async => "async",
            Self::Inline => "inline",
        })
    }
}

impl fmt::Display for HandlerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} handler at {}", self.phase, self.location)
    }
}

impl fmt::Debug for HandlerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{} {self}", self.number)
    }
}
