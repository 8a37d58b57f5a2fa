//! Everything at once: threads that draw what they do.

use crate::{explore, listener::Listener};
use futures_util::FutureExt;
use shuttle::{
    rand::{Rng, thread_rng},
    thread,
};
use std::{
    num::NonZeroUsize,
    sync::{Arc, Mutex},
};
use trine_core::{Derived, Run, Source, Store};

const CELLS: usize = 4;
const STEPS: usize = 8;

/// What the threads share.
#[derive(Clone)]
struct World {
    store: Store,
    cells: [Source<u64>; CELLS],
    sum: Derived<u64>,
    /// One cell or another, as the first one says.
    chosen: Derived<u64>,
}

/// The value of a world's derivations, from scratch.
fn recomputed(values: [u64; CELLS]) -> (u64, u64) {
    (values.iter().sum(), values[values[0] as usize % CELLS])
}

impl World {
    fn new() -> Self {
        let store = Store::new();
        let cells = [(); CELLS].map(|()| store.source(0));
        let sum = store.derived(move |cx| cells.map(|cell| cx.get(cell)).iter().sum());
        let chosen = store.derived(move |cx| {
            let which = cx.get(cells[0]) as usize % CELLS;
            cx.get(cells[which])
        });
        Self { store, cells, sum, chosen }
    }

    /// All cells, as of one moment.
    fn check(&self) {
        let (values, seen) = self.store.batch(|tx| {
            (self.cells.map(|cell| tx.get(cell)), (tx.get(self.sum), tx.get(self.chosen)))
        });
        assert_eq!(seen, recomputed(values), "torn");
    }

    fn step(&self) {
        let store = &self.store;
        let cell = self.cells[thread_rng().gen_range(0..CELLS)];
        let value = thread_rng().gen_range(0..5_u64);
        match thread_rng().gen_range(0..12_u8) {
            0 => drop(store.set(cell, value)),
            1 => store.set(cell, value).delivered(),
            2 => drop(store.update(cell, |held| *held += 1)),
            3 => {
                let _ = store.transaction(|tx| {
                    tx.set(self.cells[0], value);
                    tx.update(cell, |held| *held += 1);
                    tx.get(self.chosen);
                    if value < 2 { Err(()) } else { Ok(()) }
                });
            }
            4 => {
                let (_, guard) = Listener::new(store, self.chosen, |_| {});
                store.set(cell, value);
                drop(guard);
            }
            5 => {
                let held = Arc::new(Mutex::new(None));
                let own = Arc::clone(&held);
                let once = move |_: &u64| drop(own.lock().unwrap().take());
                let guard = store.subscribe(self.sum, once);
                *held.lock().unwrap() = Some(guard);
                store.set(cell, value);
            }
            6 => {
                let mut watch = store.watch(self.sum);
                store.set(cell, value);
                let _ = watch.changed().now_or_never();
                assert!(*watch.borrow() <= 1_000);
            }
            7 => drop(store.changes(self.chosen, NonZeroUsize::MIN)),
            8 => {
                let sum = self.sum;
                let more = store.derived(move |cx| cx.get(sum) + cx.get(cell));
                let (listener, guard) = Listener::new(store, more, |_| {});
                store.update(cell, |held| *held += 1).delivered();
                store.remove(more).unwrap();
                drop(guard);
                assert!(!listener.heard().is_empty());
            }
            9 => {
                let scope = store.scope("scope");
                let sum = self.sum;
                let own = scope.derived(move |cx| cx.get(sum) + 1);
                scope.subscribe(own, |_| {});
                store.set(cell, value);
            }
            10 => {
                let run: Run<(), String> = store.run("run", move |cx| async move {
                    cx.set(cell, value).map_err(|error| error.to_string())?;
                    Ok(())
                });
                assert!(run.outcome().unwrap().is_fulfilled());
            }
            _ => self.check(),
        }
    }
}

#[test]
fn whatever_threads_do_the_store_agrees_with_recomputing_everything() {
    explore(|| {
        let world = World::new();
        let (sums, _sums) = Listener::new(&world.store, world.sum, |_| {});
        let (chosen, _chosen) = Listener::new(&world.store, world.chosen, |_| {});
        let threads = [(); 3].map(|()| {
            let world = world.clone();
            thread::spawn(move || (0..STEPS).for_each(|_| world.step()))
        });
        for thread in threads {
            thread.join().unwrap();
        }
        let World { store, cells, sum, .. } = &world;
        store.delivered();
        world.check();
        sums.is_up_to_date(Some(store.get(*sum)), Some(0));
        chosen.is_up_to_date(Some(store.get(world.chosen)), Some(0));
        for (listener, name) in [(&sums, "sum"), (&chosen, "chosen")] {
            let heard = listener.heard();
            let repeated = heard.windows(2).find(|pair| pair[0].1 == pair[1].1);
            assert_eq!(repeated, None, "{name} was told although it had not changed");
        }
        assert_eq!((store.cell_count(), store.runs().len()), (cells.len() + 2, 0));
    });
}
