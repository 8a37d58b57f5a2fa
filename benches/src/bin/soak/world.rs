//! The store under the soak: what lasts, what comes and goes, and which operation is next.

use crate::random::Random;
use std::{
    collections::VecDeque,
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};
use trine_core::{
    Changes, Derived, ListCell, ListDiffs, ObserverGuard, Run, Scope, Source, Store,
    SubscriptionGuard, Watch, test::ManualExecutor,
};

/// How many kinds of operation there are.
pub(crate) const KINDS: usize = 25;
/// How many cells last.
pub(crate) const LASTING: usize = 16;
/// How many of each kind of thing that comes and goes there are at a time.
const CROWD: usize = 32;

/// An operation, its name, and how often it is drawn next to the others.
type Kind = (&'static str, usize, fn(&mut World));

const OPERATIONS: [Kind; KINDS] = [
    ("set", 12, World::set),
    ("set the same", 3, World::set_same),
    ("read", 6, World::read),
    ("update", 6, World::update),
    ("update that panics, then recover", 1, World::tear),
    ("updates", 3, World::updates),
    ("transaction", 5, World::transaction),
    ("transaction that fails", 3, World::failing_transaction),
    ("transaction that panics", 1, World::panicking_transaction),
    ("other dependencies", 4, World::switch),
    ("derivation that fails and heals", 2, World::fail_and_heal),
    ("new cell", 4, World::new_cell),
    ("new derivation", 5, World::new_derived),
    ("subscribe", 5, World::subscribe),
    ("stream", 4, World::stream),
    ("watch", 4, World::watch),
    ("wait for a change", 2, World::wait),
    ("observe", 1, World::observe),
    ("edit a list", 6, World::edit_list),
    ("read diffs", 3, World::diffs),
    ("scope", 3, World::scope),
    ("run that is ready", 3, World::ready_run),
    ("run that waits", 4, World::waiting_run),
    ("runs that supersede each other", 2, World::superseded_run),
    ("async derivation", 2, World::async_derived),
];

pub(crate) struct World {
    pub(crate) random: Random,
    pub(crate) executor: ManualExecutor,
    pub(crate) store: Store,
    /// The lasting cells, and what they are held against.
    pub(crate) sources: Vec<Source<u64>>,
    pub(crate) model: Vec<u64>,
    /// A lasting cell whose value is on the heap.
    pub(crate) text: Source<Vec<u8>>,
    /// The sum of the lasting cells, with a subscriber who lasts.
    pub(crate) sum: Derived<u64>,
    /// One lasting cell or another, as the first of them says.
    pub(crate) chosen: Derived<u64>,
    /// Fails while the second lasting cell is a multiple of seven.
    pub(crate) fussy: Derived<u64>,
    pub(crate) list: ListCell<u64>,
    /// How many callbacks were called.
    pub(crate) heard: Arc<AtomicU64>,
    pub(crate) crowd: Crowd,
    /// What is drawn: an operation as often as it weighs.
    urn: Vec<usize>,
    counts: [u64; KINDS],
}

/// What comes and goes, oldest first.
#[derive(Default)]
pub(crate) struct Crowd {
    pub(crate) cells: VecDeque<Source<u64>>,
    pub(crate) derived: VecDeque<Derived<u64>>,
    pub(crate) subscriptions: VecDeque<SubscriptionGuard>,
    pub(crate) streams: VecDeque<Changes<u64>>,
    pub(crate) watches: VecDeque<Watch<Vec<u8>>>,
    pub(crate) observers: VecDeque<ObserverGuard>,
    pub(crate) diffs: VecDeque<ListDiffs<u64>>,
    pub(crate) scopes: VecDeque<Scope>,
    pub(crate) runs: VecDeque<Run<u64, String>>,
}

impl World {
    pub(crate) fn new(random: Random) -> Self {
        let executor = ManualExecutor::new();
        let store = Store::with_spawner(executor.clone());
        let sources: Vec<_> = (0..LASTING).map(|_| store.source(0)).collect();
        let (all, few) = (sources.clone(), sources.clone());
        let sum = store.derived(move |cx| all.iter().map(|&cell| cx.get(cell)).sum());
        let chosen = store.derived(move |cx| {
            let which = cx.get(few[0]) as usize % LASTING;
            cx.get(few[which])
        });
        let second = sources[1];
        let fussy = store.derived(move |cx| {
            let value = cx.get(second);
            if value % 7 == 0 {
                // As `panic!`, without the noise of the panic hook.
                resume_unwind(Box::new("a multiple of seven"));
            }
            value
        });
        let heard = Arc::new(AtomicU64::new(0));
        for cell in [sum, chosen, fussy] {
            let heard = Arc::clone(&heard);
            let hear = move |_: &trine_core::Change<'_, u64>| {
                heard.fetch_add(1, Ordering::Relaxed);
            };
            store.subscribe_changes(cell, hear).detach();
        }
        let (text, list) = (store.source(Vec::new()), store.list([]));
        let weights = OPERATIONS.iter().map(|(_, weight, _)| *weight).enumerate();
        let urn = weights.flat_map(|(kind, weight)| std::iter::repeat_n(kind, weight)).collect();
        Self {
            random,
            executor,
            store,
            model: vec![0; LASTING],
            sources,
            text,
            sum,
            chosen,
            fussy,
            list,
            heard,
            crowd: Crowd::default(),
            urn,
            counts: [0; KINDS],
        }
    }

    /// Does one operation.
    pub(crate) fn step(&mut self) {
        let kind = self.urn[self.random.below(self.urn.len())];
        self.counts[kind] += 1;
        OPERATIONS[kind].2(self);
    }

    /// Ends everything that comes and goes, and checks that it is gone.
    pub(crate) fn let_go(&mut self) {
        let Crowd { cells, derived, scopes, runs, .. } = &mut self.crowd;
        scopes.clear();
        for run in runs.drain(..) {
            run.abort("let go");
        }
        for cell in derived.drain(..) {
            self.store.remove(cell).expect("a cell that is there");
        }
        for cell in cells.drain(..) {
            self.store.remove(cell).expect("a cell that is there");
        }
        self.crowd = Crowd::default();
        self.executor.run_until_stalled();
        self.clear_lasting();
        assert_eq!(self.store.get(self.sum), self.model.iter().sum::<u64>());
        assert_eq!(self.store.cell_count(), LASTING + 5);
        assert_eq!((self.store.runs().len(), self.executor.pending()), (0, 0));
    }

    /// How often what happened.
    pub(crate) fn counts(&self) -> [(&'static str, u64); KINDS] {
        assert!(self.heard.load(Ordering::Relaxed) > 0);
        std::array::from_fn(|kind| (OPERATIONS[kind].0, self.counts[kind]))
    }

    /// One of the lasting cells.
    pub(crate) fn any(&mut self) -> usize {
        self.random.below(LASTING)
    }
}

/// Adds to a crowd; returns who has to go for that.
pub(crate) fn join<T>(crowd: &mut VecDeque<T>, new: T) -> Option<T> {
    crowd.push_back(new);
    if crowd.len() > CROWD { crowd.pop_front() } else { None }
}

/// Runs code that is expected to panic.
pub(crate) fn panics<R>(code: impl FnOnce() -> R) {
    assert!(catch_unwind(AssertUnwindSafe(code)).is_err());
}
