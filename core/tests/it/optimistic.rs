//! Optimistic patches.

use proptest::prelude::*;
use std::panic::{AssertUnwindSafe, catch_unwind};
use trine_core::{Optimistic, Patch, Source, Store, test::Log};

fn text(store: &Store) -> (Source<String>, Optimistic<String>) {
    let base = store.source("-".to_owned());
    (base, store.cell("text").optimistic(base))
}

fn append(store: &Store, cell: Optimistic<String>, letter: char) -> Patch<String> {
    store.patch(cell, move |text| text.push(letter))
}

#[test]
fn rolling_one_back_keeps_the_others_and_confirming_one_changes_nothing_that_is_shown() {
    let (store, log) = (Store::new(), Log::new());
    let (base, shown) = text(&store);
    let told = log.clone();
    let _guard = store.subscribe(shown, move |text| told.note(text));
    let (a, b, c) =
        (append(&store, shown, 'a'), append(&store, shown, 'b'), append(&store, shown, 'c'));
    log.is(["-a", "-ab", "-abc"]);
    b.confirm();
    // It stays where it is: below it is one that is not certain.
    assert_eq!((store.get(base).as_str(), store.get(shown).as_str()), ("-", "-abc"));
    log.is([]);
    a.roll_back();
    assert_eq!((store.get(base).as_str(), store.get(shown).as_str()), ("-b", "-bc"));
    log.is(["-bc"]);
    c.confirm();
    assert_eq!((store.get(base).as_str(), store.get(shown).as_str()), ("-bc", "-bc"));
    log.is([]);
}

#[test]
fn what_others_commit_meanwhile_is_seen_through_the_patches_and_kept() {
    let store = Store::new();
    let (base, shown) = text(&store);
    let (a, b) = (append(&store, shown, 'a'), append(&store, shown, 'b'));
    store.set(base, "+".to_owned());
    assert_eq!(store.get(shown), "+ab");
    b.confirm();
    a.confirm();
    assert_eq!(store.get(base), "+ab");
}

#[test]
fn an_answer_may_say_more_than_was_guessed() {
    let (store, log) = (Store::new(), Log::new());
    let (base, shown) = text(&store);
    let (a, b) = (append(&store, shown, 'a'), append(&store, shown, 'b'));
    let told = log.clone();
    let _guard = store.subscribe(shown, move |text| told.note(text));
    a.confirm_with(|text| text.push_str("(1)"));
    log.is(["-(1)b"]);
    assert_eq!(store.get(base), "-(1)");
    b.roll_back();
    log.is(["-(1)"]);
}

#[test]
fn each_step_is_one_commit() {
    let store = Store::new();
    let (_, shown) = text(&store);
    let commits = |step: &mut dyn FnMut()| {
        let before = store.last_commit().get();
        step();
        store.last_commit().get() - before
    };
    let (mut a, mut b) = (None, None);
    assert_eq!(commits(&mut || a = Some(append(&store, shown, 'a'))), 1);
    assert_eq!(commits(&mut || b = Some(append(&store, shown, 'b'))), 1);
    assert_eq!(commits(&mut || b.take().unwrap().confirm()), 1);
    assert_eq!(commits(&mut || drop(a.take())), 1);
}

#[test]
fn a_patch_goes_with_the_run_that_holds_it() {
    let store = Store::with_spawner(trine_core::test::ManualExecutor::new());
    let (_, shown) = text(&store);
    let run = store.run("save", move |cx| async move {
        let _patch = append(&cx.store().unwrap(), shown, 'a');
        std::future::pending::<Result<(), ()>>().await
    });
    assert_eq!(store.get(shown), "-a");
    run.abort("left the page");
    assert_eq!(store.get(shown), "-");
}

#[test]
fn a_patch_that_panics_is_the_cells_error_until_it_is_gone() {
    let store = Store::new();
    let (base, shown) = text(&store);
    let good = append(&store, shown, 'a');
    let bad = store.patch(shown, |text| assert!(text.is_empty(), "not empty"));
    assert!(store.try_get(shown).unwrap_err().to_string().contains("not empty"));
    assert!(catch_unwind(AssertUnwindSafe(|| bad.confirm())).is_ok(), "nothing is folded yet");
    // Now it is: it panics, and `good` is rolled back instead.
    assert!(catch_unwind(AssertUnwindSafe(|| good.confirm())).is_err());
    assert_eq!(store.get(base), "-");
    assert!(store.try_get(shown).is_err());
    store.set(base, String::new());
    assert_eq!(store.get(shown), "");

    let bad = store.patch(shown, |_| panic!("always"));
    assert!(catch_unwind(AssertUnwindSafe(|| bad.confirm())).is_err());
    assert_eq!(store.get(shown), "");
}

#[test]
fn removing_the_cell_removes_its_stack_and_patches_end_in_silence() {
    let store = Store::new();
    let (base, shown) = text(&store);
    let (a, b, c) =
        (append(&store, shown, 'a'), append(&store, shown, 'b'), append(&store, shown, 'c'));
    store.remove(shown).unwrap();
    assert_eq!(store.cell_count(), 1);
    a.confirm();
    b.roll_back();
    assert_eq!(store.get(base), "-");
    assert!(store.try_patch(shown, |_| ()).is_err());
    drop(store);
    c.confirm();
}

#[test]
fn a_patch_that_is_dropped_inside_a_lease_is_rolled_back_when_the_lease_ends() {
    let store = Store::new();
    let (_, shown) = text(&store);
    let other = store.source(0);
    let mut patch = Some(append(&store, shown, 'a'));
    store.update(other, |n| {
        *n += 1;
        drop(patch.take());
    });
    assert_eq!(store.get(shown), "-");
}

#[derive(Debug, Clone)]
enum Act {
    Patch(u8),
    Confirm(usize),
    ConfirmWith(usize, u8),
    RollBack(usize),
    Commit(u8),
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        4 => (0..26_u8).prop_map(Act::Patch),
        2 => any::<usize>().prop_map(Act::Confirm),
        1 => (any::<usize>(), 0..26_u8).prop_map(|(at, letter)| Act::ConfirmWith(at, letter)),
        2 => any::<usize>().prop_map(Act::RollBack),
        1 => (0..10_u8).prop_map(Act::Commit),
    ]
}

#[test]
fn a_patch_that_is_part_of_a_larger_commit_is_told_with_it() {
    let store = Store::new();
    let (base, shown) = text(&store);
    let other = store.source(0);
    let weak = store.downgrade();
    let both = store.derived(move |cx| format!("{}{}", cx.get(shown), cx.get(other)));
    let log = Log::default();
    let heard = log.clone();
    let _guard = store.subscribe(both, move |both| heard.note(both));
    let (patch, _) = store.updates(|cells| {
        cells.update(other, |n| *n = 1).unwrap();
        cells.patch(&weak, shown, |text| text.push('a')).unwrap()
    });
    log.is(["-a1"]);
    store.updates(|cells| {
        cells.update(other, |n| *n = 2).unwrap();
        cells.confirm(patch).unwrap();
    });
    log.is(["-a2"]);
    assert_eq!(store.get(base), "-a");
}

#[test]
fn a_patch_that_panics_on_the_base_when_it_is_confirmed_is_left_out_and_tears_nothing() {
    let store = Store::new();
    let (base, shown) = text(&store);
    let weak = store.downgrade();
    let (patch, _) = store.updates(|cells| {
        let apply = |text: &mut String| assert!(text.len() > 9, "too short");
        cells.patch(&weak, shown, apply).unwrap()
    });
    assert!(store.try_get(shown).is_err());
    let confirmed =
        catch_unwind(AssertUnwindSafe(|| store.updates(|cells| cells.confirm(patch)).0));
    assert!(confirmed.is_err());
    assert_eq!((store.get(base), store.get(shown)), ("-".to_owned(), "-".to_owned()));
}

proptest! {
    #![proptest_config(crate::cases::of(300))]

    /// The model keeps all patches ever made and applies those that were not rolled back, from the last foreign commit on.
    #[test]
    fn random_patches_show_what_a_list_of_all_of_them_shows(acts in prop::collection::vec(act(), 1..50)) {
        let store = Store::new();
        let (base, shown) = text(&store);
        let mut open: Vec<(usize, Patch<String>)> = Vec::new();
        // What is certain, then (letter, confirmed) in the order of the stack.
        let mut certain = "-".to_owned();
        let mut stack: Vec<(usize, char, bool)> = Vec::new();
        let letter = |n: u8| char::from(b'a' + n);
        for (number, act) in acts.into_iter().enumerate() {
            let pick = |open: &mut Vec<(usize, Patch<String>)>, at: usize| {
                (!open.is_empty()).then(|| open.remove(at % open.len()))
            };
            match act {
                Act::Patch(n) => {
                    // Alone, or as a part of a larger commit.
                    let c = letter(n);
                    let patch = if number % 2 == 0 {
                        append(&store, shown, c)
                    } else {
                        let weak = store.downgrade();
                        store.updates(|cells| cells.patch(&weak, shown, move |text| text.push(c))).0.unwrap()
                    };
                    open.push((number, patch));
                    stack.push((number, letter(n), false));
                }
                Act::Confirm(at) => if let Some((id, patch)) = pick(&mut open, at) {
                    if number % 2 == 0 {
                        patch.confirm();
                    } else {
                        store.updates(|cells| cells.confirm(patch)).0.unwrap();
                    }
                    stack.iter_mut().filter(|layer| layer.0 == id).for_each(|layer| layer.2 = true);
                },
                Act::ConfirmWith(at, n) => if let Some((id, patch)) = pick(&mut open, at) {
                    let c = letter(n);
                    patch.confirm_with(move |text| text.push(c));
                    stack.iter_mut().filter(|layer| layer.0 == id).for_each(|layer| (layer.1, layer.2) = (c, true));
                },
                Act::RollBack(at) => if let Some((id, patch)) = pick(&mut open, at) {
                    if number % 2 == 0 {
                        patch.roll_back();
                    } else {
                        store.updates(|cells| cells.roll_back(patch)).0.unwrap();
                    }
                    stack.retain(|layer| layer.0 != id);
                },
                Act::Commit(n) => {
                    certain = n.to_string();
                    store.set(base, n.to_string());
                }
            }
            while stack.first().is_some_and(|layer| layer.2) {
                certain.push(stack.remove(0).1);
            }
            prop_assert_eq!(store.get(base), certain.clone());
            let expected: String = certain.chars().chain(stack.iter().map(|layer| layer.1)).collect();
            prop_assert_eq!(store.get(shown), expected);
        }
        drop(open);
        prop_assert_eq!(store.get(shown), store.get(base));
    }
}
