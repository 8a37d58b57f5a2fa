//! Stored atoms: values that outlive the process.

mod file;
mod followers;
mod memory;

pub use file::FileStorage;
pub use memory::MemoryStorage;

use crate::{atom::Atom, handle::AtomHandle, place::Place, place::PlaceError};
use std::{
    error::Error,
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
};
use trine_core::{SubscriptionGuard, Text};

/// Keeps texts by key.
///
/// Its methods are called outside every lock, on the thread that binds an atom or delivers its changes, and may block it.
pub trait Storage: Clone + Send + Sync + 'static {
    /// The text of a key; `None` if there is none.
    ///
    /// # Errors
    ///
    /// If it cannot be read.
    fn load(&self, key: &str) -> Result<Option<String>, StorageError>;

    /// Writes the text of a key: all of it or, if that fails, nothing.
    ///
    /// # Errors
    ///
    /// If it cannot be written.
    fn save(&self, key: &str, text: &str) -> Result<(), StorageError>;

    /// Removes a key.
    ///
    /// # Errors
    ///
    /// If that fails. A key that is not there is no failure.
    fn remove(&self, key: &str) -> Result<(), StorageError>;

    /// Has `changed` called whenever a key was written or removed through another handle, with the new text, until the guard is
    /// dropped. A storage that hears of nothing returns [`StorageGuard::nothing`].
    fn follow(&self, key: &str, changed: StorageCallback) -> StorageGuard {
        let _ = (key, changed);
        StorageGuard::nothing()
    }
}

/// Told of what another handle has written: the key's new text, or that it was removed.
pub type StorageCallback = Arc<dyn Fn(Option<&str>) + Send + Sync>;

/// Ends what [`Storage::follow`] has begun when it is dropped.
#[must_use = "nothing is followed any more when the guard is dropped"]
pub struct StorageGuard(Option<Box<dyn FnOnce() + Send + Sync>>);

impl StorageGuard {
    /// Calls `end`.
    pub fn new(end: impl FnOnce() + Send + Sync + 'static) -> Self {
        Self(Some(Box::new(end)))
    }

    /// Does nothing.
    pub const fn nothing() -> Self {
        Self(None)
    }
}

impl Drop for StorageGuard {
    fn drop(&mut self) {
        if let Some(end) = self.0.take() {
            end();
        }
    }
}

/// What can go wrong with a stored value. Nothing was overwritten.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum StorageError {
    /// The storage failed.
    #[error("`{key}` cannot be {doing}: {source}")]
    Io {
        /// The key.
        key: Text,
        /// What was tried: `read`, `written` or `removed`.
        doing: &'static str,
        /// Why not.
        source: Arc<dyn Error + Send + Sync>,
    },
    /// What is stored is no value.
    #[error(
        "what is stored as `{key}` is no value: {message}; it was left as it is: \
         mend it, or remove the key to begin anew"
    )]
    Corrupt {
        /// The key.
        key: Text,
        /// What is wrong with it.
        message: Text,
    },
    /// The value cannot be written as a text: a map whose keys are no texts cannot be JSON, say.
    #[error("the value of `{key}` cannot be stored: {message}")]
    NotStorable {
        /// The key.
        key: Text,
        /// Why not.
        message: Text,
    },
    /// What is stored is a value that its validation refuses.
    #[error(
        "what is stored as `{key}` is not valid: {message}; it was left as it is: \
         mend it, or remove the key to begin anew"
    )]
    Invalid {
        /// The key.
        key: Text,
        /// Why not.
        message: Text,
    },
    /// What is stored was written by a version that is not known here.
    #[error(
        "what is stored as `{key}` has version {found}, and {known} is the one that is known; it was left as it is: \
         use a newer app, or give `Stored::migrate` a way from there"
    )]
    Version {
        /// The key.
        key: Text,
        /// The version that was found.
        found: u32,
        /// The version that is known.
        known: u32,
    },
    /// The atom has no value in the place that it was to be bound in.
    #[error(transparent)]
    Place(#[from] PlaceError),
}

impl StorageError {
    /// A failure of a storage: `doing` is `read`, `written` or `removed`.
    pub fn io(
        key: impl Into<Text>,
        doing: &'static str,
        source: impl Into<Box<dyn Error + Send + Sync>>,
    ) -> Self {
        Self::Io { key: key.into(), doing, source: source.into().into() }
    }
}

type Encode<T> = Arc<dyn Fn(&T) -> Result<String, Text> + Send + Sync>;
type Decode<T> = Arc<dyn Fn(&str) -> Result<T, Text> + Send + Sync>;
type Migrate<T> = Arc<dyn Fn(u32, &str) -> Option<Result<T, Text>> + Send + Sync>;
type Validate<T> = Arc<dyn Fn(&T) -> Result<(), Text> + Send + Sync>;
type OnError = Arc<dyn Fn(&StorageError) + Send + Sync>;

/// How an atom is stored, beyond the end of the process.
///
/// A [`Storage`] keeps texts by key: [`MemoryStorage`] for tests, [`FileStorage`] a file each, or your own. [`Stored`] says how an
/// atom is written and read, and binds it: the stored value is read into the atom once, then every change is written, and
/// what another handle to the same storage writes is read.
///
/// ```
/// use trine_atoms::{Atom, MemoryStorage, Store, Stored};
///
/// static VOLUME: Atom<u8> = Atom::new("volume", || 5);
///
/// let storage = MemoryStorage::new();
/// let stored = || Stored::new(&VOLUME, |v| v.to_string(), |text| text.parse().map_err(|_| "no number"));
///
/// let store = Store::new();
/// let binding = stored().bind(&store, &storage).unwrap();
/// VOLUME.set(&store, 7);
///
/// let later = Store::new(); // the next start of the app
/// let _binding = stored().bind(&later, &storage).unwrap();
/// assert_eq!(VOLUME.get(&later), 7);
/// # drop(binding);
/// ```
///
/// # What is never overwritten
///
/// What cannot be read is left as it is: a text that is no value, that its validation refuses, or that a later version of the
/// app has written, is a typed error from [`bind`](Stored::bind), and then nothing is bound and nothing written. Whoever wants to
/// begin anew says so, with [`Storage::remove`].
///
/// The same holds while the atom is bound: once another handle, of a later version of the app say, has written what is not
/// understood here, changes of the atom are not written any more, and each one is reported, until somebody has written what is
/// understood or removed the key.
#[must_use = "nothing is stored until `bind` is called"]
pub struct Stored<T> {
    atom: Atom<T>,
    key: Text,
    version: u32,
    encode: Encode<T>,
    decode: Decode<T>,
    migrate: Option<Migrate<T>>,
    validate: Option<Validate<T>>,
    on_error: Option<OnError>,
}

impl<T: Clone + Send + Sync + 'static> Stored<T> {
    /// An atom that is stored under its name, as what `encode` makes of its value and `decode` understands.
    pub fn new<E: fmt::Display>(
        atom: &Atom<T>,
        encode: impl Fn(&T) -> String + Send + Sync + 'static,
        decode: impl Fn(&str) -> Result<T, E> + Send + Sync + 'static,
    ) -> Self {
        let decode = move |text: &str| decode(text).map_err(|error| error.to_string().into());
        Self {
            atom: atom.clone(),
            key: atom.text().clone(),
            version: 1,
            encode: Arc::new(move |value| Ok(encode(value))),
            decode: Arc::new(decode),
            migrate: None,
            validate: None,
            on_error: None,
        }
    }

    /// An atom that is stored under its name, as JSON.
    #[cfg(feature = "serde")]
    pub fn json(atom: &Atom<T>) -> Self
    where
        T: serde::Serialize + serde::de::DeserializeOwned,
    {
        let stored = Self::new(atom, |_| String::new(), |text| serde_json::from_str(text));
        let encode = |value: &T| {
            serde_json::to_string_pretty(value).map_err(|error| error.to_string().into())
        };
        Self { encode: Arc::new(encode), ..stored }
    }

    /// Stores it under another key than its name.
    pub fn key(mut self, key: impl Into<Text>) -> Self {
        self.key = key.into();
        self
    }

    /// The version of the format that is written; 1 unless it is chosen.
    pub fn version(mut self, version: u32) -> Self {
        self.version = version;
        self
    }

    /// How to understand what another version has written: `migrate` gets the version and the text, and returns `None` if it
    /// knows no way from there.
    pub fn migrate<E: fmt::Display>(
        mut self,
        migrate: impl Fn(u32, &str) -> Option<Result<T, E>> + Send + Sync + 'static,
    ) -> Self {
        self.migrate = Some(Arc::new(move |version, text| {
            let value = migrate(version, text)?;
            Some(value.map_err(|error| error.to_string().into()))
        }));
        self
    }

    /// Refuses stored values that could be read but make no sense.
    pub fn validate<E: fmt::Display>(
        mut self,
        validate: impl Fn(&T) -> Result<(), E> + Send + Sync + 'static,
    ) -> Self {
        self.validate =
            Some(Arc::new(move |value| validate(value).map_err(|error| error.to_string().into())));
        self
    }

    /// Has `report` told of what goes wrong after the binding: a change that cannot be written, or something written by another
    /// handle that cannot be read. See also [`StoredGuard::last_error`].
    pub fn on_error(mut self, report: impl Fn(&StorageError) + Send + Sync + 'static) -> Self {
        self.on_error = Some(Arc::new(report));
        self
    }

    /// Binds the atom to a storage in a place, until the guard is dropped: reads the stored value, if there is one, into the
    /// atom, then writes every change, and follows what other handles write.
    ///
    /// # Errors
    ///
    /// If what is stored cannot be read or understood; if no provider lists the atom. Then nothing is bound, and nothing was
    /// written.
    ///
    /// # Panics
    ///
    /// Inside a lease of a store.
    #[track_caller]
    pub fn bind<S: Storage>(
        self,
        at: &impl Place,
        storage: &S,
    ) -> Result<StoredGuard, StorageError> {
        let handle = self.atom.at(at)?;
        let found = storage.load(&self.key)?;
        if let Some(text) = &found {
            handle.set(self.understand(text)?);
        }
        let shared = Arc::new(Bound {
            known: Mutex::new(Known { text: found, strange: None, last_error: None }),
            stored: self,
        });
        let (writer, target, mut seen) = (Arc::clone(&shared), storage.clone(), handle.read());
        let subscription = handle.subscribe(move |value| writer.write(&target, value));
        // What was written between the look and the subscription is to be stored too.
        loop {
            let now = handle.read();
            if Arc::ptr_eq(&now, &seen) {
                break;
            }
            shared.write(storage, &now);
            seen = now;
        }
        let (reader, atom) = (Arc::downgrade(&shared), Mutex::new(handle));
        let follow: StorageCallback = Arc::new(move |text| {
            if let Some(reader) = Weak::upgrade(&reader) {
                let handle = atom.lock().unwrap_or_else(PoisonError::into_inner).clone();
                reader.read(&handle, text);
            }
        });
        let following = storage.follow(&shared.stored.key, follow);
        Ok(StoredGuard { _following: following, _subscription: subscription, bound: shared })
    }

    /// Makes a value of what is stored.
    fn understand(&self, text: &str) -> Result<T, StorageError> {
        let key = || self.key.clone();
        let corrupt = |message| StorageError::Corrupt { key: key(), message };
        let (found, body) = unwrap(text).ok_or_else(|| corrupt("it has no version".into()))?;
        let value = if found == self.version {
            (self.decode)(body).map_err(corrupt)?
        } else {
            let migrated = self.migrate.as_ref().and_then(|migrate| migrate(found, body));
            let unknown = StorageError::Version { key: key(), found, known: self.version };
            migrated.ok_or(unknown)?.map_err(corrupt)?
        };
        if let Some(validate) = &self.validate {
            validate(&value).map_err(|message| StorageError::Invalid { key: key(), message })?;
        }
        Ok(value)
    }
}

/// The first line says what wrote the rest.
fn wrap(version: u32, body: &str) -> String {
    format!("version {version}\n{body}")
}

fn unwrap(text: &str) -> Option<(u32, &str)> {
    let (first, body) = text.split_once('\n')?;
    let version = first.trim_end().strip_prefix("version ")?.parse().ok()?;
    Some((version, body))
}

/// An atom that is bound to a storage.
struct Bound<T> {
    stored: Stored<T>,
    known: Mutex<Known>,
}

struct Known {
    /// The text that the storage has, as far as is known: what is written, or was told, once is not written again.
    text: Option<String>,
    /// Why what it has is not understood, so that it is not to be overwritten.
    strange: Option<StorageError>,
    last_error: Option<StorageError>,
}

impl<T: Clone + Send + Sync + 'static> Bound<T> {
    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes a change of the atom. Called once at a time, in the order of the commits.
    fn write(&self, storage: &impl Storage, value: &T) {
        let text = match self.text(value) {
            Ok(text) => text,
            Err(error) => return self.report(error),
        };
        let strange = {
            let known = self.known();
            if known.text.as_deref() == Some(&text) {
                return;
            }
            known.strange.clone()
        };
        if let Some(error) = strange {
            return self.report(error);
        }
        let before = self.known().text.replace(text.clone());
        if let Err(error) = storage.save(&self.stored.key, &text) {
            // The next change is to be tried, whatever it is.
            self.known().text = before;
            self.report(error);
        }
    }

    fn text(&self, value: &T) -> Result<String, StorageError> {
        let Stored { key, version, encode, .. } = &self.stored;
        let refused = |message| StorageError::NotStorable { key: key.clone(), message };
        Ok(wrap(*version, &encode(value).map_err(refused)?))
    }

    /// Reads what another handle has written.
    fn read(&self, handle: &AtomHandle<T>, text: Option<&str>) {
        {
            let mut known = self.known();
            if known.text.as_deref() == text {
                return;
            }
            known.text = text.map(str::to_owned);
            known.strange = None;
        }
        let Some(text) = text else {
            // Removed: the atom begins again, and that is not written.
            let initial = handle.initial();
            if let Ok(text) = self.text(&initial) {
                self.known().text = Some(text);
            }
            return drop(handle.try_set(T::clone(&initial)));
        };
        match self.stored.understand(text) {
            Ok(value) => drop(handle.try_set(value)),
            Err(error) => {
                self.known().strange = Some(error.clone());
                self.report(error);
            }
        }
    }

    fn report(&self, error: StorageError) {
        if let Some(report) = &self.stored.on_error {
            report(&error);
        }
        self.known().last_error = Some(error);
    }
}

/// What a guard keeps of a [`Bound`].
trait AnyBound: Send + Sync {
    fn last_error(&self) -> Option<StorageError>;
}

impl<T: Clone + Send + Sync + 'static> AnyBound for Bound<T> {
    fn last_error(&self) -> Option<StorageError> {
        self.known().last_error.clone()
    }
}

/// Keeps an atom bound to a storage; dropping it ends that, and leaves both as they are.
#[must_use = "the atom is not stored any more when the guard is dropped"]
pub struct StoredGuard {
    // First, so that nothing is read any more when the rest goes.
    _following: StorageGuard,
    _subscription: SubscriptionGuard,
    bound: Arc<dyn AnyBound>,
}

impl StoredGuard {
    /// What went wrong last since the atom was bound, if anything did.
    #[must_use]
    pub fn last_error(&self) -> Option<StorageError> {
        self.bound.last_error()
    }
}

impl<T> fmt::Debug for Stored<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stored")
            .field("atom", &self.atom)
            .field("key", &self.key)
            .field("version", &self.version)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for StoredGuard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StoredGuard").finish_non_exhaustive()
    }
}

impl fmt::Debug for StorageGuard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StorageGuard").finish_non_exhaustive()
    }
}
