//! Focused atoms: a part of an atom, read and written as if it were one.

use crate::{
    atom::Atom,
    derived::{AtomWriter, DerivedAtom, Writable, write},
    place::Place,
    readable::{delegated, reading},
};
use std::{fmt, sync::Arc};
use trine_core::{Text, Update};

/// Where in a whole the part is.
trait Lens<T, U>: Send + Sync {
    fn get<'t>(&self, whole: &'t T) -> Option<&'t U>;
    fn get_mut<'t>(&self, whole: &'t mut T) -> Option<&'t mut U>;
}

/// A part that is always there.
struct Always<G, M>(G, M);

impl<T, U, G, M> Lens<T, U> for Always<G, M>
where
    G: Fn(&T) -> &U + Send + Sync,
    M: Fn(&mut T) -> &mut U + Send + Sync,
{
    fn get<'t>(&self, whole: &'t T) -> Option<&'t U> {
        Some(self.0(whole))
    }

    fn get_mut<'t>(&self, whole: &'t mut T) -> Option<&'t mut U> {
        Some(self.1(whole))
    }
}

/// A part that may be missing.
struct Sometimes<G, M>(G, M);

impl<T, U, G, M> Lens<T, U> for Sometimes<G, M>
where
    G: Fn(&T) -> Option<&U> + Send + Sync,
    M: Fn(&mut T) -> Option<&mut U> + Send + Sync,
{
    fn get<'t>(&self, whole: &'t T) -> Option<&'t U> {
        self.0(whole)
    }

    fn get_mut<'t>(&self, whole: &'t mut T) -> Option<&'t mut U> {
        self.1(whole)
    }
}

/// A part of an atom. Made by [`Atom::focus`].
///
/// ```
/// use trine_atoms::{Atom, Store};
///
/// #[derive(Clone, PartialEq)]
/// struct Settings { name: String, volume: u8 }
///
/// let settings = Atom::dynamic("settings", || Settings { name: "Ada".to_owned(), volume: 5 });
/// let volume = settings.focus("volume", |s| &s.volume, |s| &mut s.volume);
///
/// let store = Store::new();
/// let _told = volume.subscribe(&store, |volume| println!("volume {volume}"));
/// settings.update(&store, |s| s.name.clear()); // prints nothing
/// volume.set(&store, 7); // prints "volume 7"
/// assert_eq!(settings.get(&store).volume, 7);
/// ```
///
/// It is told of when the part has changed. A write is one transaction: it changes the part in a clone of the whole, so a panic in
/// it changes nothing.
pub struct FocusAtom<T, U> {
    whole: Atom<T>,
    part: DerivedAtom<U>,
    lens: Arc<dyn Lens<T, U>>,
}

/// A part of an atom that may be missing: an item of a list, a variant. Made by [`Atom::focus_maybe`].
///
/// Its value is an `Option`; a write where the part is missing changes nothing, and says so.
///
/// ```
/// use trine_atoms::{Atom, Store};
///
/// let numbers = Atom::dynamic("numbers", || vec![1, 2]);
/// let third = numbers.focus_maybe("third", |n| n.get(2), |n| n.get_mut(2));
///
/// let store = Store::new();
/// assert_eq!(third.get(&store), None);
/// assert!(!third.set(&store, 3));
/// numbers.update(&store, |n| n.push(0));
/// assert!(third.set(&store, 3));
/// assert_eq!(numbers.get(&store), [1, 2, 3]);
/// ```
pub struct MaybeFocusAtom<T, U> {
    whole: Atom<T>,
    part: DerivedAtom<Option<U>>,
    lens: Arc<dyn Lens<T, U>>,
}

impl<T: Clone + Send + Sync + 'static> Atom<T> {
    /// A part of this atom, which is always there; see [`FocusAtom`]. Both functions run inside the lease and must be pure.
    pub fn focus<U: Clone + PartialEq + Send + Sync + 'static>(
        &self,
        name: impl Into<Text>,
        get: impl Fn(&T) -> &U + Send + Sync + 'static,
        get_mut: impl Fn(&mut T) -> &mut U + Send + Sync + 'static,
    ) -> FocusAtom<T, U> {
        let lens: Arc<dyn Lens<T, U>> = Arc::new(Always(get, get_mut));
        let (whole, inner) = (self.clone(), Arc::clone(&lens));
        let part = self.select(name, move |whole| {
            inner.get(whole).cloned().expect("a lens whose part is always there")
        });
        FocusAtom { whole, part, lens }
    }

    /// A part of this atom that may be missing; see [`MaybeFocusAtom`]. Both functions run inside the lease and must be pure.
    pub fn focus_maybe<U: Clone + PartialEq + Send + Sync + 'static>(
        &self,
        name: impl Into<Text>,
        get: impl Fn(&T) -> Option<&U> + Send + Sync + 'static,
        get_mut: impl Fn(&mut T) -> Option<&mut U> + Send + Sync + 'static,
    ) -> MaybeFocusAtom<T, U> {
        let lens: Arc<dyn Lens<T, U>> = Arc::new(Sometimes(get, get_mut));
        let (whole, inner) = (self.clone(), Arc::clone(&lens));
        let part = self.select(name, move |whole| inner.get(whole).cloned());
        MaybeFocusAtom { whole, part, lens }
    }
}

/// Changes the part in a transaction; returns whether it is there.
fn change<T, U>(
    cx: &mut AtomWriter<'_, '_>,
    whole: &Atom<T>,
    lens: &dyn Lens<T, U>,
    change: impl FnOnce(&mut U),
) -> bool
where
    T: Clone + Send + Sync + 'static,
{
    if lens.get(&cx.read(whole)).is_none() {
        return false;
    }
    cx.update(whole, |whole| match lens.get_mut(whole) {
        Some(part) => {
            change(part);
            Update::Changed
        }
        None => Update::Unchanged,
    });
    true
}

macro_rules! focused {
    ($($name:ident: $shown:ty, $written:ty, $conclude:expr;)*) => {$(
        delegated! { [T, U: Send + Sync + 'static] $name<T, U>, DerivedAtom<$shown>, part }
        reading! { [T, U: Send + Sync + 'static] $name<T, U>, $shown, Arc<$shown> }

        impl<T, U> $name<T, U>
        where
            T: Clone + Send + Sync + 'static,
            U: Clone + PartialEq + Send + Sync + 'static,
        {
            /// The part in a place.
            ///
            /// # Panics
            ///
            /// As [`read`](Self::read).
            #[track_caller]
            pub fn get(&self, at: &impl Place) -> $shown {
                <$shown>::clone(&self.read(at))
            }

            /// Writes the part in a place; an equal one is no change.
            ///
            /// # Panics
            ///
            /// As [`Atom::set`].
            #[track_caller]
            pub fn set(&self, at: &impl Place, part: U) -> $written {
                write(self, at.at(), part)
            }

            /// Updates the part in a place.
            ///
            /// # Panics
            ///
            /// If `update` panics; nothing has changed then. Otherwise as [`Atom::set`].
            #[track_caller]
            pub fn update(&self, at: &impl Place, update: impl FnOnce(&mut U)) -> $written {
                let updated = crate::transaction(at, |cx| {
                    Ok::<_, std::convert::Infallible>(change(cx, &self.whole, &*self.lens, update))
                });
                let Ok(there) = updated;
                let conclude: fn(bool) -> $written = $conclude;
                conclude(there)
            }
        }

        impl<T, U> Writable for $name<T, U>
        where
            T: Clone + Send + Sync + 'static,
            U: Clone + PartialEq + Send + Sync + 'static,
        {
            type Argument = U;
            type Written = $written;

            #[track_caller]
            fn write_in(&self, cx: &mut AtomWriter<'_, '_>, value: U) -> $written {
                let same = self.lens.get(&cx.read(&self.whole)) == Some(&value);
                let there = same || change(cx, &self.whole, &*self.lens, |part| *part = value);
                let conclude: fn(bool) -> $written = $conclude;
                conclude(there)
            }
        }

        impl<T, U> Clone for $name<T, U> {
            fn clone(&self) -> Self {
                let (whole, part) = (self.whole.clone(), self.part.clone());
                Self { whole, part, lens: Arc::clone(&self.lens) }
            }
        }

        impl<T, U> fmt::Debug for $name<T, U> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_tuple(stringify!($name)).field(&self.part).finish()
            }
        }
    )*};
}

focused! {
    FocusAtom: U, (), |_| ();
    MaybeFocusAtom: Option<U>, bool, |there| there;
}
