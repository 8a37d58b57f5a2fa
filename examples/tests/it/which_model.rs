//! The document that helps to choose a model: is what it says what the example says, and does the check notice if not?

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

const DOCUMENT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/which-model.md");

fn which_model(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_trine-examples"))
        .arg("which-model")
        .args(arguments)
        .output()
        .unwrap()
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

fn copied(folder: &Path, change: impl FnOnce(String) -> String) -> PathBuf {
    let path = folder.join("which-model.md");
    fs::write(&path, change(fs::read_to_string(DOCUMENT).unwrap())).unwrap();
    path
}

/// One run of the program takes as long as the story; so a document has all mistakes that can be told together.
#[test]
fn the_check_passes_and_every_alteration_is_told_and_written_away() {
    let output = which_model(&["--check", "--file", DOCUMENT]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    assert!(text(&output.stdout).starts_with("OK: ") && output.stderr.is_empty());

    let folder = tempfile::tempdir().unwrap();
    let path = copied(folder.path(), |document| {
        let altered = document
            // A number of a table, a line of code, a quotation.
            .replacen("requests sent | ", "requests sent | 1", 1)
            .replacen("```rust\n", "```rust\nfn typed_by_hand() {}\n", 1)
            .replacen("`history.undo()`", "`history.undo_all()`", 1);
        assert_ne!(altered, document);
        altered
    });
    let before = fs::read_to_string(&path).unwrap();
    let output = which_model(&["--check", "--quiet", "--file", path.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(1));
    let told = text(&output.stderr);
    for what in [
        "in `counts`: the document says `| requests sent | 1",
        "typed_by_hand",
        "`history.undo_all()` is not in",
    ] {
        assert!(told.contains(what), "{told}");
    }
    assert!(told.contains("which-model --write") && output.stdout.is_empty(), "{told}");
    assert_eq!(fs::read_to_string(&path).unwrap(), before, "a check changes nothing");

    // What is quoted is written by hand, so it stays wrong; the rest is as it was but for times, and where they were taken.
    let output = which_model(&["--write", "--file", path.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(1));
    let written = fs::read_to_string(&path).unwrap();
    let without_times = |document: &str| {
        let begin = document.find("<!-- generated: times -->").unwrap();
        let end = begin + document[begin..].find("<!-- end of generated -->").unwrap();
        format!("{}{}", &document[..begin], &document[end..])
    };
    let mended = written.replace("`history.undo_all()`", "`history.undo()`");
    let original = fs::read_to_string(DOCUMENT).unwrap();
    assert_eq!(without_times(&mended), without_times(&original));
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn a_document_with_parts_that_are_missing_unknown_or_open_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    for (from, to, told) in [
        (
            "<!-- generated: lines -->",
            "<!-- generated: rows -->",
            "`lines` is missing: add the lines",
        ),
        ("<!-- end of quoted -->", "", "does not end: add `<!-- end of quoted -->`"),
    ] {
        let path = copied(folder.path(), |document| document.replacen(from, to, 1));
        for task in ["--check", "--write"] {
            let output = which_model(&[task, "--file", path.to_str().unwrap()]);
            assert_eq!(output.status.code(), Some(2));
            let message = text(&output.stderr);
            assert!(message.starts_with("error: ") && message.contains(told), "{message}");
            assert!(output.stdout.is_empty());
        }
    }
    let output = which_model(&["--check", "--file", "no/such/file.md"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(
        text(&output.stderr).contains("run this from the repository's root"),
        "{}",
        text(&output.stderr)
    );
}
