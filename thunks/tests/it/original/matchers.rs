//! Matchers: of all thunks, of any of several, and asked directly.

use super::{Plain, SEEN, manual, ready, waits};
use trine_thunks::{
    Action, AnyAction, Matcher, SliceKey, Store, ThunkApi, ThunkMatcher, is_async_thunk_action,
    is_fulfilled, is_pending, is_rejected, is_rejected_with_value, is_settled, matching,
};

static MATCHED: SliceKey<Vec<String>> = SliceKey::new("matched");

/// What a matcher matches of a run that is fulfilled, one that is rejected, one that is aborted, and an action.
fn matched(matcher: ThunkMatcher) -> Vec<String> {
    struct Poke;
    impl Action for Poke {}
    let (ready, waits) = (ready(), waits());
    let slice = MATCHED.slice(Vec::new).on_any(matcher, |matched, action: &dyn AnyAction| {
        matched.push(action.action_type().to_string());
    });
    let (builder, _executor) = manual();
    let store = builder.slice(slice).build().unwrap();
    store.dispatch(Poke);
    store.dispatch(ready.with(2));
    store.dispatch(ready.with(3));
    store.dispatch(waits.with(1)).abort("enough");
    store.get(&MATCHED)
}

#[test]
fn is_pending_of_all() {
    assert_eq!(matched(is_pending()), ["ready/pending", "ready/pending", "waits/pending"]);
}

#[test]
fn is_fulfilled_of_all() {
    assert_eq!(matched(is_fulfilled()), ["ready/fulfilled"]);
}

#[test]
fn is_rejected_of_all() {
    assert_eq!(matched(is_rejected()), ["ready/rejected", "waits/rejected"]);
}

#[test]
fn is_rejected_with_value_of_all() {
    assert_eq!(matched(is_rejected_with_value()), ["ready/rejected"]);
}

#[test]
fn is_settled_of_all() {
    assert_eq!(matched(is_settled()), ["ready/fulfilled", "ready/rejected", "waits/rejected"]);
}

#[test]
fn is_async_thunk_action_of_all_and_of_nothing_else() {
    assert_eq!(
        matched(is_async_thunk_action()),
        [
            "ready/pending",
            "ready/fulfilled",
            "ready/pending",
            "ready/rejected",
            "waits/pending",
            "waits/rejected"
        ]
    );
}

#[test]
fn of_several_thunks_it_matches_these_and_no_other_of_the_same_types() {
    let [a, b, c] =
        ["a", "b", "c"].map(|name| Plain::new(name, |n, _: ThunkApi| async move { Ok(n) }));
    let slice = SEEN.slice(Vec::new).on_any(is_pending().of(&a).of(&b), |seen, action| {
        seen.push(action.action_type().to_string());
    });
    let store = Store::builder().slice(slice).thunk(&c).build().unwrap();
    for thunk in [&a, &b, &c] {
        drop(store.dispatch(thunk.with(1)));
    }
    assert_eq!(store.get(&SEEN), ["a/pending", "b/pending"]);
}

#[test]
fn asked_directly_it_says_whether_an_action_is_one() {
    let ready = ready();
    let pending_of_ready = is_pending().of(&ready);
    let slice = SEEN.slice(Vec::new).on_any(matching(|_| true), move |seen, action| {
        let outcome = action.outcome().map(|kind| kind.to_string()).unwrap_or_default();
        seen.push(format!(
            "{} {} {outcome}",
            pending_of_ready.matches(action),
            is_settled().matches(action)
        ));
    });
    let store = Store::builder().slice(slice).build().unwrap();
    store.dispatch(ready.with(3));
    assert_eq!(store.get(&SEEN), ["true false ", "false true rejected"]);
}

#[test]
fn what_looks_like_a_lifecycle_event_is_none() {
    // There any action with the right fields passes.
    struct Pretender {
        _request_id: String,
        _request_status: &'static str,
    }
    impl Action for Pretender {
        fn action_type() -> &'static str {
            "ready/pending"
        }
    }
    let slice = SEEN
        .slice(Vec::new)
        .on_any(is_async_thunk_action(), |seen, _| seen.push("matched".to_owned()));
    let store = Store::builder().slice(slice).build().unwrap();
    store.dispatch(Pretender { _request_id: "1".to_owned(), _request_status: "pending" });
    assert!(store.get(&SEEN).is_empty());
}
