//! The runs of a store, of a thunk, of a key: to list them, to abort them, to wait for them.

use super::AsyncThunk;
use crate::store::Store;
use std::hash::Hash;
use trine_core::Runs;

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
