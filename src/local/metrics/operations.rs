//! The operations, whatever the protocol.

mod data;
mod list;
mod statistics;

use serde::de::DeserializeOwned;
use serde_json::Value;

use super::{
    catalog::{Metric, Scope},
    fault::Fault,
    histogram::Histogram,
    model::{Dimension, Node},
    recorder::Recorder,
    statistics::Periods,
};

/// Most dimensions of a metric.
const MAX_DIMENSIONS: usize = 30;

/// Who is asked, and when.
#[derive(Clone, Debug)]
pub(in crate::local) struct Context {
    /// The account id, 12 digits.
    pub account_id: String,
    /// The time, in milliseconds since the epoch.
    pub now_ms: i64,
}

type Reply = Result<Node, Fault>;

/// Answers an operation.
///
/// # Errors
/// As CloudWatch; 501 where the engine does not have it.
pub(super) fn handle(recorder: &Recorder, operation: &str, input: Value, ctx: &Context) -> Reply {
    match operation {
        "GetMetricData" => data::get(recorder, read(input)?, ctx),
        "GetMetricStatistics" => statistics::get(recorder, &read(input)?, ctx),
        "ListMetrics" => list::list(recorder, &read(input)?, ctx),
        other => Err(Fault::unknown_operation(other)),
    }
}

fn read<T: DeserializeOwned>(input: Value) -> Result<T, Fault> {
    // serde's own text may quote the input.
    serde_json::from_value(input).map_err(|_| Fault::malformed("A member of the request has the wrong type."))
}

/// A metric that is asked for. Of what Lambda does not have there are no values, as on AWS.
#[derive(Clone, Debug)]
struct Wanted {
    known: Option<(Metric, Scope)>,
}

impl Wanted {
    fn new(namespace: &str, name: &str, dimensions: &[Dimension], unit: Option<&str>) -> Self {
        let pairs: Vec<_> = dimensions
            .iter()
            .map(|it| (it.name.clone().unwrap_or_default(), it.value.clone().unwrap_or_default()))
            .collect();
        let metric =
            Metric::find(namespace, name).filter(|metric| unit.is_none_or(|unit| unit == metric.unit()));
        Self { known: metric.zip(Scope::of(&pairs)) }
    }

    /// Its values in each period that has any.
    fn read(&self, recorder: &Recorder, periods: &Periods) -> Vec<(i64, Histogram)> {
        let Some((metric, scope)) = &self.known else { return Vec::new() };
        let (from, to) = periods.minutes();
        periods.gather(&recorder.read(*metric, scope, from, to))
    }

    fn scale(&self) -> f64 {
        self.known.as_ref().map_or(1.0, |(metric, _)| metric.scale())
    }

    fn unit(&self) -> &'static str {
        self.known.as_ref().map_or("None", |(metric, _)| metric.unit())
    }
}

/// A member that must be there, and not be empty.
fn required<'a>(value: Option<&'a String>, parameter: &str) -> Result<&'a str, Fault> {
    match value {
        Some(text) if !text.is_empty() => Ok(text),
        _ => Err(Fault::missing(parameter)),
    }
}

fn check_dimensions(dimensions: &[Dimension], parameter: &str) -> Result<(), Fault> {
    if dimensions.len() > MAX_DIMENSIONS {
        return Err(Fault::validation(format!(
            "The collection {parameter} must not have a size greater than {MAX_DIMENSIONS}."
        )));
    }
    for (n, dimension) in (1..).zip(dimensions) {
        required(dimension.name.as_ref(), &format!("{parameter}.member.{n}.Name"))?;
        required(dimension.value.as_ref(), &format!("{parameter}.member.{n}.Value"))?;
    }
    Ok(())
}

fn check_period(period: i64, parameter: &str) -> Result<(), Fault> {
    if Periods::is_length(period) {
        return Ok(());
    }
    Err(Fault::value(format!(
        "The value {period} for parameter {parameter} is invalid. It must be 1, 5, 10, 20, 30 or a multiple of 60."
    )))
}
