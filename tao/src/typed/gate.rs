//! A verdict that says in its type what it may redirect to.

use super::{OneOf, OutputList};
use crate::handler::{Answer, BoxError, Outputs, Verdict};
use std::fmt;
use trine_core::Text;

/// What an intercept decides, when it declares what it may redirect to: the signals of the tuple `L`; with `()`, which is
/// the default, it cannot redirect.
///
/// ```
/// use trine_tao::{Kernel, Store, typed::{Gate, Signal, emit, signal, trigram}};
///
/// trine_tao::parts! {
///     term Page, Session;
///     action Open, Create;
///     orient Portal;
/// }
///
/// let tao = Kernel::new(&Store::new());
/// let _gate = tao.on_intercept(trigram(Page, Open, Portal), |_| -> Gate<(Signal<Session, Create, Portal>,)> {
///     Gate::Redirect(emit(signal(Session, Create, Portal)))
/// });
/// assert_eq!(tao.emitters_of(&trigram(Session, Create, Portal).name()).len(), 1);
/// ```
pub enum Gate<L = ()> {
    /// The signal may go on, as far as this handler is concerned.
    Pass,
    /// It ends here, for this reason.
    Halt(Text),
    /// It ends here, and this signal is dispatched instead, facing all its own intercepts.
    Redirect(OneOf<L>),
}

impl<L> Gate<L> {
    /// [`Halt`](Self::Halt), with a reason given as a string.
    #[must_use]
    pub fn halt(reason: impl Into<Text>) -> Self {
        Self::Halt(reason.into())
    }
}

impl<L> From<Gate<L>> for Verdict {
    fn from(gate: Gate<L>) -> Self {
        match gate {
            Gate::Pass => Self::Pass,
            Gate::Halt(reason) => Self::Halt(reason),
            Gate::Redirect(to) => Self::Redirect(to.into()),
        }
    }
}

impl<L: OutputList> Answer<Verdict> for Gate<L> {
    fn into_answer(self) -> Result<Verdict, BoxError> {
        Ok(self.into())
    }

    fn outputs() -> Outputs {
        Outputs::of(L::trigrams())
    }
}

impl<L> fmt::Debug for Gate<L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Pass => f.write_str("Pass"),
            Self::Halt(reason) => f.debug_tuple("Halt").field(reason).finish(),
            Self::Redirect(to) => f.debug_tuple("Redirect").field(to).finish(),
        }
    }
}
