//! Listeners (reference 3.5), in virtual time.

mod effects;
mod failures;
mod hearing;
mod lifetimes;

use crate::log::Log;
use std::time::Duration;
use trine_core::test::{ManualClock, ManualExecutor};
use trine_thunks::{Action, Listener, SliceKey, Store, StoreBuilder, action};

struct Added(i32);

impl Action for Added {}

struct Other;

impl Action for Other {}

static SUM: SliceKey<i32> = SliceKey::new("sum");

const SECOND: Duration = Duration::from_secs(1);

/// A store in virtual time.
struct Stage {
    store: Store,
    executor: ManualExecutor,
    clock: ManualClock,
    log: Log,
}

impl Stage {
    fn with(build: impl FnOnce(StoreBuilder, &Log) -> StoreBuilder) -> Self {
        let (executor, clock, log) = (ManualExecutor::new(), ManualClock::new(), Log::default());
        let core =
            trine_core::Store::builder().spawner(executor.clone()).clock(clock.clone()).build();
        let sum = SUM.slice(|| 0).on(action::<Added>(), |sum, added| {
            assert_ne!(added.0, -13, "unlucky");
            *sum += added.0;
        });
        let store = build(Store::builder().on(core).slice(sum), &log).build().unwrap();
        Self { store, executor, clock, log }
    }

    fn new() -> Self {
        Self::with(|builder, _| builder)
    }

    fn run(&self) {
        self.executor.run_until_stalled();
    }

    fn pass(&self, time: Duration) {
        self.run();
        self.clock.advance(time);
        self.run();
    }

    fn listen(&self, listener: Listener) {
        self.store.listen(listener).detach();
    }
}
