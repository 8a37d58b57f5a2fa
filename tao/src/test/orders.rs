//! Whether what an app comes to depends on the order in which its handlers run.
//!
//! The order inside a phase, and that in which out-of-band work goes on, is not a contract: an app that relies on one works until a
//! feature is registered earlier, or a machine has more cores. So a scenario is played once per seed, each time with the handlers of
//! every dispatch in another order and the tasks in another schedule, and what it came to is compared.

use crate::{Kernel, KernelBuilder};
use std::{
    cell::Cell,
    fmt::{self, Debug},
};
use trine_core::{
    Store,
    test::{ManualClock, ManualExecutor},
};

/// Plays a scenario in many orders: 100 of them, unless it is told otherwise.
///
/// ```
/// use trine_tao::{AppCtx, test::orders};
///
/// // Two handlers of one signal, one of which relies on being called first.
/// let found = orders().find(|stage| {
///     let (tao, store) = (stage.kernel(), stage.store());
///     let price = store.source(100);
///     let cells = store.clone();
///     let _rebate = tao.on_inline(("Cart", "Open", "Shop"), move |_| {
///         cells.update(price, |price| *price -= 10);
///     });
///     let cells = store.clone();
///     let _tax = tao.on_inline(("Cart", "Open", "Shop"), move |_| {
///         cells.update(price, |price| *price *= 2);
///     });
///     tao.set(AppCtx::new("Cart", "Open", "Shop"));
///     stage.rest();
///     store.get(price)
/// });
/// let found = found.unwrap_err();
/// let mut outcomes: Vec<_> = found.outcomes.iter().map(|(outcome, _)| outcome.as_str()).collect();
/// outcomes.sort();
/// assert_eq!(outcomes, ["180", "190"]);
/// ```
///
/// An order is asked for by chaining, which is the only way that the TAO has:
///
/// ```
/// # use trine_tao::{AppCtx, test::orders};
/// orders().check(|stage| {
///     let (tao, store) = (stage.kernel(), stage.store());
///     let price = store.source(100);
///     let cells = store.clone();
///     let _rebate = tao.on_inline(("Cart", "Open", "Shop"), move |_| {
///         cells.update(price, |price| *price -= 10);
///         AppCtx::new("Cart", "Tax", "Shop")
///     });
///     let cells = store.clone();
///     let _tax = tao.on_inline(("Cart", "Tax", "Shop"), move |_| {
///         cells.update(price, |price| *price *= 2);
///     });
///     tao.set(AppCtx::new("Cart", "Open", "Shop"));
///     stage.rest();
///     store.get(price)
/// });
/// ```
pub fn orders() -> Orders {
    Orders { seeds: (0..100).collect() }
}

/// See [`orders`].
#[derive(Debug, Clone)]
#[must_use = "nothing is played before `check` or `find`"]
pub struct Orders {
    /// One for each time that the scenario is played.
    seeds: Vec<u64>,
}

/// Where a scenario is played: a store on a runtime whose tasks go on in an order drawn by the seed.
#[derive(Debug)]
pub struct OrderStage {
    executor: ManualExecutor,
    clock: ManualClock,
    store: Store,
    /// The state of the generator that draws.
    state: Cell<u64>,
}

/// A scenario comes to different ends in different orders.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub struct OrderDependence {
    /// What it came to, as its `Debug` says, each with the seeds that led there; the most frequent first.
    pub outcomes: Vec<(String, Vec<u64>)>,
}

impl Orders {
    /// Plays the scenario once with each of these seeds. The order that a seed draws is always the same.
    pub fn seeds(mut self, seeds: impl IntoIterator<Item = u64>) -> Self {
        self.seeds = seeds.into_iter().collect();
        self
    }

    /// Plays `scenario` in each order; what it returns must be the same each time.
    ///
    /// # Panics
    ///
    /// With the [`OrderDependence`] if it is not.
    #[track_caller]
    pub fn check<T: PartialEq + Debug>(&self, scenario: impl Fn(&OrderStage) -> T) {
        if let Err(found) = self.find(scenario) {
            panic!("{found}");
        }
    }

    /// Plays `scenario` in each order, and compares what it returns.
    ///
    /// # Errors
    ///
    /// What it returned, if that was not the same each time.
    pub fn find<T: PartialEq + Debug>(
        &self,
        scenario: impl Fn(&OrderStage) -> T,
    ) -> Result<(), OrderDependence> {
        let mut found: Vec<(T, Vec<u64>)> = Vec::new();
        for &seed in &self.seeds {
            let outcome = scenario(&OrderStage::new(seed));
            match found.iter_mut().find(|(known, _)| *known == outcome) {
                Some((_, seeds)) => seeds.push(seed),
                None => found.push((outcome, vec![seed])),
            }
        }
        if found.len() < 2 {
            return Ok(());
        }
        found.sort_by_key(|(_, seeds)| std::cmp::Reverse(seeds.len()));
        let outcomes = found.into_iter().map(|(outcome, seeds)| (format!("{outcome:?}"), seeds));
        Err(OrderDependence { outcomes: outcomes.collect() })
    }
}

impl OrderStage {
    fn new(seed: u64) -> Self {
        let (executor, clock) = (ManualExecutor::new(), ManualClock::new());
        let store =
            Store::builder().spawner(executor.clone()).clock(clock.clone()).seed(seed).build();
        Self { executor, clock, store, state: Cell::new(seed) }
    }

    /// The store.
    #[must_use]
    pub fn store(&self) -> Store {
        self.store.clone()
    }

    /// A kernel on the store, whose handlers are [shuffled](KernelBuilder::shuffle) for each dispatch.
    #[must_use]
    pub fn kernel(&self) -> Kernel {
        self.builder().build()
    }

    /// The same, to be configured further.
    pub fn builder(&self) -> KernelBuilder {
        Kernel::builder(&self.store).shuffle(self.draw())
    }

    /// The store's clock.
    #[must_use]
    pub fn clock(&self) -> &ManualClock {
        &self.clock
    }

    /// Lets all that was left to the runtime go on, one task at a time, in the order that the seed draws. When none can, the clock goes
    /// on to the next time that somebody waits for; when nobody does, this returns.
    pub fn rest(&self) {
        loop {
            let ready = self.executor.ready();
            if ready == 0 {
                if self.clock.advance_to_next() {
                    continue;
                }
                return;
            }
            // The remainder is below the count, which is a `usize`.
            self.executor.run_nth((self.draw() % ready as u64) as usize);
        }
    }

    /// The next number of the generator SplitMix64.
    fn draw(&self) -> u64 {
        let state = self.state.get().wrapping_add(0x9e37_79b9_7f4a_7c15);
        self.state.set(state);
        let mut number = state;
        number = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        number ^ (number >> 31)
    }
}

impl fmt::Display for OrderDependence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("what comes of it depends on the order of handlers or tasks:")?;
        for (outcome, seeds) in &self.outcomes {
            let (count, first) = (seeds.len(), seeds[0]);
            write!(f, "\n  {outcome}  with {count} seeds, for example `.seeds([{first}])`")?;
        }
        Ok(())
    }
}
