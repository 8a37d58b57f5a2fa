//! The parts of patterns as small numbers.

use super::table::Key;
use crate::pattern::{Part, Pattern};
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
    /// Counts one more use of the names of `pattern`.
    pub(super) fn acquire(&mut self, pattern: &Pattern) -> Key {
        pattern.parts().each_ref().map(|part| match part {
            Part::Any => WILD,
            Part::Name(name) => self.acquire_name(name),
        })
    }

    fn acquire_name(&mut self, name: &Text) -> u32 {
        if let Some(&number) = self.numbers.get(name) {
            self.uses[place(number)].1 += 1;
            return number;
        }
        let place = self.uses.insert((name.clone(), 1));
        let number =
            u32::try_from(place + 1).expect("patterns of a kernel use fewer than 2^32 names");
        self.numbers.insert(name.clone(), number);
        number
    }

    /// Takes one use back.
    pub(super) fn release(&mut self, key: &Key) {
        for &number in key.iter().filter(|number| **number != WILD) {
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
    pub(super) fn look(&self, name: &str) -> Option<u32> {
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
