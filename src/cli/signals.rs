//! Signals that end a command.

use std::future::Future;

/// A signal that ends a command, as its exit code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Signal(pub u8);

/// Waits for SIGHUP, SIGINT or SIGTERM. They are caught from the call on, not from the first poll. One that was
/// ignored when the program started stays so: `nohup` and shell scripts that put a command into the background mean
/// it.
#[cfg(unix)]
pub fn ended() -> impl Future<Output = Signal> {
    use futures_util::future::{pending, select_all};
    use tokio::signal::unix::{SignalKind, signal};

    let ignored = ignored();
    let caught: Vec<_> =
        [(SignalKind::hangup(), 1), (SignalKind::interrupt(), 2), (SignalKind::terminate(), 15)]
            .into_iter()
            .filter(|(_, number)| ignored & (1 << (number - 1)) == 0)
            .filter_map(|(kind, number)| Some((signal(kind).ok()?, number)))
            .map(|(mut signals, number)| {
                Box::pin(async move {
                    signals.recv().await;
                    Signal(128 + number)
                })
            })
            .collect();
    async move { if caught.is_empty() { pending().await } else { select_all(caught).await.0 } }
}

/// Waits for ctrl-c.
#[cfg(not(unix))]
pub async fn ended() -> Signal {
    let _ = tokio::signal::ctrl_c().await;
    Signal(130)
}

/// The signals that were ignored at start, as a bit mask; read once, before any handler is in place.
#[cfg(unix)]
fn ignored() -> u64 {
    use std::sync::LazyLock;
    static IGNORED: LazyLock<u64> = LazyLock::new(|| {
        // Only Linux tells it without unsafe code.
        let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
        let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
        mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or_default()
    });
    *IGNORED
}

/// Runs something until it is done, or until a signal comes first.
///
/// # Errors
/// The signal.
pub async fn unless_ended<T>(work: impl Future<Output = T>) -> Result<T, Signal> {
    let ended = ended();
    tokio::select! {
        biased;
        done = work => Ok(done),
        signal = ended => Err(signal),
    }
}
