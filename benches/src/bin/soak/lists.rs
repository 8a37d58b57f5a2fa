//! Lists, those who read their diffs, and scopes.

use crate::world::{World, join};
use std::{future::pending, num::NonZeroUsize};

/// How long the list becomes.
const LONGEST: usize = 300;

impl World {
    pub(crate) fn edit_list(&mut self) {
        let (kind, value) = (self.random.below(8), self.random.next());
        let (a, b) = (self.random.below(LONGEST), self.random.below(LONGEST));
        self.store.edit(self.list, |list| {
            let len = list.len();
            if len >= LONGEST {
                list.truncate(LONGEST / 2);
            } else if len < 2 || kind < 2 {
                list.push(value);
            } else {
                match kind {
                    2 => list.insert(a % len, value),
                    3 => drop(list.remove(a % len)),
                    4 => list.set(a % len, value),
                    5 => list.move_item(a % len, b % len),
                    6 => list.swap(a % len, b % len),
                    _ => list.retain(|value| value % 16 != 0),
                }
            }
        });
    }

    pub(crate) fn diffs(&mut self) {
        let capacity = NonZeroUsize::new(1 + self.random.below(16)).expect("not zero");
        let diffs = self.store.diffs(self.list, capacity);
        drop(join(&mut self.crowd.diffs, diffs));
        let which = self.random.below(self.crowd.diffs.len());
        let mut mirror = Vec::new();
        if self.random.once_in(4) {
            // A view of its own, which begins with all of the list.
            let mut view = self
                .store
                .diffs(self.list, capacity)
                .filter(|value| value % 2 == 0)
                .map(|value| value / 2)
                .sort_by(u64::cmp);
            while let Some(batch) = view.try_next() {
                batch.into_iter().for_each(|diff| diff.apply(&mut mirror));
            }
            assert!(mirror.is_sorted());
        } else {
            while self.crowd.diffs[which].try_next().is_some() {}
        }
    }

    pub(crate) fn scope(&mut self) {
        let scope = self.store.scope("scope");
        let cell = scope.source(1_u64);
        let sum = self.sum;
        let both = scope.derived(move |cx| cx.get(cell) + cx.get(sum));
        scope.subscribe(both, |_| {});
        let inner = scope.scope("inner");
        inner.subscribe(cell, |_| {});
        drop(inner.run("run", |_| pending::<Result<u64, String>>()));
        self.store.set(cell, 2);
        if self.random.once_in(2) {
            inner.end();
        }
        if let Some(old) = join(&mut self.crowd.scopes, scope) {
            old.end();
        }
    }
}
