//! Who listens to a signal: at most eight look-ups, however many handlers there are.
//!
//! A pattern is found under its *key*: its names, with nothing where it is wild. The keys that a signal has are the eight that come of
//! leaving names out. Walks over a graph go from signals to keys and from keys to handlers, so that each handler is visited
//! once, however many signals it hears: that is what keeps them linear.

use super::Graph;
use crate::{Part, Pattern, Phase, Trigram};
use rustc_hash::FxHashMap;
use trine_core::Text;

/// A name on each axis, or any.
pub(crate) type Key = [Option<Text>; 3];

/// An axis of more names than this counts as wild, so that a row of many names has no more keys than bytes.
const NAMED: usize = 8;

/// The handlers of a graph by what they listen to. Rows that only name a signal are left out.
pub(crate) struct HandlerIndex {
    /// The number of each key.
    numbers: FxHashMap<Key, usize>,
    /// The handlers of each key: indices.
    handlers: Vec<Vec<usize>>,
}

impl HandlerIndex {
    pub(crate) fn new(graph: &Graph) -> Self {
        let mut index = Self { numbers: FxHashMap::default(), handlers: Vec::new() };
        for (at, handler) in
            graph.handlers.iter().enumerate().filter(|(_, node)| node.phase.is_some())
        {
            for key in keys(&handler.pattern) {
                let next = index.handlers.len();
                let number = *index.numbers.entry(key).or_insert(next);
                if number == next {
                    index.handlers.push(Vec::new());
                }
                index.handlers[number].push(at);
            }
        }
        index
    }

    /// How many keys there are.
    pub(crate) fn len(&self) -> usize {
        self.handlers.len()
    }

    /// The numbers of the keys that a signal has.
    pub(crate) fn keys_of(&self, signal: &Trigram) -> impl Iterator<Item = usize> + use<'_> {
        let parts = signal.parts().map(Clone::clone);
        let key = move |mask: usize| -> Key {
            std::array::from_fn(|axis| (mask & (1 << axis) == 0).then(|| parts[axis].clone()))
        };
        (0..8).filter_map(move |mask| self.numbers.get(&key(mask)).copied())
    }

    /// The handlers of a key.
    pub(crate) fn handlers(&self, key: usize) -> &[usize] {
        &self.handlers[key]
    }

    /// The handlers that hear this signal.
    pub(crate) fn hearing<'s>(&'s self, signal: &Trigram) -> impl Iterator<Item = usize> + use<'s> {
        self.keys_of(signal).flat_map(|key| self.handlers[key].iter().copied())
    }

    /// Whether one of that phase hears this signal.
    pub(crate) fn hears(&self, graph: &Graph, signal: &Trigram, phase: Phase) -> bool {
        self.hearing(signal).any(|at| graph.handlers[at].phase == Some(phase))
    }
}

/// The keys under which a pattern is found: one, unless it names several on an axis.
pub(crate) fn keys(pattern: &Pattern) -> Vec<Key> {
    let mut keys: Vec<Key> = vec![[None, None, None]];
    for (axis, part) in pattern.parts().iter().enumerate() {
        let Some(names) = names(part) else { continue };
        let with = |key: &Key, name: &Text| {
            let mut key = key.clone();
            key[axis] = Some(name.clone());
            key
        };
        keys = keys.iter().flat_map(|key| names.iter().map(move |name| with(key, name))).collect();
    }
    keys
}

fn names(part: &Part) -> Option<&[Text]> {
    part.names().filter(|names| names.len() <= NAMED)
}
