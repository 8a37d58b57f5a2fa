//! What runs, when, and how often.

use crate::log::Log;
use trine_core::{CellErrorKind, Store, Update};

/// Many; fewer where each step is interpreted.
const MILLION: u64 = if cfg!(miri) { 500 } else { 1_000_000 };

#[test]
fn a_derivation_does_not_run_before_it_is_read() {
    let (store, log) = (Store::new(), Log::default());
    let source = store.source(1);
    let derived = store.derived(log.noting("derive", move |cx| cx.get(source) + 1));
    store.set(source, 2);
    log.is([]);
    assert_eq!(store.get(derived), 3);
    log.is(["derive"]);
}

#[test]
fn an_unobserved_derivation_does_not_run_at_a_commit() {
    let (store, log) = (Store::new(), Log::default());
    let source = store.source(1);
    let derived = store.derived(log.noting("derive", move |cx| cx.get(source)));
    store.get(derived);
    log.is(["derive"]);
    store.set(source, 2);
    store.set(source, 3);
    log.is([]);
    assert_eq!(store.get(derived), 3);
    log.is(["derive"]);
}

#[test]
fn a_cell_is_lazy_again_after_its_last_subscriber_has_gone() {
    let (store, log) = (Store::new(), Log::default());
    let source = store.source(1);
    let derived = store.derived(log.noting("derive", move |cx| cx.get(source)));
    let guard = store.subscribe(derived, |_| {});
    let watch = store.watch(derived);
    log.is(["derive"]);
    drop(guard);
    store.set(source, 2);
    log.is(["derive"]);
    drop(watch);
    store.set(source, 3);
    log.is([]);
}

#[test]
fn a_diamond_runs_once_and_sees_both_sides_of_the_same_commit() {
    let (store, log) = (Store::new(), Log::default());
    let source = store.source(1);
    let left = store.derived(log.noting("left", move |cx| cx.get(source) + 1));
    let right = store.derived(log.noting("right", move |cx| cx.get(source) * 2));
    let heard = log.clone();
    let both = store.derived(log.noting("both", move |cx| (cx.get(left), cx.get(right))));
    let _guard = store.subscribe(both, move |both| heard.note(format!("{both:?}")));
    log.is(["both", "left", "right"]);
    store.set(source, 10);
    // `left` has changed, so `both` runs; `right` is brought up to date when `both` reads it.
    log.is(["left", "both", "right", "(11, 20)"]);
}

#[test]
fn an_equal_result_stops_the_change() {
    let (store, log) = (Store::new(), Log::default());
    let source = store.source(1);
    let parity = store.derived(log.noting("parity", move |cx| cx.get(source) % 2));
    let text = store.derived(log.noting("text", move |cx| cx.get(parity).to_string()));
    let heard = log.clone();
    let _guard = store.subscribe(text, move |text| heard.note(text));
    log.clear();
    store.set(source, 3);
    log.is(["parity"]);
    store.set(source, 4);
    log.is(["parity", "text", "0"]);
}

#[test]
fn dependencies_are_those_of_the_last_run() {
    let (store, log) = (Store::new(), Log::default());
    let (flag, a, b) = (store.source(true), store.source(1), store.source(2));
    let chosen = store
        .derived(log.noting("choose", move |cx| if cx.get(flag) { cx.get(a) } else { cx.get(b) }));
    let _guard = store.subscribe(chosen, |_| {});
    log.clear();
    store.set(b, 20);
    log.is([]);
    store.set(flag, false);
    log.is(["choose"]);
    store.set(a, 10);
    log.is([]);
    store.set(b, 30);
    log.is(["choose"]);
    assert_eq!(store.get(chosen), 30);
}

#[test]
fn a_source_behind_a_guard_does_not_run_when_the_guard_closes() {
    let (store, log) = (Store::new(), Log::default());
    let divisor = store.source(2);
    let quotient = store.derived(log.noting("divide", move |cx| 100 / cx.get(divisor)));
    let safe =
        store.derived(move |cx| if cx.get(divisor) == 0 { None } else { Some(cx.get(quotient)) });
    let _guard = store.subscribe(safe, |_| {});
    log.clear();
    store.set(divisor, 0);
    log.is([]);
    assert_eq!(store.get(safe), None);
    store.set(divisor, 5);
    log.is(["divide"]);
    assert_eq!(store.get(safe), Some(20));
}

#[test]
fn a_chain_of_a_million_links_is_revalidated_without_recursion() {
    let store = Store::new();
    let source = store.source(0_u64);
    let mut last = store.derived(move |cx| cx.get(source));
    store.get(last);
    for _ in 0..MILLION {
        let before = last;
        last = store.derived(move |cx| cx.get(before) + 1);
        store.get(last);
    }
    store.set(source, 5);
    assert_eq!(store.get(last), MILLION + 5);
}

#[test]
fn a_chain_whose_every_link_reads_the_source_is_revalidated_without_deep_recursion() {
    let store = Store::new();
    let source = store.source(1_u64);
    let mut last = store.derived(move |cx| cx.get(source));
    for _ in 0..MILLION / 10 {
        let before = last;
        last = store.derived(move |cx| cx.get(source) + cx.get(before));
        store.get(last);
    }
    store.set(source, 2);
    assert_eq!(store.get(last), MILLION / 10 * 2 + 2);
}

#[test]
fn a_million_dependents_follow_one_source() {
    let store = Store::new();
    let source = store.source(0_u64);
    let cells: Vec<_> = (0..MILLION).map(|n| store.derived(move |cx| cx.get(source) + n)).collect();
    for &cell in &cells {
        store.get(cell);
    }
    store.set(source, 1);
    assert_eq!(store.get(*cells.last().unwrap()), MILLION);
    store.remove(cells[0]).unwrap();
    assert_eq!(store.get(cells[1]), 2);
}

#[test]
fn a_first_read_that_nests_too_deep_is_a_typed_error_and_warm_gets_there() {
    let store = Store::new();
    let source = store.source(0_u64);
    let mut last = store.cell("first").derived(move |cx| cx.get(source));
    for _ in 0..5_000 {
        let before = last;
        last = store.derived(move |cx| cx.get(before) + 1);
    }
    let error = store.try_get(last).unwrap_err();
    assert!(matches!(error.kind(), CellErrorKind::TooDeep { limit: 1_000, .. }), "{error}");
    store.warm([last]);
    assert_eq!(store.get(last), 5_000);
    store.set(source, 1);
    assert_eq!(store.get(last), 5_001);
}

#[test]
fn an_update_in_place_counts_unless_it_says_otherwise() {
    let (store, log) = (Store::new(), Log::default());
    let list = store.source(vec![1]);
    let heard = log.clone();
    let _guard = store.subscribe(list, move |list| heard.note(format!("{list:?}")));
    store.update(list, |list| list.push(2));
    let commit = store.update(list, |_| Update::Unchanged);
    assert_eq!(commit.number(), None);
    log.is(["[1, 2]"]);
}

#[test]
fn equality_is_chosen_per_cell() {
    let (store, log) = (Store::new(), Log::default());
    let always = store.cell("always").always_different().source(1);
    let length =
        store.cell("length").equality(|a: &String, b| a.len() == b.len()).source("a".to_owned());
    let (heard, heard_too) = (log.clone(), log.clone());
    let _a = store.subscribe(always, move |_| heard.note("always"));
    let _b = store.subscribe(length, move |text| heard_too.note(text));
    store.set(always, 1);
    store.set(length, "b".to_owned());
    store.set(length, "cc".to_owned());
    log.is(["always", "cc"]);
    assert_eq!(store.get(length), "cc");
}

#[test]
fn what_is_read_untracked_is_no_dependency() {
    let (store, log) = (Store::new(), Log::default());
    let (tracked, other) = (store.source(1), store.source(10));
    let twice = store.derived(log.noting("twice", move |cx| cx.get(other) * 2));
    let sum = store.derived(
        log.noting("sum", move |cx| cx.with_untracked(twice, |twice| *twice) + cx.get(tracked)),
    );
    let heard = log.clone();
    let _guard = store.subscribe(sum, move |sum| heard.note(format!("{sum}")));
    log.is(["sum", "twice"]);
    store.set(other, 20);
    log.is([]);
    store.set(tracked, 2);
    log.is(["sum", "twice", "42"]);
}

#[test]
fn an_error_that_is_read_untracked_stays_until_the_next_run() {
    let store = Store::new();
    let (number, again) = (store.source(0), store.source(0));
    let inverse = store.derived(move |cx| 10 / cx.get(number));
    let shown = store.derived(move |cx| {
        cx.get(again);
        cx.with_untracked(inverse, |inverse| *inverse)
    });
    assert!(matches!(store.try_get(shown).unwrap_err().kind(), CellErrorKind::Panicked { .. }));
    store.set(number, 5);
    assert!(store.try_get(shown).is_err());
    store.set(again, 1);
    assert_eq!(store.get(shown), 2);
}

#[test]
fn updates_have_cells_run_again_that_depend_on_a_part_of_what_they_change() {
    let (store, log) = (Store::new(), Log::default());
    let parts = store.cell("parts").always_different().source(vec![1, 2]);
    let part = |index: usize, name| {
        store.derived(log.noting(name, move |cx| cx.with_untracked(parts, |parts| parts[index])))
    };
    let (first, second) = (part(0, "first"), part(1, "second"));
    let heard = log.clone();
    let _first = store.subscribe(first, move |part| heard.note(format!("first is {part}")));
    log.is(["first"]);
    assert_eq!(store.get(second), 2);
    log.is(["second"]);
    let before = store.last_commit().get();
    store.updates(|cells| {
        cells.update(parts, |parts| parts[0] = 3).unwrap();
        cells.recompute(first).unwrap();
    });
    log.is(["first", "first is 3"]);
    store.updates(|cells| cells.recompute(second).unwrap());
    log.is([]);
    store.get(second);
    log.is(["second"]);
    store.updates(|cells| cells.recompute(first).unwrap());
    log.is(["first"]);
    assert_eq!(store.last_commit().get(), before + 3);
    store.remove(first).unwrap();
    store.updates(|cells| assert!(cells.recompute(first).unwrap_err().is_disposed()));
}
