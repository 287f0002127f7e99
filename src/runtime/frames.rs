//! When the next frame is drawn.

use std::time::Duration;

use tokio::time::Instant;

/// Frames for results are this far apart.
const INTERVAL: Duration = Duration::from_millis(16);

/// Paces frames: results are gathered, input is answered at once.
#[derive(Debug, Default)]
pub struct Frames {
    last: Option<Instant>,
    wanted: Wanted,
    afresh: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Wanted {
    #[default]
    No,
    Paced,
    Now,
}

impl Frames {
    /// The state has changed by a result.
    pub fn ask(&mut self) {
        if self.wanted == Wanted::No {
            self.wanted = Wanted::Paced;
        }
    }

    /// The state has changed by the user.
    pub fn ask_now(&mut self) {
        self.wanted = Wanted::Now;
    }

    /// The terminal may hold anything by now: all is painted again, at once.
    pub fn ask_afresh(&mut self) {
        self.afresh = true;
        self.ask_now();
    }

    /// Whether the next frame has to paint all.
    pub fn is_afresh(&self) -> bool {
        self.afresh
    }

    /// When to draw; `None` while there is nothing to draw.
    pub fn due(&self) -> Option<Instant> {
        match (self.wanted, self.last) {
            (Wanted::No, _) => None,
            (Wanted::Paced, Some(last)) => Some(last + INTERVAL),
            (Wanted::Paced | Wanted::Now, _) => Some(self.last.unwrap_or_else(Instant::now)),
        }
    }

    /// A frame was drawn.
    pub fn drawn(&mut self) {
        self.last = Some(Instant::now());
        self.wanted = Wanted::No;
        self.afresh = false;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn results_wait_for_the_interval_and_input_does_not() {
        let mut frames = Frames::default();
        assert_eq!(frames.due(), None);
        frames.drawn();
        let drawn = Instant::now();
        frames.ask();
        assert_eq!(frames.due(), Some(drawn + INTERVAL));
        frames.ask_now();
        assert!(frames.due().is_some_and(|due| due <= Instant::now()));
        frames.drawn();
        assert_eq!(frames.due(), None);
    }
}
