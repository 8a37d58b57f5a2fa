//! Middleware: what stands between actions and atoms.
//!
//! It is shown every flush of an action before it becomes visible - the end of a sync or an async action, a
//! [`trigger`](crate::Draft::trigger) - and lets it pass, changes it, or refuses it:
//!
//! ```
//! use trine_atoms::{Atom, Flush, Store, middleware, synergy};
//!
//! static STOCK: Atom<i32> = Atom::new("stock", || 5);
//!
//! let store = Store::new();
//! let _guard = middleware(&store, |flush: &mut Flush| {
//!     match flush.change(&STOCK) {
//!         Some(stock) if *stock.new < 0 => Err(format!("only {} left", stock.current).into()),
//!         _ => Ok(()),
//!     }
//! });
//!
//! let take = synergy(&STOCK).action(|mut stock, count: i32| *stock -= count);
//! take.run(&store, 3);
//! let refused = take.try_run(&store, 3).unwrap_err();
//! assert!(refused.to_string().contains("only 2 left"));
//! assert_eq!(STOCK.get(&store), 2);
//! ```
//!
//! Middleware runs outside the lease, on the thread that flushes, the first registered first. It may use the store. What it
//! was shown is what is committed: if somebody else writes one of the atoms meanwhile, it is asked again.
//!
//! What is written to an atom without an action is no flush, and middleware does not see it: [`Atom::set`](crate::Atom::set),
//! `update` and `reset`, the writes of a [`WriteAtom`](crate::WriteAtom) and the like, [`reset_all`](crate::reset_all), undo, restored
//! snapshots, and the core's own writes, `Store::transaction` say. Where a rule has to hold for all that is written, write through
//! actions only.

mod chain;
mod flush;
mod logging;

pub use chain::{MiddlewareGuard, Veto, middleware};
pub use flush::{AtomFlush, Flush, FlushKind};
pub use logging::LogFlushes;

pub(crate) use chain::{Chain, Hooks, message_of};
pub(crate) use flush::{AtomChange, Entry};

use crate::BoxError;
use trine_core::CommitNumber;

/// How often middleware is asked about one flush, if others keep writing its atoms meanwhile.
pub(crate) const ROUNDS: u32 = 100;

/// What stands between actions and atoms: see [`middleware`](fn@middleware). Closures over `&mut Flush` are middleware.
pub trait Middleware: Send + Sync + 'static {
    /// Lets a flush pass, maybe changed, or refuses it: the error is the reason, and the action fails with it.
    ///
    /// A panic refuses it as well. It may be called several times for one flush, if others write its atoms meanwhile; what
    /// is to happen once belongs into [`committed`](Self::committed).
    ///
    /// # Errors
    ///
    /// Why the flush is refused.
    fn flush(&self, flush: &mut Flush) -> Result<(), BoxError>;

    /// A flush that all middleware has let pass is visible: as the commit of this number, or none if nothing was left to change.
    ///
    /// It comes after the commit's subscribers have been told. A panic in it is reported to the event feed.
    fn committed(&self, _flush: &Flush, _number: Option<CommitNumber>) {}

    /// A flush was refused, by this middleware or another one.
    fn refused(&self, _flush: &Flush, _veto: &Veto) {}
}

impl<F: Fn(&mut Flush) -> Result<(), BoxError> + Send + Sync + 'static> Middleware for F {
    fn flush(&self, flush: &mut Flush) -> Result<(), BoxError> {
        self(flush)
    }
}
