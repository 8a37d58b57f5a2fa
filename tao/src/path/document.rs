//! A document: paths, as somebody has written them, and the prose around them.

use super::{
    place::{Place, Span},
    problem::Problem,
    symbols::{Chain, Mode, Reference},
};
use crate::Pattern;
use std::ops::Range;

/// TAO-Paths as they are written: in Markdown, or in the dialect of `.tao` files.
///
/// Reading never fails as a whole: what could not be read is in [`problems`](Self::problems), the rest is there. Two documents are
/// equal if they say the same, wherever it stands in their files.
///
/// ```
/// use trine_tao::path::Document;
///
/// let document = Document::read("paths.md", "
/// ### TAO-Path: Bootstrap User Session
///
/// |#|chain|Term|Action|Orient|mode|handler spec|
/// |-|-----|----|------|------|----|------------|
/// |0|`a:=>`|Session|Find|Portal|`=>`|find the session<br/>if there is none, make one [^1a]<br/>else enter it [^1b]|
/// |1|`\\1a:=>`|Session|Create|Portal|`=>`|make one, then enter it [^1b]|
/// |2|`\\1b:=>`|Session|Enter|Portal|`=>`|keep it in the app|
/// ");
/// assert_eq!(document.problems(), []);
/// assert_eq!(document.path("Bootstrap User Session").unwrap().rows.len(), 3);
///
/// let tao = document.to_tao();
/// assert_eq!(Document::read("paths.tao", &tao), document);
/// ```
#[derive(Debug, Clone, Default)]
pub struct Document {
    /// What is in it, in order.
    pub items: Vec<Item>,
    /// What could not be read.
    pub(crate) problems: Vec<Problem>,
    /// Where the paths stand in the text, for the formatter.
    pub(crate) regions: Vec<Region>,
}

/// A part of a text that the formatter may replace.
#[derive(Debug, Clone)]
pub(crate) struct Region {
    /// Which bytes.
    pub(crate) span: Span,
    /// Which items.
    pub(crate) items: Range<usize>,
    /// How they are written there.
    pub(crate) form: Form,
}

/// How paths are written in Markdown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// As one table.
    Table,
    /// In a fence, in the dialect of `.tao` files.
    Fence,
}

/// A part of a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Item {
    /// Lines that are for people only, without the end of the last one.
    Prose(String),
    /// The names that there are.
    Space(Space),
    /// A path.
    Path(Path),
}

/// The names that trigrams may be made of, axis by axis. An axis without names is open.
#[derive(Debug, Clone, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
pub struct Space {
    /// Term, action, orient.
    pub axes: [Vec<String>; 3],
}

/// One path: its rows say what follows from what.
#[derive(Debug, Clone)]
pub struct Path {
    /// Its name.
    pub name: String,
    /// The level of its heading in Markdown, 1 to 6; [`Path::LEVEL`] unless somebody has chosen another one.
    pub level: u8,
    /// What is said about it between its name and its rows.
    pub intro: String,
    /// The signals that answer it, if it is a request.
    pub answers: Vec<Pattern>,
    /// Its rows.
    pub rows: Vec<Row>,
    /// Where it begins.
    pub place: Option<Place>,
}

/// One row: a signal, how it comes about, and one handler of it.
#[derive(Debug, Clone)]
pub struct Row {
    /// Its number, as it is written; it has no meaning.
    pub number: Option<String>,
    /// How the signal comes about.
    pub chain: Chain,
    /// The signal; wild for a handler of many signals.
    pub pattern: Pattern,
    /// What reacts to it.
    pub mode: Mode,
    /// What is said about the row, for people only.
    pub note: String,
    /// What the handler does: lines with references in them.
    pub spec: String,
    /// Where it is written.
    pub place: Option<Place>,
}

/// A reference inside a spec.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SpecReference<'a> {
    /// What the line says before it: when this is where it goes.
    pub(crate) guard: &'a str,
    /// What it names.
    pub(crate) to: Reference,
    /// Whether it is a link, which names a path only if there is one of that name.
    pub(crate) link: bool,
}

impl Document {
    /// The paths, in order.
    pub fn paths(&self) -> impl Iterator<Item = &Path> {
        self.items.iter().filter_map(|item| match item {
            Item::Path(path) => Some(path),
            Item::Prose(_) | Item::Space(_) => None,
        })
    }

    /// The path of this name; a name is compared without regard to case and surrounding space.
    #[must_use]
    pub fn path(&self, name: &str) -> Option<&Path> {
        let wanted = Path::key(name);
        self.paths().find(|path| Path::key(&path.name) == wanted)
    }

    /// The spaces that are declared.
    pub(crate) fn spaces(&self) -> impl Iterator<Item = &Space> {
        self.items.iter().filter_map(|item| match item {
            Item::Space(space) => Some(space),
            Item::Prose(_) | Item::Path(_) => None,
        })
    }

    /// What could not be read, in the order of the lines.
    #[must_use]
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }

    /// The document, or what could not be read of it.
    ///
    /// # Errors
    ///
    /// [`Unreadable`](super::Unreadable), with all problems, if there is one.
    pub fn complete(self) -> Result<Self, super::Unreadable> {
        if self.problems.is_empty() { Ok(self) } else { Err(super::Unreadable::new(self.problems)) }
    }
}

impl Space {
    /// Which axis a word names: 0 for terms, 1 for actions, 2 for orients.
    pub(crate) fn axis(word: &str) -> Option<usize> {
        let word = word.trim().trim_matches(['*', '_', '`']).to_ascii_lowercase();
        let word = word.strip_suffix('s').unwrap_or(&word);
        ["term", "action", "orient"].iter().position(|axis| word == *axis)
    }

    /// Adds names with commas between them.
    pub(crate) fn add(&mut self, axis: usize, names: &str) {
        let names = names.split(',').map(|name| name.trim_matches([' ', '.', '`', '\t']));
        self.axes[axis].extend(names.filter(|name| !name.is_empty()).map(str::to_owned));
    }
}

impl Path {
    /// The usual level of its heading.
    pub const LEVEL: u8 = 3;

    /// What two names of the same path have in common.
    pub(crate) fn key(name: &str) -> String {
        name.trim().to_lowercase()
    }
}

impl Row {
    /// The references in the spec, in order.
    pub(crate) fn references(&self) -> Vec<SpecReference<'_>> {
        let mut found = Vec::new();
        for line in self.spec.lines() {
            let (mut from, mut at) = (0, 0);
            while let Some(next) = line[at..].find(['[', '<']) {
                let start = at + next;
                let rest = &line[start..];
                let (reference, len) = if rest.starts_with("[^") {
                    let Some(end) = rest.find(']') else { break };
                    let label = rest[2..end].trim();
                    let reference = Some((Reference::Label(label.to_owned()), false));
                    (reference.filter(|_| super::symbols::is_label(label)), end + 1)
                } else if rest.starts_with('[') {
                    // Without a target it is a word in brackets.
                    let Some(end) = rest.find(']') else { break };
                    let name = rest[1..end].trim();
                    let len =
                        match rest[end + 1..].strip_prefix('(').and_then(|link| near(link, b')')) {
                            Some(close) => end + 1 + 1 + close + 1,
                            None => end + 1,
                        };
                    (Some((Reference::Path(name.to_owned()), true)), len)
                } else if rest.starts_with("<a ") {
                    let (Some(open), Some(close)) = (rest.find('>'), rest.find("</a>")) else {
                        break;
                    };
                    let name = rest.get(open + 1..close).unwrap_or_default().trim();
                    (Some((Reference::Path(name.to_owned()), true)), close + 4)
                } else {
                    (None, 1)
                };
                if let Some((to, link)) = reference {
                    found.push(SpecReference { guard: line[from..start].trim(), to, link });
                    from = start + len;
                }
                at = start + len;
            }
        }
        found
    }

    /// What the handler does, on one line and without references.
    pub(crate) fn summary(&self) -> String {
        let line = self.spec.lines().next().unwrap_or_default();
        let mut text = String::with_capacity(line.len());
        let mut rest = line;
        while let Some(at) = rest.find("[^") {
            text.push_str(&rest[..at]);
            rest = rest[at..].find(']').map_or("", |end| &rest[at + end + 1..]);
        }
        text.push_str(rest);
        plain(&text)
    }
}

/// Where `sign` is first, if it is near: what opens and is never closed must not be looked for again and again.
pub(crate) fn near(text: &str, sign: u8) -> Option<usize> {
    const NEAR: usize = 2_000;
    text.bytes().take(NEAR).position(|byte| byte == sign)
}

/// Text without the marks of Markdown and HTML: `code`, **bold**, the targets of links.
pub(crate) fn plain(text: &str) -> String {
    let text = text.replace("**", "").replace('`', "");
    let mut out = String::with_capacity(text.len());
    // Brackets that are open, and those of links, which go.
    let (mut open, mut gone) = (Vec::new(), Vec::new());
    let mut rest = text.as_str();
    while let Some(at) = rest.find(['<', '[', ']']) {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let skipped = match rest.strip_prefix("](") {
            Some(target) => near(target, b')').map(|end| end + 3),
            None if rest.starts_with("<a ") || rest.starts_with("</a>") => {
                near(rest, b'>').map(|end| end + 1)
            }
            None => None,
        };
        match (skipped, rest.as_bytes()[0]) {
            (Some(len), sign) => {
                gone.extend(open.pop().filter(|_| sign == b']'));
                rest = &rest[len..];
                continue;
            }
            (None, b'[') => open.push(out.len()),
            (None, b']') => drop(open.pop()),
            (None, _) => {}
        }
        out.push_str(&rest[..1]);
        rest = &rest[1..];
    }
    out.push_str(rest);
    gone.sort_unstable();
    let kept = out.char_indices().filter(|(at, _)| gone.binary_search(at).is_err());
    kept.map(|(_, sign)| sign).collect::<String>().trim().to_owned()
}

/// `text` as it stands between quotation marks in a `.tao` file.
pub(crate) fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"")
}

impl PartialEq for Document {
    fn eq(&self, other: &Self) -> bool {
        self.items == other.items
    }
}

impl PartialEq for Path {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
            && self.level == other.level
            && self.intro == other.intro
            && self.answers == other.answers
            && self.rows == other.rows
    }
}

impl Eq for Path {}

impl PartialEq for Row {
    fn eq(&self, other: &Self) -> bool {
        self.number == other.number
            && self.chain == other.chain
            && self.pattern == other.pattern
            && self.mode == other.mode
            && self.note == other.note
            && self.spec == other.spec
    }
}

impl Eq for Row {}
