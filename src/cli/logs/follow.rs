//! What there is, and what comes.

use std::{
    collections::{HashMap, HashSet},
    mem::discriminant,
};

use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::{Wanted, print::Printer, sources::Source};
use crate::{
    cli::{
        failure::{DENIED, ERROR, Failure},
        terminal,
    },
    cloud::Session,
    domain::{format, log_sources::slow_reading},
    tail::{self, Arrival, GapKind, State, Status, Streams, SystemClock, Update},
};

/// Updates that may wait to be printed; then the follower reads slower.
const QUEUE: usize = 16;
/// What Live Tail costs (CloudWatch's price list).
const LIVE_TAIL_COST: &str = "Live Tail costs about $0.01 a minute beyond the 1,800 free minutes of a month; ctrl-c \
    ends it";
/// The most events that are held to be put into one order. What is more comes group by group.
const MAX_HELD: usize = 100_000;

/// Prints all events, and then those that come, until it is interrupted.
///
/// # Errors
/// A group can't be read from the start on. What goes wrong later is said, and following goes on.
pub(super) async fn print(
    session: &Session,
    sources: &[Source],
    wanted: &Wanted,
    printer: &mut Printer,
) -> Result<(), Failure> {
    let options = tail::Options {
        groups: sources.iter().map(|source| source.group.clone()).collect(),
        streams: Streams::All,
        since_ms: wanted.since.as_millisecond(),
        until_ms: None,
        live: true,
        filter_pattern: wanted.pattern.clone(),
        page_limit: None,
        live_tail: wanted.live_tail,
    };
    if wanted.live_tail {
        terminal::note(LIVE_TAIL_COST);
    }
    let budget = session.log_budget().clone();
    let cancel = CancellationToken::new();
    let _guard = cancel.clone().drop_guard();
    let (sender, mut updates) = mpsc::channel(QUEUE);
    // Nobody adds a group or takes one away.
    let (_, silent) = mpsc::channel(1);
    tokio::spawn(tail::follow(session.clone(), options, budget, SystemClock, sender, silent, cancel));

    let mut follower = Follower::new(sources, printer);
    while let Some(update) = updates.recv().await {
        follower.take(update)?;
        if updates.is_empty() {
            follower.printer.flush()?;
        }
    }
    Ok(())
}

struct Follower<'p> {
    printer: &'p mut Printer,
    /// By log group.
    groups: HashMap<String, Group>,
    /// Groups whose history is not complete; while there is one, what comes is held.
    incomplete: HashSet<String>,
    held: Vec<Arrival>,
    /// Whether it was said how slow the reading of so many groups is.
    told_slow: bool,
}

struct Group {
    name: String,
    /// Whether it has answered at all.
    answered: bool,
    /// Whether it can't be read, and never could.
    given_up: bool,
    /// The state that was last spoken of, or that needs no words.
    state: State,
}

impl<'p> Follower<'p> {
    fn new(sources: &[Source], printer: &'p mut Printer) -> Self {
        let group = |source: &Source| {
            let (name, state) = (source.name.clone(), State::CatchingUp);
            let group = Group { name, answered: false, given_up: false, state };
            (source.group.clone(), group)
        };
        // The events of a single group come in order.
        let incomplete = match sources {
            [_] => HashSet::new(),
            several => several.iter().map(|source| source.group.clone()).collect(),
        };
        Self {
            printer,
            groups: sources.iter().map(group).collect(),
            incomplete,
            held: Vec::new(),
            told_slow: false,
        }
    }

    fn take(&mut self, update: Update) -> Result<(), Failure> {
        match update {
            Update::Events { group, batch } => {
                self.answered(&group);
                if self.incomplete.is_empty() {
                    for arrival in &batch {
                        self.print(arrival)?;
                    }
                } else {
                    self.held.extend(batch);
                    if self.held.len() > MAX_HELD {
                        self.incomplete.clear();
                        self.release()?;
                    }
                }
                Ok(())
            }
            Update::HistoryDone { group } => {
                self.answered(&group);
                self.complete(&group)
            }
            Update::Status(status) => self.status(status),
            Update::Gap { group, kind, from_ms, to_ms, repaired } => {
                let since = format::iso(format::from_millis(from_ms), self.printer.zone());
                let name = self.name(&group);
                terminal::note(&match kind {
                    _ if repaired => format!("{name}: what was missing since {since} has been read"),
                    GapKind::Disconnected | GapKind::Sampled if to_ms.is_none() => {
                        format!("{name}: events since {since} may be missing for now")
                    }
                    // That it is over; whether all has been read comes later.
                    GapKind::Disconnected => return Ok(()),
                    GapKind::Sampled => format!("{name}: not all events of {since} could be read"),
                    GapKind::Dropped => {
                        format!("{name}: Lambda dropped lines at {since}: the function wrote too fast")
                    }
                    GapKind::NotLive => format!(
                        "{name}: not live: its log group is of the Infrequent Access class, and is read by queries \
                         every 30 s"
                    ),
                });
                Ok(())
            }
        }
    }

    fn answered(&mut self, group: &str) {
        if let Some(group) = self.groups.get_mut(group) {
            group.answered = true;
        }
    }

    fn name<'a>(&'a self, group: &'a str) -> &'a str {
        self.groups.get(group).map_or(group, |group| &group.name)
    }

    /// A group has no more history: with the last one all of it is printed in one order.
    fn complete(&mut self, group: &str) -> Result<(), Failure> {
        if self.incomplete.remove(group) && self.incomplete.is_empty() { self.release() } else { Ok(()) }
    }

    fn release(&mut self) -> Result<(), Failure> {
        let mut held = std::mem::take(&mut self.held);
        held.sort_by_key(|arrival| (arrival.event.timestamp, arrival.event.ingestion_time));
        // They were put into their order: none is late.
        for arrival in &mut held {
            arrival.late_by_ms = None;
        }
        held.iter().try_for_each(|arrival| self.print(arrival))
    }

    fn print(&mut self, Arrival { event, late_by_ms, .. }: &Arrival) -> Result<(), Failure> {
        let name = self.groups.get(&event.group).map_or(event.group.as_str(), |group| &group.name);
        self.printer.event(name, event, *late_by_ms)
    }

    /// Says once how slow the reading of many groups is.
    fn tell_slow(&mut self, budget: Option<f64>) {
        let Some(per_second) = budget.filter(|_| !self.told_slow) else { return };
        self.told_slow = true;
        if let Some(seconds) = slow_reading(self.groups.len(), per_second) {
            terminal::note(&format!(
                "{} log groups on {per_second} calls/s: each is read every {seconds} s; --live-tail is faster for up \
                 to 10, and billed",
                self.groups.len()
            ));
        }
    }

    /// Says what changed about a group.
    fn status(&mut self, status: Status) -> Result<(), Failure> {
        self.tell_slow(status.budget_per_s);
        let others = self.groups.iter().any(|(name, group)| *name != status.group && !group.given_up);
        let Some(group) = self.groups.get_mut(&status.group) else { return Ok(()) };
        let new = status.state;
        if discriminant(&new) == discriminant(&group.state) {
            return Ok(());
        }
        let name = group.name.clone();
        let was_fine = matches!(group.state, State::CatchingUp | State::Live);
        let answered = group.answered;
        match &new {
            // After an interruption `Live` follows.
            State::CatchingUp => return Ok(()),
            State::Live if was_fine => {}
            State::Live => terminal::note(&format!("{name}: live again")),
            State::Waiting => {
                terminal::note(&format!(
                    "{name}: waiting for the log group {}, there is none yet",
                    status.group
                ));
            }
            State::Throttled { .. } => {
                terminal::note(&format!("{name}: AWS asks to slow down; it goes on, some seconds behind"));
            }
            State::Credentials { message } if !answered => return Err(Failure::new(DENIED, message)),
            // The others are followed all the same.
            State::Denied { message } | State::Unsupported { message } | State::Failed { message }
                if !answered && others =>
            {
                terminal::note(&format!("{name}: {message}; the others are followed"));
                group.given_up = true;
            }
            State::Denied { message } if !answered => return Err(Failure::new(DENIED, message)),
            State::Unsupported { message } | State::Failed { message } if !answered => {
                return Err(Failure::new(ERROR, message));
            }
            State::Offline { message, .. }
            | State::Credentials { message }
            | State::Denied { message }
            | State::Failed { message } => {
                terminal::note(&format!("{name}: {message}; trying again"));
            }
            State::Unsupported { message } => terminal::note(&format!("{name}: {message}")),
        }
        group.state = new;
        if group.given_up || matches!(group.state, State::Waiting) {
            group.answered = true;
            return self.complete(&status.group);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;

    use super::*;
    use crate::{cli::args::Output as Form, domain::log_event::LogEvent};

    fn source(name: &str) -> Source {
        Source { name: name.into(), group: format!("/aws/lambda/{name}"), of_function: true }
    }

    fn events(name: &str, times: &[i64]) -> Update {
        let group = format!("/aws/lambda/{name}");
        let batch = times
            .iter()
            .map(|&timestamp| {
                let event = LogEvent {
                    group: group.clone(),
                    stream: "s".into(),
                    id: timestamp.to_string(),
                    timestamp,
                    ingestion_time: timestamp,
                    message: format!("{name} {timestamp}"),
                };
                Arrival::new(event, None)
            })
            .collect();
        Update::Events { group, batch }
    }

    fn done(name: &str) -> Update {
        Update::HistoryDone { group: format!("/aws/lambda/{name}") }
    }

    fn status(name: &str, state: State) -> Update {
        Update::Status(Status { state, ..Status::new(format!("/aws/lambda/{name}")) })
    }

    fn late(mut update: Update, by_ms: i64) -> Update {
        if let Update::Events { batch, .. } = &mut update {
            for arrival in batch {
                arrival.late_by_ms = Some(by_ms);
            }
        }
        update
    }

    /// What is printed of these updates, as messages.
    fn printed(names: &[&str], updates: Vec<Update>) -> Result<Vec<String>, Failure> {
        let sources: Vec<Source> = names.iter().map(|name| source(name)).collect();
        let (mut printer, written) =
            Printer::to_memory(Form::Text, TimeZone::UTC, sources.len() > 1, None, None);
        let mut follower = Follower::new(&sources, &mut printer);
        for update in updates {
            follower.take(update)?;
        }
        printer.flush()?;
        Ok(written
            .text()
            .lines()
            .map(|line| line.rsplit('\t').next().unwrap_or_default().to_owned())
            .collect())
    }

    #[test]
    fn the_history_of_several_groups_is_one_and_what_comes_is_printed_at_once() {
        let updates = vec![
            events("a", &[1, 4]),
            done("a"),
            events("a", &[5]),
            events("b", &[2, 3]),
            done("b"),
            events("b", &[9]),
            events("a", &[8]),
        ];
        assert_eq!(printed(&["a", "b"], updates).unwrap(), ["a 1", "b 2", "b 3", "a 4", "a 5", "b 9", "a 8"]);
    }

    #[test]
    fn a_group_that_does_not_exist_yet_holds_nothing_up() {
        let updates = vec![events("a", &[1]), done("a"), status("b", State::Waiting)];
        assert_eq!(printed(&["a", "b"], updates).unwrap(), ["a 1"]);
    }

    #[test]
    fn late_ones_are_marked_once_the_history_is_there() {
        let updates = vec![
            late(events("a", &[1]), 9_000),
            done("a"),
            done("b"),
            late(events("b", &[2]), 6_400),
            events("a", &[9]),
        ];
        assert_eq!(printed(&["a", "b"], updates).unwrap(), ["a 1", "late +6 s  b 2", "a 9"]);
    }

    #[test]
    fn one_that_is_denied_holds_the_others_up_only_where_there_is_none() {
        let denied = |name| status(name, State::Denied { message: "no".into() });
        let updates = vec![events("a", &[1]), denied("b"), done("a"), events("a", &[2])];
        assert_eq!(printed(&["a", "b"], updates).unwrap(), ["a 1", "a 2"]);
        assert_eq!(printed(&["a", "b"], vec![denied("b"), denied("a")]).unwrap_err().code, DENIED);
    }

    #[test]
    fn a_denial_ends_it_at_the_start_only() {
        let denied = || status("a", State::Denied { message: "no".into() });
        assert_eq!(printed(&["a"], vec![denied()]).unwrap_err().code, DENIED);
        let updates = vec![events("a", &[1]), denied(), status("a", State::Live), events("a", &[2])];
        assert_eq!(printed(&["a"], updates).unwrap(), ["a 1", "a 2"]);
    }
}
