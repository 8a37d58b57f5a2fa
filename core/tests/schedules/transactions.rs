//! All or nothing, seen by other threads.

use crate::{explore, listener::Listener};
use shuttle::thread;
use trine_core::Store;

#[test]
fn transfers_that_fail_nest_and_compete_keep_the_sum_wherever_it_is_seen() {
    explore(|| {
        let store = Store::new();
        let accounts = [store.source(10_i64), store.source(10), store.source(10)];
        let sum = store.derived(move |cx| accounts.map(|cell| cx.get(cell)).iter().sum::<i64>());
        let least = store.derived(move |cx| {
            let held = accounts.map(|cell| cx.get(cell));
            assert_eq!(held.iter().sum::<i64>(), 30, "half a transaction");
            held.into_iter().min().unwrap()
        });
        let (sums, _sums) = Listener::new(&store, sum, |_| {});
        let reader = store.downgrade();
        let (_, _least) = Listener::new(&store, least, move |least| {
            assert!(least.is_some_and(|least| *least >= 0), "overdrawn, or half a transaction");
            let store = reader.upgrade().unwrap();
            assert_eq!(store.get(sum), 30);
        });
        let threads = [0, 1, 2].map(|from| {
            let store = store.clone();
            thread::spawn(move || {
                for amount in [4, 9] {
                    let (from, to) = (accounts[from], accounts[(from + 1) % 3]);
                    let moved = store.transaction(|tx| {
                        tx.update(from, |held| *held -= amount);
                        thread::yield_now();
                        tx.transaction(|tx| {
                            tx.update(to, |held| *held += amount);
                            if tx.get(least) < 0 { Err("overdrawn") } else { Ok(()) }
                        })?;
                        assert_eq!(tx.get(sum), 30);
                        Ok::<_, &str>(())
                    });
                    assert_eq!(store.get(sum), 30);
                    assert!(moved.is_ok() || moved == Err("overdrawn"));
                }
            })
        });
        let onlooker = thread::spawn({
            let store = store.clone();
            move || {
                for _ in 0..4 {
                    assert_eq!(store.get(sum), 30);
                    assert!(store.get(least) >= 0);
                }
            }
        });
        for thread in threads {
            thread.join().unwrap();
        }
        onlooker.join().unwrap();
        store.delivered();
        assert_eq!(store.batch(|tx| accounts.map(|cell| tx.get(cell))).iter().sum::<i64>(), 30);
        assert_eq!(sums.heard(), [], "a sum that never changes was told");
    });
}
