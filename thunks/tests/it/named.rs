//! Errors that say which thunk, which run and which key.

use crate::service::{Api, ApiError, User, UserId, manual, user};
use std::error::Error;
use trine_core::{Outcome, Rejection};
use trine_thunks::{AsyncThunk, Policy, Store, ThunkApi, ThunkError};

type FetchUser = AsyncThunk<UserId, User, ApiError, Api>;

fn fetch() -> FetchUser {
    AsyncThunk::new("users/fetch", |id: UserId, api: ThunkApi<Api>| async move {
        api.extra().fetch_user(id).await
    })
}

#[tokio::test]
async fn each_end_but_the_good_one_names_thunk_run_and_key() {
    let fetch = fetch().key(|id| format!("user {id}")).policy(Policy::Leading);
    let (builder, api, executor) = manual();
    let store = builder.build().unwrap();
    let run = store.dispatch(fetch.with(7).named());
    let skipped = store.dispatch(fetch.with(7).named()).result().await.unwrap_err();
    assert!(
        skipped
            .to_string()
            .starts_with("`users/fetch`, run 2, key \"user 7\": the run was skipped")
    );
    run.abort("left the page");
    let error = run.result().await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "`users/fetch`, run 1, key \"user 7\": the run was aborted by a holder of its handle: left the page"
    );
    assert_eq!((error.thunk().as_str(), error.request_id()), ("users/fetch", run.id()));
    assert_eq!(error.key().unwrap().as_str(), "\"user 7\"");

    let run = store.dispatch(fetch.with(8).named());
    api.answer(1, Ok(user(8, "Ada")));
    executor.run_until_stalled();
    assert_eq!(run.result().await.unwrap().name, "Ada");
    assert!(matches!(run.await, Outcome::Fulfilled { .. }));
}

#[tokio::test]
async fn without_a_key_none_is_named_and_the_bodys_own_error_is_the_source() {
    let (builder, api, executor) = manual();
    let store = builder.build().unwrap();
    let run = store.dispatch(fetch().with(7).named());
    api.answer(0, Err(ApiError::NotFound(7)));
    executor.run_until_stalled();
    let error = run.result().await.unwrap_err();
    assert_eq!(error.to_string(), "`users/fetch`, run 1: the run's body returned an error");
    assert_eq!(error.source().unwrap().downcast_ref::<ApiError>(), Some(&ApiError::NotFound(7)));
    assert_eq!(error.key(), None);
    assert_eq!(error.clone().to_string(), error.to_string());
    // Each wait has an error with all names.
    assert_eq!(run.result().await.unwrap_err().to_string(), error.to_string());
}

#[tokio::test]
async fn question_marks_go_on_working() {
    async fn as_rejection(
        store: &Store<Api>,
        fetch: &FetchUser,
    ) -> Result<(), Rejection<ApiError>> {
        let run = store.dispatch(fetch.with(1).named());
        run.abort("why not");
        run.result().await?;
        Ok(())
    }
    async fn boxed(
        store: &Store<Api>,
        fetch: &FetchUser,
    ) -> Result<(), Box<dyn Error + Send + Sync>> {
        let run = store.dispatch(fetch.with(1).named());
        run.abort("why not");
        run.result().await?;
        Ok(())
    }
    let (store, fetch) = (manual().0.build().unwrap(), fetch());
    assert!(matches!(as_rejection(&store, &fetch).await, Err(Rejection::Aborted { .. })));
    let error = boxed(&store, &fetch).await.unwrap_err();
    assert!(error.downcast_ref::<ThunkError<ApiError>>().is_some());
}

#[tokio::test]
async fn a_call_that_is_tied_and_one_of_a_body_are_named_too() {
    let (builder, _, executor) = manual();
    let (store, fetch) = (builder.build().unwrap(), fetch().key(|id| *id));
    let tied = store.dispatch(fetch.with(1).abort_when(async { "closed" }).named());
    assert!(
        tied.result().await.unwrap_err().to_string().starts_with("`users/fetch`, run 1, key 1: ")
    );

    let child = fetch.clone();
    let parent = AsyncThunk::new("parent", move |(): (), api: ThunkApi<Api>| {
        let child = child.clone();
        async move {
            let run = api.dispatch(child.with(2).named());
            run.abort("not needed");
            run.result().await.map(drop)
        }
    });
    let run = store.dispatch(parent.with(()).named());
    executor.run_until_stalled();
    let error = run.result().await.unwrap_err();
    let child = error.source().unwrap().to_string();
    assert!(error.to_string().starts_with("`parent`, run 2: "), "{error}");
    assert!(child.starts_with("`users/fetch`, run 3, key 2: the run was aborted"), "{child}");
}

#[tokio::test]
async fn a_key_that_panics_is_a_question_mark() {
    let fetch = fetch().key(|_| -> u32 { panic!("no key") });
    let store = manual().0.build().unwrap();
    let error = store.dispatch(fetch.with(1).named()).result().await.unwrap_err();
    assert!(
        error.to_string().starts_with("`users/fetch`, run 1, key ?: the run failed"),
        "{error}"
    );
}

#[tokio::test]
async fn a_named_run_can_be_tied_to_a_scope() {
    let (builder, api, _executor) = manual();
    let store = builder.build().unwrap();
    let guard = store.dispatch(fetch().with(1).named()).into_run().abort_on_drop();
    assert!(!api.is_dropped(0));
    drop(guard);
    assert!(api.is_dropped(0));
}
