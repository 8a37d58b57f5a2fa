//! The program itself: what it prints, and its exit codes.

use std::collections::BTreeSet;
use std::fs;
use std::process::{Command, Output};

use serde_json::Value;
use trine_examples::models;

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
    assert_eq!((&report["format"], &report["agree"]), (&Value::from(2), &Value::from(true)));
    assert_eq!((&report["seed"], &report["users"]), (&Value::from(3), &Value::from(10_000)));
    let models = report["models"].as_array().unwrap();
    assert_eq!(models.len(), models::ALL.len());
    for model in models {
        assert_eq!(
            keys(model),
            ["counts", "dispatch_ns", "folder", "idea", "lines_of_code", "name", "scenes",]
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
        assert_eq!(
            keys(&scene["end"]),
            [
                "editor", "import", "live", "news", "notice", "page", "search", "session", "shown",
                "spaces", "user"
            ]
        );
    }
}

/// The keys of an object, of those in it, and of those in its lists.
fn all_keys(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(map) => {
            found.extend(map.keys().cloned());
            map.values().for_each(|value| all_keys(value, found));
        }
        Value::Array(values) => values.iter().for_each(|value| all_keys(value, found)),
        _ => {}
    }
}

#[test]
fn every_key_of_the_json_is_documented() {
    let output =
        portal(&["--json", "--quiet", "--scene", "failing-service", "--scene", "first-visit"]);
    assert!(output.status.success() && output.stderr.is_empty(), "{}", text(&output.stderr));
    let mut report: Value = serde_json::from_slice(&output.stdout).unwrap();
    for model in report["models"].as_array_mut().unwrap() {
        for scene in model["scenes"].as_array_mut().unwrap() {
            // The view is the app's own.
            scene["end"] = Value::Null;
            for state in scene["states"].as_array_mut().unwrap() {
                assert!(state["changes"].is_array());
            }
        }
    }
    let documented = include_str!("../../src/report/json.rs");
    let documented: String = documented
        .lines()
        .take_while(|line| line.starts_with("//!"))
        .map(|line| format!("{line}\n"))
        .collect();
    let mut keys = BTreeSet::new();
    all_keys(&report, &mut keys);
    for key in keys {
        assert!(
            documented.contains(&format!("`{key}`")),
            "`{key}` is not in the table of examples/src/report/json.rs"
        );
    }
    assert!(report["latency_ms"].as_array().is_some_and(|range| range.len() == 2));
}

#[test]
fn a_report_is_written_whatever_is_printed() {
    let folder = tempfile::tempdir().unwrap();
    let page = folder.path().join("page.html");
    let scene =
        ["--scene", "second-visit", "--scene", "log-out", "--model", "atoms", "--model", "by-hand"];
    for (printed, begins) in [
        (&["--json"][..], "{"),
        (&["--quiet"], "OK: atoms, by-hand "),
        (&["--json", "--quiet"], "{"),
        (&[], "Portal is one app"),
    ] {
        let path = page.to_str().unwrap();
        let arguments = [
            &scene[..],
            printed,
            &["--report", path, "--latency", "1..3", "--fail", "0.2", "--seed", "5"],
        ];
        let output = portal(&arguments.concat());
        assert!(
            output.status.success() && output.stderr.is_empty(),
            "{printed:?} {}",
            text(&output.stderr)
        );
        assert!(text(&output.stdout).starts_with(begins), "{printed:?} {}", text(&output.stdout));
        let written = fs::read_to_string(&page).unwrap();
        assert!(written.contains("id=\"log-out\"") && !written.contains("id=\"first-visit\""));
        assert!(written.contains("1 to 3") && written.contains("seed 5"));
        let told = text(&output.stdout).contains(&format!("The same in pictures: {path}"));
        assert_eq!(told, printed.is_empty());
        fs::remove_file(&page).unwrap();
    }
}

#[test]
fn every_model_lists_all_of_its_files() {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/..");
    for model in models::ALL {
        let mut names: Vec<_> = fs::read_dir(format!("{root}/{}", model.folder))
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .filter(|name| name.ends_with(".rs"))
            .collect();
        names.sort_unstable();
        let mut listed: Vec<_> = model.sources.iter().map(|file| file.name).collect();
        listed.sort_unstable();
        assert_eq!(names, listed, "{}", model.name);
        for file in model.sources {
            let text = fs::read_to_string(format!("{root}/{}/{}", model.folder, file.name));
            assert!(text.unwrap() == file.text, "{} {}", model.name, file.name);
        }
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
fn a_report_goes_where_it_is_wanted_and_never_over_something_else() {
    let folder = tempfile::tempdir().unwrap();
    let page = folder.path().join("page.html");
    let arguments = |path: &std::path::Path| {
        let path = path.to_str().unwrap().to_owned();
        ["--quiet", "--model", "by-hand", "--scene", "second-visit", "--report"]
            .map(str::to_owned)
            .into_iter()
            .chain([path])
            .collect::<Vec<_>>()
    };
    let run = |path: &std::path::Path| {
        let arguments = arguments(path);
        portal(&arguments.iter().map(String::as_str).collect::<Vec<_>>())
    };
    assert!(run(&page).status.success());
    let written = fs::read_to_string(&page).unwrap();
    assert!(written.contains("Portal in each model") && written.contains("</html>"));
    assert!(run(&page).status.success(), "a report of before is replaced");

    let thesis = folder.path().join("thesis.html");
    fs::write(&thesis, "years of work").unwrap();
    for (path, told) in [
        (thesis.clone(), "is not a report of Portal, and is left as it is"),
        (folder.path().join("no/such/folder.html"), "cannot be written"),
        (folder.path().to_owned(), "cannot be written"),
    ] {
        let output = run(&path);
        assert_eq!(output.status.code(), Some(2), "{}", path.display());
        let message = text(&output.stderr);
        assert!(message.starts_with("error: ") && message.contains(told), "{message}");
        assert_eq!(message.lines().count(), 1, "{message}");
        assert!(output.stdout.is_empty(), "nothing is run for a report that cannot be had");
    }
    assert_eq!(fs::read_to_string(&thesis).unwrap(), "years of work");
}

#[test]
fn one_scene_can_be_asked_for() {
    let output = portal(&["--json", "--scene", "failing-service", "--model", "by-hand"]);
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    let scenes = report["models"][0]["scenes"].as_array().unwrap();
    assert_eq!((scenes.len(), &scenes[0]["name"]), (1, &Value::from("failing service")));
}

#[test]
fn the_terminal_app_without_a_terminal_is_one_clear_message() {
    for arguments in [&["tui"][..], &["tui", "--model", "tao"]] {
        let output = portal(arguments);
        assert_eq!(output.status.code(), Some(2));
        assert!(output.stdout.is_empty());
        assert!(text(&output.stderr).contains("needs a terminal"), "{}", text(&output.stderr));
    }
    let output = portal(&["tui", "--model", "by-hand"]);
    assert!(text(&output.stderr).contains("possible values: atoms, thunks, tao"));
}
