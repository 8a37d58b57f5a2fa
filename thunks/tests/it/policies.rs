//! Runs that exclude each other.

use crate::{
    log::Log,
    service::{Api, ApiError, User, UserId, store_of, user},
};
use trine_core::{AbortedBy, Outcome, Policy};
use trine_thunks::{AsyncThunk, SliceKey, Store, ThunkApi};

type FetchUser = AsyncThunk<UserId, User, ApiError, Api>;

static NAMES: SliceKey<Vec<String>> = SliceKey::new("names");

fn fetch() -> FetchUser {
    AsyncThunk::new("users/fetch", |id: UserId, api: ThunkApi<Api>| async move {
        api.extra().fetch_user(id).await
    })
}

/// A store with a slice that notes what becomes of each run.
fn noting(fetch: &FetchUser, log: &Log) -> (Store<Api>, Api, trine_core::test::ManualExecutor) {
    let (started, came, went) = (log.clone(), log.clone(), log.clone());
    store_of(
        NAMES
            .slice(Vec::new)
            .on(fetch.pending(), move |_, run| started.note(format_args!("pending {}", run.arg())))
            .on(fetch.fulfilled(), move |names, run| {
                came.note(format_args!("fulfilled {}", run.arg()));
                names.push(run.payload().name.clone());
            })
            .on(fetch.rejected(), move |_, run| {
                let how = if run.is_superseded() { "superseded" } else { "rejected" };
                went.note(format_args!("{how} {}", run.arg()));
            }),
    )
}

#[test]
fn latest_rejects_the_old_run_before_the_new_one_is_pending() {
    let (fetch, log) = (fetch().latest(), Log::default());
    let (store, api, executor) = noting(&fetch, &log);
    let old = store.dispatch(fetch.with(1));
    let new = store.dispatch(fetch.with(2));
    assert!(api.is_dropped(0), "the old request is cancelled");
    api.answer(1, Ok(user(2, "Grace")));
    executor.run_until_stalled();

    assert_eq!(log.take(), ["pending 1", "superseded 1", "pending 2", "fulfilled 2"]);
    assert!(matches!(old.outcome().unwrap(), Outcome::Superseded { by } if by == new.id()));
    assert_eq!(store.get(&NAMES), ["Grace"]);
}

#[test]
fn latest_by_key_supersedes_only_its_own_kind() {
    let (fetch, log) = (fetch().latest().key(|id| id % 10), Log::default());
    let (store, ..) = noting(&fetch, &log);
    for id in [1, 2, 11] {
        store.dispatch(fetch.with(id));
    }
    assert_eq!(log.take(), ["pending 1", "pending 2", "superseded 1", "pending 11"]);
}

#[test]
fn leading_skips_while_a_run_is_under_way() {
    let (fetch, log) = (fetch().leading(), Log::default());
    let (store, api, executor) = noting(&fetch, &log);
    store.dispatch(fetch.with(1));
    assert!(store.dispatch(fetch.with(2)).outcome().unwrap().is_skipped());
    api.answer(0, Ok(user(1, "Ada")));
    executor.run_until_stalled();
    store.dispatch(fetch.with(3));
    assert_eq!(log.take(), ["pending 1", "fulfilled 1", "pending 3"]);
}

#[test]
fn leading_by_key_lets_others_start() {
    let (fetch, log) = (fetch().leading().key(|id| *id), Log::default());
    let (store, ..) = noting(&fetch, &log);
    for id in [1, 2, 1] {
        store.dispatch(fetch.with(id));
    }
    assert_eq!(log.take(), ["pending 1", "pending 2"]);
}

#[test]
fn a_run_that_its_condition_skips_supersedes_nobody() {
    let (fetch, log) = (fetch().latest().condition(|id, _| *id != 2), Log::default());
    let (store, ..) = noting(&fetch, &log);
    let first = store.dispatch(fetch.with(1));
    store.dispatch(fetch.with(2));
    assert!(!first.is_settled());
    assert_eq!(log.take(), ["pending 1"]);
}

#[test]
fn without_a_policy_all_run_and_the_first_to_end_ends_first() {
    let (fetch, log) = (fetch(), Log::default());
    let (store, api, executor) = noting(&fetch, &log);
    store.dispatch(fetch.with(1));
    store.dispatch(fetch.with(2));
    for index in [1, 0] {
        api.answer(index, Err(ApiError::NotFound(0)));
        executor.run_until_stalled();
    }
    assert_eq!(log.take(), ["pending 1", "pending 2", "rejected 2", "rejected 1"]);
}

#[test]
fn exhaust_by_key_skips_only_its_own_kind_and_takes_the_next_once_it_is_over() {
    let (fetch, log) = (fetch().policy(Policy::Leading).key(|id| id % 10), Log::default());
    let (store, api, executor) = noting(&fetch, &log);
    let skipped: Vec<bool> =
        [1, 2, 11, 12].map(|id| store.dispatch(fetch.with(id)).is_settled()).into();
    assert_eq!(skipped, [false, false, true, true]);
    api.answer(0, Err(ApiError::NotFound(1)));
    executor.run_until_stalled();
    for id in [21, 22] {
        store.dispatch(fetch.with(id));
    }
    assert_eq!(log.take(), ["pending 1", "pending 2", "rejected 1", "pending 21"]);
    assert_eq!(api.request_count(), 3);
}

#[test]
fn queued_runs_are_pending_at_once_and_begin_one_after_the_other() {
    let (fetch, log) = (fetch().policy(Policy::Queue(1)), Log::default());
    let (store, api, executor) = noting(&fetch, &log);
    let skipped: Vec<bool> = [1, 2, 3].map(|id| store.dispatch(fetch.with(id)).is_settled()).into();
    assert_eq!(skipped, [false, false, true], "one waits, a further one is not wanted");
    assert_eq!(api.request_count(), 1);
    for (index, id) in [1, 2].into_iter().enumerate() {
        api.answer(index, Ok(user(id, "Ada")));
        executor.run_until_stalled();
    }
    assert_eq!(log.take(), ["pending 1", "pending 2", "fulfilled 1", "fulfilled 2"]);
}

#[test]
fn a_limit_lets_so_many_bodies_run_and_the_next_begins_when_one_ends_however_it_ends() {
    let (fetch, log) = (fetch().policy(Policy::Limit(2)), Log::default());
    let (store, api, executor) = noting(&fetch, &log);
    let runs: Vec<_> = (1..=5).map(|id| store.dispatch(fetch.with(id))).collect();
    executor.run_until_stalled();
    assert_eq!(log.take(), ["pending 1", "pending 2", "pending 3", "pending 4", "pending 5"]);
    assert_eq!(api.request_count(), 2);

    api.answer(1, Ok(user(2, "Grace")));
    executor.run_until_stalled();
    assert_eq!((api.request_count(), log.take()), (3, vec!["fulfilled 2".to_owned()]));

    // One that waits leaves the line, one that runs makes room.
    runs[3].abort("not needed");
    executor.run_until_stalled();
    assert_eq!((api.request_count(), log.take()), (3, vec!["rejected 4".to_owned()]));
    runs[0].abort("not needed");
    executor.run_until_stalled();
    assert_eq!((api.request_count(), log.take()), (4, vec!["rejected 1".to_owned()]));

    api.answer(3, Err(ApiError::NotFound(5)));
    api.answer(2, Ok(user(3, "Ada")));
    executor.run_until_stalled();
    let mut ends = log.take();
    ends.sort();
    assert_eq!(ends, ["fulfilled 3", "rejected 5"]);
    assert_eq!(api.request_count(), 4);
}

#[test]
fn shared_runs_have_events_of_their_own_and_one_body() {
    let (fetch, log) = (fetch().policy(Policy::Shared).key(|id| *id), Log::default());
    let (store, api, executor) = noting(&fetch, &log);
    let first = store.dispatch(fetch.with(1));
    let second = store.dispatch(fetch.with(1));
    store.dispatch(fetch.with(2));
    executor.run_until_stalled();
    assert_eq!(log.take(), ["pending 1", "pending 1", "pending 2"]);
    assert_eq!(api.request_count(), 2, "one body for each key");

    api.answer(0, Ok(user(1, "Ada")));
    executor.run_until_stalled();
    assert_eq!(log.take(), ["fulfilled 1", "fulfilled 1"]);
    assert_ne!(first.id(), second.id());
    let payload = |run: trine_core::Run<User, ApiError>| {
        run.outcome().unwrap().into_result().expect("fulfilled")
    };
    assert!(std::sync::Arc::ptr_eq(&payload(first), &payload(second)), "one payload");

    // What is over is not shared.
    store.dispatch(fetch.with(1));
    executor.run_until_stalled();
    assert_eq!((api.request_count(), log.take()), (3, vec!["pending 1".to_owned()]));
}

#[test]
fn aborting_one_of_two_that_share_leaves_the_other_and_aborting_both_the_body() {
    let (fetch, log) = (fetch().policy(Policy::Shared), Log::default());
    let (store, api, executor) = noting(&fetch, &log);
    let first = store.dispatch(fetch.with(1));
    let second = store.dispatch(fetch.with(1));
    executor.run_until_stalled();
    first.abort("left the page");
    executor.run_until_stalled();
    assert!(!api.is_dropped(0), "somebody still waits for it");
    assert_eq!(log.take(), ["pending 1", "pending 1", "rejected 1"]);
    assert!(api.answer(0, Ok(user(1, "Ada"))));
    executor.run_until_stalled();
    assert_eq!(log.take(), ["fulfilled 1"]);
    assert!(first.outcome().unwrap().is_aborted());
    assert!(second.outcome().unwrap().is_fulfilled());

    let both = [store.dispatch(fetch.with(2)), store.dispatch(fetch.with(2))];
    executor.run_until_stalled();
    for run in &both {
        run.abort("left the page");
    }
    executor.run_until_stalled();
    assert!(api.is_dropped(1), "nobody waits for it");
    assert_eq!(log.take(), ["pending 2", "pending 2", "rejected 2", "rejected 2"]);
    for run in both {
        let by = AbortedBy::Handle;
        assert!(
            matches!(run.outcome().unwrap(), Outcome::Aborted { by: found, .. } if found == by)
        );
    }
    assert!(store.runs().is_empty());
}
