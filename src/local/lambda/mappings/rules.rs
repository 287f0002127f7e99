//! The rules of a mapping's settings: the service model's, and those that go by the kind of its source.

use super::{
    filter,
    settings::{Destination, Destinations, Kind, Settings},
};
use crate::local::lambda::{
    error::Error,
    event_config,
    validate::{self, Violations},
};

/// Most filters that an account has without asking for more.
const MAX_FILTERS: usize = 5;

const ACCESS_TYPES: &[&str] = &[
    "BASIC_AUTH",
    "VPC_SUBNET",
    "VPC_SECURITY_GROUP",
    "SASL_SCRAM_512_AUTH",
    "SASL_SCRAM_256_AUTH",
    "VIRTUAL_HOST",
    "CLIENT_CERTIFICATE_TLS_AUTH",
    "SERVER_ROOT_CA_CERTIFICATE",
];

impl Settings {
    /// What the service model says of them.
    pub fn check_model(&self, violations: &mut Violations) {
        for (value, member, min, max) in [
            (self.batch_size, "batchSize", 1, 10_000),
            (self.maximum_batching_window_in_seconds, "maximumBatchingWindowInSeconds", 0, 300),
            (self.parallelization_factor, "parallelizationFactor", 1, 10),
            (self.maximum_record_age_in_seconds, "maximumRecordAgeInSeconds", -1, 604_800),
            (self.maximum_retry_attempts, "maximumRetryAttempts", -1, 10_000),
            (self.tumbling_window_in_seconds, "tumblingWindowInSeconds", 0, 900),
        ] {
            violations.between(value, member, min, max);
        }
        let concurrency = self.scaling_config.as_ref().and_then(|scaling| scaling.maximum_concurrency);
        violations.between(concurrency, "scalingConfig.maximumConcurrency", 2, 1000);
        if let Some(pollers) = &self.provisioned_poller_config {
            violations.between(pollers.minimum, "provisionedPollerConfig.minimumPollers", 1, 200);
            violations.between(pollers.maximum, "provisionedPollerConfig.maximumPollers", 1, 10_000);
        }
        let types = self.function_response_types.as_deref().unwrap_or_default();
        check_words(types, "functionResponseTypes", 1, &["ReportBatchItemFailures"], violations);
        let metrics = self.metrics_config.as_ref().and_then(|config| config.metrics.as_deref());
        let words = ["EventCount", "ErrorCount", "KafkaMetrics"];
        check_words(metrics.unwrap_or_default(), "metricsConfig.metrics", 3, &words, violations);
        let level = self.logging_config.as_ref().and_then(|config| config.system_log_level.as_deref());
        violations.one_of(level, "loggingConfig.systemLogLevel", &["DEBUG", "INFO", "WARN"]);
        let filters = self.filter_criteria.as_ref().and_then(|criteria| criteria.filters.as_deref());
        for (at, filter) in filters.unwrap_or_default().iter().enumerate() {
            let member = format!("filterCriteria.filters.{}.member.pattern", at + 1);
            violations.at_most(filter.pattern.as_deref().unwrap_or_default(), &member, 4096);
        }
        if let Some(destinations) = &self.destination_config {
            let arn = |it: &Option<Destination>| it.as_ref().and_then(|it| it.destination.clone());
            for (which, arn) in
                [("onSuccess", arn(&destinations.on_success)), ("onFailure", arn(&destinations.on_failure))]
            {
                event_config::check_arn(arn.as_deref(), which, violations);
            }
        }
        let access = self.source_access_configurations.as_deref().unwrap_or_default();
        if access.len() > 23 {
            let shown = format!("{} entries", access.len());
            let rule = "Member must have length less than or equal to 23";
            violations.add(&shown, "sourceAccessConfigurations", rule);
        }
        for (at, access) in access.iter().enumerate() {
            let member = format!("sourceAccessConfigurations.{}.member", at + 1);
            violations.one_of(access.r#type.as_deref(), &format!("{member}.type"), ACCESS_TYPES);
            violations.at_most(access.uri.as_deref().unwrap_or_default(), &format!("{member}.uRI"), 200);
        }
        if let Some(config) = &self.document_db_event_source_config {
            let text = |text: &Option<String>| text.clone().unwrap_or_default();
            let member = |name: &str| format!("documentDBEventSourceConfig.{name}");
            violations.at_most(&text(&config.database_name), &member("databaseName"), 63);
            violations.at_most(&text(&config.collection_name), &member("collectionName"), 57);
            let full = config.full_document.as_deref();
            violations.one_of(full, &member("fullDocument"), &["UpdateLookup", "Default"]);
        }
        validate::check_resource_arn(self.kms_key_arn.as_deref(), "kMSKeyArn", violations);
    }

    /// What a request may not bring for this kind of source, and what the service says of the rest of it.
    pub fn check_request(&self, kind: Kind) -> Result<(), Error> {
        let (sqs, stream, kafka) = (kind.is_sqs(), kind.is_stream(), kind.is_kafka());
        let access = kafka || matches!(kind, Kind::Mq | Kind::DocumentDb);
        for (member, given, fits) in [
            ("ParallelizationFactor", self.parallelization_factor.is_some(), stream),
            ("TumblingWindowInSeconds", self.tumbling_window_in_seconds.is_some(), stream),
            ("MaximumRecordAgeInSeconds", self.maximum_record_age_in_seconds.is_some(), stream || kafka),
            ("MaximumRetryAttempts", self.maximum_retry_attempts.is_some(), stream || kafka),
            ("BisectBatchOnFunctionError", self.bisect_batch_on_function_error.is_some(), stream || kafka),
            ("DestinationConfig", self.destination_config.is_some(), stream || kafka),
            ("FunctionResponseTypes", self.function_response_types.is_some(), stream || kafka || sqs),
            ("ScalingConfig", self.scaling_config.is_some(), sqs),
            ("ProvisionedPollerConfig", self.provisioned_poller_config.is_some(), sqs || kafka),
            ("LoggingConfig", self.logging_config.is_some(), kafka),
            ("SourceAccessConfigurations", self.source_access_configurations.is_some(), access),
            (
                "AmazonManagedKafkaEventSourceConfig",
                self.amazon_managed_kafka_event_source_config.is_some(),
                kind == Kind::Msk,
            ),
            (
                "SelfManagedKafkaEventSourceConfig",
                self.self_managed_kafka_event_source_config.is_some(),
                kind == Kind::SelfManagedKafka,
            ),
            (
                "DocumentDBEventSourceConfig",
                self.document_db_event_source_config.is_some(),
                kind == Kind::DocumentDb,
            ),
        ] {
            if given && !fits {
                return Err(unsupported(member));
            }
        }
        if let Some(destinations) = &self.destination_config {
            destinations.check(kafka)?;
        }
        let filters = self.filter_criteria.as_ref().and_then(|criteria| criteria.filters.as_deref());
        let filters = filters.unwrap_or_default();
        if filters.len() > MAX_FILTERS {
            // The limit is documented; the wording is believed.
            return Err(Error::invalid(format!(
                "The number of filters exceeds the limit of {MAX_FILTERS} for an event source mapping."
            )));
        }
        if !filters.iter().all(|it| it.pattern.as_deref().is_some_and(filter::is_pattern)) {
            return Err(Error::invalid("Invalid filter pattern definition."));
        }
        Ok(())
    }

    /// What the service says of the settings as a whole, however they came about. Where nothing is cited, the rule is
    /// documented and the wording believed.
    pub fn check_whole(&self, kind: Kind) -> Result<(), Error> {
        let batch = self.batch_size.unwrap_or_default();
        let window = self.maximum_batching_window_in_seconds.unwrap_or_default();
        if kind == Kind::SqsFifo {
            if window > 0 {
                // Seen on AWS.
                return Err(Error::invalid("Batching window is not supported for FIFO queues"));
            }
            if batch > 10 {
                return Err(Error::invalid("Batch size must be at most 10 for FIFO queues"));
            }
        }
        if kind == Kind::Sqs && batch > 10 && window == 0 {
            // Seen on AWS.
            return Err(Error::invalid(
                "Maximum batch window in seconds must be greater than 0 if maximum batch size is greater than 10",
            ));
        }
        if self.maximum_record_age_in_seconds.is_some_and(|age| (0..60).contains(&age)) {
            return Err(Error::invalid(
                "MaximumRecordAgeInSeconds must be -1, or between 60 and 604800 seconds.",
            ));
        }
        if let Some(pollers) = &self.provisioned_poller_config
            && let (Some(least), Some(most)) = (pollers.minimum, pollers.maximum)
            && least > most
        {
            return Err(Error::invalid("MinimumPollers cannot be greater than MaximumPollers."));
        }
        let access = self.source_access_configurations.as_ref().is_some_and(|access| !access.is_empty());
        if !access && matches!(kind, Kind::SelfManagedKafka | Kind::Mq | Kind::DocumentDb) {
            return Err(Error::invalid("Required 'sourceAccessConfigurations' parameter is missing."));
        }
        let database = self.document_db_event_source_config.as_ref().and_then(|it| it.database_name.as_ref());
        if kind == Kind::DocumentDb && database.is_none() {
            return Err(Error::invalid("Required 'databaseName' parameter is missing."));
        }
        Ok(())
    }
}

impl Destinations {
    /// Queues, topics and buckets take what a function could not; topics of Kafka only what comes from Kafka.
    fn check(&self, kafka: bool) -> Result<(), Error> {
        if self.on_success.is_some() {
            return Err(unsupported("DestinationConfig"));
        }
        let Some(arn) = self.on_failure.as_ref().and_then(Destination::arn) else { return Ok(()) };
        let service = arn.split(':').nth(2);
        if matches!(service, Some("sqs" | "sns" | "s3")) || (kafka && arn.starts_with("kafka://")) {
            return Ok(());
        }
        Err(Error::invalid(format!(
            "The provided destination config DestinationConfig(onSuccess=null, onFailure=OnFailure(destination={arn})) is \
             invalid."
        )))
    }
}

/// The refusal of a parameter that another kind of source has.
pub(super) fn unsupported(member: &str) -> Error {
    Error::invalid(format!("Unsupported {member} parameter for given event source mapping type."))
}

/// A list of at most so many of these words.
fn check_words(list: &[String], member: &str, most: usize, words: &[&str], violations: &mut Violations) {
    let shown = || format!("[{}]", list.join(", "));
    if list.len() > most {
        violations.add(&shown(), member, &format!("Member must have length less than or equal to {most}"));
    }
    if !list.iter().all(|word| words.contains(&word.as_str())) {
        let rule = format!("Member must satisfy enum value set: [{}]", words.join(", "));
        violations.add(&shown(), member, &format!("Member must satisfy constraint: [{rule}]"));
    }
}
