//! Looks whether a data file is sound, before it is opened for writing.
//!
//! Opening a database repairs what a killed process has left behind, so it may write to a file that
//! turns out to be damaged, or to be somebody else's. The check works on a copy in memory instead: what
//! it refuses stays as it is, byte for byte.

use std::fs::{File, TryLockError};
use std::io::{self, Read};
use std::path::Path;
use std::thread;

use redb::backends::InMemoryBackend;
use redb::{Database, StorageBackend};

use super::tables::{Failure, format_of};

/// The thread that checks a file: the database panics over some kinds of damage, and a program that
/// prints one message per error leaves such a panic to the error that follows from it.
pub const CHECK_THREAD: &str = "portal-data-check";

/// Succeeds when there is no file yet, or a sound one.
pub(super) fn readable(path: &Path) -> Result<(), Failure> {
    let mut file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error.into()),
    };
    match file.try_lock_shared() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => return Err(redb::Error::DatabaseAlreadyOpen.into()),
        Err(TryLockError::Error(error)) => return Err(error.into()),
    }
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes)?;
    drop(file);
    if bytes.is_empty() {
        return Ok(());
    }
    let check =
        thread::Builder::new().name(CHECK_THREAD.to_owned()).spawn(move || sound(&bytes))?;
    let broken = |_| Err(Failure::Corrupt("its structure is broken".to_owned()));
    check.join().unwrap_or_else(broken).map_err(|failure| match failure {
        // Memory does not fail: what the database complains about is what is in the file.
        Failure::Database(error) => Failure::Corrupt(error.to_string()),
        corrupt => corrupt,
    })
}

fn sound(bytes: &[u8]) -> Result<(), Failure> {
    let copy = InMemoryBackend::new();
    copy.set_len(bytes.len() as u64)?;
    copy.write(0, bytes)?;
    let mut database = Database::builder().create_with_backend(copy)?;
    // The checksums of all pages: a damaged one is found now, not by the request that needs it.
    database.check_integrity()?;
    format_of(&database).map(drop)
}
