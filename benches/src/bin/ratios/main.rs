//! Every workload against its peers, interleaved in one process: a line per row, tab-separated,
//! `workload  trine_ns  peer  peer_ns  ratio` (medians; ratio = trine / peer; rows `bytes/` count bytes instead).
//!
//! `cargo run --release -p trine-benches --features peers --bin ratios [-- FILTER]`
//!
//! FILTER is a part of `workload peer`. Every row goes through public API in the shipped default configuration and
//! asserts what was observed. What the rows do is said where they are made, a file per group.

#![forbid(unsafe_code)]

mod atoms;
mod bytes;
mod cells;
mod curves;
mod dynamic;
mod floors;
mod lists;
mod paths;
mod peers;
mod propagate;
mod requests;
mod runs;
mod streams;
mod tao;
mod threads;
mod thunks;

use trine_benches::{Pair, Timer, Workload, compare, timed};

/// A row of the table.
struct Row {
    /// What is done.
    workload: String,
    /// Who else does it.
    peer: &'static str,
    /// Does the measuring; nothing if this machine cannot.
    measure: Box<dyn FnOnce() -> Option<Pair>>,
}

impl Row {
    /// A row of two workloads, made when the row is measured.
    fn new(
        workload: impl Into<String>,
        subject: impl FnOnce() -> Workload<'static> + 'static,
        peer: &'static str,
        rival: impl FnOnce() -> Workload<'static> + 'static,
    ) -> Self {
        Self::clocked(workload, || timed(subject()), peer, || timed(rival()))
    }

    /// A row of two workloads that keep their own time.
    fn clocked(
        workload: impl Into<String>,
        subject: impl FnOnce() -> Timer<'static> + 'static,
        peer: &'static str,
        rival: impl FnOnce() -> Timer<'static> + 'static,
    ) -> Self {
        let measure = move || Some(compare(subject(), rival()));
        Self { workload: workload.into(), peer, measure: Box::new(measure) }
    }

    /// The same row, in nanoseconds per part of the work: the subject's has `parts.0` of them, the peer's `parts.1`.
    fn per_part(self, parts: (u64, u64)) -> Self {
        let measure = move || {
            let Pair { subject, peer } = (self.measure)()?;
            Some(Pair { subject: subject / parts.0 as f64, peer: peer / parts.1 as f64 })
        };
        Self { measure: Box::new(measure), ..self }
    }
}

fn main() {
    let filter = std::env::args().nth(1).unwrap_or_default();
    let mut rows = Vec::new();
    cells::rows(&mut rows);
    streams::rows(&mut rows);
    lists::rows(&mut rows);
    propagate::rows(&mut rows);
    dynamic::rows(&mut rows);
    threads::rows(&mut rows);
    curves::rows(&mut rows);
    paths::rows(&mut rows);
    runs::rows(&mut rows);
    atoms::rows(&mut rows);
    thunks::rows(&mut rows);
    tao::rows(&mut rows);
    requests::rows(&mut rows);
    bytes::rows(&mut rows);
    println!("workload\ttrine_ns\tpeer\tpeer_ns\tratio");
    let mut shown = 0;
    for row in rows {
        let Row { workload, peer, measure } = row;
        if !format!("{workload} {peer}").contains(&filter) {
            continue;
        }
        shown += 1;
        match measure() {
            Some(pair) if peer == "none" => {
                println!("{workload}\t{:.1}\t{peer}\t-\t-", pair.subject);
            }
            Some(pair) => println!(
                "{workload}\t{:.1}\t{peer}\t{:.1}\t{:.3}",
                pair.subject,
                pair.peer,
                pair.ratio()
            ),
            None => println!("{workload}\t-\t{peer}\t-\t-"),
        }
    }
    if shown == 0 {
        eprintln!("no row matches `{filter}`");
        std::process::exit(1);
    }
}
