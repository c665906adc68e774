//! Whether somebody wants the program to end while it acts: Ctrl-C, the end of the session, a polite kill.

/// Comes to an end when it is asked for. Where that can't be listened for, never: then the system ends the program as it does any.
#[cfg(unix)]
pub(super) async fn asked() {
    use tokio::signal::unix::{SignalKind, signal};

    let kinds = [SignalKind::interrupt(), SignalKind::hangup(), SignalKind::terminate()];
    let [Ok(mut interrupt), Ok(mut hang_up), Ok(mut terminate)] = kinds.map(signal) else {
        return std::future::pending().await;
    };
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = hang_up.recv() => {}
        _ = terminate.recv() => {}
    }
}

/// The same by Ctrl-C alone.
#[cfg(not(unix))]
pub(super) async fn asked() {
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending::<()>().await;
    }
}
