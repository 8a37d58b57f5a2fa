//! A storage of files.

use super::{Storage, StorageCallback, StorageError, StorageGuard, followers::Followers};
use std::{
    fmt, fs,
    io::{self, Write},
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

/// A storage in a folder, a file per key. Clones are handles to the same one, which hear of each other's writes.
///
/// A write goes into a temporary file beside, which is flushed to the disk and then takes the place of the old one: a
/// crash, a full disk or a reader at the wrong moment meets the old text or the new one, never half of it. What another
/// process, or a storage that was opened on its own, writes is seen when [`refresh`](Self::refresh) looks.
#[derive(Clone)]
pub struct FileStorage {
    shared: Arc<Shared>,
}

struct Shared {
    folder: PathBuf,
    followers: Arc<Followers>,
    /// Whoever writes: texts and what is told of them are in one order.
    writing: Mutex<()>,
    /// Numbers temporary files.
    last: AtomicU64,
}

impl FileStorage {
    /// A storage in `folder`, which is made if need be.
    ///
    /// # Errors
    ///
    /// If it cannot be made.
    pub fn open(folder: impl Into<PathBuf>) -> io::Result<Self> {
        let folder = folder.into();
        fs::create_dir_all(&folder)?;
        let (followers, writing) = (Arc::default(), Mutex::new(()));
        let shared = Shared { folder, followers, writing, last: AtomicU64::new(0) };
        Ok(Self { shared: Arc::new(shared) })
    }

    /// The folder.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.shared.folder
    }

    /// Looks whether somebody else has written a key, and tells those who follow it.
    ///
    /// # Errors
    ///
    /// If it cannot be read.
    pub fn refresh(&self, key: &str) -> Result<(), StorageError> {
        let text = self.load(key)?;
        self.shared.followers.tell(key, text.as_deref());
        Ok(())
    }

    /// The file of a key: letters, digits, `-` and `_` stand for themselves, anything else for its bytes.
    #[must_use]
    pub fn file_of(&self, key: &str) -> PathBuf {
        let mut name = String::with_capacity(key.len() + 5);
        for byte in key.bytes() {
            if byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_' {
                name.push(char::from(byte));
            } else {
                name.push_str(&format!("%{byte:02X}"));
            }
        }
        self.shared.folder.join(name + ".atom")
    }

    /// Writes a file as a whole or not at all.
    fn replace(&self, file: &Path, text: &str) -> io::Result<()> {
        let number = self.shared.last.fetch_add(1, Ordering::Relaxed);
        let mut temporary = file.as_os_str().to_owned();
        temporary.push(format!(".{}-{number}.tmp", std::process::id()));
        let temporary = PathBuf::from(temporary);
        let written = (|| {
            let mut new = fs::File::create_new(&temporary)?;
            new.write_all(text.as_bytes())?;
            new.sync_all()?;
            fs::rename(&temporary, file)
        })();
        if written.is_err() {
            let _ = fs::remove_file(&temporary);
        }
        written
    }
}

impl Storage for FileStorage {
    fn load(&self, key: &str) -> Result<Option<String>, StorageError> {
        match fs::read(self.file_of(key)) {
            Ok(bytes) => match String::from_utf8(bytes) {
                Ok(text) => Ok(Some(text)),
                Err(error) => Err(StorageError::Corrupt {
                    key: key.to_owned().into(),
                    message: error.to_string().into(),
                }),
            },
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(StorageError::io(key.to_owned(), "read", error)),
        }
    }

    fn save(&self, key: &str, text: &str) -> Result<(), StorageError> {
        {
            let _writing = self.shared.writing.lock().unwrap_or_else(PoisonError::into_inner);
            let written = self.replace(&self.file_of(key), text);
            written.map_err(|error| StorageError::io(key.to_owned(), "written", error))?;
        }
        self.shared.followers.tell(key, Some(text));
        Ok(())
    }

    fn remove(&self, key: &str) -> Result<(), StorageError> {
        match fs::remove_file(self.file_of(key)) {
            Ok(()) => self.shared.followers.tell(key, None),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(StorageError::io(key.to_owned(), "removed", error)),
        }
        Ok(())
    }

    fn follow(&self, key: &str, changed: StorageCallback) -> StorageGuard {
        self.shared.followers.add(key, changed)
    }
}

impl fmt::Debug for FileStorage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FileStorage").field("folder", &self.folder()).finish()
    }
}
