//! What can be copied of a row: its message, the line, what identifies it, a command that finds it.

use std::borrow::Cow;

use super::{LogsPane, export::exported};
use crate::{
    app::overlay::Item,
    domain::{
        log_export::plain,
        place::Place,
        report::{LineKind, Report, classify},
        shell::quoted,
        text::sanitise,
    },
    tail::{Row, RowKey},
};

/// Up to this many bytes of a message are read for its meaning.
const READ: usize = 16 * 1024;

/// Rows that are looked through for the request of one of them.
const WALK: usize = 50_000;

/// What can be copied of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::app) enum Copying {
    RequestId,
    TraceId,
    Stream,
    Json,
    Command,
}

impl Copying {
    const ALL: [Self; 5] = [Self::RequestId, Self::TraceId, Self::Stream, Self::Json, Self::Command];

    /// What it is called in the list of choices.
    pub(in crate::app) fn name(self) -> &'static str {
        match self {
            Self::RequestId => "request id",
            Self::TraceId => "trace id",
            Self::Stream => "log stream",
            Self::Json => "event as JSON",
            Self::Command => "aws command",
        }
    }

    pub(in crate::app) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|copying| copying.name() == name)
    }
}

/// What a message is, as far as its beginning tells.
fn kind(message: &str) -> LineKind<'_> {
    classify(&message[..message.floor_char_boundary(READ)])
}

impl LogsPane {
    /// The message of the selected row, without the line break at its end and without control characters.
    pub(in crate::app) fn message_to_copy(&self) -> Option<String> {
        let row = self.get(self.cursor.at)?;
        Some(plain(row.message.trim_end_matches(['\n', '\r'])).into_owned())
    }

    /// The selected row as an export writes it.
    pub(in crate::app) fn line_to_copy(&self) -> Option<String> {
        let row = self.get(self.cursor.at)?;
        let mut line = String::new();
        exported(&row, self.label(row.group)).write_text(&mut line);
        line.truncate(line.trim_end_matches('\n').len());
        Some(line)
    }

    /// The selected row.
    pub(in crate::app) fn selected(&self) -> Option<RowKey> {
        self.get(self.cursor.at).map(|row| row.key)
    }

    /// A row of all that is there, while it is there.
    pub(super) fn row(&self, key: &RowKey) -> Option<(usize, Row<'_>)> {
        let at = self.store.position(key).ok()?;
        Some((at, self.store.get(at)?))
    }

    /// What can be copied of a row.
    pub(in crate::app) fn copy_choices(&self, key: &RowKey) -> Vec<Item> {
        let item = |copying: Copying| {
            let note = match copying {
                Copying::RequestId => sanitise(&self.request_id(key)?).into_owned(),
                Copying::TraceId => sanitise(&self.trace_id(key)?).into_owned(),
                Copying::Stream => sanitise(self.row(key)?.1.stream).into_owned(),
                Copying::Json => "with the API's own member names".into(),
                Copying::Command => "aws logs filter-log-events, that finds it".into(),
            };
            Some(Item { name: copying.name().into(), note })
        };
        Copying::ALL.into_iter().filter_map(item).collect()
    }

    /// What was chosen to be copied of a row, where it is there.
    pub(in crate::app) fn to_copy(&self, key: &RowKey, what: Copying, place: &Place) -> Option<String> {
        let (_, row) = self.row(key)?;
        match what {
            Copying::RequestId => self.request_id(key),
            Copying::TraceId => self.trace_id(key),
            Copying::Stream => Some(row.stream.to_owned()),
            Copying::Json => Some(exported(&row, row.group).json()),
            Copying::Command => Some(command(&row, place)),
        }
        .map(|text| match plain(&text) {
            Cow::Borrowed(_) => text,
            Cow::Owned(plain) => plain,
        })
    }

    /// The request that a row is of: the one that its line names; else the one that was running in its stream; that
    /// of an init phase is the one that comes next.
    pub(in crate::app) fn request_id(&self, key: &RowKey) -> Option<String> {
        let (at, row) = self.row(key)?;
        let own = kind(row.message);
        if let Some(id) = own.request_id() {
            return Some(id.to_owned());
        }
        let is_init = |kind: &LineKind<'_>| {
            matches!(
                kind,
                LineKind::InitStart { .. }
                    | LineKind::InitReport { .. }
                    | LineKind::RestoreStart { .. }
                    | LineKind::RestoreReport { .. }
            )
        };
        if !is_init(&own) {
            for before in self.of_stream(&row, (0..at).rev()) {
                match kind(before.message) {
                    // What comes behind is the next one's.
                    LineKind::Report(_) => break,
                    kind if is_init(&kind) => break,
                    kind => {
                        if let Some(id) = kind.request_id() {
                            return Some(id.to_owned());
                        }
                    }
                }
            }
        }
        for behind in self.of_stream(&row, at + 1..self.store.len()) {
            if let LineKind::Start { request_id, .. } = kind(behind.message) {
                return Some(request_id.into_owned());
            }
        }
        None
    }

    /// The X-Ray trace of the request that a row is of, once its REPORT has told it.
    pub(in crate::app) fn trace_id(&self, key: &RowKey) -> Option<String> {
        let id = self.request_id(key)?;
        let (at, row) = self.row(key)?;
        self.of_stream(&row, at..self.store.len()).find_map(|row| match kind(row.message) {
            LineKind::Report(Report { request_id, trace_id, .. }) if request_id == id => trace_id,
            _ => None,
        })
    }

    /// Rows of the stream of a row.
    fn of_stream<'a>(
        &'a self,
        row: &Row<'a>,
        positions: impl Iterator<Item = usize>,
    ) -> impl Iterator<Item = Row<'a>> {
        let (group, stream) = (row.group, row.stream);
        let rows = positions.take(WALK).filter_map(|at| self.store.get(at));
        rows.filter(move |row| row.stream == stream && row.group == group)
    }
}

/// The command (AWS CLI version 2) that finds an event: by its stream and its millisecond.
fn command(row: &Row<'_>, place: &Place) -> String {
    // An ARN names a group of another account, too.
    let group = if row.group.starts_with("arn:") { "--log-group-identifier" } else { "--log-group-name" };
    let mut command = format!(
        "aws logs filter-log-events {group} {} --log-stream-names {} --start-time {} --end-time {} --region {}",
        quoted(row.group),
        quoted(row.stream),
        row.timestamp,
        row.timestamp.saturating_add(1),
        quoted(&place.region),
    );
    for (option, value) in [("--profile", &place.profile), ("--endpoint-url", &place.endpoint)] {
        if let Some(value) = value {
            command = format!("{command} {option} {}", quoted(value));
        }
    }
    command
}
