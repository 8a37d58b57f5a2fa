//! The value of a derived atom in a call of an action: it is given, and never written.

use super::{
    conflict::FlushError,
    piece::{AnyPiece, Reading},
    pieces::Pieces,
    seen::{AnySeen, SeenDerived},
};
use std::{fmt, sync::Arc};
use trine_core::{CellError, Derived, Text};

/// The value of a derived atom, as a handler is given it. Named in sealed traits only.
pub struct Given<T> {
    name: Text,
    cell: Option<(Derived<Arc<T>>, Arc<T>)>,
}

impl<T: Send + Sync + 'static> Given<T> {
    pub(crate) fn open(
        name: Text,
        cell: Derived<Arc<T>>,
        reading: &mut impl Reading,
    ) -> Result<Self, CellError> {
        Ok(Self { name, cell: Some((cell, reading.read(cell)?)) })
    }

    /// One that the handler has had.
    pub(crate) fn taken() -> Self {
        Self { name: Text::from_static(""), cell: None }
    }

    pub(crate) fn value(&self) -> Arc<T> {
        let (_, value) = self.cell.as_ref().expect("it is taken once, after it was opened");
        Arc::clone(value)
    }
}

impl<T: Send + Sync + 'static> Pieces for Given<T> {
    fn each(
        &mut self,
        _visit: &mut dyn FnMut(&mut dyn AnyPiece) -> Result<(), FlushError>,
    ) -> Result<(), FlushError> {
        Ok(())
    }

    fn given(&self, seen: &mut Vec<Arc<dyn AnySeen>>) {
        if let Some((cell, value)) = &self.cell {
            let (name, value) = (self.name.clone(), Arc::clone(value));
            seen.push(Arc::new(SeenDerived { name, cell: *cell, value }));
        }
    }
}

impl<T> fmt::Debug for Given<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Given").field(&self.name).finish()
    }
}
