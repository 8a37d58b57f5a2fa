//! Derived atoms that can be written, and atoms that can only be written.

use super::{AtomReader, AtomWriter, DerivedAtom, Writable, write};
use crate::{
    definition::{About, Call, Reach, by_value},
    memo::Memo,
    place::{At, Place, PlaceError, Site},
    readable::{self, Owned, Readable, reading},
    table::Maker,
};
use std::{fmt, sync::Arc};
use trine_core::{Derived, Text};

/// Writes.
type WriteCall<A, R> = Call<fn(&mut AtomWriter<'_, '_>, A) -> R, WriteClosure<A, R>>;
type WriteClosure<A, R> = dyn Fn(&mut AtomWriter<'_, '_>, A) -> R + Send + Sync;

/// A derived atom that says what it means to write it.
///
/// ```
/// use trine_atoms::{Atom, Store, WritableAtom};
///
/// static CELSIUS: Atom<f64> = Atom::new("celsius", || 20.0);
/// static FAHRENHEIT: WritableAtom<f64> = WritableAtom::new(
///     "fahrenheit",
///     |cx| cx.get(&CELSIUS) * 1.8 + 32.0,
///     |cx, degrees| cx.set(&CELSIUS, (degrees - 32.0) / 1.8),
/// );
///
/// let store = Store::new();
/// assert_eq!(FAHRENHEIT.get(&store), 68.0);
/// FAHRENHEIT.set(&store, 212.0);
/// assert_eq!(CELSIUS.get(&store), 100.0);
/// ```
///
/// A write is one transaction; a panic in it changes nothing. With [`try_new`](Self::try_new), neither does an `Err`.
pub struct WritableAtom<T, A = T, R = ()> {
    read: DerivedAtom<T>,
    write: WriteAtom<A, R>,
}

/// An atom that cannot be read: a name for a way of writing others.
///
/// ```
/// use trine_atoms::{Atom, Store, WriteAtom};
///
/// static FROM: Atom<u32> = Atom::new("from", || 100);
/// static TO: Atom<u32> = Atom::new("to", || 0);
/// static MOVE: WriteAtom<u32, Result<u32, String>> = WriteAtom::try_new("move", |cx, amount| {
///     cx.update(&TO, |to| *to += amount);
///     let left = cx.get(&FROM).checked_sub(amount).ok_or("not enough")?;
///     cx.set(&FROM, left);
///     Ok(left)
/// });
///
/// let store = Store::new();
/// assert_eq!(MOVE.set(&store, 70), Ok(30));
/// assert_eq!(MOVE.set(&store, 70), Err("not enough".to_owned()));
/// assert_eq!(TO.get(&store), 70); // nothing of it is left
/// ```
pub struct WriteAtom<A, R = ()> {
    about: About,
    write: WriteCall<A, R>,
    /// Whether a result means that nothing was to be written.
    undoes: fn(&R) -> bool,
}

impl<A, R> WriteAtom<A, R> {
    /// An atom that `write` writes. It runs inside the lease and must be pure.
    pub const fn new(name: &'static str, write: fn(&mut AtomWriter<'_, '_>, A) -> R) -> Self {
        Self::with(Text::from_static(name), Call::Plain(write), |_| false)
    }

    /// An atom made at run time.
    pub fn dynamic(
        name: impl Into<Text>,
        write: impl Fn(&mut AtomWriter<'_, '_>, A) -> R + Send + Sync + 'static,
    ) -> Self {
        Self::with(name.into(), Call::Closure(Arc::new(write)), |_| false)
    }

    const fn with(name: Text, write: WriteCall<A, R>, undoes: fn(&R) -> bool) -> Self {
        Self { about: About::new(name, Reach::Local), write, undoes }
    }
}

impl<A, R, E> WriteAtom<A, Result<R, E>> {
    /// Like [`new`](WriteAtom::new), for a write that may be refused: an `Err` changes nothing.
    pub const fn try_new(
        name: &'static str,
        write: fn(&mut AtomWriter<'_, '_>, A) -> Result<R, E>,
    ) -> Self {
        Self::with(Text::from_static(name), Call::Plain(write), Result::is_err)
    }

    /// Like [`dynamic`](WriteAtom::dynamic), for a write that may be refused: an `Err` changes nothing.
    pub fn try_dynamic(
        name: impl Into<Text>,
        write: impl Fn(&mut AtomWriter<'_, '_>, A) -> Result<R, E> + Send + Sync + 'static,
    ) -> Self {
        Self::with(name.into(), Call::Closure(Arc::new(write)), Result::is_err)
    }
}

impl<A, R> WriteAtom<A, R> {
    /// Writes, in one transaction, which has been committed when this returns. It is no action: [middleware](mod@crate::middleware)
    /// does not see what it writes.
    ///
    /// # Panics
    ///
    /// If the atom's function panics; nothing has changed then. Inside a lease of a store.
    #[track_caller]
    pub fn set(&self, at: &impl Place, argument: A) -> R {
        write(self, at.at(), argument)
    }

    /// The name, for errors and events.
    pub fn name(&self) -> &Text {
        &self.about.name
    }
}

impl<A, R> readable::sealed::Sealed for WriteAtom<A, R> {}

impl<A, R> Writable for WriteAtom<A, R> {
    type Argument = A;
    type Written = R;

    #[track_caller]
    fn write_in(&self, cx: &mut AtomWriter<'_, '_>, argument: A) -> R {
        match &self.write {
            Call::Plain(write) => write(cx, argument),
            Call::Closure(write) => write(cx, argument),
        }
    }

    fn undoes(&self, written: &R) -> bool {
        (self.undoes)(written)
    }
}

impl<T: PartialEq, A, R> WritableAtom<T, A, R> {
    /// An atom that `compute` computes and `write` writes. Both run inside the lease and must be pure.
    pub const fn new(
        name: &'static str,
        compute: fn(&mut AtomReader<'_, '_>) -> T,
        write: fn(&mut AtomWriter<'_, '_>, A) -> R,
    ) -> Self {
        Self { read: DerivedAtom::new(name, compute), write: WriteAtom::new(name, write) }
    }

    /// An atom made at run time.
    pub fn dynamic(
        name: impl Into<Text>,
        compute: impl Fn(&mut AtomReader<'_, '_>) -> T + Send + Sync + 'static,
        write: impl Fn(&mut AtomWriter<'_, '_>, A) -> R + Send + Sync + 'static,
    ) -> Self {
        let name = name.into();
        let compute = Call::Closure(Arc::new(compute) as _);
        let read = DerivedAtom::with(name.clone(), compute, by_value);
        Self { read, write: WriteAtom::dynamic(name, write) }
    }
}

impl<T: PartialEq, A, R, E> WritableAtom<T, A, Result<R, E>> {
    /// Like [`new`](WritableAtom::new), for a write that may be refused: an `Err` changes nothing.
    pub const fn try_new(
        name: &'static str,
        compute: fn(&mut AtomReader<'_, '_>) -> T,
        write: fn(&mut AtomWriter<'_, '_>, A) -> Result<R, E>,
    ) -> Self {
        Self { read: DerivedAtom::new(name, compute), write: WriteAtom::try_new(name, write) }
    }
}

reading! { [T: Send + Sync + 'static, A, R] WritableAtom<T, A, R>, T, Arc<T> }

impl<T: Send + Sync + 'static, A, R> WritableAtom<T, A, R> {
    /// The value in a place.
    ///
    /// # Panics
    ///
    /// As [`read`](Self::read).
    #[track_caller]
    pub fn get(&self, at: &impl Place) -> T
    where
        T: Clone,
    {
        self.read.get(at)
    }

    /// Writes, in one transaction, which has been committed when this returns. It is no action: [middleware](mod@crate::middleware)
    /// does not see what it writes.
    ///
    /// # Panics
    ///
    /// If the atom's function panics; nothing has changed then. Inside a lease of a store.
    #[track_caller]
    pub fn set(&self, at: &impl Place, argument: A) -> R {
        write(&self.write, at.at(), argument)
    }

    /// The same atom, for those who must not write it.
    pub fn read_only(&self) -> &DerivedAtom<T> {
        &self.read
    }
}

impl<T, A, R> readable::sealed::Sealed for WritableAtom<T, A, R> {}
impl<T, A, R> readable::sealed::Sealed for &WritableAtom<T, A, R> {}

impl<T: Send + Sync + 'static, A, R> Readable for WritableAtom<T, A, R> {
    type Shared = Arc<T>;
    type Value = T;
    type Cell = Derived<Arc<T>>;

    #[track_caller]
    fn cell_at(&self, at: At<'_>) -> Result<Self::Cell, PlaceError> {
        self.read.cell_at(at)
    }

    #[track_caller]
    fn cell_in(
        &self,
        site: &Arc<Site>,
        maker: &mut Maker<'_, '_>,
        memo: &mut Memo,
    ) -> Result<Self::Cell, PlaceError> {
        self.read.cell_in(site, maker, memo)
    }

    fn about_it(&self) -> &About {
        self.read.about_it()
    }

    fn sameness(&self) -> fn(&Arc<T>, &Arc<T>) -> bool {
        self.read.sameness()
    }
}

impl<T: Clone + Send + Sync + 'static, A, R> Owned for WritableAtom<T, A, R> {
    fn own(shared: &Arc<T>) -> T {
        T::clone(shared)
    }
}

impl<T, A, R> Writable for WritableAtom<T, A, R> {
    type Argument = A;
    type Written = R;

    #[track_caller]
    fn write_in(&self, cx: &mut AtomWriter<'_, '_>, argument: A) -> R {
        self.write.write_in(cx, argument)
    }

    fn undoes(&self, written: &R) -> bool {
        self.write.undoes(written)
    }
}

impl<A, R> Clone for WriteAtom<A, R> {
    fn clone(&self) -> Self {
        Self { about: self.about.clone(), write: self.write.clone(), undoes: self.undoes }
    }
}

impl<T, A, R> Clone for WritableAtom<T, A, R> {
    fn clone(&self) -> Self {
        Self { read: self.read.clone(), write: self.write.clone() }
    }
}

impl<A, R> fmt::Debug for WriteAtom<A, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("WriteAtom").field(&self.about.name).finish()
    }
}

impl<T, A, R> fmt::Debug for WritableAtom<T, A, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("WritableAtom").field(&self.write.about.name).finish()
    }
}
