//! What a handler says that it may chain to: its declared outputs.

use crate::trigram::Trigram;
use std::{fmt, sync::Arc};

/// The signals that a handler may chain to, as far as the type of its answer tells.
///
/// A handler that answers `()` chains to nothing, one that answers a [`Signal`](crate::typed::Signal) or a
/// [`OneOf`](crate::typed::OneOf) to what these name; an [`AppCtx`](crate::AppCtx) may be any signal.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Outputs(Option<Arc<[Trigram]>>);

impl Outputs {
    /// Any signal: nothing is declared.
    #[must_use]
    pub fn any() -> Self {
        Self(None)
    }

    /// One of these signals, or nothing.
    pub fn of(signals: impl IntoIterator<Item = Trigram>) -> Self {
        let mut signals: Vec<_> = signals.into_iter().collect();
        signals.sort_unstable();
        signals.dedup();
        Self(Some(signals.into()))
    }

    /// The declared signals, sorted; none if any signal may be an output.
    #[must_use]
    pub fn declared(&self) -> Option<&[Trigram]> {
        self.0.as_deref()
    }

    /// Whether this signal may be among the outputs.
    #[must_use]
    pub fn may_be(&self, signal: &Trigram) -> bool {
        self.declared().is_none_or(|signals| signals.binary_search(signal).is_ok())
    }
}

impl fmt::Display for Outputs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.declared() {
            None => f.write_str("any signal"),
            Some([]) => f.write_str("nothing"),
            Some(signals) => {
                for (index, signal) in signals.iter().enumerate() {
                    let comma = if index == 0 { "" } else { ", " };
                    write!(f, "{comma}{signal}")?;
                }
                Ok(())
            }
        }
    }
}
