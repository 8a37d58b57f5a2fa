//! User code that panics, answers differently or ends things at odd points: what it leaves behind is whole, and nothing is lost.

use std::{
    cell::Cell,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc, Mutex, OnceLock,
        atomic::{AtomicBool, AtomicU32, Ordering},
    },
    task::{Context, Wake, Waker},
};
use tokio::sync::oneshot;
use trine_core::test::{ManualExecutor, yield_now};
use trine_thunks::{
    Action, AsyncThunk, Entities, Entity, Listener, ListenerApi, Outcome, Run, SliceKey, Store,
    StoreBuilder, ThunkApi, Update, action,
};

struct Poke;
impl Action for Poke {}

fn manual() -> (StoreBuilder, ManualExecutor) {
    let executor = ManualExecutor::new();
    (Store::builder().on(trine_core::Store::with_spawner(executor.clone())), executor)
}

#[test]
fn a_key_is_made_once_for_each_run_and_outside_the_lease_also_where_cells_follow_it() {
    static BASE: SliceKey<u32> = SliceKey::new("base");
    let (stores, calls) = (Arc::new(OnceLock::<Store>::new()), Arc::new(AtomicU32::new(0)));
    let (within, counted) = (Arc::clone(&stores), Arc::clone(&calls));
    let work: AsyncThunk<u32, u32, String> =
        AsyncThunk::new("work", |_, _: ThunkApi| std::future::pending()).key(move |n| {
            counted.fetch_add(1, Ordering::Relaxed);
            // Inside the lease this would panic.
            within.get().unwrap().read(&BASE, |base| base + n)
        });
    let (builder, _executor) = manual();
    let slice = BASE.slice(|| 10).on(action::<Poke>(), |base, _| *base += 1);
    let store = builder.slice(slice).build().unwrap();
    assert!(stores.set(store.clone()).is_ok());
    let of_key = store.state_of_key(&work, 11_u32);
    let run = store.dispatch(work.with(1));
    assert_eq!(
        (calls.load(Ordering::Relaxed), store.read(of_key, |state| state.in_flight())),
        (1, 1)
    );
    // By now the argument would have another key: the run keeps the one that it began with.
    store.dispatch(Poke);
    assert_eq!(store.runs_of_key(&work, 11_u32).abort_all("enough"), 1);
    assert_eq!(
        (calls.load(Ordering::Relaxed), store.read(of_key, |state| state.in_flight())),
        (1, 0)
    );
    assert!(run.is_settled());
}

#[test]
fn a_listener_that_keeps_a_state_whose_clone_panics_keeps_no_reducer_from_what_it_does() {
    #[derive(Default)]
    struct Brittle(u32);
    impl Clone for Brittle {
        fn clone(&self) -> Self {
            assert!(self.0 == 0, "cannot be cloned");
            Self(self.0)
        }
    }
    static BRITTLE: SliceKey<Brittle> = SliceKey::new("brittle");
    let errors: Arc<Mutex<Vec<String>>> = Arc::default();
    let seen = Arc::clone(&errors);
    let listener = Listener::on(action::<Poke>())
        .keeping(&BRITTLE)
        .on_error(move |error| seen.lock().unwrap().push(error.message.to_string()))
        .run(|_, api: ListenerApi| async move {
            assert_eq!(api.before(&BRITTLE).0, 0);
            let _ = api.after(&BRITTLE);
        });
    let slice = BRITTLE.slice(Brittle::default).on(action::<Poke>(), |brittle, _| brittle.0 += 1);
    let store = Store::builder().slice(slice).listener(listener).build().unwrap();
    for count in 1..=3 {
        store.dispatch(Poke);
        assert_eq!(store.read(&BRITTLE, |brittle| brittle.0), count);
    }
    let errors = errors.lock().unwrap();
    assert_eq!(errors.len(), 3);
    assert!(errors.iter().all(|error| error.contains("cannot be cloned")), "{errors:?}");
}

#[test]
fn a_waker_that_panics_troubles_nobody_who_dispatches() {
    struct Panics(AtomicBool);
    impl Wake for Panics {
        fn wake(self: Arc<Self>) {
            self.0.store(true, Ordering::Relaxed);
            panic!("not awake");
        }
    }
    let panics = Arc::new(Panics(AtomicBool::new(false)));
    let waker = Waker::from(Arc::clone(&panics));
    let listener = Listener::on(action::<Poke>()).leading().run(move |_, api: ListenerApi| {
        let waker = waker.clone();
        async move {
            let mut next = Box::pin(api.take(action::<Poke>()));
            assert!(next.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
            // Holds it until it has come.
            yield_now().await;
            drop(next);
        }
    });
    let (builder, executor) = manual();
    let store = builder.listener(listener).build().unwrap();
    store.dispatch(Poke);
    store.dispatch(Poke);
    assert!(panics.0.load(Ordering::Relaxed));
    executor.run_until_stalled();
    assert!(store.runs().is_empty());
}

mod patches {
    use super::*;

    type Send = AsyncThunk<(char, Answer), (), ()>;

    #[derive(Clone)]
    struct Answer(Arc<Mutex<Option<oneshot::Receiver<bool>>>>);

    /// A letter that is under way, the answer to it, and its run.
    type Sent = (char, Option<oneshot::Sender<bool>>, Run<(), ()>);

    struct Write(char);
    impl Action for Write {}

    static TEXT: SliceKey<String> = SliceKey::new("text");

    /// What is known, and what lies on it: a letter each, and whether it is confirmed.
    #[derive(Default)]
    struct Model {
        base: String,
        layers: Vec<(char, bool)>,
    }

    impl Model {
        fn settle(&mut self, letter: char, fulfilled: bool) {
            let index = self.layers.iter().position(|layer| layer.0 == letter).unwrap();
            if fulfilled {
                self.layers[index].1 = true;
            } else {
                self.layers.remove(index);
            }
            while self.layers.first().is_some_and(|layer| layer.1) {
                self.base.push(self.layers.remove(0).0);
            }
        }

        fn shown(&self) -> String {
            self.base.chars().chain(self.layers.iter().map(|layer| layer.0)).collect()
        }
    }

    /// Three sends that settle in this order, those of `kept` fulfilled, another's letter coming before the `between`th of the ends.
    fn play(order: [char; 3], kept: u8, between: usize) {
        let send: Send =
            AsyncThunk::new("send", |(_, answer): (char, Answer), _: ThunkApi| async move {
                let answer = answer.0.lock().unwrap().take().unwrap();
                if answer.await == Ok(true) { Ok(()) } else { Err(()) }
            })
            .optimistic(&TEXT, |text, (letter, _)| text.push(*letter));
        let text = TEXT.slice(String::new).on(action::<Write>(), |text, write| text.push(write.0));
        let (builder, executor) = manual();
        let store = builder.slice(text).build().unwrap();
        let shown = store.optimistic(&TEXT);
        let mut model = Model::default();
        let mut answers: Vec<Sent> = Vec::new();
        for letter in ['a', 'b', 'c'] {
            let (sender, receiver) = oneshot::channel();
            let answer = Answer(Arc::new(Mutex::new(Some(receiver))));
            answers.push((letter, Some(sender), store.dispatch(send.with((letter, answer)))));
            model.layers.push((letter, false));
        }
        for (turn, letter) in order.into_iter().enumerate() {
            if turn == between {
                store.dispatch(Write('x'));
                model.base.push('x');
            }
            let (_, sender, run) = answers.iter_mut().find(|answer| answer.0 == letter).unwrap();
            let fulfilled = kept >> turn & 1 == 1;
            if fulfilled || turn == 1 {
                sender.take().unwrap().send(fulfilled).unwrap();
                executor.run_until_stalled();
            } else {
                run.abort("not any more");
            }
            model.settle(letter, fulfilled);
            assert_eq!(store.get(shown), model.shown(), "{order:?} {kept:03b} {between}");
            assert_eq!(store.get(&TEXT), model.base, "{order:?} {kept:03b} {between}");
        }
        assert!(model.layers.is_empty());
    }

    #[test]
    fn several_in_flight_settle_in_any_order_and_each_takes_back_or_keeps_its_own() {
        let orders = ["abc", "acb", "bac", "bca", "cab", "cba"];
        for order in orders {
            let order: Vec<char> = order.chars().collect();
            for kept in 0..8 {
                for between in 0..=3 {
                    play([order[0], order[1], order[2]], kept, between);
                }
            }
        }
    }
}

mod reset {
    use super::*;

    #[derive(Default, Clone, Debug, PartialEq)]
    struct Session {
        epoch: u32,
        seen: Vec<&'static str>,
    }

    struct LoggedOut;
    impl Action for LoggedOut {}

    static SESSION: SliceKey<Session> = SliceKey::new("session");

    type Work = AsyncThunk<(), (), String>;

    fn store(work: &Work) -> (Store, ManualExecutor) {
        let session = SESSION
            .slice(Session::default)
            .on(work.pending(), |session, _| session.seen.push("pending"))
            .on_any(work.settled(), |session, _| session.seen.push("settled"))
            .on(action::<LoggedOut>(), |session, _| {
                *session = Session { epoch: session.epoch + 1, seen: Vec::new() };
            });
        let (builder, executor) = manual();
        (builder.slice(session).build().unwrap(), executor)
    }

    /// Logs out in its body, before and after it waits.
    fn logging_out(store: &Arc<OnceLock<Store>>) -> Work {
        let store = Arc::clone(store);
        AsyncThunk::new("log out", move |(), api: ThunkApi| {
            let store = Arc::clone(&store);
            async move {
                yield_now().await;
                let store = store.get().unwrap().clone();
                assert_eq!(store.reset(LoggedOut, "logged out"), 2);
                // It goes on until it waits, and reaches nothing any more.
                assert!(api.is_aborted());
                api.dispatch(LoggedOut);
                yield_now().await;
                unreachable!("it is dropped where it waits");
            }
        })
    }

    #[test]
    fn a_body_may_log_out_and_ends_with_all_others() {
        let stores = Arc::default();
        let work = logging_out(&stores);
        let other = Work::new("other", |(), _: ThunkApi| std::future::pending());
        let (store, executor) = store(&work);
        assert!(stores.set(store.clone()).is_ok());
        let (state, other) = (store.state_of(&work), store.dispatch(other.with(())));
        let run = store.dispatch(work.with(()));
        executor.run_until_stalled();
        assert!(matches!(run.outcome(), Some(Outcome::Aborted { .. })));
        assert!(other.outcome().unwrap().is_aborted());
        assert_eq!(store.get(&SESSION), Session { epoch: 1, seen: Vec::new() });
        assert_eq!(store.read(state, |state| (state.in_flight(), state.attempts())), (0, 0));
        assert!(store.runs().is_empty());
    }

    #[test]
    fn a_subscriber_may_log_out_at_pending_and_the_body_is_not_called() {
        let called = Arc::new(AtomicBool::new(false));
        let calls = Arc::clone(&called);
        let work = Work::new("work", move |(), _: ThunkApi| {
            calls.store(true, Ordering::Relaxed);
            async { Ok(()) }
        });
        let (store, _executor) = store(&work);
        let weak = store.clone();
        let guard = store.subscribe(&SESSION, move |session: &Session| {
            if session.seen == ["pending"] {
                assert_eq!(weak.reset(LoggedOut, "logged out"), 1);
            }
        });
        let run = store.dispatch(work.with(()));
        assert!(run.outcome().unwrap().is_aborted());
        assert!(!called.load(Ordering::Relaxed));
        assert_eq!(store.get(&SESSION), Session { epoch: 1, seen: Vec::new() });
        drop(guard);
        // The next epoch begins like the first.
        assert!(store.dispatch(work.with(())).outcome().unwrap().is_fulfilled());
        assert_eq!(store.get(&SESSION), Session { epoch: 1, seen: vec!["pending", "settled"] });
    }
}

mod tables {
    use super::*;

    thread_local! {
        /// How many calls of user code go well before one panics.
        static FUSE: Cell<u32> = const { Cell::new(u32::MAX) };
    }

    /// User code of a table.
    fn call() {
        let left = FUSE.get();
        FUSE.set(left.saturating_sub(1));
        assert!(left > 0, "the fuse has blown");
    }

    #[derive(Debug)]
    struct Row {
        id: u32,
        size: u32,
    }

    impl Clone for Row {
        fn clone(&self) -> Self {
            Self { ..*self }
        }
    }

    impl Entity for Row {
        type Key = u32;

        fn key(&self) -> u32 {
            call();
            self.id
        }
    }

    fn row(id: u32, size: u32) -> Row {
        Row { id, size }
    }

    type Change = fn(&mut Entities<Row>) -> Update;

    const CHANGES: [(&str, Change); 10] = [
        ("add", |rows| rows.add_many([row(100, 5), row(3, 1), row(101, 0)])),
        ("set", |rows| rows.set_many([row(4, 30), row(102, 7)])),
        ("set all", |rows| rows.set_all((5..25).map(|id| row(id, 40 - id)))),
        ("upsert", |rows| {
            rows.upsert_many([row(6, 25), row(103, 3)], |there, new| {
                call();
                there.size = new.size;
            })
        }),
        ("update", |rows| {
            rows.update_one(&7, |row| {
                call();
                row.size = 0;
                call();
            })
        }),
        ("move back", |rows| {
            rows.update_one(&2, |row| {
                row.size = 90;
                call();
            })
        }),
        ("rename", |rows| {
            rows.update_one(&8, |row| {
                row.id = 200;
                call();
                row.size = 11;
            })
        }),
        ("rename over another", |rows| {
            rows.update_one(&9, |row| {
                row.id = 10;
                call();
                row.size = 1;
            })
        }),
        ("update all", |rows| {
            rows.update_all(|row| {
                call();
                row.size = 50 - row.size;
            })
        }),
        ("remove", |rows| {
            let _ = rows.remove_many(&[11, 12]);
            rows.remove_where(|row| {
                call();
                row.size % 3 == 0
            })
        }),
    ];

    /// Whatever way it is looked at, it is the same table.
    fn check(rows: &mut Entities<Row>, what: &str) {
        let keys: Vec<u32> = rows.keys().copied().collect();
        assert_eq!((keys.len(), rows.iter().count()), (rows.len(), rows.len()), "{what}");
        for (index, key) in keys.iter().enumerate() {
            assert!(rows.get(key).is_some(), "{what}: {key}");
            assert_eq!(rows.index_of(key), Some(index), "{what}: {key}");
        }
        for (removed, key) in keys.iter().enumerate() {
            assert!(rows.take(key).is_some(), "{what}: {key}");
            assert_eq!(rows.len(), keys.len() - removed - 1, "{what}");
        }
    }

    #[test]
    fn a_panic_of_user_code_at_any_call_leaves_a_table_whole() {
        let unsorted = Entities::new;
        let sorted = || {
            Entities::sorted_by(|a: &Row, b| {
                call();
                a.size.cmp(&b.size)
            })
        };
        let makes: [fn() -> Entities<Row>; 2] = [unsorted, sorted];
        for (make, kind) in makes.into_iter().zip(["unsorted", "sorted"]) {
            for (name, change) in CHANGES {
                for fuse in 0.. {
                    let mut rows = make().with((0..20).map(|id| row(id, 20 + id * 7 % 20)));
                    let before: Vec<u32> = rows.keys().copied().collect();
                    // What shares its nodes stays as it was.
                    let copy = (fuse % 2 == 0).then(|| rows.clone());
                    FUSE.set(fuse);
                    let changed = catch_unwind(AssertUnwindSafe(|| change(&mut rows)));
                    let done = FUSE.replace(u32::MAX) > 0 && changed.is_ok();
                    check(&mut rows, &format!("{kind}, {name}, after {fuse} calls"));
                    if let Some(copy) = copy {
                        assert_eq!(copy.keys().copied().collect::<Vec<_>>(), before);
                    }
                    if done {
                        break;
                    }
                }
            }
        }
    }
}
