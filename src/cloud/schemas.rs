//! EventBridge Schemas, as far as the console's shareable test events need it: what is read, and what is worked out
//! before and after a change of them. The requests that change something are in [`super::send`].

use aws_smithy_runtime_api::client::{orchestrator::HttpResponse, result::SdkError};
use aws_smithy_types::error::metadata::ProvideErrorMetadata;

use super::{Error, Kind, Session, recheck, redact::Redaction};
use crate::domain::{
    name::FunctionRef,
    secret::Secret,
    shareable::{
        Document, Edited, MAX_CONTENT, REGISTRY, Shareable, check_name, differing, same, schema_name, values,
    },
    text::sanitise,
};

/// The type of schema that the console makes.
const OPEN_API: &str = "OpenApi3";
/// Of more versions that others wrote in between only these are read, to tell of them.
const MOST_TOLD: u64 = 3;

/// A schema as it was read.
#[derive(Debug)]
pub(super) struct Stored {
    pub(super) document: Document,
    pub(super) version: Option<String>,
    arn: Option<String>,
    kind: Option<String>,
}

/// What a change of one event takes, by what is there now.
#[derive(Debug)]
pub(super) enum Sharing {
    /// There is no schema yet.
    Create {
        /// There is no registry, either.
        without_registry: bool,
        /// What is to be there.
        document: Document,
    },
    /// The schema gets a new version.
    Update {
        /// What is there.
        base: Document,
        /// Its version.
        version: Option<String>,
        /// What is to be there.
        document: Document,
    },
    /// The event was the last one.
    Delete {
        /// What is there.
        base: Document,
    },
}

impl Sharing {
    /// AWS's operation.
    pub(super) fn operation(&self) -> &'static str {
        match self {
            Self::Create { .. } => "CreateSchema",
            Self::Update { .. } => "UpdateSchema",
            Self::Delete { .. } => "DeleteSchema",
        }
    }
}

impl Session {
    /// The shareable test events of a function, by its name or ARN; without registry or schema there are none.
    ///
    /// # Errors
    /// As every read. [`Kind::Denied`]: nobody granted `schemas:DescribeSchema`. [`Kind::Unsupported`]: the endpoint
    /// has no EventBridge Schemas. [`Kind::Invalid`]: what is stored is no document that could hold events, or the name
    /// is no function's.
    pub async fn shareable_events(&self, function: &str) -> Result<Shareable, Error> {
        let function: FunctionRef = function
            .parse()
            .map_err(|problem| Error::new(Kind::Invalid, format!("nothing was read: {problem}")))?;
        let Some(stored) = self.stored_schema(&function.name, None).await? else {
            return Ok(Shareable::default());
        };
        let (events, others) = stored.document.events();
        Ok(Shareable { events, others, version: stored.version })
    }

    /// A schema, its latest version or another one; none where it is not there.
    pub(super) async fn stored_schema(
        &self,
        function: &str,
        version: Option<String>,
    ) -> Result<Option<Stored>, Error> {
        let what = format!("read the shareable events of {function}");
        let answer = self
            .schemas()
            .describe_schema()
            .registry_name(REGISTRY)
            .schema_name(schema_name(function))
            .set_schema_version(version)
            .send()
            .await;
        let answer = match answer.map_err(|error| self.schemas_error(&what, &error)) {
            Err(error) if error.kind == Kind::NotFound => return Ok(None),
            answer => answer?,
        };
        let clean = |text: Option<&str>| text.map(|text| sanitise(text).into_owned());
        let (version, arn) = (clean(answer.schema_version()), clean(answer.schema_arn()));
        let kind = clean(answer.r#type());
        let document = Document::new(Secret::new(answer.content.unwrap_or_default())).map_err(|problem| {
            let message = format!("could not {what}: the schema can't be understood, {problem}");
            Error::new(Kind::Invalid, message).with_hint("look at it in the EventBridge console")
        })?;
        Ok(Some(Stored { document, version, arn, kind }))
    }

    /// Whether the registry is there; its ARN where it has one.
    async fn registry(&self) -> Result<Option<String>, Error> {
        let what = format!("look for the registry {REGISTRY}");
        let answer = self.schemas().describe_registry().registry_name(REGISTRY).send().await;
        match answer.map_err(|error| self.schemas_error(&what, &error)) {
            Ok(answer) => Ok(Some(answer.registry_arn.unwrap_or_default())),
            Err(error) if error.kind == Kind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The failure of a read. Only what the service itself says is not there counts as [`Kind::NotFound`]: an endpoint
    /// without the service may answer 404, too.
    fn schemas_error<E>(&self, what: &str, error: &SdkError<E, HttpResponse>) -> Error
    where
        E: ProvideErrorMetadata + std::error::Error + 'static,
    {
        let mut failed = self.read_error(what, error);
        let SdkError::ServiceError(service) = error else { return failed };
        let unknown = match (service.err().code(), service.raw().status().as_u16()) {
            (Some("NotFoundException"), _) => false,
            (_, 404 | 405) => true,
            // Emulators break on a service that they don't have, each in a way of its own.
            (None, 400 | 500) => !self.is_schemas_on_aws(),
            _ => false,
        };
        if unknown || failed.kind == Kind::Unsupported {
            failed.kind = Kind::Unsupported;
            failed.hint =
                Some("this endpoint has no EventBridge Schemas, where shareable events live".into());
        }
        failed
    }

    /// Reads again what is there, just before a change leaves, and works out what it takes.
    ///
    /// # Errors
    /// [`Kind::Stale`] where the event is something else by now; [`Kind::Invalid`] where it can't be one of the
    /// document; else as [`Self::shareable_events`]. Nothing was sent.
    pub(super) async fn plan_sharing(
        &self,
        function: &str,
        name: &str,
        before: Option<&Secret>,
        after: Option<&Secret>,
    ) -> Result<Sharing, Error> {
        if before == after {
            return Err(refused("nothing is to be changed"));
        }
        // What can't be one is told before anything is read.
        let fresh =
            after.map(|after| Document::with(name, after)).transpose().map_err(|why| refused(&why))?;
        if before.is_none() {
            check_name(name).map_err(|why| refused(&why))?;
        }
        let stored = self.stored_schema(function, None).await?;
        let now = stored.as_ref().and_then(|stored| stored.document.event(name));
        let is_same = match (before, &now) {
            (Some(before), Some(now)) => same(before.reveal(), now.reveal()),
            (None, None) => true,
            _ => false,
        };
        if !is_same {
            let what = format!("the shareable event {} of {function}", sanitise(name));
            let state = match (&now, before) {
                (None, _) => "gone",
                (Some(_), None) => "there already",
                (Some(_), Some(_)) => "another one",
            };
            return Err(recheck::stale(&what, state));
        }
        let sharing = match (stored, fresh) {
            (Some(stored), _) => {
                self.check_schemas_account(stored.arn.as_deref())?;
                if let Some(kind) = stored.kind.filter(|kind| kind != OPEN_API) {
                    let why = format!("the schema {} is of the type {kind}", schema_name(function));
                    return Err(refused(&why));
                }
                let edited = stored.document.edit(name, after).map_err(|why| {
                    refused(&format!("the schema {} can't hold it, {why}", schema_name(function)))
                })?;
                match edited {
                    Edited::Document(document) => {
                        Sharing::Update { base: stored.document, version: stored.version, document }
                    }
                    Edited::Nothing => Sharing::Delete { base: stored.document },
                }
            }
            (None, Some(document)) => {
                let registry = self.registry().await?;
                match registry.as_deref() {
                    Some(arn) if !arn.is_empty() => self.check_schemas_account(Some(arn))?,
                    // The function's ARN tells the account, where nothing of the registry does.
                    _ if self.is_schemas_on_aws() => _ = self.observe_here(function).await?,
                    _ => {}
                }
                Sharing::Create { without_registry: registry.is_none(), document }
            }
            (None, None) => return Err(refused("nothing is to be changed")),
        };
        match &sharing {
            Sharing::Create { document, .. } | Sharing::Update { document, .. }
                if document.length() > MAX_CONTENT =>
            {
                Err(refused(&format!(
                    "the shareable events of {function} would take {} characters, {MAX_CONTENT} are allowed",
                    document.length()
                )))
            }
            _ => Ok(sharing),
        }
    }

    fn check_schemas_account(&self, arn: Option<&str>) -> Result<(), Error> {
        match arn {
            Some(arn) if self.is_schemas_on_aws() => recheck::check_account(self.account().as_deref(), arn),
            _ => Ok(()),
        }
    }

    /// Whether somebody else wrote between the read and the change, by the version that the change was answered with;
    /// reads what they wrote, and says it.
    pub(super) async fn overtaken(
        &self,
        function: &str,
        sharing: &Sharing,
        written: Option<&str>,
    ) -> Option<String> {
        let (base, read) = match sharing {
            Sharing::Create { .. } => (None, Some("0")),
            Sharing::Update { base, version, .. } => (Some(base), version.as_deref()),
            Sharing::Delete { .. } => return None,
        };
        let number = |version: Option<&str>| version.and_then(|version| version.parse::<u64>().ok());
        let (Some(from), Some(to)) = (number(read), number(written)) else {
            return Some(
                "the endpoint tells no versions: whether somebody else wrote at the same moment does not show"
                    .into(),
            );
        };
        let first = from.saturating_add(1);
        if to == first {
            return None;
        }
        if to < first {
            return Some(format!(
                "version {from} was read, and version {to} was written: somebody else made the schema anew at the same \
                 moment, or the registry made no new version. Look at what is there now"
            ));
        }
        let mut theirs = Vec::new();
        let mut base = base.cloned();
        for version in (first..to).take(usize::try_from(MOST_TOLD).unwrap_or_default()) {
            let (text, document) = self.told_version(function, version, base.as_ref()).await;
            theirs.push(text);
            base = document.or(base);
        }
        let more = (to - first).saturating_sub(MOST_TOLD);
        if more > 0 {
            theirs.push(format!("and {more} more"));
        }
        let since = match self.stored_schema(function, None).await {
            Ok(Some(now)) if number(now.version.as_deref()).is_some_and(|now| now > to) => {
                "; yet another one was written since"
            }
            _ => "",
        };
        Some(format!(
            "somebody else wrote at the same moment, and version {to} has replaced it: {}. It stays in the registry's \
             history, nothing of it was restored{since}",
            theirs.join(", ")
        ))
    }

    /// A version that somebody else wrote: its number and the events it changed.
    async fn told_version(
        &self,
        function: &str,
        version: u64,
        base: Option<&Document>,
    ) -> (String, Option<Document>) {
        match self.stored_schema(function, Some(version.to_string())).await {
            Ok(Some(stored)) => {
                let names = match base {
                    Some(base) => differing(base, &stored.document),
                    None => stored.document.events().0.into_iter().map(|(name, _)| name).collect(),
                };
                let told = match names.as_slice() {
                    [] => "none of the events".into(),
                    [one] => format!("event {}", sanitise(one)),
                    several => {
                        let names: Vec<_> = several.iter().map(|name| sanitise(name)).collect();
                        format!("events {}", names.join(", "))
                    }
                };
                (format!("version {version} ({told})"), Some(stored.document))
            }
            Ok(None) => (format!("version {version} (gone)"), None),
            Err(error) => (format!("version {version} (unreadable: {})", error.message), None),
        }
    }
}

fn refused(why: &str) -> Error {
    Error::new(Kind::Invalid, format!("nothing was sent: {why}"))
}

/// Somebody else was faster, and the service has noticed.
pub(super) fn meanwhile(function: &str, did: &str) -> Error {
    let message = format!("nothing was changed: somebody else has {did} {function} at the same moment");
    Error::new(Kind::Stale, message).with_hint("read them again, then decide")
}

/// An error whose text repeats no value out of the events: the service may quote what it can't take. What was to be
/// done, with which the message begins, stays.
pub(super) fn without_values(mut error: Error, what: &str, document: &Document) -> Error {
    let intent = format!("could not {what}: ");
    let Some(detail) = error.message.strip_prefix(&intent) else { return error };
    let (events, _) = document.events();
    let values: Vec<Secret> = events.iter().flat_map(|(_, event)| values(event)).collect();
    let detail = Redaction::of_found(values.iter(), detail).text(detail).into_owned();
    error.message = intent + &detail;
    error
}
