//! Declared outputs: the signals that a handler may chain to, in the type of its answer.

use super::{Action, Orient, Signal, Term};
use crate::{
    context::AppCtx,
    handler::{Answer, BoxError, Contexts, Outputs},
    trigram::Trigram,
};
use std::{fmt, marker::PhantomData};

/// One of the signals of the tuple `L`: the answer of a handler that declares its outputs. Made by [`emit`].
///
/// ```
/// use trine_tao::{AppCtx, typed::{OneOf, Signal, emit, signal}};
///
/// trine_tao::parts! {
///     term Session;
///     action Find, Create, Enter;
///     orient Portal;
/// }
///
/// fn find_session(found: bool) -> OneOf<(Signal<Session, Enter, Portal>, Signal<Session, Create, Portal>)> {
///     if found { emit(signal(Session, Enter, Portal)) } else { emit(signal(Session, Create, Portal)) }
/// }
/// assert_eq!(find_session(true).to_string(), "{Session,Enter,Portal}");
/// ```
///
/// What is not in the list does not compile:
///
/// ```compile_fail,E0277
/// use trine_tao::typed::{OneOf, Signal, emit, signal};
///
/// trine_tao::parts! {
///     term Session;
///     action Find, Create;
///     orient Portal;
/// }
///
/// fn find_session() -> OneOf<(Signal<Session, Create, Portal>,)> {
///     emit(signal(Session, Find, Portal))
/// }
/// ```
pub struct OneOf<L> {
    /// The signal.
    context: AppCtx,
    /// What it may be.
    list: PhantomData<fn() -> L>,
}

/// Chains to `signal`, which is one of the declared outputs `L`.
#[must_use = "a signal is chained only if the handler returns it"]
pub fn emit<L, S, I>(signal: S) -> OneOf<L>
where
    S: Into<AppCtx>,
    L: Lists<S, I>,
{
    OneOf { context: signal.into(), list: PhantomData }
}

/// A tuple of [`Signal`]s, up to eight: declared outputs.
pub trait OutputList {
    /// Their trigrams.
    fn trigrams() -> Vec<Trigram>;
}

/// That the outputs `Self` include the signal `S`. The place `I` always infers.
#[diagnostic::on_unimplemented(
    message = "`{S}` is not among the declared outputs of this handler",
    label = "not a declared output",
    note = "declared are {Self}: add the signal to the list in the handler's return type, or chain to another one"
)]
pub trait Lists<S, I>: OutputList {}

/// The place in a list of outputs; only ever inferred.
#[derive(Debug, Clone, Copy)]
pub struct At<const PLACE: usize>;

impl OutputList for () {
    fn trigrams() -> Vec<Trigram> {
        Vec::new()
    }
}

/// A signal in a list: lists are made of signals only.
pub trait Named {
    /// Its trigram.
    fn named() -> Trigram;
}

impl<T: Term, A: Action, O: Orient> Named for Signal<T, A, O> {
    fn named() -> Trigram {
        Self::NAME.name()
    }
}

macro_rules! lists {
    ($($place:tt $signal:ident),+) => {
        impl<$($signal: Named),+> OutputList for ($($signal,)+) {
            fn trigrams() -> Vec<Trigram> {
                vec![$($signal::named()),+]
            }
        }
        lists!(@places [$($signal),+] $($place $signal),+);
    };
    (@places $all:tt $($place:tt $signal:ident),+) => {
        $(lists!(@place $all $place $signal);)+
    };
    (@place [$($all:ident),+] $place:tt $signal:ident) => {
        impl<$($all: Named),+> Lists<$signal, At<$place>> for ($($all,)+) {}
    };
}
lists!(0 S0);
lists!(0 S0, 1 S1);
lists!(0 S0, 1 S1, 2 S2);
lists!(0 S0, 1 S1, 2 S2, 3 S3);
lists!(0 S0, 1 S1, 2 S2, 3 S3, 4 S4);
lists!(0 S0, 1 S1, 2 S2, 3 S3, 4 S4, 5 S5);
lists!(0 S0, 1 S1, 2 S2, 3 S3, 4 S4, 5 S5, 6 S6);
lists!(0 S0, 1 S1, 2 S2, 3 S3, 4 S4, 5 S5, 6 S6, 7 S7);

impl<L> From<OneOf<L>> for AppCtx {
    fn from(output: OneOf<L>) -> Self {
        output.context
    }
}

impl<L: OutputList> Answer<Contexts> for OneOf<L> {
    fn into_answer(self) -> Result<Contexts, BoxError> {
        self.context.into_answer()
    }

    fn outputs() -> Outputs {
        Outputs::of(L::trigrams())
    }
}

impl<L> Clone for OneOf<L> {
    fn clone(&self) -> Self {
        Self { context: self.context.clone(), list: PhantomData }
    }
}

impl<L> fmt::Debug for OneOf<L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.context.fmt(f)
    }
}

impl<L> fmt::Display for OneOf<L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.context.fmt(f)
    }
}
