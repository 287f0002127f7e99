//! GetMetricStatistics.

use super::{Context, Reply, Wanted, check_dimensions, check_period, required};
use crate::local::metrics::{
    fault::Fault,
    model::{GetMetricStatistics, Node, Time},
    recorder::Recorder,
    statistics::{Periods, Statistic},
};

/// Most datapoints of one answer.
const MAX_DATAPOINTS: i64 = 1_440;
/// Most entries of `ExtendedStatistics`.
const MAX_EXTENDED: usize = 10;

pub(super) fn get(recorder: &Recorder, input: &GetMetricStatistics, ctx: &Context) -> Reply {
    let namespace = required(input.namespace.as_ref(), "Namespace")?;
    let name = required(input.metric_name.as_ref(), "MetricName")?;
    let Time(start) = input.start_time.ok_or_else(|| Fault::missing("StartTime"))?;
    let Time(end) = input.end_time.ok_or_else(|| Fault::missing("EndTime"))?;
    let period = input.period.ok_or_else(|| Fault::missing("Period"))?.0;
    let dimensions = input.dimensions.as_deref().unwrap_or_default();
    check_dimensions(dimensions, "Dimensions")?;
    check_period(period, "Period")?;
    if start >= end {
        return Err(Fault::value("The parameter StartTime must be less than the parameter EndTime."));
    }
    let simple = simple(input.statistics.as_deref().unwrap_or_default())?;
    let extended = extended(input.extended_statistics.as_deref().unwrap_or_default())?;
    match (simple.is_empty(), extended.is_empty()) {
        (true, true) => {
            return Err(Fault::combination("Must specify either Statistics or ExtendedStatistics"));
        }
        (false, false) => {
            return Err(Fault::combination(
                "Must specify either Statistics or ExtendedStatistics, but not both",
            ));
        }
        _ => {}
    }
    let periods = Periods::new(start, end, period, ctx.now_ms);
    let count = periods.count();
    if count > MAX_DATAPOINTS {
        return Err(Fault::combination(format!(
            "You have requested up to {} datapoints, which exceeds the limit of 1,440. You may reduce the datapoints \
             requested by increasing Period, or decreasing the time range.",
            grouped(count)
        )));
    }

    let wanted = Wanted::new(namespace, name, dimensions, input.unit.as_deref());
    let datapoint = |(at, values): (i64, _)| {
        let number = |statistic: Statistic| Node::Number(statistic.of(&values, wanted.scale()));
        let mut point = vec![("Timestamp", Node::Time(at))];
        point.extend(simple.iter().map(|(name, statistic)| (*name, number(*statistic))));
        point.push(("Unit", Node::text(wanted.unit())));
        if !extended.is_empty() {
            let entries = extended.iter().map(|(name, statistic)| (name.clone(), number(*statistic)));
            point.push(("ExtendedStatistics", Node::Map(entries.collect())));
        }
        Node::Struct(point)
    };
    let datapoints = wanted.read(recorder, &periods).into_iter().map(datapoint).collect();
    Ok(Node::Struct(vec![("Label", Node::text(name)), ("Datapoints", Node::List(datapoints))]))
}

/// `Statistics`, in the order in which datapoints show them.
fn simple(names: &[String]) -> Result<Vec<(&'static str, Statistic)>, Fault> {
    for (n, name) in (1..).zip(names) {
        if Statistic::simple(name).is_none() {
            return Err(Fault::value(format!(
                "The value {name} for parameter Statistics.member.{n} is not supported."
            )));
        }
    }
    let all = ["SampleCount", "Average", "Sum", "Minimum", "Maximum"];
    let wanted = all.into_iter().filter(|name| names.iter().any(|wanted| wanted == name));
    Ok(wanted.filter_map(|name| Statistic::simple(name).map(|statistic| (name, statistic))).collect())
}

/// `ExtendedStatistics`: percentiles.
fn extended(names: &[String]) -> Result<Vec<(String, Statistic)>, Fault> {
    if names.len() > MAX_EXTENDED {
        return Err(Fault::value(format!(
            "The collection ExtendedStatistics must not have a size greater than {MAX_EXTENDED}."
        )));
    }
    let mut out: Vec<(String, Statistic)> = Vec::new();
    for (n, name) in (1..).zip(names) {
        let parameter = format!("ExtendedStatistics.member.{n}");
        let refuse = |message: String| Fault::value(message);
        let statistic = Statistic::parse(name, &parameter).map_err(|fault| refuse(fault.message))?;
        if !matches!(statistic, Statistic::Percentile(_)) {
            return Err(refuse(format!("The value {name} for parameter {parameter} is not supported.")));
        }
        if !out.iter().any(|(known, _)| known == name) {
            out.push((name.clone(), statistic));
        }
    }
    Ok(out)
}

/// `43,260`.
fn grouped(number: i64) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (n, digit) in digits.chars().enumerate() {
        if n > 0 && (digits.len() - n).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::grouped;

    #[test]
    fn thousands_are_grouped() {
        assert_eq!(
            [1, 999, 1_441, 43_260, 1_000_000].map(grouped),
            ["1", "999", "1,441", "43,260", "1,000,000"]
        );
    }
}
