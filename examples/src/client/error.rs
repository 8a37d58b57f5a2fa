//! Why a request to the service has failed.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::api::{Endpoint, Page};

/// Why a request to the service has failed. Cheap to clone: stores share errors between their readers.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ApiError {
    /// The service has answered, but not with what was asked for.
    #[error("{endpoint}: {message} ({status})")]
    Status {
        /// What was asked.
        endpoint: Endpoint,
        /// The HTTP status.
        status: u16,
        /// The service's sentence.
        message: String,
        /// What is wrong with single fields of the request, by field.
        fields: BTreeMap<String, String>,
        /// After a conflict: what is there.
        current: Option<Arc<Page>>,
    },
    /// The service was not reached, went away, or its answer is not what was agreed.
    #[error("{endpoint}: no answer from the service")]
    Transport {
        /// What was asked.
        endpoint: Endpoint,
        /// What the HTTP client says.
        source: Arc<reqwest::Error>,
    },
    /// An answer that comes piece by piece has broken off, or a piece is not what was agreed.
    #[error("{endpoint}: the answer broke off: {cause}")]
    Broken {
        /// What was asked.
        endpoint: Endpoint,
        /// What was wrong.
        cause: String,
    },
}

impl ApiError {
    pub(super) fn transport(endpoint: Endpoint, source: reqwest::Error) -> Self {
        Self::Transport { endpoint, source: Arc::new(source) }
    }

    /// The HTTP status, when the service has answered.
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        match self {
            Self::Status { status, .. } => Some(*status),
            Self::Transport { .. } | Self::Broken { .. } => None,
        }
    }

    /// What the service says about one field of the request.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<&str> {
        match self {
            Self::Status { fields, .. } => fields.get(name).map(String::as_str),
            Self::Transport { .. } | Self::Broken { .. } => None,
        }
    }

    /// What the service says about the fields of the request.
    #[must_use]
    pub fn fields(&self) -> Option<&BTreeMap<String, String>> {
        match self {
            Self::Status { fields, .. } if !fields.is_empty() => Some(fields),
            _ => None,
        }
    }

    /// After a conflict: what is there, changed by somebody else.
    #[must_use]
    pub fn current(&self) -> Option<&Arc<Page>> {
        match self {
            Self::Status { current, .. } => current.as_ref(),
            Self::Transport { .. } | Self::Broken { .. } => None,
        }
    }
}
