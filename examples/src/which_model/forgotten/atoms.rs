//! With atoms and synergies.

use futures_util::FutureExt;
use trine_atoms::{ActionError, AsyncAction, Atom, BoxError, Store, synergy};
use trine_core::test::ManualExecutor;

use super::{Desk, End, name_of};

pub(super) fn overtaken() -> End {
    static HITS: Atom<&str> = Atom::new("hits", || "");
    let (executor, desk, store) = stage();
    let service = desk.clone();
    let search: AsyncAction<&'static str> = synergy(&HITS).async_action(move |mut hits, text| {
        let desk = service.clone();
        async move {
            *hits = desk.ask(text).await;
            Ok(())
        }
    });
    let (first, second) = (search.run(&store, "an"), search.run(&store, "anna"));
    for text in ["anna", "an"] {
        desk.answer(text);
        executor.run_until_stalled();
    }
    second.into_future().now_or_never().expect("it has ended").expect("it was the first to write");
    End::new(HITS.get(&store), "anna", told(first.into_future().now_or_never()))
}

pub(super) fn lost() -> End {
    static COUNT: Atom<u32> = Atom::new("count", || 0);
    let (executor, desk, store) = stage();
    let service = desk.clone();
    let count: AsyncAction<&'static str> = synergy(&COUNT).async_action(move |mut count, task| {
        let desk = service.clone();
        async move {
            let read = *count;
            desk.ask(task).await;
            *count = read + 1;
            Ok(())
        }
    });
    let (first, second) = (count.run(&store, "first"), count.run(&store, "second"));
    for task in ["first", "second"] {
        desk.answer(task);
        executor.run_until_stalled();
    }
    first.into_future().now_or_never().expect("it has ended").expect("it was the first to write");
    End::new(COUNT.get(&store), 2, told(second.into_future().now_or_never()))
}

pub(super) fn panicked() -> End {
    static LOADING: Atom<bool> = Atom::new("loading", || false);
    let (executor, desk, store) = stage();
    let service = desk.clone();
    let load: AsyncAction<&'static str> =
        synergy(&LOADING).async_action(move |mut loading, what| {
            let desk = service.clone();
            async move {
                *loading = true;
                let _loading = loading.trigger_scoped()?;
                let page = desk.ask(what).await;
                assert!(page != "page", "the code has a mistake");
                Ok(())
            }
        });
    let run = load.run(&store, "page");
    desk.answer("page");
    executor.run_until_stalled();
    End::new(LOADING.get(&store), false, told(run.into_future().now_or_never()))
}

pub(super) fn answered_back() -> End {
    static NUMBER: Atom<u32> = Atom::new("number", || 0);
    let (_, _, store) = stage();
    let writer = store.clone();
    let listener = move |number: &u32| {
        if *number == 1 {
            NUMBER.set(&writer, 2);
        }
    };
    let _listens = NUMBER.subscribe(&store, listener);
    NUMBER.set(&store, 1);
    End::new(NUMBER.get(&store), 2, "all subscribers hear of both, in order")
}

fn stage() -> (ManualExecutor, Desk, Store) {
    let executor = ManualExecutor::new();
    (executor.clone(), Desk::default(), Store::with_spawner(executor))
}

fn told(end: Option<Result<(), ActionError<BoxError>>>) -> String {
    match end {
        Some(Err(error)) => format!("its caller gets `{}`", name_of(&error)),
        Some(Ok(())) => "nobody is told".to_owned(),
        None => "it never ends".to_owned(),
    }
}
