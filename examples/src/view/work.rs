//! Work that takes its time: an import with progress, and news from a service that may fail at first.

use std::sync::Arc;

use serde::Serialize;

use crate::api::News;

/// The import of contacts.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum ImportView {
    /// None was started.
    #[default]
    None,
    /// So many are imported, others still to come.
    Running(Progress),
    /// All are imported.
    Done {
        /// How many.
        total: u32,
    },
    /// The user has stopped it: what was imported stays.
    Stopped(Progress),
    /// One could not be imported: what was imported stays.
    Failed {
        /// How far it had come.
        progress: Progress,
        /// The request's [`ApiError`](crate::client::ApiError) as text.
        problem: String,
    },
}

/// How far work has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Progress {
    /// What is done.
    pub done: u32,
    /// Of how much.
    pub total: u32,
}

/// What is new today.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum NewsView {
    /// Not asked for.
    #[default]
    None,
    /// The service is asked for the so-manieth time.
    Loading {
        /// Counted from 1.
        attempt: u32,
    },
    /// Here.
    Ready(Arc<News>),
    /// The last attempt has failed too: its [`ApiError`](crate::client::ApiError) as text.
    Failed(String),
}

impl ImportView {
    /// One more is imported.
    pub fn advance(&mut self) {
        if let Self::Running(progress) = self {
            progress.done += 1;
        }
    }

    /// It ends before its time.
    pub fn stop(&mut self) {
        if let Self::Running(progress) = *self {
            *self = Self::Stopped(progress);
        }
    }

    /// All are imported, or one could not be.
    pub fn end(&mut self, problem: Option<String>) {
        if let Self::Running(progress) = *self {
            *self = match problem {
                None => Self::Done { total: progress.total },
                Some(problem) => Self::Failed { progress, problem },
            };
        }
    }

    pub(super) fn words(&self) -> String {
        match self {
            Self::None => "import: none".to_owned(),
            Self::Running(Progress { done, total }) => format!("import: {done} of {total}"),
            Self::Done { total } => format!("import: all {total} done"),
            Self::Stopped(Progress { done, .. }) => format!("import: stopped, {done} done"),
            Self::Failed { progress, .. } => format!("import: failed, {} done", progress.done),
        }
    }
}

impl NewsView {
    /// Here, or given up.
    #[must_use]
    pub fn is_settled(&self) -> bool {
        matches!(self, Self::Ready(_) | Self::Failed(_))
    }

    pub(super) fn words(&self) -> String {
        match self {
            Self::None => "news: none".to_owned(),
            Self::Loading { attempt } => format!("news: attempt {attempt}"),
            Self::Ready(news) => format!("news: {}", news.headline),
            Self::Failed(_) => "news: failed".to_owned(),
        }
    }
}
