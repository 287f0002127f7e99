//! Following the end of a log: rows that come, being held and let go, left and come back to.

use jiff::{SignedDuration, Timestamp};

use super::{FIRST_HISTORY, LogsPane, known::Known};
use crate::{
    app::{Effect, Ticket},
    domain::format,
    tail::{Arrival, GapKind},
};

/// A log that was left goes on where it stopped up to so long after; later it begins anew.
const KEPT: SignedDuration = SignedDuration::from_mins(15);

/// How far behind the newest event a follower finds late ones, in milliseconds: so much is read again.
const LOOKBACK_MS: i64 = 5 * 60_000;

/// The most rows that are compared with what is read again. Where more came in that time the log begins anew.
const MOST_KNOWN: usize = 200_000;

impl LogsPane {
    /// Rows came: the newest stays in view, or else the reader's place stays where it is, and they are counted.
    pub(super) fn take(&mut self, batch: &mut Vec<Arrival>, height: usize) {
        if let Some(known) = &mut self.known {
            batch.retain(|arrival| known.is_new(arrival));
        }
        let place = self.place();
        let at = |pane: &Self| {
            let (key, _) = place?;
            Some(pane.view.position(&pane.store, &key).unwrap_or_else(|next| next))
        };
        let (len, above) = (self.view.len(), at(self));
        self.insert(batch);
        if !self.following {
            let (came, came_above) = match (above, at(self)) {
                (Some(before), Some(now)) => {
                    // What made room went above, too, so that above there may be fewer than came.
                    ((self.view.len() - now).saturating_sub(len - before), now.saturating_sub(before))
                }
                _ => (self.view.len().saturating_sub(len), 0),
            };
            // Until all is there that is to be read, what comes below a moment one went to is not new.
            if self.history_done || self.aim.is_none() {
                self.new += came;
            }
            if self.history_done {
                self.late_above += came_above;
            }
        }
        self.restore(place, height);
    }

    /// Puts rows where they belong.
    pub(super) fn insert(&mut self, batch: &[Arrival]) {
        for arrival in batch {
            let inserted = self.store.insert(arrival);
            self.view.apply(&self.store, &inserted);
            if let Some(table) = &mut self.invocations {
                table.fold.apply(&self.store, &inserted);
            }
        }
        // The rows of a request that has just been found in them.
        self.search();
    }

    /// Lets the log run, or holds it.
    pub(super) fn follow(&mut self, following: bool, height: usize) {
        self.following = following;
        (self.aim, self.held) = (None, None);
        self.new = 0;
        self.late_above = 0;
        self.restore(self.place(), height);
    }

    /// Holds the log where it is: somebody reads.
    pub(in crate::app) fn pause(&mut self) {
        self.following = false;
        (self.aim, self.held) = (None, None);
    }

    /// Ends all that is under way.
    pub(in crate::app) fn stop(&mut self) -> Vec<Effect> {
        let older = self.stop_older();
        self.ticket.take().into_iter().chain(older).map(Effect::StopLogs).collect()
    }

    /// Nobody looks any more: what comes next is the plain log again. Live Tail, which costs money, is not taken up
    /// again by itself.
    pub(in crate::app) fn leave(&mut self, now: Timestamp) -> Vec<Effect> {
        let open = |kind| kind != GapKind::Dropped;
        let begun_ms = self.begun_at.as_millisecond();
        let is_whole = self.history_done
            && self.ticket.is_some()
            && self.around.and_then(|around| around.until).is_none()
            && !self.gaps.iter().any(|gap| open(gap.kind) && gap.to_ms.is_none_or(|to| to > begun_ms));
        self.close_invocations();
        let effects = self.stop();
        self.left_at = if is_whole { Some(now) } else { None };
        self.request = None;
        self.around = None;
        (self.aim, self.held) = (None, None);
        self.live_tail = false;
        self.history = FIRST_HISTORY;
        effects
    }

    /// Somebody is back: what was there is there at once, and the follow goes on from the newest event, less the time
    /// within which late ones are found. What is told again then is dropped. None where too much time has passed or what
    /// is there is not all there was: the log begins anew then.
    pub(in crate::app) fn resume(&mut self, ticket: Ticket, now: Timestamp, height: usize) -> Option<Effect> {
        let left_at = self.left_at.take().filter(|left| now.duration_since(*left) < KEPT)?;
        let newest = self.store.get(self.store.len().checked_sub(1)?)?.timestamp;
        let since = newest.min(left_at.as_millisecond()).saturating_sub(LOOKBACK_MS);
        let since = since.max(self.begun_at.as_millisecond());
        let first = self.store.position_at(since);
        if self.store.len() - first > MOST_KNOWN {
            return None;
        }
        let rows = (first..self.store.len()).filter_map(|at| self.store.get(at));
        self.known = Some(Box::new(Known::of(rows)));
        self.history = now.duration_since(self.begun_at);
        self.history_done = false;
        for source in &mut self.sources {
            source.history_done = false;
            source.status = None;
        }
        if self.view.request().is_some() {
            let place = self.place();
            self.look_at_request();
            self.restore(place, height);
        }
        let pattern = self.filters.asked_pattern();
        Some(self.followed(ticket, format::from_millis(since), None, pattern))
    }

    /// Follows the log groups from a moment on; the service is asked for what matches a pattern alone.
    pub(super) fn followed(
        &mut self,
        ticket: Ticket,
        since: Timestamp,
        until: Option<Timestamp>,
        pattern: Option<String>,
    ) -> Effect {
        self.ticket = Some(ticket);
        Effect::FollowLogs {
            ticket,
            groups: self.sources.iter().map(|source| source.group.clone()).collect(),
            since,
            until,
            pattern,
            live_tail: self.live_tail && until.is_none(),
        }
    }
}
