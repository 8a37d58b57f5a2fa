//! TAO-Paths: whatever is read is written, formatted, checked, compared and drawn; and it says the same however it is written.

use crate::{fuzz, mutate::Random};
use trine_tao::path::{Checks, Coverage, Document, Graph, Item, Picture, routes};

const SEEDS: [&[u8]; 4] = [
    include_bytes!("../path/fixtures/bootstrap.md"),
    include_bytes!("../path/fixtures/spaces.md"),
    include_bytes!("../path/fixtures/bootstrap-flat.md"),
    include_bytes!("../path/fixtures/everything.tao"),
];

/// What somewhere or other has a meaning.
const WORDS: [&str; 46] = [
    "|",
    "=>",
    "=>/",
    "=>?!",
    "=>!",
    "->",
    "+=>",
    "/=>",
    "\\=>",
    "\\1a:=>",
    "&",
    "a:",
    "[^1a]",
    "[^b]",
    "[",
    "](",
    ")",
    "<a id=\"x\">",
    "</a>",
    "<br/>",
    "<td",
    "<!--",
    "-->",
    "`",
    "**",
    "{User,Find,Portal}",
    "{*,*,*}",
    " or ",
    "*",
    "*3",
    "@5s",
    "~",
    "\n",
    "\n\n",
    "# ",
    "#### ",
    "TAO-Path: ",
    "Answers: ",
    "Space:\n\n- Terms: ",
    "```tao\n",
    "```\n",
    "path \"X\" {\n",
    "space {\n",
    "}\n",
    "\"",
    "\\",
];

fn mutate(input: &[u8], random: &mut Random) -> Vec<u8> {
    let mut output = input.to_vec();
    match random.below(4) {
        // A line again, somewhere else.
        0 => {
            let text = String::from_utf8_lossy(input);
            let lines: Vec<&str> = text.lines().collect();
            if !lines.is_empty() {
                let mut lines = lines.clone();
                let line = lines[random.below(lines.len())];
                lines.insert(random.below(lines.len() + 1), line);
                output = lines.join("\n").into_bytes();
            }
        }
        _ => {
            let at = random.below(output.len() + 1);
            output.splice(at..at, random.pick(&WORDS).bytes());
        }
    }
    output
}

/// Asserts that two documents say the same; if not, shows where they differ.
fn same(one: &[Item], two: &[Item], written: &str) {
    if one != two {
        let at = one.iter().zip(two).position(|(one, two)| one != two);
        let at = at.unwrap_or(one.len().min(two.len()));
        if let (Some(Item::Path(one)), Some(Item::Path(two))) = (one.get(at), two.get(at)) {
            let at = one.rows.iter().zip(&two.rows).position(|(one, two)| one != two);
            let at = at.unwrap_or(one.rows.len().min(two.rows.len()));
            panic!(
                "{:?}\n{:?}\n{:?}\n{:?}\n{written}",
                one.rows.get(at),
                two.rows.get(at),
                one.intro,
                two.intro
            );
        }
        panic!("{:?}\n{:?}\n{written}", one.get(at), two.get(at));
    }
}

/// Everything that can be done with a document; returns what kind of document it was.
fn exercise(name: &str, input: &[u8]) -> String {
    let document = Document::read_bytes(name, input);
    let problems = Checks::new().of(&[&document]);
    let graph = document.graph();
    assert_eq!(Graph::from_json(&graph.to_json()).expect("its own JSON"), graph);
    assert!(graph.diff(&graph).is_empty(), "{}", graph.diff(&graph));
    let picture = Picture::of(&graph);
    let _drawn = (picture.to_mermaid(), picture.to_svg());
    let tao = document.to_tao();
    let again = Document::read("again.tao", &tao);
    assert_eq!(again.problems(), [], "{tao}");
    same(&again.items, &document.items, &tao);
    assert_eq!(again.to_tao(), tao);
    if let (true, Ok(text)) = (document.problems().is_empty(), std::str::from_utf8(input)) {
        let formatted = Document::format(name, text).expect("it can be read");
        let read = Document::read(name, &formatted);
        assert_eq!(read.problems(), [], "{formatted}");
        same(&read.items, &document.items, &formatted);
        assert_eq!(Document::format(name, &formatted).expect("it can be read"), formatted);
        let rows = |document: &Document| -> Vec<Item> {
            document.items.iter().filter(|item| matches!(item, Item::Path(_))).cloned().collect()
        };
        // Prose of a `.tao` file may be anything in Markdown.
        if !name.ends_with(".tao") {
            let markdown = document.to_markdown();
            same(&rows(&Document::read("again.md", &markdown)), &rows(&document), &markdown);
        }
        if let Some(path) = document.paths().next() {
            let _ = routes(&document, &path.name);
        }
        let _ = Coverage::of(&document).expect("it can be read").to_string();
    }
    problems.first().map_or("none".to_owned(), ToString::to_string)
}

#[test]
fn whatever_is_read_can_be_used_and_says_the_same_however_it_is_written() {
    fuzz("paths", 10, &SEEDS, mutate, |input| {
        // As large as it can be read in a test that is not optimised.
        let input = &input[..input.len().min(4_096)];
        ["fuzz.md", "fuzz.tao"].map(|name| exercise(name, input)).join(" ")
    });
}
