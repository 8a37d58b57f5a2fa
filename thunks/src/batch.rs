//! Several actions in one commit.
//!
//! 1. The body of the batch puts its actions in a line. Nothing has happened yet, so a panic of it dispatches none.
//! 2. Each goes through the middleware, in order, outside the lease. What comes out at the other end is put in a second line.
//! 3. The reducers are called for all that have come through, action by action, in one commit.
//! 4. Subscribers are told once, then the listeners of each action, in order.

use crate::{
    action::AnyAction,
    dispatch::Dispatch,
    error::DispatchError,
    pipeline::{Line, send_batch},
    store::Store,
};
use std::{fmt, panic::Location, sync::Arc};

/// Actions that are going to be dispatched in one commit. Made by [`Store::batch`].
#[derive(Default)]
pub struct Batch {
    /// The actions, and the calls that gave them.
    line: Line,
}

impl Batch {
    /// Adds an action. It is reduced when the body of the batch has returned, after those that were added before.
    ///
    /// Only actions can be: a thunk has more to it than one commit.
    #[track_caller]
    pub fn dispatch<A>(&mut self, action: A)
    where
        A: Dispatch<(), Output = ()> + AnyAction,
    {
        self.line.push((Arc::new(action), Location::caller()));
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.line.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.line.is_empty()
    }
}

impl<X: Send + Sync + 'static> Store<X> {
    /// Dispatches several actions in one commit: subscribers are told once, of what is different in the end. Returns what
    /// `body` returned.
    ///
    /// Nobody sees a state between two of them, except the reducers of the later ones. `body` runs outside the lease, on this
    /// thread; what it adds is reduced when it has returned.
    ///
    /// Each action goes through the [middleware](crate::middleware) by itself, before any of them is reduced: a layer's
    /// [`Next::run`](crate::Next::run) returns when its action is in line, so what the layer does after that sees the state from
    /// before the batch. A layer may stop or replace an action; what it keeps for [`Later`](crate::Later), or dispatches itself, is
    /// no part of the batch. [Listeners](crate::listener) hear of each action when all are reduced, in order, with the states
    /// right before and after that action.
    ///
    /// ```
    /// use trine_thunks::{Action, SliceKey, Store, action};
    ///
    /// struct Moved { from: usize, to: usize }
    /// impl Action for Moved {}
    /// static PLACES: SliceKey<[u32; 3]> = SliceKey::new("places");
    ///
    /// let places = PLACES.slice(|| [3, 0, 0]).on(action::<Moved>(), |places, moved| {
    ///     places[moved.from] -= 1;
    ///     places[moved.to] += 1;
    /// });
    /// let store = Store::builder().slice(places).build()?;
    /// let view = store.subscribe(&PLACES, |places| println!("{places:?}"));
    /// store.batch(|batch| {
    ///     batch.dispatch(Moved { from: 0, to: 1 });
    ///     batch.dispatch(Moved { from: 0, to: 2 });
    /// }); // prints "[1, 1, 1]", once
    /// assert_eq!(store.get(&PLACES), [1, 1, 1]);
    /// # drop(view);
    /// # Ok::<(), trine_thunks::BuildError>(())
    /// ```
    ///
    /// # Panics
    ///
    /// If `body` or a middleware does: then nothing is reduced. If a reducer does: after the others have changed. Where
    /// [`try_batch`](Self::try_batch) gives an error.
    #[track_caller]
    pub fn batch<R>(&self, body: impl FnOnce(&mut Batch) -> R) -> R {
        match self.try_batch(body) {
            Ok(value) => value,
            Err(error) => panic!("{error}"),
        }
    }

    /// Like [`batch`](Self::batch), or says what could not be dispatched.
    ///
    /// # Errors
    ///
    /// [`Reentrant`](DispatchError::Reentrant) inside a reducer or other code that must be pure: then `body` is not called. Else
    /// the first error of an action, as [`try_dispatch`](Self::try_dispatch) would give it; the other actions are reduced all the
    /// same.
    ///
    /// # Panics
    ///
    /// If `body`, a middleware or a reducer does, as with [`batch`](Self::batch).
    #[track_caller]
    pub fn try_batch<R>(&self, body: impl FnOnce(&mut Batch) -> R) -> Result<R, DispatchError> {
        self.core().try_updates(|_| ())?;
        let mut batch = Batch::default();
        let value = body(&mut batch);
        send_batch(self, batch.line)?;
        Ok(value)
    }
}

impl fmt::Debug for Batch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.line.iter().map(|(action, _)| action)).finish()
    }
}
