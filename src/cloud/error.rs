//! One error for all calls: what happened, why, and what to do.

mod invoke;

use std::{error::Error as StdError, fmt};

use aws_credential_types::provider::error::CredentialsError;
use aws_smithy_runtime_api::client::{orchestrator::HttpResponse, result::SdkError};
use aws_smithy_types::error::metadata::ProvideErrorMetadata;

use super::{guard::Refusal, redact::Redaction};
use crate::domain::{invocation::Ending, text::sanitise};

/// What sort of failure it is: decides the exit code and what may be tried again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// The thing does not exist.
    NotFound,
    /// Known who is asking, but not allowed.
    Denied,
    /// No credentials, expired ones or wrong ones.
    Credentials,
    /// Too many requests; `Reason` is AWS's word where it gave one.
    Throttled,
    /// A change is still under way, or it can't be done as things are.
    Conflict,
    /// Somebody else changed it since it was read: nothing was changed.
    Stale,
    /// AWS refused what was asked.
    Invalid,
    /// No answer in time.
    Timeout,
    /// No connection.
    Network,
    /// The endpoint does not know the operation (emulators).
    Unsupported,
    /// AWS failed.
    Service,
    /// It left, but whether it was done is not known. Never retried.
    OutcomeUnknown,
    /// The session is read-only: nothing was sent.
    ReadOnly,
}

/// A failed call. `Display` is the whole story in one line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    /// The sort of failure.
    pub kind: Kind,
    /// What happened, sanitised.
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
    /// AWS's request id, for its support.
    pub request_id: Option<String>,
    /// AWS's word for why it was throttled, such as `CallerRateLimitExceeded`. It is in the message, too.
    pub reason: Option<String>,
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        if let Some(hint) = &self.hint {
            write!(f, "; {hint}")?;
        }
        Ok(())
    }
}

impl StdError for Error {}

impl Error {
    /// An error with a message of this program's own.
    pub fn new(kind: Kind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), hint: None, request_id: None, reason: None }
    }

    /// Adds what to do.
    #[must_use]
    pub fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// How an invocation ended that failed so.
    pub fn ending(&self) -> Ending {
        match self.kind {
            Kind::OutcomeUnknown => Ending::Unknown,
            Kind::Throttled => Ending::Throttled,
            Kind::Denied | Kind::Credentials => Ending::Denied,
            Kind::NotFound => Ending::NotFound,
            Kind::Network | Kind::Timeout => Ending::NotSent,
            Kind::Conflict
            | Kind::Stale
            | Kind::Invalid
            | Kind::Unsupported
            | Kind::Service
            | Kind::ReadOnly => Ending::Refused,
        }
    }

    /// The failure of a read: `what` was to be done, as in "list functions".
    pub(super) fn from_sdk<E>(what: &str, profile: Option<&str>, error: &SdkError<E, HttpResponse>) -> Self
    where
        E: ProvideErrorMetadata + StdError + 'static,
    {
        Self::of(what, profile, &Redaction::default(), classify(error))
    }

    fn of(what: &str, profile: Option<&str>, redaction: &Redaction, found: Found) -> Self {
        let message = match &found.detail {
            // Before it is sanitised: that may change how a value is written.
            Some(detail) => format!("could not {what}: {}", redaction.text(detail)),
            None => format!("could not {what}"),
        };
        Self {
            kind: found.kind,
            message: sanitise(&message).into_owned(),
            hint: hint(&found, profile),
            request_id: found.request_id,
            reason: found.reason,
        }
    }

    /// The failure of a change, without any value that it holds. As with invocations its outcome may be unknown; here
    /// also where the service itself broke, for reading again tells.
    pub(super) fn from_write<E>(
        what: &str,
        profile: Option<&str>,
        redaction: &Redaction,
        error: &SdkError<E, HttpResponse>,
    ) -> Self
    where
        E: ProvideErrorMetadata + StdError + 'static,
    {
        let found = classify(error);
        let code = found.code.as_deref().unwrap_or_default();
        let refused = found.kind == Kind::Throttled || REFUSED.iter().any(|prefix| code.starts_with(prefix));
        let broke = BROKE.contains(&code) || (!refused && status(error).is_some_and(|status| status >= 500));
        let mut failed = Self::of(what, profile, redaction, found);
        if broke || may_have_arrived(&failed, error) {
            failed.kind = Kind::OutcomeUnknown;
            failed.hint = Some("outcome unknown: it may have been done. Reading it again tells".into());
        }
        failed
    }
}

fn status<E>(error: &SdkError<E, HttpResponse>) -> Option<u16> {
    error.raw_response().map(|raw| raw.status().as_u16())
}

/// How the codes begin by which Lambda refuses with a status of 500 or more, for what a function uses is not as it has
/// to be.
const REFUSED: [&str; 7] = ["KMS", "EC2", "EFS", "ENI", "Invalid", "SnapStart", "Subnet"];

/// Codes of a service that broke in the middle: whether it was done before that, they don't tell.
const BROKE: [&str; 6] = [
    "ServiceException",
    "ServiceUnavailableException",
    "ServiceUnavailable",
    "InternalFailure",
    "InternalError",
    "InternalServerError",
];

/// Whether the request may have reached AWS without an answer that tells what became of it.
fn may_have_arrived<E>(failed: &Error, error: &SdkError<E, HttpResponse>) -> bool
where
    E: ProvideErrorMetadata + StdError + 'static,
{
    match error {
        SdkError::TimeoutError(_) | SdkError::ResponseError(_) => true,
        SdkError::DispatchFailure(failure) => {
            failed.kind != Kind::Credentials && !failure.is_user() && !never_connected(error)
        }
        // An answer without AWS's error shape: a proxy's 502 page, behind which the request may be, or a success that
        // can't be read.
        SdkError::ServiceError(service) => {
            let status = service.raw().status().as_u16();
            // 408: whoever says so has waited for something that came in part, or not from behind him.
            service.err().code().is_none() && (!(400..500).contains(&status) || status == 408)
        }
        _ => false,
    }
}

struct Found {
    kind: Kind,
    code: Option<String>,
    detail: Option<String>,
    reason: Option<String>,
    request_id: Option<String>,
}

fn classify<E>(error: &SdkError<E, HttpResponse>) -> Found
where
    E: ProvideErrorMetadata + StdError + 'static,
{
    let plain = |kind, detail: String| Found {
        kind,
        code: None,
        detail: Some(detail),
        reason: None,
        request_id: None,
    };
    match error {
        SdkError::ConstructionFailure(_) => {
            if let Some(refusal) = in_chain::<Refusal>(error) {
                plain(if refusal.read_only { Kind::ReadOnly } else { Kind::Invalid }, refusal.to_string())
            } else {
                plain(Kind::Invalid, format!("the request could not be built: {}", root_cause(error)))
            }
        }
        SdkError::TimeoutError(_) => plain(Kind::Timeout, "no answer in time".into()),
        SdkError::DispatchFailure(failure) => {
            if let Some(credentials) = in_chain::<CredentialsError>(error) {
                plain(Kind::Credentials, credentials_detail(credentials))
            } else if failure.is_timeout() {
                plain(Kind::Timeout, "no connection in time".into())
            } else if never_connected(error) {
                plain(Kind::Network, format!("no connection ({})", root_cause(error)))
            } else {
                plain(Kind::Network, format!("the connection broke ({})", root_cause(error)))
            }
        }
        SdkError::ResponseError(response) => {
            let mut found =
                plain(Kind::Service, format!("the answer was cut or made no sense ({})", root_cause(error)));
            found.request_id = request_id(response.raw());
            found
        }
        // How the SDK reports a success whose body it can't read.
        SdkError::ServiceError(service) if service.raw().status().is_success() => {
            let mut found =
                plain(Kind::Service, format!("the answer was cut or made no sense ({})", root_cause(error)));
            found.request_id = request_id(service.raw());
            found
        }
        SdkError::ServiceError(service) => {
            let raw = service.raw();
            let status = raw.status().as_u16();
            let code = service.err().code();
            let message = service.err().message();
            let detail = match (message, code) {
                (Some(message), Some(code)) => match reason(raw) {
                    Some(reason) => format!("{message} ({code}, {reason})"),
                    None => format!("{message} ({code})"),
                },
                (Some(message), None) => message.to_owned(),
                (None, Some(code)) => code.to_owned(),
                (None, None) => format!("the endpoint answered HTTP {status} without an AWS error"),
            };
            Found {
                kind: kind_of(code.unwrap_or_default(), status),
                code: code.map(str::to_owned),
                detail: Some(detail),
                reason: reason(raw),
                request_id: request_id(raw),
            }
        }
        _ => plain(Kind::Service, root_cause(error)),
    }
}

/// AWS's codes where there is one, else the HTTP status: a proxy's HTML page has no code.
fn kind_of(code: &str, status: u16) -> Kind {
    match code {
        "ResourceNotFoundException" | "ProvisionedConcurrencyConfigNotFoundException" => Kind::NotFound,
        "AccessDeniedException" | "AccessDenied" | "UnauthorizedOperation" | "KMSAccessDeniedException" => {
            Kind::Denied
        }
        "ExpiredTokenException"
        | "ExpiredToken"
        | "InvalidClientTokenId"
        | "UnrecognizedClientException"
        | "InvalidSignatureException"
        | "SignatureDoesNotMatch"
        | "MissingAuthenticationTokenException"
        | "IncompleteSignatureException"
        | "InvalidAccessKeyId"
        | "RequestExpired" => Kind::Credentials,
        "TooManyRequestsException" | "ThrottlingException" | "Throttling" | "LimitExceededException" => {
            Kind::Throttled
        }
        "ResourceConflictException"
        | "ResourceInUseException"
        | "ResourceNotReadyException"
        | "SnapStartNotReadyException"
        | "OperationAbortedException" => Kind::Conflict,
        "PreconditionFailedException" => Kind::Stale,
        "NotImplementedException" | "UnknownOperationException" | "InvalidAction" => Kind::Unsupported,
        _ => match status {
            401 => Kind::Credentials,
            403 => Kind::Denied,
            404 => Kind::NotFound,
            409 => Kind::Conflict,
            412 => Kind::Stale,
            429 => Kind::Throttled,
            501 => Kind::Unsupported,
            500.. => Kind::Service,
            _ => Kind::Invalid,
        },
    }
}

fn hint(found: &Found, profile: Option<&str>) -> Option<String> {
    let text = match found.code.as_deref() {
        Some("RequestTooLargeException") => {
            "shorten the environment variables: a request may have 5,120 bytes"
        }
        Some("CodeStorageExceededException") => {
            "delete versions that no alias uses, or ask AWS for more code storage"
        }
        Some("KMSDisabledException" | "KMSInvalidStateException" | "KMSNotFoundException") => {
            "check the function's KMS key: it is disabled, pending or gone"
        }
        Some(
            "ENILimitReachedException" | "SubnetIPAddressLimitReachedException" | "EC2ThrottledException",
        ) => "the VPC has no room for it now: free addresses, choose other subnets, or try again later",
        _ => return hint_of_kind(found.kind, profile, found.reason.as_deref()),
    };
    Some(text.into())
}

fn hint_of_kind(kind: Kind, profile: Option<&str>, reason: Option<&str>) -> Option<String> {
    let profile_flag = profile.map(|profile| format!(" --profile {profile}")).unwrap_or_default();
    let text = match kind {
        Kind::Credentials => {
            format!("renew the credentials (with SSO: `aws sso login{profile_flag}`), then try again")
        }
        Kind::Denied => "ask for the permission that the message names, or use another profile".into(),
        Kind::Throttled => match reason {
            Some(reason) => invoke::throttled(reason).into(),
            None => "AWS asks to slow down: wait a moment, then try again".into(),
        },
        Kind::Timeout | Kind::Network => "check the network and the endpoint, then try again".into(),
        Kind::Conflict => "wait until its last change has settled, then try again".into(),
        Kind::Stale => "somebody else changed it: read it again, then decide".into(),
        Kind::Unsupported => "this endpoint does not offer it".into(),
        Kind::Service => "AWS or the endpoint failed: try again in a moment".into(),
        Kind::ReadOnly => "start without --read-only to allow it".into(),
        Kind::NotFound => "check the name, the region and the account".into(),
        Kind::Invalid | Kind::OutcomeUnknown => return None,
    };
    Some(text)
}

fn credentials_detail(error: &CredentialsError) -> String {
    match error {
        CredentialsError::CredentialsNotLoaded(_) => "no credentials were found".into(),
        CredentialsError::ProviderTimedOut(_) => "the credential source did not answer in time".into(),
        other => format!("the credential source failed: {}", root_cause(other)),
    }
}

fn request_id(raw: &HttpResponse) -> Option<String> {
    let headers = raw.headers();
    headers
        .get("x-amzn-requestid")
        .or_else(|| headers.get("x-amz-request-id"))
        .map(|id| sanitise(id).into_owned())
}

/// The `Reason` of a throttled Invoke, which tells the caller's API rate from concurrency.
fn reason(raw: &HttpResponse) -> Option<String> {
    let body: serde_json::Value = serde_json::from_slice(raw.body().bytes()?).ok()?;
    body.get("Reason")?.as_str().map(|reason| sanitise(reason).into_owned())
}

fn never_connected(error: &(dyn StdError + 'static)) -> bool {
    in_chain::<std::io::Error>(error).is_some_and(|io| {
        use std::io::ErrorKind as Io;
        matches!(
            io.kind(),
            Io::ConnectionRefused
                | Io::HostUnreachable
                | Io::NetworkUnreachable
                | Io::AddrNotAvailable
                | Io::NotFound
        )
    }) || chain(error)
        .map(ToString::to_string)
        .any(|cause| cause.contains("dns error") || cause.contains("HTTP connect timeout"))
}

fn chain<'e>(error: &'e (dyn StdError + 'static)) -> impl Iterator<Item = &'e (dyn StdError + 'static)> {
    std::iter::successors(Some(error), |error| (*error).source())
}

fn in_chain<'e, T: StdError + 'static>(error: &'e (dyn StdError + 'static)) -> Option<&'e T> {
    chain(error).find_map(|cause| cause.downcast_ref::<T>())
}

fn root_cause(error: &(dyn StdError + 'static)) -> String {
    chain(error).last().map(ToString::to_string).unwrap_or_default()
}
