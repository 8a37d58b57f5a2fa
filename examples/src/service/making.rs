//! Makes a data file: beside its place, and moved there when it is complete.
//!
//! The database writes the parts of an empty file in an order of its own; one that was killed at it is taken for damaged.
//! So nothing is at the file's place until all of it is there.

use std::ffi::OsString;
use std::fs::{self, File, TryLockError};
use std::io::{self, ErrorKind, Read};
use std::path::{Path, PathBuf};

use redb::Database;
use tempfile::TempPath;

use super::data::fill;
use super::fill::Size;
use super::tables::Failure;

/// How a database begins; before it is one, it begins with zeros.
const MAGIC: &[u8; 4] = b"redb";

/// Makes a data file of `size` at `path`, where there is nothing.
///
/// What was not finished is gone afterwards. Of a process that is killed it stays, and is taken away by the next that makes
/// the same file.
pub(super) fn make(path: &Path, size: Size) -> Result<(), Failure> {
    let unfinished = unfinished(path);
    take_away(&unfinished)?;
    // From here on it goes with this value.
    let file = TempPath::try_from_path(&unfinished)?;
    let database = Database::create(&unfinished)?;
    fill(&database, size)?;
    // Closed before it is moved: then it is complete, and nobody has to repair it.
    drop(database);
    if fs::metadata(path).is_ok_and(|about| about.len() == 0) {
        fs::remove_file(path)?;
    }
    match file.persist_noclobber(path) {
        Ok(()) => Ok(()),
        // Somebody else was faster; then theirs is opened.
        Err(error) if error.error.kind() == ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(error.error.into()),
    }
}

/// `portal.redb` is made as `portal.redb.unfinished`.
fn unfinished(path: &Path) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(".unfinished");
    PathBuf::from(name)
}

/// Removes what a killed process has left; nothing that somebody works on, and nothing that looks otherwise.
fn take_away(unfinished: &Path) -> Result<(), Failure> {
    let mut file = match File::open(unfinished) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error.into()),
    };
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => return Err(redb::Error::DatabaseAlreadyOpen.into()),
        Err(TryLockError::Error(error)) => return Err(error.into()),
    }
    let mut start = [0; MAGIC.len()];
    let left_over = match file.read_exact(&mut start) {
        Ok(()) => start == *MAGIC || start == [0; MAGIC.len()],
        Err(error) if error.kind() == ErrorKind::UnexpectedEof => true,
        Err(error) => return Err(error.into()),
    };
    if !left_over {
        let kind = ErrorKind::AlreadyExists;
        let cause = format!("{} is in the way, and is left as it is", unfinished.display());
        return Err(io::Error::new(kind, cause).into());
    }
    fs::remove_file(unfinished)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::service::{Data, DataError};

    const SMALL: Size = Size { users: 5, spaces: 5 };

    #[test]
    fn what_a_killed_process_has_left_is_taken_away() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("portal.redb");
        for left in [&b""[..], b"red", b"redb and half of the rest", &[0; 5_000]] {
            fs::write(unfinished(&path), left).unwrap();
            drop(Data::open(&path, SMALL).unwrap());
            assert!(!unfinished(&path).exists());
            fs::remove_file(&path).unwrap();
        }
    }

    #[test]
    fn what_is_somebody_elses_stays_and_what_is_in_use_too() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("portal.redb");
        fs::write(unfinished(&path), "my symphony").unwrap();
        let error = Data::open(&path, SMALL).unwrap_err();
        assert!(error.to_string().contains("unfinished is in the way"), "{error}");
        assert_eq!(fs::read(unfinished(&path)).unwrap(), b"my symphony");

        fs::remove_file(unfinished(&path)).unwrap();
        let other = Database::create(unfinished(&path)).unwrap();
        let error = Data::open(&path, SMALL).unwrap_err();
        assert!(matches!(error, DataError::Locked { .. }), "{error}");
        drop(other);
        assert!(!path.exists());
    }
}
