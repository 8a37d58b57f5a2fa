//! Writes of one cell, and the end of every commit.
//!
//! A write changes the cell in place, keeps what it replaced until the lease is free, and stains what depends on it. Then
//! [`Graph::finish`] does for every kind of write what makes a commit of it: the number, the event, and a round through the
//! cells that have subscribers and were stained, each of which is pulled and handed to the outbox if it is different. The
//! round goes over what was reached from the written cells, never over what exists.
//!
//! An update that panics half way leaves its cell *torn*: the panic is kept as the cell's error, and counts as a change, since
//! whoever reads the cell has to hear of it. Atomic cells are updated on a copy instead.

use super::{CommitNumber, Writer};
use crate::{
    cell::CellKey,
    delivery::{Told, depth_here},
    error::{CellError, CellErrorKind, panic_message},
    event::Event,
    graph::Graph,
    text::Text,
};
use std::{
    any::Any,
    panic::{AssertUnwindSafe, Location, catch_unwind},
    sync::Arc,
};

/// What an in-place update did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Update {
    /// The value may be different: a commit.
    Changed,
    /// The value is as before: no commit, nobody is told.
    Unchanged,
}

/// What the closure of an in-place update may return: nothing, meaning a change, or an [`Update`].
pub trait UpdateResult {
    /// Whether the value counts as changed.
    fn changed(&self) -> bool;
}

impl UpdateResult for () {
    fn changed(&self) -> bool {
        true
    }
}

impl UpdateResult for Update {
    fn changed(&self) -> bool {
        *self == Update::Changed
    }
}

/// What a panic of the user's code carried.
pub(crate) type PanicPayload = Box<dyn Any + Send>;

impl Graph {
    /// Writes a source. What is in `value` afterwards is to be dropped outside the lease: the old value, or the new
    /// one if it is the same or cannot be written.
    #[inline]
    pub(crate) fn set<T: Send + 'static>(
        &mut self,
        key: CellKey,
        value: &mut T,
        writer: Writer,
    ) -> Result<Option<CommitNumber>, CellError> {
        let index = self.locate(key, writer.location)?;
        self.check_depth(index, writer)?;
        let node = self.node_mut(index);
        let failed = node.failed;
        let cell = node.cell_mut().source_mut::<T>();
        if !failed && (cell.same)(&cell.value, value) {
            return Ok(None);
        }
        std::mem::swap(&mut cell.value, value);
        if failed {
            self.set_error(index, None);
        }
        Ok(Some(self.commit_one(index, writer)))
    }

    /// Updates a source in place. If the closure panics the cell is torn, and the payload comes back.
    pub(crate) fn update<T: Send + 'static, R: UpdateResult>(
        &mut self,
        key: CellKey,
        writer: Writer,
        update: impl FnOnce(&mut T) -> R,
    ) -> Result<(Option<CommitNumber>, Option<PanicPayload>), CellError> {
        let index = self.locate(key, writer.location)?;
        self.check_depth(index, writer)?;
        if let Some(error) = self.error(index) {
            return Err(error);
        }
        Ok(self.update_at(index, writer, update))
    }

    /// Lets `salvage` repair the value of a torn cell; of a sound one it is an ordinary update.
    pub(crate) fn recover<T: Send + 'static, R: UpdateResult>(
        &mut self,
        key: CellKey,
        writer: Writer,
        salvage: impl FnOnce(&mut T) -> R,
    ) -> Result<(Option<CommitNumber>, Option<PanicPayload>), CellError> {
        let index = self.locate(key, writer.location)?;
        self.check_depth(index, writer)?;
        let torn = self.set_error(index, None);
        match self.update_at(index, writer, salvage) {
            // It is readable again: that is a change.
            (None, None) if torn.is_some() => Ok((Some(self.commit_one(index, writer)), None)),
            done => Ok(done),
        }
    }

    fn update_at<T: Send + 'static, R: UpdateResult>(
        &mut self,
        index: u32,
        writer: Writer,
        update: impl FnOnce(&mut T) -> R,
    ) -> (Option<CommitNumber>, Option<PanicPayload>) {
        let (changed, panicked) = self.update_value(index, writer.location, update);
        (changed.then(|| self.commit_one(index, writer)), panicked)
    }

    /// Updates the value of a sound cell in place; returns whether it counts as changed. If the closure panics
    /// the cell is torn, which is a change.
    pub(super) fn update_value<T: Send + 'static, R: UpdateResult>(
        &mut self,
        index: u32,
        at: &'static Location<'static>,
        update: impl FnOnce(&mut T) -> R,
    ) -> (bool, Option<PanicPayload>) {
        if self.node(index).atomic {
            return self.update_copy(index, update);
        }
        let value = &mut self.node_mut(index).cell_mut().source_mut::<T>().value;
        match catch_unwind(AssertUnwindSafe(|| update(value).changed())) {
            Ok(changed) => (changed, None),
            Err(payload) => {
                self.tear(index, at, &payload);
                (true, Some(payload))
            }
        }
    }

    /// Marks a source as left half done by a panic.
    #[cold]
    pub(crate) fn tear(
        &mut self,
        index: u32,
        at: &'static Location<'static>,
        payload: &PanicPayload,
    ) {
        let (cell, message) = (self.label(index), panic_message(&**payload));
        let text = Text::from(Arc::clone(&message));
        self.note(|graph| Event::failed("an update of", graph.label(index), text));
        self.set_error(index, Some(CellError::new(CellErrorKind::Torn { cell, at, message })));
    }

    /// Updates a copy of the value of an atomic cell, and keeps it if the closure comes to its end.
    fn update_copy<T: Send + 'static, R: UpdateResult>(
        &mut self,
        index: u32,
        update: impl FnOnce(&mut T) -> R,
    ) -> (bool, Option<PanicPayload>) {
        let updated = catch_unwind(AssertUnwindSafe(|| {
            let mut value = self.copy::<T>(index);
            update(&mut value).changed().then_some(value)
        }));
        match updated {
            Ok(Some(value)) => {
                let held = &mut self.node_mut(index).cell_mut().source_mut::<T>().value;
                let old = std::mem::replace(held, value);
                self.discard(old);
                (true, None)
            }
            Ok(None) => (false, None),
            Err(payload) => (false, Some(payload)),
        }
    }

    /// Removes a cell; a commit if anybody depends on it.
    pub(crate) fn remove_cell(
        &mut self,
        key: CellKey,
        writer: Writer,
    ) -> Result<Option<CommitNumber>, CellError> {
        let had_observers = self.remove(key, writer.location)?;
        Ok(if had_observers { Some(self.finish(&[], writer)) } else { None })
    }

    /// Removes the cells that are still there; one commit if anybody depends on any of them.
    pub(crate) fn remove_several(
        &mut self,
        keys: impl IntoIterator<Item = CellKey>,
        writer: Writer,
    ) {
        let mut had_observers = false;
        for key in keys {
            had_observers |= self.remove(key, writer.location).unwrap_or(false);
        }
        if had_observers {
            self.finish(&[], writer);
        }
    }

    /// Has a derived cell run again, though nothing that it has read has changed: a commit.
    pub(crate) fn recompute_cell(
        &mut self,
        key: CellKey,
        writer: Writer,
    ) -> Result<CommitNumber, CellError> {
        let index = self.locate(key, writer.location)?;
        self.check_depth(index, writer)?;
        self.mark_for_refresh(index);
        Ok(self.finish(&[], writer))
    }

    /// Commits the change of one source.
    #[inline]
    pub(crate) fn commit_one(&mut self, index: u32, writer: Writer) -> CommitNumber {
        if self.node(index).is_lonely() && self.goes_unnoticed() {
            return self.number_commit();
        }
        self.mark(index);
        self.finish(&[index], writer)
    }

    /// Whether nobody will notice a commit of cells that nothing depends on and nobody follows.
    #[inline]
    pub(super) fn goes_unnoticed(&self) -> bool {
        !self.observed && self.affected.is_empty() && depth_here() == 0
    }

    /// All that there is to such a commit.
    #[inline]
    pub(super) fn number_commit(&mut self) -> CommitNumber {
        self.last_commit += 1;
        CommitNumber(self.last_commit)
    }

    /// Ends a commit: everything with subscribers is pulled and, if it differs, handed to the outbox.
    #[inline(never)]
    pub(crate) fn finish(&mut self, changed: &[u32], writer: Writer) -> CommitNumber {
        self.last_commit += 1;
        let number = CommitNumber(self.last_commit);
        let told = Told { number, cause: self.cause(writer), depth: depth_here() };
        if told.depth > 0 {
            let label = changed.first().map(|&index| self.label(index));
            self.outbox.note_cause(&told, label);
        }
        self.note(|graph| Event::Committed {
            number,
            cause: told.cause,
            cells: changed.iter().map(|&index| graph.label(index)).collect(),
        });
        for &index in changed {
            self.stage(index, &told);
        }
        self.settle_affected(Some(&told));
        number
    }

    /// Pulls every stained cell with subscribers, so that the next commit can stain it again, and hands those that have
    /// become different to their subscribers, if there is a commit to tell of.
    #[inline]
    pub(crate) fn settle_affected(&mut self, told: Option<&Told>) {
        if !self.affected.is_empty() {
            self.settle_each(told);
        }
    }

    fn settle_each(&mut self, told: Option<&Told>) {
        let mut kept = 0;
        // Nothing is stained meanwhile, so the list does not grow.
        for position in 0..self.affected.len() {
            let index = self.affected[position];
            let node = self.node_mut(index);
            node.queued = false;
            let Some(slot) = node.topic() else { continue };
            if self.outbox.is_idle(slot) {
                self.drop_topic(index);
                continue;
            }
            if self.pull(index).is_err() {
                // What could not be run stays queued, to be tried again at the next commit.
                self.node_mut(index).queued = true;
                self.affected[kept] = index;
                kept += 1;
            }
            let node = self.node_mut(index);
            let (changed, failed) = (std::mem::take(&mut node.changed), node.failed);
            if let Some(told) = told
                && changed
                && (!self.in_transaction() || self.differs_from_journal(index))
            {
                self.stage_topic(slot, index, failed, told);
            }
        }
        self.affected.truncate(kept);
    }
}
