//! By hand: a struct behind a lock, and futures.

use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures_util::FutureExt;
use futures_util::future::BoxFuture;

use super::{Desk, End};

pub(super) fn overtaken() -> End {
    let (desk, hits) = (Desk::default(), Arc::new(Mutex::new("")));
    let search = |text| {
        let (desk, hits) = (desk.clone(), Arc::clone(&hits));
        async move {
            let found = desk.ask(text).await;
            *lock(&hits) = found;
        }
        .boxed()
    };
    let mut tasks = vec![search("an"), search("anna")];
    poll(&mut tasks);
    for text in ["anna", "an"] {
        desk.answer(text);
        poll(&mut tasks);
    }
    let shown = *lock(&hits);
    End::new(shown, "anna", "nobody is told")
}

pub(super) fn lost() -> End {
    let (desk, count) = (Desk::default(), Arc::new(Mutex::new(0)));
    let add = |task| {
        let (desk, count) = (desk.clone(), Arc::clone(&count));
        async move {
            let read = *lock(&count);
            desk.ask(task).await;
            *lock(&count) = read + 1;
        }
        .boxed()
    };
    let mut tasks = vec![add("first"), add("second")];
    poll(&mut tasks);
    for task in ["first", "second"] {
        desk.answer(task);
        poll(&mut tasks);
    }
    let shown = *lock(&count);
    End::new(shown, 2, "nobody is told")
}

pub(super) fn panicked() -> End {
    let (desk, loading) = (Desk::default(), Arc::new(Mutex::new(false)));
    let (service, flag) = (desk.clone(), Arc::clone(&loading));
    let load = async move {
        *lock(&flag) = true;
        let page = service.ask("page").await;
        assert!(page != "page", "the code has a mistake");
        *lock(&flag) = false;
    };
    // As a runtime does with the panics of its tasks.
    let load = AssertUnwindSafe(load).catch_unwind();
    let mut tasks = vec![load.map(|_| ()).boxed()];
    poll(&mut tasks);
    desk.answer("page");
    poll(&mut tasks);
    let shown = *lock(&loading);
    End::new(shown, false, "who awaits the task's handle is told")
}

/// The listener is called under the lock, or two threads could tell it of two changes in the wrong order.
pub(super) fn answered_back() -> End {
    let number = Mutex::new(0);
    let mut state = lock(&number);
    *state = 1;
    // What the listener would do, were it not for the lock that is held while it is called.
    let written = number.try_lock().map(|mut number| *number = 2).is_ok();
    let told =
        if written { "all hear of it" } else { "the listener waits for its own lock, for ever" };
    End::new(*state, 2, told)
}

/// Polls them once each; those that are done go.
fn poll(tasks: &mut Vec<BoxFuture<'_, ()>>) {
    tasks.retain_mut(|task| task.now_or_never().is_none());
}

fn lock<T>(shared: &Mutex<T>) -> MutexGuard<'_, T> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}
