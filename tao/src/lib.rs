//! The TAO: handlers for application contexts of Term, Action and Orient, in three phases.
