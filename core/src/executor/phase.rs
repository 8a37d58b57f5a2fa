//! How far a run is: what threads agree on.
//!
//! ```text
//!  who decides      ACTIVE ---- claim ----> CLAIMED ---- settle ----> SETTLED
//!  who drops        the body is somewhere --------- bury -----------> GONE
//! ```
//!
//! The steps of the decision are made under the run's lock only, so they need no read-modify-write; they are atomic so that
//! who only looks needs no lock. A step is stored with `Release` and read with `Acquire`: who sees it sees what led to it.
//!
//! The notes are left by one party for another, without the lock. Each is one `AcqRel` read-modify-write of the same
//! word, so they have one order: of two parties that leave each other a note at the same time, exactly one finds the
//! other's.

use crate::sync::{
    atomic::{AtomicU8, Ordering},
    mutant,
};

/// The outcome is decided, and is being told.
const CLAIMED: u8 = 1;
/// Hooks and observers have been told; waiters may see the outcome.
const SETTLED: u8 = 1 << 1;
/// The start is still being told: whoever claims leaves the telling of the end to the starter.
const STARTING: u8 = 1 << 2;
/// Somebody has asked inside a lease whether the run is active, and may be writing because of the answer.
const LOOKED: u8 = 1 << 3;
/// A successor has taken its place in its group, inside a lease.
const DISPLACED: u8 = 1 << 4;
/// Its body has left the stack of the starter, so that somebody else may be the one to drop it.
const RESTED: u8 = 1 << 5;
/// Somebody has woken the body through its run, rather than through its task.
const WOKEN: u8 = 1 << 6;

/// The body is dropped.
const GONE: u8 = 1;
/// Somebody has registered a waker to hear that the body is gone.
const WAITED: u8 = 1 << 1;
/// The body waits for its very first poll, which is its task's.
const QUEUED: u8 = 1 << 2;
/// The spawner has answered; a task that is lost before is judged by its answer.
const SPAWNED: u8 = 1 << 3;
/// The task was dropped.
const LOST: u8 = 1 << 4;
/// The body waits for its turn.
const HELD: u8 = 1 << 5;

/// How far a run is.
#[derive(Debug)]
pub(crate) struct Phase {
    /// The steps of the decision.
    steps: AtomicU8,
    /// What one party leaves for another.
    notes: AtomicU8,
}

/// What a claim found. Whoever has won must go on with `settle::conclude`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use = "who wins a claim must conclude the run"]
pub(crate) struct Claim(u8);

impl Phase {
    /// A run that nobody has decided. If it is `starting`, whoever claims it leaves the telling to the starter.
    #[inline]
    pub(super) fn new(starting: bool) -> Self {
        let steps = if starting { STARTING } else { 0 };
        Self { steps: AtomicU8::new(steps), notes: AtomicU8::new(0) }
    }

    /// Takes a step; returns what there was. The caller holds the run's lock.
    #[inline]
    fn step(&self, bits: u8) -> u8 {
        let before = self.steps.load(Ordering::Relaxed);
        self.steps.store(before | bits, Ordering::Release);
        before
    }

    #[inline]
    fn is(&self, bits: u8) -> bool {
        self.steps.load(Ordering::Acquire) & bits != 0
    }

    #[inline]
    fn note(&self, bits: u8) -> u8 {
        self.notes.fetch_or(bits, Ordering::AcqRel)
    }

    /// Whether nothing is decided yet.
    #[inline]
    pub(super) fn is_active(&self) -> bool {
        !self.is(CLAIMED)
    }

    #[inline]
    pub(super) fn is_settled(&self) -> bool {
        self.is(SETTLED)
    }

    /// Whether another run has taken this one's place in its group.
    #[inline]
    pub(super) fn is_displaced(&self) -> bool {
        self.is(DISPLACED)
    }

    /// Whether somebody has asked inside a lease whether the run is active.
    #[inline]
    pub(super) fn was_looked_at(&self) -> bool {
        self.is(LOOKED)
    }

    /// Decides, unless somebody has. The caller holds the run's lock.
    #[inline]
    pub(super) fn claim(&self) -> Claim {
        Claim(self.step(CLAIMED))
    }

    /// Lets waiters see the outcome. The caller holds the run's lock.
    #[inline]
    pub(super) fn settle(&self) {
        self.step(SETTLED);
    }

    /// Has the end wait until the caller's lease is over. The caller holds the run's lock.
    #[inline]
    pub(super) fn look(&self) {
        self.step(LOOKED);
    }

    /// Notes that another run has taken this one's place in its group. The caller holds the run's lock.
    #[inline]
    pub(super) fn displace(&self) {
        self.step(DISPLACED);
    }

    #[inline]
    pub(super) fn is_starting(&self) -> bool {
        self.is(STARTING)
    }

    /// Notes that the start has been told; returns whether somebody has claimed meanwhile, so that the starter must
    /// go on with `settle::conclude`. The caller holds the run's lock.
    #[inline]
    pub(super) fn end_start(&self) -> bool {
        let before = self.steps.load(Ordering::Relaxed);
        self.steps.store(before & !STARTING, Ordering::Release);
        before & CLAIMED != 0
    }

    /// Notes that the body leaves the stack of the starter. The caller holds the run's lock.
    #[inline]
    pub(super) fn begin_rest(&self) {
        self.step(RESTED);
    }

    /// Whether the body was woken through its run.
    #[inline]
    pub(super) fn is_woken(&self) -> bool {
        self.is(WOKEN)
    }

    /// Notes that the body was woken through its run. The caller holds the run's lock.
    #[inline]
    pub(super) fn wake(&self) {
        self.step(WOKEN);
    }

    /// Whether the run has settled and its body is dropped. (A body that has never left the stack of the starter is
    /// gone before anybody has a handle that could ask.)
    #[inline]
    pub(super) fn is_stopped(&self) -> bool {
        let steps = self.steps.load(Ordering::Acquire);
        let gone = steps & RESTED == 0 || self.notes.load(Ordering::Acquire) & GONE != 0;
        steps & SETTLED != 0 && gone
    }

    /// Notes that the body is dropped; returns whether there may be somebody who waits for that.
    #[inline]
    pub(super) fn bury(&self) -> bool {
        self.is(RESTED) && self.note(GONE) & WAITED != 0
    }

    /// Notes that somebody is registering a waker: what was noted before is seen after this, and who notes something after
    /// this finds the waker.
    #[inline]
    pub(super) fn begin_wait(&self) {
        self.note(WAITED);
    }

    #[inline]
    pub(super) fn is_queued(&self) -> bool {
        self.notes.load(Ordering::Acquire) & QUEUED != 0
    }

    /// Notes that the body is left to its task.
    #[inline]
    pub(super) fn begin_queue(&self) {
        self.note(QUEUED);
    }

    /// Notes that the first poll of a queued body is about to begin.
    #[inline]
    pub(super) fn end_queue(&self) {
        if self.is_queued() {
            self.notes.fetch_and(!QUEUED, Ordering::AcqRel);
        }
    }

    /// Notes that the body is to wait for its turn.
    #[inline]
    pub(super) fn hold(&self) {
        self.note(HELD);
    }

    /// Notes that it is the body's turn. The caller holds the run's lock.
    #[inline]
    pub(super) fn grant(&self) {
        self.notes.fetch_and(!HELD, Ordering::AcqRel);
    }

    #[inline]
    pub(super) fn is_held(&self) -> bool {
        self.notes.load(Ordering::Acquire) & HELD != 0
    }

    /// Notes that the spawner has answered; returns whether it dropped the task meanwhile.
    #[inline]
    pub(super) fn end_spawn(&self) -> bool {
        self.note(SPAWNED) & LOST != 0
    }

    /// Notes that the task is gone; returns whether that is to end the run.
    #[inline]
    pub(super) fn lose_task(&self) -> bool {
        self.note(LOST) & SPAWNED != 0
    }
}

impl Claim {
    /// Whether this claim decided.
    #[inline]
    pub(super) fn won(self) -> bool {
        self.0 & CLAIMED == 0 || mutant("everybody decides")
    }

    /// Whether the starter will conclude, once the start has been told.
    #[inline]
    pub(super) fn is_owed(self) -> bool {
        self.0 & STARTING != 0 && !mutant("the end does not wait for the start")
    }

    /// Whether neither a starter nor a successor has anything to do with the end.
    #[inline]
    pub(super) fn is_plain(self) -> bool {
        self.0 & !(RESTED | WOKEN | LOOKED) == 0
    }
}
