//! What there is already, of several groups in one order.

use std::collections::VecDeque;

use futures_util::future::try_join_all;

use super::{Wanted, print::Printer, sources::Source};
use crate::{
    cli::{
        failure::{Failure, NOT_FOUND},
        terminal,
    },
    cloud::{Kind, Session, logs::EventQuery},
    domain::log_event::LogEvent,
};

/// Prints all events, merged by time. One page of each group is held at a time, however long the history is.
pub(super) async fn print(
    session: &Session,
    sources: &[Source],
    wanted: &Wanted,
    printer: &mut Printer,
) -> Result<(), Failure> {
    let mut readers: Vec<Reader> = sources.iter().map(|source| Reader::new(source, wanted)).collect();
    try_join_all(readers.iter_mut().map(|reader| reader.fill(session))).await?;
    loop {
        let first = readers
            .iter_mut()
            .filter(|reader| !reader.events.is_empty())
            .min_by_key(|reader| reader.events.front().map(|event| (event.timestamp, event.ingestion_time)));
        let Some(reader) = first else { return printer.flush() };
        if let Some(event) = reader.events.pop_front() {
            printer.event(&reader.source.name, &event, None)?;
        }
        if reader.events.is_empty() && !reader.done {
            // Reading may take a while: what is there can be looked at meanwhile.
            printer.flush()?;
            reader.fill(session).await?;
        }
    }
}

/// Reads one group page by page.
struct Reader<'s> {
    source: &'s Source,
    query: EventQuery,
    events: VecDeque<LogEvent>,
    done: bool,
}

impl<'s> Reader<'s> {
    fn new(source: &'s Source, wanted: &Wanted) -> Self {
        let query = EventQuery {
            group: source.group.clone(),
            start_ms: Some(wanted.since.as_millisecond()),
            end_ms: wanted.until.map(jiff::Timestamp::as_millisecond),
            pattern: wanted.pattern.clone(),
            ..EventQuery::default()
        };
        Self { source, query, events: VecDeque::new(), done: false }
    }

    /// Reads on until there is an event or the end: pages may be empty.
    async fn fill(&mut self, session: &Session) -> Result<(), Failure> {
        while self.events.is_empty() && !self.done {
            session.log_budget().acquire().await;
            let page = match session.filter_log_events(&self.query).await {
                Ok(page) => page,
                Err(error) if error.kind == Kind::NotFound && self.source.of_function => {
                    let Source { name, group, .. } = self.source;
                    terminal::note(&format!("{name}: no invocations yet, there is no log group {group}"));
                    self.done = true;
                    return Ok(());
                }
                Err(error) if error.kind == Kind::NotFound => {
                    let mut failure =
                        Failure::new(NOT_FOUND, format!("there is no log group {}", self.source.group))
                            .with_hint("check the name, the region and the account");
                    failure.request_id = error.request_id;
                    return Err(failure);
                }
                Err(error) => return Err(error.into()),
            };
            // A token that repeats after an empty page would go on for ever.
            self.done = page.next.is_none() || (page.events.is_empty() && page.next == self.query.token);
            self.events = page.events.into();
            self.query.token = page.next;
        }
        Ok(())
    }
}
