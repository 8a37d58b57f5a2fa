//! Errors as data: for logs, devtools and storage.
//!
//! Slices and callers get a run's error as it is. What is written down is made of it where it is written, by whoever writes:
//! the original's `serializeError`, as a function instead of an option.

use std::{any::type_name, error::Error, fmt};
use trine_core::{OutcomeKind, Rejection};

/// An error as data: what is left of it where only text can be kept. The original's `miniSerializeError`.
///
/// With the feature `serde` it can be serialised; fields that are empty are left out.
///
/// ```
/// use trine_thunks::{AsyncThunk, SerializedError, Store, ThunkApi};
///
/// #[derive(Debug, thiserror::Error)]
/// #[error("user {0} cannot be shown")]
/// struct NotShown(u32, #[source] std::io::Error);
///
/// let fetch = AsyncThunk::new("fetch", |id: u32, _: ThunkApi| async move {
///     Err::<(), _>(NotShown(id, std::io::Error::other("connection reset")))
/// });
/// let store = Store::builder().build().unwrap();
/// let rejection = store.dispatch(fetch.with(7)).outcome().unwrap().into_result().unwrap_err();
/// let data = SerializedError::of_rejection(&rejection).with_code("E7");
/// assert_eq!(data.name, "NotShown");
/// assert_eq!(data.message, "user 7 cannot be shown");
/// assert_eq!(data.chain, ["connection reset"]);
/// assert_eq!(data.code.as_deref(), Some("E7"));
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct SerializedError {
    /// What kind of error it is: its type, without path and parameters, or how the run has ended instead: `AbortError`,
    /// `ConditionError`, `TimeoutError`, `SupersededError`, `PanicError`, `RunError`.
    pub name: String,
    /// What it says.
    pub message: String,
    /// What programs know it by, if there is such a thing; see [`with_code`](Self::with_code).
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
    pub code: Option<String>,
    /// What its sources say, the nearest first.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Vec::is_empty"))]
    pub chain: Vec<String>,
}

impl SerializedError {
    /// An error with a name and a message.
    #[must_use]
    pub fn new(name: impl Into<String>, message: impl Into<String>) -> Self {
        Self { name: name.into(), message: message.into(), ..Self::default() }
    }

    /// What any error says, and its sources.
    #[must_use]
    pub fn of<E: Error>(error: &E) -> Self {
        let mut chain = Vec::new();
        let mut source = error.source();
        while let Some(next) = source {
            chain.push(next.to_string());
            source = next.source();
        }
        Self { chain, ..Self::new(short_name::<E>(), error.to_string()) }
    }

    /// What happened to a run that was not fulfilled.
    #[must_use]
    pub fn of_rejection<E: Error>(rejection: &Rejection<E>) -> Self {
        Self::of_rejection_with(rejection, Self::of)
    }

    /// What happened to a run that was not fulfilled; of the body's own error, what `serialize` makes of it. For errors that
    /// are no [`Error`], and those that know more than they say.
    ///
    /// ```
    /// use trine_thunks::{Rejection, SerializedError};
    ///
    /// let rejection = Rejection::Rejected { error: std::sync::Arc::new(404_u16) };
    /// let data = SerializedError::of_rejection_with(&rejection, |status| {
    ///     SerializedError::new("HttpError", "not there").with_code(status.to_string())
    /// });
    /// assert_eq!(data.code.as_deref(), Some("404"));
    /// ```
    #[must_use]
    pub fn of_rejection_with<E>(
        rejection: &Rejection<E>,
        serialize: impl FnOnce(&E) -> Self,
    ) -> Self {
        if let Rejection::Rejected { error } = rejection {
            return serialize(error);
        }
        let name = match rejection.kind() {
            OutcomeKind::Aborted => "AbortError",
            OutcomeKind::Skipped => "ConditionError",
            OutcomeKind::TimedOut => "TimeoutError",
            OutcomeKind::Superseded => "SupersededError",
            OutcomeKind::Panicked => "PanicError",
            _ => "RunError",
        };
        let message = match rejection {
            Rejection::Aborted { reason, .. } | Rejection::Skipped { reason } => reason.to_string(),
            Rejection::Panicked { message } => message.to_string(),
            other => other.to_string(),
        };
        Self::new(name, message)
    }

    /// What programs know it by.
    #[must_use]
    pub fn with_code(mut self, code: impl Into<String>) -> Self {
        self.code = Some(code.into());
        self
    }
}

/// The name of a type without its path and its parameters.
fn short_name<T>() -> &'static str {
    let name = type_name::<T>();
    let name = name.split('<').next().unwrap_or(name);
    name.rsplit("::").next().unwrap_or(name)
}

/// Name, message and sources, in one line.
impl fmt::Display for SerializedError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.name, self.message)?;
        for source in &self.chain {
            write!(f, ": {source}")?;
        }
        Ok(())
    }
}

impl Error for SerializedError {}
