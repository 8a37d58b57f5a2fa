//! Random lives of runs: exactly one outcome each, told once, nothing written after it, and nothing left.

use proptest::prelude::*;
use std::{
    collections::HashMap,
    future::Future,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};
use tokio::sync::oneshot;
use trine_core::{
    ContextError, Event, Policy, Retry, Run, RunBuilder, RunContext, RunId, Scope, Source,
    StartHook, Store,
    test::{ManualClock, ManualExecutor},
};

const SECOND: Duration = Duration::from_secs(1);

const POLICIES: [Policy; 7] = [
    Policy::Parallel,
    Policy::Latest,
    Policy::Leading,
    Policy::Queue(1),
    Policy::Queue(9),
    Policy::Limit(2),
    Policy::Shared,
];

#[derive(Debug, Clone)]
enum Act {
    Start { policy: usize, key: u8, queued: bool, hook: u8, pace: u8, limit: bool, retries: bool },
    Child { of: usize, detached: bool },
    InScope,
    EndScope,
    Complete(usize),
    Reject(usize),
    Panic(usize),
    Abort(usize),
    AbortByContext(usize),
    AbortTagged,
    AbortAll,
    Write(usize),
    DropRun(usize),
    Wait(usize),
    Pass(u8),
    RunOne,
    RunAll,
    ShutDown,
    DropStore,
}

enum End {
    Complete,
    Reject,
    Panic,
}

fn start() -> impl Strategy<Value = Act> {
    let how = (0..POLICIES.len(), 0..2_u8, any::<bool>(), 0..8_u8, 0..10_u8, any::<bool>());
    (how, any::<bool>()).prop_map(|((policy, key, queued, hook, pace, limit), retries)| {
        Act::Start { policy, key, queued, hook, pace, limit, retries }
    })
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        8 => start(),
        4 => (any::<usize>(), any::<bool>()).prop_map(|(of, detached)| Act::Child { of, detached }),
        2 => Just(Act::InScope),
        1 => Just(Act::EndScope),
        3 => any::<usize>().prop_map(Act::Complete),
        2 => any::<usize>().prop_map(Act::Reject),
        1 => any::<usize>().prop_map(Act::Panic),
        2 => any::<usize>().prop_map(Act::Abort),
        1 => any::<usize>().prop_map(Act::AbortByContext),
        1 => Just(Act::AbortTagged),
        1 => Just(Act::AbortAll),
        3 => any::<usize>().prop_map(Act::Write),
        1 => any::<usize>().prop_map(Act::DropRun),
        2 => any::<usize>().prop_map(Act::Wait),
        3 => (0..3_u8).prop_map(Act::Pass),
        4 => Just(Act::RunOne),
        2 => Just(Act::RunAll),
        1 => Just(Act::ShutDown),
        1 => Just(Act::DropStore),
    ]
}

/// What the test knows of a run.
struct Known {
    id: RunId,
    run: Option<Run<u64, String>>,
    cx: Arc<Mutex<Option<RunContext>>>,
    end: Option<oneshot::Sender<End>>,
    settled: Arc<AtomicUsize>,
    body: Arc<()>,
    /// Whether its body is another run's.
    shared: bool,
}

impl Known {
    fn is_settled(&self) -> bool {
        self.settled.load(Ordering::SeqCst) == 1
    }
}

struct World {
    executor: ManualExecutor,
    clock: ManualClock,
    store: Option<Store>,
    cell: Source<u64>,
    scope: Option<Scope>,
    runs: Vec<Known>,
    waiting: Vec<trine_core::RunResult<u64, String>>,
    /// How many ends were told of each run.
    ends: Arc<Mutex<HashMap<RunId, u32>>>,
}

/// A body that does as it is told by the channel, once; afterwards it fails.
fn body(
    ended: oneshot::Receiver<End>,
    held: Arc<()>,
    slot: Arc<Mutex<Option<RunContext>>>,
) -> impl FnMut(RunContext) -> std::pin::Pin<Box<dyn Future<Output = Result<u64, String>> + Send>> {
    let mut ended = Some(ended);
    move |cx| {
        let (ended, held) = (ended.take(), Arc::clone(&held));
        let id = cx.id().get();
        *slot.lock().unwrap() = Some(cx);
        Box::pin(async move {
            let _held = held;
            let Some(ended) = ended else { return Err("again".to_owned()) };
            match ended.await {
                Ok(End::Complete) => Ok(id),
                Ok(End::Reject) => Err("rejected".to_owned()),
                Ok(End::Panic) => std::panic::resume_unwind(Box::new("panicked")),
                Err(_) => Err("forgotten".to_owned()),
            }
        })
    }
}

impl World {
    fn new(lazy: bool) -> Self {
        let executor = if lazy { ManualExecutor::lazy() } else { ManualExecutor::new() };
        let clock = ManualClock::new();
        let store = Store::builder().spawner(executor.clone()).clock(clock.clone()).seed(1).build();
        let ends = Arc::<Mutex<HashMap<RunId, u32>>>::default();
        let told = Arc::clone(&ends);
        store
            .observe(move |event| {
                if let Event::RunSettled { run, .. } = event {
                    *told.lock().unwrap().entry(*run).or_default() += 1;
                }
            })
            .detach();
        let (cell, scope) = (store.source(0), Some(store.scope("random")));
        let (runs, waiting) = (Vec::new(), Vec::new());
        Self { executor, clock, store: Some(store), cell, scope, runs, waiting, ends }
    }

    fn pick(&mut self, index: usize) -> Option<&mut Known> {
        let len = self.runs.len();
        self.runs.get_mut(index.checked_rem(len)?)
    }

    fn start<S: StartHook>(
        &mut self,
        builder: RunBuilder<'_, u64, String, S>,
        shared: bool,
        retries: bool,
    ) {
        let (end, ended) = oneshot::channel();
        let (settled, held) = (Arc::new(AtomicUsize::new(0)), Arc::new(()));
        let cx = Arc::<Mutex<Option<RunContext>>>::default();
        let count = Arc::clone(&settled);
        let builder = builder.on_settle(move |_| {
            count.fetch_add(1, Ordering::SeqCst);
        });
        let body = body(ended, Arc::clone(&held), Arc::clone(&cx));
        let run = if retries {
            builder.start_retrying(Retry::constant(3, SECOND).attempt_timeout(2 * SECOND), body)
        } else {
            builder.start(body)
        };
        let (id, run, end) = (run.id(), Some(run), Some(end));
        self.runs.push(Known { id, run, cx, end, settled, body: held, shared });
    }

    fn end(&mut self, index: usize, how: End) {
        if let Some(end) = self.pick(index).and_then(|known| known.end.take()) {
            let _ = end.send(how);
        }
    }

    fn act(&mut self, act: Act) -> Result<(), TestCaseError> {
        match act {
            Act::Start { policy, key, queued, hook, pace, limit, retries } => {
                let Some(store) = self.store.clone() else { return Ok(()) };
                let policy = POLICIES[policy];
                let mut builder = store.run_builder("random").policy(policy).key(key);
                if key == 0 {
                    builder = builder.tag("even");
                }
                if queued {
                    builder = builder.queued();
                }
                if limit {
                    builder = builder.timeout(3 * SECOND);
                }
                builder = match pace {
                    0 => builder.debounce(SECOND),
                    1 => builder.debounce_leading(SECOND),
                    2 => builder.throttle(SECOND),
                    3 => builder.throttle_leading(SECOND),
                    _ => builder,
                };
                let shares = policy == Policy::Shared;
                if hook > 1 {
                    self.start(builder, shares, retries);
                    return Ok(());
                }
                let builder = builder.on_start(|cx| {
                    if hook == 0 {
                        return Err("refused");
                    }
                    cx.abort("at once");
                    Ok(())
                });
                self.start(builder, shares, retries);
            }
            Act::Child { of, detached } => {
                let Some(parent) = self.pick(of) else { return Ok(()) };
                let Some(cx) = parent.cx.lock().unwrap().clone() else { return Ok(()) };
                let builder = cx.run_builder("child");
                self.start(if detached { builder.detached() } else { builder }, false, false);
            }
            Act::InScope => {
                if let (Some(scope), true) = (&self.scope, self.store.is_some()) {
                    scope.run("scoped", |_| std::future::pending::<Result<u64, String>>());
                }
            }
            Act::EndScope => self.scope = None,
            Act::Complete(index) => self.end(index, End::Complete),
            Act::Reject(index) => self.end(index, End::Reject),
            Act::Panic(index) => self.end(index, End::Panic),
            Act::Abort(index) => {
                if let Some(run) = self.pick(index).and_then(|known| known.run.as_ref()) {
                    let before = run.is_settled();
                    prop_assert_eq!(run.abort("random"), !before);
                    prop_assert!(run.is_settled());
                }
            }
            Act::AbortByContext(index) => {
                let cx = self.pick(index).and_then(|known| known.cx.lock().unwrap().clone());
                if let Some(cx) = cx {
                    cx.abort("random");
                }
            }
            Act::AbortTagged => {
                if let Some(store) = &self.store {
                    store.runs().tagged("even").abort_all("random");
                }
            }
            Act::AbortAll => {
                if let Some(store) = &self.store {
                    store.runs().abort_all("random");
                }
            }
            Act::Write(index) => {
                let cell = self.cell;
                let Some(known) = self.pick(index) else { return Ok(()) };
                let Some(cx) = known.cx.lock().unwrap().clone() else { return Ok(()) };
                let over = (!known.shared).then(|| known.is_settled());
                let written = cx.update(cell, |value| *value += 1);
                if self.store.is_none() {
                    prop_assert!(matches!(written, Err(ContextError::StoreDropped(_))));
                } else if let Some(over) = over {
                    let refused = matches!(written, Err(ContextError::Settled { .. }));
                    prop_assert_eq!((written.is_ok(), refused), (!over, over));
                }
            }
            Act::DropRun(index) => {
                if let Some(known) = self.pick(index) {
                    known.run = None;
                }
            }
            Act::Wait(index) => {
                if let Some(run) = self.pick(index).and_then(|known| known.run.as_ref()) {
                    let mut result = run.result();
                    let mut cx = std::task::Context::from_waker(std::task::Waker::noop());
                    let _ = futures_util::FutureExt::poll_unpin(&mut result, &mut cx);
                    self.waiting.push(result);
                }
            }
            Act::Pass(halves) => self.clock.advance(SECOND / 2 * u32::from(halves)),
            Act::RunOne => _ = self.executor.run_one(),
            Act::RunAll => _ = self.executor.run_until_stalled(),
            Act::ShutDown => {
                if let Some(store) = &self.store {
                    let down = store.runs().shut_down(Duration::ZERO).unwrap();
                    prop_assert!(futures_util::FutureExt::now_or_never(down).is_some());
                    prop_assert!(store.runs().is_empty());
                }
            }
            Act::DropStore => self.store = None,
        }
        Ok(())
    }

    fn check(&self) -> Result<(), TestCaseError> {
        for known in &self.runs {
            let count = known.settled.load(Ordering::SeqCst);
            prop_assert!(count <= 1);
            if let Some(run) = &known.run {
                prop_assert_eq!(count == 1, run.is_settled());
            }
            // A settled run's body is gone: nobody is being polled here.
            prop_assert!(known.shared || count == 0 || Arc::strong_count(&known.body) == 1);
        }
        prop_assert!(self.ends.lock().unwrap().values().all(|&ends| ends == 1));
        let Some(store) = &self.store else { return Ok(()) };
        let live = store.runs().list();
        for known in &self.runs {
            let told = self.ends.lock().unwrap().contains_key(&known.id);
            prop_assert_eq!(known.is_settled(), told);
            prop_assert_eq!(live.iter().any(|run| run.id == known.id), !told);
        }
        prop_assert!(live.iter().all(|run| !self.ends.lock().unwrap().contains_key(&run.id)));
        Ok(())
    }
}

proptest! {
    #![proptest_config(crate::cases::of(400))]

    #[test]
    fn every_run_ends_exactly_once_and_nothing_is_left(
        acts in prop::collection::vec(act(), 1..60),
        lazy: bool,
    ) {
        let mut world = World::new(lazy);
        for act in acts {
            world.act(act)?;
            world.check()?;
        }
        world.scope = None;
        world.store = None;
        world.executor.run_until_stalled();
        for known in &world.runs {
            prop_assert_eq!(known.settled.load(Ordering::SeqCst), 1);
            prop_assert_eq!(Arc::strong_count(&known.body), 1);
        }
        for result in world.waiting.drain(..) {
            prop_assert!(futures_util::FutureExt::now_or_never(result).is_some());
        }
        prop_assert_eq!((world.executor.pending(), world.clock.sleepers()), (0, 0));
    }

    #[test]
    fn left_to_themselves_runs_that_end_leave_an_empty_store(
        acts in prop::collection::vec(act(), 1..40),
        lazy: bool,
    ) {
        let mut world = World::new(lazy);
        for act in acts {
            if !matches!(act, Act::DropStore) {
                world.act(act)?;
            }
        }
        // Whoever waits for a turn, a time or another attempt gets there when those before are done.
        world.scope = None;
        for known in &mut world.runs {
            known.end = None;
        }
        for _ in 0..500 {
            world.executor.run_until_stalled();
            world.clock.advance(SECOND / 2);
        }
        world.check()?;
        let store = world.store.as_ref().unwrap();
        prop_assert!(store.runs().is_empty(), "{:?}", store.runs());
        // What is left may only be drivers, which end with the store.
        world.store = None;
        world.executor.run_until_stalled();
        prop_assert_eq!((world.executor.pending(), world.clock.sleepers()), (0, 0));
    }
}
