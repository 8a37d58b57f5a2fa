//! What to do when the operating system refuses a file: the second half of a message about it.

use std::io::{Error, ErrorKind};

/// What whoever has chosen the file can do about `refusal`.
#[must_use]
pub fn advice(refusal: &Error) -> &'static str {
    match refusal.kind() {
        ErrorKind::NotFound => "make its folder, or choose another file",
        ErrorKind::IsADirectory | ErrorKind::NotADirectory => "choose a file in a folder",
        ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => {
            "make it writable, or choose another file"
        }
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::FileTooLarge => {
            "make room, or choose a file on another disk"
        }
        _ => "choose another file",
    }
}
