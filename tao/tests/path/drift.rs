//! Four sources, one graph: what each of them says, and what the differences are.

use proptest::prelude::*;
use std::collections::BTreeSet;
use trine_tao::{
    AppCtx, HandlerGuard, Kernel, Store,
    path::{Check, Checks, Coverage, Document, Fact, Graph, Origin, Trace, routes, walks_of},
};

const PATHS: &str = r#"
path "Log in" {
    "hits login" {User, Find, Portal}  => "there is one [^1a]"
                                          "there is none [^1b]"
                 {User, Find, Portal}  =>/ "count the visit"
    \1a:=>       {User, Enter, Portal} => "greet them"
    \1b:=>       {User, Fail, Portal}  => "say so"
}
"#;

fn written() -> Document {
    Document::read("paths.tao", PATHS).complete().unwrap()
}

fn user(action: &'static str) -> AppCtx {
    AppCtx::new("User", action, "Portal")
}

/// An app that does what is written, but for what is left out.
fn app(tao: &Kernel) -> Vec<HandlerGuard> {
    vec![
        tao.on_inline(("User", "Find", "Portal"), |cx| {
            Ok(user(if *cx.action_datum::<u32>()? < 10 { "Enter" } else { "Fail" }))
        }),
        tao.on_inline(("User", "Enter", "Portal"), |_| ()),
        tao.on_inline(("User", "Fail", "Portal"), |_| ()),
    ]
}

fn told(differences: &[trine_tao::path::Difference]) -> Vec<String> {
    differences.iter().map(|difference| difference.what.to_string()).collect()
}

fn traced(tao: &Kernel, ids: &[u32]) -> Trace {
    let recorder = tao.record();
    for id in ids {
        tao.set(user("Find").action(*id));
    }
    Trace::of(&recorder.take())
}

#[test]
fn each_part_of_a_graph_knows_where_it_comes_from() {
    let document = written().graph();
    let Origin::Written { place, path, row } = &document.edges[0].origin else { panic!() };
    assert_eq!((place.line, &**path, row), (3, "Log in", &None));

    let tao = Kernel::new(&Store::new());
    let _app = app(&tao);
    let kernel = Graph::of_kernel(&tao);
    let Origin::Registered { location } = &kernel.handlers[0].origin else { panic!() };
    assert!(location.contains("drift.rs:"), "{location}");
    // What `()` can lead to is declared: nothing.
    let declared: Vec<_> = kernel.handlers.iter().map(|node| node.declared.is_some()).collect();
    assert_eq!(declared, [false, true, true]);

    let trace = traced(&tao, &[1]).graph();
    let Origin::Recorded { location: Some(location), cascade: 1 } = &trace.edges[0].origin else {
        panic!()
    };
    assert!(location.contains("drift.rs:"), "{location}");
    assert_eq!(trace.edges[0].runs.unwrap().count, 1);
}

#[test]
fn what_is_promised_and_not_done_is_missing_and_what_is_done_is_in_one_of_three_tiers() {
    let tao = Kernel::new(&Store::new());
    let _app = app(&tao);
    let _more = [
        tao.on_inline(("User", "Find", "Portal"), |_| ()),
        tao.on_inline(("User", "Enter", "*"), |_| ()),
        tao.on_async(("User", "Fail", "Portal"), |_| ()),
        tao.on_inline(("Space", "Find", "Portal"), |_| ()),
    ];
    let diff = written().graph().diff(&Graph::of_kernel(&tao));
    assert_eq!(told(&diff.missing), ["async handler of {User,Find,Portal}"]);
    assert_eq!(
        told(&diff.off_path),
        ["inline handler of {User,Enter,*}", "async handler of {User,Fail,Portal}"]
    );
    assert_eq!(told(&diff.outside), ["inline handler of {Space,Find,Portal}"]);
    assert_eq!(told(&diff.on_path).len(), 4, "three handlers, and what is set can be heard");
    let report = diff.to_string();
    assert!(report.contains("promised, and not done:\n  async handler of {User,Find,Portal}\n      at paths.tao:5:18"), "{report}");
    assert!(
        report.contains("done outside of the space:") && report.ends_with("on the path: 4"),
        "{report}"
    );
}

#[test]
fn what_a_run_did_beside_its_paths_is_told_and_what_it_did_not_do_is_missing_from_it() {
    let tao = Kernel::new(&Store::new());
    let _app = app(&tao);
    let _more = [
        tao.on_inline(("User", "Enter", "Portal"), |_| user("Find2")),
        tao.on_inline(("User", "Find2", "Portal"), |_| user("Fail")),
    ];
    let diff = written().graph().diff(&traced(&tao, &[1]).graph());
    assert_eq!(
        told(&diff.missing),
        ["{User,Find,Portal} => {User,Fail,Portal}"],
        "that branch was not gone"
    );
    assert_eq!(
        told(&diff.outside),
        ["{User,Enter,Portal} => {User,Find2,Portal}", "{User,Find2,Portal} => {User,Fail,Portal}"]
    );
    // A declared space is what counts, where there is one.
    let text = format!("space {{\n    actions Find, Find2, Enter, Fail\n}}\n{PATHS}");
    let declared = Document::read("paths.tao", &text).graph();
    assert_eq!(told(&declared.diff(&traced(&tao, &[1]).graph()).off_path).len(), 2);
}

#[test]
fn any_two_sources_can_be_compared_and_each_with_itself_says_the_same() {
    let tao = Kernel::new(&Store::new());
    let _app = app(&tao);
    let graphs = [written().graph(), Graph::of_kernel(&tao), traced(&tao, &[1, 11]).graph()];
    for graph in &graphs {
        assert!(graph.diff(graph).is_empty(), "{}", graph.diff(graph));
        assert_eq!(&Graph::from_json(&graph.to_json()).unwrap(), graph, "and comes back from JSON");
        for other in &graphs {
            let _ = graph.diff(other).to_string();
        }
    }
    let mut together = Graph::of_kernel(&tao);
    together.merge(traced(&tao, &[1, 11]).graph());
    let diff = written().graph().diff(&together);
    assert_eq!(
        told(&diff.missing),
        ["async handler of {User,Find,Portal}"],
        "chains are compared, for a run tells them"
    );
}

#[test]
fn json_with_an_index_that_leads_nowhere_is_refused() {
    let json = written().graph().to_json().replace("\"from\": 0", "\"from\": 99");
    assert!(Graph::from_json(&json).unwrap_err().to_string().contains("leads nowhere"));
}

#[test]
fn a_handler_that_chains_to_what_its_declaration_does_not_name_is_told_of() {
    let tao = Kernel::new(&Store::new());
    let _app = app(&tao);
    let mut graph = Graph::of_kernel(&tao);
    graph.merge(traced(&tao, &[1]).graph());
    assert_eq!(Checks::new().of_graph(&graph), []);
    // As after a change of the code: the declaration is there, and names another signal.
    graph.handlers[0].declared = Some(Vec::new());
    let problems = Checks::new().of_graph(&graph);
    let kinds: Vec<_> = problems.iter().map(|problem| problem.check).collect();
    assert_eq!(kinds, [Check::UndeclaredOutput]);
}

#[test]
fn code_that_declares_what_it_chains_to_is_checked_like_a_document() {
    let tao = Kernel::new(&Store::new());
    let _silent = [tao.on_inline(("App", "View", "Portal"), |_| ())];
    let graph = Graph::of_kernel(&tao);
    assert!(!graph.open);
    let mut both = Document::read("a.tao", "path \"A\" {\n\"go\" {App,Enter,Portal} =>\n}").graph();
    both.merge(graph);
    let kinds: Vec<_> = Checks::new().of_graph(&both).iter().map(|problem| problem.check).collect();
    assert_eq!(kinds, [Check::DeadHandler], "nothing sets {{App,View,Portal}}");
}

#[test]
fn a_trace_is_held_against_the_path_that_its_signal_begins_and_covers_its_branches() {
    let tao = Kernel::new(&Store::new());
    let _app = app(&tao);
    let _count = tao.on_inline(("Other", "Thing", "Portal"), |_| ());
    let trace = traced(&tao, &[1, 2]);
    let walks = walks_of(&written(), &trace);
    assert_eq!(walks.len(), 2);
    assert!(
        walks[0].deviations[0]
            .reason
            .starts_with("no async handler has heard it: \"count the visit\""),
        "{}",
        walks[0]
    );

    let mut coverage = Coverage::of(PATHS).unwrap();
    coverage.add(&trace);
    assert_eq!((coverage.seen(), coverage.total()), (2, 3));
    let report = coverage.to_string();
    assert!(report.starts_with("2 of 3 (66 %) Log in\n    not seen: {User,Find,Portal} => {User,Fail,Portal} (there is none) at"), "{report}");
    coverage.add(&traced(&tao, &[11]));
    coverage.assert_complete();
}

#[test]
#[should_panic(expected = "not all branches have been gone:\n0 of 3 (0 %) Log in")]
fn coverage_that_is_not_complete_fails_with_a_report() {
    Coverage::of(PATHS).unwrap().assert_complete();
}

#[test]
fn routes_are_the_simple_ways_through_a_path_and_its_gotos() {
    let all = |paths: &str, name| -> Vec<String> {
        routes(paths, name).unwrap().iter().map(ToString::to_string).collect()
    };
    assert_eq!(
        all(crate::language::BOOTSTRAP, "Bootstrap Home Page"),
        [
            "{App,Enter,Portal} => {App,View,Portal} => {Space,Find,Portal} => {Space,List,Portal}",
            "{App,Enter,Portal} =>/ {Session,Find,Portal} => {Session,Create,Portal} => {Session,Enter,Portal}",
            "{App,Enter,Portal} =>/ {Session,Find,Portal} => {Session,Enter,Portal}",
        ]
    );
    let gate = "path \"A\" {\n\"go\" {A,B,C} =>?![^f] \"ok?\"\n{A,B,C} => \"on\"\n=> {A,D,C} =>*3[^b]\nb: {A,B,C} =>\n\\f:=> {A,Fail,C} =>\n}\n";
    let found = all(gate, "A");
    assert!(
        found.contains(&"{A,B,C} halted".to_owned())
            && found.contains(&"{A,B,C} =>? {A,Fail,C}".to_owned()),
        "{found:?}"
    );
    assert!(
        found.contains(&"{A,B,C} => {A,D,C}".to_owned()),
        "a loop is not gone again: {found:?}"
    );
}

#[test]
fn a_path_with_more_routes_than_anybody_can_drive_gives_a_thousand() {
    let mut text = String::from("path \"A\" {\n\"go\" {A,B0,C} =>[^b1][^c1]\n");
    for row in 1..60 {
        let next = row + 1;
        text.push_str(&format!("\\b{row}:=> {{A,B{row},C}} =>[^b{next}][^c{next}]\n\\c{row}:=> {{A,C{row},C}} =>[^b{next}][^c{next}]\n"));
    }
    text.push_str("\\b60:=> {A,B60,C} =>\n\\c60:=> {A,C60,C} =>\n}\n");
    assert_eq!(routes(text.as_str(), "A").unwrap().len(), 1_000);
}

#[cfg(feature = "proptest")]
mod generated {
    use super::*;
    use trine_tao::path::{self, BeginError, Route, Walk};

    const LOGIN: &str = r#"
path "Log in" {
    "hits login" {User, Find, Portal}  => "there is one [^1a]" "there is none [^1b]"
    \1a:=>       {User, Enter, Portal} => "greet them"
    \1b:=>       {User, Fail, Portal}  => "say so"
}
"#;

    fn ids(route: &Route) -> std::ops::Range<u32> {
        if route.visits(("User", "Fail", "*")) { 10..u32::MAX } else { 0..10 }
    }

    fn login(id: u32) -> Result<Walk, BeginError> {
        let tao = Kernel::new(&Store::new());
        let _app = app(&tao);
        path::begin(&tao, LOGIN, "Log in", user("Find").action(id)).map(|run| run.walk())
    }

    #[test]
    fn every_route_is_driven_with_data_from_its_generator() {
        let seen = std::cell::RefCell::new(BTreeSet::new());
        path::test_routes(LOGIN, "Log in", ids, |id| {
            seen.borrow_mut().insert(id < 10);
            login(id)
        });
        assert_eq!(seen.into_inner().len(), 2, "both routes");
    }

    #[test]
    #[should_panic(
        expected = "the route {User,Find,Portal} => {User,Enter,Portal} of `Log in`, with 10: it went another way"
    )]
    fn a_route_that_is_not_gone_is_told_with_the_simplest_data() {
        path::test_routes(LOGIN, "Log in", |_| 0..u32::MAX, login);
    }
}

proptest! {
    #[test]
    fn a_difference_is_in_one_place_only_and_nothing_is_lost(
        one in prop::collection::vec((0..4_u8, 0..4_u8), 1..12),
        two in prop::collection::vec((0..4_u8, 0..4_u8), 1..12),
    ) {
        let graph = |edges: &[(u8, u8)]| {
            let rows: String = edges.iter().enumerate().map(|(at, (from, to))| {
                format!("\"go {at}\" {{T,A{from},O}} =>\n=> {{T,A{to},O}} =>\n")
            }).collect();
            Document::read("a.tao", &format!("path \"A\" {{\n{rows}}}\n")).graph()
        };
        let (one, two) = (graph(&one), graph(&two));
        let facts = |graph: &Graph| -> BTreeSet<String> {
            graph.diff(graph).on_path.iter().map(|difference| difference.what.to_string()).collect()
        };
        let diff = one.diff(&two);
        let set = |differences: &[trine_tao::path::Difference]| -> BTreeSet<String> {
            differences.iter().filter(|difference| !matches!(difference.what, Fact::Entry(_))).map(|difference| difference.what.to_string()).collect()
        };
        let (own, theirs) = (facts(&one), facts(&two));
        let handled = |facts: &BTreeSet<String>| -> BTreeSet<String> {
            facts.iter().filter(|fact| !fact.ends_with("from outside")).cloned().collect()
        };
        let (own, theirs) = (handled(&own), handled(&theirs));
        prop_assert_eq!(set(&diff.missing), own.difference(&theirs).cloned().collect());
        let more: BTreeSet<String> = set(&diff.off_path).union(&set(&diff.outside)).cloned().collect();
        prop_assert_eq!(more, theirs.difference(&own).cloned().collect());
        prop_assert_eq!(set(&diff.on_path), own.intersection(&theirs).cloned().collect());
    }
}
