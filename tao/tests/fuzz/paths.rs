//! TAO-Paths.

use crate::{fuzz, mutate::Random};
use trine_tao::path::{Checks, Document};

const SEEDS: [&[u8]; 3] = [
    include_bytes!("../path/fixtures/bootstrap.md"),
    include_bytes!("../path/fixtures/spaces.md"),
    include_bytes!("../path/fixtures/bootstrap-flat.md"),
];

/// What somewhere or other has a meaning.
const WORDS: [&str; 20] = [
    "|",
    "=>",
    "=>/",
    "=>?!",
    "+=>",
    "\\1a:=>",
    "[^1a]",
    "{User,Find,Portal}",
    "*",
    "\n",
    "\n\n",
    "# ",
    "TAO-Path: ",
    "```tao\n",
    "path X {",
    "}",
    "\"",
    "|---|",
    "\u{feff}",
    "\u{e4}",
];

fn mutate(input: &[u8], random: &mut Random) -> Vec<u8> {
    let mut output = input.to_vec();
    let at = random.below(output.len() + 1);
    output.splice(at..at, random.pick(&WORDS).bytes());
    output
}

#[test]
fn no_text_panics_when_it_is_read_checked_or_written() {
    fuzz("paths", 20, &SEEDS, mutate, |input| {
        // As large as it can be read in a test that is not optimised.
        let input = &input[..input.len().min(4_096)];
        let mut kinds = String::new();
        for name in ["fuzz.md", "fuzz.tao"] {
            let document = Document::read_bytes(name, input);
            let problems = Checks::new().of(&[&document]);
            let _written = (document.graph().to_json(), document.to_tao(), document.to_markdown());
            kinds.push_str(&problems.first().map_or("none".to_owned(), ToString::to_string));
        }
        kinds
    });
}
