//! How much of other threads' work a thread does that commits: counted in callbacks, never in time.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
        mpsc,
    },
    thread::{self, ThreadId},
};
use trine_core::{Source, Store, SubscriptionGuard, test::ManualExecutor};

/// How many commits of other threads a thread tells of at most before its own call returns.
const AT_MOST: usize = 64;

/// Which thread told of which commit, in order.
type Told = Arc<Mutex<Vec<(ThreadId, u64)>>>;

/// Notes every call for a cell; then calls `also`, which may be slow.
fn listen(
    store: &Store,
    cell: Source<u64>,
    told: &Told,
    mut also: impl FnMut(u64) + Send + 'static,
) -> SubscriptionGuard {
    let told = Arc::clone(told);
    store.subscribe_changes(cell, move |change| {
        told.lock().unwrap().push((thread::current().id(), change.number().get()));
        also(*change.value().unwrap());
    })
}

/// How many of the calls from `start` on were made by this thread for commits of others.
fn foreign(told: &Told, start: usize, own: u64) -> usize {
    let this = thread::current().id();
    let told = told.lock().unwrap();
    told[start..].iter().filter(|(thread, number)| *thread == this && *number != own).count()
}

fn numbers(told: &Told) -> Vec<u64> {
    told.lock().unwrap().iter().map(|(_, number)| *number).collect()
}

#[test]
fn a_second_writer_returns_at_once_while_a_slow_callback_is_under_way() {
    let store = Store::with_spawner(ManualExecutor::new());
    let (slow, other) = (store.source(0), store.source(0));
    let told = Told::default();
    let (entered, is_entered) = mpsc::channel();
    let (release, is_released) = mpsc::channel::<()>();
    let _slow = listen(&store, slow, &told, move |_| {
        entered.send(()).unwrap();
        is_released.recv().unwrap();
    });
    let _other = listen(&store, other, &told, |_| {});
    thread::scope(|scope| {
        let first = scope.spawn(|| {
            store.set(slow, 1);
            thread::current().id()
        });
        is_entered.recv().unwrap();
        // The callback waits for this thread: if any of these waited for the callback, it would be for ever.
        let numbers: Vec<_> =
            (1..=10).map(|value| store.set(other, value).number().unwrap().get()).collect();
        assert_eq!(numbers, (2..=11).collect::<Vec<_>>());
        assert_eq!(foreign(&told, 0, 0), 0, "called by who had handed over");
        release.send(()).unwrap();
        let first = first.join().unwrap();
        // Few enough for the thread that delivers.
        assert_eq!(
            *told.lock().unwrap(),
            (1..=11).map(|number| (first, number)).collect::<Vec<_>>()
        );
    });
}

#[test]
fn a_writer_tells_of_64_commits_of_others_at_most_then_passes_on() {
    let executor = ManualExecutor::new();
    let store = Store::with_spawner(executor.clone());
    let (hot, other) = (store.source(0), store.source(0));
    let told = Told::default();
    let (entered, is_entered) = mpsc::channel();
    let (release, is_released) = mpsc::channel::<()>();
    let _hot = listen(&store, hot, &told, move |value| {
        if value == 1 {
            entered.send(()).unwrap();
            is_released.recv().unwrap();
        }
    });
    let _other = listen(&store, other, &told, |_| {});
    thread::scope(|scope| {
        let first = scope.spawn(|| {
            store.set(hot, 1);
            foreign(&told, 0, 1)
        });
        is_entered.recv().unwrap();
        for value in 2..=1_000 {
            store.set(hot, value);
        }
        release.send(()).unwrap();
        // The thread whose callback was slow has told of its own commit and of these, and is free.
        assert_eq!(first.join().unwrap(), AT_MOST);
    });
    // Nobody delivers now, and much waits: a second writer takes its share, and no more.
    let start = told.lock().unwrap().len();
    assert_eq!(start, 1 + AT_MOST);
    let commit = store.set(other, 1);
    let own = commit.number().unwrap().get();
    let share = foreign(&told, start, own);
    assert!(0 < share && share <= AT_MOST, "{share} commits of others in one call");
    // Nothing is lost: the executor does the rest, in the order of the commits.
    executor.run_until_stalled();
    assert_eq!(numbers(&told), (1..=own).collect::<Vec<_>>());
}

#[test]
fn beside_a_hot_writer_every_set_of_a_second_writer_does_a_bounded_share() {
    let executor = ManualExecutor::new();
    let store = Store::with_spawner(executor.clone());
    let (hot, other) = (store.source(0), store.source(0));
    let told = Told::default();
    // Slow enough that the hot writer is mostly ahead.
    let _hot = listen(&store, hot, &told, |_| (0..20).for_each(|_| thread::yield_now()));
    let _other = listen(&store, other, &told, |_| {});
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            // Not so many that the outbox is full: then values are told instead of others.
            for value in 1..=60_000 {
                if done.load(Ordering::Relaxed) {
                    break;
                }
                let start = told.lock().unwrap().len();
                let own = store.set(hot, value).number().unwrap().get();
                assert!(foreign(&told, start, own) <= AT_MOST);
            }
        });
        for value in 1..=200 {
            let start = told.lock().unwrap().len();
            let own = store.set(other, value).number().unwrap().get();
            assert!(foreign(&told, start, own) <= AT_MOST);
        }
        done.store(true, Ordering::Relaxed);
    });
    executor.run_until_stalled();
    assert_eq!(numbers(&told), (1..=store.last_commit().get()).collect::<Vec<_>>());
}

#[test]
fn who_waits_for_its_own_commit_tells_of_a_bounded_share_at_a_time_and_of_nothing_behind_it() {
    let store = Store::with_spawner(ManualExecutor::new());
    let (hot, other) = (store.source(0), store.source(0));
    let told = Told::default();
    let (entered, is_entered) = mpsc::channel();
    let (release, is_released) = mpsc::channel::<()>();
    let _hot = listen(&store, hot, &told, move |value| {
        if value == 1 {
            entered.send(()).unwrap();
            is_released.recv().unwrap();
        }
    });
    let _other = listen(&store, other, &told, |_| {});
    thread::scope(|scope| {
        scope.spawn(|| store.set(hot, 1));
        is_entered.recv().unwrap();
        for value in 2..=300 {
            store.set(hot, value);
        }
        let commit = store.set(other, 1);
        for value in 301..=600 {
            store.set(hot, value);
        }
        release.send(()).unwrap();
        // The executor does nothing: this thread has to do what nobody else does, up to its own commit.
        commit.delivered();
        let own = commit.number().unwrap().get();
        let numbers = numbers(&told);
        assert!(numbers.contains(&own));
        assert_eq!(numbers, (1..=numbers.len() as u64).collect::<Vec<_>>());
        assert!(numbers.len() as u64 <= own + AT_MOST as u64 + 1, "more than what was waited for");
    });
}
