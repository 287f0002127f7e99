//! A panic in any task ends the program in good order: a dashboard that half works is worse than none.
//!
//! The panicking thread only notes the place and asks the loop to end, for the loop may be drawing at this very
//! moment. Then all goes as when one quits: the terminal is restored, and what else the program started (the local
//! engine's functions) is stopped by whoever started it.

use std::{
    io::{self, Write as _},
    panic,
    sync::OnceLock,
    thread,
};

use tokio::sync::mpsc;

use super::{signals, terminal};
use crate::{app::Msg, domain::jq};

/// The exit code after a panic, as Rust itself has it.
pub const EXIT: u8 = 101;

static PLACE: OnceLock<String> = OnceLock::new();

/// Replaces the panic hook. Call it on the thread that draws.
pub fn watch(messages: &mpsc::Sender<Msg>) {
    let messages = messages.clone();
    let drawing = thread::current().id();
    panic::set_hook(Box::new(move |info| {
        if thread::current().name() == Some(jq::THREAD) {
            // Ends that filter only, whose caller is told.
            return;
        }
        // The message may quote a value (a failed slice quotes its text): the place is enough to mend it.
        let place = info.location().map(|at| format!(" at {}:{}", at.file(), at.line())).unwrap_or_default();
        if PLACE.set(place).is_err() {
            // The end has been asked for already.
            return;
        }
        if thread::current().id() == drawing {
            // Nothing draws any more: the loop itself unwinds now.
            let _ = terminal::leave();
            report();
        }
        let messages = messages.clone();
        thread::spawn(move || drop(messages.blocking_send(Msg::Terminate(EXIT))));
        signals::insist(EXIT, report);
    }));
}

/// Whether there was a panic.
pub fn happened() -> bool {
    PLACE.get().is_some()
}

/// Says where the program crashed.
pub fn report() {
    let place = PLACE.get().map_or("", String::as_str);
    let line = format!("lambdeck crashed{place}. This is a bug: please report this line.\n");
    let _ = io::stderr().write_all(line.as_bytes());
}

/// In a debug build: panics where the variable `LAMBDECK_PANIC` names this place, so that a test sees what comes of
/// it.
pub(super) fn rehearse(place: &str) {
    #[cfg(debug_assertions)]
    assert!(
        std::env::var_os("LAMBDECK_PANIC").is_none_or(|asked| asked != place),
        "asked for by LAMBDECK_PANIC"
    );
    #[cfg(not(debug_assertions))]
    let _ = place;
}
