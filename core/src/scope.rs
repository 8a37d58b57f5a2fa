//! Scopes: owners of what belongs to a part of an app, a dialog or a connection say.
//!
//! A scope notes what is made through it, and gives its end an order: inner scopes, then runs, then subscriptions, then cells.
//! Each step takes away what the one after it could still have met: a run that is over writes no cell, a callback that is gone
//! reads none. The notes are taken out in one piece when the end begins, under the scope's own lock, so whoever comes later
//! is told [`ScopeEnded`]; the end itself happens outside every lock, since it calls user code. Runs and inner scopes that have
//! ended by themselves are crossed out: a scope that lives as long as its app does not grow with all that it has ever run.

use crate::{
    cell::{Cell, CellKey, Derived, Source},
    delivery::SubscriptionGuard,
    executor::{Failure, Run, RunContext, RunId},
    graph::Reader,
    lease,
    list::ListCell,
    store::{Store, WeakStore},
    sync::{Mutex, mutant},
    text::Text,
};
use std::{
    collections::BTreeSet,
    fmt,
    future::Future,
    panic::{AssertUnwindSafe, Location, catch_unwind, resume_unwind},
    sync::{Arc, OnceLock},
};

/// Owns cells, subscriptions, runs and inner scopes, and ends them together: when it is dropped, or by
/// [`end`](Self::end).
///
/// First its inner scopes end, then its runs are aborted, then its subscriptions end, then its cells are removed, in
/// one commit. So no run and no callback of a scope ever meets a cell that is gone already.
///
/// ```
/// use trine_core::Store;
///
/// let store = Store::new();
/// let dialog = store.scope("dialog");
/// let name = dialog.source(String::new());
/// let valid = dialog.derived(move |cx| !cx.with(name, String::is_empty));
/// dialog.subscribe(valid, |valid| println!("can be sent: {valid}"));
/// store.set(name, "Ada".to_owned()); // prints "can be sent: true"
///
/// dialog.end();
/// assert!(store.try_get(name).unwrap_err().is_disposed());
/// assert_eq!(store.cell_count(), 0);
/// ```
///
/// A scope does not keep its store alive. Dropped inside a lease, it ends when the lease does.
#[must_use = "a scope ends when it is dropped"]
pub struct Scope {
    inner: Arc<Inner>,
}

/// A scope has ended, and owns nothing any more.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("scope `{name}` was used at {used} after it had ended, {}", end(.ended))]
pub struct ScopeEnded {
    /// Its name.
    pub name: Text,
    /// Where it was used.
    pub used: &'static Location<'static>,
    /// The call that ended it, or the scope around it; none if that was dropped.
    pub ended: Option<&'static Location<'static>>,
}

fn end(ended: &Option<&'static Location<'static>>) -> String {
    match ended {
        Some(location) => format!("at {location}"),
        None => "since it, or the scope around it, was dropped".to_owned(),
    }
}

struct Inner {
    /// For errors, and the reason that its runs are aborted with.
    name: Text,
    store: WeakStore,
    /// What it owns, or that it has ended.
    owned: Mutex<Holdings>,
}

enum Holdings {
    Live(Owned),
    /// It has ended; where, if not by being dropped.
    Ended(Option<&'static Location<'static>>),
}

impl Holdings {
    fn live(&mut self) -> Option<&mut Owned> {
        match self {
            Self::Live(owned) => Some(owned),
            Self::Ended(_) => None,
        }
    }

    /// Takes everything out at the end.
    fn end(&mut self, at: Option<&'static Location<'static>>) -> Option<Owned> {
        match self {
            Self::Live(owned) => {
                let owned = std::mem::take(owned);
                *self = Self::Ended(at);
                Some(owned)
            }
            Self::Ended(_) => None,
        }
    }
}

/// What a scope owns, in the order in which it was made.
#[derive(Default)]
struct Owned {
    scopes: Vec<Arc<Inner>>,
    /// Those that are live, oldest first.
    runs: BTreeSet<RunId>,
    subscriptions: Vec<SubscriptionGuard>,
    cells: Vec<CellKey>,
}

impl Store {
    /// Makes a scope, which owns what is made through it.
    pub fn scope(&self, name: impl Into<Text>) -> Scope {
        Scope { inner: Arc::new(Inner::new(name.into(), self.downgrade())) }
    }
}

impl Scope {
    /// The scope's name.
    pub fn name(&self) -> &Text {
        &self.inner.name
    }

    /// Whether the scope has ended.
    pub fn is_ended(&self) -> bool {
        self.inner.owned.lock().live().is_none()
    }

    /// Makes a scope that ends with this one, or earlier.
    ///
    /// # Panics
    ///
    /// If this scope has ended.
    #[track_caller]
    pub fn scope(&self, name: impl Into<Text>) -> Self {
        match self.try_scope(name) {
            Ok(scope) => scope,
            Err(error) => panic!("{error}"),
        }
    }

    /// Makes a scope that ends with this one, or earlier; or says that this one has ended.
    ///
    /// # Errors
    ///
    /// If this scope has ended.
    #[track_caller]
    pub fn try_scope(&self, name: impl Into<Text>) -> Result<Self, ScopeEnded> {
        let scope = Arc::new(Inner::new(name.into(), self.inner.store.clone()));
        self.try_own(|owned| {
            // Before the list would grow: so often enough, and not too often.
            if owned.scopes.len() == owned.scopes.capacity() {
                owned.scopes.retain(|scope| scope.owned.lock().live().is_some());
            }
            owned.scopes.push(Arc::clone(&scope));
        })?;
        Ok(Self { inner: scope })
    }

    /// Makes a cell that is written; see [`Store::source`].
    ///
    /// # Panics
    ///
    /// If the scope has ended or the store is gone; inside a lease.
    #[track_caller]
    pub fn source<T: PartialEq + Send + 'static>(&self, value: T) -> Source<T> {
        let store = self.live_store();
        let cell = store.source(value);
        self.own_new(&store, cell)
    }

    /// Makes a cell that is computed; see [`Store::derived`].
    ///
    /// # Panics
    ///
    /// If the scope has ended or the store is gone; inside a lease.
    #[track_caller]
    pub fn derived<T: PartialEq + Send + 'static>(
        &self,
        compute: impl FnMut(&mut Reader<'_>) -> T + Send + 'static,
    ) -> Derived<T> {
        let store = self.live_store();
        let cell = store.derived(compute);
        self.own_new(&store, cell)
    }

    /// Makes a list; see [`Store::list`].
    ///
    /// # Panics
    ///
    /// If the scope has ended or the store is gone; inside a lease.
    #[track_caller]
    pub fn list<T: Send + 'static>(&self, items: impl Into<Vec<T>>) -> ListCell<T> {
        let store = self.live_store();
        let list = store.list(items);
        self.own_new(&store, list)
    }

    /// Takes over a cell: it is removed when the scope ends.
    ///
    /// # Errors
    ///
    /// If the scope has ended; the cell stays as it is.
    #[track_caller]
    pub fn try_adopt<C: Cell>(&self, cell: C) -> Result<C, ScopeEnded> {
        self.try_own(|owned| owned.cells.push(cell.key()))?;
        Ok(cell)
    }

    /// Takes over a cell, such as one that was made with a [`CellBuilder`](crate::CellBuilder): it is removed when the scope ends.
    ///
    /// # Panics
    ///
    /// If the scope has ended; the cell stays as it is.
    #[track_caller]
    pub fn adopt<C: Cell>(&self, cell: C) -> C {
        match self.try_adopt(cell) {
            Ok(cell) => cell,
            Err(error) => panic!("{error}"),
        }
    }

    /// Subscribes to a cell until the scope ends; see [`Store::subscribe`].
    ///
    /// # Panics
    ///
    /// If the scope has ended or the store is gone; if the cell was removed; inside a lease.
    #[track_caller]
    pub fn subscribe<C: Cell>(&self, cell: C, callback: impl FnMut(&C::Value) + Send + 'static)
    where
        C::Value: Clone,
    {
        self.keep(self.live_store().subscribe(cell, callback));
    }

    /// Keeps a subscription until the scope ends.
    ///
    /// # Panics
    ///
    /// If the scope has ended; the subscription ends then.
    #[track_caller]
    pub fn keep(&self, subscription: SubscriptionGuard) {
        if let Err(error) = self.try_keep(subscription) {
            panic!("{error}");
        }
    }

    /// Keeps a subscription until the scope ends, or says that it has.
    ///
    /// # Errors
    ///
    /// If the scope has ended; so has the subscription then.
    #[track_caller]
    pub fn try_keep(&self, subscription: SubscriptionGuard) -> Result<(), ScopeEnded> {
        self.try_own(|owned| owned.subscriptions.push(subscription))
    }

    /// Starts a run that is aborted when the scope ends; see [`Store::run`].
    ///
    /// If the scope has ended, the run fails as [`Failure::ScopeEnded`], and its body is not called.
    ///
    /// # Panics
    ///
    /// If the store is gone.
    #[track_caller]
    pub fn run<T, E, B, F>(&self, name: impl Into<Text>, body: B) -> Run<T, E>
    where
        B: FnOnce(RunContext) -> F + Send + 'static,
        F: Future<Output = Result<T, E>> + Send + 'static,
        T: Send + Sync + 'static,
        E: Send + Sync + 'static,
    {
        let (owner, used) = (Arc::clone(&self.inner), Location::caller());
        let (weak, id) = (Arc::downgrade(&self.inner), Arc::new(OnceLock::new()));
        let started = Arc::clone(&id);
        self.store()
            .run_builder(name)
            .on_start(move |cx| {
                // Owned before its body is called, so that whoever ends the scope ends the run.
                let _ = started.set(cx.id());
                let ended = match &mut *owner.owned.lock() {
                    Holdings::Live(owned) => {
                        owned.runs.insert(cx.id());
                        None
                    }
                    Holdings::Ended(at) => Some(*at),
                };
                if let Some(at) = ended {
                    cx.fail(Failure::ScopeEnded(owner.refusal(used, at)));
                }
                Ok::<_, Text>(())
            })
            .on_settle(move |_| {
                // A scope that outlives many runs keeps no trace of them.
                if let (Some(scope), Some(id)) = (weak.upgrade(), id.get())
                    && let Some(owned) = scope.owned.lock().live()
                {
                    owned.runs.remove(id);
                }
            })
            .start(body)
    }

    /// Ends the scope and everything that it owns. A second call does nothing.
    ///
    /// Subscribers of derived cells outside the scope that read its cells are told that those have failed. Inside a
    /// lease, the scope ends when the lease does.
    #[track_caller]
    pub fn end(&self) {
        self.end_at(Some(Location::caller()));
    }

    fn end_at(&self, at: Option<&'static Location<'static>>) {
        let inner = Arc::clone(&self.inner);
        lease::defer(move || inner.end(at));
    }

    #[track_caller]
    fn store(&self) -> Store {
        match self.inner.store.upgrade() {
            Some(store) => store,
            None => panic!("the store of scope `{}` was dropped", self.inner.name),
        }
    }

    /// The store, for something that the scope is to own: nothing is made for a scope that has ended.
    #[track_caller]
    fn live_store(&self) -> Store {
        if let Err(error) = self.try_own(|_| {}) {
            panic!("{error}");
        }
        self.store()
    }

    /// Takes over a cell that was made for this scope, and that nobody knows if it has ended meanwhile.
    #[track_caller]
    fn own_new<C: Cell>(&self, store: &Store, cell: C) -> C {
        match self.try_adopt(cell) {
            Ok(cell) => cell,
            Err(error) => {
                let _ = store.remove(cell);
                panic!("{error}");
            }
        }
    }

    #[track_caller]
    fn try_own(&self, take: impl FnOnce(&mut Owned)) -> Result<(), ScopeEnded> {
        match &mut *self.inner.owned.lock() {
            Holdings::Live(owned) => {
                take(owned);
                Ok(())
            }
            Holdings::Ended(at) => Err(self.inner.refusal(Location::caller(), *at)),
        }
    }
}

impl Drop for Scope {
    fn drop(&mut self) {
        self.end_at(None);
    }
}

impl Inner {
    fn new(name: Text, store: WeakStore) -> Self {
        Self { name, store, owned: Mutex::new(Holdings::Live(Owned::default())) }
    }

    fn refusal(
        &self,
        used: &'static Location<'static>,
        ended: Option<&'static Location<'static>>,
    ) -> ScopeEnded {
        ScopeEnded { name: self.name.clone(), used, ended }
    }

    /// Ends what the scope owns, in order. No lease is held.
    fn end(&self, at: Option<&'static Location<'static>>) {
        let Some(owned) = self.owned.lock().end(at) else { return };
        if mutant("ended scopes own") {
            *self.owned.lock() = Holdings::Live(Owned::default());
        }
        // Outer before inner, first before last; ended the other way round, since what was made later may build on what was
        // made earlier. A list instead of recursion: scopes nested to any depth fit on any stack.
        let mut found = Vec::new();
        let mut next: Vec<_> = self.list(owned, &mut found);
        while let Some(scope) = next.pop() {
            let taken = scope.owned.lock().end(at);
            if let Some(owned) = taken {
                next.extend(scope.list(owned, &mut found));
            }
        }
        let Some(store) = self.store.upgrade() else { return };
        let mut panicked = None;
        for (name, owned) in found.into_iter().rev() {
            let mut step = |step: &mut dyn FnMut()| {
                // What a callback drops is the user's: its panic must not keep the rest from ending.
                if let Err(payload) = catch_unwind(AssertUnwindSafe(step)) {
                    panicked.get_or_insert(payload);
                }
            };
            let Owned { runs, mut subscriptions, cells, .. } = owned;
            for run in runs {
                step(&mut || {
                    store.runs().abort(run, format!("scope `{name}` has ended"));
                });
            }
            for subscription in subscriptions.drain(..) {
                let mut subscription = Some(subscription);
                step(&mut || drop(subscription.take()));
            }
            step(&mut || store.remove_cells(cells.iter().rev().copied()));
        }
        if let Some(payload) = panicked
            && !std::thread::panicking()
        {
            resume_unwind(payload);
        }
    }

    /// Notes what this scope owned; returns the scopes among it, the first at the end.
    fn list(&self, mut owned: Owned, found: &mut Vec<(Text, Owned)>) -> Vec<Arc<Self>> {
        let mut scopes = std::mem::take(&mut owned.scopes);
        scopes.reverse();
        found.push((self.name.clone(), owned));
        scopes
    }
}

impl fmt::Debug for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Scope")
            .field("name", &self.inner.name)
            .field("ended", &self.is_ended())
            .finish_non_exhaustive()
    }
}
