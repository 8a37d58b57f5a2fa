//! Views: what a part of a user interface keeps of the signals that it has heard, in cells of the store.
//!
//! Four things are all that a binding to a user interface needs:
//!
//! | | what | tao.js |
//! |---|---|---|
//! | handlers for as long as the view is there | [`View::on_inline`] and so on | `useTao..Handler` |
//! | the latest signal that matches | [`View::latest`], [`View::latest_refreshed`] | `RenderHandler` |
//! | which of several cases the latest signal is | [`View::switch`] | `SwitchHandler` |
//! | named data, reduced from signals, found from views inside | [`View::data`], [`View::find`] | `DataHandler`, `useTaoData` |
//!
//! The fourth of the original's, setting data by hand, is `store.set(cell, ..)`: data are cells of the store, so everything
//! that reads cells reads them, derived cells, atoms and thunks in the same store included.

mod data;
mod shown;

pub use data::NoData;
pub use shown::Shown;

use crate::{
    adapter::{AdapterGuard, Filter},
    handler::{BoxError, Contexts, Outputs, Phase, Response, Verdict},
    kernel::{HandlerGuard, Kernel},
    observe::Place,
    surface::Surface,
    sync::Mutex,
    typed::Listen,
};
use data::Named;
use rustc_hash::FxHashMap;
use std::{
    fmt,
    sync::{Arc, Weak},
};
use trine_core::{CellBuilder, Scope, Source, Text};

/// A part of a user interface: owns the handlers and the cells that are made through it, and ends them together when it is
/// dropped.
///
/// ```
/// # let store = trine_core::Store::new();
/// use trine_tao::{AppCtx, Kernel, View};
///
/// let tao = Kernel::new(&store);
/// let page = View::new(&tao, "page");
///
/// // Named data, reduced from signals.
/// let users = page.data("users", Vec::new(), ("User", "Enter", "*"), |users: &mut Vec<String>, cx| {
///     users.push(cx.term_datum::<String>()?.clone());
///     Ok(())
/// });
///
/// // Which of the panes is shown: whatever the latest signal says.
/// #[derive(Debug, Clone, PartialEq)]
/// enum Pane { List, Edit }
/// let pane = page.switch([(Pane::List, ("User", "List", "*")), (Pane::Edit, ("User", "Edit", "*"))]);
///
/// // A view inside finds the data by their name.
/// let dialog = page.inner("dialog");
/// assert_eq!(dialog.find::<Vec<String>>("users").unwrap(), users);
///
/// tao.set(AppCtx::new("User", "Enter", "Portal").term("Ada".to_owned()));
/// tao.set(AppCtx::new("User", "Edit", "Portal"));
/// assert_eq!(store.get(users), ["Ada"]);
/// assert_eq!(store.get(pane).unwrap().cases(), [Pane::Edit]);
/// ```
///
/// # Where its code runs
///
/// Reducers run inside the store's lease and must be pure: they are given the state and the signal, and nothing else. Everything
/// else is an inline handler like any other.
///
/// # Its end
///
/// Dropped, it takes its handlers away first, then its cells, and what views inside of it own. What it has made
/// for a channel hears what the channel does.
#[must_use = "a view ends when it is dropped"]
pub struct View {
    inner: Arc<Inner>,
}

struct Inner {
    name: Text,
    surface: Surface,
    /// The view around it.
    outer: Option<Weak<Inner>>,
    /// Dropped before the cells that they write.
    handlers: Mutex<Vec<Handlers>>,
    /// What was given a name.
    data: Mutex<FxHashMap<Text, Named>>,
    /// The cells.
    scope: Scope,
}

/// What was registered through a view, for as long as it is there.
#[expect(dead_code, reason = "kept for their drops")]
enum Handlers {
    One(HandlerGuard),
    Several(AdapterGuard),
}

impl View {
    /// A view of what happens in a kernel, or in a channel.
    pub fn new(surface: impl Into<Surface>, name: impl Into<Text>) -> Self {
        let (surface, name) = (surface.into(), name.into());
        let scope = surface.kernel().store().scope(name.clone());
        Self::build(surface, name, None, scope)
    }

    /// A view inside this one: it finds this one's data, and ends with it.
    ///
    /// # Panics
    ///
    /// If this view has ended with the one around it.
    #[track_caller]
    pub fn inner(&self, name: impl Into<Text>) -> Self {
        let (surface, name) = (self.inner.surface.clone(), name.into());
        let scope = self.inner.scope.scope(name.clone());
        Self::build(surface, name, Some(Arc::downgrade(&self.inner)), scope)
    }

    fn build(surface: Surface, name: Text, outer: Option<Weak<Inner>>, scope: Scope) -> Self {
        let (handlers, data) = (Mutex::default(), Mutex::default());
        Self { inner: Arc::new(Inner { name, surface, outer, handlers, data, scope }) }
    }

    /// What it is called.
    #[must_use]
    pub fn name(&self) -> &Text {
        &self.inner.name
    }

    /// What it is a view of.
    #[must_use]
    pub fn surface(&self) -> &Surface {
        &self.inner.surface
    }

    fn kernel(&self) -> &Kernel {
        self.inner.surface.kernel()
    }

    /// [`Kernel::on_intercept`], for as long as the view is there.
    #[track_caller]
    pub fn on_intercept<P, H, R, M>(&self, pattern: P, handler: H)
    where
        P: Listen,
        H: Fn(P::Context) -> R + Send + Sync + 'static,
        R: Response<Verdict, M>,
    {
        self.keep(match &self.inner.surface {
            Surface::Kernel(kernel) => kernel.on_intercept(pattern, handler),
            Surface::Channel(channel) => channel.on_intercept(pattern, handler),
        });
    }

    /// [`Kernel::on_async`], for as long as the view is there.
    #[track_caller]
    pub fn on_async<P, H, R, M>(&self, pattern: P, handler: H)
    where
        P: Listen,
        H: Fn(P::Context) -> R + Send + Sync + 'static,
        R: Response<Contexts, M>,
    {
        self.keep(match &self.inner.surface {
            Surface::Kernel(kernel) => kernel.on_async(pattern, handler),
            Surface::Channel(channel) => channel.on_async(pattern, handler),
        });
    }

    /// [`Kernel::on_inline`], for as long as the view is there.
    #[track_caller]
    pub fn on_inline<P, H, R, M>(&self, pattern: P, handler: H)
    where
        P: Listen,
        H: Fn(P::Context) -> R + Send + Sync + 'static,
        R: Response<Contexts, M>,
    {
        self.keep(match &self.inner.surface {
            Surface::Kernel(kernel) => kernel.on_inline(pattern, handler),
            Surface::Channel(channel) => channel.on_inline(pattern, handler),
        });
    }

    fn keep(&self, guard: HandlerGuard) {
        self.inner.handlers.lock().push(Handlers::One(guard));
    }

    /// Registers `body` for what matches `filter`, in line.
    #[track_caller]
    fn hear<F>(&self, filter: &Filter, outputs: &Outputs, body: F)
    where
        F: Fn(&Place) -> Result<Contexts, BoxError> + Send + Sync + 'static,
    {
        let guard = self.inner.surface.adapt(Phase::Inline, filter, outputs, body);
        self.inner.handlers.lock().push(Handlers::Several(guard));
    }

    /// A cell of this view.
    fn cell<T: Send + 'static>(
        &self,
        name: &str,
        make: impl FnOnce(CellBuilder<'_>) -> Source<T>,
    ) -> Source<T> {
        let name = format!("{}/{name}", self.inner.name);
        self.inner.scope.adopt(make(self.kernel().store().cell(name)))
    }
}

impl fmt::Debug for View {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.inner.data.lock().keys().cloned().collect();
        f.debug_struct("View")
            .field("name", &self.inner.name)
            .field("data", &names)
            .finish_non_exhaustive()
    }
}
