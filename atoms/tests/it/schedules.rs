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

/// Pairs of actions that could lose each other's updates, in the shapes of the examples: each with what it writes if it ends well.
mod pairs {
    use super::*;
    use trine_atoms::{BoxError, Flush, middleware};

    static TOTAL: Atom<i64> = Atom::new("total", || 0);
    static NOTES: Atom<Vec<i64>> = Atom::new("notes", Vec::new);
    static BUSY: Atom<bool> = Atom::new("busy", || false);

    /// Reads, waits, and writes what follows; asks for another attempt if somebody was first.
    fn patient() -> AsyncAction<i64> {
        let action =
            synergy((&TOTAL, &NOTES)).async_action(|(mut total, mut notes), n| async move {
                let sum = *total + n;
                yield_now().await;
                *total = sum;
                notes.push(n);
                yield_now().await;
                Ok(())
            });
        action.named("patient").retry_conflicts(9)
    }

    /// Shows its write at once, and takes it back if it fails.
    fn optimistic() -> AsyncAction<i64> {
        let action = synergy((&TOTAL, &NOTES, &BUSY)).async_action(
            |(mut total, mut notes, mut busy), n| async move {
                *busy = true;
                let _busy = busy.trigger_scoped()?;
                total.update(move |total| *total += n);
                let _total = total.trigger()?;
                yield_now().await;
                notes.update(move |notes| notes.push(n));
                Ok(())
            },
        );
        action.named("optimistic").compensated()
    }

    /// Says what it means: a change of whatever is there.
    fn meant() -> AsyncAction<i64> {
        let action =
            synergy((&TOTAL, &NOTES)).async_action(|(mut total, mut notes), n| async move {
                yield_now().await;
                total.update(move |total| *total += n);
                notes.update(move |notes| notes.push(n));
                yield_now().await;
                Ok(())
            });
        action.named("meant")
    }

    /// Merges what others have written.
    fn merging() -> AsyncAction<i64> {
        let action =
            synergy((&TOTAL, &NOTES)).async_action(|(mut total, mut notes), n| async move {
                *total += n;
                notes.push(n);
                yield_now().await;
                Ok::<_, BoxError>(())
            });
        action
            .named("merging")
            .merge_conflicts(&TOTAL, |base, mine, theirs| theirs + (mine - base))
            .merge_conflicts(&NOTES, |base, mine, theirs| {
                theirs.iter().chain(&mine[base.len()..]).copied().collect()
            })
    }

    /// Bodies that write without an action, for good measure.
    fn writes_meanwhile(watched: bool, first: &AsyncAction<i64>, second: &AsyncAction<i64>) {
        let explored = explore().cancellations(1).limit(20_000).check(|scene| {
            let store = scene.store();
            if watched {
                middleware(&store, |_: &mut Flush| Ok(())).detach();
            }
            let runs = [(first.run(&store, 1), 1), (second.run(&store, 10), 10)];
            let shows = [first, second].map(|action| action.name() == "optimistic");
            scene.finally(move || {
                assert!(store.runs().is_empty());
                let done: Vec<i64> = runs
                    .iter()
                    .filter(|(run, _)| run.status() == RunStatus::Settled(OutcomeKind::Fulfilled))
                    .map(|(_, n)| *n)
                    .collect();
                let mut notes = NOTES.get(&store);
                notes.sort_unstable();
                assert_eq!(notes, done, "each that ended well has its note, and nobody else");
                // What was shown and is not taken back, since the other has written in view of it, is the only thing that may
                // be there besides.
                let sum: i64 = done.iter().sum();
                let left: Vec<i64> = runs
                    .iter()
                    .filter(|(run, n)| {
                        shows[usize::from(*n != 1)]
                            && !done.contains(n)
                            && run.status() != RunStatus::Running
                    })
                    .map(|(_, n)| *n)
                    .filter(|_| !done.is_empty())
                    .collect();
                let total = TOTAL.get(&store);
                assert!(total == sum || left.iter().any(|n| total == sum + n), "{total} {done:?}");
                assert!(!BUSY.get(&store), "no flag is stuck");
                // Nobody ends for another reason than having been given up.
                for (run, _) in &runs {
                    let end = run.status();
                    let fine = [OutcomeKind::Fulfilled, OutcomeKind::Aborted];
                    assert!(fine.iter().any(|kind| end == RunStatus::Settled(*kind)), "{end:?}");
                }
            });
        });
        assert!(explored.exhaustive, "{explored:?}");
    }

    #[test]
    fn no_pair_of_actions_loses_an_update_in_any_order_or_given_up_at_any_point() {
        let actions = [patient(), optimistic(), meant(), merging()];
        for (place, first) in actions.iter().enumerate() {
            for second in &actions[place..] {
                writes_meanwhile(false, first, second);
            }
        }
    }

    #[test]
    fn nor_with_middleware_between() {
        writes_meanwhile(true, &patient(), &merging());
        writes_meanwhile(true, &optimistic(), &meant());
    }
}
