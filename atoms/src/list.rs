//! List atoms: vectors that tell their changes as diffs, and the atoms of their items.

mod split;

pub use split::{ItemGone, ItemHandle, SplitAtom};

use crate::{
    atom::Member,
    definition::{About, Init, Reach},
    derived::{AtomReader, AtomWriter},
    place::{Place, Site},
    provider::Provides,
    readable::{self, Owned, Readable, reading},
    reset::Reset,
    table::{AnyAtom, Maker, Tabled},
};
use std::{fmt, num::NonZeroUsize, sync::Arc};
use trine_core::{
    CellKey, Commit, ListCell, ListDiff, ListDiffs, ListEdit, SubscriptionGuard, Text,
};

/// An atom whose value is a vector that is edited in place: an edit costs what it changes, and readers can be told what
/// has changed instead of the whole.
///
/// ```
/// use trine_atoms::{ListAtom, Store};
///
/// static NAMES: ListAtom<&str> = ListAtom::new("names", || vec!["Ada"]);
///
/// let store = Store::new();
/// NAMES.edit(&store, |names| names.push("Grace"));
/// assert_eq!(NAMES.get(&store), ["Ada", "Grace"]);
/// assert_eq!(NAMES.with(&store, |names| names.len()), 2);
/// ```
///
/// See [`split`](Self::split) for an atom per item. It is no member of a synergy, whose drafts are copies; to edit it in one commit
/// with other atoms, use a [`transaction`](crate::transaction()) or a [`WriteAtom`](crate::WriteAtom).
pub struct ListAtom<T> {
    about: About,
    init: Init<Vec<T>>,
}

impl<T> ListAtom<T> {
    /// An atom that begins with what `init` makes.
    pub const fn new(name: &'static str, init: fn() -> Vec<T>) -> Self {
        let about = About::new(Text::from_static(name), Reach::Anywhere);
        Self { about, init: Init::Function(init) }
    }

    /// An atom made at run time.
    pub fn dynamic(
        name: impl Into<Text>,
        init: impl Fn() -> Vec<T> + Send + Sync + 'static,
    ) -> Self {
        let about = About::new(name.into(), Reach::Anywhere);
        Self { about, init: Init::Shared(Arc::new(init)) }
    }

    /// Has values only where a [`Provider`](crate::Provider) lists the atom.
    #[must_use]
    pub const fn provided(mut self) -> Self {
        self.about.reach = Reach::Provided;
        self
    }
}

impl<T: Clone + Send + Sync + 'static> readable::sealed::Sealed for ListAtom<T> {}
impl<T: Clone + Send + Sync + 'static> readable::sealed::Sealed for &ListAtom<T> {}

/// What is read is a copy of the vector; see [`ListAtom::with`] and [`AtomReader::with_list`] for a look at it.
impl<T: Clone + Send + Sync + 'static> Readable for ListAtom<T> {
    type Shared = Vec<T>;
    type Value = Vec<T>;
    type Cell = ListCell<T>;

    readable::looked_up! {}

    fn about_it(&self) -> &About {
        &self.about
    }

    fn sameness(&self) -> fn(&Vec<T>, &Vec<T>) -> bool {
        |_, _| false
    }
}

impl<T: Clone + Send + Sync + 'static> Owned for ListAtom<T> {
    fn own(shared: &Vec<T>) -> Vec<T> {
        shared.clone()
    }
}

reading! { [T: Clone + Send + Sync + 'static] ListAtom<T>, Vec<T>, Vec<T> }

impl<T: Clone + Send + Sync + 'static> ListAtom<T> {
    /// A copy of the list in a place.
    ///
    /// # Panics
    ///
    /// As [`read`](Self::read).
    #[track_caller]
    pub fn get(&self, at: &impl Place) -> Vec<T> {
        self.read(at)
    }

    /// Looks at the list in a place. `look` runs inside the lease and must be pure.
    ///
    /// # Panics
    ///
    /// As [`read`](Self::read).
    #[track_caller]
    pub fn with<R>(&self, at: &impl Place, look: impl FnOnce(&[T]) -> R) -> R {
        at.store().with(self.cell(at), |items| look(items))
    }

    /// Edits the list in a place: one commit; see [`Store::edit`](trine_core::Store::edit). `edit` runs inside the lease and
    /// must be pure.
    ///
    /// # Panics
    ///
    /// If `edit` panics: if it had changed something before, the list is torn until it is reset. If no provider lists the
    /// atom; inside a lease of a store.
    #[track_caller]
    pub fn edit<R>(&self, at: &impl Place, edit: impl FnOnce(&mut ListEdit<'_, T>) -> R) -> R {
        at.store().edit(self.cell(at), edit)
    }

    /// The list in a place, and its diffs from now on, as a stream that holds at most `capacity` batches; see
    /// [`Store::diffs`](trine_core::Store::diffs).
    ///
    /// # Panics
    ///
    /// As [`subscribe`](Self::subscribe).
    #[track_caller]
    pub fn diffs(&self, at: &impl Place, capacity: NonZeroUsize) -> ListDiffs<T> {
        at.store().diffs(self.cell(at), capacity)
    }

    /// The list in a place, and a subscription that calls back with the diffs of each commit from now on, at most `capacity` of
    /// them at a time; see [`Store::subscribe_diffs`](trine_core::Store::subscribe_diffs).
    ///
    /// # Panics
    ///
    /// As [`subscribe`](Self::subscribe).
    #[track_caller]
    pub fn subscribe_diffs(
        &self,
        at: &impl Place,
        capacity: NonZeroUsize,
        callback: impl FnMut(Vec<ListDiff<T>>) + Send + 'static,
    ) -> (Vec<T>, SubscriptionGuard) {
        at.store().subscribe_diffs(self.cell(at), capacity, callback)
    }

    /// Begins again with the initial list.
    ///
    /// # Panics
    ///
    /// As [`edit`](Self::edit).
    #[track_caller]
    pub fn reset<'p>(&self, at: &'p impl Place) -> Commit<'p> {
        let (cell, items) = (self.cell(at), self.init.make());
        match at.store().try_edit(cell, |list| list.reset(items)) {
            Ok(((), commit)) => commit,
            Err(error) => panic!("{error}"),
        }
    }
}

impl AtomReader<'_, '_> {
    /// Looks at a list.
    ///
    /// # Panics
    ///
    /// If it has no value: the derivation ends here, and the error becomes that of the derived atom.
    #[track_caller]
    pub fn with_list<T, R>(&mut self, list: &ListAtom<T>, look: impl FnOnce(&[T]) -> R) -> R
    where
        T: Clone + Send + Sync + 'static,
    {
        let cell = self.find(list);
        self.cells().with(cell, |items| look(items))
    }
}

impl AtomWriter<'_, '_> {
    /// Edits a list.
    ///
    /// # Panics
    ///
    /// If `edit` panics; the transaction is rolled back.
    #[track_caller]
    pub fn edit<T, R>(
        &mut self,
        list: &ListAtom<T>,
        edit: impl FnOnce(&mut ListEdit<'_, T>) -> R,
    ) -> R
    where
        T: Clone + Send + Sync + 'static,
    {
        let cell = self.find(list);
        self.transaction().edit(cell, edit)
    }
}

impl<T: Clone + Send + Sync + 'static> Tabled for ListAtom<T> {
    type Cell = ListCell<T>;

    fn about(&self) -> &About {
        &self.about
    }

    fn of_key(&self, key: CellKey) -> ListCell<T> {
        ListCell::from_key(key)
    }

    fn make(&self, maker: &mut Maker<'_, '_>, _site: &Arc<Site>) -> ListCell<T> {
        let items = self.init.make();
        maker.cell(&self.about.name).list(items)
    }

    fn atom(&self) -> Option<Arc<dyn AnyAtom>> {
        readable::any(self.clone())
    }
}

impl<T: Clone + Send + Sync + 'static> AnyAtom for ListAtom<T> {
    fn name(&self) -> &Text {
        &self.about.name
    }

    fn reset(&self, _site: &Site, key: CellKey) -> Reset {
        let items = self.init.make();
        // Somebody may have removed it meanwhile.
        Box::new(move |tx| _ = tx.try_edit(ListCell::from_key(key), |list| list.reset(items)))
    }
}

impl<T: Clone + Send + Sync + 'static> Provides for &ListAtom<T> {
    fn list_provided(&self, listed: &mut Vec<Member>) {
        listed.push(Member::of(&self.about));
    }
}

impl<T> Clone for ListAtom<T> {
    fn clone(&self) -> Self {
        Self { about: self.about.clone(), init: self.init.clone() }
    }
}

impl<T> fmt::Debug for ListAtom<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ListAtom").field(&self.about.name).finish()
    }
}
