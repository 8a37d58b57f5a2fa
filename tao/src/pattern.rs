//! What handlers listen to: a trigram that may be wild on any axis, or name several.

use crate::trigram::Trigram;
use std::{fmt, ops::Deref, sync::Arc};
use trine_core::Text;

/// Matches every name on its axis. In a pattern, the string `"*"` means the same.
pub const ANY: Any = Any;

/// The type of [`ANY`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Any;

/// What a handler listens to: a name, one of several names, or anything, on each axis.
///
/// Made from a tuple; everything that takes a pattern takes the tuple. An array means any of its names.
///
/// ```
/// use trine_tao::{ANY, Pattern, Trigram};
///
/// let admin = Pattern::from(("*", "*", "Admin"));
/// let find = Pattern::from((["User", "Space"], "Find", ANY));
/// assert!(find.matches(&Trigram::new("Space", "Find", "Portal")?));
/// assert!(!find.matches(&Trigram::new("Session", "Find", "Portal")?));
/// assert_eq!(find.meet(&admin).unwrap().to_string(), "{Space|User,Find,Admin}");
/// assert_eq!(admin.to_string(), "{*,*,Admin}");
/// # Ok::<_, trine_tao::NotConcrete>(())
/// ```
///
/// # Order
///
/// Patterns are sets of signals, and the methods say what holds for those sets: [`covers`](Self::covers) is inclusion,
/// [`overlaps`](Self::overlaps) says whether they have a signal in common, [`meet`](Self::meet) is what they have in common.
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
    /// One of these names: at least two.
    OneOf(Names),
}

/// The names of a [`Part::OneOf`]: at least two, sorted, each once.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Names(Arc<[Text]>);

impl Pattern {
    /// A pattern of three parts.
    ///
    /// # Panics
    ///
    /// If a part is the empty string or an empty list, which no signal can match: write [`ANY`] to match all.
    #[track_caller]
    pub fn new(term: impl Into<Part>, action: impl Into<Part>, orient: impl Into<Part>) -> Self {
        let parts = [term.into(), action.into(), orient.into()];
        assert!(
            !parts.iter().any(|part| part
                .names()
                .is_some_and(|names| names.iter().any(|name| name.is_empty()))),
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
        self.parts.iter().zip(trigram.parts()).all(|(part, name)| part.hears(name))
    }

    /// Whether some signal matches both patterns.
    #[must_use]
    pub fn overlaps(&self, other: &Self) -> bool {
        self.parts.iter().zip(&other.parts).all(|(one, two)| one.overlaps(two))
    }

    /// Whether every signal that matches `other` matches this one too.
    #[must_use]
    pub fn covers(&self, other: &Self) -> bool {
        self.parts.iter().zip(&other.parts).all(|(one, two)| one.covers(two))
    }

    /// The pattern of the signals that match both; none if there is no such signal.
    #[must_use]
    pub fn meet(&self, other: &Self) -> Option<Self> {
        let [term, action, orient] = &self.parts;
        let [other_term, other_action, other_orient] = &other.parts;
        Some(Self {
            parts: [term.meet(other_term)?, action.meet(other_action)?, orient.meet(other_orient)?],
        })
    }

    /// The one signal that matches, if it is only one.
    #[must_use]
    pub fn trigram(&self) -> Option<Trigram> {
        let [Part::Name(term), Part::Name(action), Part::Name(orient)] = &self.parts else {
            return None;
        };
        Trigram::new(term.clone(), action.clone(), orient.clone()).ok()
    }
}

impl Part {
    /// The names that it may be; none if that is any.
    #[must_use]
    pub fn names(&self) -> Option<&[Text]> {
        match self {
            Self::Any => None,
            Self::Name(name) => Some(std::slice::from_ref(name)),
            Self::OneOf(names) => Some(names),
        }
    }

    /// Whether it may be this name.
    #[must_use]
    #[inline]
    pub fn matches(&self, name: &str) -> bool {
        match self {
            Self::Any => true,
            Self::Name(own) => own == name,
            Self::OneOf(names) => names.has(name),
        }
    }

    /// The same, for a name of a signal.
    #[inline]
    fn hears(&self, name: &Text) -> bool {
        match self {
            Self::Name(own) => own == name,
            _ => self.matches(name),
        }
    }

    fn overlaps(&self, other: &Self) -> bool {
        match (self.names(), other.names()) {
            (Some(one), Some(_)) => one.iter().any(|name| other.matches(name)),
            _ => true,
        }
    }

    fn covers(&self, other: &Self) -> bool {
        match (self, other.names()) {
            (Self::Any, _) => true,
            (_, None) => false,
            (_, Some(names)) => names.iter().all(|name| self.matches(name)),
        }
    }

    fn meet(&self, other: &Self) -> Option<Self> {
        match (self.names(), other.names()) {
            (_, None) => Some(self.clone()),
            (None, _) => Some(other.clone()),
            (Some(one), Some(_)) => {
                Self::one_of(one.iter().filter(|name| other.matches(name)).cloned().collect())
            }
        }
    }

    /// What may be any of these names; nothing if there are none.
    fn one_of(mut names: Vec<Text>) -> Option<Self> {
        if names.iter().any(|name| name == "*") {
            return Some(Self::Any);
        }
        names.sort_unstable();
        names.dedup();
        match names.len() {
            0 => None,
            1 => names.pop().map(Self::Name),
            _ => Some(Self::OneOf(Names(names.into()))),
        }
    }
}

impl Names {
    fn has(&self, name: &str) -> bool {
        self.0.binary_search_by(|own| own.as_str().cmp(name)).is_ok()
    }
}

impl Deref for Names {
    type Target = [Text];

    fn deref(&self) -> &[Text] {
        &self.0
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

/// Any of these names. A `*` among them means any name at all.
///
/// # Panics
///
/// If there are none.
impl<T: Into<Text>, const N: usize> From<[T; N]> for Part {
    #[track_caller]
    fn from(names: [T; N]) -> Self {
        names.into_iter().map(Into::into).collect::<Vec<Text>>().into()
    }
}

/// Any of these names. A `*` among them means any name at all.
///
/// # Panics
///
/// If there are none.
impl From<Vec<Text>> for Part {
    #[track_caller]
    fn from(names: Vec<Text>) -> Self {
        match Self::one_of(names) {
            Some(part) => part,
            None => panic!("a part of a pattern is an empty list: write `ANY` to match every name"),
        }
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
            Self::OneOf(names) => {
                for (index, name) in names.iter().enumerate() {
                    let bar = if index == 0 { "" } else { "|" };
                    write!(f, "{bar}{name}")?;
                }
                Ok(())
            }
        }
    }
}
