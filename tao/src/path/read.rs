//! Reading: from bytes to a [`Document`].
//!
//! | step | file |
//! |---|---|
//! | bytes become lines; which dialect it is | here |
//! | Markdown: headings, tables, fences; the rest is prose | `read/markdown.rs` |
//! | which column of a table is where | `read/columns.rs` |
//! | tables that have lost their bars, as they come out of a rendered page | `read/flat.rs` |
//! | the dialect of `.tao` files | `read/dialect.rs` |
//! | a row's texts become a row | `read/cells.rs` |
//!
//! Every reader goes through its text once, and keeps nothing but where it is: the time is linear in the text. A
//! line that cannot be read costs that line: it is a problem, and reading goes on behind it.

mod cells;
mod columns;
mod dialect;
mod flat;
mod markdown;

use super::{
    document::{Document, Form, Item, Region},
    place::{SourceText, Span},
    problem::{Check, Problem},
};

pub(crate) use cells::read_pattern;

/// What the readers fill.
pub(super) struct Reading<'a> {
    source: SourceText<'a>,
    document: Document,
    /// How many blank lines there were since the last one of prose.
    blank: usize,
    /// Whether the next line of prose is apart from the one before, though nothing came between them.
    apart: bool,
}

impl Document {
    /// Reads Markdown, or the dialect of `.tao` files if `name` ends in `.tao`.
    ///
    /// `name` is what places are told with. The time is linear in the length of the text; no text makes this panic.
    #[must_use]
    pub fn read(name: &str, text: &str) -> Self {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let source = SourceText::new(name, text);
        let mut reading = Reading { source, document: Self::default(), blank: 0, apart: false };
        if name.ends_with(".tao") {
            dialect::read(&mut reading, text);
        } else {
            markdown::read(&mut reading);
        }
        reading.document
    }

    /// Whether a text of unknown origin is in the dialect of `.tao` files: they begin with a path, a space or a comment.
    #[must_use]
    pub fn is_tao(text: &str) -> bool {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text).trim_start();
        text.starts_with("//") || text.starts_with("path \"") || text.starts_with("space {")
    }

    /// Reads a file's bytes, which ought to be UTF-8; if they are not, that is the one problem of an empty document.
    #[must_use]
    pub fn read_bytes(name: &str, bytes: &[u8]) -> Self {
        match std::str::from_utf8(bytes) {
            Ok(text) => Self::read(name, text),
            Err(error) => {
                let valid = std::str::from_utf8(&bytes[..error.valid_up_to()]).unwrap_or_default();
                let place = SourceText::new(name, valid).place(Span::new(valid.len(), valid.len()));
                let message =
                    format!("`{name}` is not text in UTF-8: byte {} is none", valid.len());
                let problem = Problem::new(Check::NotText, message, "save the file as UTF-8");
                Self { problems: vec![problem.mark(place, "up to here it is")], ..Self::default() }
            }
        }
    }
}

impl Reading<'_> {
    /// Adds a line of prose to the prose before it, if there is any. Blank lines around prose say nothing.
    fn prose(&mut self, line: &str) {
        if line.trim().is_empty() {
            self.blank += 1;
            return;
        }
        let (blank, apart) = (std::mem::take(&mut self.blank), std::mem::take(&mut self.apart));
        if let Some(Item::Prose(prose)) = self.document.items.last_mut().filter(|_| !apart) {
            prose.extend(std::iter::repeat_n('\n', blank + 1));
            prose.push_str(line);
        } else {
            self.document.items.push(Item::Prose(line.to_owned()));
        }
    }

    /// Notes that the item that comes next stands from line `first` to line `last`.
    fn region(&mut self, first: &str, last: &str, form: Form) {
        let text = self.source.text();
        let span = Span { start: Span::of(first, text).start, end: Span::of(last, text).end };
        let next = self.document.items.len();
        self.document.regions.push(Region { span, items: next..next + 1, form });
    }

    fn problem(&mut self, check: Check, part: &str, message: String, note: &str, help: &str) {
        let place = self.source.place_of(part);
        self.document.problems.push(Problem::new(check, message, help).mark(place, note));
    }
}
