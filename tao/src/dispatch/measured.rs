//! Spans of `tracing`, as long as what they stand for: a cascade, a dispatch, a handler.
//!
//! Whether anybody wants them is asked once per cascade, when it is set; where nobody does, that is all. Their target is `trine_tao`
//! and their level `DEBUG`. A span lasts from the beginning to the end, waiting included; it is entered while code runs for it, so what handlers
//! log is inside of theirs.

use crate::{
    cascade::CascadeId,
    context::AppCtx,
    handler::{HandlerId, contain},
    observe::Place,
};
use std::fmt;
use tracing::{Level, Span, field};

/// A span, if anybody wants it.
#[derive(Clone, Default)]
pub(super) struct Measured(Option<Box<Span>>);

impl Measured {
    /// The span of a cascade that is being set.
    #[inline]
    pub(super) fn cascade(id: CascadeId, context: &AppCtx) -> Self {
        if !tracing::span_enabled!(target: "trine_tao", Level::DEBUG) {
            return Self(None);
        }
        Self::some(tracing::debug_span!(
            target: "trine_tao", "cascade", id = id.get(), signal = %context
        ))
    }

    /// The span of a dispatch in this cascade.
    #[inline]
    pub(super) fn dispatch(&self, place: &Place) -> Self {
        let Some(cascade) = &self.0 else { return Self(None) };
        Self::some(tracing::debug_span!(
            target: "trine_tao", parent: &**cascade, "dispatch",
            signal = %place.context,
            dispatch = place.dispatch,
            hop = place.hop,
            via = place.via.map(|via| via.dispatch),
            conclusion = field::Empty,
        ))
    }

    /// The span of a handler in this dispatch, or this cascade.
    #[inline]
    pub(super) fn handler(&self, id: HandlerId) -> Self {
        let Some(parent) = &self.0 else { return Self(None) };
        Self::some(tracing::debug_span!(
            target: "trine_tao", parent: &**parent, "handler",
            phase = %id.phase(),
            at = %id.location(),
            error = field::Empty,
        ))
    }

    /// The span of an async handler of this cascade, from when it is queued. It follows from its dispatch, which ends without it.
    #[inline]
    pub(super) fn fork(&self, id: HandlerId, dispatch: &Self) -> Self {
        let handler = self.handler(id);
        if let (Some(handler), Some(dispatch)) = (&handler.0, &dispatch.0) {
            handler.follows_from(dispatch.id());
        }
        handler
    }

    #[cold]
    fn some(span: Span) -> Self {
        Self(Some(Box::new(span)))
    }

    /// Runs `f` inside the span.
    #[inline]
    pub(super) fn inside<R>(&self, f: impl FnOnce() -> R) -> R {
        match &self.0 {
            None => f(),
            Some(span) => span.in_scope(f),
        }
    }

    /// Fills in a field.
    #[inline]
    pub(super) fn record(&self, name: &'static str, value: &impl fmt::Display) {
        if let Some(span) = &self.0 {
            // An error of the user's, perhaps.
            let _ = contain(|| span.record(name, field::display(value)).id());
        }
    }
}
