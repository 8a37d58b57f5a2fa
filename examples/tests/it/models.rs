//! What every model does beyond the story, and which of them cancel.

use std::time::Duration;

use trine_examples::api::Endpoint;
use trine_examples::client::Totals;
use trine_examples::models;
use trine_examples::portal::{Model, Portal, Setup};
use trine_examples::recorder::Recorder;
use trine_examples::service::{Injection, Weather};
use trine_examples::story::{self, Conditions};
use trine_examples::view::PageView;

use crate::{House, small_data};

const FOREVER: Duration = Duration::from_secs(3_600);

fn built(model: &Model, house: &House) -> Box<dyn Portal> {
    let (client, store) = (house.client.clone(), trine_core::Store::new());
    (model.build)(Setup { client, recorder: Recorder::start(), store })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_empty_text_asks_nothing_and_empties_the_hits() {
    for model in models::ALL {
        let house = House::calm().await;
        let portal = built(model, &house);
        portal.type_search("a");
        portal.settled().await;
        let found = portal.view().search;
        assert!(!found.hits.is_empty() && !found.loading, "{}: {found:?}", model.name);

        portal.type_search("");
        portal.settled().await;
        let emptied = portal.view().search;
        assert_eq!(emptied, Default::default(), "{}", model.name);
        assert_eq!(house.client.ledger().at(Endpoint::Search).started, 1, "{}", model.name);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_empty_text_overtakes_the_search_before() {
    for model in models::ALL {
        let latency = Duration::from_millis(20);
        let slow = Weather { latency: latency..=latency, fail_rate: 0.0 };
        let house = House::with(Injection::seeded(1, slow)).await;
        let portal = built(model, &house);
        portal.type_search("a");
        portal.type_search("");
        portal.settled().await;
        assert_eq!(portal.view().search, Default::default(), "{}", model.name);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn opening_another_page_leaves_the_one_before() {
    for model in models::ALL {
        let stuck = Injection::seeded(1, Weather { latency: FOREVER..=FOREVER, fail_rate: 0.0 });
        let house = House::with(stuck).await;
        let portal = built(model, &house);
        for (id, count) in [(1, 1), (2, 2), (1, 3)] {
            portal.open_page(id);
            house.service.seen(|traffic| traffic.at(Endpoint::Page).received == count).await;
            assert_eq!(portal.view().page, PageView::Loading { id }, "{}", model.name);
        }
        portal.leave_page();
        portal.settled().await;
        assert_eq!(portal.view().page, PageView::Closed, "{}", model.name);
        let all_cancelled = Totals { started: 3, finished: 0, cancelled: 3 };
        assert_eq!(house.client.ledger().at(Endpoint::Page), all_cancelled, "{}", model.name);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_models_of_trine_cancel_what_is_not_wanted_any_more_and_get_no_stale_answer() {
    let (data, _folder) = small_data();
    for model in models::ALL.iter().filter(|model| model.name != "by-hand") {
        let played = story::play(*model, &data, &Conditions::default()).await.unwrap();
        let first = &played.scenes[0];
        let counted = (first.totals.cancelled, first.service.dropped, first.tally.stale_answers);
        assert_eq!(counted, (4, 4, 0), "{}", model.name);
    }
}
