//! From the diffs of a list to those of a view of it.

use super::diff::ListDiff;

/// A view of a list, as a state machine: takes each diff of the list, gives the diffs that do the same to the view.
///
/// A view begins empty, as that of an empty list, and must be given every diff in order; a [`ListDiff::Reset`] begins anew. It needs
/// neither store nor runtime. [`ListFilter`](crate::ListFilter), [`ListMap`](crate::ListMap) and
/// [`ListSort`](crate::ListSort) are such views.
///
/// ```
/// use trine_core::{ListAdapter, ListDiff, ListFilter, ListMap};
///
/// let mut view = ListFilter::new(|n: &i32| n % 2 == 0).then(ListMap::new(|n: i32| n.to_string()));
/// let (mut list, mut shown) = (Vec::new(), Vec::new());
/// for diff in [
///     ListDiff::Reset { values: vec![1, 2, 3, 4] },
///     ListDiff::Set { index: 2, value: 6 },
///     ListDiff::Remove { index: 1 },
/// ] {
///     diff.clone().apply(&mut list);
///     for diff in view.apply(diff) {
///         diff.apply(&mut shown);
///     }
/// }
/// assert_eq!((list, shown), (vec![1, 6, 4], vec!["6".to_owned(), "4".to_owned()]));
/// ```
///
/// # Panics
///
/// If a diff does not fit the list that the ones before have made. After a panic, also one of a closure, only a
/// `Reset` may follow.
pub trait ListAdapter<T> {
    /// What the view consists of.
    type Item;

    /// Takes a diff of the list, and adds those of the view to `view`.
    fn adapt(&mut self, diff: ListDiff<T>, view: &mut Vec<ListDiff<Self::Item>>);

    /// Takes a diff of the list, and returns those of the view.
    fn apply(&mut self, diff: ListDiff<T>) -> Vec<ListDiff<Self::Item>> {
        let mut view = Vec::new();
        self.adapt(diff, &mut view);
        view
    }

    /// A view of this view.
    fn then<B: ListAdapter<Self::Item>>(self, next: B) -> Then<Self, B>
    where
        Self: Sized,
    {
        Then { first: self, next }
    }
}

/// A view of a view. Made by [`ListAdapter::then`].
#[derive(Debug, Clone)]
pub struct Then<A, B> {
    /// The view of the list.
    first: A,
    /// The view of that view.
    next: B,
}

impl<T, A: ListAdapter<T>, B: ListAdapter<A::Item>> ListAdapter<T> for Then<A, B> {
    type Item = B::Item;

    fn adapt(&mut self, diff: ListDiff<T>, view: &mut Vec<ListDiff<Self::Item>>) {
        let mut between = Vec::new();
        self.first.adapt(diff, &mut between);
        for diff in between {
            self.next.adapt(diff, view);
        }
    }
}
