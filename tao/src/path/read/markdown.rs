//! Markdown as people write it: tables under headings, and everything else, which is prose.
//!
//! A table is a path if its header has the columns Term, Action and Orient, or one column of trigrams. The nearest heading above it
//! is its name, with or without `TAO-Path:` in front; a line of plain or bold text that begins so is a heading, too.

use super::{
    Reading,
    cells::{plain, read_pattern},
    columns::{Columns, is_row, is_separator},
    dialect, flat,
};
use crate::{
    Pattern,
    path::{
        document::{Form, Item, Path, Region, Space},
        place::Span,
        problem::Check,
    },
};

/// The nearest heading, and what stands between it and its table.
#[derive(Default)]
struct Heading<'a> {
    /// What it says, without marks.
    name: &'a str,
    /// Its level; 0 if it was a line of plain text.
    level: u8,
    /// How many tables it has had.
    tables: usize,
    /// The signals that answer the path, from a line that begins with `Answers:`.
    answers: Vec<Pattern>,
    /// The lines since then, with its own: if no table follows, all of them are prose.
    pending: Vec<&'a str>,
}

pub(super) fn read(reading: &mut Reading<'_>) {
    let lines: Vec<_> = reading.source.lines().collect();
    let mut heading = Heading::default();
    let mut at = 0;
    while let Some(&line) = lines.get(at) {
        let trimmed = line.trim();
        if let Some(fence) = fence_of(trimmed) {
            let len = lines[at + 1..].iter().position(|line| line.trim() == fence);
            let end = len.map_or(lines.len(), |len| at + 1 + len);
            let inside = &lines[at + 1..end];
            if trimmed[fence.len()..].trim() == "tao" {
                flush(reading, &mut heading);
                fenced(reading, inside);
            } else {
                for line in &lines[at..lines.len().min(end + 1)] {
                    keep(reading, &mut heading, line);
                }
            }
            at = end + 1;
        } else if is_row(trimmed)
            && let Some(columns) = Columns::of(trimmed)
        {
            let path = begin(reading, &mut heading, line);
            at = table(reading, &lines, at, &columns, path);
        } else if flat::is_header(trimmed) {
            let path = begin(reading, &mut heading, line);
            at = flat::read(reading, &lines, at, path);
        } else if let Some((name, level)) = heading_of(trimmed) {
            flush(reading, &mut heading);
            heading = Heading { name, level, pending: vec![line], ..Heading::default() };
            at += 1;
        } else if let Some(list) = trimmed.strip_prefix("Answers:") {
            answers(reading, &mut heading, list);
            at += 1;
        } else if trimmed == "Space:" {
            flush(reading, &mut heading);
            at = space(reading, &lines, at + 1);
        } else {
            keep(reading, &mut heading, line);
            at += 1;
        }
    }
    flush(reading, &mut heading);
}

/// Keeps a line that may stand between a heading and its table.
fn keep<'a>(reading: &mut Reading<'_>, heading: &mut Heading<'a>, line: &'a str) {
    if heading.pending.is_empty() { reading.prose(line) } else { heading.pending.push(line) }
}

/// No table has followed so far: what has been kept is prose. The heading stays the nearest one.
fn flush(reading: &mut Reading<'_>, heading: &mut Heading<'_>) {
    for line in heading.pending.drain(..) {
        reading.prose(line);
    }
}

/// The path whose table begins at `line`.
fn begin(reading: &Reading<'_>, heading: &mut Heading<'_>, line: &str) -> Path {
    let between = std::mem::take(&mut heading.pending);
    let between = between.get(1..).unwrap_or_default();
    heading.tables += 1;
    let name = match (heading.name, heading.tables) {
        ("", number) => format!("Path {number}"),
        (name, 1) => name.to_owned(),
        // One long heading of many tables must not be copied as a whole for each.
        (name, number) => format!("{} ({number})", name.chars().take(120).collect::<String>()),
    };
    Path {
        name,
        level: if heading.level == 0 { Path::LEVEL } else { heading.level },
        intro: between.join("\n").trim().to_owned(),
        answers: std::mem::take(&mut heading.answers),
        rows: Vec::new(),
        place: Some(reading.source.place_of(line.trim())),
    }
}

fn table(
    reading: &mut Reading<'_>,
    lines: &[&str],
    header: usize,
    columns: &Columns,
    mut path: Path,
) -> usize {
    let mut at = header + 1;
    while let Some(&line) = lines.get(at).filter(|line| is_row(line.trim())) {
        at += 1;
        if is_separator(line) {
            continue;
        }
        let (mut cells, spec) = columns.split(line);
        if let Some(cell) = columns.trigram(&cells) {
            if let Err(message) = read_pattern(&plain(cell)) {
                let help = "write `{Term,Action,Orient}`";
                reading.problem(Check::BadTrigram, cell, message, "in this row", help);
                continue;
            }
            cells = cells.with_trigram(cell);
        }
        if let Some(row) = reading.row(&cells, spec, &path) {
            path.rows.push(row);
        }
    }
    reading.region(lines[header], lines[at - 1], Form::Table);
    reading.document.items.push(Item::Path(path));
    at
}

/// What stands in a fence that says that it is in the dialect of `.tao` files.
fn fenced(reading: &mut Reading<'_>, inside: &[&str]) {
    let (Some(first), Some(last)) = (inside.first(), inside.last()) else { return };
    let text = reading.source.text();
    let span = Span { start: Span::of(first, text).start, end: Span::of(last, text).end };
    let from = reading.document.items.len();
    // Comments in a fence are not those around it.
    reading.apart = true;
    dialect::read(reading, &text[span.start..span.end]);
    reading.apart = true;
    let items = from..reading.document.items.len();
    reading.document.regions.push(Region { span, items, form: Form::Fence });
}

fn answers(reading: &mut Reading<'_>, heading: &mut Heading<'_>, list: &str) {
    for part in list.split_inclusive('}') {
        let part = part.trim_matches([' ', ',', '.', '`', '|']).trim_start_matches("or ");
        if part.is_empty() {
            continue;
        }
        match read_pattern(part) {
            Ok(pattern) => heading.answers.push(pattern),
            Err(message) => {
                let help = "write `Answers: {Term,Action,Orient}, {Term,Action,Orient}`";
                reading.problem(Check::BadTrigram, list, message, "in this list", help);
            }
        }
    }
}

/// A list of names for each axis, one per line: `- Terms: App, User`.
fn space(reading: &mut Reading<'_>, lines: &[&str], mut at: usize) -> usize {
    let mut space = Space::default();
    while let Some(line) = lines.get(at).map(|line| line.trim()) {
        let named = line.trim_start_matches(['-', '*', ' ']).split_once(':');
        let axis = named.and_then(|(axis, _)| Space::axis(axis));
        match (axis, named) {
            (Some(axis), Some((_, names))) => space.add(axis, names),
            _ if line.is_empty() && space == Space::default() => {}
            _ => break,
        }
        at += 1;
    }
    reading.document.items.push(Item::Space(space));
    at
}

/// The marks of a code fence that opens here.
fn fence_of(line: &str) -> Option<&str> {
    let mark = line.bytes().next().filter(|byte| matches!(byte, b'`' | b'~'))?;
    let len = line.bytes().take_while(|byte| *byte == mark).count();
    // Code inside of a line closes again.
    (len >= 3 && !line[len..].contains('`')).then(|| &line[..len])
}

/// The name of a heading, and its level.
fn heading_of(line: &str) -> Option<(&str, u8)> {
    let hashes = line.bytes().take_while(|byte| *byte == b'#').count();
    if (1..=6).contains(&hashes) && line.as_bytes().get(hashes) == Some(&b' ') {
        return Some((name_of(&line[hashes..]), u8::try_from(hashes).unwrap_or(6)));
    }
    let bold = line.strip_prefix("**").and_then(|rest| rest.strip_suffix("**"));
    let text = bold.unwrap_or(line);
    text.starts_with("TAO-Path:").then(|| (name_of(text), 0))
}

/// The name that a heading gives: without words before it that say what it is the name of, and without an anchor. A name is its own
/// name, so that what was written of it is read again.
pub(super) fn name_of(text: &str) -> &str {
    let mut name = text.trim();
    loop {
        let shorter = name.trim_end_matches('#').trim();
        let shorter = shorter.split_once(" {#").map_or(shorter, |(name, _)| name).trim();
        let named = shorter.strip_prefix("TAO-Path:").or_else(|| shorter.strip_prefix("Use Case:"));
        let shorter = named.map_or(shorter, str::trim);
        if shorter.len() == name.len() {
            return name;
        }
        name = shorter;
    }
}

/// Whether lines of prose are text only, which stays where it is between a heading and its table.
pub(super) fn is_text(lines: &[String]) -> bool {
    let mut at = 0;
    while let Some(line) = lines.get(at).map(|line| line.trim()) {
        if let Some(fence) = fence_of(line) {
            let Some(len) = lines[at + 1..].iter().position(|line| line.trim() == fence) else {
                return false;
            };
            if line[fence.len()..].trim() == "tao" {
                return false;
            }
            at += len + 1;
        } else if is_row(line) && Columns::of(line).is_some()
            || heading_of(line).is_some()
            || flat::is_header(line)
            || line.starts_with("Answers:")
            || line == "Space:"
        {
            return false;
        }
        at += 1;
    }
    true
}
