//! What works alone has to work together: providers, families, derived atoms, storage, effects, history and actions in one place,
//! and whatever of it is ended, reset or dropped in the midst of the others.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Mutex,
    time::Duration,
};
use trine_atoms::{
    ActionError, AsyncAction, Atom, AtomFamily, BoxError, DerivedAtom, DerivedFamily, Flush,
    MemoryStorage, Middleware, Provider, Storage, Store, Stored, middleware, reset_all, synergy,
    transaction,
};
use trine_core::{
    OutcomeKind, RunStatus,
    test::{Log, ManualExecutor, yield_now},
};

static RATE: Atom<u32> = Atom::new("rate", || 2);
static PRICES: AtomFamily<&str, u32> = AtomFamily::new("prices", |name| name.len() as u32);
static COST: DerivedFamily<&str, u32> =
    DerivedFamily::new("cost", |cx, name| cx.get(&PRICES.of(*name)) * cx.get(&RATE));
static TOTAL: DerivedAtom<u32> =
    DerivedAtom::new("total", |cx| cx.get(&COST.of("tea")) + cx.get(&COST.of("coffee")));

fn rate() -> Stored<u32> {
    Stored::new(&RATE, u32::to_string, |text| text.parse::<u32>())
}

#[test]
fn a_stored_atom_of_a_nested_provider_drives_what_is_derived_there_and_nowhere_else() {
    let (storage, store, log) = (MemoryStorage::new(), Store::new(), Log::new());
    let shop = Provider::builder("shop", &store).provide(&PRICES).build();
    let desk = Provider::builder("desk", &shop).provide_with(&RATE, 10).build();
    let bound = rate().key("desk rate").bind(&desk, &storage).unwrap();
    let told = log.clone();
    let view = TOTAL.subscribe(&desk, move |total| told.note(format!("desk {total}")));
    let told = log.clone();
    let outside = TOTAL.subscribe(&store, move |total| told.note(format!("store {total}")));
    assert_eq!((TOTAL.get(&desk), TOTAL.get(&shop), TOTAL.get(&store)), (90, 18, 18));
    // The family is the shop's, the rate the desk's: two places, one commit.
    transaction(&desk, |cx| {
        cx.set(&PRICES.of("tea"), 4);
        cx.set(&RATE, 100);
        Ok::<_, ()>(())
    })
    .unwrap();
    log.is(["desk 1000"]);
    assert_eq!(storage.load("desk rate").unwrap().as_deref(), Some("version 1\n100"));
    // What another handle writes arrives there, too.
    storage.save("desk rate", "version 1\n1").unwrap();
    log.is(["desk 10"]);
    assert_eq!(TOTAL.get(&store), 18);
    reset_all(&shop);
    log.is(["desk 90"]);
    assert_eq!(storage.load("desk rate").unwrap().as_deref(), Some("version 1\n10"));
    shop.end();
    // What is stored is not what ends.
    storage.save("desk rate", "version 1\n7").unwrap();
    assert!(RATE.at(&desk).is_err());
    log.is([]);
    drop((bound, view, outside));
}

#[test]
fn a_provider_that_ends_in_the_midst_of_what_is_done_in_it_stops_all_of_it() {
    let executor = ManualExecutor::new();
    let (store, log) = (Store::with_spawner(executor.clone()), Log::new());
    static STEP: Atom<u32> = Atom::new("step", || 0);
    let form = Provider::builder("form", &store).provide(&STEP).build();
    let history = synergy(&STEP).history(&form);
    let heard = log.clone();
    let ending = form.clone();
    let effect = synergy(&STEP).effect(&form, "ends it", move |step, cx| {
        heard.note(format!("effect {step}"));
        let heard = heard.clone();
        cx.on_cleanup(move || heard.note("cleaned up"));
        if *step == 2 {
            ending.end();
            heard_error(cx.set(&STEP, 3));
        }
        Ok(())
    });
    let walk: AsyncAction<()> = synergy(&STEP).async_action(|mut step, ()| async move {
        for _ in 0..3 {
            *step += 1;
            step = step.trigger()?;
            yield_now().await;
        }
        Ok(())
    });
    let run = walk.run(&form, ());
    executor.run_until_stalled();
    assert!(matches!(run.status(), RunStatus::Settled(OutcomeKind::Aborted)), "{run:?}");
    log.is(["effect 0", "cleaned up", "effect 1", "cleaned up", "effect 2", "cleaned up"]);
    assert!(history.undo().is_err(), "its atoms are gone");
    drop((effect, form));
    log.is([]);
    assert!(store.runs().is_empty());
    drop((run, history));
}

fn heard_error<T, E: std::fmt::Debug>(done: Result<T, E>) {
    assert!(done.is_err(), "the provider has ended");
}

/// Does what it was told to, once.
struct Meddles(Mutex<Option<Box<dyn FnOnce() + Send>>>);

impl Middleware for Meddles {
    fn flush(&self, _: &mut Flush) -> Result<(), BoxError> {
        let meddle = self.0.lock().unwrap().take();
        meddle.into_iter().for_each(|meddle| meddle());
        Ok(())
    }
}

#[test]
fn whatever_middleware_does_while_it_is_asked_the_action_has_one_end_and_nothing_hangs() {
    type Meddle = fn(&Store, &Provider) -> Box<dyn FnOnce() + Send>;
    let cases: [(&str, Meddle, &str); 5] = [
        (
            "aborts all",
            |store, _| {
                let store = store.downgrade();
                Box::new(move || _ = store.upgrade().unwrap().runs().abort_all("meddled"))
            },
            "aborted 1",
        ),
        (
            "resets all",
            |store, _| {
                let store = store.downgrade();
                Box::new(move || reset_all(&store.upgrade().unwrap()))
            },
            "aborted 2",
        ),
        (
            "ends the place",
            |_, form| {
                let form = form.clone();
                Box::new(move || form.end())
            },
            "aborted 1",
        ),
        (
            "writes the atom",
            |store, _| {
                let store = store.downgrade();
                Box::new(move || {
                    RATE.set(&store.upgrade().unwrap(), 50);
                })
            },
            "conflict 50",
        ),
        ("panics", |_, _| Box::new(|| panic!("meddled")), "vetoed 1"),
    ];
    for (case, meddle, expected) in cases {
        let executor = ManualExecutor::new();
        let store = Store::with_spawner(executor.clone());
        let form = Provider::builder("form", &store).build();
        RATE.set(&store, 1);
        let _guard = middleware(&store, Meddles(Mutex::new(Some(meddle(&store, &form)))));
        let raise: AsyncAction<()> = synergy(&RATE).async_action(|mut rate, ()| async move {
            *rate += 1;
            Ok(())
        });
        let run = raise.run(&form, ());
        executor.run_until_stalled();
        let ended = run.wait_blocking(Duration::ZERO).expect("it has an end");
        let rate = RATE.get(&store);
        let end = match ended {
            Ok(()) => format!("well {rate}"),
            Err(ActionError::Aborted { .. }) => format!("aborted {rate}"),
            Err(ActionError::Conflict(_)) => format!("conflict {rate}"),
            Err(ActionError::Vetoed(_)) => format!("vetoed {rate}"),
            Err(other) => format!("{other:?}"),
        };
        assert_eq!(end, expected, "middleware that {case}");
        assert!(store.runs().is_empty());
    }
}

#[test]
fn user_code_that_panics_anywhere_leaves_a_store_that_goes_on() {
    static N: Atom<i32> = Atom::new("n", || 0);
    let store = Store::new();
    let panics = |what: &mut dyn FnMut()| {
        catch_unwind(AssertUnwindSafe(what)).expect_err("it panics");
    };
    let handler = synergy(&N).action(|mut n, ()| {
        *n = 100;
        panic!("handler")
    });
    panics(&mut || handler.run(&store, ()));
    panics(&mut || drop(handler.try_run(&store, ())));
    let derived = DerivedAtom::dynamic("d", |cx| 10 / cx.get(&N));
    panics(&mut || _ = derived.get(&store));
    let selected = synergy(&N).select("s", |n| 10 / *n);
    panics(&mut || _ = selected.get(&store));
    // Told like any panic of a callback: the write is made.
    let listening = N.subscribe(&store, |n| assert!(*n != 1, "callback"));
    panics(&mut || _ = N.set(&store, 1));
    drop(listening);
    assert_eq!((N.get(&store), derived.get(&store), selected.get(&store)), (1, 10, 10));
    let raise: AsyncAction<Store> = synergy(&N).async_action(|mut n, at| async move {
        *n += 1;
        N.set(&at, 7);
        Ok(())
    });
    let merged = raise.merge_conflicts(&N, |_, _, _| panic!("merge"));
    let ended = merged.run(&store, store.clone()).wait_blocking(Duration::ZERO);
    assert!(matches!(ended, Some(Err(ActionError::Panicked { .. }))), "{ended:?}");
    assert_eq!(N.get(&store), 7);
    let unwanted = merged.condition(|_, _| panic!("condition"));
    let ended = unwanted.run(&store, store.clone()).wait_blocking(Duration::ZERO);
    assert!(matches!(ended, Some(Err(ActionError::Failed(_)))), "{ended:?}");
    N.set(&store, 8);
    assert_eq!(N.get(&store), 8);
}
