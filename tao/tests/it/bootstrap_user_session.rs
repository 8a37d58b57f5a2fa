//! The document's TAO-Paths *Bootstrap User Session* and *Refined Bootstrap User Session*.
//!
//! ```text
//! # chain      Term    Action Orient  mode  handler spec
//! 0 a2:/=>     Session Find   Portal  =>    find the current Session for the User: not found 2a, found 2b
//! 1 \2a:=>     Session Create Portal  =>    create a new Session then enter it 2b
//! 2 \2b:=>     Session Enter  Portal  =>    set the Session local to the App
//! 3            Session Enter  Portal  =>/   update analytics tracking with Session data
//! 4 +=>        User    Find   Portal  =>/   fetch the User in the Session from the api
//! ```

use crate::stage::{Log, Stage, failures};
use std::sync::Arc;
use trine_tao::{AppCtx, HandlerGuard, Kernel};

/// What `{Session,*,Portal}` carries as its term.
struct Session {
    user: u32,
}

/// What `{User,Find,Portal}` needs to do it.
struct FindUser {
    id: u32,
}

/// The one row of *Bootstrap Home Page* that leads here, and the rows of *Bootstrap User Session*.
fn bootstrap_user_session(tao: &Kernel, log: &Log, known: Option<u32>) -> Vec<HandlerGuard> {
    let log = || log.clone();
    vec![
        tao.on_async(("App", "Enter", "Portal"), |_| AppCtx::new("Session", "Find", "Portal")),
        tao.on_inline(("Session", "Find", "Portal"), {
            let log = log();
            move |_| {
                log.note("find the session");
                match known {
                    None => AppCtx::new("Session", "Create", "Portal"),
                    Some(user) => AppCtx::new("Session", "Enter", "Portal").term(Session { user }),
                }
            }
        }),
        tao.on_inline(("Session", "Create", "Portal"), {
            let log = log();
            move |_| {
                log.note("create a session");
                AppCtx::new("Session", "Enter", "Portal").term(Session { user: 1 })
            }
        }),
        tao.on_inline(("Session", "Enter", "Portal"), {
            let log = log();
            move |cx| {
                log.note(format!("enter the session of user {}", cx.term_datum::<Session>()?.user));
                Ok(())
            }
        }),
    ]
}

/// The rows that the refined path adds; `tracking` may fail.
fn refined(tao: &Kernel, log: &Log, tracking: Result<(), &'static str>) -> Vec<HandlerGuard> {
    let log = || log.clone();
    vec![
        tao.on_async(("Session", "Enter", "Portal"), {
            let log = log();
            move |cx| {
                log.note(format!("track user {}", cx.term_datum::<Session>()?.user));
                Ok(tracking?)
            }
        }),
        tao.on_async(("Session", "Enter", "Portal"), |cx| {
            let id = cx.term_datum::<Session>()?.user;
            Ok(AppCtx::new("User", "Find", "Portal").action(FindUser { id }))
        }),
        tao.on_async(("User", "Find", "Portal"), {
            let log = log();
            move |cx| {
                let find: Arc<FindUser> = cx.action_datum_arc()?;
                log.note(format!("fetch user {}", find.id));
                Ok(())
            }
        }),
    ]
}

#[test]
fn branch_1a_a_session_that_is_not_found_is_created_and_then_entered() {
    let stage = Stage::new();
    let _path = bootstrap_user_session(&stage.tao, &stage.log, None);
    let cascade = stage.tao.set(AppCtx::new("App", "Enter", "Portal"));
    assert!(stage.log.take().is_empty(), "nothing of it runs on the caller's stack");
    stage.run();
    assert_eq!(
        stage.log.take(),
        ["find the session", "create a session", "enter the session of user 1"]
    );
    assert!(cascade.is_settled());
}

#[test]
fn branch_1b_a_session_that_is_found_is_entered() {
    let stage = Stage::new();
    let _path = bootstrap_user_session(&stage.tao, &stage.log, Some(7));
    stage.tao.set(AppCtx::new("App", "Enter", "Portal"));
    assert!(stage.log.take().is_empty(), "nothing of it runs on the caller's stack");
    stage.run();
    assert_eq!(stage.log.take(), ["find the session", "enter the session of user 7"]);
}

#[test]
fn refined_an_entered_session_is_tracked_and_its_user_fetched_each_out_of_band() {
    let stage = Stage::new();
    let _path = bootstrap_user_session(&stage.tao, &stage.log, Some(7));
    let _more = refined(&stage.tao, &stage.log, Ok(()));
    let cascade = stage.tao.set(AppCtx::new("App", "Enter", "Portal"));
    assert!(stage.runtime.run_one(), "the session's own execution context");
    assert_eq!(stage.log.take(), ["find the session", "enter the session of user 7"]);
    assert_eq!(stage.store.runs().len(), 2, "two more, one for each async handler");
    stage.run();
    assert_eq!(stage.log.take(), ["track user 7", "fetch user 7"]);
    assert!(cascade.is_settled());
}

#[test]
fn refined_tracking_that_fails_changes_nothing_for_the_user() {
    let stage = Stage::new();
    let (failed, _observer) = stage.observe(failures);
    let _path = bootstrap_user_session(&stage.tao, &stage.log, None);
    let _more = refined(&stage.tao, &stage.log, Err("tracking is down"));
    let cascade = stage.tao.set(AppCtx::new("App", "Enter", "Portal"));
    stage.run();
    assert_eq!(
        stage.log.take()[2..],
        ["enter the session of user 1", "track user 1", "fetch user 1"]
    );
    let failed = failed.take();
    assert!(failed[0].ends_with("on {Session,Enter,Portal}: tracking is down"), "{failed:?}");
    assert_eq!(failed.len(), 1);
    assert!(cascade.is_settled());
}
