//! The service that the document's samples talk to, answered by the test.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};
use tokio::sync::oneshot;
use trine_core::test::ManualExecutor;
use trine_thunks::{Slice, Store, StoreBuilder};

pub(crate) type UserId = u32;

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct User {
    pub(crate) id: UserId,
    pub(crate) name: String,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ApiError {
    #[error("user {0} not found")]
    NotFound(UserId),
    #[error("{message}")]
    Invalid { message: String, fields: BTreeMap<String, String> },
    #[error("the request was cancelled")]
    Cancelled,
}

type Answer = Result<User, ApiError>;

/// Who was asked for, and the way back to the asker, once.
type Request = (UserId, Option<oneshot::Sender<Answer>>);

/// A client of the service. Each request waits until the test answers it.
#[derive(Clone, Default)]
pub(crate) struct Api {
    requests: Arc<Mutex<Vec<Request>>>,
}

impl Api {
    pub(crate) async fn fetch_user(&self, id: UserId) -> Answer {
        let (sender, receiver) = oneshot::channel();
        self.requests.lock().unwrap().push((id, Some(sender)));
        receiver.await.unwrap_or(Err(ApiError::Cancelled))
    }

    /// How many requests were made.
    pub(crate) fn request_count(&self) -> usize {
        self.requests.lock().unwrap().len()
    }

    /// Answers the `index`th request; false if nobody waits for it any more.
    pub(crate) fn answer(&self, index: usize, answer: Answer) -> bool {
        let sender = self.requests.lock().unwrap()[index].1.take().expect("answered once");
        sender.send(answer).is_ok()
    }

    /// Whether the asker of the `index`th request is gone.
    pub(crate) fn is_dropped(&self, index: usize) -> bool {
        self.requests.lock().unwrap()[index].1.as_ref().is_some_and(oneshot::Sender::is_closed)
    }
}

pub(crate) fn user(id: UserId, name: &str) -> User {
    User { id, name: name.to_owned() }
}

/// A store whose bodies go on only when the executor is told to.
pub(crate) fn manual() -> (StoreBuilder<Api>, Api, ManualExecutor) {
    let (api, executor) = (Api::default(), ManualExecutor::new());
    let core = trine_core::Store::with_spawner(executor.clone());
    (Store::builder().on(core).extra(api.clone()), api, executor)
}

/// A manual store with one slice.
pub(crate) fn store_of<S: Send + 'static>(slice: Slice<S>) -> (Store<Api>, Api, ManualExecutor) {
    let (builder, api, executor) = manual();
    (builder.slice(slice).build().unwrap(), api, executor)
}
