//! What becomes of the requests of a scene by chance, known before they are sent: it follows from the seed.
//!
//! That is what makes a story under failures a test. The state that it has to end in is computed from the forecast and
//! the data file, in no model's code.

use crate::api::Endpoint;
use crate::client::ApiError;
use crate::service::Injection;

/// What becomes of the requests of a scene.
#[derive(Debug)]
pub(super) struct Forecast(pub(super) Injection);

impl Forecast {
    /// Why the request for `key` that comes after `earlier` equal ones fails by chance, as a view says it.
    pub(super) fn failure(&self, endpoint: Endpoint, key: &str, earlier: u32) -> Option<String> {
        let fate = self.0.fate(endpoint, key, earlier);
        fate.fails.then(|| refusal(endpoint, "the service is not available at the moment", 503))
    }
}

/// A refusal of the service, as a view says it.
pub(super) fn refusal(endpoint: Endpoint, message: &str, status: u16) -> String {
    let (message, fields, current) = (message.to_owned(), Default::default(), None);
    ApiError::Status { endpoint, status, message, fields, current }.to_string()
}
