//! The program itself: what it prints, and its exit codes.

use std::fs;
use std::process::{Command, Output};

use serde_json::Value;
use trine_examples::models;
use trine_examples::service::{Data, Size};

fn portal(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_trine-examples"))
        .args(arguments)
        .env("RUST_BACKTRACE", "1")
        .output()
        .unwrap()
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

fn keys(value: &Value) -> Vec<&str> {
    let mut keys: Vec<_> = value.as_object().unwrap().keys().map(String::as_str).collect();
    // Whether a map keeps the order of insertion depends on other crates' features.
    keys.sort_unstable();
    keys
}

#[test]
fn the_keys_of_the_json_are_stable() {
    let output = portal(&["--json", "--seed", "3"]);
    assert!(output.status.success(), "{}", text(&output.stderr));
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(
        keys(&report),
        [
            "agree",
            "differences",
            "fail_rate",
            "format",
            "latency_ms",
            "models",
            "seed",
            "spaces",
            "users",
        ]
    );
    assert_eq!((&report["format"], &report["agree"]), (&Value::from(1), &Value::from(true)));
    assert_eq!((&report["seed"], &report["users"]), (&Value::from(3), &Value::from(10_000)));
    let models = report["models"].as_array().unwrap();
    assert_eq!(models.len(), models::ALL.len());
    for model in models {
        assert_eq!(
            keys(model),
            ["counts", "dispatch_ns", "file", "idea", "lines_of_code", "name", "scenes",]
        );
        assert_eq!(
            keys(&model["counts"]),
            [
                "commits",
                "notifications",
                "requests_cancelled",
                "requests_dropped_by_service",
                "requests_sent",
                "stale_answers",
            ]
        );
        let scene = &model["scenes"][0];
        assert_eq!(keys(scene), ["end", "name", "requests", "service", "states"]);
        assert_eq!(keys(&scene["service"]), ["completed", "dropped", "received"]);
        assert_eq!(keys(&scene["states"][0]), ["changes", "commit", "ms", "step"]);
        let request = &scene["requests"][0];
        assert_eq!(keys(request), ["ended_ms", "ending", "endpoint", "key", "started_ms"]);
        assert_eq!(keys(&scene["end"]), ["page", "search", "session", "shown", "spaces", "user"]);
    }
}

#[test]
fn every_model_has_its_file_in_the_repository() {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/..");
    for model in models::ALL {
        let file = fs::read_to_string(format!("{root}/{}", model.file)).unwrap();
        assert!(file == model.source, "{}", model.name);
    }
}

#[test]
fn quiet_is_one_line_and_colours_are_for_terminals() {
    let output = portal(&["--quiet"]);
    assert_eq!(text(&output.stdout).lines().count(), 1);
    assert!(text(&output.stdout).starts_with("OK: "));
    assert!(output.stderr.is_empty());
    assert!(!text(&portal(&["--help"]).stdout).contains('\x1b'));
}

#[cfg(target_os = "linux")]
#[test]
fn a_report_that_cannot_be_written_is_an_error() {
    let full = fs::File::create("/dev/full").unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_trine-examples"))
        .args(["--quiet", "--model", "by-hand"])
        .stdout(full)
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).starts_with("error: the report cannot be written: "));
}

#[test]
fn an_unknown_flag_or_model_is_named_and_nothing_runs() {
    for (arguments, named) in
        [(vec!["--colour"], "--colour"), (vec!["--model", "mobx"], "possible values")]
    {
        let output = portal(&arguments);
        assert_eq!(output.status.code(), Some(2));
        assert!(output.stdout.is_empty());
        assert!(text(&output.stderr).contains(named), "{}", text(&output.stderr));
    }
}

#[test]
fn a_data_file_that_cannot_be_used_is_one_message_and_stays_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("portal.redb");
    let path = file.to_str().unwrap();

    fs::write(&file, "dear diary").unwrap();
    let output = portal(&["--data", path]);
    assert_eq!(output.status.code(), Some(2));
    let message = text(&output.stderr);
    assert!(
        message.starts_with("error: the data file") && message.lines().count() == 1,
        "{message}"
    );
    assert_eq!(fs::read_to_string(&file).unwrap(), "dear diary");

    fs::remove_file(&file).unwrap();
    let data = Data::open(&file, Size { users: 5, spaces: 5 }).unwrap();
    let output = portal(&["--data", path]);
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("in use by another process"));
    drop(data);
}
