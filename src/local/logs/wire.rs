//! CloudWatch Logs on the wire: awsJson1.1, with AWS's rules, codes and words.

mod checks;
mod events;
mod groups;
mod live;
mod queries;
mod streams;
mod token;

use std::sync::Arc;

use bytes::Bytes;
use serde::{Serialize, de::DeserializeOwned};

use super::{
    Store,
    insights::CompileError,
    store::{Group, State},
};
use crate::local::http::Answer;

pub(in crate::local) use live::start_live_tail;

/// Who is asked, and when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Context {
    /// The account id, 12 digits.
    pub account_id: String,
    /// The region the engine claims to be.
    pub region: String,
    /// The time, in milliseconds since the epoch.
    pub now_ms: i64,
}

impl Context {
    /// The ARN of a log group, without the `:*` that some answers add.
    fn group_arn(&self, name: &str) -> String {
        let partition = match &self.region {
            region if region.starts_with("cn-") => "aws-cn",
            region if region.starts_with("us-gov-") => "aws-us-gov",
            _ => "aws",
        };
        format!("arn:{partition}:logs:{}:{}:log-group:{name}", self.region, self.account_id)
    }
}

/// Answers a request. `target` is the operation's name: what follows `Logs_20140328.` in `X-Amz-Target`.
///
/// `None` means that the operation is not known here; StartLiveTail, whose answer is a stream, is the server's to start.
pub fn handle(store: &Arc<Store>, target: &str, body: &[u8], ctx: &Context) -> Option<Answer> {
    let reply = match target {
        "CreateLogGroup" => parse(body).and_then(|input| groups::create(store, ctx, input)),
        "DeleteLogGroup" => parse(body).and_then(|input| groups::delete(store, &input)),
        "DescribeLogGroups" => parse(body).and_then(|input| groups::describe(store, ctx, &input)),
        "PutRetentionPolicy" => parse(body).and_then(|input| groups::put_retention(store, ctx, &input)),
        "DeleteRetentionPolicy" => parse(body).and_then(|input| groups::delete_retention(store, &input)),
        "ListTagsForResource" => parse(body).and_then(|input| groups::list_tags(store, ctx, &input)),
        "TagResource" => parse(body).and_then(|input| groups::tag(store, ctx, input)),
        "UntagResource" => parse(body).and_then(|input| groups::untag(store, ctx, &input)),
        "CreateLogStream" => parse(body).and_then(|input| streams::create(store, ctx, &input)),
        "DeleteLogStream" => parse(body).and_then(|input| streams::delete(store, &input)),
        "DescribeLogStreams" => parse(body).and_then(|input| streams::describe(store, ctx, &input)),
        "PutLogEvents" => parse(body).and_then(|input| events::put(store, ctx, &input)),
        "FilterLogEvents" => parse(body).and_then(|input| events::filter(store, ctx, &input)),
        "GetLogEvents" => parse(body).and_then(|input| events::get(store, ctx, &input)),
        "StartQuery" => parse(body).and_then(|input| queries::start(store, ctx, &input)),
        "GetQueryResults" => parse(body).and_then(|input| queries::results(store, ctx, &input)),
        "StopQuery" => parse(body).and_then(|input| queries::stop(store, &input)),
        "DescribeQueries" => parse(body).and_then(|input| queries::describe(store, ctx, &input)),
        "GetLogRecord" => parse(body).and_then(|input| queries::record(store, ctx, &input)),
        "GetLogGroupFields" => parse(body).and_then(|input| queries::fields(store, ctx, &input)),
        _ => return None,
    };
    Some(match reply {
        Ok(body) => answer(200, body),
        Err(fault) => answer(fault.status, fault.body()),
    })
}

/// Whether a target is an operation that may change something: every one that does not read by its name.
pub(in crate::local) fn is_change(target: &str) -> bool {
    let name = target.rsplit('.').next().unwrap_or(target);
    // Queries and sessions are not kept.
    !["Describe", "Filter", "Get", "List", "Start", "Stop", "Test"].iter().any(|verb| name.starts_with(verb))
}

/// The body of a good answer; empty where the operation answers nothing.
type Reply = Result<Bytes, Fault>;

fn reply(value: &impl Serialize) -> Reply {
    serde_json::to_vec(value).map(Bytes::from).map_err(|_| Fault {
        status: 500,
        code: "InternalFailure",
        message: "The answer could not be written.".to_owned(),
        place: None,
    })
}

/// An error as AWS gives it. CloudWatch Logs answers 400 to a missing resource, too.
#[derive(Debug)]
struct Fault {
    status: u16,
    code: &'static str,
    message: String,
    /// Where a query cannot be understood.
    place: Option<(usize, usize)>,
}

impl Fault {
    fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self { status: 400, code, message: message.into(), place: None }
    }

    fn parameter(message: impl Into<String>) -> Self {
        Self::new("InvalidParameterException", message)
    }

    fn no_group() -> Self {
        Self::new("ResourceNotFoundException", "The specified log group does not exist.")
    }

    fn no_stream() -> Self {
        Self::new("ResourceNotFoundException", "The specified log stream does not exist.")
    }

    fn malformed(error: &CompileError) -> Self {
        Self {
            place: Some((error.start, error.end)),
            ..Self::new("MalformedQueryException", error.message.as_str())
        }
    }

    fn body(&self) -> Bytes {
        let mut body = serde_json::json!({ "__type": self.code, "message": self.message });
        if let Some((start, end)) = self.place {
            body["queryCompileError"] = serde_json::json!({
                "location": { "startCharOffset": start, "endCharOffset": end },
                "message": self.message,
            });
        }
        body.to_string().into()
    }
}

fn answer(status: u16, body: Bytes) -> Answer {
    let headers = vec![
        ("content-type".to_owned(), "application/x-amz-json-1.1".to_owned()),
        ("x-amzn-requestid".to_owned(), uuid::Uuid::new_v4().to_string()),
    ];
    Answer { status, headers, body }
}

fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, Fault> {
    let body = if body.is_empty() { b"{}" } else { body };
    serde_json::from_slice(body).map_err(|error| {
        // serde's own text may quote the body.
        let what = if error.is_data() { "A member has the wrong type" } else { "The body is not JSON" };
        let place = format!("line {}, column {}", error.line(), error.column());
        Fault::new("SerializationException", format!("{what} ({place})."))
    })
}

/// The group of a name, or what AWS says where there is none.
fn group<'s>(state: &'s State, name: &str) -> Result<&'s Group, Fault> {
    state.groups.get(name).ok_or_else(Fault::no_group)
}

fn group_mut<'s>(state: &'s mut State, name: &str) -> Result<&'s mut Group, Fault> {
    state.groups.get_mut(name).ok_or_else(Fault::no_group)
}

/// Only the Standard class has all operations.
fn standard(name: &str, group: &Group, operation: &str) -> Result<(), Fault> {
    if group.class == "STANDARD" { Ok(()) } else { Err(unsupported(name, group, operation)) }
}

/// What AWS says where a log group's class does not have an operation (recorded of FilterLogEvents).
fn unsupported(name: &str, group: &Group, operation: &str) -> Fault {
    let class = &group.class;
    Fault::new(
        "InvalidOperationException",
        format!(
            "The log group {name} is of log-group-class {class}. {operation} is not supported for this log class."
        ),
    )
}

/// The name of a log group that is given by its name or, instead, by name or ARN.
fn identified<'i>(
    ctx: &Context,
    name: Option<&'i str>,
    identifier: Option<&'i str>,
) -> Result<&'i str, Fault> {
    match (name, identifier) {
        (Some(_), Some(_)) => Err(Fault::new(
            "ValidationException",
            "LogGroup name and LogGroup ARN are mutually exclusive parameters.",
        )),
        (None, Some(arn)) if arn.starts_with("arn:") => from_arn(ctx, arn),
        (Some(name), None) | (None, Some(name)) => Ok(name),
        (None, None) => {
            Err(Fault::parameter("Exactly one of logGroupName and logGroupIdentifier must be given."))
        }
    }
}

/// The name in a log group's ARN, with or without `:*`; no other account or region has a group here.
fn from_arn<'i>(ctx: &Context, arn: &'i str) -> Result<&'i str, Fault> {
    let mut parts = arn.splitn(6, ':').skip(2);
    let (service, region, account, resource) = (parts.next(), parts.next(), parts.next(), parts.next());
    let name = resource.and_then(|resource| resource.strip_prefix("log-group:"));
    match name {
        Some(name) if service == Some("logs") => {
            if region != Some(&ctx.region) || account != Some(&ctx.account_id) {
                return Err(Fault::no_group());
            }
            Ok(name.strip_suffix(":*").unwrap_or(name))
        }
        _ => Err(Fault::parameter("The specified ARN is not a log group's.")),
    }
}
