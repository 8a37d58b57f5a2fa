//! The samples of the document that describes `createAsyncThunk`, in its order.

use crate::{
    log::{Log, follow},
    service::{Api, ApiError, User, UserId, manual, store_of, user},
};
use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU32, Ordering},
    },
};
use tokio::sync::{mpsc, oneshot};
use trine_core::{Outcome, Rejection, RunId};
use trine_thunks::{AsyncThunk, SliceKey, Store, ThunkApi};

type FetchUser = AsyncThunk<UserId, User, ApiError, Api>;

fn fetch_user_by_id() -> FetchUser {
    AsyncThunk::new("users/fetchByIdStatus", |id: UserId, api: ThunkApi<Api>| async move {
        api.extra().fetch_user(id).await
    })
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Loading {
    #[default]
    Idle,
    Pending,
    Succeeded,
    Failed,
}

#[derive(Debug, Clone, Default, PartialEq)]
struct Users {
    entities: Vec<Arc<User>>,
    loading: Loading,
    error: Option<String>,
    current_request: Option<RunId>,
    settled: Vec<UserId>,
}

static USERS: SliceKey<Users> = SliceKey::new("users");

#[test]
fn sample_usage_a_slice_takes_the_fulfilled_payload() {
    let fetch_user_by_id = fetch_user_by_id();
    let users = USERS.slice(Users::default).on(fetch_user_by_id.fulfilled(), |users, run| {
        users.entities.push(run.payload().clone());
    });
    let (store, api, executor) = store_of(users);

    store.dispatch(fetch_user_by_id.with(123));
    api.answer(0, Ok(user(123, "Ada")));
    executor.run_until_stalled();

    assert_eq!(store.read(&USERS, |users| users.entities[0].name.clone()), "Ada");
}

#[test]
fn pending_fulfilled_and_rejected_carry_the_request_id_and_the_argument() {
    let fetch = fetch_user_by_id();
    let log = Log::default();
    let (pending, fulfilled, rejected) = (log.clone(), log.clone(), log.clone());
    let users = USERS
        .slice(Users::default)
        .on(fetch.pending(), move |users, run| {
            users.loading = Loading::Pending;
            pending.note(format_args!("pending {} {}", run.request_id(), run.arg()));
        })
        .on(fetch.fulfilled(), move |users, run| {
            users.loading = Loading::Succeeded;
            fulfilled.note(format_args!("fulfilled {} {}", run.request_id(), run.payload().name));
        })
        .on(fetch.rejected(), move |users, run| {
            users.loading = Loading::Failed;
            users.error = Some(run.message());
            rejected.note(format_args!("rejected {} {}", run.request_id(), run.arg()));
        });
    let (store, api, executor) = store_of(users);

    let first = store.dispatch(fetch.with(7));
    assert_eq!(store.read(&USERS, |users| users.loading), Loading::Pending);
    api.answer(0, Ok(user(7, "Ada")));
    executor.run_until_stalled();
    assert_eq!(store.read(&USERS, |users| users.loading), Loading::Succeeded);

    let second = store.dispatch(fetch.with(8));
    api.answer(1, Err(ApiError::NotFound(8)));
    executor.run_until_stalled();
    assert_eq!(store.read(&USERS, |users| users.loading), Loading::Failed);
    assert_eq!(store.read(&USERS, |users| users.error.clone()).unwrap(), "user 8 not found");

    let (first, second) = (first.id(), second.id());
    assert_ne!(first, second);
    assert_eq!(
        log.take(),
        [
            format!("pending {first} 7"),
            format!("fulfilled {first} Ada"),
            format!("pending {second} 8"),
            format!("rejected {second} 8"),
        ]
    );
}

#[test]
fn settled_matches_fulfilled_and_rejected_and_runs_after_the_cases() {
    let fetch = fetch_user_by_id();
    let users = USERS
        .slice(Users::default)
        .on_any(fetch.settled(), |users, run| {
            // The case has run, though it was added later.
            assert_eq!(users.loading == Loading::Failed, !run.outcome().is_fulfilled());
            users.settled.push(*run.arg());
            users.loading = Loading::Idle;
        })
        .on(fetch.rejected(), |users, _| users.loading = Loading::Failed);
    let (store, api, executor) = store_of(users);

    store.dispatch(fetch.with(1));
    store.dispatch(fetch.with(2));
    api.answer(1, Err(ApiError::NotFound(2)));
    executor.run_until_stalled();
    api.answer(0, Ok(user(1, "Ada")));
    executor.run_until_stalled();

    let users = store.get(&USERS);
    assert_eq!((users.settled, users.loading), (vec![2, 1], Loading::Idle));
}

#[tokio::test(flavor = "current_thread")]
async fn awaiting_a_run_gives_its_outcome_whether_it_succeeded_or_not() {
    let (fetch, api) = (fetch_user_by_id(), Api::default());
    let store = Store::builder().extra(api.clone()).build().unwrap();

    let run = store.dispatch(fetch.with(1));
    api.answer(0, Err(ApiError::NotFound(1)));
    match run.await {
        Outcome::Rejected { error } => assert_eq!(*error, ApiError::NotFound(1)),
        other => panic!("{other:?}"),
    }
}

#[tokio::test(flavor = "current_thread")]
async fn unwrap_gives_the_payload_or_the_error_that_the_body_returned() {
    let (fetch, api) = (fetch_user_by_id(), Api::default());
    let store = Store::builder().extra(api.clone()).build().unwrap();

    let on_click = async |id, answer| -> Result<String, Rejection<ApiError>> {
        let run = store.dispatch(fetch.with(id));
        api.answer(api.request_count() - 1, answer);
        let user = run.result().await?; // the original's `unwrap()`
        Ok(user.name.clone())
    };

    assert_eq!(on_click(1, Ok(user(1, "Ada"))).await.unwrap(), "Ada");
    let error = on_click(2, Err(ApiError::NotFound(2))).await.unwrap_err();
    assert_eq!(error, Rejection::Rejected { error: Arc::new(ApiError::NotFound(2)) });
}

#[test]
fn a_rejected_run_that_nobody_looks_at_troubles_nobody() {
    let fetch = fetch_user_by_id();
    let (store, api, executor) = store_of(USERS.slice(Users::default));
    drop(store.dispatch(fetch.with(1)));
    api.answer(0, Err(ApiError::NotFound(1)));
    executor.run_until_stalled();
    assert_eq!(executor.pending(), 0);
}

/// *Using rejectWithValue to access a custom rejected payload in a component*: a typed `Err` is all it takes.
mod update_user {
    use super::*;

    #[derive(Debug, Clone)]
    struct Changes {
        id: UserId,
        name: String,
    }

    fn update_user() -> AsyncThunk<Changes, User, ApiError, Api> {
        AsyncThunk::new("users/update", |changes: Changes, api: ThunkApi<Api>| async move {
            let user = api.extra().fetch_user(changes.id).await?;
            Ok(User { name: changes.name, ..user })
        })
    }

    fn invalid() -> ApiError {
        let fields = BTreeMap::from([("name".to_owned(), "is too short".to_owned())]);
        ApiError::Invalid { message: "the fields are not valid".to_owned(), fields }
    }

    #[tokio::test(flavor = "current_thread")]
    async fn field_errors_reach_the_reducer_and_the_component_typed() {
        let (update, api) = (update_user(), Api::default());
        let users = USERS
            .slice(Users::default)
            .on(update.fulfilled(), |users, run| users.entities.push(run.payload().clone()))
            .on(update.rejected(), |users, run| {
                users.error = match run.error() {
                    Some(ApiError::Invalid { message, .. }) => Some(message.clone()),
                    _ => Some(run.message()),
                };
            });
        let store = Store::builder().extra(api.clone()).slice(users).build().unwrap();

        let handle_update = async |answer| {
            let run = store.dispatch(update.with(Changes { id: 1, name: "G".to_owned() }));
            api.answer(api.request_count() - 1, answer);
            match run.await {
                Outcome::Fulfilled { payload } => format!("updated {}", payload.name),
                Outcome::Rejected { error } => match &*error {
                    ApiError::Invalid { fields, .. } => format!("name {}", fields["name"]),
                    error => format!("update failed: {error}"),
                },
                other => panic!("{other:?}"),
            }
        };

        assert_eq!(handle_update(Ok(user(1, "Ada"))).await, "updated G");
        assert_eq!(handle_update(Err(invalid())).await, "name is too short");
        assert_eq!(store.get(&USERS).error.unwrap(), "the fields are not valid");
        assert_eq!(
            handle_update(Err(ApiError::NotFound(1))).await,
            "update failed: user 1 not found"
        );
        assert_eq!(store.get(&USERS).error.unwrap(), "user 1 not found");
    }
}

#[derive(Debug, Clone, Default)]
struct Requests(BTreeMap<UserId, Loading>);

static REQUESTS: SliceKey<Requests> = SliceKey::new("requests");

#[test]
fn canceling_before_execution_a_condition_reads_the_state_and_skips_the_run() {
    let fetch = fetch_user_by_id().condition(|id, api| {
        let status = api.read(&REQUESTS, |requests| requests.0.get(id).copied());
        // Already fetched or in progress: no need to fetch again.
        !matches!(status, Some(Loading::Pending | Loading::Succeeded))
    });
    let requests = REQUESTS
        .slice(Requests::default)
        .on(fetch.pending(), |requests, run| {
            requests.0.insert(*run.arg(), Loading::Pending);
        })
        .on(fetch.fulfilled(), |requests, run| {
            requests.0.insert(*run.arg(), Loading::Succeeded);
        });
    let (store, api, executor) = store_of(requests);
    let log = Log::default();
    let _following = follow(&log, &store);

    let first = store.dispatch(fetch.with(1));
    let while_pending = store.dispatch(fetch.with(1));
    let other = store.dispatch(fetch.with(2));
    api.answer(0, Ok(user(1, "Ada")));
    executor.run_until_stalled();
    let when_there = store.dispatch(fetch.with(1));

    assert!(first.outcome().unwrap().is_fulfilled());
    assert!(while_pending.outcome().unwrap().is_skipped());
    assert!(when_there.outcome().unwrap().is_skipped());
    assert!(!other.is_settled());
    assert_eq!(api.request_count(), 2);
    assert_eq!(
        log.take(),
        [
            "users/fetchByIdStatus/pending",
            "users/fetchByIdStatus/pending",
            "users/fetchByIdStatus/fulfilled",
        ],
        "a skipped run has no events"
    );
}

#[test]
fn canceling_while_running_a_component_that_goes_away_stops_the_request() {
    let fetch = fetch_user_by_id();
    let users = USERS.slice(Users::default).on(fetch.rejected(), |users, run| {
        users.error = run.abort_reason().map(|why| why.to_string());
    });
    let (store, api, executor) = store_of(users);

    // The effect, and its clean-up function.
    let shown = store.dispatch(fetch.with(1)).abort_on_drop();
    executor.run_until_stalled();
    assert!(!api.is_dropped(0));
    drop(shown);

    assert!(api.is_dropped(0), "the body is dropped where it waits: the request is over");
    assert_eq!(store.get(&USERS).error.unwrap(), "its guard was dropped");
    assert!(!api.answer(0, Ok(user(1, "Ada"))));
    executor.run_until_stalled();
    assert!(store.get(&USERS).entities.is_empty());
}

#[test]
fn reading_the_signal_value_stops_costly_work_that_never_waits() {
    let (reads, stop) = (Arc::new(AtomicU32::new(0)), Arc::new(AtomicU32::new(3)));
    let (reads_in_body, stop_at) = (reads.clone(), stop.clone());
    let read_stream = AsyncThunk::new("readStream", move |(): (), api: ThunkApi<Api>| {
        let (reads, stop) = (reads_in_body.clone(), stop_at.clone());
        async move {
            while !api.is_aborted() {
                if reads.fetch_add(1, Ordering::Relaxed) + 1 == stop.load(Ordering::Relaxed) {
                    api.abort("enough");
                }
            }
            Ok::<(), ApiError>(())
        }
    });
    let (store, _, _) = store_of(USERS.slice(Users::default));
    let run = store.dispatch(read_stream.with(()));
    assert!(run.outcome().unwrap().is_aborted(), "the abort was first, so it decides");
    assert_eq!(reads.load(Ordering::Relaxed), 3);
}

#[tokio::test(flavor = "current_thread")]
async fn listening_for_abort_tells_a_helper_that_goes_on_elsewhere() {
    let (cancelled, was_cancelled) = mpsc::unbounded_channel();
    let fetch = AsyncThunk::new("users/fetchById", move |_: UserId, api: ThunkApi<Api>| {
        let cancelled = cancelled.clone();
        async move {
            let (answer, receiver) = oneshot::channel::<User>();
            // Somebody else's machinery, with a cancellation of its own.
            let aborted = api.aborted();
            tokio::spawn(async move {
                let _never_answered = answer;
                aborted.await;
                cancelled.send("cancelled at the source").unwrap();
            });
            receiver.await.map_err(|_| ApiError::Cancelled)
        }
    });
    let mut was_cancelled = was_cancelled;
    let store = Store::builder().extra(Api::default()).build().unwrap();
    let run = store.dispatch(fetch.with(1));
    tokio::task::yield_now().await;
    run.abort("left the page");
    assert_eq!(was_cancelled.recv().await.unwrap(), "cancelled at the source");
    assert!(run.await.is_aborted());
}

#[test]
fn checking_whether_a_rejection_was_an_error_or_a_cancellation() {
    let fetch = fetch_user_by_id().condition(|id, _| *id != 0);
    let log = Log::default();
    let told = log.clone();
    let users = USERS.slice(Users::default).on(fetch.rejected(), move |_, run| {
        told.note(format_args!("aborted: {}, error: {:?}", run.is_aborted(), run.error()));
    });
    let (store, api, executor) = store_of(users);

    // Cancelled before execution: `meta.condition`.
    let skipped = store.dispatch(fetch.with(0)).outcome().unwrap();
    assert!(skipped.is_skipped() && !skipped.is_aborted());
    assert_eq!(log.take(), [""; 0]);

    // Aborted while running: `meta.aborted`.
    let aborted = store.dispatch(fetch.with(1));
    aborted.abort("no longer wanted");
    assert!(aborted.outcome().unwrap().is_aborted());
    assert_eq!(log.take(), ["aborted: true, error: None"]);

    // Neither: it simply failed.
    let rejected = store.dispatch(fetch.with(2));
    api.answer(1, Err(ApiError::NotFound(2)));
    executor.run_until_stalled();
    assert!(rejected.outcome().unwrap().is_rejected());
    assert_eq!(log.take(), ["aborted: false, error: Some(NotFound(2))"]);
}

#[test]
fn this_thunk_should_always_be_skipped() {
    let entered = Arc::new(AtomicBool::new(false));
    let enters = entered.clone();
    let thunk = AsyncThunk::new("users/fetchById", move |(): (), _: ThunkApi<Api>| {
        enters.store(true, Ordering::Relaxed);
        async { Ok::<(), ApiError>(()) }
    })
    .condition(|(), _| false);
    let (builder, ..) = manual();
    let outcome = builder.build().unwrap().dispatch(thunk.with(())).outcome().unwrap();
    assert!(outcome.is_skipped() && !outcome.is_aborted());
    assert!(!entered.load(Ordering::Relaxed));
}

/// *Requesting a user by ID, with loading state, and only one request at a time.*
mod one_request_at_a_time {
    use super::*;

    /// `None` when another request is under way: the original's body returns `undefined` then.
    fn fetch_user_by_id() -> AsyncThunk<UserId, Option<User>, ApiError, Api> {
        AsyncThunk::new("users/fetchByIdStatus", |id: UserId, api: ThunkApi<Api>| async move {
            let current = api.read(&USERS, |users| users.current_request);
            if current != Some(api.request_id()) {
                return Ok(None);
            }
            api.extra().fetch_user(id).await.map(Some)
        })
    }

    fn component(fetch: &AsyncThunk<UserId, Option<User>, ApiError, Api>) -> (Store<Api>, Api) {
        let is_current = |users: &Users, request| {
            users.loading == Loading::Pending && users.current_request == Some(request)
        };
        let users = USERS
            .slice(Users::default)
            .on(fetch.pending(), |users, run| {
                if users.loading == Loading::Idle {
                    users.loading = Loading::Pending;
                    users.current_request = Some(run.request_id());
                }
            })
            .on(fetch.fulfilled(), move |users, run| {
                if is_current(users, run.request_id()) {
                    users.loading = Loading::Idle;
                    users.current_request = None;
                    users.entities.extend(run.payload().as_ref().clone().map(Arc::new));
                }
            })
            .on(fetch.rejected(), move |users, run| {
                if is_current(users, run.request_id()) {
                    users.loading = Loading::Idle;
                    users.current_request = None;
                    users.error = Some(run.message());
                }
            });
        let api = Api::default();
        (Store::builder().extra(api.clone()).slice(users).build().unwrap(), api)
    }

    #[tokio::test(flavor = "current_thread")]
    async fn the_second_dispatch_makes_no_request() {
        let fetch = fetch_user_by_id();
        let (store, api) = component(&fetch);
        let first = store.dispatch(fetch.with(1));
        let second = store.dispatch(fetch.with(2));

        assert_eq!(second.result().await.unwrap().as_ref(), &None);
        assert_eq!(api.request_count(), 1);
        assert_eq!(store.read(&USERS, |users| users.loading), Loading::Pending);

        api.answer(0, Ok(user(1, "Ada")));
        let toast = match first.result().await {
            Ok(user) => format!("Fetched {}", user.as_ref().as_ref().unwrap().name),
            Err(error) => format!("Fetch failed: {error}"),
        };
        assert_eq!(toast, "Fetched Ada");
        let users = store.get(&USERS);
        assert_eq!((users.loading, users.entities.len()), (Loading::Idle, 1));
    }

    #[tokio::test(flavor = "current_thread")]
    async fn a_failed_request_makes_room_for_the_next() {
        let fetch = fetch_user_by_id();
        let (store, api) = component(&fetch);
        let run = store.dispatch(fetch.with(1));
        api.answer(0, Err(ApiError::NotFound(1)));
        assert!(run.await.is_rejected());
        assert_eq!(store.get(&USERS).error.unwrap(), "user 1 not found");

        let run = store.dispatch(fetch.with(2));
        api.answer(1, Ok(user(2, "Grace")));
        assert!(run.await.is_fulfilled());
        assert_eq!(store.get(&USERS).entities.len(), 1);
    }

    #[test]
    fn a_policy_says_the_same_in_one_word() {
        let fetch = super::fetch_user_by_id().leading();
        let (store, api, _) = store_of(USERS.slice(Users::default));
        let first = store.dispatch(fetch.with(1));
        assert!(store.dispatch(fetch.with(2)).outcome().unwrap().is_skipped());
        assert!(!first.is_settled());
        assert_eq!(api.request_count(), 1);
    }
}
