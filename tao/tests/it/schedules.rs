//! Cascades in every order in which their lines may go on, given up at every await point.

use futures_util::FutureExt;
use std::sync::{Arc, Mutex};
use trine_core::test::{Log, explore, yield_now};
use trine_tao::{AppCtx, Kernel};

fn signal(term: &str, action: &str) -> AppCtx {
    AppCtx::new(term.to_owned(), action.to_owned(), "Portal")
}

#[test]
fn a_cascade_with_forks_runs_each_handler_once_and_comes_to_rest_in_every_order() {
    let explored = explore().limit(20_000).check(|scene| {
        let store = scene.store();
        let (tao, log) = (Kernel::new(&store), Log::new());
        let note = |line: &'static str| {
            let log = log.clone();
            move || log.note(line)
        };
        let (fork, line, find, view) = (note("fork"), note("line"), note("find"), note("view"));
        let handlers = [
            tao.on_async(("App", "Enter", "Portal"), move |_| {
                fork();
                async {
                    yield_now().await;
                    signal("Session", "Find")
                }
            }),
            tao.on_inline(("App", "Enter", "Portal"), move |_| {
                line();
                async {
                    yield_now().await;
                    signal("App", "View")
                }
            }),
            tao.on_inline(("Session", "Find", "Portal"), move |_| {
                find();
                async { yield_now().await }
            }),
            tao.on_inline(("App", "View", "Portal"), move |_| view()),
        ];
        let cascade = tao.set(signal("App", "Enter"));
        scene.finally(move || {
            assert!(cascade.settled().now_or_never().is_some());
            let mut lines = log.take();
            lines.sort_unstable();
            assert_eq!(lines, ["find", "fork", "line", "view"]);
            assert!(store.runs().is_empty());
            drop(handlers);
        });
    });
    assert!(explored.exhaustive, "{explored:?}");
}

#[test]
fn a_cascade_whose_lines_are_given_up_anywhere_comes_to_rest_and_holds_nothing_up() {
    let explored = explore().cancellations(2).limit(20_000).check(|scene| {
        let store = scene.store();
        let tao = Kernel::new(&store);
        let (bodies, seen) = (Arc::new(()), Arc::new(Mutex::new(0)));
        let count = Arc::clone(&seen);
        let held = Arc::clone(&bodies);
        let handlers = [
            tao.on_async(("App", "Enter", "Portal"), move |_| {
                let held = Arc::clone(&held);
                async move {
                    yield_now().await;
                    drop(held);
                }
            }),
            tao.on_inline(("App", "Enter", "Portal"), |_| async {
                yield_now().await;
                signal("App", "View")
            }),
            tao.on_inline(("App", "View", "Portal"), move |_| *count.lock().unwrap() += 1),
        ];
        let cascade = tao.set(signal("App", "Enter"));
        scene.finally(move || {
            assert!(cascade.settled().now_or_never().is_some());
            assert!(*seen.lock().unwrap() <= 1);
            // The next one is not the worse for it.
            tao.set(signal("App", "View"));
            assert!(*seen.lock().unwrap() >= 1);
            drop(handlers);
            assert_eq!(Arc::strong_count(&bodies), 1);
            assert!(store.runs().is_empty());
        });
    });
    assert!(explored.exhaustive, "{explored:?}");
}

#[test]
fn an_aborted_cascade_shows_nothing_afterwards_at_whatever_point_it_is_aborted() {
    let explored = explore().check(|scene| {
        let store = scene.store();
        let tao = Kernel::new(&store);
        let shown = store.source(0);
        let world = store.clone();
        let handlers = [
            tao.on_inline(("Search", "Find", "Portal"), |_| async {
                yield_now().await;
                signal("Search", "List")
            }),
            tao.on_inline(("Search", "List", "Portal"), move |_| {
                world.update(shown, |shown| *shown += 1);
            }),
        ];
        let cascade = tao.set(signal("Search", "Find"));
        let user = store.clone();
        let after = Arc::new(Mutex::new(None));
        let noted = Arc::clone(&after);
        scene.spawn("user", async move {
            cascade.abort("another text was typed");
            *noted.lock().unwrap() = Some(user.get(shown));
        });
        scene.finally(move || {
            assert_eq!(*after.lock().unwrap(), Some(store.get(shown)));
            drop(handlers);
        });
    });
    assert!(explored.exhaustive, "{explored:?}");
}

#[test]
fn a_request_ends_exactly_once_whoever_comes_first_the_answer_the_failure_or_the_abort() {
    let explored = explore().cancellations(1).limit(20_000).check(|scene| {
        let store = scene.store();
        let tao = Kernel::new(&store);
        let handlers = [
            tao.on_async(("User", "Find", "Portal"), |_| async {
                yield_now().await;
                signal("User", "Enter")
            }),
            tao.on_async(("User", "Find", "Portal"), |_| async {
                yield_now().await;
                Err::<(), trine_tao::BoxError>("out of order".into())
            }),
        ];
        let reply = tao.request(signal("User", "Find")).expect(("User", "Enter", "Portal")).start();
        let cascade = reply.cascade().clone();
        scene.spawn("user", async move {
            yield_now().await;
            cascade.abort("left the page");
        });
        let ends = Arc::new(Mutex::new(Vec::new()));
        let noted = Arc::clone(&ends);
        scene.spawn("caller", async move {
            let end = reply.await;
            noted.lock().unwrap().push(end.map_err(|error| error.to_string()));
        });
        scene.finally(move || {
            // The caller may have been given up itself; nobody else ends twice or never.
            let ends = ends.lock().unwrap();
            assert!(ends.len() <= 1, "{ends:?}");
            if let Some(Ok(answer)) = ends.first() {
                assert_eq!(answer.trigram().action(), "Enter");
            }
            assert!(store.runs().is_empty());
            drop(handlers);
        });
    });
    assert!(explored.exhaustive, "{explored:?}");
}

#[test]
fn what_two_channels_hear_does_not_depend_on_who_goes_on_first() {
    let explored = explore().limit(20_000).check(|scene| {
        let store = scene.store();
        let (tao, log) = (Kernel::new(&store), Log::new());
        let mut handlers = vec![tao.on_inline(("User", "Find", "Portal"), |_| async {
            yield_now().await;
            signal("User", "Enter")
        })];
        let channels = ["one", "two"].map(|name| {
            let (channel, log) = (tao.channel(name), log.clone());
            handlers.push(channel.on_inline(("User", "Enter", "Portal"), move |_| {
                let log = log.clone();
                async move {
                    yield_now().await;
                    log.note(name);
                }
            }));
            channel
        });
        let cascades = channels.each_ref().map(|channel| channel.set(signal("User", "Find")));
        scene.finally(move || {
            assert!(cascades.iter().all(|cascade| cascade.is_settled()));
            let mut heard = log.take();
            heard.sort_unstable();
            assert_eq!(heard, ["one", "two"]);
            drop((handlers, channels));
        });
    });
    assert!(explored.exhaustive, "{explored:?}");
}
