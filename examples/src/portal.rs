//! The seam between the story and the models of the app.
//!
//! A model (`src/models/…/`) holds two things: a type that implements [`Portal`], and a
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
//! - **[`edit_page`](Portal::edit_page)** shows `Loading`, fetches the page and opens an
//!   [`Editor`](crate::view::Editor), whose functions say what happens to a draft; where no editor is open,
//!   [`type_title`](Portal::type_title), [`type_text`](Portal::type_text), [`save_page`](Portal::save_page) and
//!   [`merge_theirs`](Portal::merge_theirs) do nothing. Saving (one at a time: while `saving`, it does nothing) ends with
//!   the page, with errors by field, or with what somebody else has saved meanwhile; the draft is never lost.
//! - **[`rename_space`](Portal::rename_space)** is *optimistic*: the list shows the new title at once, in the same
//!   commit `notice` is cleared. When the service refuses, the title is what it would be without this change, whatever
//!   else was renamed meanwhile, and `notice` says why. Renamings of several spaces run side by side; while one of a space is
//!   under way, another of the same space does not start. A space that is not listed cannot be renamed.
//! - **[`start_import`](Portal::start_import)** sends [`contact`]`(1..=total)`, one after the other, and shows each step;
//!   [`stop_import`](Portal::stop_import) *cancels* the request that is on its way and shows `Stopped`. One import at a
//!   time: while it runs, another does not start.
//! - **[`load_news`](Portal::load_news)** tries up to [`NEWS_ATTEMPTS`] times, first after [`NEWS_BACKOFF`], then after
//!   twice as long, and so on; each attempt is shown. While it runs, another does not start.
//! - **[`follow_live`](Portal::follow_live)** follows [`Client::live`](crate::client::Client::live) from an empty list: `following` is
//!   true until the stream has ended, each activity is [taken](crate::view::LiveView::take). Views may skip states in between. While it
//!   runs, another does not start.
//! - **[`log_out`](Portal::log_out)** cancels all that is on its way, and shows the
//!   screen before the app was opened (`View::default()`), in one commit; nothing that was asked before may change it later.
//!   (What was shown for the time being may be taken back by commits of their own before.)
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
use std::time::Duration;

use futures_util::future::BoxFuture;
use trine_core::Watch;

use crate::api::Contact;
use crate::client::Client;
use crate::recorder::Recorder;
use crate::view::View;

/// How often the service is asked for news, at most.
pub const NEWS_ATTEMPTS: u32 = 5;
/// How long the first pause between two attempts is.
pub const NEWS_BACKOFF: Duration = Duration::from_millis(10);

/// The contact with this identity that is imported from elsewhere.
#[must_use]
pub fn contact(id: u32) -> Contact {
    Contact { id, name: format!("Contact No. {id}") }
}

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

    /// The user begins to edit a page.
    fn edit_page(&self, id: u32);

    /// The field of the title now holds `title`.
    fn type_title(&self, title: &str);

    /// The field of the text now holds `text`.
    fn type_text(&self, text: &str);

    /// The user saves what is edited.
    fn save_page(&self);

    /// The user takes over what somebody else has changed in the page.
    fn merge_theirs(&self);

    /// The user gives a listed space another title.
    fn rename_space(&self, id: u32, title: &str);

    /// The user imports the contacts `1..=total`.
    fn start_import(&self, total: u32);

    /// The user stops the import.
    fn stop_import(&self);

    /// The user asks what is new.
    fn load_news(&self);

    /// The user follows what others do: `count` activities.
    fn follow_live(&self, count: u32);

    /// The user logs out, whatever is on its way.
    fn log_out(&self);

    /// What the portal shows now, read from the model's state (not from the recorder). After
    /// [`settled`](Self::settled) the story checks that it equals the last recorded view.
    fn view(&self) -> View;

    /// The view as a render loop follows it; `None` where the app has nothing of the kind.
    fn watch(&self) -> Option<Watch<View>> {
        None
    }

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

/// One way to write the app. Each model exports one as a constant and is listed in
/// [`models::ALL`](crate::models::ALL):
///
/// ```text
/// pub(super) const ATOMS: Model = Model {
///     name: "atoms",
///     idea: "atoms and synergies: handlers over drafts",
///     folder: "examples/src/models/atoms",
///     sources: &[source!("mod.rs"), source!("visits.rs"), ...],
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
    /// Where its files are, from the repository's root.
    pub folder: &'static str,
    /// Its files: `mod.rs`, then one per subject, which has the same name in each model.
    pub sources: &'static [SourceFile],
    /// Makes a fresh app; called inside a tokio runtime.
    pub build: fn(Setup) -> Box<dyn Portal>,
    /// Makes a fresh store with one cell and one subscriber on it, apart from any app. The closure
    /// is one trivial synchronous dispatch: the cell changes, the subscriber is called, all before it
    /// returns. It is called some 100,000 times, inside a tokio runtime, and timed; it must not wait
    /// for a task.
    pub dispatch: fn() -> Box<dyn FnMut()>,
}

/// A file of a model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SourceFile {
    /// Its name, in the model's folder.
    pub name: &'static str,
    /// What is in it. Its lines are counted without blank lines, comments and tests.
    pub text: &'static str,
}

/// A [`SourceFile`] beside the one that names it.
macro_rules! source {
    ($name:literal) => {
        $crate::portal::SourceFile { name: $name, text: include_str!($name) }
    };
}
pub(crate) use source;

impl fmt::Debug for Model {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Model").field("name", &self.name).finish_non_exhaustive()
    }
}
