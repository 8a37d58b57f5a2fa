//! Every interleaving of a few threads, by the model checker:
//!
//! ```text
//! RUSTFLAGS="--cfg trine_loom" LOOM_MAX_PREEMPTIONS=3 \
//!     cargo test -p trine-core --no-default-features --release --test loom
//! ```
//!
//! `.ci/loom-mutations` proves that the tests notice what they are there for: it runs each of them with a defect in
//! the core, and expects it to fail.
#![cfg(trine_loom)]

mod cells;
mod delivery;
mod executor;
mod homes;
mod lists;

use loom::sync::{Condvar, Mutex};
use std::{
    future::Future,
    pin::pin,
    sync::Arc,
    task::{Context, Poll, Wake, Waker},
};

/// Wakes a thread of the model.
struct Parked(Mutex<bool>, Condvar);

impl Wake for Parked {
    fn wake(self: Arc<Self>) {
        *self.0.lock().unwrap() = true;
        self.1.notify_all();
    }
}

fn block_on<F: Future>(future: F) -> F::Output {
    let parked = Arc::new(Parked(Mutex::new(false), Condvar::new()));
    let waker = Waker::from(Arc::clone(&parked));
    let mut future = pin!(future);
    loop {
        if let Poll::Ready(value) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
            return value;
        }
        let mut woken = parked.0.lock().unwrap();
        while !std::mem::take(&mut *woken) {
            woken = parked.1.wait(woken).unwrap();
        }
    }
}
