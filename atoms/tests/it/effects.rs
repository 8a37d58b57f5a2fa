//! What is to be done whenever atoms change.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, Mutex},
};
use trine_atoms::{Atom, DerivedAtom, EffectError, Provider, Store, synergy};
use trine_core::{Event, test::Log};

#[test]
fn an_effect_runs_at_once_and_after_each_commit_behind_derivations_and_before_subscribers() {
    let (store, log) = (Store::new(), Log::default());
    let (a, b) = (Atom::dynamic("a", || 1), Atom::dynamic("b", || 2));
    let (left, right) = (a.clone(), b.clone());
    let sum = DerivedAtom::dynamic("sum", move |cx| cx.get(&left) + cx.get(&right));
    let (shown, heard) = (log.clone(), log.clone());
    sum.subscribe(&store, move |sum| shown.note(format!("shown {sum}"))).detach();
    let seen = sum.clone();
    let _effect = synergy((&a, &b)).effect(&store, "both", move |(a, b), cx| {
        heard.note(format!("{} {a} {b} {}", cx.runs(), cx.peek(&seen)));
        Ok(())
    });
    log.is(["1 1 2 3"]);
    let late = log.clone();
    b.subscribe(&store, move |b| late.note(format!("b {b}"))).detach();
    synergy((&a, &b)).action(|(mut a, mut b), ()| (*a, *b) = (10, 20)).run(&store, ());
    let lines = log.take();
    assert_eq!(lines[0], "2 10 20 30", "{lines:?}");
    assert_eq!(lines.len(), 3);
    a.set(&store, 10);
    log.is([]);
}

#[test]
fn what_an_effect_has_begun_is_cleaned_up_before_its_next_run_and_at_its_end() {
    let (store, log) = (Store::new(), Log::default());
    let room = Atom::dynamic("room", || 1);
    let heard = log.clone();
    let effect = synergy(&room).effect(&store, "connect", move |room, cx| {
        heard.note(format!("enter {room}"));
        for what in ["leave", "mute"] {
            let (heard, room) = (heard.clone(), *room);
            cx.on_cleanup(move || heard.note(format!("{what} {room}")));
        }
        Ok(())
    });
    let cells = store.cell_count();
    room.set(&store, 2);
    log.is(["enter 1", "mute 1", "leave 1", "enter 2"]);
    drop(effect);
    log.is(["mute 2", "leave 2"]);
    room.set(&store, 3);
    log.is([]);
    assert_eq!(store.cell_count(), cells - 2, "nothing is left of it");
}

#[test]
fn an_effect_may_write_and_comes_to_rest_when_nothing_is_left_to_change() {
    let (store, log) = (Store::new(), Log::default());
    let (n, clamped) = (Atom::dynamic("n", || 0), Atom::dynamic("clamped", || 0));
    let target = clamped.clone();
    let own = n.clone();
    synergy(&n)
        .effect(&store, "clamp", move |n, cx| {
            cx.set(&target, (*n).min(10))?;
            // It writes what it depends on.
            if *n > 10 {
                cx.update(&own, |n| *n -= 1)?;
            }
            Ok(())
        })
        .detach();
    let heard = log.clone();
    clamped.subscribe(&store, move |n| heard.note(n)).detach();
    n.set(&store, 13);
    assert_eq!((n.get(&store), clamped.get(&store)), (10, 10));
    log.is(["10"]);
}

#[test]
fn effects_that_answer_each_other_for_ever_are_stopped_with_an_error_that_names_the_atoms() {
    let (store, log) = (Store::new(), Log::default());
    let (ping, pong) = (Atom::dynamic("ping", || 0), Atom::dynamic("pong", || 0));
    let heard = log.clone();
    let _observer = store.observe(move |event| {
        if let Event::Failed { what, .. } = event {
            heard.note(what);
        }
    });
    let (to_pong, to_ping) = (pong.clone(), ping.clone());
    let there =
        synergy(&ping).effect(&store, "there", move |ping, cx| Ok(cx.set(&to_pong, *ping + 1)?));
    let back =
        synergy(&pong).effect(&store, "back", move |pong, cx| Ok(cx.set(&to_ping, *pong + 1)?));
    let error = there.error().or_else(|| back.error()).expect("one of them was stopped");
    let EffectError::Loop { atoms, limit: 100, effect } = &*error else { panic!("{error}") };
    let names: Vec<_> = atoms.iter().map(|atom| atom.to_string()).collect();
    assert!(
        names.contains(&"`ping`".to_owned()) && names.contains(&"`pong`".to_owned()),
        "{names:?}"
    );
    let message = error.to_string();
    assert!(message.contains("`ping`") && message.contains(effect.as_str()), "{message}");
    assert_eq!(log.take().len(), 1);
    // The store goes on, and so do they.
    let other = Atom::dynamic("other", || 0);
    other.set(&store, 1);
    assert_eq!(other.get(&store), 1);
}

#[test]
fn an_effect_that_fails_or_panics_runs_again_at_the_next_change() {
    let store = Store::new();
    let n = Atom::dynamic("n", || 0);
    let ran = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&ran);
    let effect = synergy(&n).effect(&store, "picky", move |n, _| {
        seen.lock().unwrap().push(*n);
        assert!(*n != 2, "two");
        if *n == 1 { Err("one".into()) } else { Ok(()) }
    });
    n.set(&store, 1);
    assert_eq!(effect.error().unwrap().to_string(), "one");
    assert!(
        catch_unwind(AssertUnwindSafe(|| n.set(&store, 2))).is_err(),
        "told like a panic of any callback"
    );
    assert_eq!(effect.error().unwrap().to_string(), "effect `picky` panicked: two");
    n.set(&store, 3);
    assert!(effect.error().is_none());
    assert_eq!(*ran.lock().unwrap(), [0, 1, 2, 3]);
}

#[test]
fn an_effect_runs_actions_reads_its_place_and_ends_with_it() {
    let store = Store::new();
    let (name, greeting) =
        (Atom::dynamic("name", || "nobody"), Atom::dynamic("greeting", String::new));
    let form = Provider::builder("form", &store).provide(&name).provide(&greeting).build();
    let greet = synergy(&greeting)
        .action(|mut greeting, name: &'static str| *greeting = format!("hello {name}"));
    let log = Log::default();
    let heard = log.clone();
    let effect = synergy(&name).effect(&form, "greet", move |name, cx| {
        let heard = heard.clone();
        cx.on_cleanup(move || heard.note("cleaned up"));
        Ok(cx.run(&greet, *name)?)
    });
    name.set(&form, "ada");
    assert_eq!((greeting.get(&form).as_str(), greeting.get(&store).as_str()), ("hello ada", ""));
    log.clear();
    form.end();
    log.is(["cleaned up"]);
    assert!(matches!(effect.error().as_deref(), Some(EffectError::Cell(_))));
}

#[test]
fn an_effect_that_is_ended_by_itself_is_cleaned_up_once() {
    let (store, log) = (Store::new(), Log::default());
    let n = Atom::dynamic("n", || 0);
    let slot: Arc<Mutex<Option<trine_atoms::EffectGuard>>> = Arc::default();
    let (own, heard) = (Arc::clone(&slot), log.clone());
    let effect = synergy(&n).effect(&store, "once", move |n, cx| {
        heard.note(format!("run {n}"));
        let heard = heard.clone();
        if *n == 1 {
            drop(own.lock().unwrap().take());
        }
        cx.on_cleanup(move || heard.note("cleaned up"));
        Ok(())
    });
    *slot.lock().unwrap() = Some(effect);
    n.set(&store, 1);
    n.set(&store, 2);
    log.is(["run 0", "cleaned up", "run 1", "cleaned up"]);
}

#[test]
fn a_cleanup_that_panics_is_reported_and_keeps_nothing_else_from_being_done() {
    let (store, log) = (Store::new(), Log::new());
    let n = Atom::dynamic("n", || 0);
    let failed = log.clone();
    let _observer = store.observe(move |event| {
        if let Event::Failed { what, message } = event {
            failed.note(format!("{what}: {message}"));
        }
    });
    let heard = log.clone();
    let effect = synergy(&n).effect(&store, "careless", move |n, cx| {
        heard.note(format!("runs {n}"));
        let heard = heard.clone();
        cx.on_cleanup(move || heard.note("first"));
        cx.on_cleanup(|| panic!("second"));
        Ok(())
    });
    n.set(&store, 1);
    let failure = "cleanup of effect `careless`: second";
    // What is told while callbacks are called is told after them.
    log.is(["runs 0", "first", "runs 1", failure]);
    drop(effect);
    log.is([failure, "first"]);
}
