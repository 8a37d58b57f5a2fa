//! What the service changes in the data file beside sessions: pages, titles of spaces, imported contacts.
//!
//! Each change is one transaction, so a process that is killed half way has changed nothing.

use redb::{Database, ReadableDatabase, ReadableTable, TableError, WriteTransaction};

use super::data::{Data, Result};
use super::tables::{
    CONTACTS, Failure, PAGES, SPACES, WORDS, decode, decoded, encode, word_starts,
};
use crate::api::{Contact, Page, PageDraft, Space};

/// How saving a page has ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Saved {
    /// It is as the draft says, and one version older.
    Page(Page),
    /// Somebody has changed it since the version that the draft is based on: it is this now.
    Conflict(Page),
    /// There is no such page.
    Missing,
}

impl Data {
    /// Changes a page to what `draft` says, unless somebody else has changed it meanwhile.
    ///
    /// # Errors
    /// [`DataError`](super::DataError) when the file cannot be written.
    pub fn save_page(&self, id: u32, draft: &PageDraft) -> Result<Saved> {
        self.in_file(|database| {
            let write = database.begin_write()?;
            let Some(page) = decoded::<_, Page>(&write.open_table(PAGES)?, id)? else {
                return Ok(Saved::Missing);
            };
            if page.version != draft.version {
                return Ok(Saved::Conflict(page));
            }
            let PageDraft { title, text, version } = draft.clone();
            let page = Page { title, text, version: version + 1, ..page };
            write.open_table(PAGES)?.insert(id, encode(&page)?.as_slice())?;
            write.commit()?;
            Ok(Saved::Page(page))
        })
    }

    /// Gives a space another title, by which it is found from then on; `None` when there is no such space.
    ///
    /// # Errors
    /// [`DataError`](super::DataError) when the file cannot be written.
    pub fn rename_space(&self, id: u32, title: &str) -> Result<Option<Space>> {
        self.in_file(|database| {
            let write = database.begin_write()?;
            let Some(old) = decoded::<_, Space>(&write.open_table(SPACES)?, id)? else {
                return Ok(None);
            };
            let space = Space { title: title.to_owned(), ..old.clone() };
            write.open_table(SPACES)?.insert(id, encode(&space)?.as_slice())?;
            index_again(&write, &old, &space)?;
            write.commit()?;
            Ok(Some(space))
        })
    }

    /// Keeps `contact`, in place of one with its identity.
    ///
    /// # Errors
    /// [`DataError`](super::DataError) when the file cannot be written.
    pub fn import(&self, contact: &Contact) -> Result<()> {
        self.in_file(|database| {
            let write = database.begin_write()?;
            write.open_table(CONTACTS)?.insert(contact.id, encode(contact)?.as_slice())?;
            write.commit()?;
            Ok(())
        })
    }

    /// Every imported contact, by identity.
    ///
    /// # Errors
    /// [`DataError`](super::DataError) when the file cannot be read.
    pub fn contacts(&self) -> Result<Vec<Contact>> {
        self.in_file(|database: &Database| {
            let table = match database.begin_read()?.open_table(CONTACTS) {
                Ok(table) => table,
                Err(TableError::TableDoesNotExist(_)) => return Ok(Vec::new()),
                Err(error) => return Err(error.into()),
            };
            let mut contacts = Vec::new();
            for entry in table.iter()? {
                contacts.push(decode(entry?.1.value())?);
            }
            Ok(contacts)
        })
    }

    /// Puts `page` in the place of the one with its identity and forgets all contacts: where a scene begins.
    pub(crate) fn set_scene(&self, page: &Page) -> Result<()> {
        self.in_file(|database| {
            let write = database.begin_write()?;
            write.open_table(PAGES)?.insert(page.id, encode(page)?.as_slice())?;
            write.delete_table(CONTACTS)?;
            write.commit()?;
            Ok(())
        })
    }
}

/// The space is found under the words of its new title, and no longer under those of the old one.
fn index_again(write: &WriteTransaction, old: &Space, new: &Space) -> Result<(), Failure> {
    let mut index = write.open_table(WORDS)?;
    for start in word_starts(&old.title) {
        index.remove((old.title[start..].to_lowercase().as_str(), 1, old.id))?;
    }
    for start in word_starts(&new.title) {
        let words = new.title[start..].to_lowercase();
        index.insert((words.as_str(), 1, new.id), new.title.as_str())?;
    }
    Ok(())
}
