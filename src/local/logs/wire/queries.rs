//! Logs Insights: StartQuery and what follows it.

use std::{collections::BTreeMap, sync::Arc};

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{Context, Fault, Reply, checks::Checks, from_arn, group, identified, reply, token};
use crate::local::logs::{
    Store,
    insights::{self, Found, MAX_CONCURRENT, MAX_LIMIT, Order, Query, Status},
    read::{self, Range},
    store::Key,
};

/// The most log groups of a query.
const MAX_GROUPS: usize = 50;
/// The longest query, in characters.
const MAX_QUERY: usize = 10_000;
/// The most rows in an answer.
const PAGE_ROWS: usize = 10_000;
/// How many events GetLogGroupFields looks at.
const FIELD_SAMPLE: usize = 2_000;
/// How far GetLogGroupFields looks around its time, and back where it has none, in milliseconds.
const AROUND_MS: i64 = 8 * 60_000;
const BACK_MS: i64 = 15 * 60_000;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Start {
    query_language: Option<String>,
    log_group_name: Option<String>,
    log_group_names: Option<Vec<String>>,
    log_group_identifiers: Option<Vec<String>>,
    start_time: Option<i64>,
    end_time: Option<i64>,
    query_string: Option<String>,
    limit: Option<i64>,
}

pub(super) fn start(store: &Arc<Store>, ctx: &Context, input: &Start) -> Reply {
    let (names, identifiers) = (input.log_group_names.as_ref(), input.log_group_identifiers.as_ref());
    let text = input.query_string.as_deref();
    Checks::default()
        .group_name(input.log_group_name.as_deref())
        .size("logGroupNames", names.map(Vec::len), 1, MAX_GROUPS)
        .size("logGroupIdentifiers", identifiers.map(Vec::len), 1, MAX_GROUPS)
        .required("startTime", input.start_time.as_ref())
        .range("startTime", input.start_time, 0, i64::MAX)
        .required("endTime", input.end_time.as_ref())
        .range("endTime", input.end_time, 0, i64::MAX)
        .required("queryString", text.as_ref())
        .length("queryString", text, 0, MAX_QUERY)
        .range("limit", input.limit, 1, i64::try_from(MAX_LIMIT).unwrap_or(i64::MAX))
        .done()?;
    if let Some(language) = input.query_language.as_deref().filter(|language| *language != "CWLI") {
        return Err(Fault::parameter(format!(
            "The local engine has no query language '{language}', only CWLI."
        )));
    }
    let mut groups = match (input.log_group_name.as_ref(), names, identifiers) {
        (Some(name), None, None) => vec![name.as_str()],
        (None, Some(names), None) => names.iter().map(String::as_str).collect(),
        (None, None, Some(identifiers)) => identifiers
            .iter()
            .map(|one| if one.starts_with("arn:") { from_arn(ctx, one) } else { Ok(one.as_str()) })
            .collect::<Result<_, _>>()?,
        _ => {
            return Err(Fault::parameter(
                "Exactly one of logGroupName, logGroupNames and logGroupIdentifiers must be given.",
            ));
        }
    };
    let mut seen = std::collections::HashSet::new();
    groups.retain(|group| seen.insert(*group));
    let (from, until) = (input.start_time.unwrap_or_default(), input.end_time.unwrap_or_default());
    if from > until {
        return Err(Fault::parameter("startTime must not be after endTime."));
    }
    let text = text.unwrap_or_default();
    let limit = input.limit.and_then(|limit| usize::try_from(limit).ok());
    let program = insights::parse(text, limit, groups.len() > 1).map_err(|error| Fault::malformed(&error))?;

    let mut expiry = i64::MAX;
    {
        let state = store.read();
        for name in &groups {
            let group = group(&state, name)?;
            if group.class == "DELIVERY" {
                return Err(super::unsupported(name, group, "StartQuery"));
            }
            expiry = expiry.min(group.expiry(ctx.now_ms));
        }
    }
    // The last second is queried to its end.
    let range = Range {
        start: from.saturating_mul(1_000).max(expiry),
        end: Some(until.saturating_add(1).saturating_mul(1_000)),
    };
    let quoted: Vec<_> = groups.iter().map(|name| format!("\"{name}\"")).collect();
    let order = Order {
        text: format!("SOURCE {} START={from}000 END={until}999 | {text}", quoted.join(", ")),
        program,
        groups: groups
            .iter()
            .map(|name| ((*name).to_owned(), format!("{}:{name}", ctx.account_id).into()))
            .collect(),
        range,
        created: ctx.now_ms,
    };
    match store.queries().start(store, order) {
        Some(query) => reply(&json!({ "queryId": query.id })),
        None => Err(Fault::new(
            "LimitExceededException",
            format!("Account maximum query concurrency limit of [{MAX_CONCURRENT}] reached."),
        )),
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Asked {
    query_id: Option<String>,
    next_token: Option<String>,
    max_items: Option<i64>,
}

impl Asked {
    fn query(&self, store: &Store) -> Result<Arc<Query>, Fault> {
        let id = self.query_id.as_deref();
        Checks::default()
            .required("queryId", id.as_ref())
            .length("queryId", id, 0, 256)
            .range("maxItems", self.max_items, 1, 10_000)
            .done()?;
        store
            .queries()
            .get(id.unwrap_or_default())
            .ok_or_else(|| Fault::new("ResourceNotFoundException", "The specified query does not exist."))
    }
}

#[derive(Serialize)]
struct Cell<'a> {
    field: &'a str,
    value: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Page<'a> {
    query_language: &'static str,
    results: Vec<Vec<Cell<'a>>>,
    statistics: serde_json::Value,
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}

#[allow(clippy::cast_precision_loss, reason = "the model counts in doubles")]
pub(super) fn results(store: &Store, ctx: &Context, input: &Asked) -> Reply {
    let query = input.query(store)?;
    let scope = format!("GetQueryResults {}", query.id);
    let first: usize = match &input.next_token {
        Some(token) => token::open(&scope, token, ctx.now_ms)?.parse().map_err(|_| token::invalid())?,
        None => 0,
    };
    let count = input.max_items.and_then(|count| usize::try_from(count).ok()).unwrap_or(PAGE_ROWS);
    let progress = query.progress();
    let found = &progress.results;
    let results: Vec<Vec<_>> = found
        .rows
        .iter()
        .skip(first)
        .take(count)
        .map(|row| {
            let cells = found.columns.iter().zip(row);
            cells.filter_map(|(field, cell)| Some(Cell { field, value: cell.as_deref()? })).collect()
        })
        .collect();
    let end = first + results.len();
    let over = matches!(progress.status, Status::Complete | Status::Cancelled);
    reply(&Page {
        query_language: "CWLI",
        next_token: (over && end < found.rows.len())
            .then(|| token::make(&scope, &end.to_string(), ctx.now_ms)),
        results,
        statistics: json!({
            "recordsMatched": progress.matched as f64,
            "recordsScanned": progress.scanned as f64,
            "bytesScanned": progress.bytes as f64,
            "estimatedRecordsSkipped": 0.0,
            "estimatedBytesSkipped": 0.0,
            "logGroupsScanned": query.groups.len() as f64,
        }),
        status: progress.status.name(),
    })
}

pub(super) fn stop(store: &Store, input: &Asked) -> Reply {
    if input.query(store)?.stop() {
        return reply(&json!({ "success": true }));
    }
    Err(Fault::parameter("The specified query is not running."))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Describe {
    log_group_name: Option<String>,
    status: Option<String>,
    max_results: Option<i64>,
    next_token: Option<String>,
    query_language: Option<String>,
}

pub(super) fn describe(store: &Store, ctx: &Context, input: &Describe) -> Reply {
    const SCOPE: &str = "DescribeQueries";
    const STATUSES: [&str; 7] =
        ["Scheduled", "Running", "Complete", "Failed", "Cancelled", "Timeout", "Unknown"];
    const LANGUAGES: [&str; 3] = ["CWLI", "SQL", "PPL"];
    let (status, language) = (input.status.as_deref(), input.query_language.as_deref());
    Checks::default()
        .group_name(input.log_group_name.as_deref())
        .one_of("status", status.as_ref(), &STATUSES, status.unwrap_or_default())
        .one_of("queryLanguage", language.as_ref(), &LANGUAGES, language.unwrap_or_default())
        .range("maxResults", input.max_results, 1, 1_000)
        .done()?;
    let after = match &input.next_token {
        Some(token) => Some(token::open(SCOPE, token, ctx.now_ms)?),
        None => None,
    };
    let all = store.queries().all();
    let start = match &after {
        Some(id) => all.iter().position(|query| query.id == *id).map_or(all.len(), |at| at + 1),
        None => 0,
    };
    let mut matching = all[start..].iter().filter(|query| {
        let progress = query.status();
        status.is_none_or(|status| progress.name() == status)
            && language.is_none_or(|language| language == "CWLI")
            && input.log_group_name.as_ref().is_none_or(|name| query.groups.contains(name))
    });
    let count = input.max_results.and_then(|count| usize::try_from(count).ok()).unwrap_or(1_000);
    let page: Vec<_> = matching.by_ref().take(count).collect();
    let more = matching.next().is_some();
    let mut body = json!({ "queries": page.iter().map(|query| described(query)).collect::<Vec<_>>() });
    if let Some(last) = page.last().filter(|_| more) {
        body["nextToken"] = json!(token::make(SCOPE, &last.id, ctx.now_ms));
    }
    reply(&body)
}

#[allow(clippy::cast_precision_loss, reason = "the model counts in doubles")]
fn described(query: &Query) -> serde_json::Value {
    let progress = query.progress();
    let mut info = json!({
        "queryLanguage": "CWLI",
        "queryId": query.id,
        "queryString": query.text,
        "status": progress.status.name(),
        "createTime": query.created,
        "logGroupName": query.groups.first(),
    });
    if let Some(duration) = progress.duration {
        info["queryDuration"] = json!(duration);
        info["bytesScanned"] = json!(progress.bytes as f64);
    }
    info
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Record {
    log_record_pointer: Option<String>,
}

pub(super) fn record(store: &Store, ctx: &Context, input: &Record) -> Reply {
    let pointer = input.log_record_pointer.as_deref();
    Checks::default().required("logRecordPointer", pointer.as_ref()).done()?;
    let (key, name) = insights::pointed_at(pointer.unwrap_or_default())
        .ok_or_else(|| Fault::parameter("The specified logRecordPointer is invalid."))?;
    let state = store.read();
    let gone = || Fault::new("ResourceNotFoundException", "The specified log record does not exist.");
    let event = group(&state, &name)?.events.get(&key).ok_or_else(gone)?;
    let log = format!("{}:{name}", ctx.account_id).into();
    let found = Found { key, log: &log, stream: &event.stream, message: &event.message };
    let fields: BTreeMap<_, _> = insights::names(&found).into_iter().collect();
    reply(&json!({ "logRecord": fields }))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Fields {
    log_group_name: Option<String>,
    log_group_identifier: Option<String>,
    time: Option<i64>,
}

pub(super) fn fields(store: &Store, ctx: &Context, input: &Fields) -> Reply {
    Checks::default()
        .group_name(input.log_group_name.as_deref())
        .group_identifier(input.log_group_identifier.as_deref())
        .range("time", input.time, 0, i64::MAX)
        .done()?;
    let name = identified(ctx, input.log_group_name.as_deref(), input.log_group_identifier.as_deref())?;
    let range = match input.time.map(|time| time.saturating_mul(1_000)) {
        Some(time) => {
            Range { start: time.saturating_sub(AROUND_MS), end: Some(time.saturating_add(AROUND_MS)) }
        }
        None => Range { start: ctx.now_ms - BACK_MS, end: None },
    };
    let events = {
        let state = store.read();
        let group = group(&state, name)?;
        let start = range.start.max(group.expiry(ctx.now_ms));
        read::backwards(group, Range { start, ..range }, None::<Key>, FIELD_SAMPLE)
    };
    let log = format!("{}:{name}", ctx.account_id).into();
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for event in &events {
        let found = Found { key: event.key, log: &log, stream: &event.stream, message: &event.message };
        for (name, _) in insights::names(&found) {
            *counts.entry(name).or_default() += 1;
        }
    }
    counts.remove("@ptr");
    let mut fields: Vec<_> = counts.into_iter().collect();
    fields.sort_by(|(a, x), (b, y)| y.cmp(x).then_with(|| a.cmp(b)));
    let fields: Vec<_> = fields
        .iter()
        .map(|(name, count)| json!({ "name": name, "percent": count * 100 / events.len() }))
        .collect();
    reply(&json!({ "logGroupFields": fields }))
}
