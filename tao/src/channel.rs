//! Channels: handlers of one client, one connection or one request, beside those of everyone.

mod circle;

pub(crate) use circle::Circle;

use crate::{
    adapter::{AdapterGuard, Filter},
    cascade::Cascade,
    context::AppCtx,
    handler::{Contexts, Outputs, Phase, Response, Verdict},
    journey::Entrance,
    kernel::{HandlerGuard, Kernel, Newcomer},
    surface::Surface,
    typed::Listen,
};
use std::{
    fmt,
    sync::{Arc, Weak},
};
use trine_core::Text;

/// A part of a kernel for one client, one connection or one request: handlers that hear only what follows from what was
/// set on it.
///
/// A signal that is set on a channel goes through the handlers of the kernel like any other. What is *chained* in that
/// cascade is dispatched to the channel's own handlers too, right before those of the kernel; so a connection learns what came of its
/// own requests, and of nobody else's. The signal that was set is not shown to the channel: who set it knows it.
///
/// ```
/// # let store = trine_core::Store::new();
/// use std::sync::{Arc, Mutex};
/// use trine_tao::{AppCtx, Kernel};
///
/// let tao = Kernel::new(&store);
/// let _find = tao.on_inline(("User", "Find", "Portal"), |cx| cx.transfer(("*", "Enter", "*")));
///
/// let (one, two) = (tao.channel("client 1"), tao.channel("client 2"));
/// let told = Arc::new(Mutex::new(Vec::new()));
/// for client in [&one, &two] {
///     let (told, name) = (Arc::clone(&told), client.name().clone());
///     client
///         .on_inline(("User", "Enter", "*"), move |cx| told.lock().unwrap().push(format!("{name}: {cx}")))
///         .detach(); // for as long as the channel lives
/// }
/// one.set(AppCtx::new("User", "Find", "Portal"));
/// assert_eq!(*told.lock().unwrap(), ["client 1: {User,Enter,Portal}"]);
/// ```
///
/// # Two scopes, each with its phases
///
/// The dispatch to the channel and that to the kernel are apart: an intercept of the channel halts what the
/// channel hears, one of the kernel what the kernel's handlers hear, and neither the other. What a channel's handler returns is chained
/// in the same cascade: the kernel's handlers hear it, and the channel's again. It counts towards the kernel's hop budget.
///
/// # Its end
///
/// Clones are handles of one channel, whose handlers are dropped with the last of them, detached or not; cascades that are
/// under way go on without. A channel leaves nothing behind in its kernel.
#[derive(Clone)]
pub struct Channel {
    owner: Arc<Owner>,
}

/// Closes the circle with the last handle.
struct Owner {
    circle: Arc<Circle>,
    kernel: Kernel,
}

/// A handle that keeps no channel alive: for handlers of a channel that use it.
#[derive(Clone)]
pub struct WeakChannel {
    owner: Weak<Owner>,
}

impl Kernel {
    /// Opens a channel, for a client or a request. The name is for [observations](crate::Observation); it need not be unique.
    #[must_use]
    pub fn channel(&self, name: impl Into<Text>) -> Channel {
        let circle = Circle::new(name.into(), self.core());
        Channel { owner: Arc::new(Owner { circle, kernel: self.clone() }) }
    }
}

impl Channel {
    /// What it is called.
    #[must_use]
    pub fn name(&self) -> &Text {
        self.owner.circle.name()
    }

    /// The kernel that it is a part of.
    #[must_use]
    pub fn kernel(&self) -> &Kernel {
        &self.owner.kernel
    }

    /// Sets a signal, like [`Kernel::set`]; the channel's handlers hear what is chained to it.
    pub fn set(&self, context: impl Into<AppCtx>) -> Cascade {
        let circle = Some(Arc::clone(&self.owner.circle));
        self.kernel().enter(Entrance::set(self.kernel().core(), context.into(), circle, None))
    }

    /// Lets `handler` decide whether what matches `pattern` reaches the channel's other handlers: see
    /// [`Kernel::on_intercept`]. It decides nothing about those of the kernel.
    #[track_caller]
    pub fn on_intercept<P, H, R, M>(&self, pattern: P, handler: H) -> HandlerGuard
    where
        P: Listen,
        H: Fn(P::Context) -> R + Send + Sync + 'static,
        R: Response<Verdict, M>,
    {
        self.register(Newcomer::gate(self.kernel().core(), pattern, handler))
    }

    /// Lets `handler` react out of band to what matches `pattern` in the channel: see [`Kernel::on_async`].
    #[track_caller]
    pub fn on_async<P, H, R, M>(&self, pattern: P, handler: H) -> HandlerGuard
    where
        P: Listen,
        H: Fn(P::Context) -> R + Send + Sync + 'static,
        R: Response<Contexts, M>,
    {
        self.register(Newcomer::reaction(self.kernel().core(), Phase::Async, pattern, handler))
    }

    /// Lets `handler` react in line to what matches `pattern` in the channel: see [`Kernel::on_inline`].
    #[track_caller]
    pub fn on_inline<P, H, R, M>(&self, pattern: P, handler: H) -> HandlerGuard
    where
        P: Listen,
        H: Fn(P::Context) -> R + Send + Sync + 'static,
        R: Response<Contexts, M>,
    {
        self.register(Newcomer::reaction(self.kernel().core(), Phase::Inline, pattern, handler))
    }

    /// Lets the channel's handlers hear signals of `kernel` that match `filter` and have passed the intercepts there, whoever has set them:
    /// how a server tells its clients what happened elsewhere.
    ///
    /// What they return is chained in the cascade of the signal, in `kernel`, envelope and all; it gets nothing
    /// of the channel, so its channel hears that only if it matches here again.
    ///
    /// ```
    /// # let store = trine_core::Store::new();
    /// use std::sync::{Arc, atomic::{AtomicU32, Ordering}};
    /// use trine_tao::{AppCtx, Kernel};
    ///
    /// let tao = Kernel::new(&store);
    /// let client = tao.channel("client 1");
    /// let heard = Arc::new(AtomicU32::new(0));
    /// let count = Arc::clone(&heard);
    /// let _handler = client.on_inline(("News", "*", "*"), move |_| {
    ///     count.fetch_add(1, Ordering::Relaxed);
    /// });
    /// let _sieve = client.sieve(&tao, ("News", "*", "Portal"));
    /// tao.set(AppCtx::new("News", "Arrive", "Portal"));
    /// tao.set(AppCtx::new("News", "Arrive", "Admin"));
    /// assert_eq!(heard.load(Ordering::Relaxed), 1);
    /// ```
    #[doc(alias = "seive")]
    #[doc(alias = "bridgeFrom")]
    #[track_caller]
    pub fn sieve(&self, kernel: &Kernel, filter: impl Into<Filter>) -> AdapterGuard {
        let circle = Arc::downgrade(&self.owner.circle);
        Surface::from(kernel).adapt(Phase::Inline, &filter.into(), &Outputs::any(), move |place| {
            let hears_anyway = |own: &Arc<Circle>| {
                place.hop > 0
                    && place.circle.as_ref().is_some_and(|set_on| Arc::ptr_eq(set_on, own))
            };
            let circle = circle.upgrade().filter(|circle| !hears_anyway(circle));
            Ok(circle.map(Contexts::heard_by).unwrap_or_default())
        })
    }

    /// A handle that does not keep the channel alive: for handlers of the channel that use it.
    #[must_use]
    pub fn downgrade(&self) -> WeakChannel {
        WeakChannel { owner: Arc::downgrade(&self.owner) }
    }

    /// How many distinct patterns have handlers in the channel.
    #[must_use]
    pub fn pattern_count(&self) -> usize {
        self.owner.circle.pattern_count()
    }

    pub(crate) fn circle(&self) -> &Arc<Circle> {
        &self.owner.circle
    }

    pub(crate) fn register(&self, newcomer: Newcomer) -> HandlerGuard {
        let Newcomer { info, handler } = newcomer;
        let (circle, id) = (&self.owner.circle, info.id());
        if !self.kernel().core().admits(&info) {
            return HandlerGuard::of_none(id);
        }
        circle.insert(info, &handler);
        HandlerGuard::in_channel(circle, id)
    }
}

impl WeakChannel {
    /// The channel, if some handle of it is left.
    #[must_use]
    pub fn upgrade(&self) -> Option<Channel> {
        self.owner.upgrade().map(|owner| Channel { owner })
    }
}

impl Drop for Owner {
    fn drop(&mut self) {
        self.circle.close();
    }
}

impl fmt::Debug for Channel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Channel")
            .field("name", self.name())
            .field("patterns", &self.pattern_count())
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for WeakChannel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WeakChannel").finish_non_exhaustive()
    }
}
