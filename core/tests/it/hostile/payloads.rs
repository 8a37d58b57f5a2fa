//! What a comparison panics with may use the store when it is dropped: so it is dropped outside the lease.

use std::{future::pending, panic::panic_any};
use trine_core::{Policy, Source, Store, test::ManualExecutor};

/// Writes a cell when it is dropped.
struct Noisy(Store, Source<u32>);

impl Drop for Noisy {
    fn drop(&mut self) {
        self.0.update(self.1, |count| *count += 1);
    }
}

/// Panics with one of those when it is compared.
#[derive(Clone)]
struct Touchy(Store, Source<u32>);

impl PartialEq for Touchy {
    fn eq(&self, _: &Self) -> bool {
        panic_any(Noisy(self.0.clone(), self.1))
    }
}

impl Eq for Touchy {}

impl std::hash::Hash for Touchy {
    fn hash<H: std::hash::Hasher>(&self, _: &mut H) {}
}

/// A store, and what counts the drops of payloads: in another store, since one that its own cells hold would never be dropped.
fn noisy() -> (Store, ManualExecutor, Source<u32>, Touchy) {
    let (executor, other) = (ManualExecutor::new(), Store::new());
    let drops = other.source(0);
    (Store::with_spawner(executor.clone()), executor, drops, Touchy(other, drops))
}

#[test]
fn of_the_comparison_at_the_end_of_a_transaction() {
    let (store, _, drops, touchy) = noisy();
    let other = touchy.0.clone();
    let cell = store.source(touchy.clone());
    store.batch(|tx| tx.update(cell, |value| *value = touchy));
    assert_eq!(other.get(drops), 1);
}

#[test]
fn of_the_comparison_of_an_async_result() {
    let (store, executor, drops, touchy) = noisy();
    let other = touchy.0.clone();
    let input = store.source(1);
    let cell = store.derived_async(move |cx| {
        let touchy = touchy.clone();
        async move {
            cx.get(input).await;
            Ok::<_, String>(touchy)
        }
    });
    let _observed = store.subscribe(cell, |_| ());
    executor.run_until_stalled();
    store.set(input, 2);
    executor.run_until_stalled();
    assert_eq!(other.get(drops), 1);
}

#[test]
fn of_the_comparison_of_what_an_async_derivation_has_read() {
    let (store, executor, drops, touchy) = noisy();
    let other = touchy.0.clone();
    let input = store.cell("input").always_different().source(touchy.clone());
    let cell = store.derived_async(move |cx| async move {
        cx.get(input).await;
        pending::<Result<(), String>>().await
    });
    let _observed = store.subscribe(cell, |_| ());
    executor.run_until_stalled();
    store.set(input, touchy);
    executor.run_until_stalled();
    assert!(other.get(drops) >= 1);
}

#[test]
fn of_the_comparison_of_keys() {
    let (store, _, drops, touchy) = noisy();
    let other = touchy.0.clone();
    let start = || {
        let builder = store.run_builder("keyed").policy(Policy::Latest).key(touchy.clone());
        builder.start(|_| pending::<Result<(), String>>())
    };
    let (first, second) = (start(), start());
    assert!(!first.is_settled());
    assert!(second.outcome().unwrap().is_failed());
    assert!(other.get(drops) >= 1);
}
