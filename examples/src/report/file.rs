//! Where the page goes: a file that is there as a whole or not at all, and that is never somebody else's.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Read, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use crate::advice::advice;

/// How a page begins; a file that begins otherwise is none of ours.
const BEGINS: &str = "<!DOCTYPE html><html lang=\"en\"><head><meta charset=\"utf-8\">";
const NAMED: &str = "<title>Portal in each model</title>";

/// A page that is about to be written. Until then, what is at its place stays.
#[derive(Debug)]
pub struct ReportFile {
    path: PathBuf,
    draft: NamedTempFile,
}

/// Why the page cannot be written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReportError {
    /// Something else is there.
    #[error(
        "{path} is not a report of Portal, and is left as it is: choose another file for the report"
    )]
    Foreign {
        /// The file.
        path: PathBuf,
    },
    /// The operating system refused: no such folder, no permission, a full disk.
    #[error("the report {path} cannot be written: {source}; {}", advice(.source))]
    Io {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
}

impl ReportFile {
    /// Makes sure, before any work is done, that a page can be written to `path`.
    ///
    /// # Errors
    /// [`ReportError`]; nothing is changed then.
    pub fn at(path: impl Into<PathBuf>) -> Result<Self, ReportError> {
        let path = path.into();
        let refused = |source| ReportError::Io { path: path.clone(), source };
        match is_report(&path) {
            Ok(Some(false)) => return Err(ReportError::Foreign { path }),
            Ok(_) => {}
            Err(source) => return Err(refused(source)),
        }
        let folder = match path.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder,
            _ => Path::new("."),
        };
        let mut draft = tempfile::Builder::new();
        draft.prefix(".report-").suffix(".html");
        // A page is for everybody to read, as far as the user's mask goes.
        #[cfg(unix)]
        draft.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
        let draft = draft.tempfile_in(folder).map_err(refused)?;
        Ok(Self { path, draft })
    }

    /// The folder that cargo builds into, if this program is run from there: the place for a page that nobody has
    /// chosen a place for.
    #[must_use]
    pub fn in_target_folder() -> Option<PathBuf> {
        let program = std::env::current_exe().ok()?;
        let target = program.ancestors().find(|folder| folder.join("CACHEDIR.TAG").is_file())?;
        let folder = target.join("portal");
        fs::create_dir_all(&folder).ok()?;
        Some(folder.join("report.html"))
    }

    /// Writes the page; says where it is.
    ///
    /// # Errors
    /// [`ReportError`]; what was at its place is still there then.
    pub fn write(mut self, page: &str) -> Result<PathBuf, ReportError> {
        let path = self.path;
        let refused = |source| ReportError::Io { path: path.clone(), source };
        // Something may have come there since: the data file of the same name, say.
        if is_report(&path).map_err(refused)? == Some(false) {
            return Err(ReportError::Foreign { path });
        }
        self.draft.write_all(page.as_bytes()).map_err(refused)?;
        self.draft.as_file().sync_all().map_err(refused)?;
        self.draft.persist(&path).map_err(|error| refused(error.error))?;
        Ok(path)
    }
}

/// Whether the file is a page of ours; `None` when there is none, or an empty one.
fn is_report(path: &Path) -> io::Result<Option<bool>> {
    match fs::metadata(path) {
        Ok(about) if about.is_dir() => return Err(ErrorKind::IsADirectory.into()),
        // A pipe, a device: to read it might take for ever.
        Ok(about) if !about.is_file() => return Ok(Some(false)),
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
        Ok(_) => {}
    }
    let mut start = Vec::new();
    File::open(path)?.take(1_000).read_to_end(&mut start)?;
    if start.is_empty() {
        return Ok(None);
    }
    let start = String::from_utf8_lossy(&start);
    Ok(Some(start.starts_with(BEGINS) && start.contains(NAMED)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(body: &str) -> String {
        format!("{BEGINS}{NAMED}{body}")
    }

    #[test]
    fn a_page_replaces_one_of_before_and_leaves_no_draft() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("report.html");
        for body in ["first", "second"] {
            assert_eq!(ReportFile::at(&path).unwrap().write(&page(body)).unwrap(), path);
            assert_eq!(fs::read_to_string(&path).unwrap(), page(body));
        }
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn what_is_not_a_page_of_ours_stays() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("thesis.html");
        fs::write(&path, "<!DOCTYPE html><title>My thesis</title>").unwrap();
        let error = ReportFile::at(&path).unwrap_err();
        assert!(matches!(error, ReportError::Foreign { .. }), "{error}");
        assert!(fs::read_to_string(&path).unwrap().contains("thesis"));
    }

    #[test]
    fn what_has_come_to_its_place_since_stays_too() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("report.html");
        let file = ReportFile::at(&path).unwrap();
        fs::write(&path, "a thesis").unwrap();
        let error = file.write(&page("late")).unwrap_err();
        assert!(matches!(error, ReportError::Foreign { .. }), "{error}");
        assert_eq!(fs::read_to_string(&path).unwrap(), "a thesis");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_place_that_is_none_is_told_before_any_work() {
        let folder = tempfile::tempdir().unwrap();
        for path in [folder.path().join("no/such/folder/report.html"), folder.path().to_owned()] {
            let error = ReportFile::at(&path).unwrap_err();
            assert!(matches!(error, ReportError::Io { .. }), "{error}");
        }
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[test]
    fn an_unused_draft_is_gone() {
        let folder = tempfile::tempdir().unwrap();
        drop(ReportFile::at(folder.path().join("report.html")).unwrap());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}
