//! What can be read: every kind of atom.

use crate::{
    definition::About,
    memo::Memo,
    place::{At, PlaceError, Site},
    table::{self, AnyAtom, Maker, Tabled},
};
use std::sync::Arc;
use trine_core::Cell;

/// What has a value in each place: [`Atom`](crate::Atom), [`DerivedAtom`](crate::DerivedAtom) and the other kinds of
/// atoms. Sealed.
///
/// Derivations read them through [`AtomReader`](crate::AtomReader), whatever the kind.
pub trait Readable: sealed::Sealed {
    /// What `read` gives: the value, shared.
    type Shared: Clone + Send + Sync + 'static;
    /// What `get` gives: a clone of the value.
    type Value;
    /// Its cell.
    type Cell: Cell<Value = Self::Shared> + Send + Sync + 'static;

    #[doc(hidden)]
    #[track_caller]
    fn cell_at(&self, at: At<'_>) -> Result<Self::Cell, PlaceError>;
    #[doc(hidden)]
    #[track_caller]
    fn cell_in(
        &self,
        site: &Arc<Site>,
        maker: &mut Maker<'_, '_>,
        memo: &mut Memo,
    ) -> Result<Self::Cell, PlaceError>;
    #[doc(hidden)]
    fn about_it(&self) -> &About;
    /// When two of its values are the same.
    #[doc(hidden)]
    fn sameness(&self) -> fn(&Self::Shared, &Self::Shared) -> bool;
}

/// A [`Readable`] whose value can be cloned out of what is shared. Sealed.
pub trait Owned: Readable {
    #[doc(hidden)]
    fn own(shared: &Self::Shared) -> Self::Value;
}

pub(crate) mod sealed {
    pub trait Sealed {}
}

/// Finds the cell of a definition whose cells are in tables, for a derivation, which remembers it.
#[track_caller]
pub(crate) fn remembered<D: Tabled>(
    definition: &D,
    site: &Arc<Site>,
    maker: &mut Maker<'_, '_>,
    memo: &mut Memo,
) -> Result<D::Cell, PlaceError> {
    let id = definition.about().id.get();
    if let Some(key) = memo.recall(id) {
        return Ok(definition.of_key(key));
    }
    let cell = table::cell_in(definition, site, maker)?;
    memo.remember(id, cell.key());
    Ok(cell)
}

/// The part of [`Readable`] that finds the cell, for a definition whose cells are in tables.
macro_rules! looked_up {
    () => {
        #[inline]
        #[track_caller]
        fn cell_at(
            &self,
            at: crate::place::At<'_>,
        ) -> Result<Self::Cell, crate::place::PlaceError> {
            crate::table::cell(self, at)
        }

        #[track_caller]
        fn cell_in(
            &self,
            site: &std::sync::Arc<crate::place::Site>,
            maker: &mut crate::table::Maker<'_, '_>,
            memo: &mut crate::memo::Memo,
        ) -> Result<Self::Cell, crate::place::PlaceError> {
            crate::readable::remembered(self, site, maker, memo)
        }
    };
}
pub(crate) use looked_up;

/// Implements [`Readable`] by way of [`Tabled`], for a kind of atom whose cell has an `Arc<T>`.
macro_rules! tabled {
    ([$($generics:tt)*] $name:ty, $value:ty, $cell:ident, $about:expr, $same:expr) => {
        impl<$($generics)*> crate::readable::sealed::Sealed for $name {}
        impl<$($generics)*> crate::readable::sealed::Sealed for &$name {}

        impl<$($generics)*> crate::readable::Readable for $name {
            type Shared = std::sync::Arc<$value>;
            type Value = $value;
            type Cell = trine_core::$cell<std::sync::Arc<$value>>;

            crate::readable::looked_up! {}

            fn about_it(&self) -> &crate::definition::About {
                let about: fn(&Self) -> &crate::definition::About = $about;
                about(self)
            }

            fn sameness(&self) -> fn(&Self::Shared, &Self::Shared) -> bool {
                let same: fn(&Self) -> fn(&Self::Shared, &Self::Shared) -> bool = $same;
                same(self)
            }
        }

        impl<$($generics)*> crate::readable::Owned for $name
        where
            $value: Clone,
        {
            #[inline]
            fn own(shared: &Self::Shared) -> $value {
                <$value>::clone(shared)
            }
        }
    };
}
pub(crate) use tabled;

/// Implements [`Readable`] by way of a field.
macro_rules! delegated {
    ([$($generics:tt)*] $name:ty, $inner:ty, $field:ident) => {
        impl<$($generics)*> crate::readable::sealed::Sealed for $name {}
        impl<$($generics)*> crate::readable::sealed::Sealed for &$name {}

        impl<$($generics)*> crate::readable::Readable for $name {
            type Shared = <$inner as crate::readable::Readable>::Shared;
            type Value = <$inner as crate::readable::Readable>::Value;
            type Cell = <$inner as crate::readable::Readable>::Cell;

            #[track_caller]
            fn cell_at(
                &self,
                at: crate::place::At<'_>,
            ) -> Result<Self::Cell, crate::place::PlaceError> {
                self.$field.cell_at(at)
            }

            #[track_caller]
            fn cell_in(
                &self,
                site: &std::sync::Arc<crate::place::Site>,
                maker: &mut crate::table::Maker<'_, '_>,
                memo: &mut crate::memo::Memo,
            ) -> Result<Self::Cell, crate::place::PlaceError> {
                self.$field.cell_in(site, maker, memo)
            }

            fn about_it(&self) -> &crate::definition::About {
                self.$field.about_it()
            }

            fn sameness(&self) -> fn(&Self::Shared, &Self::Shared) -> bool {
                self.$field.sameness()
            }
        }

        impl<$($generics)*> crate::readable::Owned for $name
        where
            $inner: crate::readable::Owned,
        {
            fn own(shared: &Self::Shared) -> Self::Value {
                <$inner as crate::readable::Owned>::own(shared)
            }
        }

        impl<$($generics)*> crate::provider::Provides for &$name {
            fn list_provided(&self, listed: &mut Vec<crate::atom::Member>) {
                listed.push(crate::atom::Member::of(crate::readable::Readable::about_it(&self.$field)));
            }
        }
    };
}
pub(crate) use delegated;

/// The methods with which a kind of atom is read from outside.
macro_rules! reading {
    ([$($generics:tt)*] $name:ty, $told:ty, $shared:ty) => {
        impl<$($generics)*> $name {
            /// The name, for errors and events.
            pub fn name(&self) -> &trine_core::Text {
                &crate::readable::Readable::about_it(self).name
            }

            /// The value in a place, shared instead of cloned.
            ///
            /// # Panics
            ///
            /// If it has none: no provider lists the atom, its derivation has failed, its cell is torn. Inside a lease of
            /// a store.
            #[inline]
            #[track_caller]
            pub fn read(&self, at: &impl crate::Place) -> $shared {
                at.store().get(self.cell(at))
            }

            /// Calls `callback` with every new value in a place, once per commit that changes it, in commit order, outside
            /// every lock; see [`Store::subscribe`](trine_core::Store::subscribe).
            ///
            /// # Panics
            ///
            /// If no provider lists the atom; inside a lease of a store.
            #[track_caller]
            pub fn subscribe(
                &self,
                at: &impl crate::Place,
                mut callback: impl FnMut(&$told) + Send + 'static,
            ) -> trine_core::SubscriptionGuard {
                at.store().subscribe(self.cell(at), move |value| callback(value))
            }

            /// Watches the value in a place: the last one for render loops, a future of the next change; see
            /// [`Store::watch`](trine_core::Store::watch).
            ///
            /// # Panics
            ///
            /// As [`read`](Self::read).
            #[track_caller]
            pub fn watch(&self, at: &impl crate::Place) -> trine_core::Watch<$shared> {
                at.store().watch(self.cell(at))
            }

            /// The values to come in a place, in order, as a stream that holds at most `capacity` of them; see
            /// [`Store::changes`](trine_core::Store::changes).
            ///
            /// # Panics
            ///
            /// As [`subscribe`](Self::subscribe).
            #[track_caller]
            pub fn changes(
                &self,
                at: &impl crate::Place,
                capacity: std::num::NonZeroUsize,
            ) -> trine_core::Changes<$shared> {
                at.store().changes(self.cell(at), capacity)
            }

            /// Calls `begin` when somebody begins to observe the atom in a place, directly or through what is derived from
            /// it, and drops what that returned when nobody does any more; see
            /// [`Store::while_observed`](trine_core::Store::while_observed).
            ///
            /// # Panics
            ///
            /// As [`subscribe`](Self::subscribe).
            #[track_caller]
            pub fn while_observed<G: Send + 'static>(
                &self,
                at: &impl crate::Place,
                begin: impl FnMut() -> G + Send + 'static,
            ) -> trine_core::LifecycleGuard {
                at.store().while_observed(self.cell(at), begin)
            }

            /// The cell in a place: for transactions and derivations of the core, and to mix atoms with the other front ends.
            ///
            /// It may be removed like any cell. Whatever used that cell has lost it then; the atom itself begins anew in that
            /// place when it is next used.
            ///
            /// # Panics
            ///
            /// If no provider lists the atom; inside a lease of a store.
            #[inline]
            #[track_caller]
            pub fn cell(&self, at: &impl crate::Place) -> <Self as crate::readable::Readable>::Cell {
                match crate::readable::Readable::cell_at(self, at.at()) {
                    Ok(cell) => cell,
                    Err(error) => crate::readable::fail(&error),
                }
            }
        }
    };
}
pub(crate) use reading;

#[cold]
#[track_caller]
pub(crate) fn fail(error: &PlaceError) -> ! {
    panic!("{error}")
}

/// So that the tables can hold any atom.
pub(crate) fn any<A: AnyAtom + 'static>(atom: A) -> Option<Arc<dyn AnyAtom>> {
    Some(Arc::new(atom))
}
