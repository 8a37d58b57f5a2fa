//! The Application Context: a signal with its data.

mod datum;

pub use datum::DatumError;

use crate::{
    handler::contain,
    trigram::{Axis, NotConcrete, Trigram},
};
use datum::Datum;
use std::{fmt, sync::Arc};
use trine_core::Text;

/// An Application Context: a concrete trigram and a datum of three typed slots, one for each of its parts.
///
/// What happened in the app, as one value: it is [set](crate::Kernel::set) on a kernel, handed to every handler, and
/// returned by a handler to chain to. It cannot be changed once it is shared; cloning it copies a pointer. A panic in the
/// `Drop` of its data is reported through `tracing`, and goes no further.
///
/// ```
/// use trine_tao::AppCtx;
///
/// #[derive(Debug, PartialEq)]
/// struct FindUser { id: u32 }
///
/// let cx = AppCtx::new("User", "Find", "Portal").action(FindUser { id: 7 });
/// assert_eq!(cx.to_string(), "{User,Find,Portal}");
/// assert_eq!(cx.action_datum::<FindUser>()?.id, 7);
/// assert_eq!(
///     cx.term_datum::<String>().unwrap_err().to_string(),
///     "{User,Find,Portal}: the term slot is empty, expected `alloc::string::String`",
/// );
/// # Ok::<_, trine_tao::DatumError>(())
/// ```
#[derive(Clone)]
pub struct AppCtx {
    /// Shared, so that every handler can own the context that it is given.
    inner: Arc<Inner>,
}

#[derive(Clone)]
struct Inner {
    /// What the signal is called.
    trigram: Trigram,
    /// The slots in the order of the axes.
    datum: [Option<Datum>; 3],
}

impl AppCtx {
    /// A context without data.
    ///
    /// # Panics
    ///
    /// If a part is empty or `*`: a signal is never wild. For names that come from outside there is
    /// [`try_new`](Self::try_new).
    #[must_use]
    #[track_caller]
    pub fn new(term: impl Into<Text>, action: impl Into<Text>, orient: impl Into<Text>) -> Self {
        match Self::try_new(term, action, orient) {
            Ok(context) => context,
            Err(error) => panic!("{error}"),
        }
    }

    /// A context without data, of names that come from outside.
    ///
    /// # Errors
    ///
    /// [`NotConcrete`] if a part is empty or `*`.
    pub fn try_new(
        term: impl Into<Text>,
        action: impl Into<Text>,
        orient: impl Into<Text>,
    ) -> Result<Self, NotConcrete> {
        Trigram::new(term, action, orient).map(Self::from)
    }

    /// What the signal is called.
    #[must_use]
    pub fn trigram(&self) -> &Trigram {
        &self.inner.trigram
    }

    /// Puts `value` into the term slot: the thing itself.
    #[must_use]
    pub fn term<T: Send + Sync + 'static>(self, value: T) -> Self {
        self.term_arc(Arc::new(value))
    }

    /// Puts `value` into the action slot: what is needed to do it.
    #[must_use]
    pub fn action<T: Send + Sync + 'static>(self, value: T) -> Self {
        self.action_arc(Arc::new(value))
    }

    /// Puts `value` into the orient slot: who looks at it.
    #[must_use]
    pub fn orient<T: Send + Sync + 'static>(self, value: T) -> Self {
        self.orient_arc(Arc::new(value))
    }

    /// Puts a value that is shared already into the term slot.
    #[must_use]
    pub fn term_arc<T: Send + Sync + 'static>(self, value: Arc<T>) -> Self {
        self.with(Axis::Term, Datum::new(value))
    }

    /// Puts a value that is shared already into the action slot.
    #[must_use]
    pub fn action_arc<T: Send + Sync + 'static>(self, value: Arc<T>) -> Self {
        self.with(Axis::Action, Datum::new(value))
    }

    /// Puts a value that is shared already into the orient slot.
    #[must_use]
    pub fn orient_arc<T: Send + Sync + 'static>(self, value: Arc<T>) -> Self {
        self.with(Axis::Orient, Datum::new(value))
    }

    /// Looks at the term slot.
    ///
    /// # Errors
    ///
    /// [`DatumError`] if it is empty or holds another type.
    pub fn term_datum<T: Send + Sync + 'static>(&self) -> Result<&T, DatumError> {
        self.look(Axis::Term)
    }

    /// Looks at the action slot.
    ///
    /// # Errors
    ///
    /// [`DatumError`] if it is empty or holds another type.
    pub fn action_datum<T: Send + Sync + 'static>(&self) -> Result<&T, DatumError> {
        self.look(Axis::Action)
    }

    /// Looks at the orient slot.
    ///
    /// # Errors
    ///
    /// [`DatumError`] if it is empty or holds another type.
    pub fn orient_datum<T: Send + Sync + 'static>(&self) -> Result<&T, DatumError> {
        self.look(Axis::Orient)
    }

    /// Shares the value of the term slot, to keep it or to hand it on.
    ///
    /// # Errors
    ///
    /// [`DatumError`] if it is empty or holds another type.
    pub fn term_datum_arc<T: Send + Sync + 'static>(&self) -> Result<Arc<T>, DatumError> {
        self.share(Axis::Term)
    }

    /// Shares the value of the action slot, to keep it or to hand it on.
    ///
    /// # Errors
    ///
    /// [`DatumError`] if it is empty or holds another type.
    pub fn action_datum_arc<T: Send + Sync + 'static>(&self) -> Result<Arc<T>, DatumError> {
        self.share(Axis::Action)
    }

    /// Shares the value of the orient slot, to keep it or to hand it on.
    ///
    /// # Errors
    ///
    /// [`DatumError`] if it is empty or holds another type.
    pub fn orient_datum_arc<T: Send + Sync + 'static>(&self) -> Result<Arc<T>, DatumError> {
        self.share(Axis::Orient)
    }

    /// With what `other` has in this slot.
    pub(crate) fn with_slot_of(mut self, slot: Axis, other: &Self) -> Self {
        if let Some(datum) = &other.inner.datum[slot as usize] {
            Arc::make_mut(&mut self.inner).datum[slot as usize] = Some(datum.clone());
        }
        self
    }

    fn with(mut self, slot: Axis, datum: Datum) -> Self {
        Arc::make_mut(&mut self.inner).datum[slot as usize] = Some(datum);
        self
    }

    /// What a slot holds: the name of its type; none if it is empty.
    #[must_use]
    pub fn slot_type(&self, slot: Axis) -> Option<&'static str> {
        self.inner.datum[slot as usize].as_ref().map(Datum::type_name)
    }

    /// Puts a value into a slot.
    #[cfg(feature = "serde")]
    pub(crate) fn fill<T: Send + Sync + 'static>(self, slot: Axis, value: T) -> Self {
        self.with(slot, Datum::new(Arc::new(value)))
    }

    pub(crate) fn look<T: Send + Sync + 'static>(&self, slot: Axis) -> Result<&T, DatumError> {
        let datum = self.inner.datum[slot as usize].as_ref();
        datum.and_then(Datum::look).ok_or_else(|| self.mismatch::<T>(slot))
    }

    fn share<T: Send + Sync + 'static>(&self, slot: Axis) -> Result<Arc<T>, DatumError> {
        let datum = self.inner.datum[slot as usize].as_ref();
        datum.and_then(Datum::share).ok_or_else(|| self.mismatch::<T>(slot))
    }

    #[cold]
    fn mismatch<T>(&self, slot: Axis) -> DatumError {
        DatumError {
            trigram: self.trigram().clone(),
            slot,
            expected: std::any::type_name::<T>(),
            found: self.slot_type(slot),
        }
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        for datum in self.datum.iter_mut().filter(|datum| datum.is_some()) {
            // The last one to hold a context is most likely a dispatch, whose caller is to blame for nothing.
            if let Some(datum) = datum.take()
                && let Err(panic) = contain(|| drop(datum))
            {
                tracing::error!(%panic, signal = %self.trigram, "the drop of a datum panicked");
            }
        }
    }
}

impl From<Trigram> for AppCtx {
    fn from(trigram: Trigram) -> Self {
        Self { inner: Arc::new(Inner { trigram, datum: [None, None, None] }) }
    }
}

impl fmt::Display for AppCtx {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.trigram().fmt(f)
    }
}

impl fmt::Debug for AppCtx {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [term, action, orient] = &self.inner.datum;
        f.debug_struct("AppCtx")
            .field("trigram", &format_args!("{}", self.trigram()))
            .field("term", term)
            .field("action", action)
            .field("orient", orient)
            .finish()
    }
}
