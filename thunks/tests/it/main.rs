//! Tests of trine-thunks, a module per topic.

mod actions;
mod building;
mod cancellation;
mod children;
mod compile_fail;
mod identity;
mod lifecycle;
mod log;
mod outcomes;
mod policies;
mod seed_document;
mod sequences;
mod service;
mod stores;
