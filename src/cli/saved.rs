//! What `invoke` has to do with the program's own files: saved events, and the history of invocations.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use jiff::Timestamp;
use nucleo_matcher::{
    Config, Matcher,
    pattern::{AtomKind, CaseMatching, Normalization, Pattern},
};

use super::{
    failure::{ERROR, Failure, NOT_FOUND},
    settings::Settings,
    terminal,
};
use crate::{
    cloud::{self, Session},
    disk::{Events, Invocations},
    domain::{
        invocation::{Answer, Ending, Record, Request},
        secret::Secret,
        text::sanitise,
    },
};

/// Names that are offered where there is no event of the one that was given.
const OFFERED: usize = 5;
/// How long the history may hold up the response.
const PATIENCE: Duration = Duration::from_secs(2);

/// The saved event of that name: the function's own, else the shared one.
///
/// # Errors
/// There is none, or it can't be read.
pub async fn event(function: &str, name: &str, settings: &Settings) -> Result<Secret, Failure> {
    let Some(events) = settings.disk.events.clone() else {
        return Err(Failure::new(ERROR, "there is no place for saved events: no home directory is known"));
    };
    let (function, name) = (function.to_owned(), name.to_owned());
    tokio::task::spawn_blocking(move || find(&events, &function, &name))
        .await
        .unwrap_or_else(|error| Err(Failure::new(ERROR, format!("can't read the saved events: {error}"))))
}

fn find(events: &Events, function: &str, name: &str) -> Result<Secret, Failure> {
    let listing = events.list(Some(function)).map_err(|problem| Failure::new(ERROR, problem))?;
    // The function's own come first.
    if let Some(found) = listing.events.iter().find(|event| event.name == name) {
        return events.read(&found.owner, name).map_err(|problem| Failure::new(ERROR, problem));
    }
    for left_out in &listing.left_out {
        terminal::say("warning", left_out);
    }
    let mut names: Vec<&str> = listing.events.iter().map(|event| event.name.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    let none = Failure::new(NOT_FOUND, format!("there is no saved event {name:?} for {function}"));
    Err(match offered(name, names) {
        Some(offered) => none.with_hint(offered),
        None => none.with_hint("the dashboard saves events, in a function's Test tab"),
    })
}

/// The names that come closest; the first ones where none does.
fn offered(name: &str, mut names: Vec<&str>) -> Option<String> {
    let pattern = Pattern::new(name, CaseMatching::Ignore, Normalization::Smart, AtomKind::Fuzzy);
    let close = pattern.match_list(names.iter().copied(), &mut Matcher::new(Config::DEFAULT));
    let mut said = "there are";
    if !close.is_empty() {
        names = close.into_iter().map(|(name, _)| name).collect();
        said = "did you mean";
    }
    let more = names.len().saturating_sub(OFFERED);
    names.truncate(OFFERED);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    (!names.is_empty()).then(|| format!("{said}: {}{more}", names.join(", ")))
}

/// An invocation on its way into the history.
pub struct Recording {
    history: Option<Invocations>,
    request: Request,
    event: Option<String>,
    at: Timestamp,
    since: Instant,
}

impl Recording {
    /// A request is about to be sent; `event` is the name of the template or saved event that it came from.
    pub fn begin(request: &Request, event: Option<String>, settings: &Settings) -> Self {
        Self {
            history: settings.disk.invocations.clone(),
            request: request.clone(),
            event,
            at: Timestamp::now(),
            since: Instant::now(),
        }
    }

    /// It ended, as the result tells, which is handed back. Where it can't be recorded that is a warning.
    pub async fn end(
        self,
        session: &Session,
        result: Result<Answer, cloud::Error>,
    ) -> Result<Answer, cloud::Error> {
        match &result {
            Ok(answer) => {
                let record = self.record(session, answer.ending());
                let record = record.answered(answer, answer.payload.len());
                let whole = (answer.payload_left_out == 0).then(|| answer.payload.clone());
                self.add(record, whole).await;
            }
            Err(error) => {
                let record = self.record(session, error.ending());
                let record = record.unanswered(error.request_id.clone(), self.elapsed_ms());
                self.add(record, None).await;
            }
        }
        result
    }

    /// Nobody waits for the answer any more.
    pub async fn left(self, session: &Session) {
        let record = self.record(session, Ending::Unknown).unanswered(None, self.elapsed_ms());
        self.add(record, None).await;
    }

    fn record(&self, session: &Session, ending: Ending) -> Record {
        Record::of(self.at, session.place(), &self.request, self.event.clone(), ending)
    }

    fn elapsed_ms(&self) -> u64 {
        u64::try_from(self.since.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    async fn add(self, record: Record, response: Option<Vec<u8>>) {
        let Some(history) = self.history else { return };
        let payload = Arc::clone(&self.request.payload);
        let adding = tokio::task::spawn_blocking(move || history.add(record, &payload, response.as_deref()));
        let problem = match tokio::time::timeout(PATIENCE, adding).await {
            Ok(Ok(Ok(None))) => return,
            Ok(Ok(Ok(Some(said)))) => said,
            Ok(Ok(Err(problem))) => format!("the history of invocations can't be written: {problem}"),
            Ok(Err(error)) => format!("the history of invocations can't be written: {error}"),
            Err(_) => "the history of invocations could not be written in time".to_owned(),
        };
        terminal::say("warning", &sanitise(&problem));
    }
}
