//! Slices and thunks beside other stores, and beside bare tasks.

use crate::{
    Row,
    runs::{Body, rest, runtime, tokio_spawn},
};
use std::{
    future::pending,
    hint::black_box,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
};
use trine_benches::Workload;
use trine_thunks::{
    Action, AsyncThunk, Entities, Entity, EntityKey, SliceKey, Store, SubscriptionGuard, ThunkApi,
    action,
};

pub(crate) fn rows(rows: &mut Vec<Row>) {
    let dispatch = "thunks/dispatch";
    rows.push(Row::new(dispatch, || dispatch_among(1), "redux-rs", redux_rs));
    rows.push(Row::new(dispatch, || dispatch_among(1), "rs-store", rs_store));
    rows.push(Row::new(dispatch, || dispatch_among(1), "hand-written", by_hand));
    rows.push(Row::new(
        "thunks/dispatch-100-slices",
        || dispatch_among(100),
        "self/1-slice",
        || dispatch_among(1),
    ));
    rows.push(Row::new(
        "thunks/entity-update-100000",
        || entity_update(100_000, 100),
        "self/100",
        || entity_update(100, 100),
    ));
    rows.push(Row::new(
        "thunks/entity-update-100000-cold",
        || entity_update(100_000, 100_000),
        "self/100",
        || entity_update(100, 100),
    ));
    rows.push(Row::new("thunks/ready", || thunk(0, 0), "tokio-spawn", || tokio_spawn(0)));
    rows.push(Row::new("thunks/yield", || thunk(1, 0), "tokio-spawn", || tokio_spawn(1)));
    rows.push(Row::new(
        "thunks/in-flight-100000",
        || thunk(1, 100_000),
        "self/1000",
        || thunk(1, 1_000),
    ));
}

/// Adds to the counter.
struct Add(u64);
impl Action for Add {}

/// Does not happen.
struct Other;
impl Action for Other {}

static COUNTER: SliceKey<u64> = SliceKey::new("counter");

/// Has a callback of `COUNTER` count; what it has counted, and its guard.
fn listen(store: &Store) -> (Arc<AtomicU64>, SubscriptionGuard) {
    let heard = Arc::new(AtomicU64::new(0));
    let tally = Arc::clone(&heard);
    let guard = store.subscribe(&COUNTER, move |count| {
        black_box(count);
        tally.store(tally.load(Relaxed) + 1, Relaxed);
    });
    (heard, guard)
}

/// Dispatches an action that one of `slices` slices has a case for; that slice has one callback.
fn dispatch_among(slices: usize) -> Workload<'static> {
    let counter = COUNTER.slice(|| 0).on(action::<Add>(), |count, add| *count += add.0);
    let mut builder = Store::builder().slice(counter);
    for number in 1..slices {
        let name: &'static str = format!("slice {number}").leak();
        let other = SliceKey::<u64>::new(name).slice(|| 0);
        builder = builder.slice(other.on(action::<Other>(), |count, _| *count += 1));
    }
    let store = builder.build().expect("no two of a name");
    let (heard, guard) = listen(&store);
    let mut sum = 0;
    Box::new(move |n| {
        let _keep = &guard;
        heard.store(0, Relaxed);
        for value in 1..=n {
            sum += value;
            store.dispatch(Add(black_box(value)));
        }
        assert_eq!(heard.load(Relaxed), n);
        assert_eq!(store.get(&COUNTER), sum);
    })
}

/// Something of which there are many.
#[derive(Clone)]
struct Item {
    id: u32,
    count: u64,
}

impl Entity for Item {
    type Key = u32;

    fn key(&self) -> u32 {
        self.id
    }
}

/// Adds to the count of one item.
struct Count(u32);
impl Action for Count {}

static ITEMS: SliceKey<Entities<Item>> = SliceKey::new("items");
static ITEM: EntityKey<Entities<Item>, Item> = ITEMS.entities(|items| items);

/// Updates one of `size` entities, each of which has been read through a selector of its own, and reads that again. Goes
/// through `used` of them, which are all over the table: through as many in either size to compare what the size costs, through
/// all to see what it costs that no cache holds them.
fn entity_update(size: u32, used: u32) -> Workload<'static> {
    let items = ITEMS
        .slice(move || (0..size).map(|id| Item { id, count: 0 }).collect())
        .on(action::<Count>(), |items, count| items.update_one(&count.0, |item| item.count += 1));
    let store = Store::builder().slice(items).build().expect("no two of a name");
    let views: Vec<_> =
        (0..size).map(|id| store.select_entity(&ITEM, id, |item| item.count)).collect();
    for view in &views {
        assert_eq!(store.get(*view), Some(0));
    }
    let (mut counts, mut next) = (vec![0; size as usize], 0);
    Box::new(move |n| {
        for _ in 0..n {
            // A prime step: every one that is used comes before any comes again.
            next = (next + 61_681) % used;
            let item = next * (size / used);
            let id = item as usize;
            counts[id] += 1;
            store.dispatch(Count(black_box(item)));
            assert_eq!(store.get(views[id]), Some(counts[id]));
        }
    })
}

/// A mutex, a match, and one boxed callback outside of it.
fn by_hand() -> Workload<'static> {
    enum Event {
        Add(u64),
        Other,
    }
    let state = Arc::new(Mutex::new(0_u64));
    let heard = Arc::new(AtomicU64::new(0));
    let tally = Arc::clone(&heard);
    let callback: Box<dyn Fn(&u64) + Send> = Box::new(move |count| {
        black_box(count);
        tally.store(tally.load(Relaxed) + 1, Relaxed);
    });
    let mut sum = 0;
    Box::new(move |n| {
        heard.store(0, Relaxed);
        for value in 1..=n {
            sum += value;
            let count = {
                let mut count = state.lock().unwrap();
                match black_box(Event::Add(value)) {
                    Event::Add(value) => *count += value,
                    Event::Other => *count += 1,
                }
                *count
            };
            black_box(&callback)(&count);
        }
        black_box(Event::Other);
        assert_eq!(heard.load(Relaxed), n);
        assert_eq!(*state.lock().unwrap(), sum);
    })
}

/// `dispatch` awaited, on a current-thread runtime.
fn redux_rs() -> Workload<'static> {
    let runtime = runtime();
    let heard = Arc::new(AtomicU64::new(0));
    let tally = Arc::clone(&heard);
    let store = runtime.block_on(async {
        let store = redux_rs::Store::new(|count: u64, add: Add| count + add.0);
        let callback = move |count: &u64| {
            black_box(count);
            tally.store(tally.load(Relaxed) + 1, Relaxed);
        };
        store.subscribe(callback).await;
        store
    });
    let mut sum = 0;
    Box::new(move |n| {
        heard.store(0, Relaxed);
        runtime.block_on(async {
            for value in 1..=n {
                sum += value;
                store.dispatch(Add(black_box(value))).await;
            }
            assert_eq!(store.state_cloned().await, sum);
        });
        assert_eq!(heard.load(Relaxed), n);
    })
}

/// `dispatch` as often as it is asked for, and until the subscriber was told of all of it, which is another thread's work.
fn rs_store() -> Workload<'static> {
    use rs_store::{DispatchOp, FnReducer, FnSubscriber, StoreBuilder};
    let reducer = |count: &u64, add: &u64| DispatchOp::Dispatch(count + add, vec![]);
    let store = StoreBuilder::new(0_u64)
        .with_reducer(Box::new(FnReducer::from(reducer)))
        .build()
        .expect("a store");
    let heard = Arc::new(AtomicU64::new(0));
    let tally = Arc::clone(&heard);
    let subscriber = FnSubscriber::from(move |count: &u64, _: &u64| {
        black_box(count);
        tally.fetch_add(1, Relaxed);
    });
    store.add_subscriber(Arc::new(subscriber)).expect("a subscription");
    let (mut sum, mut told) = (0, 0);
    Box::new(move |n| {
        for value in 1..=n {
            sum += value;
            store.dispatch(black_box(value)).expect("it is running");
        }
        told += n;
        while heard.load(Relaxed) < told {
            std::thread::yield_now();
        }
        assert_eq!(store.get_state(), sum);
    })
}

/// Dispatches a thunk whose body is pending `polls` times and awaits it while `others` are in flight. One slice has cases for pending
/// and fulfilled, and a callback.
fn thunk(polls: u32, others: u64) -> Workload<'static> {
    let add: AsyncThunk<u64, u64, String> =
        AsyncThunk::new("add", move |value: u64, _: ThunkApi| async move {
            if value == 0 {
                return pending().await;
            }
            Ok(Body { polls, value }.await)
        });
    let counter = COUNTER
        .slice(|| 0)
        .on(add.pending(), |count, run| *count += run.arg())
        .on(add.fulfilled(), |count, run| *count += **run.payload());
    let (runtime, store) = (runtime(), Store::builder().slice(counter).build().expect("one slice"));
    runtime.block_on(async {
        for _ in 0..others {
            drop(store.dispatch(add.with(0)));
        }
        rest(others as usize).await;
    });
    let (heard, guard) = listen(&store);
    let mut total = 0;
    Box::new(move |n| {
        let _keep = &guard;
        heard.store(0, Relaxed);
        let sum = runtime.block_on(async {
            let mut sum = 0;
            for value in 1..=n {
                let run = store.dispatch(add.with(black_box(value)));
                sum += *run.result().await.expect("fulfilled");
            }
            sum
        });
        total += 2 * sum;
        assert_eq!(sum, n * (n + 1) / 2);
        assert_eq!(heard.load(Relaxed), 2 * n);
        assert_eq!(store.get(&COUNTER), total);
        assert_eq!(store.core().runs().len() as u64, others);
    })
}
