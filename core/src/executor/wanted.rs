//! Whether a run is wanted.

use crate::text::Text;

/// Whether a run is wanted: what its [condition](crate::RunBuilder::condition) says. `true` and `false` will do where there is
/// nothing more to say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wanted {
    /// It is.
    Yes,
    /// It is not, for this reason, which its [`Outcome::Skipped`](crate::Outcome::Skipped) tells.
    No {
        /// Why not.
        reason: Text,
    },
}

impl Wanted {
    /// It is not wanted, for this reason.
    #[must_use]
    pub fn no(reason: impl Into<Text>) -> Self {
        Self::No { reason: reason.into() }
    }
}

impl From<bool> for Wanted {
    fn from(wanted: bool) -> Self {
        if wanted {
            return Self::Yes;
        }
        Self::No { reason: Text::from_static("its condition said no") }
    }
}
