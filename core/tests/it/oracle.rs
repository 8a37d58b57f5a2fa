//! Random graphs under random operations, held against an oracle that recomputes everything.

use proptest::prelude::*;
use std::sync::{Arc, Mutex};
use trine_core::{Derived, Source, Store, SubscriptionGuard};

/// What a derived cell computes.
#[derive(Debug, Clone)]
enum Formula {
    /// The sum of these cells.
    Sum(Vec<usize>),
    /// The second if the first is even, else the third.
    Choose(usize, usize, usize),
    /// The cell, clamped: often equal to what it was.
    Clamp(usize),
    /// Panics when the cell is a multiple of five, else the cell.
    Fussy(usize),
}

#[derive(Debug, Clone)]
enum Operation {
    Set(usize, i64),
    Add(usize, i64),
    /// Several writes; with reads in between; committed or not.
    Transaction(Vec<(usize, i64)>, Option<usize>, bool),
    /// A nested transaction that is rolled back, then a write.
    Nested((usize, i64), (usize, i64)),
    Read(usize),
    Subscribe(usize),
    Unsubscribe(usize),
}

const SOURCES: usize = 4;

fn formulas() -> impl Strategy<Value = Vec<Formula>> {
    prop::collection::vec((0..4_u8, any::<[prop::sample::Index; 3]>()), 1..14).prop_map(|list| {
        list.into_iter()
            .enumerate()
            .map(|(position, (kind, picks))| {
                let pick = |n: usize| picks[n].index(SOURCES + position);
                match kind {
                    0 => Formula::Sum(vec![pick(0), pick(1), pick(2)]),
                    1 => Formula::Choose(pick(0), pick(1), pick(2)),
                    2 => Formula::Clamp(pick(0)),
                    _ => Formula::Fussy(pick(0)),
                }
            })
            .collect()
    })
}

fn operations() -> impl Strategy<Value = Vec<Operation>> {
    let write = || (0..SOURCES, -20_i64..20);
    prop::collection::vec(
        prop_oneof![
            3 => write().prop_map(|(cell, value)| Operation::Set(cell, value)),
            2 => write().prop_map(|(cell, value)| Operation::Add(cell, value)),
            2 => (prop::collection::vec(write(), 1..4), prop::option::of(0..20_usize), any::<bool>())
                .prop_map(|(writes, read, commit)| Operation::Transaction(writes, read, commit)),
            1 => (write(), write()).prop_map(|(inner, outer)| Operation::Nested(inner, outer)),
            2 => (0..20_usize).prop_map(Operation::Read),
            2 => (0..20_usize).prop_map(Operation::Subscribe),
            1 => (0..20_usize).prop_map(Operation::Unsubscribe),
        ],
        1..40,
    )
}

/// The value of a cell, from scratch; `None` if its derivation panics.
fn oracle(formulas: &[Formula], sources: &[i64], cell: usize) -> Option<i64> {
    let Some(formula) = cell.checked_sub(SOURCES) else { return Some(sources[cell]) };
    let value = |cell: &usize| oracle(formulas, sources, *cell);
    match &formulas[formula] {
        Formula::Sum(cells) => cells.iter().map(value).sum(),
        Formula::Choose(test, even, odd) => {
            if value(test)?.rem_euclid(2) == 0 {
                value(even)
            } else {
                value(odd)
            }
        }
        Formula::Clamp(cell) => Some(value(cell)?.clamp(-3, 3)),
        Formula::Fussy(cell) => value(cell).filter(|value| value % 5 != 0),
    }
}

#[derive(Clone, Copy)]
enum Handle {
    Source(Source<i64>),
    Derived(Derived<i64>),
}

impl Handle {
    fn read(self, store: &Store) -> Option<i64> {
        match self {
            Self::Source(cell) => store.try_get(cell).ok(),
            Self::Derived(cell) => store.try_get(cell).ok(),
        }
    }
}

/// What a subscriber heard: commit number and value.
type Log = Arc<Mutex<Vec<(u64, Option<i64>)>>>;

struct World {
    store: Store,
    sources: Vec<Source<i64>>,
    cells: Vec<Handle>,
    /// How often each derivation has run.
    runs: Arc<Mutex<Vec<u32>>>,
    subscriptions: Vec<Option<(SubscriptionGuard, Log)>>,
}

impl World {
    fn new(formulas: &[Formula]) -> Self {
        let store = Store::new();
        let sources: Vec<_> = (0..SOURCES).map(|_| store.source(0_i64)).collect();
        let mut cells: Vec<_> = sources.iter().copied().map(Handle::Source).collect();
        let runs = Arc::new(Mutex::new(vec![0; formulas.len()]));
        for (position, formula) in formulas.iter().cloned().enumerate() {
            let (known, runs) = (cells.clone(), Arc::clone(&runs));
            cells.push(Handle::Derived(store.derived(move |cx| {
                runs.lock().unwrap()[position] += 1;
                let mut get = |cell: usize| match known[cell] {
                    Handle::Source(cell) => cx.get(cell),
                    Handle::Derived(cell) => cx.get(cell),
                };
                match &formula {
                    Formula::Sum(cells) => cells.iter().map(|cell| get(*cell)).sum(),
                    Formula::Choose(test, even, odd) => {
                        if get(*test).rem_euclid(2) == 0 {
                            get(*even)
                        } else {
                            get(*odd)
                        }
                    }
                    Formula::Clamp(cell) => get(*cell).clamp(-3, 3),
                    Formula::Fussy(cell) => {
                        let value = get(*cell);
                        // As `panic!`, without the noise of the panic hook.
                        if value % 5 == 0 {
                            std::panic::resume_unwind(Box::new("fussy"))
                        }
                        value
                    }
                }
            })));
        }
        let subscriptions = cells.iter().map(|_| None).collect();
        Self { store, sources, cells, runs, subscriptions }
    }

    fn subscribe(&mut self, cell: usize) {
        let log = Log::default();
        let heard = Arc::clone(&log);
        let note = move |change: &trine_core::Change<'_, i64>| {
            heard.lock().unwrap().push((change.number().get(), change.value().ok().copied()));
        };
        let guard = match self.cells[cell] {
            Handle::Source(cell) => self.store.subscribe_changes(cell, note),
            Handle::Derived(cell) => self.store.subscribe_changes(cell, note),
        };
        self.subscriptions[cell] = Some((guard, log));
    }
}

proptest! {

    #[test]
    fn the_store_agrees_with_recomputing_everything(formulas in formulas(), operations in operations()) {
        let mut world = World::new(&formulas);
        let mut model = vec![0_i64; SOURCES];
        let clamp = |cell: usize| cell % world.cells.len();
        let operations: Vec<_> = operations.into_iter().map(|operation| match operation {
            Operation::Read(cell) => Operation::Read(clamp(cell)),
            Operation::Subscribe(cell) => Operation::Subscribe(clamp(cell)),
            Operation::Unsubscribe(cell) => Operation::Unsubscribe(clamp(cell)),
            Operation::Transaction(writes, read, commit) =>
                Operation::Transaction(writes, read.map(clamp), commit),
            other => other,
        }).collect();
        for operation in operations {
            let before = model.clone();
            let number = world.store.last_commit().get();
            world.runs.lock().unwrap().fill(0);
            match &operation {
                Operation::Set(cell, value) => {
                    world.store.set(world.sources[*cell], *value);
                    model[*cell] = *value;
                }
                Operation::Add(cell, value) => {
                    world.store.update(world.sources[*cell], |held| *held += value);
                    model[*cell] += value;
                }
                Operation::Transaction(writes, read, commit) => {
                    let result = world.store.transaction(|tx| {
                        for (cell, value) in writes {
                            tx.set(world.sources[*cell], *value);
                            model[*cell] = *value;
                            if let Some(read) = read {
                                let seen = match world.cells[*read] {
                                    Handle::Source(cell) => tx.try_get(cell).ok(),
                                    Handle::Derived(cell) => tx.try_get(cell).ok(),
                                };
                                assert_eq!(seen, oracle(&formulas, &model, *read), "inside");
                            }
                        }
                        if *commit { Ok(()) } else { Err(()) }
                    });
                    if result.is_err() {
                        model.clone_from(&before);
                    }
                }
                Operation::Nested(inner, outer) => {
                    world.store.batch(|tx| {
                        let undone = tx.transaction(|tx| {
                            tx.set(world.sources[inner.0], inner.1);
                            Err::<(), _>(())
                        });
                        assert!(undone.is_err());
                        tx.set(world.sources[outer.0], outer.1);
                    });
                    model[outer.0] = outer.1;
                }
                Operation::Read(cell) => {
                    world.cells[*cell].read(&world.store);
                }
                Operation::Subscribe(cell) => world.subscribe(*cell),
                Operation::Unsubscribe(cell) => world.subscriptions[*cell] = None,
            }
            // A derivation runs at most once per commit; a transaction that reads may run it once per write.
            let plain = !matches!(operation, Operation::Transaction(..) | Operation::Nested(..));
            if plain {
                prop_assert!(world.runs.lock().unwrap().iter().all(|&runs| runs <= 1));
            }
            // Each subscriber heard exactly once if its cell differs, else not at all.
            let committed = world.store.last_commit().get() > number;
            for (cell, subscription) in world.subscriptions.iter().enumerate() {
                let Some((_, log)) = subscription else { continue };
                let heard = std::mem::take(&mut *log.lock().unwrap());
                let (old, new) = (oracle(&formulas, &before, cell), oracle(&formulas, &model, cell));
                let added_now = matches!(&operation, Operation::Add(source, _) if *source == cell);
                if (old != new && committed) || added_now {
                    prop_assert_eq!(heard, vec![(number + 1, new)], "cell {}", cell);
                } else {
                    prop_assert_eq!(heard, vec![], "cell {}", cell);
                }
            }
            if matches!(operation, Operation::Read(_)) { continue }
            // Only now and then, so that lazy cells stay stale over several commits.
            if matches!(operation, Operation::Set(_, value) if value % 3 == 0) {
                for (cell, handle) in world.cells.iter().enumerate() {
                    prop_assert_eq!(handle.read(&world.store), oracle(&formulas, &model, cell));
                }
            }
        }
        for (cell, handle) in world.cells.iter().enumerate() {
            prop_assert_eq!(handle.read(&world.store), oracle(&formulas, &model, cell), "at the end");
        }
    }
}
