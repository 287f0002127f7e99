//! Log groups: create, delete, describe, retention, tags.

use std::collections::BTreeMap;

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{
    Context, Fault, Reply,
    checks::{Checks, is_group_char, short_enough},
    from_arn, group, group_mut, reply, token,
};
use crate::local::logs::{Store, store::Group};

const CLASSES: [&str; 3] = ["STANDARD", "INFREQUENT_ACCESS", "DELIVERY"];
const RETENTION_DAYS: [i32; 22] =
    [1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653];
const MAX_TAGS: usize = 50;
/// The most groups or streams in a page.
pub(super) const MAX_PAGE: i64 = 50;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Create {
    log_group_name: Option<String>,
    tags: Option<BTreeMap<String, String>>,
    log_group_class: Option<String>,
    deletion_protection_enabled: Option<bool>,
}

pub(super) fn create(store: &Store, ctx: &Context, input: Create) -> Reply {
    let name = input.log_group_name.as_deref();
    short_enough(&[name])?;
    let class = input.log_group_class.as_deref();
    let mut checks = Checks::default();
    checks
        .required("logGroupName", name.as_ref())
        .group_name(name)
        .one_of("logGroupClass", class.as_ref(), &CLASSES, class.unwrap_or_default())
        .size("tags", input.tags.as_ref().map(BTreeMap::len), 1, MAX_TAGS);
    tag_checks(&mut checks, input.tags.as_ref());
    checks.done()?;
    let name = input.log_group_name.unwrap_or_default();
    if name.starts_with("aws/") {
        return Err(Fault::parameter("Log group names can't start with 'aws/'."));
    }
    let mut state = store.write();
    if state.groups.contains_key(&name) {
        return Err(Fault::new("ResourceAlreadyExistsException", "The specified log group already exists"));
    }
    let mut group = Group::new(ctx.now_ms);
    group.tags = input.tags.unwrap_or_default();
    group.protected = input.deletion_protection_enabled.unwrap_or_default();
    if let Some(class) = input.log_group_class {
        group.class = class;
    }
    state.groups.insert(name, group);
    Ok(Bytes::new())
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Named {
    log_group_name: Option<String>,
}

impl Named {
    fn checked(&self) -> Result<&str, Fault> {
        let name = self.log_group_name.as_deref();
        short_enough(&[name])?;
        Checks::default().required("logGroupName", name.as_ref()).group_name(name).done()?;
        Ok(name.unwrap_or_default())
    }
}

pub(super) fn delete(store: &Store, input: &Named) -> Reply {
    let name = input.checked()?;
    let mut state = store.write();
    if group(&state, name)?.protected {
        let message = "The log group can't be deleted: its deletion protection is enabled.";
        return Err(Fault::new("ValidationException", message));
    }
    state.remove_group(name);
    Ok(Bytes::new())
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Describe {
    log_group_name_prefix: Option<String>,
    log_group_name_pattern: Option<String>,
    log_group_class: Option<String>,
    log_group_identifiers: Option<Vec<String>>,
    next_token: Option<String>,
    limit: Option<i64>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct LogGroup<'a> {
    log_group_name: &'a str,
    creation_time: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    retention_in_days: Option<i32>,
    metric_filter_count: u32,
    arn: String,
    log_group_arn: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    stored_bytes: Option<usize>,
    log_group_class: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    deletion_protection_enabled: Option<bool>,
}

pub(super) fn describe(store: &Store, ctx: &Context, input: &Describe) -> Reply {
    const SCOPE: &str = "DescribeLogGroups";
    let (prefix, pattern) = (input.log_group_name_prefix.as_deref(), input.log_group_name_pattern.as_deref());
    let class = input.log_group_class.as_deref();
    short_enough(&[prefix, pattern])?;
    Checks::default()
        .length("logGroupNamePrefix", prefix, 1, usize::MAX)
        .pattern("logGroupNamePrefix", prefix, r"[\.\-_/#A-Za-z0-9]+", is_group_char)
        .pattern("logGroupNamePattern", pattern, r"[\.\-_/#A-Za-z0-9]*", is_group_char)
        .one_of("logGroupClass", class.as_ref(), &CLASSES, class.unwrap_or_default())
        .size("logGroupIdentifiers", input.log_group_identifiers.as_ref().map(Vec::len), 1, 50)
        .range("limit", input.limit, 1, MAX_PAGE)
        .done()?;
    if prefix.is_some() && pattern.is_some() {
        return Err(Fault::parameter(
            "LogGroup name prefix and LogGroup name pattern are mutually exclusive parameters.",
        ));
    }
    let after = match &input.next_token {
        Some(token) => Some(token::open(SCOPE, token, ctx.now_ms)?),
        None => None,
    };
    let identifiers = input
        .log_group_identifiers
        .iter()
        .flatten()
        .map(|one| if one.starts_with("arn:") { from_arn(ctx, one) } else { Ok(one.as_str()) })
        .collect::<Result<Vec<_>, _>>()?;
    let limit = usize::try_from(input.limit.unwrap_or(MAX_PAGE)).unwrap_or_default();
    // What AWS finds by a pattern comes without these.
    let whole = pattern.is_none();

    let state = store.read();
    let mut matching = state
        .groups
        .iter()
        .filter(|(name, _)| after.as_ref().is_none_or(|after| *name > after))
        .filter(|(name, _)| prefix.is_none_or(|prefix| name.starts_with(prefix)))
        .filter(|(name, _)| pattern.is_none_or(|pattern| name.contains(pattern)))
        .filter(|(name, _)| identifiers.is_empty() || identifiers.contains(&name.as_str()))
        .filter(|(_, group)| class.is_none_or(|class| group.class == class));
    let page: Vec<_> = matching
        .by_ref()
        .take(limit)
        .map(|(name, group)| {
            let arn = ctx.group_arn(name);
            LogGroup {
                log_group_name: name,
                creation_time: group.created,
                retention_in_days: group.retention_days,
                metric_filter_count: 0,
                arn: format!("{arn}:*"),
                log_group_arn: arn,
                stored_bytes: whole.then_some(group.stored_bytes),
                log_group_class: &group.class,
                deletion_protection_enabled: whole.then_some(group.protected),
            }
        })
        .collect();
    let more = matching.next().is_some();
    let next = page.last().filter(|_| more).map(|last| token::make(SCOPE, last.log_group_name, ctx.now_ms));
    match next {
        Some(token) => reply(&json!({ "logGroups": page, "nextToken": token })),
        None => reply(&json!({ "logGroups": page })),
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Retention {
    log_group_name: Option<String>,
    retention_in_days: Option<i32>,
}

pub(super) fn put_retention(store: &Store, ctx: &Context, input: &Retention) -> Reply {
    let name = input.log_group_name.as_deref();
    let days = input.retention_in_days;
    short_enough(&[name])?;
    Checks::default()
        .required("logGroupName", name.as_ref())
        .group_name(name)
        .required("retentionInDays", days.as_ref())
        .one_of("retentionInDays", days.as_ref(), &RETENTION_DAYS, days.unwrap_or_default())
        .done()?;
    let name = name.unwrap_or_default();
    let mut state = store.write();
    group_mut(&mut state, name)?.retention_days = days;
    state.expire(name, ctx.now_ms);
    Ok(Bytes::new())
}

pub(super) fn delete_retention(store: &Store, input: &Named) -> Reply {
    let name = input.checked()?;
    group_mut(&mut store.write(), name)?.retention_days = None;
    Ok(Bytes::new())
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Resource {
    resource_arn: Option<String>,
}

pub(super) fn list_tags(store: &Store, ctx: &Context, input: &Resource) -> Reply {
    let arn = input.resource_arn.as_deref();
    arn_checks(&mut Checks::default(), arn).done()?;
    let state = store.read();
    let group = group(&state, from_arn(ctx, arn.unwrap_or_default())?)?;
    reply(&json!({ "tags": group.tags }))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Tag {
    resource_arn: Option<String>,
    tags: Option<BTreeMap<String, String>>,
}

pub(super) fn tag(store: &Store, ctx: &Context, input: Tag) -> Reply {
    let arn = input.resource_arn.as_deref();
    let mut checks = Checks::default();
    arn_checks(&mut checks, arn).required("tags", input.tags.as_ref()).size(
        "tags",
        input.tags.as_ref().map(BTreeMap::len),
        1,
        MAX_TAGS,
    );
    tag_checks(&mut checks, input.tags.as_ref());
    checks.done()?;
    let mut state = store.write();
    let group = group_mut(&mut state, from_arn(ctx, arn.unwrap_or_default())?)?;
    let mut tags = group.tags.clone();
    tags.extend(input.tags.unwrap_or_default());
    if tags.len() > MAX_TAGS {
        let message = format!("A resource can have no more than {MAX_TAGS} tags.");
        return Err(Fault::new("TooManyTagsException", message));
    }
    group.tags = tags;
    Ok(Bytes::new())
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Untag {
    resource_arn: Option<String>,
    tag_keys: Option<Vec<String>>,
}

pub(super) fn untag(store: &Store, ctx: &Context, input: &Untag) -> Reply {
    let arn = input.resource_arn.as_deref();
    arn_checks(&mut Checks::default(), arn)
        .required("tagKeys", input.tag_keys.as_ref())
        .size("tagKeys", input.tag_keys.as_ref().map(Vec::len), 0, MAX_TAGS)
        .done()?;
    let mut state = store.write();
    let group = group_mut(&mut state, from_arn(ctx, arn.unwrap_or_default())?)?;
    group.tags.retain(|key, _| !input.tag_keys.iter().flatten().any(|gone| gone == key));
    Ok(Bytes::new())
}

fn arn_checks<'c>(checks: &'c mut Checks, arn: Option<&str>) -> &'c mut Checks {
    checks.required("resourceArn", arn.as_ref()).length("resourceArn", arn, 1, 1011)
}

fn tag_checks(checks: &mut Checks, tags: Option<&BTreeMap<String, String>>) {
    const PATTERN: &str = r"^([\p{L}\p{Z}\p{N}_.:/=+\-@]*)$";
    let allowed = |c: char| c.is_alphanumeric() || c.is_whitespace() || "_.:/=+-@".contains(c);
    for (key, value) in tags.into_iter().flatten() {
        checks
            .length("tags.key", Some(key), 1, 128)
            .pattern("tags.key", Some(key), PATTERN, allowed)
            .length("tags.value", Some(value), 0, 256)
            .pattern("tags.value", Some(value), PATTERN, allowed);
    }
}
