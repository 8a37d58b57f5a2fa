//! What moves messages.

use std::{error::Error, future::Future, sync::Arc};

/// A connection that moves messages between two processes, or two kernels of one.
///
/// It moves whole messages, in order, each once, or ends. It is told nothing of what is in them.
/// [`test::conformance`](crate::test::conformance) checks one.
pub trait Transport: Send + 'static {
    /// Its sending half.
    type Outbound: Outbound;
    /// Its receiving half.
    type Inbound: Inbound;

    /// Both halves, which are used at the same time.
    fn split(self) -> (Self::Outbound, Self::Inbound);
}

/// The sending half of a [`Transport`]. Dropping it ends the connection.
pub trait Outbound: Send + 'static {
    /// Sends one message. Resolves when the transport has taken it over, which says nothing of when it arrives; a peer that does
    /// not read makes this wait.
    ///
    /// # Errors
    ///
    /// [`TransportError`] if the connection is over; nothing more is sent then.
    ///
    /// # Cancel safety
    ///
    /// Not needed: a link drops this only together with the connection.
    fn send(&mut self, message: &[u8]) -> impl Future<Output = Result<(), TransportError>> + Send;
}

/// The receiving half of a [`Transport`]. Dropping it ends the connection.
pub trait Inbound: Send + 'static {
    /// Receives the next message, of at most `limit` bytes; nothing, once the peer has ended the connection.
    ///
    /// # Errors
    ///
    /// [`TransportError`] if the message is larger, or the connection has failed; nothing more is received then.
    ///
    /// # Cancel safety
    ///
    /// Not needed: a link drops this only together with the connection.
    fn receive(
        &mut self,
        limit: usize,
    ) -> impl Future<Output = Result<Option<Vec<u8>>, TransportError>> + Send;
}

/// How a connection fails.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum TransportError {
    /// A message is larger than it may be.
    #[error(
        "a message of {bytes} bytes came, where {limit} are allowed: see `Border::max_message`"
    )]
    TooLarge {
        /// How large it is, in bytes.
        bytes: usize,
        /// How large it may be, in bytes.
        limit: usize,
    },
    /// The connection ended inside a message.
    #[error("the connection ended inside a message")]
    Truncated,
    /// The other side is gone.
    #[error("the other side has ended the connection")]
    Closed,
    /// The connection failed.
    #[error("the connection failed: {0}")]
    Failed(#[source] Arc<dyn Error + Send + Sync>),
}

impl TransportError {
    /// The connection failed, for a reason of its own.
    pub fn failed(error: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::Failed(error.into().into())
    }
}
