//! A connection and what keeps it: one run, which sends and receives until one of both is over.

use super::{
    border::{Border, Observer},
    message::{self, Envelope, Message},
    outbox::Outbox,
    refusal::{Refusal, SendError},
    transport::{Inbound, Outbound, Transport, TransportError},
};
use crate::sync::atomic::{AtomicU64, Ordering};
use crate::{
    adapter::AdapterGuard,
    cascade::{Cascade, CascadeId},
    envelope::DerivedId,
    handler::{BoxError, Contexts, Outputs, Phase, contain},
    journey::{Abroad, Arrival, Entrance, Journey, Route, SignalId},
    observe::Place,
    surface::{Surface, WeakSurface},
    trigram::Trigram,
};
use std::{
    collections::VecDeque,
    convert::Infallible,
    fmt,
    future::{Future, pending, poll_fn},
    pin::{Pin, pin},
    sync::Arc,
    task::{Context, Poll},
};
use trine_core::{AbortOnDropGuard, Event, Failure, Outcome, Run, RunOutcome, Text};

/// How many messages a link takes in before it lets others have the thread.
const TURN: u32 = 32;

/// A connection to another process. Made by [`Border::link`].
///
/// Dropping it ends the connection: nothing more is sent or set, and requests that wait for an answer over it end as
/// [`Disconnected`](crate::RequestErrorKind::Disconnected). What it has set already goes on. It keeps its kernel or channel alive.
#[must_use = "the connection ends when its link is dropped"]
pub struct Link {
    name: Text,
    run: AbortOnDropGuard<LinkEnd, Infallible>,
    surface: Surface,
}

/// How a link has ended.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum LinkEnd {
    /// The peer has ended the connection, between two messages.
    Closed,
    /// The connection failed, or the peer has sent what may not be read.
    Failed(TransportError),
    /// The peer has sent too many messages in a row that were refused, the last of them for this reason.
    Refusals(Refusal),
    /// It was ended here: the link or the kernel was dropped, or its run was aborted.
    Ended(Text),
    /// There is nothing that it could run on: no runtime, or the store is gone.
    NotRun(Failure),
    /// The transport panicked with this message.
    Panicked(Text),
}

/// What happens on a link, as shown to [`Border::observe`].
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct LinkEvent<'a> {
    /// What the link is called.
    pub link: &'a Text,
    /// What happens.
    pub what: LinkWhat<'a>,
}

/// What happens on a link.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub enum LinkWhat<'a> {
    /// A signal was put into the queue of what is to be sent.
    Queued {
        /// The signal.
        signal: &'a Trigram,
        /// How large its message is.
        bytes: usize,
    },
    /// A signal came in, and was set.
    Set {
        /// The signal.
        signal: &'a Trigram,
        /// Its cascade.
        cascade: CascadeId,
    },
    /// A signal came in that has been here before, or was delivered [again](Border::once); it was ignored.
    Ignored {
        /// The signal.
        signal: &'a Trigram,
    },
    /// A message was refused.
    Refused(&'a Refusal),
}

impl Link {
    #[track_caller]
    pub(super) fn start<T: Transport>(border: &Border, surface: Surface, transport: T) -> Self {
        let core = surface.core();
        core.open_borders();
        let number = core.next_border();
        let outbox = Arc::new(Outbox::new(border.max_queued));
        let sender = Sender {
            border: border.clone(),
            number,
            surface: surface.downgrade(),
            outbox: Arc::clone(&outbox),
        };
        let guard =
            surface.adapt(Phase::Inline, &border.outbound, &Outputs::of([]), move |place| {
                sender.send(place)
            });
        let receiver = Receiver {
            border: border.clone(),
            number,
            surface: surface.downgrade(),
            entered: AtomicU64::new(0),
        };
        let open = Open { _guard: guard, receiver };
        let store = surface.kernel().store();
        let run = store
            .run_builder(border.name.clone())
            .queued()
            .start(move |_| async move { Ok(open.carry(transport, &outbox).await) });
        // Who does not ask how it ended need not.
        run.attend();
        Self { name: border.name.clone(), run: run.abort_on_drop(), surface }
    }

    /// What it is called.
    #[must_use]
    pub fn name(&self) -> &Text {
        &self.name
    }

    /// The kernel or channel at this end.
    #[must_use]
    pub fn surface(&self) -> &Surface {
        &self.surface
    }

    /// How it has ended, if it has.
    #[must_use]
    pub fn end(&self) -> Option<LinkEnd> {
        self.run.outcome().map(end)
    }

    /// Resolves when it has ended, to how.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses nothing, and another one can be made.
    pub fn ended(&self) -> LinkEnded {
        let run: &Run<_, _> = &self.run;
        LinkEnded(run.into_future())
    }
}

/// Resolves when a link has ended. Made by [`Link::ended`].
#[must_use = "futures do nothing unless awaited"]
pub struct LinkEnded(RunOutcome<LinkEnd, Infallible>);

impl Future for LinkEnded {
    type Output = LinkEnd;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<LinkEnd> {
        Pin::new(&mut self.0).poll(cx).map(end)
    }
}

fn end(outcome: Outcome<LinkEnd, Infallible>) -> LinkEnd {
    match outcome {
        Outcome::Fulfilled { payload, .. } => LinkEnd::clone(&payload),
        Outcome::Aborted { reason, .. } => LinkEnd::Ended(reason),
        Outcome::Failed { failure } => LinkEnd::NotRun(failure),
        Outcome::Panicked { message } => LinkEnd::Panicked(message),
        other => LinkEnd::Ended(Text::from(format!("{} run", other.kind()))),
    }
}

/// What sends: the handler of the signals that may go out.
struct Sender {
    border: Border,
    /// What the link is among those of its kernel.
    number: u32,
    surface: WeakSurface,
    outbox: Arc<Outbox>,
}

impl Sender {
    fn send(&self, place: &Place) -> Result<Contexts, BoxError> {
        let Some(surface) = self.surface.upgrade() else { return Ok(Contexts::default()) };
        let (core, Self { border, number, .. }) = (surface.core(), self);
        let arrival = if place.hop == 0 { place.route.arrival() } else { None };
        if arrival.is_some_and(|arrival| arrival.by == Some(*number)) {
            return Ok(Contexts::default());
        }
        let (signal, journey) = (place.signal(core), place.journey(core));
        let trigram = || place.context.trigram().clone();
        let abroad = journey.goes_abroad(signal, core.node());
        if abroad.crossings > border.max_crossings {
            let (crossings, limit) = (abroad.crossings, border.max_crossings);
            let (signal, link) = (trigram(), border.name.clone());
            return Err(SendError::TooFar { signal, link, crossings, limit }.into());
        }
        let asked = journey.ask().and_then(|ask| core.departures().note(ask, *number));
        let request = asked.map(|asked| (core.node(), asked)).or(abroad.request);
        let envelope = Envelope {
            abroad: Abroad { request, ..abroad },
            chain: DerivedId::handed_on(core, &place.chain),
        };
        let message =
            message::encode(&place.context, &border.model, &envelope).map_err(|reason| {
                let (signal, link) = (trigram(), border.name.clone());
                SendError::BadData { signal, link, reason }
            })?;
        let bytes = message.len();
        if bytes > border.max_message {
            let (signal, link, limit) = (trigram(), border.name.clone(), border.max_message);
            return Err(SendError::TooLarge { signal, link, bytes, limit }.into());
        }
        self.outbox.put(message).map_err(|queued| {
            let (signal, link) = (trigram(), border.name.clone());
            SendError::Overflow { signal, link, queued }
        })?;
        border.tell(LinkWhat::Queued { signal: place.context.trigram(), bytes });
        Ok(Contexts::default())
    }
}

/// What receives: sets the signals that may come in.
struct Receiver {
    border: Border,
    number: u32,
    surface: WeakSurface,
    /// How many signals came that have not said who they are.
    entered: AtomicU64,
}

impl Receiver {
    /// Takes in a message: the cascade of its signal, unless that has been here before.
    fn take(&self, surface: &Surface, bytes: &[u8]) -> Result<Option<Cascade>, Refusal> {
        let (core, Self { border, number, .. }) = (surface.core(), self);
        let message = Message::decode(bytes)?;
        let trigram = message.signal.clone();
        if !border.inbound.patterns().iter().any(|pattern| pattern.matches(&trigram)) {
            return Err(Refusal::NotAllowed { signal: trigram });
        }
        let (crossings, limit) = (message.envelope.abroad.crossings, border.max_crossings);
        // Each crossing adds one node at most, so a longer list is made up.
        if crossings > limit || message.envelope.abroad.seen.len() > 64 + limit as usize {
            return Err(Refusal::TooFar { signal: trigram, crossings, limit });
        }
        let signal = message.envelope.abroad.signal.unwrap_or_else(|| SignalId {
            node: core.node(),
            // Like a cascade of the kernel that nobody has set: those are numbered from 1.
            cascade: (1 << 63) | self.entered.fetch_add(1, Ordering::Relaxed),
            dispatch: *number,
        });
        let has_been_here = message.envelope.abroad.signal.is_some_and(|id| id.node == core.node());
        if has_been_here || message.envelope.abroad.seen.contains(&core.node()) {
            border.tell(LinkWhat::Ignored { signal: &trigram });
            return Ok(None);
        }
        let derived = DerivedId::of(&message.envelope.chain);
        let repeats = border.repeats.as_deref().zip(derived);
        if repeats.is_some_and(|(repeats, id)| repeats.has(id)) {
            border.tell(LinkWhat::Ignored { signal: &trigram });
            return Ok(None);
        }
        let (context, Envelope { mut abroad, chain }) = message.open(&border.model)?;
        match contain(|| border.inbound.matches(&context)) {
            Ok(true) => {}
            Ok(false) => return Err(Refusal::NotAllowed { signal: trigram }),
            Err(message) => return Err(Refusal::Panicked { signal: trigram, message }),
        }
        // It may have come over another link meanwhile.
        if repeats.is_some_and(|(repeats, id)| !repeats.note(id)) {
            border.tell(LinkWhat::Ignored { signal: &trigram });
            return Ok(None);
        }
        // An answer to a request of this kernel ends its way here; one to that of another kernel goes on.
        let ask = match abroad.request {
            Some((node, asked)) if node == core.node() => {
                abroad.request = None;
                core.departures().find(asked, *number)
            }
            _ => None,
        };
        let home = ask.as_ref().and_then(|ask| ask.circle());
        let (returns, circle) = (home.is_some(), home.or_else(|| surface.circle().cloned()));
        let journey = Arc::new(Journey::from_abroad(core, ask.clone(), abroad));
        let route = Route::Arrived(Arc::new(Arrival { journey, signal, by: Some(*number) }));
        let entrance = Entrance {
            context,
            route,
            circle,
            returns,
            ask,
            chain,
            timeout: None,
            hop_budget: None,
        };
        let cascade = surface.kernel().enter(entrance);
        border.tell(LinkWhat::Set { signal: &trigram, cascade: cascade.id() });
        Ok(Some(cascade))
    }
}

/// A connection that is there. What it leaves is tidied up when it is dropped, however it ends.
struct Open {
    _guard: AdapterGuard,
    receiver: Receiver,
}

impl Open {
    async fn carry<T: Transport>(self, transport: T, outbox: &Outbox) -> LinkEnd {
        let (mut outbound, mut inbound) = transport.split();
        let mut write = pin!(async {
            loop {
                match outbound.send(&outbox.next().await).await {
                    Ok(()) => {}
                    // What has come until then is still read; the reader learns of the end.
                    Err(TransportError::Closed) => pending().await,
                    Err(error) => return LinkEnd::Failed(error),
                }
            }
        });
        let mut read = pin!(self.read(&mut inbound));
        poll_fn(|cx| match read.as_mut().poll(cx) {
            Poll::Ready(end) => Poll::Ready(end),
            Poll::Pending => write.as_mut().poll(cx),
        })
        .await
    }

    async fn read(&self, inbound: &mut impl Inbound) -> LinkEnd {
        let border = &self.receiver.border;
        let (mut refused, mut turn) = (0, 0);
        let mut in_flight = VecDeque::new();
        loop {
            let message = match inbound.receive(border.max_message).await {
                Ok(Some(message)) => message,
                Ok(None) => return LinkEnd::Closed,
                Err(error) => return LinkEnd::Failed(error),
            };
            let Some(surface) = self.receiver.surface.upgrade() else {
                return LinkEnd::Ended("its kernel or channel is gone".into());
            };
            match self.receiver.take(&surface, &message) {
                Ok(cascade) => {
                    refused = 0;
                    in_flight.extend(cascade.filter(|cascade| !cascade.is_settled()));
                }
                Err(refusal) => {
                    border.refuse(&surface, &refusal);
                    refused += 1;
                    if refused > border.max_refusals {
                        return LinkEnd::Refusals(refusal);
                    }
                }
            }
            // Not held while it waits: a link keeps no store alive.
            drop(surface);
            room(&mut in_flight, border.max_in_flight).await;
            turn += 1;
            if turn % TURN == 0 {
                yield_now().await;
            }
        }
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        if let Some(surface) = self.receiver.surface.upgrade() {
            surface.core().departures().lost(self.receiver.number, &self.receiver.border.name);
        }
    }
}

/// Waits until fewer than `limit` cascades are under way.
async fn room(in_flight: &mut VecDeque<Cascade>, limit: usize) {
    // What has come to rest is not held until there are as many.
    while in_flight.front().is_some_and(Cascade::is_settled) {
        in_flight.pop_front();
    }
    while in_flight.len() >= limit.max(1) {
        in_flight.retain(|cascade: &Cascade| !cascade.is_settled());
        if in_flight.len() < limit.max(1) {
            return;
        }
        // Whichever comes to rest first makes room.
        let mut settled: Vec<_> = in_flight.iter().map(Cascade::settled).collect();
        poll_fn(|cx| {
            let any = settled.iter_mut().any(|settled| Pin::new(settled).poll(cx).is_ready());
            if any { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
    }
}

/// Lets others have the thread.
async fn yield_now() {
    let mut yielded = false;
    poll_fn(|cx| {
        if std::mem::replace(&mut yielded, true) {
            return Poll::Ready(());
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

impl Border {
    fn tell(&self, what: LinkWhat<'_>) {
        if let Some(observer) = &self.observer {
            call(observer, &LinkEvent { link: &self.name, what });
        }
    }

    /// Tells that a message was refused: who observes the links, the store's event feed, and the log.
    #[cold]
    fn refuse(&self, surface: &Surface, refusal: &Refusal) {
        tracing::warn!(link = %self.name, "a message was refused: {refusal}");
        self.tell(LinkWhat::Refused(refusal));
        let event = || Event::Failed {
            what: Text::from(format!("link {}", self.name)),
            message: refusal.to_string().into(),
        };
        if let Err(panic) = contain(|| surface.kernel().store().emit(event)) {
            tracing::error!(%panic, "an observer of the store panicked");
        }
    }
}

fn call(observer: &Observer, event: &LinkEvent<'_>) {
    if let Err(panic) = contain(|| observer(event)) {
        tracing::error!(%panic, ?event, "an observer of a link panicked");
    }
}

impl fmt::Display for LinkEnd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Closed => f.write_str("the peer has ended the connection"),
            Self::Failed(error) => error.fmt(f),
            Self::Refusals(last) => {
                write!(f, "too many messages were refused, the last since {last}")
            }
            Self::Ended(reason) => write!(f, "it was ended: {reason}"),
            Self::NotRun(failure) => failure.fmt(f),
            Self::Panicked(message) => write!(f, "its transport panicked: {message}"),
        }
    }
}

impl fmt::Debug for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Link")
            .field("name", &self.name)
            .field("end", &self.end())
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for LinkEnded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LinkEnded").finish_non_exhaustive()
    }
}
