//! Bodies that never leave their thread.

use std::{
    cell::{Cell, RefCell},
    future::{Future, pending, poll_fn},
    pin::Pin,
    rc::Rc,
    task::{Context, Poll, Waker},
    time::Duration,
};
#[cfg(feature = "tokio")]
use tokio::{runtime::Builder, task::LocalSet};
use trine_core::{
    Failure, LocalSpawn, LocalTask, NoRuntime, Outcome, Policy, Run, RunStatus, Store,
    test::{Log, ManualClock},
};

/// Tasks of this thread, polled when told.
#[derive(Default)]
struct Tasks {
    tasks: RefCell<Vec<LocalTask>>,
    refuses: Cell<bool>,
}

impl LocalSpawn for Tasks {
    fn spawn_local(&self, task: LocalTask) -> Result<(), NoRuntime> {
        if self.refuses.get() {
            return Err(NoRuntime::new());
        }
        self.tasks.borrow_mut().push(task);
        Ok(())
    }
}

impl Tasks {
    /// Polls all; returns how many are left.
    fn poll(&self) -> usize {
        let mut tasks = self.tasks.take();
        let mut cx = Context::from_waker(Waker::noop());
        tasks.retain_mut(|task| Pin::new(task).poll(&mut cx).is_pending());
        let left = tasks.len();
        self.tasks.borrow_mut().extend(tasks);
        left
    }
}

/// Pending so many times.
async fn yields(times: u32) {
    let mut left = times;
    poll_fn(|_| {
        if left == 0 {
            return Poll::Ready(());
        }
        left -= 1;
        Poll::Pending
    })
    .await;
}

#[test]
fn a_local_body_is_polled_inline_first_and_then_by_its_set() {
    let (store, tasks, log) = (Store::new(), Tasks::default(), Log::default());
    let (shared, note) = (Rc::new(Cell::new(0)), log.clone());
    let mine = Rc::clone(&shared);
    let run = store.run_builder("local").start_local(&tasks, |cx| async move {
        mine.set(1);
        yields(2).await;
        mine.set(2);
        note.note(cx.name());
        Ok::<_, String>(mine.get())
    });
    assert_eq!((shared.get(), run.status()), (1, RunStatus::Running));
    assert_eq!((tasks.poll(), tasks.poll()), (1, 0));
    assert_eq!(run.outcome().unwrap().into_result().map(|value| *value), Ok(2));
    log.is(["local"]);
    assert!(store.runs().is_empty());
    assert_eq!(Rc::strong_count(&shared), 1);
}

#[test]
fn an_abort_from_another_thread_settles_at_once_and_the_body_is_dropped_on_its_own_thread() {
    struct Here(std::thread::ThreadId, Log);
    impl Drop for Here {
        fn drop(&mut self) {
            assert_eq!(self.0, std::thread::current().id());
            self.1.note("body dropped");
        }
    }
    let (store, tasks, log) = (Store::new(), Tasks::default(), Log::default());
    let held = Here(std::thread::current().id(), log.clone());
    let settle = log.clone();
    let run: Run<(), String> = store
        .run_builder("local")
        .on_settle(move |outcome| settle.note(outcome.kind().to_string()))
        .start_local(&tasks, |_| async move {
            let _held = held;
            pending().await
        });
    let (id, runs) = (run.id(), store.runs());
    assert!(std::thread::spawn(move || runs.abort(id, "there")).join().unwrap());
    log.is(["aborted"]);
    let mut stopped = run.stopped();
    let cx = &mut Context::from_waker(Waker::noop());
    assert!(Pin::new(&mut stopped).poll(cx).is_pending());
    assert_eq!(tasks.poll(), 0);
    log.is(["body dropped"]);
    assert!(Pin::new(&mut stopped).poll(cx).is_ready());
}

#[test]
fn a_body_that_is_polled_while_another_thread_tells_its_end_is_dropped_after_that() {
    use std::{future::poll_fn, sync::mpsc::channel};
    for inline in [true, false] {
        let (store, tasks, log) = (Store::new(), Tasks::default(), Log::default());
        let (abort, asked) = channel::<()>();
        let ((enter, entered), (go, gone)) = (channel(), channel::<()>());
        let (settle, held) = (log.clone(), log.on_drop("body dropped"));
        let runs = store.runs();
        let aborter = std::thread::spawn(move || {
            asked.recv().unwrap();
            runs.abort_all("there")
        });
        let builder = store.run_builder("local").on_settle(move |outcome| {
            enter.send(()).unwrap();
            gone.recv().unwrap();
            settle.note(outcome.kind().to_string());
        });
        let builder = if inline { builder } else { builder.queued() };
        let run = builder.start_local(&tasks, |_| {
            poll_fn(move |_| {
                let _held = &held;
                abort.send(()).unwrap();
                entered.recv().unwrap();
                Poll::<Result<(), String>>::Pending
            })
        });
        tasks.poll();
        log.is([]);
        go.send(()).unwrap();
        assert_eq!(aborter.join().unwrap(), 1);
        log.is(["aborted"]);
        tasks.poll();
        log.is(["body dropped"]);
        assert!(run.outcome().unwrap().is_aborted());
    }
}

#[test]
fn a_set_that_refuses_or_drops_the_task_fails_the_run() {
    let (store, tasks, log) = (Store::new(), Tasks::default(), Log::default());
    let start = || -> Run<(), String> {
        let held = log.on_drop("body dropped");
        store.run_builder("local").start_local(&tasks, |_| async move {
            let _held = held;
            pending().await
        })
    };
    tasks.refuses.set(true);
    let failure = Failure::NoRuntime(NoRuntime::new());
    assert_eq!(start().outcome(), Some(Outcome::Failed { failure }));
    log.is(["body dropped"]);
    tasks.refuses.set(false);
    let run = start();
    drop(tasks.tasks.take());
    let failure = Failure::RuntimeShutDown;
    assert_eq!(run.outcome(), Some(Outcome::Failed { failure }));
    log.is(["body dropped"]);
    assert!(store.runs().is_empty());
}

#[test]
fn local_runs_keep_policies_times_and_panics() {
    let (clock, tasks) = (ManualClock::new(), Tasks::default());
    let store = Store::builder().clock(clock.clone()).build();
    let start = || -> Run<(), String> {
        let builder = store.run_builder("local").policy(Policy::Queue(1));
        builder.timeout(Duration::from_secs(1)).start_local(&tasks, |_| pending())
    };
    let (first, second) = (start(), start());
    tasks.poll();
    tasks.poll();
    assert_eq!(second.status(), RunStatus::Queued);
    clock.advance(Duration::from_secs(1));
    tasks.poll();
    assert!(first.outcome().unwrap().is_timed_out());
    tasks.poll();
    assert_eq!(second.status(), RunStatus::Running);
    second.abort("enough");
    assert_eq!(tasks.poll(), 0);
    let broken: Run<(), String> =
        store.run_builder("broken").start_local(&tasks, |_| async { panic!("broken") });
    assert!(broken.outcome().unwrap().is_panicked());
}

#[cfg(feature = "tokio")]
#[test]
fn on_a_local_set_of_tokio_a_local_body_spawns_locally_and_makes_timers() {
    let runtime = Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    let tasks = LocalSet::new();
    let store = Store::new();
    let (guard, rc) = (runtime.enter(), Rc::new(20));
    let run = store.run_builder("local").start_local(&tasks, |_| async move {
        let timer = tokio::time::sleep(Duration::from_secs(60));
        let other = Rc::clone(&rc);
        let task = tokio::task::spawn_local(async move { *other + 2 });
        timer.await;
        Ok::<_, String>(*rc + task.await.unwrap())
    });
    drop(guard);
    assert_eq!(*tasks.block_on(&runtime, run.result()).unwrap(), 42);
}
