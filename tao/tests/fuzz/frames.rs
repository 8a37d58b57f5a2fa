//! Frames of messages on a stream of bytes.

use crate::{fuzz, mutate::Random};
use std::{
    future::Future,
    pin::pin,
    task::{Context, Poll, Waker},
};
use tokio::io::AsyncWriteExt;
use trine_tao::wire::{Inbound, Transport, TransportError, tcp::TcpTransport};

/// How large a message may be.
const LIMIT: usize = 64;

const SEEDS: [&[u8]; 5] = [
    b"",
    b"\0\0\0\0",
    b"\0\0\0\x02{}\0\0\0\x02{}",
    b"\0\0\0\x40................................................................",
    b"\xff\xff\xff\xff{}",
];

fn now<F: Future>(future: F) -> F::Output {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("it waits, though all is there"),
    }
}

/// Cuts the bytes into frames in the plainest way.
fn expected(mut bytes: &[u8]) -> (Vec<&[u8]>, &'static str) {
    let mut frames = Vec::new();
    loop {
        let Some((header, rest)) = bytes.split_first_chunk::<4>() else {
            return (frames, if bytes.is_empty() { "closed" } else { "truncated" });
        };
        let length = u32::from_be_bytes(*header) as usize;
        if length > LIMIT {
            return (frames, "too large");
        }
        let Some((frame, rest)) = rest.split_at_checked(length) else {
            return (frames, "truncated");
        };
        frames.push(frame);
        bytes = rest;
    }
}

fn mutate(input: &[u8], random: &mut Random) -> Vec<u8> {
    let mut output = input.to_vec();
    let length = [0, 1, LIMIT, LIMIT + 1, random.below(100)][random.below(5)];
    output.extend_from_slice(&(length as u32).to_be_bytes());
    output.extend((0..length.min(LIMIT) + random.below(2)).map(|_| b'.'));
    output
}

#[test]
fn a_stream_of_bytes_is_cut_into_the_frames_that_are_in_it() {
    fuzz("frames", 1, &SEEDS, mutate, |input| {
        let (mut theirs, ours) = tokio::io::duplex(input.len().max(1));
        now(theirs.write_all(input)).expect("there is room");
        drop(theirs);
        let (_out, mut inbound) = TcpTransport::new(ours).split();
        let mut frames = Vec::new();
        let end = loop {
            match now(inbound.receive(LIMIT)) {
                Ok(Some(frame)) => frames.push(frame),
                Ok(None) => break "closed",
                Err(TransportError::TooLarge { .. }) => break "too large",
                Err(TransportError::Truncated) => break "truncated",
                Err(error) => panic!("{error}"),
            }
        };
        let (due, due_end) = expected(input);
        assert_eq!((&frames.iter().map(Vec::as_slice).collect(), end), (&due, due_end));
        format!("{end} after {}", ["none", "one", "two", "several"][frames.len().min(3)])
    });
}
