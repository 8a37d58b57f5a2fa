//! The document's TAO-Path *Bootstrap Home Page*.
//!
//! ```text
//! # chain     Term  Action Orient  mode  handler spec
//! 0 Open App  App   Enter  Portal  =>    initialize App data and prepare the UI
//! 1           App   Enter  Portal  =>/a  kick off getting User's Session by chaining to Bootstrap User Session
//! 2 =>        App   View   Portal  =>    get the Portal's containing View and render it
//! 3 =>        Space Find   Portal  =>    fetch all of the Spaces from api
//! 4 =>        Space List   Portal  =>    show the Space List View in the Portal
//! ```

use crate::stage::{Log, Stage};
use std::time::Duration;
use tokio::time::{Instant, sleep};
use trine_core::Store;
use trine_tao::{AppCtx, HandlerGuard, Kernel};

/// The rows of the path; `fetch` is the api.
fn bootstrap_home_page<F>(
    tao: &Kernel,
    log: &Log,
    fetch: impl Fn() -> F + Send + Sync + 'static,
) -> Vec<HandlerGuard>
where
    F: Future<Output = Vec<&'static str>> + Send + 'static,
{
    let note = |line: &'static str| {
        let log = log.clone();
        move || log.note(line)
    };
    let (initialize, kick_off, view) =
        (note("0 initialize the app"), note("1 kick off the session"), note("2 render the portal"));
    let (find, list) = (note("3 fetch the spaces"), log.clone());
    vec![
        tao.on_inline(("App", "Enter", "Portal"), move |_| {
            initialize();
            AppCtx::new("App", "View", "Portal")
        }),
        tao.on_async(("App", "Enter", "Portal"), move |_| {
            kick_off();
            AppCtx::new("Session", "Find", "Portal")
        }),
        tao.on_inline(("App", "View", "Portal"), move |_| {
            view();
            AppCtx::new("Space", "Find", "Portal")
        }),
        tao.on_inline(("Space", "Find", "Portal"), move |_| {
            find();
            let spaces = fetch();
            async move { Ok(AppCtx::new("Space", "List", "Portal").term(spaces.await)) }
        }),
        tao.on_inline(("Space", "List", "Portal"), move |cx| {
            let spaces = cx.term_datum::<Vec<&'static str>>()?;
            list.note(format!("4 show {}", spaces.join(" and ")));
            Ok(())
        }),
    ]
}

#[test]
fn the_portal_is_shown_in_line_and_the_session_is_kicked_off_out_of_band() {
    let stage = Stage::new();
    let _path = bootstrap_home_page(&stage.tao, &stage.log, || async { vec!["Home", "Work"] });
    let session = stage.tao.on_inline(("Session", "Find", "Portal"), {
        let log = stage.log.clone();
        move |_| log.note("a find the session")
    });

    let cascade = stage.tao.set(AppCtx::new("App", "Enter", "Portal"));
    assert_eq!(
        stage.log.take(),
        [
            "0 initialize the app",
            "2 render the portal",
            "3 fetch the spaces",
            "4 show Home and Work"
        ]
    );
    assert!(!cascade.is_settled());

    stage.run();
    assert_eq!(stage.log.take(), ["1 kick off the session", "a find the session"]);
    assert!(cascade.is_settled());
    drop(session);
}

#[tokio::test(start_paused = true)]
async fn a_slow_session_holds_up_nothing_of_the_home_page() {
    let store = Store::new();
    let (tao, log) = (Kernel::new(&store), Log::default());
    let start = Instant::now();
    let _path = bootstrap_home_page(&tao, &log, || async {
        sleep(Duration::from_millis(20)).await;
        vec!["Home"]
    });
    let _session = tao.on_inline(("Session", "Find", "Portal"), {
        let log = log.clone();
        move |_| {
            let log = log.clone();
            async move {
                sleep(Duration::from_secs(60)).await;
                log.note(format!("session after {} s", start.elapsed().as_secs()));
            }
        }
    });
    let _list = tao.on_inline(("Space", "List", "Portal"), {
        let log = log.clone();
        move |_| log.note(format!("spaces after {} ms", start.elapsed().as_millis()))
    });

    let cascade = tao.set(AppCtx::new("App", "Enter", "Portal"));
    assert_eq!(log.take(), ["0 initialize the app", "2 render the portal", "3 fetch the spaces"]);
    cascade.settled().await;
    // In which order the handlers of one phase run is no promise, but the place of a pattern is the same.
    assert_eq!(
        log.take(),
        ["1 kick off the session", "4 show Home", "spaces after 20 ms", "session after 60 s"]
    );
}
