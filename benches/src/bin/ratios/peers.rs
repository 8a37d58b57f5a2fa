//! The propagation workload in the peers' own terms.

use crate::propagate::Tally;
use trine_benches::Workload;

pub(crate) fn alien_signals(width: usize, height: usize) -> Workload<'static> {
    use alien_signals::{computed, effect, signal};
    let source = signal(0_u64);
    let tally = Tally::new(width);
    for _ in 0..width {
        let first = source;
        let mut last = computed(move |_: Option<&u64>| first.get() + 1);
        for _ in 1..height {
            let before = last;
            last = computed(move |_: Option<&u64>| before.get() + 1);
        }
        let (tally, end) = (tally.clone(), last);
        let _keep = effect(move || tally.note(end.get()));
    }
    let mut value = 0;
    Box::new(move |n| {
        tally.start();
        for _ in 0..n {
            value += 1;
            source.set(value);
        }
        tally.check(n, value + height as u64);
    })
}

pub(crate) fn sycamore(width: usize, height: usize) -> Workload<'static> {
    use sycamore_reactive::{create_effect, create_memo, create_root, create_signal};
    let tally = Tally::new(width);
    let mut source = None;
    let root = create_root(|| {
        let signal = create_signal(0_u64);
        source = Some(signal);
        for _ in 0..width {
            let mut last = create_memo(move || signal.get() + 1);
            for _ in 1..height {
                let before = last;
                last = create_memo(move || before.get() + 1);
            }
            let (tally, end) = (tally.clone(), last);
            create_effect(move || tally.note(end.get()));
        }
    });
    let source = source.expect("made in the root");
    let mut value = 0;
    Box::new(move |n| {
        root.run_in(|| {
            tally.start();
            for _ in 0..n {
                value += 1;
                source.set(value);
            }
            tally.check(n, value + height as u64);
        });
    })
}

pub(crate) fn reactive_graph(width: usize, height: usize) -> Workload<'static> {
    use reactive_graph::{
        computed::ArcMemo,
        effect::ImmediateEffect,
        owner::Owner,
        signal::ArcRwSignal,
        traits::{Get, Set},
    };
    let owner = Owner::new();
    owner.set();
    let source = ArcRwSignal::new(0_u64);
    let tally = Tally::new(width);
    let mut effects = Vec::new();
    for _ in 0..width {
        let first = source.clone();
        let mut last = ArcMemo::new(move |_| first.get() + 1);
        for _ in 1..height {
            let before = last.clone();
            last = ArcMemo::new(move |_| before.get() + 1);
        }
        let (tally, end) = (tally.clone(), last);
        effects.push(ImmediateEffect::new(move || tally.note(end.get())));
    }
    let mut value = 0;
    Box::new(move |n| {
        let _keep = (&owner, &effects);
        tally.start();
        for _ in 0..n {
            value += 1;
            source.set(value);
        }
        tally.check(n, value + height as u64);
    })
}

pub(crate) fn floem(width: usize, height: usize) -> Workload<'static> {
    use floem_reactive::{Scope, SignalGet, SignalUpdate, create_effect, with_scope};
    let scope = Scope::new();
    let tally = Tally::new(width);
    let source = scope.create_rw_signal(0_u64);
    with_scope(scope, || {
        for _ in 0..width {
            let mut last = scope.create_memo(move |_| source.get() + 1);
            for _ in 1..height {
                let before = last;
                last = scope.create_memo(move |_| before.get() + 1);
            }
            let (tally, end) = (tally.clone(), last);
            create_effect(move |_| tally.note(end.get()));
        }
    });
    let mut value = 0;
    Box::new(move |n| {
        tally.start();
        for _ in 0..n {
            value += 1;
            source.set(value);
        }
        tally.check(n, value + height as u64);
    })
}
