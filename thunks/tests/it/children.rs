//! Thunks dispatched by thunks.

use crate::{
    log::{Log, follow},
    service::{Api, ApiError, User, UserId, manual, user},
};
use trine_core::{AbortedBy, Outcome};
use trine_thunks::{AsyncThunk, Store, ThunkApi};

type Fetch = AsyncThunk<UserId, User, ApiError, Api>;
type Greet = AsyncThunk<UserId, String, ApiError, Api>;

fn family() -> (Fetch, Greet) {
    let fetch = AsyncThunk::new("users/fetch", |id: UserId, api: ThunkApi<Api>| async move {
        api.extra().fetch_user(id).await
    });
    let child = fetch.clone();
    let greet = AsyncThunk::new("users/greet", move |id: UserId, api: ThunkApi<Api>| {
        let fetch = child.clone();
        async move {
            let user = api.dispatch(fetch.with(id)).result().await;
            let user = user.map_err(|_| ApiError::Cancelled)?;
            Ok(format!("hello {}", user.name))
        }
    });
    (fetch, greet)
}

#[test]
fn a_thunk_awaits_another_and_their_events_nest() {
    let (_, greet) = family();
    let (builder, api, executor) = manual();
    let store = builder.build().unwrap();
    let log = Log::default();
    let _following = follow(&log, &store);
    let run = store.dispatch(greet.with(1));
    api.answer(0, Ok(user(1, "Ada")));
    executor.run_until_stalled();
    assert_eq!(*run.outcome().unwrap().into_result().unwrap(), "hello Ada");
    assert_eq!(
        log.take(),
        [
            "users/greet/pending",
            "users/fetch/pending",
            "users/fetch/fulfilled",
            "users/greet/fulfilled",
        ]
    );
}

#[test]
fn a_child_ends_with_its_parent() {
    let (_, greet) = family();
    let (builder, api, _executor) = manual();
    let store = builder.build().unwrap();
    let log = Log::default();
    let _following = follow(&log, &store);
    let run = store.dispatch(greet.with(1));
    log.clear();
    run.abort("left the page");
    assert_eq!(log.take(), ["users/greet/rejected", "users/fetch/rejected"]);
    assert!(api.is_dropped(0));
}

#[test]
fn a_detached_child_goes_on() {
    let (fetch, _) = family();
    let (builder, api, executor) = manual();
    let store = builder.build().unwrap();
    let prefetch = AsyncThunk::new("users/prefetch", move |id: UserId, api: ThunkApi<Api>| {
        let run = api.dispatch(fetch.with(id));
        run.detach_from_parent();
        async { Ok::<_, ApiError>(run) }
    });
    let run = store.dispatch(prefetch.with(1)).outcome().unwrap().into_result().unwrap();
    assert!(!run.is_settled());
    api.answer(0, Ok(user(1, "Ada")));
    executor.run_until_stalled();
    assert!(run.outcome().unwrap().is_fulfilled());
}

#[test]
fn a_child_that_is_not_awaited_ends_when_its_parent_returns() {
    let (fetch, _) = family();
    let forget = AsyncThunk::new("forget", move |id: UserId, api: ThunkApi<Api>| {
        let child = api.dispatch(fetch.with(id));
        async { Ok::<_, ApiError>(child) }
    });
    let (builder, ..) = manual();
    let store: Store<Api> = builder.build().unwrap();
    let parent = store.dispatch(forget.with(1));
    let child = parent.outcome().unwrap().into_result().unwrap();
    assert!(matches!(
        child.outcome().unwrap(),
        Outcome::Aborted { by: AbortedBy::Parent(id), .. } if id == parent.id()
    ));
}
