//! The integration tests of `trine-core`: a module per topic.

mod executor_abort;
mod executor_children;
mod executor_policy;
mod executor_random;
mod executor_registry;
mod executor_runtime;
mod executor_start;
mod executor_store;
mod executor_waiting;
mod log;
