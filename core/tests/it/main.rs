//! One binary, a module per topic.

mod context;
mod delivery;
mod derivations;
mod errors;
mod lease;
mod log;
mod oracle;
mod transactions;
mod watches;
