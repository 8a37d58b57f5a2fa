//! Weighing what the intercepts say.

use crate::{
    cascade::Conclusion,
    context::AppCtx,
    error::HandlerError,
    handler::{HandlerId, Verdict},
};
use trine_core::Text;

/// What the intercepts of a dispatch have said so far, reduced to what may still count.
///
/// The result does not depend on the order in which they were asked: of each kind, the word of the handler
/// registered first is kept.
#[derive(Default)]
pub(super) struct Ruling {
    halt: Option<(HandlerId, Text)>,
    failure: Option<HandlerError>,
    redirect: Option<(HandlerId, AppCtx)>,
}

impl Ruling {
    #[inline]
    pub(super) fn hear(&mut self, by: HandlerId, verdict: Verdict) {
        match verdict {
            Verdict::Pass => {}
            Verdict::Halt(reason) => keep_first(&mut self.halt, by, reason),
            Verdict::Redirect(to) => keep_first(&mut self.redirect, by, to),
        }
    }

    pub(super) fn fail(&mut self, error: HandlerError) {
        let by = error.handler.number();
        if self.failure.as_ref().is_none_or(|known| by < known.handler.number()) {
            self.failure = Some(error);
        }
    }

    /// A halt beats an error, since both stop and the halt knows why; an error beats a redirect, since it may
    /// have been a halt; a redirect beats a pass.
    #[inline]
    pub(super) fn conclude(self) -> Conclusion {
        match self {
            Self { halt: Some((by, reason)), .. } => Conclusion::Halted { reason, by },
            Self { failure: Some(error), .. } => Conclusion::Failed(error.into()),
            Self { redirect: Some((by, to)), .. } => Conclusion::Redirected { to, by },
            _ => Conclusion::Proceeded,
        }
    }
}

fn keep_first<T>(kept: &mut Option<(HandlerId, T)>, by: HandlerId, said: T) {
    if kept.as_ref().is_none_or(|(known, _)| by.number() < known.number()) {
        *kept = Some((by, said));
    }
}
