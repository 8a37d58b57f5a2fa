//! Registering handlers and removing them.

use crate::stage::{Log, Stage};
use std::sync::{Arc, Mutex};
use trine_core::Store;
use trine_tao::{ANY, AppCtx, Bridge, HandlerGuard, Kernel};

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

#[test]
fn b15_a_copy_has_the_handlers_and_the_whole_policy_of_its_original_and_nothing_else_to_do_with_it()
{
    // In the original, a copy with another policy applies it to what is set and not to what is chained.
    let stage = Stage::new();
    let note = |line: &'static str| {
        let log = stage.log.clone();
        move |_| log.note(line)
    };
    let tao = Kernel::builder(&stage.store)
        .space(("User", ["Find", "Enter", "Loop"], "Portal"))
        .out_of_space(trine_tao::Level::Deny)
        .hop_budget(3)
        .build();
    let _observer = tao.observe(|_| panic!("not of the copy"));
    let find = tao.on_inline((ANY, ["Find", "Enter"], ANY), note("both"));
    tao.on_inline(("User", "Loop", "Portal"), |cx| cx).detach();
    let copy = tao.copy();
    drop(find);
    let _late = tao.on_inline((ANY, "Find", ANY), note("the original's"));
    let _own = copy.on_async((ANY, "Find", ANY), note("the copy's"));
    copy.set(signal());
    stage.run();
    assert_eq!(stage.log.take(), ["both", "the copy's"]);
    assert_eq!(copy.handlers().len(), 3);
    let numbers: Vec<_> = copy.handlers().iter().map(|handler| handler.id().number()).collect();
    assert_eq!(numbers, [1, 2, 3], "identities are kept, and new ones are new");
    assert!(!copy.set(AppCtx::new("Space", "Find", "Portal")).outcome().unwrap().proceeded());
    let ending = copy.set(AppCtx::new("User", "Loop", "Portal")).ending().unwrap();
    assert!(matches!(ending, trine_tao::Ending::HopBudget(error) if error.budget == 3));
}

#[test]
fn a_copy_has_none_of_the_adapters_of_its_original() {
    let stage = Stage::new();
    let other = Kernel::new(&stage.store);
    let _bridge = Bridge::new(&stage.tao, &other).inline((ANY, ANY, ANY));
    assert!(stage.tao.handlers()[0].is_adapter());
    assert!(stage.tao.copy().handlers().is_empty());
}
