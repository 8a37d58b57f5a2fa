//! The name of a signal: Term, Action, Orient.

use std::fmt;
use trine_core::Text;

/// One of the three parts of a trigram, and of the three slots of a datum.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Axis {
    /// What it is about: a thing of the app's domain.
    Term,
    /// What happens to it.
    Action,
    /// From whose point of view.
    Orient,
}

/// What a signal is called: `{Term,Action,Orient}`, for example `{User,Enter,Portal}`.
///
/// Always concrete: no part is empty or the wildcard `*`. What may be wild is a [`Pattern`](crate::Pattern).
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Trigram {
    /// What it is about.
    term: Text,
    /// What happens.
    action: Text,
    /// From whose point of view.
    orient: Text,
}

/// A part of a signal is empty or the wildcard `*`: only patterns may be wild.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the {axis} of a signal must be a name, not `{part}`: only a pattern may be wild")]
pub struct NotConcrete {
    /// Which part.
    pub axis: Axis,
    /// What was given.
    pub part: Text,
}

impl Trigram {
    /// A trigram of three names.
    ///
    /// # Errors
    ///
    /// [`NotConcrete`] if one of them is empty or `*`.
    pub fn new(
        term: impl Into<Text>,
        action: impl Into<Text>,
        orient: impl Into<Text>,
    ) -> Result<Self, NotConcrete> {
        Ok(Self {
            term: concrete(Axis::Term, term.into())?,
            action: concrete(Axis::Action, action.into())?,
            orient: concrete(Axis::Orient, orient.into())?,
        })
    }

    /// A trigram of parts that were checked already.
    pub(crate) fn of(term: Text, action: Text, orient: Text) -> Self {
        Self { term, action, orient }
    }

    /// What it is about.
    #[must_use]
    pub fn term(&self) -> &Text {
        &self.term
    }

    /// What happens.
    #[must_use]
    pub fn action(&self) -> &Text {
        &self.action
    }

    /// From whose point of view.
    #[must_use]
    pub fn orient(&self) -> &Text {
        &self.orient
    }

    /// The parts in the order of the axes.
    pub(crate) fn parts(&self) -> [&Text; 3] {
        [&self.term, &self.action, &self.orient]
    }
}

fn concrete(axis: Axis, part: Text) -> Result<Text, NotConcrete> {
    if part.is_empty() || part == "*" { Err(NotConcrete { axis, part }) } else { Ok(part) }
}

impl fmt::Display for Trigram {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{{{},{},{}}}", self.term, self.action, self.orient)
    }
}

impl fmt::Display for Axis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Term => "term",
            Self::Action => "action",
            Self::Orient => "orient",
        })
    }
}
