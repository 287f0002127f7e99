//! What there is to measure, and of what.

use serde::{Deserialize, Serialize};

/// The one namespace that has metrics here.
pub(super) const NAMESPACE: &str = "AWS/Lambda";

/// A metric of Lambda.
/// <https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html>
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Metric {
    AsyncEventsDropped,
    AsyncEventsReceived,
    ConcurrentExecutions,
    DestinationDeliveryFailures,
    Duration,
    Errors,
    Invocations,
    ProvisionedConcurrencyInvocations,
    ProvisionedConcurrencySpilloverInvocations,
    ProvisionedConcurrentExecutions,
    Throttles,
    UnreservedConcurrentExecutions,
}

impl Metric {
    /// All of them, in the order of their names.
    pub const ALL: [Self; 12] = [
        Self::AsyncEventsDropped,
        Self::AsyncEventsReceived,
        Self::ConcurrentExecutions,
        Self::DestinationDeliveryFailures,
        Self::Duration,
        Self::Errors,
        Self::Invocations,
        Self::ProvisionedConcurrencyInvocations,
        Self::ProvisionedConcurrencySpilloverInvocations,
        Self::ProvisionedConcurrentExecutions,
        Self::Throttles,
        Self::UnreservedConcurrentExecutions,
    ];

    /// `MetricName`.
    pub fn name(self) -> &'static str {
        match self {
            Self::AsyncEventsDropped => "AsyncEventsDropped",
            Self::AsyncEventsReceived => "AsyncEventsReceived",
            Self::ConcurrentExecutions => "ConcurrentExecutions",
            Self::DestinationDeliveryFailures => "DestinationDeliveryFailures",
            Self::Duration => "Duration",
            Self::Errors => "Errors",
            Self::Invocations => "Invocations",
            Self::ProvisionedConcurrencyInvocations => "ProvisionedConcurrencyInvocations",
            Self::ProvisionedConcurrencySpilloverInvocations => "ProvisionedConcurrencySpilloverInvocations",
            Self::ProvisionedConcurrentExecutions => "ProvisionedConcurrentExecutions",
            Self::Throttles => "Throttles",
            Self::UnreservedConcurrentExecutions => "UnreservedConcurrentExecutions",
        }
    }

    /// The metric of a name, in this namespace.
    pub fn find(namespace: &str, name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|metric| namespace == NAMESPACE && metric.name() == name)
    }

    /// `Unit`.
    pub fn unit(self) -> &'static str {
        if self == Self::Duration { "Milliseconds" } else { "Count" }
    }

    /// What is counted in one [`Metric::unit`]: durations are in hundredths of a millisecond, as REPORT lines are.
    pub fn scale(self) -> f64 {
        if self == Self::Duration { 100.0 } else { 1.0 }
    }

    /// The gauge that it shows, where it is not counted by invocation.
    pub fn gauge(self) -> Option<Gauge> {
        match self {
            Self::ConcurrentExecutions => Some(Gauge::Concurrent),
            Self::ProvisionedConcurrentExecutions => Some(Gauge::Provisioned),
            Self::UnreservedConcurrentExecutions => Some(Gauge::Unreserved),
            _ => None,
        }
    }
}

/// How many environments have an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(super) enum Gauge {
    /// All of them.
    Concurrent,
    /// Those of functions without reserved concurrency.
    Unreserved,
    /// Provisioned ones.
    Provisioned,
}

impl Gauge {
    /// The metric that shows it.
    pub fn metric(self) -> Metric {
        match self {
            Self::Concurrent => Metric::ConcurrentExecutions,
            Self::Unreserved => Metric::UnreservedConcurrentExecutions,
            Self::Provisioned => Metric::ProvisionedConcurrentExecutions,
        }
    }
}

/// Of what a metric is: its dimensions.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub(super) enum Scope {
    /// No dimension: the account.
    Account,
    /// `FunctionName`.
    Function(Box<str>),
    /// `FunctionName` and `Resource`: as it was invoked.
    Resource { function: Box<str>, qualifier: Option<Box<str>> },
    /// `FunctionName`, `Resource` of an alias, `ExecutedVersion`.
    Executed { function: Box<str>, qualifier: Box<str>, version: Box<str> },
}

impl Scope {
    /// What dimensions in any order stand for; `None` where Lambda has no metric with these.
    pub fn of(dimensions: &[(String, String)]) -> Option<Self> {
        let value =
            |name: &str| dimensions.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str());
        let (function, resource, version) =
            (value("FunctionName"), value("Resource"), value("ExecutedVersion"));
        let known = [function, resource, version].into_iter().flatten().count();
        if known != dimensions.len() {
            return None;
        }
        let Some(function) = function else { return (known == 0).then_some(Self::Account) };
        let Some(resource) = resource else {
            return version.is_none().then(|| Self::Function(function.into()));
        };
        let rest = resource.strip_prefix(function)?;
        let qualifier = if rest.is_empty() { None } else { Some(rest.strip_prefix(':')?) };
        let function = function.into();
        match (qualifier, version) {
            (qualifier, None) => Some(Self::Resource { function, qualifier: qualifier.map(Into::into) }),
            (Some(qualifier), Some(version)) if is_alias(qualifier) => {
                Some(Self::Executed { function, qualifier: qualifier.into(), version: version.into() })
            }
            _ => None,
        }
    }

    /// Its dimensions: names and values.
    pub fn dimensions(&self) -> Vec<(&'static str, String)> {
        let resource = |function: &str, qualifier: Option<&str>| {
            qualifier.map_or_else(|| function.to_owned(), |qualifier| format!("{function}:{qualifier}"))
        };
        let (function, qualifier, version) = match self {
            Self::Account => return Vec::new(),
            Self::Function(function) => return vec![("FunctionName", function.to_string())],
            Self::Resource { function, qualifier } => (function, qualifier.as_deref(), None),
            Self::Executed { function, qualifier, version } => (function, Some(&**qualifier), Some(version)),
        };
        let mut out =
            vec![("FunctionName", function.to_string()), ("Resource", resource(function, qualifier))];
        out.extend(version.map(|version| ("ExecutedVersion", version.to_string())));
        out
    }
}

/// Whether a qualifier is an alias's name, not a version's.
pub(super) fn is_alias(qualifier: &str) -> bool {
    qualifier != "$LATEST" && !qualifier.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scope(pairs: &[(&str, &str)]) -> Option<Scope> {
        let pairs: Vec<_> = pairs.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect();
        Scope::of(&pairs)
    }

    #[test]
    fn dimensions_stand_for_what_they_name_in_any_order() {
        let function = ("FunctionName", "f");
        for pairs in [
            &[][..],
            &[function],
            &[function, ("Resource", "f")],
            &[function, ("Resource", "f:live")],
            &[function, ("Resource", "f:7")],
            &[function, ("Resource", "f:live"), ("ExecutedVersion", "7")],
        ] {
            let found = scope(pairs).unwrap();
            let shown = found.dimensions();
            assert_eq!(shown.iter().map(|(name, value)| (*name, value.as_str())).collect::<Vec<_>>(), pairs);
            let turned: Vec<_> = pairs.iter().rev().copied().collect();
            assert_eq!(scope(&turned), Some(found));
        }
        for none in [
            &[("Resource", "f")][..],
            &[("ExecutedVersion", "1")],
            &[function, ("ExecutedVersion", "1")],
            &[function, ("Resource", "g")],
            &[function, ("Resource", "fx")],
            &[function, ("Resource", "f:7"), ("ExecutedVersion", "7")],
            &[function, ("Other", "x")],
            &[function, function],
        ] {
            assert_eq!(scope(none), None, "{none:?}");
        }
    }
}
