//! What cannot be done: one message with the cause and what to do, exit code 2, and what is the user's stays as it is.

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use redb::{Database, TableDefinition};
use tempfile::TempDir;
use trine_examples::service::{Data, Size};

use crate::SMALL;

/// The shortest story that there is.
const SHORT: [&str; 5] = ["--quiet", "--model", "by-hand", "--scene", "second-visit"];

fn program(arguments: &[&str]) -> Command {
    let mut program = Command::new(env!("CARGO_BIN_EXE_trine-examples"));
    program.args(arguments).env("RUST_BACKTRACE", "1");
    program
}

fn short(option: &str, path: &Path) -> Command {
    let mut program = program(&SHORT);
    program.arg(option).arg(path);
    program
}

/// The one line that is said, if all is as it must be.
fn refused(output: &Output) -> String {
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(output.stdout.is_empty(), "{said}");
    assert!(said.starts_with("error: ") && said.lines().count() == 1, "{said}");
    for alarm in ["panicked", "backtrace", "Error {", "Os {"] {
        assert!(!said.contains(alarm), "{said}");
    }
    said
}

fn place() -> (PathBuf, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    (folder.path().join("portal.redb"), folder)
}

/// A data file of this program, and its bytes.
fn sound() -> (PathBuf, Vec<u8>, TempDir) {
    let (path, folder) = place();
    drop(Data::open(&path, SMALL).unwrap());
    let bytes = fs::read(&path).unwrap();
    (path, bytes, folder)
}

#[test]
fn a_data_file_that_is_none_is_told_and_stays_as_it_is() {
    let (path, sound, _folder) = sound();
    let contents: [(&str, Vec<u8>); 4] = [
        ("text", b"dear diary\n".to_vec()),
        ("a half", sound[..sound.len() / 2].to_vec()),
        ("the beginning", sound[..5_000].to_vec()),
        ("zeros", vec![0; 10_000]),
    ];
    for (what, bytes) in contents {
        fs::write(&path, &bytes).unwrap();
        let said = refused(&short("--data", &path).output().unwrap());
        assert!(said.contains("is corrupt or not a Portal data file"), "{what}: {said}");
        assert!(said.contains("move it away or choose another file"), "{what}: {said}");
        assert!(fs::read(&path).unwrap() == bytes, "{what}: the file was changed");
    }
}

#[test]
fn a_data_file_of_a_newer_version_is_told_and_stays_as_it_is() {
    let (path, _, _folder) = sound();
    let database = Database::create(&path).unwrap();
    let write = database.begin_write().unwrap();
    let about = TableDefinition::<&str, u32>::new("portal");
    write.open_table(about).unwrap().insert("format", 9).unwrap();
    write.commit().unwrap();
    drop(database);
    let bytes = fs::read(&path).unwrap();
    let said = refused(&short("--data", &path).output().unwrap());
    assert!(said.contains("was made by a newer version of this program"), "{said}");
    assert!(said.contains("its format is 9, this one knows 1"), "{said}");
    assert!(said.contains("use that version or choose another file"), "{said}");
    assert!(fs::read(&path).unwrap() == bytes, "the file was changed");
}

#[test]
fn a_data_file_in_use_is_told() {
    let (path, _, _folder) = sound();
    let _held = Data::open(&path, SMALL).unwrap();
    let said = refused(&short("--data", &path).output().unwrap());
    assert!(said.contains("in use by another process; stop it or choose another file"), "{said}");
}

#[test]
fn a_place_for_data_that_is_none_is_told() {
    let (path, folder) = place();
    let nowhere = [
        (folder.path().to_owned(), "choose a file in a folder"),
        (path.join("deeper/portal.redb"), "make its folder, or choose another file"),
        #[cfg(unix)]
        (PathBuf::from("/dev/zero"), "it is no ordinary file"),
    ];
    for (path, advice) in nowhere {
        let said = refused(&short("--data", &path).output().unwrap());
        assert!(said.contains(&*path.to_string_lossy()) && said.contains(advice), "{said}");
    }
}

#[test]
fn a_report_that_cannot_be_is_told_before_any_work_is_done() {
    let (path, folder) = place();
    fs::write(&path, "years of work").unwrap();
    let nowhere = [
        (path.clone(), "is left as it is: choose another file"),
        (folder.path().to_owned(), "choose a file in a folder"),
        (folder.path().join("no/such/page.html"), "make its folder, or choose another file"),
        #[cfg(unix)]
        (PathBuf::from("/dev/zero"), "choose another file"),
    ];
    for (path, advice) in nowhere {
        let said = refused(&short("--report", &path).output().unwrap());
        assert!(said.contains(&*path.to_string_lossy()) && said.contains(advice), "{said}");
    }
    assert_eq!(fs::read_to_string(&path).unwrap(), "years of work");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "a draft was left");
}

#[test]
fn a_report_does_not_take_the_place_of_the_data_that_has_just_been_made() {
    let (path, _folder) = place();
    let mut command = short("--data", &path);
    let said = refused(&command.arg("--report").arg(&path).output().unwrap());
    assert!(said.contains("is not a report of Portal, and is left as it is"), "{said}");
    drop(Data::open(&path, SMALL).unwrap());
}

#[test]
fn a_service_that_stops_half_way_ends_the_comparison_in_each_model() {
    for (model, scene, after) in [
        ("atoms", "first-visit", "4"),
        ("thunks", "two-editors", "1"),
        ("tao", "live-updates", "0"),
        ("by-hand", "stopped-import", "3"),
        ("atoms", "log-out", "0"),
    ] {
        let arguments = ["--quiet", "--model", model, "--scene", scene, "--stop-after", after];
        let said = refused(&program(&arguments).output().unwrap());
        assert!(said.contains("the service stopped half way, after"), "{said}");
        assert!(said.contains(&format!("with {model}")), "{said}");
        assert!(said.contains("start the comparison again"), "{said}");
    }
}

#[test]
fn who_has_seen_enough_of_the_output_is_no_reason_to_panic() {
    for arguments in [&SHORT[1..], &["--help"], &["--no-such-flag"]] {
        let mut child =
            program(arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        drop(child.stdout.take());
        let mut said = String::new();
        child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
        let code = child.wait().unwrap().code();
        let wanted = if arguments == ["--no-such-flag"] { 2 } else { 0 };
        assert!(
            code == Some(wanted) && !said.contains("panicked"),
            "{arguments:?}: {code:?} {said}"
        );
    }
    // Nor if nobody listens to errors.
    let (path, folder) = place();
    fs::write(&path, "dear diary").unwrap();
    let mut child = short("--data", &path).stderr(Stdio::piped()).spawn().unwrap();
    drop(child.stderr.take());
    assert_eq!(child.wait().unwrap().code(), Some(2));
    drop(folder);
}

#[cfg(unix)]
mod on_unix {
    use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
    use std::os::unix::process::CommandExt;

    use super::*;

    /// The program with room for files of so many blocks of 512 bytes (or 1,024, as the shell has it).
    fn with_room(blocks: u32, command: &Command, folder: &Path) -> Output {
        let mut shell = Command::new("sh");
        // The signal that comes with it would end the process; what is tested is the error.
        shell.arg("-c").arg(format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$0\" \"$@\""));
        shell.arg(command.get_program()).args(command.get_args()).env("TMPDIR", folder);
        shell.output().unwrap()
    }

    #[test]
    fn a_full_disk_is_told_and_with_room_the_same_file_is_taken_up() {
        let (path, folder) = place();
        let command = short("--data", &path);
        let said = refused(&with_room(500, &command, folder.path()));
        assert!(said.contains("portal.redb cannot be read and written"), "{said}");
        assert!(said.contains("make room, or choose a file on another disk"), "{said}");
        let output = short("--data", &path).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }

    #[test]
    fn a_full_disk_for_temporary_files_is_told_and_nothing_is_left() {
        let folder = tempfile::tempdir().unwrap();
        let said = refused(&with_room(500, &program(&SHORT), folder.path()));
        assert!(said.contains("make room"), "{said}");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[test]
    fn a_disk_that_is_full_when_the_report_is_written_is_told_and_the_old_report_stays() {
        let (path, folder) = place();
        drop(Data::open(&path, Size { users: 5, spaces: 5 }).unwrap());
        let page = folder.path().join("page.html");
        let mut command = short("--report", &page);
        command.arg("--data").arg(&path);
        assert!(command.output().unwrap().status.success());
        let old = fs::read(&page).unwrap();
        // Room for a copy of the data, not for a page that is larger: that of all models and many scenes.
        let room = fs::metadata(&path).unwrap().len() / 512 + 64;
        let mut large = program(&["--quiet", "--latency", "0", "--report"]);
        large.arg(&page).arg("--data").arg(&path);
        let output = with_room(room as u32, &large, folder.path());
        if output.status.success() {
            println!("SKIPPED: the page has room where the data has");
            return;
        }
        let said = refused(&output);
        assert!(said.contains("the report") && said.contains("make room"), "{said}");
        assert!(fs::read(&page).unwrap() == old, "the old report is lost");
    }

    /// Permissions are nothing to an administrator: the program is then run as nobody.
    fn as_anybody(mut command: Command, folder: &Path) -> Option<Output> {
        const NOBODY: u32 = 65_534;
        if tempfile::tempfile().unwrap().metadata().unwrap().uid() == 0 {
            let copy = folder.join("program");
            fs::copy(env!("CARGO_BIN_EXE_trine-examples"), &copy).unwrap();
            chown(folder, Some(NOBODY), Some(NOBODY)).unwrap();
            let mut again = Command::new(copy);
            again.args(command.get_args()).uid(NOBODY).gid(NOBODY);
            command = again;
        }
        match command.env("TMPDIR", folder).current_dir(folder).output() {
            Ok(output) => Some(output),
            Err(error) => {
                println!("SKIPPED: the program cannot be run as nobody: {error}");
                None
            }
        }
    }

    fn permit(path: &Path, mode: u32) {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    }

    #[test]
    fn a_data_file_that_is_not_to_be_written_or_not_to_be_read_is_told_and_stays() {
        let (path, bytes, folder) = sound();
        for mode in [0o444, 0o000] {
            permit(&path, mode);
            let Some(output) = as_anybody(short("--data", &path), folder.path()) else { return };
            let said = refused(&output);
            assert!(said.contains("make it writable, or choose another file"), "{said}");
            permit(&path, 0o644);
            assert!(fs::read(&path).unwrap() == bytes, "the file was changed");
        }
    }

    #[test]
    fn a_folder_that_nothing_may_be_made_in_is_told() {
        let (_, folder) = place();
        let closed = folder.path().join("closed");
        fs::create_dir(&closed).unwrap();
        permit(&closed, 0o555);
        for (option, name) in [("--data", "portal.redb"), ("--report", "page.html")] {
            let command = short(option, &closed.join(name));
            let Some(output) = as_anybody(command, folder.path()) else { return };
            let said = refused(&output);
            assert!(said.contains(name) && said.contains("make it writable"), "{said}");
        }
    }
}
