//! Functions that isolate their tenants.

use std::time::Duration;

use aws_sdk_lambda::{
    error::ProvideErrorMetadata as _,
    primitives::Blob,
    types::{InvocationType, LogFormat, LoggingConfig, TenancyConfig, TenantIsolationMode},
};
use serde_json::{Value, json};

use super::{FUNCTIONS, INVALID, MODEL, Raw, archive64, ask, client, creation, engine, logs_client, make};

const WITHOUT: &str = "The invoked function is enabled with tenancy configuration. Add a valid tenant ID in your request \
                       and try again.";
const WITH: &str = "The invoked function is not enabled with tenancy configuration. Remove the tenant ID from your request \
                    and try again.";

fn tenancy() -> TenancyConfig {
    TenancyConfig::builder().tenant_isolation_mode(TenantIsolationMode::PerTenant).build().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn tenancy_is_set_at_creation_shown_and_kept() {
    let engine = engine().await;
    let client = client(&engine);
    let made = creation(&client, "shared").tenancy_config(tenancy()).publish(true).send().await.unwrap();
    let isolation = |config: Option<&TenancyConfig>| config.map(|it| it.tenant_isolation_mode().clone());
    let per_tenant = Some(TenantIsolationMode::PerTenant);
    assert_eq!(isolation(made.tenancy_config()), per_tenant);
    make(&engine, "plain", &[]);
    client.update_function_configuration().function_name("shared").timeout(9).send().await.unwrap();
    let got = client.get_function().function_name("shared").send().await.unwrap();
    assert_eq!(isolation(got.configuration().unwrap().tenancy_config()), per_tenant);
    let got =
        client.get_function_configuration().function_name("shared").qualifier("1").send().await.unwrap();
    assert_eq!(isolation(got.tenancy_config()), per_tenant);
    let listed = client.list_functions().send().await.unwrap();
    let modes: Vec<_> =
        listed.functions().iter().map(|function| isolation(function.tenancy_config())).collect();
    assert_eq!(modes, [None, per_tenant]);

    // It cannot be changed: UpdateFunctionConfiguration does not know it.
    let path = format!("{FUNCTIONS}/plain/configuration");
    let config = json!({ "TenancyConfig": { "TenantIsolationMode": "PER_TENANT" } });
    let changed = ask(&engine, "PUT", &path, &config).ok(200);
    assert_eq!(changed["TenancyConfig"], Value::Null);

    let create = |tenancy: Value, more: Value| {
        let mut made = json!({
            "FunctionName": "bad", "Runtime": "python3.13", "Handler": "x", "TenancyConfig": tenancy,
            "Role": "arn:aws:iam::123456789012:role/test", "Code": { "ZipFile": archive64() },
        });
        made.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        ask(&engine, "POST", FUNCTIONS, &made)
    };
    let at = "1 validation error detected: Value";
    let member = "at 'tenancyConfig.tenantIsolationMode' failed to satisfy constraint: Member must";
    create(json!({}), json!({})).refused(400, MODEL, &format!("{at} null {member} not be null"));
    let odd = create(json!({ "TenantIsolationMode": "SHARED" }), json!({}));
    odd.refused(400, MODEL, &format!("{at} 'SHARED' {member} satisfy enum value set: [PER_TENANT]"));
    let both = create(
        json!({ "TenantIsolationMode": "PER_TENANT" }),
        json!({ "SnapStart": { "ApplyOn": "PublishedVersions" } }),
    );
    both.assert(400, INVALID, "SnapStart is not supported");
    let path = "/2019-09-30/functions/shared/provisioned-concurrency?Qualifier=1";
    let provisioned = ask(&engine, "PUT", path, &json!({ "ProvisionedConcurrentExecutions": 1 }));
    provisioned.assert(400, INVALID, "Provisioned concurrency is not supported");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invocation_names_its_tenant_where_there_are_any() {
    let engine = engine().await;
    let client = client(&engine);
    creation(&client, "shared").tenancy_config(tenancy()).send().await.unwrap();
    make(&engine, "plain", &[]);
    let invoke = |name: &str, tenant: Option<&str>| {
        client.invoke().function_name(name).set_tenant_id(tenant.map(str::to_owned))
    };
    let done = invoke("shared", Some("acme")).send().await.unwrap();
    assert_eq!(done.function_error(), None);
    for (name, tenant, message) in [("shared", None, WITHOUT), ("plain", Some("acme"), WITH)] {
        let streamed = client.invoke_with_response_stream().function_name(name);
        let streamed = streamed.set_tenant_id(tenant.map(str::to_owned)).send().await.unwrap_err();
        assert_eq!((streamed.code(), streamed.message()), (Some(INVALID), Some(message)));
        for kind in [InvocationType::RequestResponse, InvocationType::Event, InvocationType::DryRun] {
            let error = invoke(name, tenant).invocation_type(kind).send().await.unwrap_err();
            assert_eq!((error.code(), error.message()), (Some(INVALID), Some(message)));
        }
    }
    let path = format!("{FUNCTIONS}/shared/invocations");
    let raw = |tenant: &str| Raw::new(&engine, "POST", &path).header("x-amz-tenant-id", tenant).send();
    raw(&"t".repeat(256)).ok(200);
    raw("a.b_c:d/e=f+g-h@i j").ok(200);
    let constraint = "failed to satisfy constraint: Member must";
    let long = "t".repeat(257);
    let message = format!(
        "1 validation error detected: Value '{long}' at 'tenantId' {constraint} have length less than or equal to 256"
    );
    raw(&long).refused(400, MODEL, &message);
    raw("a,b").assert(
        400,
        MODEL,
        "Value 'a,b' at 'tenantId' failed to satisfy constraint: Member must satisfy regular",
    );
    engine.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn json_logs_name_the_tenant_of_an_event() {
    let engine = engine().await;
    let client = client(&engine);
    let json_logs = LoggingConfig::builder().log_format(LogFormat::Json).build();
    let creation = creation(&client, "shared").tenancy_config(tenancy()).logging_config(json_logs);
    creation.send().await.unwrap();
    let invoke = client.invoke().function_name("shared").tenant_id("acme").payload(Blob::new("1"));
    invoke.invocation_type(InvocationType::Event).send().await.unwrap();
    let logs = logs_client(&engine);
    let request = logs.filter_log_events().log_group_name("/aws/lambda/shared");
    let reported = async {
        loop {
            let found = request.clone().send().await.map(|found| found.events.unwrap_or_default());
            let events = found.unwrap_or_default();
            let records: Vec<Value> =
                events.iter().filter_map(|event| serde_json::from_str(event.message()?).ok()).collect();
            if records.iter().any(|record| record["type"] == "platform.report") {
                return records;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    let records = tokio::time::timeout(Duration::from_secs(20), reported).await.unwrap();
    let tenant = |kind: &str| {
        let record = records.iter().find(|record| record["type"] == kind);
        record.unwrap_or_else(|| panic!("{kind} in {records:?}"))["record"]["tenantId"].clone()
    };
    assert_eq!(tenant("platform.initStart"), Value::Null);
    assert_eq!((tenant("platform.start"), tenant("platform.report")), (json!("acme"), json!("acme")));
    engine.shutdown().await;
}
