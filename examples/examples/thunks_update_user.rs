//! Field errors of a form: a rejection with a typed value, for the slice and for the component, and errors as data for a log.
//!
//! `cargo run -p trine-examples --example thunks_update_user`

use std::{collections::BTreeMap, sync::Arc};
use trine_thunks::{
    AsyncThunk, Rejection, SerializedError, SliceKey, Store, StoreBuilder, ThunkApi,
};

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct User {
    id: u32,
    first_name: String,
    email: String,
}

impl User {
    pub(crate) fn new(id: u32, email: &str) -> Self {
        Self { id, first_name: "Ada".to_owned(), email: email.to_owned() }
    }
}

/// What the service says about fields, and what may happen besides. Slice and component tell them apart by type.
#[derive(Debug, thiserror::Error)]
pub(crate) enum UpdateError {
    #[error("{message}")]
    Invalid { message: String, fields: BTreeMap<&'static str, String> },
    #[error("the service cannot be reached")]
    Unreachable(#[source] std::io::Error),
}

#[derive(Clone, Default)]
pub(crate) struct UserApi;

impl UserApi {
    async fn update_by_id(&self, user: User) -> Result<User, UpdateError> {
        trine_core::test::yield_now().await;
        if user.id == 0 {
            return Err(UpdateError::Unreachable(std::io::ErrorKind::ConnectionRefused.into()));
        }
        if !user.email.contains('@') {
            let fields = BTreeMap::from([("email", format!("{:?} is no address", user.email))]);
            return Err(UpdateError::Invalid {
                message: "please check the form".to_owned(),
                fields,
            });
        }
        Ok(user)
    }
}

#[derive(Default)]
pub(crate) struct Users {
    entities: BTreeMap<u32, Arc<User>>,
    error: Option<String>,
}

pub(crate) static USERS: SliceKey<Users> = SliceKey::new("users");

pub(crate) type UpdateUser = AsyncThunk<User, User, UpdateError, UserApi>;

pub(crate) fn update_user() -> UpdateUser {
    // `Ok` fulfils, `Err` rejects with the value: there is nothing to wrap it in.
    AsyncThunk::new("users/update", |user: User, api: ThunkApi<UserApi>| async move {
        api.extra().update_by_id(user).await
    })
}

pub(crate) fn build(builder: StoreBuilder, update: &UpdateUser) -> StoreBuilder<UserApi> {
    let users = USERS
        .slice(Users::default)
        .on(update.pending(), |users, _| users.error = None)
        .on(update.fulfilled(), |users, run| {
            users.entities.insert(run.payload().id, run.payload().clone());
        })
        .on(update.rejected(), |users, run| {
            users.error = Some(match run.error() {
                Some(UpdateError::Invalid { message, .. }) => message.clone(),
                // Anything else: an error of the connection, an abort, a panic.
                _ => run.message(),
            });
        });
    builder.extra(UserApi).slice(users)
}

/// What the form shows after it was sent.
#[derive(Debug, PartialEq)]
enum Form {
    Toast(String),
    FieldErrors(BTreeMap<&'static str, String>),
}

async fn submit(store: &Store<UserApi>, update: &UpdateUser, user: User) -> Form {
    match store.dispatch(update.with(user)).result().await {
        Ok(user) => Form::Toast(format!("updated {}", user.first_name)),
        Err(Rejection::Rejected { error }) => match &*error {
            UpdateError::Invalid { fields, .. } => Form::FieldErrors(fields.clone()),
            other => Form::Toast(format!("update failed: {other}")),
        },
        Err(other) => Form::Toast(format!("update failed: {other}")),
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let update = update_user();
    let store = build(Store::builder(), &update).build()?;
    let error = || store.read(&USERS, |users| users.error.clone());

    assert_eq!(
        submit(&store, &update, User::new(7, "ada@example.org")).await,
        Form::Toast("updated Ada".to_owned())
    );
    assert_eq!((error(), store.read(&USERS, |users| users.entities.len())), (None, 1));

    let form = submit(&store, &update, User::new(7, "ada")).await;
    println!("{form:?}");
    assert!(
        matches!(form, Form::FieldErrors(fields) if fields["email"] == "\"ada\" is no address")
    );
    assert_eq!(error().as_deref(), Some("please check the form"));

    let form = submit(&store, &update, User::new(0, "ada@example.org")).await;
    assert_eq!(form, Form::Toast("update failed: the service cannot be reached".to_owned()));

    // What is written down is made of the error where it is written.
    let run = store.dispatch(update.with(User::new(0, "ada@example.org")));
    let rejection = run.result().await.unwrap_err();
    let data = SerializedError::of_rejection(&rejection);
    println!("{data}");
    assert_eq!((data.name.as_str(), data.chain.len()), ("UpdateError", 1));

    // An abort is told from an error by its kind, not by its name.
    let run = store.dispatch(update.with(User::new(7, "ada@example.org")));
    run.abort("the form was closed");
    let rejection = run.result().await.unwrap_err();
    assert_eq!(SerializedError::of_rejection(&rejection).name, "AbortError");
    assert!(error().unwrap().ends_with("the form was closed"));
    Ok(())
}
