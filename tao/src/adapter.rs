//! Adapters: what connects kernels and channels with each other and with the world.
//!
//! Each of them is made of ordinary handlers, so that what is said of handlers holds for them too: a dispatch keeps those that
//! matched when it began, intercepts gate them, their errors are observed with the place where the adapter was made. In the order
//! in which a signal would meet them:
//!
//! | file | what it does |
//! |---|---|
//! | `filter.rs` | which signals an adapter is for |
//! | `transfer.rs` | the same data under another name: forwarding, and telling of failures |
//! | `joiner.rs` | several signals awaited, one chained |
//! | `bridge.rs` | signals of one kernel set on another |
//! | `duplex.rs` | signals in and out of something that is no kernel, without echo |
//! | `guard.rs` | their registration |

mod bridge;
mod duplex;
mod filter;
mod guard;
mod joiner;
mod transfer;

pub use bridge::Bridge;
pub use duplex::Duplex;
pub use filter::Filter;
pub use guard::AdapterGuard;
pub use joiner::Joiner;
pub use transfer::Failed;
