//! Actions in every order in which they may go on, given up at every await point.

use trine_atoms::{AsyncAction, Atom, synergy};
use trine_core::{
    OutcomeKind, RunStatus,
    test::{explore, yield_now},
};

static LOADING: Atom<bool> = Atom::new("loading", || false);
static COUNT: Atom<u32> = Atom::new("count", || 0);
static LAST: Atom<Option<u32>> = Atom::new("last", || None);

/// Raises a flag for as long as it lasts, asks somebody, and then adds: the document's shape.
fn add() -> AsyncAction<u32> {
    let action = synergy((&LOADING, &COUNT, &LAST)).async_action(
        |(mut loading, mut count, mut last), n| async move {
            *loading = true;
            let _loading = loading.trigger_scoped()?;
            yield_now().await;
            count.update(move |count| *count += n);
            yield_now().await;
            last.set(Some(n));
            Ok(())
        },
    );
    action.named("add")
}

#[test]
fn however_actions_overlap_and_whichever_is_given_up_the_flag_is_up_exactly_while_one_lasts() {
    let explored = explore().cancellations(2).limit(50_000).check(|scene| {
        let store = scene.store();
        let action = add();
        let (first, second) = (action.run(&store, 1), action.run(&store, 10));
        let seen = store.clone();
        scene.spawn("look", async move {
            for _ in 0..2 {
                yield_now().await;
                assert_eq!(LOADING.get(&seen), !seen.runs().is_empty());
            }
        });
        scene.finally(move || {
            assert!(!LOADING.get(&store));
            let done = [(&first, 1), (&second, 10)].map(|(run, n)| {
                let fulfilled = run.status() == RunStatus::Settled(OutcomeKind::Fulfilled);
                if fulfilled { n } else { 0 }
            });
            // What was not finished was not told, in part or in whole.
            assert_eq!(COUNT.get(&store), done.iter().sum::<u32>());
            assert_eq!(LAST.get(&store).is_some(), done != [0, 0]);
        });
    });
    assert!(explored.exhaustive, "{explored:?}");
}

#[test]
fn a_search_box_shows_the_last_answer_whenever_the_answers_come() {
    static QUERY: Atom<String> = Atom::new("query", String::new);
    static ANSWER: Atom<String> = Atom::new("answer", String::new);
    let explored = explore().check(|scene| {
        let store = scene.store();
        let search = synergy((&QUERY, &ANSWER)).async_action(
            |(mut query, mut answer), text: &'static str| async move {
                query.set(text.to_owned());
                query.trigger()?;
                yield_now().await;
                yield_now().await;
                answer.set(format!("all about {text}"));
                Ok(())
            },
        );
        let (search, typing) = (search.latest(), store.clone());
        scene.spawn("user", async move {
            for text in ["a", "ab", "abc"] {
                search.run(&typing, text).detach();
                yield_now().await;
            }
        });
        scene.finally(move || {
            assert_eq!(QUERY.get(&store), "abc");
            assert_eq!(ANSWER.get(&store), "all about abc");
            assert!(store.runs().is_empty());
        });
    });
    assert!(explored.exhaustive, "{explored:?}");
}
