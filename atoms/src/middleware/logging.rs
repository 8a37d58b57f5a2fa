//! Flushes in the log.

use super::{Flush, Middleware, Veto};
use crate::{BoxError, atom::Atom};
use std::fmt;
use trine_core::{CommitNumber, Text};

/// Says one value of an atom in a flush.
type Show = Box<dyn Fn(&Flush) -> Option<String> + Send + Sync>;

/// Middleware that tells `tracing` of flushes: each that is committed at level `DEBUG`, each that is refused at level `WARN`, under
/// the target `trine_atoms`.
///
/// ```
/// use trine_atoms::{Atom, LogFlushes, Store, middleware};
///
/// static COUNT: Atom<u32> = Atom::new("count", || 0);
///
/// let store = Store::new();
/// middleware(&store, LogFlushes::new().values(&COUNT)).detach(); // .. count: 0 -> 1
/// ```
#[derive(Default)]
pub struct LogFlushes {
    /// What is to be said of the values.
    shown: Vec<Show>,
}

impl LogFlushes {
    /// Tells which atoms change, and by which action.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Tells the values of an atom as well.
    #[must_use]
    pub fn values<T: Clone + Send + Sync + fmt::Debug + 'static>(mut self, atom: &Atom<T>) -> Self {
        let atom = atom.clone();
        self.shown.push(Box::new(move |flush| {
            let change = flush.change(&atom)?;
            Some(format!("{}: {:?} -> {:?}", atom.member().name, change.current, change.new))
        }));
        self
    }

    fn values_of(&self, flush: &Flush) -> String {
        self.shown.iter().filter_map(|show| show(flush)).collect::<Vec<_>>().join(", ")
    }
}

fn names(flush: &Flush) -> String {
    flush.atoms().map(Text::as_str).collect::<Vec<_>>().join(", ")
}

impl Middleware for LogFlushes {
    fn flush(&self, _: &mut Flush) -> Result<(), BoxError> {
        Ok(())
    }

    fn committed(&self, flush: &Flush, number: Option<CommitNumber>) {
        tracing::debug!(
            target: "trine_atoms",
            action = %flush.action(),
            run = flush.run().map(|run| run.get()),
            kind = ?flush.kind(),
            commit = number.map(CommitNumber::get),
            atoms = %names(flush),
            values = %self.values_of(flush),
            caller = %flush.caller(),
            "flushed"
        );
    }

    fn refused(&self, flush: &Flush, veto: &Veto) {
        tracing::warn!(
            target: "trine_atoms",
            action = %flush.action(),
            run = flush.run().map(|run| run.get()),
            kind = ?flush.kind(),
            atoms = %names(flush),
            reason = %veto.reason,
            caller = %flush.caller(),
            "flush refused"
        );
    }
}

impl fmt::Debug for LogFlushes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LogFlushes").field("shown", &self.shown.len()).finish()
    }
}
