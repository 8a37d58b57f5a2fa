//! Registering handlers and removing them.

use crate::stage::{Log, Stage};
use std::sync::{Arc, Mutex};
use trine_core::Store;
use trine_tao::{ANY, AppCtx, HandlerGuard, Kernel};

static_assertions::assert_impl_all!(Kernel: Send, Sync, Clone);
static_assertions::assert_impl_all!(HandlerGuard: Send, Sync);

fn signal() -> AppCtx {
    AppCtx::new("User", "Find", "Portal")
}

#[test]
fn a_handler_goes_with_its_guard_and_stays_when_the_guard_is_detached() {
    let stage = Stage::new();
    let note = |line: &'static str| {
        let log = stage.log.clone();
        move |_| log.note(line)
    };
    let guard = stage.tao.on_inline((ANY, "Find", ANY), note("guarded"));
    stage.tao.on_inline(("User", ANY, ANY), note("detached")).detach();
    stage.tao.set(signal());
    drop(guard);
    stage.tao.set(signal());
    assert_eq!(stage.log.take(), ["guarded", "detached", "detached"]);
    assert_eq!(stage.tao.pattern_count(), 1);
}

#[test]
fn one_function_on_two_patterns_is_two_handlers() {
    let stage = Stage::new();
    let log = stage.log.clone();
    let note = move |_| log.note("ran");
    let _guards = (
        stage.tao.on_inline(("User", "*", "*"), note.clone()),
        stage.tao.on_inline(("*", "Find", "*"), note),
    );
    stage.tao.set(signal());
    assert_eq!(stage.log.take().len(), 2);
}

#[test]
fn a_handler_may_remove_itself() {
    let tao = Kernel::new(&Store::new());
    let log = Log::default();
    let own: Arc<Mutex<Option<HandlerGuard>>> = Arc::default();
    let guard = tao.on_inline(("User", "Find", "Portal"), {
        let (own, log) = (Arc::clone(&own), log.clone());
        move |_| {
            log.note("once");
            drop(own.lock().unwrap().take());
        }
    });
    *own.lock().unwrap() = Some(guard);
    tao.set(signal());
    tao.set(signal());
    assert_eq!(log.take(), ["once"]);
}

#[test]
fn a_guard_may_outlive_its_kernel() {
    let tao = Kernel::new(&Store::new());
    let guard = tao.on_inline(("User", "Find", "Portal"), |_| ());
    let weak = tao.downgrade();
    drop(tao);
    assert!(weak.upgrade().is_none());
    drop(guard);
}

#[test]
fn kernels_of_one_store_are_apart() {
    let store = Store::new();
    let (one, two, log) = (Kernel::new(&store), Kernel::new(&store), Log::default());
    let _handler = one.on_inline(("*", "*", "*"), {
        let log = log.clone();
        move |_| log.note("one")
    });
    two.set(signal());
    assert!(log.take().is_empty());
}
