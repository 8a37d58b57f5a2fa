//! Who follows which key, among the handles of one storage.

use super::{StorageCallback, StorageGuard};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError, Weak},
};

/// Who follows which key.
#[derive(Default)]
pub(super) struct Followers {
    all: Mutex<Registered>,
}

#[derive(Default)]
struct Registered {
    /// The number of the last one.
    last: u64,
    /// By key, with their numbers.
    by_key: HashMap<String, Vec<(u64, StorageCallback)>>,
}

impl Followers {
    pub(super) fn add(self: &Arc<Self>, key: &str, callback: StorageCallback) -> StorageGuard {
        let mut known = self.all.lock().unwrap_or_else(PoisonError::into_inner);
        known.last += 1;
        let number = known.last;
        known.by_key.entry(key.to_owned()).or_default().push((number, callback));
        drop(known);
        let (followers, key) = (Arc::downgrade(self), key.to_owned());
        StorageGuard::new(move || {
            if let Some(followers) = Weak::upgrade(&followers) {
                followers.remove(&key, number);
            }
        })
    }

    fn remove(&self, key: &str, number: u64) {
        let mut known = self.all.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(all) = known.by_key.get_mut(key) else { return };
        let gone = all.iter().position(|(other, _)| *other == number).map(|n| all.remove(n));
        if all.is_empty() {
            known.by_key.remove(key);
        }
        drop(known);
        // It holds values of the user's.
        drop(gone);
    }

    /// Tells all who follow a key. Whoever has written it himself knows, and does nothing.
    pub(super) fn tell(&self, key: &str, text: Option<&str>) {
        let all: Vec<_> = {
            let known = self.all.lock().unwrap_or_else(PoisonError::into_inner);
            known
                .by_key
                .get(key)
                .into_iter()
                .flatten()
                .map(|(_, callback)| callback.clone())
                .collect()
        };
        all.iter().for_each(|callback| callback(text));
    }
}
