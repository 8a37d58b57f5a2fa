//! A user by id, with loading state, and one request at a time: the thunk's lifecycle, and what its caller gets.
//!
//! `cargo run -p trine-examples --example thunks_users`

use std::{collections::BTreeMap, sync::Arc};
use trine_thunks::{AsyncThunk, Rejection, RunId, SliceKey, Store, StoreBuilder, ThunkApi, Wanted};

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct User {
    id: u32,
    name: String,
}

#[derive(Debug, thiserror::Error)]
#[error("there is no user {0}")]
pub(crate) struct NoSuchUser(u32);

/// The client of a service, which takes its time.
#[derive(Clone, Default)]
pub(crate) struct UserApi;

impl UserApi {
    async fn fetch_by_id(&self, id: u32) -> Result<User, NoSuchUser> {
        trine_core::test::yield_now().await;
        match id {
            1 => Ok(User { id, name: "Ada".to_owned() }),
            2 => Ok(User { id, name: "Grace".to_owned() }),
            _ => Err(NoSuchUser(id)),
        }
    }
}

#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) enum Loading {
    #[default]
    Idle,
    Pending(RunId),
}

#[derive(Default)]
pub(crate) struct Users {
    entities: BTreeMap<u32, Arc<User>>,
    loading: Loading,
    error: Option<String>,
    requests: u32,
}

pub(crate) static USERS: SliceKey<Users> = SliceKey::new("users");

pub(crate) type FetchUser = AsyncThunk<u32, User, NoSuchUser, UserApi>;

/// The thunk. It refers to the slice by its key, and the slice refers to the thunk by its cases.
pub(crate) fn fetch_user_by_id() -> FetchUser {
    AsyncThunk::new("users/fetchByIdStatus", |id: u32, api: ThunkApi<UserApi>| async move {
        api.extra().fetch_by_id(id).await
    })
    .condition(|id, api| {
        api.read(&USERS, |users| match users.loading {
            Loading::Pending(run) => Wanted::no(format!("{run} is under way")),
            Loading::Idle if users.entities.contains_key(id) => Wanted::no("loaded already"),
            Loading::Idle => Wanted::Yes,
        })
    })
}

pub(crate) fn build(builder: StoreBuilder, fetch: &FetchUser) -> StoreBuilder<UserApi> {
    let users = USERS
        .slice(Users::default)
        .on(fetch.pending(), |users, run| {
            users.loading = Loading::Pending(run.request_id());
            users.requests += 1;
        })
        .on(fetch.fulfilled(), |users, run| {
            users.entities.insert(run.payload().id, run.payload().clone());
            users.error = None;
        })
        .on(fetch.rejected(), |users, run| users.error = Some(run.message()))
        // Think of a `finally`: whatever the end was.
        .on_any(fetch.settled(), |users, run| {
            if users.loading == Loading::Pending(run.request_id()) {
                users.loading = Loading::Idle;
            }
        });
    builder.extra(UserApi).slice(users)
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let fetch = fetch_user_by_id();
    let store = build(Store::builder(), &fetch).build()?;

    // Pending is reduced, and the body has begun, before `dispatch` returns; so a second one sees that.
    let run = store.dispatch(fetch.with(1));
    let second = store.dispatch(fetch.with(2));
    assert_eq!(store.read(&USERS, |users| users.loading), Loading::Pending(run.id()));
    assert!(second.await.is_skipped());

    // What a component does: it awaits the outcome, whichever it is, ...
    let outcome = run.await;
    assert!(outcome.is_fulfilled());

    // ... or unwraps it.
    match store.dispatch(fetch.with(2)).result().await {
        Ok(user) => println!("fetched {}", user.name),
        Err(error) => panic!("{error}"),
    }
    match store.dispatch(fetch.with(3)).result().await {
        Ok(user) => panic!("{user:?}"),
        // The error itself, not a copy of its text.
        Err(Rejection::Rejected { error }) => println!("not fetched: {error}, that is {}", error.0),
        Err(other) => panic!("{other}"),
    }

    // A failure that nobody looks at troubles nobody; the state knows.
    drop(store.dispatch(fetch.with(4)));
    store.runs().idle().await;
    store.read(&USERS, |users| {
        assert_eq!(
            users.entities.values().map(|user| &*user.name).collect::<Vec<_>>(),
            ["Ada", "Grace"]
        );
        assert_eq!(users.error.as_deref(), Some("there is no user 4"));
        assert_eq!((users.loading, users.requests), (Loading::Idle, 4));
    });
    Ok(())
}
