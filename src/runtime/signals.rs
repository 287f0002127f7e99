//! Signals that end the program, as exit codes.

use std::{
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::Duration,
};

use tokio::sync::mpsc;

use super::{outside, terminal};
use crate::app::Msg;

/// How long an end in good order may take before it is forced.
const PATIENCE: Duration = Duration::from_secs(5);

/// How long restoring the terminal may take then.
const LAST_WORDS: Duration = Duration::from_millis(300);

/// Whether interrupts are for another program.
static NOT_OURS: AtomicBool = AtomicBool::new(false);

/// While this lives another program has the terminal: what its user interrupts is that program, though the terminal
/// tells lambdeck, too.
#[derive(Debug)]
pub(super) struct NotOurs(());

impl NotOurs {
    pub(super) fn new() -> Self {
        NOT_OURS.store(true, Ordering::SeqCst);
        Self(())
    }
}

impl Drop for NotOurs {
    fn drop(&mut self) {
        NOT_OURS.store(false, Ordering::SeqCst);
    }
}

/// Turns SIGHUP, SIGINT, SIGQUIT and SIGTERM into messages, for as long as the program runs.
pub fn watch(messages: &mpsc::Sender<Msg>) {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        for (kind, code) in [
            (SignalKind::hangup(), 129),
            (SignalKind::interrupt(), 130),
            (SignalKind::quit(), 131),
            (SignalKind::terminate(), 143),
        ] {
            let Ok(mut signals) = signal(kind) else { continue };
            let messages = messages.clone();
            tokio::spawn(async move {
                while signals.recv().await.is_some() {
                    if matches!(code, 130 | 131) && NOT_OURS.load(Ordering::SeqCst) {
                        continue;
                    }
                    insist(code, || {});
                    let _ = messages.send(Msg::Terminate(code)).await;
                    return;
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

/// Sees to it that the program ends, though the loop may hang in a terminal that takes no output, or whatever is
/// being stopped does not stop. `last_words` are said once the terminal is restored.
pub(super) fn insist(code: u8, last_words: impl FnOnce() + Send + 'static) {
    thread::spawn(move || {
        thread::sleep(PATIENCE);
        thread::spawn(move || {
            let _ = terminal::leave();
            last_words();
        });
        outside::remove();
        thread::sleep(LAST_WORDS);
        std::process::exit(code.into());
    });
}
