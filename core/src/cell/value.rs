//! What is in a cell, behind one type for the whole graph.
//!
//! A source has its value in a [`SourceCell`], whose type the handle knows. A derived cell has value and closure in one
//! place, whose type nobody knows: its value is asked for through [`AnyCell`].

use super::Equality;
use crate::graph::Graph;
use std::{any::Any, hint::black_box, mem::MaybeUninit};

/// The value of a source, and when two values count as the same.
pub(crate) struct SourceCell<T> {
    /// The value.
    pub(crate) value: T,
    /// Whether a write of the second over the first is no change.
    pub(crate) same: fn(&T, &T) -> bool,
}

/// What the run of a derivation came to.
pub(crate) enum Ran {
    /// The value that there was.
    Same,
    /// Another one.
    Changed,
    /// None.
    Panicked,
}

/// What is in a cell, whatever its type.
pub(crate) trait AnyCell: Any + Send {
    /// The value; `None` in a derived cell that has not got one.
    fn value(&self) -> Option<&dyn Any>;

    /// Where a derived cell has its value: an `Option<T>`.
    fn slot(&mut self) -> &mut dyn Any {
        unreachable!("only derived cells have a slot")
    }

    /// Takes the value of a derived cell away, to be put back.
    fn keep(&mut self) -> Box<dyn Kept> {
        unreachable!("only derived cells are emptied")
    }

    /// Runs the closure of the derived cell at `index`, which this has been taken out of, and stores the value; returns
    /// whether it differs from the one before. The payload of a panic is left in the graph.
    fn run(&mut self, _graph: &mut Graph, _index: u32) -> Ran {
        unreachable!("only derived cells run")
    }
}

impl<T: Send + 'static> AnyCell for SourceCell<T> {
    #[inline]
    fn value(&self) -> Option<&dyn Any> {
        Some(&self.value)
    }
}

impl dyn AnyCell {
    /// The source behind the trait object.
    #[inline]
    pub(crate) fn source<T: Send + 'static>(&self) -> &SourceCell<T> {
        cast(self)
    }

    /// See [`source`](Self::source).
    #[inline]
    pub(crate) fn source_mut<T: Send + 'static>(&mut self) -> &mut SourceCell<T> {
        cast_mut(self)
    }

    /// The value, of source and derived cell alike.
    #[inline]
    pub(crate) fn value_as<T: 'static>(&self) -> Option<&T> {
        self.value().map(cast)
    }
}

/// What is behind a trait object. A handle and its cell are made together, so the type fits.
///
/// A function with a frame of its own, and room in it that nobody uses: the type's id comes back through the stack, and on the
/// machine that was measured (Zen 4) reading it there waits for up to ten nanoseconds where this is inlined, probably since
/// other things were just written to that place. Inlined, propagation takes 1.3 times as long; without the room, reads take
/// more than twice. `ratios -- propagate/` and `ratios -- read/` show it.
#[inline(never)]
fn cast<T: 'static>(any: &dyn Any) -> &T {
    let mut room = [const { MaybeUninit::<u64>::uninit() }; ROOM];
    black_box(&mut room);
    any.downcast_ref().expect(FITS)
}

/// See [`cast`].
#[inline(never)]
fn cast_mut<T: 'static>(any: &mut dyn Any) -> &mut T {
    let mut room = [const { MaybeUninit::<u64>::uninit() }; ROOM];
    black_box(&mut room);
    any.downcast_mut().expect(FITS)
}

/// What is behind a trait object, if it is of this type; see [`cast`].
#[inline(never)]
pub(crate) fn try_cast_mut<T: 'static>(any: &mut dyn Any) -> Option<&mut T> {
    let mut room = [const { MaybeUninit::<u64>::uninit() }; ROOM];
    black_box(&mut room);
    any.downcast_mut()
}

/// How much room: a cache line or two.
const ROOM: usize = 16;

/// What the types of handles and cells do.
const FITS: &str = "a cell has the type of its handle";

/// What puts a cell back to what it was: an old value, or what makes it from the present one.
pub(crate) trait Kept: Any + Send {
    /// Puts the cell back, and keeps what that displaces.
    fn restore(&mut self, cell: &mut dyn AnyCell);

    /// Whether the cell is as it was.
    fn same_as(&self, cell: &dyn AnyCell) -> bool;

    /// Whether dropping this may run code of the user's.
    fn has_drop(&self) -> bool;
}

/// The old value of a source.
pub(crate) struct KeptSource<T>(pub(crate) T);

impl<T: Send + 'static> Kept for KeptSource<T> {
    fn restore(&mut self, cell: &mut dyn AnyCell) {
        std::mem::swap(&mut self.0, &mut cell.source_mut().value);
    }

    fn same_as(&self, cell: &dyn AnyCell) -> bool {
        let cell = cell.source::<T>();
        (cell.same)(&self.0, &cell.value)
    }

    fn has_drop(&self) -> bool {
        std::mem::needs_drop::<T>()
    }
}

/// The old value of a derived cell, if it had one, and when two values count as the same.
pub(crate) struct KeptDerived<T, Q> {
    /// The value.
    pub(crate) value: Option<T>,
    /// The comparison.
    pub(crate) equality: Q,
}

impl<T, Q> Kept for KeptDerived<T, Q>
where
    T: Send + 'static,
    Q: Equality<T>,
{
    fn restore(&mut self, cell: &mut dyn AnyCell) {
        let slot = cell.slot().downcast_mut().expect("kept from this cell");
        std::mem::swap(&mut self.value, slot);
    }

    fn same_as(&self, cell: &dyn AnyCell) -> bool {
        match (&self.value, cell.value_as::<T>()) {
            (Some(old), Some(new)) => self.equality.same(old, new),
            (None, None) => true,
            _ => false,
        }
    }

    fn has_drop(&self) -> bool {
        std::mem::needs_drop::<T>()
    }
}
