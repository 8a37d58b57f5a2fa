//! Every workload against its peers, interleaved in one process: a line per row, tab-separated,
//! `workload  trine_ns  peer  peer_ns  ratio` (medians; ratio = trine / peer).
//!
//! `cargo run --release -p trine-benches --features peers --bin ratios [-- FILTER]`
//!
//! Every row goes through public API in the shipped default configuration and asserts what was observed.

#![forbid(unsafe_code)]

mod cells;
mod floors;
mod peers;
mod propagate;
mod runs;

use trine_benches::{Workload, compare};

/// A row of the table.
struct Row {
    /// What is done.
    workload: String,
    /// Trine doing it; made when the row is measured.
    subject: Box<dyn FnOnce() -> Workload<'static>>,
    /// Who else does it.
    peer: &'static str,
    /// The peer doing it.
    rival: Box<dyn FnOnce() -> Workload<'static>>,
}

fn main() {
    let filter = std::env::args().nth(1).unwrap_or_default();
    let mut rows = Vec::new();
    cells::rows(&mut rows);
    propagate::rows(&mut rows);
    runs::rows(&mut rows);
    println!("workload\ttrine_ns\tpeer\tpeer_ns\tratio");
    let mut shown = 0;
    for row in rows {
        if !format!("{} {}", row.workload, row.peer).contains(&filter) {
            continue;
        }
        let pair = compare((row.subject)(), (row.rival)());
        let Row { workload, peer, .. } = row;
        println!("{workload}\t{:.1}\t{peer}\t{:.1}\t{:.3}", pair.subject, pair.peer, pair.ratio());
        shown += 1;
    }
    if shown == 0 {
        eprintln!("no row matches `{filter}`");
        std::process::exit(1);
    }
}
