//! derivations
