//! Providers: parts of an app that have values of their own for some atoms.

use crate::{
    atom::{Atom, Member},
    place::{At, Place, Site, root},
    synergy::{AtomList, Atoms},
};
use rustc_hash::FxHashMap;
use std::{
    any::Any,
    fmt,
    sync::{Arc, PoisonError, atomic::Ordering},
};
use trine_core::{Store, Text, after_lease};

/// A part of an app that has values of its own for the atoms that it lists; the rest is that of the place around it.
///
/// A read or a write from a provider goes to the nearest one that lists the atom, on the way out to the store. So several
/// instances of one form have each their own fields, and all of them the one user:
///
/// ```
/// use trine_atoms::{Atom, Provider, Store};
///
/// static USER: Atom<&str> = Atom::new("user", || "nobody");
/// static NAME: Atom<String> = Atom::new("name", String::new);
/// static EMAIL: Atom<Option<String>> = Atom::new("email", || Some("a@example.org".to_owned()));
///
/// let store = Store::new();
/// let form = || Provider::builder("form", &store).provide(&NAME).provide_with(&EMAIL, None).build();
/// let (left, right) = (form(), form());
///
/// NAME.set(&left, "Ada".to_owned());
/// USER.set(&left, "ada"); // not the form's: the store's
/// assert_eq!((NAME.get(&left).as_str(), NAME.get(&right).as_str()), ("Ada", ""));
/// assert_eq!((USER.get(&right), USER.get(&store)), ("ada", "ada"));
/// assert_eq!(EMAIL.get(&left), None); // an initial value like any other
/// ```
///
/// A derived atom is computed from what is to be found where it is read.
///
/// A clone is the same provider. It ends with [`end`](Self::end), or when the last clone is dropped: its inner providers
/// end, actions that were started in it are aborted, and its cells are removed, in this order; what is derived from them
/// outside fails, subscriptions and watches of them end, and to use an atom in it is
/// [`PlaceError::Ended`](crate::PlaceError::Ended).
#[derive(Clone)]
#[must_use = "a provider ends when it is dropped"]
pub struct Provider {
    owner: Arc<Owner>,
}

/// Ends a site when the last handle is dropped.
struct Owner {
    store: Store,
    site: Arc<Site>,
    /// The providers around it end later.
    _around: Option<Provider>,
}

/// Lists what a [`Provider`] provides.
#[must_use = "a builder makes no provider until `build` is called"]
pub struct ProviderBuilder {
    name: Text,
    store: Store,
    parent: Arc<Site>,
    around: Option<Provider>,
    provided: FxHashMap<u64, Option<Box<dyn Any + Send + Sync>>>,
}

/// What a provider can list: an atom of any kind, a family, a synergy, or a tuple of atoms and synergies. Sealed.
pub trait Provides: crate::readable::sealed::Sealed {
    #[doc(hidden)]
    fn list_provided(&self, listed: &mut Vec<Member>);
}

impl<L: AtomList + Clone> Provides for L {
    fn list_provided(&self, listed: &mut Vec<Member>) {
        self.clone().into_atoms().list(listed);
    }
}

impl Provider {
    /// Begins a provider in a place: a store, or another provider. The name is for errors.
    pub fn builder(name: impl Into<Text>, around: &impl Place) -> ProviderBuilder {
        let at = around.at();
        ProviderBuilder {
            name: name.into(),
            store: at.store.clone(),
            parent: at.site.map_or_else(|| root(at.store), Arc::clone),
            around: around.provider().cloned(),
            provided: FxHashMap::default(),
        }
    }

    /// The name.
    #[must_use]
    pub fn name(&self) -> &Text {
        &self.owner.site.name
    }

    /// Ends the provider, and those inside it; see [`Provider`]. A second call does nothing. Inside a lease, it ends when
    /// the lease does.
    #[track_caller]
    pub fn end(&self) {
        let (store, site) = (self.owner.store.clone(), Arc::clone(&self.owner.site));
        after_lease(move || end(&store, &site));
    }

    /// Whether the provider has ended.
    #[must_use]
    pub fn is_ended(&self) -> bool {
        self.owner.site.ended.load(Ordering::Acquire)
    }

    /// What runs that are started here are tagged with, in the store's [`Runs`](trine_core::Runs).
    #[must_use]
    pub fn tag(&self) -> Text {
        self.owner.site.tag()
    }
}

impl ProviderBuilder {
    /// Has the provider have values of its own for these: an atom, a family, a synergy, or a tuple of atoms and synergies.
    /// They begin with their initial values.
    pub fn provide(mut self, list: impl Provides) -> Self {
        let mut listed = Vec::new();
        list.list_provided(&mut listed);
        for member in listed {
            self.provided.entry(member.id()).or_insert(None);
        }
        self
    }

    /// Has the provider have a value of its own for an atom, and begin with this one.
    pub fn provide_with<T>(mut self, atom: &Atom<T>, value: T) -> Self
    where
        T: Clone + Send + Sync + 'static,
    {
        self.provided.insert(atom.id(), Some(Box::new(Arc::new(value))));
        self
    }

    /// Makes the provider. If the one around has ended, so has this one.
    pub fn build(self) -> Provider {
        let Self { name, store, parent, around, provided } = self;
        let site = Arc::new(Site::new(name, Some(Arc::clone(&parent)), provided));
        {
            let mut inner = parent.inner.lock().unwrap_or_else(PoisonError::into_inner);
            // Those that have ended are forgotten now and then.
            if inner.len() == inner.capacity() {
                inner.retain(|site| site.strong_count() > 0);
            }
            inner.push(Arc::downgrade(&site));
        }
        if parent.ended.load(Ordering::Acquire) {
            site.ended.store(true, Ordering::Release);
        }
        Provider { owner: Arc::new(Owner { store, site, _around: around }) }
    }
}

/// Ends a site and what is in it. No lease is held.
fn end(store: &Store, site: &Arc<Site>) {
    // Outer before inner, so that none is added; ended the other way round. A list instead of recursion: they nest deep.
    let mut found = vec![Arc::clone(site)];
    let mut next = 0;
    while let Some(site) = found.get(next).cloned() {
        site.ended.store(true, Ordering::Release);
        let inner = std::mem::take(&mut *site.inner.lock().unwrap_or_else(PoisonError::into_inner));
        found.extend(inner.iter().filter_map(std::sync::Weak::upgrade));
        next += 1;
    }
    for site in found.into_iter().rev() {
        let reason = format!("provider `{}` has ended", site.name);
        store.runs().tagged(site.tag()).abort_all(reason);
        let owner = store.scope(site.name.clone());
        for key in site.all_cells() {
            // Its order is that of a set; those that read are removed with those that are read, in one commit.
            let _ = owner.try_adopt(trine_core::Derived::<()>::from_key(key));
        }
        owner.end();
    }
}

impl Drop for Owner {
    fn drop(&mut self) {
        let (store, site) = (self.store.clone(), Arc::clone(&self.site));
        if !site.ended.load(Ordering::Acquire) || site.has_cells() {
            after_lease(move || end(&store, &site));
        }
    }
}

impl Place for Provider {
    #[inline]
    fn store(&self) -> &Store {
        &self.owner.store
    }

    #[inline]
    fn at(&self) -> At<'_> {
        At { store: &self.owner.store, site: Some(&self.owner.site) }
    }

    fn provider(&self) -> Option<&Self> {
        Some(self)
    }
}

impl fmt::Debug for Provider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Provider")
            .field("name", self.name())
            .field("ended", &self.is_ended())
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for ProviderBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ProviderBuilder").field("name", &self.name).finish_non_exhaustive()
    }
}
