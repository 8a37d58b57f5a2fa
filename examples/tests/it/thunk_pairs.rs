//! Every pair of thunks of the example programs, in every order in which they may go on, given up at every await point.
//!
//! The clock is a choice like the others, so what waits for a time is tried in all orders as well.

#[path = "../../examples/mixed_models.rs"]
#[allow(dead_code)]
mod mixed_models;
#[path = "../../examples/thunks_cancellation.rs"]
#[allow(dead_code)]
mod thunks_cancellation;
#[path = "../../examples/thunks_listeners.rs"]
#[allow(dead_code)]
mod thunks_listeners;
#[path = "../../examples/thunks_todos.rs"]
#[allow(dead_code)]
mod thunks_todos;
#[path = "../../examples/thunks_update_user.rs"]
#[allow(dead_code)]
mod thunks_update_user;
#[path = "../../examples/thunks_users.rs"]
#[allow(dead_code)]
mod thunks_users;

use std::collections::BTreeMap;

use trine_core::OutcomeKind;
use trine_core::test::{Scene, explore};
use trine_thunks::{AnyAction, RunId, SliceKey, Store, StoreBuilder, is_async_thunk_action};

/// What was told of each run: how it ended, once for each event of an end, and whether it had begun by then.
type Told = BTreeMap<RunId, Vec<Option<OutcomeKind>>>;

static TOLD: SliceKey<Told> = SliceKey::new("told");

/// Plays `first` and `second` as two users at once; checks what must hold of any two thunks. Whether all orders were played.
fn play<X: Send + Sync + 'static>(
    what: &str,
    build: impl Fn(StoreBuilder) -> (StoreBuilder<X>, Vec<Box<dyn Fn(&Store<X>) + Send + Sync>>),
    pair: (usize, usize),
) -> bool {
    let explored = explore().limit(3_000).samples(300).cancellations(1).check(|scene: &Scene| {
        let (builder, thunks) = build(Store::builder().on(scene.store()));
        let told = TOLD.slice(Told::new).on_any(
            is_async_thunk_action(),
            |told, action: &dyn AnyAction| {
                let run = action.request_id().expect("an event of a run");
                told.entry(run).or_default().push(action.outcome());
            },
        );
        let store = builder.slice(told).build().unwrap();
        let mut thunks: Vec<_> = thunks.into_iter().map(Some).collect();
        let first = thunks[pair.0].take().unwrap();
        let user = store.clone();
        match thunks[pair.1].take() {
            Some(second) => {
                scene.spawn("first", async move { first(&user) });
                let user = store.clone();
                scene.spawn("second", async move { second(&user) });
            }
            // Beside itself.
            None => scene.spawn("both", async move {
                first(&user);
                trine_core::test::yield_now().await;
                first(&user);
            }),
        }
        scene.finally(move || {
            assert!(store.runs().is_empty(), "something is still under way");
            for (run, events) in store.get(&TOLD) {
                assert_eq!(events.first(), Some(&None), "{run} was pending first: {events:?}");
                assert_eq!(events.len(), 2, "{run} has one end: {events:?}");
                assert!(events[1].is_some(), "{run} was pending once: {events:?}");
            }
        });
    });
    assert!(explored.schedules > 1, "{what}: {explored:?}");
    explored.exhaustive
}

/// Plays all pairs; returns those that there are more orders of than are played.
fn pairs<X: Send + Sync + 'static>(
    what: &str,
    build: impl Fn(StoreBuilder) -> (StoreBuilder<X>, Vec<Box<dyn Fn(&Store<X>) + Send + Sync>>),
) -> Vec<(usize, usize)> {
    let count = build(Store::builder()).1.len();
    let all = (0..count).flat_map(|first| (first..count).map(move |second| (first, second)));
    all.filter(|pair| !play(what, &build, *pair)).collect()
}

/// Dispatches a thunk with each of some arguments.
macro_rules! dispatching {
    ($thunk:expr, $($arg:expr),*) => {{
        let thunk = $thunk.clone();
        Box::new(move |store: &Store<_>| {
            $(drop(store.dispatch(thunk.with($arg)));)*
        }) as Box<dyn Fn(&Store<_>) + Send + Sync>
    }};
}

#[test]
fn of_the_users() {
    let sampled = pairs("users", |builder| {
        let fetch = thunks_users::fetch_user_by_id();
        let thunks = vec![dispatching!(fetch, 1, 2), dispatching!(fetch, 3)];
        (thunks_users::build(builder, &fetch), thunks)
    });
    assert_eq!(sampled, [], "all orders are played");
}

#[test]
fn of_the_form() {
    let sampled = pairs("form", |builder| {
        let update = thunks_update_user::update_user();
        let user = |id: u32, email: &str| thunks_update_user::User::new(id, email);
        let thunks = vec![
            dispatching!(update, user(1, "ada@example.org")),
            dispatching!(update, user(1, "ada")),
            dispatching!(update, user(0, "")),
        ];
        (thunks_update_user::build(builder, &update), thunks)
    });
    assert_eq!(sampled, [], "all orders are played");
}

#[test]
fn of_the_cancellations() {
    let sampled = pairs("cancellation", |builder| {
        let fetch = thunks_cancellation::fetch_user();
        let read = thunks_cancellation::read_stream();
        let thunks = vec![dispatching!(fetch, 1, 0), dispatching!(read, vec!["a", "b"])];
        (thunks_cancellation::build(builder, &fetch), thunks)
    });
    assert_eq!(sampled, [], "all orders are played");
}

#[test]
fn of_the_todos() {
    let sampled = pairs("todos", |builder| {
        let upload = thunks_todos::upload();
        let (add, search) = (thunks_todos::add_todo(), thunks_todos::search());
        let thunks = vec![
            dispatching!(add, "tea"),
            dispatching!(search, "t", "tea"),
            dispatching!(upload, 2),
        ];
        (thunks_todos::build(builder, thunks_todos::Api::default(), &upload), thunks)
    });
    assert_eq!(sampled, [], "all orders are played");
}

#[test]
fn of_the_listeners() {
    let sampled = pairs("listeners", |builder| {
        let search = thunks_listeners::search();
        let typed = |text: &'static str| {
            Box::new(move |store: &Store<_>| store.dispatch(thunks_listeners::TYPED.with(text)))
                as Box<dyn Fn(&Store<_>) + Send + Sync>
        };
        let thunks = vec![dispatching!(search, "cats".to_owned()), typed("cats")];
        (thunks_listeners::build(builder, &search), thunks)
    });
    assert_eq!(sampled, [], "all orders are played");
}

#[test]
fn of_the_models_mixed() {
    let sampled = pairs("mixed", |builder| {
        let fetch = mixed_models::fetch_prices();
        let thunks = vec![
            dispatching!(fetch, "corner".to_owned(), String::new()),
            dispatching!(fetch, "market".to_owned()),
        ];
        (builder.slice(mixed_models::prices(&fetch)), thunks)
    });
    assert_eq!(sampled, [], "all orders are played");
}
