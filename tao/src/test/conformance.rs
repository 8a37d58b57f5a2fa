//! Five checks that any transport has to pass, run over a connection that it makes.
//!
//! They are those of tao.js's compliance kit: two kernels are linked, and what one of them does must reach the other as it should. A check
//! ends with a signal there and back, so none of them waits for time to pass to find that nothing more comes.
//!
//! ```
//! # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
//! use trine_tao::{Store, test::conformance, wire};
//!
//! let report = conformance::check(&Store::new(), async || wire::memory()).await;
//! report.assert();
//! # });
//! ```

use crate::{
    adapter::Filter,
    context::AppCtx,
    envelope::ChainValue,
    kernel::{HandlerGuard, Kernel, ObserverGuard},
    observe::What,
    sync::Mutex,
    wire::{Border, Link, Transport},
};
use serde_json::json;
use std::{fmt, sync::Arc, time::Duration};
use trine_core::{Store, Text};

/// How long one check may take.
const LIMIT: Duration = Duration::from_secs(10);

/// What a transport has to keep.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Check {
    /// Each signal arrives exactly once, in order, with its data.
    Delivery,
    /// What arrives is not sent back; what it leads to is.
    EchoAndReflex,
    /// Every hop of a cascade is sent.
    MultiHop,
    /// The chain goes there and back: one trace, with the exact parents.
    ChainContinuity,
    /// Nothing of the sender's cascade arrives: its channel, its hops, its handlers.
    CascadeScoping,
}

/// What the checks have found. Made by [`check`].
#[derive(Debug, Clone)]
#[must_use = "a report that nobody reads finds nothing: call `assert`"]
pub struct Report {
    findings: Vec<(Check, Result<(), Text>)>,
}

impl Report {
    /// What each check has found, in their order.
    pub fn findings(&self) -> &[(Check, Result<(), Text>)] {
        &self.findings
    }

    /// Whether all was as it should be.
    #[must_use]
    pub fn is_conformant(&self) -> bool {
        self.findings.iter().all(|(_, found)| found.is_ok())
    }

    /// Panics unless all was as it should be.
    ///
    /// # Panics
    ///
    /// If a check has failed, with what it found.
    #[track_caller]
    pub fn assert(&self) {
        assert!(self.is_conformant(), "the transport does not conform:\n{self}");
    }
}

/// Runs the five checks, each over a connection of its own that `connect` makes.
///
/// Must be awaited where the transport's runtime is. Each check gives up after ten seconds of the store's clock.
pub async fn check<A: Transport, B: Transport>(
    store: &Store,
    connect: impl AsyncFn() -> (A, B),
) -> Report {
    let mut findings = Vec::new();
    for check in [
        Check::Delivery,
        Check::EchoAndReflex,
        Check::MultiHop,
        Check::ChainContinuity,
        Check::CascadeScoping,
    ] {
        let (one, other) = connect().await;
        let ends = Ends::link(store, one, other);
        findings.push((check, ends.run(check).await));
    }
    Report { findings }
}

/// What a kernel has dispatched.
#[derive(Clone, Default)]
struct Heard(Arc<Mutex<Vec<String>>>);

impl Heard {
    fn note(&self, what: impl ToString) {
        self.0.lock().push(what.to_string());
    }

    /// What it was is `expected`.
    fn expect(&self, who: &str, expected: &[&str]) -> Result<(), Text> {
        let heard = self.0.lock();
        if *heard == expected {
            return Ok(());
        }
        Err(format!("{who} heard {heard:?}, where {expected:?} was due").into())
    }
}

/// Two linked kernels.
struct Ends {
    near: Kernel,
    far: Kernel,
    links: [Link; 2],
    near_heard: Heard,
    far_heard: Heard,
    _handlers: Vec<HandlerGuard>,
}

fn signal(action: &'static str) -> AppCtx {
    AppCtx::new("Conformance", action, "Link")
}

fn on(action: &'static str) -> (&'static str, &'static str, &'static str) {
    ("Conformance", action, "Link")
}

impl Ends {
    fn link(store: &Store, one: impl Transport, other: impl Transport) -> Self {
        let (near, far) = (Kernel::new(store), Kernel::new(store));
        let all = || Filter::from(("Conformance", "*", "*"));
        let border = |name| Border::new(name).outbound(all()).inbound(all());
        let links = [border("near").link(&near, one), border("far").link(&far, other)];
        let (near_heard, far_heard) = (Heard::default(), Heard::default());
        let hear = |kernel: &Kernel, heard: &Heard| {
            let heard = heard.clone();
            kernel.on_inline(("Conformance", "*", "Link"), move |cx| heard.note(line(&cx)))
        };
        let _handlers = vec![
            hear(&near, &near_heard),
            hear(&far, &far_heard),
            far.on_inline(("Conformance", "Flush", "End"), |_| {
                AppCtx::new("Conformance", "Flushed", "End")
            }),
        ];
        Self { near, far, links, near_heard, far_heard, _handlers }
    }

    async fn run(&self, check: Check) -> Result<(), Text> {
        match check {
            Check::Delivery => self.delivery().await,
            Check::EchoAndReflex => self.echo_and_reflex().await,
            Check::MultiHop => self.multi_hop().await,
            Check::ChainContinuity => self.chain_continuity().await,
            Check::CascadeScoping => self.cascade_scoping().await,
        }
    }

    /// Waits until all that is under way has arrived: twice there and back, so that an echo of the last thing is seen as well.
    async fn flush(&self) -> Result<(), Text> {
        for _ in 0..2 {
            let flush = AppCtx::new("Conformance", "Flush", "End");
            let flushed = ("Conformance", "Flushed", "End");
            let reply = self.near.request(flush).expect(flushed).timeout(LIMIT);
            if let Err(error) = reply.await {
                let ends = self.links.each_ref().map(|link| link.end().map(|end| end.to_string()));
                let error = format!("no signal went there and back: {error}; the links: {ends:?}");
                return Err(error.into());
            }
        }
        Ok(())
    }

    async fn delivery(&self) -> Result<(), Text> {
        for number in 1..=3 {
            self.near
                .set(signal("Deliver").term(json!({ "number": number, "text": "ä\u{1f600}\"\n" })));
        }
        self.flush().await?;
        let due = [1, 2, 3].map(|number| {
            format!("Deliver {{\"number\":{number},\"text\":\"ä\u{1f600}\\\"\\n\"}}")
        });
        self.far_heard.expect("the far side", &due.each_ref().map(String::as_str))
    }

    async fn echo_and_reflex(&self) -> Result<(), Text> {
        let _answer = self.far.on_inline(on("Ask"), |_| signal("Answer"));
        self.near.set(signal("Ask"));
        self.flush().await?;
        self.near_heard.expect("the near side", &["Ask", "Answer"])?;
        self.far_heard.expect("the far side", &["Ask", "Answer"])
    }

    async fn multi_hop(&self) -> Result<(), Text> {
        let _chain = [
            self.near.on_inline(on("First"), |_| signal("Second")),
            self.near.on_async(on("Second"), |_| signal("Third")),
        ];
        self.near.set(signal("First")).settled().await;
        self.flush().await?;
        self.far_heard.expect("the far side", &["First", "Second", "Third"])
    }

    async fn chain_continuity(&self) -> Result<(), Text> {
        let name = |name: &'static str| {
            move |step: &crate::ChainStep<'_>| {
                let before = step.previous.and_then(ChainValue::as_text);
                let before = before.map_or("", |before| before.as_str());
                Some(
                    Text::from(format!("{before}>{name}:{}", step.context.trigram().action()))
                        .into(),
                )
            }
        };
        let _reducers = [
            self.near.chain_reducer("path", name("near")),
            self.far.chain_reducer("path", name("far")),
        ];
        let _answer = self.far.on_inline(on("Ask"), |_| signal("Answer"));
        let paths = Heard::default();
        let notes = paths.clone();
        let _observer = self.near.observe(move |seen| {
            if let (What::Received, "Answer") =
                (seen.what, seen.context.trigram().action().as_str())
            {
                let path = seen.chain.get("path").and_then(ChainValue::as_text);
                notes.note(path.map_or("nothing", |path| path.as_str()));
            }
        });
        self.near.set(signal("Ask"));
        self.flush().await?;
        paths.expect("the chain of what came back", &[">near:Ask>far:Ask>far:Answer>near:Answer"])
    }

    async fn cascade_scoping(&self) -> Result<(), Text> {
        let places = Heard::default();
        let _observer = observe(&self.far, &places);
        let (mine, theirs) = (self.near.channel("mine"), self.far.channel("mine"));
        let (at_home, abroad) = (Heard::default(), Heard::default());
        let hear = |heard: &Heard| {
            let heard = heard.clone();
            move |cx: AppCtx| heard.note(line(&cx))
        };
        let _channels = [
            mine.on_inline(("Conformance", "*", "Link"), hear(&at_home)),
            theirs.on_inline(("Conformance", "*", "Link"), hear(&abroad)),
        ];
        let _chain = self.near.on_inline(on("First"), |_| signal("Second"));
        mine.set(signal("First"));
        self.flush().await?;
        at_home.expect("the channel that it was set on", &["Second"])?;
        abroad.expect("a channel of the far side", &[])?;
        places.expect("the far side", &["First: hop 0", "Second: hop 0"])
    }
}

/// Notes how the signals of a kernel came about.
fn observe(kernel: &Kernel, places: &Heard) -> ObserverGuard {
    let places = places.clone();
    kernel.observe(move |seen| {
        let trigram = seen.context.trigram();
        if let (What::Received, "Link") = (seen.what, trigram.orient().as_str()) {
            let via = seen.via.map_or("", |_| " by a handler");
            places.note(format!("{}: hop {}{via}", trigram.action(), seen.hop));
        }
    })
}

fn line(cx: &AppCtx) -> String {
    let action = cx.trigram().action();
    match cx.term_datum::<serde_json::Value>() {
        Ok(datum) => format!("{action} {datum}"),
        Err(_) => action.to_string(),
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (check, found) in &self.findings {
            match found {
                Ok(()) => writeln!(f, "{check:?}: ok")?,
                Err(reason) => writeln!(f, "{check:?}: {reason}")?,
            }
        }
        Ok(())
    }
}
