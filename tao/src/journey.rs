//! What a signal takes along: where it has been, and who waits for an answer.
//!
//! # Why bridges cannot loop
//!
//! A kernel that has bridges gives each signal that is set on it a [`Journey`], which everything that follows from the
//! signal shares, in this kernel and in those that it is carried to. Two rules end every circle:
//!
//! - A *signal* visits a kernel once. It keeps its identity ([`SignalId`]: where it came to be) when it is carried
//!   over; the journey notes which kernels have seen it, and a bridge to one of these carries nothing. So rings, meshes and pairs
//!   of bridges deliver each signal to each kernel once, along whichever way was first.
//! - What a handler *chains to* is a new signal, which may go back to where its cause came from: that is how an
//!   answer gets home. Handlers of two kernels that answer each other for ever are stopped by the journey's budget of
//!   crossings, which all its branches share.
//!
//! Over a transport the same is told by the message: the identity, the kernels that have seen it on its way, and the number of
//! crossings (`wire/message.rs`).

use crate::sync::atomic::{AtomicU32, Ordering};
use crate::{
    cascade::CascadeId,
    channel::Circle,
    context::AppCtx,
    envelope::{Chain, DerivedId},
    kernel::Core,
    observe::Place,
    request::Ask,
    sync::Mutex,
    trigram::Trigram,
};
use rustc_hash::FxHashSet;
use std::{
    sync::{Arc, Weak},
    time::Duration,
};

/// The identity of a signal in all the kernels that it visits: where it came to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct SignalId {
    /// The [node](Core::node) of the kernel that it was set or chained in.
    pub(crate) node: u64,
    /// Its cascade there.
    pub(crate) cascade: u64,
    /// Its dispatch in that.
    pub(crate) dispatch: u32,
}

/// How a signal came to be dispatched here.
#[derive(Clone)]
pub(crate) enum Route {
    /// It was set or chained here, in a kernel without bridges.
    Native,
    /// It was set or chained here.
    Within(Arc<Journey>),
    /// It was carried here from another kernel.
    Arrived(Arc<Arrival>),
}

/// How a signal was carried to this kernel.
pub(crate) struct Arrival {
    /// What its travelling belongs to.
    pub(crate) journey: Arc<Journey>,
    /// Who it is.
    pub(crate) signal: SignalId,
    /// The number of the duplex that it came in by, which does not send it back.
    pub(crate) by: Option<u32>,
}

/// What a signal and all that follows from it, in every kernel of this process, have in common.
pub(crate) struct Journey {
    /// How many times signals of it may still be carried over. Only counted down: no order with other memory is needed.
    left: AtomicU32,
    /// Which kernels have seen which of its signals; where a signal came to be is in its identity.
    seen: Mutex<FxHashSet<(SignalId, u64)>>,
    /// The channels that its cascades were set on, for what comes back to their kernels.
    homes: Mutex<Vec<Home>>,
    /// The request that it is made for.
    ask: Option<Arc<Ask>>,
    /// What it has come through to be in this process, if it came over a transport.
    #[cfg(feature = "wire")]
    pub(crate) abroad: Option<Abroad>,
}

/// A channel, and the kernel that it is of.
type Home = (Weak<Core>, Weak<Circle>);

/// What a message has said of the way that its signal has come.
#[cfg(feature = "wire")]
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Abroad {
    /// The signal that came, if it has said who it is.
    pub(crate) signal: Option<SignalId>,
    /// How many times it and its causes were carried over a transport.
    pub(crate) crossings: u32,
    /// The nodes that have seen the signal which the journey began with here.
    pub(crate) seen: Vec<u64>,
    /// The request that its answers are for: the node that has made it, and its number there.
    pub(crate) request: Option<(u64, u64)>,
}

/// What enters a kernel.
pub(crate) struct Entrance {
    /// The signal.
    pub(crate) context: AppCtx,
    /// How it came.
    pub(crate) route: Route,
    /// The channel that it is set on.
    pub(crate) circle: Option<Arc<Circle>>,
    /// Whether it comes back to that channel from another kernel, so that the channel has not heard of it.
    pub(crate) returns: bool,
    /// The request that waits for what follows.
    pub(crate) ask: Option<Arc<Ask>>,
    /// What it brings along.
    pub(crate) chain: Chain,
    /// How long all that follows may take.
    pub(crate) timeout: Option<Duration>,
    /// How many signals may follow, if not as many as the kernel says.
    pub(crate) hop_budget: Option<u32>,
}

/// A signal may not be carried over: its journey's budget of crossings is spent.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{signal} was not carried over: what one signal has led to has crossed between kernels {budget} times, so handlers on both \
     sides most likely answer each other; see `KernelBuilder::crossing_budget`"
)]
pub struct CrossingBudgetError {
    /// The signal that was to be carried over.
    pub signal: Trigram,
    /// How many crossings there were.
    pub budget: u32,
}

impl Route {
    /// How what is chained to such a signal comes to be dispatched.
    #[inline]
    pub(crate) fn next(&self) -> Self {
        match self.journey() {
            None => Self::Native,
            Some(journey) => Self::Within(Arc::clone(journey)),
        }
    }

    #[inline]
    pub(crate) fn journey(&self) -> Option<&Arc<Journey>> {
        match self {
            Self::Native => None,
            Self::Within(journey) => Some(journey),
            Self::Arrived(arrival) => Some(&arrival.journey),
        }
    }

    pub(crate) fn arrival(&self) -> Option<&Arc<Arrival>> {
        match self {
            Self::Arrived(arrival) => Some(arrival),
            _ => None,
        }
    }
}

impl Journey {
    /// A journey that begins in this kernel.
    pub(crate) fn begin(core: &Core, circle: Option<&Arc<Circle>>, ask: Option<Arc<Ask>>) -> Self {
        let homes = circle.map(|circle| circle.home()).into_iter().collect();
        Self {
            left: AtomicU32::new(core.crossing_budget()),
            seen: Mutex::default(),
            homes: Mutex::new(homes),
            ask,
            #[cfg(feature = "wire")]
            abroad: None,
        }
    }

    /// A journey that goes on here, of a signal that came over a transport.
    #[cfg(feature = "wire")]
    pub(crate) fn from_abroad(core: &Core, ask: Option<Arc<Ask>>, abroad: Abroad) -> Self {
        Self { abroad: Some(abroad), ..Self::begin(core, None, ask) }
    }

    /// What a message says of the way of this signal, which leaves the kernel `node`.
    #[cfg(feature = "wire")]
    pub(crate) fn goes_abroad(&self, signal: SignalId, node: u64) -> Abroad {
        let mut seen = vec![node];
        let before = self.abroad.as_ref();
        if let Some(abroad) = before.filter(|abroad| abroad.signal == Some(signal)) {
            seen.extend(&abroad.seen);
        }
        let here = self.seen.lock();
        seen.extend(here.iter().filter(|(own, _)| *own == signal).map(|(_, node)| node));
        drop(here);
        seen.sort_unstable();
        seen.dedup();
        let crossings = before.map_or(0, |abroad| abroad.crossings).saturating_add(1);
        let request = before.and_then(|abroad| abroad.request);
        Abroad { signal: Some(signal), crossings, seen, request }
    }

    #[cfg(feature = "wire")]
    pub(crate) fn ask(&self) -> Option<&Arc<Ask>> {
        self.ask.as_ref()
    }

    /// The channel that it came from when it was in this kernel before.
    fn home(&self, core: &Arc<Core>) -> Option<Arc<Circle>> {
        let homes = self.homes.lock();
        let home =
            homes.iter().find(|(kernel, _)| std::ptr::eq(kernel.as_ptr(), Arc::as_ptr(core)));
        home.and_then(|(_, circle)| circle.upgrade())
    }

    /// Notes the channel that a signal is set on which is carried over now.
    fn note_home(&self, circle: &Arc<Circle>) {
        let home = circle.home();
        let mut homes = self.homes.lock();
        if !homes.iter().any(|(_, known)| known.ptr_eq(&home.1)) {
            homes.push(home);
        }
    }

    /// Counts one crossing; whether there was one left.
    pub(crate) fn cross(&self) -> bool {
        let left = |left: u32| left.checked_sub(1);
        self.left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, left).is_ok()
    }

    /// Notes that the kernel `node` sees the signal; whether that is news.
    fn visit(&self, signal: SignalId, node: u64) -> bool {
        signal.node != node && self.seen.lock().insert((signal, node))
    }
}

impl Place {
    /// The identity of the signal.
    pub(crate) fn signal(&self, core: &Core) -> SignalId {
        match self.route.arrival() {
            Some(arrival) if self.hop == 0 => arrival.signal,
            _ => {
                SignalId { node: core.node(), cascade: self.cascade.get(), dispatch: self.dispatch }
            }
        }
    }

    /// The journey of the signal; a new one, if the kernel had no bridge yet when the signal was set.
    pub(crate) fn journey(&self, core: &Core) -> Arc<Journey> {
        match self.route.journey() {
            Some(journey) => Arc::clone(journey),
            None => Arc::new(Journey::begin(core, self.circle.as_ref(), None)),
        }
    }

    /// What enters the kernel `to` if the signal of `core` at this place is carried there; nothing, if it was there before.
    pub(crate) fn carried(
        &self,
        core: &Core,
        to: &Arc<Core>,
        circle: Option<Arc<Circle>>,
    ) -> Result<Option<Entrance>, CrossingBudgetError> {
        let (signal, journey) = (self.signal(core), self.journey(core));
        if !journey.visit(signal, to.node()) {
            return Ok(None);
        }
        if !journey.cross() {
            let signal = self.context.trigram().clone();
            return Err(CrossingBudgetError { signal, budget: core.crossing_budget() });
        }
        if let Some(circle) = &self.circle {
            journey.note_home(circle);
        }
        let home = if circle.is_none() { journey.home(to) } else { None };
        let (returns, circle) = (home.is_some(), circle.or(home));
        let ask = journey.ask.clone();
        let route = Route::Arrived(Arc::new(Arrival { journey, signal, by: None }));
        let context = self.context.clone();
        Ok(Some(Entrance {
            context,
            route,
            circle,
            returns,
            ask,
            chain: DerivedId::handed_on(core, &self.chain),
            timeout: None,
            hop_budget: None,
        }))
    }
}

impl Entrance {
    /// What is set on the kernel of `core`, or on a channel of it.
    #[inline]
    pub(crate) fn set(
        core: &Core,
        context: AppCtx,
        circle: Option<Arc<Circle>>,
        ask: Option<Arc<Ask>>,
    ) -> Self {
        let route = if core.has_borders() {
            Route::Within(Arc::new(Journey::begin(core, circle.as_ref(), ask.clone())))
        } else {
            Route::Native
        };
        Self {
            context,
            route,
            circle,
            returns: false,
            ask,
            chain: Chain::new(),
            timeout: None,
            hop_budget: None,
        }
    }

    /// Where it is dispatched first, in this cascade.
    #[inline]
    pub(crate) fn into_place(self, cascade: CascadeId) -> Place {
        let Self { context, route, circle, chain, .. } = self;
        Place { route, circle, ..Place::entry(cascade, context, chain) }
    }
}
