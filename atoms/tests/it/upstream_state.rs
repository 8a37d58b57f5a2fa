//! What the originals do, and what they do wrong: an item of the inventory per test, as far as state goes.
//!
//! `p..` and `j..` are defects of synergies and jotai that were reproduced and must not be here; `c..` are statements of the
//! documents of synergies; `t..` are its own tests. What concerns actions is in `upstream_actions/`.

use futures_util::{FutureExt, StreamExt};
use std::{
    num::NonZeroUsize,
    panic::{AssertUnwindSafe, catch_unwind},
};
use trine_atoms::{
    AsyncAtom, Atom, AtomFamily, DerivedAtom, DerivedFamily, PlaceError, Provider, Store,
    WriteAtom, reset_all, synergy, try_synergy,
};
use trine_core::{
    CellErrorKind,
    test::{Log, ManualExecutor, yield_now},
};

static A: Atom<i32> = Atom::new("a", || 1);
static B: Atom<i32> = Atom::new("b", || 2);

#[test]
fn t4_a_selector_over_several_atoms_is_told_once_with_all_values() {
    let (store, log) = (Store::new(), Log::new());
    let both = synergy((&A, &B)).select("both", |(a, b)| [*a, *b]);
    let told = log.clone();
    let _guard = both.subscribe(&store, move |both| told.note(format!("{both:?}")));
    A.update(&store, |a| *a += 42);
    log.is(["[43, 2]"]);
}

#[test]
fn t6_initial_values_of_a_provider_are_there_at_once_and_writes_leave_the_others_alone() {
    let (store, log) = (Store::new(), Log::new());
    let form =
        Provider::builder("form", &store).provide_with(&A, 42).provide_with(&B, 1337).build();
    assert_eq!((A.get(&form), B.get(&form)), (42, 1337));
    let told = log.clone();
    let _guard = B.subscribe(&form, move |b| told.note(b));
    A.set(&form, 1);
    log.is([]);
}

#[test]
fn c6_a_filtered_selector_over_two_atoms() {
    static TODOS: Atom<Vec<(&str, bool)>> =
        Atom::new("todos", || vec![("wash up", true), ("cook", false)]);
    static FILTER: Atom<Option<bool>> = Atom::new("filter", || None);
    let shown = synergy((&TODOS, &FILTER)).select("shown", |(todos, filter)| {
        let fits = |todo: &&(&'static str, bool)| filter.is_none_or(|done| todo.1 == done);
        todos.iter().filter(fits).map(|todo| todo.0).collect::<Vec<_>>()
    });
    let store = Store::new();
    assert_eq!(shown.get(&store), ["wash up", "cook"]);
    FILTER.set(&store, Some(false));
    assert_eq!(shown.get(&store), ["cook"]);
}

#[test]
fn c7_nested_menus_keep_their_own_state() {
    static OPEN: Atom<bool> = Atom::new("open", || false);
    let store = Store::new();
    let menu = || Provider::builder("menu", &store).provide(&OPEN).build();
    let (left, right) = (menu(), menu());
    let inner = Provider::builder("menu", &left).provide(&OPEN).build();
    OPEN.set(&inner, true);
    assert_eq!([&left, &right, &inner].map(|menu| OPEN.get(menu)), [false, false, true]);
}

#[test]
fn c8_a_provider_takes_a_synergy() {
    let store = Store::new();
    let both = synergy((&A, &B));
    let form = Provider::builder("form", &store).provide(both.clone()).build();
    B.set(&form, 5);
    assert_eq!((*both.read(&form).1, *both.read(&store).1), (5, 2));
}

#[test]
fn c9_the_nearest_provider_shadows() {
    let store = Store::new();
    let outer = Provider::builder("outer", &store).provide_with(&A, 10).build();
    let inner = Provider::builder("inner", &outer).provide_with(&A, 100).build();
    A.update(&inner, |a| *a += 1);
    assert_eq!([A.get(&store), A.get(&outer), A.get(&inner)], [1, 10, 101]);
}

#[test]
fn c10_p21_a_missing_provider_is_an_error_when_the_handle_is_made_not_at_a_later_dispatch() {
    static LOCAL: Atom<u8> = Atom::new("local", || 0).provided();
    let store = Store::new();
    let error = LOCAL.at(&store).unwrap_err();
    assert!(matches!(&error, PlaceError::NotProvided { atom, .. } if *atom == "local"));
    let form = Provider::builder("form", &store).provide(&LOCAL).build();
    assert_eq!(LOCAL.at(&form).unwrap().get(), 0);
}

#[test]
fn p17_equal_results_of_a_selector_are_told_to_nobody() {
    let (store, log) = (Store::new(), Log::new());
    let even = A.select("even", |a| a % 2 == 0);
    let told = log.clone();
    let _guard = even.subscribe(&store, move |even| told.note(even));
    A.set(&store, 3);
    A.set(&store, 5);
    log.is([]);
    A.set(&store, 6);
    log.is(["true"]);
}

#[test]
fn p22_none_is_an_initial_value_like_any_other() {
    static CHOICE: Atom<Option<&str>> = Atom::new("choice", || Some("default"));
    let store = Store::new();
    let form = Provider::builder("form", &store).provide_with(&CHOICE, None).build();
    assert_eq!((CHOICE.get(&form), CHOICE.get(&store)), (None, Some("default")));
}

#[test]
fn p24_an_atom_listed_twice_is_refused_with_both_positions_however_it_is_nested() {
    let nested = synergy((&B, &A));
    let error = try_synergy((&A, &nested)).unwrap_err();
    assert_eq!((error.atom.as_str(), error.first, error.second), ("a", 0, 2));
    assert!(error.to_string().contains("number 0 and number 2"));
    let handle = A.at(&Store::new()).unwrap();
    assert!(try_synergy((&handle, &handle.clone())).is_err());
}

#[test]
fn p27_nothing_is_missed_between_a_look_and_a_subscription() {
    let store = Store::new();
    let mut watch = A.watch(&store);
    let mut changes = A.changes(&store, NonZeroUsize::new(4).unwrap());
    let seen = **watch.borrow_and_update();
    A.set(&store, 5); // before anybody polls
    assert_eq!((seen, **watch.borrow_and_update()), (1, 5));
    assert_eq!(*changes.next().now_or_never().flatten().unwrap().unwrap(), 5);
}

#[test]
fn p29_selectors_have_parameters_that_are_never_stale() {
    static SCALED: DerivedFamily<i32, i32> = DerivedFamily::new("scaled", |cx, by| cx.get(&A) * by);
    let store = Store::new();
    let (twice, thrice) = (SCALED.entry(&store, 2), SCALED.entry(&store, 3));
    assert_eq!((*twice.read(), *thrice.read()), (2, 3));
    A.set(&store, 10);
    assert_eq!((*twice.read(), *thrice.read()), (20, 30));
}

#[test]
fn p34_writing_to_what_has_ended_is_an_error_not_a_silent_write() {
    let store = Store::new();
    let form = Provider::builder("form", &store).provide(&A).build();
    let handle = A.at(&form).unwrap();
    form.end();
    assert!(handle.try_set(5).unwrap_err().is_disposed());
    assert!(catch_unwind(AssertUnwindSafe(|| A.set(&form, 5))).is_err());
    assert_eq!(A.get(&store), 1);
}

#[test]
fn p36_synergies_nest_and_combine_in_order_up_to_twelve() {
    let atoms: Vec<_> = (0..12).map(|n| Atom::dynamic(format!("{n}"), move || n)).collect();
    let [a, b, c, d, e, f, g, h, i, j, k, l] = &atoms[..] else { unreachable!() };
    let store = Store::new();
    let all = synergy((a, b, c, d, e, f, g, h, i, j, k, l));
    let read = all.read(&store);
    assert_eq!((*read.0, *read.5, *read.11), (0, 5, 11));
    let nested = synergy((synergy((a, b)), synergy((c, synergy(d)))));
    let ((a, b), (c, d)) = nested.read(&store);
    assert_eq!([*a, *b, *c, *d], [0, 1, 2, 3]);
}

#[test]
fn j1_a_write_that_fails_leaves_nothing_behind() {
    static BOTH: WriteAtom<i32> = WriteAtom::new("both", |cx, value| {
        cx.set(&A, value);
        assert!(value < 10, "too much");
        cx.set(&B, value);
    });
    let store = Store::new();
    catch_unwind(AssertUnwindSafe(|| BOTH.set(&store, 10))).unwrap_err();
    assert_eq!((A.get(&store), B.get(&store)), (1, 2));
}

#[test]
fn j8_a_circle_of_derived_atoms_is_an_error_that_names_them_and_depth_overflows_nothing() {
    static LEFT: DerivedAtom<i32> = DerivedAtom::new("left", |cx| cx.get(&RIGHT));
    static RIGHT: DerivedAtom<i32> = DerivedAtom::new("right", |cx| cx.get(&LEFT));
    let store = Store::new();
    let error = store.try_get(LEFT.cell(&store)).unwrap_err();
    let CellErrorKind::Cycle { path } = error.kind() else { panic!("{error}") };
    assert_eq!(path.len(), 3);

    let mut chain = vec![DerivedAtom::dynamic("0", |cx| cx.get(&A))];
    for depth in 1..5_000 {
        let before = chain[depth - 1].clone();
        chain.push(DerivedAtom::dynamic(depth.to_string(), move |cx| cx.get(&before) + 1));
    }
    // Read from the bottom, each finds the one before; afterwards the whole chain is one step deep.
    for atom in &chain {
        atom.get(&store);
    }
    A.set(&store, 100);
    assert_eq!(chain[4_999].get(&store), 5_099);
    let other = Store::new();
    let cold = other.try_get(chain[4_999].cell(&other)).unwrap_err();
    assert!(matches!(cold.kind(), CellErrorKind::TooDeep { .. }), "a typed error: {cold}");
}

#[test]
fn j2191_what_is_read_after_an_await_belongs_together_or_the_run_is_superseded() {
    static PAIR: AsyncAtom<(i32, i32), String> = AsyncAtom::new("pair", |cx| {
        Box::pin(async move {
            let a = cx.get(&A).await;
            yield_now().await;
            Ok((a, cx.get(&B).await))
        })
    });
    let executor = ManualExecutor::new();
    let (store, log) = (Store::with_spawner(executor.clone()), Log::new());
    let told = log.clone();
    let _guard = PAIR.subscribe(&store, move |state| {
        if let Some(value) = state.value() {
            told.note(format!("{value:?}"));
        }
    });
    executor.run_one();
    trine_atoms::transaction(&store, |cx| {
        cx.set(&A, 10);
        cx.set(&B, 20);
        Ok::<_, ()>(())
    })
    .unwrap();
    executor.run_until_stalled();
    log.is(["(10, 20)"]); // never (1, 20)
}

#[test]
fn j2165_families_free_what_nobody_uses() {
    static ROWS: AtomFamily<u32, u32> = AtomFamily::new("rows", |key| *key);
    let store = Store::new();
    for key in 0..1_000 {
        drop(ROWS.entry(&store, key));
    }
    assert_eq!((ROWS.len(&store), store.cell_count()), (0, 0));
}

#[test]
fn j404_everything_can_be_reset() {
    let store = Store::new();
    A.set(&store, 5);
    B.set(&store, 6);
    reset_all(&store);
    assert_eq!((A.get(&store), B.get(&store)), (1, 2));
}
