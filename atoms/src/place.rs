//! Places: where atoms have their values.
//!
//! A place is a [`Store`] or a [`Provider`](crate::Provider). Everything that reads or writes atoms takes `&impl Place`.
//! Internally both are *sites*, which form a tree whose root is the store: each knows which definitions it provides, and
//! the cells that it has (`table.rs`).

use crate::{
    definition::{About, Reach, next_id},
    reset::Reset,
    table::Cells,
};
use rustc_hash::FxHashMap;
use std::{
    any::Any,
    fmt,
    panic::Location,
    sync::{
        Arc, Mutex, OnceLock, PoisonError, Weak,
        atomic::{AtomicBool, Ordering},
    },
};
use trine_core::{CellKey, Store, Text, WeakStore};

/// Where atoms have their values: a [`Store`], or a [`Provider`](crate::Provider) in it. Sealed.
pub trait Place: sealed::Sealed {
    /// The store.
    fn store(&self) -> &Store;

    #[doc(hidden)]
    fn at(&self) -> At<'_>;

    /// The provider, if it is one.
    #[doc(hidden)]
    fn provider(&self) -> Option<&crate::Provider> {
        None
    }
}

mod sealed {
    pub trait Sealed {}
    impl Sealed for trine_core::Store {}
    impl Sealed for crate::Provider {}
    impl Sealed for super::Here {}
}

impl Place for Store {
    #[inline]
    fn store(&self) -> &Store {
        self
    }

    #[inline]
    fn at(&self) -> At<'_> {
        At { store: self, site: None }
    }
}

/// A place, borrowed. Named in sealed traits only.
#[derive(Clone, Copy)]
pub struct At<'p> {
    pub(crate) store: &'p Store,
    /// The provider; none is the store itself.
    pub(crate) site: Option<&'p Arc<Site>>,
}

impl At<'_> {
    /// The place's site.
    pub(crate) fn site(&self) -> Arc<Site> {
        match self.site {
            Some(site) => Arc::clone(site),
            None => root(self.store),
        }
    }

    /// The place, to be kept. It does not keep the store alive.
    pub(crate) fn keep(&self) -> Kept {
        Kept { site: self.site.cloned() }
    }
}

impl fmt::Debug for At<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("At")
    }
}

/// What is left of a place when the store is not kept.
#[derive(Clone)]
pub(crate) struct Kept {
    site: Option<Arc<Site>>,
}

impl Kept {
    pub(crate) fn at<'p>(&'p self, store: &'p Store) -> At<'p> {
        At { store, site: self.site.as_ref() }
    }
}

/// A place, kept with its store. It does not keep a provider from ending.
#[derive(Clone)]
pub(crate) struct Here {
    store: Store,
    place: Kept,
}

impl Here {
    pub(crate) fn new(at: At<'_>) -> Self {
        Self { store: at.store.clone(), place: at.keep() }
    }
}

impl Place for Here {
    fn store(&self) -> &Store {
        &self.store
    }

    fn at(&self) -> At<'_> {
        self.place.at(&self.store)
    }
}

/// A node in the tree of places. Named in sealed traits only.
pub struct Site {
    /// Tells it from others; 0 is never one.
    pub(crate) id: u64,
    /// For errors.
    pub(crate) name: Text,
    /// The store; known once the site has been reached from outside.
    store: OnceLock<WeakStore>,
    /// The place around it; none is the store itself.
    pub(crate) parent: Option<Arc<Site>>,
    /// What it provides, with the values to begin with that were given.
    pub(crate) provided: FxHashMap<u64, Option<Box<dyn Any + Send + Sync>>>,
    /// The cells that it has.
    pub(crate) cells: Cells,
    /// Tables of other kinds, of families say, by the identity of the definition.
    tables: Mutex<FxHashMap<u64, Arc<dyn Table>>>,
    /// What goes on after everything has begun again.
    going_on: Mutex<Vec<Weak<dyn GoOn>>>,
    /// The providers inside it.
    pub(crate) inner: Mutex<Vec<Weak<Site>>>,
    /// Whether it has ended.
    pub(crate) ended: AtomicBool,
}

/// A table of a definition in a place.
pub(crate) trait Table: Any + Send + Sync {
    /// The cells in it.
    fn cells(&self, keys: &mut Vec<CellKey>);

    /// What has them begin again.
    fn resets(&self, _resets: &mut Vec<Reset>) {}
}

/// Work that goes on after everything has begun again, and its runs have been aborted.
pub(crate) trait GoOn: Send + Sync {
    fn go_on(&self);
}

/// The store's own site, which it keeps.
struct Root(Arc<Site>);

impl Default for Root {
    fn default() -> Self {
        Self(Arc::new(Site::new(Text::from_static("store"), None, FxHashMap::default())))
    }
}

/// The site of a store.
pub(crate) fn root(store: &Store) -> Arc<Site> {
    let site = Arc::clone(&store.extension::<Root>().0);
    site.store.get_or_init(|| store.downgrade());
    site
}

impl Site {
    pub(crate) fn new(
        name: Text,
        parent: Option<Arc<Self>>,
        provided: FxHashMap<u64, Option<Box<dyn Any + Send + Sync>>>,
    ) -> Self {
        let store = match parent.as_ref().and_then(|parent| parent.store.get()) {
            Some(store) => OnceLock::from(store.clone()),
            None => OnceLock::new(),
        };
        Self {
            id: next_id(),
            name,
            store,
            parent,
            provided,
            cells: Cells::default(),
            tables: Mutex::default(),
            going_on: Mutex::default(),
            inner: Mutex::default(),
            ended: AtomicBool::new(false),
        }
    }

    /// The store, if a handle to it is left.
    pub(crate) fn store(&self) -> Option<Store> {
        self.store.get()?.upgrade()
    }

    /// The site in which a definition has its value, seen from this one.
    #[track_caller]
    pub(crate) fn home_of<'s>(
        self: &'s Arc<Self>,
        about: &About,
    ) -> Result<&'s Arc<Self>, PlaceError> {
        let id = about.id.get();
        let mut site = self;
        loop {
            if site.ended.load(Ordering::Acquire) {
                let (provider, atom) = (site.name.clone(), about.name.clone());
                return Err(PlaceError::Ended { provider, atom, used: Location::caller() });
            }
            let Some(parent) = &site.parent else { break };
            if about.reach != Reach::Store && site.provided.contains_key(&id) {
                return Ok(site);
            }
            site = parent;
        }
        match about.reach {
            Reach::Anywhere | Reach::Store => Ok(site),
            Reach::Local => Ok(self),
            Reach::Provided => {
                let (atom, place) = (about.name.clone(), self.name.clone());
                Err(PlaceError::NotProvided { atom, place, used: Location::caller() })
            }
        }
    }

    /// A table of the definition, made when it is first asked for.
    pub(crate) fn table<X: Table + Default>(&self, id: u64) -> Arc<X> {
        let mut tables = self.tables.lock().unwrap_or_else(PoisonError::into_inner);
        // Ours: its `Default` is no code of the user's.
        let table = tables.entry(id).or_insert_with(|| Arc::new(X::default()));
        let table: Arc<dyn Any + Send + Sync> = Arc::clone(table) as _;
        table.downcast().expect("a definition has one kind of table")
    }

    /// The value that the place was given for a definition.
    pub(crate) fn given<T: Send + Sync + 'static>(&self, id: u64) -> Option<Arc<T>> {
        let given = self.provided.get(&id)?.as_ref()?;
        Some(Arc::clone(given.downcast_ref::<Arc<T>>().expect("an atom has one type")))
    }

    /// Everything that it has.
    pub(crate) fn all_cells(&self) -> Vec<CellKey> {
        let mut keys = self.cells.keys();
        self.each_table(|table| table.cells(&mut keys));
        keys
    }

    /// Whether a definition has been used, seen from here.
    #[cfg(feature = "serde")]
    pub(crate) fn has_used(self: &Arc<Self>, id: u64) -> bool {
        let mut site = self;
        loop {
            match &site.parent {
                Some(parent) if !site.provided.contains_key(&id) => site = parent,
                _ => return site.cells.has(id),
            }
        }
    }

    /// Has `work` told whenever everything has begun again, for as long as it lives.
    pub(crate) fn add_going_on(&self, work: Weak<dyn GoOn>) {
        let mut all = self.going_on.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() == all.capacity() {
            all.retain(|work| work.strong_count() > 0);
        }
        all.push(work);
    }

    /// Tells what goes on that everything has begun again. No lease is held.
    pub(crate) fn go_on(&self) {
        let all: Vec<_> = {
            let all = self.going_on.lock().unwrap_or_else(PoisonError::into_inner);
            all.iter().filter_map(Weak::upgrade).collect()
        };
        all.iter().for_each(|work| work.go_on());
    }

    /// Goes through the tables of families and the like.
    pub(crate) fn each_table(&self, visit: impl FnMut(&Arc<dyn Table>)) {
        let tables: Vec<_> = {
            let tables = self.tables.lock().unwrap_or_else(PoisonError::into_inner);
            tables.values().cloned().collect()
        };
        tables.iter().for_each(visit);
    }

    pub(crate) fn has_cells(&self) -> bool {
        !self.all_cells().is_empty()
    }

    /// What runs that are started in this place are tagged with, so that its end finds them.
    pub(crate) fn tag(&self) -> Text {
        Text::from(format!("provider `{}` {}", self.name, self.id))
    }
}

impl fmt::Debug for Site {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Site").field(&self.name).finish()
    }
}

/// A definition has no value in a place.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PlaceError {
    /// The atom was declared with [`Atom::provided`](crate::Atom::provided), and no provider around lists it.
    #[error(
        "atom `{atom}` was used at {used} in `{place}`, where no provider lists it: \
         build a provider with `.provide(..)` around, or give the atom a value everywhere by not declaring it `provided`"
    )]
    NotProvided {
        /// The atom's name.
        atom: Text,
        /// The place that it was looked for from.
        place: Text,
        /// Where it was used.
        used: &'static Location<'static>,
    },
    /// The provider, or one around it, has ended.
    #[error("atom `{atom}` was used at {used} in provider `{provider}`, which has ended")]
    Ended {
        /// The provider's name.
        provider: Text,
        /// The atom's name.
        atom: Text,
        /// Where it was used.
        used: &'static Location<'static>,
    },
}
