//! Bridges: signals of one kernel set on another.

use crate::{
    adapter::{AdapterGuard, Filter},
    handler::{Contexts, Outputs, Phase},
    surface::Surface,
};

/// A bridge that is to be made: signals of one kernel or channel are set on another one, with the envelope that they have.
///
/// ```
/// # let store = trine_core::Store::new();
/// use trine_tao::{AppCtx, Bridge, Kernel};
///
/// let (client, server) = (Kernel::new(&store), Kernel::new(&store));
/// let _up = Bridge::new(&client, &server).inline(("*", "*", "Server"));
/// let _down = Bridge::new(&server, &client).inline(("*", "*", "Portal"));
///
/// let _find = server.on_inline(("User", "Find", "Server"), |_| AppCtx::new("User", "Enter", "Portal").term(7_u32));
/// let _enter = client.on_inline(("User", "Enter", "Portal"), |cx| Ok(println!("user {}", cx.term_datum::<u32>()?)));
/// client.set(AppCtx::new("User", "Find", "Server")); // prints "user 7"
/// ```
///
/// # What it does
///
/// A signal that matches enters the other kernel as a signal that is set there: it faces all phases, in a cascade of its own. The bridge
/// returns nothing, so it halts nothing, and what is chained over there stays there unless another bridge brings it back.
///
/// The phase is that in which the signals are heard. In line, they have passed the intercepts here; out of band as well,
/// and the other side is none of the caller's stack; as an intercept, the bridge hears them before any verdict.
///
/// # It cannot loop
///
/// Each signal visits each kernel once, whatever the bridges, rings and meshes included: one that has seen it
/// is not shown it again. What a handler chains to is another signal, which may go back: that is how an answer comes home, to the
/// channel that it was asked on too. Handlers that answer each other across a bridge for ever are
/// stopped by [`KernelBuilder::crossing_budget`](crate::KernelBuilder::crossing_budget).
///
/// A [request](crate::Request) waits for what it leads to in other kernels as well, and may be answered from there.
///
/// # Ownership
///
/// A bridge keeps neither side alive. If the other side is gone, nothing is carried over.
#[derive(Debug)]
#[must_use = "a bridge carries nothing until `inline`, `out_of_band` or `intercept` is called"]
pub struct Bridge {
    from: Surface,
    to: Surface,
}

impl Bridge {
    /// A bridge from one kernel or channel to another. Between surfaces of one kernel there is nothing to
    /// carry: a signal that is there has been there.
    pub fn new(from: impl Into<Surface>, to: impl Into<Surface>) -> Self {
        Self { from: from.into(), to: to.into() }
    }

    /// Carries what matches `filter` over in line.
    #[doc(alias = "inlineBridge")]
    #[track_caller]
    pub fn inline(self, filter: impl Into<Filter>) -> AdapterGuard {
        self.carry(Phase::Inline, &filter.into())
    }

    /// Carries what matches `filter` over out of band.
    #[doc(alias = "asyncBridge")]
    #[track_caller]
    pub fn out_of_band(self, filter: impl Into<Filter>) -> AdapterGuard {
        self.carry(Phase::Async, &filter.into())
    }

    /// Carries what matches `filter` over before the intercepts' verdict.
    #[doc(alias = "interceptBridge")]
    #[track_caller]
    pub fn intercept(self, filter: impl Into<Filter>) -> AdapterGuard {
        self.carry(Phase::Intercept, &filter.into())
    }

    #[track_caller]
    fn carry(self, phase: Phase, filter: &Filter) -> AdapterGuard {
        let Self { from, to } = self;
        from.core().open_borders();
        to.core().open_borders();
        let (source, to) = (from.downgrade(), to.downgrade());
        from.adapt(phase, filter, &Outputs::of([]), move |place| {
            let (Some(source), Some(to)) = (source.upgrade(), to.upgrade()) else {
                return Ok(Contexts::default());
            };
            if let Some(entrance) = place.carried(source.core(), to.core(), to.circle().cloned())? {
                to.kernel().enter(entrance);
            }
            Ok(Contexts::default())
        })
    }
}
