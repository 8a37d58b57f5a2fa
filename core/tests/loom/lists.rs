//! Readers of a list's diffs beside the threads that edit it.

use crate::block_on;
use loom::thread;
use std::{future::poll_fn, num::NonZeroUsize, pin::Pin};
use trine_core::{ListDiffs, Store};

fn follow(diffs: &mut ListDiffs<u8>, mirror: &mut Vec<u8>) {
    while let Some(batch) = diffs.try_next() {
        batch.into_iter().for_each(|diff| diff.apply(mirror));
    }
}

#[test]
fn a_lagging_reader_that_reads_while_a_thread_commits_misses_nothing() {
    loom::model(|| {
        let store = Store::new();
        let list = store.list([0]);
        let mut diffs = store.diffs(list, NonZeroUsize::MIN);
        // It lags from the beginning.
        store.edit(list, |list| list.push(1));
        let writer = thread::spawn(move || {
            store.edit(list, |list| list.push(2));
            store.edit(list, |list| list.remove(0));
            store
        });
        let mut mirror = Vec::new();
        follow(&mut diffs, &mut mirror);
        let store = writer.join().unwrap();
        follow(&mut diffs, &mut mirror);
        assert_eq!(mirror, store.get(list));
    });
}

#[test]
fn a_reader_that_registers_while_a_thread_commits_is_woken() {
    loom::model(|| {
        let store = Store::new();
        let list = store.list([0]);
        let mut diffs = store.diffs(list, NonZeroUsize::MIN);
        diffs.try_next();
        // Kept here: a reader of a store that goes is woken for that.
        let editor = store.clone();
        let writer = thread::spawn(move || editor.edit(list, |list| list.push(1)));
        let next =
            block_on(poll_fn(|cx| futures_util::Stream::poll_next(Pin::new(&mut diffs), cx)));
        assert!(next.is_some());
        writer.join().unwrap();
        drop(store);
    });
}
