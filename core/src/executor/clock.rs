//! What time it is, and waiting for a time: the seam to a clock.
//!
//! The core itself never looks at the machine's clock on behalf of a run: timeouts, retries and pauses all ask the store's
//! [`Clock`], so that a test can put a [`ManualClock`](crate::test::ManualClock) there and time is what it says.

use std::{future::Future, pin::Pin, sync::Arc, time::Duration};

/// Resolves when its clock has reached a time. Dropping it gives up the wait.
pub type Sleep = Pin<Box<dyn Future<Output = ()> + Send>>;

/// A clock, as the executor sees it.
///
/// Times are durations since a start of the clock's own choice; they never go back. With the feature `tokio`, a store that
/// is given none has a [`TokioClock`](crate::TokioClock).
///
/// ```
/// use std::time::Duration;
/// use trine_core::{Clock, Store, test::ManualClock};
///
/// let clock = ManualClock::new();
/// let store = Store::builder().clock(clock.clone()).build();
/// clock.advance(Duration::from_secs(3));
/// assert_eq!(store.clock().unwrap().now(), Duration::from_secs(3));
/// ```
pub trait Clock: Send + Sync + 'static {
    /// The time since the clock's start.
    fn now(&self) -> Duration;

    /// A future that is ready once [`now`](Self::now) has reached `time`; at once if it has.
    ///
    /// It is polled where the bodies of runs are polled: inside the context of the store's spawner.
    fn sleep_until(&self, time: Duration) -> Sleep;

    /// A future that is ready when `duration` has passed.
    fn sleep(&self, duration: Duration) -> Sleep {
        self.sleep_until(self.now().saturating_add(duration))
    }
}

/// The clock of a store that was given none.
#[cfg(feature = "tokio")]
pub(crate) fn default_clock() -> Option<Arc<dyn Clock>> {
    Some(Arc::new(super::tokio_clock::TokioClock::new()))
}

/// The clock of a store that was given none.
#[cfg(not(feature = "tokio"))]
pub(crate) fn default_clock() -> Option<Arc<dyn Clock>> {
    None
}

/// There is no clock to wait on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "no clock for a timeout, a pause or a retry: make the store with `Store::builder().clock(..)`, \
     or turn on the feature `tokio` for a clock by default"
)]
#[non_exhaustive]
pub struct NoClock {}

impl NoClock {
    /// The error.
    #[must_use]
    pub fn new() -> Self {
        Self {}
    }
}

impl Default for NoClock {
    fn default() -> Self {
        Self::new()
    }
}
