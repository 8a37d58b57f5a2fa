//! The test kit: what makes the order of things a matter of the test.

mod manual_clock;
mod manual_executor;

pub use manual_clock::ManualClock;
pub use manual_executor::ManualExecutor;
