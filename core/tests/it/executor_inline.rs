//! Polls on the caller's stack without a run.

use crate::log::Log;
use std::{
    future::{pending, poll_fn},
    pin::pin,
    task::Poll,
};
use trine_core::{Store, test::ManualExecutor};

#[test]
fn what_is_ready_at_once_needs_neither_a_run_nor_a_runtime() {
    let store = Store::with_spawner(ManualExecutor::new());
    assert_eq!(store.poll_inline("answer", pin!(async { 42 })), Ok(Poll::Ready(42)));
    assert!(store.runs().is_empty());
    assert_eq!(store.run("first", |_| async { Ok::<_, String>(()) }).id().get(), 1);
}

#[test]
fn what_is_not_ready_goes_on_in_a_queued_run_and_loses_no_wake_up() {
    let executor = ManualExecutor::new();
    let store = Store::with_spawner(executor.clone());
    let mut polls = 0;
    // Its only wake-up comes in its first poll, whose waker wakes nobody.
    let mut work = Box::pin(poll_fn(move |cx| {
        polls += 1;
        cx.waker().wake_by_ref();
        if polls < 3 { Poll::Pending } else { Poll::Ready(polls) }
    }));
    assert_eq!(store.poll_inline("counted", work.as_mut()), Ok(Poll::Pending));
    let run =
        store.run_builder("counted").queued().start(|_| async { Ok::<_, String>(work.await) });
    executor.run_until_stalled();
    assert_eq!(run.outcome().unwrap().into_result().map(|polls| *polls), Ok(3));
}

#[test]
fn a_panic_is_an_error_that_names_what_was_polled() {
    let store = Store::new();
    let panicked = store.poll_inline("armed", pin!(async { panic!("bang") })).unwrap_err();
    assert_eq!((&*panicked.name, &*panicked.message), ("armed", "bang"));
    assert_eq!(panicked.to_string(), "`armed` panicked: bang");
    // The store goes on, and the nesting was counted back.
    assert_eq!(store.poll_inline("next", pin!(async { 1 })), Ok(Poll::Ready(1)));
}

#[test]
fn nothing_is_polled_inside_a_lease() {
    let (store, log) = (Store::new(), Log::default());
    let (cell, polled) = (store.source(0), log.clone());
    let mut work = Box::pin(async move { polled.note("polled") });
    store.update(cell, |_| {
        assert_eq!(store.poll_inline("work", work.as_mut()), Ok(Poll::Pending));
    });
    assert!(log.take().is_empty());
    assert_eq!(store.poll_inline("work", work.as_mut()), Ok(Poll::Ready(())));
    log.is(["polled"]);
}

#[test]
fn polls_without_a_run_count_towards_the_depth_of_first_polls() {
    fn dive(store: &Store, depth: u32) -> u32 {
        match store.poll_inline("dive", pin!(async { dive(store, depth + 1) })) {
            Ok(Poll::Ready(deepest)) => deepest,
            other => {
                assert_eq!(other, Ok(Poll::Pending));
                depth
            }
        }
    }
    assert_eq!(dive(&Store::new(), 0), 32);
}

#[cfg(feature = "tokio")]
#[test]
fn timers_can_be_made_in_it_and_ready_channels_are_ready() {
    use std::time::Duration;
    use trine_core::TokioSpawner;

    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    // From a thread that the runtime knows nothing of.
    let store = Store::with_spawner(TokioSpawner::new(runtime.handle().clone()));
    let mut timer = Box::pin(async { tokio::time::sleep(Duration::from_secs(3_600)).await });
    assert_eq!(store.poll_inline("timer", timer.as_mut()), Ok(Poll::Pending));
    runtime.block_on(async {
        for value in 0..200 {
            let (send, receive) = tokio::sync::oneshot::channel();
            send.send(value).unwrap();
            assert_eq!(store.poll_inline("receive", pin!(receive)), Ok(Poll::Ready(Ok(value))));
        }
    });
}

#[test]
fn whether_anybody_observes_is_known() {
    let store = Store::new();
    assert!(!store.is_observed());
    let guard = store.observe(|_| ());
    assert!(store.is_observed());
    drop(guard);
    assert!(!store.is_observed());
    let _: Result<Poll<()>, _> = store.poll_inline("nothing", pin!(pending()));
}
