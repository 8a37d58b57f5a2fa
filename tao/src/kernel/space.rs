//! What an app says that its signals are, and what is to happen when something is not among them.

use super::{Core, HandlerInfo};
use crate::{
    error::{CascadeError, Refusal, RefusedError},
    observe::{Place, What},
    pattern::{Part, Pattern},
    trigram::{Axis, Trigram},
};
use std::fmt;
use trine_core::Text;

/// What is to happen when something is noticed that is most likely a mistake.
///
/// Whatever the level, it is an observation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Level {
    /// Nothing.
    #[default]
    Allow,
    /// It is reported through `tracing`, as a warning.
    Warn,
    /// A signal is refused: it is dispatched to nobody, its [`Conclusion`](crate::Conclusion) is `Failed`, and that is reported as an
    /// error. A handler that cannot be reached is not registered, and that is reported as an error.
    Deny,
}

/// The signals that an app has: those that match one of some patterns.
///
/// Most often one pattern, which lists the names on each axis. Declared with
/// [`KernelBuilder::space`](crate::KernelBuilder::space).
///
/// ```
/// use trine_tao::{Space, Trigram};
///
/// let space = Space::new((["App", "User"], ["Enter", "Find"], "Portal")).and(("App", "View", "Admin"));
/// assert!(space.contains(&Trigram::new("User", "Find", "Portal")?));
/// assert!(!space.contains(&Trigram::new("User", "View", "Admin")?));
/// # Ok::<_, trine_tao::NotConcrete>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Space(Vec<Pattern>);

/// What a kernel does about mistakes.
#[derive(Debug, Clone, Default)]
pub(super) struct Rules {
    pub(super) space: Option<Space>,
    pub(super) unhandled: Level,
    pub(super) out_of_space: Level,
    pub(super) dead_handlers: Level,
}

impl Space {
    /// The signals that match `pattern`.
    pub fn new(pattern: impl Into<Pattern>) -> Self {
        Self(vec![pattern.into()])
    }

    /// These, and the signals that match `pattern`.
    #[must_use]
    pub fn and(mut self, pattern: impl Into<Pattern>) -> Self {
        self.0.push(pattern.into());
        self
    }

    /// The patterns that say which signals there are.
    #[must_use]
    pub fn patterns(&self) -> &[Pattern] {
        &self.0
    }

    /// Whether it is a signal of the space.
    #[must_use]
    pub fn contains(&self, signal: &Trigram) -> bool {
        self.0.iter().any(|pattern| pattern.matches(signal))
    }

    /// Whether a handler of `pattern` can ever hear a signal of the space.
    #[must_use]
    pub fn reaches(&self, pattern: &Pattern) -> bool {
        self.0.iter().any(|own| own.overlaps(pattern))
    }

    /// The first part of a signal that no signal of the space has there, and a name that it may have been meant to be.
    fn stranger(&self, signal: &Trigram) -> Option<(Axis, Option<Text>)> {
        let axes = [Axis::Term, Axis::Action, Axis::Orient];
        let (axis, part) = axes
            .into_iter()
            .zip(signal.parts())
            .find(|(axis, part)| !self.parts(*axis).any(|own| own.matches(part)))?;
        let names = self.parts(axis).filter_map(Part::names).flatten();
        let near = names.map(|name| (distance(name, part), name)).min_by_key(|(far, _)| *far);
        let near = near.filter(|(far, _)| *far <= 1 + part.chars().count() / 4);
        Some((axis, near.map(|(_, name)| name.clone())))
    }

    fn parts(&self, axis: Axis) -> impl Iterator<Item = &Part> {
        self.0.iter().map(move |pattern| &pattern.parts()[axis as usize])
    }
}

impl<P: Into<Pattern>> From<P> for Space {
    fn from(pattern: P) -> Self {
        Self::new(pattern)
    }
}

impl fmt::Display for Space {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, pattern) in self.0.iter().enumerate() {
            let and = if index == 0 { "" } else { " and " };
            write!(f, "{and}{pattern}")?;
        }
        Ok(())
    }
}

impl Rules {
    /// Whether there is anything to look at.
    pub(super) fn are_any(&self) -> bool {
        self.space.is_some() || self.unhandled != Level::Allow
    }

    /// Judges a signal that has been received; the error if it is refused. What has to be observed is.
    pub(super) fn judge(
        &self,
        core: &Core,
        place: &Place,
        unhandled: bool,
    ) -> Option<CascadeError> {
        let signal = place.context.trigram();
        let outside = self.space.as_ref().filter(|space| !space.contains(signal));
        let (level, refusal) = if let Some(space) = outside {
            core.observers().tell(place, What::OutOfSpace);
            let (axis, near) = match space.stranger(signal) {
                Some((axis, near)) => (Some(axis), near),
                None => (None, None),
            };
            (self.out_of_space, Refusal::OutOfSpace { axis, near })
        } else if unhandled {
            (self.unhandled, Refusal::Unhandled)
        } else {
            return None;
        };
        let error = RefusedError { signal: signal.clone(), refusal };
        match level {
            Level::Allow => {}
            Level::Warn => tracing::warn!(cascade = place.cascade.get(), "{error}"),
            Level::Deny => return Some(error.into()),
        }
        None
    }

    /// Judges a handler that is to be registered: how it is dead, if it is.
    pub(super) fn judge_handler(&self, handler: &HandlerInfo) -> Option<(Level, &Space)> {
        let space = self.space.as_ref()?;
        (!space.reaches(handler.pattern())).then_some((self.dead_handlers, space))
    }
}

/// How many characters have to be added, taken out or exchanged, neighbours too, to make one name of the other (Damerau and
/// Levenshtein, restricted to one exchange per pair).
fn distance(one: &str, two: &str) -> usize {
    let (one, two): (Vec<char>, Vec<char>) = (one.chars().collect(), two.chars().collect());
    let mut before = Vec::new();
    let mut last: Vec<usize> = (0..=two.len()).collect();
    for (i, own) in one.iter().enumerate() {
        let mut next = vec![i + 1];
        for (j, other) in two.iter().enumerate() {
            let mut least =
                (last[j] + usize::from(own != other)).min(last[j + 1] + 1).min(next[j] + 1);
            if i > 0 && j > 0 && *own == two[j - 1] && one[i - 1] == *other {
                let pair: &Vec<usize> = &before;
                least = least.min(pair[j - 1] + 1);
            }
            next.push(least);
        }
        before = std::mem::replace(&mut last, next);
    }
    last[two.len()]
}

#[cfg(test)]
mod tests {
    use super::distance;

    #[test]
    fn a_slip_of_the_pen_is_near() {
        assert_eq!(distance("Find", "Fnid"), 1);
        assert_eq!(distance("Find", "Fin"), 1);
        assert_eq!(distance("", "abc"), 3);
        assert_eq!(distance("Enter", "Enter"), 0);
        assert_eq!(distance("kitten", "sitting"), 3);
    }
}
