//! The seed's three tables, run end to end: the code beside each of them in the document, held against what is written.

use crate::language::{BOOTSTRAP, FLAT};
use std::{sync::LazyLock, time::Duration};
use trine_core::test::{ManualClock, ManualExecutor};
use trine_tao::{
    AppCtx, BoxError, HandlerGuard, Kernel, Store, Verdict, assert_path,
    path::{self, Document, Walk},
};

static PATHS: LazyLock<Document> = LazyLock::new(|| Document::read("bootstrap.md", BOOTSTRAP));

struct Stage {
    runtime: ManualExecutor,
    tao: Kernel,
    guards: Vec<HandlerGuard>,
}

impl Stage {
    fn new() -> Self {
        let runtime = ManualExecutor::new();
        let tao = Kernel::new(&Store::with_spawner(runtime.clone()));
        Self { runtime, tao, guards: Vec::new() }
    }

    fn with(mut self, guards: impl IntoIterator<Item = HandlerGuard>) -> Self {
        self.guards.extend(guards);
        self
    }

    fn run(&self) {
        self.runtime.run_until_stalled();
    }
}

fn app(action: &'static str) -> AppCtx {
    AppCtx::new("App", action, "Portal")
}

/// *Bootstrap Home Page*.
fn home_page(tao: &Kernel) -> Vec<HandlerGuard> {
    vec![
        tao.on_inline(("App", "Enter", "Portal"), |_| app("View")),
        tao.on_async(("App", "Enter", "Portal"), |_| AppCtx::new("Session", "Find", "Portal")),
        tao.on_inline(("App", "View", "Portal"), |_| AppCtx::new("Space", "Find", "Portal")),
        tao.on_inline(("Space", "Find", "Portal"), |_| AppCtx::new("Space", "List", "Portal")),
        tao.on_inline(("Space", "List", "Portal"), |_| ()),
    ]
}

/// *Bootstrap User Session*; the signal's action datum says whether there is a session.
fn user_session(tao: &Kernel, known: bool) -> Vec<HandlerGuard> {
    vec![
        tao.on_inline(("Session", "Find", "Portal"), move |_| {
            AppCtx::new("Session", if known { "Enter" } else { "Create" }, "Portal")
        }),
        tao.on_inline(("Session", "Create", "Portal"), |_| {
            AppCtx::new("Session", "Enter", "Portal")
        }),
        tao.on_inline(("Session", "Enter", "Portal"), |_| ()),
    ]
}

/// What *Refined Bootstrap User Session* adds.
fn refined(tao: &Kernel) -> Vec<HandlerGuard> {
    vec![
        tao.on_async(("Session", "Enter", "Portal"), |_| ()),
        tao.on_async(("Session", "Enter", "Portal"), |_| AppCtx::new("User", "Find", "Portal")),
        tao.on_async(("User", "Find", "Portal"), |_| ()),
    ]
}

#[test]
fn bootstrap_home_page_runs_as_it_is_written_with_the_session_that_it_kicks_off() {
    for known in [true, false] {
        let stage = Stage::new();
        let guards: Vec<_> =
            home_page(&stage.tao).into_iter().chain(user_session(&stage.tao, known)).collect();
        let stage = stage.with(guards);
        let walk =
            assert_path!(stage.tao, &PATHS, "Bootstrap Home Page", app("Enter"), || stage.run());
        assert_eq!(walk.cascade.dispatches.len(), if known { 6 } else { 7 });
    }
}

#[test]
fn bootstrap_user_session_runs_on_both_of_its_branches_in_both_forms_of_the_document() {
    for (paths, known) in [(BOOTSTRAP, true), (BOOTSTRAP, false), (FLAT, true), (FLAT, false)] {
        let stage = Stage::new();
        let guards = user_session(&stage.tao, known);
        let stage = stage.with(guards);
        // Nothing has to wait: the blocking form does not.
        let walk = assert_path!(
            stage.tao,
            paths,
            "Bootstrap User Session",
            AppCtx::new("Session", "Find", "Portal")
        );
        assert_eq!(walk.cascade.dispatches.len(), if known { 2 } else { 3 });
    }
}

#[tokio::test]
async fn refined_bootstrap_user_session_runs_and_its_tracking_is_out_of_band() {
    for known in [true, false] {
        let tao = Kernel::new(&Store::new());
        let _session = user_session(&tao, known);
        let _refined = refined(&tao);
        let find = AppCtx::new("Session", "Find", "Portal");
        let walk = assert_path!(tao, &PATHS, "Refined Bootstrap User Session", find, await);
        assert_eq!(walk.cascade.dispatches.len(), if known { 3 } else { 4 });
    }
}

/// What the walk of *Bootstrap User Session* says of these handlers.
fn walked(handlers: impl FnOnce(&Kernel) -> Vec<HandlerGuard>) -> Walk {
    let stage = Stage::new();
    let guards = handlers(&stage.tao);
    let stage = stage.with(guards);
    let find = AppCtx::new("Session", "Find", "Portal");
    path::begin(&stage.tao, &*PATHS, "bootstrap user session", find).unwrap().driven(|| stage.run())
}

fn reasons(walk: &Walk) -> Vec<(u32, &str)> {
    walk.deviations
        .iter()
        .map(|deviation| (deviation.dispatch, deviation.reason.as_str()))
        .collect()
}

#[test]
fn a_cascade_that_goes_elsewhere_has_left_its_path_and_the_tree_says_where() {
    let walk =
        walked(|tao| {
            let mut guards = user_session(tao, true);
            guards.push(tao.on_inline(("Session", "Enter", "Portal"), |_| {
                AppCtx::new("User", "Greet", "Portal")
            }));
            guards
        });
    assert!(!walk.is_on_path());
    let told = walk.to_string();
    let lines: Vec<_> = told.lines().collect();
    assert!(lines[0].ends_with("has left the path `Bootstrap User Session`:"), "{told}");
    assert_eq!(lines[1].trim(), "{Session,Find,Portal}");
    assert_eq!(lines[2].trim(), "=> {Session,Enter,Portal}");
    assert!(
        lines[3].starts_with("x ") && lines[3].ends_with("=> {User,Greet,Portal} unhandled"),
        "{told}"
    );
    assert!(
        lines[4].contains("^ an inline handler at")
            && lines[4].ends_with("no row of the path has it"),
        "{told}"
    );
}

#[test]
fn a_row_that_leads_nowhere_or_has_no_handler_is_a_deviation() {
    let ends = walked(|tao| vec![tao.on_inline(("Session", "Find", "Portal"), |_| ())]);
    let [(0, reason)] = reasons(&ends)[..] else { panic!("{ends}") };
    assert!(
        reason.starts_with(
            "it was to lead to {Session,Create,Portal} or {Session,Enter,Portal}: \"find the"
        ),
        "{reason}"
    );

    let deaf = walked(|tao| {
        vec![tao.on_inline(("Session", "Find", "Portal"), |_| {
            AppCtx::new("Session", "Enter", "Portal")
        })]
    });
    let [(1, reason)] = reasons(&deaf)[..] else { panic!("{deaf}") };
    assert!(
        reason
            .starts_with("no inline handler has heard it: \"set the Session local to the App\" at"),
        "{reason}"
    );
}

#[test]
fn a_wrong_phase_is_a_deviation() {
    let walk = walked(|tao| {
        let mut guards = user_session(tao, true);
        drop(guards.remove(0));
        guards.push(tao.on_async(("Session", "Find", "Portal"), |_| {
            AppCtx::new("Session", "Enter", "Portal")
        }));
        guards
    });
    let told = reasons(&walk);
    assert_eq!(told.len(), 2, "{walk}");
    assert!(told[0].1.starts_with("no inline handler has heard it"), "{walk}");
    assert!(told[1].1.contains("the path goes there, but not from here"), "{walk}");
}

#[test]
fn failures_halts_and_what_is_still_under_way_are_deviations() {
    let fails = walked(|tao| {
        let mut guards = user_session(tao, true);
        guards.push(tao.on_inline(("Session", "Enter", "*"), |_| {
            Err::<(), BoxError>("the disk is full".into())
        }));
        guards
    });
    assert!(reasons(&fails)[0].1.contains("the disk is full"), "{fails}");

    let halted = walked(|tao| {
        let mut guards = user_session(tao, true);
        guards.push(tao.on_intercept(("Session", "Enter", "*"), |_| Verdict::halt("closed")));
        guards
    });
    assert_eq!(reasons(&halted), [(1, "halted (closed), and no row says that it may be")]);

    let stage = Stage::new();
    let guards =
        vec![stage.tao.on_inline(("Session", "Find", "Portal"), |_| std::future::pending::<()>())];
    let stage = stage.with(guards);
    let find = AppCtx::new("Session", "Find", "Portal");
    let run = path::begin(&stage.tao, &*PATHS, "Bootstrap User Session", find).unwrap();
    let walk = run.settled_blocking(Duration::ZERO);
    assert!(reasons(&walk).iter().any(|(_, reason)| reason.ends_with("under way")), "{walk}");
}

#[test]
fn who_looks_on_and_chains_to_nothing_changes_no_walk() {
    let walk = walked(|tao| {
        let mut guards = user_session(tao, false);
        guards.push(tao.on_async(("*", "*", "*"), |_| ()));
        guards.push(tao.on_intercept(("*", "*", "*"), |_| Verdict::Pass));
        guards
    });
    assert!(walk.is_on_path(), "{walk}");
}

#[test]
fn a_row_whose_only_way_on_is_a_failure_may_end_and_a_halt_that_is_written_is_on_the_path() {
    const SAVE: &str = r#"
path "Save" {
    "hits save" {Space, Update, Portal} =>?![^f] "is it valid?" "! it is not"
                {Space, Update, Portal} =>       "send it" "! it is refused [^f]"
    \f:=>       {Space, Fail, Portal}   =>       "say so"
}
"#;
    for (verdict, sent, dispatches) in [(0, true, 1), (0, false, 2), (1, true, 1), (2, true, 2)] {
        let stage = Stage::new();
        let fail = || AppCtx::new("Space", "Fail", "Portal");
        let guards = vec![
            stage.tao.on_intercept(("Space", "Update", "Portal"), move |_| match verdict {
                0 => Verdict::Pass,
                1 => Verdict::halt("not now"),
                _ => fail().into(),
            }),
            stage.tao.on_inline(("Space", "Update", "Portal"), move |_| (!sent).then(fail)),
            stage.tao.on_inline(("Space", "Fail", "Portal"), |_| ()),
        ];
        let stage = stage.with(guards);
        let walk = assert_path!(stage.tao, SAVE, "Save", AppCtx::new("Space", "Update", "Portal"));
        assert_eq!(walk.cascade.dispatches.len(), dispatches);
    }
}

#[test]
#[should_panic(expected = "the path begins with {Session,Find,Portal}")]
fn a_signal_that_does_not_begin_the_path_fails() {
    let stage = Stage::new();
    assert_path!(stage.tao, BOOTSTRAP, "Bootstrap User Session", app("Enter"));
}

#[test]
#[should_panic(
    expected = "there is no path `Nope`; there are `Bootstrap Home Page`, `Bootstrap User Session`"
)]
fn a_path_that_does_not_exist_says_which_do() {
    let stage = Stage::new();
    assert_path!(stage.tao, BOOTSTRAP, "Nope", app("Enter"));
}

#[test]
#[should_panic(expected = "unknown symbol `>` in the column mode")]
fn paths_that_cannot_be_read_say_why() {
    let stage = Stage::new();
    let paths = "|Term|Action|Orient|mode|\n|-|-|-|-|\n|App|Enter|Portal|=>>|\n";
    assert_path!(stage.tao, paths, "Path 1", app("Enter"));
}

#[test]
fn a_record_says_how_long_each_dispatch_took_by_the_clock_of_the_store() {
    let (runtime, clock) = (ManualExecutor::new(), ManualClock::new());
    let store = Store::builder().spawner(runtime.clone()).clock(clock.clone()).build();
    let tao = Kernel::new(&store);
    let _guards = [
        tao.on_inline(("App", "Enter", "Portal"), {
            let clock = clock.clone();
            move |_| {
                clock.advance(Duration::from_millis(7));
                app("View")
            }
        }),
        tao.on_inline(("App", "View", "Portal"), |_| ()),
    ];
    let recorder = tao.record();
    tao.set(app("Enter"));
    let cascades = recorder.take();
    let took: Vec<_> = cascades[0].dispatches.iter().map(|own| own.took).collect();
    assert_eq!(took, [Some(Duration::from_millis(7)), Some(Duration::ZERO)]);
}
