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

/// Whether an operation only reads. What is not known counts as a write. Live Tail and the queries of Logs Insights are
/// billed, but change nothing: whoever is on call with a session that only reads needs them most.
fn reads(operation: &str) -> bool {
    ["Get", "List", "Describe", "Filter", "AssumeRole", "StartLiveTail", "StartQuery", "StopQuery"]
        .iter()
        .any(|prefix| operation.starts_with(prefix))
}

/// Whether an operation may leave.
fn check(read_only: bool, operation: &str, admitted: Option<&str>) -> Result<(), Refusal> {
    let invokes = matches!(operation, "Invoke" | "InvokeWithResponseStream");
    let allowed = reads(operation) || (!read_only && (invokes || admitted == Some(operation)));
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
    use crate::cloud::{Kind, Session, Spec};

    #[test]
    fn what_is_not_known_to_read_needs_the_mark_of_its_own_operation() {
        for operation in [
            "ListFunctions",
            "GetFunction",
            "FilterLogEvents",
            "DescribeLogGroups",
            "GetCallerIdentity",
            "StartLiveTail",
            "StartQuery",
            "StopQuery",
        ] {
            assert!(check(true, operation, None).is_ok(), "{operation}");
        }
        for operation in
            ["UpdateFunctionConfiguration", "DeleteFunction", "PutRetentionPolicy", "CreateLogGroup"]
        {
            assert!(check(false, operation, None).is_err(), "{operation}");
            assert!(check(false, operation, Some("UpdateAlias")).is_err(), "{operation}");
            assert!(check(false, operation, Some(operation)).is_ok(), "{operation}");
            assert!(check(true, operation, Some(operation)).is_err(), "{operation}");
        }
        for operation in ["Invoke", "InvokeWithResponseStream"] {
            assert!(check(false, operation, None).is_ok(), "{operation}");
            assert!(check(true, operation, None).is_err(), "{operation}");
        }
        assert!(check(false, "InvokeAsync", None).is_err());
    }

    /// Calls the SDK's clients past the door.
    macro_rules! refused {
        ($session:expr, $client:ident: $($operation:ident)*) => {$(
            let error = $session.$client().$operation().send().await.unwrap_err();
            let error = $session.read_error("do that", &error);
            let kind = if $session.spec().read_only { Kind::ReadOnly } else { Kind::Invalid };
            assert_eq!(error.kind, kind, "{error}");
            assert!(error.message.contains("was not sent"), "{error}");
        )*};
    }

    #[tokio::test]
    async fn past_the_door_nothing_that_changes_something_leaves() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        for read_only in [false, true] {
            let session = Session::open(&Spec {
                region: Some("eu-west-1".into()),
                endpoint_url: Some(format!("http://{}", listener.local_addr().unwrap())),
                keys: Some(("AKID".into(), "secret".into())),
                read_only,
                ..Spec::default()
            })
            .await
            .unwrap();
            refused!(session, lambda:
                create_alias delete_alias delete_function delete_function_concurrency
                delete_function_event_invoke_config delete_provisioned_concurrency_config publish_version
                put_function_concurrency put_function_event_invoke_config put_provisioned_concurrency_config
                tag_resource untag_resource update_alias update_function_configuration update_function_code
                create_function add_permission remove_permission create_event_source_mapping
                update_event_source_mapping delete_event_source_mapping create_function_url_config
                put_function_recursion_config put_runtime_management_config publish_layer_version
            );
            refused!(session, logs:
                put_retention_policy delete_retention_policy delete_log_group delete_log_stream create_log_group
                put_log_events put_subscription_filter delete_subscription_filter tag_resource untag_resource
            );
            refused!(session, schemas:
                create_registry update_registry delete_registry create_schema update_schema delete_schema
                delete_schema_version put_resource_policy delete_resource_policy create_discoverer
                update_discoverer delete_discoverer start_discoverer stop_discoverer put_code_binding
                tag_resource untag_resource
            );
        }
        let connection = listener.accept().unwrap_err();
        assert_eq!(connection.kind(), std::io::ErrorKind::WouldBlock, "nothing connected");
    }

    /// The mark goes with one request: the next one has none.
    #[tokio::test]
    async fn the_mark_is_for_one_request() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let session = Session::open(&Spec {
            region: Some("eu-west-1".into()),
            endpoint_url: Some(format!("http://{}", listener.local_addr().unwrap())),
            keys: Some(("AKID".into(), "secret".into())),
            ..Spec::default()
        })
        .await
        .unwrap();
        let request = || session.lambda().delete_function_concurrency().function_name("f");
        // Another operation's mark does not help.
        let error = request().customize().interceptor(Admit("UpdateAlias")).send().await.unwrap_err();
        assert_eq!(session.read_error("do that", &error).kind, Kind::Invalid);
        assert!(listener.accept().is_err());
        let sent = tokio::spawn(request().customize().interceptor(Admit("DeleteFunctionConcurrency")).send());
        let connected = async {
            while listener.accept().is_err() {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(std::time::Duration::from_secs(20), connected).await.unwrap();
        sent.abort();
        let error = request().send().await.unwrap_err();
        assert_eq!(session.read_error("do that", &error).kind, Kind::Invalid);
        assert!(listener.accept().is_err());
    }
}
