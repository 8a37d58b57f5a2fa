//! Functions and async functions alike: an answer now, or a future of one.

use super::{Answer, BoxError, Outputs, Pending};
use std::fmt;

/// Marks a handler that answers when it returns.
#[derive(Debug, Clone, Copy)]
pub struct Now;

/// Marks a handler that returns a future of its answer: an `async` block or function.
#[derive(Debug, Clone, Copy)]
pub struct Later;

/// What a handler may return: an [`Answer`], or a future of one.
///
/// The marker `M` is [`Now`] or [`Later`] and always infers; it keeps the two apart.
#[diagnostic::on_unimplemented(
    message = "a handler cannot return `{Self}`",
    label = "this handler's return value",
    note = "an intercept answers a `Verdict`; async and inline handlers answer `()`, `AppCtx`, `Option<AppCtx>`, \
            `Vec<AppCtx>` or `[AppCtx; N]`; any of them may be in a `Result<_, trine_tao::BoxError>`, \
            and all of that may come from an `async` block"
)]
pub trait Response<T, M> {
    /// What the handler has come to so far.
    fn into_step(self) -> Step<T>;

    /// The signals that the answer may chain to.
    #[must_use]
    fn outputs() -> Outputs;
}

/// What a handler has come to when it returns: its answer, or a future of it.
pub enum Step<T> {
    /// The answer is there.
    Now(Result<T, BoxError>),
    /// It will be.
    Later(Pending<T>),
}

impl<T, A: Answer<T>> Response<T, Now> for A {
    #[inline]
    fn into_step(self) -> Step<T> {
        Step::Now(self.into_answer())
    }

    fn outputs() -> Outputs {
        A::outputs()
    }
}

impl<T, F> Response<T, Later> for F
where
    F: Future<Output: Answer<T>> + Send + 'static,
{
    #[inline]
    fn into_step(self) -> Step<T> {
        Step::Later(Box::pin(async move { self.await.into_answer() }))
    }

    fn outputs() -> Outputs {
        <F::Output as Answer<T>>::outputs()
    }
}

impl<T> fmt::Debug for Step<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Now(_) => "Now(..)",
            Self::Later(_) => "Later(..)",
        })
    }
}
