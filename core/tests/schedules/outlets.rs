//! Readers of watches, streams and diffs beside the threads that commit.

use crate::explore;
use futures_util::StreamExt;
use shuttle::{future::block_on, thread};
use std::num::NonZeroUsize;
use trine_core::{Missed, Store};

#[test]
fn a_watch_sees_the_last_value_and_only_goes_forward() {
    explore(|| {
        let store = Store::new();
        let cell = store.source(0_u64);
        let double = store.derived(move |cx| cx.get(cell) * 2);
        let mut watch = store.watch(double);
        let follower = thread::spawn(move || {
            let (mut last, mut number) = (0, watch.number());
            while block_on(watch.changed()).is_ok() {
                let seen = *watch.borrow_and_update();
                assert!(seen >= last && watch.number() >= number, "backwards");
                (last, number) = (seen, watch.number());
            }
            last
        });
        let writers = [(); 2].map(|()| {
            let store = store.clone();
            thread::spawn(move || {
                for _ in 0..3 {
                    store.update(cell, |value| *value += 1);
                }
            })
        });
        for writer in writers {
            writer.join().unwrap();
        }
        drop(store);
        assert_eq!(follower.join().unwrap(), 12);
    });
}

#[test]
fn a_stream_brings_every_change_in_order_or_says_how_many_it_has_lost() {
    explore(|| {
        let store = Store::new();
        let cell = store.source(0_u64);
        let readers = [1, 2, 100].map(|capacity| {
            let mut changes = store.changes(cell, NonZeroUsize::new(capacity).unwrap());
            thread::spawn(move || {
                let (mut seen, mut lost, mut last) = (0, 0, 0);
                while let Some(change) = block_on(changes.next()) {
                    match change {
                        Ok(value) => {
                            assert!(value > last, "out of order");
                            (seen, last) = (seen + 1, value);
                        }
                        Err(Missed::Lagged(some)) => lost += some,
                        Err(Missed::Failed(error)) => panic!("{error}"),
                    }
                }
                assert!(capacity < 100 || lost == 0);
                (seen + lost, last)
            })
        });
        let writers = [(); 2].map(|()| {
            let store = store.clone();
            thread::spawn(move || {
                for _ in 0..3 {
                    store.update(cell, |value| *value += 1);
                }
            })
        });
        for writer in writers {
            writer.join().unwrap();
        }
        drop(store);
        for reader in readers {
            assert_eq!(reader.join().unwrap(), (6, 6));
        }
    });
}

#[test]
fn who_follows_the_diffs_of_a_list_has_the_list() {
    explore(|| {
        let store = Store::new();
        let list = store.list([0_u64]);
        let followers = [1, 3].map(|capacity| {
            let mut diffs = store.diffs(list, NonZeroUsize::new(capacity).unwrap());
            thread::spawn(move || {
                let mut mirror = Vec::new();
                while let Some(batch) = block_on(diffs.next()) {
                    batch.into_iter().for_each(|diff| diff.apply(&mut mirror));
                }
                mirror
            })
        });
        let editors = [1, 2].map(|first| {
            let store = store.clone();
            thread::spawn(move || {
                store.edit(list, |list| list.push(first));
                let _ = store.transaction(|tx| {
                    tx.edit(list, |list| list.insert(0, first * 10));
                    if first == 1 { Ok(()) } else { Err(()) }
                });
                store.edit(list, |list| {
                    list.set(0, first * 100);
                    let end = list.len() - 1;
                    list.move_item(0, end);
                });
            })
        });
        for editor in editors {
            editor.join().unwrap();
        }
        let content = store.get(list);
        drop(store);
        for follower in followers {
            assert_eq!(follower.join().unwrap(), content);
        }
    });
}
