//! Slices: a part of the state, and the reducers that change it.

use crate::{
    action::AnyAction,
    case::{Case, CaseInfo, CaseKey},
    entities::Followers,
    error::BuildError,
    matcher::Matcher,
    table::{Handler, Occurrence, SliceCell, SliceEntry, Way},
};
use rustc_hash::FxHashMap;
use std::{
    any::{Any, TypeId},
    fmt,
    panic::Location,
    sync::Arc,
};
use trine_core::{CellError, Source, Update, UpdateResult, Updates};

/// A reducer whose event type is forgotten. Tells whether it has changed the state; nothing if the event was not one for
/// it.
type Reducer<S> = Arc<dyn Fn(&mut S, &Occurrence<'_>) -> Option<bool> + Send + Sync>;

/// Makes the cell of a slice.
type MakeCell<S> = fn(&trine_core::Store, &'static str, S) -> Source<S>;

/// A part of the state, and the reducers that change it. Made by [`SliceKey::slice`](crate::SliceKey::slice).
///
/// A reducer is a function over `&mut State` and the event; it changes the state in place. Reducers run inside the store's
/// lease, so they must be pure: no store, no waiting. A reducer that finds nothing to do may return
/// [`Update::Unchanged`], and nobody is told.
///
/// For one event, the slice's case runs first, then all its matchers that match, in the order in which they were added; the
/// [default](Self::otherwise) only if there was neither. All slices that an event concerns change in one commit, in
/// the order in which they were added to the store.
///
/// # If a reducer panics
///
/// | | the slice | other slices of the same action | `dispatch` |
/// |---|---|---|---|
/// | plain | *torn*: reading it, and what is selected from it, is an error that says so, until [`Store::recover`](crate::Store::recover) repairs it | change as if nothing had happened | panics with the reducer's panic, once that is committed and told |
/// | [`atomic`](Self::atomic) | as it was before the action | the same | the same |
///
/// A plain slice is changed in place and costs no copy. An atomic one is copied for each action that it has a case for.
#[must_use = "a slice does nothing until a store is built with it"]
pub struct Slice<S> {
    /// The name.
    name: &'static str,
    /// Where `slice` was called.
    made: &'static Location<'static>,
    /// Makes the initial state.
    initial: Box<dyn FnOnce() -> S + Send>,
    /// Makes the cell.
    make: MakeCell<S>,
    /// The cases, in the order in which they were added.
    cases: Vec<Entry<S>>,
    /// The matchers, in the order in which they were added, with what they may match: nothing for anything.
    matchers: Vec<(Option<Vec<CaseInfo>>, Reducer<S>)>,
    /// What runs when nothing else does, and where it was added.
    default: Vec<(&'static Location<'static>, Reducer<S>)>,
}

/// A reducer and what it answers to.
struct Entry<S> {
    /// The case.
    info: CaseInfo,
    /// The call that added it.
    added: &'static Location<'static>,
    /// What it does.
    reducer: Reducer<S>,
}

impl<S: Send + 'static> Slice<S> {
    pub(crate) fn new(
        name: &'static str,
        initial: impl FnOnce() -> S + Send + 'static,
        made: &'static Location<'static>,
    ) -> Self {
        let make: MakeCell<S> =
            |core, name, state| core.cell(name).always_different().source(state);
        let (cases, matchers, default) = (Vec::new(), Vec::new(), Vec::new());
        Self { name, made, initial: Box::new(initial), make, cases, matchers, default }
    }

    /// Adds a reducer for one kind of event.
    ///
    /// A slice has at most one for each: a second one is an error of
    /// [`StoreBuilder::build`](crate::StoreBuilder::build) that names both places.
    #[track_caller]
    pub fn on<C: Case, R: UpdateResult>(
        mut self,
        case: C,
        reducer: impl Fn(&mut S, &C::Event) -> R + Send + Sync + 'static,
    ) -> Self {
        let reducer: Reducer<S> = Arc::new(move |state, occurrence| {
            Some(reducer(state, occurrence.event.downcast_ref()?).changed())
        });
        self.cases.push(Entry { info: case.info(), added: Location::caller(), reducer });
        self
    }

    /// Adds a reducer for several kinds of events, which runs after the slice's own case for the event.
    ///
    /// ```
    /// use trine_thunks::{Action, SliceKey, Store, action, any_of};
    ///
    /// struct Saved;
    /// impl Action for Saved {}
    /// struct Discarded;
    /// impl Action for Discarded {}
    ///
    /// static DIRTY: SliceKey<bool> = SliceKey::new("dirty");
    /// let dirty = DIRTY
    ///     .slice(|| true)
    ///     .on_any(any_of((action::<Saved>(), action::<Discarded>())), |dirty, _| *dirty = false);
    /// let store = Store::builder().slice(dirty).build()?;
    /// store.dispatch(Discarded);
    /// assert!(!store.get(&DIRTY));
    /// # Ok::<(), trine_thunks::BuildError>(())
    /// ```
    pub fn on_any<M: Matcher + Send + Sync + 'static, R: UpdateResult>(
        mut self,
        matcher: M,
        reducer: impl Fn(&mut S, &<M as Matcher>::Event) -> R + Send + Sync + 'static,
    ) -> Self {
        let cases = crate::case::sealed::Matcher::cases(&matcher);
        let reducer: Reducer<S> = Arc::new(move |state, occurrence| {
            let mut changed = false;
            matcher
                .show(occurrence.action, &mut |event| changed = reducer(state, event).changed())
                .then_some(changed)
        });
        self.matchers.push((cases, reducer));
        self
    }

    /// Adds the reducer for every event that the slice has no case for and that no matcher matches: the original's default
    /// case.
    ///
    /// A slice with one is asked at each dispatch. A second one is an error of
    /// [`StoreBuilder::build`](crate::StoreBuilder::build) that names both places.
    ///
    /// ```
    /// use trine_thunks::{Action, SliceKey, Store, action};
    ///
    /// struct Known;
    /// impl Action for Known {}
    /// struct Unknown;
    /// impl Action for Unknown {}
    ///
    /// static LEFT_OVER: SliceKey<Vec<String>> = SliceKey::new("left over");
    /// let left_over = LEFT_OVER
    ///     .slice(Vec::new)
    ///     .on(action::<Known>(), |_, _| ())
    ///     .otherwise(|left_over, action| left_over.push(action.action_type().to_string()));
    /// let store = Store::builder().slice(left_over).build()?;
    /// store.dispatch(Known);
    /// store.dispatch(Unknown);
    /// assert_eq!(store.read(&LEFT_OVER, Vec::len), 1);
    /// # Ok::<(), trine_thunks::BuildError>(())
    /// ```
    #[track_caller]
    pub fn otherwise<R: UpdateResult>(
        mut self,
        reducer: impl Fn(&mut S, &dyn AnyAction) -> R + Send + Sync + 'static,
    ) -> Self {
        let reducer: Reducer<S> =
            Arc::new(move |state, occurrence| Some(reducer(state, occurrence.action).changed()));
        self.default.push((Location::caller(), reducer));
        self
    }

    /// Has a reducer that panics change nothing: it works on a copy of the state, which takes its place when all of the
    /// slice's reducers for the event have come to their end.
    ///
    /// The price is a copy per action that the slice has a case for. [`Entities`](crate::Entities) are cheap to copy.
    ///
    /// ```
    /// use std::panic::{AssertUnwindSafe, catch_unwind};
    /// use trine_thunks::{Action, SliceKey, Store, action};
    ///
    /// struct Withdraw(u32);
    /// impl Action for Withdraw {}
    ///
    /// #[derive(Clone)]
    /// struct Account { withdrawals: u32, balance: u32 }
    ///
    /// static ACCOUNT: SliceKey<Account> = SliceKey::new("account");
    /// let account = ACCOUNT
    ///     .slice(|| Account { withdrawals: 0, balance: 10 })
    ///     .atomic()
    ///     .on(action::<Withdraw>(), |account, withdraw| {
    ///         account.withdrawals += 1;
    ///         account.balance = account.balance.checked_sub(withdraw.0).expect("enough money");
    ///     });
    /// let store = Store::builder().slice(account).build()?;
    /// let dispatched = catch_unwind(AssertUnwindSafe(|| store.dispatch(Withdraw(100))));
    /// assert!(dispatched.is_err());
    /// assert_eq!(store.read(&ACCOUNT, |account| (account.withdrawals, account.balance)), (0, 10));
    /// # Ok::<(), trine_thunks::BuildError>(())
    /// ```
    pub fn atomic(mut self) -> Self
    where
        S: Clone,
    {
        self.make = |core, name, state| core.cell(name).always_different().atomic_source(state);
        self
    }
}

impl<S> fmt::Debug for Slice<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let cases: Vec<_> = self.cases.iter().map(|entry| &entry.info.name).collect();
        f.debug_struct("Slice")
            .field("name", &self.name)
            .field("cases", &cases)
            .field("matchers", &self.matchers.len())
            .finish_non_exhaustive()
    }
}

/// A slice whose type is forgotten: what a store builder keeps.
pub(crate) trait AnySlice: Send {
    fn name(&self) -> &'static str;
    fn made(&self) -> &'static Location<'static>;
    /// The type of its state.
    fn state(&self) -> TypeId;
    /// What the slice has cases for.
    fn cases(&self) -> Vec<CaseInfo>;
    /// Whether no two cases collide.
    fn check(&self) -> Result<(), BuildError>;
    /// Makes the cell, and what is to be done for each kind of event. The state is the `preloaded` one if there is one.
    fn install(
        self: Box<Self>,
        core: &trine_core::Store,
        preloaded: Option<Box<dyn Any + Send>>,
    ) -> Installed;
}

/// A slice that has its cell.
pub(crate) struct Installed {
    /// The slice's line in the table.
    pub(crate) entry: SliceEntry,
    /// What is to be done, by what it is for.
    pub(crate) handlers: FxHashMap<CaseKey, Arc<dyn Handler>>,
    /// What is to be done for everything else.
    pub(crate) otherwise: Option<Arc<dyn Handler>>,
}

impl<S: Send + 'static> AnySlice for Slice<S> {
    fn name(&self) -> &'static str {
        self.name
    }

    fn made(&self) -> &'static Location<'static> {
        self.made
    }

    fn state(&self) -> TypeId {
        TypeId::of::<S>()
    }

    fn cases(&self) -> Vec<CaseInfo> {
        let cases = self.cases.iter().map(|entry| &entry.info);
        let matched = self.matchers.iter().flat_map(|(cases, _)| cases).flatten();
        cases.chain(matched).cloned().collect()
    }

    fn check(&self) -> Result<(), BuildError> {
        let slice = self.name;
        let mut seen = FxHashMap::default();
        for entry in &self.cases {
            if let Some(first) = seen.insert(entry.info.key, entry.added) {
                let (case, second) = (entry.info.name.clone(), entry.added);
                return Err(BuildError::DuplicateCase { slice, case, first, second });
            }
        }
        match self.default[..] {
            [(first, _), (second, _), ..] => {
                Err(BuildError::DuplicateDefault { slice, first, second })
            }
            _ => Ok(()),
        }
    }

    fn install(
        self: Box<Self>,
        core: &trine_core::Store,
        preloaded: Option<Box<dyn Any + Send>>,
    ) -> Installed {
        let state = match preloaded.and_then(|state| state.downcast().ok()) {
            Some(state) => *state,
            None => (self.initial)(),
        };
        let source = (self.make)(core, self.name, state);
        let cell = SliceCell { source, followers: Arc::new(Followers::new()) };
        let mut keys: Vec<CaseKey> = self.cases.iter().map(|entry| entry.info.key).collect();
        keys.extend(
            self.matchers.iter().flat_map(|(cases, _)| cases).flatten().map(|info| info.key),
        );
        let default = self.default.into_iter().next().map(|(_, reducer)| reducer);
        let matchers = &self.matchers;
        // The case comes first, then the matchers that may match.
        let reducers = |key: Option<CaseKey>| -> Vec<Reducer<S>> {
            let case = self.cases.iter().find(|entry| Some(entry.info.key) == key);
            let matching = matchers.iter().filter(|(cases, _)| match cases {
                Some(cases) => cases.iter().any(|info| Some(info.key) == key),
                None => true,
            });
            let case = case.map(|entry| &entry.reducer);
            case.into_iter().chain(matching.map(|(_, reducer)| reducer)).cloned().collect()
        };
        let handler = |key| -> Arc<dyn Handler> {
            let cell = cell.clone();
            Arc::new(SliceHandler { cell, reducers: reducers(key), default: default.clone() })
        };
        let asked_always = default.is_some() || matchers.iter().any(|(cases, _)| cases.is_none());
        Installed {
            handlers: keys.into_iter().map(|key| (key, handler(Some(key)))).collect(),
            otherwise: asked_always.then(|| handler(None)),
            entry: SliceEntry::new(cell.clone(), self.made),
        }
    }
}

/// The reducers of one slice for one kind of event.
struct SliceHandler<S> {
    /// The slice's cell.
    cell: SliceCell<S>,
    /// The case, then the matchers.
    reducers: Vec<Reducer<S>>,
    /// What runs if none of them does.
    default: Option<Reducer<S>>,
}

impl<S> SliceHandler<S> {
    #[inline]
    fn run(&self, state: &mut S, occurrence: &Occurrence<'_>) -> Update {
        let mut done = None;
        for reducer in &self.reducers {
            if let Some(changed) = reducer(state, occurrence) {
                done = Some(done.unwrap_or(false) | changed);
            }
        }
        if done.is_none()
            && let Some(default) = &self.default
        {
            done = default(state, occurrence);
        }
        if done == Some(true) { Update::Changed } else { Update::Unchanged }
    }
}

impl<S: Send + 'static> Handler for SliceHandler<S> {
    #[track_caller]
    fn reduce(
        &self,
        cells: &mut Updates<'_>,
        occurrence: &Occurrence<'_>,
    ) -> Result<(), CellError> {
        self.cell.update(cells, |state| self.run(state, occurrence))
    }

    fn reduce_alone(
        &self,
        core: &trine_core::Store,
        occurrence: &Occurrence<'_>,
        caller: &'static Location<'static>,
    ) -> Result<bool, CellError> {
        let SliceCell { source, followers } = &self.cell;
        if followers.any() {
            return Ok(false);
        }
        let mut done = true;
        core.try_update_called_at(*source, caller, |state| {
            // Asked again inside the lease: a view that is made meanwhile must not miss this.
            if followers.any() {
                done = false;
                return Update::Unchanged;
            }
            self.run(state, occurrence)
        })?;
        Ok(done)
    }

    fn reduce_alone_if(
        &self,
        way: Way<'_>,
        occurrence: &Occurrence<'_>,
        caller: &'static Location<'static>,
        ready: &dyn Fn() -> bool,
    ) -> bool {
        let SliceCell { source, followers } = &self.cell;
        let mut done = false;
        let update = |state: &mut S| {
            if followers.any() || !ready() {
                return Update::Unchanged;
            }
            done = true;
            self.run(state, occurrence)
        };
        let updated = match way {
            Way::Store(core) => core.try_update_called_at(*source, caller, update).is_ok(),
            Way::Run(cx) => cx.update_called_at(*source, caller, update).is_ok(),
        };
        updated && done
    }
}

impl<S: Send + 'static> SliceCell<S> {
    /// Updates the state, and has those who follow parts of it look at it.
    #[inline]
    #[track_caller]
    pub(crate) fn update(
        &self,
        cells: &mut Updates<'_>,
        update: impl FnOnce(&mut S) -> Update,
    ) -> Result<(), CellError> {
        if !self.followers.any() {
            return cells.update(self.source, update);
        }
        // Nobody can tell what has changed if this panics.
        let mut looked = false;
        cells.update(self.source, |state| {
            let done = update(state);
            if done == Update::Changed {
                self.followers.look(state);
            }
            looked = true;
            done
        })?;
        self.followers.tell(cells, looked);
        Ok(())
    }
}
