//! A cascade: a signal that was set, and all that follows from it.

mod conclusion;
mod settled;
mod shared;
mod waiters;

pub use conclusion::{Conclusion, Ending};
pub use settled::Settled;

pub(crate) use shared::{Deadline, Presence, Shared};

use std::{fmt, sync::Arc, time::Duration};
use trine_core::Text;

/// The identity of a cascade: sequential in its kernel, starting at 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CascadeId(u64);

/// The handle of a cascade: to see what the first signal came to, to wait until all is at rest, to abort it.
///
/// It carries no results of handlers; those are in the app's state, or chained. Dropping it detaches: the
/// cascade goes on. Clones are handles of the same cascade.
///
/// ```
/// use std::time::Duration;
/// use trine_core::Store;
/// use trine_tao::{AppCtx, Kernel};
///
/// let tao = Kernel::new(&Store::new());
/// let cascade = tao.set(AppCtx::new("App", "Enter", "Portal"));
/// assert!(cascade.is_settled()); // nobody had to wait
/// assert!(cascade.settled_blocking(Duration::from_secs(1)));
/// assert!(cascade.outcome().unwrap().proceeded());
/// ```
#[derive(Clone)]
pub struct Cascade {
    /// Its identity.
    id: CascadeId,
    /// What its lines of execution share; nothing if it was at rest when `set` returned and needed none.
    shared: Option<Arc<Shared>>,
    /// What its first signal came to, if that is not in what is shared.
    first: Option<Conclusion>,
}

impl CascadeId {
    pub(crate) fn new(number: u64) -> Self {
        Self(number)
    }

    /// The number as an integer.
    #[must_use]
    pub fn get(self) -> u64 {
        self.0
    }
}

impl Cascade {
    pub(crate) fn new(
        id: CascadeId,
        shared: Option<Arc<Shared>>,
        first: Option<Conclusion>,
    ) -> Self {
        Self { id, shared, first }
    }

    /// Its identity, as in [observations](crate::Observation).
    #[must_use]
    pub fn id(&self) -> CascadeId {
        self.id
    }

    /// What the intercepts decided about the signal that was set; `None` while one of them is still awaited.
    #[must_use]
    pub fn outcome(&self) -> Option<Conclusion> {
        let shared = || self.shared.as_ref().and_then(|shared| shared.conclusion());
        self.first.clone().or_else(shared)
    }

    /// Resolves when the cascade has come to rest: every handler that it called is done, inline and async alike, and
    /// so is everything that was chained. It says nothing of how that went.
    ///
    /// Nothing waits for this by itself: it is for tests, for scripts, and for the end of a program.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses nothing, and another one can be made.
    pub fn settled(&self) -> Settled {
        Settled::new(self.shared.clone())
    }

    /// How it came to rest; `None` while it is under way.
    #[must_use]
    pub fn ending(&self) -> Option<Ending> {
        match &self.shared {
            None => Some(Ending::Completed),
            Some(shared) => shared.ending(),
        }
    }

    /// Whether it has come to rest.
    #[must_use]
    pub fn is_settled(&self) -> bool {
        self.shared.as_ref().is_none_or(|shared| shared.is_at_rest())
    }

    /// Blocks this thread until the cascade has come to rest, for at most `timeout`; returns whether it has.
    ///
    /// A runtime that needs this very thread makes no progress meanwhile.
    #[must_use]
    pub fn settled_blocking(&self, timeout: Duration) -> bool {
        self.shared.as_ref().is_none_or(|shared| shared.wait_blocking(timeout))
    }

    /// Why it was aborted, if it was.
    pub(crate) fn ended(&self) -> Option<Text> {
        self.shared.as_ref().and_then(|shared| shared.ended())
    }

    /// Ends the cascade: nothing more is dispatched in it, and the bodies of handlers that are still awaited are
    /// dropped. Returns whether there was something to end.
    ///
    /// A body that another thread is polling at this moment is dropped when that poll returns;
    /// [`settled`](Self::settled) waits for it. What handlers have done already stays done.
    pub fn abort(&self, reason: impl Into<Text>) -> bool {
        self.shared.as_ref().is_some_and(|shared| shared.abort(reason.into()))
    }
}

impl fmt::Display for CascadeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cascade {}", self.0)
    }
}

impl fmt::Debug for Cascade {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cascade")
            .field("id", &self.id.get())
            .field("outcome", &self.outcome())
            .field("settled", &self.is_settled())
            .finish()
    }
}
