//! The story is a test only if it notices: models with one mistake each, and what is said about it.

use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use trine_examples::comparison::compare;
use trine_examples::models;
use trine_examples::portal::{Model, Portal, Setup, Tally};
use trine_examples::story::Conditions;
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
async fn said_about(build: fn(Setup) -> Box<dyn Portal>, patience: Duration) -> String {
    let by_hand = models::named("by-hand").unwrap();
    let model = Model { name: "spoilt", build, ..by_hand };
    let (data, _folder) = small_data();
    let conditions = Conditions { patience, ..Conditions::default() };
    let comparison = compare(&[model, by_hand], &data, conditions, |_| {}).await.unwrap();
    let (about_it, about_others): (Vec<_>, Vec<_>) =
        comparison.differences.into_iter().partition(|line| line.contains("spoilt"));
    assert_eq!(about_others, Vec::<String>::new());
    about_it.join("\n")
}

const LONG: Duration = Duration::from_secs(10);

#[tokio::test]
async fn a_request_that_is_not_sent_is_a_step_that_is_stuck() {
    let said =
        said_about(|setup| spoilt(setup, Mistake::HidesASearch), Duration::from_millis(300)).await;
    assert!(said.contains("first visit: stuck at \"type fast\""), "{said}");
    assert!(said.contains("the endpoint `search`"), "{said}");
}

#[tokio::test]
async fn a_page_request_that_runs_on_is_told() {
    let said = said_about(|setup| spoilt(setup, Mistake::KeepsTheRequest), LONG).await;
    assert!(said.contains("the page that was left was not cancelled"), "{said}");
}

#[tokio::test]
async fn a_wrong_end_state_is_told_field_by_field() {
    let said = said_about(|setup| spoilt(setup, Mistake::ShowsAnotherView), LONG).await;
    assert!(said.contains("first visit: page: spoilt has"), "{said}");
    assert!(said.contains("by-hand has \"closed\""), "{said}");
    assert!(said.contains("the data file has \"closed\""), "{said}");
}

#[tokio::test]
async fn a_view_that_was_not_notified_is_told() {
    let said = said_about(|setup| spoilt(setup, Mistake::DoesNotNotify), LONG).await;
    let expected = "shown: the model's view has true, the last notified view has false";
    assert!(said.contains(expected), "{said}");
}

#[tokio::test]
async fn stale_answers_that_are_not_counted_are_told() {
    let said = said_about(|setup| spoilt(setup, Mistake::ForgetsToCount), LONG).await;
    assert!(
        said.contains("3 searches were overtaken, but cancelled + stale answers = 0"),
        "{said}"
    );
}
