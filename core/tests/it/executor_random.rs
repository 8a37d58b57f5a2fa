//! Random lives of runs: exactly one outcome each, and nothing left.

use proptest::prelude::*;
use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};
use tokio::sync::oneshot;
use trine_core::{Policy, Run, RunContext, Store, test::ManualExecutor};

#[derive(Debug, Clone)]
enum Act {
    Start { policy: u8, key: u8, queued: bool, hook: u8 },
    Child { of: usize, detached: bool },
    Complete(usize),
    Reject(usize),
    Panic(usize),
    Abort(usize),
    AbortByContext(usize),
    AbortAll,
    DropRun(usize),
    Wait(usize),
    RunOne,
    RunAll,
    DropStore,
}

enum End {
    Complete,
    Reject,
    Panic,
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        6 => (0..3_u8, 0..2_u8, any::<bool>(), 0..8_u8)
            .prop_map(|(policy, key, queued, hook)| Act::Start { policy, key, queued, hook }),
        4 => (any::<usize>(), any::<bool>()).prop_map(|(of, detached)| Act::Child { of, detached }),
        3 => any::<usize>().prop_map(Act::Complete),
        1 => any::<usize>().prop_map(Act::Reject),
        1 => any::<usize>().prop_map(Act::Panic),
        2 => any::<usize>().prop_map(Act::Abort),
        1 => any::<usize>().prop_map(Act::AbortByContext),
        1 => Just(Act::AbortAll),
        1 => any::<usize>().prop_map(Act::DropRun),
        2 => any::<usize>().prop_map(Act::Wait),
        4 => Just(Act::RunOne),
        1 => Just(Act::RunAll),
        1 => Just(Act::DropStore),
    ]
}

/// What the test knows of a run.
struct Known {
    run: Option<Run<u64, String>>,
    cx: Arc<std::sync::Mutex<Option<RunContext>>>,
    end: Option<oneshot::Sender<End>>,
    settled: Arc<AtomicUsize>,
    body: Arc<()>,
}

#[derive(Default)]
struct World {
    runs: Vec<Known>,
}

impl World {
    fn pick(&mut self, index: usize) -> Option<&mut Known> {
        let len = self.runs.len();
        self.runs.get_mut(index.checked_rem(len)?)
    }

    fn start(&mut self, builder: trine_core::RunBuilder<'_, u64, String>) {
        let (end, ended) = oneshot::channel();
        let (settled, body) = (Arc::new(AtomicUsize::new(0)), Arc::new(()));
        let cx = Arc::<std::sync::Mutex<Option<RunContext>>>::default();
        let (count, held, slot) = (Arc::clone(&settled), Arc::clone(&body), Arc::clone(&cx));
        let run = builder
            .on_settle(move |_| {
                count.fetch_add(1, Ordering::SeqCst);
            })
            .start(move |cx| async move {
                let _held = held;
                let id = cx.id().get();
                *slot.lock().unwrap() = Some(cx);
                match ended.await {
                    Ok(End::Complete) => Ok(id),
                    Ok(End::Reject) => Err("rejected".to_owned()),
                    Ok(End::Panic) => std::panic::resume_unwind(Box::new("panicked")),
                    Err(_) => Err("forgotten".to_owned()),
                }
            });
        self.runs.push(Known { run: Some(run), cx, end: Some(end), settled, body });
    }

    fn end(&mut self, index: usize, how: End) {
        if let Some(end) = self.pick(index).and_then(|known| known.end.take()) {
            let _ = end.send(how);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(400) })]

    #[test]
    fn every_run_ends_exactly_once_and_nothing_is_left(acts in prop::collection::vec(act(), 1..60)) {
        let executor = ManualExecutor::new();
        let mut store = Some(Store::with_spawner(executor.clone()));
        let mut world = World::default();
        let mut waiting = Vec::new();
        for act in acts {
            match act {
                Act::Start { policy, key, queued, hook } => {
                    let Some(store) = &store else { continue };
                    let policy = [Policy::Parallel, Policy::Latest, Policy::Leading][policy as usize];
                    let mut builder = store.run_builder("random").policy(policy).key(key);
                    if queued {
                        builder = builder.queued();
                    }
                    builder = match hook {
                        0 => builder.on_start(|_| Err("refused")),
                        1 => builder.on_start(|cx| { cx.abort("at once"); Ok::<_, String>(()) }),
                        _ => builder,
                    };
                    world.start(builder);
                }
                Act::Child { of, detached } => {
                    let Some(parent) = world.pick(of) else { continue };
                    let Some(cx) = parent.cx.lock().unwrap().clone() else { continue };
                    let builder = cx.run_builder("child");
                    world.start(if detached { builder.detached() } else { builder });
                }
                Act::Complete(index) => world.end(index, End::Complete),
                Act::Reject(index) => world.end(index, End::Reject),
                Act::Panic(index) => world.end(index, End::Panic),
                Act::Abort(index) => if let Some(run) = world.pick(index).and_then(|known| known.run.as_ref()) {
                    let before = run.is_settled();
                    prop_assert_eq!(run.abort("random"), !before);
                    prop_assert!(run.is_settled());
                },
                Act::AbortByContext(index) => if let Some(known) = world.pick(index) {
                    let cx = known.cx.lock().unwrap().clone();
                    if let Some(cx) = cx { cx.abort("random"); }
                },
                Act::AbortAll => if let Some(store) = &store { store.runs().abort_all("random"); },
                Act::DropRun(index) => if let Some(known) = world.pick(index) { known.run = None; },
                Act::Wait(index) => if let Some(run) = world.pick(index).and_then(|known| known.run.as_ref()) {
                    let mut result = run.result();
                    let waker = std::task::Waker::noop();
                    let _ = futures_util::FutureExt::poll_unpin(&mut result, &mut std::task::Context::from_waker(waker));
                    waiting.push(result);
                },
                Act::RunOne => { executor.run_one(); }
                Act::RunAll => { executor.run_until_stalled(); }
                Act::DropStore => store = None,
            }
            for known in &world.runs {
                let count = known.settled.load(Ordering::SeqCst);
                prop_assert!(count <= 1);
                if let Some(run) = &known.run {
                    prop_assert_eq!(count == 1, run.is_settled());
                }
                // A settled run's body is gone: nobody is being polled here.
                prop_assert!(count == 0 || Arc::strong_count(&known.body) == 1);
            }
            if let Some(store) = &store {
                let open = world.runs.iter().filter(|known| known.settled.load(Ordering::SeqCst) == 0);
                prop_assert_eq!(store.runs().len(), open.count());
            }
        }
        drop(store);
        executor.run_until_stalled();
        for known in &world.runs {
            prop_assert_eq!(known.settled.load(Ordering::SeqCst), 1);
            prop_assert_eq!(Arc::strong_count(&known.body), 1);
        }
        for result in waiting {
            prop_assert!(futures_util::FutureExt::now_or_never(result).is_some());
        }
        prop_assert_eq!(executor.pending(), 0);
    }
}
