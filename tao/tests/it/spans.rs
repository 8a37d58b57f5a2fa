//! Spans of `tracing`: one for each cascade, dispatch and handler, as long as what they stand for.

use crate::stage::{Log, Stage};
use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};
use tracing::{
    Event, Metadata, Subscriber,
    field::{Field, Visit},
    span::{Attributes, Id, Record},
    subscriber::with_default,
};
use trine_tao::{AppCtx, BoxError};

/// Notes what happens to spans.
#[derive(Clone, Default)]
struct Notes {
    log: Log,
    last: Arc<AtomicU64>,
}

#[derive(Default)]
struct Fields(String);

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        if field.name() != "at" {
            self.0 += &format!(" {}={value:?}", field.name());
        }
    }
}

impl Subscriber for Notes {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target() == "trine_tao"
    }

    fn new_span(&self, attributes: &Attributes<'_>) -> Id {
        let id = self.last.fetch_add(1, Ordering::Relaxed) + 1;
        let mut fields = Fields::default();
        attributes.record(&mut fields);
        let parent = attributes.parent().map_or(0, Id::into_u64);
        let name = attributes.metadata().name();
        self.log.note(format!("{id} in {parent}: {name}{}", fields.0));
        Id::from_u64(id)
    }

    fn record(&self, span: &Id, values: &Record<'_>) {
        let mut fields = Fields::default();
        values.record(&mut fields);
        self.log.note(format!("{}:{}", span.into_u64(), fields.0));
    }

    fn record_follows_from(&self, span: &Id, follows: &Id) {
        self.log.note(format!("{} follows from {}", span.into_u64(), follows.into_u64()));
    }

    fn event(&self, _: &Event<'_>) {}

    fn enter(&self, span: &Id) {
        self.log.note(format!("> {}", span.into_u64()));
    }

    fn exit(&self, span: &Id) {
        self.log.note(format!("< {}", span.into_u64()));
    }

    fn clone_span(&self, id: &Id) -> Id {
        id.clone()
    }

    fn try_close(&self, id: Id) -> bool {
        self.log.note(format!("drop {}", id.into_u64()));
        true
    }
}

fn signal(action: &'static str) -> AppCtx {
    AppCtx::new("User", action, "Portal")
}

#[test]
fn a_cascade_its_dispatches_and_their_handlers_are_spans() {
    let notes = Notes::default();
    with_default(notes.clone(), || {
        let stage = Stage::new();
        let _handlers = (
            stage.tao.on_inline(("User", "Find", "Portal"), |_| signal("Enter")),
            stage.tao.on_inline(("User", "Enter", "Portal"), |_| Err::<(), BoxError>("no".into())),
        );
        stage.tao.set(signal("Find"));
    });
    assert_eq!(
        notes.log.take(),
        [
            "1 in 0: cascade id=1 signal={User,Find,Portal}",
            "2 in 1: dispatch signal={User,Find,Portal} dispatch=0 hop=0",
            "2: conclusion=proceeded",
            "3 in 2: handler phase=inline",
            "> 3",
            "< 3",
            "drop 3",
            "drop 2",
            "4 in 1: dispatch signal={User,Enter,Portal} dispatch=1 hop=1 via=0",
            "4: conclusion=proceeded",
            "5 in 4: handler phase=inline",
            "> 5",
            "< 5",
            "5: error=no",
            "drop 5",
            "drop 4",
            "drop 1",
        ]
    );
}

#[test]
fn the_span_of_an_async_handler_follows_from_its_dispatch_and_is_entered_for_each_poll() {
    let notes = Notes::default();
    with_default(notes.clone(), || {
        let stage = Stage::new();
        let _handler = stage.tao.on_async(("User", "Find", "Portal"), |_| async {
            let mut again = true;
            std::future::poll_fn(move |cx| {
                if std::mem::take(&mut again) {
                    cx.waker().wake_by_ref();
                    return std::task::Poll::Pending;
                }
                std::task::Poll::Ready(())
            })
            .await;
        });
        stage.tao.set(signal("Find"));
        notes.log.note("set has returned");
        stage.run();
    });
    let lines = notes.log.take();
    let lines: Vec<_> = lines.iter().filter(|line| !line.starts_with("drop 1")).collect();
    assert_eq!(
        lines,
        [
            "1 in 0: cascade id=1 signal={User,Find,Portal}",
            "2 in 1: dispatch signal={User,Find,Portal} dispatch=0 hop=0",
            "2: conclusion=proceeded",
            "3 in 1: handler phase=async",
            "3 follows from 2",
            "drop 2",
            "set has returned",
            "> 3",
            "< 3",
            "> 3",
            "< 3",
            "> 3",
            "< 3",
            "drop 3",
        ]
    );
}
