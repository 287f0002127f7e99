//! How an event or an init ended, and how AWS words it.

use bytes::Bytes;

use super::{FunctionSpec, platform::Status, runtime_api::MAX_RESPONSE_BYTES, runtimes::Unrunnable};

/// How an event ended.
pub(super) enum End {
    Response(Bytes),
    TooLarge,
    /// A streamed response that broke off, while the process lives on.
    Truncated,
    /// The runtime reported an error: of the handler, or of the init.
    Error {
        error_type: Option<String>,
        body: Bytes,
        in_init: bool,
    },
    TimedOut,
    OutOfMemory,
    /// The process is gone; why.
    Exited(String),
    /// As [`End::Exited`], before it got the event.
    Undelivered(String),
    Unrunnable(Unrunnable),
}

impl End {
    /// Whether the process can't go on after it.
    pub(super) fn is_fatal(&self) -> bool {
        match self {
            Self::Response(_) | Self::TooLarge | Self::Truncated | Self::Error { in_init: false, .. } => {
                false
            }
            Self::Error { in_init: true, .. }
            | Self::TimedOut
            | Self::OutOfMemory
            | Self::Exited(_)
            | Self::Undelivered(_)
            | Self::Unrunnable(_) => true,
        }
    }

    pub(super) fn error_type(&self) -> String {
        match self {
            Self::Response(_) => String::new(),
            Self::TooLarge => "Function.ResponseSizeTooLarge".to_owned(),
            Self::Truncated => "Runtime.TruncatedResponse".to_owned(),
            Self::Error { error_type, .. } => known_type(error_type.as_deref()),
            Self::TimedOut => "Sandbox.Timedout".to_owned(),
            Self::OutOfMemory => "Runtime.OutOfMemory".to_owned(),
            Self::Exited(_) | Self::Undelivered(_) => "Runtime.ExitError".to_owned(),
            Self::Unrunnable(why) => why.error_type.to_owned(),
        }
    }

    pub(super) fn message(&self, spec: &FunctionSpec) -> String {
        match self {
            Self::Response(_) | Self::Error { .. } => String::new(),
            Self::TooLarge => {
                format!(
                    "Response payload size exceeded maximum allowed payload size ({MAX_RESPONSE_BYTES} bytes)."
                )
            }
            Self::Truncated => "Response truncated: the runtime hung up before its end".to_owned(),
            Self::TimedOut => timed_out(spec),
            Self::OutOfMemory => "Runtime exited with error: signal: killed".to_owned(),
            Self::Exited(why) | Self::Undelivered(why) => why.clone(),
            Self::Unrunnable(why) => why.message.clone(),
        }
    }

    pub(super) fn status(&self, of_init: bool) -> Status {
        match self {
            Self::Response(_) => Status::Success,
            Self::TooLarge | Self::Error { in_init: false, .. } if !of_init => {
                Status::Handler(self.error_type())
            }
            Self::TimedOut => Status::Timeout,
            _ => Status::Error(self.error_type()),
        }
    }
}

/// AWS's supervisor only lets types of its own pattern into its records.
fn known_type(error_type: Option<&str>) -> String {
    let given = error_type.unwrap_or_default();
    let rest = given.strip_prefix("Runtime.").or_else(|| given.strip_prefix("Function."));
    let fits = rest.is_some_and(|rest| {
        rest.starts_with(|c: char| c.is_ascii_uppercase())
            && rest.len() > 1
            && rest.chars().all(|c| c.is_ascii_alphabetic())
    });
    match given {
        given if fits => given.to_owned(),
        given if given.starts_with("Function") => "Function.Unknown".to_owned(),
        _ => "Runtime.Unknown".to_owned(),
    }
}

pub(super) fn timed_out(spec: &FunctionSpec) -> String {
    format!("Task timed out after {:.2} seconds", f64::from(spec.timeout_s))
}

#[cfg(test)]
mod tests {
    use super::known_type;

    #[test]
    fn only_types_of_awss_own_pattern_are_kept() {
        assert_eq!(known_type(Some("Runtime.ImportModuleError")), "Runtime.ImportModuleError");
        assert_eq!(known_type(Some("ValueError")), "Runtime.Unknown");
        assert_eq!(known_type(Some("Function.<odd>")), "Function.Unknown");
        assert_eq!(known_type(None), "Runtime.Unknown");
    }
}
