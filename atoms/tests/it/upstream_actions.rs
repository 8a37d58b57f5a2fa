//! What the original does, and what it does wrong: an item of its inventory per test, as far as actions go.
//!
//! `p..`, `s..` and `q..` are defects that were reproduced there and must not be here; `c..` are statements of its documents;
//! `t..` are its own tests. (c3 and p11, a draft that was triggered cannot be used any more, do not compile: `tests/ui`.)

use futures_util::FutureExt;
use std::sync::{Arc, Mutex};
use tokio::sync::oneshot;
use trine_atoms::{
    ActionError, ActionRun, AsyncAction, Atom, BoxError, Flush, Provider, Store, middleware,
    synergy, try_synergy,
};
use trine_core::test::{Log, ManualExecutor};

type Gates = Arc<Mutex<Vec<oneshot::Sender<()>>>>;

fn stage() -> (ManualExecutor, Store, Gates) {
    let executor = ManualExecutor::new();
    (executor.clone(), Store::with_spawner(executor), Gates::default())
}

fn gate(gates: &Gates) -> oneshot::Receiver<()> {
    let (open, wait) = oneshot::channel();
    gates.lock().unwrap().push(open);
    wait
}

fn open(executor: &ManualExecutor, gates: &Gates) {
    gates.lock().unwrap().remove(0).send(()).unwrap();
    executor.run_until_stalled();
}

fn ended<R, E>(run: ActionRun<R, E>) -> Result<R, ActionError<E>> {
    run.into_future().now_or_never().expect("it has ended")
}

/// Notes each value of an atom.
fn listen<T: Clone + Send + Sync + std::fmt::Debug + 'static>(
    store: &Store,
    atom: &Atom<T>,
    name: &'static str,
    log: &Log,
) {
    let log = log.clone();
    atom.subscribe(store, move |value| log.note(format!("{name} {value:?}"))).detach();
}

#[test]
fn t1_t2_t3_one_action_writes_several_atoms_and_only_those_are_told_once_each() {
    let (a, b, c) = (Atom::dynamic("a", || 1), Atom::dynamic("b", || 2), Atom::dynamic("c", || 3));
    let (store, log) = (Store::new(), Log::default());
    for (name, atom) in [("a", &a), ("b", &b), ("c", &c)] {
        listen(&store, atom, name, &log);
    }
    let all = synergy((&a, &b, &c)).action(|(mut a, mut b, mut c), ()| {
        *a += 1;
        *b += 2;
        *c += 3;
    });
    all.run(&store, ());
    log.is(["a 2", "b 4", "c 6"]);
    assert_eq!(store.last_commit().get(), 1);
    log.clear();
    synergy((&a, &b, &c)).action(|(mut a, b, c), ()| *a = *a + *b + *c - 5).run(&store, ());
    log.is(["a 7"]);
}

#[test]
fn t5_an_action_takes_an_argument_and_tells_once() {
    let (store, log) = (Store::new(), Log::new());
    let a = Atom::dynamic("a", || 1);
    let told = log.clone();
    let _guard = a.subscribe(&store, move |a| told.note(a));
    let set = synergy(&a).action(|mut a, value: i32| *a = value);
    set.run(&store, 42);
    log.is(["42"]);
}

#[test]
fn t7_t8_c4_an_action_reads_and_writes_atoms_of_a_place_and_of_those_around_it() {
    let (items, input) =
        (Atom::dynamic("items", Vec::<String>::new), Atom::dynamic("input", || "milk".to_owned()));
    let store = Store::new();
    let list = Provider::builder("list", &store).provide(&items).build();
    let form = Provider::builder("form", &list).provide(&input).build();
    let add = synergy((&items, &input)).action(|(mut items, mut input), ()| {
        items.push(input.clone());
        *input = String::new();
    });
    add.run(&form, ());
    assert_eq!((items.get(&list), input.get(&form)), (vec!["milk".to_owned()], String::new()));
    assert_eq!((items.get(&store).len(), input.get(&store).as_str()), (0, "milk"));
    let add_later: AsyncAction<&'static str> =
        synergy((&items, &input)).async_action(|(mut items, mut input), text: &str| async move {
            *input = "..".to_owned();
            let _input = input.trigger_scoped()?;
            items.push(text.to_owned());
            Ok(())
        });
    ended(add_later.run(&form, "tea")).unwrap();
    assert_eq!((items.get(&list).len(), items.get(&store).len()), (2, 0));
    assert_eq!(input.get(&form), "");
}

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
fn p07_three_sync_actions_in_a_row_count_to_three() {
    let (store, count) = (Store::new(), Atom::dynamic("count", || 0));
    let increment = synergy(&count).action(|mut count, ()| *count += 1);
    for _ in 0..3 {
        increment.run(&store, ());
    }
    assert_eq!(count.get(&store), 3);
    let _guard = middleware(&store, |_: &mut Flush| Ok(()));
    for _ in 0..3 {
        increment.run(&store, ());
    }
    assert_eq!(count.get(&store), 6);
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
fn p14_values_move_between_the_drafts_of_different_atoms() {
    let store = Store::new();
    let (from, to) = (Atom::dynamic("from", || vec![1, 2]), Atom::dynamic("to", Vec::new));
    let shift: AsyncAction<()> =
        synergy((&from, &to)).async_action(|(mut from, mut to), ()| async move {
            *to = std::mem::take(&mut *from);
            let to = to.trigger()?;
            assert_eq!((from.len(), to.len()), (0, 2));
            Ok(())
        });
    ended(shift.run(&store, ())).unwrap();
    assert_eq!((from.get(&store), to.get(&store)), (vec![], vec![1, 2]));
    synergy((&from, &to))
        .action(|(mut from, mut to), ()| std::mem::swap(&mut *from, &mut *to))
        .run(&store, ());
    assert_eq!((from.get(&store), to.get(&store)), (vec![1, 2], vec![]));
}

#[test]
fn p16_a_selector_over_several_atoms_is_told_once_per_commit() {
    let (store, log) = (Store::new(), Log::default());
    let (a, b, c) = (Atom::dynamic("a", || 1), Atom::dynamic("b", || 2), Atom::dynamic("c", || 3));
    let heard = log.clone();
    let sum = synergy((&a, &b, &c)).derive(&store, |(a, b, c)| *a + *b + *c);
    store.subscribe(sum, move |sum| heard.note(sum)).detach();
    let all: AsyncAction<()> =
        synergy((&a, &b, &c)).async_action(|(mut a, mut b, mut c), ()| async move {
            (*a, *b, *c) = (10, 20, 30);
            Ok(())
        });
    ended(all.run(&store, ())).unwrap();
    log.is(["60"]);
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

#[test]
fn p24_an_atom_cannot_be_in_a_synergy_twice() {
    let (a, b) = (Atom::dynamic("a", || 1), Atom::dynamic("b", || 1));
    let duplicate = try_synergy((&a, &b, &a)).unwrap_err();
    assert_eq!((duplicate.first, duplicate.second), (0, 2));
}

#[test]
fn p26_values_of_any_type_are_changed_in_private_and_noticed() {
    use std::collections::{BTreeMap, HashSet};
    #[derive(Clone, PartialEq, Debug)]
    struct Own {
        count: u32,
    }
    let (store, log) = (Store::new(), Log::default());
    let own = Atom::dynamic("own", || Own { count: 0 });
    let map = Atom::dynamic("map", BTreeMap::<u32, u32>::new);
    let set = Atom::dynamic("set", HashSet::<u32>::new);
    let shared = Atom::dynamic("shared", || Arc::new(vec![1]));
    listen(&store, &own, "own", &log);
    listen(&store, &map, "map", &log);
    let before = (own.read(&store), shared.get(&store));
    let all = synergy((&own, &map, &set, &shared)).action(
        |(mut own, mut map, mut set, mut shared), ()| {
            own.count += 1;
            map.insert(1, 2);
            set.insert(1);
            Arc::make_mut(&mut shared).push(2);
        },
    );
    all.run(&store, ());
    log.is(["own Own { count: 1 }", "map {1: 2}"]);
    assert_eq!((before.0.count, before.1.len()), (0, 1), "nobody's value was changed in place");
    assert_eq!((set.get(&store).len(), shared.get(&store).len()), (1, 2));
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
