//! Running a path: a signal is set, and the cascade that follows is held against what is written.

use super::{
    Unreadable,
    document::Document,
    graph::Graph,
    trace::{Trace, recorded},
    walk::{Walk, walks},
};
use crate::{AppCtx, Cascade, Kernel, Recorder};
use std::{borrow::Cow, time::Duration};

/// Where paths come from: a document, or the text of one.
///
/// A text is read anew each time; make a [`Document`] of it once where that matters.
pub trait Paths {
    /// The document.
    ///
    /// # Errors
    ///
    /// [`Unreadable`] if something in it cannot be read.
    fn document(&self) -> Result<Cow<'_, Document>, Unreadable>;
}

impl Paths for Document {
    fn document(&self) -> Result<Cow<'_, Document>, Unreadable> {
        if self.problems().is_empty() {
            Ok(Cow::Borrowed(self))
        } else {
            Err(Unreadable::new(self.problems().to_vec()))
        }
    }
}

impl Paths for str {
    fn document(&self) -> Result<Cow<'_, Document>, Unreadable> {
        let name = if Document::is_tao(self) { "paths.tao" } else { "paths.md" };
        Document::read(name, self).complete().map(Cow::Owned)
    }
}

impl<P: Paths + ?Sized> Paths for &P {
    fn document(&self) -> Result<Cow<'_, Document>, Unreadable> {
        (**self).document()
    }
}

impl<P: Paths> Paths for std::sync::LazyLock<P> {
    fn document(&self) -> Result<Cow<'_, Document>, Unreadable> {
        (**self).document()
    }
}

/// A path that was begun: [`begin`] makes one.
#[derive(Debug)]
#[must_use = "it says nothing until it is asked how it went"]
pub struct PathRun {
    graph: Graph,
    path: usize,
    recorder: Recorder,
    cascade: Cascade,
}

/// Why a path could not be begun.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BeginError {
    /// The paths cannot be read.
    #[error("the paths cannot be read:\n{0}")]
    Unreadable(#[from] Unreadable),
    /// There is no path of this name.
    #[error("there is no path `{name}`; there are {}", .known.join(", "))]
    NoPath {
        /// The name.
        name: String,
        /// The names that there are.
        known: Vec<String>,
    },
}

/// Sets `given`, which begins the path of this name, and records what follows.
///
/// [`assert_path!`](crate::assert_path) does the same in one line.
///
/// # Errors
///
/// [`BeginError`] if the paths cannot be read, or there is none of that name.
pub fn begin(
    kernel: &Kernel,
    paths: impl Paths,
    name: &str,
    given: impl Into<AppCtx>,
) -> Result<PathRun, BeginError> {
    let document = paths.document()?;
    let graph = document.graph();
    let path = find(&graph, name)?;
    let recorder = recorded(kernel);
    Ok(PathRun { graph, path, recorder, cascade: kernel.set(given) })
}

pub(crate) fn find(graph: &Graph, name: &str) -> Result<usize, BeginError> {
    graph.path(name).ok_or_else(|| {
        let known = graph.paths.iter().map(|path| format!("`{}`", path.name)).collect();
        BeginError::NoPath { name: name.to_owned(), known }
    })
}

impl PathRun {
    /// How it went so far.
    pub fn walk(&self) -> Walk {
        let mut trace = Trace::so_far(&self.recorder);
        trace.cascades.retain(|cascade| cascade.cascade == self.cascade.id().get());
        let none = || Walk {
            path: self.graph.paths[self.path].name.clone(),
            cascade: super::trace::TracedCascade {
                cascade: self.cascade.id().get(),
                dispatches: Vec::new(),
                ended: None,
            },
            deviations: Vec::new(),
        };
        walks(&self.graph, self.path, &trace).pop().unwrap_or_else(none)
    }

    /// How it went, once all has come to rest.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses nothing but the record.
    pub async fn settled(self) -> Walk {
        self.cascade.settled().await;
        self.walk()
    }

    /// Blocks until all has come to rest, but no longer than `timeout`; then tells how it went.
    ///
    /// A runtime that needs this very thread makes no progress meanwhile: use [`settled`](Self::settled) there.
    #[must_use]
    pub fn settled_blocking(self, timeout: Duration) -> Walk {
        // Whether it did is in the walk.
        let _ = self.cascade.settled_blocking(timeout);
        self.walk()
    }

    /// Lets `drive` do what is left to the runtime, then tells how it went: for an executor that is driven by hand.
    #[must_use]
    pub fn driven<R>(self, drive: impl FnOnce() -> R) -> Walk {
        let _ = drive();
        self.walk()
    }
}

/// How long [`assert_path!`](crate::assert_path) waits for a cascade to come to rest.
#[doc(hidden)]
pub const PATIENCE: Duration = Duration::from_secs(10);

/// Begins a path, or panics with what is wrong.
#[doc(hidden)]
#[track_caller]
pub fn begun(kernel: &Kernel, paths: impl Paths, name: &str, given: impl Into<AppCtx>) -> PathRun {
    match begin(kernel, paths, name, given) {
        Ok(run) => run,
        Err(error) => panic!("{error}"),
    }
}

/// Panics with the walk if it has left its path.
#[doc(hidden)]
#[track_caller]
pub fn held(walk: Walk) -> Walk {
    assert!(walk.is_on_path(), "{walk}");
    walk
}

/// Sets a signal that begins a path, and asserts that what follows is that path; gives the [`Walk`](crate::path::Walk).
///
/// It panics with the cascade as a tree, marked where it left the path, if it did. What is a walk of a path is said at
/// [`Walk`](crate::path::Walk). The paths are a [`Document`](crate::path::Document), or its text.
///
/// | written | waits for the cascade to come to rest |
/// |---|---|
/// | `assert_path!(kernel, PATHS, "name", given)` | blocking, at most 10 s; at once if nothing had to wait |
/// | `assert_path!(kernel, PATHS, "name", given, await)` | as a future: in async tests |
/// | `assert_path!(kernel, PATHS, "name", given, \|\| executor.run_until_stalled())` | as that closure does |
///
/// ```
/// use trine_tao::{AppCtx, Kernel, Store, assert_path};
///
/// const PATHS: &str = r#"
/// path "Log in" {
///     "User hits login" {User,Find,Portal}  => "look the user up"
///                                              "there is one [^1a]"
///                                              "there is none [^1b]"
///     \1a:=>            {User,Enter,Portal} => "greet them"
///     \1b:=>            {User,Fail,Portal}  => "say so"
/// }
/// "#;
///
/// let tao = Kernel::new(&Store::new());
/// let _find = tao.on_inline(("User", "Find", "Portal"), |cx| {
///     let known = *cx.action_datum::<u32>()? == 7;
///     Ok(AppCtx::new("User", if known { "Enter" } else { "Fail" }, "Portal"))
/// });
/// let _enter = tao.on_inline(("User", "Enter", "Portal"), |_| ());
/// let _fail = tao.on_inline(("User", "Fail", "Portal"), |_| ());
///
/// assert_path!(tao, PATHS, "Log in", AppCtx::new("User", "Find", "Portal").action(7_u32));
/// assert_path!(tao, PATHS, "Log in", AppCtx::new("User", "Find", "Portal").action(8_u32));
/// ```
#[macro_export]
macro_rules! assert_path {
    ($kernel:expr, $paths:expr, $name:expr, $given:expr $(,)?) => {
        $crate::path::held(
            $crate::path::begun(&$kernel, $paths, $name, $given)
                .settled_blocking($crate::path::PATIENCE),
        )
    };
    ($kernel:expr, $paths:expr, $name:expr, $given:expr, await $(,)?) => {
        $crate::path::held($crate::path::begun(&$kernel, $paths, $name, $given).settled().await)
    };
    ($kernel:expr, $paths:expr, $name:expr, $given:expr, $drive:expr $(,)?) => {
        $crate::path::held($crate::path::begun(&$kernel, $paths, $name, $given).driven($drive))
    };
}
