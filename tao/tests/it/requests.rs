//! Requests: each ends exactly once, with a declared response or with the reason why there is none.

mod answers;
mod failures;
mod random;

use crate::stage::{Log, Stage};
use trine_core::{
    Store,
    test::{ManualClock, ManualExecutor},
};
use trine_tao::{AppCtx, Kernel, Reply, Request, RequestError, RequestErrorKind};

static_assertions::assert_impl_all!(Reply: Send, Sync, Unpin);
static_assertions::assert_impl_all!(Request<'static>: Send, Sync);
static_assertions::assert_impl_all!(RequestError: Send, Sync, Clone, std::error::Error);

fn signal(action: &'static str) -> AppCtx {
    AppCtx::new("Job", action, "Portal")
}

fn on(action: &'static str) -> (&'static str, &'static str, &'static str) {
    ("Job", action, "Portal")
}

fn answer(reply: &Reply) -> String {
    match reply.answer() {
        None => "none".to_owned(),
        Some(Ok(context)) => context.to_string(),
        Some(Err(error)) => match error.kind() {
            RequestErrorKind::Halted { signal, reason, .. } => format!("{signal} halted: {reason}"),
            RequestErrorKind::Failed(error) => format!("failed: {}", error.cause().unwrap()),
            kind => kind.to_string(),
        },
    }
}

/// A stage with a clock, in whose kernel A is chained to B and B to C.
fn chain() -> (Stage, ManualClock, Vec<trine_tao::HandlerGuard>) {
    let (runtime, clock) = (ManualExecutor::new(), ManualClock::new());
    let store = Store::builder().spawner(runtime.clone()).clock(clock.clone()).build();
    let stage = Stage { tao: Kernel::new(&store), runtime, store, log: Log::default() };
    let handlers = vec![
        stage.tao.on_inline(on("A"), |_| signal("B")),
        stage.tao.on_inline(on("B"), |_| signal("C")),
    ];
    (stage, clock, handlers)
}
