//! Thunks in every order in which they may go on, given up at every await point.

use std::collections::BTreeMap;
use trine_core::test::{Scene, explore, yield_now};
use trine_thunks::{AsyncThunk, Slice, SliceKey, Store, ThunkApi};

/// What the slice has seen of each run, by its argument: a letter per event.
type Seen = BTreeMap<u32, String>;

static SEEN: SliceKey<Seen> = SliceKey::new("seen");

type Fetch = AsyncThunk<u32, u32, String, ()>;

/// Waits twice; odd arguments are refused.
fn fetch() -> Fetch {
    AsyncThunk::new("users/fetch", |id: u32, _: ThunkApi<()>| async move {
        yield_now().await;
        yield_now().await;
        if id % 2 == 1 { Err(format!("{id} is odd")) } else { Ok(id) }
    })
}

fn seen(fetch: &Fetch) -> Slice<Seen> {
    let note = |seen: &mut Seen, id: u32, letter| seen.entry(id).or_default().push(letter);
    SEEN.slice(Seen::new)
        .on(fetch.pending(), move |seen, run| note(seen, *run.arg(), 'p'))
        .on(fetch.fulfilled(), move |seen, run| note(seen, *run.arg(), 'f'))
        .on(fetch.rejected(), move |seen, run| note(seen, *run.arg(), 'r'))
}

fn store(scene: &Scene, fetch: &Fetch) -> Store<()> {
    Store::builder().on(scene.store()).extra(()).slice(seen(fetch)).build().unwrap()
}

#[test]
fn every_run_that_is_pending_has_exactly_one_end_whatever_becomes_of_it() {
    let explored = explore().cancellations(2).check(|scene| {
        let fetch = fetch();
        let store = store(scene, &fetch);
        for id in 1..=2 {
            drop(store.dispatch(fetch.with(id)));
        }
        scene.finally(move || {
            let seen = store.get(&SEEN);
            assert_eq!(seen[&1], "pr");
            // Given up, it is rejected.
            assert!(["pf", "pr"].contains(&seen[&2].as_str()), "{seen:?}");
            assert!(store.core().runs().is_empty());
        });
    });
    assert!(explored.exhaustive, "{explored:?}");
}

#[test]
fn the_run_before_has_ended_before_the_next_one_is_pending_under_latest() {
    let explored = explore().cancellations(1).check(|scene| {
        let fetch = fetch().latest();
        let store = store(scene, &fetch);
        let user = store.clone();
        scene.spawn("user", async move {
            for id in [2, 4] {
                drop(user.dispatch(fetch.with(id)));
                let seen = user.get(&SEEN);
                let pending = seen.values().filter(|events| *events == "p").count();
                assert_eq!(pending, 1, "{seen:?}");
                yield_now().await;
            }
        });
        scene.finally(move || {
            for (id, events) in store.get(&SEEN) {
                assert!(["pf", "pr"].contains(&events.as_str()), "{id}: {events}");
            }
        });
    });
    assert!(explored.exhaustive, "{explored:?}");
}

#[test]
fn the_thunks_that_a_thunk_has_dispatched_end_with_it_at_whatever_point_it_is_given_up() {
    let explored = explore().cancellations(2).check(|scene| {
        let fetch = fetch();
        let store = store(scene, &fetch);
        let inner = fetch.clone();
        let both = AsyncThunk::new("users/both", move |(): (), api: ThunkApi<()>| {
            let (first, second) = (api.dispatch(inner.with(2)), api.dispatch(inner.with(4)));
            async move {
                let first = first.result().await.map_err(|error| error.to_string())?;
                let second = second.result().await.map_err(|error| error.to_string())?;
                Ok::<_, String>(*first + *second)
            }
        });
        let run = store.dispatch(both.with(()));
        scene.finally(move || {
            assert!(store.core().runs().is_empty());
            let seen = store.get(&SEEN);
            assert!(
                seen.values().all(|events| ["pf", "pr"].contains(&events.as_str())),
                "{seen:?}"
            );
            if run.outcome().unwrap().is_fulfilled() {
                assert!(seen.values().all(|events| events == "pf"), "{seen:?}");
            }
        });
    });
    assert!(explored.exhaustive, "{explored:?}");
}
