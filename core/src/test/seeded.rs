//! Numbers that look random and are the same in every run of a test.

use crate::{
    sync::atomic::{AtomicU64, Ordering},
    text::Text,
};
use std::sync::Arc;

/// A source of ids and numbers that depends on nothing but its seed: for tests of code that would otherwise draw them
/// from the machine. Clones draw from the same sequence.
///
/// ```
/// use trine_core::test::Seeded;
///
/// let ids = Seeded::new(7);
/// let (ada, grace) = (ids.next_id(), ids.next_id());
/// assert_ne!(ada, grace);
/// assert_eq!(Seeded::new(7).next_id(), ada); // the same seed, the same ids
/// ```
///
/// The sequence is SplitMix64 (Steele, Lea, Flood: *Fast splittable pseudorandom number generators*, 2014): no number
/// comes twice before all 2^64 have come, so ids are unique.
#[derive(Debug, Clone)]
pub struct Seeded {
    /// The generator's state. `Relaxed` accesses: only each number's own uniqueness counts.
    state: Arc<AtomicU64>,
}

impl Seeded {
    /// The sequence of `seed`.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self { state: Arc::new(AtomicU64::new(seed)) }
    }

    /// The next id.
    #[must_use]
    pub fn next_id(&self) -> u64 {
        const STEP: u64 = 0x9e37_79b9_7f4a_7c15;
        let state = self.state.fetch_add(STEP, Ordering::Relaxed);
        scramble(state.wrapping_add(STEP))
    }

    /// The next id as a text: `prefix`, a hyphen, 16 hexadecimal digits.
    #[must_use]
    pub fn next_text(&self, prefix: &str) -> Text {
        Text::from(format!("{prefix}-{:016x}", self.next_id()))
    }

    /// A number below `end`, each as likely as the other; 0 if `end` is 0.
    #[must_use]
    pub fn below(&self, end: usize) -> usize {
        // The high half of the product: no bias worth speaking of at such sizes.
        usize::try_from((u128::from(self.next_id()) * end as u128) >> 64).unwrap_or(0)
    }
}

const fn scramble(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}
