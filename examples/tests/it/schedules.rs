//! The bodies of every model, in the orders in which answers may come, and given up at every await point.
//!
//! No service and no runtime: the client's answers are made by a script, after an await point, and the schedule explorer
//! decides who goes on.

use std::sync::Arc;

use futures_util::FutureExt;
use serde_json::{Value, json};
use trine_core::test::{Scene, explore, yield_now};
use trine_examples::api::Endpoint;
use trine_examples::client::{Client, Ending};
use trine_examples::models;
use trine_examples::portal::{Model, Portal, Setup};
use trine_examples::recorder::Recorder;
use trine_examples::view::{EditorView, Load, PageView, SessionView, View};

/// The models that run on a store; the one by hand needs a runtime of its own.
fn on_a_store() -> impl Iterator<Item = &'static Model> {
    models::ALL.iter().filter(|model| model.name != "by-hand")
}

/// What the service would say, if it knows no session yet.
fn answer(endpoint: Endpoint, key: &str) -> Result<Value, (u16, String)> {
    let session = json!({ "token": key, "user": 7, "visits": 0 });
    Ok(match endpoint {
        Endpoint::FindSession => return Err((404, "no session".to_owned())),
        Endpoint::CreateSession | Endpoint::EnterSession | Endpoint::EndSession => session,
        Endpoint::User => json!({ "id": 7, "name": "Ada", "email": "", "bio": "", "spaces": [] }),
        Endpoint::Spaces => json!({ "total": 0, "spaces": [] }),
        Endpoint::Search => json!({
            "query": key,
            "hits": [{ "kind": "user", "id": 7, "label": format!("found {key}") }],
        }),
        Endpoint::Page => json!({ "id": 3, "space": 1, "title": key, "text": "old" }),
        Endpoint::SavePage => {
            json!({ "id": 3, "space": 1, "title": "new", "text": "old", "version": 2 })
        }
        Endpoint::RenameSpace => json!({ "id": 1, "title": "new", "members": [], "pages": [] }),
        Endpoint::Import => json!({ "id": 1, "name": "Contact No. 1" }),
        Endpoint::News => json!({ "headline": "nothing" }),
        Endpoint::Live => json!([{ "user": 1, "changes": 1 }, { "user": 1, "changes": 2 }]),
    })
}

/// An app on the scene, and its client.
fn built(model: &Model, scene: &Scene) -> (Arc<dyn Portal>, Client) {
    let (portal, client, _) = built_and_recorded(model, scene);
    (portal, client)
}

fn built_and_recorded(model: &Model, scene: &Scene) -> (Arc<dyn Portal>, Client, Recorder) {
    let client = Client::scripted(|endpoint, key| {
        let answer = answer(endpoint, key);
        async move {
            yield_now().await;
            answer
        }
        .boxed()
    });
    let (recorder, store) = (Recorder::start(), scene.store());
    let setup = Setup { client: client.clone(), recorder: recorder.clone(), store };
    (Arc::from((model.build)(setup)), client, recorder)
}

/// What holds in the end, whatever was given up: nothing is under way, and every request was answered or dropped.
fn at_rest(scene: &Scene, portal: &Arc<dyn Portal>, client: &Client) {
    let (portal, client) = (Arc::clone(portal), client.clone());
    scene.finally(move || {
        assert!(portal.settled().now_or_never().is_some(), "something is still running");
        for entry in client.ledger().entries() {
            assert!(entry.ended.is_some(), "{entry:?} is still on its way");
        }
    });
}

/// Adds a check of the view in the end.
fn shows(scene: &Scene, portal: &Arc<dyn Portal>, check: impl Fn(&View) + 'static) {
    let portal = Arc::clone(portal);
    scene.finally(move || check(&portal.view()));
}

/// The user types twice; the answers come in any order.
fn searches(model: &Model, scene: &Scene) -> Arc<dyn Portal> {
    let (portal, client) = built(model, scene);
    at_rest(scene, &portal, &client);
    let user = Arc::clone(&portal);
    scene.spawn("user", async move {
        for text in ["a", "ab"] {
            user.type_search(text);
            yield_now().await;
        }
    });
    portal
}

#[test]
fn whenever_the_answers_come_the_view_shows_that_of_the_last_search() {
    for model in on_a_store() {
        let explored = explore().check(|scene| {
            let portal = searches(model, scene);
            shows(scene, &portal, |view| {
                let search = &view.search;
                let shown: Vec<_> = search.hits.iter().map(|hit| hit.label.as_str()).collect();
                assert_eq!((search.text.as_str(), search.loading), ("ab", false));
                assert_eq!(shown, ["found ab"]);
            });
        });
        assert!(explored.exhaustive, "{}: {explored:?}", model.name);
    }
}

#[test]
fn a_search_that_is_given_up_anywhere_leaves_no_older_answer_behind() {
    for model in on_a_store() {
        let explored = explore().cancellations(2).check(|scene| {
            let portal = searches(model, scene);
            shows(scene, &portal, |view| {
                // The user may have been cut short as well.
                for hit in &*view.search.hits {
                    let text = &view.search.text;
                    let older = *text == "ab" && view.search.loading;
                    assert!(hit.label == format!("found {text}") || older, "{view:?}");
                }
            });
        });
        assert!(explored.exhaustive, "{}: {explored:?}", model.name);
    }
}

#[test]
fn a_page_that_is_left_is_closed_and_its_request_dropped_at_whatever_point_it_is() {
    for model in on_a_store() {
        for cancellations in [0, 1] {
            let explored = explore().cancellations(cancellations).check(|scene| {
                let (portal, client) = built(model, scene);
                at_rest(scene, &portal, &client);
                portal.open_page(3);
                let user = Arc::clone(&portal);
                scene.spawn("user", async move { user.leave_page() });
                let cut_short = cancellations > 0;
                shows(scene, &portal, move |view| {
                    let closed = view.page == PageView::Closed;
                    assert!(closed || cut_short, "{:?}", view.page);
                });
            });
            assert!(explored.exhaustive, "{}: {explored:?}", model.name);
        }
    }
}

#[test]
fn the_app_opens_in_whatever_order_its_requests_are_answered() {
    for model in on_a_store() {
        explore().limit(2_000).samples(300).check(|scene| {
            let (portal, client) = built(model, scene);
            at_rest(scene, &portal, &client);
            portal.open_app("token");
            shows(scene, &portal, |view| {
                assert!(view.shown);
                let SessionView::Entered(session) = &view.session else { panic!("{view:?}") };
                assert_eq!(session.token, "token");
                assert!(matches!(&view.user, Load::Ready(user) if user.name == "Ada"), "{view:?}");
                assert!(matches!(&view.spaces, Load::Ready(_)), "{view:?}");
            });
        });
    }
}

#[test]
fn an_app_whose_opening_is_given_up_anywhere_comes_to_rest_and_shows_nothing_that_is_not_so() {
    for model in on_a_store() {
        explore().cancellations(2).limit(2_000).samples(500).check(|scene| {
            let (portal, client) = built(model, scene);
            at_rest(scene, &portal, &client);
            portal.open_app("token");
            let entered = client.clone();
            shows(scene, &portal, move |view| {
                assert!(view.shown);
                let finished = |endpoint| {
                    entered.ledger().entries().iter().any(|entry| {
                        let how = entry.ended.map(|(_, ending)| ending);
                        entry.endpoint == endpoint && how == Some(Ending::Finished)
                    })
                };
                if let SessionView::Entered(_) = view.session {
                    assert!(finished(Endpoint::EnterSession));
                }
                if let Load::Ready(_) = view.user {
                    assert!(
                        finished(Endpoint::User) && matches!(view.session, SessionView::Entered(_))
                    );
                }
                if let Load::Ready(_) = view.spaces {
                    assert!(finished(Endpoint::Spaces));
                }
            });
        });
    }
}

#[test]
fn a_whole_visit_is_the_same_in_every_order() {
    for model in on_a_store() {
        explore().limit(500).samples(500).check(|scene| {
            let (portal, client) = built(model, scene);
            at_rest(scene, &portal, &client);
            let user = Arc::clone(&portal);
            scene.spawn("user", async move {
                user.open_app("token");
                yield_now().await;
                user.type_search("a");
                user.open_page(3);
                yield_now().await;
                user.type_search("ab");
                yield_now().await;
                user.leave_page();
            });
            shows(scene, &portal, |view| {
                assert!(view.bootstrapped(), "{view:?}");
                assert_eq!(view.page, PageView::Closed);
                assert_eq!(view.search.hits[0].label, "found ab");
                assert!(!view.search.loading);
            });
        });
    }
}

/// What the user asks for.
type Ask = fn(&dyn Portal);

/// The user asks for something, and logs out at some point.
fn leaves(model: &Model, scene: &Scene, ask: Ask) -> Arc<dyn Portal> {
    let (portal, client) = built(model, scene);
    at_rest(scene, &portal, &client);
    ask(portal.as_ref());
    let user = Arc::clone(&portal);
    scene.spawn("user", async move { user.log_out() });
    portal
}

#[test]
fn nothing_lands_after_a_log_out_at_whatever_point_it_comes() {
    let asks: [(&str, Ask); 6] = [
        ("search", |portal| portal.type_search("a")),
        ("page", |portal| portal.open_page(3)),
        ("editor", |portal| portal.edit_page(3)),
        ("import", |portal| portal.start_import(2)),
        ("news", |portal| portal.load_news()),
        ("live", |portal| portal.follow_live(2)),
    ];
    for model in on_a_store() {
        for (what, ask) in asks {
            let explored = explore().check(|scene| {
                let portal = leaves(model, scene, ask);
                shows(scene, &portal, |view| assert_eq!(*view, View::default()));
            });
            assert!(explored.exhaustive, "{} {what}: {explored:?}", model.name);
        }
    }
}

#[test]
fn a_draft_that_is_typed_into_while_it_is_saved_keeps_both() {
    for model in on_a_store() {
        let explored = explore().check(|scene| {
            let (portal, client, recorder) = built_and_recorded(model, scene);
            at_rest(scene, &portal, &client);
            let user = Arc::clone(&portal);
            scene.spawn("user", async move {
                user.edit_page(3);
                recorder.until(|view| view.editor.is_settled()).await;
                user.type_title("new");
                user.save_page();
                yield_now().await;
                user.type_text("newer");
            });
            shows(scene, &portal, |view| {
                let EditorView::Open(editor) = &view.editor else { panic!("{view:?}") };
                assert_eq!((editor.title.as_str(), editor.text.as_str()), ("new", "newer"));
                assert_eq!((editor.base.version, editor.saving), (2, false));
            });
        });
        assert!(explored.exhaustive, "{}: {explored:?}", model.name);
    }
}
