//! What is in the cells of a row, whichever dialect they come from.

use super::Reading;
use crate::{
    Part, Pattern,
    path::{
        document::{Path, Row, near},
        problem::Check,
        symbols::{Chain, Mode, SymbolError},
    },
};
use std::borrow::Cow;
use trine_core::Text;

/// The texts of a row: slices of the document.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Cells<'a> {
    /// The whole row.
    pub(super) line: &'a str,
    pub(super) number: &'a str,
    pub(super) chain: &'a str,
    pub(super) parts: [&'a str; 3],
    pub(super) mode: &'a str,
}

const AXES: [&str; 3] = ["term", "action", "orient"];

impl Reading<'_> {
    /// Makes a row of what is in the cells, unless something in them cannot be read. Blank parts are those of the row above.
    pub(super) fn row(&mut self, cells: &Cells<'_>, spec: String, path: &Path) -> Option<Row> {
        let chain = Chain::read(plain(cells.chain).trim());
        let chain = self.symbol(chain, cells.chain, cells.line)?;
        self.row_of(cells, chain, spec, path)
    }

    /// The same, of a chain that has been read already.
    pub(super) fn row_of(
        &mut self,
        cells: &Cells<'_>,
        chain: Chain,
        spec: String,
        path: &Path,
    ) -> Option<Row> {
        let mode = Mode::read(plain(cells.mode).trim());
        let mode = self.symbol(mode, cells.mode, cells.line)?;
        let above = path.rows.last().map(|row| &row.pattern);
        let pattern = match above {
            Some(above) if cells.parts.iter().all(|part| part.trim().is_empty()) => above.clone(),
            _ => self.pattern(cells)?,
        };
        let number = Some(plain(cells.number).trim().to_owned()).filter(|text| !text.is_empty());
        let place = Some(self.source.place_of(cells.line));
        let (note, spec) = noted(spec);
        Some(Row { number, chain, pattern, mode, note, spec, place })
    }

    fn symbol<T>(&mut self, read: Result<T, SymbolError>, cell: &str, line: &str) -> Option<T> {
        read.map_err(|SymbolError { at, message, help }| {
            // If markup has been taken away, the whole cell is shown.
            let part = if plain(cell) == cell { cell.get(at..) } else { Some(cell) };
            let part = part.filter(|part| !part.is_empty()).unwrap_or(line);
            self.problem(Check::Syntax, part, message, "here", help);
        })
        .ok()
    }

    fn pattern(&mut self, cells: &Cells<'_>) -> Option<Pattern> {
        let mut parts = [const { Part::Any }; 3];
        let mut good = true;
        for ((part, cell), axis) in parts.iter_mut().zip(cells.parts).zip(AXES) {
            match read_part(&plain(cell)) {
                Ok(read) => *part = read,
                Err(why) => {
                    let shown = if cell.trim().is_empty() { cells.line } else { cell };
                    let message = format!("the {axis} of a trigram {why}");
                    self.problem(Check::BadTrigram, shown, message, "in this row", PARTS);
                    good = false;
                }
            }
        }
        let [term, action, orient] = parts;
        good.then(|| Pattern::new(term, action, orient))
    }
}

const PARTS: &str = "a part is a name without space, `*` for any, or names with `or` between them";

/// What stands in a comment in front of a spec, and the rest of it.
fn noted(spec: String) -> (String, String) {
    let comment = spec.strip_prefix("<!--").and_then(|rest| rest.split_once("-->"));
    match comment {
        Some((note, rest)) => (note.trim().to_owned(), rest.trim().to_owned()),
        None => (String::new(), spec),
    }
}

/// A spec: its breaks become lines.
pub(super) fn spec_of(cell: &str) -> String {
    let cell = cell.trim().to_owned();
    if !cell.contains("<br") && !cell.contains('\n') {
        return cell;
    }
    let mut lines: Vec<&str> = Vec::new();
    for line in cell.split('\n') {
        for (index, part) in line.split("<br").enumerate() {
            let broken = if index == 0 { None } else { part.split_once('>') };
            lines.push(broken.map_or(part, |(_, line)| line).trim());
        }
    }
    while lines.last().is_some_and(|line| line.is_empty()) {
        lines.pop();
    }
    let first = lines.iter().position(|line| !line.is_empty()).unwrap_or(0);
    lines[first..].join("\n")
}

/// One part of a trigram: a name, `*`, or several names.
fn read_part(text: &str) -> Result<Part, String> {
    let text = text.trim();
    if text.is_empty() {
        return Err("is missing".to_owned());
    }
    let separator = if text.contains('|') { "|" } else { " or " };
    let mut names: Vec<Text> = Vec::new();
    for name in text.split(separator).map(str::trim) {
        let bad = |sign: char| {
            sign.is_whitespace() || sign.is_control() || "{}()[],\"`\\|<>=".contains(sign)
        };
        if name.is_empty() || name.contains(bad) || name.contains("//") {
            return Err(format!("is no name: `{text}`"));
        }
        names.push(Text::from(name.to_owned()));
    }
    Ok(match names.len() {
        1 => names.remove(0).into(),
        _ => names.into(),
    })
}

/// `{User,Find,Portal}`, as a pattern is shown.
pub(crate) fn read_pattern(text: &str) -> Result<Pattern, String> {
    let shown = text.trim();
    let inside = shown.strip_prefix('{').and_then(|rest| rest.strip_suffix('}'));
    let inside = inside.ok_or_else(|| format!("`{shown}` is no trigram"))?;
    let mut parts = inside.split(',');
    let mut next = |axis: &str| match parts.next() {
        Some(part) => read_part(part).map_err(|why| format!("the {axis} of `{shown}` {why}")),
        None => Err(format!("`{shown}` has no {axis}")),
    };
    let (term, action, orient) = (next("term")?, next("action")?, next("orient")?);
    match parts.next() {
        None => Ok(Pattern::new(term, action, orient)),
        Some(_) => Err(format!("`{shown}` has more than three parts")),
    }
}

/// A cell without the marks of Markdown and HTML that people put around symbols: backticks, anchors, escapes of bars.
pub(super) fn plain(cell: &str) -> Cow<'_, str> {
    if !cell.contains(['`', '<', '\\', '*', '_']) {
        return Cow::Borrowed(cell);
    }
    let mut text = String::with_capacity(cell.len());
    let mut rest = cell;
    while let Some(at) = rest.find(['`', '<', '\\']) {
        text.push_str(&rest[..at]);
        let from = &rest[at..];
        rest = if let Some(after) = from.strip_prefix('`') {
            after
        } else if let Some(after) = from.strip_prefix("\\|") {
            text.push('|');
            after
        } else if let len @ 1.. = tag_len(from) {
            &from[len..]
        } else {
            text.push_str(&from[..1]);
            &from[1..]
        };
    }
    text.push_str(rest);
    // A name in bold or italics; a lone `*` is any name.
    for mark in ["**", "_"] {
        let inside = text.trim().strip_prefix(mark).and_then(|rest| rest.strip_suffix(mark));
        if let Some(inside) = inside.filter(|inside| !inside.is_empty()) {
            return Cow::Owned(inside.to_owned());
        }
    }
    Cow::Owned(text)
}

/// The length of an HTML tag at the beginning of `text`, if it is one that only dresses text up.
fn tag_len(text: &str) -> usize {
    const TAGS: [&str; 9] =
        ["<a ", "<a>", "</a>", "<code>", "</code>", "<td", "</td>", "<sup>", "</sup>"];
    if !TAGS.iter().any(|tag| text.starts_with(tag)) {
        return 0;
    }
    near(text, b'>').map_or(0, |end| end + 1)
}
