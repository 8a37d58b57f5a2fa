//! Derived atoms: values that are computed from other atoms.
//!
//! | kind | is | written by |
//! |---|---|---|
//! | [`DerivedAtom`] | computed | nobody |
//! | [`WritableAtom`] | computed | a function of its own, in one transaction |
//! | [`WriteAtom`] | nothing | such a function |
//! | [`AsyncAtom`] | computed by a body that may wait | nobody |
//!
//! They are definitions, like atoms: statics, or made at run time. In each place they are a derived cell of the store, which
//! runs when it is read or observed and something that it has read is different, at most once per commit.
//!
//! What they read is looked up from the place where they are read themselves (`reader.rs`): a derived atom that is read in a
//! provider is computed from the values that the provider shows. So each place has its own result;
//! [`shared`](DerivedAtom::shared) has one for the whole store instead.

mod asynchronous;
mod reader;
mod writable;
mod writer;

pub use asynchronous::{AsyncAtom, AsyncAtomReader, BoxFuture};
pub use reader::AtomReader;
pub use writable::{WritableAtom, WriteAtom};
pub use writer::{AtomWriter, Writable, transaction};

pub(crate) use writer::write;

use crate::{
    definition::{About, Call, Reach, Same, by_identity, by_value},
    handle::ReadHandle,
    memo::Memo,
    place::{Place, PlaceError, Site},
    readable::{Readable, reading, tabled},
    table::{Maker, Tabled},
};
use std::{fmt, sync::Arc};
use trine_core::{CellKey, Commit, Derived, Text};

/// Computes a value.
pub(crate) type Compute<T> = Call<fn(&mut AtomReader<'_, '_>) -> T, ComputeClosure<T>>;
type ComputeClosure<T> = dyn Fn(&mut AtomReader<'_, '_>) -> T + Send + Sync;

impl<T> Compute<T> {
    pub(crate) fn call(&self, cx: &mut AtomReader<'_, '_>) -> T {
        match self {
            Self::Plain(compute) => compute(cx),
            Self::Closure(compute) => compute(cx),
        }
    }
}

/// An atom that is computed from others, and cannot be written.
///
/// ```
/// use trine_atoms::{Atom, DerivedAtom, Store};
///
/// static FIRST: Atom<String> = Atom::new("first", || "Ada".to_owned());
/// static LAST: Atom<String> = Atom::new("last", || "Lovelace".to_owned());
/// static FORMAL: Atom<bool> = Atom::new("formal", || true);
/// static SHOWN: DerivedAtom<String> = DerivedAtom::new("shown", |cx| {
///     // Only what was read counts: an informal name does not depend on the last one.
///     if cx.get(&FORMAL) { format!("{}, {}", cx.get(&LAST), cx.get(&FIRST)) } else { cx.get(&FIRST) }
/// });
///
/// let store = Store::new();
/// assert_eq!(SHOWN.get(&store), "Lovelace, Ada");
/// FORMAL.set(&store, false);
/// assert_eq!(SHOWN.get(&store), "Ada");
/// ```
///
/// The function runs inside the lease and must be pure. An equal result is no change. Atoms that read each other in a circle
/// fail with an error that names them, in order.
pub struct DerivedAtom<T> {
    about: About,
    compute: Compute<T>,
    same: Same<T>,
}

impl<T: PartialEq> DerivedAtom<T> {
    /// An atom that `compute` computes.
    pub const fn new(name: &'static str, compute: fn(&mut AtomReader<'_, '_>) -> T) -> Self {
        Self::with(Text::from_static(name), Call::Plain(compute), by_value)
    }

    /// An atom made at run time.
    ///
    /// Each call makes a different atom, whatever the name.
    pub fn dynamic(
        name: impl Into<Text>,
        compute: impl Fn(&mut AtomReader<'_, '_>) -> T + Send + Sync + 'static,
    ) -> Self {
        Self::with(name.into(), Call::Closure(Arc::new(compute)), by_value)
    }
}

impl<T> DerivedAtom<T> {
    /// An atom for values that cannot be compared: whenever something that it has read has changed, so has it.
    pub const fn by_identity(
        name: &'static str,
        compute: fn(&mut AtomReader<'_, '_>) -> T,
    ) -> Self {
        Self::with(Text::from_static(name), Call::Plain(compute), by_identity)
    }

    pub(crate) const fn with(name: Text, compute: Compute<T>, same: Same<T>) -> Self {
        Self { about: About::new(name, Reach::Local), compute, same }
    }

    /// Two results are the same when `same` says so, instead of by `PartialEq`: then the old one is kept, and nobody is told.
    #[must_use]
    pub const fn equality(mut self, same: fn(&Arc<T>, &Arc<T>) -> bool) -> Self {
        self.same = same;
        self
    }

    /// Is computed once, from the store's own values, wherever it is read.
    #[must_use]
    pub const fn shared(mut self) -> Self {
        self.about.reach = Reach::Store;
        self
    }
}

tabled! { [T: Send + Sync + 'static] DerivedAtom<T>, T, Derived, |atom| &atom.about, |atom| atom.same }
reading! { [T: Send + Sync + 'static] DerivedAtom<T>, T, Arc<T> }

impl<T: Send + Sync + 'static> DerivedAtom<T> {
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
        T::clone(&self.read(at))
    }

    /// Has it computed again, though nothing that it has read has changed: for one that looks at something which is no atom,
    /// such as the time. An equal result is no change.
    ///
    /// # Panics
    ///
    /// As [`subscribe`](Self::subscribe).
    #[track_caller]
    pub fn refresh<'p>(&self, at: &'p impl Place) -> Commit<'p> {
        at.store().recompute(self.cell(at))
    }

    /// The atom in a place.
    ///
    /// # Errors
    ///
    /// If a provider around has ended.
    #[track_caller]
    pub fn at(&self, at: &impl Place) -> Result<ReadHandle<Derived<Arc<T>>>, PlaceError> {
        let cell = self.cell_at(at.at())?;
        Ok(ReadHandle::new(at.store().clone(), cell, self.about.name.clone(), None))
    }
}

/// Selecting from any atom.
macro_rules! selecting {
    ($($name:ident: $($bound:ident)+;)*) => {$(
        impl<T: $($bound +)+ 'static> crate::$name<T> {
            /// An atom that has a part of this one, or something made of it, and changes only when that does.
            ///
            /// ```
            /// use trine_atoms::{Atom, Store};
            ///
            /// let names = Atom::dynamic("names", || vec!["Ada".to_owned()]);
            /// let count = names.select("count", Vec::len);
            /// let store = Store::new();
            /// let _told = count.subscribe(&store, |count| println!("{count} names"));
            /// names.update(&store, |names| names[0] = "Grace".to_owned()); // prints nothing
            /// names.update(&store, |names| names.push("Ada".to_owned())); // prints "2 names"
            /// assert_eq!(count.get(&store), 2);
            /// ```
            pub fn select<R: PartialEq + Send + Sync + 'static>(
                &self,
                name: impl Into<Text>,
                select: impl Fn(&T) -> R + Send + Sync + 'static,
            ) -> DerivedAtom<R> {
                let atom = self.clone();
                DerivedAtom::dynamic(name, move |cx| cx.with(&atom, &select))
            }
        }
    )*};
}

selecting! {
    Atom: Clone Send Sync;
    DerivedAtom: Send Sync;
}

impl<T: Send + Sync + 'static> Tabled for DerivedAtom<T> {
    type Cell = Derived<Arc<T>>;

    #[inline]
    fn about(&self) -> &About {
        &self.about
    }

    #[inline]
    fn of_key(&self, key: CellKey) -> Self::Cell {
        Derived::from_key(key)
    }

    fn make(&self, maker: &mut Maker<'_, '_>, site: &Arc<Site>) -> Self::Cell {
        let compute = self.compute.clone();
        let (site, mut memo) = (Arc::clone(site), Memo::default());
        maker.cell(&self.about.name).equality(self.same).derived(move |cx| {
            memo.begin();
            let value = compute.call(&mut AtomReader::new(cx, &site, &mut memo));
            memo.end();
            Arc::new(value)
        })
    }
}

impl<T> Clone for DerivedAtom<T> {
    fn clone(&self) -> Self {
        Self { about: self.about.clone(), compute: self.compute.clone(), same: self.same }
    }
}

impl<T> fmt::Debug for DerivedAtom<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("DerivedAtom").field(&self.about.name).finish()
    }
}
