//! Errors name the lines of the app, not those of the library: where something was dispatched, whichever way its events go.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, Mutex, OnceLock},
};
use trine_core::{CellErrorKind, test::ManualExecutor};
use trine_thunks::{
    Action, AsyncThunk, ReadError, SliceKey, Store, StoreBuilder, ThunkApi, action,
};

type Work = AsyncThunk<u32, u32, String>;

struct Poke;
impl Action for Poke {}

static SPY: SliceKey<u32> = SliceKey::new("spy");
static BESIDE: SliceKey<u32> = SliceKey::new("beside");

/// A store whose slice uses the store in each of its reducers; what that is told of who holds the lease, by event.
struct Spy {
    store: Arc<OnceLock<Store>>,
    seen: Arc<Mutex<Vec<(&'static str, u32)>>>,
}

impl Spy {
    fn new() -> Self {
        Self { store: Arc::default(), seen: Arc::default() }
    }

    fn reducer<E>(&self, event: &'static str) -> impl Fn(&mut u32, &E) + Send + Sync + 'static {
        let (store, seen) = (Arc::clone(&self.store), Arc::clone(&self.seen));
        move |count, _| {
            *count += 1;
            let error = store.get().unwrap().try_read(&SPY, |count| *count).unwrap_err();
            let ReadError::Cell(error) = error else { panic!("{error}") };
            let CellErrorKind::Reentrant(reentrant) = error.kind() else { panic!("{error}") };
            assert_eq!(reentrant.outer.file(), file!(), "{event}: {reentrant}");
            seen.lock().unwrap().push((event, reentrant.outer.line()));
        }
    }

    fn builder(&self, work: &Work) -> StoreBuilder {
        let spy = SPY
            .slice(|| 0)
            .on(action::<Poke>(), self.reducer("poke"))
            .on(work.pending(), self.reducer("pending"))
            .on(work.fulfilled(), self.reducer("fulfilled"))
            .on(work.rejected(), self.reducer("rejected"));
        let core = trine_core::Store::with_spawner(ManualExecutor::new());
        Store::builder().on(core).slice(spy)
    }

    fn take(&self) -> Vec<(&'static str, u32)> {
        std::mem::take(&mut self.seen.lock().unwrap())
    }
}

/// Waits for ever for 0, pokes before it is ready for anything else.
fn work() -> Work {
    AsyncThunk::new("work", |n, api: ThunkApi| async move {
        if n == 0 {
            std::future::pending::<()>().await;
        }
        api.dispatch(Poke); // the line of `POKED`
        if n == 1 { Ok(n) } else { Err("too many".to_owned()) }
    })
}

/// The line of the dispatch in `work`.
const POKED: u32 = line!() - 6;

#[test]
fn a_reducer_that_uses_the_store_is_told_where_the_event_was_dispatched() {
    let beside = |work: &Work, builder: StoreBuilder| {
        let beside = BESIDE.slice(|| 0).on(action::<Poke>(), |_, _| ());
        let beside = beside.on(work.pending(), |_, _| ()).on_any(work.settled(), |_, _| ());
        builder.slice(beside)
    };
    let layered = |builder: StoreBuilder| {
        builder.middleware(|action, next: trine_thunks::Next<'_>| next.run(action))
    };
    for (others, layers) in [(false, false), (true, false), (false, true), (true, true)] {
        let (work, spy) = (work(), Spy::new());
        let mut builder = spy.builder(&work);
        if others {
            builder = beside(&work, builder);
        }
        if layers {
            builder = layered(builder);
        }
        let store = builder.build().unwrap();
        spy.store.set(store.clone()).unwrap();

        store.dispatch(Poke);
        assert_eq!(spy.take(), [("poke", line!() - 1)]);
        let at = line!() + 1;
        drop(store.dispatch(work.with(1)));
        assert_eq!(spy.take(), [("pending", at), ("poke", POKED), ("fulfilled", at)]);
        let at = line!() + 1;
        drop(store.dispatch(work.with(2)));
        assert_eq!(spy.take(), [("pending", at), ("poke", POKED), ("rejected", at)]);
        let at = line!() + 1;
        let run = store.dispatch(work.with(0));
        run.abort("enough");
        assert_eq!(spy.take(), [("pending", at), ("rejected", at)]);
        let _ = store.reset(Poke, "anew");
        assert_eq!(spy.take(), [("poke", line!() - 1)]);
    }
}

#[test]
fn a_torn_slice_says_where_what_it_did_not_survive_was_dispatched() {
    fn panics<E>(_: &mut u32, _: &E) {
        panic!("no");
    }
    let torn = |store: &Store| match store.try_read(&SPY, |count| *count) {
        Err(ReadError::Cell(error)) => match error.kind() {
            CellErrorKind::Torn { at, .. } => (at.file() == file!(), at.line()),
            _ => panic!("{error}"),
        },
        other => panic!("{other:?}"),
    };
    let work = work();
    let store = Store::builder().slice(SPY.slice(|| 0).on(work.pending(), panics)).build().unwrap();
    drop(store.dispatch(work.with(1)));
    assert_eq!(torn(&store), (true, line!() - 1));

    let slice = SPY.slice(|| 0).on(work.rejected(), panics);
    let store = Store::builder().slice(slice).build().unwrap();
    drop(store.dispatch(work.with(2)));
    assert_eq!(torn(&store), (true, line!() - 1));

    let store =
        Store::builder().slice(SPY.slice(|| 0).on(action::<Poke>(), panics)).build().unwrap();
    let _ = catch_unwind(AssertUnwindSafe(|| store.dispatch(Poke)));
    assert_eq!(torn(&store), (true, line!() - 1));
}
