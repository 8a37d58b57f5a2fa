//! Memory: bytes per thing over 1,000,000 of them (100,000 runs), the room for handles that own something included.
//!
//! They are counted by the program in `src/bin/bytes`, in whose processes every allocation is counted; here, where things
//! are timed, none is. Cargo, which has built this program, builds that one too. Without it the rows are empty.

use crate::Row;
use std::process::Command;
use trine_benches::Pair;

pub(crate) fn rows(rows: &mut Vec<Row>) {
    let mut row = |workload: &'static str, peer: &'static str| {
        let measure = move || {
            let subject = count(workload, "trine")?;
            let rival = if peer == "none" { 0.0 } else { count(workload, peer)? };
            Some(Pair { subject, peer: rival })
        };
        rows.push(Row { workload: workload.to_owned(), peer, measure: Box::new(measure) });
    };
    row("bytes/cell", "reactive_graph");
    row("bytes/derived", "reactive_graph");
    row("bytes/subscription", "reactive_graph");
    row("bytes/run", "tokio-spawn");
    row("bytes/thunk", "none");
    row("bytes/family-atom", "none");
    row("bytes/unhandled-signal", "none");
    row("bytes/request", "none");
}

/// What one side comes to, counted in a process of its own.
fn count(workload: &str, side: &str) -> Option<f64> {
    // Next to this program's own folder, so that nothing is built twice.
    let target = std::env::current_exe().ok()?.parent()?.parent()?.to_owned();
    let output = Command::new(env!("CARGO"))
        .args(["run", "--quiet", "--release", "--locked", "--package", "trine-benches"])
        .args(["--features", "peers", "--bin", "bytes", "--target-dir"])
        .arg(target)
        .args(["--manifest-path", concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml")])
        .args(["--", workload, side])
        .output()
        .ok()?;
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).ok()?.trim().parse().ok()
}
