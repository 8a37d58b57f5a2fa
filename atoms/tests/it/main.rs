//! One binary, a module per topic.

mod atoms;
mod cancellation;
mod compile_fail;
mod conflicts;
mod document;
mod hostile;
mod schedules;
mod sync_actions;
