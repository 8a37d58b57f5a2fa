//! `c..`: what the documents of the original say of handlers, triggers and early returns.

use super::{ended, gate, listen, open, stage};
use std::sync::Arc;
use trine_atoms::{AsyncAction, Atom, Store, synergy};
use trine_core::test::Log;

#[test]
fn c1_p03_a_loading_flag_is_seen_and_goes_down_together_with_the_data() {
    let (executor, store, gates) = stage();
    let (loading, data) = (Atom::dynamic("loading", || false), Atom::dynamic("data", || None));
    let log = Log::default();
    let heard = log.clone();
    let view = synergy((&loading, &data)).derive(&store, |(loading, data)| (*loading, *data));
    store.subscribe(view, move |view| heard.note(format!("{view:?}"))).detach();
    let waits = Arc::clone(&gates);
    let fetch: AsyncAction<()> =
        synergy((&loading, &data)).async_action(move |(mut loading, mut data), ()| {
            let wait = gate(&waits);
            async move {
                *loading = true;
                let mut loading = loading.trigger()?;
                wait.await?;
                *data = Some(42);
                *loading = false;
                Ok(())
            }
        });
    let run = fetch.run(&store, ());
    open(&executor, &gates);
    ended(run).unwrap();
    log.is(["(true, None)", "(false, Some(42))"]);
}

#[test]
fn c2_a_triggered_atom_that_is_not_written_again_is_not_told_again() {
    let (store, log) = (Store::new(), Log::default());
    let (a, b) = (Atom::dynamic("a", || 0), Atom::dynamic("b", || 0));
    listen(&store, &a, "a", &log);
    listen(&store, &b, "b", &log);
    let action: AsyncAction<()> = synergy((&a, &b)).async_action(|(mut a, mut b), ()| async move {
        *a = 1;
        let _a = a.trigger()?;
        *b = 1;
        Ok(())
    });
    ended(action.run(&store, ())).unwrap();
    log.is(["a 1", "b 1"]);
}

#[test]
fn c5_an_item_of_a_list_is_toggled_in_place() {
    let items = Atom::dynamic("items", || vec![("milk", false), ("tea", false)]);
    let store = Store::new();
    synergy(&items).action(|mut items, at: usize| items[at].1 ^= true).run(&store, 1);
    assert_eq!(items.get(&store), [("milk", false), ("tea", true)]);
}

#[test]
fn c12_c13_without_a_trigger_everything_lands_at_the_end_and_an_early_return_writes_what_was_written()
 {
    let (executor, store, gates) = stage();
    let (a, b) = (Atom::dynamic("a", || 0), Atom::dynamic("b", || 0));
    let waits = Arc::clone(&gates);
    let action: AsyncAction<bool> = synergy((&a, &b)).async_action(move |(mut a, mut b), early| {
        let wait = gate(&waits);
        async move {
            if early {
                return Ok(());
            }
            *a = 1;
            wait.await?;
            *b = 1;
            Ok(())
        }
    });
    ended(action.run(&store, true)).unwrap();
    assert_eq!(store.last_commit().get(), 0);
    gates.lock().unwrap().clear();
    let run = action.run(&store, false);
    assert_eq!((a.get(&store), b.get(&store)), (0, 0));
    open(&executor, &gates);
    ended(run).unwrap();
    assert_eq!((a.get(&store), b.get(&store), store.last_commit().get()), (1, 1, 1));
}

#[test]
fn c14_p15_writes_that_change_nothing_tell_nobody() {
    let (store, log) = (Store::new(), Log::default());
    let list = Atom::dynamic("list", || vec![1, 2]);
    listen(&store, &list, "list", &log);
    let list = synergy(&list);
    list.action(|mut list, ()| {
        list.push(3);
        list.pop();
    })
    .run(&store, ());
    list.action(|mut list, ()| *list = vec![1, 2]).run(&store, ());
    list.action(|mut list, ()| list.set(vec![1, 2])).run(&store, ());
    list.action(|list, ()| assert_eq!(list.len(), 2)).run(&store, ());
    let later: AsyncAction<()> = list.async_action(|mut list, ()| async move {
        list.update(|list| list.reverse());
        list.update(|list| list.reverse());
        let mut list = list.trigger()?;
        list[0] = 1;
        Ok(())
    });
    ended(later.run(&store, ())).unwrap();
    log.is([]);
    assert_eq!(store.last_commit().get(), 0);
}

#[test]
fn s4_the_guard_idiom_starts_one_of_three_calls() {
    let (executor, store, gates) = stage();
    let running = Atom::dynamic("running", || false);
    let waits = Arc::clone(&gates);
    let once: AsyncAction<(), bool> = synergy(&running).async_action(move |mut running, ()| {
        let wait = gate(&waits);
        async move {
            if *running {
                return Ok(false);
            }
            *running = true;
            let _running = running.trigger_scoped()?;
            wait.await?;
            Ok(true)
        }
    });
    let runs = [(); 3].map(|()| once.run(&store, ()));
    open(&executor, &gates);
    assert_eq!(runs.map(|run| ended(run).unwrap()), [true, false, false]);
    assert!(!running.get(&store));
}
