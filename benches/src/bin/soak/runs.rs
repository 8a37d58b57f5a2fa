//! Runs in all their ends.

use crate::world::{World, join};
use std::{
    future::{Future, pending},
    pin::Pin,
    task::{Context, Poll},
};
use trine_core::{OutcomeKind, Policy, Run};

/// Pending once.
#[derive(Default)]
struct Yield(bool);

impl Future for Yield {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        if std::mem::replace(&mut self.0, true) {
            return Poll::Ready(());
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }
}

impl World {
    pub(crate) fn ready_run(&mut self) {
        let (cell, value) = (self.any(), self.random.next() % 1_000);
        let source = self.sources[cell];
        let fails = self.random.once_in(3);
        let run = self.store.run("ready", move |cx| async move {
            cx.set(source, value).expect("active");
            if fails { Err("no".to_owned()) } else { Ok(value) }
        });
        self.model[cell] = value;
        let kind = if fails { OutcomeKind::Rejected } else { OutcomeKind::Fulfilled };
        assert_eq!(run.outcome().map(|outcome| outcome.kind()), Some(kind));
    }

    pub(crate) fn waiting_run(&mut self) {
        let list = self.list;
        let endless = self.random.once_in(3);
        let run = self.store.run("waits", move |cx| async move {
            // A child that ends with its parent at the latest.
            let child = cx.run("child", |_| pending::<Result<u64, String>>());
            Yield::default().await;
            cx.edit(list, |list| list.push(1)).expect("active");
            drop(child);
            if endless {
                pending::<()>().await;
            }
            Ok(1)
        });
        let result = run.result();
        self.keep(run);
        drop(result);
        if self.random.once_in(3) {
            self.executor.run_until_stalled();
        }
    }

    pub(crate) fn superseded_run(&mut self) {
        let key = self.random.below(3);
        let start = || {
            let run = self.store.run_builder("latest").policy(Policy::Latest).key(key);
            run.start(|_| pending::<Result<u64, String>>())
        };
        let (first, second) = (start(), start());
        assert_eq!(first.outcome().map(|outcome| outcome.kind()), Some(OutcomeKind::Superseded));
        // The next one of this key supersedes it.
        self.keep(second);
    }

    /// One that is superseded, perhaps comes to its end, and is removed.
    pub(crate) fn async_derived(&mut self) {
        let cell = self.any();
        let source = self.sources[cell];
        let derived = self.store.derived_async(move |cx| async move {
            let value = cx.get(source).await;
            Yield::default().await;
            Ok::<_, String>(value)
        });
        let watch = self.store.watch(derived);
        assert!(watch.borrow().is_pending());
        self.executor.run_one();
        self.model[cell] += 1;
        self.store.set(source, self.model[cell]);
        if self.random.once_in(2) {
            self.executor.run_until_stalled();
            assert_eq!(watch.borrow().value().map(|value| **value), Some(self.model[cell]));
        }
        self.store.remove(derived).expect("a cell that is there");
    }

    /// Keeps a run until there are too many.
    fn keep(&mut self, run: Run<u64, String>) {
        if let Some(old) = join(&mut self.crowd.runs, run) {
            old.abort("too old");
            assert!(old.is_settled());
        }
    }
}
