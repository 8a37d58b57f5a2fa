//! Editing a list, and noting what was done.
//!
//! Each method looks at its indices first, then copies what the diff needs, then changes the vector, then notes: so what
//! panics (an index, the elements' `Clone`) does so while the list and the notes still agree. Displaced elements are kept
//! for after the lease, and, in a transaction, what undoes each change.

use super::{
    diff::{ListDiff, shift},
    log::Pending,
};
use crate::cell::CellLabel;
use std::{fmt, ops::Deref};

/// The inside of [`Store::edit`](crate::Store::edit): the list, to be read like a slice and changed by these methods.
///
/// It runs inside the lease and must be pure. Elements that are displaced, other than those that a method returns, are
/// dropped after the lease.
///
/// # Panics
///
/// Methods that are given an index panic like those of `Vec` if it is out of bounds; the message names the list, the
/// index and the length. They look at it before they change anything. So if nothing was changed before, the list is as it was;
/// else it is torn like any cell whose update panicked, and [`Store::recover_list`](crate::Store::recover_list) finds in
/// it what was there. In a transaction it is rolled back.
pub struct ListEdit<'l, T> {
    /// The elements.
    items: &'l mut Vec<T>,
    /// The name of the list, for panics.
    label: &'l CellLabel,
    /// Where changes are noted.
    notes: Notes<T>,
}

/// What is noted while a list is edited.
pub(super) struct Notes<T> {
    /// Whether anything may be different from before.
    pub(super) touched: bool,
    /// What readers will hear of, if there are any.
    pub(super) pending: Option<Pending<T>>,
    /// What undoes the edit, the last one first, if it may have to be undone.
    pub(super) undo: Option<Vec<ListDiff<T>>>,
    /// Elements to be dropped outside the lease.
    pub(super) displaced: Vec<T>,
}

impl<T> Notes<T> {
    pub(super) fn new(pending: Option<Pending<T>>, undoable: bool) -> Self {
        let undo = undoable.then(Vec::new);
        Self { touched: false, pending, undo, displaced: Vec::new() }
    }

    /// Where diffs are noted, unless nobody reads them or the list is told as a whole.
    fn recording(&mut self) -> Option<&mut Vec<ListDiff<T>>> {
        self.pending.as_mut().filter(|pending| !pending.whole).map(|pending| &mut pending.diffs)
    }

    /// Notes a diff.
    fn tell(&mut self, diff: ListDiff<T>) {
        self.touched = true;
        if let Some(diffs) = self.recording() {
            diffs.push(diff);
        }
    }

    /// A copy of an element, if a diff is to be made of it.
    fn copy(&mut self, value: &T) -> Option<T>
    where
        T: Clone,
    {
        self.recording().is_some().then(|| value.clone())
    }

    /// Notes a diff with an element, which was copied before anything was changed.
    fn tell_value(&mut self, value: Option<T>, diff: impl FnOnce(T) -> ListDiff<T>) {
        self.touched = true;
        if let (Some(diffs), Some(value)) = (self.recording(), value) {
            diffs.push(diff(value));
        }
    }

    /// Notes what undoes a change that needs no element for it.
    fn undone_by(&mut self, diff: ListDiff<T>) {
        if let Some(undo) = &mut self.undo {
            undo.push(diff);
        }
    }

    /// Keeps a displaced element: to undo its displacement, or to be dropped later.
    fn displace(&mut self, value: T, undone_by: impl FnOnce(T) -> ListDiff<T>) {
        match &mut self.undo {
            Some(undo) => undo.push(undone_by(value)),
            None if std::mem::needs_drop::<T>() => self.displaced.push(value),
            None => {}
        }
    }
}

impl<'l, T> ListEdit<'l, T> {
    pub(super) fn new(items: &'l mut Vec<T>, label: &'l CellLabel, notes: Notes<T>) -> Self {
        Self { items, label, notes }
    }

    pub(super) fn into_notes(self) -> Notes<T> {
        self.notes
    }

    #[track_caller]
    fn check(&self, what: &str, index: usize, bound: usize) {
        if index >= bound {
            self.out_of_bounds(what, index);
        }
    }

    #[cold]
    #[track_caller]
    fn out_of_bounds(&self, what: &str, index: usize) -> ! {
        let len = self.items.len();
        panic!("{what} at index {index} of {}, whose length is {len}", self.label)
    }
}

impl<T: Clone> ListEdit<'_, T> {
    /// Puts an element at the end.
    pub fn push(&mut self, value: T) {
        let copy = self.notes.copy(&value);
        self.notes.undone_by(ListDiff::Remove { index: self.items.len() });
        self.items.push(value);
        self.notes.tell_value(copy, |value| ListDiff::Push { value });
    }

    /// Puts elements at the end.
    pub fn extend(&mut self, values: impl IntoIterator<Item = T>) {
        for value in values {
            self.push(value);
        }
    }

    /// Puts an element in front of the one at `index`, or to the end if `index` is the length.
    ///
    /// # Panics
    ///
    /// If `index` is greater than the length.
    #[track_caller]
    pub fn insert(&mut self, index: usize, value: T) {
        self.check("insert", index, self.items.len() + 1);
        let copy = self.notes.copy(&value);
        self.notes.undone_by(ListDiff::Remove { index });
        self.items.insert(index, value);
        self.notes.tell_value(copy, |value| ListDiff::Insert { index, value });
    }

    /// Takes the element at `index` out. Returned by the edit, it is dropped outside the lease.
    ///
    /// # Panics
    ///
    /// If `index` is out of bounds.
    #[track_caller]
    pub fn remove(&mut self, index: usize) -> T {
        self.check("remove", index, self.items.len());
        if let Some(undo) = &mut self.notes.undo {
            undo.push(ListDiff::Insert { index, value: self.items[index].clone() });
        }
        let value = self.items.remove(index);
        self.notes.tell(ListDiff::Remove { index });
        value
    }

    /// Takes the last element out, if there is one.
    pub fn pop(&mut self) -> Option<T> {
        let last = self.items.len().checked_sub(1)?;
        Some(self.remove(last))
    }

    /// Replaces the element at `index`.
    ///
    /// # Panics
    ///
    /// If `index` is out of bounds.
    #[track_caller]
    pub fn set(&mut self, index: usize, value: T) {
        self.check("set", index, self.items.len());
        let copy = self.notes.copy(&value);
        let old = std::mem::replace(&mut self.items[index], value);
        self.notes.displace(old, |value| ListDiff::Set { index, value });
        self.notes.tell_value(copy, |value| ListDiff::Set { index, value });
    }

    /// Changes the element at `index` in place.
    ///
    /// # Panics
    ///
    /// If `index` is out of bounds, or `update` panics; the latter tears the list.
    #[track_caller]
    pub fn update<R>(&mut self, index: usize, update: impl FnOnce(&mut T) -> R) -> R {
        self.check("update", index, self.items.len());
        if let Some(undo) = &mut self.notes.undo {
            undo.push(ListDiff::Set { index, value: self.items[index].clone() });
        }
        self.notes.touched = true;
        let result = update(&mut self.items[index]);
        let copy = self.notes.copy(&self.items[index]);
        self.notes.tell_value(copy, |value| ListDiff::Set { index, value });
        result
    }

    /// Takes the element at `from` out and puts it in at `to`.
    ///
    /// # Panics
    ///
    /// If one of them is out of bounds.
    #[track_caller]
    pub fn move_item(&mut self, from: usize, to: usize) {
        self.check("move from", from, self.items.len());
        self.check("move to", to, self.items.len());
        if from != to {
            shift(self.items, from, to);
            self.notes.undone_by(ListDiff::Move { from: to, to: from });
            self.notes.tell(ListDiff::Move { from, to });
        }
    }

    /// Swaps two elements; told as moves.
    ///
    /// # Panics
    ///
    /// If one of them is out of bounds.
    #[track_caller]
    pub fn swap(&mut self, a: usize, b: usize) {
        self.check("swap", a, self.items.len());
        self.check("swap", b, self.items.len());
        let (low, high) = (a.min(b), a.max(b));
        if low == high {
            return;
        }
        self.items.swap(low, high);
        for (from, to) in [(high, low), (low + 1, high)] {
            // Of neighbours, one move swaps both.
            if from != to {
                self.notes.undone_by(ListDiff::Move { from: to, to: from });
                self.notes.tell(ListDiff::Move { from, to });
            }
        }
    }

    /// Leaves the first `len` elements; does nothing if there are no more.
    pub fn truncate(&mut self, len: usize) {
        if len >= self.items.len() {
            return;
        }
        for value in self.items.drain(len..).rev() {
            self.notes.displace(value, |value| ListDiff::Push { value });
        }
        self.notes.tell(if len == 0 { ListDiff::Clear } else { ListDiff::Truncate { len } });
    }

    /// Takes all elements out.
    pub fn clear(&mut self) {
        self.truncate(0);
    }

    /// Leaves the elements for which `keep` returns true, in one pass.
    ///
    /// # Panics
    ///
    /// If `keep` does; nothing has been taken out then.
    pub fn retain(&mut self, keep: impl FnMut(&T) -> bool) {
        let kept: Vec<bool> = self.items.iter().map(keep).collect();
        let Some(first) = kept.iter().position(|kept| !kept) else { return };
        let rest: Vec<T> = self.items.drain(first..).collect();
        for (value, kept) in rest.into_iter().zip(&kept[first..]) {
            if *kept {
                self.items.push(value);
            } else {
                let index = self.items.len();
                self.notes.displace(value, |value| ListDiff::Insert { index, value });
                self.notes.tell(ListDiff::Remove { index });
            }
        }
    }

    /// Replaces the whole list; told as a [`ListDiff::Reset`].
    pub fn reset(&mut self, values: impl Into<Vec<T>>) {
        let old = std::mem::replace(self.items, values.into());
        match &mut self.notes.undo {
            Some(undo) => undo.push(ListDiff::Reset { values: old }),
            None if std::mem::needs_drop::<T>() => self.notes.displaced.extend(old),
            None => {}
        }
        self.notes.touched = true;
        if let Some(pending) = &mut self.notes.pending {
            pending.whole = true;
        }
    }
}

impl<T> Deref for ListEdit<'_, T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        self.items
    }
}

impl<T: fmt::Debug> fmt::Debug for ListEdit<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.items.iter()).finish()
    }
}
