//! Actions at random, beside a model that runs them one after the other.
//!
//! Several async actions over the same atoms are under way at once, and go on, fail, are aborted or superseded in an order that is
//! drawn. Each says how it writes. Those that end well must have come to what a sequential program comes to that runs each of
//! them at the moment of its last flush.

use futures_util::FutureExt;
use proptest::prelude::{Just, Strategy, any, prop, prop_oneof, proptest};
use std::sync::{Arc, Mutex};
use tokio::sync::oneshot;
use trine_atoms::{
    ActionError, ActionRun, AsyncAction, Atom, BoxError, Draft, Flush, Store, middleware, synergy,
};
use trine_core::test::ManualExecutor;

/// How an action writes an atom.
#[derive(Debug, Clone, Copy, PartialEq)]
enum How {
    Assign,
    Update,
    Set,
    Not,
}

#[derive(Debug, Clone, Copy)]
enum Step {
    /// An async action begins that adds to the atoms, one way or another, when it goes on.
    Begin(How, How, i8),
    /// It flushes the first atom as soon as it has been written.
    BeginFlushing(How, i8),
    /// One that is under way goes on to its end.
    GoOn(usize, bool),
    Abort(usize),
    /// A sync action.
    Sync(i8),
    /// A write without an action.
    Write(i8),
}

fn how() -> impl Strategy<Value = How> {
    prop_oneof![Just(How::Assign), Just(How::Update), Just(How::Set), Just(How::Not)]
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => (how(), how(), any::<i8>()).prop_map(|(a, b, n)| Step::Begin(a, b, n)),
        1 => (how(), any::<i8>()).prop_map(|(a, n)| Step::BeginFlushing(a, n)),
        4 => (0..4_usize, any::<bool>()).prop_map(|(which, fails)| Step::GoOn(which, fails)),
        1 => (0..4_usize).prop_map(Step::Abort),
        1 => any::<i8>().prop_map(Step::Sync),
        1 => any::<i8>().prop_map(Step::Write),
    ]
}

fn write(draft: &mut Draft<i64>, how: How, n: i64) {
    match how {
        How::Assign => **draft += n,
        How::Update => draft.update(move |value| *value += n),
        How::Set => draft.set(n),
        How::Not => {}
    }
}

/// What the end flush makes of an atom that was `base` and is `now`; `None` for a conflict.
fn flushed(how: How, base: (i64, u64), now: (i64, u64), n: i64) -> Option<i64> {
    match how {
        How::Not => Some(now.0),
        How::Set => Some(n),
        How::Update => Some(now.0 + n),
        // The same value, whoever has written it, is no conflict; nor is one that comes to the same.
        How::Assign if base.0 == now.0 => Some(base.0 + n),
        How::Assign if base.0 + n == now.0 => Some(now.0),
        How::Assign => None,
    }
}

struct UnderWay {
    run: ActionRun<(), BoxError>,
    go: oneshot::Sender<bool>,
    how: (How, How),
    n: i64,
    base: [(i64, u64); 2],
}

proptest! {
    #[test]
    fn actions_that_overlap_come_to_what_a_sequential_program_comes_to(
        steps in prop::collection::vec(step(), 0..40),
        watched in any::<bool>(),
    ) {
        let executor = ManualExecutor::new();
        let store = Store::with_spawner(executor.clone());
        let (a, b) = (Atom::dynamic("a", || 0_i64), Atom::dynamic("b", || 0_i64));
        let _guard = watched.then(|| middleware(&store, |_: &mut Flush| Ok(())));
        let go: Arc<Mutex<Option<oneshot::Receiver<bool>>>> = Arc::default();
        let waits = Arc::clone(&go);
        let action: AsyncAction<(How, How, i64, bool)> =
            synergy((&a, &b)).async_action(move |(mut a, mut b), (how_a, how_b, n, flushes)| {
                let wait = waits.lock().unwrap().take().unwrap();
                async move {
                    write(&mut a, how_a, n);
                    if flushes {
                        a = a.trigger()?;
                    }
                    write(&mut b, how_b, n);
                    if wait.await? { Err("told to".into()) } else { drop(a); Ok(()) }
                }
            });
        let sync = synergy((&a, &b)).action(|(mut a, mut b), n: i64| { *a += n; *b -= n; });
        // The model: values, and how often they were written.
        let mut model = [(0_i64, 0_u64); 2];
        let mut under_way: Vec<UnderWay> = Vec::new();
        let change = |model: &mut [(i64, u64); 2], which: usize, value: i64| {
            if model[which].0 != value {
                model[which] = (value, model[which].1 + 1);
            }
        };
        for step in steps {
            match step {
                Step::Begin(..) | Step::BeginFlushing(..) => {
                    let (how, n, flushes) = match step {
                        Step::Begin(how_a, how_b, n) => ((how_a, how_b), i64::from(n), false),
                        Step::BeginFlushing(how, n) => ((how, How::Not), i64::from(n), true),
                        _ => unreachable!(),
                    };
                    let (open, wait) = oneshot::channel();
                    *go.lock().unwrap() = Some(wait);
                    let base = model;
                    let run = action.run(&store, (how.0, how.1, n, flushes));
                    let how = if flushes {
                        // Nobody else was first.
                        let value = flushed(how.0, base[0], base[0], n).unwrap();
                        change(&mut model, 0, value);
                        (How::Not, How::Not)
                    } else {
                        how
                    };
                    under_way.push(UnderWay { run, go: open, how, n, base });
                }
                Step::GoOn(which, fails) => {
                    if which >= under_way.len() { continue; }
                    let UnderWay { run, go, how, n, base } = under_way.remove(which);
                    go.send(fails).unwrap();
                    executor.run_until_stalled();
                    let ended = run.into_future().now_or_never().unwrap();
                    if fails {
                        assert!(matches!(ended, Err(ActionError::Handler(_))));
                        continue;
                    }
                    let ends = (
                        flushed(how.0, base[0], model[0], n),
                        flushed(how.1, base[1], model[1], n),
                    );
                    match (ended, ends) {
                        (Ok(()), (Some(x), Some(y))) => {
                            change(&mut model, 0, x);
                            change(&mut model, 1, y);
                        }
                        (Err(ActionError::Conflict(_)), (None, _) | (_, None)) => {}
                        (ended, ends) => panic!("{ended:?} {ends:?}"),
                    }
                }
                Step::Abort(which) => {
                    if which >= under_way.len() { continue; }
                    assert!(under_way.remove(which).run.abort("enough"));
                }
                Step::Sync(n) => {
                    sync.run(&store, i64::from(n));
                    let (x, y) = (model[0].0 + i64::from(n), model[1].0 - i64::from(n));
                    change(&mut model, 0, x);
                    change(&mut model, 1, y);
                }
                Step::Write(n) => {
                    a.set(&store, i64::from(n));
                    change(&mut model, 0, i64::from(n));
                }
            }
            assert_eq!((a.get(&store), b.get(&store)), (model[0].0, model[1].0));
        }
    }
}
