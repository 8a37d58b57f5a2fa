//! A search field, a cart and a session: what is done because something has happened.
//!
//! ```sh
//! cargo run -p trine-examples --example thunks_listeners
//! ```
//!
//! Time is virtual, so that the program is over at once and always does the same.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};
use trine_core::test::{ManualClock, ManualExecutor};
use trine_thunks::{
    Action, ActionCreator, AnyAction, AsyncThunk, Listener, ListenerApi, Next, SliceKey, Store,
    StoreBuilder, ThunkApi, action,
};

pub(crate) static TYPED: ActionCreator<String, &str> =
    ActionCreator::prepared("search/typed", |text: &str| text.trim().to_owned());
static ADDED: ActionCreator<u32> = ActionCreator::new("cart/added");
static LOGGED_IN: ActionCreator<&str> = ActionCreator::new("session/loggedIn");
static LOGGED_OUT: ActionCreator = ActionCreator::new("session/loggedOut");

/// The cart is worth more than shipping costs.
struct FreeShipping;
impl Action for FreeShipping {}

static CART: SliceKey<u32> = SliceKey::new("cart");
static NOTICES: SliceKey<Vec<String>> = SliceKey::new("notices");

/// Looks for something in the shop.
pub(crate) fn search() -> AsyncThunk<String, String, String> {
    AsyncThunk::new("search/run", |text: String, _: ThunkApi| async move {
        Ok(format!("3 hits for {text}"))
    })
}

/// What is found, and what looks for it when nobody has typed for 300 ms; the thunk is a child of the effect.
pub(crate) fn build(
    builder: StoreBuilder,
    search: &AsyncThunk<String, String, String>,
) -> StoreBuilder {
    let notices = NOTICES
        .slice(Vec::new)
        .on(search.fulfilled(), |notices, run| notices.push(run.payload().to_string()))
        .on(action::<FreeShipping>(), |notices, _| notices.push("free shipping".to_owned()))
        .on(&LOGGED_IN, |notices, name| notices.push(format!("hello {name}")))
        .on(&LOGGED_OUT, |notices, ()| notices.push("goodbye".to_owned()));
    let searching = Listener::on(&TYPED).name("search").debounce(Duration::from_millis(300)).run({
        let search = search.clone();
        move |text, api: ListenerApi| {
            let search = search.clone();
            async move { drop(api.dispatch(search.with(String::clone(&text))).await) }
        }
    });
    builder.slice(notices).listener(searching)
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let (executor, clock) = (ManualExecutor::new(), ManualClock::new());
    let core = trine_core::Store::builder().spawner(executor.clone()).clock(clock.clone()).build();
    let pass = |milliseconds| {
        executor.run_until_stalled();
        clock.advance(Duration::from_millis(milliseconds));
        executor.run_until_stalled();
    };

    let cart = CART.slice(|| 0).on(&ADDED, |cart, price| *cart += price);

    // When the cart crosses a border: the state before and after.
    let crossing = Listener::on(&ADDED)
        .keeping(&CART)
        .when(|change| *change.before(&CART) < 50 && *change.after(&CART) >= 50)
        .run(|_, api: ListenerApi| async move { api.dispatch(FreeShipping) });

    // One line of a session: from login to logout, or ten minutes of silence.
    let session = Listener::on(&LOGGED_IN).leading().run(|_, api: ListenerApi| async move {
        // Work beside it, which ends with it.
        api.fork(|api| async move {
            loop {
                api.delay(Duration::from_secs(60)).await;
                println!("still {} in the cart", api.read(&CART, |cart| *cart));
            }
            #[allow(unreachable_code, reason = "says what the loop never returns")]
            Ok::<(), String>(())
        });
        if api.take_within(&LOGGED_OUT, Duration::from_secs(600)).await.is_none() {
            api.dispatch(LOGGED_OUT.with(()));
        }
    });

    // A layer that keeps a protocol, and lets nothing in that is empty.
    let protocol: Arc<Mutex<Vec<String>>> = Arc::default();
    let lines = Arc::clone(&protocol);
    let keep_protocol = move |action: Arc<dyn AnyAction>, next: Next<'_>| {
        if action.of(&TYPED).is_some_and(String::is_empty) {
            return Ok(());
        }
        lines.lock().unwrap().push(action.action_type().to_string());
        next.run(action)
    };

    let store = build(Store::builder().on(core), &search())
        .slice(cart)
        .middleware(keep_protocol)
        .listener(crossing)
        .listener(session)
        .build()?;

    for text in ["c", "ca", "cats ", "  "] {
        store.dispatch(TYPED.with(text));
        pass(100);
    }
    pass(300);
    assert_eq!(store.get(&NOTICES), ["3 hits for cats"]);

    store.dispatch(LOGGED_IN.with("Ada"));
    for price in [20, 25, 10, 30] {
        store.dispatch(ADDED.with(price));
    }
    executor.run_until_stalled();
    assert_eq!(
        store.read(&NOTICES, |notices| notices[1..].to_vec()),
        ["hello Ada", "free shipping"]
    );

    (0..10).for_each(|_| pass(60_000)); // ten minutes of silence
    assert_eq!(store.read(&NOTICES, |notices| notices.last().cloned()).as_deref(), Some("goodbye"));
    assert!(store.core().runs().is_empty(), "nothing is left behind");

    let protocol = protocol.lock().unwrap();
    assert_eq!(protocol.iter().filter(|line| *line == "search/typed").count(), 3);
    assert!(protocol.contains(&"search/run/fulfilled".to_owned()));
    println!("{}", protocol.join("\n"));
    Ok(())
}
