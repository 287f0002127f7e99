//! How long things take, by the moments at which the program's output was read.

use std::time::{Duration, Instant};

use vt100::Screen;

use super::{PATIENCE, Terminal};

impl Terminal {
    /// How long after the program was started the screen first was as asked; `None` where it never was. The output is
    /// shown again piece by piece, so that looking takes none of the time that is measured.
    pub fn first(&self, mut wanted: impl FnMut(&Screen) -> bool) -> Option<Duration> {
        let (raw, reads) = {
            let state = self.shared.state();
            (state.raw.clone(), state.reads.clone())
        };
        let (rows, columns) = self.size;
        let mut parser = vt100::Parser::new(rows, columns, 0);
        let mut from = 0;
        reads.into_iter().find_map(|(at, to)| {
            parser.process(raw.get(from..to).unwrap_or_default());
            from = to;
            wanted(parser.screen()).then(|| at.duration_since(self.started))
        })
    }

    /// Types these keys and waits until the screen is as asked, at most [`PATIENCE`]; how long that took.
    ///
    /// # Panics
    /// When it does not get so in time; with the screen.
    #[track_caller]
    pub fn time_to(&self, keys: &str, mut wanted: impl FnMut(&Screen) -> bool) -> Duration {
        let typed = Instant::now();
        self.send(keys);
        let outcome = self.shared.wait(PATIENCE, |state| wanted(state.parser.screen()));
        match outcome {
            Ok(state) => {
                state.reads.last().map_or(Duration::ZERO, |(at, _)| at.saturating_duration_since(typed))
            }
            Err(state) => panic!("no answer to {keys:?}:\n{}", super::show(&state)),
        }
    }

    /// How many bytes the program has written so far.
    pub fn written(&self) -> usize {
        self.shared.state().raw.len()
    }
}
