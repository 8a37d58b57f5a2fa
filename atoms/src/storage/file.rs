//! A storage of files.

use super::{Storage, StorageCallback, StorageError, StorageGuard, followers::Followers};
use std::{
    fmt, fs,
    io::{self, Write},
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

/// A storage in a folder, a file per key. Clones are handles to the same one, which hear of each other's writes.
///
/// A write goes into a temporary file beside, which is flushed to the disk and then takes the place of the old one: a
/// crash, a full disk or a reader at the wrong moment meets the old text or the new one, never half of it.
///
/// What another process, or a storage that was opened on its own, writes is seen when [`refresh`](Self::refresh) or
/// [`refresh_all`](Self::refresh_all) looks. Nothing looks by itself: when to do that is best known to the app, when its
/// window gets the focus say, or every now and then:
///
/// ```
/// # use std::time::Duration;
/// # use trine_atoms::{FileStorage, Store};
/// # tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap().block_on(async {
/// # let (store, folder) = (Store::new(), tempfile::tempdir().unwrap());
/// let storage = FileStorage::open(folder.path())?;
/// let looks = storage.clone();
/// let looking = store.run("look for changes", |_| async move {
///     loop {
///         tokio::time::sleep(Duration::from_secs(2)).await;
///         looks.refresh_all()?;
///     }
///     # #[allow(unreachable_code)]
///     # Ok::<(), trine_atoms::StorageError>(())
/// });
/// let looking = looking.abort_on_drop();
/// # tokio::time::sleep(Duration::from_secs(5)).await;
/// # assert!(!looking.is_settled());
/// # Ok::<(), std::io::Error>(())
/// # }).unwrap();
/// ```
#[derive(Clone)]
pub struct FileStorage {
    shared: Arc<Shared>,
}

struct Shared {
    folder: PathBuf,
    followers: Arc<Followers>,
    /// Whoever writes or looks: texts and what is told of them are in one order.
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
        {
            let _writing = self.writing();
            let text = self.load(key)?;
            self.shared.followers.note(key, text.as_deref());
        }
        self.shared.followers.tell();
        Ok(())
    }

    /// [`refresh`](Self::refresh) for every key that an atom is bound to.
    ///
    /// # Errors
    ///
    /// If one of them cannot be read; the others are refreshed all the same.
    pub fn refresh_all(&self) -> Result<(), StorageError> {
        let keys = self.shared.followers.keys();
        // All of them, though one fails.
        let looked: Vec<_> = keys.iter().map(|key| self.refresh(key)).collect();
        looked.into_iter().collect()
    }

    fn writing(&self) -> MutexGuard<'_, ()> {
        self.shared.writing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The file of a key: small letters, digits, `-` and `_` stand for themselves, anything else for its bytes, capital letters
    /// too, since there are file systems that do not tell them apart.
    #[must_use]
    pub fn file_of(&self, key: &str) -> PathBuf {
        let mut name = String::with_capacity(key.len() + 5);
        for byte in key.bytes() {
            if byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-' || byte == b'_' {
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
            let _writing = self.writing();
            let written = self.replace(&self.file_of(key), text);
            written.map_err(|error| StorageError::io(key.to_owned(), "written", error))?;
            self.shared.followers.note(key, Some(text));
        }
        self.shared.followers.tell();
        Ok(())
    }

    fn remove(&self, key: &str) -> Result<(), StorageError> {
        {
            let _writing = self.writing();
            match fs::remove_file(self.file_of(key)) {
                Ok(()) => self.shared.followers.note(key, None),
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(StorageError::io(key.to_owned(), "removed", error)),
            }
        }
        self.shared.followers.tell();
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
