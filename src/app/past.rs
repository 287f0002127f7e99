//! The invocations of this run and of earlier ones, to be looked at, sent again and compared.

use std::collections::HashSet;

use jiff::{Timestamp, tz::TimeZone};

use super::{
    Ticket,
    invocations::{Invocation, Invocations},
    list::Cursor,
};
use crate::domain::{format, invocation::Record, place::Place, text::sanitise};

/// The list on the screen.
#[derive(Debug, Default)]
pub struct PastPane {
    /// Only those of this function; none: of all.
    pub function: Option<String>,
    /// Only those that failed.
    pub failed_only: bool,
    /// Those of earlier runs, oldest first.
    pub records: Vec<Record>,
    /// The request for them.
    pub pending: Option<Ticket>,
    /// Why there are none.
    pub error: Option<String>,
    /// The selected row, newest first.
    pub cursor: Cursor,
    /// What is in that row: it stays selected when others come.
    pub on: Option<Key>,
    /// The one that is to be compared.
    pub marked: Option<Key>,
}

/// Names an invocation, whatever comes and goes around it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Key {
    /// One of this run, by its number.
    Now(u64),
    /// One of an earlier run: when it was sent, and to what.
    Earlier(Timestamp, String),
}

/// A row.
#[derive(Clone, Copy, Debug)]
pub enum Entry<'a> {
    /// Of this run.
    Now(&'a Invocation),
    /// Of an earlier run.
    Earlier(&'a Record),
}

impl Entry<'_> {
    /// Its name.
    pub fn key(&self) -> Key {
        match self {
            Self::Now(invocation) => Key::Now(invocation.number),
            Self::Earlier(record) => Key::Earlier(record.at, record.function.clone()),
        }
    }

    fn is(&self, key: &Key) -> bool {
        match (self, key) {
            (Self::Now(invocation), Key::Now(number)) => invocation.number == *number,
            (Self::Earlier(record), Key::Earlier(at, function)) => {
                record.at == *at && record.function == *function
            }
            _ => false,
        }
    }

    /// Where it was sent.
    pub fn place(&self) -> &Place {
        match self {
            Self::Now(invocation) => &invocation.place,
            Self::Earlier(record) => &record.place,
        }
    }

    /// When it was sent.
    pub fn sent(&self) -> Timestamp {
        match self {
            Self::Now(invocation) => invocation.since,
            Self::Earlier(record) => record.at,
        }
    }

    /// Whether its response is still known.
    pub fn has_response(&self) -> bool {
        match self {
            Self::Now(invocation) => !invocation.forgotten && invocation.reply().is_some(),
            Self::Earlier(record) => record.response.is_some(),
        }
    }

    /// To which function.
    pub fn function(&self) -> &str {
        match self {
            Self::Now(invocation) => &invocation.request.function,
            Self::Earlier(record) => &record.function,
        }
    }

    fn failed(&self) -> bool {
        match self {
            Self::Now(invocation) => {
                invocation.outcome.as_ref().is_some_and(|outcome| !outcome.ending().is_good())
            }
            Self::Earlier(record) => !record.ending.is_good(),
        }
    }
}

impl PastPane {
    /// The rows, newest first.
    pub fn entries<'a>(&'a self, invocations: &'a Invocations) -> Vec<Entry<'a>> {
        // Those of this run are on disk, too.
        let here: HashSet<(Timestamp, &str)> =
            invocations.iter().map(|one| (one.since, one.request.function.as_str())).collect();
        let now = invocations.iter().rev().map(Entry::Now);
        let earlier = self.records.iter().rev();
        let earlier = earlier.filter(|record| !here.contains(&(record.at, record.function.as_str())));
        now.chain(earlier.map(Entry::Earlier))
            .filter(|entry| self.function.as_deref().is_none_or(|function| function == entry.function()))
            .filter(|entry| !self.failed_only || entry.failed())
            .collect()
    }

    /// One by its name.
    pub fn find<'a>(&'a self, invocations: &'a Invocations, key: &Key) -> Option<Entry<'a>> {
        match key {
            Key::Now(number) => invocations.get(*number).map(Entry::Now),
            Key::Earlier(at, function) => {
                let found =
                    self.records.iter().find(|record| record.at == *at && record.function == *function);
                found.map(Entry::Earlier)
            }
        }
    }

    /// Keeps the selected one selected; where it is gone, or none was, takes what is in its row.
    pub(super) fn follow(&mut self, invocations: &Invocations, height: usize) {
        let entries = self.entries(invocations);
        let len = entries.len();
        let on = self.on.as_ref().and_then(|key| entries.iter().position(|entry| entry.is(key)));
        let at = on.unwrap_or(self.cursor.at).min(len.saturating_sub(1));
        let key = entries.get(at).map(Entry::key);
        self.on = key;
        self.cursor.go(at, len, height);
    }

    /// The selected one.
    pub fn selected<'a>(&'a self, invocations: &'a Invocations) -> Option<Entry<'a>> {
        self.entries(invocations).get(self.cursor.at).copied()
    }
}

/// All that is known of an invocation of an earlier run, as lines to read.
pub fn details(record: &Record, zone: &TimeZone) -> Vec<String> {
    let mut lines = Vec::new();
    let mut add = |label: &str, text: String| lines.push(format!("{label:<18}{}", sanitise(&text)));
    add("Sent", format::date_time(record.at, zone));
    add("Where", record.place.to_string());
    add("Function", record.function.clone());
    add("Qualifier", record.qualifier.clone().unwrap_or_else(|| "$LATEST".into()));
    if let Some(tenant) = &record.tenant_id {
        add("Tenant", tenant.clone());
    }
    add("Sent as", record.mode.to_string());
    if let Some(event) = &record.event {
        add("Event", event.clone());
    }
    let status = record.status.map(|status| format!(" {status}")).unwrap_or_default();
    add("Outcome", format!("{}{status}", record.ending.word()));
    if let Some(version) = &record.executed_version {
        add("Version that ran", version.clone());
    }
    if let Some(id) = &record.request_id {
        add("Request id", id.clone());
    }
    add("Took", format!("{} ms", record.elapsed_ms));
    if let Some(measured) = &record.measured {
        add("Duration", format::duration_ms(measured.duration_ms));
        add("Billed", format!("{} ms", measured.billed_ms));
        if let Some(init) = measured.init_ms {
            add("Init", format::duration_ms(init));
        }
        add("Memory", format!("{} of {} MB", measured.max_memory_mb, measured.memory_mb));
    }
    add(
        "Sizes",
        format!(
            "{} sent, {} received",
            format::bytes(record.payload_bytes),
            format::bytes(record.response_bytes)
        ),
    );
    if record.payload.is_none() {
        lines.push(String::new());
        lines.push(
            "Events and responses of earlier runs are kept only where the configuration file says so:".into(),
        );
        lines.push("[invocations] payloads = true".into());
    }
    lines
}
