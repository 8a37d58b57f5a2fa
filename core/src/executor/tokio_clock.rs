//! The clock of tokio runtimes.

use super::clock::{Clock, Sleep};
use std::time::Duration;
use tokio::time::{Instant, sleep_until};

/// Tokio's clock: the machine's, unless a test has paused it with `tokio::time::pause`.
///
/// Waiting for a time takes a runtime whose timers are enabled; without one, a future of
/// [`sleep_until`](Clock::sleep_until) panics when it is polled, and the run that polls it ends as panicked.
#[derive(Debug, Clone)]
pub struct TokioClock {
    /// Where times count from.
    start: Instant,
}

impl TokioClock {
    /// A clock that starts now.
    #[must_use]
    pub fn new() -> Self {
        Self { start: Instant::now() }
    }
}

impl Default for TokioClock {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock for TokioClock {
    fn now(&self) -> Duration {
        Instant::now().saturating_duration_since(self.start)
    }

    fn sleep_until(&self, time: Duration) -> Sleep {
        let deadline = self.start.checked_add(time);
        // The timer is made at the first poll, which is inside the runtime's context.
        Box::pin(async move {
            match deadline {
                Some(deadline) => sleep_until(deadline).await,
                None => std::future::pending().await,
            }
        })
    }
}
