//! How often runs of a group may come: debounce and throttle.

use super::{any_run::AnyRun, id::RunId};
use crate::text::Text;
use std::{sync::Arc, time::Duration};

/// How often runs may come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Pace {
    /// The last of several, once no other has come for so long.
    Debounce(Duration),
    /// The first of several; the next once none has come for so long.
    DebounceLeading(Duration),
    /// The first at once, the last of those that come within so long after a start when that is over.
    Throttle(Duration),
    /// The first at once; those that come within so long after a start are not wanted.
    ThrottleLeading(Duration),
}

/// When runs of one group came.
#[derive(Default)]
pub(super) struct Beat {
    /// Until when the next run is not to start at once.
    warm_until: Duration,
    /// The run that waits for its time, and what that is.
    trailing: Option<(Arc<dyn AnyRun>, Duration)>,
}

/// When a run may start.
#[derive(Clone, Copy, Default)]
pub(super) struct Start {
    /// How long its body waits.
    pub(super) delay: Option<Duration>,
    /// The run whose place it takes, because that one's time has not come.
    pub(super) replaces: Option<RunId>,
}

impl Beat {
    /// Whether a time is not over.
    pub(super) fn is_warm(&self, now: Duration) -> bool {
        now < self.warm_until
    }

    /// Whether no run with a pace has ever come, or none that is remembered.
    pub(super) fn is_unused(&self) -> bool {
        self.warm_until.is_zero() && self.trailing.is_none()
    }

    /// When a run that comes now may start.
    ///
    /// # Errors
    ///
    /// Why it is not wanted.
    pub(super) fn next(&mut self, pace: Pace, now: Duration) -> Result<Start, Text> {
        let warm = self.is_warm(now);
        let trailing = self.trailing.as_ref().filter(|(_, at)| now < *at);
        let replaces = trailing.map(|(run, _)| run.head().id);
        match pace {
            Pace::Debounce(quiet) => Ok(Start { delay: Some(quiet), replaces }),
            Pace::DebounceLeading(quiet) if warm => {
                // Coming again prolongs the quiet that is waited for.
                self.warm_until = now.saturating_add(quiet);
                Err(Text::from_static("it came again before it was quiet for long enough"))
            }
            Pace::ThrottleLeading(_) if warm => {
                Err(Text::from_static("it came again too soon after the last start"))
            }
            Pace::Throttle(_) if warm => {
                let at = trailing.map_or(self.warm_until, |(_, at)| *at);
                Ok(Start { delay: Some(at.saturating_sub(now)), replaces })
            }
            Pace::DebounceLeading(_) | Pace::ThrottleLeading(_) | Pace::Throttle(_) => {
                Ok(Start::default())
            }
        }
    }

    /// Notes a run that may start; returns the one whose place it takes.
    pub(super) fn came(
        &mut self,
        pace: Pace,
        now: Duration,
        start: Start,
        run: &Arc<dyn AnyRun>,
    ) -> Option<Arc<dyn AnyRun>> {
        let at = now.saturating_add(start.delay.unwrap_or_default());
        match pace {
            Pace::Debounce(_) => {}
            Pace::DebounceLeading(time) | Pace::ThrottleLeading(time) | Pace::Throttle(time) => {
                self.warm_until = at.saturating_add(time);
            }
        }
        start.delay?;
        let old = self.trailing.replace((Arc::clone(run), at));
        // One whose time has come has begun, and goes on.
        old.filter(|(old, _)| Some(old.head().id) == start.replaces).map(|(old, _)| old)
    }

    /// Forgets a run that is over.
    pub(super) fn leave(&mut self, id: RunId) {
        if self.trailing.as_ref().is_some_and(|(run, _)| run.head().id == id) {
            self.trailing = None;
        }
    }
}
