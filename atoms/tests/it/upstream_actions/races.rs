//! Actions that meet: drafts that have grown old, updates that must not be lost, flags that must not stay up.

use super::{ended, gate, listen, open, stage};
use std::sync::Arc;
use trine_atoms::{ActionError, AsyncAction, Atom, BoxError, Store, synergy};
use trine_core::test::Log;

#[test]
fn p01_p02_p41_the_draft_after_a_trigger_is_the_value_and_may_be_triggered_again() {
    let store = Store::new();
    let (count, list) = (Atom::dynamic("count", || 1), Atom::dynamic("list", Vec::<i32>::new));
    let action: AsyncAction<()> =
        synergy((&count, &list)).async_action(|(mut count, mut list), ()| async move {
            *count += 1;
            let mut count = count.trigger()?;
            *count += 1;
            let count = count.trigger()?.trigger()?.trigger()?;
            assert_eq!((*count, count.changed(), *count.base()), (3, false, 3));
            list.push(1);
            let mut list = list.trigger()?;
            list.push(2);
            Ok(())
        });
    ended(action.run(&store, ())).unwrap();
    assert_eq!((count.get(&store), list.get(&store)), (3, vec![1, 2]));
    assert_eq!(store.last_commit().get(), 4);
}

#[test]
fn p04_a_trigger_without_a_write_does_not_revert_others_nor_tell_anybody() {
    let (store, log) = (Store::new(), Log::default());
    let count = Atom::dynamic("count", || 1);
    listen(&store, &count, "count", &log);
    let (inside, other) = (store.downgrade(), count.clone());
    let action: AsyncAction<()> = synergy(&count).async_action(move |count, ()| {
        let (store, other) = (inside.clone(), other.clone());
        async move {
            other.set(&store.upgrade().unwrap(), 99);
            let count = count.trigger()?;
            assert_eq!(*count, 1, "still the snapshot");
            Ok(())
        }
    });
    ended(action.run(&store, ())).unwrap();
    log.is(["count 99"]);
}

#[test]
fn p05_p08_s1_p33_of_two_actions_that_read_and_write_one_atom_none_loses_its_update() {
    let (executor, store, gates) = stage();
    let list = Atom::dynamic("list", Vec::new);
    let waits = Arc::clone(&gates);
    let push = synergy(&list).async_action(move |mut list: trine_atoms::Draft<_>, text| {
        let wait = gate(&waits);
        async move {
            list.push(text);
            wait.await?;
            Ok::<_, BoxError>(())
        }
    });
    let (first, second) = (push.run(&store, "first"), push.run(&store, "second"));
    open(&executor, &gates);
    open(&executor, &gates);
    ended(first).unwrap();
    let Err(ActionError::Conflict(conflict)) = ended(second) else { panic!() };
    assert_eq!(*conflict.values::<Vec<&str>>().unwrap().theirs, ["first"]);
    // And asked to try again, both land.
    let patient = push.retry_conflicts(3);
    let (first, second) = (patient.run(&store, "third"), patient.run(&store, "fourth"));
    for _ in 0..3 {
        open(&executor, &gates);
    }
    ended(first).unwrap();
    ended(second).unwrap();
    assert_eq!(list.get(&store), ["first", "third", "fourth"]);
}

#[test]
fn p06_an_action_that_only_reads_an_atom_does_not_write_it() {
    let (executor, store, gates) = stage();
    let (a, b) = (Atom::dynamic("a", || 1), Atom::dynamic("b", || 0));
    let waits = Arc::clone(&gates);
    let copy: AsyncAction<()> = synergy((&a, &b)).async_action(move |(a, mut b), ()| {
        let wait = gate(&waits);
        async move {
            wait.await?;
            *b = *a;
            Ok(())
        }
    });
    let run = copy.run(&store, ());
    a.set(&store, 9);
    open(&executor, &gates);
    ended(run).unwrap();
    assert_eq!((a.get(&store), b.get(&store)), (9, 1));
}

#[test]
fn p09_a_failed_action_leaves_no_flag_up_and_may_take_back_all_that_it_has_shown() {
    let store = Store::new();
    let (loading, steps) = (Atom::dynamic("loading", || false), Atom::dynamic("steps", || 0));
    let fail: AsyncAction<()> =
        synergy((&loading, &steps)).async_action(|(mut loading, mut steps), ()| async move {
            *loading = true;
            let _loading = loading.trigger_scoped()?;
            *steps = 1;
            let mut steps = steps.trigger()?;
            *steps = 2;
            Err("no".into())
        });
    assert!(matches!(ended(fail.run(&store, ())), Err(ActionError::Handler(_))));
    assert_eq!((loading.get(&store), steps.get(&store)), (false, 1));
    steps.set(&store, 0);
    assert!(ended(fail.compensated().run(&store, ())).is_err());
    assert_eq!((loading.get(&store), steps.get(&store)), (false, 0));
}

#[test]
fn p32_acting_on_a_stale_sibling_is_caught_where_that_is_asked_for() {
    let (executor, store, gates) = stage();
    let (stock, orders) = (Atom::dynamic("stock", || 1), Atom::dynamic("orders", || 0));
    let waits = Arc::clone(&gates);
    let order: AsyncAction<()> =
        synergy((&stock, &orders)).async_action(move |(stock, mut orders), ()| {
            let wait = gate(&waits);
            async move {
                if *stock > 0 {
                    orders.update(|orders| *orders += 1);
                }
                wait.await?;
                Ok(())
            }
        });
    let careless = order.run(&store, ());
    stock.set(&store, 0);
    open(&executor, &gates);
    ended(careless).unwrap();
    assert_eq!(orders.get(&store), 1, "write skew");
    stock.set(&store, 1);
    let careful = order.clone().validate_reads().run(&store, ());
    stock.set(&store, 0);
    open(&executor, &gates);
    let Err(ActionError::Conflict(conflict)) = ended(careful) else { panic!() };
    assert!(conflict.is_stale_read() && conflict.atom() == "stock");
    let values = conflict.values::<i32>().unwrap();
    assert_eq!((*values.base, *values.mine, *values.theirs), (1, 1, 0));
    assert_eq!(orders.get(&store), 1);
    // The second attempt finds that there is nothing left.
    stock.set(&store, 1);
    let run = order.validate_reads().retry_conflicts(1).run(&store, ());
    stock.set(&store, 0);
    open(&executor, &gates);
    open(&executor, &gates);
    ended(run).unwrap();
    assert_eq!(orders.get(&store), 1);
}

#[test]
fn q39_a_listener_that_panics_keeps_the_others_neither_from_hearing_nor_the_action_from_ending() {
    let log = Log::default();
    let heard = log.clone();
    let store = Store::builder()
        .on_panic(trine_core::PanicPolicy::Report(Box::new(move |message| heard.note(message))))
        .build();
    let a = Atom::dynamic("a", || 1);
    a.subscribe(&store, |_| panic!("a listener")).detach();
    listen(&store, &a, "a", &log);
    let action: AsyncAction<()> = synergy(&a).async_action(|mut a, ()| async move {
        *a = 2;
        Ok(())
    });
    ended(action.run(&store, ())).unwrap();
    log.is(["a 2", "a listener"]);
}
