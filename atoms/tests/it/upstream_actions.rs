//! What the original does, and what it does wrong: an item of its inventory per test, as far as actions go.
//!
//! `p..`, `s..` and `q..` are defects that were reproduced there and must not be here; `c..` are statements of its documents;
//! `t..` are its own tests. (c3 and p11, a draft that was triggered cannot be used any more, do not compile: `tests/ui`.)

mod documents;
mod layers;
mod races;
mod writes;

use futures_util::FutureExt;
use std::sync::{Arc, Mutex};
use tokio::sync::oneshot;
use trine_atoms::{ActionError, ActionRun, Atom, Store};
use trine_core::test::{Log, ManualExecutor};

type Gates = Arc<Mutex<Vec<oneshot::Sender<()>>>>;

fn stage() -> (ManualExecutor, Store, Gates) {
    let executor = ManualExecutor::new();
    (executor.clone(), Store::with_spawner(executor), Gates::default())
}

fn gate(gates: &Gates) -> oneshot::Receiver<()> {
    let (open, wait) = oneshot::channel();
    gates.lock().unwrap().push(open);
    wait
}

fn open(executor: &ManualExecutor, gates: &Gates) {
    gates.lock().unwrap().remove(0).send(()).unwrap();
    executor.run_until_stalled();
}

fn ended<R, E>(run: ActionRun<R, E>) -> Result<R, ActionError<E>> {
    run.into_future().now_or_never().expect("it has ended")
}

/// Notes each value of an atom.
fn listen<T: Clone + Send + Sync + std::fmt::Debug + 'static>(
    store: &Store,
    atom: &Atom<T>,
    name: &'static str,
    log: &Log,
) {
    let log = log.clone();
    atom.subscribe(store, move |value| log.note(format!("{name} {value:?}"))).detach();
}
