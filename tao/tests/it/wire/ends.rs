//! How links end, and what is left of them: nothing.

use super::{Peer, all, now};
use crate::stage::Stage;
use std::{
    pin::Pin,
    task::{Context, Poll, Waker},
};
use trine_core::Store;
use trine_tao::{
    Kernel,
    wire::{Inbound, LinkEnd, Outbound, Transport, TransportError, memory},
};

#[test]
fn b6_links_that_have_ended_leave_nothing_in_their_kernel() {
    let stage = Stage::new();
    let patterns = stage.tao.pattern_count();
    for _ in 0..50 {
        let (here, there) = memory();
        let link = all("client").link(&stage.tao, here);
        stage.run();
        drop(there);
        stage.run();
        assert!(matches!(link.end(), Some(LinkEnd::Closed)));
    }
    for _ in 0..50 {
        let (here, _there) = memory();
        drop(all("client").link(&stage.tao, here));
    }
    stage.run();
    assert_eq!((stage.tao.pattern_count(), stage.store.runs().len()), (patterns, 0));
}

#[test]
fn a_link_keeps_its_kernel_but_its_run_keeps_no_store() {
    let stage = Stage::new();
    let (here, there) = memory();
    let link = all("client").link(&stage.tao, here);
    stage.run();
    let Stage { tao, store, runtime, .. } = stage;
    let weak = store.downgrade();
    drop((tao, store));
    assert!(weak.upgrade().is_some());
    let ended = link.ended();
    drop(link);
    runtime.run_until_stalled();
    assert!(weak.upgrade().is_none());
    assert!(matches!(now(ended), Some(LinkEnd::Ended(_))));
    let (mut out, _inb) = there.split();
    assert!(matches!(now(out.send(b"x")), Some(Err(TransportError::Closed))));
}

#[test]
fn a_link_without_a_runtime_ends_with_the_reason() {
    let (here, _there) = memory();
    let link = all("client").link(Kernel::new(&Store::new()), here);
    assert!(matches!(link.end(), Some(LinkEnd::NotRun(_))), "{:?}", link.end());
}

#[test]
fn a_transport_that_panics_ends_its_link() {
    struct Panics;
    impl Outbound for Panics {
        async fn send(&mut self, _: &[u8]) -> Result<(), TransportError> {
            panic!("sending")
        }
    }
    impl Inbound for Panics {
        async fn receive(&mut self, _: usize) -> Result<Option<Vec<u8>>, TransportError> {
            panic!("receiving")
        }
    }
    impl Transport for Panics {
        type Outbound = Self;
        type Inbound = Self;
        fn split(self) -> (Self, Self) {
            (Self, Self)
        }
    }
    let stage = Stage::new();
    let link = all("broken").link(&stage.tao, Panics);
    stage.run();
    assert!(matches!(link.end(), Some(LinkEnd::Panicked(message)) if message == "receiving"));
    assert_eq!(stage.tao.pattern_count(), 0);
}

#[test]
fn ended_is_a_future_of_its_end() {
    let peer = Peer::new(|border| border);
    let mut ended = peer.link.ended();
    let mut cx = Context::from_waker(Waker::noop());
    assert!(Pin::new(&mut ended).poll(&mut cx).is_pending());
    let Peer { stage, out, inb, .. } = peer;
    drop((out, inb));
    stage.run();
    let Poll::Ready(LinkEnd::Closed) = Pin::new(&mut ended).poll(&mut cx) else { panic!() };
}
