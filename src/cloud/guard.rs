//! The one door where writes leave: in a read-only session it is shut.

use std::fmt;

use aws_smithy_runtime_api::{
    box_error::BoxError,
    client::{
        interceptors::{Intercept, context::BeforeSerializationInterceptorContextRef, dyn_dispatch_hint},
        orchestrator::Metadata,
        runtime_components::RuntimeComponents,
    },
};
use aws_smithy_types::config_bag::ConfigBag;

/// Refuses every operation that is not known to only read, before anything is sent.
#[derive(Debug)]
pub(super) struct ReadOnly;

/// Why an operation was refused.
#[derive(Debug)]
pub(super) struct ReadOnlyRefusal {
    operation: String,
}

impl fmt::Display for ReadOnlyRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "this session is read-only, {} was not sent", self.operation)
    }
}

impl std::error::Error for ReadOnlyRefusal {}

/// Whether an operation only reads. What is not known counts as a write.
fn reads(operation: &str) -> bool {
    ["Get", "List", "Describe", "Filter", "AssumeRole", "StartLiveTail"]
        .iter()
        .any(|prefix| operation.starts_with(prefix))
}

#[dyn_dispatch_hint]
impl Intercept for ReadOnly {
    fn name(&self) -> &'static str {
        "ReadOnly"
    }

    // Not `read_before_execution`: the operation's name is not there yet.
    fn read_before_serialization(
        &self,
        _: &BeforeSerializationInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        cfg: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let operation = cfg.load::<Metadata>().map_or("an unnamed operation", Metadata::name);
        if reads(operation) {
            Ok(())
        } else {
            Err(ReadOnlyRefusal { operation: operation.to_owned() }.into())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::reads;

    #[test]
    fn what_is_not_known_to_read_is_refused() {
        for operation in
            ["ListFunctions", "GetFunction", "FilterLogEvents", "DescribeLogGroups", "GetCallerIdentity"]
        {
            assert!(reads(operation), "{operation}");
        }
        for operation in
            ["Invoke", "UpdateFunctionConfiguration", "DeleteFunction", "PutRetentionPolicy", "StartQuery"]
        {
            assert!(!reads(operation), "{operation}");
        }
    }
}
