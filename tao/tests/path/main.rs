//! TAO-Path: what is read, checked, drawn, compared and run.

#![allow(missing_docs)]

mod checks;
mod language;
mod pictures;
