//! Dispatches that wait for a handler, polled only when they are woken.
//!
//! A line may wait in many places at once, and its run has one waker. If each wake-up polled everything that waits, a line of n
//! signals would take n² polls to come to rest. So each dispatch is polled with a waker of its own, which notes whose turn it
//! is before it wakes the run. Those who are due are polled in the order in which they began to wait.

use super::{Dispatch, track::Track, walk::Poller};
use crate::sync::Mutex;
use std::{
    collections::BTreeMap,
    sync::Arc,
    task::{Context, Wake, Waker},
};

/// The dispatches of a line that wait for a handler; nothing, as long as there were none.
#[derive(Default)]
pub(super) struct Waiting(Option<Box<Waiters>>);

#[derive(Default)]
struct Waiters {
    /// By the order in which they began to wait.
    dispatches: BTreeMap<u64, (Dispatch, Waker)>,
    /// The number of the last one.
    last: u64,
    /// Who is due.
    bell: Arc<Bell>,
}

/// What the wakers of the dispatches and their line share.
#[derive(Default)]
struct Bell(Mutex<Rung>);

#[derive(Default)]
struct Rung {
    /// The numbers of those who are due.
    due: Vec<u64>,
    /// Wakes the line's run.
    line: Option<Waker>,
}

/// Wakes one dispatch.
struct Ticket {
    bell: Arc<Bell>,
    number: u64,
}

impl Wake for Ticket {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        let line = {
            let mut rung = self.bell.0.lock();
            rung.due.push(self.number);
            rung.line.take()
        };
        // The run's waker is its runtime's: not under the lock.
        if let Some(line) = line {
            line.wake();
        }
    }
}

impl Waiting {
    #[inline]
    pub(super) fn is_empty(&self) -> bool {
        self.0.as_ref().is_none_or(|waiters| waiters.dispatches.is_empty())
    }

    /// The one that has waited longest.
    pub(super) fn first(&self) -> Option<&Dispatch> {
        self.0.as_ref()?.dispatches.values().next().map(|(dispatch, _)| dispatch)
    }

    /// Adds a dispatch, which is due at once: if it was polled before, then with a waker that is not its own.
    #[cold]
    pub(super) fn push(&mut self, dispatch: Dispatch) {
        let waiters = self.0.get_or_insert_default();
        waiters.last += 1;
        let ticket = Ticket { bell: Arc::clone(&waiters.bell), number: waiters.last };
        waiters.dispatches.insert(waiters.last, (dispatch, Waker::from(Arc::new(ticket))));
        waiters.bell.0.lock().due.push(waiters.last);
    }

    /// Polls those who are due; the others wake the run of `cx` when they are.
    #[inline]
    pub(super) fn poll_due(&mut self, track: &mut Track<'_>, cx: &Context<'_>) {
        if let Some(waiters) = &mut self.0 {
            waiters.poll_due(track, cx);
        }
    }

    pub(super) fn clear(&mut self) {
        if let Some(waiters) = &mut self.0 {
            waiters.dispatches.clear();
        }
    }
}

impl Waiters {
    fn poll_due(&mut self, track: &mut Track<'_>, cx: &Context<'_>) {
        let Self { dispatches, bell, .. } = self;
        // A waker is user code: cloned and dropped outside the lock.
        let known = bell.0.lock().line.as_ref().is_some_and(|line| line.will_wake(cx.waker()));
        if !known {
            let line = cx.waker().clone();
            let old = bell.0.lock().line.replace(line);
            drop(old);
        }
        let mut due = std::mem::take(&mut bell.0.lock().due);
        due.sort_unstable();
        due.dedup();
        for number in due {
            // Gone if it was woken once more as it came to its end.
            let Some((dispatch, waker)) = dispatches.get_mut(&number) else { continue };
            let mut cx = Context::from_waker(waker);
            if dispatch.poll(track, &mut Poller::Run(&mut cx)).is_ready() {
                dispatches.remove(&number);
            }
        }
    }
}
