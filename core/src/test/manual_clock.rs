//! A clock that stands still until it is told to go on.

use crate::{
    executor::{Clock, Sleep},
    sync::Mutex,
};
use slab::Slab;
use std::{
    fmt,
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, Waker},
    time::Duration,
};

/// A clock that shows 0 and stands still until it is [advanced](Self::advance): for tests in virtual time.
///
/// Clones show the same time; a store holds one of them.
///
/// ```
/// use std::time::Duration;
/// use trine_core::{Clock, Store, test::{ManualClock, ManualExecutor}};
///
/// let (clock, executor) = (ManualClock::new(), ManualExecutor::new());
/// let store = Store::builder().spawner(executor.clone()).clock(clock.clone()).build();
/// let timer = store.clock().unwrap();
/// let run = store.run("tea", move |_| async move {
///     timer.sleep(Duration::from_secs(180)).await;
///     Ok::<_, String>("ready")
/// });
/// executor.run_until_stalled();
/// clock.advance(Duration::from_secs(179));
/// assert_eq!(executor.run_until_stalled(), 0);
/// clock.advance(Duration::from_secs(1));
/// executor.run_until_stalled();
/// assert!(run.outcome().unwrap().is_fulfilled());
/// ```
#[derive(Clone)]
pub struct ManualClock {
    /// What the clones share.
    shared: Arc<Mutex<Face>>,
}

/// What the clock shows, and who waits for what.
struct Face {
    /// The time.
    now: Duration,
    /// Who waits; a place per future that has been polled and is not over.
    sleepers: Slab<Sleeper>,
    /// How many have begun to wait: who began first is woken first.
    begun: u64,
}

/// One who waits.
struct Sleeper {
    /// For when.
    time: Duration,
    /// Which of those who wait for the same time.
    number: u64,
    /// To be woken then; taken when it is.
    waker: Option<Waker>,
}

impl ManualClock {
    /// A clock that shows 0.
    #[must_use]
    pub fn new() -> Self {
        let face = Face { now: Duration::ZERO, sleepers: Slab::new(), begun: 0 };
        Self { shared: Arc::new(Mutex::new(face)) }
    }

    /// Lets `duration` pass: those who wait for a time up to then are woken, the earliest first.
    ///
    /// Nothing is polled meanwhile, as if all of it passed at once; to let those who are woken begin to wait anew in
    /// between, go [step by step](Self::advance_to_next).
    pub fn advance(&self, duration: Duration) {
        let to = self.shared.lock().now.saturating_add(duration);
        self.set(to);
    }

    /// Goes on to the next time that anybody waits for; false if nobody waits.
    pub fn advance_to_next(&self) -> bool {
        let next = self.next_due();
        if let Some(next) = next {
            self.set(next);
        }
        next.is_some()
    }

    /// The next time that anybody waits for who has not been woken.
    #[must_use]
    pub fn next_due(&self) -> Option<Duration> {
        let face = self.shared.lock();
        face.sleepers
            .iter()
            .filter(|(_, sleeper)| sleeper.waker.is_some())
            .map(|(_, s)| s.time)
            .min()
    }

    /// How many futures wait for a time to come, those included that were woken and have not been polled since.
    #[must_use]
    pub fn sleepers(&self) -> usize {
        self.shared.lock().sleepers.len()
    }

    fn set(&self, to: Duration) {
        let mut due = Vec::new();
        {
            let mut face = self.shared.lock();
            face.now = face.now.max(to);
            let now = face.now;
            for (_, sleeper) in &mut face.sleepers {
                if sleeper.time <= now
                    && let Some(waker) = sleeper.waker.take()
                {
                    due.push((sleeper.time, sleeper.number, waker));
                }
            }
        }
        // Wakers are foreign code: woken outside the lock.
        due.sort_unstable_by_key(|(time, number, _)| (*time, *number));
        for (_, _, waker) in due {
            waker.wake();
        }
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Duration {
        self.shared.lock().now
    }

    fn sleep_until(&self, time: Duration) -> Sleep {
        Box::pin(ManualSleep { clock: self.clone(), time, place: None })
    }
}

/// Waits for a time of a [`ManualClock`].
struct ManualSleep {
    /// The clock.
    clock: ManualClock,
    /// For when.
    time: Duration,
    /// The place among the sleepers.
    place: Option<usize>,
}

impl ManualSleep {
    /// Leaves the clock; returns the waker that was left there, to be dropped outside the lock.
    fn leave(&mut self) -> Option<Sleeper> {
        self.place.take().map(|place| self.clock.shared.lock().sleepers.remove(place))
    }
}

impl Future for ManualSleep {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        // Cloned outside the lock: it is foreign code.
        let waker = cx.waker().clone();
        let Self { clock, time, place } = &mut *self;
        let mut face = clock.shared.lock();
        if face.now >= *time {
            drop(face);
            self.leave();
            return Poll::Ready(());
        }
        let old = match *place {
            Some(place) => face.sleepers[place].waker.replace(waker),
            None => {
                face.begun += 1;
                let number = face.begun;
                let sleeper = Sleeper { time: *time, number, waker: Some(waker) };
                *place = Some(face.sleepers.insert(sleeper));
                None
            }
        };
        drop(face);
        drop(old);
        Poll::Pending
    }
}

impl Drop for ManualSleep {
    fn drop(&mut self) {
        self.leave();
    }
}

impl Default for ManualClock {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for ManualClock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ManualClock")
            .field("now", &self.now())
            .field("sleepers", &self.sleepers())
            .finish()
    }
}
