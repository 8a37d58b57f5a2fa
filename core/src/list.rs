//! List cells: vectors that tell what has changed in them.
//!
//! A [`ListCell`] is a cell whose value is a `Vec<T>`. It is read like any other cell, so derived cells, subscriptions and
//! watches work on it. It is written through [`Store::edit`](crate::Store::edit), whose [`ListEdit`] changes the vector
//! in place and notes each change as a [`ListDiff`]: one edit is one commit and costs what it changes, not what is there.
//!
//! Whoever shows a long list does not want the list at each commit, but what to do to the rows on the screen.
//! [`Store::diffs`](crate::Store::diffs) is a stream of that: [`ListDiffs`] begins with the content as a
//! [`ListDiff::Reset`], then brings one batch of diffs per commit. It holds a bounded number of batches. For a reader
//! that is slower than the writers, the batches fall together into one `Reset` with the content as of the last commit,
//! which later commits go on to change until it is read: nothing is lost, and lagging costs one copy of the list,
//! however long it lasts. [`Store::subscribe_diffs`](crate::Store::subscribe_diffs) calls back with the same batches.
//!
//! [`filter`](ListDiffs::filter), [`map`](ListDiffs::map) and [`sort_by`](ListDiffs::sort_by) turn the diffs of a list into
//! those of a [`ListView`] of it, without looking at the elements that a diff does not touch:
//!
//! | diff | filter | map | sort |
//! |---|---|---|---|
//! | push, insert, set | 1 call, O(log n) | 1 call | O(log n) comparisons |
//! | remove | no call, O(log n) | nothing | no comparison, O(log n) |
//! | move | no call, O(log n) | nothing | O(log n) comparisons: equal elements stay in the order of the list |
//! | truncate by k | no call, O(k log n) | nothing | no comparison, O(k log n) |
//! | reset | n calls | n calls | O(n log n) comparisons |
//!
//! They are values that need neither store nor runtime: see [`ListAdapter`].
//!
//! ```
//! use std::num::NonZeroUsize;
//! use trine_core::{ListDiff, Store};
//!
//! #[derive(Clone)]
//! struct Todo { title: &'static str, done: bool }
//!
//! let store = Store::new();
//! let todos = store.cell("todos").list(vec![
//!     Todo { title: "wash up", done: true },
//!     Todo { title: "sweep", done: false },
//! ]);
//! let open = store.derived(move |cx| cx.with(todos, |todos| todos.iter().filter(|todo| !todo.done).count()));
//!
//! // What the screen shows: the titles of what is to be done, in alphabetical order.
//! let mut view = store
//!     .diffs(todos, NonZeroUsize::new(64).unwrap())
//!     .filter(|todo| !todo.done)
//!     .map(|todo| todo.title)
//!     .sort_by(|a, b| a.cmp(b));
//! let mut rows = Vec::new();
//! let mut draw = || while let Some(diffs) = view.try_next() {
//!     for diff in diffs {
//!         diff.apply(&mut rows);
//!     }
//! };
//! draw();
//!
//! store.edit(todos, |todos| {
//!     todos.push(Todo { title: "cook", done: false });
//!     todos.update(0, |todo| todo.done = false);
//!     todos.remove(1);
//! });
//! draw(); // an insert, an insert, and a remove; in a task: `while let Some(diffs) = view.next().await`
//! assert_eq!(rows, ["cook", "wash up"]);
//! assert_eq!(store.get(open), 2);
//! ```
//!
//! # Where the diffs go
//!
//! The streams of one list share a log (`log.rs`), which is one of the outlets of the cell's topic. An edit writes its
//! diffs there, if there is a log: nobody pays for diffs that nobody reads. When the commit hands the state of
//! the cell to its subscribers, the log hands what has gathered to each reader, so a transaction is one batch. A
//! transaction keeps, for each edit, what undoes it (`undo.rs`) instead of a copy of the list, and how long the log was; a
//! roll-back undoes both, and nobody is told.
//!
//! A list that is kept elsewhere, in a structure of its own, has a [`ListRelay`]: whoever changes it says what changes, and
//! readers cannot tell the difference.

mod adapter;
mod diff;
mod edit;
mod filter;
mod log;
mod map;
mod relay;
mod sequence;
mod sort;
mod stream;
mod subscribe;
mod undo;
mod write;

pub use adapter::{ListAdapter, Then};
pub use diff::ListDiff;
pub use edit::ListEdit;
pub use filter::ListFilter;
pub use map::ListMap;
pub use relay::{ListContent, ListRelay};
pub use sort::ListSort;
pub use stream::{ListDiffs, ListView};

use crate::{
    cell::{Cell, CellBuilder, CellKey, ReadOnly, Source, Workshop},
    store::Store,
};
use std::{fmt, hash, panic::Location, sync::Arc};

/// A cell whose value is a vector that tells its changes as diffs.
///
/// Made by [`Store::list`](crate::Store::list), written by [`Store::edit`](crate::Store::edit), read like every other cell.
/// Copying the handle does not copy the list.
pub struct ListCell<T> {
    /// The cell of the vector; only edits write it.
    source: Source<Vec<T>>,
}

impl<T> ListCell<T> {
    /// The handle to a list whose identity is known; see [`Source::from_key`].
    #[must_use]
    pub fn from_key(key: CellKey) -> Self {
        Self { source: Source::from_key(key) }
    }

    /// The same list, for those who must not edit it. Its diffs are for holders of the list.
    #[must_use]
    pub fn read_only(self) -> ReadOnly<Vec<T>> {
        self.source.read_only()
    }
}

impl<T: Send + 'static> Cell for ListCell<T> {
    type Value = Vec<T>;

    #[inline]
    fn key(self) -> CellKey {
        self.source.key()
    }
}

impl Store {
    /// Makes a list.
    ///
    /// Every edit of it is a change: elements are not compared. [`Scope::adopt`](crate::Scope::adopt) has it end with a scope.
    ///
    /// # Panics
    ///
    /// Inside a lease, with [`Reentrant`](crate::Reentrant).
    #[track_caller]
    pub fn list<T: Send + 'static>(&self, items: impl Into<Vec<T>>) -> ListCell<T> {
        make(Workshop::Store(self), items.into(), None, Location::caller())
    }
}

#[track_caller]
fn make<T: Send + 'static>(
    mut workshop: Workshop<'_>,
    items: Vec<T>,
    name: Option<Arc<str>>,
    created: &'static Location<'static>,
) -> ListCell<T> {
    ListCell { source: workshop.make_source(items, |_, _| false, name, created) }
}

impl CellBuilder<'_> {
    /// Makes a list; see [`Store::list`].
    ///
    /// # Panics
    ///
    /// Inside a lease, with [`Reentrant`](crate::Reentrant).
    #[track_caller]
    pub fn list<T: Send + 'static>(self, items: impl Into<Vec<T>>) -> ListCell<T> {
        make(self.workshop, items.into(), Some(self.name), Location::caller())
    }
}

impl<T> Clone for ListCell<T> {
    #[inline]
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for ListCell<T> {}

impl<T> PartialEq for ListCell<T> {
    fn eq(&self, other: &Self) -> bool {
        self.source == other.source
    }
}

impl<T> Eq for ListCell<T> {}

impl<T> hash::Hash for ListCell<T> {
    fn hash<H: hash::Hasher>(&self, state: &mut H) {
        self.source.hash(state);
    }
}

impl<T> fmt::Debug for ListCell<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ListCell").field(&self.source).finish()
    }
}
