//! A transport inside one process: for tests, and for parts of an app that are to know each other by messages only.

use super::transport::{Inbound, Outbound, Transport, TransportError};
use crate::sync::Mutex;
use std::{
    collections::VecDeque,
    fmt,
    future::poll_fn,
    sync::Arc,
    task::{Poll, Waker},
};

/// How many messages rest between the two sides before a sender waits.
const CAPACITY: usize = 64;

/// Makes a connection inside this process. It needs no runtime of its own. Up to 64 messages rest in each direction; then the
/// sender waits.
#[must_use = "dropping a transport ends the connection"]
pub fn memory() -> (MemoryTransport, MemoryTransport) {
    let (up, down) = (Arc::default(), Arc::default());
    let one = MemoryTransport {
        outbound: MemoryOutbound(Arc::clone(&up)),
        inbound: MemoryInbound(Arc::clone(&down)),
    };
    (one, MemoryTransport { outbound: MemoryOutbound(down), inbound: MemoryInbound(up) })
}

/// One side of a connection inside this process. Made by [`memory`].
#[derive(Debug)]
#[must_use = "dropping a transport ends the connection"]
pub struct MemoryTransport {
    outbound: MemoryOutbound,
    inbound: MemoryInbound,
}

/// The sending half of a [`MemoryTransport`].
pub struct MemoryOutbound(Arc<Pipe>);

/// The receiving half of a [`MemoryTransport`].
pub struct MemoryInbound(Arc<Pipe>);

/// One direction.
#[derive(Default)]
struct Pipe(Mutex<State>);

#[derive(Default)]
struct State {
    messages: VecDeque<Vec<u8>>,
    /// One of the two sides is gone.
    closed: bool,
    /// Who waits for a message.
    reader: Option<Waker>,
    /// Who waits for room.
    writer: Option<Waker>,
}

impl Pipe {
    fn close(&self) {
        let wakers = {
            let mut state = self.0.lock();
            state.closed = true;
            [state.reader.take(), state.writer.take()]
        };
        // Not under the lock: wakers are a runtime's.
        wakers.into_iter().flatten().for_each(Waker::wake);
    }
}

impl Transport for MemoryTransport {
    type Outbound = MemoryOutbound;
    type Inbound = MemoryInbound;

    fn split(self) -> (MemoryOutbound, MemoryInbound) {
        (self.outbound, self.inbound)
    }
}

impl Outbound for MemoryOutbound {
    async fn send(&mut self, message: &[u8]) -> Result<(), TransportError> {
        let mut message = Some(message.to_vec());
        poll_fn(|cx| {
            let waker = cx.waker().clone();
            let (result, woken, _old) = {
                let mut state = self.0.0.lock();
                if state.closed {
                    (Poll::Ready(Err(TransportError::Closed)), None, None)
                } else if state.messages.len() < CAPACITY {
                    state.messages.extend(message.take());
                    (Poll::Ready(Ok(())), state.reader.take(), None)
                } else {
                    (Poll::Pending, None, state.writer.replace(waker))
                }
            };
            woken.into_iter().for_each(Waker::wake);
            result
        })
        .await
    }
}

impl Inbound for MemoryInbound {
    async fn receive(&mut self, limit: usize) -> Result<Option<Vec<u8>>, TransportError> {
        poll_fn(|cx| {
            let waker = cx.waker().clone();
            let (result, woken, _old) = {
                let mut state = self.0.0.lock();
                match state.messages.pop_front() {
                    Some(message) if message.len() > limit => {
                        let error = TransportError::TooLarge { bytes: message.len(), limit };
                        (Poll::Ready(Err(error)), None, None)
                    }
                    Some(message) => (Poll::Ready(Ok(Some(message))), state.writer.take(), None),
                    None if state.closed => (Poll::Ready(Ok(None)), None, None),
                    None => (Poll::Pending, None, state.reader.replace(waker)),
                }
            };
            woken.into_iter().for_each(Waker::wake);
            result
        })
        .await
    }
}

impl Drop for MemoryOutbound {
    fn drop(&mut self) {
        self.0.close();
    }
}

impl Drop for MemoryInbound {
    fn drop(&mut self) {
        self.0.close();
    }
}

impl fmt::Debug for MemoryOutbound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryOutbound").finish_non_exhaustive()
    }
}

impl fmt::Debug for MemoryInbound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryInbound").finish_non_exhaustive()
    }
}
