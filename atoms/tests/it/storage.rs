//! Stored atoms.

use std::{
    fs,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
};
use trine_atoms::{
    Atom, FileStorage, MemoryStorage, PlaceError, Storage, StorageCallback, StorageError,
    StorageGuard, Store, Stored,
};
use trine_core::test::Log;

static VOLUME: Atom<u8> = Atom::new("volume", || 5);

fn volume() -> Stored<u8> {
    Stored::new(&VOLUME, u8::to_string, |text| text.parse::<u8>())
}

#[test]
fn the_stored_value_is_read_once_and_every_change_is_written() {
    let (storage, store) = (MemoryStorage::new(), Store::new());
    let guard = volume().bind(&store, &storage).unwrap();
    assert_eq!(VOLUME.get(&store), 5);
    assert_eq!(storage.load("volume").unwrap(), None, "the initial value is not written");
    VOLUME.set(&store, 7);
    assert_eq!(storage.load("volume").unwrap().unwrap(), "version 1\n7");
    let next = Store::new();
    let _next = volume().bind(&next, &storage).unwrap();
    assert_eq!(VOLUME.get(&next), 7);
    drop(guard);
    VOLUME.set(&store, 9);
    assert_eq!(VOLUME.get(&next), 7, "no longer bound");
}

#[test]
fn handles_to_one_storage_hear_of_each_other_and_do_not_echo() {
    let (storage, log) = (MemoryStorage::new(), Log::new());
    let (one, two) = (Store::new(), Store::new());
    let _one = volume().bind(&one, &storage).unwrap();
    let _two = volume().bind(&two, &storage).unwrap();
    let told = log.clone();
    let _writes = storage.follow("volume", Arc::new(move |text| told.note(format!("{text:?}"))));
    VOLUME.set(&one, 1);
    assert_eq!(VOLUME.get(&two), 1);
    VOLUME.set(&two, 2);
    assert_eq!(VOLUME.get(&one), 2);
    log.is(["Some(\"version 1\\n1\")", "Some(\"version 1\\n2\")"]);
    storage.remove("volume").unwrap();
    assert_eq!((VOLUME.get(&one), VOLUME.get(&two)), (5, 5));
    assert_eq!(storage.load("volume").unwrap(), None, "a reset by others is not written back");
}

#[test]
fn what_cannot_be_understood_is_a_typed_error_and_is_not_overwritten() {
    let (storage, store) = (MemoryStorage::new(), Store::new());
    for (text, corrupt) in [("version 1\nloud", true), ("7", true), ("version 2\n7", false)] {
        storage.save("volume", text).unwrap();
        let error = volume().bind(&store, &storage).unwrap_err();
        assert_eq!(matches!(error, StorageError::Corrupt { .. }), corrupt, "{error}");
        VOLUME.set(&store, 9);
        VOLUME.set(&store, 5);
        assert_eq!(storage.load("volume").unwrap().unwrap(), text);
    }
    let error = volume().bind(&store, &storage).unwrap_err();
    assert!(matches!(error, StorageError::Version { found: 2, known: 1, .. }), "{error}");
    storage.remove("volume").unwrap();
    let _guard = volume().bind(&store, &storage).unwrap();
}

#[test]
fn other_versions_are_migrated_and_values_validated() {
    let (storage, store) = (MemoryStorage::new(), Store::new());
    let stored = || {
        volume()
            .version(2)
            .migrate(|from, text| (from == 1).then(|| text.parse::<u8>().map(|v| v / 10)))
            .validate(|v| if *v <= 10 { Ok(()) } else { Err("louder than ten") })
    };
    storage.save("volume", "version 1\n70").unwrap();
    let guard = stored().bind(&store, &storage).unwrap();
    assert_eq!(VOLUME.get(&store), 7);
    VOLUME.set(&store, 8);
    assert_eq!(storage.load("volume").unwrap().unwrap(), "version 2\n8");
    drop(guard);
    storage.save("volume", "version 2\n11").unwrap();
    let error = stored().bind(&store, &storage).unwrap_err();
    assert!(matches!(&error, StorageError::Invalid { .. }), "{error}");
    assert!(error.to_string().contains("louder than ten"));
    assert_eq!(VOLUME.get(&store), 8);
}

#[test]
fn what_another_handle_writes_and_nobody_understands_is_reported_and_changes_nothing() {
    let (storage, store, log) = (MemoryStorage::new(), Store::new(), Log::new());
    let told = log.clone();
    let guard = volume()
        .on_error(move |error| told.note(matches!(error, StorageError::Corrupt { .. })))
        .bind(&store, &storage)
        .unwrap();
    storage.save("volume", "version 1\nx").unwrap();
    log.is(["true"]);
    assert_eq!(VOLUME.get(&store), 5);
    assert!(matches!(guard.last_error(), Some(StorageError::Corrupt { .. })));
}

#[test]
fn what_is_not_understood_is_not_overwritten_by_changes_either() {
    let (storage, store) = (MemoryStorage::new(), Store::new());
    let guard = volume().bind(&store, &storage).unwrap();
    VOLUME.set(&store, 6);
    let newer = "version 2\nloud";
    storage.save("volume", newer).unwrap();
    VOLUME.set(&store, 7);
    assert_eq!(storage.load("volume").unwrap().as_deref(), Some(newer));
    assert!(matches!(guard.last_error(), Some(StorageError::Version { found: 2, known: 1, .. })));
    // Mended, or removed to begin anew.
    storage.save("volume", "version 1\n8").unwrap();
    assert_eq!(VOLUME.get(&store), 8);
    VOLUME.set(&store, 9);
    assert_eq!(storage.load("volume").unwrap().as_deref(), Some("version 1\n9"));
    storage.save("volume", newer).unwrap();
    storage.remove("volume").unwrap();
    VOLUME.set(&store, 4);
    assert_eq!(storage.load("volume").unwrap().as_deref(), Some("version 1\n4"));
}

#[test]
fn followers_hear_of_writes_in_their_order_though_they_write_themselves() {
    let (storage, log) = (MemoryStorage::new(), Log::new());
    let (heard, writer) = (log.clone(), storage.clone());
    let answers = move |text: Option<&str>| {
        heard.note(format!("first hears {text:?}"));
        if text == Some("ask") {
            writer.save("k", "answer").unwrap();
        }
    };
    let _first = storage.follow("k", Arc::new(answers));
    let heard = log.clone();
    let second = move |text: Option<&str>| heard.note(format!("second hears {text:?}"));
    let _second = storage.follow("k", Arc::new(second));
    storage.save("k", "ask").unwrap();
    log.is([
        "first hears Some(\"ask\")",
        "second hears Some(\"ask\")",
        "first hears Some(\"answer\")",
        "second hears Some(\"answer\")",
    ]);
    // One that panics leaves the others able to go on.
    let third = storage.follow("k", Arc::new(|_: Option<&str>| panic!("no")));
    catch_unwind(AssertUnwindSafe(|| storage.save("k", "a"))).unwrap_err();
    drop(third);
    log.clear();
    storage.remove("k").unwrap();
    log.is(["first hears None", "second hears None"]);
}

#[test]
fn files_of_keys_that_differ_in_capitals_differ_where_file_systems_do_not() {
    let folder = tempfile::tempdir().unwrap();
    let storage = FileStorage::open(folder.path()).unwrap();
    let lower = |key: &str| storage.file_of(key).to_string_lossy().to_lowercase();
    assert_ne!(lower("Theme"), lower("theme"));
    assert_ne!(lower("%54heme"), lower("Theme"));
    storage.save("Theme", "dark").unwrap();
    assert_eq!(storage.load("theme").unwrap(), None);
}

#[test]
fn all_that_is_followed_is_looked_at_though_one_cannot_be_read() {
    let folder = tempfile::tempdir().unwrap();
    let (here, there) =
        (FileStorage::open(folder.path()).unwrap(), FileStorage::open(folder.path()).unwrap());
    let store = Store::new();
    let _bound = volume().bind(&store, &here).unwrap();
    let others = ["a", "z"].map(|key| volume().key(key).bind(&Store::new(), &here).unwrap());
    there.save("volume", "version 1\n2").unwrap();
    for key in ["a", "z"] {
        fs::create_dir(here.file_of(key)).unwrap();
    }
    assert!(matches!(here.refresh_all(), Err(StorageError::Io { doing: "read", .. })));
    assert_eq!(VOLUME.get(&store), 2);
    drop(others);
    here.refresh_all().unwrap();
}

/// Fails to write.
#[derive(Clone)]
struct Full;

impl Storage for Full {
    fn load(&self, _: &str) -> Result<Option<String>, StorageError> {
        Ok(None)
    }

    fn save(&self, key: &str, _: &str) -> Result<(), StorageError> {
        Err(StorageError::io(key.to_owned(), "written", "no space left"))
    }

    fn remove(&self, _: &str) -> Result<(), StorageError> {
        Ok(())
    }

    fn follow(&self, _: &str, _: StorageCallback) -> StorageGuard {
        StorageGuard::nothing()
    }
}

#[test]
fn a_write_that_fails_is_reported_and_the_store_goes_on() {
    let store = Store::new();
    let guard = volume().bind(&store, &Full).unwrap();
    VOLUME.set(&store, 6);
    assert_eq!(VOLUME.get(&store), 6);
    let error = guard.last_error().unwrap();
    assert_eq!(error.to_string(), "`volume` cannot be written: no space left");
}

#[test]
fn a_missing_provider_is_told_before_anything_is_touched() {
    static LOCAL: Atom<u8> = Atom::new("local", || 0).provided();
    let stored = Stored::new(&LOCAL, u8::to_string, |text| text.parse::<u8>());
    let error = stored.bind(&Store::new(), &MemoryStorage::new()).unwrap_err();
    assert!(matches!(error, StorageError::Place(PlaceError::NotProvided { .. })));
}

#[test]
fn files_are_written_as_a_whole_and_survive() {
    let folder = tempfile::tempdir().unwrap();
    let storage = FileStorage::open(folder.path().join("state")).unwrap();
    let store = Store::new();
    let stored = || volume().key("sound/volume é");
    let guard = stored().bind(&store, &storage).unwrap();
    for value in 6..20 {
        VOLUME.set(&store, value);
    }
    let files: Vec<_> =
        fs::read_dir(storage.folder()).unwrap().map(|f| f.unwrap().path()).collect();
    assert_eq!(files, [storage.file_of("sound/volume é")], "no temporary file is left");
    drop(guard);
    let again = FileStorage::open(storage.folder()).unwrap();
    let next = Store::new();
    let _guard = stored().bind(&next, &again).unwrap();
    assert_eq!(VOLUME.get(&next), 19);
    // Another storage on the same folder is another process as far as this one knows.
    VOLUME.set(&next, 3);
    let _first = stored().bind(&store, &storage).unwrap();
    VOLUME.set(&next, 4);
    assert_eq!(VOLUME.get(&store), 3);
    storage.refresh("sound/volume é").unwrap();
    assert_eq!(VOLUME.get(&store), 4);
}

#[test]
fn a_corrupt_file_is_a_typed_error_and_stays_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let storage = FileStorage::open(folder.path()).unwrap();
    let (file, store) = (storage.file_of("volume"), Store::new());
    for bytes in [&b"\xff\xfe"[..], b"", b"version 1", b"version 1\n300"] {
        fs::write(&file, bytes).unwrap();
        let error = volume().bind(&store, &storage).unwrap_err();
        assert!(matches!(error, StorageError::Corrupt { .. }), "{error}");
        VOLUME.set(&store, 1);
        VOLUME.set(&store, 5);
        assert_eq!(fs::read(&file).unwrap(), bytes);
    }
    // A file that cannot be replaced: the old text stays, and no temporary one.
    fs::remove_file(&file).unwrap();
    fs::create_dir(&file).unwrap();
    let guard = volume().bind(&store, &storage);
    assert!(matches!(guard, Err(StorageError::Io { doing: "read", .. })));
    assert!(matches!(storage.save("volume", "x"), Err(StorageError::Io { doing: "written", .. })));
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[cfg(feature = "serde")]
mod with_serde {
    use super::*;
    use std::collections::BTreeMap;
    use trine_atoms::{ListAtom, Provider, Snapshots, StateSnapshot};

    static THEME: Atom<Option<String>> = Atom::new("theme", || Some("light".to_owned()));
    static ITEMS: ListAtom<u32> = ListAtom::new("items", || vec![1]);
    static ODD: Atom<BTreeMap<(u8, u8), u8>> = Atom::new("odd", BTreeMap::new);

    fn chosen() -> Snapshots {
        Snapshots::new().atom(&THEME).atom(&VOLUME).list(&ITEMS)
    }

    fn parse(text: &str) -> StateSnapshot {
        serde_json::from_str(text).unwrap()
    }

    #[test]
    fn values_are_stored_as_json_and_what_cannot_be_is_no_loss() {
        let (storage, store) = (MemoryStorage::new(), Store::new());
        let _theme = Stored::json(&THEME).bind(&store, &storage).unwrap();
        THEME.set(&store, None);
        assert_eq!(storage.load("theme").unwrap().unwrap(), "version 1\nnull");
        let odd = Stored::json(&ODD).bind(&store, &storage).unwrap();
        ODD.set(&store, BTreeMap::from([((1, 2), 3)]));
        assert!(matches!(odd.last_error(), Some(StorageError::NotStorable { .. })));
        assert_eq!(storage.load("odd").unwrap(), None);
    }

    #[test]
    fn a_snapshot_is_of_one_commit_and_is_put_back_as_one() {
        let (store, log) = (Store::new(), Log::new());
        THEME.set(&store, None);
        ITEMS.edit(&store, |items| items.push(2));
        let snapshot = chosen().take(&store).unwrap();
        let text = serde_json::to_string(&snapshot).unwrap();
        assert_eq!(text, r#"{"items":[1,2],"theme":null,"volume":5}"#);
        THEME.set(&store, Some("dark".to_owned()));
        VOLUME.set(&store, 9);
        let told = log.clone();
        let both = trine_atoms::synergy((&THEME, &VOLUME));
        let _guard = both.subscribe(&store, move |(t, v)| told.note(format!("{t:?} {v}")));
        assert!(chosen().restore(&store, &parse(&text)).unwrap().is_empty());
        log.is(["None 5"]);
        assert_eq!(snapshot.names().collect::<Vec<_>>(), ["items", "theme", "volume"]);
    }

    #[test]
    fn what_does_not_fit_changes_nothing_and_what_is_missing_stays() {
        let store = Store::new();
        VOLUME.set(&store, 9);
        let error =
            chosen().restore(&store, &parse(r#"{"theme":"dark","volume":1000}"#)).unwrap_err();
        assert_eq!(error.atom, "volume");
        assert_eq!((THEME.get(&store).as_deref(), VOLUME.get(&store)), (Some("light"), 9));
        let unknown = chosen().restore(&store, &parse(r#"{"theme":"dark","other":1}"#)).unwrap();
        assert_eq!(unknown, ["other"]);
        assert_eq!((THEME.get(&store).as_deref(), VOLUME.get(&store)), (Some("dark"), 9));
    }

    #[test]
    fn hydration_leaves_alone_what_was_used() {
        let store = Store::new();
        VOLUME.set(&store, 9);
        let page = parse(r#"{"theme":null,"volume":1,"items":[]}"#);
        chosen().hydrate(&store, &page).unwrap();
        assert_eq!((THEME.get(&store), VOLUME.get(&store)), (None, 9));
        THEME.set(&store, Some("dark".to_owned()));
        chosen().hydrate(&store, &page).unwrap();
        assert_eq!(THEME.get(&store).as_deref(), Some("dark"));
        // A provider that lists the atom is another place.
        let form = Provider::builder("form", &store).provide(&VOLUME).build();
        chosen().hydrate(&form, &page).unwrap();
        assert_eq!((VOLUME.get(&form), VOLUME.get(&store)), (1, 9));
    }

    #[test]
    #[should_panic(expected = "two atoms of the name `volume`")]
    fn two_atoms_of_one_name_are_refused() {
        let other = Atom::dynamic("volume", || 1_u8);
        let _ = chosen().atom(&other);
    }
}
