//! Links: what goes over, what does not, and what a hostile peer can do.

mod border;
mod conformance;
mod ends;
mod hostile;
mod repeats;
mod requests;

use crate::stage::{Log, Stage};
use serde_json::{Value, json};
use std::{
    future::Future,
    pin::pin,
    task::{Context, Poll, Waker},
};
use trine_tao::{
    AppCtx, Kernel, What,
    wire::{Border, Inbound, Link, LinkWhat, MemoryTransport, Outbound, Transport, memory},
};

static_assertions::assert_impl_all!(Link: Send, Sync);
static_assertions::assert_impl_all!(Border: Send, Sync, Clone);

fn signal(action: &'static str) -> AppCtx {
    AppCtx::new("Job", action, "Portal")
}

fn on(action: &'static str) -> (&'static str, &'static str, &'static str) {
    ("Job", action, "Portal")
}

fn all(name: &'static str) -> Border {
    Border::new(name).outbound(("Job", "*", "*")).inbound(("Job", "*", "*"))
}

fn hear(kernel: &Kernel, name: &'static str, log: &Log) {
    let log = log.clone();
    kernel.on_inline(("*", "*", "*"), move |cx: AppCtx| log.note(format!("{name} {cx}"))).detach();
}

fn errors(kernel: &Kernel, log: &Log) {
    let log = log.clone();
    kernel
        .observe(move |seen| {
            if let What::Failed(error) = seen.what {
                log.note(error.cause().unwrap());
            }
        })
        .detach();
}

/// The other end of a link, by hand.
struct Peer {
    stage: Stage,
    out: <MemoryTransport as Transport>::Outbound,
    inb: <MemoryTransport as Transport>::Inbound,
    link: Link,
    told: Log,
}

fn now<F: Future>(future: F) -> Option<F::Output> {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => Some(output),
        Poll::Pending => None,
    }
}

impl Peer {
    fn new(border: impl FnOnce(Border) -> Border) -> Self {
        let stage = Stage::new();
        let told = Log::default();
        let log = told.clone();
        let border = border(all("peer")).observe(move |event| match event.what {
            LinkWhat::Refused(refusal) => log.note(format!("refused: {refusal}")),
            LinkWhat::Ignored { signal } => log.note(format!("ignored {signal}")),
            LinkWhat::Set { signal, .. } => log.note(format!("set {signal}")),
            _ => {}
        });
        hear(&stage.tao, "heard", &stage.log);
        let (here, there) = memory();
        let link = border.link(&stage.tao, here);
        let (out, inb) = there.split();
        Self { stage, out, inb, link, told }
    }

    fn send(&mut self, message: impl AsRef<[u8]>) {
        now(self.out.send(message.as_ref())).unwrap().unwrap();
        self.stage.run();
    }

    fn receive(&mut self) -> Option<Value> {
        self.stage.run();
        let message = now(self.inb.receive(1 << 20))?.unwrap()?;
        Some(serde_json::from_slice(&message).unwrap())
    }
}

fn message(tao: Value, envelope: Value) -> String {
    json!({ "tao": tao, "data": {}, "envelope": envelope }).to_string()
}

fn job(action: &str) -> Value {
    json!({ "t": "Job", "a": action, "o": "Portal" })
}

fn v1() -> Value {
    json!({ "v": 1, "chain": {} })
}
