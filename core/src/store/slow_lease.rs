//! Reports code that holds the lease for long.

use crate::sync::Mutex;
use rustc_hash::FxHashSet;
use std::{panic::Location, time::Duration};

/// Watches how long leases are held.
pub(super) struct SlowLease {
    /// From this long on it is reported.
    bound: Duration,
    /// The places that have been reported.
    reported: Mutex<FxHashSet<&'static Location<'static>>>,
}

impl SlowLease {
    pub(super) fn new(bound: Duration) -> Self {
        Self { bound, reported: Mutex::new(FxHashSet::default()) }
    }

    /// Reports the lease taken at `location` if it was held too long, once per location. No lease is held now:
    /// where reports go is the user's code.
    pub(super) fn report(&self, held: Duration, location: &'static Location<'static>) {
        if held >= self.bound && self.reported.lock().insert(location) {
            tracing::warn!(
                target: "trine",
                %location,
                ?held,
                bound = ?self.bound,
                "lease held for long: slow work belongs outside, or in an async run",
            );
        }
    }
}
