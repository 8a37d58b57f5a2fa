//! Logging out: everything back to the beginning.

use trine_atoms::{Store, reset_all};

/// What is on its way is aborted, and all atoms begin again, in one commit: whichever there are, so a new one is not
/// forgotten here.
pub(super) fn log_out(store: &Store) {
    reset_all(store);
}
