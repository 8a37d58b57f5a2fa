//! Readers of a list's diffs.

use super::{Counted, Counter, capacity, drain, follow};
use crate::log::Log;
use futures_util::{FutureExt, StreamExt};
use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, Mutex},
    task::{Context, Poll, Wake, Waker},
    thread,
};
use trine_core::{ListDiff, Store};

#[test]
fn a_reader_begins_with_the_content_and_gets_one_batch_per_commit() {
    let store = Store::new();
    let list = store.list([1, 2]);
    store.edit(list, |list| list.push(3));
    let mut diffs = store.diffs(list, capacity(8));
    store.edit(list, |list| {
        list.insert(0, 0);
        list.swap(1, 3);
        list.swap(0, 1);
    });
    store.edit(list, |list| list.retain(|n| n % 2 == 1));
    store.edit(list, |list| list.clear());
    assert_eq!(
        drain(&mut diffs),
        [
            vec![ListDiff::Reset { values: vec![1, 2, 3] }],
            vec![
                ListDiff::Insert { index: 0, value: 0 },
                ListDiff::Move { from: 3, to: 1 },
                ListDiff::Move { from: 2, to: 3 },
                ListDiff::Move { from: 1, to: 0 },
            ],
            vec![ListDiff::Remove { index: 1 }, ListDiff::Remove { index: 1 }],
            vec![ListDiff::Clear],
        ]
    );
}

#[test]
fn a_list_that_is_replaced_is_told_as_a_whole() {
    let store = Store::new();
    let list = store.list([1, 2]);
    let mut diffs = store.diffs(list, capacity(8));
    drain(&mut diffs);
    store.edit(list, |list| {
        list.push(3);
        list.reset([7]);
        list.push(8);
    });
    store.edit(list, |list| list.push(9));
    let reset = vec![ListDiff::Reset { values: vec![7, 8] }];
    assert_eq!(drain(&mut diffs), [reset, vec![ListDiff::Push { value: 9 }]]);
}

#[test]
fn a_lagging_reader_gets_a_single_reset_as_of_the_last_commit() {
    let store = Store::new();
    let list = store.list([0]);
    let (mut slow, mut fast) = (store.diffs(list, capacity(3)), store.diffs(list, capacity(100)));
    drain(&mut slow);
    for n in 1..=10 {
        store.edit(list, |list| list.push(n));
        assert_eq!(slow.len(), if n <= 3 { n } else { 1 });
    }
    assert_eq!(drain(&mut slow), [vec![ListDiff::Reset { values: (0..=10).collect() }]]);
    assert_eq!(drain(&mut fast).len(), 11);
    store.edit(list, |list| list.pop());
    assert_eq!(drain(&mut slow), [vec![ListDiff::Remove { index: 10 }]]);
}

#[test]
#[cfg_attr(miri, ignore = "too much for an interpreter")]
fn lagging_costs_one_copy_of_the_list_however_long_it_lasts() {
    let (store, clones) = (Store::new(), Counter::default());
    let new = |n| Counted(n, clones.clone());
    let list = store.list((0..10_000).map(new).collect::<Vec<_>>());
    let mut diffs = store.diffs(list, capacity(1));
    assert_eq!(clones.take(), 10_000);
    for n in 0..1_000 {
        store.edit(list, |list| {
            list.remove(n);
            list.push(new(n));
        });
    }
    // The copy, and each new element for the reader.
    assert_eq!(clones.take(), 10_000 + 1_000);
    let mut mirror = Vec::new();
    follow(&mut diffs, &mut mirror);
    let numbers = |items: &[Counted]| items.iter().map(|item| item.0).collect::<Vec<_>>();
    assert_eq!(numbers(&mirror), store.with(list, |items| numbers(items)));
}

#[test]
fn while_a_list_is_torn_nothing_comes_and_its_repair_is_a_reset() {
    let store = Store::new();
    let list = store.list([1, 2]);
    let mut diffs = store.diffs(list, capacity(8));
    drain(&mut diffs);
    let torn = catch_unwind(AssertUnwindSafe(|| {
        store.edit(list, |list| {
            list.push(3);
            list.update(0, |_| panic!("half way"));
        });
    }));
    assert!(torn.is_err());
    let mut late = store.diffs(list, capacity(8));
    assert_eq!((diffs.try_next(), late.try_next()), (None, None));
    store.recover_list(list, |list| list.push(4));
    store.edit(list, |list| list.push(5));
    let told =
        [vec![ListDiff::Reset { values: vec![1, 2, 3, 4] }], vec![ListDiff::Push { value: 5 }]];
    assert_eq!(drain(&mut diffs), told);
    assert_eq!(drain(&mut late), told);
}

#[test]
fn a_stream_ends_when_its_list_or_its_store_is_gone_once_everything_is_read() {
    let store = Store::new();
    let (list, other) = (store.list([1]), store.list([1]));
    let (mut diffs, mut others) =
        (store.diffs(list, capacity(1)), store.diffs(other, capacity(1)).filter(|_| false));
    store.edit(list, |list| list.push(2));
    store.remove(list).unwrap();
    let reset = vec![ListDiff::Reset { values: vec![1, 2] }];
    assert_eq!(diffs.next().now_or_never(), Some(Some(reset)));
    assert_eq!(diffs.next().now_or_never(), Some(None));
    assert_eq!(others.try_next(), Some(vec![ListDiff::Reset { values: vec![] }]));
    assert_eq!(others.next().now_or_never(), None);
    drop(store);
    assert_eq!(others.next().now_or_never(), Some(None));
}

/// A value whose clone fails when it is told to.
struct Fussy(u8, Arc<Mutex<bool>>);

impl Clone for Fussy {
    fn clone(&self) -> Self {
        let fails = *self.1.lock().unwrap();
        assert!(!(fails && self.0 == 2), "does not want to be copied");
        Self(self.0, self.1.clone())
    }
}

#[test]
fn what_cannot_be_copied_is_made_up_for_by_a_reset() {
    let (store, fails) = (Store::new(), Arc::new(Mutex::new(false)));
    let new = |n| Fussy(n, fails.clone());
    let list = store.list(vec![new(2)]);
    let mut diffs = store.diffs(list, capacity(1));
    *fails.lock().unwrap() = true;
    // The reader lags, so the whole list is to be copied, which fails. The list itself is sound.
    store.edit(list, |list| list.push(new(3)));
    *fails.lock().unwrap() = false;
    store.edit(list, |list| list.push(new(4)));
    let mut mirror = Vec::new();
    follow(&mut diffs, &mut mirror);
    assert_eq!(mirror.iter().map(|item| item.0).collect::<Vec<_>>(), [2, 3, 4]);
}

#[test]
fn a_callback_may_read_the_diffs_of_its_commit() {
    let (store, clones, log) = (Store::new(), Counter::default(), Log::default());
    let new = |n| Counted(n, clones.clone());
    let list = store.list((0..1_000).map(new).collect::<Vec<_>>());
    let mut diffs = store.diffs(list, capacity(16)).map(|item| item.0);
    diffs.try_next();
    let touched = store.cell("touched").always_different().derived(move |cx| cx.with(list, |_| ()));
    let told = log.clone();
    let _guard = store.subscribe(touched, move |()| told.note(format!("{:?}", diffs.try_next())));
    clones.take();
    store.edit(list, |list| list.push(new(7)));
    store.edit(list, |list| list.truncate(1_000));
    log.is(["Some([Push { value: 7 }])", "Some([Truncate { len: 1000 }])"]);
    assert_eq!(clones.take(), 1);
}

struct Noting(Log);

impl Wake for Noting {
    fn wake(self: Arc<Self>) {
        self.0.note("woken");
    }
}

#[test]
fn a_commit_wakes_and_a_roll_back_does_not() {
    let (store, log) = (Store::new(), Log::default());
    let list = store.list([1]);
    let mut diffs = store.diffs(list, capacity(4));
    diffs.try_next();
    let waker = Waker::from(Arc::new(Noting(log.clone())));
    let mut cx = Context::from_waker(&waker);
    assert_eq!(diffs.poll_next_unpin(&mut cx), Poll::Pending);
    let _ = store.transaction(|tx| {
        tx.edit(list, |list| list.push(2));
        Err::<(), _>(())
    });
    log.is([]);
    store.edit(list, |list| list.push(2));
    store.edit(list, |list| list.push(3));
    log.is(["woken"]);
    assert_eq!(drain(&mut diffs).len(), 2);
    assert_eq!(diffs.poll_next_unpin(&mut cx), Poll::Pending);
    store.remove(list).unwrap();
    log.is(["woken"]);
}

#[test]
fn readers_come_and_go() {
    let store = Store::new();
    let list = store.list([1]);
    for n in 0..10 {
        let (mut a, mut b) = (store.diffs(list, capacity(4)), store.diffs(list, capacity(4)));
        store.edit(list, |list| list.push(n));
        drop(b.try_next());
        drop(b);
        store.edit(list, |list| list.push(n));
        let mut mirror = Vec::new();
        follow(&mut a, &mut mirror);
        assert_eq!(mirror, store.get(list));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[cfg_attr(miri, ignore = "too much for an interpreter")]
async fn a_reader_on_another_thread_ends_with_the_same_list() {
    let store = Store::new();
    let list = store.list(Vec::<u32>::new());
    let mut diffs = store.diffs(list, capacity(4));
    let writer = thread::spawn(move || {
        for n in 0..10_000 {
            store.edit(list, |list| match n % 5 {
                4 => drop(list.remove((n as usize * 7) % list.len())),
                3 => list.move_item(0, list.len() - 1),
                _ => list.push(n),
            });
        }
        store.get(list)
    });
    let mut mirror = Vec::new();
    while let Some(batch) = diffs.next().await {
        batch.into_iter().for_each(|diff| diff.apply(&mut mirror));
    }
    assert_eq!(mirror, writer.join().unwrap());
}
