//! A handler of the user's on its way into a table.

use super::{AnyHandler, Core, HandlerInfo};
use crate::{
    handler::{Contexts, Handler, Phase, Response, Verdict},
    typed::Listen,
};
use std::panic::Location;

/// A handler that is to be registered, in a kernel or a channel, and what there is to know of it.
pub(crate) struct Newcomer {
    pub(crate) info: HandlerInfo,
    pub(crate) handler: AnyHandler,
}

impl Newcomer {
    /// An intercept, registered by the caller.
    #[track_caller]
    pub(crate) fn gate<P, H, R, M>(core: &Core, pattern: P, handler: H) -> Self
    where
        P: Listen,
        H: Fn(P::Context) -> R + Send + Sync + 'static,
        R: Response<Verdict, M>,
    {
        let id = core.numbers().next(Phase::Intercept, Location::caller());
        let info = HandlerInfo::new(id, pattern.pattern(), R::outputs());
        let handler = Handler::new(id, move |cx| handler(P::hear(cx)));
        Self { info, handler: AnyHandler::Gate(handler) }
    }

    /// An async or inline handler, registered by the caller.
    #[track_caller]
    pub(crate) fn reaction<P, H, R, M>(core: &Core, phase: Phase, pattern: P, handler: H) -> Self
    where
        P: Listen,
        H: Fn(P::Context) -> R + Send + Sync + 'static,
        R: Response<Contexts, M>,
    {
        let id = core.numbers().next(phase, Location::caller());
        let info = HandlerInfo::new(id, pattern.pattern(), R::outputs());
        let handler = Handler::new(id, move |cx| handler(P::hear(cx)));
        Self { info, handler: AnyHandler::Reaction(handler) }
    }
}
