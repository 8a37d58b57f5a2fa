//! What an action does about conflicts: said once, for all its calls.

use crate::atom::Member;
use std::{any::Any, fmt, sync::Arc};

/// Makes one value of what an action started from, what it wants to write and what somebody else has written.
type Merge<T> = dyn Fn(&T, &T, &T) -> T + Send + Sync;

/// What was said about the flushes of an action.
#[derive(Clone, Default)]
pub struct Rules {
    /// Whether a conflict is resolved in favour of the last writer.
    pub(crate) overwrite: bool,
    /// How conflicts are merged, by atom: an `Arc<Merge<T>>` each.
    merges: Vec<(Member, Arc<dyn Any + Send + Sync>)>,
    /// How often the handler is called again after a conflict.
    pub(crate) retries: u32,
    /// Whether what was only read must be unchanged.
    pub(crate) validate_reads: bool,
    /// Whether what was triggered is undone unless the action ends well.
    pub(crate) compensated: bool,
}

impl Rules {
    /// Has the conflicts of an atom merged.
    pub(crate) fn merge<T: 'static>(
        &mut self,
        atom: Member,
        merge: impl Fn(&T, &T, &T) -> T + Send + Sync + 'static,
    ) {
        let merge: Arc<Merge<T>> = Arc::new(merge);
        self.merges.retain(|(other, _)| !other.is(&atom));
        self.merges.push((atom, Arc::new(merge)));
    }

    /// Settles a conflict.
    pub(super) fn settle<T: 'static>(
        &self,
        atom: &Member,
        base: &T,
        mine: &T,
        theirs: &T,
    ) -> Settled<T> {
        let merge = self.merges.iter().find(|(other, _)| other.is(atom));
        let merge = merge.and_then(|(_, merge)| merge.downcast_ref::<Arc<Merge<T>>>());
        match merge {
            Some(merge) => Settled::Merged(Arc::new(merge(base, mine, theirs))),
            None if self.overwrite => Settled::Mine,
            None => Settled::Refused,
        }
    }
}

/// How a conflict was settled.
pub(super) enum Settled<T> {
    /// With a value that follows from all three.
    Merged(Arc<T>),
    /// In favour of what the action wants to write.
    Mine,
    /// Not at all.
    Refused,
}

impl fmt::Debug for Rules {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rules")
            .field("overwrite", &self.overwrite)
            .field("retries", &self.retries)
            .field("validate_reads", &self.validate_reads)
            .field("compensated", &self.compensated)
            .finish_non_exhaustive()
    }
}
