//! The promises of the TAO, one test each.

#![allow(missing_docs)]

mod adapters;
mod async_handlers;
mod bootstrap_home_page;
mod bootstrap_user_session;
mod bridges;
mod cascades;
mod channels;
mod compile_fail;
mod contract;
mod data;
mod derived_ids;
mod envelopes;
mod gates;
mod hostile;
mod inline_handlers;
#[cfg(feature = "serde")]
mod json;
mod observations;
mod oracle;
mod orders;
mod patterns;
mod records;
mod registration;
mod regressions;
mod requests;
mod schedules;
mod spaces;
mod spans;
mod stage;
mod tables;
#[cfg(feature = "tcp")]
mod tcp;
mod typed;
mod views;
#[cfg(feature = "wire")]
mod wire;
