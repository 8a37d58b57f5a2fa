//! What a handler may be registered for, and what it is handed.

use super::{Action, Orient, Signal, Term, TypedTrigram};
use crate::{
    context::AppCtx,
    pattern::{Part, Pattern},
    trigram::Trigram,
};

/// What a handler may be registered for: a [`Pattern`], or the tuple that makes one; or a [`TypedTrigram`].
///
/// Handlers of a pattern are handed an [`AppCtx`], those of a typed trigram a [`Signal`].
#[diagnostic::on_unimplemented(
    message = "a handler cannot be registered for `{Self}`",
    note = "register it for a tuple such as `(\"User\", \"Find\", ANY)`, a `Pattern`, a `&Trigram`, or a `trigram(User, Find, Portal)`"
)]
pub trait Listen {
    /// What the handler is handed.
    type Context;

    /// The signals that it hears of.
    fn pattern(self) -> Pattern;

    /// What it is handed of a signal that matches.
    fn hear(context: AppCtx) -> Self::Context;
}

impl Listen for Pattern {
    type Context = AppCtx;

    fn pattern(self) -> Pattern {
        self
    }

    #[inline]
    fn hear(context: AppCtx) -> AppCtx {
        context
    }
}

impl Listen for &Pattern {
    type Context = AppCtx;

    fn pattern(self) -> Pattern {
        self.clone()
    }

    #[inline]
    fn hear(context: AppCtx) -> AppCtx {
        context
    }
}

impl Listen for &Trigram {
    type Context = AppCtx;

    fn pattern(self) -> Pattern {
        self.into()
    }

    #[inline]
    fn hear(context: AppCtx) -> AppCtx {
        context
    }
}

impl<T: Into<Part>, A: Into<Part>, O: Into<Part>> Listen for (T, A, O) {
    type Context = AppCtx;

    #[track_caller]
    fn pattern(self) -> Pattern {
        self.into()
    }

    #[inline]
    fn hear(context: AppCtx) -> AppCtx {
        context
    }
}

impl<T: Term, A: Action, O: Orient> Listen for TypedTrigram<T, A, O> {
    type Context = Signal<T, A, O>;

    fn pattern(self) -> Pattern {
        (&self.name()).into()
    }

    #[inline]
    fn hear(context: AppCtx) -> Signal<T, A, O> {
        Signal::assume(context)
    }
}
