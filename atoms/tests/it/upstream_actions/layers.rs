//! Middleware: what it sees, what it may change, and what it cannot break.

use super::{ended, gate, open, stage};
use std::sync::Arc;
use trine_atoms::{ActionError, AsyncAction, Atom, Flush, Provider, Store, middleware, synergy};
use trine_core::test::Log;

#[test]
fn t9_middleware_is_told_of_what_is_written_with_the_values_before_and_after() {
    let (a, b) = (Atom::dynamic("a", || 1), Atom::dynamic("b", || 2));
    let (store, log) = (Store::new(), Log::default());
    let guards = ["first", "second"].map(|name| {
        let (a, heard) = (a.clone(), log.clone());
        middleware(&store, move |flush: &mut Flush| {
            let change = flush.change(&a).unwrap();
            let names: Vec<_> = flush.atoms().map(ToString::to_string).collect();
            heard.note(format!("{name} {names:?} {} -> {}", change.current, change.new));
            Ok(())
        })
    });
    synergy((&a, &b)).action(|(mut a, b), ()| *a += *b).run(&store, ());
    log.is(["first [\"a\"] 1 -> 3", "second [\"a\"] 1 -> 3"]);
    assert_eq!(a.get(&store), 3);
    drop(guards);
    synergy(&a).action(|mut a, ()| *a = 7).run(&store, ());
    log.is([]);
}

#[test]
fn t10_middleware_may_leave_atoms_out_and_write_something_else() {
    let (a, b) = (Atom::dynamic("a", || 1), Atom::dynamic("b", || 2));
    let store = Store::new();
    let (first, second) = (a.clone(), b.clone());
    let _guard = middleware(&store, move |flush: &mut Flush| {
        flush.leave_out(&second);
        assert!(!flush.leave_out(&second));
        let new = *flush.change(&first).unwrap().new;
        assert!(flush.replace(&first, new + 1));
        assert!(!flush.replace(&second, 99), "left out");
        Ok(())
    });
    synergy((&a, &b)).action(|(mut a, mut b), ()| (*a, *b) = (1_337, 20)).run(&store, ());
    assert_eq!((a.get(&store), b.get(&store)), (1_338, 2));
    let later: AsyncAction<()> = synergy((&a, &b)).async_action(|(mut a, mut b), ()| async move {
        *a = 10;
        let mut a = a.trigger()?;
        assert_eq!(*a, 11, "the fresh draft shows what was written");
        *a += 1;
        b.set(30);
        Ok(())
    });
    ended(later.run(&store, ())).unwrap();
    assert_eq!((a.get(&store), b.get(&store)), (13, 2));
}

#[test]
fn c11_q40_middleware_that_fails_or_panics_stops_the_chain_and_fails_the_action() {
    for panics in [false, true] {
        let (store, log) = (Store::new(), Log::default());
        let a = Atom::dynamic("a", || 1);
        let heard = log.clone();
        let _first = middleware(&store, move |_: &mut Flush| {
            heard.note("first");
            Ok(())
        });
        let heard = log.clone();
        let line = line!() + 1;
        let _second = middleware(&store, move |_: &mut Flush| {
            heard.note("second");
            assert!(!panics, "broken");
            Err("broken".into())
        });
        let heard = log.clone();
        let _third = middleware(&store, move |_: &mut Flush| {
            heard.note("third");
            Ok(())
        });
        let action: AsyncAction<()> = synergy(&a).async_action(|mut a, ()| async move {
            *a = 2;
            Ok(())
        });
        let Err(ActionError::Vetoed(veto)) = ended(action.run(&store, ())) else { panic!() };
        assert_eq!((veto.reason.as_str(), veto.panicked), ("broken", panics));
        assert_eq!((veto.location.line(), &veto.action), (line, action.name()));
        let sync = synergy(&a).action(|mut a, ()| *a = 3).named("sync");
        let refused = sync.try_run(&store, ()).unwrap_err().to_string();
        assert!(refused.contains("`sync`") && refused.ends_with("broken"), "{refused}");
        assert_eq!(a.get(&store), 1);
        log.is(["first", "second", "first", "second"]);
        assert!(store.runs().is_empty(), "it does not hang");
    }
}

#[test]
fn p18_what_middleware_leaves_out_does_not_shift_values_to_other_atoms() {
    let (a, b, c) = (Atom::dynamic("a", || 1), Atom::dynamic("b", || 2), Atom::dynamic("c", || 3));
    let store = Store::new();
    let (first, third) = (a.clone(), c.clone());
    let _guard = middleware(&store, move |flush: &mut Flush| {
        flush.leave_out(&first);
        flush.replace(&third, 33);
        Ok(())
    });
    synergy((&a, &b, &c))
        .action(|(mut a, mut b, mut c), ()| (*a, *b, *c) = (10, 20, 30))
        .run(&store, ());
    assert_eq!([&a, &b, &c].map(|atom| atom.get(&store)), [1, 20, 33]);
}

#[test]
fn p18_middleware_is_asked_in_the_order_in_which_it_was_registered_from_the_outside_in() {
    let (store, log) = (Store::new(), Log::default());
    let a = Atom::dynamic("a", || 1);
    let note = |name: &'static str| {
        let heard = log.clone();
        move |_: &mut Flush| {
            heard.note(name);
            Ok(())
        }
    };
    let outer = Provider::builder("outer", &store).build();
    let inner = Provider::builder("inner", &outer).build();
    // Nested ones compose, whatever the order in which the places were given theirs.
    middleware(&inner, note("inner")).detach();
    middleware(&outer, note("outer 1")).detach();
    middleware(&store, note("store")).detach();
    middleware(&outer, note("outer 2")).detach();
    let increment = synergy(&a).action(|mut a, ()| *a += 1);
    increment.run(&inner, ());
    log.is(["store", "outer 1", "outer 2", "inner"]);
    log.clear();
    increment.run(&store, ());
    log.is(["store"]);
    assert_eq!(a.get(&store), 3);
}

#[test]
fn p19_a_trigger_goes_through_middleware_with_base_current_and_new() {
    let (executor, store, gates) = stage();
    let (a, log) = (Atom::dynamic("a", || 1), Log::default());
    let (atom, heard) = (a.clone(), log.clone());
    let _guard = middleware(&store, move |flush: &mut Flush| {
        let change = flush.change(&atom).unwrap();
        heard.note(format!(
            "{} {:?} {} {} {}",
            flush.action(),
            flush.kind(),
            change.base,
            change.current,
            change.new
        ));
        Ok(())
    });
    let waits = Arc::clone(&gates);
    let action: AsyncAction<()> = synergy(&a).async_action(move |mut a, ()| {
        let wait = gate(&waits);
        async move {
            *a = 2;
            let mut a = a.trigger()?;
            a.update(|a| *a += 1);
            wait.await?;
            Ok(())
        }
    });
    let run = action.named("count").run(&store, ());
    a.set(&store, 10);
    open(&executor, &gates);
    ended(run).unwrap();
    log.is(["count Trigger 1 1 2", "count End 2 10 11"]);
    assert_eq!(a.get(&store), 11);
}
