//! Where something is written: a range of bytes, and its line and column for people.

use std::{fmt, sync::Arc};

/// A range of bytes in a source text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
pub struct Span {
    /// The first byte.
    pub start: usize,
    /// The byte after the last one.
    pub end: usize,
}

/// A place in a document.
///
/// Its [`Display`](fmt::Display) is what editors and terminals make a link of: `paths.md:12:3`.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Place {
    /// The name of the document, as it was given to [`Document::read`](super::Document::read).
    pub file: Arc<str>,
    /// The line, starting at 1.
    pub line: usize,
    /// The column in characters, starting at 1.
    pub column: usize,
    /// The bytes.
    pub span: Span,
}

/// A source text with its name, and the beginnings of its lines.
#[derive(Debug, Clone)]
pub(crate) struct SourceText<'a> {
    /// The name.
    name: Arc<str>,
    /// The text.
    text: &'a str,
    /// Where each line begins.
    lines: Vec<usize>,
}

impl Span {
    pub(crate) fn new(start: usize, end: usize) -> Self {
        Self { start, end }
    }

    /// The span of `part`, which is a slice of `whole`.
    ///
    /// Compares addresses, so it is right for slices only; of anything else it is some span inside `whole`.
    pub(crate) fn of(part: &str, whole: &str) -> Self {
        let start = (part.as_ptr() as usize).wrapping_sub(whole.as_ptr() as usize).min(whole.len());
        Self { start, end: (start + part.len()).min(whole.len()) }
    }
}

impl<'a> SourceText<'a> {
    pub(crate) fn new(name: &str, text: &'a str) -> Self {
        let starts =
            text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').map(|(at, _)| at + 1);
        Self { name: name.into(), text, lines: std::iter::once(0).chain(starts).collect() }
    }

    pub(crate) fn text(&self) -> &'a str {
        self.text
    }

    /// The lines, without their ends.
    pub(crate) fn lines(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        self.text.lines()
    }

    /// The place of a slice of the text.
    pub(crate) fn place_of(&self, part: &str) -> Place {
        self.place(Span::of(part, self.text))
    }

    /// The place of a range of bytes.
    pub(crate) fn place(&self, span: Span) -> Place {
        let line = self.lines.partition_point(|start| *start <= span.start).max(1);
        let start = self.lines[line - 1];
        // A line may be as long as the file, and hold many places: beyond a bound, bytes are counted instead.
        const COUNTED: usize = 2_000;
        let column = match self.text.get(start..span.start) {
            Some(before) if before.len() <= COUNTED => before.chars().count(),
            _ => span.start.saturating_sub(start),
        };
        Place { file: Arc::clone(&self.name), line, column: column + 1, span }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.file, self.line, self.column)
    }
}
