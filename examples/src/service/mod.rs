//! The service behind Portal: HTTP on a loopback port, an embedded database behind it.
//!
//! One [`Data`] can be served by several [`Service`]s, one after the other or side by side: each has
//! its own port, its own injected latency and failures, and its own counters.
//!
//! ```
//! use std::sync::Arc;
//! use trine_examples::client::Client;
//! use trine_examples::service::{Data, Injection, Service, Size};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let folder = tempfile::tempdir()?;
//! let data = Data::open(folder.path().join("portal.redb"), Size { users: 50, spaces: 5 })?;
//! let service = Service::start(Arc::new(data), Injection::none()).await?;
//!
//! let user = Client::new(service.address()).user(7).await?;
//! assert_eq!(user.id, 7);
//! service.stop().await?;
//! # Ok(())
//! # }
//! ```

mod changes;
mod check;
mod data;
mod fill;
mod injection;
mod making;
mod routes;
mod tables;
mod traffic;

use std::future::IntoFuture;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use axum::serve::ListenerExt;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

pub use self::changes::Saved;
pub use self::check::CHECK_THREAD;
pub use self::data::{Data, DataError};
pub use self::fill::{Size, World, world};
pub use self::injection::{Fate, Injection, SearchScene, Weather};
pub use self::traffic::{Requests, Traffic};

use self::injection::Fates;
use self::routes::Shared;
pub(crate) use self::routes::live::activities;
use self::traffic::Counters;

/// A running service. Dropping it stops it at once; [`stop`](Self::stop) lets it finish its answers.
#[derive(Debug)]
pub struct Service {
    address: SocketAddr,
    shared: Arc<Shared>,
    stop: Option<oneshot::Sender<()>>,
    task: JoinHandle<io::Result<()>>,
}

/// Why a service cannot be started or has ended badly.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServiceError {
    /// No port on the loopback interface.
    #[error("the service cannot listen on 127.0.0.1: {0}")]
    Listen(#[source] io::Error),
    /// The server has ended with an error.
    #[error("the service has ended: {0}")]
    Ended(#[source] io::Error),
    /// The server has ended while it was needed.
    #[error("the service stopped half way, after {requests} requests")]
    Stopped {
        /// So many had come to it.
        requests: u64,
    },
}

impl Service {
    /// Serves `data` on a loopback port that the system chooses.
    ///
    /// # Errors
    /// [`ServiceError::Listen`] when there is none.
    pub async fn start(data: Arc<Data>, injection: Injection) -> Result<Self, ServiceError> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await;
        let listener = listener.map_err(ServiceError::Listen)?;
        let address = listener.local_addr().map_err(ServiceError::Listen)?;
        // Answers are small: waiting to fill a packet would add 40 ms to some. Only time is lost
        // when the option cannot be set.
        let listener = listener.tap_io(|stream| drop(stream.set_nodelay(true)));
        let (fates, counters) = (Fates::new(injection), Counters::new());
        let stopped = CancellationToken::new();
        let shared = Arc::new(Shared { data, fates, counters, stopped: stopped.clone() });
        let (stop, told_to_stop) = oneshot::channel::<()>();
        let router = routes::router(Arc::clone(&shared));
        let server = axum::serve(listener, router).with_graceful_shutdown(async {
            // A dropped sender means the same as a sent signal.
            let _ = told_to_stop.await;
        });
        let task = tokio::spawn(async move {
            let ended = stopped.clone().drop_guard();
            let served = stopped.run_until_cancelled(server.into_future()).await;
            drop(ended);
            served.unwrap_or(Ok(()))
        });
        Ok(Self { address, shared, stop: Some(stop), task })
    }

    /// Where the service listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What the service has seen so far.
    #[must_use]
    pub fn traffic(&self) -> Traffic {
        self.shared.counters.now()
    }

    /// Waits until the service has seen what is `wanted`: the way to take a next step when a request
    /// has really arrived, or has really been cancelled.
    ///
    /// # Cancel safety
    /// Cancel safe: nothing is consumed.
    pub async fn seen(&self, wanted: impl FnMut(&Traffic) -> bool) -> Traffic {
        self.shared.counters.until(wanted).await
    }

    /// Gives the answers that are [held back](Injection::hold).
    pub fn let_go(&self) {
        self.shared.fates.let_go();
    }

    /// Waits until the service has stopped, by itself or with an error. Nobody is answered from then on.
    ///
    /// # Cancel safety
    /// Cancel safe: nothing is consumed.
    pub async fn stopped(&self) -> ServiceError {
        self.shared.stopped.cancelled().await;
        ServiceError::Stopped { requests: self.traffic().total().received }
    }

    /// Takes no new connections, finishes the answers in work, and returns what was seen in all.
    ///
    /// # Errors
    /// [`ServiceError::Ended`] when the server had failed before.
    pub async fn stop(mut self) -> Result<Traffic, ServiceError> {
        drop(self.stop.take());
        match (&mut self.task).await {
            Ok(ended) => ended.map_err(ServiceError::Ended)?,
            Err(failed) => return Err(ServiceError::Ended(io::Error::other(failed))),
        }
        Ok(self.traffic())
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        self.shared.stopped.cancel();
        self.task.abort();
    }
}
