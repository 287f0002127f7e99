//! What a follower tells.

use crate::domain::log_event::LogEvent;

/// News of a follower.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Update {
    /// Events that were not told before, in order among themselves.
    Events {
        /// Their log group, as it was named in the options.
        group: String,
        /// At most 1,000 events.
        batch: Vec<Arrival>,
    },
    /// How a group is doing: told when that changes, and about once a second while events come.
    Status(Status),
    /// All that there was when the follower started has been told, or the group can't be read.
    HistoryDone {
        /// The log group.
        group: String,
    },
    /// A stretch of time in which events may be missing, or (`repaired`) are known not to be any more.
    Gap {
        /// The log group.
        group: String,
        /// What made it.
        kind: GapKind,
        /// Where it starts, in milliseconds since the epoch; with group and kind, it says which gap is repaired.
        from_ms: i64,
        /// Whether everything that was missing has been told since.
        repaired: bool,
    },
}

/// An event, and whether it came late.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Arrival {
    /// The event.
    pub event: LogEvent,
    /// How far behind the newest event of its group it was, in milliseconds, where that is a second or more.
    pub late_by_ms: Option<i64>,
}

/// What makes a gap.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GapKind {
    /// No answer for a while: throttled, offline, not allowed, without credentials.
    Disconnected,
}

/// How a group is doing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Status {
    /// The log group.
    pub group: String,
    /// In a word.
    pub state: State,
    /// Requests sent so far.
    pub calls: u64,
    /// Events told so far.
    pub events: u64,
    /// How many of them came late.
    pub late: u64,
    /// How old the newest event was when it was told: now less its ingestion time, in milliseconds.
    pub lag_ms: Option<i64>,
    /// How far behind the newest event late ones are still found, in milliseconds. Less than five minutes where
    /// reading that much again would cost too many requests.
    pub lookback_ms: i64,
}

/// The state of a group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// Reading history, or what came in during an interruption.
    CatchingUp,
    /// What is visible is shown within about a second.
    Live,
    /// The group does not exist yet.
    Waiting,
    /// Too many requests.
    Throttled {
        /// Since the last good answer, in milliseconds.
        behind_ms: i64,
    },
    /// The service cannot be reached.
    Offline {
        /// Since the last good answer, in milliseconds.
        behind_ms: i64,
        /// What went wrong.
        message: String,
    },
    /// No credentials, or expired ones.
    Credentials {
        /// What went wrong.
        message: String,
    },
    /// Not allowed.
    Denied {
        /// What went wrong.
        message: String,
    },
    /// The group can't be followed this way. It is not asked again.
    Unsupported {
        /// Why.
        message: String,
    },
    /// Another failure, such as a filter pattern that is none.
    Failed {
        /// What went wrong.
        message: String,
    },
}
