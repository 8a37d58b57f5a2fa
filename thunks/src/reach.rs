//! What the body of a thunk and the effect of a listener can do with their store.
//!
//! Both are given an api of their own, since each has more than this; the methods here are the same in both, word for word. They go
//! through the run's context, which is inert once the run is over.

/// The methods that the api of a body and that of an effect have in common, for their `impl` blocks; `$run` is what the docs call what
/// it belongs to.
macro_rules! reach_store {
    ($run:literal) => {
        /// The extra value of the store.
        #[must_use]
        pub fn extra(&self) -> &X {
            &self.shared.extra
        }

        /// Dispatches an action or a thunk, as [`Store::dispatch`](crate::Store::dispatch) does.
        ///
        #[doc = concat!("A thunk becomes a *child*: when this ", $run, " ends in whatever way, so does the child, unless it is")]
        #[doc = concat!("[detached](trine_core::Run::detach_from_parent). When this ", $run, " is over already, an action is dropped,")]
        /// and a thunk is not started: its outcome is [`Aborted`](trine_core::Outcome::Aborted) by its parent.
        ///
        /// # Panics
        ///
        #[doc = concat!("As [`Store::dispatch`](crate::Store::dispatch), except when this ", $run, " is over or the store gone.")]
        #[track_caller]
        pub fn dispatch<D: $crate::Dispatch<X>>(&self, what: D) -> <D as $crate::Dispatch<X>>::Output {
            match D::or_inert(self.try_dispatch(what)) {
                Ok(output) => output,
                Err(error) => panic!("{error}"),
            }
        }

        /// Dispatches an action or a thunk, or says why it cannot be dispatched.
        ///
        /// # Errors
        ///
        #[doc = concat!("With an action: if this ", $run, " is over or the store gone; as")]
        /// [`Store::try_dispatch`](crate::Store::try_dispatch). With a thunk: never.
        ///
        /// # Panics
        ///
        /// As [`Store::try_dispatch`](crate::Store::try_dispatch).
        #[track_caller]
        pub fn try_dispatch<D: $crate::Dispatch<X>>(
            &self,
            what: D,
        ) -> Result<<D as $crate::Dispatch<X>>::Output, $crate::DispatchError> {
            what.in_run(&self.cx, &self.shared)
        }

        /// Looks at the state of a slice, or at the value of a cell, as it is now; the original's `getState`. `read` runs inside the
        /// lease and must be pure.
        ///
        /// # Panics
        ///
        /// Where [`try_read`](Self::try_read) gives an error.
        #[track_caller]
        pub fn read<S: $crate::Subject, R>(
            &self,
            subject: S,
            read: impl FnOnce(&S::Value) -> R,
        ) -> R {
            $crate::store::unwrap(self.try_read(subject, read))
        }

        /// Looks at the state of a slice, or says why it cannot be read.
        ///
        /// # Errors
        ///
        /// As [`Store::try_read`](crate::Store::try_read); if the store is gone.
        #[track_caller]
        pub fn try_read<S: $crate::Subject, R>(
            &self,
            subject: S,
            read: impl FnOnce(&S::Value) -> R,
        ) -> Result<R, $crate::ReadError> {
            let cell = subject.find(&$crate::subject::sealed::TableRef(&self.shared.table))?;
            Ok(self.cx.store()?.try_with(cell, read)?)
        }

        #[doc = concat!("Whether this ", $run, " is over: aborted, superseded, or in any other way. The original's `signal.aborted`.")]
        ///
        /// What awaits need not ask, since it is dropped where it awaits. What computes for long without awaiting asks from time
        /// to time, and returns.
        #[must_use]
        pub fn is_aborted(&self) -> bool {
            !self.cx.is_active()
        }

        #[doc = concat!("Resolves when this ", $run, " is over, in whatever way: for helpers that go on elsewhere and have to be told. The")]
        /// original's `signal.addEventListener('abort', ..)`.
        ///
        /// # Cancel safety
        ///
        /// Dropping the future loses nothing, and leaves nothing registered.
        pub fn aborted(&self) -> trine_core::Aborted {
            self.cx.aborted()
        }
    };
}
pub(crate) use reach_store;
