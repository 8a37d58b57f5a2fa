//! Which signals an adapter is for.

use crate::{
    context::AppCtx,
    handler::{Contained, contain},
    pattern::{Part, Pattern},
    trigram::Trigram,
    typed::{Action, Orient, Term, TypedTrigram},
};
use std::{fmt, sync::Arc};

/// Which signals an adapter is for: those that match one of its patterns and, if there is one, its condition.
///
/// Made from a pattern, a typed trigram, an array or a `Vec` of patterns; everything that takes a filter takes those. A signal that matches several
/// of the patterns is one signal still.
///
/// ```
/// use trine_tao::{ANY, AppCtx, Filter};
///
/// let filter = Filter::from([("User", "*", "Portal"), ("*", "*", "Admin")]);
/// assert!(filter.matches(&AppCtx::new("User", "Find", "Portal")));
/// assert!(!filter.matches(&AppCtx::new("Space", "Find", "Portal")));
///
/// let mine = Filter::from((ANY, ANY, "Portal")).when(|cx| cx.orient_datum::<u32>() == Ok(&7));
/// assert!(mine.matches(&AppCtx::new("User", "Find", "Portal").orient(7_u32)));
/// assert!(!mine.matches(&AppCtx::new("User", "Find", "Portal")));
/// ```
#[doc(alias = "trigramFilter")]
#[derive(Clone)]
pub struct Filter {
    /// One of these must match.
    patterns: Patterns,
    /// And this must hold.
    condition: Option<Condition>,
}

/// A user's condition.
type Condition = Arc<dyn Fn(&AppCtx) -> bool + Send + Sync>;

#[derive(Clone)]
enum Patterns {
    /// The common case, without an allocation.
    One(Pattern),
    Many(Arc<[Pattern]>),
}

impl Filter {
    /// Everything that can be said.
    #[must_use]
    pub fn all() -> Self {
        Self::from(Pattern::new("*", "*", "*"))
    }

    /// Nothing.
    #[must_use]
    pub fn none() -> Self {
        Self::from(Vec::<Pattern>::new())
    }

    /// Lets through what meets `condition` as well. Of several conditions all must be met.
    ///
    /// It is called where the adapter's handler is, outside of all locks; a panic of it is an error of that handler.
    #[must_use]
    pub fn when(self, condition: impl Fn(&AppCtx) -> bool + Send + Sync + 'static) -> Self {
        let condition = Contained::new(condition);
        let condition: Condition = match self.condition {
            None => Arc::new(move |cx| condition(cx)),
            Some(before) => Arc::new(move |cx| before(cx) && condition(cx)),
        };
        Self { condition: Some(condition), ..self }
    }

    /// Whether it is for this signal.
    #[must_use]
    pub fn matches(&self, context: &AppCtx) -> bool {
        self.names(context) && self.condition.as_ref().is_none_or(|condition| condition(context))
    }

    /// The patterns, in the order in which they were given.
    #[must_use]
    pub fn patterns(&self) -> &[Pattern] {
        match &self.patterns {
            Patterns::One(pattern) => std::slice::from_ref(pattern),
            Patterns::Many(patterns) => patterns,
        }
    }

    /// Whether one of the patterns matches.
    pub(crate) fn names(&self, context: &AppCtx) -> bool {
        self.patterns().iter().any(|pattern| pattern.matches(context.trigram()))
    }

    /// Whether the condition holds; one that panics does not.
    pub(crate) fn condition_holds(&self, context: &AppCtx) -> bool {
        match &self.condition {
            None => true,
            Some(condition) => contain(|| condition(context)).unwrap_or(false),
        }
    }

    /// Whether a signal that matches the pattern of this number is to go through on its account: the first that matches counts.
    pub(crate) fn lets_through(&self, number: usize, context: &AppCtx) -> bool {
        let before = &self.patterns()[..number];
        !before.iter().any(|pattern| pattern.matches(context.trigram()))
            && self.condition.as_ref().is_none_or(|condition| condition(context))
    }
}

impl From<Pattern> for Filter {
    fn from(pattern: Pattern) -> Self {
        Self { patterns: Patterns::One(pattern), condition: None }
    }
}

impl<T: Into<Part>, A: Into<Part>, O: Into<Part>> From<(T, A, O)> for Filter {
    #[track_caller]
    fn from(parts: (T, A, O)) -> Self {
        Self::from(Pattern::from(parts))
    }
}

impl<T: Term, A: Action, O: Orient> From<TypedTrigram<T, A, O>> for Pattern {
    fn from(trigram: TypedTrigram<T, A, O>) -> Self {
        (&trigram.name()).into()
    }
}

impl<T: Term, A: Action, O: Orient> From<TypedTrigram<T, A, O>> for Filter {
    fn from(trigram: TypedTrigram<T, A, O>) -> Self {
        Self::from(Pattern::from(trigram))
    }
}

impl From<&Trigram> for Filter {
    fn from(signal: &Trigram) -> Self {
        Self::from(Pattern::from(signal))
    }
}

impl<P: Into<Pattern>, const N: usize> From<[P; N]> for Filter {
    #[track_caller]
    fn from(patterns: [P; N]) -> Self {
        patterns.map(Into::into).into_iter().collect()
    }
}

impl<P: Into<Pattern>> From<Vec<P>> for Filter {
    fn from(patterns: Vec<P>) -> Self {
        patterns.into_iter().map(Into::into).collect()
    }
}

impl FromIterator<Pattern> for Filter {
    fn from_iter<I: IntoIterator<Item = Pattern>>(patterns: I) -> Self {
        Self { patterns: Patterns::Many(patterns.into_iter().collect()), condition: None }
    }
}

impl From<&Filter> for Filter {
    fn from(filter: &Filter) -> Self {
        filter.clone()
    }
}

impl fmt::Display for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.patterns().is_empty() {
            return f.write_str("nothing");
        }
        for (number, pattern) in self.patterns().iter().enumerate() {
            let or = if number == 0 { "" } else { " or " };
            write!(f, "{or}{pattern}")?;
        }
        f.write_str(if self.condition.is_some() { " under a condition" } else { "" })
    }
}

impl fmt::Debug for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Filter({self})")
    }
}
