//! What handlers listen to: a trigram that may be wild on any axis.

use crate::trigram::Trigram;
use std::fmt;
use trine_core::Text;

/// Matches every name on its axis. In a pattern, the string `"*"` means the same.
pub const ANY: Any = Any;

/// The type of [`ANY`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Any;

/// What a handler listens to: a name or anything, on each axis.
///
/// Made from a tuple; everything that takes a pattern takes the tuple.
///
/// ```
/// use trine_tao::{ANY, Pattern, Trigram};
///
/// let admin = Pattern::from(("*", "*", "Admin"));
/// let find = Pattern::from((ANY, "Find", "Portal"));
/// assert!(find.matches(&Trigram::new("User", "Find", "Portal")?));
/// assert!(!find.overlaps(&admin));
/// assert_eq!(admin.to_string(), "{*,*,Admin}");
/// # Ok::<_, trine_tao::NotConcrete>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Pattern {
    /// The parts in the order of the axes.
    parts: [Part; 3],
}

/// One part of a [`Pattern`].
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Part {
    /// Any name.
    Any,
    /// This name.
    Name(Text),
}

impl Pattern {
    /// A pattern of three parts.
    ///
    /// # Panics
    ///
    /// If a part is the empty string, which no signal can match: write [`ANY`] to match all.
    #[track_caller]
    pub fn new(term: impl Into<Part>, action: impl Into<Part>, orient: impl Into<Part>) -> Self {
        let parts = [term.into(), action.into(), orient.into()];
        assert!(
            !parts.iter().any(|part| matches!(part, Part::Name(name) if name.is_empty())),
            "a part of a pattern is empty: write `ANY` to match every name"
        );
        Self { parts }
    }

    /// The parts: term, action, orient.
    #[must_use]
    pub fn parts(&self) -> &[Part; 3] {
        &self.parts
    }

    /// Whether handlers of this pattern hear a signal of that name.
    #[must_use]
    pub fn matches(&self, trigram: &Trigram) -> bool {
        self.parts.iter().zip(trigram.parts()).all(|(part, name)| match part {
            Part::Any => true,
            Part::Name(own) => own == name,
        })
    }

    /// Whether some signal matches both patterns.
    #[must_use]
    pub fn overlaps(&self, other: &Self) -> bool {
        self.parts.iter().zip(&other.parts).all(|pair| match pair {
            (Part::Name(one), Part::Name(two)) => one == two,
            _ => true,
        })
    }

    /// Whether every signal that matches `other` matches this one too.
    #[must_use]
    pub fn covers(&self, other: &Self) -> bool {
        self.parts.iter().zip(&other.parts).all(|pair| match pair {
            (Part::Any, _) => true,
            (Part::Name(one), Part::Name(two)) => one == two,
            (Part::Name(_), Part::Any) => false,
        })
    }
}

impl<T: Into<Part>, A: Into<Part>, O: Into<Part>> From<(T, A, O)> for Pattern {
    #[track_caller]
    fn from((term, action, orient): (T, A, O)) -> Self {
        Self::new(term, action, orient)
    }
}

impl From<&Trigram> for Pattern {
    fn from(trigram: &Trigram) -> Self {
        Self { parts: trigram.parts().map(|name| Part::Name(name.clone())) }
    }
}

impl From<Any> for Part {
    fn from(Any: Any) -> Self {
        Self::Any
    }
}

impl From<Text> for Part {
    fn from(name: Text) -> Self {
        if name == "*" { Self::Any } else { Self::Name(name) }
    }
}

impl From<&'static str> for Part {
    fn from(name: &'static str) -> Self {
        Text::from(name).into()
    }
}

impl From<String> for Part {
    fn from(name: String) -> Self {
        Text::from(name).into()
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [term, action, orient] = &self.parts;
        write!(f, "{{{term},{action},{orient}}}")
    }
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Any => f.write_str("*"),
            Self::Name(name) => name.fmt(f),
        }
    }
}
