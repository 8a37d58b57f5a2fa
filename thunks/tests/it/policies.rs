//! Runs that exclude each other.

use crate::{
    log::Log,
    service::{Api, ApiError, User, UserId, store_of, user},
};
use trine_core::Outcome;
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
