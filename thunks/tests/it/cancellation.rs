//! Runs that are over reach the store no more.

use crate::{
    log::Log,
    service::{Api, ApiError, UserId, manual, store_of},
};
use std::{
    future::pending,
    sync::{Arc, Mutex},
};
use trine_core::{AbortedBy, Failure, Outcome};
use trine_thunks::{Action, AsyncThunk, DispatchError, SliceKey, Store, ThunkApi, action};

struct Progress(u32);
impl Action for Progress {}

static PROGRESS: SliceKey<Vec<u32>> = SliceKey::new("progress");
static TOLD: SliceKey<Vec<&'static str>> = SliceKey::new("told");

#[test]
fn a_helper_that_outlives_its_run_dispatches_nothing() {
    let leaked: Arc<Mutex<Option<ThunkApi<Api>>>> = Arc::default();
    let leak = leaked.clone();
    let fetch = AsyncThunk::new("users/fetch", move |_: UserId, api: ThunkApi<Api>| {
        *leak.lock().unwrap() = Some(api.clone());
        async move {
            api.dispatch(Progress(10));
            pending::<Result<(), ApiError>>().await
        }
    });
    let progress =
        PROGRESS.slice(Vec::new).on(action::<Progress>(), |all, progress| all.push(progress.0));
    let (store, ..) = store_of(progress);
    let run = store.dispatch(fetch.with(1));
    let helper = leaked.lock().unwrap().take().unwrap();
    helper.dispatch(Progress(20));
    run.abort("enough");

    helper.dispatch(Progress(30));
    assert_eq!(helper.try_dispatch(Progress(40)), Err(DispatchError::RunSettled { run: run.id() }));
    let child = helper.dispatch(fetch.with(2));
    assert!(matches!(
        child.outcome().unwrap(),
        Outcome::Aborted { by: AbortedBy::Parent(parent), .. } if parent == run.id()
    ));
    assert_eq!(store.get(&PROGRESS), [10, 20]);
}

#[test]
fn a_body_that_aborts_itself_has_told_so_at_once_and_ends_where_it_next_waits() {
    let log = Log::default();
    let in_body = log.clone();
    let quit = AsyncThunk::new("quit", move |(): (), api: ThunkApi<Api>| {
        let log = in_body.clone();
        async move {
            assert!(api.abort("changed my mind"));
            log.note("aborted");
            api.dispatch(Progress(1));
            pending::<()>().await;
            log.note("never");
            Ok::<_, ApiError>(())
        }
    });
    let (told, heard) = (log.clone(), log.clone());
    let progress = PROGRESS
        .slice(Vec::new)
        .on(quit.rejected(), move |_, run| told.note(run.abort_reason().unwrap()))
        .on(action::<Progress>(), move |_, _| heard.note("progress"));
    let (store, ..) = store_of(progress);
    assert!(store.dispatch(quit.with(())).outcome().unwrap().is_aborted());
    assert_eq!(log.take(), ["changed my mind", "aborted"]);
}

#[test]
fn a_subscriber_of_pending_may_abort_the_run_and_the_body_is_not_called() {
    let log = Log::default();
    let in_body = log.clone();
    let fetch = AsyncThunk::new("users/fetch", move |_: UserId, _: ThunkApi<Api>| {
        in_body.note("body");
        async { Ok::<_, ApiError>(()) }
    });
    let told = TOLD
        .slice(Vec::new)
        .on(fetch.pending(), |told, _| told.push("pending"))
        .on(fetch.rejected(), |told, _| told.push("rejected"));
    let (store, ..) = store_of(told);
    let core = store.core().clone();
    let _guard = store.subscribe(&TOLD, move |told| {
        if told.len() == 1 {
            core.runs().abort_all("not now");
        }
    });
    assert!(store.dispatch(fetch.with(1)).outcome().unwrap().is_aborted());
    assert_eq!(log.take(), [""; 0]);
    assert_eq!(store.get(&TOLD), ["pending", "rejected"]);
}

#[test]
fn dropping_the_last_handle_aborts_the_runs() {
    let (builder, api, executor) = manual();
    let fetch = AsyncThunk::new("users/fetch", |id: UserId, api: ThunkApi<Api>| async move {
        api.extra().fetch_user(id).await
    });
    let store = builder.build().unwrap();
    let run = store.dispatch(fetch.with(1));
    drop(store);
    assert!(api.is_dropped(0));
    assert!(run.is_settled());
    executor.run_until_stalled();
    assert_eq!(executor.pending(), 0);
}

#[test]
fn a_thunk_dispatched_by_a_reducer_fails_as_reentrant() {
    let fetch = AsyncThunk::new("users/fetch", |_: UserId, _: ThunkApi<Api>| async {
        Ok::<_, ApiError>(())
    })
    .condition(|_, api| api.read(&PROGRESS, Vec::is_empty));
    let started = Arc::new(Mutex::new(None));
    let captured: Arc<Mutex<Option<Store<Api>>>> = Arc::default();
    let (start, store_in_reducer, thunk) = (started.clone(), captured.clone(), fetch.clone());
    let progress = PROGRESS.slice(Vec::new).on(action::<Progress>(), move |_, _| {
        let store = store_in_reducer.lock().unwrap().take().unwrap();
        *start.lock().unwrap() = Some(store.dispatch(thunk.with(1)));
    });
    let (store, ..) = store_of(progress);
    *captured.lock().unwrap() = Some(store.clone());

    store.dispatch(Progress(1));
    let run = started.lock().unwrap().take().unwrap();
    match run.outcome().unwrap() {
        Outcome::Failed { failure: Failure::Reentrant(reentrant) } => {
            assert!(reentrant.inner.file().ends_with("cancellation.rs"), "{reentrant}");
        }
        other => panic!("{other:?}"),
    }
    assert!(store.dispatch(fetch.with(2)).outcome().unwrap().is_fulfilled());
}
