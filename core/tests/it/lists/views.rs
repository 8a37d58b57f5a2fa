//! Views: how much they work, and what they tell.

use super::{Counter, capacity, follow_view};
use trine_core::{ListAdapter, ListDiff, ListFilter, ListMap, ListSort, Store};

const MANY: usize = 100_000;
/// More than a search in so many elements may compare.
const SEARCH: usize = 64;

#[test]
#[cfg_attr(miri, ignore = "too much for an interpreter")]
fn a_filter_tests_an_element_when_it_comes_or_is_replaced_and_no_other() {
    let tests = Counter::default();
    let counted = tests.clone();
    let mut view = ListFilter::new(move |n: &usize| {
        counted.add();
        n.is_multiple_of(3)
    });
    view.apply(ListDiff::Reset { values: (0..MANY).collect() });
    assert_eq!(tests.take(), MANY);
    for (diff, calls, told) in [
        (ListDiff::Push { value: 3 }, 1, vec![ListDiff::Push { value: 3 }]),
        (ListDiff::Push { value: 4 }, 1, vec![]),
        (
            ListDiff::Insert { index: 50_001, value: 6 },
            1,
            vec![ListDiff::Insert { index: 16_667, value: 6 }],
        ),
        (
            ListDiff::Set { index: 50_001, value: 9 },
            1,
            vec![ListDiff::Set { index: 16_667, value: 9 }],
        ),
        (ListDiff::Set { index: 50_001, value: 8 }, 1, vec![ListDiff::Remove { index: 16_667 }]),
        (
            ListDiff::Set { index: 50_001, value: 6 },
            1,
            vec![ListDiff::Insert { index: 16_667, value: 6 }],
        ),
        (ListDiff::Move { from: 50_001, to: 0 }, 0, vec![ListDiff::Move { from: 16_667, to: 0 }]),
        (ListDiff::Move { from: 2, to: MANY }, 0, vec![]),
        (ListDiff::Remove { index: 0 }, 0, vec![ListDiff::Remove { index: 0 }]),
        (ListDiff::Truncate { len: 99_999 }, 0, vec![ListDiff::Truncate { len: 33_334 }]),
        (ListDiff::Clear, 0, vec![ListDiff::Clear]),
        (ListDiff::Clear, 0, vec![]),
    ] {
        let shown = format!("{diff:?}");
        assert_eq!((view.apply(diff), tests.take()), (told, calls), "{shown}");
    }
}

#[test]
#[cfg_attr(miri, ignore = "too much for an interpreter")]
fn a_map_calls_once_per_element_that_comes() {
    let calls = Counter::default();
    let counted = calls.clone();
    let mut view = ListMap::new(move |n: usize| {
        counted.add();
        n + 1
    });
    view.apply(ListDiff::Reset { values: (0..MANY).collect() });
    assert_eq!(calls.take(), MANY);
    assert_eq!(view.apply(ListDiff::Push { value: 1 }), [ListDiff::Push { value: 2 }]);
    assert_eq!(
        view.apply(ListDiff::Set { index: 7, value: 1 }),
        [ListDiff::Set { index: 7, value: 2 }]
    );
    assert_eq!(calls.take(), 2);
    view.apply(ListDiff::Move { from: 1, to: 2 });
    view.apply(ListDiff::Remove { index: 1 });
    view.apply(ListDiff::Truncate { len: 1 });
    assert_eq!(calls.take(), 0);
}

#[test]
#[cfg_attr(miri, ignore = "too much for an interpreter")]
fn a_sort_compares_as_often_as_a_search_needs() {
    let compared = Counter::default();
    let counted = compared.clone();
    let mut view = ListSort::new(move |a: &usize, b: &usize| {
        counted.add();
        a.cmp(b)
    });
    // In an order that looks random.
    view.apply(ListDiff::Reset { values: (0..MANY).map(|n| n * 7_919 % MANY * 2).collect() });
    assert!(compared.take() < MANY * 20);
    let place = |told: Vec<ListDiff<usize>>| match &told[..] {
        [ListDiff::Insert { index, .. }] | [ListDiff::Remove { index }] => *index,
        other => panic!("{other:?}"),
    };
    assert_eq!(place(view.apply(ListDiff::Push { value: 20_001 })), 10_001);
    assert!(compared.take() <= SEARCH);
    assert_eq!(place(view.apply(ListDiff::Insert { index: 5, value: 7 })), 4);
    assert!(compared.take() <= SEARCH);
    assert_eq!(
        view.apply(ListDiff::Set { index: 5, value: 199_999 }),
        [
            ListDiff::Move { from: 4, to: MANY + 1 },
            ListDiff::Set { index: MANY + 1, value: 199_999 }
        ]
    );
    assert!(compared.take() <= SEARCH);
    assert_eq!(view.apply(ListDiff::Move { from: 5, to: 80_000 }), []);
    assert!(compared.take() <= SEARCH);
    assert_eq!(place(view.apply(ListDiff::Remove { index: 80_000 })), MANY + 1);
    assert_eq!(view.apply(ListDiff::Truncate { len: MANY - 9 }).len(), 10);
    assert_eq!(view.apply(ListDiff::Truncate { len: 0 }), [ListDiff::Clear]);
    assert_eq!(compared.take(), 0);
}

#[test]
#[cfg_attr(miri, ignore = "too much for an interpreter")]
fn searches_stay_short_whatever_the_order_in_which_elements_come() {
    for descending in [false, true] {
        let compared = Counter::default();
        let counted = compared.clone();
        let mut view = ListSort::new(move |a: &usize, b: &usize| {
            counted.add();
            a.cmp(b)
        });
        for n in 0..MANY {
            view.apply(ListDiff::Push { value: if descending { MANY - n } else { n } });
        }
        assert!(compared.take() < MANY * 40);
    }
}

#[test]
fn equal_elements_stay_in_the_order_of_the_list() {
    let mut view = ListSort::new(|a: &(u8, char), b: &(u8, char)| a.0.cmp(&b.0));
    view.apply(ListDiff::Reset { values: vec![(1, 'a'), (0, 'b'), (1, 'c'), (1, 'd')] });
    assert_eq!(view.apply(ListDiff::Move { from: 0, to: 3 }), [ListDiff::Move { from: 1, to: 3 }]);
    assert_eq!(
        view.apply(ListDiff::Insert { index: 2, value: (1, 'e') }),
        [ListDiff::Insert { index: 2, value: (1, 'e') }]
    );
    assert_eq!(
        view.apply(ListDiff::Set { index: 2, value: (1, 'f') }),
        [ListDiff::Set { index: 2, value: (1, 'f') }]
    );
}

#[test]
#[cfg_attr(miri, ignore = "too much for an interpreter")]
fn a_view_of_a_view_works_as_little_as_both() {
    let (store, tests, compared) = (Store::new(), Counter::default(), Counter::default());
    let list = store.list((0..MANY).collect::<Vec<_>>());
    let (testing, comparing) = (tests.clone(), compared.clone());
    let mut view = store
        .diffs(list, capacity(16))
        .map(|n| n % 1_000)
        .sort_by(move |a, b| {
            comparing.add();
            a.cmp(b)
        })
        .filter(move |n| {
            testing.add();
            n % 2 == 0
        });
    let mut shown = Vec::new();
    follow_view(&mut view, &mut shown);
    assert_eq!((shown.len(), tests.take()), (MANY / 2, MANY));
    compared.take();
    store.edit(list, |list| {
        list.push(4_000);
        list.remove(17);
    });
    follow_view(&mut view, &mut shown);
    assert_eq!((shown.len(), tests.take()), (MANY / 2 + 1, 1));
    assert!(compared.take() <= SEARCH);
}

#[test]
fn a_batch_that_does_not_concern_the_view_does_not_come() {
    let store = Store::new();
    let list = store.list([1, 2, 3]);
    let mut view = store.diffs(list, capacity(8)).filter(|n| *n > 100);
    assert_eq!(view.try_next(), Some(vec![ListDiff::Reset { values: vec![] }]));
    store.edit(list, |list| list.push(4));
    store.edit(list, |list| list.push(101));
    store.edit(list, |list| list.swap(0, 2));
    assert_eq!(view.try_next(), Some(vec![ListDiff::Push { value: 101 }]));
    assert_eq!(view.try_next(), None);
}
