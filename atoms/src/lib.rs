//! Atoms and synergies: state in small pieces, changed together by sync and async actions.
//!
//! An [`Atom`] is the definition of a piece of state, a [`synergy`] groups atoms, and an action is a handler over
//! drafts of a synergy's atoms. Drafts are private copies: the handler writes to them in straight lines, and what it
//! has written is committed at its end, or earlier where it says so.
//!
//! ```
//! use trine_atoms::{ActionError, Atom, Store, synergy};
//!
//! static USER: Atom<Option<String>> = Atom::new("user", || None);
//! static TOKEN: Atom<String> = Atom::new("token", || "secret".to_owned());
//! static LOADING: Atom<bool> = Atom::new("loading", || false);
//!
//! # #[derive(Clone)] struct Api;
//! # impl Api { async fn fetch(&self, _: &str, id: u32) -> Result<String, std::io::Error> {
//! #     if id == 0 { Err(std::io::Error::other("nobody has that id")) } else { Ok(format!("user {id}")) }
//! # } }
//! # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
//! # let api = Api;
//! let fetch_user = synergy((&USER, &TOKEN, &LOADING)).async_action(
//!     move |(mut user, token, mut loading), id: u32| {
//!         let api = api.clone();
//!         async move {
//!             *loading = true;
//!             let _loading = loading.trigger_scoped()?; // told now; back to `false` however this ends
//!             user.set(Some(api.fetch(&token, id).await?));
//!             Ok(()) // one commit: user and loading together
//!         }
//!     },
//! );
//!
//! let store = Store::new();
//! fetch_user.run(&store, 7).await.unwrap();
//! assert_eq!(USER.get(&store).as_deref(), Some("user 7"));
//!
//! let failed = fetch_user.run(&store, 0).await;
//! assert!(matches!(failed, Err(ActionError::Handler(_))));
//! assert!(!LOADING.get(&store)); // no stuck flag
//! # });
//! ```
//!
//! # What there is
//!
//! - [`Atom`]: statics or made at run time; a value of its own in each [`Store`]; read, written, subscribed to and
//!   watched without any action.
//! - [`DerivedAtom`], [`WritableAtom`], [`WriteAtom`], [`AsyncAtom`]: what is computed from other atoms, and what a write of it
//!   means.
//! - [`Provider`]: a part of an app with values of its own for some atoms; everything else falls through, for reads and writes.
//! - [`AtomFamily`], [`DerivedFamily`], [`AsyncFamily`]: by key, freed when nobody uses them.
//! - [`StatusAtom`]: what the calls of an action are doing.
//! - [`ReducerAtom`], [`DefaultAtom`], [`FocusAtom`], [`ListAtom`] and its [`SplitAtom`], [`StreamAtom`]; [`Atom::on_mount`].
//! - [`Stored`] in a [`Storage`]; with the feature `serde`, snapshots and hydration. [`reset_all`] for a logout.
//! - [`synergy`]: ordered groups of 1 to 12 atoms or synergies, nested as you like. [`Synergy::derive`] computes a
//!   value from them; they are read, watched and streamed with all of each commit.
//! - [`Synergy::action`], [`Synergy::try_action`]: sync handlers. One transaction, committed before the call returns,
//!   no runtime; `increment(); increment(); increment();` counts to three.
//! - [`Synergy::async_action`]: async handlers, with [`Draft::trigger`] to show what has been done so far, and
//!   [`Draft::trigger_scoped`] for what is true only while the action is under way.
//! - Nothing is overwritten by accident: a draft that was read, modified and written while somebody else committed
//!   is a [`Conflict`] that gives all three values back; [`Draft::set`] and [`Draft::update`] say that something
//!   else is meant.
//! - Nothing is left half done: a handler that fails, panics, is aborted, superseded or dropped at any `.await`
//!   writes nothing more, and what it had shown for the time being is undone.
//! - Action types can be named and stored: [`Action`], [`AsyncAction`]. What an action does about other calls, time, errors and
//!   conflicts is said once, at its definition: [`guide::actions`] goes through it.
//! - [`mod@middleware`] between actions and atoms; [effects](Synergy::effect) before subscribers; [undo](Synergy::history), one
//!   action at a time.
//!
//! The [`guide`] begins with a first atom, and has a table for those who come from jotai or synergies.
//!
//! # The document and its tests
//!
//! The samples of *Asynchronous handlers*, the document of the original that describes async actions, and where
//! each is tested (`tests/it/document.rs`, unless another file is named):
//!
//! | sample or statement | test |
//! |---|---|
//! | asynchronous logic, all atoms updated at the end | `an_async_action_updates_its_atoms_at_the_end` |
//! | `isLoading` triggered early, told again at the end together with the user | `trigger_shows_the_loading_flag_and_the_end_flush_is_one_commit_with_the_user` |
//! | the guard idiom: `if (isInitialRun.current) return` | `the_guard_idiom_lets_one_of_three_calls_through` |
//! | flushing resets the change state: not told of again | `a_triggered_draft_that_is_not_written_again_does_not_write_again` |
//! | use the fresh draft that `trigger()` returns | `the_draft_that_trigger_returns_is_fresh` |
//! | a flushed draft cannot be written to | the `compile_fail` example of [`Draft`] |
//! | synchronous actions update the changed atoms directly | `sync_actions.rs`, `three_calls_in_a_row_count_to_three_and_have_committed_when_they_return` |
//!
//! # Where this differs from synergies
//!
//! | the original | here |
//! |---|---|
//! | a sync action commits some microtasks later, so three increments in a row count to one (P07) | commits before it returns |
//! | whoever finishes last overwrites what others did meanwhile (P05, P08, S1, P33) | [`Conflict`], unless the write or the action says otherwise |
//! | an action acts on a sibling that has changed meanwhile (P32) | [`AsyncAction::validate_reads`] |
//! | an unchanged draft that is triggered writes its old value back (P04) | does nothing |
//! | the draft after a trigger is a wrapper (P01, P02, P41) | a fresh draft, like the first |
//! | a failed action leaves its loading flag on (P09) | [`Draft::trigger_scoped`], [`AsyncAction::compensated`] |
//! | a value that is moved from one draft to another breaks both (P14) | moves |
//! | subscribers of k changed atoms are told k times (P16) | once per commit |
//! | middleware may shift values to other atoms (P18), is not asked about triggers (P19), and hangs the action if it fails (Q40) | goes by atom, is asked about every flush, and fails the action |
//! | an atom that is listed twice has two drafts (P24) | [`DuplicateAtom`] |
//! | a stale draft throws when it is used (P11) | does not compile |
//! | `null` cannot be an initial value (P22); values that are no plain objects are changed unnoticed (P26) | any `T: Clone` |
//! | a listener that throws keeps the others from hearing (Q39) | all hear, then it is reported |
//! | selectors tell of equal results, have no parameters, and can be stale | [`Synergy::select`], [`DerivedFamily`] |
//! | a commit before a subscription is missed | nothing is |
//! | a provider that is gone is written to in silence | [`PlaceError::Ended`], and its actions are aborted |
//!
//! Each item of the inventory of the originals that was reproduced there is a test named after it: `tests/it/upstream_actions/`
//! and `tests/it/upstream_state.rs`.

mod action;
mod atom;
mod default;
mod definition;
mod derived;
mod draft;
mod effect;
mod family;
mod focus;
pub mod guide;
mod handle;
mod history;
mod list;
mod memo;
pub mod middleware;
mod mounting;
mod place;
mod provider;
mod readable;
mod reducer;
mod reset;
#[cfg(feature = "serde")]
mod snapshot;
mod storage;
mod stream;
mod synergy;
mod table;

pub use action::{
    Action, ActionContext, ActionError, ActionRun, ActionRunFuture, AsyncAction, Composition,
    StatusAtom,
};
pub use atom::Atom;
pub use default::DefaultAtom;
pub use derived::{
    AsyncAtom, AsyncAtomReader, AtomReader, AtomWriter, BoxFuture, DerivedAtom, Writable,
    WritableAtom, WriteAtom, transaction,
};
pub use draft::{Conflict, Conflicting, Draft, DraftList, Edit, FlushError, trigger_all};
pub use effect::{EffectContext, EffectError, EffectGuard};
pub use family::{AsyncFamily, AtomFamily, DerivedFamily, Keyed};
pub use focus::{FocusAtom, MaybeFocusAtom};
pub use handle::{AtomHandle, ReadHandle};
pub use history::{History, HistoryDepth};
pub use list::{ItemGone, ItemHandle, ListAtom, SplitAtom};
pub use middleware::{
    AtomFlush, Flush, FlushKind, LogFlushes, Middleware, MiddlewareGuard, Veto, middleware,
};
pub use mounting::{Mounted, Unmount};
pub use place::{Place, PlaceError};
pub use provider::{Provider, ProviderBuilder, Provides};
pub use readable::{Owned, Readable};
pub use reducer::ReducerAtom;
pub use reset::{reset_all, used_atoms};
#[cfg(feature = "serde")]
pub use snapshot::{SnapshotError, Snapshots, StateSnapshot};
pub use storage::{
    FileStorage, MemoryStorage, Storage, StorageCallback, StorageError, StorageGuard, Stored,
    StoredGuard,
};
pub use stream::{StreamAtom, StreamState};
pub use synergy::{
    AtomList, Atoms, BoxError, Computed, DuplicateAtom, Single, Synergy, synergy, try_synergy,
};
pub use trine_core::{AsyncPolicy, AsyncState, Policy, Retry, RunsStatus, Store, Text};

/// The README's samples compile and run.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
pub struct Readme;
