//! The command `tao-path`, from outside.

use std::{
    io::{BufRead, BufReader, Write},
    path::PathBuf,
    process::{Command, Stdio},
};
use tempfile::TempDir;

const GOOD: &str = "path \"Log in\" {\n    \"hits login\" {User, Find, Portal}  => \"look them up\"\n    =>           {User, Enter, Portal} => \"greet them\"\n}\n";

struct Folder(TempDir);

/// What a command came to: its exit code, what it wrote, and its complaints.
struct Done(i32, String, String);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn file(&self, name: &str, text: impl AsRef<[u8]>) -> PathBuf {
        let path = self.0.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    }

    fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.0.path().join(name)).unwrap()
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_tao-path"));
        command.args(arguments).current_dir(self.0.path()).stdin(Stdio::null());
        command
    }

    fn run(&self, arguments: &[&str]) -> Done {
        let output = self.command(arguments).output().unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Done(output.status.code().unwrap(), text(output.stdout), text(output.stderr))
    }

    fn piped(&self, arguments: &[&str], input: &str) -> Done {
        let mut child = self
            .command(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Done(output.status.code().unwrap(), text(output.stdout), text(output.stderr))
    }
}

#[test]
fn a_check_shows_file_line_and_column_and_the_row_under_a_mark_and_fails() {
    let folder = Folder::new();
    folder.file("bad.tao", GOOD.replace("Enter, Portal} =>", "Enter, Portal} =>@5[^x]"));
    let Done(code, _, told) = folder.run(&["check", "bad.tao"]);
    assert_eq!(code, 1);
    for part in [
        "error[TP002 syntax]: `5` is no time: write `5s`",
        "--> bad.tao:3:42",
        "3 |",
        "^^^^^^ here",
        "help:",
    ] {
        assert!(told.contains(part), "{part}: {told}");
    }
    folder.file("good.tao", GOOD);
    let Done(code, _, told) = folder.run(&["check", "good.tao"]);
    assert_eq!((code, told.trim()), (0, "1 path, 2 rows: 0 errors, 0 warnings"));
}

#[test]
fn exit_codes_tell_what_is_wrong_from_what_cannot_be_done() {
    let folder = Folder::new();
    folder
        .file("warn.tao", format!("{}    {{X, Y, Z}} =>\n}}\n", GOOD.strip_suffix("}\n").unwrap()));
    let code = |arguments: &[&str]| folder.run(arguments).0;
    assert_eq!(code(&["check", "warn.tao"]), 0, "a warning is no failure");
    assert_eq!(code(&["check", "warn.tao", "--deny", "dead-handler"]), 1);
    assert_eq!(code(&["check", "warn.tao", "--deny", "all"]), 1);
    assert_eq!(code(&["check", "warn.tao", "--deny", "all", "--allow", "TP102"]), 0);
    assert_eq!(code(&["check", "none.tao"]), 2);
    assert_eq!(code(&["check", "warn.tao", "--deny", "nonsense"]), 2);
    assert_eq!(code(&["check"]), 2);
    folder.file("latin.md", b"# Caf\xe9\n");
    let Done(code, _, told) = folder.run(&["check", "latin.md"]);
    assert!(
        code == 1 && told.contains("error[TP001 not-text]") && told.contains("latin.md:1:6"),
        "{told}"
    );
}

#[test]
fn problems_as_json_have_code_level_place_and_help() {
    let folder = Folder::new();
    let Done(code, json, _) =
        folder.piped(&["check", "--json", "-"], "path \"A\" {\n\"go\" {A, B, C}\n}\n");
    assert_eq!(code, 1);
    let problems: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(problems[0]["check"], "TP101 unhandled-edge");
    assert_eq!(problems[0]["level"], "deny");
    let place = &problems[0]["marks"][0]["origin"]["written"]["place"];
    assert_eq!((&place["file"], &place["line"]), (&"<stdin>.tao".into(), &2.into()));
}

#[test]
fn the_formatter_changes_files_in_place_or_what_comes_in() {
    let folder = Folder::new();
    let loose = GOOD.replace("    ", " ");
    folder.file("a.tao", &loose);
    assert_eq!(folder.run(&["fmt", "--check", "a.tao"]).0, 1);
    assert_eq!(folder.read("a.tao"), loose, "nothing was changed");
    assert_eq!(folder.run(&["fmt", "a.tao"]).0, 0);
    assert_eq!(folder.read("a.tao"), GOOD);
    assert_eq!(folder.run(&["fmt", "--check", "a.tao"]).0, 0);
    let Done(code, out, _) = folder.piped(&["fmt", "-"], &loose);
    assert_eq!((code, out.as_str()), (0, GOOD));
    folder.file("bad.tao", "path \"A\" {\n~> {A,B,C}\n}\n");
    assert_eq!(folder.run(&["fmt", "bad.tao"]).0, 1, "and loses no row");
}

#[test]
fn paths_are_drawn_and_written_in_the_other_dialect() {
    let folder = Folder::new();
    folder.file("a.tao", GOOD);
    let Done(_, svg, _) = folder.run(&["draw", "a.tao"]);
    assert!(svg.starts_with("<svg") && svg.contains("{User,Enter,Portal}"));
    assert_eq!(folder.run(&["draw", "a.tao", "--path", "log in", "-o", "a.svg"]).0, 0);
    assert!(folder.read("a.svg").contains("TAO-Path: Log in"));
    let Done(_, mermaid, _) = folder.run(&["draw", "a.tao", "--format", "mermaid"]);
    assert!(mermaid.starts_with("flowchart TD"));
    let Done(code, _, told) = folder.run(&["draw", "a.tao", "--path", "Nope"]);
    assert!(code == 2 && told.contains("there is no path `Nope`; there are Log in"), "{told}");

    let Done(_, markdown, _) = folder.run(&["table", "a.tao"]);
    assert!(markdown.starts_with("### TAO-Path: Log in\n\n| # |"));
    folder.file("a.md", markdown);
    assert_eq!(folder.run(&["table", "a.md", "--to", "tao"]).1, GOOD);
}

/// A trace of one cascade that goes along the path, or leaves it.
fn trace(to: &str) -> String {
    let handler = r#"{"phase":"inline","location":"src/app.rs:1:1","number":1}"#;
    format!(
        r#"{{"cascades":[{{"cascade":1,"ended":null,"dispatches":[
        {{"dispatch":0,"signal":"{{User,Find,Portal}}","via":null,"fate":"proceeded","answers":[{handler}],"errors":[],"took":null}},
        {{"dispatch":1,"signal":"{to}","via":[0,{handler}],"fate":"proceeded","answers":[{handler}],"errors":[],"took":null}}]}}]}}"#
    )
}

#[test]
fn a_trace_is_compared_and_held_against_paths() {
    let folder = Folder::new();
    folder.file("a.tao", GOOD);
    folder.file("good.json", trace("{User,Enter,Portal}"));
    folder.file("bad.json", trace("{Space,Enter,Admin}"));
    assert_eq!(folder.run(&["diff", "a.tao", "good.json"]).0, 0);
    let Done(code, report, _) = folder.run(&["diff", "a.tao", "bad.json"]);
    assert!(
        code == 1
            && report
                .contains("promised, and not done:\n  {User,Find,Portal} => {User,Enter,Portal}"),
        "{report}"
    );
    assert!(
        report.contains("done outside of the space:\n  {User,Find,Portal} => {Space,Enter,Admin}"),
        "{report}"
    );
    let Done(_, json, _) = folder.run(&["diff", "--json", "a.tao", "bad.json"]);
    let diff: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(diff["outside"][0]["what"], "{User,Find,Portal} => {Space,Enter,Admin}");

    let Done(code, report, _) = folder.run(&["trace", "a.tao", "good.json"]);
    assert!(
        code == 0 && report.contains("1 of 1 cascade is on its path\n2 of 2 (100 %) Log in"),
        "{report}"
    );
    let Done(code, report, _) = folder.run(&["trace", "a.tao", "bad.json"]);
    assert!(
        code == 1
            && report.contains("has left the path `Log in`")
            && report.contains("no row of the path has it"),
        "{report}"
    );
    let Done(_, json, _) = folder.run(&["trace", "--json", "a.tao", "bad.json"]);
    assert_eq!(serde_json::from_str::<serde_json::Value>(&json).unwrap()["total"], 2);

    let Done(code, svg, told) = folder.run(&["draw", "a.tao", "--trace", "bad.json"]);
    assert!(
        code == 0
            && svg.contains("never")
            && told.contains("1 kinds of chains in the trace are on no path"),
        "{told}"
    );
    assert_eq!(folder.run(&["trace", "a.tao", "a.tao"]).0, 2, "that is no trace");
}

#[test]
fn files_that_change_are_looked_at_again() {
    let folder = Folder::new();
    folder.file("a.tao", GOOD);
    let mut child =
        folder.command(&["check", "--watch", "a.tao"]).stderr(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines().map(Result::unwrap);
    assert_eq!(
        lines.by_ref().find(|line| line.starts_with("watching")).unwrap(),
        "watching 1 files"
    );
    folder.file("a.tao", GOOD.replace("greet them", "greet [^x]"));
    assert!(lines.by_ref().any(|line| line.contains("there is no label `x`")));
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(folder.piped(&["check", "--watch", "-"], "").0, 2, "standard input is read once");
}
