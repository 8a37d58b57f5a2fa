//! Every interleaving of a few threads, by the model checker:
//!
//! ```text
//! RUSTFLAGS="--cfg trine_loom" LOOM_MAX_PREEMPTIONS=3 \
//!     cargo test -p trine-core --no-default-features --release --test loom
//! ```
#![cfg(trine_loom)]

mod executor;
