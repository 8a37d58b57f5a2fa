//! What a handler may answer.

use super::{HandlerId, Outputs, Verdict};
use crate::{channel::Circle, context::AppCtx, observe::Place};
use std::{error::Error, sync::Arc};

/// The error of a handler: whatever went wrong, boxed. The `?` operator makes one of any error, and of a string.
pub type BoxError = Box<dyn Error + Send + Sync>;

/// The contexts that a handler chains to.
#[derive(Debug, Clone, Default)]
pub struct Contexts(Held);

#[derive(Debug, Clone, Default)]
enum Held {
    /// Nothing follows.
    #[default]
    None,
    /// The common case, without an allocation.
    One(AppCtx),
    /// A fan-out.
    Many(Vec<AppCtx>),
    /// Nothing follows, but the handlers of a channel are to hear the same signal.
    Heard(Arc<Circle>),
}

/// What a handler may answer, sooner ([`Now`](super::Now)) or [`Later`](super::Later).
///
/// | an intercept | an async or inline handler |
/// |---|---|
/// | a [`Verdict`] | nothing: `()` |
/// | | a context to chain to: [`AppCtx`] |
/// | | perhaps one: `Option<AppCtx>` |
/// | | several: `Vec<AppCtx>`, `[AppCtx; N]` |
/// | a `Result` of it, with a [`BoxError`] | a `Result` of any of them, with a [`BoxError`] |
///
/// The error type is fixed so that `Ok(..)` and `?` infer. A function with an error of its own is called
/// as `Ok(function(cx)?)`.
#[diagnostic::on_unimplemented(
    message = "a handler cannot answer `{Self}`",
    label = "this handler's answer",
    note = "an intercept answers a `Verdict`; async and inline handlers answer `()`, `AppCtx`, `Option<AppCtx>`, \
            `Vec<AppCtx>` or `[AppCtx; N]`; any of them may be in a `Result<_, trine_tao::BoxError>`"
)]
pub trait Answer<T>: Sized {
    /// The answer as the kernel keeps it.
    ///
    /// # Errors
    ///
    /// What the handler failed with.
    fn into_answer(self) -> Result<T, BoxError>;

    /// The signals that such an answer may chain to.
    #[must_use]
    fn outputs() -> Outputs {
        Outputs::any()
    }
}

impl<T, A: Answer<T>> Answer<T> for Result<A, BoxError> {
    #[inline]
    fn into_answer(self) -> Result<T, BoxError> {
        self.and_then(A::into_answer)
    }

    fn outputs() -> Outputs {
        A::outputs()
    }
}

impl Answer<Verdict> for Verdict {
    fn into_answer(self) -> Result<Verdict, BoxError> {
        Ok(self)
    }
}

impl Answer<Contexts> for () {
    #[inline]
    fn into_answer(self) -> Result<Contexts, BoxError> {
        Ok(Contexts(Held::None))
    }

    fn outputs() -> Outputs {
        Outputs::of([])
    }
}

impl Answer<Contexts> for AppCtx {
    #[inline]
    fn into_answer(self) -> Result<Contexts, BoxError> {
        Ok(Contexts(Held::One(self)))
    }
}

impl<S: Into<AppCtx> + Answer<Contexts>> Answer<Contexts> for Option<S> {
    fn into_answer(self) -> Result<Contexts, BoxError> {
        Ok(Contexts(self.map_or(Held::None, |one| Held::One(one.into()))))
    }

    fn outputs() -> Outputs {
        S::outputs()
    }
}

impl<S: Into<AppCtx> + Answer<Contexts>> Answer<Contexts> for Vec<S> {
    fn into_answer(self) -> Result<Contexts, BoxError> {
        Ok(Contexts(Held::Many(self.into_iter().map(Into::into).collect())))
    }

    fn outputs() -> Outputs {
        S::outputs()
    }
}

impl<S: Into<AppCtx> + Answer<Contexts>, const N: usize> Answer<Contexts> for [S; N] {
    fn into_answer(self) -> Result<Contexts, BoxError> {
        Vec::from(self).into_answer()
    }

    fn outputs() -> Outputs {
        S::outputs()
    }
}

impl Contexts {
    /// All of them.
    pub(crate) fn as_slice(&self) -> &[AppCtx] {
        match &self.0 {
            Held::None | Held::Heard(_) => &[],
            Held::One(context) => std::slice::from_ref(context),
            Held::Many(contexts) => contexts,
        }
    }

    /// Has the handlers of a channel hear the signal that is being handled.
    pub(crate) fn heard_by(circle: Arc<Circle>) -> Self {
        Self(Held::Heard(circle))
    }

    /// Hands the place of each of them to `f`, in the handler's order. `by` has returned them at `from`.
    #[inline]
    pub(crate) fn for_each(self, from: &Place, by: HandlerId, mut f: impl FnMut(Place)) {
        match self.0 {
            Held::None => {}
            Held::One(context) => f(from.next(by, 0, context)),
            Held::Many(contexts) => {
                let numbered = (0..).zip(contexts);
                numbered.for_each(|(output, context)| f(from.next(by, output, context)));
            }
            Held::Heard(circle) => f(from.heard_by(&circle)),
        }
    }
}
