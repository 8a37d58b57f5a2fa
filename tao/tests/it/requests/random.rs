//! Random protocols and requests: each ends exactly once, and leaves nothing behind.

use super::{on, signal};
use proptest::prelude::*;
use std::{
    future::pending,
    sync::Arc,
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};
use trine_core::{
    Store,
    test::{ManualClock, ManualExecutor},
};
use trine_tao::{Kernel, Reply, Verdict};

/// What a handler of a random protocol does when a signal comes.
#[derive(Debug, Clone, Copy)]
enum Does {
    Halts,
    Redirects(u8),
    Fails,
    Panics,
    Chains(u8),
    ChainsLater(u8),
    Forks(u8),
    Hangs,
}

fn does() -> impl Strategy<Value = Does> {
    prop_oneof![
        1 => Just(Does::Halts),
        1 => (0..6_u8).prop_map(Does::Redirects),
        1 => Just(Does::Fails),
        1 => Just(Does::Panics),
        4 => (0..6_u8).prop_map(Does::Chains),
        3 => (0..6_u8).prop_map(Does::ChainsLater),
        3 => (0..6_u8).prop_map(Does::Forks),
        1 => Just(Does::Hangs),
    ]
}

const STEPS: [&str; 6] = ["0", "1", "2", "3", "4", "5"];

fn add(tao: &Kernel, at: u8, does: Does, alive: &Arc<AtomicUsize>) {
    struct Alive(Arc<AtomicUsize>);
    impl Drop for Alive {
        fn drop(&mut self) {
            self.0.fetch_sub(1, Ordering::Relaxed);
        }
    }
    let live = {
        let alive = Arc::clone(alive);
        move || {
            alive.fetch_add(1, Ordering::Relaxed);
            Alive(Arc::clone(&alive))
        }
    };
    let (pattern, to) = (on(STEPS[usize::from(at)]), |to: u8| signal(STEPS[usize::from(to)]));
    match does {
        Does::Halts => tao.on_intercept(pattern, |_| Verdict::halt("halted")),
        Does::Redirects(next) => tao.on_intercept(pattern, move |_| Verdict::Redirect(to(next))),
        Does::Fails => tao.on_inline(pattern, |_| Err::<(), trine_tao::BoxError>("failed".into())),
        Does::Panics => tao.on_inline(pattern, |_| -> () { panic!("panicked") }),
        Does::Chains(next) => tao.on_inline(pattern, move |_| to(next)),
        Does::ChainsLater(next) => tao.on_inline(pattern, move |_| {
            let live = live();
            async move {
                trine_core::test::yield_now().await;
                drop(live);
                to(next)
            }
        }),
        Does::Forks(next) => tao.on_async(pattern, move |_| to(next)),
        Does::Hangs => tao.on_inline(pattern, move |_| {
            let live = live();
            async move {
                pending::<()>().await;
                drop(live);
            }
        }),
    }
    .detach();
}

proptest! {
    #[test]
    fn each_request_ends_exactly_once_and_leaves_nothing_behind(
        protocol in prop::collection::vec((0..6_u8, does()), 0..14),
        requests in prop::collection::vec((0..6_u8, 0..6_u8, any::<bool>(), 0..4_u8), 1..6),
    ) {
        let (runtime, clock) = (ManualExecutor::new(), ManualClock::new());
        let store = Store::builder().spawner(runtime.clone()).clock(clock.clone()).build();
        let tao = Kernel::builder(&store).hop_budget(60).build();
        let alive = Arc::new(AtomicUsize::new(0));
        for &(at, does) in &protocol {
            add(&tao, at, does, &alive);
        }
        let channel = tao.channel("client");
        let mut replies = Vec::new();
        for &(ask, expect, on_channel, fate) in &requests {
            let (ask, expect) = (signal(STEPS[usize::from(ask)]), on(STEPS[usize::from(expect)]));
            let question = if on_channel { channel.request(ask) } else { tao.request(ask) };
            let request = question.expect(expect).timeout(Duration::from_secs(5));
            let reply = if fate == 0 { request.abort_unanswered() } else { request }.start();
            match fate {
                // Given up at once.
                1 => drop(reply),
                _ => replies.push((expect, reply, Vec::new())),
            }
        }
        let look = |replies: &mut Vec<(_, Reply, Vec<String>)>| {
            for (_, reply, ends) in replies {
                if let Some(end) = reply.answer() {
                    ends.push(match end {
                        Ok(context) => context.to_string(),
                        Err(error) => error.to_string(),
                    });
                }
            }
        };
        look(&mut replies);
        runtime.run_until_stalled();
        look(&mut replies);
        clock.advance(Duration::from_secs(5));
        runtime.run_until_stalled();
        look(&mut replies);
        // Late answers change nothing.
        tao.set(signal("0"));
        runtime.run_until_stalled();
        look(&mut replies);
        for (expect, reply, ends) in &replies {
            prop_assert!(!ends.is_empty(), "{reply:?} has not ended");
            prop_assert!(ends.iter().all(|end| end == &ends[0]), "{ends:?} is more than one end");
            if let Some(Ok(context)) = reply.answer() {
                prop_assert!(trine_tao::Pattern::from(*expect).matches(context.trigram()));
            }
        }
        for (_, reply, _) in &replies {
            reply.cascade().abort("the test is over");
        }
        store.runs().abort_all("the test is over");
        runtime.run_until_stalled();
        drop(replies);
        runtime.run_until_stalled();
        prop_assert_eq!(store.runs().len(), 0);
        prop_assert_eq!(alive.load(Ordering::Relaxed), 0);
    }
}
