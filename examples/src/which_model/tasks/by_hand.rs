//! By hand.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

/// Every change has to go through `change`.
#[derive(Default)]
struct Todos {
    now: Vec<&'static str>,
    before: Vec<Vec<&'static str>>,
}

impl Todos {
    fn change(&mut self, change: impl FnOnce(&mut Vec<&'static str>)) {
        self.before.push(self.now.clone());
        change(&mut self.now);
    }

    fn undo(&mut self) {
        self.now = self.before.pop().unwrap_or_default();
    }
}

/// The past is under the same lock.
pub fn undo() -> Vec<&'static str> {
    let todos = Mutex::new(Todos::default());
    for title in ["wash up", "cook"] {
        lock(&todos).change(|todos| todos.push(title));
    }
    lock(&todos).undo();
    lock(&todos).now.clone()
}

/// A tab, and the other one. Its lock is given back before the other is told: two tabs that tell each other at once would
/// wait for each other.
#[derive(Default)]
struct Tab {
    theme: Mutex<&'static str>,
    other: Mutex<Weak<Tab>>,
}

impl Tab {
    fn pick(&self, theme: &'static str) {
        *lock(&self.theme) = theme;
        let other = lock(&self.other).upgrade();
        if let Some(other) = other {
            *lock(&other.theme) = theme;
        }
    }
}

/// They know each other.
pub fn two_tabs() -> [[&'static str; 2]; 2] {
    let (one, other) = (Arc::new(Tab::default()), Arc::new(Tab::default()));
    *lock(&one.other) = Arc::downgrade(&other);
    *lock(&other.other) = Arc::downgrade(&one);

    let shown = || [*lock(&one.theme), *lock(&other.theme)];
    one.pick("dark");
    let first = shown();
    other.pick("light");
    [first, shown()]
}

fn lock<T>(shared: &Mutex<T>) -> MutexGuard<'_, T> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}
