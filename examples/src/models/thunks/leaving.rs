//! Logging out: an action that every slice has a case for.

use trine_thunks::{Action, Store};

use crate::client::Client;

pub(super) struct LoggedOut;
impl Action for LoggedOut {}

/// What is on its way has ended before the slices are told, so nothing of it can land after that.
pub(super) fn log_out(store: &Store<Client>) {
    store.runs().abort_all("the user has logged out");
    store.dispatch(LoggedOut);
}
