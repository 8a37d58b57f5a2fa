//! Portal's data in one embedded database file, made and filled when it does not exist yet.
//!
//! Filling is one transaction: a process that is killed half way leaves a file without tables, which
//! the next start fills. A file that holds anything else than Portal's data is refused and never
//! written to.

use std::path::{Path, PathBuf};

use redb::{Database, ReadableDatabase, ReadableTableMetadata};

use super::check;
use super::fill::{self, Size};
use super::tables::{
    FORMAT, Failure, PAGES, SESSIONS, SPACES, USERS, WORDS, decode, decoded, encode, format_of,
    write_world,
};
use crate::api::{Hit, HitKind, Page, Session, Space, SpaceList, User};
use crate::random::mix;

/// The generated world never changes: a kept file answers like a new one.
const WORLD_SEED: u64 = 2_026;

/// The open data file. Reads run in parallel; writes take turns.
#[derive(Debug)]
pub struct Data {
    database: Database,
    path: PathBuf,
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
    /// The operating system refused: no such folder, no permission, a full disk.
    #[error("the data file {path} cannot be read and written: {source}")]
    Io {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        source: std::io::Error,
    },
    /// The database gave another error.
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
        check::readable(path).map_err(|failure| Self::refused(path, failure))?;
        let database =
            Database::create(path).map_err(|error| Self::refused(path, Failure::from(error)))?;
        let data = Self { database, path: path.to_owned() };
        data.in_file(|database| match format_of(database)? {
            Some(FORMAT) => Ok(()),
            Some(other) => Err(Failure::Corrupt(format!("its format is {other}, not {FORMAT}"))),
            None => write_world(database, &fill::world(WORLD_SEED, size)),
        })?;
        Ok(data)
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
        let users = self.size()?.users;
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
        work(&self.database).map_err(|failure| Self::refused(&self.path, failure))
    }

    fn refused(path: &Path, failure: Failure) -> DataError {
        let path = path.to_owned();
        match failure {
            Failure::Corrupt(cause) => DataError::Corrupt { path, cause },
            Failure::Database(error) => match *error {
                redb::Error::DatabaseAlreadyOpen => DataError::Locked { path },
                redb::Error::Corrupted(cause) => DataError::Corrupt { path, cause },
                redb::Error::Io(source) => DataError::Io { path, source },
                other => DataError::Storage { path, cause: other.to_string() },
            },
        }
    }
}
