//! The data file: made once, kept, and never damaged.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use redb::{Database, TableDefinition};
use tempfile::TempDir;
use trine_examples::client::Client;
use trine_examples::service::{Data, DataError, Injection, Service, Size};

use crate::SMALL;

fn place() -> (PathBuf, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    (folder.path().join("portal.redb"), folder)
}

#[tokio::test]
async fn what_was_written_is_there_on_the_second_start() {
    let (path, _folder) = place();
    let visit = async || {
        let data = Arc::new(Data::open(&path, SMALL).unwrap());
        let service = Service::start(data, Injection::none()).await.unwrap();
        let client = Client::new(service.address());
        if client.find_session("t").await.unwrap().is_none() {
            client.create_session("t").await.unwrap();
        }
        let session = client.enter_session("t").await.unwrap();
        service.stop().await.unwrap();
        session.visits
    };
    assert_eq!(visit().await, 1);
    assert_eq!(visit().await, 2);
}

#[test]
fn the_full_size_is_ten_thousand_users_in_a_thousand_spaces() {
    let (path, _folder) = place();
    let data = Data::open(&path, Size::FULL).unwrap();
    assert_eq!(data.size().unwrap(), Size { users: 10_000, spaces: 1_000 });
    assert!(data.user(10_000).unwrap().is_some());
    let hits = |query| data.search(query, usize::MAX).unwrap().len();
    let counts = ["a", "an", "ann", "anna"].map(hits);
    assert!(counts.is_sorted_by(|a, b| a > b) && counts[3] > 20, "{counts:?}");
}

#[test]
fn a_start_that_was_killed_before_it_had_filled_the_file_is_taken_up_again() {
    let (path, _folder) = place();
    drop(Database::create(&path).unwrap());
    let data = Data::open(&path, SMALL).unwrap();
    assert_eq!(data.size().unwrap(), SMALL);
}

#[test]
fn an_open_file_is_reported_as_in_use() {
    let (path, _folder) = place();
    let _first = Data::open(&path, SMALL).unwrap();
    let error = Data::open(&path, SMALL).unwrap_err();
    assert!(matches!(error, DataError::Locked { .. }), "{error:?}");
    assert!(error.to_string().contains("in use by another process"), "{error}");
}

#[test]
fn damage_of_any_kind_is_one_clear_error_and_the_file_stays_as_it_is() {
    let (path, _folder) = place();
    drop(Data::open(&path, SMALL).unwrap());
    let sound = fs::read(&path).unwrap();
    let damaged: [(&str, Vec<u8>); 5] = [
        ("some text", b"dear diary\n".to_vec()),
        ("zeros", vec![0; 20_000]),
        ("cut in the header", sound[..100].to_vec()),
        ("cut in half", sound[..sound.len() / 2].to_vec()),
        ("scratched", scratched(&sound)),
    ];
    for (kind, bytes) in damaged {
        fs::write(&path, &bytes).unwrap();
        let error = Data::open(&path, SMALL).unwrap_err();
        assert!(matches!(error, DataError::Corrupt { .. }), "{kind}: {error:?}");
        assert!(error.to_string().contains("portal.redb is corrupt"), "{kind}: {error}");
        assert!(fs::read(&path).unwrap() == bytes, "{kind}: the file was changed");
    }
}

/// With each of its pages damaged.
fn scratched(sound: &[u8]) -> Vec<u8> {
    let mut bytes = sound.to_vec();
    bytes.iter_mut().skip(4_096 + 50).step_by(512).for_each(|byte| *byte ^= 0xff);
    bytes
}

#[test]
fn somebody_elses_database_is_refused_and_stays_as_it_is() {
    let (path, _folder) = place();
    let database = Database::create(&path).unwrap();
    let write = database.begin_write().unwrap();
    write.open_table(TableDefinition::<u32, u32>::new("recipes")).unwrap().insert(1, 2).unwrap();
    write.commit().unwrap();
    drop(database);
    let before = fs::read(&path).unwrap();
    let error = Data::open(&path, SMALL).unwrap_err();
    assert!(error.to_string().contains("its tables are recipes"), "{error}");
    assert!(fs::read(&path).unwrap() == before, "the file was changed");
}

#[test]
fn a_place_where_no_file_can_be_is_named_with_the_systems_reason() {
    let (path, folder) = place();
    for wrong in [path.join("deeper"), folder.path().to_owned()] {
        let error = Data::open(&wrong, SMALL).unwrap_err();
        assert!(matches!(error, DataError::Io { .. }), "{error:?}");
        assert!(error.to_string().contains(wrong.to_str().unwrap()), "{error}");
    }
}
