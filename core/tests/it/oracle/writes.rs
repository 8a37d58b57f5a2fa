//! Writes, in-place updates and transactions.

use super::{
    model::State,
    operation::{End, Step},
    world::{CellHandle, Value, World, fault, outcome, with_cell},
};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use trine_core::{Transaction, Update};

/// As `panic!`, without the noise of the panic hook.
fn half_way() {
    resume_unwind(Box::new("half way"))
}

fn panics<R>(code: impl FnOnce() -> R) {
    let payload = catch_unwind(AssertUnwindSafe(code)).err().expect("panics");
    assert_eq!(payload.downcast_ref(), Some(&"half way"));
}

impl World {
    pub(super) fn set(&self, pick: u16, number: i64) {
        let (position, cell) = self.pick_source(pick);
        let Some((held, torn)) =
            self.model().state.source(position).map(|(value, torn, _)| (*value, *torn))
        else {
            assert!(self.store.try_set(cell, self.value(number)).unwrap_err().is_disposed());
            return;
        };
        let told = if held != number || torn { vec![position] } else { vec![] };
        self.change(
            Some(!told.is_empty()),
            told,
            |model| {
                let (value, torn, _) = model.state.source(position).unwrap();
                (*value, *torn) = (number, false);
            },
            || self.store.set(cell, self.value(number)).number().map(|number| number.get()),
        );
    }

    pub(super) fn add(&self, pick: u16, more: i64) {
        let (position, cell) = self.pick_source(pick);
        let update = |value: &mut Value| value.number += more;
        if self.model().state.outcome(position).is_err() {
            let error = self.store.try_update(cell, update).map(|_| ()).unwrap_err();
            assert_eq!(Err(fault(&error)), self.model().state.outcome(position));
            return;
        }
        self.change(
            Some(true),
            vec![position],
            |model| *model.state.source(position).unwrap().0 += more,
            || self.store.update(cell, update).number().map(|number| number.get()),
        );
    }

    pub(super) fn touch(&self, pick: u16) {
        let (position, cell) = self.pick_source(pick);
        if self.model().state.outcome(position).is_ok() {
            let commit = self.store.update(cell, |_| Update::Unchanged);
            assert_eq!(commit.number(), None);
        }
    }

    /// What an update that panics after it has added `more` does to a source: tears it, unless it is atomic.
    fn torn(state: &mut State, position: usize, more: i64) -> bool {
        let (value, torn, atomic) = state.source(position).unwrap();
        if !atomic {
            (*value, *torn) = (*value + more, true);
        }
        !atomic
    }

    pub(super) fn tear(&self, pick: u16, more: i64) {
        let (position, cell) = self.pick_source(pick);
        if self.model().state.outcome(position).is_err() {
            return;
        }
        let atomic = self.model().state.source(position).unwrap().2;
        self.change(
            None,
            if atomic { vec![] } else { vec![position] },
            |model| {
                Self::torn(&mut model.state, position, more);
            },
            || {
                let last = self.store.last_commit().get();
                panics(|| {
                    self.store.update(cell, |value| {
                        value.number += more;
                        half_way();
                    })
                });
                // An atomic cell is as it was.
                (!atomic).then_some(last + 1)
            },
        );
    }

    pub(super) fn recover(&self, pick: u16, number: Option<i64>) {
        let (position, cell) = self.pick_source(pick);
        let Some((left, torn)) =
            self.model().state.source(position).map(|(value, torn, _)| (*value, *torn))
        else {
            return;
        };
        // A torn cell can be read again, which is news even if its value is as it was left.
        let commits = torn || number.is_some();
        self.change(
            Some(commits),
            if commits { vec![position] } else { vec![] },
            |model| {
                let (value, torn, _) = model.state.source(position).unwrap();
                (*value, *torn) = (number.unwrap_or(left), false);
            },
            || {
                let commit = self.store.recover(cell, |value| {
                    assert_eq!(value.number, left, "what the update has left behind");
                    let Some(number) = number else { return Update::Unchanged };
                    value.number = number;
                    Update::Changed
                });
                commit.number().map(|number| number.get())
            },
        );
    }

    /// Several updates in place: one commit, and each cell is torn alone.
    pub(super) fn updates(&self, updates: &[(u16, i64, bool)]) {
        let number = self.store.last_commit().get() + 1;
        let before = self.model().state.outcomes();
        let (mut told, mut panicked, mut place) = (Vec::new(), false, None);
        let done = catch_unwind(AssertUnwindSafe(|| {
            let ((), commit) = self.store.updates(|cells| {
                for &(pick, more, panicking) in updates {
                    let (position, cell) = self.pick_source(pick);
                    let sound = self.model().state.outcome(position).is_ok();
                    let updated = cells.update(cell, |value| {
                        value.number += more;
                        if panicking {
                            half_way();
                        }
                    });
                    assert_eq!(updated.is_ok(), sound);
                    if !sound {
                        continue;
                    }
                    let mut model = self.model();
                    panicked |= panicking;
                    let changed = if panicking {
                        Self::torn(&mut model.state, position, more)
                    } else {
                        *model.state.source(position).unwrap().0 += more;
                        true
                    };
                    model.epoch += 1;
                    if changed {
                        told.push(position);
                    }
                }
                if !told.is_empty() {
                    let mut model = self.model();
                    place = Some(model.begin_commit(before, told, number));
                }
            });
            commit.number().map(|number| number.get())
        }));
        assert_eq!(done.is_err(), panicked);
        if let Ok(committed) = done {
            assert_eq!(committed, place.map(|_| number));
        }
    }

    pub(super) fn transaction(&self, steps: &[Step], end: End) {
        let number = self.store.last_commit().get() + 1;
        let before = self.model().state.clone();
        let mut commits = false;
        let ended = catch_unwind(AssertUnwindSafe(|| {
            self.store.transaction_with_commit(|tx| {
                self.steps(tx, steps);
                match end {
                    End::Commit => {
                        let mut model = self.model();
                        let told = model.state.different_sources(&before);
                        commits = !told.is_empty();
                        if commits {
                            model.begin_commit(before.outcomes(), told, number);
                        } else {
                            model.epoch += 1;
                        }
                        return Ok(());
                    }
                    End::Fail => self.roll_back(&before),
                    End::Panic => {
                        self.roll_back(&before);
                        half_way();
                    }
                }
                Err(())
            })
        }));
        match (end, ended) {
            (End::Commit, Ok(Ok(((), commit)))) => {
                let expected = commits.then_some(number);
                assert_eq!(commit.number().map(|number| number.get()), expected);
            }
            (End::Fail, Ok(Err(()))) | (End::Panic, Err(_)) => {
                assert_eq!(self.store.last_commit().get(), number - 1);
            }
            (end, _) => panic!("{end:?} ended in another way"),
        }
    }

    /// The model comes back to what it was, as the store is about to.
    fn roll_back(&self, before: &State) {
        let mut model = self.model();
        model.state = before.clone();
        model.epoch += 1;
    }

    fn steps(&self, tx: &mut Transaction<'_>, steps: &[Step]) {
        for step in steps {
            match step {
                Step::Set(pick, number) => {
                    let (position, cell) = self.pick_source(*pick);
                    let alive = {
                        let mut model = self.model();
                        model.epoch += 1;
                        model.state.source(position).map(|(value, torn, _)| {
                            (*value, *torn) = (*number, false);
                        })
                    };
                    let set = tx.try_set(cell, self.value(*number));
                    assert_eq!(set.is_ok(), alive.is_some());
                }
                Step::Add(pick, more) => {
                    let (position, cell) = self.pick_source(*pick);
                    let sound = {
                        let mut model = self.model();
                        model.epoch += 1;
                        let sound = model.state.outcome(position).is_ok();
                        if sound {
                            *model.state.source(position).unwrap().0 += more;
                        }
                        sound
                    };
                    let updated = tx.try_update(cell, |value| value.number += more);
                    assert_eq!(updated.is_ok(), sound);
                }
                Step::Tear(pick, more) => {
                    let (position, cell) = self.pick_source(*pick);
                    {
                        let mut model = self.model();
                        if model.state.outcome(position).is_err() {
                            continue;
                        }
                        model.epoch += 1;
                        Self::torn(&mut model.state, position, *more);
                    }
                    panics(|| {
                        tx.try_update(cell, |value| {
                            value.number += more;
                            half_way();
                        })
                    });
                }
                Step::Read(pick) => {
                    let (position, handle) = self.pick(*pick);
                    let seen = with_cell!(handle, cell => tx.try_get(cell));
                    let expected = self.model().state.outcome(position);
                    assert_eq!(outcome(&seen), expected, "cell {position}, inside");
                }
                Step::Nested(steps, end) => {
                    let before = self.model().state.clone();
                    let ended = catch_unwind(AssertUnwindSafe(|| {
                        tx.transaction(|tx| {
                            self.steps(tx, steps);
                            if *end == End::Commit {
                                return Ok(());
                            }
                            self.roll_back(&before);
                            if *end == End::Panic {
                                half_way();
                            }
                            Err(())
                        })
                    }));
                    let expected = match ended {
                        Ok(Ok(())) => End::Commit,
                        Ok(Err(())) => End::Fail,
                        Err(_) => End::Panic,
                    };
                    assert_eq!(*end, expected);
                }
            }
        }
    }
}
