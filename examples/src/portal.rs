//! The seam between the story and the models of the app.
//!
//! A model file (`src/models/….rs`) holds two things: a type that implements [`Portal`], and a
//! constant of type [`Model`] that describes it. Listed in [`models::ALL`](crate::models::ALL), it is
//! run, measured and compared.
//!
//! # What a model does
//!
//! The commands are what a user does. They are *synchronous* calls: they start what is to happen and
//! return; they never wait for an answer and never block. They are called inside a tokio runtime, one
//! at a time, on any of its threads. They take effect in the order of the calls: before a command
//! returns, where a model's dispatch is synchronous, else when the runtime next gets to it.
//!
//! - **[`open_app`](Portal::open_app)** is *Bootstrap Home Page* with *Bootstrap User Session*.
//!   In line: `shown` becomes true and the spaces are fetched (`spaces`: `Loading`, then `Ready` or
//!   `Failed`; one request, `client.spaces(0, SPACES_SHOWN)`). Out of band, without holding that up:
//!   `session` goes `Finding`, then, if there is none (`Ok(None)`, branch 1a), `Creating`, then in
//!   both branches (1b) `Entering` and `Entered` with the session that
//!   [`enter_session`](crate::client::Client::enter_session) has returned. An error at any of the
//!   three ends it in `Failed`. Each of these states is shown. When the session is entered, its user
//!   is fetched (`user`: `Loading`, then `Ready` or `Failed`); after a failed session `user` stays
//!   `Empty`.
//! - **[`type_search`](Portal::type_search)** sends one request per call, at once: no debounce. The
//!   answer for the last text wins, whenever the others come: see *Stale answers*. `text` is as
//!   typed, `loading` becomes true, `problem` is cleared, `hits` stay until the answer. An empty
//!   text asks nothing: it empties `hits`, `loading` is false, and answers on their way are stale.
//! - **[`open_page`](Portal::open_page)** shows `Loading { id }` and fetches the page; opening
//!   another page leaves the one before. **[`leave_page`](Portal::leave_page)** shows `Closed` and
//!   *cancels* the request: the future of [`Client::page`](crate::client::Client::page) is dropped,
//!   so that the service sees it (the story checks that). Leaving when no page is open does nothing.
//!
//! Errors are shown as `error.to_string()`.
//!
//! # How the view is observed
//!
//! The model keeps one observed value of type [`View`] (a cell, a selector) and subscribes to
//! it **once**, in [`Model::build`], before anything changes. The subscriber hands every notification to
//! [`Recorder::show`](crate::recorder::Recorder::show), with the number of the commit that caused it:
//! all of them, unfiltered, in order. That is what the timeline is made of and what counts as a
//! *notification*. The recorder never calls back.
//!
//! # Stale answers
//!
//! An answer is *stale* when it arrives (success or failure) after the view has moved on: another
//! text was typed, the page was left. It must not change the view. A model deals with it in one of
//! two ways, and both are counted:
//!
//! - it has cancelled the request before the answer came: the [`Client`] counts it as *cancelled*, the
//!   model does nothing;
//! - the answer has come, and the model throws it away: the model counts it in
//!   [`Tally::stale_answers`], where it decides so (in its state, if a reducer decides).
//!
//! The story checks the sum: of four searches typed one after the other, one is shown, so the
//! cancelled ones and the stale answers are three.

use std::fmt;

use futures_util::future::BoxFuture;

use crate::client::Client;
use crate::recorder::Recorder;
use crate::view::View;

/// How many spaces the portal lists.
pub const SPACES_SHOWN: u32 = 20;

/// The app, as its user sees it. The [module](self) says what each command does.
pub trait Portal: Send + Sync {
    /// The user opens the app on the device that keeps `token`.
    fn open_app(&self, token: &str);

    /// The user types: the search box now holds `text`.
    fn type_search(&self, text: &str);

    /// The user opens a page.
    fn open_page(&self, id: u32);

    /// The user leaves the open page, loaded or not.
    fn leave_page(&self);

    /// What the portal shows now, read from the model's state (not from the recorder). After
    /// [`settled`](Self::settled) the story checks that it equals the last recorded view.
    fn view(&self) -> View;

    /// What the model has counted.
    fn tally(&self) -> Tally;

    /// Resolves when nothing that the commands have started is running any more, and all callbacks
    /// have been called. May be called several times; commands may follow.
    fn settled(&self) -> BoxFuture<'_, ()>;
}

/// What only the model can count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Commits so far: changes of the state that were made visible together.
    pub commits: u64,
    /// Answers that arrived too late and were thrown away.
    pub stale_answers: u64,
}

/// What a model is given.
#[derive(Clone, Debug)]
pub struct Setup {
    /// The way to the service. Cloning it is cheap.
    pub client: Client,
    /// Where the subscriber of the view reports to. Cloning it is cheap.
    pub recorder: Recorder,
    /// The store of a model of Trine, fresh and empty; it says where bodies go on.
    pub store: trine_core::Store,
}

/// One way to write the app. Each model file exports one as a constant and is listed in
/// [`models::ALL`](crate::models::ALL):
///
/// ```text
/// pub(super) const ATOMS: Model = Model {
///     name: "atoms",
///     idea: "atoms and synergies: handlers over drafts",
///     file: "examples/src/models/atoms.rs",
///     source: include_str!("atoms.rs"),
///     build: |setup| Box::new(App::new(setup)),
///     dispatch: count_up,
/// };
///
/// fn count_up() -> Box<dyn FnMut()> {
///     let store = ...;                              // one cell, one subscriber
///     Box::new(move || increment.run(&store))       // one synchronous dispatch
/// }
/// ```
#[derive(Clone, Copy)]
pub struct Model {
    /// The heading of its column, and its name for `--model`.
    pub name: &'static str,
    /// What the model is, in a few words.
    pub idea: &'static str,
    /// The file, from the repository's root.
    pub file: &'static str,
    /// The file's text: `include_str!`. Its lines are counted without blank lines, comments and tests.
    pub source: &'static str,
    /// Makes a fresh app; called inside a tokio runtime.
    pub build: fn(Setup) -> Box<dyn Portal>,
    /// Makes a fresh store with one cell and one subscriber on it, apart from any app. The closure
    /// is one trivial synchronous dispatch: the cell changes, the subscriber is called, all before it
    /// returns. It is called some 100,000 times, inside a tokio runtime, and timed; it must not wait
    /// for a task.
    pub dispatch: fn() -> Box<dyn FnMut()>,
}

impl fmt::Debug for Model {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Model").field("name", &self.name).finish_non_exhaustive()
    }
}
