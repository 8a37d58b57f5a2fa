//! What a change costs: steps of marking and pulling, counted.

use crate::{Derived, Reader, Source, Store};

/// Links of a chain.
const LINKS: u64 = 500;

/// A chain: the derivation of each link is handed the source and the link before it.
fn chain(
    store: &Store,
    links: u64,
    link: fn(&mut Reader<'_>, Source<u64>, Option<Derived<u64>>) -> u64,
) -> (Source<u64>, Derived<u64>) {
    let source = store.source(0);
    let mut last = None;
    for _ in 0..links {
        let before = last;
        let next = store.derived(move |cx| link(cx, source, before));
        store.warm([next]);
        last = Some(next);
    }
    (source, last.expect("a link"))
}

/// How many steps a write and a read of the last link come to.
fn steps(
    links: u64,
    observed: bool,
    link: fn(&mut Reader<'_>, Source<u64>, Option<Derived<u64>>) -> u64,
) -> u64 {
    let store = Store::new();
    let (source, last) = chain(&store, links, link);
    let _guard = observed.then(|| store.subscribe(last, |_| {}));
    let before = store.demand(|graph| graph.steps.get());
    store.set(source, 1);
    store.get(last);
    store.demand(|graph| graph.steps.get()) - before
}

/// Asserts that each further link costs the same.
fn is_linear(link: fn(&mut Reader<'_>, Source<u64>, Option<Derived<u64>>) -> u64) {
    for observed in [false, true] {
        let [a, b, c] = [LINKS, 2 * LINKS, 4 * LINKS].map(|links| steps(links, observed, link));
        assert_eq!(c - b, 2 * (b - a), "observed: {observed}");
        assert!(c <= 4 * LINKS * 10, "{c} steps for {} links", 4 * LINKS);
    }
}

#[test]
#[cfg_attr(miri, ignore = "too much for an interpreter")]
fn a_chain_of_derivations_costs_the_same_for_each_further_link() {
    is_linear(|cx, source, before| match before {
        None => cx.get(source),
        Some(before) => cx.get(before) + 1,
    });
}

#[test]
#[cfg_attr(miri, ignore = "too much for an interpreter")]
fn so_does_one_whose_links_read_the_source_as_well() {
    is_linear(|cx, source, before| {
        cx.get(source) + before.map_or(0, |before| cx.get(before) % 1_000)
    });
}

#[test]
#[cfg_attr(miri, ignore = "too much for an interpreter")]
fn a_chain_that_is_cut_off_costs_no_more_than_its_length() {
    is_linear(|cx, source, before| match before {
        None => cx.get(source) / 10,
        Some(before) => cx.get(before) + 1,
    });
}
