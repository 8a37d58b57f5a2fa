//! What atoms do while somebody observes them.

use std::sync::{LazyLock, Mutex};
use trine_atoms::{Atom, DerivedAtom, Provider, Store, Unmount};
use trine_core::test::Log;

static LOG: LazyLock<Mutex<Log>> = LazyLock::new(|| Mutex::new(Log::new()));

fn note(line: &str) {
    LOG.lock().unwrap().note(line);
}

static SENSOR: Atom<u32> = Atom::new("sensor", || 0).on_mount(|sensor| {
    note("on");
    sensor.update(|value| *value += 1);
    Unmount::new(move || {
        note("off");
        sensor.set(0);
    })
});
static SHOWN: DerivedAtom<String> =
    DerivedAtom::new("shown", |cx| format!("{} degrees", cx.get(&SENSOR)));

// One test, since the log is shared: static atoms have plain functions.
#[test]
fn an_atom_is_mounted_for_its_first_subscriber_and_unmounted_after_its_last() {
    let log = LOG.lock().unwrap().clone();
    let store = Store::new();

    assert_eq!(SENSOR.get(&store), 0);
    log.is([]);
    let first = SENSOR.subscribe(&store, |_| {});
    log.is(["on"]);
    assert_eq!(SENSOR.get(&store), 1);
    let second = SENSOR.watch(&store);
    drop(first);
    log.is([]);
    drop(second);
    log.is(["off"]);
    assert_eq!(SENSOR.get(&store), 0);

    // Through what is derived, which is the first to use the atom in this store.
    let other = Store::new();
    assert_eq!(SHOWN.get(&other), "0 degrees");
    log.is([]);
    let view = SHOWN.subscribe(&other, |_| {});
    log.is(["on"]);
    assert_eq!(SHOWN.get(&other), "1 degrees");
    drop(view);
    log.is(["off"]);

    // Each place mounts its own.
    let form = Provider::builder("form", &store).provide(&SENSOR).build();
    let (mine, theirs) = (SENSOR.subscribe(&form, |_| {}), SENSOR.subscribe(&store, |_| {}));
    log.is(["on", "on"]);
    form.end();
    log.is(["off"]);
    drop((mine, theirs));
    log.is(["off"]);

    // Nothing of it keeps the store alive.
    let third = Store::new();
    SENSOR.subscribe(&third, |_| {}).detach();
    log.is(["on"]);
    let weak = third.downgrade();
    drop(third);
    assert!(weak.upgrade().is_none());
    log.is(["off"]);
}

#[test]
fn any_kind_of_atom_can_have_work_done_while_it_is_observed() {
    let (store, log) = (Store::new(), Log::new());
    static PLAIN: Atom<u32> = Atom::new("plain", || 1);
    let twice = DerivedAtom::dynamic("twice", |cx| cx.get(&PLAIN) * 2);
    let inner = log.clone();
    let work = twice.while_observed(&store, move || {
        inner.note("begin");
        inner.on_drop("end")
    });
    let view = twice.subscribe(&store, |_| {});
    log.is(["begin"]);
    drop(view);
    log.is(["end"]);
    drop(work);
    let _view = twice.subscribe(&store, |_| {});
    log.is([]);
}
