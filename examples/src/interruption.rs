//! Told from outside to stop: Ctrl-C, or the polite way to end a process.

/// Waits until the process is told to stop; says with which signal. From the first poll on, such a signal no longer
/// ends the process by itself.
pub async fn interrupted() -> u8 {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        let kinds = [SignalKind::interrupt(), SignalKind::terminate()];
        let signals = kinds.into_iter().filter_map(|kind| Some((kind, signal(kind).ok()?)));
        let told = signals.map(|(kind, mut signal)| {
            Box::pin(async move {
                signal.recv().await;
                u8::try_from(kind.as_raw_value()).unwrap_or(SIGINT)
            })
        });
        let told: Vec<_> = told.collect();
        if told.is_empty() {
            return std::future::pending().await;
        }
        futures_util::future::select_all(told).await.0
    }
    #[cfg(not(unix))]
    match tokio::signal::ctrl_c().await {
        Ok(()) => SIGINT,
        Err(_) => std::future::pending().await,
    }
}

const SIGINT: u8 = 2;
