//! The one door through which changes leave.

use std::time::Duration;

use super::{Error, Kind, Session, journal::Record, redact::Redaction, schemas::Sharing, session::is_aws};
use crate::domain::{
    change::{Change, Consent, Order, Permit, Written, bulk_phrase},
    journal::Outcome,
    name::FunctionRef,
    place::Place,
    shareable::REGISTRY,
};

/// How long the account may take to be found out for the journal.
const ACCOUNT_LIMIT: Duration = Duration::from_secs(3);

impl Session {
    /// Account, region and endpoint. The account is known once somebody asked for the identity.
    pub fn place(&self) -> Place {
        Place {
            profile: self.spec().profile.clone(),
            account: self.account(),
            region: self.region().to_owned(),
            endpoint: self.endpoint().map(str::to_owned),
        }
    }

    /// Sends one change: exactly one request that writes, never retried. It is in the journal before it leaves. The
    /// first shareable event of all is preceded by another such request, with lines of its own: it makes the registry.
    ///
    /// What AWS does not check by a RevisionId is read again just before. Once begun it must not be dropped: a change
    /// that nobody waits for has no end in the journal.
    ///
    /// # Errors
    /// [`Kind::ReadOnly`] and [`Kind::Invalid`] where the door stays shut: nothing was sent.
    /// [`Kind::Stale`] where somebody else changed it since `before` was read: nothing was changed.
    /// [`Kind::OutcomeUnknown`] where it left and no answer came. Others as every read.
    pub async fn write(&self, order: &Order, permit: &Permit) -> Result<Written, Error> {
        self.admit(order, permit).await?;
        let redaction = Redaction::of(order.change.secrets());
        let known = if matches!(order.change, Change::ShareableEvent { .. }) {
            // No revision is sent with it: between this read and the change there is as little as can be.
            self.account_for_journal().await;
            self.recheck(order).await
        } else {
            tokio::join!(self.recheck(order), self.account_for_journal()).0
        };
        let known = known.map_err(|error| redaction.error(error))?;
        // The account may be known only now.
        check_where(permit, &self.place())?;
        if known.sharing.is_none() {
            self.control_plane().acquire().await;
        }
        let without_registry = matches!(known.sharing, Some(Sharing::Create { without_registry: true, .. }));
        let earlier = if without_registry { self.make_registry(order, &redaction).await? } else { None };
        let operation = known.operation(&order.change);
        let record = Record::begin(self.spec().journal.clone(), &self.place(), order, operation).await;
        let sent = self.send(order, &known, &redaction).await;
        let problem = end(record, operation, order, &sent).await;
        match sent {
            Ok(written) => {
                let version = written.revision_id.as_deref();
                let warning = match &known.sharing {
                    Some(sharing) => self.overtaken(&order.function, sharing, version).await,
                    None => None,
                };
                Ok(Written { journal_problem: earlier.or(problem), warning, ..written })
            }
            Err(mut error) => {
                if without_registry && error.kind != Kind::OutcomeUnknown {
                    error.message = format!(
                        "nothing was shared, but the registry {REGISTRY} was made and stays: {}",
                        error.message
                    );
                }
                Err(redaction.error(error))
            }
        }
    }

    /// Makes the registry of shareable events, before the first of them; gives why the journal has no line of it, where
    /// it has none.
    async fn make_registry(&self, order: &Order, redaction: &Redaction) -> Result<Option<String>, Error> {
        let record = Record::begin_registry(self.spec().journal.clone(), &self.place(), order).await;
        let sent = self.send_registry(redaction).await;
        let problem = end(record, "CreateRegistry", order, &sent).await;
        match sent {
            Ok(_) => Ok(problem),
            // Somebody else has made it since it was looked for: that is as good.
            Err(error) if error.kind == Kind::Conflict => Ok(problem),
            Err(mut error) => {
                error.message.push_str("; the event itself was not sent");
                Err(error)
            }
        }
    }

    /// Whether this change may leave from here with this confirmation.
    async fn admit(&self, order: &Order, permit: &Permit) -> Result<(), Error> {
        let shut = |why: String| Err(Error::new(Kind::Invalid, format!("nothing was sent: {why}")));
        if self.spec().read_only {
            let operation = order.change.operation();
            return Err(Error::new(
                Kind::ReadOnly,
                format!("this session is read-only, {operation} was not sent"),
            )
            .with_hint("start without --read-only to allow it"));
        }
        if permit.function != order.function {
            return shut(format!(
                "the confirmation was given for {}, the change is one of {}",
                permit.function, order.function
            ));
        }
        let function: FunctionRef = match order.function.parse() {
            Ok(function) => function,
            Err(problem) => return shut(problem.to_string()),
        };
        if function.qualifier.is_some() {
            return shut(format!("{} names a version or an alias", order.function));
        }
        let protected = &self.spec().protected;
        // Asked where it matters which one it is.
        let asks = !protected.accounts.is_empty() || function.account.is_some();
        if asks && self.account().is_none() {
            self.find_account(&order.function).await;
        }
        let place = self.place();
        check_where(permit, &place)?;
        let is_elsewhere = |wanted: &Option<String>, here: Option<&str>| {
            wanted.as_deref().is_some_and(|wanted| Some(wanted) != here)
        };
        if is_elsewhere(&function.account, place.account.as_deref())
            || is_elsewhere(&function.region, Some(&place.region))
        {
            return shut(format!("{} is not one of {place}", order.function));
        }
        // Where nobody can say, it counts as protected.
        let unknown = !protected.accounts.is_empty() && place.account.is_none() && is_aws(self.endpoint());
        let is_protected = unknown || protected.covers(&place, &function.name);
        match suffices(&order.change, permit, is_protected) {
            Ok(()) => Ok(()),
            Err(wanted) => shut(format!("it takes {wanted} to agree to this")),
        }
    }

    /// By its account an entry of the journal is known again, whatever profile or keys lead there. It is worth one
    /// question, and no long wait.
    async fn account_for_journal(&self) {
        if self.spec().journal.is_some() && self.account().is_none() {
            _ = tokio::time::timeout(ACCOUNT_LIMIT, self.identity()).await;
        }
    }

    /// Asks STS for the account, and where that can't be reached takes it from the function's ARN.
    async fn find_account(&self, function: &str) {
        if self.identity().await.is_ok_and(|identity| identity.account.is_some()) {
            return;
        }
        if let Ok(details) = self.observe(function).await {
            let account = details.configuration.arn.split(':').nth(4).filter(|account| !account.is_empty());
            self.remember_account(account.map(str::to_owned));
        }
    }
}

/// Writes down what became of a request; gives why the journal does not tell of it, where it does not.
async fn end(
    record: Record,
    operation: &str,
    order: &Order,
    sent: &Result<Written, Error>,
) -> Option<String> {
    let (outcome, revision) = match sent {
        Ok(written) => (Outcome::Done, written.revision_id.clone()),
        Err(error) if error.kind == Kind::OutcomeUnknown => (Outcome::Unknown, None),
        Err(_) => (Outcome::Refused, None),
    };
    tracing::info!(operation, function = order.function, ?outcome, "change");
    let problem = record.end(outcome, revision).await;
    if let Some(problem) = &problem {
        tracing::warn!("the journal has no line of a change: {problem}");
    }
    problem
}

fn check_where(permit: &Permit, here: &Place) -> Result<(), Error> {
    if is_where(&permit.place, here) {
        return Ok(());
    }
    let message =
        format!("nothing was sent: the confirmation was given for {}, this is {here}", permit.place);
    Err(Error::new(Kind::Invalid, message))
}

/// Whether a confirmation was given for here. Unlike [`Place::is_same`] the profile must be the same, too.
fn is_where(permit: &Place, here: &Place) -> bool {
    permit.profile == here.profile
        && permit.region == here.region
        && permit.endpoint == here.endpoint
        && match (&permit.account, &here.account) {
            (Some(there), Some(here)) => there == here,
            _ => true,
        }
}

/// Whether the consent is enough for a change.
///
/// # Errors
/// What it takes instead.
fn suffices(change: &Change, permit: &Permit, protected: bool) -> Result<(), String> {
    let Permit { place, function, consent } = permit;
    let needed = change.typed_consent(function, protected);
    let given = match consent {
        Consent::Yes => needed.is_none(),
        // A name that was typed where a Yes would do is as good.
        Consent::Typed(text) => {
            Some(text.as_str()) == needed.as_deref().or(change.typed_consent(function, true).as_deref())
        }
        Consent::Bulk { count, typed } => {
            if change.typed_consent(function, false).is_some() {
                return Err("a confirmation of its own".into());
            }
            // The longer one also where only another function of the plan is protected.
            let longest = bulk_phrase(*count, place, true);
            let phrase = bulk_phrase(*count, place, protected);
            if *count == 0 || (*typed != phrase && *typed != longest) {
                return Err(format!("typing {phrase}"));
            }
            true
        }
    };
    match (given, needed) {
        (true, _) => Ok(()),
        (false, Some(text)) => Err(format!("typing {text}")),
        (false, None) => Err("a Yes".into()),
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn place() -> Place {
        Place { profile: Some("prod".into()), region: "eu-west-1".into(), ..Place::default() }
    }

    fn bulk(count: usize, typed: &str) -> Consent {
        Consent::Bulk { count, typed: typed.into() }
    }

    #[rstest]
    #[case(Consent::Yes, true, false)]
    #[case(Consent::Typed("f".into()), true, true)]
    #[case(Consent::Typed("g".into()), false, false)]
    #[case(Consent::Typed(String::new()), false, false)]
    #[case(bulk(3, "3"), true, false)]
    // The plan holds another function that is protected.
    #[case(bulk(3, "3 prod"), true, true)]
    #[case(bulk(0, "0 prod"), false, false)]
    #[case(bulk(3, "4"), false, false)]
    #[case(bulk(0, "0"), false, false)]
    fn it_takes_enough_consent(#[case] consent: Consent, #[case] free: bool, #[case] protected: bool) {
        let change = Change::Tag { key: "team".into(), before: None, after: Some("a".into()) };
        let permit = Permit { place: place(), function: "f".into(), consent };
        let suffices = |protected| suffices(&change, &permit, protected).is_ok();
        assert_eq!(suffices(false), free);
        assert_eq!(suffices(true), protected);
    }

    #[rstest]
    #[case(Consent::Yes, false)]
    #[case(Consent::Typed("f".into()), true)]
    #[case(bulk(1, "1"), false)]
    fn what_stops_a_function_takes_its_name(#[case] consent: Consent, #[case] expected: bool) {
        let change = Change::ReservedConcurrency { before: None, after: Some(0) };
        let permit = Permit { place: place(), function: "f".into(), consent };
        assert_eq!(suffices(&change, &permit, false).is_ok(), expected);
    }

    #[test]
    fn a_confirmation_holds_where_it_was_given() {
        let here = Place { account: Some("1".into()), ..place() };
        assert!(is_where(&here, &here) && is_where(&place(), &here) && is_where(&here, &place()));
        for elsewhere in [
            Place { account: Some("2".into()), ..here.clone() },
            Place { profile: None, ..here.clone() },
            Place { region: "eu-west-2".into(), ..here.clone() },
            Place { endpoint: Some("http://127.0.0.1:1".into()), ..here.clone() },
        ] {
            assert!(!is_where(&elsewhere, &here), "{elsewhere}");
        }
    }
}
