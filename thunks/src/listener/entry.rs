//! The listeners of a store, and who of them hears an action.

use super::{
    build::Listener,
    kept::{Keeper, Kept, Transition},
    wait::Wait,
};
use crate::{
    action::AnyAction,
    case::CaseKey,
    error::panic_message,
    matcher::Test,
    store::{Shared, Store},
};
use rustc_hash::FxHashMap;
use std::{
    collections::BTreeMap,
    fmt,
    panic::{AssertUnwindSafe, Location, catch_unwind},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError, RwLock,
        atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering},
    },
};
use trine_core::{Event, RunId, Text, after_lease};

/// Starts the effect of a listener.
pub(super) type Start<X> =
    Box<dyn Fn(&Store<X>, &Arc<Entry<X>>, &Arc<dyn AnyAction>, &Arc<Kept>) + Send + Sync>;
/// Whether a listener is to hear.
pub(super) type Predicate<X> = Box<dyn Fn(&Transition<'_, X>) -> bool + Send + Sync>;
/// Told of errors.
pub(super) type OnError = Box<dyn Fn(&ListenerError) + Send + Sync>;

/// A listener in a store.
pub(crate) struct Entry<X> {
    /// Its number: later ones have higher numbers.
    pub(super) id: u64,
    /// What its runs are called.
    pub(super) name: Text,
    /// Where it was made.
    pub(super) made: &'static Location<'static>,
    /// What it listens to.
    pub(super) matcher: Box<dyn Test>,
    /// What must be true besides.
    pub(super) predicate: Option<Predicate<X>>,
    /// The slices whose states it keeps.
    pub(super) keepers: Vec<Arc<dyn Keeper>>,
    /// Does what is to be done.
    pub(super) start: Start<X>,
    /// Told of errors.
    pub(super) on_error: Option<OnError>,
    /// Whether it listens. Relaxed: what is dispatched at this very moment may be heard or not.
    subscribed: AtomicBool,
    /// Its runs that are under way.
    active: Mutex<Vec<RunId>>,
}

impl<X> Entry<X> {
    pub(super) fn from_listener(id: u64, listener: Listener<X>) -> Self {
        let Listener { name, made, matcher, predicate, keepers, start, on_error } = listener;
        let name = match name {
            Some(name) => Text::from(format!("{name} #{id}")),
            None => Text::from(format!("listener #{id}, {made}")),
        };
        Self {
            id,
            name,
            made,
            matcher,
            predicate,
            keepers,
            start,
            on_error,
            subscribed: AtomicBool::new(true),
            active: Mutex::default(),
        }
    }

    pub(super) fn active(&self) -> MutexGuard<'_, Vec<RunId>> {
        self.active.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn set_subscribed(&self, subscribed: bool) {
        self.subscribed.store(subscribed, Ordering::Relaxed);
    }

    /// Aborts its runs, but for one; returns how many this settled.
    pub(super) fn abort_active(
        &self,
        core: &trine_core::Store,
        but: Option<RunId>,
        reason: &Text,
    ) -> usize {
        let runs: Vec<_> = self.active().iter().copied().filter(|run| Some(*run) != but).collect();
        runs.into_iter().filter(|run| core.runs().abort(*run, reason.clone())).count()
    }

    /// Tells of something that has gone wrong.
    pub(super) fn report(&self, core: &trine_core::Store, raised_by: RaisedBy, message: Text) {
        let error =
            ListenerError { listener: self.name.clone(), made: self.made, raised_by, message };
        if let Some(on_error) = &self.on_error {
            let told = catch_unwind(AssertUnwindSafe(|| on_error(&error)));
            if told.is_ok() {
                return;
            }
        }
        let what = || Text::from(format!("the {raised_by} of `{}`", self.name));
        core.emit(|| Event::Failed { what: what(), message: error.message.clone() });
    }

    /// Whether it is to hear of this. A panic of the user's code counts as no.
    fn wants(&self, transition: &Transition<'_, X>) -> bool
    where
        X: Send + Sync + 'static,
    {
        let asked = catch_unwind(AssertUnwindSafe(|| {
            self.matcher.matches(&**transition.action)
                && self.predicate.as_ref().is_none_or(|predicate| predicate(transition))
        }));
        asked.unwrap_or_else(|payload| {
            let message = panic_message(&*payload);
            self.report(transition.store.core(), RaisedBy::Predicate, message);
            false
        })
    }
}

/// Something that has gone wrong in a listener.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the {raised_by} of `{listener}`, made at {made}: {message}")]
#[non_exhaustive]
pub struct ListenerError {
    /// The listener.
    pub listener: Text,
    /// Where it was made.
    pub made: &'static Location<'static>,
    /// What it was.
    pub raised_by: RaisedBy,
    /// The error, or the message of the panic.
    pub message: Text,
}

/// A part of a listener.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum RaisedBy {
    /// What decides whether it hears.
    Predicate,
    /// What it does.
    Effect,
}

impl fmt::Display for RaisedBy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Predicate => "predicate",
            Self::Effect => "effect",
        })
    }
}

/// The listeners of a store.
pub(crate) struct Listeners<X> {
    /// Those that there are; replaced as a whole when one comes or goes.
    now: RwLock<Arc<Roll<X>>>,
    /// Those who wait for an action.
    waits: Mutex<Vec<Arc<Wait<X>>>>,
    /// How many there are. Relaxed: whoever knows by other means that somebody waits sees it.
    waiting: AtomicUsize,
    /// The number of the last one. Only uniqueness matters, so no ordering does.
    last: AtomicU64,
}

/// The listeners at one time.
struct Roll<X> {
    /// All of them, by number.
    all: BTreeMap<u64, Arc<Entry<X>>>,
    /// Those that listen to known kinds of events.
    by_key: FxHashMap<CaseKey, Vec<Arc<Entry<X>>>>,
    /// Those that are asked about everything.
    any: Vec<Arc<Entry<X>>>,
    /// What is kept for all of them, a slice once.
    keepers: Vec<Arc<dyn Keeper>>,
}

impl<X> Roll<X> {
    fn of(all: BTreeMap<u64, Arc<Entry<X>>>) -> Self {
        let mut roll = Self {
            all: BTreeMap::new(),
            by_key: FxHashMap::default(),
            any: Vec::new(),
            keepers: Vec::new(),
        };
        for entry in all.values() {
            match entry.matcher.cases() {
                None => roll.any.push(Arc::clone(entry)),
                Some(cases) => {
                    for info in cases {
                        let heard = roll.by_key.entry(info.key).or_default();
                        if heard.last().is_none_or(|last| last.id != entry.id) {
                            heard.push(Arc::clone(entry));
                        }
                    }
                }
            }
            for keeper in &entry.keepers {
                if roll.keepers.iter().all(|known| known.slice() != keeper.slice()) {
                    roll.keepers.push(Arc::clone(keeper));
                }
            }
        }
        roll.all = all;
        roll
    }
}

impl<X> Listeners<X> {
    pub(crate) fn new() -> Self {
        Self {
            now: RwLock::new(Arc::new(Roll::of(BTreeMap::new()))),
            waits: Mutex::default(),
            waiting: AtomicUsize::new(0),
            last: AtomicU64::new(0),
        }
    }

    fn now(&self) -> Arc<Roll<X>> {
        Arc::clone(&self.now.read().unwrap_or_else(PoisonError::into_inner))
    }

    pub(crate) fn add(&self, listener: Listener<X>) -> Arc<Entry<X>> {
        let id = self.last.fetch_add(1, Ordering::Relaxed) + 1;
        let entry = Arc::new(Entry::from_listener(id, listener));
        let added = Arc::clone(&entry);
        self.replace(|all| {
            all.insert(id, added);
        });
        entry
    }

    /// Removes a listener, if it is there, and gives it back, so that it is not dropped here.
    fn remove(&self, id: u64) -> Option<Arc<Entry<X>>> {
        let mut removed = None;
        self.replace(|all| removed = all.remove(&id));
        removed
    }

    /// Removes all of them.
    fn clear(&self) -> Vec<Arc<Entry<X>>> {
        let mut removed = Vec::new();
        self.replace(|all| removed = std::mem::take(all).into_values().collect());
        removed
    }

    fn replace(&self, change: impl FnOnce(&mut BTreeMap<u64, Arc<Entry<X>>>)) {
        let mut now = self.now.write().unwrap_or_else(PoisonError::into_inner);
        let mut all = now.all.clone();
        change(&mut all);
        *now = Arc::new(Roll::of(all));
    }

    fn waits(&self) -> MutexGuard<'_, Vec<Arc<Wait<X>>>> {
        self.waits.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn add_wait(&self, wait: &Arc<Wait<X>>) {
        self.waits().push(Arc::clone(wait));
        self.waiting.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn remove_wait(&self, wait: &Arc<Wait<X>>) {
        let mut waits = self.waits();
        if let Some(index) = waits.iter().position(|candidate| Arc::ptr_eq(candidate, wait)) {
            // The caller has another handle: nothing is dropped here.
            drop(waits.remove(index));
            self.waiting.fetch_sub(1, Ordering::Relaxed);
        }
    }

    /// Who may hear of an action of this kind.
    pub(crate) fn audience(&self, key: CaseKey) -> Audience<X> {
        let roll = self.now();
        let mut entries = roll.by_key.get(&key).cloned().unwrap_or_default();
        if !roll.any.is_empty() {
            entries.extend(roll.any.iter().cloned());
            entries.sort_by_key(|entry| entry.id);
        }
        let waits = if self.waiting.load(Ordering::Relaxed) > 0 {
            self.waits().clone()
        } else {
            Vec::new()
        };
        let anybody = !entries.is_empty() || !waits.is_empty();
        let keepers = if anybody { roll.keepers.clone() } else { Vec::new() };
        Audience { entries, waits, keepers }
    }
}

/// Who may hear of an action.
pub(crate) struct Audience<X> {
    /// The listeners, in the order in which they were added.
    entries: Vec<Arc<Entry<X>>>,
    /// Those who wait.
    waits: Vec<Arc<Wait<X>>>,
    /// What is to be kept for them.
    keepers: Vec<Arc<dyn Keeper>>,
}

impl<X> Audience<X> {
    /// What is kept for them.
    pub(crate) fn keep(&self) -> Kept {
        Kept::of(&self.keepers)
    }

    /// Has them hear of it. No lease is held.
    pub(crate) fn hear(&self, store: &Store<X>, action: &Arc<dyn AnyAction>, kept: Kept)
    where
        X: Send + Sync + 'static,
    {
        if self.entries.is_empty() && self.waits.is_empty() {
            return;
        }
        let kept = Arc::new(kept);
        let transition = Transition { action, kept: &kept, store };
        for entry in &self.entries {
            if entry.subscribed.load(Ordering::Relaxed) && entry.wants(&transition) {
                (entry.start)(store, entry, action, &kept);
            }
        }
        for wait in &self.waits {
            if wait.is_over() {
                continue;
            }
            match catch_unwind(AssertUnwindSafe(|| (wait.test)(&transition))) {
                Ok(true) => wait.answer(action),
                Ok(false) => {}
                Err(payload) => store.core().emit(|| Event::Failed {
                    what: Text::from_static("the predicate of somebody who waits for an action"),
                    message: panic_message(&*payload),
                }),
            }
        }
    }
}

impl<X: Send + Sync + 'static> Store<X> {
    /// Adds a listener behind those that there are, until the guard is dropped.
    ///
    /// A dispatch that has begun does not see what is added meanwhile.
    ///
    /// ```
    /// use trine_thunks::{Action, Listener, ListenerApi, Store, action};
    ///
    /// struct Greeted(&'static str);
    /// impl Action for Greeted {}
    ///
    /// let store = Store::builder().build()?;
    /// let guard = store.listen(Listener::on(action::<Greeted>()).run(|greeted, _: ListenerApi| async move {
    ///     println!("hello {}", greeted.0);
    /// }));
    /// store.dispatch(Greeted("Ada")); // prints "hello Ada"
    /// drop(guard);
    /// store.dispatch(Greeted("Grace")); // prints nothing
    /// # Ok::<(), trine_thunks::BuildError>(())
    /// ```
    pub fn listen(&self, listener: Listener<X>) -> ListenerGuard {
        let pipeline = &self.shared().pipeline;
        let entry = pipeline.listeners.add(listener);
        pipeline.note_added();
        let (shared, core) = (Arc::downgrade(self.shared()), self.core().downgrade());
        let remove = move |reason: Option<Text>| {
            if let Some(shared) = shared.upgrade() {
                retire(&shared, &entry);
            }
            if let (Some(reason), Some(core)) = (reason, core.upgrade()) {
                entry.abort_active(&core, None, &reason);
            }
            // Foreign values.
            after_lease(move || drop(entry));
        };
        ListenerGuard { remove: Some(Box::new(remove)) }
    }

    /// Removes all listeners, and aborts their effects that are under way; returns how many of these this has ended. Guards
    /// of them do nothing any more.
    pub fn clear_listeners(&self, reason: impl Into<Text>) -> usize {
        let reason = reason.into();
        let pipeline = &self.shared().pipeline;
        let removed = pipeline.listeners.clear();
        let mut aborted = 0;
        for entry in &removed {
            entry.set_subscribed(false);
            pipeline.note_removed();
            aborted += entry.abort_active(self.core(), None, &reason);
        }
        after_lease(move || drop(removed));
        aborted
    }
}

/// Removes a listener.
fn retire<X>(shared: &Shared<X>, entry: &Entry<X>) {
    entry.set_subscribed(false);
    if shared.pipeline.listeners.remove(entry.id).is_some() {
        shared.pipeline.note_removed();
    }
}

/// Removes a listener when it is dropped. Made by [`Store::listen`].
///
/// Effects that are under way go on: see [`cancel`](Self::cancel).
#[must_use = "the listener is removed when the guard is dropped: keep it, or call `detach`"]
pub struct ListenerGuard {
    remove: Option<Box<dyn FnOnce(Option<Text>) + Send + Sync>>,
}

impl ListenerGuard {
    /// Lets the listener go on without the guard, for as long as the store lives.
    pub fn detach(mut self) {
        self.remove = None;
    }

    /// Removes the listener and aborts its effects that are under way.
    pub fn cancel(mut self, reason: impl Into<Text>) {
        if let Some(remove) = self.remove.take() {
            remove(Some(reason.into()));
        }
    }
}

impl Drop for ListenerGuard {
    fn drop(&mut self) {
        if let Some(remove) = self.remove.take() {
            remove(None);
        }
    }
}

impl fmt::Debug for ListenerGuard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ListenerGuard").finish_non_exhaustive()
    }
}
