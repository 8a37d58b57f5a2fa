//! TAO-Path: what is read, checked, drawn, compared and run.

#![allow(missing_docs)]

mod checks;
#[cfg(feature = "cli")]
mod command;
mod drift;
mod language;
mod pictures;
mod runs;
