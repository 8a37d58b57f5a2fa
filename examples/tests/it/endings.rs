//! The program is ended before its time: politely, or not at all. What is the user's is there afterwards.

use std::fs;
use std::io::Read;
use std::path::Path;
use std::process::{Command, Stdio};

use trine_examples::api::Contact;
use trine_examples::portal::contact;
use trine_examples::service::{Data, Size};

use crate::SMALL;
use crate::terminal::Session;

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

/// One of the stories that are over soon, on this data.
fn second_start(data: &Path) {
    let short = ["--quiet", "--model", "by-hand", "--scene", "second-visit", "--data"];
    let output = Command::new(env!("CARGO_BIN_EXE_trine-examples")).args(short).arg(data).output();
    let output = output.unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn ctrl_c_ends_the_main_job_and_nothing_temporary_is_left() {
    let folder = tempfile::tempdir().unwrap();
    let (temporary, reports) = (folder.path().join("tmp"), folder.path().join("reports"));
    fs::create_dir(&temporary).unwrap();
    fs::create_dir(&reports).unwrap();
    let page = reports.join("page.html");
    let arguments = ["--latency", "300", "--report", page.to_str().unwrap()];
    for (signal, code) in [(None, 130), (Some("-TERM"), 143)] {
        let environment = [("TMPDIR", temporary.to_str().unwrap())];
        let mut session = Session::start_with(&arguments, &environment);
        // The line of the progress: the data is there, a model plays.
        session.shows(": atoms, ");
        assert!(!names(&temporary).is_empty() && !names(&reports).is_empty());
        match signal {
            None => session.press("\x03"),
            Some(signal) => session.signal(signal),
        }
        assert_eq!(session.ended().exit_code(), code);
        session.shows("interrupted: no report was written");
        assert!(!session.contents().contains("panicked"), "{}", session.contents());
        assert_eq!((names(&temporary), names(&reports)), (vec![], vec![]));
    }
}

#[test]
fn ctrl_c_ends_a_program_whose_reader_does_not_read() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_trine-examples"))
        .args(["--json", "--model", "by-hand", "--scene", "live-updates"])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    // The first byte is there: the rest, a state per update, is more than a pipe holds.
    child.stdout.as_mut().unwrap().read_exact(&mut [0]).unwrap();
    let id = child.id().to_string();
    assert!(Command::new("kill").args(["-INT", &id]).status().unwrap().success());
    assert_eq!(child.wait().unwrap().code(), Some(130));
}

#[test]
fn a_comparison_leaves_the_users_data_as_it_is_killed_or_not() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("portal.redb");
    let data = Data::open(&path, SMALL).unwrap();
    let mine: Vec<Contact> = (1..=9).map(contact).collect();
    mine.iter().for_each(|contact| data.import(contact).unwrap());
    data.rename_space(2, "My Garden").unwrap();
    drop(data);
    let before = fs::read(&path).unwrap();

    let arguments = ["--latency", "300", "--data", path.to_str().unwrap()];
    let mut session =
        Session::start_with(&arguments, &[("TMPDIR", folder.path().to_str().unwrap())]);
    session.shows(": atoms, ");
    session.signal("-KILL");
    assert!(!session.ended().success());
    assert!(fs::read(&path).unwrap() == before, "the killed comparison has changed the file");

    second_start(&path);
    let data = Data::open(&path, SMALL).unwrap();
    assert_eq!(data.contacts().unwrap(), mine);
    assert_eq!(data.spaces(1, 1).unwrap().spaces[0].title, "My Garden");
}

#[test]
fn who_is_killed_while_the_file_is_made_finds_it_made_at_the_next_start() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("portal.redb");
    // The name under which it is made, until it is complete.
    let unfinished = folder.path().join("portal.redb.unfinished");
    for least in [0, 1, 100_000] {
        let mut child = Command::new(env!("CARGO_BIN_EXE_trine-examples"))
            .args(["--quiet", "--data"])
            .arg(&path)
            .env("TMPDIR", folder.path())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        // There is nobody who could tell when a file has grown so far.
        while fs::metadata(&unfinished).map_or(true, |about| about.len() < least) && !path.exists()
        {
            assert!(child.try_wait().unwrap().is_none(), "it has ended by itself");
            std::thread::yield_now();
        }
        child.kill().unwrap();
        child.wait().unwrap();
    }
    second_start(&path);
    assert_eq!(Data::open(&path, SMALL).unwrap().size().unwrap(), Size::FULL);
    assert!(!unfinished.exists());
}

#[test]
fn what_was_shown_as_saved_is_there_after_a_kill() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("portal.redb");
    drop(Data::open(&path, SMALL).unwrap());
    for model in ["atoms", "thunks", "tao"] {
        let arguments = ["tui", "--model", model, "--latency", "0", "--data"];
        let mut session = Session::start(&[&arguments[..], &[path.to_str().unwrap()]].concat());
        session.shows("visit");
        session.press("i");
        // A number of two digits, of two hundred.
        session.until("some contacts", |screen| done(&screen.contents()).is_some_and(|n| n >= 10));
        let shown = done(&session.contents()).unwrap();
        session.signal("-KILL");
        session.ended();

        let data = Data::open(&path, SMALL).unwrap();
        let kept = data.contacts().unwrap();
        assert!(kept.len() >= shown as usize, "{model}: {shown} were shown, {} kept", kept.len());
        assert!(kept.iter().cloned().eq((1..).map(contact).take(kept.len())), "{model}: {kept:?}");
    }
    second_start(&path);
}

/// How far the import on the screen has come.
fn done(screen: &str) -> Option<u32> {
    let before = screen.split(" of 200").next()?;
    let digits = before.rsplit(|c: char| !c.is_ascii_digit()).next()?;
    digits.parse().ok()
}
