//! The test kit: what makes the order of things a matter of the test.
//!
//! | to | use |
//! |---|---|
//! | decide when bodies go on | [`ManualExecutor`] |
//! | decide what time it is | [`ManualClock`] |
//! | draw ids and numbers that are the same in every run | [`Seeded`] |
//! | state what ran, in which order and how often | [`Log`] |
//! | find runs that nobody has awaited | [`RunAudit`] |
//! | try every order in which bodies may go on, be cancelled and time may pass | [`explore`] |

mod explore;
mod log;
mod manual_clock;
mod manual_executor;
mod run_audit;
mod seeded;
mod yield_now;

pub use crate::executor::LooseRun;
pub use explore::{Counterexample, Explored, Explorer, Scene, explore};
pub use log::{Log, NoteOnDrop};
pub use manual_clock::ManualClock;
pub use manual_executor::ManualExecutor;
pub use run_audit::RunAudit;
pub use seeded::Seeded;
pub use yield_now::{YieldNow, yield_now};
