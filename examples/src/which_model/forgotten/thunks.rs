//! With slices and thunks.

use std::convert::Infallible;

use futures_util::FutureExt;
use trine_core::test::ManualExecutor;
use trine_thunks::{Action, AsyncThunk, Outcome, SliceKey, Store, ThunkApi, action};

use super::{Desk, End, name_of};

type Work<T> = AsyncThunk<&'static str, T, Infallible, Desk>;

pub(super) fn overtaken() -> End {
    static HITS: SliceKey<&str> = SliceKey::new("hits");
    let (executor, desk, core) = stage();
    let search: Work<&str> = AsyncThunk::new("search", |text, api: ThunkApi<Desk>| async move {
        Ok(api.extra().ask(text).await)
    });
    let hits =
        HITS.slice(|| "").on(search.fulfilled(), |hits, run| *hits = *run.payload().as_ref());
    let store =
        Store::builder().on(core).extra(desk.clone()).slice(hits).build().expect("one slice");
    let first = store.dispatch(search.with("an"));
    store.dispatch(search.with("anna"));
    for text in ["anna", "an"] {
        desk.answer(text);
        executor.run_until_stalled();
    }
    End::new(store.get(&HITS), "anna", told(first.into_future().now_or_never()))
}

pub(super) fn lost() -> End {
    static COUNT: SliceKey<u32> = SliceKey::new("count");
    let (executor, desk, core) = stage();
    let count: Work<u32> = AsyncThunk::new("count", |task, api: ThunkApi<Desk>| async move {
        let read = api.read(&COUNT, |count| *count);
        api.extra().ask(task).await;
        Ok(read + 1)
    });
    let slice =
        COUNT.slice(|| 0).on(count.fulfilled(), |count, run| *count = *run.payload().as_ref());
    let store =
        Store::builder().on(core).extra(desk.clone()).slice(slice).build().expect("one slice");
    store.dispatch(count.with("first"));
    let second = store.dispatch(count.with("second"));
    for task in ["first", "second"] {
        desk.answer(task);
        executor.run_until_stalled();
    }
    End::new(store.get(&COUNT), 2, told(second.into_future().now_or_never()))
}

pub(super) fn panicked() -> End {
    static LOADING: SliceKey<bool> = SliceKey::new("loading");
    let (executor, desk, core) = stage();
    let load: Work<()> = AsyncThunk::new("load", |what, api: ThunkApi<Desk>| async move {
        let page = api.extra().ask(what).await;
        assert!(page != "page", "the code has a mistake");
        Ok(())
    });
    let loading = LOADING
        .slice(|| false)
        .on(load.pending(), |loading, _| *loading = true)
        .on(load.fulfilled(), |loading, _| *loading = false)
        .on(load.rejected(), |loading, _| *loading = false);
    let store =
        Store::builder().on(core).extra(desk.clone()).slice(loading).build().expect("one slice");
    let run = store.dispatch(load.with("page"));
    desk.answer("page");
    executor.run_until_stalled();
    End::new(store.get(&LOADING), false, told(run.into_future().now_or_never()))
}

pub(super) fn answered_back() -> End {
    static NUMBER: SliceKey<u32> = SliceKey::new("number");
    struct Set(u32);
    impl Action for Set {}

    let (_, _, core) = stage();
    let number = NUMBER.slice(|| 0).on(action::<Set>(), |number, Set(to)| *number = *to);
    let store = Store::builder().on(core).slice(number).build().expect("one slice");
    let writer = store.clone();
    let listener = move |number: &u32| {
        if *number == 1 {
            writer.dispatch(Set(2));
        }
    };
    let _listens = store.subscribe(&NUMBER, listener);
    store.dispatch(Set(1));
    End::new(store.get(&NUMBER), 2, "all subscribers hear of both, in order")
}

fn stage() -> (ManualExecutor, Desk, trine_core::Store) {
    let executor = ManualExecutor::new();
    (executor.clone(), Desk::default(), trine_core::Store::with_spawner(executor))
}

fn told<T>(end: Option<Outcome<T, Infallible>>) -> String {
    match end {
        Some(Outcome::Fulfilled { .. }) => "nobody is told".to_owned(),
        Some(other) => format!("its slice and its caller get `{}`", name_of(&other.kind())),
        None => "it never ends".to_owned(),
    }
}
