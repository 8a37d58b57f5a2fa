//! The shapes, over a library's graph: see `dynamic.rs`.

use super::library::{Derived, Graph, Input, Source};
use std::{
    hint::black_box,
    sync::{
        Arc,
        atomic::{AtomicI64, AtomicU64, Ordering::Relaxed},
    },
};
use trine_benches::Workload;

/// What the observers of a shape have heard.
#[derive(Clone, Default)]
struct Heard {
    times: Arc<AtomicU64>,
    last: Arc<AtomicI64>,
}

impl Heard {
    /// Has the observers of `cell` counted.
    fn by(&self, graph: &Graph, cell: Derived<i64>) {
        let heard = self.clone();
        graph.observe(cell, move |value| {
            // Plain stores: every observer runs on the measuring thread.
            heard.times.store(heard.times.load(Relaxed) + 1, Relaxed);
            heard.last.store(value, Relaxed);
        });
    }

    fn start(&self) {
        self.times.store(0, Relaxed);
    }

    fn times(&self) -> u64 {
        self.times.load(Relaxed)
    }

    fn last(&self) -> i64 {
        self.last.load(Relaxed)
    }
}

/// A shape with one source: each unit writes the next number to it and reads `result`, which is `expected` of that number
/// and which `observers` are told of.
fn drive(
    graph: Graph,
    head: Source<i64>,
    result: Derived<i64>,
    heard: Heard,
    observers: u64,
    expected: impl Fn(i64) -> i64 + 'static,
) -> Workload<'static> {
    let mut number = 0;
    Box::new(move |n| {
        heard.start();
        for _ in 0..n {
            number += 1;
            graph.set(head, number);
            assert_eq!(graph.get(result), expected(number), "value");
        }
        assert_eq!(heard.times(), n * observers, "notifications");
        if observers > 0 {
            assert_eq!(heard.last(), expected(number), "value heard");
        }
    })
}

/// Work that would be done in vain.
fn busy() {
    for number in 0..100 {
        black_box(number);
    }
}

/// Five derivations in a row, the second of which is always 0: the heavy third one and the observer have nothing to do.
pub(crate) fn avoidable() -> Workload<'static> {
    let (graph, heard) = (Graph::new(), Heard::default());
    let head = graph.source(0);
    let first = graph.derived(move |cx| cx.get(head));
    let second = graph.derived(move |cx| {
        cx.get(first);
        0
    });
    let third = graph.derived(move |cx| {
        busy();
        cx.get(second) + 1
    });
    let fourth = graph.derived(move |cx| cx.get(third) + 2);
    let fifth = graph.derived(move |cx| cx.get(fourth) + 3);
    heard.by(&graph, fifth);
    drive(graph, head, fifth, heard, 0, |_| 6)
}

/// Fifty pairs of derivations of one source, each with an observer.
pub(crate) fn broad() -> Workload<'static> {
    let (graph, heard) = (Graph::new(), Heard::default());
    let head = graph.source(0);
    let mut last = None;
    for number in 0..50 {
        let first = graph.derived(move |cx| cx.get(head) + number);
        let second = graph.derived(move |cx| cx.get(first) + 1);
        heard.by(&graph, second);
        last = Some(second);
    }
    drive(graph, head, last.expect("there are fifty"), heard, 50, |number| number + 50)
}

/// Fifty derivations in a row.
pub(crate) fn deep() -> Workload<'static> {
    let (graph, heard) = (Graph::new(), Heard::default());
    let head = graph.source(0);
    let mut last = graph.derived(move |cx| cx.get(head) + 1);
    for _ in 1..50 {
        let before = last;
        last = graph.derived(move |cx| cx.get(before) + 1);
    }
    heard.by(&graph, last);
    drive(graph, head, last, heard, 1, |number| number + 50)
}

/// Five derivations of one source, and their sum.
pub(crate) fn diamond() -> Workload<'static> {
    let (graph, heard) = (Graph::new(), Heard::default());
    let head = graph.source(0);
    let sides: Vec<_> = (0..5).map(|_| graph.derived(move |cx| cx.get(head) + 1)).collect();
    let sum = graph.derived(move |cx| sides.iter().map(|&side| cx.get(side)).sum::<i64>());
    heard.by(&graph, sum);
    drive(graph, head, sum, heard, 1, |number| (number + 1) * 5)
}

/// What is made anew at each run and never equal to what was there before.
#[derive(Clone)]
struct Fresh(Arc<[i64]>);

impl PartialEq for Fresh {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

/// A hundred sources collected into one value, from which a hundred derivations take one each; one of ten sources changes.
pub(crate) fn mux() -> Workload<'static> {
    let (graph, heard) = (Graph::new(), Heard::default());
    let heads: Vec<_> = (0..100).map(|_| graph.source(0)).collect();
    let inputs = heads.clone();
    let all = graph.derived(move |cx| Fresh(inputs.iter().map(|&head| cx.get(head)).collect()));
    let ends: Vec<_> = (0..100)
        .map(|place| {
            let one = graph.derived(move |cx| cx.get(all).0[place]);
            graph.derived(move |cx| cx.get(one) + 1)
        })
        .collect();
    for &end in &ends {
        heard.by(&graph, end);
    }
    let mut number = 0;
    Box::new(move |n| {
        heard.start();
        for _ in 0..n {
            number += 1;
            let place = (number % 10) as usize;
            graph.set(heads[place], number);
            assert_eq!(graph.get(ends[place]), number + 1, "value");
        }
        assert_eq!(heard.times(), n, "notifications");
    })
}

/// One derivation that reads its source thirty times.
pub(crate) fn repeated() -> Workload<'static> {
    let (graph, heard) = (Graph::new(), Heard::default());
    let head = graph.source(0);
    let sum = graph.derived(move |cx| (0..30).map(|_| cx.get(head)).sum::<i64>());
    heard.by(&graph, sum);
    drive(graph, head, sum, heard, 1, |number| number * 30)
}

/// Ten derivations in a row, and the sum of the source and the first nine of them.
pub(crate) fn triangle() -> Workload<'static> {
    let (graph, heard) = (Graph::new(), Heard::default());
    let head = graph.source(0);
    let mut row = vec![graph.derived(move |cx| cx.get(head) + 1)];
    for place in 1..9 {
        let before = row[place - 1];
        row.push(graph.derived(move |cx| cx.get(before) + 1));
    }
    let sum =
        graph.derived(move |cx| cx.get(head) + row.iter().map(|&cell| cx.get(cell)).sum::<i64>());
    heard.by(&graph, sum);
    drive(graph, head, sum, heard, 1, |number| 45 + number * 10)
}

/// One derivation that reads one of two others twenty times, and at each change the other one.
pub(crate) fn unstable() -> Workload<'static> {
    let (graph, heard) = (Graph::new(), Heard::default());
    let head = graph.source(0);
    let double = graph.derived(move |cx| cx.get(head) * 2);
    let inverse = graph.derived(move |cx| -cx.get(head));
    let sum = graph.derived(move |cx| {
        (0..20)
            .map(|_| if cx.get(head) % 2 == 0 { cx.get(inverse) } else { cx.get(double) })
            .sum::<i64>()
    });
    heard.by(&graph, sum);
    drive(graph, head, sum, heard, 1, |number| number * if number % 2 == 0 { -20 } else { 40 })
}

/// What the four cells of the next layer are.
fn next_layer([a, b, c, d]: [i64; 4]) -> [i64; 4] {
    [b, a - c, b + d, c]
}

fn build_layer<C: Input>(graph: &Graph, [a, b, c, d]: [C; 4]) -> [Derived<i64>; 4] {
    [
        graph.derived(move |cx| cx.get(b)),
        graph.derived(move |cx| cx.get(a) - cx.get(c)),
        graph.derived(move |cx| cx.get(b) + cx.get(d)),
        graph.derived(move |cx| cx.get(c)),
    ]
}

/// cellx: four sources under layers of four derivations, all observed. The last four are read, the sources written
/// in one batch, and the last four read again.
pub(crate) fn cellx(layers: usize) -> Workload<'static> {
    const STARTS: [[i64; 4]; 2] = [[1, 2, 3, 4], [4, 3, 2, 1]];
    let (graph, heard) = (Graph::new(), Heard::default());
    let sources = STARTS[0].map(|value| graph.source(value));
    let mut layer = build_layer(&graph, sources);
    let mut ends = STARTS.map(next_layer);
    let mut changes = 0;
    for number in 0..layers {
        if number > 0 {
            layer = build_layer(&graph, layer);
            ends = ends.map(next_layer);
        }
        layer.iter().for_each(|&cell| heard.by(&graph, cell));
        changes += ends[0].iter().zip(&ends[1]).filter(|(one, other)| one != other).count() as u64;
    }
    let mut side = 0;
    Box::new(move |n| {
        heard.start();
        for _ in 0..n {
            assert_eq!(layer.map(|cell| graph.get(cell)), ends[side], "values before");
            side = 1 - side;
            graph.set_all(&sources, &STARTS[side]);
            assert_eq!(layer.map(|cell| graph.get(cell)), ends[side], "values after");
        }
        assert_eq!(heard.times(), n * changes, "notifications");
    })
}

/// A layered graph: `width` sources under `height - 1` rows of as many derivations, each of which sums up `fan`
/// neighbours below; all but `fixed` in a hundred leave one of them out, depending on the first. An observer sums up the last row.
/// Each unit writes one source and reads the last row.
pub(crate) fn layers(width: usize, height: usize, fan: usize, fixed: u64) -> Workload<'static> {
    let (graph, heard) = (Graph::new(), Heard::default());
    let sources: Vec<_> = (0..width).map(|value| graph.source(value as i64)).collect();
    let mut random = 1_u64;
    let mut plan = Vec::new();
    let mut row = build_row(&graph, &sources, fan, fixed, &mut random, &mut plan);
    for _ in 2..height {
        row = build_row(&graph, &row, fan, fixed, &mut random, &mut plan);
    }
    let leaves = row.clone();
    let sum = graph.derived(move |cx| row.iter().map(|&leaf| cx.get(leaf)).sum::<i64>());
    heard.by(&graph, sum);

    let mut values: Vec<_> = (0..width as i64).collect();
    let mut before = graph.get(sum);
    let mut number = width;
    let mut turns = 0;
    Box::new(move |n| {
        heard.start();
        let mut changes = 0;
        for _ in 0..n {
            let place = number % width;
            let value = (number + place) as i64;
            number += 1;
            values[place] = value;
            graph.set(sources[place], value);
            let total = leaves.iter().map(|&leaf| graph.get(leaf)).sum();
            changes += u64::from(total != before);
            before = total;
        }
        assert_eq!(heard.times(), changes, "notifications");
        assert_eq!(heard.last(), before, "value heard");
        // So seldom that the median does not pay for it.
        turns += 1;
        if turns % 20 == 1 {
            assert_eq!(before, by_hand(values.clone(), &plan, width, fan), "value");
        }
    })
}

/// A row over `below`; what each derivation is goes into `plan`.
fn build_row<C: Input>(
    graph: &Graph,
    below: &[C],
    fan: usize,
    fixed: u64,
    random: &mut u64,
    plan: &mut Vec<bool>,
) -> Vec<Derived<i64>> {
    (0..below.len())
        .map(|place| {
            let inputs: Vec<C> =
                (0..fan).map(|input| below[(place + input) % below.len()]).collect();
            *random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            let is_fixed = (*random >> 33) % 100 < fixed;
            plan.push(is_fixed);
            graph.derived(move |cx| {
                if is_fixed {
                    return inputs.iter().map(|&input| cx.get(input)).sum();
                }
                let first = cx.get(inputs[0]);
                let left_out = left_out(first, fan);
                let mut sum = first;
                for (place, &input) in inputs.iter().enumerate().skip(1) {
                    if Some(place) != left_out {
                        sum += cx.get(input);
                    }
                }
                sum
            })
        })
        .collect()
}

/// Which input a derivation leaves out when its first one is `first`.
fn left_out(first: i64, fan: usize) -> Option<usize> {
    (first % 2 != 0).then(|| 1 + first as usize % (fan - 1))
}

/// The sum of the last row, computed without any library.
fn by_hand(mut row: Vec<i64>, plan: &[bool], width: usize, fan: usize) -> i64 {
    for fixed in plan.chunks(width) {
        row = (0..width)
            .map(|place| {
                let left_out = if fixed[place] { None } else { left_out(row[place], fan) };
                (0..fan)
                    .filter(|&input| Some(input) != left_out)
                    .map(|input| row[(place + input) % width])
                    .sum()
            })
            .collect();
    }
    row.iter().sum()
}
