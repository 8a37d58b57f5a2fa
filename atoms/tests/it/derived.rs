//! Derived atoms: read-only, read-write, write-only, async.

use futures_util::FutureExt;
use std::{
    num::NonZeroUsize,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
};
use trine_atoms::{
    AsyncAtom, AsyncPolicy, Atom, AtomFamily, DerivedAtom, Provider, Store, WritableAtom,
    WriteAtom, synergy, transaction,
};
use trine_core::{
    CellErrorKind, Rejection,
    test::{Log, ManualExecutor, yield_now},
};

static A: Atom<i32> = Atom::new("a", || 1);
static B: Atom<i32> = Atom::new("b", || 2);
static USE_B: Atom<bool> = Atom::new("use b", || false);

#[test]
fn what_is_read_is_found_anew_at_each_run() {
    let (store, log) = (Store::new(), Log::new());
    let runs = log.clone();
    let shown = DerivedAtom::dynamic("shown", move |cx| {
        runs.note("run");
        if cx.get(&USE_B) { cx.get(&B) } else { cx.get(&A) }
    });
    assert_eq!(shown.get(&store), 1);
    log.is(["run"]);
    B.set(&store, 20);
    assert_eq!(shown.get(&store), 1);
    log.is([]);
    USE_B.set(&store, true);
    assert_eq!(shown.get(&store), 20);
    log.is(["run"]);
    A.set(&store, 5);
    assert_eq!(shown.get(&store), 20);
    log.is([]);
}

#[test]
fn nothing_runs_until_it_is_read_and_equal_results_are_told_to_nobody() {
    let (store, log) = (Store::new(), Log::new());
    let runs = log.clone();
    let parity = DerivedAtom::dynamic("parity", move |cx| {
        runs.note("parity");
        cx.get(&A) % 2
    });
    let (inner, runs) = (parity.clone(), log.clone());
    let text = DerivedAtom::dynamic("text", move |cx| {
        runs.note("text");
        cx.get(&inner).to_string()
    });
    A.set(&store, 3);
    log.is([]);
    let told = log.clone();
    let _guard = text.subscribe(&store, move |text| told.note(format!("told {text}")));
    log.is(["text", "parity"]);
    let before = text.read(&store);
    A.set(&store, 5);
    log.is(["parity"]);
    assert!(Arc::ptr_eq(&before, &text.read(&store)), "the same value, not an equal one");
    A.set(&store, 6);
    log.is(["parity", "text", "told 0"]);
}

#[test]
fn what_counts_as_equal_can_be_chosen() {
    let (store, log) = (Store::new(), Log::new());
    let rough =
        DerivedAtom::dynamic("rough", |cx| cx.get(&A)).equality(|a, b| **a / 10 == **b / 10);
    let told = log.clone();
    let _guard = rough.subscribe(&store, move |value| told.note(value));
    A.set(&store, 9);
    log.is([]);
    A.set(&store, 10);
    log.is(["10"]);
}

#[test]
fn atoms_that_read_each_other_in_a_circle_fail_with_their_names_in_order() {
    static X: DerivedAtom<i32> = DerivedAtom::new("x", |cx| cx.get(&Y));
    static Y: DerivedAtom<i32> = DerivedAtom::new("y", |cx| cx.get(&Z));
    static Z: DerivedAtom<i32> = DerivedAtom::new("z", |cx| cx.get(&X));
    let store = Store::new();
    let error = store.try_get(X.cell(&store)).unwrap_err();
    let CellErrorKind::Cycle { path } = error.kind() else { panic!("{error}") };
    let names: Vec<_> = path.iter().map(|cell| cell.name.as_deref().unwrap()).collect();
    assert_eq!(names, ["x", "y", "z", "x"]);
    let text = error.to_string();
    assert!(text.contains('x') && text.contains('y') && text.contains('z'), "{text}");
}

#[test]
fn a_panic_is_the_atoms_error_and_heals() {
    let store = Store::new();
    static PICKY: DerivedAtom<i32> = DerivedAtom::new("picky", |cx| {
        let a = cx.get(&A);
        assert!(a < 10, "too large");
        a
    });
    static SAFE: DerivedAtom<String> = DerivedAtom::new("safe", |cx| match cx.try_read(&PICKY) {
        Ok(value) => value.to_string(),
        Err(error) => error.to_string(),
    });
    assert_eq!(SAFE.get(&store), "1");
    A.set(&store, 10);
    assert!(SAFE.get(&store).contains("too large"));
    A.set(&store, 2);
    assert_eq!(SAFE.get(&store), "2");
}

#[test]
fn a_derivation_may_be_the_first_to_use_an_atom_and_begins_it() {
    let store = Store::new();
    static FRESH: Atom<u32> = Atom::new("fresh", || 40);
    static INNER: DerivedAtom<u32> = DerivedAtom::new("inner", |cx| cx.get(&FRESH) + 1);
    static OUTER: DerivedAtom<u32> = DerivedAtom::new("outer", |cx| cx.get(&INNER) + 1);
    assert_eq!(OUTER.get(&store), 42);
    FRESH.set(&store, 0);
    assert_eq!(OUTER.get(&store), 2);
}

#[test]
fn an_atom_whose_cell_was_removed_begins_anew_for_what_reads_it() {
    let store = Store::new();
    static SUM: DerivedAtom<i32> = DerivedAtom::new("sum", |cx| cx.get(&A) + cx.get(&B));
    A.set(&store, 10);
    assert_eq!(SUM.get(&store), 12);
    store.remove(A.cell(&store)).unwrap();
    assert_eq!(SUM.get(&store), 3);
    A.set(&store, 4);
    assert_eq!(SUM.get(&store), 6);
}

#[test]
fn many_reads_in_one_derivation_are_each_found() {
    let atoms: Arc<Vec<_>> =
        Arc::new((0..100).map(|n| Atom::dynamic(format!("atom {n}"), move || n)).collect());
    let reversed = Atom::dynamic("reversed", || false);
    let (inner, order) = (Arc::clone(&atoms), reversed.clone());
    let list = DerivedAtom::dynamic("list", move |cx| {
        let mut list: Vec<_> = inner.iter().map(|atom| cx.get(atom)).collect();
        if cx.get(&order) {
            list = inner.iter().rev().map(|atom| cx.get(atom)).collect();
        }
        list
    });
    let store = Store::new();
    assert_eq!(list.get(&store), (0..100).collect::<Vec<_>>());
    reversed.set(&store, true);
    assert_eq!(list.get(&store), (0..100).rev().collect::<Vec<_>>());
    atoms[7].set(&store, 700);
    assert_eq!(list.get(&store)[92], 700);
}

#[test]
fn refresh_runs_a_derivation_that_looks_at_something_else() {
    let time = Arc::new(AtomicU32::new(1));
    let clock = Arc::clone(&time);
    let now = DerivedAtom::dynamic("now", move |_| clock.load(Ordering::SeqCst));
    let (store, log) = (Store::new(), Log::new());
    let told = log.clone();
    let _guard = now.subscribe(&store, move |now| told.note(now));
    now.refresh(&store);
    log.is([]);
    time.store(2, Ordering::SeqCst);
    now.refresh(&store);
    log.is(["2"]);
}

#[test]
fn a_write_is_one_transaction_of_all_that_it_writes() {
    static TOTAL: WritableAtom<i32> = WritableAtom::new(
        "total",
        |cx| cx.get(&A) + cx.get(&B),
        |cx, total| {
            cx.set(&A, total / 2);
            let a = cx.get(&A); // its own write
            cx.set(&B, total - a);
        },
    );
    let (store, log) = (Store::new(), Log::new());
    let told = log.clone();
    let _guard = TOTAL.subscribe(&store, move |total| told.note(total));
    TOTAL.set(&store, 11);
    log.is(["11"]);
    assert_eq!((A.get(&store), B.get(&store)), (5, 6));
    // Through another one, and as part of a transaction.
    static DOUBLED: WriteAtom<i32> = WriteAtom::new("doubled", |cx, half| cx.set(&TOTAL, half * 2));
    DOUBLED.set(&store, 10);
    log.is(["20"]);
    let refused = transaction(&store, |cx| {
        cx.set(&DOUBLED, 50);
        if cx.get(&TOTAL) > 50 { Err("too much") } else { Ok(()) }
    });
    assert_eq!(refused, Err("too much"));
    log.is([]);
    assert_eq!(TOTAL.get(&store), 20);
}

#[test]
fn an_err_or_a_panic_in_a_write_changes_nothing() {
    static STRICT: WritableAtom<i32, i32, Result<(), String>> = WritableAtom::try_new(
        "strict",
        |cx| cx.get(&A),
        |cx, value| {
            cx.set(&A, value);
            cx.update(&B, |b| *b += 1);
            match value {
                0.. => Ok(()),
                -10.. => Err("negative".to_owned()),
                _ => panic!("far too negative"),
            }
        },
    );
    let store = Store::new();
    assert_eq!(STRICT.set(&store, 5), Ok(()));
    assert_eq!(STRICT.set(&store, -1), Err("negative".to_owned()));
    catch_unwind(AssertUnwindSafe(|| STRICT.set(&store, -11))).unwrap_err();
    assert_eq!((A.get(&store), B.get(&store)), (5, 3));
    // One that was refused inside another write leaves nothing either; the outer one goes on.
    static TRY: WriteAtom<i32, bool> = WriteAtom::new("try", |cx, value| {
        cx.update(&B, |b| *b += 100);
        cx.set(&STRICT, value).is_ok()
    });
    assert!(!TRY.set(&store, -1));
    assert_eq!((A.get(&store), B.get(&store)), (5, 103));
}

#[test]
fn writes_go_to_where_the_place_has_the_atom() {
    static SWAP: WriteAtom<()> = WriteAtom::new("swap", |cx, ()| {
        let (a, b) = (cx.get(&A), cx.get(&B));
        cx.set(&A, b);
        cx.set(&B, a);
        cx.reset(&USE_B);
    });
    let store = Store::new();
    let form = Provider::builder("form", &store).provide_with(&A, 100).build();
    SWAP.set(&form, ());
    assert_eq!((A.get(&form), A.get(&store), B.get(&store)), (2, 1, 100));
}

#[test]
fn select_and_parameters_are_derived_atoms_like_others() {
    let (store, log) = (Store::new(), Log::new());
    let words = Atom::dynamic("words", || vec!["tea", "pot"]);
    let count = words.select("count", Vec::len);
    let even = count.select("even", |count| count % 2 == 0);
    let sum = synergy((&A, &B)).select("sum", |(a, b)| *a + *b);
    let told = log.clone();
    let _guard = even.subscribe(&store, move |even| told.note(even));
    words.update(&store, |words| words.push("cup"));
    words.update(&store, |words| words[0] = "mug");
    log.is(["false"]);
    assert_eq!(sum.get(&store), 3);
    // A derived atom may be a member of a synergy; handlers get its value.
    let add: trine_atoms::Action<()> = synergy((&A, &sum)).action(|(mut a, sum), ()| *a += *sum);
    add.run(&store, ());
    assert_eq!(A.get(&store), 4);
}

#[test]
fn an_async_atom_is_pending_ready_stale_and_failed_with_its_last_value() {
    let executor = ManualExecutor::new();
    let store = Store::with_spawner(executor.clone());
    static LATE: AsyncAtom<i32, String> = AsyncAtom::new("late", |cx| {
        Box::pin(async move {
            let a = cx.get(&A).await;
            yield_now().await;
            if a < 0 { Err("negative".to_owned()) } else { Ok(a + cx.get(&B).await) }
        })
    });
    assert!(LATE.read(&store).is_pending());
    executor.run_until_stalled();
    assert_eq!(LATE.read(&store).value().map(|value| **value), Some(3));
    assert!(LATE.read(&store).is_ready());
    B.set(&store, 20); // found after an await
    assert!(LATE.read(&store).is_stale());
    assert_eq!(**LATE.read(&store).value().unwrap(), 3);
    executor.run_until_stalled();
    assert_eq!(**LATE.read(&store).value().unwrap(), 21);
    A.set(&store, -1);
    LATE.read(&store);
    executor.run_until_stalled();
    let failed = LATE.read(&store);
    assert!(failed.is_failed());
    assert_eq!(**failed.value().unwrap(), 21);
    let ready = LATE.ready(&store).now_or_never().unwrap();
    assert!(matches!(ready, Err(Rejection::Rejected { error, .. }) if *error == "negative"));
    LATE.refresh(&store);
    assert!(LATE.read(&store).is_stale());
}

#[test]
fn a_change_supersedes_the_run_and_what_comes_late_is_never_shown() {
    let executor = ManualExecutor::new();
    let (store, log) = (Store::with_spawner(executor.clone()), Log::new());
    static SLOW: AsyncAtom<i32, String> = AsyncAtom::new("slow", |cx| {
        Box::pin(async move {
            let a = cx.get(&A).await;
            yield_now().await;
            yield_now().await;
            Ok(a)
        })
    })
    .policy(AsyncPolicy::Latest);
    let told = log.clone();
    let _guard = SLOW.subscribe(&store, move |state| {
        told.note(state.value().map_or("nothing".to_owned(), |value| value.to_string()));
    });
    executor.run_one();
    for value in 2..5 {
        A.set(&store, value);
        executor.run_one();
    }
    executor.run_until_stalled();
    log.is(["4"]);
}

#[test]
fn async_atoms_wait_for_each_other_and_read_in_their_place() {
    let executor = ManualExecutor::new();
    let store = Store::with_spawner(executor.clone());
    static BASE: AsyncAtom<i32, String> =
        AsyncAtom::new("base", |cx| Box::pin(async move { Ok(cx.get(&A).await * 10) }));
    static NEXT: AsyncAtom<i32, String> =
        AsyncAtom::new("next", |cx| Box::pin(async move { Ok(*cx.ready(&BASE).await + 1) }));
    let form = Provider::builder("form", &store).provide_with(&A, 7).build();
    let _watching = (NEXT.subscribe(&store, |_| {}), NEXT.subscribe(&form, |_| {}));
    executor.run_until_stalled();
    assert_eq!(**NEXT.read(&store).value().unwrap(), 11);
    assert_eq!(**NEXT.read(&form).value().unwrap(), 71);
    form.end();
    assert!(store.runs().is_empty());
}

#[test]
fn entries_that_an_async_atom_has_read_stay_in_use_from_run_to_run() {
    static PAGES: AtomFamily<u32, u32> = AtomFamily::new("pages", |key| key * 10);
    let executor = ManualExecutor::new();
    let store = Store::with_spawner(executor.clone());
    static PAGE: AsyncAtom<u32, String> = AsyncAtom::new("page", |cx| {
        Box::pin(async move {
            let page = cx.get(&A).await.unsigned_abs();
            yield_now().await;
            Ok(cx.get(&PAGES.of(page)).await)
        })
    });
    let _guard = PAGE.subscribe(&store, |_| {});
    executor.run_until_stalled();
    assert_eq!(PAGES.keys(&store), [1]);
    PAGES.entry(&store, 1).set(99);
    executor.run_until_stalled();
    assert_eq!(**PAGE.read(&store).value().unwrap(), 99, "the entry was in use all the time");
    for page in 2..6 {
        A.set(&store, page);
        executor.run_until_stalled();
    }
    assert!(PAGES.len(&store) <= 2, "what is not read any more goes");
    store.remove(PAGE.cell(&store)).unwrap();
    executor.run_until_stalled();
    assert_eq!(PAGES.len(&store), 0);
}

#[test]
fn a_synergy_is_watched_and_streamed_with_all_of_each_commit_and_leaves_nothing_behind() {
    let (store, log) = (Store::new(), Log::new());
    let both = synergy((&A, &B));
    let before = {
        A.read(&store);
        B.read(&store);
        store.cell_count()
    };
    {
        let watch = both.watch(&store);
        let mut changes = both.changes(&store, NonZeroUsize::new(8).unwrap());
        let told = log.clone();
        let _guard = both.subscribe(&store, move |(a, b)| told.note(format!("{a} {b}")));
        transaction(&store, |cx| {
            cx.set(&A, 10);
            cx.set(&B, 20);
            Ok::<_, ()>(())
        })
        .unwrap();
        B.set(&store, 21);
        B.set(&store, 21);
        log.is(["10 20", "10 21"]);
        let (a, b) = (*watch.borrow()).clone();
        assert_eq!((*a, *b), (10, 21));
        let mut next = || futures_util::StreamExt::next(&mut changes).now_or_never().flatten();
        let (a, b) = next().unwrap().unwrap();
        assert_eq!((*a, *b), (10, 20));
        let (a, b) = next().unwrap().unwrap();
        assert_eq!((*a, *b), (10, 21));
    }
    assert_eq!(store.cell_count(), before);
}
