//! What one invocation wrote: most lines of a function don't name it.
//!
//! A stream is one execution environment's, which handles one event at a time. A line that names a request is that
//! request's; any other one belongs to the START before it, up to its REPORT, and one between a REPORT and a START, as
//! those of the init phase are, to the START behind it. [`OneRequest`] picks from events that come in order; [`rows`] keeps up with a store, where they don't.

pub(super) mod rows;

use std::collections::HashMap;

use crate::domain::{
    log_event::LogEvent,
    report::{LineKind, classify},
};

/// The most lines of one stream that are kept until it is known whose they are.
const MAX_WAITING: usize = 1000;

/// What a line says of whose it is, and those around it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Says {
    /// The request starts.
    OurStart,
    /// Another one does.
    OtherStart,
    /// An invocation is over, `true` where it is the request's: nothing runs in the stream.
    Report(bool),
    /// It is the request's.
    Ours,
    /// It is another one's.
    Others,
    /// Nothing.
    Nothing,
}

fn says(line: &LineKind<'_>, id: &str) -> Says {
    match whose(line) {
        Whose::Start(of) if of == id => Says::OurStart,
        Whose::Start(_) => Says::OtherStart,
        Whose::Report(of) => Says::Report(of == Some(id)),
        Whose::Of(of) if of == id => Says::Ours,
        Whose::Of(_) => Says::Others,
        Whose::Nobody => Says::Nothing,
    }
}

/// Which request a line names, and whether that begins or ends there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Whose<'a> {
    /// It starts.
    Start(&'a str),
    /// It is over; none where the line does not say which one.
    Report(Option<&'a str>),
    /// It is named.
    Of(&'a str),
    /// None is.
    Nobody,
}

pub(super) fn whose<'a>(line: &'a LineKind<'_>) -> Whose<'a> {
    let id = line.request_id();
    match (line, id) {
        (LineKind::Start { request_id, .. }, _) => Whose::Start(request_id),
        (LineKind::Report(_), _) => Whose::Report(id),
        // That of a managed instance, which lacks the figures.
        (LineKind::Platform { event, .. }, _) if event == "platform.report" => Whose::Report(id),
        (_, Some(id)) => Whose::Of(id),
        (_, None) => Whose::Nobody,
    }
}

/// Picks the events of one request from those of its log group, each stream's in order.
#[derive(Debug)]
pub struct OneRequest {
    id: String,
    /// By group and stream.
    streams: HashMap<(String, String), Stream>,
}

#[derive(Debug, Default)]
struct Stream {
    /// What runs, as far as it is known: the request, or (`false`) another one.
    running: Option<bool>,
    /// Whose these are the next START says.
    waiting: Vec<LogEvent>,
}

impl OneRequest {
    /// Picks those of the request of that id.
    pub fn new(id: &str) -> Self {
        Self { id: id.to_owned(), streams: HashMap::new() }
    }

    /// The next event of its stream; gives those that are now known to be the request's.
    pub fn wanted(&mut self, event: &LogEvent) -> Vec<LogEvent> {
        let key = (event.group.clone(), event.stream.clone());
        let stream = self.streams.entry(key).or_default();
        let mut wanted = Vec::new();
        let says = says(&classify(&event.message), &self.id);
        if matches!(says, Says::OurStart | Says::OtherStart) {
            let waiting = std::mem::take(&mut stream.waiting);
            if says == Says::OurStart {
                wanted = waiting;
            }
            stream.running = Some(says == Says::OurStart);
        }
        match (says, stream.running) {
            (Says::OurStart | Says::Report(true) | Says::Ours, _) | (Says::Nothing, Some(true)) => {
                wanted.push(event.clone());
            }
            (Says::Nothing, None) if stream.waiting.len() < MAX_WAITING => {
                stream.waiting.push(event.clone());
            }
            _ => {}
        }
        if matches!(says, Says::Report(_)) {
            stream.running = None;
            // Where its START is not known these are its, and not of the next one's init phase.
            stream.waiting.clear();
        }
        wanted
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: &str = "11111111-1111-4111-8111-111111111111";
    const TWO: &str = "22222222-2222-4222-8222-222222222222";

    fn event(stream: &str, message: &str) -> LogEvent {
        LogEvent {
            group: "/aws/lambda/f".into(),
            stream: stream.into(),
            id: String::new(),
            timestamp: 0,
            ingestion_time: 0,
            message: message.into(),
        }
    }

    fn lines_of(id: &str, lines: &[(&str, String)]) -> Vec<String> {
        let mut request = OneRequest::new(id);
        lines
            .iter()
            .flat_map(|(stream, line)| request.wanted(&event(stream, line)))
            .map(|event| event.message)
            .collect()
    }

    fn report(id: &str) -> String {
        format!(
            "REPORT RequestId: {id}\tDuration: 1.00 ms\tBilled Duration: 2 ms\tMemory Size: 128 MB\tMax Memory Used: 30 MB\t"
        )
    }

    #[test]
    fn lines_between_start_and_report_and_those_of_the_init_phase_belong_to_the_request() {
        let lines = [
            ("a", "INIT_START Runtime Version: python:3.13.v1\tRuntime Version ARN: arn:x".to_owned()),
            ("a", "loading".to_owned()),
            ("b", "elsewhere".to_owned()),
            ("a", format!("START RequestId: {ONE} Version: $LATEST")),
            ("a", "working".to_owned()),
            ("b", format!("START RequestId: {TWO} Version: $LATEST")),
            ("b", "other work".to_owned()),
            ("a", format!("END RequestId: {ONE}")),
            ("a", report(ONE)),
            ("a", format!("START RequestId: {TWO} Version: $LATEST")),
            ("a", "more".to_owned()),
        ];
        let one = lines_of(ONE, &lines);
        assert_eq!(one.len(), 6, "{one:#?}");
        assert_eq!((one[1].as_str(), one[3].as_str()), ("loading", "working"));
        let two = lines_of(TWO, &lines);
        assert_eq!(
            two.iter().map(|line| line.split(' ').next().unwrap()).collect::<Vec<_>>(),
            ["elsewhere", "START", "other", "START", "more"]
        );
        assert!(lines_of("33333333-3333-4333-8333-333333333333", &lines).is_empty());
    }

    #[test]
    fn lines_of_an_invocation_whose_start_is_not_there_are_not_the_next_ones() {
        let lines = [
            ("a", "of the one before".to_owned()),
            ("a", report(TWO)),
            ("a", "INIT_START Runtime Version: python:3.13.v1".to_owned()),
            ("a", format!("START RequestId: {ONE} Version: $LATEST")),
        ];
        let one = lines_of(ONE, &lines);
        assert_eq!(one, [lines[2].1.clone(), lines[3].1.clone()]);
    }

    #[test]
    fn a_line_that_names_its_request_needs_no_start() {
        let line = format!("2026-11-20T14:00:00.000Z\t{ONE}\tINFO\thello");
        assert_eq!(lines_of(ONE, &[("a", line.clone())]), [line]);
    }
}
