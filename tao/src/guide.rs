//! The guide: chapters whose samples are compiled and run.

#[doc = include_str!("../docs/user-enters-the-app.md")]
pub mod user_enters_the_app {}

#[cfg(feature = "tcp")]
#[doc = include_str!("../docs/client-and-server.md")]
pub mod client_and_server {}
