//! The story is a test only if it notices: each model, spoilt by one mistake per promise, and what is said about it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use tokio::task::JoinSet;
use tokio_util::task::TaskTracker;
use trine_examples::api::{Activity, Hit, HitKind, PageDraft};
use trine_examples::client::Client;
use trine_examples::comparison::compare;
use trine_examples::models;
use trine_examples::portal::{Model, Portal, Setup, Tally, contact};
use trine_examples::service::Data;
use trine_examples::story::{self, Conditions, Script};
use trine_examples::view::{LiveView, PageView, SessionView, View};

use crate::{SMALL, small_data};

/// What is done wrong, in which scene it matters, and what has to be said about it.
const MISTAKES: [(Mistake, Script, &str); 26] = [
    (Mistake::HidesASearch, Script::FirstVisit, "stuck at \"type fast\""),
    (
        Mistake::KeepsSearches,
        Script::FirstVisit,
        "3 searches were overtaken, but cancelled + stale answers = 0",
    ),
    (Mistake::ShowsStaleHits, Script::FirstVisit, "1 hits of an overtaken search were shown"),
    (
        Mistake::KeepsThePage,
        Script::FirstVisit,
        "of the endpoint `page`, 1 requests had to be cancelled, 0 were",
    ),
    (
        Mistake::ShowsAnotherView,
        Script::FirstVisit,
        "page: the view has {\"loading\":{\"id\":7}}, the data file has \"closed\"",
    ),
    (
        Mistake::DoesNotNotify,
        Script::FirstVisit,
        "shown: the model's view has true, the last notified view has false",
    ),
    (Mistake::AddsAState, Script::SecondVisit, "the session was [\"creating\", \"finding\""),
    (Mistake::LeavesASpinner, Script::SecondVisit, "nothing is under way, and the view says"),
    (Mistake::TellsTwice, Script::SecondVisit, "which has changed nothing"),
    (Mistake::TellsOfTheOld, Script::SecondVisit, "told of commit 0 after commit"),
    (Mistake::SavesOnce, Script::RefusedForm, "never showed what was wrong with the title"),
    (Mistake::ForgetsToMerge, Script::TwoEditors, "editor.open.text: the view has"),
    (Mistake::OverwritesTheirs, Script::TwoEditors, "what somebody else has saved is lost"),
    (Mistake::OverwritesTheirs, Script::TwoEditors, "the view never showed the conflict"),
    (Mistake::DropsTheDraft, Script::TwoEditors, "what the user has typed is lost"),
    (
        Mistake::WaitsForTheService,
        Script::OptimisticRename,
        "the new titles were not shown at once",
    ),
    (
        Mistake::DoesNotTakeBack,
        Script::OptimisticRename,
        "spaces.ready.spaces[1].title: the view has \"kept\", the data file has \"Blue Garden\"",
    ),
    (Mistake::ImportsMore, Script::StoppedImport, "5 had to be imported, the service has"),
    (
        Mistake::KeepsImporting,
        Script::StoppedImport,
        "of the endpoint `import`, 1 requests had to be cancelled, 0 were",
    ),
    (Mistake::AsksWithoutPause, Script::FailingService, "the pause before attempt 2 was"),
    (Mistake::AsksWithoutPause, Script::FailingService, "the attempts were [1, 2, 3], not 1 to 4"),
    (Mistake::LandsAfterTheLogOut, Script::LogOut, "something has landed after the log-out"),
    (
        Mistake::KeepsSearches,
        Script::LogOut,
        "of the endpoint `search`, 1 requests had to be cancelled, 0 were",
    ),
    (Mistake::ForgetsToLogOut, Script::LogOut, "the log-out did not empty the screen"),
    (
        Mistake::LosesAnUpdate,
        Script::LiveUpdates,
        "live.received: the view has 49, the data file has 50",
    ),
    (Mistake::MixesUpUpdates, Script::LiveUpdates, "after 1 updates, the list is not theirs"),
];

#[derive(Clone, Copy, Debug, PartialEq)]
enum Mistake {
    HidesASearch,
    KeepsSearches,
    ShowsStaleHits,
    KeepsThePage,
    ShowsAnotherView,
    DoesNotNotify,
    AddsAState,
    LeavesASpinner,
    TellsTwice,
    TellsOfTheOld,
    SavesOnce,
    ForgetsToMerge,
    OverwritesTheirs,
    DropsTheDraft,
    WaitsForTheService,
    DoesNotTakeBack,
    ImportsMore,
    KeepsImporting,
    AsksWithoutPause,
    LandsAfterTheLogOut,
    ForgetsToLogOut,
    LosesAnUpdate,
    MixesUpUpdates,
}

/// A sound app, spoilt.
struct Spoilt {
    app: Box<dyn Portal>,
    setup: Setup,
    mistake: Mistake,
    /// What it does behind the app's back.
    tasks: TaskTracker,
    /// It was to save something before.
    saved: AtomicBool,
}

/// The page that is edited.
const EDITED: u32 = 11;

impl Spoilt {
    fn is(&self, mistake: Mistake) -> bool {
        self.mistake == mistake
    }

    /// Behind the app's back, so nobody can cancel it.
    fn spawn<F: Future<Output = ()> + Send + 'static>(&self, task: impl FnOnce(Client) -> F) {
        self.tasks.spawn(task(self.setup.client.clone()));
    }

    /// Tells of a view that the app does not have.
    fn show(&self, change: impl FnOnce(&mut View)) {
        let last = self.setup.recorder.shown().last().map_or(0, |shown| shown.commit);
        let mut view = self.setup.recorder.latest();
        change(&mut view);
        self.setup.recorder.show(last + 1, view);
    }
}

impl Portal for Spoilt {
    fn open_app(&self, token: &str) {
        if self.is(Mistake::AddsAState) {
            self.show(|view| view.session = SessionView::Creating);
        }
        self.app.open_app(token);
    }
    fn type_search(&self, text: &str) {
        if self.is(Mistake::KeepsSearches) && text != "anna" {
            let text = text.to_owned();
            self.spawn(|client| async move { drop(client.search(&text).await) });
        } else if !(self.is(Mistake::HidesASearch) && text == "ann") {
            self.app.type_search(text);
        }
        if self.is(Mistake::ShowsStaleHits) && text == "anna" {
            let hit = Hit { kind: HitKind::User, id: 1, label: "An old hit".to_owned() };
            self.show(|view| view.search.hits = Arc::new(vec![hit]));
        }
    }
    fn open_page(&self, id: u32) {
        if self.is(Mistake::KeepsThePage) {
            self.spawn(move |client| async move { drop(client.page(id).await) });
        } else {
            self.app.open_page(id);
        }
    }
    fn leave_page(&self) {
        self.app.leave_page();
    }
    fn edit_page(&self, id: u32) {
        self.app.edit_page(id);
    }
    fn type_title(&self, title: &str) {
        self.app.type_title(title);
    }
    fn type_text(&self, text: &str) {
        self.app.type_text(text);
    }
    fn save_page(&self) {
        match self.mistake {
            Mistake::OverwritesTheirs => self.spawn(|client| async move {
                let page = client.page(EDITED).await.unwrap();
                let (title, text) = ("Minutes of our Thursday".to_owned(), "Mine.".to_owned());
                let draft = PageDraft { title, text, version: page.version };
                client.save_page(EDITED, &draft).await.unwrap();
            }),
            Mistake::SavesOnce if !self.saved.swap(true, Ordering::Relaxed) => {}
            _ => self.app.save_page(),
        }
    }
    fn merge_theirs(&self) {
        match self.mistake {
            Mistake::ForgetsToMerge => {}
            Mistake::DropsTheDraft => self.app.edit_page(EDITED),
            _ => self.app.merge_theirs(),
        }
    }
    fn rename_space(&self, id: u32, title: &str) {
        if self.is(Mistake::WaitsForTheService) && id == 3 {
            let title = title.to_owned();
            self.spawn(move |client| async move { drop(client.rename_space(id, &title).await) });
        } else {
            self.app.rename_space(id, title);
        }
    }
    fn start_import(&self, total: u32) {
        if self.is(Mistake::KeepsImporting) {
            self.spawn(move |client| async move {
                for id in 1..=total {
                    let _ = client.import(&contact(id)).await;
                }
            });
        } else {
            self.app.start_import(total);
        }
    }
    fn stop_import(&self) {
        self.app.stop_import();
        if self.is(Mistake::ImportsMore) {
            self.spawn(|client| async move { drop(client.import(&contact(7)).await) });
        }
    }
    fn load_news(&self) {
        if self.is(Mistake::AsksWithoutPause) {
            self.spawn(|client| async move { drop(client.news().await) });
        }
        self.app.load_news();
    }
    fn follow_live(&self, count: u32) {
        if self.is(Mistake::MixesUpUpdates) {
            let update = Activity { user: 99, changes: 1 };
            self.show(|view| view.live = LiveView::after([update]));
        }
        self.app.follow_live(count - u32::from(self.is(Mistake::LosesAnUpdate)));
    }
    fn log_out(&self) {
        if self.is(Mistake::ForgetsToLogOut) {
            return;
        }
        self.app.log_out();
        if self.is(Mistake::LandsAfterTheLogOut) {
            self.show(|view| view.shown = true);
        }
    }

    fn view(&self) -> View {
        let mut view = self.app.view();
        match self.mistake {
            Mistake::ShowsAnotherView => view.page = PageView::Loading { id: 7 },
            Mistake::LeavesASpinner => view.search.loading = true,
            Mistake::DoesNotTakeBack => {
                if let trine_examples::view::Load::Ready(list) = &mut view.spaces {
                    Arc::make_mut(list).spaces[1].title = "kept".to_owned();
                }
            }
            _ => {}
        }
        view
    }
    fn tally(&self) -> Tally {
        self.app.tally()
    }
    fn settled(&self) -> BoxFuture<'_, ()> {
        match self.mistake {
            Mistake::DoesNotNotify => self.show(|view| *view = View::default()),
            Mistake::TellsTwice => self.show(|_| {}),
            Mistake::TellsOfTheOld => {
                let view = View { notice: Some("old".to_owned()), ..self.app.view() };
                self.setup.recorder.show(0, view);
            }
            _ => {}
        }
        async {
            // One that is closed still takes tasks, and waiting ends.
            self.tasks.close();
            self.tasks.wait().await;
            self.app.settled().await;
        }
        .boxed()
    }
}

/// What is said about `model` after this mistake.
async fn said_about(model: Model, mistake: Mistake, script: Script, data: &Arc<Data>) -> String {
    // A model's way to be made is a plain function, without room for a mistake: so it is made here.
    let patience = Duration::from_secs(if mistake == Mistake::HidesASearch { 2 } else { 30 });
    let conditions = Conditions { patience, live: 50, ..Conditions::default() };
    let build = move |setup: Setup| -> Box<dyn Portal> {
        let app = (model.build)(setup.clone());
        Box::new(Spoilt {
            app,
            setup,
            mistake,
            tasks: TaskTracker::new(),
            saved: AtomicBool::new(false),
        })
    };
    let played = story::play_with(model, &build, &[script], data, &conditions).await.unwrap();
    played.scenes[0].complaints.join("\n")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_mistake_is_noticed_in_every_model_by_the_promise_that_it_breaks() {
    let mut plays = JoinSet::new();
    for model in models::ALL {
        plays.spawn(async move {
            let data = Arc::new(Data::in_memory(SMALL).unwrap());
            let mut unnoticed = Vec::new();
            for (mistake, script, expected) in MISTAKES {
                let said = said_about(*model, mistake, script, &data).await;
                if !said.contains(expected) {
                    let name = model.name;
                    unnoticed.push(format!("{name} {mistake:?}: no `{expected}` in:\n{said}"));
                }
            }
            unnoticed
        });
    }
    let unnoticed = plays.join_all().await.concat();
    assert!(unnoticed.is_empty(), "{}", unnoticed.join("\n\n"));
}

#[tokio::test]
async fn a_sound_app_in_the_same_wrapping_is_not_complained_about() {
    let data = Arc::new(Data::in_memory(SMALL).unwrap());
    for model in models::ALL {
        // A mistake that does not matter in these scenes.
        for script in [Script::SecondVisit, Script::TwoEditors, Script::LogOut] {
            let said = said_about(*model, Mistake::LosesAnUpdate, script, &data).await;
            assert_eq!(said, "", "{}", model.name);
        }
    }
}

#[tokio::test]
async fn models_that_end_differently_are_told_apart_field_by_field() {
    fn spoilt(setup: Setup) -> Box<dyn Portal> {
        let app = (models::named("by-hand").unwrap().build)(setup.clone());
        let mistake = Mistake::ShowsAnotherView;
        Box::new(Spoilt {
            app,
            setup,
            mistake,
            tasks: TaskTracker::new(),
            saved: AtomicBool::new(false),
        })
    }
    let by_hand = models::named("by-hand").unwrap();
    let model = Model { name: "spoilt", build: spoilt, ..by_hand };
    let (data, _folder) = small_data();
    let conditions = Conditions::default();
    let compared =
        compare(&[model, by_hand], &[Script::SecondVisit], &data, conditions, |_| {}).await;
    let said = compared.unwrap().differences.join("\n");
    assert!(said.contains("second visit: page: spoilt has"), "{said}");
    assert!(said.contains("by-hand has \"closed\""), "{said}");
}
