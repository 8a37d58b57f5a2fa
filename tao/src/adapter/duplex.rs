//! Signals in and out of something that is no kernel.

use crate::sync::atomic::{AtomicU64, Ordering};
use crate::{
    adapter::{AdapterGuard, Filter},
    cascade::Cascade,
    context::AppCtx,
    envelope::Chain,
    handler::{Contexts, Outputs, Phase, Response, Step},
    journey::{Arrival, Entrance, Journey, Route, SignalId},
    surface::Surface,
};
use std::{fmt, panic::Location, sync::Arc};

/// A way in and out of a kernel or channel, for something that is no kernel: a window, a queue, a script.
///
/// What matches its filter is sent out, once it has passed the intercepts. What comes in is set, and is *not* sent
/// out again; what it leads to is. So an input is not echoed, and its answers are heard.
///
/// ```
/// # let store = trine_core::Store::new();
/// use std::sync::{Arc, Mutex};
/// use trine_tao::{AppCtx, Duplex, Kernel};
///
/// let tao = Kernel::new(&store);
/// let _find = tao.forward_inline(("User", "Find", "Portal"), ("*", "Enter", "*"));
///
/// let sent = Arc::new(Mutex::new(Vec::new()));
/// let out = Arc::clone(&sent);
/// let window = Duplex::new(&tao, ("*", "*", "Portal"), move |cx| out.lock().unwrap().push(cx.to_string()));
///
/// window.set(AppCtx::new("User", "Find", "Portal")); // came from the window: no echo
/// assert_eq!(*sent.lock().unwrap(), ["{User,Enter,Portal}"]);
/// ```
///
/// Clones are handles of one duplex; with the last of them it is taken away.
#[doc(alias = "Source")]
#[doc(alias = "Relay")]
#[derive(Clone)]
pub struct Duplex {
    inner: Arc<Inner>,
}

struct Inner {
    surface: Surface,
    /// What is its own among the signals that came in.
    number: u32,
    /// How many signals came in. Only counted up: no order with other memory is needed.
    entered: AtomicU64,
    /// Where it was made.
    made: &'static Location<'static>,
    _guard: AdapterGuard,
}

impl Duplex {
    /// Sends what matches `filter` to `out`, an inline handler like any other: what it returns is chained, its errors are observed.
    ///
    /// On a channel, it hears what the channel's handlers do.
    #[track_caller]
    pub fn new<H, R, M>(surface: impl Into<Surface>, filter: impl Into<Filter>, out: H) -> Self
    where
        H: Fn(AppCtx) -> R + Send + Sync + 'static,
        R: Response<Contexts, M>,
    {
        let (surface, filter, outputs) = (surface.into(), filter.into(), R::outputs());
        Self::in_phase(Phase::Inline, surface, &filter, &outputs, move |cx| out(cx).into_step())
    }

    /// Sends what matches `filter` before the intercepts' verdict, so that halted signals are sent as well.
    #[track_caller]
    pub fn before_intercepts(
        surface: impl Into<Surface>,
        filter: impl Into<Filter>,
        out: impl Fn(AppCtx) + Send + Sync + 'static,
    ) -> Self {
        let (surface, filter, outputs) = (surface.into(), filter.into(), Outputs::of([]));
        Self::in_phase(Phase::Intercept, surface, &filter, &outputs, move |cx| {
            out(cx);
            Step::Now(Ok(Contexts::default()))
        })
    }

    #[track_caller]
    fn in_phase(
        phase: Phase,
        surface: Surface,
        filter: &Filter,
        outputs: &Outputs,
        out: impl Fn(AppCtx) -> Step<Contexts> + Send + Sync + 'static,
    ) -> Self {
        let core = surface.core();
        core.open_borders();
        let number = core.next_border();
        let guard = surface.adapt_steps(phase, filter, outputs, move |place| {
            let arrival = if place.hop == 0 { place.route.arrival() } else { None };
            if arrival.is_some_and(|arrival| arrival.by == Some(number)) {
                return Step::Now(Ok(Contexts::default()));
            }
            out(place.context.clone())
        });
        let entered = AtomicU64::new(0);
        let made = Location::caller();
        Self { inner: Arc::new(Inner { surface, number, entered, made, _guard: guard }) }
    }

    /// Sets a signal that came in. It is not sent out by this duplex; it is by others.
    pub fn set(&self, context: impl Into<AppCtx>) -> Cascade {
        let Inner { surface, number, entered, .. } = &*self.inner;
        let (core, circle) = (surface.core(), surface.circle().cloned());
        // Like a cascade of the kernel that nobody has set: those are numbered from 1.
        let cascade = (1 << 63) | entered.fetch_add(1, Ordering::Relaxed);
        let signal = SignalId { node: core.node(), cascade, dispatch: *number };
        let journey = Arc::new(Journey::begin(core, circle.as_ref(), None));
        let route = Route::Arrived(Arc::new(Arrival { journey, signal, by: Some(*number) }));
        surface.kernel().enter(Entrance {
            context: context.into(),
            route,
            circle,
            returns: false,
            ask: None,
            chain: Chain::new(),
            timeout: None,
            hop_budget: None,
        })
    }

    /// The kernel or channel.
    #[must_use]
    pub fn surface(&self) -> &Surface {
        &self.inner.surface
    }
}

impl fmt::Debug for Duplex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Duplex").field("made", &self.inner.made).finish_non_exhaustive()
    }
}
