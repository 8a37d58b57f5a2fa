//! What may go over to another process, and come from there.

use super::{
    link::{Link, LinkEvent},
    repeats::Repeats,
    transport::Transport,
};
use crate::{adapter::Filter, json::JsonModel, surface::Surface};
use std::{fmt, sync::Arc};
use trine_core::Text;

/// What may go over to a peer and come from there. Nothing does until it is said.
///
/// One border can be the rule for many links: see [`link`](Self::link).
#[derive(Clone)]
#[must_use = "a border lets nothing through until it is put on a link"]
pub struct Border {
    pub(super) name: Text,
    pub(super) outbound: Filter,
    pub(super) inbound: Filter,
    pub(super) model: Arc<JsonModel>,
    pub(super) max_message: usize,
    pub(super) max_crossings: u32,
    pub(super) max_queued: usize,
    pub(super) max_in_flight: usize,
    pub(super) max_refusals: u32,
    #[cfg(feature = "tcp")]
    pub(super) max_clients: usize,
    pub(super) repeats: Option<Arc<Repeats>>,
    pub(super) observer: Option<Observer>,
}

/// A user's observer.
pub(super) type Observer = Arc<dyn Fn(&LinkEvent<'_>) + Send + Sync>;

impl Border {
    /// A border that lets nothing through. The name is that of its links, in errors and events.
    pub fn new(name: impl Into<Text>) -> Self {
        Self {
            name: name.into(),
            outbound: Filter::none(),
            inbound: Filter::none(),
            model: Arc::default(),
            max_message: 1 << 20,
            max_crossings: 16,
            max_queued: 1_024,
            max_in_flight: 1_024,
            max_refusals: 64,
            #[cfg(feature = "tcp")]
            max_clients: 1_024,
            repeats: None,
            observer: None,
        }
    }

    /// What may go out: signals that match have passed the intercepts, and are sent.
    ///
    /// On a [channel](crate::Channel) these are the ones that its handlers hear.
    pub fn outbound(mut self, filter: impl Into<Filter>) -> Self {
        self.outbound = filter.into();
        self
    }

    /// What may come in: signals that match are set. Its condition is asked when the data were read.
    pub fn inbound(mut self, filter: impl Into<Filter>) -> Self {
        self.inbound = filter.into();
        self
    }

    /// How data look in a message: which type the slot of which part has. Without a model, data are
    /// [`serde_json::Value`]s.
    pub fn model(mut self, model: &JsonModel) -> Self {
        self.model = Arc::new(model.clone());
        self
    }

    /// How large a message may be, in bytes, in both directions; 1 MiB by default. A peer that sends a larger one is
    /// cut off before it is read.
    pub fn max_message(mut self, bytes: usize) -> Self {
        self.max_message = bytes;
        self
    }

    /// How many times a signal and what it follows from may have been carried over links, in both directions; 16 by default. Handlers
    /// of two processes that answer each other for ever end there.
    pub fn max_crossings(mut self, crossings: u32) -> Self {
        self.max_crossings = crossings;
        self
    }

    /// How many messages may wait to be sent; 1,024 by default. What is one too many is not sent, which is an error of the link's
    /// handler ([`SendError::Overflow`](super::SendError::Overflow)).
    pub fn max_queued(mut self, messages: usize) -> Self {
        self.max_queued = messages;
        self
    }

    /// How many cascades that came in over a link may be under way; 1,024 by default. While there are as many, nothing more is read from
    /// it: the peer has to wait. A handler that never ends takes one of these places.
    pub fn max_in_flight(mut self, cascades: usize) -> Self {
        self.max_in_flight = cascades;
        self
    }

    /// How many messages in a row may be refused; 64 by default. One more ends the link.
    pub fn max_refusals(mut self, messages: u32) -> Self {
        self.max_refusals = messages;
        self
    }

    /// How many clients a [server](super::tcp::serve) has at a time; 1,024 by default. The connection of one more is closed at once.
    #[cfg(feature = "tcp")]
    pub fn max_clients(mut self, clients: usize) -> Self {
        self.max_clients = clients;
        self
    }

    /// Lets in each signal once, as far as signals have [derived ids](crate::Kernel::derived_ids): one that is delivered again is ignored, over
    /// whichever link of this border it comes, as long as it is among the last `signals` that came in. So a peer may send again
    /// what may have been lost. By default whatever comes is let in.
    ///
    /// A peer that knows the id of another's signal can have that ignored by being faster: peers that do not trust each other
    /// need borders of their own. Requests are not delivered again, but asked again: a question that was ignored is not answered.
    pub fn once(mut self, signals: usize) -> Self {
        self.repeats = Some(Arc::new(Repeats::new(signals)));
        self
    }

    /// Shows `observer` what happens on the links, on the thread where it happens. It can change nothing; a panic of it is
    /// reported through `tracing`.
    pub fn observe(mut self, observer: impl Fn(&LinkEvent<'_>) + Send + Sync + 'static) -> Self {
        self.observer = Some(Arc::new(observer));
        self
    }

    /// Puts a kernel, or a channel of one, at this end of `transport`.
    ///
    /// A kernel sends whatever happens in it; a channel, what has followed from its own signals: that is how a server serves many
    /// clients, each by a channel of its own. Sending and receiving is a run of the store, named like the border.
    #[track_caller]
    pub fn link(&self, surface: impl Into<Surface>, transport: impl Transport) -> Link {
        Link::start(self, surface.into(), transport)
    }
}

impl fmt::Debug for Border {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Border")
            .field("name", &self.name)
            .field("outbound", &self.outbound)
            .field("inbound", &self.inbound)
            .field("model", &self.model)
            .field("max_message", &self.max_message)
            .field("max_crossings", &self.max_crossings)
            .finish_non_exhaustive()
    }
}
