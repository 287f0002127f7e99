//! The wall clock; in tests one that goes with tokio's paused time.

use jiff::{SignedDuration, Timestamp};
use tokio::time::Instant;

/// Where the time comes from.
#[derive(Clone, Copy, Debug)]
pub enum Clock {
    /// The system's.
    System,
    /// Begins at a moment and goes as tokio's clock does.
    From(Timestamp, Instant),
}

impl Clock {
    /// A clock that begins at a moment and goes as tokio's clock does.
    pub fn starting_at(moment: Timestamp) -> Self {
        Self::From(moment, Instant::now())
    }

    /// Now.
    pub fn now(&self) -> Timestamp {
        match self {
            Self::System => Timestamp::now(),
            Self::From(moment, start) => {
                let passed = SignedDuration::try_from(start.elapsed()).unwrap_or(SignedDuration::MAX);
                moment.checked_add(passed).unwrap_or(Timestamp::MAX)
            }
        }
    }

    /// The moment as tokio counts it; now where it is past.
    pub fn instant(&self, at: Timestamp) -> Instant {
        let left = at.duration_since(self.now());
        Instant::now()
            + left.unsigned_abs().min(std::time::Duration::from_hours(24)) * u32::from(left.is_positive())
    }
}
