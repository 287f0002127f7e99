//! Logs Insights: a query being written, and the results of the last one.

use std::fmt;

use jiff::{SignedDuration, Timestamp, tz::TimeZone};

use super::{Ticket, editor::Editor, list::Cursor};
use crate::{
    cloud,
    domain::{
        format::{self, parse_time},
        insights::{Query, Results, TEMPLATES},
    },
};

/// The longest time that can be asked about. A longer one is a typing error, and expensive.
const LONGEST: SignedDuration = SignedDuration::from_hours(24 * 366);

/// The time that is asked about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// The last while, up to when it is asked.
    Last(SignedDuration),
    /// From one moment to another.
    Between(Timestamp, Timestamp),
}

impl Default for Reach {
    fn default() -> Self {
        Self::Last(SignedDuration::from_hours(1))
    }
}

impl Reach {
    /// Reads `1h`, `90m`, `2026-11-20 14:00 to 15:00`, `3h to 1h`: how long ago or when, and where it ends.
    ///
    /// # Errors
    /// What is wrong with it, in a line.
    pub fn parse(text: &str, now: Timestamp, zone: &TimeZone) -> Result<Self, String> {
        let text = text.trim();
        let (from, until) = match text.split_once(" to ") {
            None => (text, None),
            Some((from, until)) => (from.trim(), Some(until.trim())),
        };
        let begin = parse_time(from, now, zone).map_err(|error| error.to_string())?;
        let end = match until {
            None => now,
            // A time of day alone is on the day of the beginning.
            Some(until) => match (parse_time(until, now, zone), from.split_once([' ', 'T'])) {
                (Ok(until), _) => until,
                (Err(_), Some((day, _))) => {
                    parse_time(&format!("{day}T{until}"), now, zone).map_err(|error| error.to_string())?
                }
                (Err(error), None) => return Err(error.to_string()),
            },
        };
        if begin >= end {
            return Err("it begins after it ends".into());
        }
        let length = end.duration_since(begin);
        if length > LONGEST {
            return Err("that is more than a year".into());
        }
        // What was typed as an age stays one, so that asking again asks about now.
        let is_age = until.is_none() && !from.contains([':', '-', 'T']);
        Ok(if is_age { Self::Last(length) } else { Self::Between(begin, end) })
    }

    /// Its first and last moment.
    pub fn bounds(self, now: Timestamp) -> (Timestamp, Timestamp) {
        match self {
            Self::Last(length) => (now.checked_sub(length).unwrap_or(Timestamp::UNIX_EPOCH), now),
            Self::Between(from, until) => (from, until),
        }
    }

    /// As it is shown: `last 1h`.
    pub fn label(self, zone: &TimeZone) -> String {
        match self {
            Self::Last(length) => format!("last {}", format::length(length)),
            Self::Between(from, until) => {
                format!("{} to {}", format::date_time(from, zone), format::date_time(until, zone))
            }
        }
    }
}

/// What was asked last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// The query.
    pub query: Query,
    /// When.
    pub at: Timestamp,
    /// When it was over.
    pub over: Option<Timestamp>,
}

/// The query box and its results. It goes on when nobody looks.
pub struct InsightsPane {
    /// The log groups that are asked.
    pub groups: Vec<String>,
    /// The query that is being written.
    pub editor: Editor,
    /// Whether it is being edited.
    pub editing: bool,
    /// The time that is asked about.
    pub reach: Reach,
    /// What was asked last.
    pub asked: Option<Asked>,
    /// The request under way.
    pub ticket: Option<Ticket>,
    /// What it gave so far.
    pub results: Option<Results>,
    /// Why it failed.
    pub error: Option<cloud::Error>,
    /// The column that the rows are sorted by, and whether the order is reversed; none as the query gave them.
    pub sort: Option<(usize, bool)>,
    /// Rows in the order in which they are shown.
    pub order: Vec<usize>,
    /// The selected row.
    pub cursor: Cursor,
    /// The leftmost column on the screen.
    pub left: usize,
}

impl fmt::Debug for InsightsPane {
    // Queries and results may hold secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InsightsPane")
            .field("groups", &self.groups)
            .field("reach", &self.reach)
            .field("ticket", &self.ticket)
            .field("results", &self.results)
            .finish_non_exhaustive()
    }
}

impl InsightsPane {
    /// A box for these log groups, with a query to begin with.
    pub fn new(groups: Vec<String>) -> Self {
        Self {
            groups,
            editor: Editor::new(TEMPLATES[0].query),
            editing: false,
            reach: Reach::default(),
            asked: None,
            ticket: None,
            results: None,
            error: None,
            sort: None,
            order: Vec::new(),
            cursor: Cursor::default(),
            left: 0,
        }
    }

    /// Whether a query is under way.
    pub fn is_running(&self) -> bool {
        self.ticket.is_some()
    }

    /// A row, as it is shown.
    pub fn row(&self, at: usize) -> Option<&[Option<String>]> {
        self.results.as_ref()?.rows.get(*self.order.get(at)?).map(Vec::as_slice)
    }

    /// Puts the rows into their order.
    pub(super) fn arrange(&mut self, height: usize) {
        let Some(results) = &self.results else {
            self.order.clear();
            return;
        };
        self.order = match self.sort {
            Some((column, reversed)) if column < results.columns.len() => results.sorted(column, reversed),
            _ => (0..results.rows.len()).collect(),
        };
        self.cursor.go(self.cursor.at, self.order.len(), height);
    }

    /// Sorts by the next column; behind the last one as the query gave them.
    pub(super) fn next_sort(&mut self) {
        let columns = self.results.as_ref().map_or(0, |results| results.columns.len());
        self.sort = match self.sort {
            None if columns > 0 => Some((0, false)),
            Some((column, reversed)) if column + 1 < columns => Some((column + 1, reversed)),
            _ => None,
        };
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn moment(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[rstest]
    #[case("1h", Ok(Reach::Last(SignedDuration::from_hours(1))))]
    #[case(" 1h30m ", Ok(Reach::Last(SignedDuration::from_mins(90))))]
    #[case("3h to 1h", Ok(Reach::Between(moment("2026-11-20T11:00:00Z"), moment("2026-11-20T13:00:00Z"))))]
    #[case(
        "2026-11-19 10:00 to 11:30",
        Ok(Reach::Between(moment("2026-11-19T10:00:00Z"), moment("2026-11-19T11:30:00Z")))
    )]
    #[case(
        "2026-11-20T13:00Z",
        Ok(Reach::Between(moment("2026-11-20T13:00:00Z"), moment("2026-11-20T14:00:00Z")))
    )]
    #[case("1h to 3h", Err("it begins after it ends".into()))]
    #[case("2026-11-21", Err("it begins after it ends".into()))]
    #[case("400d", Err("that is more than a year".into()))]
    fn times_are_read(#[case] text: &str, #[case] expected: Result<Reach, String>) {
        assert_eq!(Reach::parse(text, moment("2026-11-20T14:00:00Z"), &TimeZone::UTC), expected);
    }

    #[test]
    fn what_is_no_time_is_said() {
        let error = Reach::parse("yesterday", Timestamp::UNIX_EPOCH, &TimeZone::UTC).unwrap_err();
        assert!(error.contains("yesterday"), "{error}");
    }

    #[test]
    fn sorting_goes_through_the_columns_and_back_to_the_query() {
        let mut pane = InsightsPane::new(vec!["g".into()]);
        pane.next_sort();
        assert_eq!(pane.sort, None, "there are no columns yet");
        pane.results = Some(Results { columns: vec!["a".into(), "b".into()], ..Results::default() });
        let mut seen = Vec::new();
        for _ in 0..3 {
            pane.next_sort();
            seen.push(pane.sort);
        }
        assert_eq!(seen, [Some((0, false)), Some((1, false)), None]);
    }
}
