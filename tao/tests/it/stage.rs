//! A kernel on a runtime that does nothing until it is told to.

use trine_core::{Store, test::ManualExecutor};

pub(crate) use trine_core::test::Log;
use trine_tao::{Kernel, ObserverGuard};

pub(crate) struct Stage {
    pub(crate) runtime: ManualExecutor,
    pub(crate) store: Store,
    pub(crate) tao: Kernel,
    pub(crate) log: Log,
}

impl Stage {
    pub(crate) fn new() -> Self {
        let runtime = ManualExecutor::new();
        let store = Store::with_spawner(runtime.clone());
        Self { tao: Kernel::new(&store), runtime, store, log: Log::default() }
    }

    /// Lets everything that was left to the runtime go on for as long as it can.
    pub(crate) fn run(&self) {
        self.runtime.run_until_stalled();
    }

    /// Notes observations, those only that `keep` says.
    pub(crate) fn observe(&self, keep: fn(&str) -> bool) -> (Log, ObserverGuard) {
        let log = Log::default();
        let guard = self.tao.observe({
            let log = log.clone();
            move |observation| {
                let line = observation.to_string();
                if keep(&line) {
                    log.note(line);
                }
            }
        });
        (log, guard)
    }
}

/// For [`Stage::observe`]: all that is told of signals, but for what handlers answered, which has their places in the source.
pub(crate) fn all(line: &str) -> bool {
    failures(line) || !line.contains(" handler at ") && !line.contains(" came to rest")
}

/// For [`Stage::observe`]: what went wrong, without the places in the source.
pub(crate) fn failures(line: &str) -> bool {
    line.contains("failed: ")
}
