//! The guide: chapters whose samples are compiled and run.

#[cfg(feature = "tcp")]
#[doc = include_str!("../docs/client-and-server.md")]
pub mod client_and_server {}
