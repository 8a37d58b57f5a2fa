//! What is wrong with paths: one vocabulary for what cannot be read and what does not add up.

use super::place::Place;
use serde::Serialize;
use std::{error::Error, fmt};

/// Something that is wrong, where, and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Problem {
    /// Which kind.
    #[serde(serialize_with = "as_name")]
    pub check: Check,
    /// How much it matters.
    pub level: Level,
    /// What is wrong, with the names of what is involved.
    pub message: String,
    /// The rows that are involved, the most important one first, and what each of them has to do with it.
    pub marks: Vec<Mark>,
    /// What to do.
    pub help: String,
}

/// A place that has to do with a problem.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Mark {
    /// Where.
    pub origin: super::Origin,
    /// What it has to do with it.
    pub note: String,
}

/// How much a problem matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// It is not told.
    Allow,
    /// It is told.
    Warn,
    /// It is told, and is a failure.
    Deny,
}

macro_rules! checks {
    ($($(#[doc = $doc:literal])+ $variant:ident = $code:literal, $name:literal, $level:ident;)+) => {
        /// The kinds of problems. The code of each never changes its meaning.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum Check {
            $($(#[doc = $doc])+ $variant,)+
        }

        impl Check {
            /// All of them, in the order of their codes.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// Its code, for example `TP101`.
            #[must_use]
            pub fn code(self) -> &'static str {
                match self { $(Self::$variant => $code),+ }
            }

            /// Its name, for example `unhandled-edge`.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $name),+ }
            }

            /// How much it matters unless somebody says otherwise.
            #[must_use]
            pub fn default_level(self) -> Level {
                match self { $(Self::$variant => Level::$level),+ }
            }

            /// What it is about.
            #[must_use]
            pub fn explanation(self) -> &'static str {
                match self { $(Self::$variant => concat!($($doc),+)),+ }
            }
        }
    };
}

checks! {
    /// The file is not text in UTF-8.
    NotText = "TP001", "not-text", Deny;
    /// A symbol that is none, or a line that fits no rule of the grammar.
    Syntax = "TP002", "syntax", Deny;
    /// A term, an action or an orient that is missing, or is not a name.
    BadTrigram = "TP003", "bad-trigram", Deny;
    /// A signal is chained to, and nothing handles it.
    UnhandledEdge = "TP101", "unhandled-edge", Deny;
    /// A handler whose signals never come about.
    DeadHandler = "TP102", "dead-handler", Warn;
    /// A row to which nothing leads.
    UnreachableRow = "TP103", "unreachable-row", Warn;
    /// A reference to a label or a path that does not exist.
    UndefinedLabel = "TP104", "undefined-label", Deny;
    /// Two rows with one label, or two paths with one name.
    DuplicateLabel = "TP105", "duplicate-label", Deny;
    /// A request that ends without one of its answers, on some branch.
    UnansweredRequest = "TP106", "unanswered-request", Deny;
    /// A handler chains to a signal that its declaration does not name.
    UndeclaredOutput = "TP107", "undeclared-output", Deny;
    /// A circle in line without a bound: it never lets go.
    InlineCycle = "TP108", "inline-only-cycle", Deny;
    /// Two intercepts that may redirect the same signal: whose word counts is decided by the order of registration.
    OverlappingRedirects = "TP109", "overlapping-redirects", Warn;
    /// A wild row whose signals a wider one of the same phase hears as well.
    ShadowedWildcard = "TP110", "shadowed-wildcard", Warn;
    /// A trigram with a name that the declared space does not have.
    OutOfSpace = "TP111", "out-of-space", Deny;
    /// A path that has no rows, that nothing begins, or that never comes to an end.
    GoesNowhere = "TP112", "goes-nowhere", Warn;
    /// A signal that is chained to must be concrete, and a wild row has no chain.
    WildSignal = "TP113", "wild-signal", Deny;
}

impl Check {
    /// The one of this code or name.
    #[must_use]
    pub fn named(text: &str) -> Option<Self> {
        let is = |check: &&Self| check.name() == text || check.code().eq_ignore_ascii_case(text);
        Self::ALL.iter().find(is).copied()
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature that serde calls")]
fn as_name<S: serde::Serializer>(check: &Check, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&format_args!("{} {}", check.code(), check.name()))
}

impl Problem {
    pub(crate) fn new(check: Check, message: impl Into<String>, help: impl Into<String>) -> Self {
        Self {
            check,
            level: check.default_level(),
            message: message.into(),
            marks: Vec::new(),
            help: help.into(),
        }
    }

    pub(crate) fn mark(
        mut self,
        origin: impl Into<super::Origin>,
        note: impl Into<String>,
    ) -> Self {
        self.marks.push(Mark { origin: origin.into(), note: note.into() });
        self
    }

    /// Where it is, if it is anywhere in a document.
    #[must_use]
    pub fn place(&self) -> Option<&Place> {
        self.marks.iter().find_map(|mark| mark.origin.place())
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let level = if self.level == Level::Deny { "error" } else { "warning" };
        write!(f, "{level}[{} {}]: {}", self.check.code(), self.check.name(), self.message)?;
        for mark in &self.marks {
            write!(f, "\n  at {}: {}", mark.origin, mark.note)?;
        }
        write!(f, "\n  help: {}", self.help)
    }
}

impl fmt::Display for Check {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A document with lines that could not be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unreadable {
    problems: Vec<Problem>,
}

impl Unreadable {
    pub(crate) fn new(problems: Vec<Problem>) -> Self {
        Self { problems }
    }

    /// What could not be read; at least one.
    #[must_use]
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }
}

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const TOLD: usize = 10;
        for problem in self.problems.iter().take(TOLD) {
            writeln!(f, "{problem}")?;
        }
        match self.problems.len().saturating_sub(TOLD) {
            0 => Ok(()),
            more => write!(f, "and {more} more"),
        }
    }
}

impl Error for Unreadable {}
