//! The executor.

/// The identity of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RunId(u64);

/// Which kind of outcome.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum OutcomeKind {
    /// The body returned a value.
    Fulfilled,
}

#[derive(Debug, Default)]
pub(crate) struct ExecutorConfig;
pub(crate) struct Executor;
impl Executor {
    pub(crate) fn new(_: ExecutorConfig) -> Self {
        Self
    }
    pub(crate) fn spawn_detached(&self, _task: impl Future<Output = ()> + Send + 'static) -> bool {
        false
    }
}
