//! From a decided outcome to a dropped body.
//!
//! Whoever claims a run concludes it, on its own stack, outside every lock:
//!
//! 1. *announce*: a walk through the lease, so that the commit of a writer who still saw the run active is done,
//!    unless the only ones were of this very thread, which holds no lease; then the terminal event, then the settle hook;
//! 2. the children that are not detached are aborted, oldest first, generation by generation, each announced like
//!    its parent. A work list replaces recursion: a family of any depth fits on any stack;
//! 3. *publish*, children before parents: waiters see the outcome and are woken, the registry forgets the run;
//! 4. *reap*: the body is dropped, or its poller is told to when the poll returns; then `stopped` resolves.
//!
//! Where nobody has to be told but those who wait, all of it is one critical section of the run (`conclude_quietly` and
//! `RunCell::end_with`); what comes before what is the same.
//!
//! A run whose start is still being told is concluded by its starter, right after that, so that no hook hears of an
//! end before the start.
//!
//! Inside a lease only the claim is made at once; the rest is done as the thread leaves the lease. That is
//! exact: who holds the lease is the one who could have written.

use super::{
    any_run::{AnyRun, End, Verdict},
    outcome::{AbortedBy, Rejection},
    phase::Claim,
};
use crate::{lease, text::Text};
use std::{collections::VecDeque, sync::Arc};

/// The reason that children of a run are given that was not aborted itself.
const PARENT_SETTLED: Text = Text::from_static("its parent has settled");

/// Decides the outcome of `run` and concludes it; false when somebody has decided before.
pub(super) fn settle(run: &Arc<dyn AnyRun>, verdict: Verdict) -> bool {
    match run.end(verdict) {
        End::Lost => return false,
        End::Claimed(claim) => conclude(run, claim),
        End::Settled => {}
    }
    true
}

/// Settles `runs`: first decides all, so that none of them ends as the child of another, then concludes in order.
/// Returns how many this call settled.
pub(super) fn settle_all(runs: Vec<Arc<dyn AnyRun>>, verdict: impl Fn() -> Verdict) -> usize {
    let claims: Vec<_> = runs.iter().map(|run| run.claim(verdict())).collect();
    let won = runs.iter().zip(claims).filter(|(_, claim)| claim.won());
    won.map(|(run, claim)| conclude(run, claim)).count()
}

/// Does what follows a won claim, unless the starter is to do it.
pub(super) fn conclude(run: &Arc<dyn AnyRun>, claim: Claim) {
    if !claim.is_owed() {
        conclude_claimed(run);
    }
}

/// Does what follows a won claim: now, or when the thread leaves the lease that it holds.
pub(super) fn conclude_claimed(run: &Arc<dyn AnyRun>) {
    if lease::held().is_some() {
        let run = Arc::clone(run);
        return lease::defer(move || conclude_now(&run));
    }
    conclude_now(run);
}

fn conclude_now(run: &Arc<dyn AnyRun>) {
    if run.conclude_quietly() {
        return;
    }
    let children = run.announce();
    if !children.is_empty() {
        end_family(children, run);
    }
    run.publish_and_reap();
}

#[cold]
fn end_family(children: Vec<Arc<dyn AnyRun>>, parent: &Arc<dyn AnyRun>) {
    let with = |words: Option<Text>| move |child| (child, words.clone());
    let mut next: VecDeque<_> = children.into_iter().map(with(parent.last_words())).collect();
    let mut ended = Vec::new();
    while let Some((child, words)) = next.pop_front() {
        let claim = child.claim(parent_settled(&*child, words));
        if claim.won() && !claim.is_owed() {
            next.extend(child.announce().into_iter().map(with(child.last_words())));
            ended.push(child);
        }
    }
    for child in ended.iter().rev() {
        child.publish_and_reap();
    }
}

/// The outcome of a child whose parent has settled, with these last words.
pub(super) fn parent_settled(child: &dyn AnyRun, words: Option<Text>) -> Verdict {
    let by = match child.head().parent() {
        Some(parent) => AbortedBy::Parent(parent),
        None => AbortedBy::Registry,
    };
    Rejection::Aborted { reason: words.unwrap_or(PARENT_SETTLED), by }
}
