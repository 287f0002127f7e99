//! A response that is written as it comes.

use tokio::{
    sync::mpsc,
    task::{JoinError, JoinHandle},
};

use crate::{
    cli::{
        failure::{ERROR, Failure},
        terminal::Output,
    },
    domain::{invocation::Chunk, text::sanitise_bytes},
};

/// Pieces that wait to be written; then the response is read slower.
const QUEUE: usize = 16;

/// Takes the pieces of a response and writes them, each at once. On a task of its own: a stdout that nobody reads must
/// not hold up a signal.
pub(super) fn write() -> (mpsc::Sender<Chunk>, JoinHandle<Result<(), Failure>>) {
    let (sender, mut pieces) = mpsc::channel::<Chunk>(QUEUE);
    let writing = tokio::spawn(async move {
        let mut writer = Writer::new(Output::stdout());
        while let Some(piece) = pieces.recv().await {
            writer.piece(&piece.bytes)?;
        }
        writer.end()
    });
    (sender, writing)
}

/// How the task ended.
pub(super) fn written(ended: Result<Result<(), Failure>, JoinError>) -> Result<(), Failure> {
    ended.unwrap_or_else(|_| Err(Failure::new(ERROR, "the response can't be written")))
}

/// Bytes of what was written that are remembered: a character with its marks.
const REMEMBERED: usize = 64;

/// Pieces as they are; on a terminal what that would obey is neutralised.
struct Writer {
    output: Output,
    /// The end of what was written.
    before: Vec<u8>,
    /// The beginning of what the next piece goes on with.
    begun: Vec<u8>,
    /// Whether a line has no end yet.
    open: bool,
}

impl Writer {
    fn new(output: Output) -> Self {
        Self { output, before: Vec::new(), begun: Vec::new(), open: false }
    }

    fn piece(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        if self.output.terminal {
            self.begun.extend_from_slice(bytes);
            let rest = self.begun.split_off(complete(&self.begun));
            self.neutralised()?;
            self.begun = rest;
        } else {
            self.output.bytes(bytes)?;
        }
        self.output.flush()
    }

    fn neutralised(&mut self) -> Result<(), Failure> {
        // A mark may stand on a character that was written before.
        let written = self.before.len();
        self.before.append(&mut self.begun);
        let (whole, head) = (sanitise_bytes(&self.before), sanitise_bytes(&self.before[..written]));
        let alone = sanitise_bytes(&self.before[written..]);
        let text = whole.strip_prefix(&*head).unwrap_or(&alone);
        if let Some(last) = text.chars().last() {
            self.open = last != '\n';
        }
        self.output.bytes(text.as_bytes())?;
        let from = self.before.len().saturating_sub(REMEMBERED);
        let cut = self.before[from..].iter().take_while(|byte| from > 0 && **byte & 0xC0 == 0x80).count();
        let from = from + cut;
        self.before.drain(..from);
        Ok(())
    }

    /// The prompt gets a line of its own.
    fn end(mut self) -> Result<(), Failure> {
        if self.output.terminal {
            self.neutralised()?;
            if self.open {
                self.output.bytes(b"\n")?;
            }
        }
        self.output.flush()
    }
}

/// How much of it means the same whatever follows: all but the beginning of a character, and a carriage return, which
/// may belong to a line feed.
fn complete(bytes: &[u8]) -> usize {
    if bytes.last() == Some(&b'\r') {
        return bytes.len() - 1;
    }
    let tail = bytes.len().saturating_sub(3);
    // The last byte that begins a character of several.
    let Some(lead) = bytes[tail..].iter().rposition(|byte| *byte >= 0xC0) else { return bytes.len() };
    let lead = tail + lead;
    match std::str::from_utf8(&bytes[lead..]) {
        Err(error) if error.error_len().is_none() => lead,
        _ => bytes.len(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn written(terminal: bool, pieces: &[&[u8]]) -> String {
        let (mut output, memory) = Output::to_memory();
        output.terminal = terminal;
        let mut writer = Writer::new(output);
        for piece in pieces {
            writer.piece(piece).unwrap();
        }
        writer.end().unwrap();
        memory.text()
    }

    #[test]
    fn pieces_are_written_as_they_are() {
        assert_eq!(written(false, &[b"\x1b[2", b"Jx\r", b"\n\xc3", b"\xa9"]), "\u{1b}[2Jx\r\n\u{e9}");
        assert_eq!(written(false, &[]), "");
    }

    #[test]
    fn on_a_terminal_the_prompt_gets_a_line_of_its_own() {
        assert_eq!(written(true, &[b"a", b"b"]), "ab\n");
        assert_eq!(written(true, &[b"a\n"]), "a\n");
        assert_eq!(written(true, &[b"a\r"]), "a\n");
        assert_eq!(written(true, &[]), "");
    }

    #[test]
    fn a_mark_stands_on_what_was_written_before() {
        assert_eq!(
            written(true, &["e".as_bytes(), "\u{301}".as_bytes(), "\u{323}x".as_bytes()]),
            "e\u{301}\u{323}x\n"
        );
    }

    proptest! {
        /// Wherever it is cut, a terminal sees the same, and nothing that it obeys.
        #[test]
        fn where_a_response_is_cut_does_not_show(
            bytes in proptest::collection::vec(
                prop_oneof![Just(0x1b), Just(b'\r'), Just(b'\n'), Just(b'\t'), Just(0xe2), Just(0x80), Just(0xae), Just(0xf0),
                    Just(0x9f), any::<u8>()],
                0..40,
            ),
            cuts in proptest::collection::vec(0..40_usize, 0..6),
        ) {
            let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut.min(bytes.len())).chain([bytes.len()]).collect();
            cuts.sort_unstable();
            let mut from = 0;
            let mut pieces = Vec::new();
            for cut in cuts {
                pieces.push(&bytes[from..cut]);
                from = cut;
            }
            let in_pieces = written(true, &pieces);
            prop_assert_eq!(&in_pieces, &written(true, &[&bytes]));
            let obeyed = in_pieces.contains(['\u{1b}', '\r', '\u{202e}']);
            prop_assert!(!obeyed);
        }
    }
}
