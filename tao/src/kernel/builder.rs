//! How a kernel is configured.

use super::{
    Core, Kernel, Observers,
    numbers::Numbers,
    space::{Level, Rules, Space},
};
use crate::sync::atomic::{AtomicBool, AtomicU32, AtomicU64};
use crate::{envelope::Reducers, sync::RwLock};
use std::sync::{Arc, OnceLock};
use trine_core::Store;

/// Configures a [`Kernel`]. Made by [`Kernel::builder`].
#[derive(Debug)]
#[must_use = "a builder makes no kernel until `build` is called"]
pub struct KernelBuilder {
    store: Store,
    hop_budget: u32,
    crossing_budget: u32,
    shuffle: Option<u64>,
    rules: Rules,
}

impl KernelBuilder {
    pub(super) fn new(store: &Store) -> Self {
        Self {
            store: store.clone(),
            hop_budget: 10_000,
            crossing_budget: 10_000,
            shuffle: None,
            rules: Rules::default(),
        }
    }

    /// How many chained signals one cascade may have, all its lines of execution together; 10,000 by default.
    ///
    /// A cascade that would have more is ended, and that is observed as a
    /// [`HopBudgetError`](crate::HopBudgetError) which names the last signals.
    pub fn hop_budget(mut self, signals: u32) -> Self {
        self.hop_budget = signals;
        self
    }

    /// How many times what follows from one signal that is set here may be carried to other kernels of the process by bridges, all its
    /// branches together; 10,000 by default.
    ///
    /// A bridge carries each signal to each kernel once, so only handlers of two kernels that answer each other for ever can spend it. The
    /// crossing that is one too many is an error of the bridge's handler, a [`CrossingBudgetError`](crate::CrossingBudgetError),
    /// which is observed like that of any other.
    pub fn crossing_budget(mut self, crossings: u32) -> Self {
        self.crossing_budget = crossings;
        self
    }

    /// Runs the handlers of each phase in an order drawn anew for each dispatch, from this seed.
    ///
    /// The order inside a phase is not a contract: tests that pass with many seeds show that the app does not depend on it.
    pub fn shuffle(mut self, seed: u64) -> Self {
        self.shuffle = Some(seed);
        self
    }

    /// Declares the signals that the app has. From then on, others are warned of, and so are handlers that none of these can reach.
    ///
    /// ```
    /// use trine_tao::{AppCtx, Conclusion, Kernel, Level, Store};
    ///
    /// let tao = Kernel::builder(&Store::new())
    ///     .space((["App", "User"], ["Enter", "Find"], "Portal"))
    ///     .out_of_space(Level::Deny)
    ///     .build();
    /// let Some(Conclusion::Failed(error)) = tao.set(AppCtx::new("User", "Fnid", "Portal")).outcome() else { panic!() };
    /// assert_eq!(
    ///     error.to_string(),
    ///     "{User,Fnid,Portal} is out of the space: no signal there has this action; did you mean `Find`?",
    /// );
    /// ```
    pub fn space(mut self, space: impl Into<Space>) -> Self {
        let undeclared = self.rules.space.replace(space.into()).is_none();
        if undeclared {
            self.rules.out_of_space = Level::Warn;
            self.rules.dead_handlers = Level::Warn;
        }
        self
    }

    /// What is to happen to a signal that no handler matches. [`Level::Allow`] by default: it is an
    /// [observation](crate::What::Unhandled).
    pub fn unhandled(mut self, level: Level) -> Self {
        self.rules.unhandled = level;
        self
    }

    /// What is to happen to a signal out of the [space](Self::space), which is to be declared first. [`Level::Warn`] by default.
    pub fn out_of_space(mut self, level: Level) -> Self {
        self.rules.out_of_space = level;
        self
    }

    /// What is to happen to a handler that no signal of the [space](Self::space) can reach, which is to be declared first.
    /// [`Level::Warn`] by default.
    pub fn dead_handlers(mut self, level: Level) -> Self {
        self.rules.dead_handlers = level;
        self
    }

    /// Makes the kernel.
    #[must_use]
    pub fn build(self) -> Kernel {
        let core = Core {
            store: self.store.downgrade(),
            table: RwLock::default(),
            observers: Observers::default(),
            reducers: Reducers::default(),
            numbers: Numbers::new(),
            last_cascade: AtomicU64::new(0),
            has_rules: self.rules.are_any(),
            rules: self.rules,
            hop_budget: self.hop_budget,
            borders: AtomicBool::new(false),
            last_border: AtomicU32::new(0),
            crossing_budget: self.crossing_budget,
            #[cfg(feature = "wire")]
            departures: crate::wire::Departures::default(),
            node: OnceLock::new(),
            shuffle: self.shuffle.map(AtomicU64::new),
        };
        Kernel { core: Arc::new(core), store: self.store }
    }
}
