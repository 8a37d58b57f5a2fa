//! Guides: to be read from top to bottom.
//!
//! - [`state`]: from a first atom to derived atoms, providers, families, async atoms, lists and storage.
//! - [`migration`]: for those who come from jotai or synergies, both codes side by side.

pub mod migration;
pub mod state;
