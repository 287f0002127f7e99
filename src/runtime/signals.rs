//! Signals that end the program, as exit codes.

use tokio::sync::mpsc;

use crate::app::Msg;

/// Turns SIGHUP, SIGINT and SIGTERM into messages, for as long as the program runs.
pub fn watch(messages: &mpsc::Sender<Msg>) {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        for (kind, code) in
            [(SignalKind::hangup(), 129), (SignalKind::interrupt(), 130), (SignalKind::terminate(), 143)]
        {
            let Ok(mut signals) = signal(kind) else { continue };
            let messages = messages.clone();
            tokio::spawn(async move {
                if signals.recv().await.is_some() {
                    let _ = messages.send(Msg::Terminate(code)).await;
                }
            });
        }
    }
    #[cfg(not(unix))]
    {
        let messages = messages.clone();
        tokio::spawn(async move {
            if tokio::signal::ctrl_c().await.is_ok() {
                let _ = messages.send(Msg::Terminate(130)).await;
            }
        });
    }
}
