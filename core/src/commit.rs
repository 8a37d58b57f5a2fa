//! Commits: how a change to the cells becomes visible, all at once and in one order.
//!
//! A commit happens inside one lease. Cells are written, what depends on them is stained, then every cell
//! with subscribers is pulled and, if it differs, handed to the outbox; the next lease sees all of it. A
//! single write needs no more than that (`write.rs`). A transaction writes into the cells as well, so that
//! its own reads are the ordinary ones, and keeps what it replaced in a journal (`journal.rs`): an error or a
//! panic puts that back, and at the end it tells what is really different from before (`transaction.rs`).

mod journal;
mod transaction;
mod updates;
mod write;

pub(crate) use journal::Journal;
pub(crate) use transaction::Ended;
pub use transaction::Transaction;
pub use updates::Updates;
pub(crate) use write::PanicPayload;
pub use write::{Update, UpdateResult};

use crate::{
    delivery::{callback_of, depth_here},
    error::CellError,
    executor::RunId,
    graph::Graph,
    store::Store,
};
use std::{fmt, panic::Location};

/// The number of a commit. Commits of one store are totally ordered, starting at 1, without gaps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CommitNumber(pub(crate) u64);

impl CommitNumber {
    /// The number as an integer.
    pub fn get(self) -> u64 {
        self.0
    }
}

impl fmt::Display for CommitNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{}", self.0)
    }
}

/// What led to a commit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cause {
    /// The call that wrote.
    pub location: &'static Location<'static>,
    /// The run in whose context the write happened.
    pub run: Option<RunId>,
    /// The commit whose callback wrote.
    pub callback_of: Option<CommitNumber>,
}

/// What a write came to.
///
/// Nothing needs to be done with it: the write has happened, and its callbacks have been called unless
/// another thread was delivering at that moment; [`delivered`](Self::delivered) waits for that case.
#[derive(Clone, Copy)]
pub struct Commit<'s> {
    /// Where it happened.
    store: &'s Store,
    /// Its number; 0 if nothing changed.
    number: u64,
}

impl<'s> Commit<'s> {
    #[inline]
    pub(crate) fn new(store: &'s Store, number: Option<CommitNumber>) -> Self {
        Self { store, number: number.map_or(0, |number| number.0) }
    }

    /// The number of the commit; `None` if nothing changed, so that there was no commit.
    pub fn number(self) -> Option<CommitNumber> {
        (self.number != 0).then_some(CommitNumber(self.number))
    }

    /// Waits until the callbacks of this commit have been called, by whichever thread delivers.
    ///
    /// Inside a callback this returns at once, since what would be waited for is queued behind that callback.
    ///
    /// # Panics
    ///
    /// Inside a lease, with [`Reentrant`](crate::Reentrant).
    #[track_caller]
    pub fn delivered(self) {
        if let Some(number) = self.number()
            && let Err(error) = self.store.core().wait_delivered(number)
        {
            panic!("{error}");
        }
    }
}

impl fmt::Debug for Commit<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Commit").field(&self.number()).finish()
    }
}

/// Who writes, on the calling thread: small, since most writes need to know nothing of it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Writer {
    /// The call that wrote.
    pub(crate) location: &'static Location<'static>,
    /// The run in whose context the write happens.
    pub(crate) run: Option<RunId>,
}

impl Writer {
    #[inline]
    pub(crate) fn at(location: &'static Location<'static>) -> Self {
        Self { location, run: None }
    }
}

impl Graph {
    /// What the commit of a writer will name as its cause.
    pub(crate) fn cause(&self, writer: Writer) -> Cause {
        let Writer { location, run } = writer;
        Cause { location, run, callback_of: callback_of(self.store) }
    }

    /// Refuses a write that callbacks have caused without end.
    #[inline]
    pub(crate) fn check_depth(&self, cell: u32, writer: Writer) -> Result<(), CellError> {
        if depth_here() <= self.outbox.causal_limit() {
            return Ok(());
        }
        Err(self.outbox.causal_loop(self.label(cell), writer.location, callback_of(self.store)))
    }
}
