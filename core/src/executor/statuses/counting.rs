//! How steps of runs reach the cells that follow them, and how a cell begins to follow.

use super::{
    RunsStatus,
    follower::{Follower, Which},
    table::Entry,
};
use crate::{
    cell::{ByValue, Cell, Derived, Equality, Source},
    commit::Writer,
    event::Event,
    executor::{
        any_run::{AnyRun, Head},
        contain::{call_hook, tell},
        engine::Executor,
        outcome::OutcomeKind,
    },
    graph::{Graph, Reader},
    lease,
    store::{Core, Store},
    sync::mutant,
    text::Text,
};
use std::{
    panic::Location,
    sync::{Arc, Weak},
};

/// What happens to a run.
#[derive(Debug, Clone, Copy)]
pub(in crate::executor) enum RunStep {
    /// It has started.
    Start,
    /// Another attempt begins.
    Retry,
    /// It has ended.
    End(OutcomeKind),
}

impl Executor {
    /// The cell of some runs, made if there is none, inside the lease.
    pub(super) fn status_cell(
        &self,
        graph: &mut Graph,
        core: Weak<Core>,
        (name, which): (Text, Which),
        last: Option<OutcomeKind>,
        created: &'static Location<'static>,
    ) -> Derived<RunsStatus> {
        let known = self.statuses.of_name(&name);
        let lives = |entry: &Entry| graph.place_of(entry.cell.key()).is_some();
        let found = known.iter().find(|entry| lives(entry) && entry.follower.which.same_as(&which));
        let found = found.map(|entry| entry.cell);
        // A key is the user's, and so is its drop.
        graph.discard(known);
        if let Some(cell) = found {
            graph.discard(which);
            return cell;
        }
        let same: fn(&u64, &u64) -> bool = ByValue.comparator();
        let tick = Source::from_key(graph.add_source(0, same, None, created));
        let follower = Arc::new(Follower::new(which, tick, last, created));
        let owner = Owner { follower: Arc::clone(&follower), core };
        let compute = move |cx: &mut Reader<'_>| {
            cx.get(tick);
            owner.follower.read()
        };
        let label = Some(Arc::from(format!("status of {name}")));
        let cell = Derived::from_key(graph.add_derived(compute, ByValue, label, created));
        // From here on starts and ends are told; then those are counted that are under way. Of their ends we hear because who
        // is asked inside a lease whether it is active tells of its end afterwards.
        let entry = Entry { follower: Arc::clone(&follower), cell };
        self.statuses.add(name.clone(), entry);
        self.set_counted(true);
        for run in self.live(|run| run.head().name == name) {
            let active = |head: &Head| {
                if mutant("the end of a run that is counted is not told") {
                    return head.phase.is_active();
                }
                run.is_active_in_lease()
            };
            let head = run.head();
            if !head.is_work() && follower.which.counts(head) && active(head) {
                follower.found(head);
            }
            // We may be the last to have it, and its outcome is the user's.
            graph.discard(run);
        }
        cell
    }

    /// Whether there may be cells that follow runs of this name.
    #[inline]
    pub(in crate::executor) fn follows(&self, name: &Text) -> bool {
        self.is_counted() && self.statuses.may_have(name)
    }

    /// Counts a step of a run in the cells that follow it.
    #[inline]
    pub(in crate::executor) fn count(&self, core: &Arc<Core>, head: &Head, step: RunStep) {
        if self.follows(&head.name) && !head.is_work() {
            self.count_step(core, head, step);
        }
    }

    /// Counts a run whose start was not told, since no cell followed it when that would have been.
    #[cold]
    pub(in crate::executor) fn count_late(&self, core: &Arc<Core>, run: &Arc<dyn AnyRun>) {
        let head = run.head();
        let counted = call_hook(head, "start", || {
            core.enter(|graph| {
                let mut due = Vec::new();
                let known = self.statuses.of_name(&head.name);
                for Entry { follower, .. } in &known {
                    // If it is active now, its end comes after this.
                    if follower.which.counts(head) && run.is_active_in_lease() {
                        follower.found(head);
                        due.push(Arc::clone(follower));
                    }
                }
                tick(graph, head, &due);
                graph.discard((known, due));
            })
        });
        if let Err(message) = counted {
            tell(core, || Event::Failed { what: format!("counting {head:?}").into(), message });
        }
    }

    #[cold]
    fn count_step(&self, core: &Arc<Core>, head: &Head, step: RunStep) {
        let Some(mut due) = self.statuses.count_surely(head, step) else { return };
        let when = match step {
            RunStep::Start => "start",
            RunStep::Retry => "next attempt",
            RunStep::End(_) => "end",
        };
        if !due.unsure.is_empty() || !due.ticks.is_empty() {
            // Neither a key's `Eq` nor a callback that this commit calls may keep a run from its course.
            let counted = call_hook(head, when, || {
                core.enter(|graph| {
                    for follower in &due.unsure {
                        if follower.which.counts(head) && follower.count(head, step) {
                            due.ticks.push(Arc::clone(follower));
                        }
                    }
                    tick(graph, head, &due.ticks);
                })
            });
            if let Err(message) = counted {
                let what = format!("counting {head:?} at its {when}");
                tell(core, || Event::Failed { what: what.into(), message });
            }
        }
        if !due.has_spent {
            return;
        }
        drop(due);
        let over = matches!(step, RunStep::End(_)).then_some(head.id);
        let (forgotten, none_left) = self.statuses.forget(&head.name, over);
        drop(forgotten);
        if none_left {
            self.set_counted(false);
        }
    }
}

/// Has cells computed anew, in one commit.
fn tick(graph: &mut Graph, head: &Head, followers: &[Arc<Follower>]) {
    let Some(first) = followers.first() else { return };
    let writer = Writer { location: first.created, run: Some(head.id) };
    let done = graph.update_several(writer, |updates| {
        for follower in followers {
            // Before the cell is computed, so that this is not lost.
            follower.expect_a_reader();
            // One that is gone is forgotten when its cell is dropped.
            let _ = updates.update(follower.tick, |ticks| *ticks += 1);
        }
    });
    drop(done.value);
}

/// The follower, in the hands of its cell: when that is dropped, the tick goes too.
struct Owner {
    follower: Arc<Follower>,
    core: Weak<Core>,
}

impl Drop for Owner {
    fn drop(&mut self) {
        self.follower.leave();
        let (core, tick) = (Weak::clone(&self.core), self.follower.tick);
        lease::defer(move || {
            if let Some(core) = core.upgrade() {
                Store::from_core(core).remove_cells([tick.key()]);
            }
        });
    }
}
