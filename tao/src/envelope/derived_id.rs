//! Ids that follow from what a signal was derived from, so that what happens twice can be told.
//!
//! Messages are delivered again: after a lost confirmation, by a retry, after a restart. Where the id of a chained signal is a
//! function of its parent's id, of the handler that chained to it and of which of that handler's contexts it is, the signals that
//! follow from the second delivery have the ids of those that followed from the first, however far away they are.
//! That is the identity that the draft of MESH-SPEC asks for: one hop out, what came twice is known.
//!
//! | part | why it is the same the second time |
//! |---|---|
//! | the parent's id | the signal that was set was given it, or the parent's was derived likewise |
//! | the handler | the place in the source where it was registered, its phase, and which one of those that are registered there it is |
//! | the output | which of its contexts, in its own order |
//!
//! So they hold for one build of a program: where another build has its handlers elsewhere, or one line registers them in another
//! order, ids are others, and what is delivered again is taken for new. What is delivered across an update of the program is best
//! given its id when it is set.

use super::{Chain, ChainStep, ChainValue, ReducerGuard};
use crate::{
    handler::HandlerId,
    kernel::{Core, Kernel},
};
use std::{
    fmt,
    hash::{BuildHasher, RandomState},
    str::FromStr,
};
use trine_core::Text;

/// The id of a signal that follows from its cause: see [`Kernel::derived_ids`].
///
/// 128 bits of FNV-1a. It tells apart what is different by chance, and not what somebody makes alike on purpose: it is no
/// secret and proves nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct DerivedId(u128);

/// A text is no derived id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is no derived id: expected 32 hex digits in lower case")]
pub struct BadDerivedId {
    /// The text.
    pub text: Text,
}

impl DerivedId {
    /// What it is called in a [`Chain`].
    pub const KEY: &'static str = "derivedId";

    /// The id of what has a name of its own: the number of an order, the id of a message.
    #[must_use]
    pub fn of_name(name: &str) -> Self {
        Self(fnv(OFFSET, name.as_bytes()))
    }

    /// The id in a chain, if there is one.
    #[must_use]
    pub fn of(chain: &Chain) -> Option<Self> {
        chain.get(Self::KEY).and_then(Self::of_value)
    }

    fn of_value(value: &ChainValue) -> Option<Self> {
        value.as_text()?.parse().ok()
    }

    /// The id of the context number `output` that `handler` has chained to, starting at 0.
    #[must_use]
    pub fn child(self, handler: HandlerId, output: u32) -> Self {
        let site = handler.location();
        let mut id = fnv(OFFSET, &self.0.to_be_bytes());
        id = fnv(id, site.file().as_bytes());
        // Ends the name, which no file's contains.
        id = fnv(id, &[0, handler.phase() as u8]);
        for number in [site.line(), site.column(), handler.nth(), output] {
            id = fnv(id, &number.to_be_bytes());
        }
        Self(id)
    }

    /// The chain of a signal that leaves the kernel of `core`: without an id that is not its own, where nobody has derived it.
    pub(crate) fn handed_on(core: &Core, chain: &Chain) -> Chain {
        let chain = chain.clone();
        if chain.get(Self::KEY).is_none() || core.reducers().has(Self::KEY) {
            return chain;
        }
        chain.without(Self::KEY)
    }

    /// One that nobody has had.
    fn unique() -> Self {
        let half = || u128::from(RandomState::new().hash_one(std::process::id()));
        Self((half() << 64) | half())
    }

    fn next(step: &ChainStep<'_>) -> Self {
        match (step.previous.and_then(Self::of_value), step.via) {
            (Some(parent), Some(via)) => parent.child(via.handler, via.output),
            (Some(own), None) => own,
            (None, _) => Self::unique(),
        }
    }
}

impl Kernel {
    /// Gives every signal a [`DerivedId`] in its chain: one that is set has the one that it
    /// [came with](crate::CascadeBuilder::derived_id), over a link too, or a new one; one that is chained has the one that
    /// follows from its cause.
    ///
    /// A border to another process can let in each of them once: `wire::Border::once`.
    ///
    /// ```
    /// use trine_tao::{AppCtx, DerivedId, Kernel, Store};
    /// # use std::sync::{Arc, Mutex};
    ///
    /// let tao = Kernel::new(&Store::new());
    /// let _ids = tao.derived_ids();
    /// let _pay = tao.on_inline(("Order", "Place", "Shop"), |cx| cx.transfer(("*", "Pay", "*")));
    /// let seen = Arc::new(Mutex::new(Vec::new()));
    /// # let ids = Arc::clone(&seen);
    /// let _observer = tao.observe(move |observation| {
    ///     if matches!(observation.what, trine_tao::What::Received) {
    ///         ids.lock().unwrap().push(DerivedId::of(observation.chain).unwrap());
    ///     }
    /// });
    /// let order = || AppCtx::new("Order", "Place", "Shop");
    /// for _ in 0..2 {
    ///     // It comes twice: the number of the order says so.
    ///     tao.cascade_builder(order()).derived_id(DerivedId::of_name("order 4711")).set();
    /// }
    /// tao.set(order());
    /// let seen = seen.lock().unwrap();
    /// assert_eq!(seen[..2], seen[2..4]);
    /// assert_ne!(seen[..2], seen[4..]);
    /// ```
    ///
    /// # Panics
    ///
    /// If `derivedId` in the chain has a reducer already.
    #[track_caller]
    pub fn derived_ids(&self) -> ReducerGuard {
        self.chain_reducer(DerivedId::KEY, |step| Some(DerivedId::next(step).to_string().into()))
    }
}

const OFFSET: u128 = 0x6c62_272e_07bb_0142_62b8_2175_6295_c58d;
const PRIME: u128 = 0x0000_0000_0100_0000_0000_0000_0000_013b;

/// FNV-1a (Fowler, Noll, Vo): the same on every machine, which the hashes of the standard library do not promise.
fn fnv(hash: u128, bytes: &[u8]) -> u128 {
    bytes.iter().fold(hash, |hash, byte| (hash ^ u128::from(*byte)).wrapping_mul(PRIME))
}

impl fmt::Display for DerivedId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

impl FromStr for DerivedId {
    type Err = BadDerivedId;

    fn from_str(text: &str) -> Result<Self, BadDerivedId> {
        let digits = text.len() == 32
            && text.bytes().all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f'));
        match u128::from_str_radix(text, 16) {
            Ok(id) if digits => Ok(Self(id)),
            _ => Err(BadDerivedId { text: text.chars().take(64).collect::<String>().into() }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::DerivedId;

    #[test]
    fn the_hash_is_that_of_its_authors() {
        // From the test vectors of the reference implementation.
        assert_eq!(DerivedId::of_name("").to_string(), "6c62272e07bb014262b821756295c58d");
        assert_eq!(DerivedId::of_name("a").to_string(), "d228cb696f1a8caf78912b704e4a8964");
        assert_eq!(DerivedId::of_name("foobar").to_string(), "343e1662793c64bf6f0d3597ba446f18");
    }
}
