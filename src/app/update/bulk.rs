//! One change of many functions: read, planned, agreed to once, sent one after the other.

use std::time::Duration;

use super::super::{
    Action, App, Effect, Screen, Ticket,
    bulk::{Bulk, BulkChange, Row, Stage, Step},
    layout,
    messages::Severity,
    overlay::{CommandLine, Overlay},
};
use crate::{
    app::command,
    cloud::{self, Kind},
    domain::{
        change::{Change, Consent, Order, Permit, Written},
        function::Details,
    },
};

/// How long to wait before functions that were changed are read to see whether they have settled.
const SETTLING: Duration = Duration::from_secs(2);

/// Reads of functions that do not settle, before no more are made: ten minutes.
const MOST_READS: u32 = 300;

impl App {
    /// The key in the list: back to the change that is under way, or the line to type one on.
    pub(super) fn begin_bulk(&mut self) -> Vec<Effect> {
        if self.bulk.as_ref().is_some_and(Bulk::is_under_way) {
            self.overlay = Some(Overlay::Bulk);
        } else if self.bulk_targets().is_empty() {
            self.say(Severity::Info, "there is no function to change");
        } else if self.may_change() {
            let mut line = CommandLine::default();
            line.field.set(command::BULK_PREFIX);
            self.overlay = Some(Overlay::CommandLine(line));
        }
        Vec::new()
    }

    /// The marked functions, else the one that is open or selected.
    fn bulk_targets(&self) -> Vec<Box<str>> {
        let marked = self.functions.marked();
        if !marked.is_empty() {
            return marked;
        }
        match (self.screen, &self.function) {
            (Screen::Function, Some(view)) => vec![view.name.as_str().into()],
            (Screen::Functions, _) => {
                self.functions.selected().map(|function| function.name.clone()).into_iter().collect()
            }
            _ => Vec::new(),
        }
    }

    /// `:bulk` was typed: shows the change that is there.
    pub(super) fn reopen_bulk(&mut self) {
        if self.bulk.is_some() {
            self.overlay = Some(Overlay::Bulk);
        } else {
            self.say(Severity::Info, "no bulk change was made yet: type bulk memory 512 or the like");
        }
    }

    /// `:bulk CHANGE` was typed: the functions are read first.
    pub(super) fn bulk_typed(&mut self, change: BulkChange) -> Vec<Effect> {
        let Some(place) = self.place() else {
            self.say(Severity::Warning, "there is no connection yet");
            return Vec::new();
        };
        if self.session.read_only() {
            self.say(Severity::Warning, "this session is read-only: nothing is changed from here");
            return Vec::new();
        }
        if let Some(bulk) = self.bulk.as_ref().filter(|bulk| bulk.is_under_way()) {
            let text = format!("{} is still under way: wait for its end, or stop it", bulk.change.title());
            self.say(Severity::Warning, text);
            self.overlay = Some(Overlay::Bulk);
            return Vec::new();
        }
        let names = self.bulk_targets();
        if names.is_empty() {
            self.say(Severity::Info, "there is no function to change");
            return Vec::new();
        }
        let ticket = self.ticket();
        self.bulk = Some(Bulk::new(ticket, place, change, names.clone()));
        self.overlay = Some(Overlay::Bulk);
        vec![Effect::Observe { ticket, names, after: Duration::ZERO }]
    }

    pub(super) fn act_on_bulk(&mut self, action: &Action) -> Vec<Effect> {
        let (columns, height) = self.bulk_room();
        let Some(bulk) = &mut self.bulk else {
            self.overlay = None;
            return Vec::new();
        };
        match (action, bulk.stage) {
            (Action::Back | Action::Quit, stage) => return self.close_bulk(stage),
            (Action::Open, Stage::Planned) => return self.bulk_agreed(),
            (Action::Text(input), Stage::Planned) => {
                bulk.field.input(input.clone());
                bulk.mistyped = false;
            }
            // The number is to be typed: pasting it proves nothing.
            (Action::Paste(_), Stage::Planned) => bulk.mistyped = true,
            (Action::Pause, Stage::Applying) => bulk.stage = Stage::Stopping,
            (Action::Refresh, Stage::Over) => return self.bulk_again(),
            _ => {
                let rows = bulk.heights(columns).sum();
                if bulk.cursor.scroll(action, rows, height) {
                    bulk.follows = false;
                }
            }
        }
        Vec::new()
    }

    /// Columns and rows that the functions have on the screen.
    fn bulk_room(&self) -> (usize, usize) {
        let text = layout::page(self.size).text;
        let rows = text.rows.saturating_sub(Bulk::HEAD + Bulk::FOOT).max(1);
        (usize::from(text.columns), usize::from(rows))
    }

    fn close_bulk(&mut self, stage: Stage) -> Vec<Effect> {
        self.overlay = None;
        match stage {
            Stage::Reading | Stage::Planned => {
                self.say(Severity::Info, "nothing was sent");
                let dropped = self.bulk.take();
                dropped.map(|bulk| Effect::StopObserving(bulk.ticket)).into_iter().collect()
            }
            Stage::Applying | Stage::Stopping => {
                self.say(Severity::Info, "the change goes on; :bulk shows it");
                Vec::new()
            }
            Stage::Over => Vec::new(),
        }
    }

    /// A function of the plan was read, or one that somebody else has changed meanwhile.
    pub(super) fn bulk_observed(
        &mut self,
        name: &str,
        result: Result<Box<Details>, cloud::Error>,
    ) -> Vec<Effect> {
        let busy = self.writing(name).is_some();
        let Some(bulk) = &mut self.bulk else { return Vec::new() };
        let change = &bulk.change;
        let Some(row) = bulk.rows.iter_mut().find(|row| &*row.name == name) else { return Vec::new() };
        match (&row.step, result) {
            (Step::Reading, Ok(details)) => {
                row.notes = change.notes(&details);
                if let BulkChange::LogRetention(_) = change {
                    row.group = Some(details.configuration.log_group());
                } else {
                    let done = row.sent.as_ref().and_then(|order| order.change.is_done(&details));
                    let fresh = if busy {
                        Step::Unready("a change of it is on its way".into())
                    } else {
                        change.plan(&details)
                    };
                    looked(row, done, fresh);
                }
            }
            (Step::Reading, Err(error)) => {
                row.step = match row.sent.take() {
                    Some(order) => Step::Unknown(order, error.to_string()),
                    None if error.kind == Kind::NotFound => Step::Refused("it is gone".into()),
                    None => Step::Unready(error.to_string()),
                };
            }
            (Step::Rereading(order), Ok(details)) => {
                let order = order.clone();
                row.notes = change.notes(&details);
                row.step = match change.plan(&details) {
                    Step::Planned(now) if change.fits(&order.change, &now.change) => {
                        let why = "somebody else changed the function meanwhile, but not this: try it again";
                        Step::Failed(now, why.into())
                    }
                    Step::Planned(now) => {
                        let why = "somebody else changed this meanwhile: look at what is there now";
                        Step::Failed(now, why.into())
                    }
                    Step::Unready(why) => {
                        Step::Failed(order, format!("somebody else changed the function meanwhile: {why}"))
                    }
                    settled => settled,
                };
                return self.bulk_next();
            }
            (Step::Done(order), result) if row.settling => {
                let order = order.clone();
                let told = settled(row, order, result);
                bulk.watch.0 = bulk.watch.0.saturating_sub(1);
                if let Some(told) = told {
                    self.say(Severity::Error, told);
                }
                return self.bulk_watch();
            }
            (Step::Rereading(order), Err(error)) => {
                let why = format!("somebody else changed it meanwhile, and it could not be read: {error}");
                row.step = Step::Failed(order.clone(), why);
                return self.bulk_next();
            }
            _ => {}
        }
        self.bulk_read()
    }

    /// Goes on once all functions are read: to their log groups where those are changed, then to the plan.
    fn bulk_read(&mut self) -> Vec<Effect> {
        let next = self.ticket();
        let Some(bulk) = self.bulk.as_mut().filter(|bulk| bulk.stage == Stage::Reading) else {
            return Vec::new();
        };
        let reading = |step: &Step| *step == Step::Reading;
        if bulk.rows.iter().any(|row| reading(&row.step) && row.group.is_none()) {
            return Vec::new();
        }
        let mut groups: Vec<(Box<str>, String)> = Vec::new();
        for row in bulk.rows.iter_mut().filter(|row| reading(&row.step)) {
            let Some(group) = row.group.clone() else { continue };
            // Functions may share a group: it is changed once.
            match groups.iter().find(|(_, other)| *other == group) {
                Some((first, _)) => row.step = Step::Refused(format!("it shares {group} with {first}")),
                None => groups.push((row.name.clone(), group)),
            }
        }
        if groups.is_empty() {
            bulk.planned(&self.session.spec.protected);
            return Vec::new();
        }
        bulk.ticket = next;
        vec![Effect::GetLogRetention(next, groups)]
    }

    /// The retention of a function's log group was read.
    pub(super) fn retention_read(
        &mut self,
        ticket: Ticket,
        name: &str,
        result: Result<Option<u32>, cloud::Error>,
    ) -> Vec<Effect> {
        let Some(bulk) = self.bulk.as_mut().filter(|bulk| bulk.ticket == ticket) else { return Vec::new() };
        let change = &bulk.change;
        let waits = |row: &&mut Row| &*row.name == name && row.step == Step::Reading;
        let Some(row) = bulk.rows.iter_mut().find(waits) else { return Vec::new() };
        let Some(group) = row.group.take() else { return Vec::new() };
        match result {
            Ok(days) => {
                let fresh = change.plan_retention(name, &group, days);
                let done = row.sent.is_some().then(|| fresh == Step::Nothing);
                looked(row, done, fresh);
            }
            Err(error) => {
                row.step = match row.sent.take() {
                    Some(order) => Step::Unknown(order, error.to_string()),
                    None if error.kind == Kind::NotFound => {
                        Step::Refused(format!("it has no log group {group} yet"))
                    }
                    None => Step::Unready(error.to_string()),
                };
            }
        }
        if bulk.rows.iter().all(|row| row.step != Step::Reading) {
            bulk.planned(&self.session.spec.protected);
        }
        Vec::new()
    }

    /// The number was typed, or something else.
    fn bulk_agreed(&mut self) -> Vec<Effect> {
        let Some(bulk) = &mut self.bulk else { return Vec::new() };
        let typed = bulk.field.text().trim().to_owned();
        if typed != bulk.phrase {
            bulk.mistyped = true;
            return Vec::new();
        }
        let count = bulk.counts().planned;
        bulk.agreed = count;
        bulk.consent = Some(Consent::Bulk { count, typed });
        bulk.field.set("");
        bulk.follows = true;
        bulk.stage = Stage::Applying;
        self.messages.dismiss();
        self.bulk_next()
    }

    /// Sends the next one, if there is one and all is as it was when it was agreed to.
    fn bulk_next(&mut self) -> Vec<Effect> {
        let (columns, height) = self.bulk_room();
        let place = self.place();
        let ticket = self.ticket();
        let Some(bulk) = &mut self.bulk else { return Vec::new() };
        let same = bulk.epoch == ticket.epoch && place.is_some_and(|place| place.is_same(&bulk.place));
        if !same {
            bulk.stage = Stage::Stopping;
        }
        let busy = |function: &str| {
            self.writing.iter().any(|it| it.ticket.epoch == ticket.epoch && it.order.function == function)
        };
        while bulk.stage == Stage::Applying {
            let planned = bulk.rows.iter_mut().find_map(|row| match &row.step {
                Step::Planned(order) => Some((order.clone(), row)),
                _ => None,
            });
            let (Some((order, row)), Some(consent)) = (planned, &bulk.consent) else { break };
            if busy(&order.function) {
                row.step = Step::Failed(order, "another change of it is on its way".into());
                continue;
            }
            let permit = Permit {
                place: bulk.place.clone(),
                function: order.function.clone(),
                consent: consent.clone(),
            };
            row.step = Step::Sending(order.clone());
            bulk.ticket = ticket;
            bulk.follow(columns, height);
            return vec![Effect::Write(ticket, order, Box::new(permit))];
        }
        self.bulk_over()
    }

    /// The change of one function was done, or not.
    pub(super) fn bulk_written(&mut self, result: Result<Box<Written>, cloud::Error>) -> Vec<Effect> {
        let ticket = self.ticket();
        let here = self.session.epoch;
        let Some(bulk) = &mut self.bulk else { return Vec::new() };
        let sent = bulk.rows.iter_mut().find_map(|row| match &row.step {
            Step::Sending(order) => Some((order.clone(), row)),
            _ => None,
        });
        let Some((order, row)) = sent else { return Vec::new() };
        let mut problem = None;
        match result {
            Ok(written) => {
                problem.clone_from(&written.journal_problem);
                row.settling = order.change.settles();
                row.step = Step::Done(order);
            }
            Err(error) => match error.kind {
                Kind::OutcomeUnknown => row.step = Step::Unknown(order, error.message),
                Kind::Stale if bulk.epoch == here && !matches!(order.change, Change::LogRetention { .. }) => {
                    row.step = Step::Rereading(order);
                    bulk.ticket = ticket;
                    let names = vec![row.name.clone()];
                    return vec![Effect::Observe { ticket, names, after: Duration::ZERO }];
                }
                kind => {
                    row.step = Step::Failed(order, error.to_string());
                    // The next ones would fare no better.
                    if matches!(kind, Kind::Credentials | Kind::Network | Kind::ReadOnly) {
                        bulk.stage = Stage::Stopping;
                    }
                }
            },
        }
        if let Some(problem) = problem {
            self.say(Severity::Warning, format!("the journal could not be written: {problem}"));
        }
        self.bulk_next()
    }

    /// Nothing more is sent: says what it came to, and reads again what is looked at.
    fn bulk_over(&mut self) -> Vec<Effect> {
        let Some(bulk) = &mut self.bulk else { return Vec::new() };
        bulk.stage = Stage::Over;
        let counts = bulk.counts();
        let text = format!("{}: {}; :bulk shows each", bulk.change.title(), bulk.outcome());
        let whole = counts.failed + counts.unknown + counts.planned == 0;
        let (listed, epoch) = (bulk.change.is_listed(), bulk.epoch);
        let done: Vec<Box<str>> = bulk
            .rows
            .iter()
            .filter(|row| matches!(row.step, Step::Done(_)))
            .map(|row| row.name.clone())
            .collect();
        bulk.watch = (0, 0);
        let here = epoch == self.session.epoch;
        if !here {
            bulk.rows.iter_mut().for_each(|row| row.settling = false);
        }
        self.say(if whole { Severity::Info } else { Severity::Warning }, text);
        if !here || done.is_empty() {
            return Vec::new();
        }
        let mut effects = Vec::new();
        if listed && self.functions.pending.is_none() {
            effects.extend(self.list_functions());
        }
        let open = self.function.as_ref().is_some_and(|view| done.iter().any(|name| **name == view.name));
        if open && self.screen == Screen::Function {
            effects.extend(self.read_function(Duration::ZERO));
        }
        effects.extend(self.bulk_watch());
        effects
    }

    /// AWS has taken the changes; whether they are in use shows later. Reads the functions that have not settled, once
    /// all of them were read since the last time.
    fn bulk_watch(&mut self) -> Vec<Effect> {
        let ticket = self.ticket();
        let Some(bulk) = self.bulk.as_mut().filter(|bulk| bulk.stage == Stage::Over && bulk.watch.0 == 0)
        else {
            return Vec::new();
        };
        let names: Vec<Box<str>> =
            bulk.rows.iter().filter(|row| row.settling).map(|row| row.name.clone()).collect();
        if names.is_empty() {
            return Vec::new();
        }
        if bulk.watch.1 == MOST_READS {
            for row in bulk.rows.iter_mut().filter(|row| row.settling) {
                row.settling = false;
                row.notes.push("it has not settled for ten minutes".into());
            }
            return Vec::new();
        }
        bulk.watch = (names.len(), bulk.watch.1 + 1);
        bulk.ticket = ticket;
        vec![Effect::Observe { ticket, names, after: SETTLING }]
    }

    /// Plans those again that failed, were not sent, or of which nobody knows. All are read first.
    fn bulk_again(&mut self) -> Vec<Effect> {
        let place = self.place();
        let ticket = self.ticket();
        let Some(bulk) = &mut self.bulk else { return Vec::new() };
        if bulk.epoch != ticket.epoch || place.is_none_or(|place| !place.is_same(&bulk.place)) {
            self.say(Severity::Warning, "the session has changed since: plan it anew there");
            return Vec::new();
        }
        let names = bulk.reopen(ticket);
        if names.is_empty() {
            bulk.stage = Stage::Over;
            self.say(Severity::Info, "nothing failed");
            return Vec::new();
        }
        vec![Effect::Observe { ticket, names, after: Duration::ZERO }]
    }

    /// The session is another one: a plan is dropped, a change that is under way ends after what is on its way.
    pub(super) fn leave_bulk(&mut self) {
        let Some(bulk) = &mut self.bulk else { return };
        match bulk.stage {
            Stage::Reading | Stage::Planned => self.bulk = None,
            Stage::Applying | Stage::Stopping => {
                bulk.stage = Stage::Stopping;
                // Reads end with their session: their answers won't come. The answer of a change will.
                for row in &mut bulk.rows {
                    if let Step::Rereading(order) = &row.step {
                        let why =
                            "somebody else changed it meanwhile, and the session changed before it was read";
                        row.step = Step::Failed(order.clone(), why.into());
                    }
                }
                if !bulk.rows.iter().any(|row| matches!(row.step, Step::Sending(_))) {
                    bulk.stage = Stage::Over;
                    bulk.rows.iter_mut().for_each(|row| row.settling = false);
                }
                let text = format!(
                    "{} stops, for the session has changed: {}; :bulk shows each",
                    bulk.change.title(),
                    bulk.outcome()
                );
                self.say(Severity::Warning, text);
            }
            // Nobody will be told any more.
            Stage::Over => bulk.rows.iter_mut().for_each(|row| row.settling = false),
        }
    }
}

/// What a function shows that was changed. Answers with what must be said of it.
fn settled(row: &mut Row, order: Box<Order>, result: Result<Box<Details>, cloud::Error>) -> Option<String> {
    let details = match result {
        Ok(details) => details,
        Err(error) => {
            row.settling = false;
            row.notes.push(format!("whether it is in use is not known: {error}"));
            return None;
        }
    };
    let state = &details.configuration.state;
    if state.last_update_status.as_deref() == Some("Failed") {
        let why = state.last_update_status_reason.as_deref().unwrap_or("AWS gives no reason");
        let why = format!("the update failed: {why}; the old configuration serves");
        let told = format!("{}: {why}", row.name);
        row.settling = false;
        row.step = Step::Failed(order, why);
        return Some(told);
    }
    row.settling = state.is_settling();
    None
}

/// What a function that was read shows: that what was sent was done after all, or what is to be done now.
fn looked(row: &mut Row, done: Option<bool>, fresh: Step) {
    match (row.sent.take(), done) {
        (Some(order), Some(true)) => {
            row.notes = vec!["no answer came, but it was done".into()];
            row.step = Step::Done(order);
        }
        (Some(order), None) if !matches!(fresh, Step::Nothing) => {
            row.step = Step::Unknown(order, "whether it was done does not show".into());
        }
        (Some(_), _) => {
            let so = matches!(fresh, Step::Nothing);
            let note = if so {
                "no answer came, but it is so by now"
            } else {
                "no answer came, and it was not done"
            };
            row.notes.push(note.into());
            row.step = fresh;
        }
        (None, _) => row.step = fresh,
    }
}
