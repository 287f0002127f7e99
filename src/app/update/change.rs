//! The way of every change: proposed, agreed to, sent once, watched until it is known what became of it.
//!
//! A draft goes when its change is known to be done, and by nothing else.

use std::time::Duration;

use crate::{
    app::{
        Action, App, Effect, Screen, Ticket,
        draft::Draft,
        function::{Tab, environment::SavedOver},
        list::Cursor,
        merging::{Merging, Subject},
        messages::Severity,
        overlay::Overlay,
        review::{Beside, Phase, Review, Writing},
    },
    cloud::{self, Kind},
    domain::{
        change::{Change, Order, Written},
        function::{Details, Function},
        merge::Side,
        place::Place,
        release::Releases,
        settings::Settings,
        shareable::Shareable,
        text::sanitise,
    },
};

/// How long to wait before a function that is settling is read again.
const SETTLING: Duration = Duration::from_secs(1);

/// Reads of a function that does not settle, before that is said and no more are made: ten minutes.
const MOST_READS: u32 = 600;

/// The tag by which CloudFormation says that it owns something.
const STACK_TAG: &str = "aws:cloudformation:stack-name";

impl App {
    /// Account, region and endpoint of the session; none before there is one.
    pub fn place(&self) -> Option<Place> {
        let current = self.session.current.as_ref()?;
        let identity = self.session.identity.value.as_ref().and_then(|identity| identity.account.clone());
        Some(Place {
            profile: current.spec.profile.clone(),
            account: identity.or_else(|| self.account_of_functions()),
            region: current.region.clone(),
            endpoint: current.endpoint.clone(),
        })
    }

    /// ARNs tell the account where STS may not be asked.
    fn account_of_functions(&self) -> Option<String> {
        let view = self.function.as_ref().and_then(|view| view.arn.as_deref());
        let arn = view.or_else(|| self.functions.get(0).map(|function| &*function.arn))?;
        arn.split(':').nth(4).filter(|account| !account.is_empty()).map(str::to_owned)
    }

    /// Whether the configuration file protects the session's place.
    pub fn is_protected(&self) -> bool {
        self.place().is_some_and(|place| self.session.spec.protected.covers_place(&place))
    }

    /// The change of a function that is on its way in this session.
    pub fn writing(&self, function: &str) -> Option<&Writing> {
        self.writing
            .iter()
            .find(|writing| writing.ticket.epoch == self.session.epoch && writing.order.function == function)
    }

    /// Shows a change to be agreed to, with what one should know before.
    pub(super) fn propose_with(&mut self, order: Order, warnings: Vec<String>) -> Vec<Effect> {
        self.propose_beside(order, Beside { warnings, ..Beside::default() })
    }

    /// As [`Self::propose_with`], with all that can be shown beside the diff.
    pub(super) fn propose_beside(&mut self, order: Order, mut beside: Beside) -> Vec<Effect> {
        let Some(place) = self.place() else {
            self.say(Severity::Warning, "there is no connection yet");
            return Vec::new();
        };
        if self.session.read_only() {
            self.say(Severity::Warning, "this session is read-only: nothing is changed from here");
            return Vec::new();
        }
        if let Some(writing) = self.writing(&order.function) {
            let doing = match writing.phase {
                Phase::Sending => "a change of it is on its way",
                Phase::Settling => "its last change is settling",
                Phase::Checking | Phase::Rereading => "it is being read again",
            };
            self.say(Severity::Warning, format!("{}: {doing}; wait for it", order.function));
            return Vec::new();
        }
        let diff = order.change.diff();
        if diff.is_empty() {
            self.say(Severity::Info, "nothing is changed");
            return Vec::new();
        }
        let protected = self.session.spec.protected.covers(&place, &order.function);
        if let Some(stack) = self.stack(&order.function) {
            beside.warnings.push(format!(
                "CloudFormation stack {stack} owns this function: the change makes it drift, and its next \
                 deployment may undo it"
            ));
        }
        self.overlay = Some(Overlay::Review(Box::new(Review {
            typed: order.change.typed_consent(&order.function, protected),
            epoch: self.session.epoch,
            place,
            protected,
            order,
            diff,
            beside,
            field: super::super::field::Field::default(),
            mistyped: false,
            cursor: Cursor::default(),
            came_up: None,
        })));
        Vec::new()
    }

    /// The CloudFormation stack that owns a function that is open.
    fn stack(&self, function: &str) -> Option<String> {
        let view = self.function.as_ref().filter(|view| view.name == function)?;
        view.details.value.as_ref()?.tags.get(STACK_TAG).cloned()
    }

    pub(super) fn act_on_review(&mut self, action: &Action) -> Vec<Effect> {
        let (size, now) = (self.size, self.now);
        let Some(Overlay::Review(review)) = &mut self.overlay else { return Vec::new() };
        match action {
            Action::Yes if review.is_unread(now) => {
                self.say(Severity::Warning, "this has only just come up: read it, then press y again");
            }
            Action::Yes if review.typed.is_none() => return self.agreed(),
            Action::Open if review.typed.is_some() => return self.agreed(),
            Action::Back | Action::No | Action::Quit => {
                self.overlay = None;
                self.say(Severity::Info, "nothing was sent");
            }
            Action::Text(input) => {
                review.field.input(input.clone());
                review.mistyped = false;
            }
            // The name is to be typed: pasting it proves nothing.
            Action::Paste(_) => review.mistyped = true,
            _ => {
                let layout = review.layout(size);
                review.cursor.scroll(action, layout.rows.len(), usize::from(layout.body.rows));
            }
        }
        Vec::new()
    }

    fn agreed(&mut self) -> Vec<Effect> {
        let Some(Overlay::Review(mut review)) = self.overlay.take() else { return Vec::new() };
        if let Some(wanted) = &review.typed
            && review.field.text().trim() != wanted
        {
            review.mistyped = true;
            self.overlay = Some(Overlay::Review(review));
            return Vec::new();
        }
        let same = self.place().is_some_and(|place| place.is_same(&review.place));
        if review.epoch != self.session.epoch || !same {
            self.say(Severity::Error, "the session has changed meanwhile: nothing was sent");
            return Vec::new();
        }
        let ticket = self.ticket();
        self.messages.dismiss();
        let permit = review.permit();
        let order = review.order;
        let of_draft = self.is_draft(&order);
        self.writing.push(Writing {
            ticket,
            order: order.clone(),
            place: review.place,
            phase: Phase::Sending,
            since: self.now,
            reads: 0,
            of_draft,
        });
        vec![Effect::Write(ticket, Box::new(order), Box::new(permit))]
    }

    /// Whether a change is what the draft of the open function is.
    fn is_draft(&self, order: &Order) -> bool {
        let Some(view) = self.function.as_ref().filter(|view| view.name == order.function) else {
            return false;
        };
        match &order.change {
            Change::Environment { before, after } => {
                let draft = view.environment.draft.as_ref();
                draft.is_some_and(|draft| draft.base == *before && draft.mine == *after)
            }
            Change::Settings { before, after } => {
                let draft = view.configuration.draft.as_ref();
                draft.is_some_and(|draft| draft.base == *before.as_map() && draft.mine == *after.as_map())
            }
            _ => false,
        }
    }

    /// What became of a change is never dropped: where its view is gone it is told in a message.
    pub(super) fn written(
        &mut self,
        ticket: Ticket,
        result: Result<Box<Written>, cloud::Error>,
    ) -> Vec<Effect> {
        if self.bulk.as_ref().is_some_and(|bulk| bulk.ticket == ticket) {
            return self.bulk_written(result);
        }
        let Some(at) = self.writing.iter().position(|writing| writing.ticket == ticket) else {
            return Vec::new();
        };
        let Writing { order, .. } = self.writing[at].clone();
        let here = ticket.epoch == self.session.epoch;
        let name =
            if here { order.function.clone() } else { format!("{} (of the session before)", order.function) };
        match result {
            Ok(written) => {
                if let Some(problem) = &written.journal_problem {
                    self.say(Severity::Warning, format!("the journal could not be written: {problem}"));
                }
                let effects = self.done(at, &name, &written);
                if let Some(warning) = &written.warning {
                    self.say(Severity::Warning, format!("{name}: {warning}"));
                }
                effects
            }
            Err(error) if error.kind == Kind::OutcomeUnknown && here => {
                self.say(Severity::Error, format!("{name}: {}; looking whether it was done", error.message));
                self.writing[at].phase = Phase::Checking;
                self.look(at, Duration::ZERO)
            }
            Err(error) if error.kind == Kind::Stale && here && order.change.settles() => {
                self.say(
                    Severity::Warning,
                    format!("{name}: somebody else changed it meanwhile; nothing was saved"),
                );
                self.writing[at].phase = Phase::Rereading;
                self.look(at, Duration::ZERO)
            }
            Err(error) => {
                self.writing.remove(at);
                // What failed may be the look that comes before a change.
                let known = error.kind == Kind::OutcomeUnknown || error.message.starts_with("nothing was");
                let told = if known { error.to_string() } else { format!("nothing was changed: {error}") };
                let told = if here { told } else { format!("{name}: {told}") };
                self.say(Severity::Error, told);
                // What was shown may be no longer true.
                if here && matches!(error.kind, Kind::Stale | Kind::Conflict | Kind::NotFound) {
                    self.refresh_after(&order)
                } else {
                    Vec::new()
                }
            }
        }
    }

    /// A change is known to be done.
    fn done(&mut self, at: usize, name: &str, written: &Written) -> Vec<Effect> {
        let Writing { ticket, order, place, of_draft, .. } = self.writing[at].clone();
        self.forget_draft(&place, &order, of_draft);
        let here = ticket.epoch == self.session.epoch;
        let what = match (&order.change, &written.version) {
            (Change::Publish { .. }, Some(version)) => format!("version {version} is published"),
            _ => order.change.said("saved"),
        };
        if here && order.change.settles() {
            if let Some(function) = &written.function {
                self.show_answer(&order.function, function);
            }
            self.say(Severity::Info, format!("{name}: {what}; it is settling"));
            self.writing[at].phase = Phase::Settling;
            self.writing[at].reads = 0;
            return self.look(at, Duration::ZERO);
        }
        self.say(Severity::Info, format!("{name}: {what}"));
        self.writing.remove(at);
        if here { self.refresh_after(&order) } else { Vec::new() }
    }

    /// Reads again what a change is seen by.
    fn look(&mut self, at: usize, after: Duration) -> Vec<Effect> {
        let ticket = self.ticket();
        let writing = &mut self.writing[at];
        writing.ticket = ticket;
        let name = writing.order.function.clone();
        match writing.order.change {
            Change::Alias { .. } | Change::DeleteVersion { .. } | Change::ProvisionedConcurrency { .. } => {
                vec![Effect::GetReleases(ticket, name)]
            }
            Change::ShareableEvent { .. } => vec![Effect::GetShareable(ticket, name)],
            _ => vec![Effect::Observe { ticket, names: vec![name.into()], after }],
        }
    }

    /// A function as it is now, for a change that is watched.
    pub(super) fn observed(
        &mut self,
        ticket: Ticket,
        name: &str,
        result: Result<Box<Details>, cloud::Error>,
    ) -> Vec<Effect> {
        if self.bulk.as_ref().is_some_and(|bulk| bulk.ticket == ticket) {
            return self.bulk_observed(name, result);
        }
        if let Some(effects) = self.history_observed(ticket, &result) {
            return effects;
        }
        let Some(at) = self.writing.iter().position(|writing| writing.ticket == ticket) else {
            return Vec::new();
        };
        let details = match result {
            Ok(details) => details,
            Err(error) => return self.unseen(at, &error),
        };
        let order = self.writing[at].order.clone();
        self.show_details(name, &details);
        let done = order.change.is_done(&details);
        match self.writing[at].phase {
            Phase::Settling if details.configuration.state.is_settling() => {
                self.writing[at].reads += 1;
                if self.writing[at].reads < MOST_READS {
                    return self.look(at, SETTLING);
                }
                self.writing.remove(at);
                self.say(
                    Severity::Warning,
                    format!("{name}: it is saved, but has not settled for ten minutes"),
                );
                Vec::new()
            }
            Phase::Settling => {
                self.writing.remove(at);
                self.settled(name, &order, &details, done);
                self.refresh_after(&order)
            }
            Phase::Checking => self.checked(at, done),
            Phase::Rereading if !self.writing[at].of_draft => {
                self.writing.remove(at);
                let text = format!("{name}: it is read again; look at what is there now before trying again");
                self.say(Severity::Warning, text);
                self.refresh_after(&order)
            }
            Phase::Rereading => {
                self.writing.remove(at);
                self.merge_after(&order)
            }
            Phase::Sending => Vec::new(),
        }
    }

    fn settled(&mut self, name: &str, order: &Order, details: &Details, done: Option<bool>) {
        let state = &details.configuration.state;
        if state.last_update_status.as_deref() == Some("Failed") {
            let why = state.last_update_status_reason.as_deref().unwrap_or("AWS gives no reason");
            self.say(
                Severity::Error,
                format!("{name}: the update failed: {why}; the old configuration serves"),
            );
        } else if done == Some(false) {
            let text =
                format!("{name}: it was saved, but shows otherwise now: somebody else changed it since");
            self.say(Severity::Warning, text);
        } else {
            self.say(Severity::Info, format!("{name}: {}", order.change.said("saved and in use")));
        }
    }

    /// What an answer that never came had to say.
    fn checked(&mut self, at: usize, done: Option<bool>) -> Vec<Effect> {
        let Writing { order, .. } = self.writing[at].clone();
        let name = order.function.clone();
        match done {
            Some(true) => {
                self.say(Severity::Info, format!("{name}: no answer came, but it was done"));
                self.done(at, &name, &Written::default())
            }
            Some(false) => {
                self.writing.remove(at);
                let text =
                    format!("{name}: no answer came, and it was not done so far; your changes are kept");
                self.say(Severity::Warning, text);
                self.refresh_after(&order)
            }
            None => {
                self.writing.remove(at);
                let text = format!(
                    "{name}: no answer came, and whether it was done does not show; look before doing it again"
                );
                self.say(Severity::Warning, text);
                self.refresh_after(&order)
            }
        }
    }

    /// The function can't be read after a change.
    fn unseen(&mut self, at: usize, error: &cloud::Error) -> Vec<Effect> {
        let Writing { order, phase, .. } = self.writing.remove(at);
        let name = &order.function;
        let what = match phase {
            Phase::Settling => "it is saved, but whether it is in use is not known",
            Phase::Checking => "whether it was done is not known; your changes are kept",
            Phase::Sending | Phase::Rereading => "nothing was saved; your changes are kept",
        };
        self.say(Severity::Error, format!("{name}: {what}: {error}"));
        Vec::new()
    }

    /// The session goes, and with it the reads by which changes are watched. Those that are being sent are still
    /// answered.
    pub(super) fn stop_watching(&mut self) {
        let (sending, watched): (Vec<_>, Vec<_>) =
            self.writing.drain(..).partition(|writing| writing.phase == Phase::Sending);
        self.writing = sending;
        for writing in watched {
            let what = match writing.phase {
                Phase::Settling => "it is saved; whether it is in use is not watched any more",
                _ => "whether it was done is not known; your changes are kept",
            };
            self.say(Severity::Warning, format!("{} ({}): {what}", writing.order.function, writing.place));
        }
    }

    /// Versions and aliases, for a change that is watched. Answers with nothing where none is.
    pub(super) fn releases_observed(
        &mut self,
        ticket: Ticket,
        result: &Result<Box<Releases>, cloud::Error>,
    ) -> Option<Vec<Effect>> {
        if let Some(effects) = self.history_releases(ticket, result) {
            return Some(effects);
        }
        let at = self.writing.iter().position(|writing| writing.ticket == ticket)?;
        Some(match result {
            Ok(releases) => {
                let done = self.writing[at].order.change.is_released(releases);
                self.checked(at, done)
            }
            Err(error) => self.unseen(at, error),
        })
    }

    /// Shareable events, for a change that is watched. Answers with nothing where none is.
    pub(super) fn shareable_observed(
        &mut self,
        ticket: Ticket,
        result: &Result<Box<Shareable>, cloud::Error>,
    ) -> Option<Vec<Effect>> {
        let at = self.writing.iter().position(|writing| writing.ticket == ticket)?;
        Some(match result {
            Ok(shareable) => {
                let done = self.writing[at].order.change.is_shared(shareable);
                self.checked(at, done)
            }
            Err(error) => self.unseen(at, error),
        })
    }

    /// Puts what a change was answered with where it is looked at: until it is read again the old would be shown.
    fn show_answer(&mut self, name: &str, function: &Function) {
        let (now, height) = (self.now, self.list_height());
        self.functions.follow(name, function, now, height);
        let view = self.function.as_mut().filter(|view| view.name == name);
        if let Some(details) = view.and_then(|view| view.details.value.as_mut()) {
            details.configuration = function.clone();
        }
    }

    /// Puts what was read where it is looked at.
    fn show_details(&mut self, name: &str, details: &Details) {
        let (now, height) = (self.now, self.list_height());
        self.functions.follow(name, &details.configuration, now, height);
        if let Some(view) = self.function.as_mut().filter(|view| view.name == name) {
            view.details.value = Some(details.clone());
            view.details.error = None;
            view.details.loaded_at = Some(now);
        }
    }

    /// Reads again what a change may have changed, where it is looked at.
    fn refresh_after(&mut self, order: &Order) -> Vec<Effect> {
        let Some(view) = self.function.as_ref().filter(|view| view.name == order.function) else {
            return Vec::new();
        };
        let tab = view.tab;
        let mut effects = self.read_function(Duration::ZERO);
        if self.screen == Screen::Function {
            effects.extend(self.read_tab(tab));
        }
        effects
    }

    /// Reads what a tab shows beside the configuration.
    pub(super) fn read_tab(&mut self, tab: Tab) -> Vec<Effect> {
        let (ticket, journal) = (self.ticket(), self.ticket());
        let Some(view) = &mut self.function else { return Vec::new() };
        let name = view.name.clone();
        let read = match tab {
            Tab::Versions => {
                view.versions.releases.ask(ticket);
                Effect::GetReleases(ticket, name)
            }
            Tab::Configuration => {
                view.configuration.extras.ask(ticket);
                Effect::GetExtras(ticket, name)
            }
            _ => return Vec::new(),
        };
        self.journal_ticket = Some(journal);
        vec![read, Effect::ReadJournal(journal)]
    }

    /// The draft of a change that is done has become what is there. A draft that was not sent moves on top of it.
    fn forget_draft(&mut self, place: &Place, order: &Order, of_draft: bool) {
        if let Change::Environment { before, after } = &order.change {
            self.remember_saved_over(SavedOver {
                place: place.clone(),
                function: order.function.clone(),
                before: before.clone(),
                after: after.clone(),
            });
        }
        self.settings_saved(place, order);
        let in_view = self.place().is_some_and(|now| now.is_same(place));
        let view = self.function.as_mut().filter(|view| in_view && view.name == order.function);
        let stashed = self
            .stashed
            .iter_mut()
            .find(|stashed| stashed.function == order.function && stashed.place.is_same(place));
        let (environment, settings) = match (view, stashed) {
            (Some(view), _) => (&mut view.environment.draft, &mut view.configuration.draft),
            (None, Some(stashed)) => (&mut stashed.environment, &mut stashed.settings),
            (None, None) => return,
        };
        match &order.change {
            Change::Environment { after, .. } => landed(environment, after, of_draft),
            Change::Settings { after, .. } => landed(settings, after.as_map(), of_draft),
            _ => {}
        }
        self.stashed.retain(|stashed| stashed.environment.is_some() || stashed.settings.is_some());
    }

    /// Shows the diff of the environment's draft, merged with what somebody else did meanwhile.
    pub(super) fn save_environment(&mut self) -> Vec<Effect> {
        let Some(place) = self.place() else { return Vec::new() };
        let Some(view) = &mut self.function else { return Vec::new() };
        let Some(details) = &view.details.value else { return Vec::new() };
        let environment = details.configuration.environment.clone().unwrap_or_default();
        let revision_id = details.configuration.revision_id.clone();
        if let Some(error) = &environment.error {
            let text =
                format!("the values can't be read ({error}): saving would wipe them, so nothing is sent");
            self.say(Severity::Error, text);
            return Vec::new();
        }
        let Some(draft) = view.environment.draft.as_mut().filter(|draft| draft.is_changed()) else {
            self.say(Severity::Info, "nothing is changed");
            return Vec::new();
        };
        let function = view.name.clone();
        let warnings = match merged(draft, environment.variables, revision_id) {
            Ok(warnings) => warnings,
            Err((rows, theirs, revision_id)) => {
                let subject = Subject::Environment { rows, theirs };
                self.overlay =
                    Some(Overlay::Merge(Box::new(Merging::new(place, function, subject, revision_id))));
                return Vec::new();
            }
        };
        if let Err(problem) = crate::domain::name::check_environment(&draft.mine) {
            self.say(Severity::Error, problem.to_string());
            return Vec::new();
        }
        let change = Change::Environment { before: draft.base.clone(), after: draft.mine.clone() };
        let order = Order { function, revision_id: draft.revision_id.clone(), change };
        self.propose_with(order, warnings)
    }

    /// Shows the diff of the configuration's draft, merged with what somebody else did meanwhile.
    pub(super) fn save_settings(&mut self) -> Vec<Effect> {
        let Some(place) = self.place() else { return Vec::new() };
        let Some(view) = &mut self.function else { return Vec::new() };
        let Some(details) = &view.details.value else { return Vec::new() };
        let theirs = Settings::of(&details.configuration).as_map().clone();
        let revision_id = details.configuration.revision_id.clone();
        let Some(draft) = view.configuration.draft.as_mut().filter(|draft| draft.is_changed()) else {
            self.say(Severity::Info, "nothing is changed");
            return Vec::new();
        };
        let function = view.name.clone();
        let warnings = match merged(draft, theirs, revision_id) {
            Ok(warnings) => warnings,
            Err((rows, theirs, revision_id)) => {
                let subject = Subject::Settings { rows, theirs };
                self.overlay =
                    Some(Overlay::Merge(Box::new(Merging::new(place, function, subject, revision_id))));
                return Vec::new();
            }
        };
        let (before, after) = (Settings::from(draft.base.clone()), Settings::from(draft.mine.clone()));
        if let Err((setting, problem)) = after.check(&before) {
            self.say(Severity::Error, format!("{}: {}", setting.label(), sanitise(&problem)));
            return Vec::new();
        }
        let order = Order {
            function,
            revision_id: draft.revision_id.clone(),
            change: Change::Settings { before, after },
        };
        self.propose_with(order, warnings)
    }

    /// Somebody else was faster, and what they made of it is read by now.
    fn merge_after(&mut self, order: &Order) -> Vec<Effect> {
        // Whoever is typing must not find a question below his fingers.
        let in_view = self.screen == Screen::Function
            && self.overlay.is_none()
            && !self.takes_text()
            && self.function.as_ref().is_some_and(|view| view.name == order.function);
        if !in_view {
            let text = format!(
                "{}: somebody else changed it meanwhile; your changes are kept: save them again from its tab",
                order.function
            );
            self.say(Severity::Warning, text);
            return Vec::new();
        }
        match order.change {
            Change::Environment { .. } => self.save_environment(),
            _ => self.save_settings(),
        }
    }

    /// Puts the edits of the function that is left aside, and takes those of the one that is opened.
    pub(super) fn stash_drafts(&mut self) {
        self.keep_what_is_typed();
        let Some(place) = self.place() else { return };
        let Some(view) = &mut self.function else { return };
        let environment = view.environment.draft.take().filter(Draft::is_changed);
        let settings = view.configuration.draft.take().filter(Draft::is_changed);
        let function = view.name.clone();
        self.stashed.retain(|stashed| stashed.function != function || !stashed.place.is_same(&place));
        if environment.is_some() || settings.is_some() {
            self.stashed.push(super::super::draft::Stashed { place, function, environment, settings });
        }
    }

    /// Takes up the edits of the function that is open, where there are some.
    pub(super) fn unstash_drafts(&mut self) {
        let Some(place) = self.place() else { return };
        let Some(view) = &mut self.function else { return };
        let found = self
            .stashed
            .iter()
            .position(|stashed| stashed.function == view.name && stashed.place.is_same(&place));
        if let Some(at) = found {
            let stashed = self.stashed.remove(at);
            view.environment.draft = stashed.environment;
            view.configuration.draft = stashed.settings;
        }
    }

    /// The functions whose edits are not saved.
    pub fn unsaved(&self) -> Vec<&str> {
        let view = self.function.as_ref().filter(|view| view.is_unsaved()).map(|view| view.name.as_str());
        view.into_iter().chain(self.stashed.iter().map(|stashed| stashed.function.as_str())).collect()
    }
}

/// A change is done. Where it was the draft's: what was typed since it was sent stays a draft, of what is there now.
/// Where it was another one: the draft's edits stay, and nothing of the change is among them.
fn landed<K: Ord + Clone, V: PartialEq + Clone>(
    draft: &mut Option<Draft<K, V>>,
    after: &std::collections::BTreeMap<K, V>,
    of_draft: bool,
) {
    match draft {
        Some(draft) if of_draft => draft.base.clone_from(after),
        Some(draft) => {
            let revision_id = draft.revision_id.clone();
            draft.rebase(after.clone(), revision_id, |_| Side::Mine);
        }
        None => {}
    }
    *draft = draft.take().filter(Draft::is_changed);
}

/// What collides, theirs, and its revision.
type Collision<K, V> =
    (Vec<crate::domain::merge::Row<K, V>>, std::collections::BTreeMap<K, V>, Option<String>);

/// Puts a draft on top of what is there now. Answers with what one should know of it, or, where both changed the same,
/// with what has to be decided.
fn merged<K: Ord + Clone, V: PartialEq + Clone>(
    draft: &mut Draft<K, V>,
    theirs: std::collections::BTreeMap<K, V>,
    revision_id: Option<String>,
) -> Result<Vec<String>, Collision<K, V>> {
    if theirs == draft.base {
        draft.revision_id = revision_id;
        return Ok(Vec::new());
    }
    let rows = draft.conflicts(&theirs);
    if rows.iter().any(|row| row.side().is_none()) {
        return Err((rows, theirs, revision_id));
    }
    let others = rows.iter().filter(|row| row.theirs != row.base && row.mine == row.base).count();
    draft.rebase(theirs, revision_id, |_| Side::Mine);
    let what = if others == 1 { "1 other change was" } else { &format!("{others} other changes were") };
    Ok(vec![format!("{what} made by somebody else meanwhile; nothing of it is undone")])
}
