//! An await point, and nothing else.

use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll},
};

/// Lets whatever else is ready go on first: an await point that stands for any other in a test.
///
/// ```
/// use trine_core::{Store, test::{ManualExecutor, yield_now}};
///
/// let executor = ManualExecutor::new();
/// let store = Store::with_spawner(executor.clone());
/// let run = store.run("in two steps", |_| async {
///     yield_now().await;
///     Ok::<_, String>(())
/// });
/// assert!(!run.is_settled());
/// executor.run_until_stalled();
/// assert!(run.is_settled());
/// ```
pub fn yield_now() -> YieldNow {
    YieldNow { yielded: false }
}

/// The future of [`yield_now`].
#[derive(Debug)]
#[must_use = "futures do nothing unless awaited"]
pub struct YieldNow {
    /// Whether it has been polled.
    yielded: bool,
}

impl Future for YieldNow {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        if std::mem::replace(&mut self.yielded, true) {
            return Poll::Ready(());
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }
}
