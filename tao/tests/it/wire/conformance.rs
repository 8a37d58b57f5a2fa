//! Transports that keep their promise, and the kit that finds out those that do not.

use serde_json::Value;
use std::{
    pin::pin,
    task::{Context, Poll, Waker},
    time::Duration,
};
use trine_core::{
    Store,
    test::{ManualClock, ManualExecutor},
};
use trine_tao::{
    test::conformance,
    wire::{MemoryTransport, Outbound, Transport, TransportError, memory},
};

#[test]
fn the_transport_in_memory_conforms() {
    let runtime = ManualExecutor::new();
    let store = Store::builder().spawner(runtime.clone()).clock(ManualClock::new()).build();
    let mut check = pin!(conformance::check(&store, async || memory()));
    let report = loop {
        match check.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(report) => break report,
            Poll::Pending => assert!(runtime.run_until_stalled() > 0, "the check hangs"),
        }
    };
    report.assert();
    assert_eq!(report.findings().len(), 5);
}

/// A transport that breaks its promise in one way.
struct Broken {
    inner: MemoryTransport,
    how: How,
}

#[derive(Clone, Copy, PartialEq)]
enum How {
    Doubles,
    Drops,
    Reorders,
    ForgetsChains,
    Garbles,
}

struct BrokenOut {
    inner: <MemoryTransport as Transport>::Outbound,
    how: How,
    sent: u32,
    held: Option<Vec<u8>>,
}

impl Transport for Broken {
    type Outbound = BrokenOut;
    type Inbound = <MemoryTransport as Transport>::Inbound;

    fn split(self) -> (BrokenOut, Self::Inbound) {
        let (inner, inbound) = self.inner.split();
        (BrokenOut { inner, how: self.how, sent: 0, held: None }, inbound)
    }
}

impl Outbound for BrokenOut {
    async fn send(&mut self, message: &[u8]) -> Result<(), TransportError> {
        self.sent += 1;
        match self.how {
            How::Doubles => {
                self.inner.send(message).await?;
                self.inner.send(message).await
            }
            How::Drops if self.sent == 2 => Ok(()),
            How::Reorders if self.sent == 1 => {
                self.held = Some(message.to_vec());
                Ok(())
            }
            How::Reorders => {
                self.inner.send(message).await?;
                match self.held.take() {
                    Some(held) => self.inner.send(&held).await,
                    None => Ok(()),
                }
            }
            How::ForgetsChains => {
                let mut message: Value = serde_json::from_slice(message).unwrap();
                let chain = message["envelope"]["chain"].as_object_mut().unwrap();
                chain.retain(|key, _| key == "trine");
                self.inner.send(message.to_string().as_bytes()).await
            }
            How::Garbles => self.inner.send(&message[..message.len() / 2]).await,
            How::Drops => self.inner.send(message).await,
        }
    }
}

#[test]
fn the_conformance_kit_finds_out_transports_that_do_not_conform() {
    for how in [How::Doubles, How::Drops, How::Reorders, How::ForgetsChains, How::Garbles] {
        let (runtime, clock) = (ManualExecutor::new(), ManualClock::new());
        let store = Store::builder().spawner(runtime.clone()).clock(clock.clone()).build();
        let connect = async || {
            let (one, other) = memory();
            (Broken { inner: one, how }, other)
        };
        let mut check = pin!(conformance::check(&store, connect));
        let report = loop {
            match check.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
                Poll::Ready(report) => break report,
                Poll::Pending if runtime.run_until_stalled() == 0 => {
                    clock.advance(Duration::from_secs(10));
                }
                Poll::Pending => {}
            }
        };
        assert!(!report.is_conformant());
        let failed: Vec<_> = report
            .findings()
            .iter()
            .filter(|(_, found)| found.is_err())
            .map(|(check, _)| *check)
            .collect();
        match how {
            How::ForgetsChains => assert_eq!(failed, [conformance::Check::ChainContinuity]),
            _ => assert!(failed.contains(&conformance::Check::Delivery), "{report}"),
        }
    }
}
