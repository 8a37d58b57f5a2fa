//! Whether a run may start, at once or later, and what becomes of one that may not.

use super::{
    any_run::{About, AnyRun, Head, Verdict},
    builder::Condition,
    cell::RunCell,
    clock::{Clock, NoClock},
    contain::contain,
    failure::{Failure, StoreDropped},
    family::Link,
    group::{Admission, Ask, Group, Superseded},
    hooks::SettleHook,
    outcome::{AbortedBy, Rejection},
    pace::Pace,
    phase::Phase,
    policy::Policy,
    settle::{conclude, conclude_claimed, parent_settled},
    timing::{Signal, Timing},
    wanted::Wanted,
};
use crate::{
    lease::{self, Reentrant},
    store::{Core, Store},
    text::Text,
};
use std::{
    panic::Location,
    sync::Arc,
    task::{Context, Poll, Waker},
    time::Duration,
};

/// What a run asks for.
pub(super) struct Asked<'a> {
    /// Who starts it.
    pub(super) caller: &'static Location<'static>,
    /// Whom it is to end with.
    pub(super) parent: Option<Arc<dyn AnyRun>>,
    /// Whether it is wanted.
    pub(super) condition: Option<Condition<'a>>,
    /// What to do with others of its name and key.
    pub(super) policy: Policy,
    /// How often runs may come.
    pub(super) pace: Option<Pace>,
    /// How long it may take.
    pub(super) timeout: Option<Duration>,
    /// What ends it from outside.
    pub(super) signal: Option<Signal>,
    /// Whose work it wants to share.
    pub(super) work: Option<Group>,
}

/// A run that may start.
pub(super) struct Admitted<'a, T, E> {
    /// Its store.
    pub(super) store: &'a Store,
    /// Whom it has superseded.
    pub(super) superseded: Superseded,
    /// Whose turn it is because of that.
    pub(super) next: Vec<Arc<dyn AnyRun>>,
    /// What its body is to wait for, and for how long.
    pub(super) timing: Option<Timing>,
    /// Whether its body is to wait for its turn.
    pub(super) waits: bool,
    /// The work that it shares.
    pub(super) work: Option<Work<T, E>>,
}

/// Work that is shared.
pub(super) enum Work<T, E> {
    /// Somebody has begun it, or is about to.
    UnderWay,
    /// It is to be begun.
    New(Arc<RunCell<T, E>>),
}

/// Whether the run may start.
pub(super) fn admit<'a, T, E, H>(
    cell: &Arc<RunCell<T, E, H>>,
    store: Option<&'a Store>,
    mut ask: Asked<'_>,
) -> Result<Admitted<'a, T, E>, Verdict>
where
    T: Send + Sync + 'static,
    E: Send + Sync + 'static,
    H: SettleHook<T, E>,
{
    let failed = |failure| Rejection::Failed { failure };
    if let Some(outer) = lease::held() {
        return Err(failed(Failure::Reentrant(Reentrant { outer, inner: ask.caller })));
    }
    let store = store.ok_or_else(|| failed(Failure::StoreDropped(StoreDropped)))?;
    let executor = &cell.head.executor;
    if let Some(parent) = ask.parent {
        let child: Arc<dyn AnyRun> = cell.clone();
        let link = Link::between(&child, Arc::clone(&parent))
            .ok_or_else(|| parent_settled(&*child, parent.last_words()))?;
        // The parent may be settling right now, and have aborted us: then the slot is empty and the link harmless.
        cell.state.lock().kin.get_or_insert_default().link = Some(link);
    } else if executor.is_closing() {
        return Err(failed(Failure::ShuttingDown));
    }
    if let Some(signal) = &mut ask.signal {
        look_at(signal, store)?;
    }
    if let Some(condition) = ask.condition {
        match contain(condition) {
            Ok(Wanted::Yes) => {}
            Ok(Wanted::No { reason }) => return Err(Rejection::Skipped { reason }),
            Err(message) => return Err(failed(Failure::Start { message })),
        }
    }
    let (timed, signalled) = (ask.pace.is_some() || ask.timeout.is_some(), ask.signal.is_some());
    let clock = if timed {
        Some(store.clock().ok_or_else(|| failed(Failure::NoClock(NoClock::new())))?)
    } else {
        None
    };
    let now = ask.pace.and(clock.as_deref()).map(Clock::now);
    let timing = (timed || signalled).then_some(Timing {
        clock,
        begin: None,
        timeout: ask.timeout,
        signal: ask.signal,
    });
    let mut admitted = Admitted {
        store,
        superseded: Superseded::default(),
        next: Vec::new(),
        timing,
        waits: false,
        work: None,
    };
    if let Some(group) = ask.work {
        if ask.pace.is_some() || signalled {
            let message = if signalled {
                "a run that is shared cannot be tied to a signal as well"
            } else {
                "a run that is shared cannot have a pace as well"
            };
            let message = Text::from_static(message);
            return Err(failed(Failure::Start { message }));
        }
        admitted.work = Some(share(cell, store, &group)?);
        return Ok(admitted);
    }
    let Some(group) = cell.head.joined() else { return Ok(admitted) };
    let ask = Ask { policy: ask.policy, pace: ask.pace.zip(now) };
    let erased: Arc<dyn AnyRun> = cell.clone();
    match executor.join(store.core(), group, &ask, &erased) {
        Ok(Admission::Start { superseded, delay, waits, next }) => {
            admitted.next = next;
            admitted.superseded = superseded;
            admitted.waits = waits;
            if let Some(timing) = &mut admitted.timing {
                timing.begin = now.zip(delay).map(|(now, delay)| now.saturating_add(delay));
            }
            Ok(admitted)
        }
        Ok(Admission::Skip(reason)) => Err(Rejection::Skipped { reason }),
        Err(message) => Err(failed(Failure::Start { message })),
    }
}

/// Whether a run that takes the short way may start, and if so, whether its body is to wait for its turn. The ends of those
/// that it supersedes are told.
pub(super) fn admit_plain(
    core: &Core,
    run: &Arc<dyn AnyRun>,
    condition: Option<Condition<'_>>,
    policy: Policy,
) -> Result<bool, Verdict> {
    let failed = |message| Rejection::Failed { failure: Failure::Start { message } };
    if let Some(condition) = condition
        && let Wanted::No { reason } = contain(condition).map_err(failed)?
    {
        return Err(Rejection::Skipped { reason });
    }
    let Some(group) = run.head().joined() else { return Ok(false) };
    let ask = Ask { policy, pace: None };
    match core.executor.join(core, group, &ask, run).map_err(failed)? {
        Admission::Start { superseded, waits, next, .. } => {
            core.executor.end_superseded(superseded);
            for next in next {
                next.grant();
            }
            Ok(waits)
        }
        Admission::Skip(reason) => Err(Rejection::Skipped { reason }),
    }
}

/// Whether what ends the run from outside has done so already.
#[cold]
fn look_at(signal: &mut Signal, store: &Store) -> Result<(), Verdict> {
    let mut polled = Poll::Pending;
    let mut poll = || polled = signal.as_mut().poll(&mut Context::from_waker(Waker::noop()));
    match contain(|| store.core().spawner.enter(&mut poll)) {
        Err(message) => Err(Rejection::Failed { failure: Failure::Start { message } }),
        Ok(()) => match polled {
            Poll::Pending => Ok(()),
            Poll::Ready(reason) => Err(Rejection::Aborted { reason, by: AbortedBy::Signal }),
        },
    }
}

/// Has the run follow the work of its group that is under way, or makes that work.
fn share<T, E, H>(
    cell: &Arc<RunCell<T, E, H>>,
    store: &Store,
    group: &Group,
) -> Result<Work<T, E>, Verdict>
where
    T: Send + Sync + 'static,
    E: Send + Sync + 'static,
    H: SettleHook<T, E>,
{
    let failed = |message| Rejection::Failed { failure: Failure::Start { message } };
    let executor = &cell.head.executor;
    loop {
        let mut made = None;
        let found = executor.join_shared(store.core(), group, || {
            let work = executor.register(|id| {
                let (name, executor) = (group.name.clone(), Arc::clone(executor));
                let mut about = About::boxed(None, Some(group.clone()), cell.head.tags().to_vec());
                if let Some(about) = &mut about {
                    about.is_member = true;
                    about.is_work = true;
                }
                let head = Head::new(id, name, about, executor, Phase::new(true));
                Arc::new(RunCell::new(head, ()))
            });
            made = Some(Arc::clone(&work));
            work
        });
        let found = found.map_err(failed)?;
        if let Some(work) = made {
            if cell.follow(&work) {
                return Ok(Work::New(work));
            }
            // Somebody has looked for it and ended it in between; its end is ours to tell.
            if work.end_start() {
                let erased: Arc<dyn AnyRun> = work.clone();
                conclude_claimed(&erased);
            }
            work.bury(());
            continue;
        }
        let Ok(work) = found.into_any().downcast::<RunCell<T, E>>() else {
            let message = "a run of this name and key is under way that gives other types";
            return Err(failed(Text::from_static(message)));
        };
        if cell.follow(&work) {
            return Ok(Work::UnderWay);
        }
    }
}

/// Ends a run that was not admitted; its body is dropped outside the lease.
#[cold]
pub(super) fn refuse<T, E, H, B>(cell: Arc<RunCell<T, E, H>>, verdict: Verdict, body: B)
where
    T: Send + Sync + 'static,
    E: Send + Sync + 'static,
    H: SettleHook<T, E>,
    B: 'static,
{
    // Claimed at once, so that the handle is inert already; inside a lease it is told when the lease is over.
    let claim = cell.claim(verdict);
    let owed = cell.end_start();
    let erased: Arc<dyn AnyRun> = cell.clone();
    if owed {
        conclude_claimed(&erased);
    } else if claim.won() {
        conclude(&erased, claim);
    }
    if lease::held().is_none() {
        return cell.bury(body);
    }
    {
        let _lock = cell.state.lock();
        cell.head.phase.begin_rest();
    }
    lease::defer(move || cell.bury(body));
}
