//! The samples of "Asynchronous handlers", the document that describes synergies' async actions.

use futures_util::FutureExt;
use std::sync::{Arc, Mutex};
use tokio::sync::oneshot;
use trine_atoms::{Atom, BoxError, Store, synergy};
use trine_core::{test::Log, test::ManualExecutor};

/// A service whose answers the test gives.
#[derive(Clone, Default)]
struct Service(Arc<Mutex<Vec<oneshot::Sender<String>>>>, Log);

impl Service {
    /// The pending answer to a request.
    async fn fetch(&self, token: &str) -> Result<String, BoxError> {
        self.1.note(format!("fetch with {token}"));
        let (answer, wait) = oneshot::channel();
        self.0.lock().unwrap().push(answer);
        Ok(wait.await?)
    }

    fn answer(&self, user: &str) {
        self.0.lock().unwrap().remove(0).send(user.to_owned()).unwrap();
    }
}

/// A store whose bodies go on when the test says so.
fn store() -> (Store, ManualExecutor) {
    let executor = ManualExecutor::new();
    (Store::with_spawner(executor.clone()), executor)
}

/// First sample: asynchronous logic, and all atoms updated at its end.
#[test]
fn an_async_action_updates_its_atoms_at_the_end() {
    static USER: Atom<Option<String>> = Atom::new("user", || None);
    static TOKEN: Atom<String> = Atom::new("token", || "secret".to_owned());
    let ((store, executor), service) = (store(), Service::default());
    let api = service.clone();
    let fetch_user = synergy((&USER, &TOKEN)).async_action(move |(mut user, token), ()| {
        let api = api.clone();
        async move {
            *user = Some(api.fetch(&token).await?);
            Ok(())
        }
    });
    let run = fetch_user.run(&store, ());
    service.1.is(["fetch with secret"]);
    assert_eq!(USER.get(&store), None);
    service.answer("Ada");
    executor.run_until_stalled();
    assert_eq!(USER.get(&store).as_deref(), Some("Ada"));
    run.into_future().now_or_never().unwrap().unwrap();
}

/// Second sample: `isLoading` is shown at the beginning, and again with the user at the end.
#[test]
fn trigger_shows_the_loading_flag_and_the_end_flush_is_one_commit_with_the_user() {
    static USER: Atom<Option<String>> = Atom::new("user", || None);
    static LOADING: Atom<bool> = Atom::new("loading", || false);
    let ((store, executor), service, log) = (store(), Service::default(), Log::default());
    let api = service.clone();
    let fetch_user = synergy((&USER, &LOADING)).async_action(move |(mut user, mut loading), ()| {
        let api = api.clone();
        async move {
            *loading = true;
            loading = loading.trigger()?;
            *user = Some(api.fetch("token").await?);
            *loading = false;
            Ok(())
        }
    });
    let heard = log.clone();
    let view = synergy((&USER, &LOADING))
        .derive(&store, |(user, loading)| format!("user {user:?}, loading {loading}"));
    let _view = store.subscribe_changes(view, move |change| {
        heard.note(format!("{} {}", change.number(), change.value().unwrap()));
    });
    let run = fetch_user.run(&store, ());
    // Told before `run` returns: `trigger` is synchronous.
    log.is(["#1 user None, loading true"]);
    service.answer("Ada");
    executor.run_until_stalled();
    log.is([r#"#2 user Some("Ada"), loading false"#]);
    run.into_future().now_or_never().unwrap().unwrap();
}

/// Third sample: the guard idiom, and a triggered atom is not told of again at the end.
#[test]
fn the_guard_idiom_lets_one_of_three_calls_through() {
    static USER: Atom<String> = Atom::new("user", String::new);
    static HAS_RUN: Atom<bool> = Atom::new("has run", || false);
    let ((store, executor), service, log) = (store(), Service::default(), Log::default());
    let api = service.clone();
    let fetch_user = synergy((&USER, &HAS_RUN)).async_action(move |(mut user, mut has_run), ()| {
        let api = api.clone();
        async move {
            if *has_run {
                return Ok(());
            }
            *has_run = true;
            let _has_run = has_run.trigger()?;
            *user = api.fetch("token").await?;
            Ok(()) // updates USER, not HAS_RUN: that was told of earlier
        }
    });
    let (heard, heard_too) = (log.clone(), log.clone());
    let _a = HAS_RUN.subscribe(&store, move |has_run| heard.note(format!("has run: {has_run}")));
    let _b = USER.subscribe(&store, move |user| heard_too.note(format!("user: {user}")));
    for _ in 0..3 {
        fetch_user.run(&store, ()).detach();
    }
    service.1.is(["fetch with token"]);
    log.is(["has run: true"]);
    service.answer("Ada");
    executor.run_until_stalled();
    log.is(["user: Ada"]);
}

/// "Flushing an atom state will also reset its change state": without another write it is not told of again.
#[test]
fn a_triggered_draft_that_is_not_written_again_does_not_write_again() {
    static COUNT: Atom<i32> = Atom::new("count", || 0);
    static OTHER: Atom<i32> = Atom::new("other", || 0);
    let (store, executor) = store();
    let (go, wait) = oneshot::channel::<()>();
    let wait = Mutex::new(Some(wait));
    let action = synergy((&COUNT, &OTHER)).async_action(move |(mut count, mut other), ()| {
        let wait = wait.lock().unwrap().take().unwrap();
        async move {
            *count = 1;
            assert!(count.changed());
            let count = count.trigger()?;
            assert!(!count.changed());
            wait.await?;
            *other = 1;
            Ok(())
        }
    });
    let run = action.run(&store, ());
    // Another action commits meanwhile; the end flush leaves that alone.
    COUNT.set(&store, 99);
    go.send(()).unwrap();
    executor.run_until_stalled();
    assert_eq!((COUNT.get(&store), OTHER.get(&store)), (99, 1));
    run.into_future().now_or_never().unwrap().unwrap();
}

/// The caution: the fresh draft shows what was flushed, and can be written and flushed once more.
#[test]
fn the_draft_that_trigger_returns_is_fresh() {
    static COUNT: Atom<i32> = Atom::new("count", || 0);
    let ((store, _executor), log) = (store(), Log::default());
    let action = synergy(&COUNT).async_action(|mut count, ()| async move {
        *count += 1;
        count = count.trigger()?;
        *count += 1;
        count = count.trigger()?;
        let unchanged = count.trigger()?;
        assert_eq!((*unchanged, *unchanged.base()), (2, 2));
        Ok(())
    });
    let heard = log.clone();
    let _guard = COUNT.subscribe(&store, move |count| heard.note(count));
    action.run(&store, ()).into_future().now_or_never().unwrap().unwrap();
    log.is(["1", "2"]);
}
