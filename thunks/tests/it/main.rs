//! Tests of trine-thunks, a module per topic.

mod actions;
mod batches;
mod building;
mod cancellation;
mod children;
mod compile_fail;
mod document;
mod entities;
mod fold;
mod hostile;
mod identity;
mod lifecycle;
mod listeners;
mod log;
mod matchers;
mod middleware;
mod named;
mod original;
mod outcomes;
mod patches;
mod places;
mod policies;
mod progress;
mod reset;
mod schedules;
mod sequences;
#[cfg(feature = "serde")]
mod serialized;
mod service;
mod slices;
mod state;
mod stores;
mod surroundings;
mod times;
mod user_code;
