//! What an event source mapping may be set to, by the kind of its source.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// What records come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::local::lambda) enum Kind {
    Sqs,
    SqsFifo,
    Kinesis,
    DynamoDb,
    Msk,
    SelfManagedKafka,
    Mq,
    DocumentDb,
}

impl Kind {
    /// The kind of a source by its ARN.
    pub fn of(arn: &str) -> Option<Self> {
        let mut parts = arn.splitn(6, ':').skip(2);
        let (service, resource) = (parts.next()?, parts.nth(2)?);
        Some(match service {
            "sqs" if resource.strip_suffix(".fifo").is_some() => Self::SqsFifo,
            "sqs" if !resource.is_empty() => Self::Sqs,
            "kinesis" if resource.starts_with("stream/") => Self::Kinesis,
            "dynamodb" if resource.starts_with("table/") && resource.contains("/stream/") => Self::DynamoDb,
            "kafka" if resource.starts_with("cluster/") || resource.starts_with("vpc-connection/") => {
                Self::Msk
            }
            "mq" if resource.starts_with("broker:") => Self::Mq,
            // Clusters of DocumentDB go by the name of its sister.
            "rds" if resource.starts_with("cluster:") => Self::DocumentDb,
            _ => return None,
        })
    }

    /// A queue of SQS.
    pub fn is_sqs(self) -> bool {
        matches!(self, Self::Sqs | Self::SqsFifo)
    }

    /// A stream with shards.
    pub fn is_stream(self) -> bool {
        matches!(self, Self::Kinesis | Self::DynamoDb)
    }

    /// A cluster of Kafka.
    pub fn is_kafka(self) -> bool {
        matches!(self, Self::Msk | Self::SelfManagedKafka)
    }

    /// How AWS calls a change by the user.
    pub fn reason(self) -> &'static str {
        if self.is_stream() { "User action" } else { "USER_INITIATED" }
    }
}

/// What CreateEventSourceMapping and UpdateEventSourceMapping set, in the names that they are shown by.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(in crate::local::lambda) struct Settings {
    pub batch_size: Option<i64>,
    pub maximum_batching_window_in_seconds: Option<i64>,
    pub parallelization_factor: Option<i64>,
    pub maximum_record_age_in_seconds: Option<i64>,
    pub maximum_retry_attempts: Option<i64>,
    pub tumbling_window_in_seconds: Option<i64>,
    pub bisect_batch_on_function_error: Option<bool>,
    pub function_response_types: Option<Vec<String>>,
    pub filter_criteria: Option<FilterCriteria>,
    pub destination_config: Option<Destinations>,
    pub scaling_config: Option<Scaling>,
    pub source_access_configurations: Option<Vec<SourceAccess>>,
    pub provisioned_poller_config: Option<Pollers>,
    pub amazon_managed_kafka_event_source_config: Option<KafkaConfig>,
    pub self_managed_kafka_event_source_config: Option<KafkaConfig>,
    #[serde(rename = "DocumentDBEventSourceConfig")]
    pub document_db_event_source_config: Option<DocumentDb>,
    pub metrics_config: Option<Metrics>,
    pub logging_config: Option<Logging>,
    #[serde(rename = "KMSKeyArn")]
    pub kms_key_arn: Option<String>,
}

/// `FilterCriteria`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(in crate::local::lambda) struct FilterCriteria {
    pub filters: Option<Vec<Filter>>,
}

/// An entry of `Filters`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(in crate::local::lambda) struct Filter {
    pub pattern: Option<String>,
}

/// `DestinationConfig`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(in crate::local::lambda) struct Destinations {
    pub on_success: Option<Destination>,
    pub on_failure: Option<Destination>,
}

/// `OnSuccess` or `OnFailure`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(in crate::local::lambda) struct Destination {
    pub destination: Option<String>,
}

/// `ScalingConfig`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(in crate::local::lambda) struct Scaling {
    pub maximum_concurrency: Option<i64>,
}

/// An entry of `SourceAccessConfigurations`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(in crate::local::lambda) struct SourceAccess {
    pub r#type: Option<String>,
    #[serde(rename = "URI")]
    pub uri: Option<String>,
}

/// `ProvisionedPollerConfig`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(in crate::local::lambda) struct Pollers {
    #[serde(rename = "MinimumPollers")]
    pub minimum: Option<i64>,
    #[serde(rename = "MaximumPollers")]
    pub maximum: Option<i64>,
    pub poller_group_name: Option<String>,
}

/// `AmazonManagedKafkaEventSourceConfig` or `SelfManagedKafkaEventSourceConfig`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(in crate::local::lambda) struct KafkaConfig {
    pub consumer_group_id: Option<String>,
    /// As given.
    pub schema_registry_config: Option<Value>,
}

/// `DocumentDBEventSourceConfig`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(in crate::local::lambda) struct DocumentDb {
    pub database_name: Option<String>,
    pub collection_name: Option<String>,
    pub full_document: Option<String>,
}

/// `MetricsConfig`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(in crate::local::lambda) struct Metrics {
    pub metrics: Option<Vec<String>>,
}

/// `LoggingConfig`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(in crate::local::lambda) struct Logging {
    pub system_log_level: Option<String>,
}

impl Settings {
    /// What AWS shows of a mapping where the request said nothing.
    pub fn initial(kind: Kind, uuid: &str) -> Self {
        let own_group =
            || Some(KafkaConfig { consumer_group_id: Some(uuid.to_owned()), schema_registry_config: None });
        let stream = kind.is_stream();
        Self {
            batch_size: Some(if kind.is_sqs() { 10 } else { 100 }),
            maximum_batching_window_in_seconds: (stream || kind.is_sqs()).then_some(0),
            parallelization_factor: stream.then_some(1),
            maximum_record_age_in_seconds: stream.then_some(-1),
            maximum_retry_attempts: stream.then_some(-1),
            tumbling_window_in_seconds: stream.then_some(0),
            bisect_batch_on_function_error: stream.then_some(false),
            function_response_types: (stream || kind.is_sqs()).then(Vec::new),
            destination_config: stream.then(Destinations::none),
            amazon_managed_kafka_event_source_config: own_group().filter(|_| kind == Kind::Msk),
            self_managed_kafka_event_source_config: own_group().filter(|_| kind == Kind::SelfManagedKafka),
            ..Self::default()
        }
    }

    /// With what a request changes. What it brings empty is removed.
    pub fn changed(mut self, given: Self) -> Self {
        fn take<T>(present: &mut Option<T>, given: Option<T>) {
            if given.is_some() {
                *present = given;
            }
        }
        take(&mut self.batch_size, given.batch_size);
        take(&mut self.maximum_batching_window_in_seconds, given.maximum_batching_window_in_seconds);
        take(&mut self.parallelization_factor, given.parallelization_factor);
        take(&mut self.maximum_record_age_in_seconds, given.maximum_record_age_in_seconds);
        take(&mut self.maximum_retry_attempts, given.maximum_retry_attempts);
        take(&mut self.tumbling_window_in_seconds, given.tumbling_window_in_seconds);
        take(&mut self.bisect_batch_on_function_error, given.bisect_batch_on_function_error);
        take(&mut self.function_response_types, given.function_response_types);
        take(&mut self.source_access_configurations, given.source_access_configurations);
        for (present, given) in [
            (
                &mut self.amazon_managed_kafka_event_source_config,
                given.amazon_managed_kafka_event_source_config,
            ),
            (&mut self.self_managed_kafka_event_source_config, given.self_managed_kafka_event_source_config),
        ] {
            if let Some(given) = given {
                // The group stays: it can't be changed once it is there.
                let group = present.take().and_then(|present| present.consumer_group_id);
                let consumer_group_id = given.consumer_group_id.or(group);
                *present = Some(KafkaConfig { consumer_group_id, ..given });
            }
        }
        take(&mut self.document_db_event_source_config, given.document_db_event_source_config);
        take(&mut self.logging_config, given.logging_config);
        if let Some(criteria) = given.filter_criteria {
            self.filter_criteria =
                Some(criteria).filter(|it| it.filters.as_ref().is_some_and(|filters| !filters.is_empty()));
        }
        if let Some(destinations) = given.destination_config {
            let failure = destinations.on_failure.filter(|it| it.arn().is_some());
            let on_failure = Some(failure.unwrap_or(Destination { destination: None }));
            self.destination_config = Some(Destinations { on_success: None, on_failure });
        }
        if let Some(scaling) = given.scaling_config {
            self.scaling_config = Some(scaling).filter(|it| it.maximum_concurrency.is_some());
        }
        if let Some(pollers) = given.provisioned_poller_config {
            let some = pollers.minimum.is_some() || pollers.maximum.is_some();
            self.provisioned_poller_config = Some(pollers).filter(|_| some);
        }
        if let Some(metrics) = given.metrics_config {
            self.metrics_config =
                Some(metrics).filter(|it| it.metrics.as_ref().is_some_and(|metrics| !metrics.is_empty()));
        }
        if let Some(key) = given.kms_key_arn {
            self.kms_key_arn = Some(key).filter(|key| !key.is_empty());
        }
        self
    }
}

impl Destinations {
    fn none() -> Self {
        Self { on_success: None, on_failure: Some(Destination { destination: None }) }
    }
}

impl Destination {
    /// The ARN; an empty one is none.
    pub fn arn(&self) -> Option<&str> {
        self.destination.as_deref().filter(|arn| !arn.is_empty())
    }
}

/// The settings as they are shown: what is absent is left out.
pub(super) fn shown(settings: &Settings) -> Value {
    fn without_nulls(value: Value) -> Value {
        match value {
            Value::Object(members) => {
                let present = members.into_iter().filter(|(_, value)| !value.is_null());
                present.map(|(key, value)| (key, without_nulls(value))).collect()
            }
            Value::Array(items) => items.into_iter().map(without_nulls).collect(),
            value => value,
        }
    }
    without_nulls(serde_json::to_value(settings).unwrap_or_else(|_| json!({})))
}

#[cfg(test)]
mod tests {
    use super::Kind;

    #[test]
    fn a_source_is_known_by_its_arn() {
        let of = |rest: &str| Kind::of(&format!("arn:aws:{rest}"));
        for (rest, kind) in [
            ("sqs:eu-west-1:123456789012:q", Kind::Sqs),
            ("sqs:eu-west-1:123456789012:q.fifo", Kind::SqsFifo),
            ("kinesis:eu-west-1:123456789012:stream/s", Kind::Kinesis),
            ("kinesis:eu-west-1:123456789012:stream/s/consumer/c:1", Kind::Kinesis),
            ("dynamodb:eu-west-1:123456789012:table/t/stream/2026-01-01T00:00:00.000", Kind::DynamoDb),
            ("kafka:eu-west-1:123456789012:cluster/c/id", Kind::Msk),
            ("mq:eu-west-1:123456789012:broker:b:b-1", Kind::Mq),
            ("rds:eu-west-1:123456789012:cluster:c", Kind::DocumentDb),
        ] {
            assert_eq!(of(rest), Some(kind), "{rest}");
        }
        for rest in
            ["dynamodb:eu-west-1:123456789012:table/t", "sns:eu-west-1:123456789012:t", "sqs", "s3:::b"]
        {
            assert_eq!(of(rest), None, "{rest}");
        }
    }
}
