//! The lock below the one door where changes leave ([`super::write`]): whatever code sends a request, what is not known
//! to only read does not go out without the mark that the door puts on it.

use std::fmt;

use aws_smithy_runtime_api::{
    box_error::BoxError,
    client::{
        interceptors::{
            Intercept,
            context::{BeforeSerializationInterceptorContextMut, BeforeSerializationInterceptorContextRef},
            dyn_dispatch_hint,
        },
        orchestrator::Metadata,
        runtime_components::RuntimeComponents,
    },
};
use aws_smithy_types::config_bag::{ConfigBag, Storable, StoreReplace};

/// Every client has it. Refuses what is not allowed before anything is sent.
#[derive(Debug)]
pub(super) struct Guard {
    /// Refuse everything that is not known to only read.
    pub(super) read_only: bool,
}

/// Why an operation was refused.
#[derive(Debug)]
pub(super) struct Refusal {
    operation: String,
    /// Whether that is because the session is read-only.
    pub(super) read_only: bool,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.read_only {
            write!(f, "this session is read-only, {} was not sent", self.operation)
        } else {
            write!(f, "nobody agreed to {}: it was not sent", self.operation)
        }
    }
}

impl std::error::Error for Refusal {}

/// Puts the mark on one request of this operation.
#[derive(Debug)]
pub(super) struct Admit(pub(super) &'static str);

/// The mark: somebody agreed to one request of this operation.
#[derive(Debug)]
struct Admitted(&'static str);

impl Storable for Admitted {
    type Storer = StoreReplace<Self>;
}

/// Whether an operation only reads. What is not known counts as a write.
fn reads(operation: &str) -> bool {
    ["Get", "List", "Describe", "Filter", "AssumeRole", "StartLiveTail"]
        .iter()
        .any(|prefix| operation.starts_with(prefix))
}

/// Whether an operation may leave.
fn check(read_only: bool, operation: &str, admitted: Option<&str>) -> Result<(), Refusal> {
    let allowed = reads(operation) || (!read_only && (operation == "Invoke" || admitted == Some(operation)));
    if allowed { Ok(()) } else { Err(Refusal { operation: operation.to_owned(), read_only }) }
}

#[dyn_dispatch_hint]
impl Intercept for Guard {
    fn name(&self) -> &'static str {
        "Guard"
    }

    // Not `read_before_execution`: the operation's name is not there yet.
    fn read_before_serialization(
        &self,
        _: &BeforeSerializationInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        cfg: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let operation = cfg.load::<Metadata>().map_or("an unnamed operation", Metadata::name);
        let admitted = cfg.load::<Admitted>().map(|admitted| admitted.0);
        Ok(check(self.read_only, operation, admitted)?)
    }
}

#[dyn_dispatch_hint]
impl Intercept for Admit {
    fn name(&self) -> &'static str {
        "Admit"
    }

    // All interceptors' `modify_before_serialization` run before the first `read_before_serialization`.
    fn modify_before_serialization(
        &self,
        _: &mut BeforeSerializationInterceptorContextMut<'_>,
        _: &RuntimeComponents,
        cfg: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        cfg.interceptor_state().store_put(Admitted(self.0));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_known_to_read_needs_the_mark_of_its_own_operation() {
        for operation in
            ["ListFunctions", "GetFunction", "FilterLogEvents", "DescribeLogGroups", "GetCallerIdentity"]
        {
            assert!(check(true, operation, None).is_ok(), "{operation}");
        }
        for operation in ["UpdateFunctionConfiguration", "DeleteFunction", "PutRetentionPolicy", "StartQuery"]
        {
            assert!(check(false, operation, None).is_err(), "{operation}");
            assert!(check(false, operation, Some("UpdateAlias")).is_err(), "{operation}");
            assert!(check(false, operation, Some(operation)).is_ok(), "{operation}");
            assert!(check(true, operation, Some(operation)).is_err(), "{operation}");
        }
        assert!(check(false, "Invoke", None).is_ok());
        assert!(check(true, "Invoke", None).is_err());
    }
}
