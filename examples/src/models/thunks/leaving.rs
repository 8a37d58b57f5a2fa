//! Logging out: an action that every slice has a case for.

use trine_thunks::{Action, Store};

use crate::client::Client;

pub(super) struct LoggedOut;
impl Action for LoggedOut {}

/// `reset` dispatches the action and aborts what is under way, in one commit. Nothing that belongs to those runs reaches
/// a slice after that, not even that they were aborted: so no case has to ask whether the user is still there.
pub(super) fn log_out(store: &Store<Client>) {
    store.reset(LoggedOut, "the user has logged out");
}
