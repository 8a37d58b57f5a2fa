//! The schedule explorer: bodies in every order in which they may go on.
//!
//! Between two await points a body runs alone, so what several bodies do together depends on one thing only: which of
//! them goes on at each point where any of them could. The explorer makes these choices. It sets the scene anew for each
//! schedule, lets one ready task at a time go on to its next await point, and asks at each step what comes next
//! (`player.rs`). As further choices a task may be cancelled where it waits, and the clock may go on.
//!
//! All schedules form a tree: a node per choice. `search.rs` walks it depth first, which tries all of them if there are
//! not too many, else goes on with a random sample. A schedule that breaks an assertion is made smaller for as long as it
//! breaks one (`shrink.rs`), and reported as a text that [`Explorer::replay`] plays again.
//!
//! This needs no hooks in the code under test but the seams that any runtime uses: the store's
//! [`Spawn`](crate::Spawn) and [`Clock`](crate::Clock) (`scene.rs`). What threads do to each other is another matter; it
//! is for a model checker.

mod player;
mod scene;
mod search;
mod shrink;

pub use scene::Scene;

use search::Search;
use std::fmt;

/// Begins an exploration: tries the orders in which several bodies may go on. See [`Explorer`].
pub fn explore() -> Explorer {
    Explorer {
        cancellations: 0,
        clock_steps: 0,
        limit: 10_000,
        samples: 1_000,
        seed: 1,
        replay: None,
    }
}

/// Tries the orders in which several bodies may go on. Made by [`explore`].
///
/// The scenario is a closure that is called anew for each schedule, and must do the same each time: it makes its store
/// through the [`Scene`], spawns bodies, and says what must hold in the end. A schedule fails when a body or a final check
/// panics, when a run of the scene's store panics, and when a body of the scene waits for what never comes.
///
/// ```
/// use trine_core::test::{explore, yield_now};
///
/// // Two bodies read a counter, wait, and write it back: one of the additions may be lost.
/// let found = explore().find(|scene| {
///     let store = scene.store();
///     let count = store.source(0);
///     for name in ["a", "b"] {
///         let store = store.clone();
///         scene.spawn(name, async move {
///             let seen = store.get(count);
///             yield_now().await;
///             store.set(count, seen + 1);
///         });
///     }
///     scene.finally(move || assert_eq!(store.get(count), 2));
/// });
/// let found = found.unwrap_err();
/// assert_eq!(found.played, "b a a b");
/// // What it takes: b reads first; after that, each in turn. To be run again with `explore().replay("b")`.
/// assert_eq!(found.schedule, "b");
/// ```
///
/// With cancellations: whatever body is given up at whatever await point, the flag goes down.
///
/// ```
/// use trine_core::test::{explore, yield_now};
///
/// explore().cancellations(1).check(|scene| {
///     let store = scene.store();
///     let loading = store.source(false);
///     struct Down(trine_core::Store, trine_core::Source<bool>);
///     impl Drop for Down {
///         fn drop(&mut self) {
///             self.0.set(self.1, false);
///         }
///     }
///     let down = Down(store.clone(), loading);
///     scene.spawn("load", async move {
///         let down = down;
///         down.0.set(down.1, true);
///         yield_now().await;
///     });
///     scene.finally(move || assert!(!store.get(loading)));
/// });
/// ```
#[derive(Debug, Clone)]
#[must_use = "nothing is explored before `check` or `find`"]
pub struct Explorer {
    /// How many tasks a schedule may cancel.
    cancellations: usize,
    /// How often a schedule may let the clock go on while something else could.
    clock_steps: usize,
    /// How many schedules are tried one by one.
    limit: u64,
    /// How many are tried at random if those were not all.
    samples: u64,
    /// Where the random ones begin.
    seed: u64,
    /// The one schedule to play, instead of all that.
    replay: Option<String>,
}

/// What an exploration that found nothing wrong has tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Explored {
    /// How many schedules.
    pub schedules: u64,
    /// Whether those were all that there are.
    pub exhaustive: bool,
}

/// A schedule that breaks an assertion.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub struct Counterexample {
    /// The beginning of the schedule that it takes, for [`Explorer::replay`].
    pub schedule: String,
    /// The whole schedule.
    pub played: String,
    /// What went wrong in it.
    pub failure: String,
    /// How many schedules went well before one failed.
    pub passed: u64,
}

impl Explorer {
    /// Lets each schedule cancel up to `count` tasks, at any await point: 0 if never called. A body of the scene is dropped
    /// then, a run aborted.
    pub fn cancellations(mut self, count: usize) -> Self {
        self.cancellations = count;
        self
    }

    /// Lets the clock go on to the next time that somebody waits for, up to `count` times per schedule, while a task is
    /// ready: 0 if never called. When no task is ready, it goes on in any case.
    pub fn clock_steps(mut self, count: usize) -> Self {
        self.clock_steps = count;
        self
    }

    /// How many schedules are tried one by one before the rest is sampled: 10,000 if never called.
    pub fn limit(mut self, schedules: u64) -> Self {
        self.limit = schedules;
        self
    }

    /// How many schedules are tried at random where there are more than the limit: 1,000 if never called.
    pub fn samples(mut self, schedules: u64) -> Self {
        self.samples = schedules;
        self
    }

    /// Which random schedules are tried: the same for the same seed.
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// Plays one schedule only: that of a [`Counterexample`], say.
    ///
    /// It is a list of steps: `a` lets the task `a` go on to its next await point, `a!` cancels it, `+` lets the clock go
    /// on to the next time that somebody waits for. After the last one the oldest task that is ready goes on, each time.
    pub fn replay(mut self, schedule: impl Into<String>) -> Self {
        self.replay = Some(schedule.into());
        self
    }

    /// Tries the schedules of `scenario`; returns how many those were.
    ///
    /// # Panics
    ///
    /// With the [`Counterexample`] if one fails.
    #[track_caller]
    pub fn check(&self, scenario: impl Fn(&Scene)) -> Explored {
        match self.find(scenario) {
            Ok(explored) => explored,
            Err(counterexample) => panic!("{counterexample}"),
        }
    }

    /// Tries the schedules of `scenario` until one fails.
    ///
    /// # Errors
    ///
    /// The schedule that fails, made as small as it can be.
    pub fn find(&self, scenario: impl Fn(&Scene)) -> Result<Explored, Counterexample> {
        Search { explorer: self, scenario: &scenario }.run()
    }
}

impl fmt::Display for Counterexample {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { schedule, played, failure, passed } = self;
        write!(
            f,
            "the schedule `{played}` fails (after {passed} that did not): {failure}\n  \
             run it again with `explore().replay({schedule:?})`"
        )
    }
}
