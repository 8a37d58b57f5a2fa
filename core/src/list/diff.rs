//! One change of a list.

/// One change of a list. Applied to a vector that is as the list was, it makes it what the list is.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum ListDiff<T> {
    /// An element came to the end.
    Push {
        /// The element.
        value: T,
    },
    /// An element came in front of the one at `index`, or to the end.
    Insert {
        /// Where it is now.
        index: usize,
        /// The element.
        value: T,
    },
    /// An element is gone.
    Remove {
        /// Where it was.
        index: usize,
    },
    /// An element was taken out, and put in elsewhere.
    Move {
        /// Where it was.
        from: usize,
        /// Where it is now.
        to: usize,
    },
    /// An element was replaced or changed.
    Set {
        /// Where it is.
        index: usize,
        /// What it is now.
        value: T,
    },
    /// Only the first elements are left.
    Truncate {
        /// How many.
        len: usize,
    },
    /// All elements are gone.
    Clear,
    /// The list is this now, whatever it was: the content that a reader begins with, a list that was replaced as a whole,
    /// or all that a reader has missed.
    Reset {
        /// All elements.
        values: Vec<T>,
    },
}

impl<T> ListDiff<T> {
    /// Does to `items` what was done to the list.
    ///
    /// # Panics
    ///
    /// If an index is not in `items`, which then is not as the list was before.
    #[track_caller]
    pub fn apply(self, items: &mut Vec<T>) {
        self.apply_keeping(items, |_| {});
    }

    /// Like [`apply`](Self::apply); hands over the elements that were displaced.
    #[track_caller]
    pub(super) fn apply_keeping(self, items: &mut Vec<T>, mut displaced: impl FnMut(T)) {
        match self {
            Self::Push { value } => items.push(value),
            Self::Insert { index, value } => items.insert(index, value),
            Self::Remove { index } => displaced(items.remove(index)),
            Self::Move { from, to } => shift(items, from, to),
            Self::Set { index, value } => {
                displaced(std::mem::replace(&mut items[index], value));
            }
            Self::Truncate { len } => items.drain(len..).for_each(displaced),
            Self::Clear => items.drain(..).for_each(displaced),
            Self::Reset { values } => {
                std::mem::replace(items, values).into_iter().for_each(displaced);
            }
        }
    }

    /// The same change of a list of other elements.
    pub fn map<U>(self, mut f: impl FnMut(T) -> U) -> ListDiff<U> {
        match self {
            Self::Push { value } => ListDiff::Push { value: f(value) },
            Self::Insert { index, value } => ListDiff::Insert { index, value: f(value) },
            Self::Remove { index } => ListDiff::Remove { index },
            Self::Move { from, to } => ListDiff::Move { from, to },
            Self::Set { index, value } => ListDiff::Set { index, value: f(value) },
            Self::Truncate { len } => ListDiff::Truncate { len },
            Self::Clear => ListDiff::Clear,
            Self::Reset { values } => {
                ListDiff::Reset { values: values.into_iter().map(f).collect() }
            }
        }
    }
}

/// Takes the element at `from` out and puts it in at `to`.
#[track_caller]
pub(super) fn shift<T>(items: &mut [T], from: usize, to: usize) {
    if from < to {
        items[from..=to].rotate_left(1);
    } else {
        items[to..=from].rotate_right(1);
    }
}
