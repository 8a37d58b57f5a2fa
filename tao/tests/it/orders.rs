//! The test kit that finds out whether an app depends on the order of its handlers.

use std::sync::{Arc, Mutex};
use trine_core::test::yield_now;
use trine_tao::{AppCtx, Verdict, test::orders};

fn signal(action: &'static str) -> AppCtx {
    AppCtx::new("User", action, "Portal")
}

fn on(action: &'static str) -> (&'static str, &'static str, &'static str) {
    ("User", action, "Portal")
}

#[test]
fn an_order_of_inline_handlers_that_matters_is_found() {
    let found = orders().find(|stage| {
        let (tao, store) = (stage.kernel(), stage.store());
        let cell = store.source(0);
        let _handlers = [1, 2, 3].map(|number| {
            let store = store.clone();
            tao.on_inline(on("Find"), move |_| {
                store.set(cell, number);
            })
        });
        tao.set(signal("Find"));
        stage.rest();
        store.get(cell)
    });
    assert_eq!(found.unwrap_err().outcomes.len(), 3);
}

#[test]
fn a_schedule_of_async_handlers_that_matters_is_found() {
    let found = orders().find(|stage| {
        let (tao, store) = (stage.kernel(), stage.store());
        let cell = store.source(0);
        // A lost update: each reads, waits, and writes what it has read and one more.
        let _handlers = [1, 2].map(|_| {
            let store = store.clone();
            tao.on_async(on("Count"), move |_| {
                let store = store.clone();
                async move {
                    let seen = store.get(cell);
                    yield_now().await;
                    store.set(cell, seen + 1);
                }
            })
        });
        tao.set(signal("Count"));
        stage.rest();
        store.get(cell)
    });
    let found = found.unwrap_err();
    assert_eq!(found.outcomes.len(), 2);
    assert!(found.to_string().contains("for example `.seeds(["));
}

#[test]
fn a_seed_draws_the_same_order_each_time() {
    let play = |seed| {
        let log = Arc::new(Mutex::new(Vec::new()));
        orders().seeds([seed]).check(|stage| {
            let tao = stage.kernel();
            let _handlers: Vec<_> = (0..4)
                .map(|number| {
                    let log = Arc::clone(&log);
                    tao.on_async(on("Find"), move |_| log.lock().unwrap().push(number))
                })
                .collect();
            tao.set(signal("Find"));
            stage.rest();
        });
        std::mem::take(&mut *log.lock().unwrap())
    };
    let all: Vec<_> = (0..50).map(play).collect();
    assert_eq!(all, (0..50).map(play).collect::<Vec<_>>());
    let distinct: std::collections::BTreeSet<_> = all.into_iter().collect();
    assert!(distinct.len() > 12, "{distinct:?}");
}

#[test]
fn the_tiebreak_among_intercepts_holds_in_every_order() {
    // Halt before error before redirect, and among equals the one registered first: whatever the order in which they are asked.
    orders().check(|stage| {
        let tao = stage.kernel();
        let _gates = (
            tao.on_intercept(on("Find"), |_| Verdict::Redirect(signal("Enter"))),
            tao.on_intercept(on("Find"), |_| Err::<Verdict, trine_tao::BoxError>("broken".into())),
            tao.on_intercept(on("Find"), |_| async {
                yield_now().await;
                Verdict::halt("first")
            }),
            tao.on_intercept(("*", "Find", "*"), |_| Verdict::halt("second")),
        );
        let cascade = tao.set(signal("Find"));
        stage.rest();
        cascade.outcome().unwrap().to_string()
    });
}
