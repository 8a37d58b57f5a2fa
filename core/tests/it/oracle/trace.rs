//! What has happened, in order, and whether it should have.

use super::formula::Outcome;
use std::collections::{BTreeMap, VecDeque};

/// Something that has happened.
#[derive(Debug)]
pub(super) enum Entry {
    /// Cells are about to change, as the commit of this number if it comes to one.
    Changing(Changing),
    /// A subscriber was added.
    Added { subscriber: usize, cell: usize, face: Face },
    /// A subscriber was removed.
    Removed { subscriber: usize },
    /// A cell was removed.
    Disposed { cell: usize },
    /// A callback was called.
    Called { subscriber: usize, number: u64, value: Outcome },
}

/// A change of cells.
#[derive(Debug)]
pub(super) struct Changing {
    /// The number of the commit; none if there was no commit.
    pub(super) number: Option<u64>,
    pub(super) before: Vec<Outcome>,
    pub(super) after: Vec<Outcome>,
    /// The sources whose subscribers are told, whether the value differs or not.
    pub(super) told: Vec<usize>,
    /// How many of the cells are sources.
    pub(super) sources: Vec<bool>,
}

impl Changing {
    /// Whether those who listen to a cell are told.
    fn concerns(&self, cell: usize) -> bool {
        if self.sources[cell] {
            self.told.contains(&cell)
        } else {
            self.before[cell] != self.after[cell]
        }
    }
}

/// How a subscriber is told, and what it has not heard yet.
#[derive(Debug, Clone)]
pub(super) enum Face {
    Callback { due: VecDeque<(u64, Outcome)> },
    Stream { capacity: usize, waiting: VecDeque<Outcome>, lagged: u64, closed: bool },
    Watch { good: i64, now: Outcome, number: u64, seen: u64, closed: bool },
}

/// The subscribers that there are, by their numbers.
#[derive(Debug, Default)]
pub(super) struct Judge {
    pub(super) subscribers: BTreeMap<usize, (usize, Face)>,
}

impl Judge {
    /// Judges what has happened since the last time. Everything has been delivered.
    pub(super) fn judge(&mut self, trace: Vec<Entry>) -> Result<(), String> {
        let mut last_told = 0;
        for entry in trace {
            match entry {
                Entry::Changing(changing) => self.change(&changing)?,
                Entry::Added { subscriber, cell, face } => {
                    self.subscribers.insert(subscriber, (cell, face));
                }
                Entry::Removed { subscriber } => {
                    self.subscribers.remove(&subscriber);
                }
                Entry::Disposed { cell } => self.dispose(cell),
                Entry::Called { subscriber, number, value } => {
                    if number < last_told {
                        return Err(format!("commit {number} was told after {last_told}"));
                    }
                    last_told = number;
                    let Some((_, Face::Callback { due })) = self.subscribers.get_mut(&subscriber)
                    else {
                        return Err(format!("subscriber {subscriber} was called after its end"));
                    };
                    let expected = due.pop_front();
                    if expected != Some((number, value)) {
                        let heard = (number, value);
                        return Err(format!(
                            "subscriber {subscriber} was told {heard:?}, not {expected:?}"
                        ));
                    }
                }
            }
        }
        for (subscriber, (_, face)) in &self.subscribers {
            if let Face::Callback { due } = face
                && !due.is_empty()
            {
                return Err(format!("subscriber {subscriber} was not told of {due:?}"));
            }
        }
        Ok(())
    }

    fn change(&mut self, changing: &Changing) -> Result<(), String> {
        for (subscriber, (cell, face)) in &mut self.subscribers {
            let closed = matches!(
                face,
                Face::Stream { closed: true, .. } | Face::Watch { closed: true, .. }
            );
            if closed || changing.before.len() <= *cell || !changing.concerns(*cell) {
                continue;
            }
            let Some(number) = changing.number else {
                return Err(format!("no commit tells subscriber {subscriber} of {changing:?}"));
            };
            let value = changing.after[*cell];
            match face {
                Face::Callback { due } => due.push_back((number, value)),
                Face::Stream { capacity, waiting, lagged, .. } => {
                    if waiting.len() == *capacity {
                        waiting.pop_front();
                        *lagged += 1;
                    }
                    waiting.push_back(value);
                }
                Face::Watch { good, now, number: last, .. } => {
                    (*now, *last) = (value, number);
                    *good = value.unwrap_or(*good);
                }
            }
        }
        Ok(())
    }

    /// Callbacks go with their cell; streams and watches learn of it.
    fn dispose(&mut self, removed: usize) {
        self.subscribers.retain(|_, (cell, face)| {
            if *cell != removed {
                return true;
            }
            match face {
                Face::Callback { .. } => false,
                Face::Stream { closed, .. } | Face::Watch { closed, .. } => {
                    *closed = true;
                    true
                }
            }
        });
    }
}
