//! The runs of a store, of a thunk, of a key: to list them, to abort them, to wait for them.

use super::AsyncThunk;
use crate::{
    action::Action,
    dispatch::reduce_action,
    error::DispatchError,
    pipeline::{Reduce, send_with},
    store::Store,
};
use std::{hash::Hash, panic::Location, sync::Arc};
use trine_core::{Runs, Text};

/// Runs.
impl<X> Store<X> {
    /// The runs that are under way, children and those of other front ends on the same store included: by id
    /// ([`Runs::abort`]), by tag ([`Runs::tagged`]), or all ([`Runs::abort_all`]).
    ///
    /// ```
    /// # use trine_thunks::{AsyncThunk, Store, ThunkApi};
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// let save = AsyncThunk::new("save", |(): (), _: ThunkApi| std::future::pending::<Result<(), String>>())
    ///     .tag("background");
    /// let store = Store::builder().build().unwrap();
    /// let run = store.dispatch(save.with(()));
    /// store.runs().tagged("background").abort_all("going offline");
    /// assert!(run.is_settled());
    /// store.runs().idle().await;
    /// # }
    /// ```
    #[must_use]
    pub fn runs(&self) -> Runs {
        self.core().runs()
    }

    /// The runs of a thunk that are under way.
    #[must_use]
    pub fn runs_of<A, T, E, M>(&self, thunk: &AsyncThunk<A, T, E, X, M>) -> Runs {
        self.runs().named(thunk.name().clone())
    }

    /// The runs of a thunk and a key that are under way. The key is a value of the type that the thunk's
    /// [`key`](AsyncThunk::key) gives; of any other there is none.
    ///
    /// ```
    /// # use trine_thunks::{AsyncThunk, Store, ThunkApi};
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// let fetch = AsyncThunk::new("fetch", |_: u32, _: ThunkApi| std::future::pending::<Result<(), String>>())
    ///     .key(|id| *id);
    /// let store = Store::builder().build().unwrap();
    /// let (one, other) = (store.dispatch(fetch.with(1)), store.dispatch(fetch.with(2)));
    /// assert_eq!(store.runs_of_key(&fetch, 1_u32).abort_all("left the page"), 1);
    /// assert!(one.is_settled() && !other.is_settled());
    /// # }
    /// ```
    #[must_use]
    pub fn runs_of_key<A, T, E, M, K: Hash + Eq + Send + Sync + 'static>(
        &self,
        thunk: &AsyncThunk<A, T, E, X, M>,
        key: K,
    ) -> Runs {
        self.runs().keyed(thunk.name().clone(), key)
    }
}

/// Beginning anew.
impl<X: Send + Sync + 'static> Store<X> {
    /// Dispatches an action that begins a new epoch: a logout, say. In the same commit as what its reducers do, every run that is
    /// under way is aborted with this reason, and nothing that belongs to it reaches a slice or a
    /// [state cell](Self::state_of) any more, not even its rejected event: the state that knew of it is gone. Returns how many
    /// runs it has aborted.
    ///
    /// Those who await the runs learn that they were aborted. All runs of the store end, those of other front ends included;
    /// what these tell is their affair. If a middleware stops the action, nothing happens. An event of these runs that a middleware
    /// lets go on [later](crate::Later) is dropped. Patches of these runs are taken off right after the commit.
    ///
    /// ```
    /// use trine_thunks::{Action, AsyncThunk, SliceKey, Store, ThunkApi, action};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// struct LoggedOut;
    /// impl Action for LoggedOut {}
    ///
    /// static INBOX: SliceKey<Vec<String>> = SliceKey::new("inbox");
    /// let fetch = AsyncThunk::new("fetch", |(): (), _: ThunkApi| async {
    ///     tokio::task::yield_now().await;
    ///     Ok::<_, String>("for your eyes only".to_owned())
    /// });
    /// let inbox = INBOX
    ///     .slice(Vec::new)
    ///     .on(fetch.fulfilled(), |inbox, run| inbox.push(run.payload().to_string()))
    ///     .on(fetch.rejected(), |inbox, run| inbox.push(run.message()))
    ///     .on(action::<LoggedOut>(), |inbox, _| inbox.clear());
    /// let store = Store::builder().slice(inbox).build().unwrap();
    /// let run = store.dispatch(fetch.with(()));
    /// assert_eq!(store.reset(LoggedOut, "logged out"), 1);
    /// assert!(run.await.is_aborted());
    /// assert_eq!(store.get(&INBOX), [""; 0]);
    /// # }
    /// ```
    ///
    /// # Panics
    ///
    /// As [`dispatch`](Self::dispatch) of the action.
    #[track_caller]
    pub fn reset<A: Action>(&self, action: A, reason: impl Into<Text>) -> usize {
        match self.try_reset(action, reason) {
            Ok(aborted) => aborted,
            Err(error) => panic!("{error}"),
        }
    }

    /// [`reset`](Self::reset), or why the action could not be dispatched.
    ///
    /// # Errors
    ///
    /// As [`try_dispatch`](Self::try_dispatch) of the action. Inside a lease, nothing has happened; if a slice is torn, the runs
    /// are aborted and the other slices have changed.
    ///
    /// # Panics
    ///
    /// If a reducer panics, after all that.
    #[track_caller]
    pub fn try_reset<A: Action>(
        &self,
        action: A,
        reason: impl Into<Text>,
    ) -> Result<usize, DispatchError> {
        let (shared, reason, at) = (self.shared(), reason.into(), Location::caller());
        let (mut trash, mut aborted) = (Vec::new(), 0);
        let commit = |reduce: &mut Reduce<'_>| {
            self.core()
                .try_updates(|cells| {
                    cells.called_at(at);
                    // Decided here and now; told when the lease is over, by when it is of an earlier epoch.
                    trash = shared.states.next_epoch(cells);
                    aborted = self.runs().abort_all(reason);
                    reduce(cells)
                })?
                .0
        };
        let reduced = if shared.pipeline.is_busy() {
            send_with(self, Arc::new(action), commit)
        } else {
            commit(&mut |cells| reduce_action(shared, cells, &action, None))
        };
        drop(trash);
        reduced.map(|()| aborted)
    }
}
