//! What observers see.

use crate::{
    cascade::{CascadeId, Conclusion, Ending},
    channel::Circle,
    context::AppCtx,
    envelope::Chain,
    error::CascadeError,
    handler::HandlerId,
    journey::Route,
    kernel::HandlerInfo,
};
use std::{fmt, sync::Arc};
use trine_core::Text;

/// Something that happened to a signal, as told to [`Kernel::observe`](crate::Kernel::observe).
///
/// Its [`Display`](fmt::Display) is one line of a log: `{User,Find,Portal} received`.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct Observation<'a> {
    /// The cascade that the signal belongs to.
    pub cascade: CascadeId,
    /// The number of this dispatch in its cascade, in the order in which they were received; 0 is the signal that was set.
    pub dispatch: u32,
    /// How many chains led to it; 0 for the signal that was set.
    pub hop: u32,
    /// The handler that chained to it; none for the signal that was set.
    pub via: Option<Via>,
    /// The channel to whose handlers it is dispatched; none for those of the kernel.
    pub channel: Option<&'a Text>,
    /// The signal.
    pub context: &'a AppCtx,
    /// What it hands on to those that are chained to it.
    pub chain: &'a Chain,
    /// What happened.
    pub what: What<'a>,
}

/// What happened to a signal.
///
/// Each dispatch passes four waypoints, in this order, each at most once: `Received`, `Concluded`, and, if
/// it has proceeded, `Dispatched` and `Settled`. The others may come in between.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub enum What<'a> {
    /// A dispatch begins. Its handlers are those that match now.
    Received,
    /// No handler matches.
    Unhandled,
    /// It is none of the app's [space](crate::Space).
    OutOfSpace,
    /// The intercepts have decided.
    Concluded(&'a Conclusion),
    /// A handler has returned, without an error.
    Answered {
        /// The handler.
        handler: HandlerId,
        /// What it answered.
        said: Said<'a>,
    },
    /// All async handlers are queued, and the first inline handler is about to be called.
    Dispatched,
    /// All inline handlers are done; what they returned is about to be chained.
    Settled,
    /// Something went wrong.
    Failed(&'a CascadeError),
    /// The cascade was aborted, for this reason. The context is the one that was set.
    Aborted(&'a Text),
    /// The cascade has come to rest: the last that is told of it. The context is the one that was set.
    Rested(&'a Ending),
}

/// What a handler answered.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub enum Said<'a> {
    /// An intercept let the signal pass.
    Passed,
    /// An intercept wants to halt the signal, for this reason.
    Halted(&'a Text),
    /// An intercept wants this one to be dispatched instead.
    Redirected(&'a AppCtx),
    /// An async or inline handler chains to these, perhaps to none.
    Chained(&'a [AppCtx]),
}

/// Something that happened to a handler, as told to [`Kernel::observe_handlers`](crate::Kernel::observe_handlers).
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub enum HandlerEvent<'a> {
    /// It was registered.
    Registered(&'a HandlerInfo),
    /// It was removed.
    Removed(HandlerId),
    /// No signal of the app's [space](crate::Space) can reach it. Whether it is registered all the same is told next.
    Dead(&'a HandlerInfo),
}

impl fmt::Display for HandlerEvent<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Registered(info) => write!(f, "{} registered for {}", info.id(), info.pattern()),
            Self::Removed(id) => write!(f, "{id} removed"),
            Self::Dead(info) => write!(f, "{} for {} is dead", info.id(), info.pattern()),
        }
    }
}

/// How a signal came to be chained.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Via {
    /// The dispatch whose handler returned it.
    pub dispatch: u32,
    /// The handler.
    pub handler: HandlerId,
    /// Which of the contexts that the handler returned it is, starting at 0.
    pub output: u32,
}

/// A signal in its cascade.
#[derive(Clone)]
pub(crate) struct Place {
    pub(crate) cascade: CascadeId,
    pub(crate) dispatch: u32,
    pub(crate) hop: u32,
    pub(crate) via: Option<Via>,
    pub(crate) context: AppCtx,
    /// That of the signal before, until it is received.
    pub(crate) chain: Chain,
    /// Whether it is counted, and its chain its own.
    pub(crate) is_received: bool,
    /// How it came from another kernel, if its cascade did.
    pub(crate) route: Route,
    /// The channel that its cascade was set on: the handlers of that hear what is chained.
    pub(crate) circle: Option<Arc<Circle>>,
    /// Whose handlers are to hear it, if not those of the kernel.
    pub(crate) audience: Option<Arc<Circle>>,
}

impl Place {
    /// The place of the signal that was set.
    pub(crate) fn entry(cascade: CascadeId, context: AppCtx, chain: Chain) -> Self {
        Self {
            cascade,
            dispatch: 0,
            hop: 0,
            via: None,
            context,
            chain,
            is_received: false,
            route: Route::Native,
            circle: None,
            audience: None,
        }
    }

    /// The place of the signal number `output` that `handler` chained to here; its dispatch has no number yet.
    pub(crate) fn next(&self, handler: HandlerId, output: u32, context: AppCtx) -> Self {
        let via = Some(Via { dispatch: self.dispatch, handler, output });
        Self {
            cascade: self.cascade,
            dispatch: 0,
            hop: self.hop + 1,
            via,
            context,
            chain: self.chain.clone(),
            is_received: false,
            route: self.route.next(),
            circle: self.circle.clone(),
            audience: None,
        }
    }

    /// The same signal, for the handlers of `circle`.
    pub(crate) fn heard_by(&self, circle: &Arc<Circle>) -> Self {
        Self { audience: Some(Arc::clone(circle)), ..self.clone() }
    }

    /// Whether this is the dispatch that says what became of the signal that was set.
    pub(crate) fn is_entry(&self) -> bool {
        self.hop == 0 && self.audience.is_none()
    }
}

impl<'a> Observation<'a> {
    pub(crate) fn new(place: &'a Place, what: What<'a>) -> Self {
        let Place { cascade, dispatch, hop, via, ref context, ref chain, ref audience, .. } =
            *place;
        let channel = audience.as_ref().map(|circle| circle.name());
        Self { cascade, dispatch, hop, via, channel, context, chain, what }
    }
}

impl fmt::Display for Observation<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.context, self.what)
    }
}

impl fmt::Display for Said<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Passed => f.write_str("lets it pass"),
            Self::Halted(reason) => write!(f, "halts it: {reason}"),
            Self::Redirected(to) => write!(f, "redirects it to {to}"),
            Self::Chained([]) => f.write_str("is done"),
            Self::Chained(contexts) => {
                f.write_str("chains to ")?;
                for (index, context) in contexts.iter().enumerate() {
                    let comma = if index == 0 { "" } else { ", " };
                    write!(f, "{comma}{context}")?;
                }
                Ok(())
            }
        }
    }
}

impl fmt::Display for What<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Received => f.write_str("received"),
            Self::Unhandled => f.write_str("unhandled"),
            Self::OutOfSpace => f.write_str("out of the space"),
            Self::Concluded(conclusion) => conclusion.fmt(f),
            Self::Answered { handler, said } => write!(f, "{handler} {said}"),
            Self::Dispatched => f.write_str("dispatched"),
            Self::Settled => f.write_str("settled"),
            Self::Failed(error) => write!(f, "failed: {error}"),
            Self::Aborted(reason) => write!(f, "aborted: {reason}"),
            Self::Rested(Ending::Completed) => f.write_str("came to rest"),
            Self::Rested(ending) => write!(f, "came to rest: {ending}"),
        }
    }
}
