//! What is called when a run starts and when it ends.
//!
//! The hooks of a run are type parameters of its builder, and the settle hook of the run itself: to have one costs the call and
//! no allocation, and to have none, which is `()`, costs nothing.

use super::{context::RunContext, outcome::Outcome};
use crate::text::Text;

/// A start hook or none: what [`RunBuilder::on_start`](crate::RunBuilder::on_start) was given, and `()`.
pub trait StartHook {
    /// Whether there is anything to call.
    #[doc(hidden)]
    const ANY: bool;

    #[doc(hidden)]
    fn call(self, cx: &RunContext) -> Result<(), Text>;
}

/// A settle hook or none: what [`RunBuilder::on_settle`](crate::RunBuilder::on_settle) was given, and `()`.
pub trait SettleHook<T, E>: Send + 'static {
    /// Whether there is anything to call.
    #[doc(hidden)]
    const ANY: bool;

    #[doc(hidden)]
    fn call(self, outcome: &Outcome<T, E>);
}

impl StartHook for () {
    const ANY: bool = false;

    fn call(self, _: &RunContext) -> Result<(), Text> {
        Ok(())
    }
}

impl<F: FnOnce(&RunContext) -> Result<(), Text>> StartHook for F {
    const ANY: bool = true;

    fn call(self, cx: &RunContext) -> Result<(), Text> {
        self(cx)
    }
}

impl<T, E> SettleHook<T, E> for () {
    const ANY: bool = false;

    fn call(self, _: &Outcome<T, E>) {}
}

impl<T, E, F: FnOnce(&Outcome<T, E>) + Send + 'static> SettleHook<T, E> for F {
    const ANY: bool = true;

    fn call(self, outcome: &Outcome<T, E>) {
        self(outcome);
    }
}
