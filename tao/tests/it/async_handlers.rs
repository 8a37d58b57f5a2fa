//! The guarantees that the document gives for async handlers.

use crate::stage::{Log, Stage, failures};
use std::{
    future::pending,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};
use tokio::time::sleep;
use trine_core::Store;
use trine_tao::{AppCtx, BoxError, Kernel, Verdict};

fn enter() -> AppCtx {
    AppCtx::new("App", "Enter", "Portal")
}

#[test]
fn set_returns_before_any_async_handler_ran() {
    let stage = Stage::new();
    let log = stage.log.clone();
    let _handler = stage.tao.on_async(("App", "Enter", "Portal"), move |_| log.note("ran"));
    stage.tao.set(enter());
    assert!(stage.log.take().is_empty());
    stage.run();
    assert_eq!(stage.log.take(), ["ran"]);
}

#[test]
fn async_handlers_are_queued_before_the_first_inline_handler_runs() {
    let stage = Stage::new();
    let _async = (
        stage.tao.on_async(("App", "Enter", "Portal"), |_| ()),
        stage.tao.on_async(("*", "Enter", "*"), |_| async {}),
    );
    let (runtime, log) = (stage.runtime.clone(), stage.log.clone());
    let _inline = stage.tao.on_inline(("App", "Enter", "Portal"), move |_| {
        log.note(format!("{} queued", runtime.ready()));
    });
    stage.tao.set(enter());
    assert_eq!(stage.log.take(), ["2 queued"]);
}

#[tokio::test(start_paused = true)]
async fn async_handlers_do_not_block_each_other_nor_the_line() {
    let store = Store::new();
    let (tao, log) = (Kernel::new(&store), Log::default());
    let slow = |seconds: u64| {
        let log = log.clone();
        move |_| {
            let log = log.clone();
            async move {
                sleep(Duration::from_secs(seconds)).await;
                log.note(seconds);
            }
        }
    };
    let _handlers = [
        tao.on_async(("App", "Enter", "Portal"), slow(3)),
        tao.on_async(("App", "Enter", "Portal"), slow(1)),
        tao.on_async(("App", "Enter", "Portal"), slow(2)),
    ];
    let start = tokio::time::Instant::now();
    tao.set(enter()).settled().await;
    assert_eq!(log.take(), ["1", "2", "3"]);
    assert_eq!(start.elapsed(), Duration::from_secs(3));
}

#[test]
fn an_async_handler_may_be_an_ordinary_function() {
    // "Async Handlers are not async handlers."
    let stage = Stage::new();
    let log = stage.log.clone();
    let _handler = stage.tao.on_async(("App", "Enter", "Portal"), move |cx| log.note(cx));
    stage.tao.set(enter());
    stage.run();
    assert_eq!(stage.log.take(), ["{App,Enter,Portal}"]);
}

#[test]
fn a_context_returned_by_an_async_handler_faces_handlers_of_all_types_in_its_own_execution_context()
{
    let stage = Stage::new();
    let (gate, fork, line) = (stage.log.clone(), stage.log.clone(), stage.log.clone());
    let _handlers = (
        stage
            .tao
            .on_async(("App", "Enter", "Portal"), |_| AppCtx::new("Session", "Find", "Portal")),
        stage.tao.on_intercept(("Session", "*", "*"), move |_| {
            gate.note("intercept");
            Verdict::Pass
        }),
        stage.tao.on_async(("Session", "*", "*"), move |_| fork.note("async")),
        stage.tao.on_inline(("Session", "*", "*"), move |_| line.note("inline")),
    );
    let cascade = stage.tao.set(enter());
    assert!(stage.runtime.run_one());
    assert_eq!(stage.log.take(), ["intercept", "inline"], "in the handler's own run");
    assert!(stage.runtime.run_one());
    assert_eq!(stage.log.take(), ["async"], "which forks again");
    assert!(cascade.is_settled());
    assert_eq!(stage.runtime.pending(), 0);
}

#[test]
fn errors_of_async_handlers_and_of_everything_chained_from_them_never_reach_the_caller() {
    let stage = Stage::new();
    let (failed, _observer) = stage.observe(failures);
    let inline = stage.log.clone();
    let _handlers = (
        stage.tao.on_async(("User", "Find", "Portal"), |_| {
            Err::<(), BoxError>("I can't find Users now!".into())
        }),
        stage.tao.on_async(("User", "Find", "Portal"), |_| -> () { panic!("at once") }),
        stage.tao.on_async(("User", "Find", "Portal"), |_| async {
            AppCtx::new("User", "Fail", "Portal")
        }),
        stage.tao.on_inline(("User", "Fail", "Portal"), |_| async {
            Err::<(), BoxError>("downstream".into())
        }),
        stage.tao.on_inline(("User", "Find", "Portal"), move |_| inline.note("inline ran")),
    );
    let cascade = stage.tao.set(AppCtx::new("User", "Find", "Portal")); // <---- Error swallowed
    assert!(cascade.outcome().unwrap().proceeded());
    stage.run();
    assert_eq!(stage.log.take(), ["inline ran"]);
    assert!(cascade.is_settled());
    let failed: Vec<_> = failed.take();
    let told = |text: &str| failed.iter().any(|line| line.ends_with(text));
    assert!(told("on {User,Find,Portal}: I can't find Users now!"), "{failed:?}");
    assert!(told("on {User,Find,Portal}: it panicked: at once"), "{failed:?}");
    assert!(told("on {User,Fail,Portal}: downstream"), "{failed:?}");
    assert_eq!(failed.len(), 3);
}

#[test]
fn a_halted_signal_reaches_no_async_handler() {
    let stage = Stage::new();
    let log = stage.log.clone();
    let _handlers = (
        stage.tao.on_async(("App", "Enter", "Portal"), move |_| log.note("async")),
        stage.tao.on_intercept(("App", "Enter", "Portal"), |_| Verdict::halt("closed")),
    );
    stage.tao.set(enter());
    stage.run();
    assert!(stage.log.take().is_empty());
}

#[test]
fn without_a_runtime_an_async_handler_is_an_observed_failure_and_the_line_goes_on() {
    let tao = Kernel::new(&Store::new());
    let (failed, log) = (Log::default(), Log::default());
    let (told, ran) = (failed.clone(), log.clone());
    let _observer = tao.observe(move |observation| {
        if observation.to_string().contains("failed: ") {
            told.note(observation);
        }
    });
    let _handlers = (
        tao.on_async(("App", "Enter", "Portal"), |_| ()),
        tao.on_inline(("App", "Enter", "Portal"), move |_| ran.note("inline")),
    );
    let cascade = tao.set(enter());
    assert_eq!(log.take(), ["inline"]);
    assert!(failed.take()[0].contains("no runtime"));
    assert!(cascade.is_settled());
}

#[test]
fn dropping_the_last_handle_to_the_store_ends_what_is_out_of_band() {
    struct Dropped(Arc<AtomicBool>);
    impl Drop for Dropped {
        fn drop(&mut self) {
            self.0.store(true, Ordering::SeqCst);
        }
    }

    let Stage { runtime, store, tao, .. } = Stage::new();
    let gone = Arc::new(AtomicBool::new(false));
    let body = Arc::clone(&gone);
    tao.on_async(("App", "Enter", "Portal"), move |_| {
        let owned = Dropped(Arc::clone(&body));
        async move {
            let _owned = owned;
            pending::<()>().await;
        }
    })
    .detach();
    let cascade = tao.set(enter());
    runtime.run_until_stalled();
    drop((store, tao));
    assert!(gone.load(Ordering::SeqCst));
    assert!(cascade.is_settled());
}

#[test]
fn a_wake_up_polls_the_handler_that_it_is_for_and_no_other() {
    use std::task::{Poll, Waker};
    const SIGNALS: usize = 300;
    let stage = Stage::new();
    let polls = Arc::new(AtomicUsize::new(0));
    // The wakers of those who wait; an empty place is one whose time has come.
    let wakers: Arc<Mutex<Vec<Option<Waker>>>> = Arc::new(Mutex::new(vec![None; SIGNALS]));
    let open: Arc<Mutex<Vec<bool>>> = Arc::new(Mutex::new(vec![false; SIGNALS]));
    let _fan = stage.tao.on_inline(("App", "Start", "Portal"), |_| {
        (0..SIGNALS).map(|n| AppCtx::new("App", "Wait", "Portal").term(n)).collect::<Vec<_>>()
    });
    let _wait = stage.tao.on_inline(("App", "Wait", "Portal"), {
        let (polls, wakers, open) = (polls.clone(), wakers.clone(), open.clone());
        move |cx: AppCtx| {
            let n = *cx.term_datum::<usize>().unwrap();
            let (polls, wakers, open) = (polls.clone(), wakers.clone(), open.clone());
            std::future::poll_fn(move |cx| {
                polls.fetch_add(1, Ordering::Relaxed);
                if open.lock().unwrap()[n] {
                    return Poll::Ready(());
                }
                wakers.lock().unwrap()[n] = Some(cx.waker().clone());
                Poll::Pending
            })
        }
    });
    let cascade = stage.tao.set(AppCtx::new("App", "Start", "Portal"));
    stage.run();
    for n in (0..SIGNALS).rev() {
        assert!(!cascade.is_settled());
        open.lock().unwrap()[n] = true;
        let waker = wakers.lock().unwrap()[n].take().unwrap();
        waker.wake();
        stage.run();
    }
    assert!(cascade.is_settled());
    // Once on the stack of the caller, once in the run, which has a waker, and once when that is woken.
    assert_eq!(polls.load(Ordering::Relaxed), 3 * SIGNALS);
}
