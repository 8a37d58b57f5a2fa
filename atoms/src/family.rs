//! Families: an atom per key.
//!
//! A family is a definition, like an atom; its entries come to be when they are first asked for, each with a cell of its own, and
//! go when nobody uses them any more. So a family of a million keys costs what is in use:
//!
//! | in use is an entry while there is | ends with |
//! |---|---|
//! | a handle to it: [`AtomFamily::entry`] | its drop |
//! | a subscription that was made through a handle | its guard |
//! | an action over a handle | the action's drop |
//! | a derivation that has read it in its last run | the next run, or the end of the derived atom |
//!
//! The next use of its key begins anew. A family that is to keep what was written says [`kept`](AtomFamily::kept); its
//! entries go when they are [removed](AtomFamily::remove), with their provider, or with the store.

mod entries;
mod keyed;
mod kinds;
mod members;

use crate::{
    atom::Atom,
    definition::{About, Call, Init, Reach, Same, by_identity, by_value},
    derived::{AsyncAtomReader, AtomReader, BoxFuture},
    handle::{AtomHandle, ReadHandle},
    place::{At, Place, PlaceError, Site},
    readable::{fail, sealed},
    reset::Reset,
    table::Maker,
};
use members::{Members, Slot};
use std::{hash::Hash, sync::Arc};
use trine_core::{AsyncDerived, Cell, Derived, Text};

/// What families differ in. Named in sealed traits only.
#[allow(missing_docs, reason = "it is not exported")]
pub trait Kind: Clone + Send + Sync + 'static {
    type Key: Clone + Eq + Hash + Send + Sync + 'static;
    type Cell: Cell + Send + Sync + 'static;

    fn about(&self) -> &About;
    /// Makes the cell of an entry.
    fn make(&self, key: &Self::Key, maker: &mut Maker<'_, '_>, site: &Arc<Site>) -> Self::Cell;
    /// Whether entries stay though nobody uses them.
    fn keeps(&self) -> bool;
    /// What has an entry begin again.
    fn reset(&self, _key: &Self::Key, _cell: Self::Cell) -> Option<Reset> {
        None
    }
}

/// The entry of a key, seen from a place.
#[track_caller]
fn slot<F: Kind>(
    family: &F,
    key: &F::Key,
    site: &Arc<Site>,
    maker: &mut Maker<'_, '_>,
) -> Result<(Arc<Slot<F>>, Arc<Site>), PlaceError> {
    let home = site.home_of(family.about())?;
    let members = home.table::<Members<F>>(family.about().id.get());
    Ok((members.get(family, key, home, maker), Arc::clone(home)))
}

/// The same from outside.
#[track_caller]
fn slot_at<F: Kind>(
    family: &F,
    key: &F::Key,
    at: At<'_>,
) -> Result<(Arc<Slot<F>>, Arc<Site>), PlaceError> {
    slot(family, key, &at.site(), &mut Maker::Store(at.store))
}

/// The entries of a family in a place.
#[track_caller]
fn members<F: Kind>(family: &F, at: At<'_>) -> Arc<Members<F>> {
    match at.site().home_of(family.about()) {
        Ok(home) => home.table(family.about().id.get()),
        Err(error) => fail(&error),
    }
}

/// Makes the initial value of an entry.
type KeyedInit<K, T> = Call<fn(&K) -> T, dyn Fn(&K) -> T + Send + Sync>;

/// An atom per key.
///
/// ```
/// use trine_atoms::{AtomFamily, Store};
///
/// static OPEN: AtomFamily<u32, bool> = AtomFamily::new("open", |_key| false);
///
/// let store = Store::new();
/// let row = OPEN.entry(&store, 7);
/// row.set(true);
/// assert!(OPEN.entry(&store, 7).get()); // the same entry
/// assert_eq!(OPEN.keys(&store), [7]);
///
/// drop(row); // nobody uses it any more
/// assert_eq!(OPEN.len(&store), 0);
/// assert!(!OPEN.entry(&store, 7).get()); // another one, which begins anew
/// ```
///
/// An entry is an [`AtomHandle`]: it can be subscribed to, and be a member of a [`synergy`](crate::synergy()). Derivations read
/// entries with [`of`](Self::of). A [`Provider`](crate::Provider) may have entries of its own.
///
/// `Hash` and `Eq` of keys, and the function of the initial values, run outside every lock; in derivations and transactions
/// inside the lease.
pub struct AtomFamily<K, T> {
    about: About,
    init: KeyedInit<K, T>,
    same: Same<T>,
    keeps: bool,
}

/// A derived atom per key: a selector with a parameter.
///
/// ```
/// use trine_atoms::{Atom, DerivedFamily, Store};
///
/// static TODOS: Atom<Vec<(&str, bool)>> = Atom::new("todos", || vec![("wash up", true), ("cook", false)]);
/// static SHOWN: DerivedFamily<bool, Vec<&str>> = DerivedFamily::new("shown", |cx, done| {
///     let todos = cx.read(&TODOS);
///     todos.iter().filter(|todo| todo.1 == *done).map(|todo| todo.0).collect()
/// });
///
/// let store = Store::new();
/// let open = SHOWN.entry(&store, false);
/// assert_eq!(*open.read(), ["cook"]);
/// TODOS.update(&store, |todos| todos[0].1 = false);
/// assert_eq!(*open.read(), ["wash up", "cook"]);
/// ```
///
/// The function runs inside the lease and must be pure. An equal result is no change.
pub struct DerivedFamily<K, T> {
    about: About,
    compute: KeyedCompute<K, T>,
    same: Same<T>,
    keeps: bool,
}

type KeyedCompute<K, T> = Call<
    fn(&mut AtomReader<'_, '_>, &K) -> T,
    dyn Fn(&mut AtomReader<'_, '_>, &K) -> T + Send + Sync,
>;

/// An async derived atom per key: a query, say.
///
/// ```
/// use trine_atoms::{AsyncFamily, Store};
///
/// # async fn fetch(id: u32) -> Result<String, String> { Ok(format!("user {id}")) }
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// static USERS: AsyncFamily<u32, String, String> =
///     AsyncFamily::new("users", |_cx, id| Box::pin(async move { fetch(id).await }));
///
/// let store = Store::new();
/// let user = USERS.entry(&store, 7);
/// assert!(user.read().is_pending());
/// assert_eq!(store.ready(user.cell()).await.unwrap().as_str(), "user 7");
/// # });
/// ```
///
/// When nobody uses an entry any more, its run is aborted.
pub struct AsyncFamily<K, T, E> {
    about: About,
    body: KeyedBody<K, T, E>,
    same: fn(&T, &T) -> bool,
    keeps: bool,
}

type KeyedBody<K, T, E> = Call<
    fn(AsyncAtomReader, K) -> BoxFuture<Result<T, E>>,
    dyn Fn(AsyncAtomReader, K) -> BoxFuture<Result<T, E>> + Send + Sync,
>;

impl<K, T: PartialEq> AtomFamily<K, T> {
    /// A family whose entries begin with what `init` makes of their key. Writing an equal value is no change.
    pub const fn new(name: &'static str, init: fn(&K) -> T) -> Self {
        Self::with(Text::from_static(name), Call::Plain(init), by_value)
    }

    /// A family made at run time.
    pub fn dynamic(name: impl Into<Text>, init: impl Fn(&K) -> T + Send + Sync + 'static) -> Self {
        Self::with(name.into(), Call::Closure(Arc::new(init)), by_value)
    }
}

impl<K, T> AtomFamily<K, T> {
    /// A family for values that cannot be compared, or only at great cost: every write is a change.
    pub const fn by_identity(name: &'static str, init: fn(&K) -> T) -> Self {
        Self::with(Text::from_static(name), Call::Plain(init), by_identity)
    }

    const fn with(name: Text, init: KeyedInit<K, T>, same: Same<T>) -> Self {
        Self { about: About::new(name, Reach::Anywhere), init, same, keeps: false }
    }

    /// Has entries only where a [`Provider`](crate::Provider) lists the family.
    #[must_use]
    pub const fn provided(mut self) -> Self {
        self.about.reach = Reach::Provided;
        self
    }
}

impl<K, T: PartialEq> DerivedFamily<K, T> {
    /// A family whose entries `compute` computes.
    pub const fn new(name: &'static str, compute: fn(&mut AtomReader<'_, '_>, &K) -> T) -> Self {
        let about = About::new(Text::from_static(name), Reach::Local);
        Self { about, compute: Call::Plain(compute), same: by_value, keeps: false }
    }

    /// A family made at run time.
    pub fn dynamic(
        name: impl Into<Text>,
        compute: impl Fn(&mut AtomReader<'_, '_>, &K) -> T + Send + Sync + 'static,
    ) -> Self {
        let about = About::new(name.into(), Reach::Local);
        Self { about, compute: Call::Closure(Arc::new(compute)), same: by_value, keeps: false }
    }
}

impl<K, T> DerivedFamily<K, T> {
    /// Is computed from the store's own values, wherever it is read.
    #[must_use]
    pub const fn shared(mut self) -> Self {
        self.about.reach = Reach::Store;
        self
    }
}

impl<K, T: PartialEq, E> AsyncFamily<K, T, E> {
    /// A family whose entries `body` computes.
    pub const fn new(
        name: &'static str,
        body: fn(AsyncAtomReader, K) -> BoxFuture<Result<T, E>>,
    ) -> Self {
        let about = About::new(Text::from_static(name), Reach::Local);
        Self { about, body: Call::Plain(body), same: |a, b| *a == *b, keeps: false }
    }

    /// A family made at run time, whose body may use what is at hand: a client, say.
    pub fn dynamic<F>(
        name: impl Into<Text>,
        body: impl Fn(AsyncAtomReader, K) -> F + Send + Sync + 'static,
    ) -> Self
    where
        F: Future<Output = Result<T, E>> + Send + 'static,
    {
        let body = move |cx, key| Box::pin(body(cx, key)) as BoxFuture<_>;
        let about = About::new(name.into(), Reach::Local);
        Self { about, body: Call::Closure(Arc::new(body)), same: |a, b| *a == *b, keeps: false }
    }
}

impl<K, T, E> AsyncFamily<K, T, E> {
    /// Is computed from the store's own values, wherever it is read: each key is fetched once, not once per provider.
    #[must_use]
    pub const fn shared(mut self) -> Self {
        self.about.reach = Reach::Store;
        self
    }
}

impl<K, T> AtomFamily<K, T> {
    fn initial(&self, key: &K) -> T {
        match &self.init {
            Call::Plain(init) => init(key),
            Call::Closure(init) => init(key),
        }
    }
}

impl<K, T> AtomFamily<K, T>
where
    K: Clone + Eq + Hash + Send + Sync + 'static,
    T: Clone + Send + Sync + 'static,
{
    /// The entry of a key in a place, made if it is not in use. It is in use while the handle, a clone of it, or what was made
    /// with it lives.
    ///
    /// # Panics
    ///
    /// If no provider lists the family; inside a lease of a store.
    #[track_caller]
    pub fn entry(&self, at: &impl Place, key: K) -> AtomHandle<T> {
        match self.try_entry(at, key) {
            Ok(entry) => entry,
            Err(error) => fail(&error),
        }
    }

    /// The entry of a key in a place, or why there is none.
    ///
    /// # Errors
    ///
    /// If no provider lists the family, or one around has ended.
    ///
    /// # Panics
    ///
    /// Inside a lease of a store.
    #[track_caller]
    pub fn try_entry(&self, at: &impl Place, key: K) -> Result<AtomHandle<T>, PlaceError> {
        let (slot, site) = slot_at(self, &key, at.at())?;
        let (cell, family) = (slot.cell, self.clone());
        let begins = move || family.initial(&key);
        let atom = Atom::pinned(
            self.about.name.clone(),
            Init::Shared(Arc::new(begins)),
            self.same,
            cell.key(),
        );
        Ok(AtomHandle::new(at.store().clone(), cell, atom, site, Some(slot)))
    }
}

impl<K, T> DerivedFamily<K, T>
where
    K: Clone + Eq + Hash + Send + Sync + 'static,
    T: Send + Sync + 'static,
{
    /// The entry of a key in a place, made if it is not in use. It is in use while the handle, a clone of it, or what was made
    /// with it lives.
    ///
    /// # Panics
    ///
    /// If a provider around has ended; inside a lease of a store.
    #[track_caller]
    pub fn entry(&self, at: &impl Place, key: K) -> ReadHandle<Derived<Arc<T>>> {
        read_entry(self, &key, at)
    }
}

impl<K, T, E> AsyncFamily<K, T, E>
where
    K: Clone + Eq + Hash + Send + Sync + 'static,
    T: Send + Sync + 'static,
    E: Send + Sync + 'static,
{
    /// The entry of a key in a place, made if it is not in use. It is in use while the handle, a clone of it, or what was made
    /// with it lives.
    ///
    /// # Panics
    ///
    /// If a provider around has ended; inside a lease of a store.
    #[track_caller]
    pub fn entry(&self, at: &impl Place, key: K) -> ReadHandle<AsyncDerived<T, E>> {
        read_entry(self, &key, at)
    }
}

#[track_caller]
fn read_entry<F: Kind>(family: &F, key: &F::Key, at: &impl Place) -> ReadHandle<F::Cell>
where
    <F::Cell as Cell>::Value: Clone,
{
    match slot_at(family, key, at.at()) {
        Ok((slot, _)) => {
            let name = family.about().name.clone();
            ReadHandle::new(at.store().clone(), slot.cell, name, Some(slot))
        }
        Err(error) => fail(&error),
    }
}

/// An entry of a family, named for a derivation or a transaction: [`AtomFamily::of`] makes it.
#[derive(Debug)]
pub struct Keyed<'f, F, K> {
    family: &'f F,
    key: K,
}

impl<F, K> sealed::Sealed for Keyed<'_, F, K> {}

impl<K, T> Clone for AtomFamily<K, T> {
    fn clone(&self) -> Self {
        let (about, init) = (self.about.clone(), self.init.clone());
        Self { about, init, same: self.same, keeps: self.keeps }
    }
}

impl<K, T> Clone for DerivedFamily<K, T> {
    fn clone(&self) -> Self {
        let (about, compute) = (self.about.clone(), self.compute.clone());
        Self { about, compute, same: self.same, keeps: self.keeps }
    }
}

impl<K, T, E> Clone for AsyncFamily<K, T, E> {
    fn clone(&self) -> Self {
        let (about, body) = (self.about.clone(), self.body.clone());
        Self { about, body, same: self.same, keeps: self.keeps }
    }
}
