//! What the calls of an action are doing, as an atom.

use crate::{
    definition::{About, Reach},
    place::Site,
    readable::{self, Owned, Readable, reading},
    table::{Maker, Tabled},
};
use std::{fmt, sync::Arc};
use trine_core::{CellKey, Derived, RunsStatus, Text};

/// What the calls of an action are doing: how many are under way, and how the last one ended. Made by
/// [`AsyncAction::status_atom`](crate::AsyncAction::status_atom); read, subscribed to and derived from like any other atom.
///
/// It is one for the whole store, also where it is read from a [`Provider`](crate::Provider).
#[derive(Clone)]
pub struct StatusAtom {
    about: About,
}

impl StatusAtom {
    /// What the runs of a name are doing.
    pub(super) fn of(name: Text) -> Self {
        Self { about: About::new(name, Reach::Store) }
    }
}

impl readable::sealed::Sealed for StatusAtom {}
impl readable::sealed::Sealed for &StatusAtom {}

impl Readable for StatusAtom {
    type Shared = RunsStatus;
    type Value = RunsStatus;
    type Cell = Derived<RunsStatus>;

    readable::looked_up! {}

    fn about_it(&self) -> &About {
        &self.about
    }

    fn sameness(&self) -> fn(&RunsStatus, &RunsStatus) -> bool {
        RunsStatus::eq
    }
}

impl Owned for StatusAtom {
    fn own(shared: &RunsStatus) -> RunsStatus {
        *shared
    }
}

reading! { [] StatusAtom, RunsStatus, RunsStatus }

impl Tabled for StatusAtom {
    type Cell = Derived<RunsStatus>;

    fn about(&self) -> &About {
        &self.about
    }

    fn of_key(&self, key: CellKey) -> Self::Cell {
        Derived::from_key(key)
    }

    fn make(&self, maker: &mut Maker<'_, '_>, _site: &Arc<Site>) -> Self::Cell {
        maker.cell(&self.about.name).status()
    }
}

impl fmt::Debug for StatusAtom {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("StatusAtom").field(&self.about.name).finish()
    }
}
