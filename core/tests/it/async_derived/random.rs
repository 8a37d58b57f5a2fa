//! Async derivations in every order, and at random.

use super::{Stage, show};
use proptest::prelude::*;
use std::{convert::Infallible, sync::Arc};
use trine_core::{
    AsyncPolicy, AsyncState, Rejection,
    test::{explore, yield_now},
};

#[test]
fn whatever_comes_when_the_value_is_that_of_the_inputs_or_it_is_not_ready() {
    for policy in [AsyncPolicy::Latest, AsyncPolicy::Finish] {
        let explored = explore().cancellations(1).check(|scene| {
            let store = scene.store();
            let (a, b) = (store.source(1), store.source(2));
            let sum = store.cell("sum").derived_async_with(policy, move |cx| async move {
                let a = cx.get(a).await;
                yield_now().await;
                Ok::<_, Infallible>(a * 10 + cx.get(b).await)
            });
            let _watch = Arc::new(store.watch(sum));
            for (name, cell) in [("a", a), ("b", b)] {
                let (store, watch) = (store.clone(), Arc::clone(&_watch));
                scene.spawn(name, async move {
                    store.set(cell, 5);
                    yield_now().await;
                    if let AsyncState::Ready { value } = store.get(sum) {
                        assert_eq!(*value, store.get(a) * 10 + store.get(b));
                    }
                    drop(watch);
                });
            }
            scene.finally(move || {
                // Unless it was the one to be cancelled.
                match store.get(sum) {
                    AsyncState::Ready { value } => {
                        assert_eq!(*value, store.get(a) * 10 + store.get(b));
                    }
                    AsyncState::Failed { error, .. } => {
                        assert_eq!(error.kind().to_string(), "aborted");
                    }
                    // Nobody observes it any more, or it was cancelled before it read.
                    other => assert!(!other.is_ready()),
                }
            });
        });
        assert!(explored.exhaustive, "{policy:?} {}", explored.schedules);
    }
}

#[derive(Debug, Clone)]
enum Act {
    Set(usize, i32),
    RolledBack(usize, i32),
    Read,
    Observe(bool),
    RunOne,
    RunAll,
    Refresh,
    Abort,
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        5 => (0..3_usize, 0..4_i32).prop_map(|(cell, value)| Act::Set(cell, value)),
        1 => (0..3_usize, 0..4_i32).prop_map(|(cell, value)| Act::RolledBack(cell, value)),
        2 => Just(Act::Read),
        1 => any::<bool>().prop_map(Act::Observe),
        6 => Just(Act::RunOne),
        1 => Just(Act::RunAll),
        1 => Just(Act::Refresh),
        1 => Just(Act::Abort),
    ]
}

/// What the body computes.
fn naive([a, b, c]: [i32; 3]) -> Result<i32, i32> {
    if a == 3 {
        return Err(a);
    }
    Ok(if a > 1 { a * 100 + b } else { a * 100 + c })
}

proptest! {
    #![proptest_config(crate::cases::of(300))]

    #[test]
    fn random_lives_a_ready_value_always_follows_from_the_present_inputs(
        finish in any::<bool>(),
        acts in prop::collection::vec(act(), 1..60),
    ) {
        let stage = Stage::new();
        let cells = [0; 3].map(|value: i32| stage.store.source(value));
        let [a, b, c] = cells;
        let policy = if finish { AsyncPolicy::Finish } else { AsyncPolicy::Latest };
        let random = stage.store.cell("random").derived_async_with(policy, move |cx| async move {
            let a = cx.get(a).await;
            yield_now().await;
            if a == 3 {
                return Err(a);
            }
            let value = if a > 1 { cx.get(b).await } else { cx.get(c).await };
            yield_now().await;
            // Once more: under `Finish` it may be another one.
            Ok(cx.get(cells[0]).await * 100 + value)
        });
        let mut watch = None;
        let mut aborted = false;
        for act in acts {
            match act {
                Act::Set(cell, value) => { stage.store.set(cells[cell], value); }
                Act::RolledBack(cell, value) => {
                    let _ = stage.store.transaction(|tx| {
                        tx.set(cells[cell], value);
                        let _ = tx.try_get(random);
                        Err::<(), _>(())
                    });
                }
                Act::Read => { stage.store.get(random); }
                Act::Observe(on) => watch = on.then(|| stage.store.watch(random)),
                Act::RunOne => { stage.executor.run_one(); }
                Act::RunAll => stage.run(),
                Act::Refresh => stage.store.refresh(random),
                Act::Abort => aborted |= stage.store.runs().abort_all("random") > 0,
            }
            prop_assert!(stage.store.runs().len() <= 1);
            let expected = naive(cells.map(|cell| stage.store.get(cell)));
            match stage.store.get(random) {
                AsyncState::Ready { value } => prop_assert_eq!(Ok(*value), expected),
                AsyncState::Failed { error, .. } => match &*error {
                    Rejection::Rejected { error } => prop_assert_eq!(Err(**error), expected),
                    Rejection::Aborted { .. } => prop_assert!(aborted),
                    other => prop_assert!(false, "{other:?}"),
                },
                _ => {}
            }
            if let Some(watch) = &watch {
                prop_assert!(*watch.borrow() == stage.store.get(random));
            }
        }
        stage.store.refresh(random);
        for _ in 0..4 {
            stage.store.get(random);
            stage.run();
        }
        let expected = naive(cells.map(|cell| stage.store.get(cell)));
        let state = stage.store.get(random);
        match expected {
            Ok(value) => prop_assert_eq!(show(&state), value.to_string()),
            Err(_) => prop_assert!(show(&state).starts_with("rejected")),
        }
        prop_assert!(stage.store.runs().is_empty());
        drop(watch);
        stage.store.remove(random).unwrap();
        prop_assert_eq!(stage.store.cell_count(), 3);
        prop_assert_eq!(stage.executor.pending(), 0);
    }
}
