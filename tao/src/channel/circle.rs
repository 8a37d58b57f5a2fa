//! The handlers of a channel.

use crate::{
    handler::{HandlerId, contain},
    kernel::{AnyHandler, Core, HandlerInfo, Snapshot, Table},
    sync::RwLock,
    trigram::Trigram,
};
use std::{
    fmt,
    sync::{Arc, Weak},
};
use trine_core::Text;

/// The handlers of a channel, which hear what is chained in the cascades that were set on it.
///
/// Cascades hold it, so it may outlive its channel; it is empty then.
pub(crate) struct Circle {
    /// What the channel is called.
    name: Text,
    /// The kernel that it is of.
    core: Weak<Core>,
    /// The handlers; none once the channel is gone.
    table: RwLock<Option<Table>>,
}

impl Circle {
    pub(super) fn new(name: Text, core: &Arc<Core>) -> Arc<Self> {
        let table = RwLock::new(Some(Table::default()));
        Arc::new(Self { name, core: Arc::downgrade(core), table })
    }

    pub(crate) fn name(&self) -> &Text {
        &self.name
    }

    /// The circle, and the kernel that it is of.
    pub(crate) fn home(self: &Arc<Self>) -> (Weak<Core>, Weak<Self>) {
        (self.core.clone(), Arc::downgrade(self))
    }

    /// Adds a handler.
    pub(super) fn insert(&self, info: HandlerInfo, handler: &AnyHandler) {
        if let Some(table) = &mut *self.table.write() {
            table.insert(info, handler);
        }
    }

    /// Removes a handler; returns what is to be dropped outside of all locks.
    #[must_use]
    pub(crate) fn remove(&self, id: HandlerId) -> Option<AnyHandler> {
        self.table.write().as_mut()?.remove(id)
    }

    /// The handlers that match now.
    pub(crate) fn snapshot(&self, trigram: &Trigram) -> Snapshot {
        let table = self.table.read();
        table.as_ref().map_or_else(Snapshot::default, |table| Snapshot::take(table, trigram))
    }

    /// How many distinct patterns have handlers.
    pub(super) fn pattern_count(&self) -> usize {
        self.table.read().as_ref().map_or(0, Table::len)
    }

    /// Drops all handlers; what is under way finds none any more.
    pub(super) fn close(&self) {
        let old = self.table.write().take();
        // Handlers are user code, their drops too: outside of the lock, and a drop must not panic.
        let _ = contain(|| drop(old));
    }
}

impl fmt::Debug for Circle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Circle").field(&self.name).finish()
    }
}
