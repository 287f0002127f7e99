//! What a follower tells.

use super::marks::Marks;
use crate::domain::log_event::LogEvent;

/// News of a follower.
#[derive(Clone, Debug, PartialEq)]
pub enum Update {
    /// Events that were not told before, in order among themselves.
    Events {
        /// Their log group, as it was named in the options.
        group: String,
        /// At most 1,000 events.
        batch: Vec<Arrival>,
    },
    /// How a group is doing: told when that changes, about once a second while events come, and every five seconds
    /// in any case.
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
        /// Where it ends; none while it goes on.
        to_ms: Option<i64>,
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
    /// What its message is.
    pub marks: Marks,
}

impl Arrival {
    /// An event that came so late, if it did.
    pub fn new(event: LogEvent, late_by_ms: Option<i64>) -> Self {
        Self { marks: Marks::of(&event.message), event, late_by_ms }
    }
}

/// What makes a gap.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GapKind {
    /// No answer for a while: throttled, offline, not allowed, without credentials.
    Disconnected,
    /// Live Tail showed a sample, for there was more than 500 events a second.
    Sampled,
    /// The function wrote faster than its log could be taken in (`platform.logsDropped`). It is never repaired.
    Dropped,
    /// The log group is of the Infrequent Access class: what is newest is read by queries now and then.
    NotLive,
}

/// How events are read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Transport {
    /// By FilterLogEvents, again and again.
    #[default]
    Polling,
    /// So, and what is newest by a Live Tail session, which is billed by the minute.
    LiveTail {
        /// How long all sessions of the follower have run so far, in seconds: the same figure in the status of each
        /// of its groups, for one session serves several.
        seconds: u64,
    },
    /// By Logs Insights queries, for a group of the Infrequent Access class.
    Insights,
}

impl Status {
    /// That of a group of which nothing is known yet.
    pub fn new(group: impl Into<String>) -> Self {
        Self {
            group: group.into(),
            state: State::CatchingUp,
            transport: Transport::default(),
            not_live_tail: None,
            head_at_ms: None,
            budget_per_s: None,
            sampled: 0,
            calls: 0,
            events: 0,
            late: 0,
            lag_ms: None,
            lookback_ms: 0,
        }
    }
}

/// How a group is doing.
#[derive(Clone, Debug, PartialEq)]
pub struct Status {
    /// The log group.
    pub group: String,
    /// In a word.
    pub state: State,
    /// How it is read.
    pub transport: Transport,
    /// Why there is no Live Tail session at the moment, though one is wanted. Polling goes on.
    pub not_live_tail: Option<String>,
    /// When the newest was last read to its end, in milliseconds since the epoch by the local clock.
    pub head_at_ms: Option<i64>,
    /// The requests a second that all readers of the account and region may send together; none where there is no limit.
    pub budget_per_s: Option<f64>,
    /// Events that Live Tail left out of its samples, as far as they were found since.
    pub sampled: u64,
    /// Requests sent so far.
    pub calls: u64,
    /// Events told so far.
    pub events: u64,
    /// How many of them came late.
    pub late: u64,
    /// How old the newest event was when it was told: now less its ingestion time, in milliseconds. None where all events
    /// so far are history.
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
