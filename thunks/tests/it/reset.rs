//! A new epoch: what was under way is inert.

use crate::log::Log;
use std::future::pending;
use trine_core::test::{ManualExecutor, yield_now};
use trine_thunks::{Action, AsyncThunk, DispatchError, SliceKey, Store, ThunkApi, action};

struct LoggedOut;
impl Action for LoggedOut {}

static INBOX: SliceKey<Vec<String>> = SliceKey::new("inbox");

type Fetch = AsyncThunk<u32, u32, String>;

fn fetch() -> Fetch {
    AsyncThunk::new("fetch", |n: u32, _: ThunkApi| async move {
        if n >= 100 {
            pending::<()>().await;
        }
        yield_now().await;
        Ok(n)
    })
}

fn store(fetch: &Fetch) -> (Store, ManualExecutor) {
    let inbox = INBOX
        .slice(Vec::new)
        .on(fetch.pending(), |inbox, run| inbox.push(format!("pending {}", run.arg())))
        .on(fetch.fulfilled(), |inbox, run| inbox.push(format!("fulfilled {}", run.arg())))
        .on(fetch.rejected(), |inbox, run| inbox.push(format!("rejected {}", run.arg())))
        .on(action::<LoggedOut>(), |inbox, _| inbox.clear());
    let executor = ManualExecutor::new();
    let core = trine_core::Store::with_spawner(executor.clone());
    (Store::builder().on(core).slice(inbox).build().unwrap(), executor)
}

#[test]
fn late_results_and_the_aborts_themselves_reach_nothing() {
    let fetch = fetch().tag("busy").optimistic(&INBOX, |inbox, n| inbox.push(format!("hoped {n}")));
    let (store, executor) = store(&fetch);
    let (state, busy, shown) =
        (store.state_of(&fetch), store.pending_of_tag("busy"), store.optimistic(&INBOX));
    let log = Log::default();
    let heard = log.clone();
    let _view = store.subscribe(&INBOX, move |inbox| heard.note(inbox.join(", ")));
    let runs = [store.dispatch(fetch.with(1)), store.dispatch(fetch.with(100))];
    log.is(["pending 1", "pending 1, pending 100"]);
    assert_eq!(store.reset(LoggedOut, "logged out"), 2);
    log.is([""]);
    assert!(runs.iter().all(|run| run.outcome().unwrap().is_aborted()));
    executor.run_until_stalled();
    log.is([]);
    assert_eq!(store.read(state, |state| (state.in_flight(), state.attempts())), (0, 0));
    assert_eq!((store.get(busy), store.get(shown).len()), (0, 0));

    // What is dispatched afterwards belongs to the new epoch.
    drop(store.dispatch(fetch.with(2)));
    executor.run_until_stalled();
    assert_eq!(store.get(&INBOX), ["pending 2", "hoped 2", "fulfilled 2"]);
    assert_eq!(store.read(state, |state| state.attempts()), 1);
}

#[test]
fn a_run_that_ends_because_of_the_reset_is_inert_for_its_children_too() {
    let inner = fetch();
    let child = inner.clone();
    let outer: AsyncThunk<(), (), String> = AsyncThunk::new("outer", move |(), api: ThunkApi| {
        drop(api.dispatch(child.with(100)));
        pending()
    });
    let (store, _executor) = store(&inner);
    drop(store.dispatch(outer.with(())));
    assert_eq!(store.get(&INBOX), ["pending 100"]);
    assert_eq!(store.reset(LoggedOut, "logged out"), 2);
    assert_eq!(store.get(&INBOX), [""; 0]);
}

#[test]
fn a_reset_inside_a_lease_is_refused_and_nothing_has_happened() {
    let fetch = fetch();
    let (store, _executor) = store(&fetch);
    let run = store.dispatch(fetch.with(100));
    let within = store.clone();
    let refused = store.read(&INBOX, |_| within.try_reset(LoggedOut, "logged out"));
    assert!(matches!(refused, Err(DispatchError::Reentrant(_))));
    assert!(!run.is_settled());
}
