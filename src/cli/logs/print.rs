//! How events are written.

use crossterm::style::{Attribute, Color, ContentStyle, Stylize as _};
use jiff::tz::TimeZone;
use regex::Regex;
use serde::Serialize;

use crate::{
    cli::{args::Output as Form, failure::Failure, terminal::Output},
    domain::{
        format,
        log_event::LogEvent,
        report::classify,
        text::{sanitise, sanitise_lines, width},
    },
    tail::OneRequest,
};

/// Writes the events that are wanted.
pub(super) struct Printer {
    output: Output,
    form: Form,
    zone: TimeZone,
    names: bool,
    grep: Option<Regex>,
    request: Option<OneRequest>,
    /// How many were written.
    pub(super) printed: u64,
}

/// An event with the API's own member names.
#[allow(clippy::struct_field_names, reason = "the names are the API's")]
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Event<'e> {
    timestamp: i64,
    ingestion_time: i64,
    log_group_name: &'e str,
    log_stream_name: &'e str,
    event_id: &'e str,
    message: &'e str,
}

impl Printer {
    /// `names`: whether each line says which source it is from.
    pub(super) fn new(
        form: Form,
        zone: TimeZone,
        names: bool,
        grep: Option<Regex>,
        request_id: Option<&str>,
    ) -> Self {
        Self::onto(Output::stdout(), form, zone, names, grep, request_id)
    }

    #[cfg(test)]
    pub(super) fn to_memory(
        form: Form,
        zone: TimeZone,
        names: bool,
        grep: Option<Regex>,
        request_id: Option<&str>,
    ) -> (Self, crate::cli::terminal::Memory) {
        let (output, memory) = Output::to_memory();
        (Self::onto(output, form, zone, names, grep, request_id), memory)
    }

    fn onto(
        output: Output,
        form: Form,
        zone: TimeZone,
        names: bool,
        grep: Option<Regex>,
        request_id: Option<&str>,
    ) -> Self {
        let request = request_id.map(OneRequest::new);
        Self { output, form, zone, names, grep, request, printed: 0 }
    }

    /// The zone that times are written in.
    pub(super) fn zone(&self) -> &TimeZone {
        &self.zone
    }

    /// Writes an event, where it is wanted. `late_by_ms`: how far behind its place it came.
    pub(super) fn event(
        &mut self,
        name: &str,
        event: &LogEvent,
        late_by_ms: Option<i64>,
    ) -> Result<(), Failure> {
        match &mut self.request {
            None => self.write(name, event, late_by_ms),
            Some(request) => {
                for wanted in request.wanted(event) {
                    // Those before it were held until it told whose they are.
                    let late_by_ms = late_by_ms.filter(|_| wanted.id == event.id);
                    self.write(name, &wanted, late_by_ms)?;
                }
                Ok(())
            }
        }
    }

    fn write(&mut self, name: &str, event: &LogEvent, late_by_ms: Option<i64>) -> Result<(), Failure> {
        if self.grep.as_ref().is_some_and(|grep| !grep.is_match(&event.message)) {
            return Ok(());
        }
        self.printed += 1;
        match self.form {
            Form::Json => self.output.json_line(&Event {
                timestamp: event.timestamp,
                ingestion_time: event.ingestion_time,
                log_group_name: &event.group,
                log_stream_name: &event.stream,
                event_id: &event.id,
                message: &event.message,
            }),
            Form::Text => self.text(name, event, late_by_ms),
        }
    }

    /// Time, name and message. Further lines of a message stay in its column, so that none can pass for an event of
    /// its own.
    fn text(&mut self, name: &str, event: &LogEvent, late_by_ms: Option<i64>) -> Result<(), Failure> {
        let time = format::iso(format::from_millis(event.timestamp), &self.zone);
        let name = sanitise(name);
        let message = sanitise_lines(&event.message);
        let message = message.trim_end();
        let late = late_by_ms.map(|late| format!("late +{} s  ", late / 1000)).unwrap_or_default();
        if !self.output.terminal {
            let (head, margin) = if self.names {
                (format!("{time}\t{name}\t"), "\n\t\t")
            } else {
                (format!("{time}\t"), "\n\t")
            };
            return self.output.line(&format!("{head}{late}{}", message.replace('\n', margin)));
        }
        let mut margin = width(&time) + 2;
        let mut head = self.output.styled(ContentStyle::new().attribute(Attribute::Dim), &time);
        head.push_str("  ");
        if self.names {
            margin += width(&name) + 2;
            head.push_str(&self.output.styled(ContentStyle::new().with(Color::Cyan), &name));
            head.push_str("  ");
        }
        let failed = classify(&event.message).is_error();
        for (number, line) in message.split('\n').enumerate() {
            let line = if failed {
                self.output.styled(ContentStyle::new().with(Color::Red), line)
            } else {
                line.to_owned()
            };
            if number == 0 {
                let late = self.output.styled(ContentStyle::new().with(Color::Yellow), &late);
                self.output.line(&format!("{head}{late}{line}"))?;
            } else {
                self.output.line(&format!("{:margin$}{line}", ""))?;
            }
        }
        Ok(())
    }

    /// Hands on what was written so far.
    pub(super) fn flush(&mut self) -> Result<(), Failure> {
        self.output.flush()
    }
}
