//! Guides: to be read from top to bottom.
//!
//! - [`state`]: from a first atom to derived atoms, providers, families, async atoms, lists and storage.
//! - [`actions`]: from a loading flag to conflict policies, rules and undo.
//! - [`migration`]: for those who come from jotai or synergies, both codes side by side.

pub mod actions;
pub mod migration;
pub mod state;
