//! The test kit: what makes the order of things a matter of the test.

mod manual_executor;

pub use manual_executor::ManualExecutor;
