//! Which handlers listen to what: the pattern table.
//!
//! # How a signal finds its handlers
//!
//! The parts of *patterns* are interned to small numbers, the wildcard being 0. A signal `{T,A,O}` matches at
//! most the eight patterns `{T|*, A|*, O|*}`, so a dispatch looks up its three parts and probes one map at most
//! eight times, however many patterns there are. Two things make it fewer: a part that no pattern names can only match
//! wildcards, and a *shape* (which axes are wild) that no pattern has is not probed at all.
//!
//! A pattern that names several on an axis stands for one key per combination, each with the same handlers. A signal matches at most
//! one of these, so a set costs a dispatch nothing, and no handler is found twice.
//!
//! Signals leave no trace in the table: it grows with patterns only, and shrinks when their last handler goes.
//!
//! What is found is a list per pattern, which is copied before it changes if a dispatch holds it, so a
//! dispatch that has begun keeps the handlers that it found.

use super::{
    interner::{Interner, WILD},
    inventory::HandlerInfo,
};
use crate::{
    handler::{Contexts, Handler, HandlerId, Phase, Verdict},
    sync::mutant,
    trigram::Trigram,
};
use rustc_hash::FxHashMap;
use std::{
    collections::BTreeMap,
    hash::{Hash, Hasher},
    sync::Arc,
};

/// A pattern as the table knows it: three interned parts.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Key(pub(super) [u32; 3]);

/// As two numbers, which is quicker than the bytes of an array.
impl Hash for Key {
    #[inline]
    fn hash<H: Hasher>(&self, state: &mut H) {
        let [term, action, orient] = self.0;
        state.write_u64(u64::from(term) << 32 | u64::from(action));
        state.write_u32(orient);
    }
}

/// For each set of axes, the shapes in which these are wild, and perhaps others. Bit `n` of a set of axes is axis `n`; bit `n` of a
/// set of shapes is the shape that is wild on the axes of the set `n`.
const WILD_ON: [u8; 8] = {
    let mut shapes = [0; 8];
    let (mut axes, mut shape) = (0, 0);
    while axes < 8 {
        if shape & axes == axes {
            shapes[axes] |= 1 << shape;
        }
        (axes, shape) = if shape == 7 { (axes + 1, 0) } else { (axes, shape + 1) };
    }
    shapes
};

/// The handlers of all patterns.
#[derive(Default)]
pub(crate) struct Table {
    /// The parts of patterns.
    interner: Interner,
    /// The handlers of each pattern that has any.
    bound: FxHashMap<Key, Arc<Bound>>,
    /// How many patterns there are of each shape; bit `n` of the index says that axis `n` is wild.
    shapes: [usize; 8],
    /// The shapes that some pattern has: bit `n` is the shape `n`.
    used: u8,
    /// Who is registered, by number, and where.
    registered: BTreeMap<u64, Registered>,
}

/// A handler that is registered.
struct Registered {
    /// What there is to know of it.
    info: HandlerInfo,
    /// The keys that it is at.
    keys: Vec<Key>,
}

/// The handlers of one pattern.
#[derive(Clone, Default)]
pub(crate) struct Bound {
    pub(super) intercepts: Vec<Arc<Handler<Verdict>>>,
    pub(super) asyncs: Vec<Arc<Handler<Contexts>>>,
    pub(super) inlines: Vec<Arc<Handler<Contexts>>>,
}

/// A handler of either kind of answer, on its way into the table or out of it.
#[derive(Clone)]
pub(crate) enum AnyHandler {
    Gate(Arc<Handler<Verdict>>),
    Reaction(Arc<Handler<Contexts>>),
}

impl Table {
    /// Adds a handler.
    pub(crate) fn insert(&mut self, info: HandlerInfo, handler: &AnyHandler) {
        let keys = self.interner.acquire(info.pattern());
        for key in &keys {
            let bound = self.bound.entry(*key).or_insert_with(|| {
                self.shapes[shape(key)] += 1;
                self.used |= 1 << shape(key);
                Arc::default()
            });
            let bound = Arc::make_mut(bound);
            if mutant("one handler per pattern") {
                *bound = Bound::default();
            }
            match handler.clone() {
                AnyHandler::Gate(handler) => put(&mut bound.intercepts, handler),
                AnyHandler::Reaction(handler) => match handler.id().phase() {
                    Phase::Async => put(&mut bound.asyncs, handler),
                    _ => put(&mut bound.inlines, handler),
                },
            }
        }
        self.registered.insert(info.id().number(), Registered { info, keys });
    }

    /// Removes a handler; returns what is to be dropped once the table is unlocked, since handlers are user code.
    #[must_use]
    pub(crate) fn remove(&mut self, id: HandlerId) -> Option<AnyHandler> {
        let Registered { keys, .. } = self.registered.remove(&id.number())?;
        let mut removed = None;
        for key in &keys {
            if let Some(bound) = self.bound.get_mut(key) {
                let bound = Arc::make_mut(bound);
                removed = match id.phase() {
                    Phase::Intercept => take(&mut bound.intercepts, id).map(AnyHandler::Gate),
                    Phase::Async => take(&mut bound.asyncs, id).map(AnyHandler::Reaction),
                    Phase::Inline => take(&mut bound.inlines, id).map(AnyHandler::Reaction),
                };
                if bound.is_empty() {
                    self.bound.remove(key);
                    self.shapes[shape(key)] -= 1;
                    if self.shapes[shape(key)] == 0 {
                        self.used &= !(1 << shape(key));
                    }
                }
            }
            self.interner.release(key);
        }
        removed
    }

    /// A handler that is registered.
    pub(super) fn handler(&self, id: HandlerId) -> Option<AnyHandler> {
        let bound = self.bound.get(self.registered.get(&id.number())?.keys.first()?)?;
        match id.phase() {
            Phase::Intercept => find(&bound.intercepts, id).map(AnyHandler::Gate),
            Phase::Async => find(&bound.asyncs, id).map(AnyHandler::Reaction),
            Phase::Inline => find(&bound.inlines, id).map(AnyHandler::Reaction),
        }
    }

    /// Who is registered, in the order of registration.
    pub(super) fn registered(&self) -> impl Iterator<Item = &HandlerInfo> {
        self.registered.values().map(|registered| &registered.info)
    }

    /// Hands the handlers of every pattern that matches to `found`, the most specific first.
    #[inline]
    pub(super) fn matching(&self, trigram: &Trigram, mut found: impl FnMut(&Arc<Bound>)) {
        // A part that no pattern names matches wildcards only, and those are the same number.
        let mut parts = [WILD; 3];
        let mut unknown = 0;
        for (axis, name) in trigram.parts().into_iter().enumerate() {
            match self.interner.look(name) {
                Some(number) => parts[axis] = number,
                None => unknown |= 1 << axis,
            }
        }
        let mut shapes = self.used & WILD_ON[unknown];
        while shapes != 0 {
            let shape = shapes.trailing_zeros();
            shapes &= shapes - 1;
            let part = |axis: usize| if shape & (1 << axis) == 0 { parts[axis] } else { WILD };
            if let Some(bound) = self.bound.get(&Key([part(0), part(1), part(2)])) {
                found(bound);
            }
        }
    }

    /// How many patterns have handlers.
    pub(crate) fn len(&self) -> usize {
        self.bound.len()
    }

    /// How many names the patterns use.
    #[cfg(test)]
    pub(super) fn names(&self) -> usize {
        self.interner.len()
    }
}

impl Bound {
    fn is_empty(&self) -> bool {
        self.intercepts.is_empty() && self.asyncs.is_empty() && self.inlines.is_empty()
    }
}

fn shape(key: &Key) -> usize {
    (0..3).filter(|axis| key.0[*axis] == WILD).map(|axis| 1 << axis).sum()
}

/// Adds a handler in the order of the numbers: at the end, unless two threads register at once.
fn put<T>(handlers: &mut Vec<Arc<Handler<T>>>, handler: Arc<Handler<T>>) {
    let number = handler.id().number();
    let place = handlers.partition_point(|other| other.id().number() < number);
    handlers.insert(place, handler);
}

fn take<T>(handlers: &mut Vec<Arc<Handler<T>>>, id: HandlerId) -> Option<Arc<Handler<T>>> {
    let place = place(handlers, id)?;
    Some(handlers.remove(place))
}

fn find<T>(handlers: &[Arc<Handler<T>>], id: HandlerId) -> Option<Arc<Handler<T>>> {
    Some(Arc::clone(&handlers[place(handlers, id)?]))
}

fn place<T>(handlers: &[Arc<Handler<T>>], id: HandlerId) -> Option<usize> {
    handlers.binary_search_by_key(&id.number(), |handler| handler.id().number()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{handler::Outputs, pattern::Pattern};
    use std::panic::Location;

    #[test]
    fn a_table_whose_handlers_are_gone_is_as_empty_as_a_new_one() {
        let mut table = Table::default();
        let mut ids = Vec::new();
        for number in 0..100 {
            let pattern = Pattern::from(([format!("T{number}"), "T".into()], "*", "Portal"));
            let id = HandlerId::new(number, Phase::Inline, Location::caller(), 1);
            let handler = AnyHandler::Reaction(Handler::new(id, |_| ()));
            table.insert(HandlerInfo::new(id, pattern, Outputs::any()), &handler);
            ids.push(id);
        }
        assert_eq!(
            (table.len(), table.names(), table.shapes, table.used),
            (101, 102, [0, 0, 101, 0, 0, 0, 0, 0], 0b100)
        );
        for id in ids {
            drop(table.remove(id));
        }
        assert_eq!((table.len(), table.names(), table.shapes, table.used), (0, 0, [0; 8], 0));
        assert_eq!(table.registered().count(), 0);
    }
}
