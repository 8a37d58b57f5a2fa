//! The story is a test only if it notices: models with one mistake each, and what is said about it.

use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use trine_examples::comparison::compare;
use trine_examples::models;
use trine_examples::portal::{Model, Portal, Setup, Tally, contact};
use trine_examples::story::{Conditions, Script};
use trine_examples::view::{PageView, View};

use crate::small_data;

/// A sound app, spoilt.
struct Spoilt {
    app: Box<dyn Portal>,
    setup: Setup,
    mistake: Mistake,
}

#[derive(Clone, Copy, PartialEq)]
enum Mistake {
    HidesASearch,
    KeepsTheRequest,
    ShowsAnotherView,
    DoesNotNotify,
    ForgetsToCount,
    LandsAfterTheLogOut,
    ForgetsToMerge,
    WaitsForTheService,
    SkipsSteps,
    LosesUpdates,
}

impl Portal for Spoilt {
    fn open_app(&self, token: &str) {
        self.app.open_app(token);
    }
    fn type_search(&self, text: &str) {
        if self.mistake != Mistake::HidesASearch || text != "ann" {
            self.app.type_search(text);
        }
    }
    fn open_page(&self, id: u32) {
        if self.mistake == Mistake::KeepsTheRequest {
            let client = self.setup.client.clone();
            tokio::spawn(async move { client.page(id).await });
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
        self.app.save_page();
    }
    fn merge_theirs(&self) {
        if self.mistake != Mistake::ForgetsToMerge {
            self.app.merge_theirs();
        }
    }
    fn rename_space(&self, id: u32, title: &str) {
        if self.mistake != Mistake::WaitsForTheService || id != 2 {
            self.app.rename_space(id, title);
        }
    }
    fn start_import(&self, total: u32) {
        if self.mistake == Mistake::SkipsSteps {
            let client = self.setup.client.clone();
            tokio::spawn(async move {
                for id in 1..=total {
                    let _ = client.import(&contact(id)).await;
                }
            });
        }
        self.app.start_import(total);
    }
    fn stop_import(&self) {
        self.app.stop_import();
    }
    fn load_news(&self) {
        self.app.load_news();
    }
    fn follow_live(&self, count: u32) {
        let lost = u32::from(self.mistake == Mistake::LosesUpdates);
        self.app.follow_live(count - lost);
    }
    fn log_out(&self) {
        self.app.log_out();
        if self.mistake == Mistake::LandsAfterTheLogOut {
            self.setup.recorder.show(99, View { shown: true, ..View::default() });
        }
    }

    fn view(&self) -> View {
        let view = self.app.view();
        match self.mistake {
            Mistake::ShowsAnotherView => View { page: PageView::Loading { id: 7 }, ..view },
            _ => view,
        }
    }
    fn tally(&self) -> Tally {
        match self.mistake {
            Mistake::ForgetsToCount => Tally::default(),
            _ => self.app.tally(),
        }
    }
    fn settled(&self) -> BoxFuture<'_, ()> {
        if self.mistake == Mistake::DoesNotNotify {
            self.setup.recorder.show(99, View::default());
        }
        self.app.settled().boxed()
    }
}

fn spoilt(setup: Setup, mistake: Mistake) -> Box<dyn Portal> {
    let app = (models::named("by-hand").unwrap().build)(setup.clone());
    Box::new(Spoilt { app, setup, mistake })
}

/// What is said about a model that is built like this.
async fn said_about(
    script: Script,
    build: fn(Setup) -> Box<dyn Portal>,
    patience: Duration,
) -> String {
    let by_hand = models::named("by-hand").unwrap();
    let model = Model { name: "spoilt", build, ..by_hand };
    let (data, _folder) = small_data();
    let conditions = Conditions { patience, live: 50, ..Conditions::default() };
    let comparison =
        compare(&[model, by_hand], &[script], &data, conditions, |_| {}).await.unwrap();
    let (about_it, about_others): (Vec<_>, Vec<_>) =
        comparison.differences.into_iter().partition(|line| line.contains("spoilt"));
    assert_eq!(about_others, Vec::<String>::new());
    about_it.join("\n")
}

const LONG: Duration = Duration::from_secs(10);

#[tokio::test]
async fn a_request_that_is_not_sent_is_a_step_that_is_stuck() {
    let said = said_about(
        Script::FirstVisit,
        |setup| spoilt(setup, Mistake::HidesASearch),
        Duration::from_millis(300),
    )
    .await;
    assert!(said.contains("first visit: stuck at \"type fast\""), "{said}");
    assert!(said.contains("the endpoint `search`"), "{said}");
}

#[tokio::test]
async fn a_page_request_that_runs_on_is_told() {
    let said =
        said_about(Script::FirstVisit, |setup| spoilt(setup, Mistake::KeepsTheRequest), LONG).await;
    assert!(said.contains("the page that was left was not cancelled"), "{said}");
}

#[tokio::test]
async fn a_wrong_end_state_is_told_field_by_field() {
    let said =
        said_about(Script::FirstVisit, |setup| spoilt(setup, Mistake::ShowsAnotherView), LONG)
            .await;
    assert!(said.contains("first visit: page: spoilt has"), "{said}");
    assert!(said.contains("by-hand has \"closed\""), "{said}");
    assert!(said.contains("the data file has \"closed\""), "{said}");
}

#[tokio::test]
async fn a_view_that_was_not_notified_is_told() {
    let said =
        said_about(Script::FirstVisit, |setup| spoilt(setup, Mistake::DoesNotNotify), LONG).await;
    let expected = "shown: the model's view has true, the last notified view has false";
    assert!(said.contains(expected), "{said}");
}

#[tokio::test]
async fn stale_answers_that_are_not_counted_are_told() {
    let said =
        said_about(Script::FirstVisit, |setup| spoilt(setup, Mistake::ForgetsToCount), LONG).await;
    assert!(
        said.contains("3 searches were overtaken, but cancelled + stale answers = 0"),
        "{said}"
    );
}

#[tokio::test]
async fn an_answer_that_lands_after_the_log_out_is_told() {
    let build = |setup| spoilt(setup, Mistake::LandsAfterTheLogOut);
    let said = said_about(Script::LogOut, build, LONG).await;
    assert!(said.contains("something has landed after the log-out"), "{said}");
}

#[tokio::test]
async fn a_conflict_that_is_not_settled_is_told() {
    let build = |setup| spoilt(setup, Mistake::ForgetsToMerge);
    let said = said_about(Script::TwoEditors, build, LONG).await;
    assert!(said.contains("something of one of the two is lost"), "{said}");
}

#[tokio::test]
async fn a_change_that_is_not_shown_at_once_is_told() {
    let build = |setup| spoilt(setup, Mistake::WaitsForTheService);
    let said = said_about(Script::OptimisticRename, build, LONG).await;
    assert!(said.contains("the new titles were not shown at once"), "{said}");
}

#[tokio::test]
async fn an_import_that_does_more_than_it_shows_is_told() {
    let build = |setup| spoilt(setup, Mistake::SkipsSteps);
    let said = said_about(Script::StoppedImport, build, Duration::from_millis(300)).await;
    assert!(said.contains("stopped import: "), "{said}");
}

#[tokio::test]
async fn an_update_that_is_lost_is_told() {
    let build = |setup| spoilt(setup, Mistake::LosesUpdates);
    let said = said_about(Script::LiveUpdates, build, LONG).await;
    assert!(said.contains("live.received: the view has 49, the data file has 50"), "{said}");
}
