//! The parts of patterns as small numbers.

use super::table::Key;
use crate::pattern::Pattern;
use rustc_hash::FxHashMap;
use slab::Slab;
use trine_core::Text;

/// The number of the wildcard.
pub(super) const WILD: u32 = 0;

/// The names that patterns use, counted, so that a name goes with its last pattern.
#[derive(Default)]
pub(super) struct Interner {
    /// The number of each name: its place in `uses`, plus one.
    numbers: FxHashMap<Text, u32>,
    /// How often each name is used.
    uses: Slab<(Text, usize)>,
}

impl Interner {
    /// The keys that stand for `pattern`: one for each combination of the names that its parts may be. Counts one more use of
    /// each name of each key.
    pub(super) fn acquire(&mut self, pattern: &Pattern) -> Vec<Key> {
        let mut keys = vec![Key([WILD; 3])];
        for (axis, part) in pattern.parts().iter().enumerate() {
            let Some(names) = part.names() else { continue };
            keys = keys
                .iter()
                .flat_map(|key| names.iter().map(move |name| (*key, name)))
                .map(|(mut key, name)| {
                    key.0[axis] = self.number(name);
                    key
                })
                .collect();
        }
        for number in keys.iter().flat_map(|key| &key.0).filter(|number| **number != WILD) {
            self.uses[place(*number)].1 += 1;
        }
        keys
    }

    /// The number of a name, which may be new.
    fn number(&mut self, name: &Text) -> u32 {
        if let Some(&number) = self.numbers.get(name) {
            return number;
        }
        let place = self.uses.insert((name.clone(), 0));
        let number =
            u32::try_from(place + 1).expect("patterns of a kernel use fewer than 2^32 names");
        self.numbers.insert(name.clone(), number);
        number
    }

    /// Takes one use back.
    pub(super) fn release(&mut self, key: &Key) {
        for &number in key.0.iter().filter(|number| **number != WILD) {
            let (name, uses) = &mut self.uses[place(number)];
            *uses -= 1;
            if *uses == 0 {
                self.numbers.remove(&**name);
                self.uses.remove(place(number));
            }
        }
    }

    /// The number of a name that some pattern uses.
    #[inline]
    pub(super) fn look(&self, name: &Text) -> Option<u32> {
        self.numbers.get(name).copied()
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.numbers.len()
    }
}

fn place(number: u32) -> usize {
    number as usize - 1
}
