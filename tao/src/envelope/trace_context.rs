//! Which distributed trace a signal is part of: the W3C's `traceparent`.
//!
//! The format is that of [Trace Context](https://www.w3.org/TR/trace-context/#traceparent-header), level 1:
//! `00-<trace id, 32 hex digits>-<parent id, 16 hex digits>-<flags, 2 hex digits>`, in lower case, ids not all zero.
//! Of a later version, what this one knows is read, as that document says.

use super::{ChainValue, ReducerGuard};
use crate::{
    kernel::Kernel,
    sync::atomic::{AtomicU64, Ordering},
};
use std::{
    fmt,
    hash::{BuildHasher, RandomState},
    str::FromStr,
};
use trine_core::Text;

/// Which distributed trace a signal is part of, and who it is in it.
///
/// ```
/// use trine_tao::{AppCtx, Kernel, Store, TraceContext};
///
/// let tao = Kernel::new(&Store::new());
/// let _traces = tao.trace_context();
/// let incoming: TraceContext = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01".parse()?;
/// let _observer = tao.observe(move |observation| {
///     let own = TraceContext::of(observation.chain).unwrap();
///     assert_eq!(own.trace_id, incoming.trace_id);
///     assert_ne!(own.span_id, incoming.span_id); // each signal is a span of its own
/// });
/// tao.cascade_builder(AppCtx::new("App", "Enter", "Portal")).trace_context(incoming).set();
/// # Ok::<_, trine_tao::BadTraceContext>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct TraceContext {
    /// The trace; not 0.
    pub trace_id: u128,
    /// The signal, or who has caused it; not 0.
    pub span_id: u64,
    /// The trace flags; the lowest bit says that the caller records.
    pub flags: u8,
}

/// A text is no `traceparent`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{text}` is no traceparent: expected `00-<32 hex digits>-<16 hex digits>-<2 hex digits>` in lower case, ids not zero"
)]
pub struct BadTraceContext {
    /// The text.
    pub text: Text,
}

impl TraceContext {
    /// What it is called in a [`Chain`](super::Chain).
    pub const KEY: &'static str = "traceparent";

    /// The trace context in a chain, if there is a valid one.
    #[must_use]
    pub fn of(chain: &super::Chain) -> Option<Self> {
        chain.get(Self::KEY)?.as_text()?.parse().ok()
    }
}

impl Kernel {
    /// Gives every signal a [`TraceContext`] in its chain: the trace of the signal before, or the one that it came with, or a
    /// new one; and a span of its own.
    ///
    /// # Panics
    ///
    /// If `traceparent` in the chain has a reducer already.
    #[track_caller]
    pub fn trace_context(&self) -> ReducerGuard {
        // Seeded by the system, and different each time; nothing secret hangs on it.
        self.trace_context_seeded(RandomState::new().hash_one(std::process::id()))
    }

    /// [`trace_context`](Self::trace_context), with ids that follow from a seed: for tests.
    ///
    /// # Panics
    ///
    /// If `traceparent` in the chain has a reducer already.
    #[track_caller]
    pub fn trace_context_seeded(&self, seed: u64) -> ReducerGuard {
        let state = AtomicU64::new(seed);
        self.chain_reducer(TraceContext::KEY, move |step| {
            let before: Option<TraceContext> =
                step.previous.and_then(ChainValue::as_text).and_then(|text| text.parse().ok());
            let (trace_id, flags) = before.map_or_else(
                || ((u128::from(draw(&state)) << 64) | u128::from(draw(&state)), 1),
                |before| (before.trace_id, before.flags),
            );
            let own = TraceContext { trace_id, span_id: draw(&state), flags };
            Some(own.to_string().into())
        })
    }
}

/// The next id: a number of the generator SplitMix64 that is not 0.
fn draw(state: &AtomicU64) -> u64 {
    const STEP: u64 = 0x9e37_79b9_7f4a_7c15;
    let mut number = state.fetch_add(STEP, Ordering::Relaxed).wrapping_add(STEP);
    number = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    (number ^ (number >> 31)).max(1)
}

impl FromStr for TraceContext {
    type Err = BadTraceContext;

    fn from_str(text: &str) -> Result<Self, BadTraceContext> {
        parse(text).ok_or_else(|| BadTraceContext { text: Text::from(text.to_owned()) })
    }
}

fn parse(text: &str) -> Option<TraceContext> {
    let mut parts = text.split('-');
    let version = hex(parts.next()?, 2)?;
    let trace_id = hex(parts.next()?, 32)?;
    let span_id = u64::try_from(hex(parts.next()?, 16)?).ok()?;
    let flags = u8::try_from(hex(parts.next()?, 2)?).ok()?;
    // Version 00 ends here; later ones may go on. ff is none.
    let ends = parts.next().is_none();
    let known = version == 0 && ends || (1..0xff).contains(&version);
    (known && trace_id != 0 && span_id != 0).then_some(TraceContext { trace_id, span_id, flags })
}

fn hex(text: &str, digits: usize) -> Option<u128> {
    let lower = |digit: u8| matches!(digit, b'0'..=b'9' | b'a'..=b'f');
    (text.len() == digits && text.bytes().all(lower))
        .then(|| u128::from_str_radix(text, 16).ok())
        .flatten()
}

impl fmt::Display for TraceContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { trace_id, span_id, flags } = self;
        write!(f, "00-{trace_id:032x}-{span_id:016x}-{flags:02x}")
    }
}
