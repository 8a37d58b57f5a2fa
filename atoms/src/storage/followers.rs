//! Who follows which key, among the handles of one storage.
//!
//! What was written is noted under the lock that it was written under, and told outside of it, by one thread at a time: so
//! followers hear of writes in the order in which they were made, and may write themselves.

use super::{StorageCallback, StorageGuard};
use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
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
    /// What is to be told.
    news: VecDeque<News>,
    /// Whether somebody is telling.
    telling: bool,
}

/// A key, and its text unless it was removed.
type News = (String, Option<String>);

/// Whoever tells, for as long as it lives.
struct Telling<'f>(&'f Followers);

impl Drop for Telling<'_> {
    fn drop(&mut self) {
        self.0.lock().telling = false;
    }
}

impl Followers {
    pub(super) fn add(self: &Arc<Self>, key: &str, callback: StorageCallback) -> StorageGuard {
        let mut known = self.lock();
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
        let mut known = self.lock();
        let Some(all) = known.by_key.get_mut(key) else { return };
        let gone = all.iter().position(|(other, _)| *other == number).map(|n| all.remove(n));
        if all.is_empty() {
            known.by_key.remove(key);
        }
        drop(known);
        // It holds values of the user's.
        drop(gone);
    }

    /// Notes that a key was written or removed, to be [told](Self::tell). Under the lock that it was written under.
    pub(super) fn note(&self, key: &str, text: Option<&str>) {
        let mut known = self.lock();
        if known.by_key.contains_key(key) {
            known.news.push_back((key.to_owned(), text.map(str::to_owned)));
        }
    }

    /// Tells what was noted to all who follow the keys, unless somebody is at it. Whoever has written a key himself knows,
    /// and does nothing.
    pub(super) fn tell(&self) {
        loop {
            let telling = {
                let mut known = self.lock();
                if known.telling || known.news.is_empty() {
                    return;
                }
                known.telling = true;
                Telling(self)
            };
            // What is noted from here on, and not found any more, is told in the next round.
            while let Some(((key, text), all)) = self.next() {
                all.iter().for_each(|callback| callback(text.as_deref()));
                drop((key, all));
            }
            drop(telling);
        }
    }

    fn next(&self) -> Option<(News, Vec<StorageCallback>)> {
        let mut known = self.lock();
        let news = known.news.pop_front()?;
        let all = known.by_key.get(&news.0).into_iter().flatten();
        let all = all.map(|(_, callback)| callback.clone()).collect();
        Some((news, all))
    }

    /// The keys that are followed.
    pub(super) fn keys(&self) -> Vec<String> {
        self.lock().by_key.keys().cloned().collect()
    }

    fn lock(&self) -> MutexGuard<'_, Registered> {
        self.all.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
