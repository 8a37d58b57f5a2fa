//! Actions that do not come to their end.

use futures_util::FutureExt;
use std::{
    future::{Future, IntoFuture},
    sync::{Arc, Mutex, mpsc},
    task::{Context, Wake, Waker},
    thread,
    time::Duration,
};
use tokio::sync::oneshot;
use trine_atoms::{
    ActionError, AsyncAction, Atom, BoxError, Flush, FlushKind, Store, middleware, synergy,
};
use trine_core::{test::Log, test::ManualExecutor};

static LOADING: Atom<bool> = Atom::new("loading", || false);
static STEPS: Atom<Vec<u32>> = Atom::new("steps", Vec::new);

/// What stops an action at one of its waits.
#[derive(Debug, Clone, Copy)]
enum Stop {
    Abort,
    Supersede,
    Fail,
    Panic,
    DropStore,
}

/// Three waits with a write before each; the answer to a wait is whether to panic. Counts how many are waiting.
fn stepper(waits: Arc<Mutex<Vec<oneshot::Sender<bool>>>>) -> AsyncAction<()> {
    let action = synergy((&LOADING, &STEPS)).async_action(move |(mut loading, mut steps), ()| {
        let waits = waits.clone();
        async move {
            *loading = true;
            let _loading = loading.trigger_scoped()?;
            for step in 1..=3 {
                steps.push(step);
                let (go, wait) = oneshot::channel();
                waits.lock().unwrap().push(go);
                assert!(!wait.await?, "told to panic");
            }
            Ok(())
        }
    });
    action.named("step").latest()
}

#[test]
fn stopping_at_any_wait_leaves_no_unflushed_write_and_no_stuck_flag() {
    for stop in [Stop::Abort, Stop::Supersede, Stop::Fail, Stop::Panic, Stop::DropStore] {
        for at in 0..3 {
            let executor = ManualExecutor::new();
            let store = Store::with_spawner(executor.clone());
            let waits: Arc<Mutex<Vec<oneshot::Sender<bool>>>> = Arc::default();
            let action = stepper(waits.clone());
            let run = action.run(&store, ());
            for _ in 0..at {
                waits.lock().unwrap().remove(0).send(false).unwrap();
                executor.run_until_stalled();
            }
            assert!(LOADING.get(&store), "told at once");
            assert_eq!(STEPS.get(&store), [0; 0], "not told before the end");
            let mut next = None;
            match stop {
                Stop::Abort => assert!(run.abort("enough")),
                Stop::Supersede => next = Some(action.run(&store, ())),
                Stop::Fail => drop(waits.lock().unwrap().remove(0)),
                Stop::Panic => waits.lock().unwrap().remove(0).send(true).unwrap(),
                Stop::DropStore => {}
            }
            if let Stop::DropStore = stop {
                drop(store);
                let result = run.into_future().now_or_never().unwrap();
                assert!(matches!(result, Err(ActionError::Failed(_))), "{result:?}");
                continue;
            }
            executor.run_until_stalled();
            let result = run.into_future().now_or_never().unwrap();
            let told = match stop {
                Stop::Abort => matches!(result, Err(ActionError::Aborted { .. })),
                Stop::Supersede => matches!(result, Err(ActionError::Superseded { .. })),
                Stop::Fail => matches!(result, Err(ActionError::Handler(_))),
                _ => matches!(result, Err(ActionError::Panicked { .. })),
            };
            assert!(told, "{stop:?} at {at}: {result:?}");
            if let Some(next) = next {
                // Its own flag is up, and goes down with it.
                assert!(LOADING.get(&store));
                next.abort("over");
            }
            assert!(!LOADING.get(&store), "{stop:?} at {at}");
            assert_eq!(STEPS.get(&store), [0; 0]);
            assert!(store.runs().is_empty());
        }
    }
}

#[test]
fn a_scoped_flag_goes_down_in_the_one_commit_of_the_end() {
    let executor = ManualExecutor::new();
    let store = Store::with_spawner(executor.clone());
    let waits: Arc<Mutex<Vec<oneshot::Sender<bool>>>> = Arc::default();
    let log = Log::default();
    let heard = log.clone();
    let view = synergy((&LOADING, &STEPS))
        .derive(&store, |(loading, steps)| format!("{loading} {steps:?}"));
    let _view = store.subscribe_changes(view, move |change| {
        heard.note(format!("{} {}", change.number(), change.value().unwrap()));
    });
    let run = stepper(waits.clone()).run(&store, ());
    for _ in 0..3 {
        waits.lock().unwrap().remove(0).send(false).unwrap();
        executor.run_until_stalled();
    }
    run.into_future().now_or_never().unwrap().unwrap();
    log.is(["#1 true []", "#2 false [1, 2, 3]"]);
}

#[test]
fn what_somebody_else_has_written_since_is_not_reverted() {
    static STATUS: Atom<String> = Atom::new("status", || "idle".to_owned());
    let store = Store::with_spawner(ManualExecutor::new());
    let action: AsyncAction<()> = synergy(&STATUS).async_action(|mut status, ()| async move {
        status.set("busy".to_owned());
        let _status = status.trigger_scoped()?;
        std::future::pending().await
    });
    let run = action.run(&store, ());
    STATUS.set(&store, "offline".to_owned());
    run.abort("enough");
    assert_eq!(STATUS.get(&store), "offline");
}

#[test]
fn a_write_after_a_scoped_trigger_stays() {
    static STATUS: Atom<String> = Atom::new("status", || "idle".to_owned());
    let store = Store::new();
    let action: AsyncAction<()> = synergy(&STATUS).async_action(|mut status, ()| async move {
        status.set("busy".to_owned());
        let mut status = status.trigger_scoped()?;
        status.set("done".to_owned());
        Ok(())
    });
    action.run(&store, ()).into_future().now_or_never().unwrap().unwrap();
    assert_eq!(STATUS.get(&store), "done");
}

#[test]
fn what_was_triggered_plainly_stays_when_the_handler_fails() {
    static COUNT: Atom<i32> = Atom::new("count", || 0);
    let store = Store::new();
    let action = synergy(&COUNT).async_action(|mut count, ()| async move {
        *count = 1;
        let mut count = count.trigger()?;
        *count = 2;
        Err::<(), BoxError>("no".into())
    });
    let result = action.run(&store, ()).into_future().now_or_never().unwrap();
    assert_eq!(result.unwrap_err().to_string(), "no");
    assert_eq!(COUNT.get(&store), 1);
}

#[test]
fn the_handlers_own_error_type_comes_back() {
    static COUNT: Atom<i32> = Atom::new("count", || 0);
    #[derive(Debug, PartialEq)]
    enum Mine {
        Odd(i32),
    }
    let store = Store::new();
    let action = synergy(&COUNT).errors::<Mine>().async_action(|count, n: i32| async move {
        if n % 2 == 1 { Err(Mine::Odd(n)) } else { Ok(*count + n) }
    });
    assert_eq!(action.run(&store, 2).into_future().now_or_never().unwrap().ok(), Some(2));
    let result = action.run(&store, 3).into_future().now_or_never().unwrap();
    assert!(matches!(result, Err(ActionError::Handler(Mine::Odd(3)))));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn actions_run_on_a_real_runtime() {
    static TOTAL: Atom<u64> = Atom::new("total", || 0);
    let store = Store::new();
    let add: AsyncAction<u64> = synergy(&TOTAL).async_action(|mut total, n: u64| async move {
        tokio::task::yield_now().await;
        total.update(move |total| *total += n);
        Ok(())
    });
    let runs: Vec<_> = (1..=100).map(|n| add.run(&store, n)).collect();
    for run in runs {
        run.await.unwrap();
    }
    assert_eq!(TOTAL.get(&store), 5_050);
}

/// What the two threads of a busy action tell each other.
struct Busy {
    action: AsyncAction<()>,
    /// The handler is at its work, on the thread that polls it.
    at_work: mpsc::Receiver<()>,
    go_on: mpsc::Sender<()>,
}

/// Shows two values for the time being, then keeps the thread that polls it.
fn busy() -> Busy {
    let ((begin, at_work), (go_on, wait)) = (mpsc::channel(), mpsc::channel());
    let wait = Arc::new(Mutex::new(wait));
    let action = synergy((&LOADING, &STEPS)).async_action(move |(mut loading, mut steps), ()| {
        let (begin, wait) = (begin.clone(), Arc::clone(&wait));
        async move {
            *loading = true;
            let _loading = loading.trigger_scoped()?;
            steps.push(1);
            let mut steps = steps.trigger()?;
            begin.send(())?;
            wait.lock().unwrap().recv()?;
            steps.push(2);
            Ok(())
        }
    });
    Busy { action: action.compensated(), at_work, go_on }
}

#[test]
fn what_was_shown_is_taken_back_before_the_end_is_told_though_the_handler_is_busy_on_another_thread()
 {
    let store = Store::with_spawner(ManualExecutor::new());
    let Busy { action, at_work, go_on } = busy();
    let (user, named) = (store.clone(), action.clone().named("busy"));
    let poller = thread::spawn(move || named.run(&user, ()));
    at_work.recv().unwrap();
    assert_eq!((LOADING.get(&store), STEPS.get(&store)), (true, vec![1]));
    assert_eq!(store.runs().abort_named("busy", "enough"), 1);
    assert!(store.runs().is_empty(), "it has ended");
    assert_eq!((LOADING.get(&store), STEPS.get(&store)), (false, vec![]));
    let commits = store.last_commit();
    go_on.send(()).unwrap();
    let ended = poller.join().unwrap().wait_blocking(Duration::ZERO).expect("it has ended");
    assert!(matches!(ended, Err(ActionError::Aborted { .. })), "{ended:?}");
    assert_eq!(store.last_commit(), commits, "what comes late writes nothing");
}

#[test]
fn what_was_shown_is_taken_back_before_the_end_is_told_though_middleware_is_asked_about_it() {
    let store = Store::with_spawner(ManualExecutor::new());
    let Busy { action, at_work, go_on } = busy();
    let ((begin, asked), (answer, wait)) = (mpsc::channel(), mpsc::channel());
    let wait = Mutex::new(wait);
    let _guard = middleware(&store, move |flush: &mut Flush| {
        if flush.kind() == FlushKind::End {
            begin.send(())?;
            wait.lock().unwrap().recv()?;
        }
        Ok(())
    });
    let (user, named) = (store.clone(), action.named("busy"));
    let poller = thread::spawn(move || named.run(&user, ()));
    at_work.recv().unwrap();
    go_on.send(()).unwrap();
    asked.recv().unwrap();
    assert_eq!(store.runs().abort_named("busy", "enough"), 1);
    assert_eq!((LOADING.get(&store), STEPS.get(&store)), (false, vec![]));
    let commits = store.last_commit();
    answer.send(()).unwrap();
    let ended = poller.join().unwrap().wait_blocking(Duration::ZERO).expect("it has ended");
    assert!(matches!(ended, Err(ActionError::Aborted { .. })), "{ended:?}");
    assert_eq!(store.last_commit(), commits, "what comes late writes nothing");
}

#[test]
fn whoever_is_woken_by_the_end_finds_the_flag_down() {
    /// Looks as it is woken.
    struct Look(Store, Mutex<Vec<bool>>);

    impl Wake for Look {
        fn wake(self: Arc<Self>) {
            self.1.lock().unwrap().push(LOADING.get(&self.0));
        }
    }

    let executor = ManualExecutor::new();
    let store = Store::with_spawner(executor.clone());
    let run = stepper(Arc::default()).run(&store, ());
    let id = run.id();
    let mut end = Box::pin(run.into_future());
    let look = Arc::new(Look(store.clone(), Mutex::default()));
    let waker = Waker::from(Arc::clone(&look));
    assert!(end.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
    assert!(LOADING.get(&store));
    assert!(store.runs().abort(id, "enough"));
    assert_eq!(*look.1.lock().unwrap(), [false]);
}
