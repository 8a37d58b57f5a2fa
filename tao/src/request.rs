//! Requests: a signal, and the one that answers it.
//!
//! | file | what it holds |
//! |---|---|
//! | here | what is asked, and how |
//! | `ask.rs` | what a request and the cascades that it waits for share |
//! | `reply.rs` | the future of the answer |
//! | `error.rs` | how it can fail to come |

mod ask;
mod error;
mod reply;

pub use error::{RequestError, RequestErrorKind};
pub use reply::Reply;

pub(crate) use ask::{Ask, Attendance};

use crate::{
    adapter::Filter,
    cascade::Cascade,
    channel::{Channel, Circle},
    context::AppCtx,
    envelope::Chain,
    journey::Entrance,
    kernel::Kernel,
};
use std::{
    fmt,
    future::{Future, IntoFuture},
    panic::Location,
    sync::Arc,
    time::Duration,
};

/// A signal that asks for an answer. Made by [`Kernel::request`] and [`Channel::request`].
///
/// The signal is set when the request is awaited, or by [`start`](Self::start).
#[doc(alias = "Transponder")]
#[doc(alias = "Transceiver")]
#[must_use = "a request asks nothing until it is awaited or started"]
pub struct Request<'k> {
    place: Place<'k>,
    signal: AppCtx,
    responses: Filter,
    timeout: Option<Duration>,
    abort_unanswered: bool,
    chain: Chain,
    asked: &'static Location<'static>,
}

/// A request whose responses are to be declared: see [`expect`](Self::expect).
#[must_use = "a request asks nothing until its responses are declared and it is awaited"]
pub struct Question<'k> {
    place: Place<'k>,
    signal: AppCtx,
    asked: &'static Location<'static>,
}

/// Where a request is made.
#[derive(Clone, Copy)]
enum Place<'k> {
    Kernel(&'k Kernel),
    Channel(&'k Channel),
}

impl Place<'_> {
    fn kernel(&self) -> &Kernel {
        match self {
            Self::Kernel(kernel) => kernel,
            Self::Channel(channel) => channel.kernel(),
        }
    }

    fn circle(&self) -> Option<&Arc<Circle>> {
        match self {
            Self::Kernel(_) => None,
            Self::Channel(channel) => Some(channel.circle()),
        }
    }

    /// Sets the signal.
    fn set(&self, signal: AppCtx, chain: Chain, ask: Arc<Ask>) -> Cascade {
        let (kernel, circle) = (self.kernel(), self.circle().cloned());
        let entrance = Entrance::set(kernel.core(), signal, circle, Some(ask));
        kernel.enter(Entrance { chain, ..entrance })
    }
}

impl Kernel {
    /// Sets a signal and waits for one of the declared responses.
    ///
    /// ```
    /// # let store = trine_core::Store::new();
    /// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
    /// use std::time::Duration;
    /// use trine_tao::{AppCtx, Kernel};
    ///
    /// let tao = Kernel::new(&store);
    /// let _find = tao.on_inline(("User", "Find", "Portal"), |cx| match cx.action_datum::<u32>()? {
    ///     7 => Ok(AppCtx::new("User", "Enter", "Portal").term("Ada")),
    ///     _ => Ok(AppCtx::new("User", "Missing", "Portal")),
    /// });
    ///
    /// let answer = tao
    ///     .request(AppCtx::new("User", "Find", "Portal").action(7_u32))
    ///     .expect([("User", "Enter", "Portal"), ("User", "Missing", "Portal")])
    ///     .timeout(Duration::from_secs(3))
    ///     .await?;
    /// assert_eq!(answer.term_datum(), Ok(&"Ada"));
    /// # Ok::<_, trine_tao::RequestError>(()) }).unwrap();
    /// ```
    ///
    /// # What answers
    ///
    /// The first signal that follows from the one that was set, matches a declared response, and passes the intercepts in this kernel.
    /// It does not matter by which handlers, how many hops later, or over which [bridges](crate::Bridge) and links it came. What
    /// handlers return that is no signal answers nothing; neither does the signal that was set.
    ///
    /// # How it ends without an answer
    ///
    /// A halt of the signal itself ends the request at once. Other halts and failures do not, since another
    /// branch may still answer; once all that follows from the signal is at rest, the first of them is the error, or
    /// [`Unanswered`](RequestErrorKind::Unanswered) if nothing went wrong. A handler that never ends keeps the request waiting: see
    /// [`Request::timeout`]. Each request ends exactly once, and whatever comes after that is none of its business.
    #[track_caller]
    pub fn request(&self, signal: impl Into<AppCtx>) -> Question<'_> {
        Question { place: Place::Kernel(self), signal: signal.into(), asked: Location::caller() }
    }
}

impl Channel {
    /// Sets a signal on the channel and waits for one of the declared responses, as [`Kernel::request`] does, among those that the
    /// channel's handlers hear: an answer has passed the intercepts of the channel, those of the kernel do not matter.
    #[track_caller]
    pub fn request(&self, signal: impl Into<AppCtx>) -> Question<'_> {
        Question { place: Place::Channel(self), signal: signal.into(), asked: Location::caller() }
    }
}

impl<'k> Question<'k> {
    /// Declares what answers: the signals that match `responses`.
    pub fn expect(self, responses: impl Into<Filter>) -> Request<'k> {
        let Self { place, signal, asked } = self;
        let responses = responses.into();
        Request {
            place,
            signal,
            responses,
            timeout: None,
            abort_unanswered: false,
            chain: Chain::new(),
            asked,
        }
    }
}

impl Request<'_> {
    /// Gives up when the answer has not come after `timeout`, on the store's [`Clock`](trine_core::Clock).
    ///
    /// The time is told by a run of the store, so that it passes wherever the answer is awaited; there is none if the answer is there
    /// when the signal has been set. What the signal has led to goes on: see [`abort_unanswered`](Self::abort_unanswered).
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// Aborts the cascade of the signal when the request ends without an answer: its time is up, or its [`Reply`] is dropped.
    pub fn abort_unanswered(mut self) -> Self {
        self.abort_unanswered = true;
        self
    }

    /// What the signal brings along, and hands on to all that follows: a trace, say. See [`Chain`].
    pub fn chain(mut self, chain: Chain) -> Self {
        self.chain = chain;
        self
    }

    /// Sets the signal; the answer can be awaited later. It may be there when this returns.
    #[must_use = "the answer is thrown away with its reply"]
    pub fn start(self) -> Reply {
        Reply::start(self)
    }
}

impl IntoFuture for Request<'_> {
    type Output = <Reply as Future>::Output;
    type IntoFuture = Reply;

    fn into_future(self) -> Reply {
        self.start()
    }
}

impl fmt::Debug for Request<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request")
            .field("signal", &self.signal)
            .field("responses", &self.responses)
            .field("timeout", &self.timeout)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Question<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Question").field("signal", &self.signal).finish_non_exhaustive()
    }
}
