//! Cells that are removed, alone or with their scope.

use super::{
    operation::Behaviour,
    trace::Entry,
    world::{CellHandle, World, with_cell},
};

impl World {
    pub(super) fn remove(&self, pick: u16) {
        let (position, handle) = self.pick(pick);
        if !self.model().state.0[position].alive {
            let removed = with_cell!(handle, cell => self.store.remove(cell).map(|_| ()));
            assert!(removed.unwrap_err().is_disposed());
            return;
        }
        self.change(
            None,
            vec![],
            |model| {
                model.trace.push(Entry::Disposed { cell: position });
                model.state.0[position].alive = false;
            },
            || {
                let removed = with_cell!(handle, cell => self.store.remove(cell));
                removed.unwrap().number().map(|number| number.get())
            },
        );
    }

    /// A scope with a source, a derivation and one of the cells that there are; it takes the place of the last one.
    pub(super) fn new_scope(&self, picks: [u16; 2], formula: (u8, [u16; 3])) {
        self.end_scope();
        let scope = self.store.scope("scope");
        let source = self.new_source(i64::from(picks[0] % 7), false);
        let (derived, cell) = self.new_derived(formula);
        let mut owned = vec![source, derived];
        scope.adopt(cell);
        let CellHandle::Source(cell) = self.cells.lock().unwrap()[source] else { unreachable!() };
        scope.adopt(cell);
        let (position, handle) = self.pick(picks[1]);
        if self.model().state.0[position].alive && !owned.contains(&position) {
            with_cell!(handle, cell => drop(scope.adopt(cell)));
            owned.push(position);
        }
        *self.scope.lock().unwrap() = Some((scope, owned));
        self.subscribe(derived as u16, Behaviour::Nothing);
    }

    /// Ends the last scope: its cells go in one commit.
    pub(super) fn end_scope(&self) {
        let Some((scope, owned)) = self.scope.lock().unwrap().take() else { return };
        self.change(
            None,
            vec![],
            |model| {
                for cell in owned {
                    model.trace.push(Entry::Disposed { cell });
                    model.state.0[cell].alive = false;
                }
            },
            || {
                let last = self.store.last_commit().get();
                scope.end();
                (self.store.last_commit().get() > last).then_some(last + 1)
            },
        );
    }
}
