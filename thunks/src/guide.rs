//! The store, from the state to the views: a guide, and Redux Toolkit's names for it. (Documentation only.)
//!
//! # Slices
//!
//! A slice is a part of the state and the reducers that change it, in place. It is described once and put into a store; its
//! [key](crate::SliceKey) is how everything else refers to it.
//!
//! ```
//! use trine_thunks::{ActionCreator, SliceKey, Store, Update, any_of};
//!
//! #[derive(Default)]
//! struct Todos { items: Vec<(String, bool)>, changes: u32 }
//!
//! static TODOS: SliceKey<Todos> = SliceKey::new("todos");
//! static ADDED: ActionCreator<String, &str> = ActionCreator::prepared("todos/added", |title: &str| title.to_owned());
//! static TOGGLED: ActionCreator<usize> = ActionCreator::new("todos/toggled");
//!
//! let todos = TODOS
//!     .slice(Todos::default)
//!     .on(&ADDED, |todos, title| todos.items.push((title.clone(), false)))
//!     .on(&TOGGLED, |todos, index| match todos.items.get_mut(*index) {
//!         Some((_, done)) => { *done = !*done; Update::Changed }
//!         None => Update::Unchanged, // nobody is told
//!     })
//!     // Runs after the case, for any of several.
//!     .on_any(any_of((&ADDED, &TOGGLED)), |todos, _| todos.changes += 1);
//!
//! let store = Store::builder().slice(todos).build()?;
//! store.dispatch(ADDED.with("sweep"));
//! store.dispatch(TOGGLED.with(0));
//! assert_eq!(store.read(&TODOS, |todos| (todos.items[0].1, todos.changes)), (true, 2));
//! # Ok::<(), trine_thunks::BuildError>(())
//! ```
//!
//! An action has a Rust type of its own ([`Action`](crate::Action)), or a name and a payload ([`ActionCreator`](crate::ActionCreator)).
//! Slices need not know each other: each has cases for whatever actions and [phases of thunks](crate::AsyncThunk::pending) concern
//! it, and all of them change in one commit. What would be ambiguous is an error of [`build`](crate::StoreBuilder::build) that names
//! both places. [`Slice`](crate::Slice) says what happens if a reducer panics.
//!
//! # Selectors
//!
//! A selector is a cell that is derived from slices: computed when somebody looks, at most once per commit, and its subscribers
//! are told when the value differs. It needs no list of inputs, and no care about identity: it remembers what it has read.
//!
//! ```
//! # use trine_thunks::{ActionCreator, SliceKey, Store};
//! static PRICES: SliceKey<Vec<u32>> = SliceKey::new("prices");
//! static RATE: SliceKey<f64> = SliceKey::new("rate");
//! static PRICED: ActionCreator<u32> = ActionCreator::new("priced");
//!
//! let prices = PRICES.slice(Vec::new).on(&PRICED, |prices, price| prices.push(*price));
//! let store = Store::builder().slice(prices).slice(RATE.slice(|| 0.5)).build()?;
//!
//! // Of one slice; of others and of selectors; with a parameter.
//! let sum = store.select(&PRICES, |prices| prices.iter().sum::<u32>());
//! let rate = store.cell(&RATE);
//! let tax = store.core().derived(move |cx| f64::from(cx.get(sum)) * cx.get(rate));
//! let above = store.selector(&PRICES, |prices, limit: &u32| prices.iter().filter(|price| *price > limit).count());
//!
//! for price in [10, 30] {
//!     store.dispatch(PRICED.with(price));
//! }
//! assert_eq!((store.get(tax), store.get(above.at(&20))), (20.0, 1));
//! assert_eq!(above.recomputations(), 1);
//! # Ok::<(), trine_thunks::BuildError>(())
//! ```
//!
//! Tables of things by key, and views of one of them, are in [`entities`](crate::entities); layers around the reducers in
//! [`middleware`](crate::middleware); what is done because something has happened in [`listener`](crate::listener).
//!
//! # Redux Toolkit's names
//!
//! | Redux Toolkit | here | what differs |
//! |---|---|---|
//! | `configureStore({ reducer })` | [`Store::builder`](crate::Store::builder)`().slice(..).build()` | no root reducer, and no type of the whole state |
//! | `preloadedState` | [`preloaded`](crate::StoreBuilder::preloaded), per slice | one that fits no slice is an error |
//! | `store.dispatch`, from a reducer | [`dispatch`](crate::Store::dispatch); [`Reentrant`](crate::DispatchError::Reentrant) | from any thread; from subscribers it commits at once, and their callbacks queue |
//! | `store.getState` | [`read`](crate::Store::read), [`get`](crate::Store::get) | |
//! | `store.subscribe` | [`subscribe`](crate::Store::subscribe), [`watch`](crate::Store::watch) | of a slice or a selector, told only when that is different |
//! | `replaceReducer` | none | cases are closures that were compiled; new ones come with [`add_slice`](crate::Store::add_slice) |
//! | `createAction(type, prepare)` | [`ActionCreator`](crate::ActionCreator), [`prepared`](crate::ActionCreator::prepared) | the payload is typed; `meta` is a field of it |
//! | `action.type`, `.match` | `action_type`, `of` and `is` of any action ([`AnyAction`](crate::AnyAction)) | |
//! | `createSlice`, `createReducer` | [`SliceKey::slice`](crate::SliceKey::slice) | |
//! | `reducers`, `extraReducers`, `addCase` | [`on`](crate::Slice::on) | one kind of case; two for one action are an error |
//! | `addMatcher`, `isAnyOf`, `isAllOf` | [`on_any`](crate::Slice::on_any), [`any_of`](crate::any_of()), [`filter`](crate::Matcher::filter) | resolved when the store is built, where the cases are known |
//! | `addDefaultCase` | [`otherwise`](crate::Slice::otherwise) | |
//! | Immer drafts | `&mut State` | in place; [`atomic`](crate::Slice::atomic) if a panic is to change nothing |
//! | `slice.getInitialState()` | the closure of [`slice`](crate::SliceKey::slice), called at `build` | |
//! | `createSelector`, `createDraftSafeSelector` | [`select`](crate::Store::select), derived cells | dependencies are found while it runs; nothing to memoise by hand |
//! | selectors with arguments | [`selector`](crate::Store::selector) | a cell per argument, removed with it |
//! | `recomputations()` | [`recomputations`](crate::Selector::recomputations); [`Event::Recomputed`](trine_core::Event::Recomputed) | |
//! | `createEntityAdapter` | [`Entities`](crate::Entities) | O(log n) instead of O(n) per operation; a clone is O(1) |
//! | `selectId`, `sortComparer` | [`Entity::key`](crate::Entity::key), [`sorted_by`](crate::Entities::sorted_by) | |
//! | `addOne`, `setOne`, `upsertOne`, `updateOne`, `removeOne`, their `Many`, `setAll`, `removeAll` | the same in snake case | updates are closures; a merge says how; each tells whether anything is different |
//! | `removeMany({ where })` | [`remove_where`](crate::Entities::remove_where) | a predicate |
//! | `selectIds`, `selectAll`, `selectTotal`, `selectById`, `selectByIds` | [`keys`](crate::Entities::keys), [`iter`](crate::Entities::iter), [`len`](crate::Entities::len), [`get`](crate::Entities::get), [`get_many`](crate::Entities::get_many) | and by index: [`at`](crate::Entities::at), [`index_of`](crate::Entities::index_of) |
//! | `combineSlices().inject` | [`add_slice`](crate::Store::add_slice) | its state begins when it joins; before, reading it is an error |
//! | `applyMiddleware`, `getDefaultMiddleware` | [`middleware`](crate::StoreBuilder::middleware) | no defaults: what they check, the compiler does |
//! | `createDynamicMiddleware` | [`add_middleware`](crate::Store::add_middleware) | removed by its guard |
//! | `createListenerMiddleware` | [`Listener`](crate::Listener): its module has a table of its own | |
//! | `autoBatchEnhancer` | [`batch`](crate::Store::batch) | subscribers are told once per commit, of what is different; a batch is one, and no timer decides when it is told |
//! | `devTools`, `serializableCheck`, `immutableCheck` | the core's [event feed](trine_core::Store::observe); types | |
