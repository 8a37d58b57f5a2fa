//! Weighing what the intercepts say.

use crate::{
    cascade::Conclusion,
    context::AppCtx,
    error::{CascadeError, HandlerError},
    handler::{HandlerId, Verdict},
};
use std::sync::Arc;
use trine_core::Text;

/// What the intercepts of a dispatch have said so far, reduced to what may still count.
///
/// The result does not depend on the order in which they were asked: of each kind, the word of the handler
/// registered first is kept. As long as all have let it pass, there is nothing to keep.
#[derive(Default)]
pub(super) struct Ruling(Option<Box<Objections>>);

#[derive(Default)]
struct Objections {
    refusal: Option<Arc<CascadeError>>,
    halt: Option<(HandlerId, Text)>,
    failure: Option<HandlerError>,
    redirect: Option<(HandlerId, AppCtx)>,
}

impl Ruling {
    #[inline]
    pub(super) fn hear(&mut self, by: HandlerId, verdict: Verdict) {
        match verdict {
            Verdict::Pass => {}
            Verdict::Halt(reason) => keep_first(&mut self.objections().halt, by, reason),
            Verdict::Redirect(to) => keep_first(&mut self.objections().redirect, by, to),
        }
    }

    pub(super) fn fail(&mut self, error: HandlerError) {
        let by = error.handler.number();
        let failure = &mut self.objections().failure;
        if failure.as_ref().is_none_or(|known| by < known.handler.number()) {
            *failure = Some(error);
        }
    }

    /// The kernel denies the signal: nobody is asked.
    pub(super) fn refuse(error: CascadeError) -> Self {
        let refusal = Some(Arc::new(error));
        Self(Some(Box::new(Objections { refusal, ..Objections::default() })))
    }

    fn objections(&mut self) -> &mut Objections {
        self.0.get_or_insert_default()
    }

    /// A halt beats an error, since both stop and the halt knows why; an error beats a redirect, since it may
    /// have been a halt; a redirect beats a pass.
    #[inline]
    pub(super) fn conclude(self) -> Conclusion {
        match self.0.map(|objections| *objections) {
            None => Conclusion::Proceeded,
            Some(Objections { refusal: Some(error), .. }) => Conclusion::Failed(error),
            Some(Objections { halt: Some((by, reason)), .. }) => Conclusion::Halted { reason, by },
            Some(Objections { failure: Some(error), .. }) => {
                Conclusion::Failed(Arc::new(error.into()))
            }
            Some(Objections { redirect: Some((by, to)), .. }) => Conclusion::Redirected { to, by },
            Some(_) => Conclusion::Proceeded,
        }
    }
}

fn keep_first<T>(kept: &mut Option<(HandlerId, T)>, by: HandlerId, said: T) {
    if kept.as_ref().is_none_or(|(known, _)| by.number() < known.number()) {
        *kept = Some((by, said));
    }
}
