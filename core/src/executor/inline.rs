//! A poll on the caller's stack without a run, for front ends whose units of work are mostly ready at once.
//!
//! A dispatch of many small handlers need not make a run of each. It polls a handler's future here, under the very
//! rules of a run's first poll, and starts a run with it only if it is not ready.

use super::launch::{Nested, Watched, may_nest};
use crate::{executor::contain::contain, lease, store::Store, text::Text};
use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll, Waker},
};

/// A body panicked that was polled without a run. Made by [`Store::poll_inline`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{name}` panicked: {message}")]
#[non_exhaustive]
pub struct BodyPanicked {
    /// What was polled.
    pub name: Text,
    /// The panic's message.
    pub message: Text,
}

impl Store {
    /// Polls `future` once as the first poll of a run is made, but without a run: on this thread, outside the lease, inside the
    /// runtime's context, exempt from its cooperative budget, under `catch_unwind`, and at most 32 deep on one stack.
    ///
    /// `Pending` also means that it was not polled at all: inside a lease, or too deep. Either way, what is left to do is the
    /// same: start a [queued](crate::RunBuilder::queued) run with it, which polls it again at once. (The waker of this poll wakes
    /// nobody.) That run's outcome says what is wrong, if anything is.
    ///
    /// Nobody can list, abort or await what is polled here. So this is for front ends that do not hand out a
    /// [`Run`](crate::Run) for each unit of work; they owe it an end that is observed in some other way.
    ///
    /// ```
    /// use std::{pin::Pin, task::Poll};
    /// use trine_core::Store;
    ///
    /// type Work = Pin<Box<dyn Future<Output = u32> + Send>>;
    ///
    /// fn begin(store: &Store, mut work: Work) -> Option<u32> {
    ///     match store.poll_inline("work", work.as_mut()) {
    ///         Ok(Poll::Ready(value)) => return Some(value),
    ///         Ok(Poll::Pending) => {
    ///             let run = store.run_builder("work").queued();
    ///             run.start(|_| async { Ok::<_, String>(work.await) }).detach();
    ///         }
    ///         Err(panicked) => eprintln!("{panicked}"),
    ///     }
    ///     None
    /// }
    ///
    /// let store = Store::new();
    /// assert_eq!(begin(&store, Box::pin(async { 42 })), Some(42));
    /// assert_eq!(begin(&store, Box::pin(async { panic!("no") })), None);
    /// ```
    ///
    /// # Errors
    ///
    /// If the future panics, or the spawner does that has to provide the context. The future is left to the caller, who must
    /// not poll it again.
    pub fn poll_inline<F: Future + ?Sized>(
        &self,
        name: impl Into<Text>,
        future: Pin<&mut F>,
    ) -> Result<Poll<F::Output>, BodyPanicked> {
        let name = name.into();
        if lease::held().is_some() || !may_nest() {
            return Ok(Poll::Pending);
        }
        let core = self.core();
        let (mut future, mut polled) = (Some(future), Ok(Poll::Pending));
        let mut poll = || {
            if let Some(future) = future.take() {
                let _nested = Nested::enter();
                polled = contain(|| future.poll(&mut Context::from_waker(Waker::noop())));
            }
        };
        let watched = Watched::begin(core);
        let entered = contain(|| core.spawner.enter(&mut poll));
        watched.end(&name, None);
        match entered.and(polled) {
            Ok(poll) => Ok(poll),
            Err(message) => Err(BodyPanicked { name, message }),
        }
    }
}
