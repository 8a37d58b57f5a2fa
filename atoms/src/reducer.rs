//! Reducer atoms: state that changes by actions only.

use crate::{
    atom::Atom,
    definition::{Call, Init, by_value},
    derived::{AtomWriter, Writable, write},
    place::Place,
    readable::{delegated, reading},
};
use std::{fmt, sync::Arc};
use trine_core::{Commit, Text};

type Reduce<T, A> = Call<fn(&mut T, A), dyn Fn(&mut T, A) + Send + Sync>;

/// An atom that is written by dispatching actions to a reducer.
///
/// ```
/// use trine_atoms::{ReducerAtom, Store};
///
/// enum Step { Up, Down(u32) }
///
/// static COUNT: ReducerAtom<u32, Step> = ReducerAtom::new("count", || 10, |count, step| match step {
///     Step::Up => *count += 1,
///     Step::Down(by) => *count = count.saturating_sub(by),
/// });
///
/// let store = Store::new();
/// COUNT.dispatch(&store, Step::Up);
/// COUNT.dispatch(&store, Step::Down(5));
/// assert_eq!(COUNT.get(&store), 6);
/// ```
///
/// The reducer runs inside the lease and must be pure. An equal result is no change, and a panic changes nothing.
pub struct ReducerAtom<T, A> {
    atom: Atom<T>,
    reduce: Reduce<T, A>,
}

impl<T: PartialEq, A> ReducerAtom<T, A> {
    /// An atom that begins with what `init` makes and that `reduce` changes.
    pub const fn new(name: &'static str, init: fn() -> T, reduce: fn(&mut T, A)) -> Self {
        Self { atom: Atom::new(name, init), reduce: Call::Plain(reduce) }
    }

    /// An atom made at run time.
    pub fn dynamic(
        name: impl Into<Text>,
        init: impl Fn() -> T + Send + Sync + 'static,
        reduce: impl Fn(&mut T, A) + Send + Sync + 'static,
    ) -> Self {
        let atom = Atom::with(name.into(), Init::Shared(Arc::new(init)), by_value);
        Self { atom, reduce: Call::Closure(Arc::new(reduce)) }
    }
}

delegated! { [T: Clone + Send + Sync + 'static, A] ReducerAtom<T, A>, Atom<T>, atom }
reading! { [T: Clone + Send + Sync + 'static, A] ReducerAtom<T, A>, T, Arc<T> }

impl<T: Clone + Send + Sync + 'static, A> ReducerAtom<T, A> {
    /// The value in a place.
    ///
    /// # Panics
    ///
    /// As [`read`](Self::read).
    #[track_caller]
    pub fn get(&self, at: &impl Place) -> T {
        self.atom.get(at)
    }

    /// Has the reducer change the value in a place.
    ///
    /// # Panics
    ///
    /// If the reducer panics; nothing has changed then. If no provider lists the atom; inside a lease of a store.
    #[track_caller]
    pub fn dispatch(&self, at: &impl Place, action: A) {
        write(self, at.at(), action);
    }

    /// Writes the value that the atom begins with in this place.
    ///
    /// # Panics
    ///
    /// As [`Atom::reset`].
    #[track_caller]
    pub fn reset<'p>(&self, at: &'p impl Place) -> Commit<'p> {
        self.atom.reset(at)
    }
}

impl<T: Clone + Send + Sync + 'static, A> Writable for ReducerAtom<T, A> {
    type Argument = A;
    type Written = ();

    #[track_caller]
    fn write_in(&self, cx: &mut AtomWriter<'_, '_>, action: A) {
        let mut value = cx.read(&self.atom);
        let place = Arc::make_mut(&mut value);
        match &self.reduce {
            Call::Plain(reduce) => reduce(place, action),
            Call::Closure(reduce) => reduce(place, action),
        }
        let cell = cx.find(&self.atom);
        cx.transaction().set(cell, value);
    }
}

impl<T, A> Clone for ReducerAtom<T, A> {
    fn clone(&self) -> Self {
        Self { atom: self.atom.clone(), reduce: self.reduce.clone() }
    }
}

impl<T, A> fmt::Debug for ReducerAtom<T, A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ReducerAtom").field(self.atom.text()).finish()
    }
}
