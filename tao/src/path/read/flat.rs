//! Tables that have lost their bars, as they come out of a rendered page: one row per line, words with single spaces between them.
//!
//! ```text
//! # chain Term Action Orient mode handler spec
//! 0 a:=> Session Find Portal => find the current Session for the User
//! if the Session isn't found, create a new one 1a
//! 1 \1a:=> Session Create Portal => create a new Session
//! ```
//!
//! The mode is the first arrow that has three words in front of it; those are the trigram, and what is before them is the
//! chain. A line that does not begin with a number goes on with the spec. References have become words, perhaps
//! grown together with the one before (`one2a`): a label of the path at the end of a line, with a digit in it, is one.

use super::{
    Reading,
    cells::{Cells, spec_of},
};
use crate::path::{
    document::{Form, Item, Path},
    problem::Check,
    symbols::is_label,
};
use std::collections::HashSet;

/// Whether a line is the header of such a table.
pub(super) fn is_header(line: &str) -> bool {
    let mut words = line.split_whitespace().peekable();
    line.starts_with('#')
        && line.len() < 200
        && words.any(|word| word.eq_ignore_ascii_case("term"))
        && words.next().is_some_and(|word| word.eq_ignore_ascii_case("action"))
        && words.next().is_some_and(|word| word.eq_ignore_ascii_case("orient"))
}

pub(super) fn read(
    reading: &mut Reading<'_>,
    lines: &[&str],
    header: usize,
    mut path: Path,
) -> usize {
    let mut at = header + 1;
    while let Some(line) = lines.get(at).map(|line| line.trim()).filter(|line| !line.is_empty()) {
        at += 1;
        if !line.starts_with(|sign: char| sign.is_ascii_digit()) {
            match path.rows.last_mut() {
                Some(row) => {
                    row.spec.push('\n');
                    row.spec.push_str(line);
                }
                None => reading.problem(
                    Check::Syntax,
                    line,
                    "a line of a table that does not begin with the number of a row".to_owned(),
                    "here",
                    "begin each row with its number",
                ),
            }
            continue;
        }
        let Some((cells, spec)) = split(line) else {
            reading.problem(
                Check::Syntax,
                line,
                "a row without a mode behind its trigram".to_owned(),
                "in this row",
                "write `0 chain Term Action Orient => what the handler does`",
            );
            continue;
        };
        if let Some(row) = reading.row(&cells, spec.to_owned(), &path) {
            path.rows.push(row);
        }
    }
    bracket(&mut path);
    reading.region(lines[header], lines[at - 1], Form::Table);
    reading.document.items.push(Item::Path(path));
    at
}

/// The cells of a row, and its spec.
fn split(line: &str) -> Option<(Cells<'_>, &str)> {
    // Where the words begin and end; no more of them than a chain, a trigram and a mode can have.
    let mut words: Vec<(usize, &str)> = Vec::new();
    let mut at = 0;
    for word in line.split(' ') {
        if !word.is_empty() {
            words.push((at, word));
        }
        at += word.len() + 1;
        if words.len() > 64 {
            break;
        }
    }
    let is_arrow = |word: &str| word.starts_with("=>") || word.starts_with("->");
    let chained = usize::from(words.get(1).is_some_and(|(_, word)| word.ends_with("=>")));
    let mode = (chained + 4..words.len()).find(|at| is_arrow(words[*at].1))?;
    let begin = |at: usize| words[at].0;
    let end = |at: usize| words[at].0 + words[at].1.len();
    let cells = Cells {
        line,
        number: words[0].1,
        chain: if mode > 4 { &line[begin(1)..end(mode - 4)] } else { "" },
        parts: [words[mode - 3].1, words[mode - 2].1, words[mode - 1].1],
        mode: words[mode].1,
    };
    Some((cells, line[end(mode)..].trim()))
}

/// Puts brackets around the words at the ends of lines that are labels of the path.
fn bracket(path: &mut Path) {
    let labels = path.rows.iter().filter_map(|row| row.chain.label.clone());
    let labels: HashSet<String> =
        labels.filter(|label| label.bytes().any(|byte| byte.is_ascii_digit())).collect();
    for row in &mut path.rows {
        row.spec = spec_of(&row.spec);
        let lines = row.spec.lines().map(|line| match label_at_end(line, &labels) {
            Some(label) => {
                let text = line[..line.len() - label.len()].trim_end();
                if text.is_empty() { format!("[^{label}]") } else { format!("{text} [^{label}]") }
            }
            None => line.to_owned(),
        });
        row.spec = lines.collect::<Vec<_>>().join("\n");
    }
}

/// The longest label at the end of a line that is a word of its own, or begins with a digit behind a letter.
fn label_at_end<'a>(line: &'a str, labels: &HashSet<String>) -> Option<&'a str> {
    const LONGEST: usize = 32;
    let from = line.len().saturating_sub(LONGEST);
    for (at, _) in line.char_indices().filter(|(at, _)| *at >= from) {
        let end = &line[at..];
        if !is_label(end) || !labels.contains(end) {
            continue;
        }
        let before = line[..at].chars().next_back();
        let grown = end.as_bytes()[0].is_ascii_digit() && before.is_some_and(char::is_alphabetic);
        if before.is_none_or(char::is_whitespace) || grown {
            return Some(end);
        }
    }
    None
}
