//! The task that makes the first polls of queued bodies, one after the other.
//!
//! A body that is not to be polled on its caller's stack waits in the line of its home (`home.rs`). A task for each would cost
//! more than most of them do: so one task, the driver, takes the line's first, polls it, and takes the next. What is pending
//! after that rests until it is woken, and is a task of its own from then on, so that bodies that go on run in parallel.
//!
//! A body may hold the driver up, by computing or by blocking. **Whenever there is somebody in the line, a driver is due that
//! is not polling a body**: who would take a run and leave others behind calls another driver first, which sleeps, or is spawned,
//! and then gives way to it. (It is not enough to call it: tokio keeps the task that a task has woken last for the same thread,
//! whatever that is doing; a task that gives way may be taken by any thread. So the one that was called goes on here, and the one
//! that has called wherever there is room.) So a first poll holds up those behind it no more than a task that is as slow holds up the
//! tasks behind it.

use super::{
    any_run::Step,
    engine::Executor,
    home::{Home, Next},
    settle::conclude,
};
use std::{
    future::Future,
    pin::Pin,
    sync::{Arc, Weak},
    task::{Context, Poll},
};

/// How many bodies are polled before other tasks of the runtime get their turn. They share the budget that the runtime gives to one
/// task; one that finds none left goes on as a task of its own.
const AT_ONCE: usize = 16;

/// Polls those that wait in the line of a home. Dropping it before it is done gives up the home.
pub(super) struct Driver {
    /// The home.
    home: Arc<Home>,
    /// Whose runs those are.
    executor: Weak<Executor>,
    /// Tells it from the other drivers of the home.
    number: usize,
    /// Whether it has ended by itself.
    done: bool,
}

impl Driver {
    pub(super) fn new(home: Arc<Home>, executor: Weak<Executor>, number: usize) -> Self {
        Self { home, executor, number, done: false }
    }
}

impl Future for Driver {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let (mut arrives, mut polled, mut waker) = (true, 0, None);
        loop {
            if polled == AT_ONCE {
                self.home.pause();
                cx.waker().wake_by_ref();
                return Poll::Pending;
            }
            let next = self.home.next(self.number, std::mem::take(&mut arrives), &mut waker);
            match next {
                // The line is empty: once more, with what wakes us. Cloned outside the lock, since it is the runtime's.
                None => waker = Some(cx.waker().clone()),
                Some(Next::Double(call)) => {
                    self.home.call(call, || Weak::clone(&self.executor));
                    cx.waker().wake_by_ref();
                    return Poll::Pending;
                }
                Some(Next::Poll(run)) => {
                    match Arc::clone(&run).poll_queued() {
                        Step::Claimed(claim) => conclude(&run, claim),
                        Step::Pending => self.home.spawn(&run),
                        Step::Parked | Step::Over => {}
                    }
                    polled += 1;
                    // Most of the time it was the only one.
                    waker.get_or_insert_with(|| cx.waker().clone());
                }
                Some(Next::Sleep) => return Poll::Pending,
                Some(Next::Leave) => {
                    self.done = true;
                    return Poll::Ready(());
                }
            }
        }
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        if !self.done
            && let Some(executor) = self.executor.upgrade()
        {
            executor.abandon(&self.home);
        }
    }
}
