//! Trigrams and contexts whose parts are types.

use super::{Action, Orient, Term};
use crate::{
    context::{AppCtx, DatumError},
    handler::{Answer, BoxError, Contexts, Outputs},
    trigram::Trigram,
};
use std::{fmt, marker::PhantomData, sync::Arc};
use trine_core::Text;

/// A trigram whose parts are types. Made by [`trigram`].
///
/// Given to [`on_inline`](crate::Kernel::on_inline) and its siblings, it makes the handler one of a [`Signal`].
pub struct TypedTrigram<T, A, O>(PhantomData<(T, A, O)>);

/// An [`AppCtx`] whose trigram is in its type. Made by [`signal`].
///
/// It has the methods of an [`AppCtx`], with the types of the slots given by the parts.
pub struct Signal<T, A, O> {
    /// The same, untyped.
    context: AppCtx,
    /// The parts.
    parts: TypedTrigram<T, A, O>,
}

/// A context has another trigram than was asked for.
#[derive(Debug, Clone, thiserror::Error)]
#[error("the signal {} is not {expected}", .found.trigram())]
pub struct OtherSignal {
    /// The trigram that was asked for.
    pub expected: Trigram,
    /// The context, given back.
    pub found: AppCtx,
}

/// The trigram of these parts.
#[must_use]
pub const fn trigram<T: Term, A: Action, O: Orient>(
    _term: T,
    _action: A,
    _orient: O,
) -> TypedTrigram<T, A, O> {
    TypedTrigram::new()
}

/// A signal without data.
#[must_use]
pub fn signal<T: Term, A: Action, O: Orient>(term: T, action: A, orient: O) -> Signal<T, A, O> {
    trigram(term, action, orient).signal()
}

impl<T: Term, A: Action, O: Orient> TypedTrigram<T, A, O> {
    const fn new() -> Self {
        Self(PhantomData)
    }

    /// The same, untyped.
    #[must_use]
    pub fn name(self) -> Trigram {
        Trigram::of(
            Text::from_static(T::NAME),
            Text::from_static(A::NAME),
            Text::from_static(O::NAME),
        )
    }

    /// A signal without data.
    #[must_use]
    pub fn signal(self) -> Signal<T, A, O> {
        Signal { context: AppCtx::from(self.name()), parts: self }
    }
}

impl<T: Term, A: Action, O: Orient> Signal<T, A, O> {
    /// The trigram.
    pub const NAME: TypedTrigram<T, A, O> = TypedTrigram::new();

    /// What a dispatch has found to match.
    pub(super) fn assume(context: AppCtx) -> Self {
        Self { context, parts: TypedTrigram::new() }
    }

    /// The same, untyped.
    #[must_use]
    pub fn context(&self) -> &AppCtx {
        &self.context
    }

    /// Puts `value` into the term slot: the thing itself.
    #[must_use]
    pub fn term(self, value: T::Datum) -> Self {
        self.term_arc(Arc::new(value))
    }

    /// Puts `value` into the action slot: what is needed to do it.
    #[must_use]
    pub fn action(self, value: A::Datum) -> Self {
        self.action_arc(Arc::new(value))
    }

    /// Puts `value` into the orient slot: who looks at it.
    #[must_use]
    pub fn orient(self, value: O::Datum) -> Self {
        self.orient_arc(Arc::new(value))
    }

    /// Puts a value that is shared already into the term slot.
    #[must_use]
    pub fn term_arc(self, value: Arc<T::Datum>) -> Self {
        Self { context: self.context.term_arc(value), ..self }
    }

    /// Puts a value that is shared already into the action slot.
    #[must_use]
    pub fn action_arc(self, value: Arc<A::Datum>) -> Self {
        Self { context: self.context.action_arc(value), ..self }
    }

    /// Puts a value that is shared already into the orient slot.
    #[must_use]
    pub fn orient_arc(self, value: Arc<O::Datum>) -> Self {
        Self { context: self.context.orient_arc(value), ..self }
    }

    /// Looks at the term slot.
    ///
    /// # Errors
    ///
    /// [`DatumError`] if it is empty, or was filled with another type through an untyped context.
    pub fn term_datum(&self) -> Result<&T::Datum, DatumError> {
        self.context.term_datum()
    }

    /// Looks at the action slot.
    ///
    /// # Errors
    ///
    /// [`DatumError`] if it is empty, or was filled with another type through an untyped context.
    pub fn action_datum(&self) -> Result<&A::Datum, DatumError> {
        self.context.action_datum()
    }

    /// Looks at the orient slot.
    ///
    /// # Errors
    ///
    /// [`DatumError`] if it is empty, or was filled with another type through an untyped context.
    pub fn orient_datum(&self) -> Result<&O::Datum, DatumError> {
        self.context.orient_datum()
    }

    /// Shares the value of the term slot, to keep it or to hand it on.
    ///
    /// # Errors
    ///
    /// [`DatumError`] if it is empty, or was filled with another type through an untyped context.
    pub fn term_datum_arc(&self) -> Result<Arc<T::Datum>, DatumError> {
        self.context.term_datum_arc()
    }

    /// Shares the value of the action slot, to keep it or to hand it on.
    ///
    /// # Errors
    ///
    /// [`DatumError`] if it is empty, or was filled with another type through an untyped context.
    pub fn action_datum_arc(&self) -> Result<Arc<A::Datum>, DatumError> {
        self.context.action_datum_arc()
    }

    /// Shares the value of the orient slot, to keep it or to hand it on.
    ///
    /// # Errors
    ///
    /// [`DatumError`] if it is empty, or was filled with another type through an untyped context.
    pub fn orient_datum_arc(&self) -> Result<Arc<O::Datum>, DatumError> {
        self.context.orient_datum_arc()
    }
}

impl<T, A, O> From<Signal<T, A, O>> for AppCtx {
    fn from(signal: Signal<T, A, O>) -> Self {
        signal.context
    }
}

impl<T: Term, A: Action, O: Orient> TryFrom<AppCtx> for Signal<T, A, O> {
    type Error = OtherSignal;

    /// The context as a signal of this trigram.
    ///
    /// # Errors
    ///
    /// [`OtherSignal`], with the context, if it has another one.
    fn try_from(context: AppCtx) -> Result<Self, OtherSignal> {
        let expected = TypedTrigram::<T, A, O>::new().name();
        if *context.trigram() == expected {
            Ok(Self::assume(context))
        } else {
            Err(OtherSignal { expected, found: context })
        }
    }
}

impl<T: Term, A: Action, O: Orient> Answer<Contexts> for Signal<T, A, O> {
    fn into_answer(self) -> Result<Contexts, BoxError> {
        self.context.into_answer()
    }

    fn outputs() -> Outputs {
        Outputs::of([TypedTrigram::<T, A, O>::new().name()])
    }
}

impl<T, A, O> Clone for Signal<T, A, O> {
    fn clone(&self) -> Self {
        Self { context: self.context.clone(), parts: self.parts }
    }
}

impl<T, A, O> Clone for TypedTrigram<T, A, O> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T, A, O> Copy for TypedTrigram<T, A, O> {}

impl<T, A, O> fmt::Debug for Signal<T, A, O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.context.fmt(f)
    }
}

impl<T, A, O> fmt::Display for Signal<T, A, O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.context.fmt(f)
    }
}

impl<T: Term, A: Action, O: Orient> fmt::Debug for TypedTrigram<T, A, O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.name().fmt(f)
    }
}

impl<T: Term, A: Action, O: Orient> fmt::Display for TypedTrigram<T, A, O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.name().fmt(f)
    }
}
