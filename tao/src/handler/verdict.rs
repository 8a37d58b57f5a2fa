//! What an intercept decides.

use crate::{context::AppCtx, observe::Said};
use trine_core::Text;

/// What an intercept decides about a signal.
///
/// A dispatch asks every intercept, whatever the others have said. Then any halt beats everything else, an error or
/// panic beats a redirect, and a redirect beats a pass; among equals, the handler registered first has its way.
#[derive(Debug, Clone)]
pub enum Verdict {
    /// It may go on, as far as this handler is concerned.
    Pass,
    /// It ends here, for this reason.
    Halt(Text),
    /// It ends here, and this context is dispatched instead, facing all its own intercepts.
    Redirect(AppCtx),
}

impl Verdict {
    /// [`Halt`](Self::Halt), with a reason given as a string.
    #[must_use]
    pub fn halt(reason: impl Into<Text>) -> Self {
        Self::Halt(reason.into())
    }
}

impl Verdict {
    /// For those who look on.
    pub(crate) fn said(&self) -> Said<'_> {
        match self {
            Self::Pass => Said::Passed,
            Self::Halt(reason) => Said::Halted(reason),
            Self::Redirect(to) => Said::Redirected(to),
        }
    }
}

impl From<AppCtx> for Verdict {
    fn from(context: AppCtx) -> Self {
        Self::Redirect(context)
    }
}
