//! One binary, a module per topic.

mod actions_in_actions;
mod atoms;
mod cancellation;
mod compile_fail;
mod conflict_rules;
mod conflicts;
mod derived;
mod document;
mod effects;
mod families;
mod histories;
mod hostile;
mod mounting;
mod policies;
mod providers;
mod random;
mod random_actions;
mod schedules;
mod storage;
mod sync_actions;
mod together;
mod upstream_actions;
mod upstream_state;
mod utilities;
