//! One binary, a module per topic.

mod auto_traits;
mod context;
mod delivery;
mod derivations;
mod errors;
mod executor_abort;
mod executor_children;
mod executor_policy;
mod executor_random;
mod executor_registry;
mod executor_runtime;
mod executor_start;
mod executor_store;
mod executor_waiting;
mod feed;
mod hostile;
mod lease;
mod lists;
mod log;
mod oracle;
mod peers;
mod scopes;
mod streams;
mod test_clock;
mod transactions;
mod watches;
