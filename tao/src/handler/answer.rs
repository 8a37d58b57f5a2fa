//! What a handler may answer.

use super::Verdict;
use crate::context::AppCtx;
use std::error::Error;

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
}

impl<T, A: Answer<T>> Answer<T> for Result<A, BoxError> {
    #[inline]
    fn into_answer(self) -> Result<T, BoxError> {
        self.and_then(A::into_answer)
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
}

impl Answer<Contexts> for AppCtx {
    #[inline]
    fn into_answer(self) -> Result<Contexts, BoxError> {
        Ok(Contexts(Held::One(self)))
    }
}

impl Answer<Contexts> for Option<AppCtx> {
    fn into_answer(self) -> Result<Contexts, BoxError> {
        Ok(Contexts(self.map_or(Held::None, Held::One)))
    }
}

impl Answer<Contexts> for Vec<AppCtx> {
    fn into_answer(self) -> Result<Contexts, BoxError> {
        Ok(Contexts(Held::Many(self)))
    }
}

impl<const N: usize> Answer<Contexts> for [AppCtx; N] {
    fn into_answer(self) -> Result<Contexts, BoxError> {
        Vec::from(self).into_answer()
    }
}

impl Contexts {
    /// Hands each of them to `f`, in the handler's order.
    #[inline]
    pub(crate) fn for_each(self, mut f: impl FnMut(AppCtx)) {
        match self.0 {
            Held::None => {}
            Held::One(context) => f(context),
            Held::Many(contexts) => contexts.into_iter().for_each(f),
        }
    }
}
