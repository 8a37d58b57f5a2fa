//! Providers: values of a part of an app, and what falls through to the place around.

use std::{future::pending, num::NonZeroUsize, panic::catch_unwind, sync::Arc};
use trine_atoms::{
    Atom, AtomFamily, AtomList, DerivedAtom, Place, PlaceError, Provider, Store, Synergy,
    reset_all, synergy,
};
use trine_core::{
    RunStatus,
    test::{Log, ManualExecutor},
};

static USER: Atom<&str> = Atom::new("user", || "nobody");
static NAME: Atom<String> = Atom::new("name", || "Ada".to_owned());
static EMAIL: Atom<Option<u32>> = Atom::new("email", || Some(1));
static ROW: Atom<u32> = Atom::new("row", || 0).provided();
static GREETING: DerivedAtom<String> =
    DerivedAtom::new("greeting", |cx| format!("{} as {}", cx.get(&NAME), cx.get(&USER)));

#[test]
fn reads_and_writes_go_to_the_nearest_provider_that_lists_the_atom() {
    let store = Store::new();
    let outer = Provider::builder("outer", &store).provide(&NAME).build();
    let inner = Provider::builder("inner", &outer).provide(&EMAIL).build();
    NAME.set(&inner, "Grace".to_owned());
    EMAIL.set(&inner, Some(2));
    USER.set(&inner, "grace");
    assert_eq!(NAME.get(&outer), "Grace");
    assert_eq!(NAME.get(&store), "Ada");
    assert_eq!((EMAIL.get(&outer), EMAIL.get(&store)), (Some(1), Some(1)));
    assert_eq!((USER.get(&outer), USER.get(&store)), ("grace", "grace"));
}

#[test]
fn the_innermost_provider_shadows_the_others() {
    let store = Store::new();
    let outer = Provider::builder("outer", &store).provide_with(&USER, "outer").build();
    let inner = Provider::builder("inner", &outer).provide_with(&USER, "inner").build();
    let innermost = Provider::builder("innermost", &inner).build();
    assert_eq!(
        [USER.get(&store), USER.get(&outer), USER.get(&inner)],
        ["nobody", "outer", "inner"]
    );
    USER.set(&innermost, "changed");
    assert_eq!([USER.get(&outer), USER.get(&inner)], ["outer", "changed"]);
}

#[test]
fn siblings_have_instances_of_their_own_and_outsiders_see_none_of_them() {
    let (store, log) = (Store::new(), Log::new());
    let menus: Vec<_> =
        (0..3).map(|_| Provider::builder("menu", &store).provide(&EMAIL).build()).collect();
    let told = log.clone();
    let _guard = EMAIL.subscribe(&menus[1], move |email| told.note(format!("{email:?}")));
    EMAIL.set(&menus[0], None);
    EMAIL.set(&store, Some(9));
    log.is([]);
    EMAIL.set(&menus[1], Some(5));
    log.is(["Some(5)"]);
    assert_eq!(
        menus.iter().map(|menu| EMAIL.get(menu)).collect::<Vec<_>>(),
        [None, Some(5), Some(1)]
    );
}

#[test]
fn an_initial_value_may_be_none_and_reset_goes_back_to_it() {
    let store = Store::new();
    let form = Provider::builder("form", &store).provide_with(&EMAIL, None).build();
    assert_eq!(EMAIL.get(&form), None);
    EMAIL.set(&form, Some(3));
    EMAIL.reset(&form);
    assert_eq!(EMAIL.get(&form), None);
    EMAIL.set(&store, None);
    EMAIL.reset(&store);
    assert_eq!(EMAIL.get(&store), Some(1));
}

#[test]
fn a_missing_provider_is_a_typed_error_when_the_handle_is_made() {
    let store = Store::new();
    let elsewhere = Provider::builder("sidebar", &store).provide(&NAME).build();
    let error = ROW.at(&elsewhere).unwrap_err();
    let PlaceError::NotProvided { atom, place, used } = &error else { panic!("{error}") };
    assert_eq!((atom.as_str(), place.as_str()), ("row", "sidebar"));
    assert!(used.file().ends_with("providers.rs"));
    assert!(error.to_string().contains("no provider lists it"));

    let table = Provider::builder("table", &store).provide(&ROW).build();
    let handle = ROW.at(&Provider::builder("cell", &table).build()).unwrap();
    handle.set(4);
    assert_eq!(ROW.get(&table), 4);
    assert_eq!(handle.name(), "row");
}

#[test]
fn using_an_atom_where_no_provider_lists_it_panics_with_the_same_text() {
    let store = Store::new();
    let panicked = catch_unwind(std::panic::AssertUnwindSafe(|| ROW.get(&store))).unwrap_err();
    let message = panicked.downcast_ref::<String>().unwrap();
    assert!(message.contains("atom `row`") && message.contains("`store`"), "{message}");
}

#[test]
fn a_derived_atom_is_computed_from_what_its_place_shows() {
    let (store, log) = (Store::new(), Log::new());
    let form = Provider::builder("form", &store).provide_with(&NAME, "Grace".to_owned()).build();
    assert_eq!(GREETING.get(&store), "Ada as nobody");
    assert_eq!(GREETING.get(&form), "Grace as nobody");
    let told = log.clone();
    let _guard = GREETING.subscribe(&form, move |greeting| told.note(greeting));
    NAME.set(&store, "Alan".to_owned());
    log.is([]);
    USER.set(&store, "root");
    log.is(["Grace as root"]);
    NAME.set(&form, "Edsger".to_owned());
    log.is(["Edsger as root"]);
}

#[test]
fn a_shared_derived_atom_is_computed_once_from_the_stores_values() {
    let (store, log) = (Store::new(), Log::new());
    let runs = log.clone();
    let shared = DerivedAtom::dynamic("shared", move |cx| {
        runs.note("run");
        cx.get(&NAME)
    })
    .shared();
    let form = Provider::builder("form", &store).provide_with(&NAME, "Grace".to_owned()).build();
    assert_eq!((shared.get(&form), shared.get(&store)), ("Ada".to_owned(), "Ada".to_owned()));
    log.is(["run"]);
}

#[test]
fn a_provider_takes_synergies_and_families_too() {
    static ENTRIES: AtomFamily<u8, u8> = AtomFamily::new("entries", |key| *key);
    let store = Store::new();
    let group = synergy((&NAME, &EMAIL));
    let form = Provider::builder("form", &store).provide(group.clone()).provide(&ENTRIES).build();
    NAME.set(&form, "Grace".to_owned());
    let (mine, theirs) = (ENTRIES.entry(&form, 1), ENTRIES.entry(&store, 1));
    mine.set(7);
    assert_eq!((NAME.get(&store).as_str(), theirs.get()), ("Ada", 1));
    let (name, email) = group.read(&form);
    assert_eq!((name.as_str(), *email), ("Grace", Some(1)));
}

#[test]
fn actions_mix_levels_and_commit_once() {
    let (store, log) = (Store::new(), Log::new());
    let form = Provider::builder("form", &store).provide(&NAME).build();
    let submit = synergy((&NAME, &USER)).action(|(mut name, mut user), ()| {
        *user = if name.as_str() == "Ada" { "ada" } else { "other" };
        name.clear();
    });
    let told = log.clone();
    let both = synergy((&NAME, &USER));
    let _guard = both.subscribe(&form, move |(name, user)| told.note(format!("{name}/{user}")));
    submit.run(&form, ());
    log.is(["/ada"]);
    assert_eq!(USER.get(&store), "ada");
    assert_eq!(NAME.get(&store), "Ada");
}

#[test]
fn the_end_removes_its_cells_and_says_so_to_whoever_comes_later() {
    let store = Store::new();
    let before = store.cell_count();
    let form = Provider::builder("form", &store).provide((&NAME, &EMAIL)).build();
    let inner = Provider::builder("inner", &form).provide(&ROW).build();
    let handle = NAME.at(&form).unwrap();
    let mut watch = ROW.watch(&inner);
    EMAIL.set(&form, None);
    assert_eq!(store.cell_count(), before + 3);
    form.end();
    form.end();
    assert!(form.is_ended() && inner.is_ended());
    assert_eq!(store.cell_count(), before);
    assert!(handle.try_read().unwrap_err().is_disposed());
    assert!(handle.try_set("late".to_owned()).is_err());
    let closed = futures_util::FutureExt::now_or_never(watch.changed());
    assert!(closed.unwrap().is_err());
    let error = NAME.at(&inner).unwrap_err();
    assert!(matches!(&error, PlaceError::Ended { .. }), "{error}");
    // What would fall through is refused as well: who asks is gone.
    assert!(USER.at(&form).is_err());
}

#[test]
fn the_last_clone_to_be_dropped_ends_it_and_inner_ones_keep_the_outer() {
    let store = Store::new();
    let outer = Provider::builder("outer", &store).provide(&NAME).build();
    let inner = Provider::builder("inner", &outer).provide(&EMAIL).build();
    let clone = outer.clone();
    NAME.set(&inner, "kept".to_owned());
    EMAIL.set(&inner, None);
    drop(outer);
    drop(clone);
    assert_eq!(NAME.get(&inner), "kept");
    let cells = store.cell_count();
    drop(inner);
    assert_eq!(store.cell_count(), cells - 2);
}

#[test]
fn a_provider_that_is_dropped_inside_a_lease_ends_when_that_does() {
    let store = Store::new();
    let form = Provider::builder("form", &store).provide(&NAME).build();
    NAME.set(&form, "x".to_owned());
    let cells = store.cell_count();
    let cell = USER.cell(&store);
    store.with(cell, |_| drop(form));
    assert_eq!(store.cell_count(), cells, "one more of `user`, one less of `name`");
}

#[test]
fn the_end_aborts_the_actions_that_were_started_in_it() {
    let executor = ManualExecutor::new();
    let store = Store::with_spawner(executor.clone());
    let form = Provider::builder("form", &store).provide(&NAME).build();
    let save: trine_atoms::AsyncAction<()> =
        synergy((&NAME, &USER)).async_action(|(_, mut user), ()| async move {
            user.set("stuck");
            pending::<()>().await;
            Ok(())
        });
    let inside = save.run(&form, ());
    let outside = save.run(&store, ());
    form.end();
    assert!(matches!(inside.status(), RunStatus::Settled(_)));
    assert!(!matches!(outside.status(), RunStatus::Settled(_)));
    outside.abort("done");
    assert_eq!(USER.get(&store), "nobody");
}

#[test]
fn what_is_derived_outside_from_a_cell_of_it_fails_when_it_ends() {
    let store = Store::new();
    let form = Provider::builder("form", &store).provide(&NAME).build();
    let cell = NAME.cell(&form);
    let length = store.derived(move |cx| cx.get(cell).len());
    assert_eq!(store.get(length), 3);
    form.end();
    assert!(store.try_get(length).unwrap_err().is_disposed());
}

#[test]
fn atoms_and_what_is_derived_from_them_are_told_in_one_commit_across_places() {
    let (store, log) = (Store::new(), Log::new());
    let form = Provider::builder("form", &store).provide(&EMAIL).build();
    static SUM: DerivedAtom<u32> =
        DerivedAtom::new("sum", |cx| cx.get(&EMAIL).unwrap_or(0) + cx.get(&ROW_OUT));
    static ROW_OUT: Atom<u32> = Atom::new("row out", || 10);
    let told = log.clone();
    let _guard = SUM.subscribe(&form, move |sum| told.note(sum));
    trine_atoms::transaction(&form, |cx| {
        cx.set(&EMAIL, Some(5));
        cx.set(&ROW_OUT, 20);
        Ok::<_, ()>(())
    })
    .unwrap();
    log.is(["25"]);
}

#[test]
fn reset_of_a_provider_leaves_the_rest_alone() {
    let store = Store::new();
    let form = Provider::builder("form", &store).provide_with(&NAME, "begin".to_owned()).build();
    NAME.set(&form, "x".to_owned());
    NAME.set(&store, "y".to_owned());
    reset_all(&form);
    assert_eq!((NAME.get(&form), NAME.get(&store)), ("begin".to_owned(), "y".to_owned()));
    NAME.set(&form, "x".to_owned());
    reset_all(&store);
    assert_eq!((NAME.get(&form), NAME.get(&store)), ("begin".to_owned(), "Ada".to_owned()));
}

#[test]
fn a_thousand_nested_providers_resolve_and_end() {
    let store = Store::new();
    let mut innermost = Provider::builder("0", &store).provide(&NAME).build();
    for depth in 1..1_000 {
        innermost = Provider::builder(depth.to_string(), &innermost).build();
    }
    NAME.set(&innermost, "deep".to_owned());
    assert_eq!(NAME.get(&innermost), "deep");
    assert_eq!(NAME.get(&store), "Ada");
    drop(innermost);
}

#[test]
fn places_can_be_passed_on() {
    fn read(at: &impl Place) -> String {
        NAME.get(at)
    }
    fn cells<S: AtomList>(atoms: S, at: &impl Place) -> usize
    where
        S::Atoms: Clone,
    {
        let group: Synergy<S::Atoms> = synergy(atoms);
        let _ = group.changes(at, NonZeroUsize::MIN);
        at.store().cell_count()
    }
    let store = Store::new();
    assert_eq!(read(&store), read(&Provider::builder("form", &store).build()));
    assert!(cells((&NAME, &USER), &store) >= 2);
    let _: Arc<String> = NAME.read(&store);
}
