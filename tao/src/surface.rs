//! Where signals are set and heard: a kernel, or a channel of one.

use crate::{
    adapter::{AdapterGuard, Filter},
    cascade::Cascade,
    channel::{Channel, Circle, WeakChannel},
    context::AppCtx,
    error::HandlerError,
    handler::{BoxError, Contexts, Handler, HandlerId, Outputs, Phase, Step, Verdict},
    kernel::{AnyHandler, Core, HandlerGuard, HandlerInfo, Kernel, Newcomer, WeakKernel},
    observe::Place,
};
use std::{panic::Location, sync::Arc};

/// Where signals are set and heard: a [`Kernel`], or a [`Channel`] of one. Adapters work with both.
///
/// ```
/// # let store = trine_core::Store::new();
/// use trine_tao::{AppCtx, Kernel, Surface};
///
/// fn greet(surface: impl Into<Surface>) {
///     surface.into().set(AppCtx::new("App", "Enter", "Portal"));
/// }
/// let tao = Kernel::new(&store);
/// greet(&tao);
/// greet(&tao.channel("client"));
/// ```
#[derive(Debug, Clone)]
pub enum Surface {
    /// A whole kernel: everything that is dispatched in it.
    Kernel(Kernel),
    /// A channel: what is chained in cascades that were set on it.
    Channel(Channel),
}

/// A surface that is not kept alive, as adapters hold it: two bridges in opposite directions are no circle then.
#[derive(Clone)]
pub(crate) enum WeakSurface {
    Kernel(WeakKernel),
    Channel(WeakChannel),
}

impl Surface {
    /// Sets a signal: see [`Kernel::set`] and [`Channel::set`].
    pub fn set(&self, context: impl Into<AppCtx>) -> Cascade {
        match self {
            Self::Kernel(kernel) => kernel.set(context),
            Self::Channel(channel) => channel.set(context),
        }
    }

    /// The kernel, or the one that the channel is of.
    #[must_use]
    pub fn kernel(&self) -> &Kernel {
        match self {
            Self::Kernel(kernel) => kernel,
            Self::Channel(channel) => channel.kernel(),
        }
    }

    pub(crate) fn core(&self) -> &Arc<Core> {
        self.kernel().core()
    }

    /// The channel's handlers, if it is one.
    pub(crate) fn circle(&self) -> Option<&Arc<Circle>> {
        match self {
            Self::Kernel(_) => None,
            Self::Channel(channel) => Some(channel.circle()),
        }
    }

    pub(crate) fn downgrade(&self) -> WeakSurface {
        match self {
            Self::Kernel(kernel) => WeakSurface::Kernel(kernel.downgrade()),
            Self::Channel(channel) => WeakSurface::Channel(channel.downgrade()),
        }
    }

    /// Registers `body` as a handler of `phase` for the signals that `filter` lets through, for each of them once.
    ///
    /// `outputs` is what it may chain to, for whoever asks. In the phase of intercepts it lets everything pass; an error of it is observed there as in the others.
    #[track_caller]
    pub(crate) fn adapt<F>(
        &self,
        phase: Phase,
        filter: &Filter,
        outputs: &Outputs,
        body: F,
    ) -> AdapterGuard
    where
        F: Fn(&Place) -> Result<Contexts, BoxError> + Send + Sync + 'static,
    {
        self.adapt_steps(phase, filter, outputs, move |place| Step::Now(body(place)))
    }

    /// The same, for what may have to wait; not for intercepts, which would have everything wait.
    #[track_caller]
    pub(crate) fn adapt_steps<F>(
        &self,
        phase: Phase,
        filter: &Filter,
        outputs: &Outputs,
        body: F,
    ) -> AdapterGuard
    where
        F: Fn(&Place) -> Step<Contexts> + Send + Sync + 'static,
    {
        let (at, body) = (Location::caller(), Arc::new(body));
        let guards = filter.patterns().iter().enumerate().map(|(number, pattern)| {
            let (filter, body) = (filter.clone(), Arc::clone(&body));
            let id = self.core().numbers().next(phase, at);
            let once = move |place: &Place| {
                if filter.lets_through(number, &place.context) {
                    body(place)
                } else {
                    Step::Now(Ok(Contexts::default()))
                }
            };
            let handler = match phase {
                Phase::Intercept => AnyHandler::Gate(self.onlooker(id, once)),
                Phase::Async | Phase::Inline => AnyHandler::Reaction(Handler::adapter(id, once)),
            };
            let info = HandlerInfo::new(id, pattern.clone(), outputs.clone()).of_adapter();
            self.register(Newcomer { info, handler })
        });
        AdapterGuard::new(guards.collect())
    }

    /// An intercept that lets everything pass.
    fn onlooker(
        &self,
        id: HandlerId,
        body: impl Fn(&Place) -> Step<Contexts> + Send + Sync + 'static,
    ) -> Arc<Handler<Verdict>> {
        let core = Arc::downgrade(self.core());
        Handler::adapter(id, move |place| {
            if let (Step::Now(Err(error)), Some(core)) = (body(place), core.upgrade()) {
                let signal = place.context.trigram().clone();
                let error = HandlerError { signal, handler: id, cause: error.into() };
                core.report(place, &error.into());
            }
            Step::Now(Ok(Verdict::Pass))
        })
    }

    fn register(&self, newcomer: Newcomer) -> HandlerGuard {
        match self {
            Self::Kernel(kernel) => kernel.register(newcomer),
            Self::Channel(channel) => channel.register(newcomer),
        }
    }
}

impl WeakSurface {
    pub(crate) fn upgrade(&self) -> Option<Surface> {
        match self {
            Self::Kernel(kernel) => kernel.upgrade().map(Surface::Kernel),
            Self::Channel(channel) => channel.upgrade().map(Surface::Channel),
        }
    }
}

impl From<&Kernel> for Surface {
    fn from(kernel: &Kernel) -> Self {
        Self::Kernel(kernel.clone())
    }
}

impl From<&Channel> for Surface {
    fn from(channel: &Channel) -> Self {
        Self::Channel(channel.clone())
    }
}

impl From<&Surface> for Surface {
    fn from(surface: &Surface) -> Self {
        surface.clone()
    }
}

impl From<Kernel> for Surface {
    fn from(kernel: Kernel) -> Self {
        Self::Kernel(kernel)
    }
}

impl From<Channel> for Surface {
    fn from(channel: Channel) -> Self {
        Self::Channel(channel)
    }
}
