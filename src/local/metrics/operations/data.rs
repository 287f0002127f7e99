//! GetMetricData: several metrics at once, and what is calculated of them.

use std::collections::HashMap;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};

use super::{Context, Reply, Wanted, check_dimensions, check_period};
use crate::local::metrics::{
    fault::Fault,
    math::{self, Evaluated, Expr, Series},
    model::{Flag, GetMetricData, MetricDataQuery, MetricStat, Node, Time, Whole},
    recorder::Recorder,
    statistics::{Periods, Statistic},
};

/// Most queries.
const MAX_QUERIES: usize = 500;
/// Most characters of an expression.
const MAX_EXPRESSION: usize = 2048;
/// Most characters of an id.
const MAX_ID: usize = 255;
/// Most expressions that are calculated of each other, one by one.
const MAX_CHAIN: usize = 20;
/// Most datapoints of one answer, and how many there are where `MaxDatapoints` does not say.
const MAX_DATAPOINTS: i64 = 100_800;
const DESCENDING: &str = "TimestampDescending";
const ASCENDING: &str = "TimestampAscending";

/// A query that is in order.
struct Query {
    id: String,
    label: Option<String>,
    returned: bool,
    source: Source,
}

enum Source {
    Metric { wanted: Wanted, name: String, statistic: Statistic, periods: Periods },
    Expression(Expr),
}

pub(super) fn get(recorder: &Recorder, input: GetMetricData, ctx: &Context) -> Reply {
    let queries = input.metric_data_queries.ok_or_else(|| Fault::missing("MetricDataQueries"))?;
    let Time(start) = input.start_time.ok_or_else(|| Fault::missing("StartTime"))?;
    let Time(end) = input.end_time.ok_or_else(|| Fault::missing("EndTime"))?;
    if queries.is_empty() {
        return Err(Fault::missing("MetricDataQueries"));
    }
    if queries.len() > MAX_QUERIES {
        return Err(Fault::validation(format!(
            "The collection MetricDataQueries must not have a size greater than {MAX_QUERIES}."
        )));
    }
    if start == end {
        return Err(Fault::validation("The parameter StartTime must not equal parameter EndTime."));
    }
    if start > end {
        return Err(Fault::validation("The parameter EndTime must be greater than StartTime."));
    }
    let descending = match input.scan_by.as_deref() {
        None | Some(DESCENDING) => true,
        Some(ASCENDING) => false,
        Some(other) => {
            return Err(Fault::value(format!(
                "The value {other} for parameter ScanBy is not supported. It must be {DESCENDING} or {ASCENDING}."
            )));
        }
    };
    let most = input.max_datapoints.map_or(MAX_DATAPOINTS, |Whole(most)| most);
    if !(1..=MAX_DATAPOINTS).contains(&most) {
        return Err(Fault::validation(format!(
            "The value {most} for parameter MaxDatapoints is invalid. It must be between 1 and {MAX_DATAPOINTS}."
        )));
    }
    let from = input.next_token.as_deref().map(Place::of_token).transpose()?.unwrap_or_default();

    let queries = plan(queries, |stat, parameter| source(stat, parameter, (start, end), ctx.now_ms))?;
    let mut results =
        Results { recorder, queries: &queries, values: HashMap::new(), now_ms: ctx.now_ms, depth: 0 };
    let mut found = Vec::new();
    for query in queries.iter().filter(|query| query.returned) {
        let value = results.value(&query.id).map_err(|why| in_expression(&query.id, &why))?;
        found.extend(series(query, value)?);
    }
    Ok(page(found, descending, usize::try_from(most).unwrap_or(usize::MAX), from))
}

/// Checks the queries.
fn plan(
    queries: Vec<MetricDataQuery>,
    source: impl Fn(&MetricStat, &str) -> Result<Source, Fault>,
) -> Result<Vec<Query>, Fault> {
    let mut out: Vec<Query> = Vec::new();
    for (n, query) in (1..).zip(queries) {
        let at = format!("MetricDataQueries.member.{n}");
        let id = query.id.filter(|id| !id.is_empty()).ok_or_else(|| nested_missing(&format!("{at}.Id")))?;
        if !is_id(&id) {
            return Err(Fault::validation(format!(
                "The value {id} for parameter {at}.Id is not matching the expected pattern ^[a-z][a-zA-Z0-9_]*$."
            )));
        }
        let source = match (&query.metric_stat, &query.expression) {
            (Some(_), Some(_)) => {
                return Err(Fault::validation(format!(
                    "The parameters {at}.Expression and {at}.MetricStat are mutually exclusive and you have specified \
                     both."
                )));
            }
            (None, None) => return Err(nested_missing(&format!("{at}.MetricStat"))),
            (Some(stat), None) => source(stat, &format!("{at}.MetricStat"))?,
            (None, Some(expression)) => Source::Expression(expression_of(&id, expression)?),
        };
        if query.label.as_ref().is_some_and(|label| label.contains("${")) {
            return Err(Fault::validation(format!(
                "The local engine has no dynamic labels ({at}.Label): give it a text without ${{...}}."
            )));
        }
        let returned = query.return_data.is_none_or(|Flag(flag)| flag);
        out.push(Query { id, label: query.label, returned, source });
    }
    let mut ids: Vec<&str> = out.iter().map(|query| query.id.as_str()).collect();
    ids.sort_unstable();
    if ids.windows(2).any(|pair| pair[0] == pair[1]) {
        return Err(Fault::validation("The values for parameter id in MetricDataQueries are not unique."));
    }
    for query in &out {
        let Source::Expression(expr) = &query.source else { continue };
        let mut named = Vec::new();
        expr.ids(&mut named);
        if let Some(unknown) = named.iter().find(|id| ids.binary_search(id).is_err()) {
            return Err(in_expression(&query.id, &format!("there is no query with the id '{unknown}'")));
        }
    }
    if !out.iter().any(|query| query.returned) {
        return Err(Fault::validation("At least one of the MetricDataQueries must return data."));
    }
    Ok(out)
}

fn source(stat: &MetricStat, at: &str, times: (i64, i64), now_ms: i64) -> Result<Source, Fault> {
    let required = |value: Option<&String>, member: &str| {
        let given = value.filter(|value| !value.is_empty()).cloned();
        given.ok_or_else(|| nested_missing(&format!("{at}.{member}")))
    };
    let metric = stat.metric.as_ref().ok_or_else(|| nested_missing(&format!("{at}.Metric")))?;
    let name = required(metric.name.as_ref(), "Metric.MetricName")?;
    let namespace = required(metric.namespace.as_ref(), "Metric.Namespace")?;
    let Whole(period) = stat.period.ok_or_else(|| nested_missing(&format!("{at}.Period")))?;
    let statistic = required(stat.stat.as_ref(), "Stat")?;
    check_period(period, &format!("{at}.Period")).map_err(|fault| Fault::validation(fault.message))?;
    let statistic = Statistic::parse(&statistic, &format!("{at}.Stat"))?;
    let dimensions = metric.dimensions.as_deref().unwrap_or_default();
    check_dimensions(dimensions, &format!("{at}.Metric.Dimensions"))?;
    let wanted = Wanted::new(&namespace, &name, dimensions, stat.unit.as_deref());
    let periods = Periods::new(times.0, times.1, period, now_ms);
    Ok(Source::Metric { wanted, name, statistic, periods })
}

fn expression_of(id: &str, text: &str) -> Result<Expr, Fault> {
    if text.len() > MAX_EXPRESSION {
        let why = format!("it is longer than {MAX_EXPRESSION} characters");
        return Err(in_expression(id, &why));
    }
    math::parse(text).map_err(|why| in_expression(id, &why))
}

/// AWS ends this with an empty line, too.
fn nested_missing(parameter: &str) -> Fault {
    Fault::validation(format!("The parameter {parameter} is required.\n"))
}

fn in_expression(id: &str, why: &str) -> Fault {
    Fault::validation(format!("Error in expression '{id}': {why}."))
}

fn is_id(id: &str) -> bool {
    id.len() <= MAX_ID
        && id.starts_with(|first: char| first.is_ascii_lowercase())
        && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

/// The values of queries, each read or calculated once.
struct Results<'q> {
    recorder: &'q Recorder,
    queries: &'q [Query],
    /// `None` while it is being calculated.
    values: HashMap<&'q str, Option<Evaluated>>,
    now_ms: i64,
    /// Expressions that are being calculated, each for the one before it.
    depth: usize,
}

impl<'q> Results<'q> {
    fn value(&mut self, id: &str) -> Result<Evaluated, String> {
        match self.values.get(id) {
            Some(Some(value)) => return Ok(value.clone()),
            Some(None) => return Err(format!("'{id}' is calculated of itself")),
            None => {}
        }
        let queries: &'q [Query] = self.queries;
        let Some(query) = queries.iter().find(|query| query.id == id) else {
            return Err(format!("there is no query with the id '{id}'"));
        };
        self.values.insert(&query.id, None);
        let value = match &query.source {
            Source::Expression(expr) => {
                self.depth += 1;
                if self.depth > MAX_CHAIN {
                    return Err(format!("more than {MAX_CHAIN} expressions are calculated of each other"));
                }
                let value = math::evaluate(expr, self)?;
                self.depth -= 1;
                value
            }
            Source::Metric { wanted, name, statistic, periods } => {
                let points = wanted.read(self.recorder, periods).into_iter();
                let points = points.map(|(at, values)| (at, statistic.of(&values, wanted.scale()))).collect();
                let label = query.label.clone().unwrap_or_else(|| name.clone());
                Evaluated::Series(Series { label, periods: *periods, points })
            }
        };
        self.values.insert(&query.id, Some(value.clone()));
        Ok(value)
    }
}

impl math::Space for Results<'_> {
    fn get(&mut self, id: &str) -> Result<Evaluated, String> {
        self.value(id)
    }

    fn metrics(&self, part: &str) -> Vec<String> {
        let is_metric = |query: &&Query| matches!(query.source, Source::Metric { .. });
        let metrics = self.queries.iter().filter(is_metric);
        metrics.filter(|query| query.id.contains(part)).map(|query| query.id.clone()).collect()
    }

    fn now(&self) -> i64 {
        self.now_ms.div_euclid(1000)
    }
}

/// A time series with the id and label that it is answered under.
struct Found {
    id: String,
    label: String,
    points: Vec<(i64, f64)>,
}

/// What a query comes to: one time series, or several under the same id.
fn series(query: &Query, value: Evaluated) -> Result<Vec<Found>, Fault> {
    let found = |label: String, series: Series| Found {
        id: query.id.clone(),
        label,
        points: series.points.into_iter().collect(),
    };
    let own = || query.label.clone().unwrap_or_else(|| query.id.clone());
    match (value, &query.source) {
        (Evaluated::Number(_), _) => {
            Err(in_expression(&query.id, "it comes to a number: what is returned must be a time series"))
        }
        (Evaluated::Series(series), Source::Metric { .. }) => Ok(vec![found(series.label.clone(), series)]),
        (Evaluated::Series(series), Source::Expression(_)) => Ok(vec![found(own(), series)]),
        (Evaluated::Many(many), _) => {
            let one =
                |series: Series| found(format!("{} {}", own(), series.label).trim_end().to_owned(), series);
            Ok(many.into_iter().map(one).collect())
        }
    }
}

/// Where a page begins: with a time series, after a time of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Place {
    series: usize,
    after: Option<i64>,
}

impl Place {
    fn token(self) -> String {
        let after = self.after.map(|after| after.to_string()).unwrap_or_default();
        URL_SAFE_NO_PAD.encode(format!("{}:{after}", self.series))
    }

    fn of_token(token: &str) -> Result<Self, Fault> {
        let place = || {
            let text = String::from_utf8(URL_SAFE_NO_PAD.decode(token).ok()?).ok()?;
            let (series, after) = text.split_once(':')?;
            let after = if after.is_empty() { None } else { Some(after.parse().ok()?) };
            Some(Self { series: series.parse().ok()?, after })
        };
        place().ok_or_else(|| Fault::new("InvalidNextToken", "The next token specified is invalid."))
    }
}

fn page(found: Vec<Found>, descending: bool, most: usize, from: Place) -> Node {
    let mut room = most;
    let (mut results, mut next) = (Vec::new(), None);
    for (n, mut series) in found.into_iter().enumerate().skip(from.series) {
        if descending {
            series.points.reverse();
        }
        if let Some(after) = from.after.filter(|_| n == from.series) {
            series.points.retain(|(at, _)| if descending { *at < after } else { *at > after });
        }
        if room == 0 && !series.points.is_empty() {
            next = Some(Place { series: n, after: None });
            break;
        }
        let cut = series.points.len() > room;
        series.points.truncate(room);
        room -= series.points.len();
        if cut {
            next = Some(Place { series: n, after: series.points.last().map(|(at, _)| *at) });
        }
        results.push(shown(series, cut));
        if cut {
            break;
        }
    }
    let mut out = vec![("MetricDataResults", Node::List(results)), ("Messages", Node::List(Vec::new()))];
    out.extend(next.map(|next| ("NextToken", Node::Text(next.token()))));
    Node::Struct(out)
}

fn shown(found: Found, cut: bool) -> Node {
    let Found { id, label, points } = found;
    Node::Struct(vec![
        ("Id", Node::Text(id)),
        ("Label", Node::Text(label)),
        ("Timestamps", Node::List(points.iter().map(|(at, _)| Node::Time(*at)).collect())),
        ("Values", Node::List(points.iter().map(|(_, value)| Node::Number(*value)).collect())),
        ("StatusCode", Node::text(if cut { "PartialData" } else { "Complete" })),
    ])
}
