//! A minute of what was measured.

use std::collections::{BTreeSet, HashMap};

use serde::{Deserialize, Serialize};

use super::{
    catalog::{Gauge, Metric, Scope, is_alias},
    histogram::Histogram,
    recorder::Place,
};

/// What an entry of a minute takes, beside its names and bins: roughly, and rather too much.
pub(super) const ENTRY_BYTES: usize = 256;

/// As what an invocation ran.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(super) struct Key {
    pub function: Box<str>,
    /// The alias or version that was invoked, if one was named.
    pub qualifier: Option<Box<str>>,
    /// The version that ran. Empty for what is known before one is chosen.
    pub version: Box<str>,
}

/// What is counted of a [`Key`] in a minute.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Cell {
    /// In hundredths of a millisecond, of every invocation.
    pub duration: Histogram,
    pub errors: u64,
    pub throttles: u64,
    /// Invocations of a version with provisioned concurrency, in such an environment and beside it.
    pub provisioned: u64,
    pub spillover: u64,
    /// Events for the asynchronous queue.
    pub received: u64,
    pub dropped: u64,
    pub undelivered: u64,
}

/// A minute.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Minute {
    pub cells: HashMap<Key, Cell>,
    pub gauges: HashMap<(Gauge, Scope), Histogram>,
    /// What it takes in memory.
    #[serde(skip)]
    pub bytes: usize,
}

impl Minute {
    /// The values of a metric.
    pub fn read(&self, metric: Metric, scope: &Scope) -> Histogram {
        let mut out = Histogram::default();
        if let Some(gauge) = metric.gauge() {
            if let Some(samples) = self.gauges.get(&(gauge, scope.clone())) {
                out.merge(samples);
            }
            return out;
        }
        for (_, cell) in self.cells.iter().filter(|(key, _)| key.is_in(scope)) {
            cell.add_to(metric, &mut out);
        }
        out
    }

    /// Adds the metrics that it has any value of.
    pub fn list(&self, out: &mut BTreeSet<(Metric, Scope)>) {
        out.extend(self.gauges.keys().map(|(gauge, scope)| (gauge.metric(), scope.clone())));
        for (key, cell) in &self.cells {
            for metric in Metric::ALL {
                let mut found = Histogram::default();
                cell.add_to(metric, &mut found);
                if found.count() > 0 {
                    out.extend(key.scopes().map(|scope| (metric, scope)));
                }
            }
        }
    }

    /// What it takes in memory.
    pub fn measure(&self) -> usize {
        let cells =
            self.cells.iter().map(|(key, cell)| key.len() + cell.duration.bins() * Histogram::BIN_BYTES);
        let gauges = self
            .gauges
            .iter()
            .map(|((_, scope), samples)| scope.len() + samples.bins() * Histogram::BIN_BYTES);
        (self.cells.len() + self.gauges.len()) * ENTRY_BYTES + cells.chain(gauges).sum::<usize>()
    }
}

impl Cell {
    /// Adds the values of a metric. As on AWS, an invocation that is no error counts as one with the value 0.
    pub fn add_to(&self, metric: Metric, out: &mut Histogram) {
        let invocations = self.duration.count();
        let (ones, zeros) = match metric {
            Metric::Duration => {
                out.merge(&self.duration);
                return;
            }
            Metric::Invocations => (invocations, 0),
            Metric::Errors => (self.errors, invocations.saturating_sub(self.errors)),
            Metric::Throttles => (self.throttles, invocations),
            Metric::ProvisionedConcurrencyInvocations => (self.provisioned, self.spillover),
            Metric::ProvisionedConcurrencySpilloverInvocations => (self.spillover, self.provisioned),
            Metric::AsyncEventsReceived => (self.received, 0),
            Metric::AsyncEventsDropped => (self.dropped, 0),
            Metric::DestinationDeliveryFailures => (self.undelivered, 0),
            Metric::ConcurrentExecutions
            | Metric::ProvisionedConcurrentExecutions
            | Metric::UnreservedConcurrentExecutions => (0, 0),
        };
        out.add(1, ones);
        out.add(0, zeros);
    }
}

impl Key {
    pub fn new(function: &str, qualifier: Option<&str>, version: &str) -> Self {
        Self { function: function.into(), qualifier: qualifier.map(Into::into), version: version.into() }
    }

    /// What an event raises while it is under way.
    pub fn gauges(&self, reserved: bool, place: Place) -> Vec<(Gauge, Scope)> {
        let function = || Scope::Function(self.function.clone());
        let resource =
            || Scope::Resource { function: self.function.clone(), qualifier: self.qualifier.clone() };
        let mut out = Vec::with_capacity(5);
        out.push((Gauge::Concurrent, Scope::Account));
        if !reserved {
            out.push((Gauge::Unreserved, Scope::Account));
        }
        out.extend([(Gauge::Concurrent, function()), (Gauge::Concurrent, resource())]);
        if place == Place::Provisioned {
            out.extend([(Gauge::Provisioned, function()), (Gauge::Provisioned, resource())]);
        }
        out
    }

    /// Whether it counts under these dimensions.
    pub fn is_in(&self, scope: &Scope) -> bool {
        match scope {
            Scope::Account => true,
            Scope::Function(function) => *function == self.function,
            Scope::Resource { function, qualifier } => {
                *function == self.function && *qualifier == self.qualifier
            }
            Scope::Executed { function, qualifier, version } => {
                *function == self.function
                    && self.qualifier.as_ref() == Some(qualifier)
                    && *version == self.version
            }
        }
    }

    /// Under which dimensions it counts.
    pub fn scopes(&self) -> impl Iterator<Item = Scope> {
        let Self { function, qualifier, version } = self.clone();
        let alias = qualifier.clone().filter(|qualifier| is_alias(qualifier) && !version.is_empty());
        let executed =
            alias.map(|qualifier| Scope::Executed { function: function.clone(), qualifier, version });
        let whole = Scope::Function(function.clone());
        [Scope::Account, whole, Scope::Resource { function, qualifier }].into_iter().chain(executed)
    }

    /// Bytes of its names.
    pub fn len(&self) -> usize {
        self.function.len() + self.qualifier.as_ref().map_or(0, |it| it.len()) + self.version.len()
    }
}

impl Scope {
    /// Bytes of its names.
    pub fn len(&self) -> usize {
        match self {
            Self::Account => 0,
            Self::Function(function) => function.len(),
            Self::Resource { function, qualifier } => {
                function.len() + qualifier.as_ref().map_or(0, |it| it.len())
            }
            Self::Executed { function, qualifier, version } => {
                function.len() + qualifier.len() + version.len()
            }
        }
    }
}
