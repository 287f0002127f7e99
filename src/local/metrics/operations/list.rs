//! ListMetrics.

use std::collections::BTreeSet;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};

use super::{Context, Reply, required};
use crate::local::metrics::{
    catalog::{Metric, NAMESPACE, Scope},
    fault::Fault,
    model::{Dimension, Flag, ListMetrics, Node},
    recorder::Recorder,
};

/// Metrics on a page.
const PAGE: usize = 500;
/// Most entries of `Dimensions`.
const MAX_FILTERS: usize = 10;
/// How long ago a metric must have had data to be listed, in minutes: two weeks.
const LISTED: i64 = 14 * 24 * 60;
/// The same with `RecentlyActive`.
const RECENT: i64 = 3 * 60;

pub(super) fn list(recorder: &Recorder, input: &ListMetrics, ctx: &Context) -> Reply {
    let filters = input.dimensions.as_deref().unwrap_or_default();
    if filters.len() > MAX_FILTERS {
        return Err(Fault::value(format!(
            "The collection Dimensions must not have a size greater than {MAX_FILTERS}."
        )));
    }
    for (n, filter) in (1..).zip(filters) {
        required(filter.name.as_ref(), &format!("Dimensions.member.{n}.Name"))?;
    }
    let age = match input.recently_active.as_deref() {
        None => LISTED,
        Some("PT3H") => RECENT,
        Some(other) => {
            return Err(Fault::value(format!(
                "The value {other} for parameter RecentlyActive is not supported. It must be PT3H."
            )));
        }
    };
    let after = input.next_token.as_deref().map(after).transpose()?;

    let ours = input.namespace.as_deref().is_none_or(|namespace| namespace == NAMESPACE)
        && input.owning_account.as_deref().is_none_or(|account| account == ctx.account_id);
    let since = u32::try_from(ctx.now_ms.div_euclid(60_000) - age).unwrap_or_default();
    let found = if ours { recorder.list(since) } else { BTreeSet::new() };
    let mut rest = found
        .into_iter()
        .filter(|(metric, _)| input.metric_name.as_deref().is_none_or(|name| name == metric.name()))
        .filter(|(_, scope)| matches(scope, filters))
        .filter(|item| after.as_ref().is_none_or(|after| key(item) > *after))
        .peekable();
    let (mut page, mut last) = (Vec::new(), None);
    while page.len() < PAGE
        && let Some(item) = rest.next()
    {
        page.push(shown(&item));
        last = Some(item);
    }
    let linked = input.include_linked_accounts == Some(Flag(true));
    let owners = linked.then(|| page.iter().map(|_| Node::text(&*ctx.account_id)).collect());
    let mut out = vec![("Metrics", Node::List(page))];
    if let Some(last) = last.filter(|_| rest.peek().is_some()) {
        let (metric, dimensions) = key(&last);
        let token = serde_json::json!([metric, dimensions]).to_string();
        out.push(("NextToken", Node::Text(URL_SAFE_NO_PAD.encode(token))));
    }
    out.extend(owners.map(|owners| ("OwningAccounts", Node::List(owners))));
    Ok(Node::Struct(out))
}

/// What a list is sorted by: the order of [`Metric`] is that of its names, and `Scope` sorts by its own values.
type SortedBy = (String, Scope);

fn key((metric, scope): &(Metric, Scope)) -> SortedBy {
    (metric.name().to_owned(), scope.clone())
}

/// The last item of the page before.
fn after(token: &str) -> Result<SortedBy, Fault> {
    let bytes = URL_SAFE_NO_PAD.decode(token).ok();
    let after = bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok());
    after.ok_or_else(|| Fault::value("Request parameter NextToken is invalid"))
}

/// Whether it has all of these dimensions, whatever others it has.
fn matches(scope: &Scope, filters: &[Dimension]) -> bool {
    let dimensions = scope.dimensions();
    filters.iter().all(|filter| {
        dimensions.iter().any(|(name, value)| {
            filter.name.as_deref() == Some(*name)
                && filter.value.as_ref().is_none_or(|wanted| wanted == value)
        })
    })
}

fn shown((metric, scope): &(Metric, Scope)) -> Node {
    let dimensions = scope
        .dimensions()
        .into_iter()
        .map(|(name, value)| Node::Struct(vec![("Name", Node::text(name)), ("Value", Node::Text(value))]));
    Node::Struct(vec![
        ("Namespace", Node::text(NAMESPACE)),
        ("MetricName", Node::text(metric.name())),
        ("Dimensions", Node::List(dimensions.collect())),
    ])
}
