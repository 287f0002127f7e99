//! The way of every change that a command makes: read, shown with where it goes, agreed to, sent once, watched until it
//! is known what became of it. Nothing here goes to stdout.

pub mod confirm;
mod watch;

use std::cell::Cell;

use super::{
    args::Agreement,
    failure::{self, Failure},
    settings::Settings,
    signals::{self, Signal},
    terminal,
};
use crate::{
    cloud::{self, Kind, Session},
    domain::{
        change::{Change, DiffLine, Order, Permit, Written, environment_diff},
        function::Details,
        name::FunctionRef,
        place::Place,
        release::Releases,
        settings::Settings as Configuration,
        text::sanitise,
    },
};

/// The tag by which CloudFormation says that it owns something.
const STACK_TAG: &str = "aws:cloudformation:stack-name";

/// How far a change is: what a signal does to it.
#[derive(Debug, Default)]
pub struct Stage {
    step: Cell<Step>,
    /// The signal that came while the request was on its way, as an exit code.
    ended: Cell<Option<u8>>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Step {
    #[default]
    Reading,
    Asking,
    Sending,
    /// Whether it was done, for no answer came.
    Looking,
    Settling,
}

/// Runs a command that changes something until it is done, or until a signal ends it; then says what is known of it. A
/// request that has left is waited for: its answer belongs into the journal. A second signal ends that, too.
///
/// # Errors
/// The command's own, or what the signal leaves open, with the signal's exit code.
pub async fn unless_ended(
    stage: &Stage,
    mut work: impl Future<Output = Result<u8, Failure>> + Unpin,
) -> Result<u8, Failure> {
    let mut ended = Box::pin(signals::ended());
    let code = loop {
        let Signal(code) = tokio::select! {
            biased;
            result = &mut work => return result,
            signal = &mut ended => signal,
        };
        // Before anything is said: the next one may come at once.
        ended = Box::pin(signals::ended());
        if stage.step.get() != Step::Sending || stage.ended.replace(Some(code)).is_some() {
            break code;
        }
        terminal::note("the change is on its way: waiting for its answer");
    };
    match stage.step.get() {
        Step::Reading => Ok(code),
        Step::Asking => {
            // The question's line is not at its end.
            terminal::note("");
            Err(Failure::new(code, "stopped before an answer: nothing was sent"))
        }
        Step::Sending => Err(Failure::new(code, "stopped waiting for the answer: outcome unknown")
            .with_hint("look at the function before doing it again")),
        Step::Looking => Err(Failure::new(code, "stopped looking whether it was done: outcome unknown")
            .with_hint("look at the function before doing it again")),
        Step::Settling => Err(not_waited_for(code)),
    }
}

fn not_waited_for(code: u8) -> Failure {
    Failure::new(code, "stopped waiting: it is saved, and may not be in use yet")
}

/// A function that is to be changed, as it was read, and where it is.
pub struct Target {
    /// The session.
    pub session: Session,
    /// Function name.
    pub function: String,
    /// Account, region, endpoint.
    pub place: Place,
    /// As it was read last.
    pub details: Details,
}

impl Target {
    /// Connects and reads the function.
    ///
    /// # Errors
    /// A read-only session, a function that is not the session's own or has a qualifier: nothing was sent. Then as every
    /// read.
    pub async fn open(settings: &Settings, function: &FunctionRef) -> Result<Self, Failure> {
        if settings.spec.read_only {
            return Err(Failure::new(failure::DENIED, "this session is read-only: nothing was sent")
                .with_hint("start without --read-only, and without read_only in the configuration file"));
        }
        if function.qualifier.as_deref().is_some_and(|qualifier| qualifier != "$LATEST") {
            return Err(Failure::usage("a version or an alias can't be named here")
                .with_hint("give the function's name alone: what is published stays as it is"));
        }
        let session = Box::pin(Session::open(&settings.spec)).await?;
        if let Some(region) = function.region.as_deref().filter(|region| *region != session.region()) {
            let text = format!("the function is in {region}, and this session in {}", session.region());
            return Err(Failure::usage(text).with_hint(format!("give --region {region}")));
        }
        // Who can't be told by STS is told by the function's ARN.
        let (identity, details) =
            tokio::join!(Box::pin(session.identity()), Box::pin(session.observe(&function.name)));
        let details = details?;
        let mut place = session.place();
        place.account = place
            .account
            .or_else(|| identity.ok()?.account)
            .or_else(|| account_of(&details.configuration.arn));
        if let (Some(wanted), Some(account)) = (&function.account, &place.account)
            && wanted != account
        {
            let text = format!("the function is in account {wanted}, and this session in {account}");
            return Err(Failure::usage(text).with_hint("choose a profile of that account with --profile"));
        }
        Ok(Self { session, function: function.name.clone(), place, details })
    }

    /// Reads the function again; gives how it was before.
    ///
    /// # Errors
    /// As every read.
    pub async fn reread(&mut self) -> Result<Details, Failure> {
        let now = self.session.observe(&self.function).await?;
        Ok(std::mem::replace(&mut self.details, now))
    }

    /// Its versions and aliases.
    ///
    /// # Errors
    /// As every read.
    pub async fn releases(&self) -> Result<Releases, cloud::Error> {
        Box::pin(self.session.releases(&self.function)).await
    }

    /// An order of a change of the function as it was read.
    pub fn order(&self, change: Change) -> Order {
        let revision_id = self.details.configuration.revision_id.clone();
        Order { function: self.function.clone(), revision_id, change }
    }

    /// Shows a change and where it goes, and has it agreed to; none where nothing would change, which is said.
    ///
    /// # Errors
    /// It was not agreed to, or can't be asked for: nothing was sent.
    pub async fn agree(
        &self,
        order: &Order,
        notes: &[String],
        agreement: &Agreement,
        stage: &Stage,
    ) -> Result<Option<Permit>, Failure> {
        let diff = order.change.diff();
        if diff.is_empty() {
            terminal::note(&format!("{}: nothing to change", self.function));
            return Ok(None);
        }
        let spec = self.session.spec();
        // The door to AWS knows the account from STS alone.
        let places = [&self.place, &self.session.place()];
        let protected = places.iter().any(|place| spec.protected.covers(place, &self.function));
        let word = if protected { "  PROD" } else { "" };
        terminal::note(&sanitise(&format!("{}  {}{word}", self.function, self.place)));
        show(&diff);
        for note in notes {
            terminal::note(&format!("  ({})", sanitise(note)));
        }
        if let Some(stack) = self.details.tags.get(STACK_TAG) {
            let text = format!(
                "CloudFormation stack {stack} owns this function: the change makes it drift, and its next deployment \
                 may undo it"
            );
            terminal::say("warning", &sanitise(&text));
        }
        let typed = |protected| order.change.typed_consent(&self.function, protected);
        let name = typed(true).unwrap_or_else(|| self.function.clone());
        if let Some(code) = stage.ended.get() {
            return Err(Failure::new(code, "stopped: nothing was changed"));
        }
        stage.step.set(Step::Asking);
        let consent = confirm::consent("this change", &name, typed(protected).is_some(), agreement).await?;
        stage.step.set(Step::Reading);
        Ok(Some(Permit { place: self.place.clone(), function: self.function.clone(), consent }))
    }

    /// Sends a change, exactly once.
    ///
    /// # Errors
    /// As [`Session::write`].
    pub async fn send(&self, order: &Order, permit: &Permit, stage: &Stage) -> Result<Written, cloud::Error> {
        stage.step.set(Step::Sending);
        let written = Box::pin(self.session.write(order, permit)).await;
        if let Ok(Written { journal_problem: Some(problem), .. }) = &written {
            terminal::say("warning", &sanitise(&format!("the journal could not be written: {problem}")));
        }
        if let Ok(Written { warning: Some(warning), .. }) = &written {
            terminal::say("warning", &sanitise(warning));
        }
        let lost = matches!(&written, Err(error) if error.kind == Kind::OutcomeUnknown);
        stage.step.set(if lost { Step::Looking } else { Step::Reading });
        written
    }

    /// Sends a change that is not tried again; where no answer came, looks whether it was done.
    ///
    /// # Errors
    /// As [`Session::write`]; where somebody else was faster, after saying what they changed.
    pub async fn send_and_check(
        &mut self,
        order: &Order,
        permit: &Permit,
        stage: &Stage,
    ) -> Result<Written, Failure> {
        match self.send(order, permit, stage).await {
            Ok(written) => Ok(written),
            Err(error) if error.kind == Kind::OutcomeUnknown => {
                self.verify(order, &error).await?;
                Ok(Written::default())
            }
            Err(error) => Err(self.refused(order, error).await),
        }
    }

    /// A change that was refused. Where the function is no longer as it was read, says what differs.
    pub async fn refused(&mut self, order: &Order, error: cloud::Error) -> Failure {
        if matches!(error.kind, Kind::Stale | Kind::Conflict) {
            if let Change::Alias { name, before, .. } = &order.change {
                if let Ok(releases) = self.releases().await {
                    let now = releases.alias(name).cloned();
                    let change = Change::Alias { name: name.clone(), before: before.clone(), after: now };
                    self.tell_meanwhile(&change.diff());
                }
            } else if !matches!(order.change, Change::ShareableEvent { .. })
                && let Ok(before) = self.reread().await
            {
                self.tell_meanwhile(&difference(&before, &self.details));
            }
        }
        let mut failure = Failure::from(error);
        if !failure.message.contains("nothing was") {
            failure.message.push_str("; nothing was changed");
        }
        failure
    }

    /// Says what somebody else changed.
    pub fn tell_meanwhile(&self, diff: &[DiffLine]) {
        if !diff.is_empty() {
            terminal::note(&format!("{} was changed by somebody else meanwhile:", self.function));
            show(diff);
        }
    }
}

/// The lines of a diff, masked as they are.
pub fn show(diff: &[DiffLine]) {
    for line in diff {
        terminal::note(&format!("  {}", sanitise(&line.text())));
    }
}

/// What differs between two reads of a function, or two of its versions: variables, settings, code.
pub fn difference(before: &Details, now: &Details) -> Vec<DiffLine> {
    let (old, new) = (&before.configuration, &now.configuration);
    let variables = |details: &Details| {
        details.configuration.environment.clone().map(|environment| environment.variables).unwrap_or_default()
    };
    let settings = Change::Settings { before: Configuration::of(old), after: Configuration::of(new) };
    let mut diff = environment_diff(&variables(before), &variables(now));
    diff.extend(settings.diff());
    diff.extend(DiffLine::of("Code SHA-256", old.code_sha256.clone(), new.code_sha256.clone()));
    diff
}

pub(super) fn account_of(arn: &str) -> Option<String> {
    arn.split(':').nth(4).filter(|account| !account.is_empty()).map(str::to_owned)
}
