//! One invocation's log.

use jiff::{SignedDuration, Timestamp};

/// How long before an invocation was sent its log is read from: its init phase, and a clock that is wrong. AWS takes no
/// requests from one that is further off.
pub(super) const BEFORE_SENT: SignedDuration = SignedDuration::from_mins(5);

/// How long after an invocation ended its lines may be: that clock, and events that come late (2 min have been seen).
const AFTER_END: SignedDuration = SignedDuration::from_mins(15);

/// How long after it was sent an asynchronous invocation ends at the latest: the oldest age of an event, then its run.
const LONGEST_QUEUED: SignedDuration = SignedDuration::from_mins(6 * 60 + 15);

/// The invocation whose log is looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestLog {
    /// Its number in this run.
    pub number: Option<u64>,
    /// Its id. Without one there is only the time it was sent.
    pub id: Option<String>,
    /// When it was sent.
    pub sent: Timestamp,
    /// When its answer came; none while it is awaited.
    pub ended: Option<Timestamp>,
    /// Whether it was queued, so that it runs whenever its turn comes.
    pub queued: bool,
}

impl RequestLog {
    /// When all of its log is there; none where that is still to come.
    pub(super) fn complete_at(&self, now: Timestamp) -> Option<Timestamp> {
        let ended = if self.queued { self.sent.checked_add(LONGEST_QUEUED).ok()? } else { self.ended? };
        ended.checked_add(AFTER_END).ok().filter(|at| *at < now)
    }
}

/// The time of a log that is read, where it does not end now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Around {
    /// The moment that it is about.
    pub moment: Timestamp,
    /// How long before.
    pub before: SignedDuration,
    /// The end, where it lies in the past: then nothing is followed.
    pub until: Option<Timestamp>,
}

impl Around {
    /// The first moment.
    pub fn since(&self) -> Timestamp {
        self.moment.checked_sub(self.before).unwrap_or(Timestamp::UNIX_EPOCH)
    }
}
