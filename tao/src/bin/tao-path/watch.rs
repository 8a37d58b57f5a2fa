//! Doing it again whenever a file changes.

use crate::{Trouble, Verdict, arguments::Command, commands, report};
use notify::{RecursiveMode, Watcher};
use std::{collections::BTreeSet, ffi::OsString, path::PathBuf, sync::mpsc, time::Duration};

/// Editors write in several steps: changes that come closer together than this are one.
const TOGETHER: Duration = Duration::from_millis(80);

/// Does it now, and again after each change, until interrupted.
///
/// Folders are watched, and not files: an editor that writes a new file in place of the old one would be lost sight of.
pub(crate) fn over(command: &Command) -> Verdict {
    let files = command.files();
    if files.is_empty() {
        return Err(Trouble::Other(
            "there is no file to watch: standard input is read once".to_owned(),
        ));
    }
    let names: BTreeSet<OsString> = files
        .iter()
        .filter_map(|name| PathBuf::from(name).file_name().map(OsString::from))
        .collect();
    let (changed, changes) = mpsc::channel();
    let notice = move |event: notify::Result<notify::Event>| {
        // The other end is there for as long as the program.
        let _ = changed.send(event);
    };
    let fail = |error: notify::Error| Trouble::Other(format!("cannot watch: {error}"));
    let mut watcher = notify::recommended_watcher(notice).map_err(fail)?;
    let folder = |name: &&str| match PathBuf::from(name).parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder.to_owned(),
        _ => PathBuf::from("."),
    };
    for folder in files.iter().map(folder).collect::<BTreeSet<_>>() {
        watcher.watch(&folder, RecursiveMode::NonRecursive).map_err(fail)?;
    }
    loop {
        // A file that is away for a moment is no reason to stop.
        if let Err(trouble) = commands::run(command) {
            report::trouble(&trouble);
        }
        anstream::eprintln!("watching {} files", files.len());
        loop {
            let Ok(event) = changes.recv() else { return Ok(true) };
            let event = event.map_err(fail)?;
            // What was read has not changed.
            let ours = event
                .paths
                .iter()
                .filter_map(|path| path.file_name())
                .any(|name| names.contains(name));
            if ours && !event.kind.is_access() {
                break;
            }
        }
        while changes.recv_timeout(TOGETHER).is_ok() {}
    }
}
