//! The list of live runs.

use futures_util::FutureExt;
use std::{future::pending, time::Duration};
use trine_core::{
    AbortedBy, Outcome, Run, Store,
    test::{Log, ManualExecutor},
};

fn wait(store: &Store, name: &'static str) -> Run<(), String> {
    store.run(name, |_| pending())
}

#[test]
fn runs_are_listed_oldest_first_and_aborted_by_id_by_name_and_all() {
    let store = Store::with_spawner(ManualExecutor::new());
    let runs = ["a", "b", "a", "c"].map(|name| wait(&store, name));
    let list = store.runs();
    assert_eq!(list.list().iter().map(|run| run.name.as_str()).collect::<String>(), "abac");
    assert!(list.abort(runs[1].id(), "one"));
    assert!(!list.abort(runs[1].id(), "again"));
    assert_eq!(list.abort_named("a", "two"), 2);
    assert_eq!(list.abort_named("a", "none"), 0);
    assert_eq!(list.abort_all("rest"), 1);
    assert!(list.is_empty());
    let by = AbortedBy::Registry;
    assert_eq!(runs[3].outcome(), Some(Outcome::Aborted { reason: "rest".into(), by }));
}

#[test]
fn all_are_aborted_as_themselves_not_as_children() {
    let store = Store::with_spawner(ManualExecutor::new());
    store.run("parent", |cx| {
        cx.run("child", |_| pending::<Result<(), String>>());
        pending::<Result<(), String>>()
    });
    assert_eq!(store.runs().abort_all("end"), 2);
}

#[test]
fn idle_resolves_when_the_last_run_has_settled() {
    let store = Store::with_spawner(ManualExecutor::new());
    assert_eq!(store.runs().idle().now_or_never(), Some(()));
    let runs = [wait(&store, "a"), wait(&store, "b")];
    let mut idle = store.runs().idle();
    assert!((&mut idle).now_or_never().is_none());
    runs[0].abort("1");
    assert!((&mut idle).now_or_never().is_none());
    assert!(!store.runs().wait_blocking(Duration::ZERO));
    runs[1].abort("2");
    assert_eq!(idle.now_or_never(), Some(()));
    assert!(store.runs().wait_blocking(Duration::ZERO));
}

#[test]
fn idle_wakes_a_blocked_thread() {
    let store = Store::with_spawner(ManualExecutor::new());
    let run = wait(&store, "a");
    let list = store.runs();
    let waiter = std::thread::spawn(move || list.wait_blocking(Duration::MAX));
    run.abort("go");
    assert!(waiter.join().unwrap());
}

mod selections {
    use super::*;
    use trine_core::{Failure, test::ManualClock};

    const SECOND: Duration = Duration::from_secs(1);

    fn tagged(store: &Store, name: &'static str, key: u8, tag: &'static str) -> Run<(), String> {
        store.run_builder(name).key(key).tag(tag).start(|_| pending())
    }

    #[test]
    fn runs_are_found_by_name_key_and_tag_and_aborted_and_awaited_so() {
        let store = Store::with_spawner(ManualExecutor::new());
        let a = tagged(&store, "load", 1, "page");
        let b = tagged(&store, "load", 2, "page");
        let c = tagged(&store, "save", 1, "form");
        let runs = store.runs();
        let ids =
            |runs: &trine_core::Runs| runs.list().iter().map(|run| run.id).collect::<Vec<_>>();
        assert_eq!(ids(&runs.named("load")), [a.id(), b.id()]);
        assert_eq!(ids(&runs.keyed("load", 2_u8)), [b.id()]);
        assert_eq!(ids(&runs.keyed("load", 2_u16)), []);
        assert_eq!(ids(&runs.tagged("form")), [c.id()]);
        assert_eq!(runs.list()[2].tags, ["form"]);
        let mut page = runs.tagged("page").idle();
        assert!((&mut page).now_or_never().is_none());
        assert_eq!(runs.keyed("load", 1_u8).abort_all("one"), 1);
        assert!((&mut page).now_or_never().is_none());
        assert_eq!(runs.tagged("page").abort_all("other"), 1);
        assert!(page.now_or_never().is_some());
        assert_eq!(runs.len(), 1);
        assert!(runs.named("load").is_empty());
    }

    #[test]
    fn a_shutdown_waits_aborts_what_is_left_when_time_is_up_and_refuses_new_runs() {
        let (executor, clock) = (ManualExecutor::new(), ManualClock::new());
        let store = Store::builder().spawner(executor.clone()).clock(clock.clone()).build();
        let slow = wait(&store, "slow");
        let quick = wait(&store, "quick");
        let mut down = store.runs().shut_down(SECOND).unwrap();
        assert!((&mut down).now_or_never().is_none());
        let late = wait(&store, "late");
        let failure = Failure::ShuttingDown;
        assert_eq!(late.outcome(), Some(Outcome::Failed { failure }));
        quick.abort("done");
        clock.advance(SECOND);
        assert_eq!((&mut down).now_or_never(), Some(1));
        let Some(Outcome::Aborted { by, .. }) = slow.outcome() else { panic!("{slow:?}") };
        assert_eq!(by, AbortedBy::Shutdown);
        assert!(store.runs().is_empty());
        executor.run_until_stalled();
        assert_eq!((executor.pending(), clock.sleepers()), (0, 0));
    }

    #[test]
    fn children_may_start_while_their_parents_finish() {
        let executor = ManualExecutor::new();
        let store = Store::builder().spawner(executor.clone()).clock(ManualClock::new()).build();
        let parent = store.run_builder("parent").queued().start(|cx| async move {
            let child = cx.run("child", |_| async { Ok::<_, String>(1) });
            child.result().await.map(|one| *one).map_err(|error| error.to_string())
        });
        let mut down = store.runs().shut_down(SECOND).unwrap();
        assert!((&mut down).now_or_never().is_none());
        executor.run_until_stalled();
        assert!(parent.outcome().unwrap().is_fulfilled());
        assert_eq!(down.now_or_never(), Some(0));
    }

    #[test]
    fn a_shutdown_without_grace_needs_no_clock_and_aborts_at_once() {
        let store = Store::with_spawner(ManualExecutor::new());
        wait(&store, "a");
        wait(&store, "b");
        assert_eq!(store.runs().shut_down(Duration::ZERO).unwrap().now_or_never(), Some(2));
    }
}

#[test]
fn a_run_whose_end_is_being_told_is_listed_as_one_that_is_not_active() {
    let (store, log) = (Store::new(), Log::default());
    let (weak, seen) = (store.downgrade(), log.clone());
    let note = move |when: &str| {
        for run in weak.upgrade().unwrap().runs().list() {
            seen.note(format_args!("{when} {}", run.is_active));
        }
    };
    let (start, body) = (note.clone(), note.clone());
    store
        .run_builder("work")
        .on_start(move |_| {
            start("start");
            Ok::<_, String>(())
        })
        .on_settle(move |_| note("end"))
        .start(move |_| {
            body("body");
            async { Ok::<_, String>(()) }
        });
    log.is(["start true", "body true", "end false"]);
}
