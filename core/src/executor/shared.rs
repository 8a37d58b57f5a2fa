//! Several runs that share one piece of work.
//!
//! The work is a run that has the body. The others have none: each is registered with it, and when the work ends, each ends
//! as it did, with hooks and waiters of its own. One that ends in another way takes itself out; the last to do so
//! aborts the work. Whether it is the last is decided under the lock of the work, where others are added too, so a run
//! either finds the work active and keeps it so, or finds it over and makes new work.

use super::{
    any_run::{AnyRun, End, TypedRun},
    cell::RunCell,
    hooks::SettleHook,
    outcome::{AbortedBy, Outcome},
    settle::conclude,
};
use crate::{sync::mutant, text::Text};
use slab::Slab;
use std::sync::Arc;

/// What a run shares, behind its lock.
pub(super) struct Share<T, E> {
    /// Those that end as this run does.
    followers: Slab<Arc<dyn TypedRun<T, E>>>,
    /// The run that this one ends as, and the place in it.
    work: Option<(Arc<RunCell<T, E>>, usize)>,
}

impl<T, E> Default for Share<T, E> {
    fn default() -> Self {
        Self { followers: Slab::new(), work: None }
    }
}

impl<T, E> Share<T, E>
where
    T: Send + Sync + 'static,
    E: Send + Sync + 'static,
{
    /// Those that follow the run.
    pub(super) fn followers(&self) -> impl Iterator<Item = Arc<dyn AnyRun>> {
        self.followers.iter().map(|(_, follower)| Arc::clone(follower) as Arc<dyn AnyRun>)
    }

    /// Ends those that follow the run, as it has ended, and takes it out of what it follows.
    pub(super) fn end(self, outcome: &Outcome<T, E>) {
        if let Some((work, slot)) = self.work {
            work.unfollow(slot);
        }
        for (_, follower) in self.followers {
            if let End::Claimed(claim) = follower.end_as(outcome.clone()) {
                let follower: Arc<dyn AnyRun> = follower;
                conclude(&follower, claim);
            }
        }
    }
}

impl<T, E, H> RunCell<T, E, H>
where
    T: Send + Sync + 'static,
    E: Send + Sync + 'static,
    H: SettleHook<T, E>,
{
    /// Has this run end as `work` does; false if that is over already.
    pub(super) fn follow(self: &Arc<Self>, work: &Arc<RunCell<T, E>>) -> bool {
        let slot = {
            let mut state = work.state.lock();
            if !work.head.phase.is_active() && !mutant("work that is over is shared") {
                return false;
            }
            let follower: Arc<dyn TypedRun<T, E>> = self.clone();
            // Under the lock, so that it hears of those that come.
            if work.head.attempt() > 1 {
                self.head.set_attempt(work.head.attempt());
            }
            state.share.get_or_insert_default().followers.insert(follower)
        };
        // The work may be over by now, and so may this run: then it has nothing to take itself out of.
        let mut state = self.state.lock();
        if self.head.phase.is_active() {
            state.share.get_or_insert_default().work = Some((Arc::clone(work), slot));
            return true;
        }
        drop(state);
        Arc::clone(work).unfollow(slot);
        true
    }
}

impl<T, E> RunCell<T, E>
where
    T: Send + Sync + 'static,
    E: Send + Sync + 'static,
{
    /// Takes a follower out; the last one aborts the work.
    fn unfollow(self: Arc<Self>, slot: usize) {
        let (follower, claim) = {
            let mut state = self.state.lock();
            // Gone when the work is over: then it is ending us, or has.
            let Some(share) = state.share.as_mut() else { return };
            let follower = share.followers.try_remove(slot);
            let left = follower.is_some() && share.followers.is_empty();
            if !left || mutant("work goes on for nobody") {
                (follower, None)
            } else {
                let claim = self.claim_locked();
                if claim.won() {
                    let reason = Text::from_static("nobody waits for it any more");
                    state.outcome = Some(Outcome::Aborted { reason, by: AbortedBy::LastWaiter });
                }
                (follower, Some(claim))
            }
        };
        drop(follower);
        if let Some(claim) = claim
            && claim.won()
        {
            let work: Arc<dyn AnyRun> = self;
            conclude(&work, claim);
        }
    }
}
