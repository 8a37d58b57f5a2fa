//! What can be sent where: every public type, so that a change of one is a decision.

use static_assertions::{assert_impl_all, assert_not_impl_any};
use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    rc::Rc,
};
use trine_core::*;

/// Sendable, but neither shareable nor cloneable: the least that a cell's value has to be.
type OnlySend = std::cell::Cell<u8>;

/// Sendable and cloneable, but not shareable.
#[derive(Clone)]
struct OnlyClone {
    _value: OnlySend,
}

// Handles: sent and shared, whatever they name.
assert_impl_all!(Store: Send, Sync, Unpin, Clone);
assert_impl_all!(WeakStore: Send, Sync, Unpin, Clone);
assert_impl_all!(Source<OnlySend>: Send, Sync, Unpin, Copy);
assert_impl_all!(Derived<OnlySend>: Send, Sync, Unpin, Copy);
assert_impl_all!(Source<Rc<u8>>: Send, Sync, Unpin, Copy);
assert_impl_all!(AsyncDerived<OnlySend, OnlySend>: Send, Sync, Unpin, Copy);
assert_impl_all!(AsyncPolicy: Send, Sync, Unpin, Copy);
assert_impl_all!(AsyncReader: Send, Sync, Unpin, Clone);
assert_impl_all!(AsyncState<u8, u8>: Send, Sync, Unpin, Clone);
assert_impl_all!(ReadOnly<OnlySend>: Send, Sync, Unpin, Copy);
assert_impl_all!(ReadOnly<Rc<u8>>: Send, Sync, Unpin, Copy);
assert_impl_all!(CellKey: Send, Sync, Unpin, Copy);
assert_impl_all!(Commit<'static>: Send, Sync, Unpin, Copy);
assert_impl_all!(CommitNumber: Send, Sync, Unpin, Copy, Ord);
assert_impl_all!(Cause: Send, Sync, Unpin, Copy);
assert_impl_all!(CellLabel: Send, Sync, Unpin, Clone);
assert_impl_all!(ByValue: Send, Sync, Unpin, Copy);
assert_impl_all!(Never: Send, Sync, Unpin, Copy);
assert_impl_all!(Update: Send, Sync, Unpin, Copy);
assert_impl_all!(Text: Send, Sync, Unpin, Clone);
assert_impl_all!(Event: Send, Sync, Unpin, Clone);

// Builders.
assert_impl_all!(StoreBuilder: Send, Sync, Unpin);
assert_impl_all!(PanicPolicy: Send, Sync, Unpin);
assert_impl_all!(CellBuilder<'static>: Send, Unpin);
// Its start hook may borrow from the caller, whatever that is.
assert_not_impl_any!(RunBuilder<'static, u8, u8>: Send, Sync);

// Guards and watches.
assert_impl_all!(SubscriptionGuard: Send, Sync, Unpin);
assert_impl_all!(LifecycleGuard: Send, Sync, Unpin);
assert_impl_all!(ObserverGuard: Send, Sync, Unpin);
assert_impl_all!(Scope: Send, Sync, Unpin);
assert_impl_all!(ScopeEnded: Send, Sync, Unpin, Clone);
assert_impl_all!(Watch<u8>: Send, Sync, Unpin, Clone);
assert_impl_all!(WatchRef<u8>: Send, Sync, Unpin);
assert_impl_all!(Changes<u8>: Send, Sync, Unpin);
assert_impl_all!(Missed: Send, Sync, Unpin, Clone);
assert_impl_all!(WatchClosed: Send, Sync, Unpin, Clone);
// A watch is looked at from several threads.
assert_not_impl_any!(Watch<OnlySend>: Send, Sync);

// Compensation and optimistic patches.
assert_impl_all!(Compensation: Send, Sync, Unpin, Clone);
assert_impl_all!(Undone: Send, Sync, Unpin, Clone);
assert_not_impl_any!(Recorded<'static, 'static>: Clone);
assert_impl_all!(Optimistic<OnlySend>: Send, Sync, Unpin, Copy);
assert_impl_all!(Patch<OnlyClone>: Send, Sync, Unpin);

// Lists. A stream is as sendable as its elements; a view also as its closures.
assert_impl_all!(ListRelay<OnlySend>: Send, Sync, Unpin, Copy);
assert_impl_all!(ListCell<OnlySend>: Send, Sync, Unpin, Copy);
assert_impl_all!(ListCell<Rc<u8>>: Send, Sync, Unpin, Copy);
assert_impl_all!(ListDiff<u8>: Send, Sync, Unpin, Clone, Eq);
assert_impl_all!(ListDiffs<OnlySend>: Send, Sync, Unpin);
assert_impl_all!(ListView<OnlySend, ListMap<fn(OnlySend) -> u8>>: Send, Sync, Unpin);
assert_impl_all!(ListView<u8, ListMap<std::marker::PhantomPinned>>: Unpin);
assert_impl_all!(ListFilter<fn(&u8) -> bool>: Send, Sync, Unpin, Clone);
assert_impl_all!(ListSort<u8, fn(&u8, &u8) -> std::cmp::Ordering>: Send, Sync, Unpin, Clone);
assert_impl_all!(Then<ListMap<fn(u8) -> u8>, ListMap<fn(u8) -> u8>>: Send, Sync, Unpin, Clone);
assert_not_impl_any!(ListView<u8, ListMap<Rc<u8>>>: Send, Sync);

// What closures inside the lease are handed stays there.
assert_not_impl_any!(ListEdit<'static, u8>: Clone);
assert_not_impl_any!(Reader<'static>: Sync, Clone);
assert_not_impl_any!(Transaction<'static>: Sync, Clone);
assert_not_impl_any!(Updates<'static>: Sync, Clone);
assert_impl_all!(Change<'static, u8>: Send, Sync, Unpin);

// Runs.
assert_impl_all!(Run<u8, u8>: Send, Sync, Unpin);
assert_impl_all!(AbortOnDropGuard<u8, u8>: Send, Sync, Unpin);
assert_impl_all!(RunContext: Send, Sync, Unpin, Clone);
assert_impl_all!(Runs: Send, Sync, Unpin, Clone);
assert_impl_all!(RunInfo: Send, Sync, Unpin, Clone);
assert_impl_all!(RunId: Send, Sync, Unpin, Copy);
assert_impl_all!(RunStatus: Send, Sync, Unpin, Copy);
assert_impl_all!(RunsStatus: Send, Sync, Unpin, Copy);
assert_impl_all!(Policy: Send, Sync, Unpin, Copy);
assert_impl_all!(RunOutcome<u8, u8>: Send, Sync, Unpin);
assert_impl_all!(RunResult<u8, u8>: Send, Sync, Unpin);
assert_impl_all!(Stopped: Send, Sync, Unpin);
assert_impl_all!(Aborted: Send, Sync, Unpin);
assert_impl_all!(Idle: Send, Sync, Unpin);
assert_impl_all!(Drain: Send, Unpin);
assert_not_impl_any!(Drain: Sync);
assert_impl_all!(Retry<u8>: Send, Sync, Unpin);
assert_impl_all!(RetryBudget: Send, Sync, Unpin, Clone);
assert_impl_all!(Task: Send, Unpin);
assert_not_impl_any!(Task: Sync);
assert_impl_all!(LocalTask: Unpin);
assert_not_impl_any!(LocalTask: Send, Sync);
assert_impl_all!(dyn Spawn: Send, Sync);
assert_impl_all!(dyn Clock: Send, Sync);
assert_impl_all!(Sleep: Send, Unpin);
assert_impl_all!(test::ManualClock: Send, Sync, Unpin, Clone);
assert_impl_all!(test::Counterexample: std::error::Error, Send, Sync, Unpin, Clone);
assert_impl_all!(test::Explored: Send, Sync, Unpin, Copy);
assert_impl_all!(test::Explorer: Send, Sync, Unpin, Clone);
assert_impl_all!(test::Log: Send, Sync, Unpin, Clone);
assert_impl_all!(test::NoteOnDrop: Send, Sync, Unpin);
assert_impl_all!(test::LooseRun: Send, Sync, Unpin, Clone);
assert_impl_all!(test::RunAudit: Send, Sync, Unpin);
assert_impl_all!(test::Seeded: Send, Sync, Unpin, Clone);
assert_impl_all!(test::YieldNow: Send, Sync, Unpin);
// A scene is played on by one thread.
assert_not_impl_any!(test::Scene: Send, Sync, Clone);
assert_impl_all!(test::ManualExecutor: Send, Sync, Unpin, Clone);
#[cfg(feature = "tokio")]
assert_impl_all!(TokioSpawner: Send, Sync, Unpin, Clone);
#[cfg(feature = "tokio")]
assert_impl_all!(TokioClock: Send, Sync, Unpin, Clone);

// Outcomes and errors.
assert_impl_all!(Outcome<u8, u8>: Send, Sync, Unpin, Clone);
assert_impl_all!(OutcomeKind: Send, Sync, Unpin, Copy);
assert_impl_all!(AbortedBy: Send, Sync, Unpin, Copy);
assert_impl_all!(Rejection<u8>: Send, Sync, Unpin, Clone);
assert_impl_all!(Failure: Send, Sync, Unpin, Clone);
assert_impl_all!(BodyPanicked: Send, Sync, Unpin, Clone);
assert_impl_all!(CellError: std::error::Error, Send, Sync, Unpin, Clone);
assert_impl_all!(CellErrorKind: Send, Sync, Unpin, Clone);
assert_impl_all!(ContextError: std::error::Error, Send, Sync, Unpin, Clone);
assert_impl_all!(Reentrant: std::error::Error, Send, Sync, Unpin, Copy);
assert_impl_all!(StoreDropped: std::error::Error, Send, Sync, Unpin, Copy);
assert_impl_all!(Wanted: Send, Sync, Unpin, Clone);
assert_impl_all!(NoClock: std::error::Error, Send, Sync, Unpin, Copy);
assert_impl_all!(NoRuntime: std::error::Error, Send, Sync, Unpin, Copy);

/// Of a type that has no public name.
const fn is_send_sync_unpin<T: Send + Sync + Unpin>(_: &T) {}

#[test]
fn the_futures_of_watches_are_send_and_sync() {
    let store = Store::new();
    let mut watch = store.watch(store.source(0_u8));
    is_send_sync_unpin(&watch.changed());
}

#[test]
#[cfg_attr(miri, ignore = "reads files")]
fn no_public_type_is_forgotten_here() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut code = String::new();
    for file in files(&source) {
        code.push_str(&fs::read_to_string(file).unwrap());
    }
    let exported = ["lib.rs", "test.rs"].map(|file| fs::read_to_string(source.join(file)).unwrap());
    let names: BTreeSet<_> = exported.iter().flat_map(|file| names(file)).collect();
    assert!(names.len() > 50, "the list of what is public was not understood: {names:?}");
    let asserted = include_str!("auto_traits.rs");
    let mut forgotten = Vec::new();
    for name in names {
        let is = |kind: &str| {
            let definition = format!("pub {kind} {name}");
            let mut found = code.match_indices(&definition);
            found.any(|(at, what)| !code[at + what.len()..].starts_with(is_word))
        };
        if is("struct") || is("enum") || is("type") {
            let list = asserted.lines().filter(|line| line.starts_with("assert_"));
            let mut words = list.flat_map(|line| line.split(|c| !is_word(c)));
            if !words.any(|word| word == name) {
                forgotten.push(name);
            }
        } else {
            assert!(is("trait") || is("fn"), "what is `{name}`?");
        }
    }
    assert_eq!(forgotten, Vec::<&str>::new());
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// The names behind `pub use` in a file.
fn names(file: &str) -> impl Iterator<Item = &str> {
    file.split("pub use ").skip(1).flat_map(|rest| {
        let list = rest.split(';').next().unwrap();
        let list = list.rsplit("::").next().unwrap();
        list.split(|c| !is_word(c)).filter(|name| !name.is_empty())
    })
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}
