//! The way of every change: proposed, agreed to, sent once. What becomes of it then is watched in `watching`.
//!
//! A draft goes when its change is known to be done, and by nothing else.

use std::time::Duration;

use crate::{
    app::{
        Action, App, Effect, Ticket,
        list::Cursor,
        messages::Severity,
        overlay::Overlay,
        review::{Beside, Phase, Review, Writing},
    },
    cloud::{self, Kind},
    domain::{
        change::{Change, Order, Written},
        place::Place,
    },
};

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
    pub(super) fn done(&mut self, at: usize, name: &str, written: &Written) -> Vec<Effect> {
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
}
