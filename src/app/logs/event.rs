//! One event of a log, to be read as a whole.

use jiff::tz::TimeZone;

use super::LogsPane;
use crate::{
    app::answer::EventHead,
    domain::{format, text::sanitise},
};

impl LogsPane {
    /// What is known of the selected event, and its message.
    pub(in crate::app) fn event(&self, zone: &TimeZone) -> Option<(EventHead, String)> {
        let row = self.get(self.cursor.at)?;
        let at = format::from_millis(row.timestamp);
        let ingested = format::iso(format::from_millis(row.ingestion), zone);
        let delay = row.ingestion.saturating_sub(row.timestamp);
        let late = row.late_by_ms.map(|late| format!("{} s behind the newest event", late / 1000));
        let facts = [
            ("time", Some(format::iso(at, zone))),
            ("ingested", Some(format!("{ingested}, {delay} ms after that"))),
            ("late", late),
            ("group", Some(row.group.to_owned())),
            ("stream", Some(row.stream.to_owned())),
            ("request id", self.request_id(&row.key)),
            ("trace id", self.trace_id(&row.key)),
            ("size", Some(format::bytes(row.message.len() as u64))),
        ];
        let told = facts.into_iter().filter_map(|(name, value)| Some((name, value?)));
        let details = told.map(|(name, value)| format!("{name:10}  {}", sanitise(&value))).collect();
        let head = EventHead {
            row: row.key,
            title: format!("Log event  {}", sanitise(self.label(row.group))),
            time: format::iso(at, zone),
            stream: sanitise(row.stream).into_owned(),
            details,
        };
        Some((head, row.message.to_owned()))
    }
}
