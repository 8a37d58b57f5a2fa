//! The naive model: what the sources hold, and formulas that are evaluated from scratch.

use super::{
    formula::{Fault, Formula, Outcome},
    trace::Entry,
};
use std::{collections::HashMap, sync::Arc};

/// A cell, as the model knows it.
#[derive(Debug, Clone)]
pub(super) struct Modelled {
    pub(super) content: Content,
    pub(super) alive: bool,
}

#[derive(Debug, Clone)]
pub(super) enum Content {
    Source { value: i64, torn: bool, atomic: bool },
    Derived(Arc<Formula>),
}

/// All cells as of one moment.
#[derive(Debug, Clone, Default)]
pub(super) struct State(pub(super) Vec<Modelled>);

impl State {
    /// What reading each cell gives. Formulas read only cells before their own.
    pub(super) fn outcomes(&self) -> Vec<Outcome> {
        let mut outcomes: Vec<Outcome> = Vec::with_capacity(self.0.len());
        for (position, cell) in self.0.iter().enumerate() {
            let outcome = match &cell.content {
                _ if !cell.alive => Err(Fault::Disposed(position)),
                Content::Source { torn: true, .. } => Err(Fault::Torn(position)),
                Content::Source { value, .. } => Ok(*value),
                Content::Derived(formula) => formula.compute(position, |cell| outcomes[cell]),
            };
            outcomes.push(outcome);
        }
        outcomes
    }

    pub(super) fn outcome(&self, cell: usize) -> Outcome {
        self.outcomes()[cell]
    }

    /// A source that is there: its value, whether it is torn, whether it is atomic.
    pub(super) fn source(&mut self, cell: usize) -> Option<(&mut i64, &mut bool, bool)> {
        match &mut self.0[cell] {
            Modelled { content: Content::Source { value, torn, atomic }, alive: true } => {
                Some((value, torn, *atomic))
            }
            _ => None,
        }
    }

    /// The sources that are different from what they are in `other`.
    pub(super) fn different_sources(&self, other: &Self) -> Vec<usize> {
        let held = |cell: &Modelled| match cell.content {
            Content::Source { value, torn, .. } => Some((!torn).then_some(value)),
            Content::Derived(_) => None,
        };
        let pairs = self.0.iter().zip(&other.0).enumerate();
        pairs.filter(|(_, (a, b))| held(a) != held(b)).map(|(cell, _)| cell).collect()
    }
}

/// What the world shares with derivations and callbacks.
#[derive(Debug, Default)]
pub(super) struct Model {
    /// The cells now, an open transaction included.
    pub(super) state: State,
    /// Counts changes: between two of them no derivation runs twice.
    pub(super) epoch: u64,
    /// When each derivation ran last.
    pub(super) ran: HashMap<usize, u64>,
    /// How often derivations ran.
    pub(super) runs: u64,
    /// What has happened since the last judgement.
    pub(super) trace: Vec<Entry>,
    /// What derivations saw that they should not have.
    pub(super) violations: Vec<String>,
    /// How many callbacks have panicked.
    pub(super) panics: u64,
}

impl Model {
    /// A derivation begins.
    pub(super) fn note_run(&mut self, cell: usize) {
        self.runs += 1;
        if self.ran.insert(cell, self.epoch) == Some(self.epoch) {
            self.violations.push(format!("cell {cell} ran twice in the same state"));
        }
    }

    /// A derivation has come to its end.
    pub(super) fn note_result(&mut self, cell: usize, result: Outcome) {
        let expected = self.state.outcome(cell);
        if result != expected {
            self.violations.push(format!("cell {cell} computed {result:?}, not {expected:?}"));
        }
    }
}
