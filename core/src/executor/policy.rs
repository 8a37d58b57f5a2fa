//! What to do when a run starts while others of the same name and key are under way.

/// What to do when a run starts while others of the same name and key are under way.
///
/// Runs of policy `Parallel` neither exclude others nor are excluded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Policy {
    /// Let both run.
    #[default]
    Parallel,
    /// The new one supersedes the old ones, those that wait for their turn too. Their terminal events are out before the new
    /// one's start hook is called. A search box: only the answer to the last question counts.
    ///
    /// If another thread is telling the end of the old one at that very moment, or its start, the call that starts the new one
    /// waits for that, on its thread. It does not if that thread waits for this one in the same way, and after a
    /// second it gives up, and says so through `tracing`: the hook may be waiting for something that this thread has yet to do.
    /// The old run writes nothing more in any case.
    Latest,
    /// The new one is skipped: a button that does nothing while its action is under way.
    Leading,
    /// One at a time, in order: the new one waits for its turn behind at most so many others. If as many wait already it is
    /// skipped. An outbox.
    ///
    /// A run that waits has started in every way but one: its body is called when its turn comes, by the spawner. Its turn
    /// comes once the end of the run before is out.
    Queue(usize),
    /// At most so many at a time, but at least one; the others wait for their turn as with [`Queue`](Self::Queue), any number of
    /// them. A pool of connections.
    Limit(usize),
    /// The new one gets what the one under way comes to, instead of doing the work again. Each has an outcome and hooks
    /// of its own, so aborting one leaves the others; when the last of them has ended, the work is aborted, by
    /// [`AbortedBy::LastWaiter`](crate::AbortedBy::LastWaiter).
    ///
    /// The work is a run of its own: no child of the run that happened to come first, of the same name, and listed beside
    /// those that wait for it. Its body's context is that run's, and its times are those that the first was given. A new run whose payload or error is of
    /// another type than that of the work under way fails.
    Shared,
}

impl Policy {
    /// How many may be under way at a time, and how many may wait, if it makes runs wait.
    pub(super) fn line(self) -> Option<(usize, usize)> {
        match self {
            Self::Queue(waiting) => Some((1, waiting)),
            Self::Limit(at_once) => Some((at_once.max(1), usize::MAX)),
            _ => None,
        }
    }
}
