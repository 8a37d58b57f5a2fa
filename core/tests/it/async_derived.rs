//! Async derivations.

mod dependencies;
mod lifetimes;
mod outcomes;
mod policies;
mod random;

use std::convert::Infallible;
use trine_core::{
    AsyncDerived, AsyncPolicy, AsyncState, Event, Source, Store,
    test::{Log, ManualExecutor, yield_now},
};

type Sum = AsyncDerived<i32, Infallible>;

/// A store on a runtime that is driven by hand, and a log.
struct Stage {
    store: Store,
    executor: ManualExecutor,
    log: Log,
}

impl Stage {
    fn new() -> Self {
        let executor = ManualExecutor::new();
        Self { store: Store::with_spawner(executor.clone()), executor, log: Log::new() }
    }

    fn run(&self) {
        self.executor.run_until_stalled();
    }

    /// Notes how the runs of the store end.
    fn follow(&self) {
        let following = self.log.follow(&self.store, |event| match event {
            Event::RunSettled { name, outcome, .. } => Some(format!("{name} {outcome}")),
            _ => None,
        });
        following.detach();
    }

    /// `a + b`, where `b` is read after an await; each part is noted.
    fn sum(&self, policy: AsyncPolicy, a: Source<i32>, b: Source<i32>) -> Sum {
        let log = self.log.clone();
        self.store.cell("sum").derived_async_with(policy, move |cx| {
            let log = log.clone();
            log.note("begin");
            async move {
                let _dropped = log.on_drop("dropped");
                let a = cx.get(a).await;
                log.note(format!("a is {a}"));
                yield_now().await;
                let b = cx.get(b).await;
                log.note(format!("b is {b}"));
                yield_now().await;
                Ok(a + b)
            }
        })
    }

    /// The state in short.
    fn show<T: ToString + Send + Sync + 'static, E: Send + Sync + 'static>(
        &self,
        cell: AsyncDerived<T, E>,
    ) -> String {
        show(&self.store.get(cell))
    }
}

fn show<T: ToString, E>(state: &AsyncState<T, E>) -> String {
    match state {
        AsyncState::Pending => "pending".to_owned(),
        AsyncState::Ready { value } => value.to_string(),
        AsyncState::Stale { value } => format!("stale {}", value.to_string()),
        AsyncState::Failed { error, last } => match last {
            Some(last) => format!("{} after {}", error.kind(), last.to_string()),
            None => error.kind().to_string(),
        },
        _ => unreachable!("all states are known"),
    }
}
