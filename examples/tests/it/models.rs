//! What every model does beyond the story, and which of them cancel.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use trine_examples::api::Endpoint;
use trine_examples::client::{Client, Totals};
use trine_examples::models;
use trine_examples::portal::{Model, Portal, Setup};
use trine_examples::recorder::Recorder;
use trine_examples::service::{Injection, Weather};
use trine_examples::story::{self, Conditions, Script};
use trine_examples::view::{EditorView, ImportView, PageView, View};

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
        let played =
            story::play(*model, &[Script::FirstVisit], &data, &Conditions::default()).await;
        let played = played.unwrap();
        let first = &played.scenes[0];
        let counted = (first.totals.cancelled, first.service.dropped, first.tally.stale_answers);
        assert_eq!(counted, (4, 4, 0), "{}", model.name);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_done_now_does_nothing() {
    for model in models::ALL {
        let house = House::calm().await;
        let portal = built(model, &house);
        portal.type_title("nothing is edited");
        portal.type_text("nothing is edited");
        portal.save_page();
        portal.merge_theirs();
        portal.rename_space(1, "nothing is listed");
        portal.stop_import();
        portal.leave_page();
        portal.settled().await;
        assert_eq!(portal.view(), View::default(), "{}", model.name);
        assert_eq!(house.client.ledger().totals().started, 0, "{}", model.name);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_under_way_is_not_started_again() {
    for model in models::ALL {
        let latency = Duration::from_millis(20);
        let slow = Weather { latency: latency..=latency, fail_rate: 0.0 };
        let house = House::with(Injection::seeded(1, slow)).await;
        let portal = built(model, &house);
        portal.open_app("t");
        portal.edit_page(1);
        portal.settled().await;
        let before = house.client.ledger().totals().started;
        for _ in 0..3 {
            portal.save_page();
            portal.load_news();
            portal.start_import(1);
            portal.follow_live(10);
            portal.rename_space(2, "Once");
        }
        portal.settled().await;
        let view = portal.view();
        assert_eq!(house.client.ledger().totals().started - before, 5, "{}", model.name);
        assert_eq!(view.title_of_space(2), Some("Once"), "{}", model.name);
        assert_eq!((view.live.received, view.live.following), (10, false), "{}", model.name);
        assert_eq!(view.import, ImportView::Done { total: 1 }, "{}", model.name);
        assert!(view.news.is_settled(), "{}: {:?}", model.name, view.news);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_typed_while_a_draft_is_saved_is_kept() {
    for model in models::ALL {
        let latency = Duration::from_millis(30);
        let slow = Weather { latency: latency..=latency, fail_rate: 0.0 };
        let house = House::with(Injection::none().at(Endpoint::SavePage, slow)).await;
        let portal = built(model, &house);
        portal.edit_page(1);
        portal.settled().await;
        portal.type_title("First");
        portal.save_page();
        house.service.seen(|traffic| traffic.at(Endpoint::SavePage).received == 1).await;
        portal.type_title("First and second");
        portal.settled().await;
        let EditorView::Open(editor) = portal.view().editor else { panic!("{}", model.name) };
        let seen = (editor.title.as_str(), editor.base.title.as_str(), editor.saving);
        assert_eq!(seen, ("First and second", "First", false), "{}", model.name);
        portal.save_page();
        portal.settled().await;
        assert_eq!(house.data.page(1).unwrap().unwrap().title, "First and second");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_a_log_out_one_can_log_in_again() {
    for model in models::ALL {
        let house = House::calm().await;
        let portal = built(model, &house);
        for _ in 0..3 {
            portal.open_app("t");
            portal.load_news();
            portal.start_import(3);
            portal.log_out();
            assert_eq!(portal.view(), View::default(), "{}", model.name);
        }
        portal.settled().await;
        assert_eq!(portal.view(), View::default(), "{}", model.name);
        portal.open_app("t");
        portal.settled().await;
        assert!(portal.view().bootstrapped(), "{}: {:?}", model.name, portal.view());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stream_that_breaks_off_is_told_and_what_came_stays() {
    for model in models::ALL {
        let portal = half_an_answer(model).await;
        portal.follow_live(1_000_000);
        portal.settled().await;
        let live = portal.view().live;
        assert!(!live.following && live.problem.is_some(), "{}: {live:?}", model.name);
        assert_eq!((live.received, live.rows.len()), (1, 1), "{}", model.name);
    }
}

/// An app whose service stops half way through its first answer.
async fn half_an_answer(model: &Model) -> Box<dyn Portal> {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let client = Client::new(listener.local_addr().unwrap());
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let _ = stream.read(&mut [0; 1_024]).await.unwrap();
        let line = "{\"user\":1,\"changes\":1}\n";
        let head = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";
        let answer = format!("{head}{:x}\r\n{line}\r\n", line.len());
        stream.write_all(answer.as_bytes()).await.unwrap();
    });
    let store = trine_core::Store::new();
    (model.build)(Setup { client, recorder: Recorder::start(), store })
}
