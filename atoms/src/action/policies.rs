//! What an async action does about other calls, time, errors and conflicts: said once, for all its calls.

use super::{ActionError, asynchronous::AsyncAction, handed::HandOut, settings::Pace};
use crate::atom::Atom;
use std::{hash::Hash, sync::Arc, time::Duration};
use trine_core::{Policy, Retry, Store, Text};

/// Which calls of an action may be under way together, and how often they may come. Calls of different
/// [keys](Self::key) have nothing to do with each other. See [`RunBuilder`](trine_core::RunBuilder), whose methods these are.
impl<A, R, E> AsyncAction<A, R, E>
where
    A: 'static,
    R: Send + 'static,
    E: Send + 'static,
{
    /// Gives the runs a name, for errors, events, the [status](Self::status) and the store's list of runs.
    #[must_use]
    pub fn named(mut self, name: impl Into<Text>) -> Self {
        self.settings().set_name(name.into());
        self
    }

    /// What else the runs can be found by in the store's list of runs. May be called several times.
    #[must_use]
    pub fn tag(mut self, tag: impl Into<Text>) -> Self {
        self.settings().tags.push(tag.into());
        self
    }

    /// What happens to a call while an earlier one is under way. [`Policy::Parallel`] if nothing is said; see
    /// [`shared`](Self::shared) for [`Policy::Shared`].
    ///
    /// # Panics
    ///
    /// For [`Policy::Shared`], whose results have to be copied.
    #[must_use]
    pub fn policy(mut self, policy: Policy) -> Self {
        assert!(
            policy != Policy::Shared,
            "results that are shared are copied: call `shared` instead"
        );
        self.settings().policy = policy;
        self
    }

    /// A call supersedes the one before, which ends first: its scoped changes are undone and nothing of it lands.
    /// For a search box, say.
    #[must_use]
    pub fn latest(self) -> Self {
        self.policy(Policy::Latest)
    }

    /// A call while an earlier one is under way is skipped. For a button that must not be pressed twice, say.
    #[must_use]
    pub fn leading(self) -> Self {
        self.policy(Policy::Leading)
    }

    /// Calls run one at a time, in order; at most so many wait, and those that come then are skipped. For an outbox, say.
    #[must_use]
    pub fn queue(self, waiting: usize) -> Self {
        self.policy(Policy::Queue(waiting))
    }

    /// At most so many calls are under way at a time; the others wait. For a pool of connections, say.
    #[must_use]
    pub fn limit(self, at_once: usize) -> Self {
        self.policy(Policy::Limit(at_once))
    }

    /// A call while an earlier one is under way gets the result of that one, instead of doing the work again. Each is aborted
    /// for itself; the work is aborted when nobody waits for it any more.
    ///
    /// Results are copied for each caller; large ones belong into an `Arc`, and so do errors that cannot be copied (choose
    /// their type with [`errors`](crate::Synergy::errors)).
    #[must_use]
    pub fn shared(mut self) -> Self
    where
        R: Clone,
        E: Clone,
    {
        self.settings().policy = Policy::Shared;
        self.settings().hand_out = HandOut::shared();
        self
    }

    /// Tells calls apart by what follows from their argument: policy and pace apply to those of the same key.
    ///
    /// ```
    /// # use trine_atoms::{AsyncAction, Atom, synergy};
    /// # static USERS: Atom<Vec<u32>> = Atom::new("users", Vec::new);
    /// let load: AsyncAction<(u32, bool)> = synergy(&USERS).async_action(|_users, _| async { Ok(()) });
    /// let load = load.leading().key(|(id, _)| *id); // once per user at a time
    /// ```
    #[must_use]
    pub fn key<K>(mut self, key: impl Fn(&A) -> K + Send + Sync + 'static) -> Self
    where
        K: Hash + Eq + Send + Sync + 'static,
    {
        let identity = self.settings().identity;
        self.settings().keyed =
            Some(Arc::new(move |builder, argument| builder.key((identity, key(argument)))));
        self
    }

    /// Has the handler wait until no other call has come for `quiet`; one that comes before supersedes this one. With
    /// [`latest`](Self::latest), for a search box.
    #[must_use]
    pub fn debounce(mut self, quiet: Duration) -> Self {
        self.settings().pace = Some(Pace::Debounce(quiet));
        self
    }

    /// Runs at once if no other call has come for `quiet`, and else is skipped.
    #[must_use]
    pub fn debounce_leading(mut self, quiet: Duration) -> Self {
        self.settings().pace = Some(Pace::DebounceLeading(quiet));
        self
    }

    /// Begins at most one call per `time`: at once, or else when `time` has passed since the last one was begun.
    #[must_use]
    pub fn throttle(mut self, time: Duration) -> Self {
        self.settings().pace = Some(Pace::Throttle(time));
        self
    }

    /// Runs at once, unless another call was begun less than `time` ago: then it is skipped.
    #[must_use]
    pub fn throttle_leading(mut self, time: Duration) -> Self {
        self.settings().pace = Some(Pace::ThrottleLeading(time));
        self
    }

    /// Asks `condition` on the calling thread, outside the lease, whether a call is wanted at all, before its policy is looked
    /// at. If it says no the call is skipped.
    #[must_use]
    pub fn condition(
        mut self,
        condition: impl Fn(&Store, &A) -> bool + Send + Sync + 'static,
    ) -> Self {
        self.settings().condition = Some(Arc::new(condition));
        self
    }

    /// Ends a call as [`ActionError::TimedOut`] when its handler is not done `time` after it was begun, all attempts and the
    /// pauses between them included. What it has shown for the time being is undone.
    #[must_use]
    pub fn timeout(mut self, time: Duration) -> Self {
        self.settings().timeout = Some(time);
        self
    }

    /// Calls the handler again when it has failed, as `retry` says: with fresh drafts, after everything that the attempt has shown
    /// for the time being was undone. For a time per attempt, see [`Retry::attempt_timeout`].
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use trine_atoms::{ActionError, AsyncAction, Atom, synergy};
    /// # use trine_core::Retry;
    /// # static PAGE: Atom<String> = Atom::new("page", String::new);
    /// # let load: AsyncAction<u32> = synergy(&PAGE).async_action(|_page, _| async { Ok(()) });
    /// let patient = Retry::exponential(5, Duration::from_millis(200))
    ///     .when(|error| matches!(error, ActionError::Handler(_)));
    /// let load = load.retry(patient).timeout(Duration::from_secs(30));
    /// ```
    #[must_use]
    pub fn retry(mut self, retry: Retry<ActionError<E>>) -> Self
    where
        A: Clone,
    {
        let settings = self.settings();
        settings.again = Some(A::clone);
        let asked = retry
            .for_errors(|error: &super::handed::Handed<_>, ask| error.look(ask).unwrap_or(false));
        settings.retry = Some(asked);
        self
    }
}

/// What happens if somebody else has written an atom that the handler has read, modified and written: by default the
/// call fails with [`ActionError::Conflict`], and nothing is overwritten.
impl<A, R, E> AsyncAction<A, R, E>
where
    A: 'static,
    R: Send + 'static,
    E: Send + 'static,
{
    /// The last writer wins.
    #[must_use]
    pub fn overwrite_conflicts(mut self) -> Self {
        self.settings().rules().overwrite = true;
        self
    }

    /// `merge` makes one value of what the action started from, what it wants to write, and what somebody else has written. For
    /// one atom; may be called for several, and the others go by what else was said.
    ///
    /// It runs inside the lease: it must be pure.
    ///
    /// ```
    /// # use trine_atoms::{AsyncAction, Atom, synergy};
    /// static TOTAL: Atom<i64> = Atom::new("total", || 0);
    /// let count: AsyncAction<i64> = synergy(&TOTAL).async_action(|mut total, n| async move {
    ///     *total += n;
    ///     Ok(())
    /// });
    /// let count = count.merge_conflicts(&TOTAL, |base, mine, theirs| theirs + (mine - base));
    /// ```
    #[must_use]
    pub fn merge_conflicts<T: Clone + Send + Sync + 'static>(
        mut self,
        atom: &Atom<T>,
        merge: impl Fn(&T, &T, &T) -> T + Send + Sync + 'static,
    ) -> Self {
        self.settings().rules().merge(atom.member(), merge);
        self
    }

    /// The handler is called again, with fresh drafts, at most `times` times; then the call fails as it does without this.
    #[must_use]
    pub fn retry_conflicts(mut self, times: u32) -> Self
    where
        A: Clone,
    {
        let settings = self.settings();
        settings.again = Some(A::clone);
        settings.rules().retries = times;
        self
    }

    /// Checks at each flush that the atoms that were not written are as the handler has found them, so that what is written does
    /// not follow from what is not there any more. If one is not, that is a [`Conflict`](crate::Conflict) as well.
    ///
    /// With it, calls that end well are serializable: as if they had run one after the other.
    #[must_use]
    pub fn validate_reads(mut self) -> Self {
        self.settings().rules().validate_reads = true;
        self
    }

    /// What the handler has flushed on its way is undone unless it ends well: whole-action compensation. An atom that
    /// somebody else has written since is left alone. It is undone before anybody hears of the end: as with
    /// [`trigger_scoped`](crate::Draft::trigger_scoped).
    ///
    /// ```
    /// # use trine_atoms::{AsyncAction, Atom, BoxError, Store, synergy};
    /// static LIKES: Atom<u32> = Atom::new("likes", || 7);
    ///
    /// # async fn send() -> Result<(), BoxError> { Err("offline".into()) }
    /// let like: AsyncAction<()> = synergy(&LIKES).async_action(|mut likes, ()| async move {
    ///     likes.update(|likes| *likes += 1);
    ///     let _likes = likes.trigger()?; // seen at once
    ///     send().await // and taken back if this fails
    /// });
    /// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// # let store = Store::new();
    /// assert!(like.compensated().run(&store, ()).await.is_err());
    /// assert_eq!(LIKES.get(&store), 7);
    /// # });
    /// ```
    #[must_use]
    pub fn compensated(mut self) -> Self {
        self.settings().rules().compensated = true;
        self
    }
}
