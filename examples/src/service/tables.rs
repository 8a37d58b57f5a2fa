//! The tables of the data file: what they hold, how they are filled, how they are recognised.

use redb::{
    Database, ReadableDatabase, ReadableTable, TableDefinition, TableHandle, WriteTransaction,
};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::fill::World;

pub(super) const USERS: TableDefinition<'_, u32, &[u8]> = TableDefinition::new("users");
pub(super) const SPACES: TableDefinition<'_, u32, &[u8]> = TableDefinition::new("spaces");
pub(super) const PAGES: TableDefinition<'_, u32, &[u8]> = TableDefinition::new("pages");
pub(super) const SESSIONS: TableDefinition<'_, &str, &[u8]> = TableDefinition::new("sessions");
/// Made with the first import, so that files from before there were imports stay as they are.
pub(super) const CONTACTS: TableDefinition<'_, u32, &[u8]> = TableDefinition::new("contacts");
/// From each word of a label to its end, lower case; then kind and identity. The value is the label.
pub(super) const WORDS: TableDefinition<'_, (&str, u8, u32), &str> = TableDefinition::new("words");
const ABOUT: TableDefinition<'_, &str, u32> = TableDefinition::new("portal");

/// Raised when the tables change, so that an older file is refused instead of misread.
pub(super) const FORMAT: u32 = 1;

/// What goes wrong inside of the file, before its path is added.
pub(super) enum Failure {
    Corrupt(String),
    /// Not the one that is known here.
    Format(u32),
    Database(Box<redb::Error>),
}

impl<E: Into<redb::Error>> From<E> for Failure {
    fn from(error: E) -> Self {
        Self::Database(Box::new(error.into()))
    }
}

/// The format of a file that is Portal's, `None` for one that holds nothing yet.
pub(super) fn format_of(database: &Database) -> Result<Option<u32>, Failure> {
    let read = database.begin_read()?;
    let names: Vec<String> = read.list_tables()?.map(|table| table.name().to_owned()).collect();
    if names.is_empty() {
        return Ok(None);
    }
    if !names.iter().any(|name| name == ABOUT.name()) {
        return Err(Failure::Corrupt(format!("its tables are {}", names.join(", "))));
    }
    match read.open_table(ABOUT)?.get("format")? {
        Some(format) => Ok(Some(format.value())),
        None => Err(Failure::Corrupt("it does not say its format".to_owned())),
    }
}

pub(super) fn write_world(database: &Database, world: &World) -> Result<(), Failure> {
    let write = database.begin_write()?;
    write_entities(&write, USERS, world.users.iter().map(|user| (user.id, user)))?;
    write_entities(&write, SPACES, world.spaces.iter().map(|space| (space.id, space)))?;
    write_entities(&write, PAGES, world.pages.iter().map(|page| (page.id, page)))?;
    let users = world.users.iter().map(|user| (user.name.as_str(), 0, user.id));
    let spaces = world.spaces.iter().map(|space| (space.title.as_str(), 1, space.id));
    // Sorted keys are several times faster to insert into a B-tree than random ones.
    let mut words: Vec<(String, u8, u32, &str)> = users
        .chain(spaces)
        .flat_map(|(label, kind, id)| {
            word_starts(label).map(move |start| (label[start..].to_lowercase(), kind, id, label))
        })
        .collect();
    words.sort_unstable();
    let mut index = write.open_table(WORDS)?;
    for (words, kind, id, label) in &words {
        index.insert((words.as_str(), *kind, *id), *label)?;
    }
    drop(index);
    write.open_table(SESSIONS)?;
    write.open_table(ABOUT)?.insert("format", FORMAT)?;
    write.commit()?;
    Ok(())
}

fn write_entities<'a, T: Serialize + 'a>(
    write: &WriteTransaction,
    definition: TableDefinition<'_, u32, &'static [u8]>,
    entities: impl Iterator<Item = (u32, &'a T)>,
) -> Result<(), Failure> {
    let mut table = write.open_table(definition)?;
    for (id, entity) in entities {
        table.insert(id, encode(entity)?.as_slice())?;
    }
    Ok(())
}

pub(super) fn word_starts(label: &str) -> impl Iterator<Item = usize> {
    let after_spaces = label.match_indices(' ').map(|(at, space)| at + space.len());
    std::iter::once(0).chain(after_spaces)
}

pub(super) fn decoded<'k, K, T>(
    table: &impl ReadableTable<K, &'static [u8]>,
    key: K::SelfType<'k>,
) -> Result<Option<T>, Failure>
where
    K: redb::Key + 'static,
    T: DeserializeOwned,
{
    table.get(key)?.map(|value| decode(value.value())).transpose()
}

pub(super) fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Failure> {
    serde_json::from_slice(bytes).map_err(|error| Failure::Corrupt(error.to_string()))
}

pub(super) fn encode<T: Serialize>(value: &T) -> Result<Vec<u8>, Failure> {
    serde_json::to_vec(value).map_err(|error| Failure::Corrupt(error.to_string()))
}
