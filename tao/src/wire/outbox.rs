//! Messages that wait to be sent.

use crate::sync::Mutex;
use std::{
    collections::VecDeque,
    future::poll_fn,
    task::{Poll, Waker},
};

/// Messages that wait to be sent over a link: put in by its handlers, taken out by its run.
pub(super) struct Outbox {
    /// How many may wait.
    capacity: usize,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    messages: VecDeque<Vec<u8>>,
    /// Who waits for one.
    reader: Option<Waker>,
}

impl Outbox {
    pub(super) fn new(capacity: usize) -> Self {
        Self { capacity, state: Mutex::default() }
    }

    /// Puts a message in, if there is room; how many wait, if there is none.
    pub(super) fn put(&self, message: Vec<u8>) -> Result<(), usize> {
        let reader = {
            let mut state = self.state.lock();
            if state.messages.len() >= self.capacity {
                return Err(state.messages.len());
            }
            state.messages.push_back(message);
            state.reader.take()
        };
        // A runtime's waker: not under the lock.
        reader.into_iter().for_each(Waker::wake);
        Ok(())
    }

    /// The next message, once there is one.
    pub(super) async fn next(&self) -> Vec<u8> {
        poll_fn(|cx| {
            let waker = cx.waker().clone();
            let (next, _old) = {
                let mut state = self.state.lock();
                match state.messages.pop_front() {
                    Some(message) => (Poll::Ready(message), None),
                    None => (Poll::Pending, state.reader.replace(waker)),
                }
            };
            next
        })
        .await
    }
}
