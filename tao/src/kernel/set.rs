//! Setting a signal with more than its data.

use super::Kernel;
use crate::{
    cascade::Cascade,
    channel::Channel,
    context::AppCtx,
    envelope::{Chain, DerivedId, TraceContext},
    journey::Entrance,
};
use std::{fmt, time::Duration};

/// A cascade that is about to begin: made by [`Kernel::cascade_builder`] and [`Channel::cascade_builder`].
///
/// ```
/// use std::time::Duration;
/// use trine_tao::{AppCtx, Kernel, Store};
///
/// let tao = Kernel::new(&Store::new());
/// let cascade = tao
///     .cascade_builder(AppCtx::new("Report", "Build", "Admin"))
///     .timeout(Duration::from_secs(30))
///     .hop_budget(100)
///     .set();
/// assert!(cascade.is_settled());
/// ```
#[must_use = "nothing happens until `set` is called"]
pub struct CascadeBuilder<'a> {
    /// Where it is to be set.
    kernel: &'a Kernel,
    /// What is to be set, and how.
    entrance: Entrance,
}

impl Kernel {
    /// A signal that is to be set with more than its data: a deadline, a budget, a chain.
    pub fn cascade_builder(&self, context: impl Into<AppCtx>) -> CascadeBuilder<'_> {
        let entrance = Entrance::set(self.core(), context.into(), None, None);
        CascadeBuilder { kernel: self, entrance }
    }
}

impl Channel {
    /// A signal that is to be set on the channel with more than its data: see [`Kernel::cascade_builder`].
    pub fn cascade_builder(&self, context: impl Into<AppCtx>) -> CascadeBuilder<'_> {
        let (kernel, circle) = (self.kernel(), self.circle().clone());
        let entrance = Entrance::set(kernel.core(), context.into(), Some(circle), None);
        CascadeBuilder { kernel, entrance }
    }
}

impl CascadeBuilder<'_> {
    /// Ends the cascade when it has not come to rest in this time.
    ///
    /// Nothing more is dispatched then, the bodies of handlers that are still awaited are dropped, and that is observed as a
    /// [`CutError`](crate::CutError). The time is taken on the store's [`Clock`](trine_core::Clock), and is looked at between two
    /// dispatches also where nothing waits; without a clock, the cascade is ended at its first dispatch.
    pub fn timeout(mut self, time: Duration) -> Self {
        self.entrance.timeout = Some(time);
        self
    }

    /// How many chained signals it may have, instead of [what the kernel says](super::KernelBuilder::hop_budget).
    pub fn hop_budget(mut self, signals: u32) -> Self {
        self.entrance.hop_budget = Some(signals);
        self
    }

    /// What the signal hands on to those that are chained to it: see [`Chain`].
    pub fn chain(mut self, chain: Chain) -> Self {
        self.entrance.chain = chain;
        self
    }

    /// Makes it part of a distributed trace, if the kernel [follows](Kernel::trace_context) these.
    pub fn trace_context(mut self, parent: TraceContext) -> Self {
        self.entrance.chain = self.entrance.chain.with(TraceContext::KEY, parent.to_string());
        self
    }

    /// Gives it an id that is the same whenever it is set again, if the kernel [derives](Kernel::derived_ids) these.
    pub fn derived_id(mut self, id: DerivedId) -> Self {
        self.entrance.chain = self.entrance.chain.with(DerivedId::KEY, id.to_string());
        self
    }

    /// Sets the signal: see [`Kernel::set`].
    pub fn set(self) -> Cascade {
        self.kernel.enter(self.entrance)
    }
}

impl fmt::Debug for CascadeBuilder<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CascadeBuilder")
            .field("signal", &self.entrance.context)
            .field("timeout", &self.entrance.timeout)
            .field("hop_budget", &self.entrance.hop_budget)
            .finish_non_exhaustive()
    }
}
