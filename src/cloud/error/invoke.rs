//! Why an invocation failed, in words of its own: what ran and what did not, and nothing of what was sent.

use std::{borrow::Cow, error::Error as StdError};

use aws_smithy_runtime_api::client::{orchestrator::HttpResponse, result::SdkError};
use aws_smithy_types::{error::metadata::ProvideErrorMetadata, event_stream::RawMessage};
use base64::{Engine as _, engine::general_purpose::STANDARD};

use super::{BROKE, Error, Found, Kind, classify, hint, may_have_arrived, root_cause, status};
use crate::{
    cloud::redact::Redaction,
    domain::{
        invocation::{Mode, Request},
        secret::Secret,
        text::sanitise,
    },
};

const UNKNOWN: &str = "outcome unknown: it may have run. Look at its logs before sending it again";

/// How the codes begin by which Lambda says that it could not start the function, for what the function uses is not
/// as it has to be. Whatever status they come with, they say nothing about the caller's own permissions.
const NOT_STARTED: [&str; 8] =
    ["KMS", "EC2", "EFS", "ENI", "S3Files", "Subnet", "SnapStartException", "SnapStartTimeout"];

/// Other codes by which Lambda refuses with a status of 500 or more. Nothing ran.
const REFUSED: [&str; 4] = ["Invalid", "ResourceNotReady", "CodeArtifactUser", "NoPublishedVersion"];

/// The most of a message that is looked at.
const LOOKED_AT: usize = 8 * 1024;
/// The most of it that is shown.
const SHOWN: usize = 2 * 1024;

impl Error {
    /// The failure of an invocation. Where the request may have arrived, its outcome is unknown: saying "failed" would
    /// invite doing it twice. Also where the service itself broke: whether that was before the function ran, it does
    /// not tell. A dry run runs nothing in any case.
    pub(in crate::cloud) fn from_invoke<E>(
        request: &Request,
        profile: Option<&str>,
        error: &SdkError<E, HttpResponse>,
    ) -> Self
    where
        E: ProvideErrorMetadata + StdError + 'static,
    {
        let mut found = classify(error);
        let status = status(error).unwrap_or_default();
        let code = found.code.clone().unwrap_or_default();
        let begins = |codes: &[&str]| codes.iter().any(|prefix| code.starts_with(prefix));
        let not_started = begins(&NOT_STARTED);
        if not_started {
            found.kind = Kind::Service;
        }
        if request.mode == Mode::ResponseStream && code.is_empty() && matches!(status, 404 | 405) {
            found.kind = Kind::Unsupported;
        }
        found.detail = found.detail.map(|detail| without_payload(&detail, request, !not_started, found.kind));
        let broke = BROKE.contains(&&*code)
            || (status >= 500
                && found.kind != Kind::Unsupported
                && found.kind != Kind::Throttled
                && !not_started
                && !begins(&REFUSED));
        let hint = hint_of_invoke(&found, request)
            .map(|text| match retry_after(error).filter(|_| found.kind == Kind::Throttled) {
                Some(seconds) => format!("{text}; AWS asks to wait {seconds} s"),
                None => text.to_owned(),
            })
            .or_else(|| hint(&found, profile));
        let mut failed = Self::of(&intent(request), profile, &Redaction::default(), found);
        failed.hint = hint;
        if request.mode != Mode::DryRun && (broke || may_have_arrived(&failed, error)) {
            failed.kind = Kind::OutcomeUnknown;
            failed.hint = Some(UNKNOWN.into());
        }
        failed
    }

    /// A streamed response that broke off: the function ran, but how it ended nobody said.
    pub(in crate::cloud) fn broken_off<E>(request: &Request, error: &SdkError<E, RawMessage>) -> Self
    where
        E: ProvideErrorMetadata + StdError + 'static,
    {
        let why = match error {
            SdkError::ServiceError(service) => {
                let (message, code) = (service.err().message(), service.err().code());
                [message, code].into_iter().flatten().collect::<Vec<_>>().join(", ")
            }
            SdkError::DispatchFailure(_) => format!("the connection broke: {}", root_cause(error)),
            _ => format!("it makes no sense: {}", root_cause(error)),
        };
        let why = without_payload(&why, request, true, Kind::Service);
        Self::broken_off_as(request, &why)
    }

    /// The same, with a reason of this program's own.
    pub(in crate::cloud) fn broken_off_as(request: &Request, why: &str) -> Self {
        let message = format!("could not {}: the response broke off ({why})", intent(request));
        Self::new(Kind::OutcomeUnknown, sanitise(&message)).with_hint(UNKNOWN)
    }
}

fn intent(request: &Request) -> String {
    format!("invoke {}", request.target())
}

/// What to do about a throttling, by AWS's reason. Only the first one is about the caller's own calls.
pub(super) fn throttled(reason: &str) -> &'static str {
    match reason {
        "CallerRateLimitExceeded" => "too many API calls from this account: wait a moment",
        "ReservedFunctionConcurrentInvocationLimitExceeded" => {
            "the function's reserved concurrency is used up, or 0, which stops it: wait, or raise it"
        }
        "ReservedFunctionInvocationRateLimitExceeded" => {
            "too many requests for the function's reserved concurrency, which allows ten a second for each: wait, or \
             raise it"
        }
        "ConcurrentInvocationLimitExceeded" => {
            "the account's concurrency is used up: wait, or stop what uses it"
        }
        "FunctionInvocationRateLimitExceeded" => {
            "too many requests for the account's concurrency, which allows ten a second for each: wait a moment"
        }
        "ConcurrentSnapshotCreateLimitExceeded" => {
            "too many SnapStart snapshots are being made in this account: wait a moment"
        }
        provisioned if provisioned.starts_with("Provisioned") => {
            "the provisioned concurrency is used up: wait, or raise it"
        }
        reserved if reserved.starts_with("Reserved") => {
            "what is reserved for the function is used up: wait, or raise it"
        }
        _ => "AWS asks to slow down, for the reason in the message: wait a moment",
    }
}

/// What to do about it where an invocation needs other words than a read or a change.
fn hint_of_invoke(found: &Found, request: &Request) -> Option<&'static str> {
    let code = found.code.as_deref().unwrap_or_default();
    Some(match code {
        "RequestTooLargeException" => {
            "shorten the event: 6 MB at most, asynchronously 1 MB. Put larger data into S3 and send where it is"
        }
        "ResourceNotFoundException" if request.qualifier.is_some() => {
            "check the name, its version or alias, the region and the account"
        }
        "SnapStartNotReadyException" => {
            "SnapStart still prepares this version: wait until it is Active, then send it again"
        }
        "SnapStartException" | "SnapStartTimeoutException" => {
            "its snapshot could not be restored: look at its logs, or publish another version"
        }
        "ResourceConflictException" => {
            "it is being made or changed: wait until it is Active, then send it again"
        }
        "ResourceNotReadyException" | "ENINotReadyException" => {
            "its connection to the VPC is being set up: wait a minute, then send it again"
        }
        "KMSAccessDeniedException" => {
            "the function's role may not use the KMS key of its environment variables: allow kms:Decrypt"
        }
        "EC2AccessDeniedException" => {
            "the function's role may not make network interfaces: allow it, or take the function out of its VPC"
        }
        "EC2UnexpectedException" => {
            "EC2 failed when the function was connected to its VPC: try again in a moment"
        }
        "InvalidSubnetIDException" | "InvalidSecurityGroupIDException" => {
            "the function's VPC settings name what is not there: correct them"
        }
        "InvalidZipFileException" => "AWS can't unpack the function's code: deploy it again",
        "InvalidRuntimeException" => "the function's runtime can't be run: choose another one",
        "NoPublishedVersionException" => "publish a version first",
        "RecursiveInvocationException" => {
            "AWS stopped a loop: the function invokes itself by way of another service"
        }
        "DurableExecutionAlreadyStartedException" => {
            "an execution of this name was started with another event"
        }
        _ if code.starts_with("EFS") || code.starts_with("S3Files") => {
            "the function can't use its file system: check the mount target, the access point and the security groups"
        }
        _ if found.kind == Kind::Throttled => throttled(found.reason.as_deref()?),
        _ if found.kind == Kind::Conflict => {
            "it can't be invoked as it is: look at its state, then try again"
        }
        _ if found.kind == Kind::Unsupported && request.mode == Mode::ResponseStream => {
            "this endpoint does not offer response streaming: send it as RequestResponse"
        }
        _ => return None,
    })
}

/// The seconds that a throttled caller is asked to wait, where they make sense.
fn retry_after<E>(error: &SdkError<E, HttpResponse>) -> Option<u32> {
    let seconds = error.raw_response()?.headers().get("retry-after")?.parse().ok()?;
    (1..=3600).contains(&seconds).then_some(seconds)
}

/// A message without anything of what was sent. Services quote what they can't use: Lambda the beginning of what is no
/// JSON to it, emulators whatever they like. Single values of the event are looked for only where the message is about
/// the event, for a name such as the region's stands in many events and in most messages.
fn without_payload(message: &str, request: &Request, values: bool, kind: Kind) -> String {
    let message = &message[..message.floor_char_boundary(LOOKED_AT)];
    let message = message.split_once("[Source:").map_or(message, |(before, _)| before);
    let context = request.client_context.as_deref();
    let encoded = context.map(|context| Secret::new(STANDARD.encode(context.reveal())));
    let sent: Vec<&Secret> =
        [Some(&*request.payload), context, encoded.as_ref()].into_iter().flatten().collect();
    let message = sent.iter().fold(Cow::Borrowed(message), |message, secret| before_quote(message, secret));
    // What is longer than the message can't stand in it.
    let whole = Redaction::of(sent.iter().filter(|secret| secret.len() <= message.len()).copied());
    let mut message = whole.text(&message).into_owned();
    if values && matches!(kind, Kind::Invalid | Kind::Service | Kind::Unsupported) {
        for secret in sent.iter().take(2) {
            for value in values_of(secret.reveal()) {
                let plain: Option<String> = value
                    .contains('\\')
                    .then(|| serde_json::from_str(&format!("\"{value}\"")).ok())
                    .flatten();
                for form in [Some(value), plain.as_deref()].into_iter().flatten() {
                    message = without_word(message, form);
                }
            }
        }
    }
    message.truncate(message.floor_char_boundary(SHOWN));
    message
}

/// The message up to where it quotes a text from its beginning on: a quote may be cut, so that the whole is not in it.
fn before_quote<'m>(message: Cow<'m, str>, secret: &Secret) -> Cow<'m, str> {
    /// As many characters of the same are no accident.
    const BEGINNING: usize = 12;
    let Some((end, _)) = secret.reveal().char_indices().nth(BEGINNING) else { return message };
    let begin = &secret.reveal()[..end];
    let escaped = serde_json::to_string(begin).unwrap_or_default();
    let forms = [begin, escaped.trim_matches('"')];
    match forms.iter().filter(|form| !form.is_empty()).filter_map(|form| message.find(*form)).min() {
        Some(at) => Cow::Owned(format!("{}…", &message[..at])),
        None => message,
    }
}

/// A value of fewer bytes is no secret that a message could give away.
const SHORT: usize = 5;

/// The strings and numbers of a JSON text as they are written there, without the names of members.
fn values_of(json: &str) -> impl Iterator<Item = &str> {
    let bytes = json.as_bytes();
    let mut at = 0;
    std::iter::from_fn(move || {
        while let Some(byte) = bytes.get(at) {
            let from = at;
            at += 1;
            if *byte == b'"' {
                while bytes.get(at).is_some_and(|byte| *byte != b'"') {
                    at += if bytes[at] == b'\\' { 2 } else { 1 };
                }
                let value = json.get(from + 1..at).unwrap_or_default();
                at += 1;
                let next =
                    bytes.get(at..).unwrap_or_default().iter().find(|byte| !byte.is_ascii_whitespace());
                if next != Some(&b':') && value.len() >= SHORT {
                    return Some(value);
                }
            } else if byte.is_ascii_digit() {
                while bytes.get(at).is_some_and(|byte| byte.is_ascii_alphanumeric() || b".+-".contains(byte))
                {
                    at += 1;
                }
                if at - from >= SHORT {
                    return json.get(from..at);
                }
            }
        }
        None
    })
}

/// The message without this word where it stands alone.
fn without_word(message: String, word: &str) -> String {
    if word.len() < SHORT || !message.contains(word) {
        return message;
    }
    let mut out = String::with_capacity(message.len());
    let mut rest = &*message;
    while let Some(at) = rest.find(word) {
        let (before, after) = (&rest[..at], &rest[at + word.len()..]);
        let alone = !before.ends_with(char::is_alphanumeric) && !after.starts_with(char::is_alphanumeric);
        out.push_str(before);
        out.push_str(if alone { "…" } else { word });
        rest = after;
    }
    out + rest
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    fn request(payload: &str) -> Request {
        Request {
            function: "checkout".into(),
            payload: Arc::new(Secret::new(payload)),
            client_context: Some(Arc::new(Secret::new(r#"{"custom":{"who":"canary-context"}}"#))),
            ..Request::default()
        }
    }

    #[rstest]
    #[case(r#"could not parse: [Source: (byte[])"{"token":"hunter2","#, "could not parse: ")]
    #[case(r#"no: {"token":"hunter2","card":4111111111111111} here"#, "no: …")]
    // Cut by the service, or escaped by it.
    #[case(r#"no: {"token":"hunt... (truncated)"#, "no: …")]
    #[case(r#"no: "{\"token\":\"hunt"#, "no: \"…")]
    #[case("Unrecognized token 'hunter2': was expecting", "Unrecognized token '…': was expecting")]
    #[case("number 4111111111111111 is too large", "number … is too large")]
    #[case("the token is wrong", "the token is wrong")]
    #[case("who is canary-context?", "who is …?")]
    #[case("context eyJjdXN0b20iOnsid2hvIjoiY2FuYXJ5LWNvbnRleHQifX0= is bad", "context …")]
    fn an_error_does_not_quote_what_was_sent(#[case] message: &str, #[case] expected: &str) {
        let request = request(r#"{"token":"hunter2","card":4111111111111111}"#);
        assert_eq!(without_payload(message, &request, true, Kind::Invalid), expected);
    }

    #[test]
    fn names_of_places_stay_where_the_message_is_not_about_the_event() {
        let request = request(r#"{"region":"eu-west-1","source":"aws.lambda"}"#);
        let message = "not authorized: arn:aws:lambda:eu-west-1:123456789012:function:checkout";
        assert_eq!(without_payload(message, &request, true, Kind::Denied), message);
        assert!(!without_payload(message, &request, true, Kind::Invalid).contains("eu-west-1"));
    }

    #[test]
    fn a_long_message_is_cut() {
        let message = "é".repeat(100_000);
        assert!(without_payload(&message, &request("{}"), true, Kind::Invalid).len() <= SHOWN);
    }

    #[test]
    fn each_reason_of_throttling_has_words_of_its_own() {
        let reasons = [
            "CallerRateLimitExceeded",
            "ConcurrentInvocationLimitExceeded",
            "ConcurrentSnapshotCreateLimitExceeded",
            "FunctionInvocationRateLimitExceeded",
            "ReservedFunctionConcurrentInvocationLimitExceeded",
            "ReservedFunctionInvocationRateLimitExceeded",
            "ProvisionedConcurrencySomethingExceeded",
            "SomethingNewExceeded",
        ];
        let mut words: Vec<_> = reasons.iter().map(|reason| throttled(reason)).collect();
        words.sort_unstable();
        words.dedup();
        assert_eq!(words.len(), reasons.len());
    }

    proptest! {
        #[test]
        fn no_value_of_the_event_is_left(
            value in "[a-z\"\\\\\n\u{1b}é]{5,12}[0-9]{3}",
            before in "[ a-z\"]{0,10}[ '\"]",
            after in "['\" ][ a-z\"]{0,10}",
            escaped in any::<bool>(),
        ) {
            let payload = serde_json::json!({ "a": [1, { "key": &value }] }).to_string();
            let json = serde_json::to_string(&value).unwrap();
            let quoted = if escaped { &json[1..json.len() - 1] } else { &value };
            let left = without_payload(&format!("{before}{quoted}{after}"), &request(&payload), true, Kind::Invalid);
            prop_assert!(!left.contains(quoted), "{left:?}");
        }

        #[test]
        fn any_text_is_taken(payload in "[\"\\\\{}:0-9 aé]{0,20}", message in "[\"\\\\{}:0-9 aé]{0,40}") {
            without_payload(&message, &request(&payload), true, Kind::Service);
        }
    }
}
