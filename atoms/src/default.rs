//! Default atoms: computed until they are written.

use crate::{
    atom::{Atom, Member},
    definition::{About, Call, Init, Reach, by_value},
    derived::{AtomReader, AtomWriter, Compute, Writable, write},
    memo::Memo,
    place::{Place, Site},
    provider::Provides,
    readable::{Readable, reading, tabled},
    table::{Maker, Tabled},
};
use std::{fmt, sync::Arc};
use trine_core::{CellKey, Derived, Text};

/// An atom that is computed until it is written, and again after a reset.
///
/// ```
/// use trine_atoms::{Atom, DefaultAtom, Store};
///
/// static TITLE: Atom<String> = Atom::new("title", || "My Post".to_owned());
/// static SLUG: DefaultAtom<String> =
///     DefaultAtom::new("slug", |cx| cx.get(&TITLE).to_lowercase().replace(' ', "-"));
///
/// let store = Store::new();
/// assert_eq!(SLUG.get(&store), "my-post");
/// SLUG.set(&store, "mine".to_owned());
/// TITLE.set(&store, "Another".to_owned());
/// assert_eq!(SLUG.get(&store), "mine");
/// SLUG.reset(&store);
/// assert_eq!(SLUG.get(&store), "another");
/// ```
pub struct DefaultAtom<T> {
    about: About,
    /// What was written.
    over: Atom<Option<T>>,
    compute: Compute<T>,
}

impl<T: PartialEq> DefaultAtom<T> {
    /// An atom that `compute` computes until it is written. It runs inside the lease and must be pure.
    pub const fn new(name: &'static str, compute: fn(&mut AtomReader<'_, '_>) -> T) -> Self {
        Self::with(Text::from_static(name), Text::from_static(name), Call::Plain(compute))
    }

    /// An atom made at run time.
    pub fn dynamic(
        name: impl Into<Text>,
        compute: impl Fn(&mut AtomReader<'_, '_>) -> T + Send + Sync + 'static,
    ) -> Self {
        let name = name.into();
        Self::with(name.clone(), name, Call::Closure(Arc::new(compute)))
    }

    const fn with(name: Text, over: Text, compute: Compute<T>) -> Self {
        let over = Atom::with(over, Init::Function(|| None), by_value);
        Self { about: About::new(name, Reach::Local), over, compute }
    }
}

tabled! { [T: Clone + PartialEq + Send + Sync + 'static] DefaultAtom<T>, T, Derived, |atom| &atom.about, |_| by_value }
reading! { [T: Clone + PartialEq + Send + Sync + 'static] DefaultAtom<T>, T, Arc<T> }

impl<T: Clone + PartialEq + Send + Sync + 'static> DefaultAtom<T> {
    /// The value in a place.
    ///
    /// # Panics
    ///
    /// As [`read`](Self::read).
    #[track_caller]
    pub fn get(&self, at: &impl Place) -> T {
        T::clone(&self.read(at))
    }

    /// Writes the value in a place; it is not computed any more.
    ///
    /// # Panics
    ///
    /// As [`Atom::set`].
    #[track_caller]
    pub fn set(&self, at: &impl Place, value: T) {
        write(self, at.at(), Some(value));
    }

    /// Has the value in a place computed again.
    ///
    /// # Panics
    ///
    /// As [`Atom::set`].
    #[track_caller]
    pub fn reset(&self, at: &impl Place) {
        write(self, at.at(), None);
    }

    /// Whether the value in a place was written, rather than computed.
    ///
    /// # Panics
    ///
    /// As [`read`](Self::read).
    #[track_caller]
    pub fn is_written(&self, at: &impl Place) -> bool {
        self.over.read(at).is_some()
    }
}

impl<T: Clone + PartialEq + Send + Sync + 'static> Tabled for DefaultAtom<T> {
    type Cell = Derived<Arc<T>>;

    fn about(&self) -> &About {
        &self.about
    }

    fn of_key(&self, key: CellKey) -> Self::Cell {
        Derived::from_key(key)
    }

    fn make(&self, maker: &mut Maker<'_, '_>, site: &Arc<Site>) -> Self::Cell {
        let (over, compute) = (self.over.clone(), self.compute.clone());
        let (site, mut memo) = (Arc::clone(site), Memo::default());
        maker.cell(&self.about.name).equality(by_value).derived(move |cx| {
            memo.begin();
            let mut cx = AtomReader::new(cx, &site, &mut memo);
            let value = match &*cx.read(&over) {
                Some(written) => written.clone(),
                None => compute.call(&mut cx),
            };
            memo.end();
            Arc::new(value)
        })
    }
}

/// `None` has it computed again.
impl<T: Clone + PartialEq + Send + Sync + 'static> Writable for DefaultAtom<T> {
    type Argument = Option<T>;
    type Written = ();

    #[track_caller]
    fn write_in(&self, cx: &mut AtomWriter<'_, '_>, value: Option<T>) {
        cx.set(&self.over, value);
    }
}

impl<T: Clone + PartialEq + Send + Sync + 'static> Provides for &DefaultAtom<T> {
    fn list_provided(&self, listed: &mut Vec<Member>) {
        listed.extend([Member::of(&self.about), Member::of(self.over.about_it())]);
    }
}

impl<T> Clone for DefaultAtom<T> {
    fn clone(&self) -> Self {
        let (about, over) = (self.about.clone(), self.over.clone());
        Self { about, over, compute: self.compute.clone() }
    }
}

impl<T> fmt::Debug for DefaultAtom<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("DefaultAtom").field(&self.about.name).finish()
    }
}
