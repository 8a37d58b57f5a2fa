//! Policies: who may run beside whom.

use crate::log::Log;
use std::future::pending;
use trine_core::{Outcome, Policy, Run, Store, test::ManualExecutor};

fn search(store: &Store, log: &Log, policy: Policy, key: Option<&'static str>) -> Run<(), String> {
    let (start, settle) = (log.clone(), log.clone());
    let mut builder = store.run_builder("search").policy(policy);
    if let Some(key) = key {
        builder = builder.key(key);
    }
    builder
        .on_start(move |cx| {
            start.note(format!("start {}", cx.id().get()));
            Ok::<_, String>(())
        })
        .on_settle(move |outcome| settle.note(format!("{outcome:?}")))
        .start(|_| pending())
}

#[test]
fn latest_tells_the_old_run_before_it_starts_the_new_one() {
    let (store, log) = (Store::with_spawner(ManualExecutor::new()), Log::default());
    let old = search(&store, &log, Policy::Latest, None);
    let new = search(&store, &log, Policy::Latest, None);
    log.is(["start 1", "Superseded { by: RunId(2) }", "start 2"]);
    assert_eq!(old.outcome(), Some(Outcome::Superseded { by: new.id() }));
    assert!(!new.is_settled());
    assert_eq!(store.runs().len(), 1);
}

#[test]
fn latest_waits_for_an_end_that_another_thread_is_telling() {
    use std::{sync::mpsc::channel, thread};
    let (store, log) = (Store::with_spawner(ManualExecutor::new()), Log::default());
    let ((enter, entered), (go, gone), told) = (channel(), channel::<()>(), log.clone());
    let builder = store.run_builder("search").policy(Policy::Latest);
    let old = builder
        .on_settle(move |outcome| {
            enter.send(()).unwrap();
            gone.recv().unwrap();
            told.note(outcome.kind());
        })
        .start(|_| pending::<Result<(), String>>());
    let aborter = thread::spawn(move || old.abort("there"));
    entered.recv().unwrap();
    let (starter, noting) = (store.clone(), log.clone());
    let starter = thread::spawn(move || search(&starter, &noting, Policy::Latest, None));
    go.send(()).unwrap();
    assert!(aborter.join().unwrap());
    assert!(!starter.join().unwrap().is_settled());
    log.is(["aborted", "start 2"]);
}

#[test]
fn keys_tell_runs_of_one_name_apart() {
    let (store, log) = (Store::with_spawner(ManualExecutor::new()), Log::default());
    let users = search(&store, &log, Policy::Latest, Some("users"));
    search(&store, &log, Policy::Latest, Some("spaces"));
    search(&store, &log, Policy::Latest, None);
    assert!(!users.is_settled());
    search(&store, &log, Policy::Latest, Some("users"));
    assert!(users.outcome().unwrap().is_superseded());
    // An equal value of another type is another key.
    store
        .run_builder("search")
        .policy(Policy::Latest)
        .key(7_u8)
        .start(|_| pending::<Result<(), String>>());
    store
        .run_builder("search")
        .policy(Policy::Latest)
        .key(7_u16)
        .start(|_| pending::<Result<(), String>>());
    assert_eq!(store.runs().len(), 5);
}

#[test]
fn leading_skips_the_new_run_without_its_start_hook_but_tells_its_settle_hook() {
    let (store, log) = (Store::with_spawner(ManualExecutor::new()), Log::default());
    let first = search(&store, &log, Policy::Leading, None);
    let second = search(&store, &log, Policy::Leading, None);
    log.is(["start 1", "Skipped { reason: \"run 1 is under way\" }"]);
    assert!(second.outcome().unwrap().is_skipped());
    first.abort("done");
    let third = search(&store, &log, Policy::Leading, None);
    assert!(!third.is_settled());
}

#[test]
fn parallel_runs_neither_exclude_nor_are_excluded() {
    let (store, log) = (Store::with_spawner(ManualExecutor::new()), Log::default());
    let policies = [Policy::Parallel, Policy::Leading, Policy::Parallel];
    let runs = policies.map(|policy| search(&store, &log, policy, None));
    assert!(runs.iter().all(|run| !run.is_settled()));
}

#[test]
fn a_settle_hook_may_start_the_successor() {
    let (store, log) = (Store::with_spawner(ManualExecutor::new()), Log::default());
    let (hook_store, hook_log) = (store.clone(), log.clone());
    let run: Run<(), String> = store
        .run_builder("search")
        .policy(Policy::Leading)
        .on_settle(move |_| {
            search(&hook_store, &hook_log, Policy::Leading, None);
        })
        .start(|_| pending());
    run.abort("next");
    log.is(["start 2"]);
    // The old run's end has not taken the new one out of the group.
    search(&store, &log, Policy::Leading, None);
    log.is(["Skipped { reason: \"run 2 is under way\" }"]);
}

#[test]
fn a_key_whose_eq_panics_fails_the_start() {
    struct Odd;
    impl std::hash::Hash for Odd {
        fn hash<H: std::hash::Hasher>(&self, _: &mut H) {}
    }
    impl PartialEq for Odd {
        fn eq(&self, _: &Self) -> bool {
            panic!("odd")
        }
    }
    impl Eq for Odd {}
    let store = Store::with_spawner(ManualExecutor::new());
    let start = || -> Run<(), String> {
        store.run_builder("odd").policy(Policy::Latest).key(Odd).start(|_| pending())
    };
    let (first, second) = (start(), start());
    assert!(second.outcome().unwrap().is_failed());
    assert!(!first.is_settled());
    first.abort("end");
    assert!(first.outcome().unwrap().is_aborted());
    assert!(store.runs().is_empty());
}

#[test]
fn a_run_that_its_condition_does_not_want_is_skipped_and_supersedes_nobody() {
    let (store, log) = (Store::with_spawner(ManualExecutor::new()), Log::default());
    let first = search(&store, &log, Policy::Latest, None);
    let second: Run<(), String> = store
        .run_builder("search")
        .policy(Policy::Latest)
        .condition(|| false)
        .start(|_| async { panic!("called") });
    assert!(second.outcome().unwrap().is_skipped());
    assert!(!first.is_settled());
    let third: Run<(), String> = store
        .run_builder("search")
        .condition(|| -> bool { panic!("cannot tell") })
        .start(|_| async { panic!("called") });
    assert!(third.outcome().unwrap().is_failed());
    log.is(["start 1"]);
}
