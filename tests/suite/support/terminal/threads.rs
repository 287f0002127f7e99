//! The threads of a terminal: one types, one reads what the program writes. Both block where the program does not do its
//! part, so that neither may be the test's own; and what is read must go on being read while nothing can be typed.

use std::convert::Infallible;
use std::io::{ErrorKind, Read, Write};
use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};

use super::{END_OF_OUTPUT, Shared};

/// Keys, and what goes when they are typed.
type Keys = (Vec<u8>, mpsc::Sender<Infallible>);

/// What types into a terminal. It lets go of it when the last clone is gone and all is typed.
#[derive(Clone)]
pub(super) struct Keyboard(mpsc::Sender<Keys>);

/// Keys that are being typed.
pub(super) struct Typing(mpsc::Receiver<Infallible>);

impl Keyboard {
    pub(super) fn new(mut terminal: Box<dyn Write + Send>, shared: Arc<Shared>) -> Self {
        let (pressed, keys) = mpsc::channel::<Keys>();
        std::thread::spawn(move || {
            for (bytes, typed) in keys {
                // A program that ended meanwhile reads no more; what the test asserts afterwards tells.
                let _ = terminal.write_all(&bytes).and_then(|()| terminal.flush());
                drop(typed);
            }
            drop(terminal);
            shared.change(|state| state.unplugged = true);
        });
        Self(pressed)
    }

    /// Types these bytes after all that were pressed before.
    pub(super) fn press(&self, bytes: &[u8]) -> Typing {
        let (typed, typing) = mpsc::channel();
        // The thread ends after its keyboards alone.
        self.0.send((bytes.to_vec(), typed)).expect("somebody types");
        Typing(typing)
    }
}

impl Typing {
    /// Waits until the terminal has taken the keys; false when it has not in time.
    pub(super) fn wait(self, timeout: Duration) -> bool {
        self.0.recv_timeout(timeout) == Err(mpsc::RecvTimeoutError::Disconnected)
    }
}

/// Reads until the program's side is closed, or until the test closes the terminal.
pub(super) fn read_output(mut reader: Box<dyn Read + Send>, shared: &Shared, keyboard: Keyboard) {
    let mut buffer = [0; 16 * 1024];
    loop {
        let read = match reader.read(&mut buffer) {
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            outcome => outcome.unwrap_or(0),
        };
        let at = Instant::now();
        if read == 0 || shared.state().closing {
            break;
        }
        let mut answers = Vec::new();
        shared.change(|state| {
            state.raw.extend_from_slice(&buffer[..read]);
            state.reads.push((at, state.raw.len()));
            state.parser.process(&buffer[..read]);
            answers = std::mem::take(&mut state.parser.callbacks_mut().answers);
            if state.parser.callbacks().drained && state.raw.ends_with(END_OF_OUTPUT) {
                state.raw.truncate(state.raw.len() - END_OF_OUTPUT.len());
            }
        });
        if !answers.is_empty() {
            // Not waited for: the program may have to be read from before it reads.
            drop(keyboard.press(&answers));
        }
    }
    drop((reader, keyboard));
    shared.change(|state| state.closed = true);
}
