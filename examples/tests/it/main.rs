//! Portal from outside: the service over TCP, its data file, the story, the program.

mod action_pairs;
mod cancellation;
mod comparison;
mod data_file;
#[cfg(unix)]
mod endings;
mod endpoints;
mod injection;
mod matrix;
mod minimum_rust_version;
mod models;
mod one_store;
mod paths;
mod program;
mod refusals;
mod saboteurs;
mod schedules;
#[cfg(unix)]
mod terminal;
mod thunk_pairs;
mod tui;
mod which_model;

use std::sync::Arc;

use tempfile::TempDir;
use trine_examples::client::Client;
use trine_examples::service::{Data, Injection, Service, Size};

/// Enough for every test but those that count.
const SMALL: Size = Size { users: 400, spaces: 40 };

/// A service on fresh data, and its client. The folder goes with it.
struct House {
    service: Service,
    client: Client,
    data: Arc<Data>,
    _folder: TempDir,
}

impl House {
    async fn with(injection: Injection) -> Self {
        let (data, folder) = small_data();
        let service = Service::start(Arc::clone(&data), injection).await.unwrap();
        let client = Client::new(service.address());
        Self { service, client, data, _folder: folder }
    }

    async fn calm() -> Self {
        Self::with(Injection::none()).await
    }
}

fn small_data() -> (Arc<Data>, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let data = Data::open(folder.path().join("portal.redb"), SMALL).unwrap();
    (Arc::new(data), folder)
}
