//! The paths of the TAO, as they are written, against the code and against what the app does.

use std::time::Duration;

use trine_core::Store;
use trine_examples::api::Endpoint;
use trine_examples::models::{TAO_PATHS, tao_with_kernel};
use trine_examples::portal::{Portal, Setup};
use trine_examples::recorder::Recorder;
use trine_examples::service::{Injection, Weather};
use trine_tao::path::{Checks, Coverage, Document, Graph, Picture, Trace, walks_of};
use trine_tao::{Kernel, Recorder as Record};

use crate::House;

fn written() -> Document {
    Document::read("examples/src/models/tao/paths.md", TAO_PATHS).complete().unwrap()
}

fn built(house: &House) -> (Box<dyn Portal>, Kernel, Record) {
    let (client, store) = (house.client.clone(), Store::new());
    let (portal, tao) = tao_with_kernel(Setup { client, recorder: Recorder::start(), store });
    let record = tao.record();
    (portal, tao, record)
}

#[test]
fn what_is_written_adds_up_and_is_formatted() {
    assert_eq!(Checks::new().of(&[&written()]), []);
    assert_eq!(Document::format("paths.md", TAO_PATHS).unwrap(), TAO_PATHS);
}

#[tokio::test]
async fn the_code_has_the_handlers_that_are_written_and_no_others() {
    let (_portal, tao, _record) = built(&House::calm().await);
    let drift = written().graph().diff(&Graph::of_kernel(&tao));
    assert!(drift.is_empty(), "{drift}");
}

/// Everything that a user can do, in calm weather and with each endpoint down.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_its_user_does_and_whatever_fails_the_app_goes_along_its_paths_and_along_all_of_them()
 {
    let mut coverage = Coverage::of(written()).unwrap();
    let down = Weather { latency: Duration::ZERO..=Duration::ZERO, fail_rate: 1.0 };
    let endpoints = [
        Endpoint::Spaces,
        Endpoint::FindSession,
        Endpoint::CreateSession,
        Endpoint::EnterSession,
        Endpoint::User,
        Endpoint::Search,
        Endpoint::Page,
        Endpoint::SavePage,
        Endpoint::RenameSpace,
        Endpoint::Import,
        Endpoint::News,
        Endpoint::Live,
    ];
    let weathers = endpoints.map(|endpoint| Injection::none().at(endpoint, down.clone()));
    let recovers = Injection::none().outage(Endpoint::News, 1);
    for weather in [Injection::none(), recovers].into_iter().chain(weathers) {
        let house = House::with(weather).await;
        let (portal, _tao, record) = built(&house);
        // New on this device, and known to it.
        for token in ["new here", "new here"] {
            portal.open_app(token);
            portal.settled().await;
        }
        for text in ["a", ""] {
            portal.type_search(text);
            portal.settled().await;
        }
        portal.open_page(1);
        portal.settled().await;
        portal.leave_page();
        portal.settled().await;
        portal.edit_page(1);
        portal.settled().await;
        portal.type_title("Another title");
        portal.save_page();
        portal.settled().await;
        portal.rename_space(1, "Another title");
        portal.settled().await;
        // Whoever is impatient is halted.
        for _ in 0..2 {
            portal.start_import(2);
            portal.load_news();
            portal.follow_live(2);
        }
        portal.settled().await;
        portal.stop_import();
        portal.log_out();
        portal.settled().await;

        let trace = Trace::of(&record.take());
        let walks = walks_of(&written(), &trace);
        assert_eq!(walks.len(), 18, "each command begins a path");
        for walk in walks {
            assert!(walk.is_on_path(), "{walk}");
        }
        let done = written().graph().diff(&trace.graph());
        assert!(done.off_path.is_empty() && done.outside.is_empty(), "{done}");
        coverage.add(&trace);
    }
    // What a signal brings along is there: the types of the commands see to it.
    let unseen = coverage.unseen();
    assert_eq!(
        unseen,
        [
            "Search: {Search,Type,Portal} => {Search,Fail,Portal} (! it was none)",
            "Ask for News: {News,Wait,Portal} => {News,Fail,Portal} (! nobody has said which attempt it is)",
        ]
    );
}

#[test]
fn the_picture_is_drawn_from_what_is_written() {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/paths.svg");
    let drawn = Picture::of(&written().graph()).to_svg();
    let again = "cargo run -p trine-tao --features cli --bin tao-path -- draw examples/src/models/tao/paths.md -o examples/paths.svg";
    let kept = std::fs::read_to_string(file).unwrap_or_default();
    assert!(kept == drawn, "the picture is not that of the document: {again}");
}
