//! From row to row: the next error, bookmark, gap, line with something marked; a moment.

use std::ops::Bound;

use jiff::{Timestamp, ToSpan, civil::Time, tz::TimeZone};

use super::LogsPane;
use crate::{app::Action, domain::format, tail::RowKey};

impl LogsPane {
    /// Goes to the next or previous one of what a key asks for, and stops following; none where it is no such key.
    ///
    /// # Errors
    /// Why there is none. Nothing has moved then.
    pub(in crate::app) fn jump(
        &mut self,
        action: &Action,
        height: usize,
    ) -> Option<Result<(), &'static str>> {
        let (view, at) = (&self.view, self.cursor.at);
        let (found, none) = match action {
            Action::NextError => (view.next_error(at), "no error below; [e looks above"),
            Action::PreviousError => {
                (view.previous_error(at), "no error above; ]e looks below, o reads older events")
            }
            Action::NextBookmark | Action::PreviousBookmark if self.bookmarks.is_empty() => {
                return Some(Err("there is no bookmark: b puts one"));
            }
            Action::NextBookmark => (self.next_bookmark(), "no bookmark below; [b looks above"),
            Action::PreviousBookmark => (self.previous_bookmark(), "no bookmark above; ]b looks below"),
            Action::NextGap | Action::PreviousGap if self.gaps.is_empty() => {
                return Some(Err("there is no gap: nothing is known to be missing"));
            }
            Action::NextGap => {
                (self.gap_rows().filter(|row| *row > at).min(), "no gap below; [g looks above")
            }
            Action::PreviousGap => {
                (self.gap_rows().filter(|row| *row < at).max(), "no gap above; ]g looks below")
            }
            Action::NextMatch | Action::PreviousMatch if !view.filter().has_highlights() => {
                return Some(Err("nothing is marked: * marks"));
            }
            Action::NextMatch => (view.next_marked(at), "nothing marked below; N looks above"),
            Action::PreviousMatch => (view.previous_marked(at), "nothing marked above; n looks below"),
            _ => return None,
        };
        Some(match found {
            Some(to) => {
                self.go_to(to, height);
                Ok(())
            }
            None if self.is_scanning() => Err("none so far: the filter is still searching"),
            None => Err(none),
        })
    }

    /// Selects a row for being read. One that is not on the screen comes with some rows above it.
    fn go_to(&mut self, at: usize, height: usize) {
        self.pause();
        let len = self.len();
        if !self.cursor.visible(len, height).contains(&at) {
            self.cursor.top = at.saturating_sub(height / 3);
        }
        self.cursor.go(at, len, height);
    }

    fn next_bookmark(&self) -> Option<usize> {
        let here = self.get(self.cursor.at)?.key;
        let behind = self.bookmarks.range((Bound::Excluded(here), Bound::Unbounded));
        self.shown(behind)
    }

    fn previous_bookmark(&self) -> Option<usize> {
        let here = self.get(self.cursor.at)?.key;
        self.shown(self.bookmarks.range(..here).rev())
    }

    /// The first of these rows that is shown.
    fn shown<'k>(&self, mut keys: impl Iterator<Item = &'k RowKey>) -> Option<usize> {
        keys.find_map(|key| self.view.position(&self.store, key).ok())
    }

    /// The rows at which gaps begin: the first behind the last event that was read before.
    fn gap_rows(&self) -> impl Iterator<Item = usize> {
        let last = self.len().saturating_sub(1);
        self.gaps.iter().map(move |gap| {
            let key = RowKey::at(gap.from_ms.saturating_add(1));
            self.view.position(&self.store, &key).unwrap_or_else(|next| next).min(last)
        })
    }

    /// Puts a bookmark at the selected row, or takes it away.
    pub(super) fn bookmark(&mut self) {
        let Some(key) = self.get(self.cursor.at).map(|row| row.key) else { return };
        if !self.bookmarks.remove(&key) {
            self.bookmarks.insert(key);
        }
    }

    /// Goes to a moment, and stays there while rows come. Answers whether older events have to be read for it.
    pub(in crate::app) fn go_to_moment(&mut self, moment: Timestamp, height: usize) -> bool {
        self.pause();
        self.aim = Some((RowKey::at(moment.as_millisecond()), height / 3));
        self.restore(self.aim, height);
        moment < self.begun_at
    }
}

/// Reads a moment that was typed: a time of the day (`14:03`, `14:03:22`), which is the last such time there was; how
/// long ago it was (`-10m`); or whatever [`format::parse_time`] takes.
///
/// # Errors
/// What can be typed.
pub fn parse_moment(text: &str, now: Timestamp, zone: &TimeZone) -> Result<Timestamp, String> {
    let text = text.trim();
    if let Ok(time) = Time::strptime("%H:%M", text).or_else(|_| Time::strptime("%H:%M:%S%.f", text)) {
        let today = zone.to_datetime(now).date();
        let on = |date: jiff::civil::Date| zone.to_timestamp(date.to_datetime(time)).ok();
        let last = on(today).filter(|moment| *moment <= now);
        let moment = last.or_else(|| on(today.checked_sub(1.day()).ok()?));
        return moment.ok_or_else(|| "there is no such time".to_owned());
    }
    let moment = format::parse_time(text.strip_prefix('-').unwrap_or(text), now, zone);
    moment.map_err(|error| match error {
        format::TimeError::Unreadable(_) => {
            "a time is wanted, such as 14:03, 14:03:22, -10m or 2026-11-20T14:03Z".to_owned()
        }
        error @ format::TimeError::OutOfRange(_) => error.to_string(),
    })
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("14:03", "2026-11-20T14:03:00Z")]
    #[case("14:03:22", "2026-11-20T14:03:22Z")]
    #[case("14:03:22.5", "2026-11-19T14:03:22.5Z")]
    #[case("14:04", "2026-11-19T14:04:00Z")]
    #[case("23:59", "2026-11-19T23:59:00Z")]
    #[case(" -10m ", "2026-11-20T13:53:22Z")]
    #[case("10m", "2026-11-20T13:53:22Z")]
    #[case("now", "2026-11-20T14:03:22Z")]
    #[case("2026-11-20T14:03Z", "2026-11-20T14:03:00Z")]
    #[case("2026-11-18 07:00", "2026-11-18T07:00:00Z")]
    fn moments(#[case] typed: &str, #[case] expected: &str) {
        let now = "2026-11-20T14:03:22Z".parse().unwrap();
        assert_eq!(parse_moment(typed, now, &TimeZone::UTC), Ok(expected.parse().unwrap()), "{typed}");
    }

    #[rstest]
    #[case("25:00")]
    #[case("soon")]
    #[case("")]
    #[case("-")]
    #[case("2026-02-30")]
    fn no_moments(#[case] typed: &str) {
        let now = "2026-11-20T14:03:22Z".parse().unwrap();
        assert!(parse_moment(typed, now, &TimeZone::UTC).is_err(), "{typed}");
    }

    #[test]
    fn a_time_of_the_day_is_one_of_the_zone() {
        let now = "2026-11-20T14:03:22Z".parse().unwrap();
        let east = TimeZone::fixed(jiff::tz::offset(2));
        assert_eq!(parse_moment("15:00", now, &east), Ok("2026-11-20T13:00:00Z".parse().unwrap()));
        assert_eq!(parse_moment("17:00", now, &east), Ok("2026-11-19T15:00:00Z".parse().unwrap()));
    }
}
