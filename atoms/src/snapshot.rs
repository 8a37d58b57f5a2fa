//! Snapshots: the values of chosen atoms, of one commit, as data.

use crate::{
    atom::Atom,
    derived::{AtomWriter, transaction},
    list::ListAtom,
    place::Place,
};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::Value;
use std::{collections::BTreeMap, convert::Infallible, fmt, sync::Arc};
use trine_core::Text;

/// The atoms that snapshots are taken of.
///
/// ```
/// use trine_atoms::{Atom, Snapshots, Store};
///
/// static THEME: Atom<Option<String>> = Atom::new("theme", || Some("light".to_owned()));
/// static VISITS: Atom<u32> = Atom::new("visits", || 0);
///
/// let chosen = Snapshots::new().atom(&THEME).atom(&VISITS);
///
/// let store = Store::new();
/// THEME.set(&store, None);
/// VISITS.set(&store, 3);
/// let text = serde_json::to_string(&chosen.take(&store).unwrap()).unwrap();
/// assert_eq!(text, r#"{"theme":null,"visits":3}"#); // `None` is a value; an atom that is missing is none
///
/// let other = Store::new();
/// let snapshot = serde_json::from_str(&text).unwrap();
/// chosen.restore(&other, &snapshot).unwrap();
/// assert_eq!((THEME.get(&other), VISITS.get(&other)), (None, 3));
/// ```
#[derive(Clone, Default)]
pub struct Snapshots {
    /// By name.
    atoms: BTreeMap<Text, Arc<dyn Chosen>>,
}

/// The values of atoms, by name: data that can be kept, sent, and put back.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct StateSnapshot(BTreeMap<String, Value>);

/// A snapshot could not be taken or put back. Nothing was written.
#[derive(Debug, Clone, thiserror::Error)]
#[error("atom `{atom}` cannot be {doing}: {message}")]
pub struct SnapshotError {
    /// The atom's name.
    pub atom: Text,
    /// What was tried.
    pub doing: &'static str,
    /// Why not.
    pub message: Text,
}

/// Writes a value that was read from a snapshot.
type Put = Box<dyn FnOnce(&mut AtomWriter<'_, '_>)>;

/// Turns a value that was read in a transaction into data, outside it.
type Taken = Box<dyn FnOnce() -> Result<Value, serde_json::Error>>;

/// An atom that snapshots are taken of.
trait Chosen: Send + Sync {
    /// Reads the value, inside the lease.
    fn take(&self, cx: &mut AtomWriter<'_, '_>) -> Taken;
    /// Understands a value, outside it.
    fn put(&self, value: &Value) -> Result<Put, serde_json::Error>;
    /// Whether the atom has been used in a place.
    fn is_used(&self, at: &dyn Fn(u64) -> bool) -> bool;
}

impl<T> Chosen for Atom<T>
where
    T: Clone + Serialize + DeserializeOwned + Send + Sync + 'static,
{
    fn take(&self, cx: &mut AtomWriter<'_, '_>) -> Taken {
        let value = cx.read(self);
        Box::new(move || serde_json::to_value(&*value))
    }

    fn put(&self, value: &Value) -> Result<Put, serde_json::Error> {
        let (atom, value) = (self.clone(), T::deserialize(value)?);
        Ok(Box::new(move |cx| cx.set(&atom, value)))
    }

    fn is_used(&self, at: &dyn Fn(u64) -> bool) -> bool {
        at(self.id())
    }
}

impl<T> Chosen for ListAtom<T>
where
    T: Clone + Serialize + DeserializeOwned + Send + Sync + 'static,
{
    fn take(&self, cx: &mut AtomWriter<'_, '_>) -> Taken {
        let items = cx.read(self);
        Box::new(move || serde_json::to_value(items))
    }

    fn put(&self, value: &Value) -> Result<Put, serde_json::Error> {
        let (list, items) = (self.clone(), Vec::<T>::deserialize(value)?);
        Ok(Box::new(move |cx| cx.edit(&list, |list| list.reset(items))))
    }

    fn is_used(&self, at: &dyn Fn(u64) -> bool) -> bool {
        at(crate::readable::Readable::about_it(self).id.get())
    }
}

impl Snapshots {
    /// No atoms yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// With an atom, under its name.
    ///
    /// # Panics
    ///
    /// If there is one of that name already: their values could not be told apart.
    #[must_use]
    #[track_caller]
    pub fn atom<T>(self, atom: &Atom<T>) -> Self
    where
        T: Clone + Serialize + DeserializeOwned + Send + Sync + 'static,
    {
        let name = atom.name().clone();
        self.with(name, Arc::new(atom.clone()))
    }

    /// With a list, under its name.
    ///
    /// # Panics
    ///
    /// As [`atom`](Self::atom).
    #[must_use]
    #[track_caller]
    pub fn list<T>(self, list: &ListAtom<T>) -> Self
    where
        T: Clone + Serialize + DeserializeOwned + Send + Sync + 'static,
    {
        let name = list.name().clone();
        self.with(name, Arc::new(list.clone()))
    }

    #[track_caller]
    fn with(mut self, name: Text, atom: Arc<dyn Chosen>) -> Self {
        let taken = self.atoms.insert(name.clone(), atom).is_some();
        assert!(
            !taken,
            "two atoms of the name `{name}` cannot be in one snapshot: rename one of them"
        );
        self
    }

    /// The values in a place, of one commit. They become data outside the lease.
    ///
    /// # Errors
    ///
    /// If a value is none that JSON has: a map whose keys are no texts, say.
    ///
    /// # Panics
    ///
    /// If an atom has no value; inside a lease of a store.
    #[track_caller]
    pub fn take(&self, at: &impl Place) -> Result<StateSnapshot, SnapshotError> {
        let read = transaction(at, |cx| {
            let read = |(name, atom): (&Text, &Arc<dyn Chosen>)| (name.clone(), atom.take(cx));
            Ok::<_, Infallible>(self.atoms.iter().map(read).collect::<Vec<_>>())
        });
        let Ok(read) = read;
        let mut values = BTreeMap::new();
        for (name, taken) in read {
            let value = taken().map_err(|error| refusal(&name, "taken", &error))?;
            values.insert(name.to_string(), value);
        }
        Ok(StateSnapshot(values))
    }

    /// Writes the values of a snapshot in a place: all of them as one commit, or none. Atoms that it has no value of stay as
    /// they are; returns the names of values that there is no atom for.
    ///
    /// # Errors
    ///
    /// If a value is none that its atom can have.
    ///
    /// # Panics
    ///
    /// If no provider lists one of the atoms; inside a lease of a store.
    #[track_caller]
    pub fn restore(
        &self,
        at: &impl Place,
        snapshot: &StateSnapshot,
    ) -> Result<Vec<String>, SnapshotError> {
        self.put(at, snapshot, |_| true)
    }

    /// Like [`restore`](Self::restore), but leaves alone what has been used in the place already: for values that come with the
    /// page or the process, and must not overwrite what the user has done since.
    ///
    /// # Errors
    ///
    /// As [`restore`](Self::restore).
    ///
    /// # Panics
    ///
    /// As [`restore`](Self::restore).
    #[track_caller]
    pub fn hydrate(
        &self,
        at: &impl Place,
        snapshot: &StateSnapshot,
    ) -> Result<Vec<String>, SnapshotError> {
        let site = at.at().site();
        self.put(at, snapshot, |atom| !atom.is_used(&|id| site.has_used(id)))
    }

    #[track_caller]
    fn put(
        &self,
        at: &impl Place,
        snapshot: &StateSnapshot,
        wanted: impl Fn(&dyn Chosen) -> bool,
    ) -> Result<Vec<String>, SnapshotError> {
        let (mut puts, mut unknown) = (Vec::new(), Vec::new());
        for (name, value) in &snapshot.0 {
            match self.atoms.get_key_value(name.as_str()) {
                Some((_, atom)) if !wanted(&**atom) => {}
                Some((name, atom)) => {
                    puts.push(atom.put(value).map_err(|error| refusal(name, "restored", &error))?);
                }
                None => unknown.push(name.clone()),
            }
        }
        let Ok(()) = transaction(at, |cx| {
            puts.into_iter().for_each(|put| put(cx));
            Ok::<_, Infallible>(())
        });
        Ok(unknown)
    }
}

fn refusal(atom: &Text, doing: &'static str, error: &serde_json::Error) -> SnapshotError {
    SnapshotError { atom: atom.clone(), doing, message: error.to_string().into() }
}

impl StateSnapshot {
    /// The names of the atoms that it has values of.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }
}

impl fmt::Debug for Snapshots {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.atoms.keys()).finish()
    }
}
