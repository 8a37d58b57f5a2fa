//! Links over TCP: each message behind its length, four bytes, the most significant first.
//!
//! There is no encryption and no authentication in it: for a peer that is not trusted, put a [`TcpTransport`] of your own around a
//! stream that has them, since it is made of anything that reads and writes.

use super::{
    border::Border,
    link::Link,
    transport::{Inbound, Outbound, Transport, TransportError},
};
use crate::{channel::Channel, kernel::Kernel, sync::Mutex};
use std::{
    convert::Infallible,
    fmt, io,
    net::SocketAddr,
    sync::{Arc, Weak},
};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadHalf, WriteHalf},
    net::{TcpListener, TcpStream, ToSocketAddrs},
};
use trine_core::{AbortOnDropGuard, Text};

/// How many bytes the length of a message takes.
const HEADER: usize = 4;

/// How much is read at once.
const CHUNK: usize = 64 << 10;

/// A transport over a stream of bytes: a [`TcpStream`], or anything else that tokio reads and writes.
#[derive(Debug)]
pub struct TcpTransport<S = TcpStream> {
    stream: S,
}

/// The sending half of a [`TcpTransport`].
#[derive(Debug)]
pub struct TcpOutbound<S = TcpStream> {
    stream: WriteHalf<S>,
    /// What is being sent, with its length.
    frame: Vec<u8>,
}

/// The receiving half of a [`TcpTransport`].
#[derive(Debug)]
pub struct TcpInbound<S = TcpStream> {
    stream: ReadHalf<S>,
}

/// Connects to a server.
///
/// # Errors
///
/// What the system says.
///
/// # Cancel safety
///
/// Dropping the future gives the connection up.
pub async fn connect(address: impl ToSocketAddrs) -> io::Result<TcpTransport> {
    let stream = TcpStream::connect(address).await?;
    // Messages are small, and somebody may wait for the answer.
    stream.set_nodelay(true)?;
    Ok(TcpTransport::new(stream))
}

impl<S> TcpTransport<S>
where
    S: AsyncRead + AsyncWrite + Send + 'static,
{
    /// A transport over this stream.
    pub fn new(stream: S) -> Self {
        Self { stream }
    }
}

impl<S> Transport for TcpTransport<S>
where
    S: AsyncRead + AsyncWrite + Send + 'static,
{
    type Outbound = TcpOutbound<S>;
    type Inbound = TcpInbound<S>;

    fn split(self) -> (TcpOutbound<S>, TcpInbound<S>) {
        let (inbound, outbound) = tokio::io::split(self.stream);
        (TcpOutbound { stream: outbound, frame: Vec::new() }, TcpInbound { stream: inbound })
    }
}

impl<S> Outbound for TcpOutbound<S>
where
    S: AsyncRead + AsyncWrite + Send + 'static,
{
    async fn send(&mut self, message: &[u8]) -> Result<(), TransportError> {
        let length = u32::try_from(message.len()).map_err(|_| TransportError::TooLarge {
            bytes: message.len(),
            limit: u32::MAX as usize,
        })?;
        self.frame.clear();
        self.frame.extend_from_slice(&length.to_be_bytes());
        self.frame.extend_from_slice(message);
        self.stream.write_all(&self.frame).await.map_err(broken)?;
        self.stream.flush().await.map_err(broken)?;
        // One large message does not make every connection hold as much.
        self.frame.shrink_to(CHUNK);
        Ok(())
    }
}

impl<S> Inbound for TcpInbound<S>
where
    S: AsyncRead + AsyncWrite + Send + 'static,
{
    async fn receive(&mut self, limit: usize) -> Result<Option<Vec<u8>>, TransportError> {
        let mut header = [0; HEADER];
        let mut read = 0;
        while read < HEADER {
            match self.stream.read(&mut header[read..]).await.map_err(broken)? {
                0 if read == 0 => return Ok(None),
                0 => return Err(TransportError::Truncated),
                more => read += more,
            }
        }
        let bytes = u32::from_be_bytes(header) as usize;
        if bytes > limit {
            return Err(TransportError::TooLarge { bytes, limit });
        }
        // What is only announced takes no memory.
        let mut message = Vec::with_capacity(bytes.min(CHUNK));
        let mut rest = (&mut self.stream).take(bytes as u64);
        rest.read_to_end(&mut message).await.map_err(broken)?;
        if message.len() < bytes {
            return Err(TransportError::Truncated);
        }
        Ok(Some(message))
    }
}

/// What an error of a stream says of the connection.
fn broken(error: io::Error) -> TransportError {
    match error.kind() {
        io::ErrorKind::BrokenPipe | io::ErrorKind::ConnectionReset => TransportError::Closed,
        _ => TransportError::failed(error),
    }
}

/// Serves a kernel to whoever connects: each connection is a [channel](Channel) and a link of its own. Made by [`serve`].
///
/// Dropping it ends the accepting and all connections.
#[must_use = "the server ends when it is dropped"]
pub struct TcpServer {
    address: SocketAddr,
    clients: Arc<Clients>,
    _run: AbortOnDropGuard<(), Infallible>,
}

/// The connections, held here so that the run that accepts keeps no kernel alive.
#[derive(Default)]
struct Clients(Mutex<Vec<Link>>);

/// Accepts connections on `listener` and puts a channel of `tao` at this end of each, with what `border` lets through.
///
/// `greet` is given each channel before anything comes in, to register the handlers of that client; what it detaches lives for as
/// long as the connection. It runs on the runtime.
///
/// # Errors
///
/// What the system says of the listener's address.
pub fn serve(
    tao: &Kernel,
    listener: TcpListener,
    border: &Border,
    greet: impl Fn(&Channel, SocketAddr) + Send + Sync + 'static,
) -> io::Result<TcpServer> {
    let address = listener.local_addr()?;
    let clients = Arc::new(Clients::default());
    let accept = Accept {
        tao: tao.downgrade(),
        border: border.clone(),
        clients: Arc::downgrade(&clients),
        greet: Box::new(greet),
    };
    let name = Text::from(format!("{} on {address}", border.name));
    let run = tao.store().run_builder(name).queued().start(move |_| async move {
        accept.all(listener).await;
        Ok(())
    });
    run.attend();
    Ok(TcpServer { address, clients, _run: run.abort_on_drop() })
}

type Greet = Box<dyn Fn(&Channel, SocketAddr) + Send + Sync>;

struct Accept {
    tao: crate::WeakKernel,
    border: Border,
    clients: Weak<Clients>,
    greet: Greet,
}

impl Accept {
    async fn all(self, listener: TcpListener) {
        loop {
            let (stream, peer) = match listener.accept().await {
                Ok(accepted) => accepted,
                Err(error) => {
                    // One connection that failed while it was made, or too many open ones: others may still come.
                    tracing::warn!(%error, "a connection could not be accepted");
                    tokio::task::yield_now().await;
                    continue;
                }
            };
            let (Some(tao), Some(clients)) = (self.tao.upgrade(), self.clients.upgrade()) else {
                return;
            };
            if clients.live() >= self.border.max_clients {
                tracing::warn!(%peer, "a client is one too many, its connection is closed");
                continue;
            }
            if let Err(error) = stream.set_nodelay(true) {
                tracing::debug!(%error, %peer, "a connection is gone already");
                continue;
            }
            let channel = tao.channel(format!("{} {peer}", self.border.name));
            if let Err(panic) = crate::handler::contain(|| (self.greet)(&channel, peer)) {
                tracing::error!(%panic, %peer, "greeting a client panicked; it is not served");
                continue;
            }
            let link = self.border.link(&channel, TcpTransport::new(stream));
            clients.add(link);
        }
    }
}

impl Clients {
    fn add(&self, link: Link) {
        self.0.lock().push(link);
    }

    /// How many there are, now that those who have gone are forgotten.
    fn live(&self) -> usize {
        // Links are dropped outside of the lock: that ends runs.
        let (_ended, live): (Vec<Link>, usize) = {
            let mut links = self.0.lock();
            (links.extract_if(.., |link| link.end().is_some()).collect(), links.len())
        };
        live
    }
}

impl TcpServer {
    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// How many clients are connected.
    #[must_use]
    pub fn client_count(&self) -> usize {
        self.clients.live()
    }
}

impl fmt::Debug for TcpServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TcpServer")
            .field("address", &self.address)
            .field("clients", &self.client_count())
            .finish_non_exhaustive()
    }
}
