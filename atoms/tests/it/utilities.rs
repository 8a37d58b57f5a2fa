//! The kinds of atoms that build on others: reducer, default, focus, list, stream; and reset.

use futures_util::stream;
use std::{
    num::NonZeroUsize,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::Pin,
    sync::{Arc, Mutex},
    task::{Context, Poll, Waker},
};
use trine_atoms::{
    AsyncAction, AsyncAtom, Atom, DefaultAtom, DerivedAtom, ListAtom, Provider, ReducerAtom, Store,
    StreamAtom, StreamState, reset_all, synergy, transaction, used_atoms,
};
use trine_core::{
    ListDiff, OutcomeKind, RunStatus,
    test::{Log, ManualExecutor, yield_now},
};

static COUNT: ReducerAtom<i32, i32> = ReducerAtom::new(
    "count",
    || 1,
    |count, by| {
        assert!(by < 100, "too much");
        *count += by;
    },
);

#[test]
fn a_reducer_changes_its_atom_tells_of_differences_and_survives_panics() {
    let (store, log) = (Store::new(), Log::new());
    let told = log.clone();
    let _guard = COUNT.subscribe(&store, move |count| told.note(count));
    COUNT.dispatch(&store, 4);
    COUNT.dispatch(&store, 0);
    catch_unwind(AssertUnwindSafe(|| COUNT.dispatch(&store, 100))).unwrap_err();
    log.is(["5"]);
    transaction(&store, |cx| {
        cx.set(&COUNT, 1);
        cx.set(&COUNT, 1);
        Ok::<_, ()>(())
    })
    .unwrap();
    log.is(["7"]);
    COUNT.reset(&store);
    log.is(["1"]);
    let form = Provider::builder("form", &store).provide(&COUNT).build();
    COUNT.dispatch(&form, 1);
    assert_eq!((COUNT.get(&form), COUNT.get(&store)), (2, 1));
}

#[test]
fn a_default_is_computed_until_it_is_written_and_again_after_a_reset() {
    static BASE: Atom<i32> = Atom::new("base", || 1);
    static TWICE: DefaultAtom<i32> = DefaultAtom::new("twice", |cx| cx.get(&BASE) * 2);
    let store = Store::new();
    assert_eq!(TWICE.get(&store), 2);
    BASE.set(&store, 2);
    assert_eq!(TWICE.get(&store), 4);
    TWICE.set(&store, 100);
    BASE.set(&store, 3);
    assert_eq!((TWICE.get(&store), TWICE.is_written(&store)), (100, true));
    TWICE.reset(&store);
    assert_eq!((TWICE.get(&store), TWICE.is_written(&store)), (6, false));
    TWICE.set(&store, 1);
    reset_all(&store);
    assert_eq!(TWICE.get(&store), 2);
    let form = Provider::builder("form", &store).provide(&TWICE).build();
    TWICE.set(&form, 7);
    assert_eq!((TWICE.get(&form), TWICE.get(&store)), (7, 2));
}

#[test]
fn a_focus_writes_the_part_and_is_told_of_the_part_only() {
    let whole = Atom::dynamic("whole", || (1, vec![10, 20]));
    let first = whole.focus("first", |whole| &whole.0, |whole| &mut whole.0);
    let second = whole.focus_maybe("second", |w| w.1.get(1), |w| w.1.get_mut(1));
    let (store, log) = (Store::new(), Log::new());
    let told = log.clone();
    let _first = first.subscribe(&store, move |first| told.note(format!("first {first}")));
    let told = log.clone();
    let _second = second.subscribe(&store, move |second| told.note(format!("second {second:?}")));
    let before = whole.read(&store);
    first.set(&store, 1);
    assert!(Arc::ptr_eq(&before, &whole.read(&store)), "an equal part is no change");
    first.set(&store, 2);
    log.is(["first 2"]);
    assert!(second.update(&store, |second| *second += 1));
    log.is(["second Some(21)"]);
    whole.update(&store, |whole| whole.1.truncate(1));
    log.is(["second None"]);
    assert!(!second.set(&store, 5));
    assert_eq!(whole.get(&store), (2, vec![10]));
    transaction(&store, |cx| {
        cx.set(&first, 3);
        assert!(!cx.set(&second, 9));
        Err::<(), _>("no")
    })
    .unwrap_err();
    assert_eq!(first.get(&store), 2);
}

#[derive(Debug, Clone, PartialEq)]
struct Todo {
    id: u32,
    done: bool,
}

fn todo(id: u32) -> Todo {
    Todo { id, done: false }
}

static TODOS: ListAtom<Todo> = ListAtom::new("todos", || vec![todo(1), todo(2), todo(3)]);

#[test]
fn a_list_is_edited_in_place_and_tells_diffs() {
    let (store, log) = (Store::new(), Log::new());
    static OPEN: DerivedAtom<usize> = DerivedAtom::new("open", |cx| {
        cx.with_list(&TODOS, |todos| todos.iter().filter(|todo| !todo.done).count())
    });
    let told = log.clone();
    let (content, _guard) =
        TODOS.subscribe_diffs(&store, NonZeroUsize::new(8).unwrap(), move |diffs| {
            told.note(diffs.len());
        });
    assert_eq!(content.len(), 3);
    assert_eq!(OPEN.get(&store), 3);
    TODOS.edit(&store, |todos| {
        todos.update(0, |todo| todo.done = true);
        todos.push(todo(4));
    });
    log.is(["2"]);
    assert_eq!(OPEN.get(&store), 3);
    let mut diffs = TODOS.diffs(&store, NonZeroUsize::MIN);
    assert!(matches!(diffs.try_next().as_deref(), Some([ListDiff::Reset { .. }])));
    TODOS.reset(&store);
    assert_eq!(TODOS.with(&store, <[_]>::len), 3);
    let form = Provider::builder("form", &store).provide(&TODOS).build();
    TODOS.edit(&form, |todos| todos.clear());
    assert_eq!((TODOS.get(&form).len(), TODOS.get(&store).len()), (0, 3));
}

#[test]
fn items_are_found_by_key_however_they_move_and_only_changed_ones_are_told() {
    let (store, log) = (Store::new(), Log::new());
    let items = TODOS.split(|todo| todo.id);
    let handles: Vec<_> = (1..=3).map(|id| items.item(&store, id)).collect();
    let _guards: Vec<_> = handles
        .iter()
        .map(|item| {
            let (told, id) = (log.clone(), *item.key());
            item.subscribe(move |todo| {
                told.note(format!("{id}: {:?}", todo.as_ref().map(|todo| todo.done)));
            })
        })
        .collect();
    let told = log.clone();
    let _keys = items.keys_atom().subscribe(&store, move |keys| told.note(format!("{keys:?}")));

    handles[1].update(|todo| todo.done = true).unwrap();
    log.is(["2: Some(true)"]);
    handles[1].set(Todo { id: 2, done: true }).unwrap();
    log.is([]);
    assert!(items.move_to(&store, &1, 99));
    log.is(["[2, 3, 1]"]);
    handles[0].update(|todo| todo.done = true).unwrap();
    log.is(["1: Some(true)"]);
    items.insert_before(&store, &3, todo(9));
    log.is(["[2, 9, 3, 1]"]);
    assert_eq!(items.remove(&store, &2), Some(Todo { id: 2, done: true }));
    log.has_in_order(["2: None"]);
    let gone = handles[1].update(|_| unreachable!()).unwrap_err();
    assert_eq!(gone.key, 2);
    assert_eq!(handles[1].get(), None);
    assert!(!items.move_to(&store, &2, 0));
    TODOS.edit(&store, |todos| todos.push(todo(2)));
    assert_eq!(handles[1].get(), Some(todo(2)), "the key is back");
}

#[test]
fn a_panic_in_the_update_of_an_item_changes_nothing() {
    let store = Store::new();
    let items = TODOS.split(|todo| todo.id);
    let item = items.item(&store, 1);
    catch_unwind(AssertUnwindSafe(|| {
        item.update(|todo| {
            todo.done = true;
            panic!("half way");
        })
    }))
    .unwrap_err();
    assert_eq!(item.get(), Some(todo(1)));
}

/// A stream that is fed by hand.
#[derive(Clone, Default)]
struct Fed(Arc<Mutex<Feed>>);

#[derive(Default)]
struct Feed {
    items: Vec<Result<u32, &'static str>>,
    waker: Option<Waker>,
    /// How many streams have been dropped.
    gone: u32,
}

impl Fed {
    fn feed(&self, item: Result<u32, &'static str>) {
        let mut fed = self.0.lock().unwrap();
        fed.items.push(item);
        if let Some(waker) = fed.waker.take() {
            drop(fed);
            waker.wake();
        }
    }
}

struct Live(Fed);

impl futures_util::Stream for Live {
    type Item = Result<u32, &'static str>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let mut fed = self.0.0.lock().unwrap();
        if fed.items.is_empty() {
            fed.waker = Some(cx.waker().clone());
            return Poll::Pending;
        }
        Poll::Ready(Some(fed.items.remove(0)))
    }
}

impl Drop for Live {
    fn drop(&mut self) {
        self.0.0.lock().unwrap().gone += 1;
    }
}

#[test]
fn a_stream_is_followed_while_somebody_observes_and_late_values_are_not_shown() {
    let executor = ManualExecutor::new();
    let store = Store::with_spawner(executor.clone());
    let fed = Fed::default();
    let source = fed.clone();
    let sensor = StreamAtom::dynamic("sensor", move || Live(source.clone()));
    let shown = sensor.clone();
    let shown = DerivedAtom::dynamic("shown", move |cx| cx.get(&shown).value().map(|v| **v));
    fed.feed(Ok(1));
    assert_eq!(shown.get(&store), None);
    let view = shown.subscribe(&store, |_| {});
    assert_eq!(shown.get(&store), Some(1), "ready at once");
    fed.feed(Ok(2));
    executor.run_until_stalled();
    assert_eq!(shown.get(&store), Some(2));
    drop(view);
    executor.run_until_stalled();
    assert_eq!(fed.0.lock().unwrap().gone, 1, "the stream is gone");
    fed.feed(Ok(3));
    executor.run_until_stalled();
    assert_eq!(shown.get(&store), Some(2), "late");
    let _view = shown.subscribe(&store, |_| {});
    assert_eq!(shown.get(&store), Some(3), "another stream");
    fed.feed(Err("broken"));
    executor.run_until_stalled();
    let StreamState::Failed { error, last } = sensor.get(&store) else { panic!() };
    assert_eq!((*error, last.map(|last| *last)), ("broken", Some(3)));
    assert!(store.runs().is_empty());
}

#[test]
fn a_stream_that_ends_or_has_no_runtime_says_so() {
    let store = Store::new(); // and no tokio runtime around
    let ended = StreamAtom::dynamic("ended", || stream::iter([Ok::<_, ()>(1)]));
    let _one = ended.subscribe(&store, |_| {});
    let StreamState::Ended { last, reason: None } = ended.get(&store) else { panic!() };
    assert_eq!(last.map(|last| *last), Some(1));
    let stuck = StreamAtom::dynamic("stuck", stream::pending::<Result<u32, ()>>);
    let _two = stuck.subscribe(&store, |_| {});
    assert!(matches!(stuck.get(&store), StreamState::Ended { reason: Some(_), .. }));
}

#[test]
fn reset_of_a_store_is_one_commit_and_leaves_late_results_inert() {
    static USER: Atom<Option<u32>> = Atom::new("user", || None);
    static CART: Atom<Vec<u32>> = Atom::new("cart", Vec::new);
    let executor = ManualExecutor::new();
    let (store, log) = (Store::with_spawner(executor.clone()), Log::new());
    let load: AsyncAction<u32> =
        synergy((&USER, &CART)).async_action(|(mut user, mut cart), id| async move {
            yield_now().await;
            user.set(Some(id));
            cart.set(vec![id]);
            Ok(())
        });
    USER.set(&store, Some(1));
    CART.set(&store, vec![1]);
    let late = load.run(&store, 7);
    let told = log.clone();
    let both = synergy((&USER, &CART));
    let _guard =
        both.subscribe(&store, move |(user, cart)| told.note(format!("{user:?} {cart:?}")));
    reset_all(&store);
    log.is(["None []"]);
    executor.run_until_stalled();
    log.is([]);
    assert_eq!((USER.get(&store), CART.get(&store)), (None, vec![]));
    drop(late);
    let mut used: Vec<_> =
        used_atoms(&store).into_iter().map(|(name, _)| name.to_string()).collect();
    used.sort();
    assert_eq!(used, ["cart", "user"]);
    load.run(&store, 8).detach();
    executor.run_until_stalled();
    assert_eq!(USER.get(&store), Some(8), "the store goes on");
}

#[test]
fn after_a_reset_streams_are_made_anew_and_async_atoms_are_computed_again() {
    static SESSION: Atom<u32> = Atom::new("session", || 0);
    static PROFILE: AsyncAtom<u32, String> = AsyncAtom::new("profile", |cx| {
        Box::pin(async move {
            yield_now().await;
            Ok(cx.get(&SESSION).await)
        })
    });
    let executor = ManualExecutor::new();
    let store = Store::with_spawner(executor.clone());
    let fed = Fed::default();
    let source = fed.clone();
    let sensor = StreamAtom::dynamic("sensor", move || Live(source.clone()));
    let _views = (sensor.subscribe(&store, |_| {}), PROFILE.subscribe(&store, |_| {}));
    fed.feed(Ok(1));
    SESSION.set(&store, 7);
    executor.run_until_stalled();
    assert_eq!(**PROFILE.read(&store).value().unwrap(), 7);
    reset_all(&store);
    assert_eq!(fed.0.lock().unwrap().gone, 1);
    assert_eq!(sensor.get(&store), StreamState::Pending);
    assert!(!PROFILE.read(&store).is_ready());
    fed.feed(Ok(2));
    executor.run_until_stalled();
    assert_eq!(sensor.get(&store).value().map(|value| **value), Some(2));
    let profile = PROFILE.read(&store);
    assert!(profile.is_ready());
    assert_eq!(**profile.value().unwrap(), 0);
    reset_all(&store); // nothing has changed since
    executor.run_until_stalled();
    assert!(PROFILE.read(&store).is_ready());
}

#[test]
fn an_async_atom_that_begins_again_does_not_show_what_it_was() {
    static WHO: Atom<&str> = Atom::new("who", || "nobody");
    static MAIL: AsyncAtom<String, String> = AsyncAtom::new("mail", |cx| {
        Box::pin(async move {
            let who = cx.get(&WHO).await;
            yield_now().await;
            Ok(format!("letters to {who}"))
        })
    });
    let executor = ManualExecutor::new();
    let (store, log) = (Store::with_spawner(executor.clone()), Log::new());
    let told = log.clone();
    let _view = MAIL.subscribe(&store, move |mail| {
        told.note(match mail.value() {
            Some(value) if mail.is_ready() => format!("ready {value}"),
            Some(value) => format!("still {value}"),
            None => "nothing".to_owned(),
        });
    });
    WHO.set(&store, "ada");
    executor.run_until_stalled();
    log.is(["ready letters to ada"]);
    // A logout, with one request under way and without.
    for request in [true, false] {
        if request {
            MAIL.refresh(&store);
            executor.run_one();
            log.is(["still letters to ada"]);
        }
        reset_all(&store);
        log.is(["nothing"]);
        executor.run_until_stalled();
        log.is(["ready letters to nobody"]);
        WHO.set(&store, "ada");
        executor.run_until_stalled();
        log.is(["still letters to nobody", "ready letters to ada"]);
    }
    MAIL.reset(&store);
    log.is(["nothing"]);
    executor.run_until_stalled();
    log.is(["ready letters to ada"]);
}

#[test]
fn what_a_subscriber_starts_when_it_hears_of_the_reset_goes_on() {
    static SESSION: Atom<u32> = Atom::new("session", || 0);
    static SHOWN: Atom<&str> = Atom::new("shown", || "login");
    let executor = ManualExecutor::new();
    let store = Store::with_spawner(executor.clone());
    let show: AsyncAction<&'static str> =
        synergy(&SHOWN).async_action(|mut shown, page| async move {
            yield_now().await;
            shown.set(page);
            Ok(())
        });
    SESSION.set(&store, 1);
    let old = show.run(&store, "secrets");
    let (at, again) = (store.downgrade(), show.clone());
    let _view = SESSION.subscribe(&store, move |session| {
        if *session == 0 {
            again.run(&at.upgrade().unwrap(), "welcome").detach();
        }
    });
    reset_all(&store);
    assert!(matches!(old.status(), RunStatus::Settled(OutcomeKind::Aborted)));
    executor.run_until_stalled();
    assert_eq!(SHOWN.get(&store), "welcome");
    drop(old);
}
