//! The Overview tab: every field of the configuration, in groups.

use jiff::{Timestamp, tz::TimeZone};

use crate::domain::{
    format,
    function::{Details, Function},
    runtimes, text,
};

/// One line of the Overview.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Line {
    /// A group's title.
    Group(&'static str),
    /// A field.
    Field {
        /// Its name, as the console calls it.
        label: String,
        /// Its value.
        value: String,
        /// Whether it needs attention.
        warn: bool,
    },
}

/// Columns of the labels at most, with the margins around them.
pub const LABEL: usize = 26;

/// The columns that are left for values.
pub fn value_columns(columns: usize) -> usize {
    columns - LABEL.min(columns / 2)
}

impl Line {
    /// The rows it takes on a screen of so many columns: long values wrap.
    pub fn rows(&self, columns: usize) -> usize {
        match self {
            Self::Group(_) => 1,
            Self::Field { value, .. } => text::rows(value, value_columns(columns)),
        }
    }
}

/// The lines of a function.
pub fn lines(details: &Details, now: Timestamp, zone: &TimeZone) -> Vec<Line> {
    let function = &details.configuration;
    let mut lines = Lines::default();
    general(&mut lines, function, now, zone);
    lines.group("Runtime");
    runtime(&mut lines, function, now);
    lines.group("Resources");
    lines.field("Memory", function.memory_mb.map(|mb| format!("{mb} MB")));
    lines.field("Timeout", function.timeout_s.map(format::timeout));
    lines.field("Ephemeral storage", function.ephemeral_storage_mb.map(|mb| format!("{mb} MB")));
    match details.reserved_concurrency {
        Some(0) => lines.warning("Reserved concurrency", "0: every invocation is throttled"),
        reserved => {
            let text =
                reserved.map_or_else(|| "none, shares the account's".to_owned(), |number| number.to_string());
            lines.field("Reserved concurrency", Some(text));
        }
    }
    lines.field("Capacity provider", function.capacity_provider_arn.clone());
    lines.field("Tenant isolation", function.tenant_isolation_mode.clone());
    lines.group("Code");
    lines.field("Package type", function.package_type.clone());
    lines.field("Code size", Some(format::bytes(function.code_size)));
    lines.field("Code SHA-256", function.code_sha256.clone());
    lines.field("Image URI", details.image_uri.clone());
    for layer in &function.layers {
        lines.field("Layer", Some(format!("{} ({})", layer.arn, format::bytes(layer.code_size))));
    }
    lines.field("Signing profile", function.signing_profile_version_arn.clone());
    lines.field("Signing job", function.signing_job_arn.clone());
    lines.group("Permissions and network");
    lines.field("Execution role", function.role.clone());
    lines.field("KMS key", function.kms_key_arn.clone());
    if let Some(vpc) = &function.vpc {
        lines.field("VPC", Some(vpc.vpc_id.clone()));
        lines.field("Subnets", Some(vpc.subnet_ids.join(", ")));
        lines.field("Security groups", Some(vpc.security_group_ids.join(", ")));
    }
    for system in &function.file_systems {
        lines.field("File system", Some(format!("{} at {}", system.arn, system.local_mount_path)));
    }
    lines.group("Logs and errors");
    lines.field("Log group", Some(function.log_group()));
    if let Some(logging) = &function.logging {
        lines.field("Log format", logging.log_format.clone());
        lines.field("Application log level", logging.application_log_level.clone());
        lines.field("System log level", logging.system_log_level.clone());
    }
    lines.field("Tracing", function.tracing.clone());
    lines.field("Dead-letter queue", function.dead_letter_arn.clone());
    if !details.tags.is_empty() || details.tags_error.is_some() {
        lines.group("Tags");
        for (key, value) in &details.tags {
            lines.field(key.clone(), Some(value.clone()));
        }
        if let Some(error) = &details.tags_error {
            lines.warning("Tags", error);
        }
    }
    lines.0
}

fn general(lines: &mut Lines, function: &Function, now: Timestamp, zone: &TimeZone) {
    lines.group("General");
    lines.field("Name", Some(function.name.clone()));
    lines.field("Description", function.description.clone());
    lines.field("ARN", Some(function.arn.clone()));
    lines.field("Version", function.version.clone());
    lines.field("Last modified", function.last_modified.as_deref().map(|text| modified(text, now, zone)));
    let state = &function.state;
    let with_reason = |word: Option<&String>, reason: Option<&String>| {
        word.map(|word| reason.map_or_else(|| word.clone(), |reason| format!("{word}: {reason}")))
    };
    lines.field("State", with_reason(state.state.as_ref(), state.reason.as_ref()));
    lines.field("State reason code", state.reason_code.clone());
    let update = with_reason(state.last_update_status.as_ref(), state.last_update_status_reason.as_ref());
    if state.last_update_status.as_deref() == Some("Failed") {
        lines.warning("Last update", update.as_deref().unwrap_or_default());
    } else {
        lines.field("Last update", update);
    }
    lines.field("Last update code", state.last_update_status_reason_code.clone());
    lines.field("Revision id", function.revision_id.clone());
    lines.field("Main function", function.master_arn.clone());
}

fn runtime(lines: &mut Lines, function: &Function, now: Timestamp) {
    if let Some(runtime) = &function.runtime {
        match runtimes::status(runtime, now.to_zoned(TimeZone::UTC).date()) {
            runtimes::Status::Deprecated { since } => {
                lines.warning("Runtime", &format!("{runtime} (deprecated since {since})"));
            }
            runtimes::Status::Supported { until: Some(until) } => {
                lines.field("Runtime", Some(format!("{runtime} (supported until {until})")));
            }
            runtimes::Status::Supported { until: None } | runtimes::Status::Unknown => {
                lines.field("Runtime", Some(runtime.clone()));
            }
        }
    }
    lines.field("Runtime version", function.runtime_version_arn.clone());
    lines.field("Handler", function.handler.clone());
    lines.field(
        "Architecture",
        (!function.architectures.is_empty()).then(|| function.architectures.join(", ")),
    );
    if let Some(image) = &function.image {
        lines.field("Entry point", (!image.entry_point.is_empty()).then(|| image.entry_point.join(" ")));
        lines.field("Command", (!image.command.is_empty()).then(|| image.command.join(" ")));
        lines.field("Working directory", image.working_directory.clone());
    }
    if let Some(snap) = &function.snap_start {
        let status =
            snap.optimization_status.as_ref().map(|status| format!(" ({status})")).unwrap_or_default();
        lines.field("SnapStart", snap.apply_on.as_ref().map(|on| format!("{on}{status}")));
    }
}

fn modified(text: &str, now: Timestamp, zone: &TimeZone) -> String {
    format::parse_last_modified(text).map_or_else(
        || text.to_owned(),
        |at| format!("{} ({})", format::date_time(at, zone), format::age(now, at)),
    )
}

#[derive(Default)]
struct Lines(Vec<Line>);

impl Lines {
    fn group(&mut self, title: &'static str) {
        self.0.push(Line::Group(title));
    }

    fn field(&mut self, label: impl Into<String>, value: Option<String>) {
        if let Some(value) = value.filter(|value| !value.is_empty()) {
            self.0.push(Line::Field { label: label.into(), value, warn: false });
        }
    }

    fn warning(&mut self, label: &str, value: &str) {
        self.0.push(Line::Field { label: label.into(), value: value.into(), warn: true });
    }
}
