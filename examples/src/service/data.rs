//! Portal's data in one embedded database file, made and filled when it does not exist yet.
//!
//! A file is filled beside its place and then moved there (`making.rs`): who is killed half way finds none at the next
//! start, and one is made. A file that holds anything else than Portal's data is refused and never written to.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use redb::backends::InMemoryBackend;
use redb::{Database, ReadableDatabase, ReadableTableMetadata, StorageBackend};

use super::check::{self, Found};
use super::fill::{self, Size};
use crate::advice::advice;

use super::making;
use super::tables::{
    FORMAT, Failure, PAGES, SESSIONS, SPACES, USERS, WORDS, decode, decoded, encode, format_of,
    write_world,
};
use crate::api::{Hit, HitKind, Page, Session, Space, SpaceList, User};
use crate::random::mix;

/// The generated world never changes: a kept file answers like a new one.
const WORLD_SEED: u64 = 2_026;

/// Writes the world into an empty database, in one transaction.
pub(super) fn fill(database: &Database, size: Size) -> Result<(), Failure> {
    write_world(database, &fill::world(WORLD_SEED, size))
}

/// Who comes into question as the user of a new session.
const FIRST_USERS: u32 = 100;

/// The open data file. Reads run in parallel; writes take turns.
#[derive(Debug)]
pub struct Data {
    database: Database,
    path: PathBuf,
    /// Why the file could not be read or written, the first time that it could not.
    failed: OnceLock<String>,
}

/// Why a data file cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DataError {
    /// Another process, or another [`Data`] of this one, has the file open.
    #[error("the data file {path} is in use by another process; stop it or choose another file")]
    Locked {
        /// The file.
        path: PathBuf,
    },
    /// The content is not that of a database, or is damaged.
    #[error(
        "the data file {path} is corrupt or not a Portal data file ({cause}); \
         it was left as it is: move it away or choose another file"
    )]
    Corrupt {
        /// The file.
        path: PathBuf,
        /// What was wrong.
        cause: String,
    },
    /// The file was made by a newer version of this program, or of its database.
    #[error(
        "the data file {path} was made by a newer version of this program ({cause}); \
         it was left as it is: use that version or choose another file"
    )]
    Newer {
        /// The file.
        path: PathBuf,
        /// Which version it says.
        cause: String,
    },
    /// The operating system refused: no such folder, no permission, a full disk.
    #[error("the data file {path} cannot be read and written: {source}; {}", advice(.source))]
    Io {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// The database gave another error, or has given one before.
    #[error("the data file {path} failed: {cause}")]
    Storage {
        /// The file.
        path: PathBuf,
        /// The database's words.
        cause: String,
    },
}

pub(super) type Result<T, E = DataError> = std::result::Result<T, E>;

impl Data {
    /// Opens the data file at `path`; makes and fills it with `size` when there is none.
    ///
    /// # Errors
    /// [`DataError`], whose message names the file, the cause and what to do. The file is unchanged then.
    pub fn open(path: impl AsRef<Path>, size: Size) -> Result<Self> {
        let path = path.as_ref();
        let refused = |failure| Self::refused(path, failure);
        if check::what_is_at(path).map_err(refused)? == Found::Nothing {
            making::make(path, size).map_err(refused)?;
        }
        let database = Database::create(path).map_err(|error| refused(Failure::from(error)))?;
        Self::filled(database, path, size)
    }

    /// Opens a copy, at `copy`, of the data file at `path`, which is made when there is none and is else only read.
    ///
    /// # Errors
    /// As [`open`](Self::open) of either.
    pub fn open_copy(path: impl AsRef<Path>, copy: impl AsRef<Path>, size: Size) -> Result<Self> {
        let (path, copy) = (path.as_ref(), copy.as_ref());
        if check::what_is_at(path).map_err(|failure| Self::refused(path, failure))? != Found::Data {
            drop(Self::open(path, size)?);
        }
        std::fs::copy(path, copy)
            .map_err(|source| DataError::Io { path: copy.to_owned(), source })?;
        Self::open(copy, size)
    }

    /// Data in memory, gone with this value.
    ///
    /// # Errors
    /// [`DataError`] if it cannot be filled.
    pub fn in_memory(size: Size) -> Result<Self> {
        Self::on(InMemoryBackend::new(), size)
    }

    /// Data wherever `backend` keeps bytes; filled with `size` if it keeps none.
    ///
    /// # Errors
    /// [`DataError`] as with a file, whose place is "in memory".
    pub fn on(backend: impl StorageBackend, size: Size) -> Result<Self> {
        let path = Path::new("in memory");
        let database = Database::builder().create_with_backend(backend);
        let database = database.map_err(|error| Self::refused(path, Failure::from(error)))?;
        Self::filled(database, path, size)
    }

    fn filled(database: Database, path: &Path, size: Size) -> Result<Self> {
        let data = Self { database, path: path.to_owned(), failed: OnceLock::new() };
        data.in_file(|database| match format_of(database)? {
            Some(FORMAT) => Ok(()),
            Some(other) => Err(Failure::Format(other)),
            None => fill(database, size),
        })?;
        Ok(data)
    }

    /// Why the file could not be read or written, if that has happened. What was answered since says nothing.
    #[must_use]
    pub fn failure(&self) -> Option<DataError> {
        let cause = self.failed.get()?.clone();
        Some(DataError::Storage { path: self.path.clone(), cause })
    }

    /// Where the file is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// How many users and spaces there are.
    ///
    /// # Errors
    /// [`DataError`] when the file cannot be read.
    pub fn size(&self) -> Result<Size> {
        self.in_file(|database| {
            let read = database.begin_read()?;
            let (users, spaces) = (read.open_table(USERS)?.len()?, read.open_table(SPACES)?.len()?);
            Ok(Size { users: users as u32, spaces: spaces as u32 })
        })
    }

    /// The user with this identity.
    ///
    /// # Errors
    /// [`DataError`] when the file cannot be read.
    pub fn user(&self, id: u32) -> Result<Option<User>> {
        self.in_file(|database| decoded(&database.begin_read()?.open_table(USERS)?, id))
    }

    /// The page with this identity.
    ///
    /// # Errors
    /// [`DataError`] when the file cannot be read.
    pub fn page(&self, id: u32) -> Result<Option<Page>> {
        self.in_file(|database| decoded(&database.begin_read()?.open_table(PAGES)?, id))
    }

    /// `limit` spaces by identity, after the first `offset`.
    ///
    /// # Errors
    /// [`DataError`] when the file cannot be read.
    pub fn spaces(&self, offset: u32, limit: u32) -> Result<SpaceList> {
        self.in_file(|database| {
            let table = database.begin_read()?.open_table(SPACES)?;
            let from = offset.saturating_add(1);
            let mut spaces: Vec<Space> = Vec::new();
            for entry in table.range(from..from.saturating_add(limit))? {
                spaces.push(decode(entry?.1.value())?);
            }
            Ok(SpaceList { total: table.len()? as u32, spaces })
        })
    }

    /// The first `limit` users and spaces with a word that starts with `query`, in the index's order.
    ///
    /// # Errors
    /// [`DataError`] when the file cannot be read.
    pub fn search(&self, query: &str, limit: usize) -> Result<Vec<Hit>> {
        let query = query.trim().to_lowercase();
        if query.is_empty() {
            return Ok(Vec::new());
        }
        self.in_file(|database| {
            let table = database.begin_read()?.open_table(WORDS)?;
            let mut hits: Vec<Hit> = Vec::new();
            for entry in table.range((query.as_str(), 0, 0)..)? {
                let (key, label) = entry?;
                let (words, kind, id) = key.value();
                if !words.starts_with(&query) || hits.len() == limit {
                    break;
                }
                let kind = if kind == 0 { HitKind::User } else { HitKind::Space };
                // "Anna Andersen" is indexed under both of her names.
                if !hits.iter().any(|hit| (hit.kind, hit.id) == (kind, id)) {
                    hits.push(Hit { kind, id, label: label.value().to_owned() });
                }
            }
            Ok(hits)
        })
    }

    /// The session of `token`.
    ///
    /// # Errors
    /// [`DataError`] when the file cannot be read.
    pub fn session(&self, token: &str) -> Result<Option<Session>> {
        self.in_file(|database| decoded(&database.begin_read()?.open_table(SESSIONS)?, token))
    }

    /// Makes a session for `token`; `None` when it has one. The token decides who its user is.
    ///
    /// # Errors
    /// [`DataError`] when the file cannot be written.
    pub fn create_session(&self, token: &str) -> Result<Option<Session>> {
        // One of the first, so that it is the same one in a small world and in a large one.
        let users = self.size()?.users.min(FIRST_USERS);
        self.change_session(token, |old| match old {
            Some(_) => (old.clone(), None),
            None => {
                let user = mix(0, token.as_bytes()) % u64::from(users.max(1)) + 1;
                let new = Session { token: token.to_owned(), user: user as u32, visits: 0 };
                (Some(new.clone()), Some(new))
            }
        })
    }

    /// Counts one more visit of the session of `token`; `None` when it has no session.
    ///
    /// # Errors
    /// [`DataError`] when the file cannot be written.
    pub fn enter_session(&self, token: &str) -> Result<Option<Session>> {
        self.change_session(token, |old| {
            let new = old.map(|session| Session { visits: session.visits + 1, ..session });
            (new.clone(), new)
        })
    }

    /// Forgets the session of `token`; says whether it had one.
    ///
    /// # Errors
    /// [`DataError`] when the file cannot be written.
    pub fn end_session(&self, token: &str) -> Result<bool> {
        self.change_session(token, |old| (None, old.is_some()))
    }

    /// Replaces a session by what `change` makes of it, in one transaction.
    fn change_session<R>(
        &self,
        token: &str,
        change: impl FnOnce(Option<Session>) -> (Option<Session>, R),
    ) -> Result<R> {
        self.in_file(|database| {
            let write = database.begin_write()?;
            let mut table = write.open_table(SESSIONS)?;
            let old: Option<Session> = decoded(&table, token)?;
            let (new, result) = change(old);
            match new {
                Some(session) => drop(table.insert(token, encode(&session)?.as_slice())?),
                None => drop(table.remove(token)?),
            }
            drop(table);
            write.commit()?;
            Ok(result)
        })
    }

    pub(super) fn in_file<R>(
        &self,
        work: impl FnOnce(&Database) -> Result<R, Failure>,
    ) -> Result<R> {
        work(&self.database).map_err(|failure| {
            let refused = Self::refused(&self.path, failure);
            self.failed.get_or_init(|| match &refused {
                DataError::Io { source, .. } => format!("{source}; {}", advice(source)),
                DataError::Corrupt { cause, .. } | DataError::Storage { cause, .. } => {
                    cause.clone()
                }
                other => other.to_string(),
            });
            refused
        })
    }

    fn refused(path: &Path, failure: Failure) -> DataError {
        let path = path.to_owned();
        match failure {
            Failure::Corrupt(cause) => DataError::Corrupt { path, cause },
            Failure::Format(format) if format > FORMAT => {
                let cause = format!("its format is {format}, this one knows {FORMAT}");
                DataError::Newer { path, cause }
            }
            Failure::Format(format) => {
                DataError::Corrupt { path, cause: format!("its format is {format}, not {FORMAT}") }
            }
            Failure::Database(error) => match *error {
                redb::Error::DatabaseAlreadyOpen => DataError::Locked { path },
                redb::Error::Corrupted(cause) => DataError::Corrupt { path, cause },
                redb::Error::Io(source) => DataError::Io { path, source },
                other => DataError::Storage { path, cause: other.to_string() },
            },
        }
    }
}
