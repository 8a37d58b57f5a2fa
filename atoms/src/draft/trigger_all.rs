//! Flushing several drafts at once.

use super::{
    AnyDesk, AnyPiece, Draft, OUT,
    conflict::FlushError,
    desk::Caller,
    pieces::{Pieces, for_each},
};
use crate::middleware::FlushKind;
use std::{panic::Location, sync::Arc};

/// Flushes several drafts now, all in one commit or none of them; see [`Draft::trigger`]. Nobody sees the one without the
/// other:
///
/// ```
/// use trine_atoms::{Atom, AsyncAction, Store, synergy, trigger_all};
///
/// static PROGRESS: Atom<u32> = Atom::new("progress", || 0);
/// static MESSAGE: Atom<String> = Atom::new("message", String::new);
///
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let import: AsyncAction<()> =
///     synergy((&PROGRESS, &MESSAGE)).async_action(|(mut progress, mut message), ()| async move {
///         progress.set(50);
///         message.set("half of it is done".to_owned());
///         let (mut progress, mut message) = trigger_all((progress, message))?;
///         progress.set(100);
///         message.set("done".to_owned());
///         Ok(())
///     });
/// # let store = Store::new();
/// # import.run(&store, ()).await.unwrap();
/// # assert_eq!(store.last_commit().get(), 2);
/// # });
/// ```
///
/// # Errors
///
/// As [`Draft::trigger`], for any of them: nothing was written then. [`FlushError::Strangers`] if they belong to different
/// calls of actions.
#[track_caller]
pub fn trigger_all<L: DraftList>(drafts: L) -> Result<L, FlushError> {
    drafts.flush(Location::caller())
}

/// What [`trigger_all`] takes: a tuple of [`Draft`]s. Sealed.
pub trait DraftList: sealed::Sealed + Sized {
    #[doc(hidden)]
    fn flush(self, caller: Caller) -> Result<Self, FlushError>;
}

mod sealed {
    pub trait Sealed {}
}

fn same_desk(one: &Arc<dyn AnyDesk>, other: &Arc<dyn AnyDesk>) -> bool {
    std::ptr::addr_eq(Arc::as_ptr(one), Arc::as_ptr(other))
}

macro_rules! tuples {
    ($(($($name:ident $index:tt)+))+) => {$(
        impl<$($name: Clone + Send + Sync + 'static),+> sealed::Sealed for ($(Draft<$name>,)+) {}

        impl<$($name: Clone + Send + Sync + 'static),+> Pieces for ($(Draft<$name>,)+) {
            fn each(
                &mut self,
                visit: &mut dyn FnMut(&mut dyn AnyPiece) -> Result<(), FlushError>,
            ) -> Result<(), FlushError> {
                $(visit(self.$index.piece.as_mut().expect(OUT))?;)+
                Ok(())
            }
        }

        impl<$($name: Clone + Send + Sync + 'static),+> DraftList for ($(Draft<$name>,)+) {
            fn flush(mut self, caller: Caller) -> Result<Self, FlushError> {
                let desk = Arc::clone(&self.0.desk);
                $(if !same_desk(&desk, &self.$index.desk) {
                    let (first, second) = (self.0.name(), self.$index.name());
                    return Err(FlushError::Strangers { first, second });
                })+
                if $(!self.$index.changed() &&)+ true {
                    return Ok(self);
                }
                let done = desk.flush(&mut self, FlushKind::Trigger, caller);
                if let Err(error) = done {
                    // They are not to be written at the end instead.
                    for_each(&mut self, |piece| piece.finish());
                    return Err(error);
                }
                Ok(self)
            }
        }
    )+};
}

tuples! {
    (A 0)
    (A 0 B 1)
    (A 0 B 1 C 2)
    (A 0 B 1 C 2 D 3)
    (A 0 B 1 C 2 D 3 F 4)
    (A 0 B 1 C 2 D 3 F 4 G 5)
    (A 0 B 1 C 2 D 3 F 4 G 5 H 6)
    (A 0 B 1 C 2 D 3 F 4 G 5 H 6 I 7)
    (A 0 B 1 C 2 D 3 F 4 G 5 H 6 I 7 J 8)
    (A 0 B 1 C 2 D 3 F 4 G 5 H 6 I 7 J 8 K 9)
    (A 0 B 1 C 2 D 3 F 4 G 5 H 6 I 7 J 8 K 9 L 10)
    (A 0 B 1 C 2 D 3 F 4 G 5 H 6 I 7 J 8 K 9 L 10 M 11)
}
