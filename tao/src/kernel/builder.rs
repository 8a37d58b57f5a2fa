//! How a kernel is configured.

use super::{Core, Kernel, Observers};
use crate::sync::RwLock;
use std::sync::{Arc, atomic::AtomicU64};
use trine_core::Store;

/// Configures a [`Kernel`]. Made by [`Kernel::builder`].
#[derive(Debug)]
#[must_use = "a builder makes no kernel until `build` is called"]
pub struct KernelBuilder {
    store: Store,
    hop_budget: u32,
    shuffle: Option<u64>,
}

impl KernelBuilder {
    pub(super) fn new(store: &Store) -> Self {
        Self { store: store.clone(), hop_budget: 10_000, shuffle: None }
    }

    /// How many chained signals one cascade may have, all its lines of execution together; 10,000 by default.
    ///
    /// A cascade that would have more is ended, and that is observed as a
    /// [`HopBudgetError`](crate::HopBudgetError) which names the last signals.
    pub fn hop_budget(mut self, signals: u32) -> Self {
        self.hop_budget = signals;
        self
    }

    /// Runs the handlers of each phase in an order drawn anew for each dispatch, from this seed.
    ///
    /// The order inside a phase is not a contract: tests that pass with many seeds show that the app does not depend on it.
    pub fn shuffle(mut self, seed: u64) -> Self {
        self.shuffle = Some(seed);
        self
    }

    /// Makes the kernel.
    #[must_use]
    pub fn build(self) -> Kernel {
        let core = Core {
            store: self.store.downgrade(),
            table: RwLock::default(),
            observers: Observers::default(),
            last_handler: AtomicU64::new(0),
            last_cascade: AtomicU64::new(0),
            hop_budget: self.hop_budget,
            shuffle: self.shuffle.map(AtomicU64::new),
        };
        Kernel { core: Arc::new(core), store: self.store }
    }
}
