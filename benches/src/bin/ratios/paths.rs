//! TAO-Paths from 10 to 100,000 rows: what each row costs, beside what it costs in a document of 10.

use crate::Row;
use std::{fmt::Write, hint::black_box};
use trine_benches::Workload;
use trine_tao::path::{Checks, Document, Graph, Picture};

const SIZES: [u64; 4] = [100, 1_000, 10_000, 100_000];

pub(crate) fn rows(rows: &mut Vec<Row>) {
    type Work = fn(u64) -> Workload<'static>;
    let works: [(&str, Work); 5] =
        [("read", read), ("format", format), ("check", check), ("diff", diff), ("draw", draw)];
    for (name, work) in works {
        for size in SIZES {
            let row = Row::new(
                format!("curve/path-{name}/{size}"),
                move || work(size),
                "self/10",
                move || work(10),
            );
            rows.push(row.per_part((size, 10)));
        }
    }
}

/// One table with so many rows: a long line with branches, forks, gates and references back and forth.
fn table(rows: u64) -> String {
    let mut text = String::from(
        "### TAO-Path: Long\n\n| # | chain | Term | Action | Orient | mode | handler spec |\n|-|-|-|-|-|-|-|\n\
         | 0 | go | `T0` | `Do` | `Portal` | `=>` | begin |\n",
    );
    for row in 1..rows {
        let (chain, mode, spec) = match row % 8 {
            1 => (String::from("`+=>`"), "`=>/`", String::from("beside")),
            2 => (
                std::format!("`\\l{row}:=>`"),
                "`=>`",
                std::format!("a branch, on with [^l{}]", row + 8),
            ),
            3 => (
                String::from("`=>`"),
                "`=>`",
                std::format!("this way [^l{}]<br/>! that way [^l2]", row - 1),
            ),
            5 => (String::from("`=>`"), "`=>!`", String::from("a gate")),
            6 => (String::new(), "`=>`", String::from("what it guards")),
            _ => (String::from("`=>`"), "`=>`", String::from("on")),
        };
        let term = if row % 8 == 6 { row - 1 } else { row };
        let _ =
            writeln!(text, "| {row} | {chain} | `T{term}` | `Do` | `Portal` | {mode} | {spec} |");
    }
    text
}

fn document(rows: u64) -> Document {
    Document::read("long.md", &table(rows))
}

fn read(rows: u64) -> Workload<'static> {
    let text = table(rows);
    Box::new(move |n| {
        for _ in 0..n {
            let document = Document::read("long.md", black_box(&text));
            assert_eq!(document.paths().next().map_or(0, |path| path.rows.len() as u64), rows);
        }
    })
}

fn format(rows: u64) -> Workload<'static> {
    let text = table(rows);
    Box::new(move |n| {
        for _ in 0..n {
            black_box(Document::format("long.md", black_box(&text))).expect("it can be read");
        }
    })
}

fn check(rows: u64) -> Workload<'static> {
    let document = document(rows);
    Box::new(move |n| {
        for _ in 0..n {
            black_box(Checks::new().of(&[black_box(&document)]));
        }
    })
}

fn diff(rows: u64) -> Workload<'static> {
    let (one, two): (Graph, Graph) = (document(rows).graph(), document(rows / 2 + 1).graph());
    Box::new(move |n| {
        for _ in 0..n {
            black_box(black_box(&one).diff(&two));
        }
    })
}

fn draw(rows: u64) -> Workload<'static> {
    let graph = document(rows).graph();
    Box::new(move |n| {
        for _ in 0..n {
            black_box(Picture::of(black_box(&graph)).to_svg());
        }
    })
}
