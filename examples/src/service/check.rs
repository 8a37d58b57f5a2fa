//! Looks whether a data file is sound, before it is opened for writing.
//!
//! Opening a database repairs what a killed process has left behind, so it may write to a file that
//! turns out to be damaged, or to be somebody else's. The check works on a copy in memory instead: what
//! it refuses stays as it is, byte for byte.

use std::fs::{self, File, TryLockError};
use std::io::{self, ErrorKind, Read};
use std::path::Path;
use std::thread;

use redb::backends::InMemoryBackend;
use redb::{Database, StorageBackend};

use super::tables::{FORMAT, Failure, format_of};

/// The thread that checks a file: the database panics over some kinds of damage, and a program that
/// prints one message per error leaves such a panic to the error that follows from it.
pub const CHECK_THREAD: &str = "portal-data-check";

/// A hundred times what the data of Portal needs.
const MOST_BYTES: u64 = 1 << 30;

/// What is at the place of a data file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// No file, or an empty one.
    Nothing,
    /// A database without tables.
    Empty,
    /// Data of Portal.
    Data,
}

/// Fails when there is a file that is none of Portal's, or damaged, or in use. Nothing is written.
pub(super) fn what_is_at(path: &Path) -> Result<Found, Failure> {
    match fs::metadata(path) {
        Ok(about) if about.is_dir() => return Err(io::Error::from(ErrorKind::IsADirectory).into()),
        // It may have no end, or wait for somebody who writes to it.
        Ok(about) if !about.is_file() => {
            return Err(Failure::Corrupt("it is no ordinary file".to_owned()));
        }
        Ok(about) if about.len() > MOST_BYTES => {
            return Err(Failure::Corrupt("it is larger than any of them".to_owned()));
        }
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Found::Nothing),
        Err(error) => return Err(error.into()),
        Ok(_) => {}
    }
    let mut file = File::open(path)?;
    match file.try_lock_shared() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => return Err(redb::Error::DatabaseAlreadyOpen.into()),
        Err(TryLockError::Error(error)) => return Err(error.into()),
    }
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes)?;
    drop(file);
    if bytes.is_empty() {
        return Ok(Found::Nothing);
    }
    let check =
        thread::Builder::new().name(CHECK_THREAD.to_owned()).spawn(move || sound(&bytes))?;
    let broken = |_| Err(Failure::Corrupt("its structure is broken".to_owned()));
    check.join().unwrap_or_else(broken).map_err(|failure| match failure {
        // Memory does not fail: what the database complains about is what is in the file.
        Failure::Database(error) => Failure::Corrupt(error.to_string()),
        other => other,
    })
}

fn sound(bytes: &[u8]) -> Result<Found, Failure> {
    let copy = InMemoryBackend::new();
    copy.set_len(bytes.len() as u64)?;
    copy.write(0, bytes)?;
    let mut database = Database::builder().create_with_backend(copy)?;
    // The checksums of all pages: a damaged one is found now, not by the request that needs it.
    database.check_integrity()?;
    match format_of(&database)? {
        None => Ok(Found::Empty),
        Some(FORMAT) => Ok(Found::Data),
        Some(other) => Err(Failure::Format(other)),
    }
}
