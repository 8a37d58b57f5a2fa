//! What is read, and that both dialects say the same.

use proptest::prelude::*;
use trine_tao::path::{Check, Document, Edge, Graph};

pub(crate) const FLAT: &str = include_str!("fixtures/bootstrap-flat.md");
pub(crate) const BOOTSTRAP: &str = include_str!("fixtures/bootstrap.md");
pub(crate) const SPACES: &str = include_str!("fixtures/spaces.md");

/// Every symbol that there is.
const EVERYTHING: &str = include_str!("fixtures/everything.tao");

/// Each edge as a line: who leads to what, by which phase, and how.
pub(crate) fn edges(graph: &Graph) -> Vec<String> {
    let line = |edge: &Edge| {
        let from = &graph.handlers[edge.from];
        let phase = from.phase.map(|phase| phase.to_string()).unwrap_or_default();
        format!("{} {phase} {}: {}", from.pattern, edge.kind, edge.to)
    };
    graph.edges.iter().map(line).collect()
}

fn edges_of(document: &Document, path: &str) -> Vec<String> {
    let graph = document.graph();
    edges(&graph.part(graph.path(path).unwrap(), false))
}

const HOME_PAGE: [&str; 4] = [
    "{App,Enter,Portal} inline then: {App,View,Portal}",
    "{App,View,Portal} inline then: {Space,Find,Portal}",
    "{Space,Find,Portal} inline then: {Space,List,Portal}",
    "{App,Enter,Portal} async branch: {Session,Find,Portal}",
];

const USER_SESSION: [&str; 3] = [
    "{Session,Find,Portal} inline branch: {Session,Create,Portal}",
    "{Session,Find,Portal} inline branch: {Session,Enter,Portal}",
    "{Session,Create,Portal} inline branch: {Session,Enter,Portal}",
];

#[test]
fn the_three_tables_of_the_document_are_read_as_they_stand_in_a_rendered_page_and_in_markdown() {
    for (name, text) in [("flat.md", FLAT), ("bootstrap.md", BOOTSTRAP)] {
        let document = Document::read(name, text);
        assert_eq!(document.problems(), [], "{name}");
        assert_eq!(edges_of(&document, "Bootstrap Home Page"), HOME_PAGE, "{name}");
        assert_eq!(edges_of(&document, "Bootstrap User Session"), USER_SESSION, "{name}");
        let mut refined = vec!["{Session,Enter,Portal} async beside: {User,Find,Portal}"];
        refined.extend(USER_SESSION);
        assert_eq!(edges_of(&document, "Refined Bootstrap User Session"), refined, "{name}");
        let handlers = document.graph().handlers;
        assert_eq!(handlers.iter().filter(|handler| !handler.implied).count(), 5 + 3 + 5);
    }
}

#[test]
fn ragged_tables_with_nameless_columns_anchors_and_cells_over_the_rest_of_a_row_are_read() {
    let document = Document::read("spaces.md", SPACES);
    assert_eq!(document.problems(), []);
    assert_eq!(
        edges_of(&document, "User Edits Space"),
        [
            // What is behind a branch goes on from the row before it.
            "{Space,Update,Portal} inline then: {Space,Store,Admin}",
            "{Space,Store,Admin} inline then: {Space,Store,Portal}",
            "{Space,Store,Portal} inline then: {Space,Enter,Portal}",
            "{Space,Update,Portal} intercept branch: {Space,Fail,Portal}",
        ]
    );
    let graph = document.graph();
    let edits = &graph.paths[graph.path("user edits space").unwrap()];
    assert_eq!(edits.goes_on_in, [graph.path("User Views Space").unwrap()], "a goto");
    let triggers: Vec<_> =
        graph.entries.iter().filter_map(|entry| entry.trigger.as_deref()).collect();
    assert_eq!(triggers[..3], ["User selects Space", "User hits edit", "User hits cancel"]);
}

#[test]
fn every_symbol_is_read_and_written_back_as_it_was() {
    let text = EVERYTHING;
    let document = Document::read("everything.tao", text);
    assert_eq!(document.problems(), []);
    let formatted = document.to_tao();
    let words = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(words(&formatted), words(text));
    assert_eq!(Document::format("everything.tao", &formatted).unwrap(), formatted);
    let markdown = document.to_markdown();
    assert_eq!(Document::read("everything.md", &markdown), document, "{markdown}");
}

#[test]
fn markdown_is_formatted_in_place_and_everything_else_stays_as_it_is() {
    let text = "\u{feff}# Title  \n\nProse, `=>` in it.\n\n**TAO-Path: Log in**\n\nBefore.\n|chain|signal|mode|x|\n|-|-|-|-|\n\
                |press|`{User,Enter,Portal}`|=>|greet \\| wave|\n|| |=>/|count|\nAfter.\n\n```tao\n// Inside.\npath \"B\" {\n{A,B,C} =>\n}\n// Still inside.\n```\nOutside.\n\n\
                ```text\n|Term|Action|Orient|\n```\n";
    let formatted = Document::format("a.md", text).unwrap();
    let expected = "\u{feff}# Title  \n\nProse, `=>` in it.\n\n**TAO-Path: Log in**\n\nBefore.\n\
        | # | chain | Term   | Action  | Orient   | mode  | handler spec |\n\
        |---|-------|--------|---------|----------|-------|--------------|\n\
        |   | press | `User` | `Enter` | `Portal` | `=>`  | greet \\| wave |\n\
        |   |       | `User` | `Enter` | `Portal` | `=>/` | count        |\nAfter.\n\n\
        ```tao\n// Inside.\n\npath \"B\" {\n    {A, B, C} =>\n}\n\n// Still inside.\n```\nOutside.\n\n```text\n|Term|Action|Orient|\n```\n";
    assert_eq!(formatted, expected);
    assert_eq!(Document::format("a.md", &formatted).unwrap(), formatted);
}

#[test]
fn what_cannot_be_read_says_where_and_what_would_be_right() {
    let bad = [
        (
            "a.md",
            "|chain|Term|Action|Orient|mode|\n|-|-|-|-|-|\n|~>|A|B|C|=>|\n",
            Check::Syntax,
            3,
            2,
        ),
        (
            "a.md",
            "|chain|Term|Action|Orient|mode|\n|-|-|-|-|-|\n|=>|A|B|C|=>>|\n",
            Check::Syntax,
            3,
            13,
        ),
        (
            "a.md",
            "|chain|Term|Action|Orient|mode|\n|-|-|-|-|-|\n|=>|A||C|=>|\n",
            Check::BadTrigram,
            3,
            1,
        ),
        (
            "a.md",
            "|chain|Term|Action|Orient|mode|\n|-|-|-|-|-|\n|=>|A b|B|C|=>|\n",
            Check::BadTrigram,
            3,
            5,
        ),
        ("a.md", "# chain Term Action Orient mode\n0 => A B\n", Check::Syntax, 2, 1),
        ("a.tao", "path \"A\" {\n  => {A,B} =>\n}\n", Check::Syntax, 2, 6),
        ("a.tao", "path \"A\" {\n  => {A,B,C} => \"open\n}\n", Check::Syntax, 2, 17),
        ("a.tao", "path \"A\" {\n  => {A,B,C} =>@5[^a]\n}\n", Check::Syntax, 2, 16),
        ("a.tao", "path \"A\" {\n  {A,B,C} =>\n", Check::Syntax, 2, 12),
        ("a.tao", "pathh\n", Check::Syntax, 1, 1),
        ("a.tao", "path \"A\" {\n  ü: {A,B,C} =>\n}\n", Check::Syntax, 2, 3),
    ];
    for (name, text, check, line, column) in bad {
        let document = Document::read(name, text);
        let [problem] = document.problems() else { panic!("{text}: {:?}", document.problems()) };
        let place = problem.place().unwrap();
        assert_eq!(
            (problem.check, place.line, place.column),
            (check, line, column),
            "{text}\n{problem}"
        );
        assert!(!problem.help.is_empty());
        assert!(Document::format(name, text).is_err(), "the formatter loses no row");
    }
}

#[test]
fn a_file_that_is_not_utf_8_is_one_problem_that_says_where_it_ends_to_be() {
    let document = Document::read_bytes("a.md", b"# TAO-Path: A\n\xff\xfe");
    let [problem] = document.problems() else { panic!("{:?}", document.problems()) };
    assert_eq!((problem.check, problem.place().unwrap().line), (Check::NotText, 2));
    assert!(problem.message.contains("byte 14"), "{problem}");
}

#[test]
fn names_spread_over_several_alternatives_are_read_in_both_dialects() {
    let table = "|Term|Action|Orient|mode|\n|-|-|-|-|\n|User or Space|Find|*|=>|\n|User\\|Space|Find|`*`|=>|\n";
    let document = Document::read("a.md", table);
    let rows = &document.paths().next().unwrap().rows;
    assert_eq!(rows[0].pattern.to_string(), "{Space|User,Find,*}");
    assert_eq!(rows[0].pattern, rows[1].pattern);
    assert_eq!(Document::read("a.tao", &document.to_tao()), document);
}

/// A name of a part, a label, a text with everything in it that has a meaning somewhere.
fn name() -> impl Strategy<Value = String> {
    "[A-Z][a-z0-9-]{0,6}"
}

fn text() -> impl Strategy<Value = String> {
    let sign = prop_oneof![
        Just("|"),
        Just("\\"),
        Just("\""),
        Just("=>"),
        Just("[^1a]"),
        Just("`"),
        Just("{"),
        Just("é")
    ];
    prop::collection::vec(prop_oneof![sign.prop_map(str::to_owned), "[a-z ]{1,8}"], 0..6)
        .prop_map(|parts| parts.concat().trim().to_owned())
}

fn row() -> impl Strategy<Value = String> {
    let chain = prop_oneof![
        Just(String::new()),
        "[a-z][a-z ]{0,9}[a-z]".prop_map(|text| format!("\"{text}\"")),
        ("&?", r"\\?", "([a-z0-9]{1,3}:)?", "[+/]?")
            .prop_map(|(join, branch, label, kind)| format!("{join}{branch}{label}{kind}=>")),
    ];
    let part = prop_oneof![4 => name(), 1 => Just("*".to_owned()), 1 => (name(), name()).prop_map(|(a, b)| format!("{a}|{b}"))];
    let reaction = prop_oneof![
        Just(""),
        Just("=>"),
        Just("=>/"),
        Just("=>?!"),
        Just("=>?"),
        Just("=>!"),
        Just("->")
    ];
    let target = ("(\\*[0-9]?|@[1-9]s|~)?", "[a-z0-9]{1,3}")
        .prop_map(|(manner, label)| format!("{manner}[^{label}]"));
    let targets = prop::collection::vec(target, 0..3).prop_map(|targets| targets.concat());
    let number = prop::option::of(0..100_u8);
    let specs = prop::collection::vec(text(), 0..3);
    (number, chain, [part.clone(), part.clone(), part], reaction, targets, specs).prop_map(
        |(number, chain, [t, a, o], reaction, targets, specs)| {
            let number = number.map(|number| number.to_string()).unwrap_or_default();
            let targets = if reaction.is_empty() { String::new() } else { targets };
            let quote =
                |text: &String| format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""));
            let specs: Vec<_> = specs.iter().map(quote).collect();
            format!("{number} {chain} {{{t},{a},{o}}} {reaction}{targets} {}", specs.join(" "))
        },
    )
}

proptest! {
    #[test]
    fn a_document_is_the_same_in_both_dialects_and_formatting_again_changes_nothing(
        paths in prop::collection::vec((name(), prop::collection::vec(row(), 0..6)), 1..4),
    ) {
        let path = |(name, rows): &(String, Vec<String>)| format!("path \"{name}\" {{\n{}\n}}\n", rows.join("\n"));
        let text: String = paths.iter().map(path).collect();
        let document = Document::read("a.tao", &text);
        prop_assert_eq!(document.problems(), [], "{}", text);
        let tao = document.to_tao();
        prop_assert_eq!(&Document::read("a.tao", &tao), &document);
        prop_assert_eq!(&Document::format("a.tao", &tao).unwrap(), &tao);
        let markdown = document.to_markdown();
        let read = Document::read("a.md", &markdown);
        prop_assert_eq!(&read, &document, "{}", markdown);
        prop_assert_eq!(&read.to_tao(), &tao);
        prop_assert_eq!(&Document::format("a.md", &markdown).unwrap(), &markdown);
    }
}
