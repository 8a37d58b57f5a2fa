//! What a run has read, and whether any of it is different by now.
//!
//! Each read leaves a comparison with what was read, and an edge. So the cell runs when one of them may have changed, and
//! its value, a *generation*, differs only if one of them has: writing back what was there before a run has noticed, or a
//! transaction that rolls back, supersedes nobody.
//!
//! Everything here happens inside the lease. The comparisons are user code, and are made with no lock held.

use crate::{
    cell::{ByValue, Cell, CellKey, Derived, Workshop},
    error::CellError,
    graph::{Graph, Reader},
    lease,
    sync::{Mutex, mutant},
};
use std::{
    mem,
    panic::{AssertUnwindSafe, Location, catch_unwind, resume_unwind},
    sync::{Arc, OnceLock},
};

/// Whether a cell is different from what was read of it.
pub(super) type Differs = Box<dyn FnMut(&mut Reader<'_>) -> bool + Send>;

/// What the present run has read.
pub(super) struct Inputs {
    /// Its value is the generation of the present run, or the one after it if what that run has read is outdated.
    cell: OnceLock<Derived<u64>>,
    /// The call that made the derivation.
    created: &'static Location<'static>,
    /// What changes.
    reads: Mutex<Reads>,
}

struct Reads {
    /// The generation of the present run.
    generation: u64,
    /// What it has read, in order.
    all: Vec<(CellKey, Differs)>,
    /// Whether it has read one cell twice and found two values, so that its result follows from neither.
    mixed: bool,
}

impl Inputs {
    /// Makes the cell.
    pub(super) fn make(
        workshop: &mut Workshop<'_>,
        name: Option<&Arc<str>>,
        created: &'static Location<'static>,
    ) -> Arc<Self> {
        let reads = Reads { generation: 0, all: Vec::new(), mixed: false };
        let inputs = Arc::new(Self { cell: OnceLock::new(), created, reads: Mutex::new(reads) });
        let name = name.map(|name| Arc::from(format!("inputs of {name}")));
        let reads = Arc::clone(&inputs);
        let cell = workshop.make_derived(
            move |cx: &mut Reader<'_>| reads.compare(cx),
            ByValue,
            name,
            created,
        );
        inputs.cell.get_or_init(|| cell);
        inputs
    }

    pub(super) fn cell(&self) -> Derived<u64> {
        *self.cell.get().expect("made with its cell")
    }

    /// The cell's derivation.
    fn compare(&self, cx: &mut Reader<'_>) -> u64 {
        let (mut all, generation, mut outdated) = {
            let mut reads = self.reads.lock();
            (mem::take(&mut reads.all), reads.generation, reads.mixed)
        };
        let mut panicked = None;
        for (_, differs) in &mut all {
            // All of them are read, or those behind the first that differs would not be dependencies any more.
            match catch_unwind(AssertUnwindSafe(|| differs(cx))) {
                Ok(differs) => outdated |= differs,
                Err(payload) if payload.is::<CellError>() => panicked = Some(payload),
                // A comparison that panics proves no equality.
                Err(payload) => {
                    lease::drop_payload(payload);
                    outdated = true;
                }
            }
        }
        self.reads.lock().all = all;
        if let Some(payload) = panicked {
            resume_unwind(payload);
        }
        generation + u64::from(outdated)
    }

    /// The generation that the present values belong to.
    pub(super) fn generation(&self, graph: &mut Graph) -> Result<u64, CellError> {
        graph.read(self.cell(), self.created, |generation| *generation)
    }

    /// Begins a run of this generation, which is the present one: it has read nothing.
    pub(super) fn restart(&self, graph: &mut Graph, generation: u64) {
        let all = {
            let mut reads = self.reads.lock();
            (reads.generation, reads.mixed) = (generation, false);
            mem::take(&mut reads.all)
        };
        // They hold values of the user's.
        graph.discard(all);
        if let Some(index) = graph.place_of(self.cell().key()) {
            graph.forget_sources(index);
        }
    }

    /// Notes that the run has read a cell, which is up to date, as is this one. `outdated` says whether something that the
    /// run has read before is different by now.
    pub(super) fn note(
        &self,
        graph: &mut Graph,
        read: CellKey,
        outdated: bool,
        differs: impl FnOnce() -> Differs,
    ) {
        let (Some(observer), Some(source)) =
            (graph.place_of(self.cell().key()), graph.place_of(read))
        else {
            return;
        };
        if mutant("what a run reads is no dependency") {
            return;
        }
        if self.reads.lock().all.iter().any(|(key, _)| *key == read) {
            self.reads.lock().mixed |= outdated;
        } else if graph.add_source_to(observer, source) {
            self.reads.lock().all.push((read, differs()));
        }
    }
}
