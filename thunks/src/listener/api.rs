//! What an effect is given.

use super::{
    entry::Entry,
    kept::{Kept, Transition},
    wait::{Take, TakeWithin},
};
use crate::{
    action::AnyAction, case::Case, key::SliceKey, matcher::Matcher, reach::reach_store,
    store::Shared,
};
use std::{fmt, future::Future, sync::Arc, time::Duration};
use trine_core::{NoClock, Run, RunContext, RunId, Sleep, Text};

/// What the effect of a listener is given.
///
/// It can be cloned and handed to helpers. Once the effect is over it is inert: nothing that is dispatched through it reaches
/// the store any more. It does not keep the store alive.
pub struct ListenerApi<X = ()> {
    /// The run of the effect.
    cx: RunContext,
    /// The table and the extra value.
    shared: Arc<Shared<X>>,
    /// The listener.
    entry: Arc<Entry<X>>,
    /// The states around what was heard.
    kept: Arc<Kept>,
}

impl<X: Send + Sync + 'static> ListenerApi<X> {
    pub(super) fn new(
        cx: RunContext,
        shared: Arc<Shared<X>>,
        entry: Arc<Entry<X>>,
        kept: Arc<Kept>,
    ) -> Self {
        Self { cx, shared, entry, kept }
    }

    reach_store!("effect");

    /// The state of a slice before what was heard: the original's `getOriginalState`, at any time.
    ///
    /// # Panics
    ///
    /// If the listener is not [keeping](crate::listener::ListenerBuilder::keeping) the slice, or the slice was torn.
    #[track_caller]
    #[must_use]
    pub fn before<S: Send + 'static>(&self, key: &SliceKey<S>) -> &S {
        self.kept.before(key)
    }

    /// The state of a slice right after what was heard.
    ///
    /// # Panics
    ///
    /// As [`before`](Self::before).
    #[track_caller]
    #[must_use]
    pub fn after<S: Send + 'static>(&self, key: &SliceKey<S>) -> &S {
        self.kept.after(key)
    }

    /// Waits for the next action of a case. It counts from this call on, not from the first poll.
    ///
    /// ```
    /// # use std::sync::{Arc, Mutex};
    /// # use trine_core::test::ManualExecutor;
    /// # use trine_thunks::{Action, Listener, ListenerApi, Store, action};
    /// struct Started(u32);
    /// impl Action for Started {}
    /// struct Stopped(u32);
    /// impl Action for Stopped {}
    ///
    /// # let executor = ManualExecutor::new();
    /// # let core = trine_core::Store::with_spawner(executor.clone());
    /// # let spent = Arc::new(Mutex::new(0));
    /// # let sum = Arc::clone(&spent);
    /// let measure = Listener::on(action::<Started>()).leading().run(move |started, api: ListenerApi| {
    ///     let sum = Arc::clone(&sum);
    ///     async move {
    ///         let stopped = api.take(action::<Stopped>()).await;
    ///         *sum.lock().unwrap() += stopped.0 - started.0;
    ///     }
    /// });
    /// let store = Store::builder()
    /// #   .on(core)
    ///     .listener(measure)
    ///     .build()?;
    /// store.dispatch(Started(10));
    /// store.dispatch(Stopped(25));
    /// # executor.run_until_stalled();
    /// # assert_eq!(*spent.lock().unwrap(), 15);
    /// # Ok::<(), trine_thunks::BuildError>(())
    /// ```
    pub fn take<C: Case + Send + Sync + 'static>(&self, case: C) -> Take<C::Event, X> {
        Take::new(&self.shared, Box::new(move |change| case.matches(&**change.action())))
    }

    /// Waits for the next action that a matcher matches.
    pub fn take_any<M: Matcher + Send + Sync + 'static>(
        &self,
        matcher: M,
    ) -> Take<dyn AnyAction, X> {
        Take::new(&self.shared, Box::new(move |change| matcher.matches(&**change.action())))
    }

    /// Waits for the next action of a case, but not longer than `time`, on the store's clock.
    ///
    /// # Panics
    ///
    /// If the store has no clock.
    #[track_caller]
    pub fn take_within<C: Case + Send + Sync + 'static>(
        &self,
        case: C,
        time: Duration,
    ) -> TakeWithin<C::Event, X> {
        TakeWithin { take: self.take(case), sleep: self.delay(time) }
    }

    /// Waits until, after an action, `predicate` is true: of the action, or of the state. It is asked on the dispatching thread,
    /// outside the lease.
    pub fn condition(
        &self,
        predicate: impl Fn(&Transition<'_, X>) -> bool + Send + Sync + 'static,
    ) -> Take<dyn AnyAction, X> {
        Take::new(&self.shared, Box::new(predicate))
    }

    /// Waits as [`condition`](Self::condition) does, but not longer than `time`, on the store's clock.
    ///
    /// # Panics
    ///
    /// If the store has no clock.
    #[track_caller]
    pub fn condition_within(
        &self,
        predicate: impl Fn(&Transition<'_, X>) -> bool + Send + Sync + 'static,
        time: Duration,
    ) -> TakeWithin<dyn AnyAction, X> {
        TakeWithin { take: self.condition(predicate), sleep: self.delay(time) }
    }

    /// Waits for `time`, on the store's clock.
    ///
    /// # Panics
    ///
    /// If the store has no clock.
    #[track_caller]
    pub fn delay(&self, time: Duration) -> Sleep {
        let clock = match self.cx.store() {
            Ok(store) => store.clock(),
            // The effect is over.
            Err(_) => return Box::pin(std::future::pending()),
        };
        match clock {
            Some(clock) => clock.sleep(time),
            None => panic!("{}", NoClock::new()),
        }
    }

    /// Starts work beside the effect, as a child: when the effect ends, so does what it has forked, unless it is
    /// [detached](Run::detach_from_parent). Its first part runs now. An effect that is to wait for it awaits the run.
    #[track_caller]
    pub fn fork<T, Er, F>(&self, body: impl FnOnce(Self) -> F + Send + 'static) -> Run<T, Er>
    where
        T: Send + Sync + 'static,
        Er: Send + Sync + 'static,
        F: Future<Output = Result<T, Er>> + Send + 'static,
    {
        let (shared, entry) = (Arc::clone(&self.shared), Arc::clone(&self.entry));
        let kept = Arc::clone(&self.kept);
        let name = Text::from(format!("fork of {}", self.entry.name));
        self.cx.run(name, move |cx| body(Self::new(cx, shared, entry, kept)))
    }

    /// Aborts all other runs of this effect that are under way; returns how many this has ended.
    pub fn cancel_active(&self, reason: impl Into<Text>) -> usize {
        let Ok(core) = self.cx.store() else { return 0 };
        self.entry.abort_active(&core, Some(self.cx.id()), &reason.into())
    }

    /// Aborts this effect, which is dropped when it next awaits. False when it was over already.
    pub fn cancel(&self, reason: impl Into<Text>) -> bool {
        self.cx.abort(reason)
    }

    /// Has the listener hear nothing more. Effects that are under way go on.
    pub fn unsubscribe(&self) {
        self.entry.set_subscribed(false);
    }

    /// Has the listener hear again. One that was removed from its store hears nothing all the same.
    pub fn subscribe(&self) {
        self.entry.set_subscribed(true);
    }

    /// Which run this is.
    #[must_use]
    pub fn run_id(&self) -> RunId {
        self.cx.id()
    }
}

impl<X> Clone for ListenerApi<X> {
    fn clone(&self) -> Self {
        Self {
            cx: self.cx.clone(),
            shared: Arc::clone(&self.shared),
            entry: Arc::clone(&self.entry),
            kept: Arc::clone(&self.kept),
        }
    }
}

impl<X> fmt::Debug for ListenerApi<X> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ListenerApi").field(&self.cx).finish()
    }
}
