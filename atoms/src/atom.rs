//! Atoms: definitions of pieces of state.
//!
//! An atom holds no state. It is a name, an identity and a way to make the initial value; each place that uses
//! it has a cell of its own for it, made on first use (`table.rs`). So atoms are plain statics that actions and
//! views refer to, and two stores never affect each other.

use crate::{
    definition::{About, Init, Reach, Same, by_identity, by_value},
    handle::AtomHandle,
    mounting::{MountClosure, Mounted, Unmount},
    place::{Place, PlaceError, Site},
    readable::{self, Readable, reading, tabled},
    reset::Reset,
    table::{AnyAtom, Maker, Tabled},
};
use std::{fmt, sync::Arc};
use trine_core::{CellKey, Commit, Source, Text, UpdateResult};

/// The definition of a piece of state.
///
/// ```
/// use trine_atoms::{Atom, Store};
///
/// static VISITS: Atom<u32> = Atom::new("visits", || 0);
///
/// let store = Store::new();
/// VISITS.set(&store, 1);
/// VISITS.update(&store, |visits| *visits += 1);
/// assert_eq!(VISITS.get(&store), 2);
/// VISITS.reset(&store);
/// assert_eq!(VISITS.get(&store), 0);
/// ```
///
/// It is used in a [`Place`]: a [`Store`](crate::Store), or a [`Provider`](crate::Provider) in one. A clone is the same atom.
///
/// A value is kept in an `Arc`, so that readers, drafts and subscribers share it; changing it while it is shared
/// clones it.
pub struct Atom<T> {
    about: About,
    init: Init<T>,
    /// When a write is no change.
    same: Same<T>,
    /// What is done when somebody begins to observe it.
    mount: Option<fn(Mounted<T>) -> Unmount>,
    /// The same, if it was made at run time.
    mount_with: Option<Arc<MountClosure<T>>>,
    /// The only cell that it has, if it is an entry of a family say.
    pinned: Option<CellKey>,
}

impl<T: PartialEq> Atom<T> {
    /// An atom whose initial value `init` makes, once per place, when the atom is first used there. Writing an
    /// equal value is no change.
    ///
    /// `init` runs outside the lease and may use other atoms, unless a derivation or a transaction is the first to use the
    /// atom: then it runs inside, and must be pure. An atom whose initial value needs itself has none: its first use
    /// panics with the names of the atoms in the circle.
    pub const fn new(name: &'static str, init: fn() -> T) -> Self {
        Self::with(Text::from_static(name), Init::Function(init), by_value)
    }

    /// An atom made at run time, whose initial value may depend on what is at hand.
    ///
    /// Each call makes a different atom, whatever the name.
    pub fn dynamic(name: impl Into<Text>, init: impl Fn() -> T + Send + Sync + 'static) -> Self {
        Self::with(name.into(), Init::Shared(Arc::new(init)), by_value)
    }
}

impl<T> Atom<T> {
    /// An atom for values that cannot be compared, or only at great cost: every write is a change.
    pub const fn by_identity(name: &'static str, init: fn() -> T) -> Self {
        Self::with(Text::from_static(name), Init::Function(init), by_identity)
    }

    /// Like [`dynamic`](Self::dynamic), for values that cannot be compared.
    pub fn dynamic_by_identity(
        name: impl Into<Text>,
        init: impl Fn() -> T + Send + Sync + 'static,
    ) -> Self {
        Self::with(name.into(), Init::Shared(Arc::new(init)), by_identity)
    }

    pub(crate) const fn with(name: Text, init: Init<T>, same: Same<T>) -> Self {
        let about = About::new(name, Reach::Anywhere);
        Self { about, init, same, mount: None, mount_with: None, pinned: None }
    }

    /// An atom that has this cell and no other.
    pub(crate) fn pinned(name: Text, init: Init<T>, same: Same<T>, cell: CellKey) -> Self {
        Self { pinned: Some(cell), ..Self::with(name, init, same) }
    }

    /// Has values only where a [`Provider`](crate::Provider) lists the atom: to use it elsewhere is a [`PlaceError`]
    /// that names both, from [`at`](Self::at), and a panic with the same text from everything else.
    #[must_use]
    pub const fn provided(mut self) -> Self {
        self.about.reach = Reach::Provided;
        self
    }

    /// Has `mount` called when somebody begins to observe the atom in a place, directly or through what is derived from it;
    /// what it returns is done when nobody does any more.
    ///
    /// ```
    /// use trine_atoms::{Atom, Store, Unmount};
    ///
    /// static ONLINE: Atom<bool> = Atom::new("online", || false).on_mount(|online| {
    ///     online.set(true); // connect
    ///     Unmount::new(move || { online.set(false); })
    /// });
    ///
    /// let store = Store::new();
    /// assert!(!ONLINE.get(&store)); // a look does not mount it
    /// let view = ONLINE.subscribe(&store, |_| {});
    /// assert!(ONLINE.get(&store));
    /// drop(view);
    /// assert!(!ONLINE.get(&store));
    /// ```
    ///
    /// Both run outside every lock, on the thread that has made the difference, never two at a time, and in turns; they may
    /// use the store. What is read is mounted before what reads it.
    #[must_use]
    pub const fn on_mount(mut self, mount: fn(Mounted<T>) -> Unmount) -> Self {
        self.mount = Some(mount);
        self
    }

    /// Like [`on_mount`](Self::on_mount), for atoms made at run time, whose work may use what is at hand.
    #[must_use]
    pub fn on_mount_with(
        self,
        mount: impl Fn(Mounted<T>) -> Unmount + Send + Sync + 'static,
    ) -> Self {
        Self { mount_with: Some(Arc::new(mount)), ..self }
    }

    pub(crate) fn text(&self) -> &Text {
        &self.about.name
    }

    pub(crate) fn init(&self) -> Init<T> {
        self.init.clone()
    }

    /// The identity.
    pub(crate) fn id(&self) -> u64 {
        match self.pinned {
            // Cells have identities of their own, which no other cell has: this tells two handles to one cell from two cells.
            Some(_) => u64::MAX,
            None => self.about.id.get(),
        }
    }

    /// What tells it from others in a synergy.
    pub(crate) fn member(&self) -> Member {
        Member { id: self.id(), pinned: self.pinned, name: self.about.name.clone() }
    }

    /// When a write is no change.
    pub(crate) fn same(&self) -> Same<T> {
        self.same
    }

    /// A value to begin with.
    pub(crate) fn initial(&self, site: &Site) -> Arc<T>
    where
        T: Send + Sync + 'static,
    {
        let given = if self.pinned.is_none() { site.given(self.about.id.get()) } else { None };
        given.unwrap_or_else(|| Arc::new(self.init.make()))
    }
}

/// What tells a member of a synergy from others. Named in sealed traits only.
#[derive(Debug, Clone)]
pub struct Member {
    id: u64,
    pinned: Option<CellKey>,
    pub(crate) name: Text,
}

impl Member {
    /// Whether both are the same atom.
    pub(crate) fn is(&self, other: &Self) -> bool {
        self.id == other.id && self.pinned == other.pinned
    }

    /// The identity of the definition.
    pub(crate) fn id(&self) -> u64 {
        self.id
    }

    pub(crate) fn of(about: &About) -> Self {
        Self { id: about.id.get(), pinned: None, name: about.name.clone() }
    }
}

tabled! { [T: Clone + Send + Sync + 'static] Atom<T>, T, Source, |atom| &atom.about, |atom| atom.same }
reading! { [T: Clone + Send + Sync + 'static] Atom<T>, T, Arc<T> }

impl<T: Clone + Send + Sync + 'static> Atom<T> {
    /// The value in a place.
    ///
    /// # Panics
    ///
    /// As [`read`](Self::read).
    #[inline]
    #[track_caller]
    pub fn get(&self, at: &impl Place) -> T {
        T::clone(&self.read(at))
    }

    /// Writes the value in a place; a commit, unless it is equal to the old one. No action does this, so
    /// [middleware](mod@crate::middleware) does not see it.
    ///
    /// # Panics
    ///
    /// If no provider lists the atom; inside a lease of a store; if callbacks answer each other's writes without end.
    #[inline]
    #[track_caller]
    pub fn set<'p>(&self, at: &'p impl Place, value: T) -> Commit<'p> {
        at.store().set(self.cell(at), Arc::new(value))
    }

    /// Updates the value in a place: as it is if nobody shares it, else a clone. It counts as changed
    /// unless `update` returns [`Update::Unchanged`](trine_core::Update::Unchanged). [Middleware](mod@crate::middleware) does
    /// not see it.
    ///
    /// # Panics
    ///
    /// If `update` panics; then the atom is torn until it is set. Otherwise as [`set`](Self::set).
    #[track_caller]
    pub fn update<'p, R: UpdateResult>(
        &self,
        at: &'p impl Place,
        update: impl FnOnce(&mut T) -> R,
    ) -> Commit<'p> {
        at.store().update(self.cell(at), |value| update(Arc::make_mut(value)))
    }

    /// Writes the value that the atom begins with in this place: what the provider was given, else what the definition says.
    /// A torn atom is sound again. [Middleware](mod@crate::middleware) does not see it.
    ///
    /// # Panics
    ///
    /// As [`set`](Self::set).
    #[track_caller]
    pub fn reset<'p>(&self, at: &'p impl Place) -> Commit<'p> {
        let cell = self.cell(at);
        let site = at.at().site();
        let home = site.home_of(&self.about).map_or(&site, |home| home);
        at.store().set(cell, self.initial(home))
    }

    /// The atom in a place: the place is looked up once, and what can go wrong with that is an error here.
    ///
    /// # Errors
    ///
    /// If no provider lists the atom, or one around has ended.
    ///
    /// # Panics
    ///
    /// Inside a lease of a store.
    #[track_caller]
    pub fn at(&self, at: &impl Place) -> Result<AtomHandle<T>, PlaceError> {
        let cell = self.cell_at(at.at())?;
        let site = at.at().site();
        Ok(AtomHandle::new(at.store().clone(), cell, self.clone(), site, None))
    }
}

impl<T: Clone + Send + Sync + 'static> Tabled for Atom<T> {
    type Cell = Source<Arc<T>>;

    #[inline]
    fn about(&self) -> &About {
        &self.about
    }

    #[inline]
    fn of_key(&self, key: CellKey) -> Source<Arc<T>> {
        Source::from_key(self.pinned.unwrap_or(key))
    }

    fn make(&self, maker: &mut Maker<'_, '_>, site: &Arc<Site>) -> Source<Arc<T>> {
        let value = self.initial(site);
        maker.cell(&self.about.name).equality(self.same).source(value)
    }

    fn made(&self, cell: Source<Arc<T>>, site: &Arc<Site>) {
        if let Some(mount) = self.mount {
            Mounted::follow(cell, site, mount);
        }
        if let Some(mount) = self.mount_with.clone() {
            Mounted::follow(cell, site, move |mounted| mount(mounted));
        }
    }

    fn atom(&self) -> Option<Arc<dyn AnyAtom>> {
        readable::any(self.clone())
    }
}

impl<T: Clone + Send + Sync + 'static> AnyAtom for Atom<T> {
    fn name(&self) -> &Text {
        &self.about.name
    }

    fn reset(&self, site: &Site, key: CellKey) -> Reset {
        let value = self.initial(site);
        Box::new(move |tx| {
            // Somebody may have removed it meanwhile.
            let _ = tx.try_set(Source::from_key(key), value);
        })
    }
}

impl<T> Clone for Atom<T> {
    fn clone(&self) -> Self {
        Self {
            about: self.about.clone(),
            init: self.init.clone(),
            same: self.same,
            mount: self.mount,
            mount_with: self.mount_with.clone(),
            pinned: self.pinned,
        }
    }
}

impl<T> fmt::Debug for Atom<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Atom").field(&self.about.name).finish()
    }
}
