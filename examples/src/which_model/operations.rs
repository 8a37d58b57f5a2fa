//! What a command costs whose body is async, by model: nanoseconds from the call to its end, without any request.

use std::convert::Infallible;
use std::hint::black_box;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use tokio::task::yield_now;
use trine_atoms::{Atom, synergy};
use trine_core::Store;
use trine_tao::{AppCtx, BoxError, Kernel};
use trine_thunks::{AsyncThunk, SliceKey, ThunkApi};

const BATCHES: usize = 41;
const COMMANDS: u32 = 500;

/// Makes the future of a command: it adds one to a number, of which one subscriber is told.
type Command = Box<dyn Fn() -> BoxFuture<'static, ()>>;

/// What a command costs in each model, in the order of the columns, in nanoseconds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Operations {
    /// It never waits.
    pub ready: [f64; 4],
    /// It waits once, and goes on when the runtime comes to it.
    pub waits: [f64; 4],
}

impl Operations {
    /// Measures them, on a runtime of one thread of its own. Batches of the models take turns, and the median counts.
    ///
    /// # Errors
    /// When there is no thread or no runtime to be had.
    pub fn measured() -> io::Result<Self> {
        let measure = || {
            let runtime = tokio::runtime::Builder::new_current_thread().build()?;
            Ok(runtime.block_on(async {
                Self { ready: cost_of(false).await, waits: cost_of(true).await }
            }))
        };
        let thread = std::thread::Builder::new().spawn(measure)?;
        thread.join().map_err(|_| io::Error::other("the measurement has panicked"))?
    }
}

async fn cost_of(waits: bool) -> [f64; 4] {
    let commands = [atoms(waits), thunks(waits), tao(waits), by_hand(waits)];
    let mut batches = [const { Vec::new() }; 4];
    // The first round warms up.
    for round in 0..=BATCHES {
        for (command, batches) in commands.iter().zip(&mut batches) {
            let started = Instant::now();
            for _ in 0..COMMANDS {
                command().await;
            }
            if round > 0 {
                batches.push(started.elapsed().as_secs_f64() * 1e9 / f64::from(COMMANDS));
            }
        }
    }
    batches.map(|mut batches| {
        batches.sort_by(f64::total_cmp);
        batches[batches.len() / 2]
    })
}

/// What the one subscriber does.
fn told_of(count: u64) {
    black_box(count);
}

fn atoms(waits: bool) -> Command {
    static COUNT: Atom<u64> = Atom::new("count", || 0);
    let store = Store::new();
    COUNT.subscribe(&store, |count: &u64| told_of(*count)).detach();
    let add = synergy(&COUNT).async_action(move |mut count, ()| async move {
        if waits {
            yield_now().await;
        }
        *count += 1;
        Ok(())
    });
    Box::new(move || {
        let run = add.run(&store, ()).into_future();
        run.map(|done| done.expect("nobody else writes")).boxed()
    })
}

fn thunks(waits: bool) -> Command {
    static COUNT: SliceKey<u64> = SliceKey::new("count");
    let add = AsyncThunk::new("add", move |(): (), _: ThunkApi| async move {
        if waits {
            yield_now().await;
        }
        Ok::<_, Infallible>(1)
    });
    let count =
        COUNT.slice(|| 0).on(add.fulfilled(), |count, run| *count += *run.payload().as_ref());
    let store = trine_thunks::Store::builder().slice(count).build().expect("one slice, one case");
    store.subscribe(&COUNT, |count: &u64| told_of(*count)).detach();
    Box::new(move || store.dispatch(add.with(())).into_future().map(drop).boxed())
}

fn tao(waits: bool) -> Command {
    let store = Store::new();
    let count = store.source(0_u64);
    store.subscribe(count, |count: &u64| told_of(*count)).detach();
    let tao = Kernel::new(&store);
    let handler = move |_| {
        let store = store.clone();
        async move {
            if waits {
                yield_now().await;
            }
            store.update(count, |count| *count += 1);
            Ok::<_, BoxError>(())
        }
    };
    tao.on_inline(("Count", "Add", "Portal"), handler).detach();
    Box::new(move || {
        let cascade = tao.set(AppCtx::new("Count", "Add", "Portal"));
        async move { cascade.settled().await }.boxed()
    })
}

/// A task that locks, changes, and calls the listener.
fn by_hand(waits: bool) -> Command {
    let listener: Box<dyn Fn(u64) + Send> = Box::new(told_of);
    let state = Arc::new(Mutex::new((0_u64, listener)));
    Box::new(move || {
        let state = Arc::clone(&state);
        let task = tokio::spawn(async move {
            if waits {
                yield_now().await;
            }
            let mut state = state.lock().unwrap_or_else(PoisonError::into_inner);
            state.0 += 1;
            (state.1)(state.0);
        });
        task.map(|done| done.expect("nothing panics")).boxed()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_command_comes_to_its_end_in_every_model() {
        let Operations { ready, waits } = Operations::measured().unwrap();
        assert!(ready.iter().chain(&waits).all(|ns| *ns > 0.0));
    }
}
