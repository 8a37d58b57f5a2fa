//! A storage that lives as long as its handles: for tests.

use super::{Storage, StorageCallback, StorageError, StorageGuard, followers::Followers};
use std::{
    collections::BTreeMap,
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// A storage in memory. Clones are handles to the same one, which hear of each other's writes.
#[derive(Clone, Default)]
pub struct MemoryStorage {
    texts: Arc<Mutex<BTreeMap<String, String>>>,
    followers: Arc<Followers>,
}

impl MemoryStorage {
    /// An empty storage.
    pub fn new() -> Self {
        Self::default()
    }

    /// The keys that have a text.
    #[must_use]
    pub fn keys(&self) -> Vec<String> {
        self.texts().keys().cloned().collect()
    }

    fn texts(&self) -> MutexGuard<'_, BTreeMap<String, String>> {
        self.texts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Storage for MemoryStorage {
    fn load(&self, key: &str) -> Result<Option<String>, StorageError> {
        Ok(self.texts().get(key).cloned())
    }

    fn save(&self, key: &str, text: &str) -> Result<(), StorageError> {
        {
            let mut texts = self.texts();
            texts.insert(key.to_owned(), text.to_owned());
            self.followers.note(key, Some(text));
        }
        self.followers.tell();
        Ok(())
    }

    fn remove(&self, key: &str) -> Result<(), StorageError> {
        {
            let mut texts = self.texts();
            if texts.remove(key).is_some() {
                self.followers.note(key, None);
            }
        }
        self.followers.tell();
        Ok(())
    }

    fn follow(&self, key: &str, changed: StorageCallback) -> StorageGuard {
        self.followers.add(key, changed)
    }
}

impl fmt::Debug for MemoryStorage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryStorage").field("keys", &self.keys()).finish()
    }
}
