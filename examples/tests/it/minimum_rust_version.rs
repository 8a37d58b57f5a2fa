//! The minimum Rust version that the libraries state is not exceeded by what they depend on.

use std::{
    collections::{HashMap, HashSet},
    process::Command,
};

use serde_json::Value;

const LIBRARIES: [&str; 4] = ["trine-core", "trine-atoms", "trine-thunks", "trine-tao"];

/// `1.88` or `1.88.0` as numbers that compare.
fn version(text: &str) -> Vec<u32> {
    text.split('.').map(|part| part.parse().expect("a number")).collect()
}

#[test]
fn no_dependency_of_the_libraries_needs_a_newer_compiler_than_they_state() {
    // Only what is needed here: a clone has not fetched other platforms' packages.
    let rustc = Command::new("rustc").arg("-vV").output().expect("rustc runs");
    let rustc = String::from_utf8(rustc.stdout).expect("text");
    let host = rustc.lines().find_map(|line| line.strip_prefix("host: ")).expect("a host");
    let metadata = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version=1", "--locked", "--filter-platform", host])
        .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
        .output()
        .expect("cargo runs");
    assert!(metadata.status.success(), "{}", String::from_utf8_lossy(&metadata.stderr));
    let metadata: Value = serde_json::from_slice(&metadata.stdout).expect("JSON");
    let list = |value: &Value| value.as_array().expect("a list").clone();
    let text = |value: &Value| value.as_str().expect("text").to_owned();

    let packages: HashMap<_, _> = list(&metadata["packages"])
        .into_iter()
        .map(|package| (text(&package["id"]), package))
        .collect();
    let nodes: HashMap<_, _> = list(&metadata["resolve"]["nodes"])
        .into_iter()
        .map(|node| (text(&node["id"]), list(&node["deps"])))
        .collect();
    let is_library = |id: &&String| LIBRARIES.contains(&text(&packages[*id]["name"]).as_str());
    let mut pending: Vec<_> = packages.keys().filter(is_library).cloned().collect();
    assert_eq!(pending.len(), LIBRARIES.len());
    let stated = version(&text(&packages[&pending[0]]["rust_version"]));
    let mut seen: HashSet<_> = pending.iter().cloned().collect();
    while let Some(id) = pending.pop() {
        let package = &packages[&id];
        if let Some(needs) = package["rust_version"].as_str() {
            let name = &package["name"];
            assert!(version(needs) <= stated, "{name} needs Rust {needs}, more than {stated:?}");
        }
        for dependency in &nodes[&id] {
            // Neither development dependencies nor the configurations of the checkers of interleavings.
            let normal = list(&dependency["dep_kinds"]).into_iter().any(|kind| {
                let target = kind["target"].as_str().unwrap_or_default();
                kind["kind"].as_str() != Some("dev") && !target.contains("cfg(trine_")
            });
            let id = text(&dependency["pkg"]);
            if normal && seen.insert(id.clone()) {
                pending.push(id);
            }
        }
    }
    assert!(seen.len() > 10, "the dependencies were walked");
}
