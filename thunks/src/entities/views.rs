//! Views of entities: cells that follow one of them, and the diffs of all.

use super::{Entity, EntityKey, follow::Followers};
use crate::{
    error::ReadError,
    selector::{Counter, Selector},
    store::{Store, unwrap},
    table::SliceCell,
};
use std::{num::NonZeroUsize, sync::Arc};
use trine_core::{Cell, CellKey, Derived, ListDiffs, Update};

impl<X: Send + Sync + 'static> Store<X> {
    /// Makes a view of one entity: a derived cell with what `select` returns of it, or `None` while there is none of this
    /// key. It is computed when it is read or has subscribers, and again only when that very entity has changed.
    ///
    /// `select` runs inside the lease and must be pure. The cell lives until it is removed from the core store: for a row
    /// of a list say, use an [`entity_selector`](Self::entity_selector), which makes one cell per key and removes them.
    ///
    /// See the [module](crate::entities) for an example.
    ///
    /// # Panics
    ///
    /// If the store has no such slice; inside a lease.
    #[track_caller]
    pub fn select_entity<S, E, R>(
        &self,
        table: &EntityKey<S, E>,
        key: E::Key,
        select: impl Fn(&E) -> R + Send + 'static,
    ) -> Derived<Option<R>>
    where
        S: Send + 'static,
        E: Entity,
        R: PartialEq + Send + 'static,
    {
        let slice = unwrap(self.slice_cell(&table.slice));
        make_view(self.core(), &slice, *table, key, select)
    }

    /// Makes a selector of single entities: for each key that it is asked for, a cell like that of
    /// [`select_entity`](Self::select_entity), always the same one.
    ///
    /// ```
    /// # use trine_thunks::{Action, Entities, EntityKey, SliceKey, Store, action};
    /// # struct Scored(&'static str, u32);
    /// # impl Action for Scored {}
    /// static SCORES: SliceKey<Entities<(&'static str, u32)>> = SliceKey::new("scores");
    /// static BY_NAME: EntityKey<Entities<(&'static str, u32)>, (&'static str, u32)> = SCORES.entities(|scores| scores);
    ///
    /// let scores = SCORES
    ///     .slice(|| Entities::new().with([("Ada", 1), ("Grace", 2)]))
    ///     .on(action::<Scored>(), |scores, Scored(name, more)| scores.update_one(name, |score| score.1 += more));
    /// let store = Store::builder().slice(scores).build()?;
    ///
    /// let score = store.entity_selector(&BY_NAME, |(_, score)| *score);
    /// assert_eq!(store.get(score.at(&"Ada")), Some(1));
    /// assert_eq!(store.get(score.at(&"Grace")), Some(2));
    /// store.dispatch(Scored("Ada", 10));
    /// assert_eq!(store.get(score.at(&"Ada")), Some(11));
    /// assert_eq!(store.get(score.at(&"Grace")), Some(2));
    /// assert_eq!(score.recomputations(), 3, "of Grace once only");
    /// # Ok::<(), trine_thunks::BuildError>(())
    /// ```
    ///
    /// # Panics
    ///
    /// If the store has no such slice.
    #[track_caller]
    pub fn entity_selector<S, E, R>(
        &self,
        table: &EntityKey<S, E>,
        select: impl Fn(&E) -> R + Send + Sync + 'static,
    ) -> Selector<E::Key, Option<R>>
    where
        S: Send + 'static,
        E: Entity,
        R: PartialEq + Send + 'static,
    {
        let slice = unwrap(self.slice_cell(&table.slice));
        let (select, table) = (Arc::new(select), *table);
        let followers = Arc::clone(&slice.followers);
        let make = move |core: &trine_core::Store, key: &E::Key, count: &dyn Fn() -> Counter| {
            let (select, count) = (Arc::clone(&select), count());
            make_view(core, &slice, table, key.clone(), move |entity| {
                count();
                select(entity)
            })
        };
        let forget = move |key: &E::Key, cell: CellKey| {
            followers.with(table.table, |follower| follower.remove_view(key, cell));
        };
        Selector::new(self.core(), make, forget)
    }

    /// The entities of a table as a stream of what changes in their list: inserts, removes, updates and moves, one batch per
    /// dispatch. It begins with all of them. See [`trine_core::Store::diffs`] for the bound, and for filtered, mapped and
    /// sorted views of it.
    ///
    /// While anybody reads, a dispatch costs O(log n) more for each entity that it changes, wherever in the list that is, and a clone
    /// of it for each reader. Nothing is kept beside the table; a reader that lags behind keeps a version of it, and
    /// clones the entities when it reads. Those that are large are better kept in an `Arc`.
    ///
    /// ```
    /// use std::num::NonZeroUsize;
    /// # use trine_thunks::{Action, Entities, EntityKey, SliceKey, Store, action};
    /// # struct Joined(u32, &'static str);
    /// # impl Action for Joined {}
    /// # static NAMES: SliceKey<Entities<(u32, &'static str)>> = SliceKey::new("names");
    /// # static BY_ID: EntityKey<Entities<(u32, &'static str)>, (u32, &'static str)> = NAMES.entities(|names| names);
    /// # let names = NAMES
    /// #     .slice(|| Entities::sorted_by_key(|name: &(u32, &str)| name.1))
    /// #     .on(action::<Joined>(), |names, Joined(id, name)| names.add_one((*id, *name)));
    /// # let store = Store::builder().slice(names).build()?;
    /// let mut diffs = store.entity_diffs(&BY_ID, NonZeroUsize::new(16).unwrap()).map(|name| name.1);
    /// let mut rows = Vec::new();
    /// store.dispatch(Joined(1, "Grace"));
    /// store.dispatch(Joined(2, "Ada"));
    /// while let Some(batch) = diffs.try_next() {
    ///     batch.into_iter().for_each(|diff| diff.apply(&mut rows));
    /// }
    /// assert_eq!(rows, ["Ada", "Grace"]);
    /// # Ok::<(), trine_thunks::BuildError>(())
    /// ```
    ///
    /// # Panics
    ///
    /// If the store has no such slice, or it is torn; inside a lease.
    #[track_caller]
    pub fn entity_diffs<S, E>(&self, table: &EntityKey<S, E>, bound: NonZeroUsize) -> ListDiffs<E>
    where
        S: Send + 'static,
        E: Entity,
    {
        match self.try_entity_diffs(table, bound) {
            Ok(diffs) => diffs,
            Err(error) => panic!("{error}"),
        }
    }

    /// Like [`entity_diffs`](Self::entity_diffs), or says why there are none.
    ///
    /// # Errors
    ///
    /// If the store has no such slice, or it is torn; inside a lease.
    #[track_caller]
    pub fn try_entity_diffs<S, E>(
        &self,
        table: &EntityKey<S, E>,
        bound: NonZeroUsize,
    ) -> Result<ListDiffs<E>, ReadError>
    where
        S: Send + 'static,
        E: Entity,
    {
        let SliceCell { source, followers } = self.slice_cell(&table.slice)?;
        let core = self.core();
        let known = self.in_lease(|| followers.with(table.table, |follower| follower.relay()))?;
        let relay = match known {
            Some(relay) => relay,
            None => {
                let made = core.cell(format!("entities of {}", table.slice.name())).list_relay();
                let relay = self
                    .in_lease(|| followers.with(table.table, |follower| follower.relay_or(made)))?;
                if relay != made {
                    // Somebody else was faster.
                    let _ = core.remove(made);
                }
                relay
            }
        };
        let joined = core.try_updates(|cells| {
            followers.with(table.table, |follower| follower.expect_reader());
            let mut content = None;
            cells.update(source, |state| {
                followers.look(state);
                content = Some((table.table)(state).version());
                Update::Unchanged
            })?;
            followers.tell(cells, true);
            let diffs = content.map(|content| cells.relayed_diffs(relay, content, bound));
            // The telling found that nobody reads, or others only.
            followers.with(table.table, |follower| follower.expect_reader());
            diffs.transpose()
        });
        match joined {
            Ok((Ok(Some(diffs)), _)) => Ok(diffs),
            Ok((Ok(None), _)) => unreachable!("a state that can be updated was looked at"),
            Ok((Err(error), _)) => Err(ReadError::Cell(error)),
            Err(error) => Err(ReadError::Cell(error.into())),
        }
    }

    /// Runs what must not be interrupted by a dispatch.
    #[track_caller]
    fn in_lease<R>(&self, act: impl FnOnce() -> R) -> Result<R, ReadError> {
        match self.core().try_updates(|_| act()) {
            Ok((value, _)) => Ok(value),
            Err(error) => Err(ReadError::Cell(error.into())),
        }
    }
}

/// Makes a cell that looks at one entity, and has it run again whenever that has changed.
#[track_caller]
fn make_view<S, E, R>(
    core: &trine_core::Store,
    slice: &SliceCell<S>,
    table: EntityKey<S, E>,
    key: E::Key,
    select: impl Fn(&E) -> R + Send + 'static,
) -> Derived<Option<R>>
where
    S: Send + 'static,
    E: Entity,
    R: PartialEq + Send + 'static,
{
    let (source, followers): (_, Arc<Followers<S>>) = (slice.source, Arc::clone(&slice.followers));
    let id = key.clone();
    let view = core.derived(move |cx| {
        cx.with_untracked(source, |state| (table.table)(state).get(&id).map(&select))
    });
    core.updates(|cells| {
        followers.with(table.table, |follower| follower.add_view(key, view.key()));
        // From here on the table notes what changes. It cannot be looked at if it is torn, and says so to whoever reads the view.
        let _ = cells.update(source, |state| {
            followers.look(state);
            Update::Unchanged
        });
        followers.tell(cells, true);
    });
    view
}
