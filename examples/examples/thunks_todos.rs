//! Beyond the original: an outbox with optimistic updates and retries, a search where only the latest counts, state without
//! a reducer, progress, and a logout after which nothing late arrives. In virtual time.
//!
//! `cargo run -p trine-examples --example thunks_todos`

use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering::Relaxed},
    },
    time::Duration,
};
use trine_core::test::{ManualClock, ManualExecutor, yield_now};
use trine_thunks::{
    Action, AsyncThunk, Policy, Progress, Retry, SliceKey, Store, StoreBuilder, ThunkApi,
    ThunkStatus, action,
};

/// A service that fails every other time.
#[derive(Clone, Default)]
pub(crate) struct Api(Arc<AtomicU32>);

impl Api {
    async fn call(&self) -> Result<u32, &'static str> {
        yield_now().await;
        let call = self.0.fetch_add(1, Relaxed);
        if call.is_multiple_of(2) { Err("busy") } else { Ok(call) }
    }
}

pub(crate) struct LoggedOut;
impl Action for LoggedOut {}

pub(crate) static TODOS: SliceKey<Vec<&'static str>> = SliceKey::new("todos");
pub(crate) static UPLOADED: Progress<u8> = Progress::new("uploaded");
pub(crate) static PERCENT: SliceKey<Vec<u8>> = SliceKey::new("percent");

pub(crate) type AddTodo = AsyncThunk<&'static str, u32, &'static str, Api>;
pub(crate) type Search = AsyncThunk<&'static str, String, &'static str, Api>;
pub(crate) type Upload = AsyncThunk<u8, (), &'static str, Api>;

/// One after the other, in order; shown at once; tried again before anything is taken back.
pub(crate) fn add_todo() -> AddTodo {
    AsyncThunk::new("todos/add", |_: &'static str, api: ThunkApi<Api>| async move {
        api.extra().call().await
    })
    .policy(Policy::Queue(16))
    .retry(Retry::constant(2, Duration::from_secs(1)))
    .optimistic(&TODOS, |todos, todo| todos.push(todo))
    .tag("saving")
}

/// Only the answer to the last question counts, and nobody is asked before the typing stops.
pub(crate) fn search() -> Search {
    AsyncThunk::new("search", |text: &'static str, _: ThunkApi<Api>| async move {
        yield_now().await;
        Ok(format!("all about {text}"))
    })
    .policy(Policy::Latest)
    .debounce(Duration::from_millis(200))
}

pub(crate) fn upload() -> Upload {
    AsyncThunk::new("upload", |parts: u8, api: ThunkApi<Api>| async move {
        for part in 1..=parts {
            yield_now().await;
            api.report(&UPLOADED, part * (100 / parts));
        }
        Ok(())
    })
    .progress_every(Duration::from_millis(50))
}

pub(crate) fn build(builder: StoreBuilder, api: Api, upload: &Upload) -> StoreBuilder<Api> {
    let todos = TODOS.slice(Vec::new).on(action::<LoggedOut>(), |todos, _| todos.clear());
    let percent = PERCENT
        .slice(Vec::new)
        .on_any(upload.progress(&UPLOADED), |percent, run| percent.push(**run.progress()));
    builder.extra(api).slice(todos).slice(percent)
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let (clock, executor) = (ManualClock::new(), ManualExecutor::new());
    let core = trine_core::Store::builder().spawner(executor.clone()).clock(clock.clone()).build();
    let (add, search, upload) = (add_todo(), search(), upload());
    let store = build(Store::builder().on(core), Api::default(), &upload).build()?;
    let settle = || {
        executor.run_until_stalled();
        while clock.advance_to_next() {
            executor.run_until_stalled();
        }
    };

    // Shown at once, though the second waits for the first, and the first for its second attempt.
    let (shown, saving) = (store.optimistic(&TODOS), store.pending_of_tag("saving"));
    let runs = [store.dispatch(add.with("tea")), store.dispatch(add.with("milk"))];
    assert_eq!((store.get(shown), store.get(&TODOS)), (vec!["tea", "milk"], vec![]));
    assert_eq!(store.get(saving), 2);
    settle();
    assert_eq!(store.get(&TODOS), ["tea", "milk"]);
    assert_eq!((runs.map(|run| run.attempts()), store.get(saving)), ([2, 2], 0));

    // State without a reducer.
    let found = store.state_of(&search);
    for text in ["t", "tr", "trine"] {
        drop(store.dispatch(search.with(text)));
    }
    assert_eq!(store.read(found, |found| found.status()), ThunkStatus::Pending);
    settle();
    store.read(found, |found| {
        assert_eq!(found.data().map(|text| text.as_str()), Some("all about trine"));
        assert_eq!((found.attempts(), found.arg()), (3, Some(&"trine")));
    });

    // Progress, as often as a view can use it.
    drop(store.dispatch(upload.with(50)));
    settle();
    assert_eq!(store.get(&PERCENT), [2, 100]);

    // After a logout nothing late arrives.
    let late = store.dispatch(add.with("for your eyes only"));
    assert_eq!(store.reset(LoggedOut, "logged out"), 1);
    settle();
    assert!(late.outcome().is_some_and(|outcome| outcome.is_aborted()));
    assert_eq!((store.get(shown), store.get(&TODOS)), (vec![], vec![]));
    println!("one day, {} calls later", store.extra().0.load(Relaxed));
    Ok(())
}
