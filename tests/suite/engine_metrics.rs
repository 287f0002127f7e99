//! CloudWatch metrics of the local engine: what functions really did, as the Rust SDK and boto3 read it.

use std::{
    collections::BTreeMap,
    io::Write as _,
    path::Path,
    process::Command,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use aws_config::{BehaviorVersion, Region, retry::RetryConfig};
use aws_credential_types::Credentials;
use aws_sdk_cloudwatch::{
    Client as CloudWatch,
    primitives::DateTime,
    types::{Dimension, Metric, MetricDataQuery, MetricStat, StandardUnit, Statistic},
};
use aws_sdk_lambda::{
    Client,
    primitives::Blob,
    types::{
        AliasRoutingConfiguration, Environment, FunctionCode, InvocationType, LogType,
        ProvisionedConcurrencyStatusEnum, Runtime,
    },
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use lambdeck::local::Engine;
use serde_json::{Value, json};

use crate::support::{
    emulators::python,
    engine::{client, options},
};

/// The event "fail" fails; "wait" leaves a file beside HOLD and takes until HOLD is there.
const BOOTSTRAP: &str = r#"#!/bin/bash
api="$AWS_LAMBDA_RUNTIME_API"
shopt -s nocasematch
call() {
  exec 3<>"/dev/tcp/${api%:*}/${api##*:}"
  printf '%s /2018-06-01/runtime/%s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\nContent-Length: %s\r\n\r\n%s' \
    "$1" "$2" "$api" "${#3}" "$3" >&3
  length=0
  while IFS= read -r line <&3; line="${line%$'\r'}"; [ -n "$line" ]; do
    case "$line" in
      lambda-runtime-aws-request-id:*) id="${line#*: }" ;;
      content-length:*) length="${line#*: }" ;;
    esac
  done
  body="$(head -c "$length" <&3)"
  exec 3>&-
}
while true; do
  call GET invocation/next ''
  if [ "$body" = '"wait"' ]; then
    : > "$HOLD.$id"
    while [ ! -e "$HOLD" ]; do sleep 0.01; done
  fi
  if [ "$body" = '"fail"' ]; then
    call POST "invocation/$id/error" '{"errorMessage":"it fails","errorType":"Oops"}'
  else
    call POST "invocation/$id/response" null
  fi
done
"#;

/// An engine, who asks it, and a folder that functions can be held with.
struct Lab {
    engine: Engine,
    lambda: Client,
    cloudwatch: CloudWatch,
    folder: tempfile::TempDir,
    begun: i64,
}

fn now() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs().try_into().unwrap()
}

/// An invocation that was answered.
struct Answered {
    version: String,
    /// In milliseconds, from its REPORT line.
    duration: f64,
}

impl Lab {
    async fn new() -> Self {
        let engine = Engine::start(options()).await.unwrap();
        let (id, secret) = (engine.access_key_id(), engine.secret_access_key().reveal());
        let config = aws_sdk_cloudwatch::Config::builder()
            .behavior_version(BehaviorVersion::v2026_01_12())
            .region(Region::new(engine.region().to_owned()))
            .endpoint_url(engine.endpoint_url())
            .credentials_provider(Credentials::new(id, secret, None, None, "test"))
            .retry_config(RetryConfig::disabled())
            .build();
        let folder = tempfile::tempdir().unwrap();
        let cloudwatch = CloudWatch::from_conf(config);
        Self { lambda: client(&engine), cloudwatch, engine, folder, begun: now() }
    }

    async fn create(&self, name: &str) {
        let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
        let executable = zip::write::SimpleFileOptions::default().unix_permissions(0o755);
        zip.start_file("bootstrap", executable).unwrap();
        zip.write_all(BOOTSTRAP.as_bytes()).unwrap();
        let zip = Blob::new(zip.finish().unwrap().into_inner());
        let hold = self.hold(name);
        self.lambda
            .create_function()
            .function_name(name)
            .runtime(Runtime::Providedal2023)
            .handler("x")
            .role("arn:aws:iam::123456789012:role/test")
            .timeout(60)
            .environment(Environment::builder().variables("HOLD", hold.to_str().unwrap()).build())
            .code(FunctionCode::builder().zip_file(zip).build())
            .send()
            .await
            .unwrap();
    }

    /// A new version, and an alias for it where one is named.
    async fn publish(&self, name: &str, alias: Option<&str>) -> String {
        let made = self.lambda.publish_version().function_name(name).send().await.unwrap();
        let version = made.version().unwrap().to_owned();
        if let Some(alias) = alias {
            let create = self.lambda.create_alias().function_name(name).name(alias);
            create.function_version(&version).send().await.unwrap();
        }
        version
    }

    async fn invoke(&self, target: &str, event: &Value) -> Answered {
        let invoke = self.lambda.invoke().function_name(target).log_type(LogType::Tail);
        let answer = invoke.payload(Blob::new(event.to_string())).send().await.unwrap();
        assert_eq!(answer.function_error().is_some(), event == "fail");
        let log = String::from_utf8(STANDARD.decode(answer.log_result().unwrap()).unwrap()).unwrap();
        let duration = log.split("\tDuration: ").nth(1).and_then(|rest| rest.split(" ms").next()).unwrap();
        Answered {
            version: answer.executed_version().unwrap().to_owned(),
            duration: duration.parse().unwrap(),
        }
    }

    fn hold(&self, name: &str) -> std::path::PathBuf {
        self.folder.path().join(name)
    }

    /// Begins invocations that go on until the function is let go, and returns once all of them run.
    async fn held(&self, target: &str, count: usize) -> Vec<tokio::task::JoinHandle<()>> {
        let name = target.split(':').next().unwrap();
        let waiting = || {
            let files = std::fs::read_dir(self.folder.path()).unwrap();
            let names = files.map(|file| file.unwrap().file_name().into_string().unwrap());
            names.filter(|file| file.starts_with(&format!("{name}."))).count()
        };
        let before = waiting();
        let invocation = |_| {
            let invoke = self.lambda.invoke().function_name(target).payload(Blob::new("\"wait\""));
            tokio::spawn(async move {
                invoke.send().await.unwrap();
            })
        };
        let held = (0..count).map(invocation).collect();
        until("the functions run", async || (waiting() == before + count).then_some(())).await;
        held
    }

    async fn let_go(&self, name: &str, held: Vec<tokio::task::JoinHandle<()>>) {
        std::fs::write(self.hold(name), "").unwrap();
        for invocation in held {
            invocation.await.unwrap();
        }
    }

    /// A statistic of everything since the lab began, as GetMetricData says; none where there is no datapoint.
    async fn all(&self, metric: &str, stat: &str, dimensions: &[(&str, &str)]) -> Option<f64> {
        let answer = self
            .cloudwatch
            .get_metric_data()
            .metric_data_queries(query("m", metric, stat, dimensions))
            .start_time(DateTime::from_secs(self.begun))
            .end_time(DateTime::from_secs(self.begun + 3600))
            .send()
            .await
            .unwrap();
        let result = &answer.metric_data_results()[0];
        assert_eq!(result.timestamps().len(), result.values().len());
        assert!(result.values().len() <= 1, "{result:?}");
        result.values().first().copied()
    }

    async fn sums(&self, dimensions: &[(&str, &str)]) -> [Option<f64>; 3] {
        [
            self.all("Invocations", "Sum", dimensions).await,
            self.all("Errors", "Sum", dimensions).await,
            self.all("Throttles", "Sum", dimensions).await,
        ]
    }
}

fn dimension((name, value): &(&str, &str)) -> Dimension {
    Dimension::builder().name(*name).value(*value).build()
}

fn query(id: &str, metric: &str, stat: &str, dimensions: &[(&str, &str)]) -> MetricDataQuery {
    let metric = Metric::builder()
        .namespace("AWS/Lambda")
        .metric_name(metric)
        .set_dimensions(Some(dimensions.iter().map(dimension).collect()));
    let stat = MetricStat::builder().metric(metric.build()).period(3600).stat(stat).build();
    MetricDataQuery::builder().id(id).metric_stat(stat).build()
}

/// Asks again and again until there is an answer.
async fn until<T>(what: &str, done: impl AsyncFn() -> Option<T>) -> T {
    let found = async {
        loop {
            match done().await {
                Some(found) => break found,
                None => tokio::time::sleep(Duration::from_millis(5)).await,
            }
        }
    };
    tokio::time::timeout(Duration::from_mins(1), found)
        .await
        .unwrap_or_else(|_| panic!("not in time: {what}"))
}

fn near(one: Option<f64>, other: f64, tolerance: f64) {
    let one = one.unwrap();
    assert!((one - other).abs() <= tolerance, "{one} and {other}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_ran_is_counted_exactly_under_each_dimension() {
    let lab = Lab::new().await;
    lab.create("f").await;
    lab.create("g").await;
    let version = lab.publish("f", Some("live")).await;
    assert_eq!(lab.sums(&[]).await, [None; 3]);

    let (good, fail) = (json!({}), json!("fail"));
    let mut durations = Vec::new();
    for (target, event, times) in
        [("f", &good, 3), ("f:live", &fail, 2), ("f:live", &good, 4), ("f:1", &good, 1), ("g", &fail, 1)]
    {
        for _ in 0..times {
            let answered = lab.invoke(target, event).await;
            if target != "g" {
                durations.push(answered.duration);
            }
        }
    }
    let stream = lab.lambda.invoke_with_response_stream().function_name("g").payload(Blob::new("{}"));
    let mut stream = stream.send().await.unwrap().event_stream;
    while stream.recv().await.unwrap().is_some() {}

    let f = ("FunctionName", "f");
    let executed = ("ExecutedVersion", version.as_str());
    for (dimensions, invocations, errors) in [
        (&[][..], 12.0, 3.0),
        (&[f], 10.0, 2.0),
        (&[("FunctionName", "g")], 2.0, 1.0),
        (&[f, ("Resource", "f")], 3.0, 0.0),
        (&[f, ("Resource", "f:live")], 6.0, 2.0),
        (&[executed, ("Resource", "f:live"), f], 6.0, 2.0),
        (&[f, ("Resource", "f:1")], 1.0, 0.0),
    ] {
        let sums = lab.sums(dimensions).await;
        assert_eq!(sums, [Some(invocations), Some(errors), Some(0.0)], "{dimensions:?}");
        assert_eq!(lab.all("Errors", "SampleCount", dimensions).await, Some(invocations));
        near(lab.all("Errors", "Average", dimensions).await, errors / invocations, 1e-12);
        assert_eq!(
            lab.all("ConcurrentExecutions", "Maximum", dimensions).await.is_some(),
            dimensions.len() < 3
        );
    }
    assert_eq!(lab.sums(&[f, ("Resource", "f:2")]).await, [None; 3]);

    // The durations are those of the REPORT lines.
    durations.sort_by(f64::total_cmp);
    near(lab.all("Duration", "Sum", &[f]).await, durations.iter().sum(), 1e-6);
    near(lab.all("Duration", "Minimum", &[f]).await, durations[0], 1e-9);
    near(lab.all("Duration", "Maximum", &[f]).await, durations[9], 1e-9);
    near(lab.all("Duration", "p50", &[f]).await, durations[4], durations[4] / 100.0);
    near(lab.all("Duration", "p90", &[f]).await, durations[8], durations[8] / 100.0);

    let answer = lab
        .cloudwatch
        .get_metric_statistics()
        .namespace("AWS/Lambda")
        .metric_name("Duration")
        .dimensions(dimension(&f))
        .start_time(DateTime::from_secs(lab.begun))
        .end_time(DateTime::from_secs(lab.begun + 3600))
        .period(3600)
        .statistics(Statistic::Sum)
        .statistics(Statistic::SampleCount)
        .send()
        .await
        .unwrap();
    let [point] = answer.datapoints() else { panic!("{answer:?}") };
    assert_eq!((point.sample_count(), point.unit()), (Some(10.0), Some(&StandardUnit::Milliseconds)));
    assert_eq!(point.timestamp().unwrap().secs(), lab.begun / 60 * 60, "rounded down to the minute");
    near(point.sum(), durations.iter().sum(), 1e-6);
    lab.engine.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_refused_is_throttled_and_what_was_held_is_concurrency() {
    let lab = Lab::new().await;
    lab.create("busy").await;
    lab.create("free").await;
    let reserve = lab.lambda.put_function_concurrency().function_name("busy");
    reserve.reserved_concurrent_executions(3).send().await.unwrap();
    lab.publish("busy", Some("live")).await;

    let held = lab.held("busy:live", 3).await;
    lab.invoke("free", &json!({})).await;
    for _ in 0..5 {
        let refused = lab.lambda.invoke().function_name("busy:live").send().await.unwrap_err();
        assert!(refused.into_service_error().is_too_many_requests_exception());
    }
    let busy = [("FunctionName", "busy")];
    let live = [busy[0], ("Resource", "busy:live")];
    assert_eq!(lab.all("Invocations", "Sum", &busy).await, None, "an invocation counts when it has ended");
    assert_eq!(lab.all("ConcurrentExecutions", "Maximum", &live).await, Some(3.0), "but is under way before");
    lab.let_go("busy", held).await;
    for dimensions in [&busy[..], &live] {
        assert_eq!(lab.sums(dimensions).await, [Some(3.0), Some(0.0), Some(5.0)]);
        assert_eq!(lab.all("ConcurrentExecutions", "Maximum", dimensions).await, Some(3.0));
    }
    assert_eq!(lab.sums(&[]).await, [Some(4.0), Some(0.0), Some(5.0)]);
    assert_eq!(lab.all("ConcurrentExecutions", "Maximum", &[]).await, Some(4.0));
    assert_eq!(lab.all("UnreservedConcurrentExecutions", "Maximum", &[]).await, Some(1.0));
    assert_eq!(lab.all("ProvisionedConcurrencyInvocations", "Sum", &[]).await, None);
    lab.engine.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_at_once_add_up_and_never_pass_the_limit() {
    let lab = Lab::new().await;
    lab.create("many").await;
    let reserve = lab.lambda.put_function_concurrency().function_name("many");
    reserve.reserved_concurrent_executions(4).send().await.unwrap();
    let invocations: Vec<_> = (0..100)
        .map(|_| {
            let invoke = lab.lambda.invoke().function_name("many").payload(Blob::new("{}"));
            tokio::spawn(async move { invoke.send().await.is_ok() })
        })
        .collect();
    let mut ran = 0;
    for invocation in invocations {
        ran += i32::from(invocation.await.unwrap());
    }
    let sums = lab.sums(&[("FunctionName", "many")]).await;
    assert_eq!(sums, [Some(ran.into()), Some(0.0), Some((100 - ran).into())]);
    let most = lab.all("ConcurrentExecutions", "Maximum", &[("FunctionName", "many")]).await.unwrap();
    assert!((1.0..=4.0).contains(&most), "{most}");
    lab.engine.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_caller_who_hangs_up_does_not_lose_an_invocation() {
    let lab = Lab::new().await;
    lab.create("left").await;
    for held in lab.held("left", 2).await {
        held.abort();
        assert!(held.await.unwrap_err().is_cancelled());
    }
    std::fs::write(lab.hold("left"), "").unwrap();
    until("both are counted", async || {
        (lab.all("Invocations", "Sum", &[("FunctionName", "left")]).await == Some(2.0)).then_some(())
    })
    .await;
    lab.engine.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_alias_with_weights_shows_which_version_ran() {
    let lab = Lab::new().await;
    lab.create("split").await;
    let one = lab.publish("split", None).await;
    let change = lab.lambda.update_function_configuration().function_name("split").description("second");
    change.send().await.unwrap();
    let two = lab.publish("split", None).await;
    assert_ne!(one, two);
    let routing = AliasRoutingConfiguration::builder().additional_version_weights(&two, 0.5).build();
    let make = lab.lambda.create_alias().function_name("split").name("live").function_version(&one);
    make.routing_config(routing).send().await.unwrap();
    let mut ran: BTreeMap<String, f64> = BTreeMap::new();
    for _ in 0..20 {
        *ran.entry(lab.invoke("split:live", &json!({})).await.version).or_default() += 1.0;
    }
    let live = [("FunctionName", "split"), ("Resource", "split:live")];
    for version in [&one, &two] {
        let dimensions = [live[0], live[1], ("ExecutedVersion", version.as_str())];
        let counted = lab.all("Invocations", "Sum", &dimensions).await;
        assert_eq!(counted, ran.get(version).copied(), "version {version} of {ran:?}");
    }
    assert_eq!(lab.all("Invocations", "Sum", &live).await, Some(20.0));
    lab.engine.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn provisioned_concurrency_and_what_spills_over() {
    let lab = Lab::new().await;
    lab.create("ready").await;
    lab.publish("ready", Some("live")).await;
    let put = lab.lambda.put_provisioned_concurrency_config().function_name("ready").qualifier("live");
    put.provisioned_concurrent_executions(1).send().await.unwrap();
    until("it is provisioned", async || {
        let get = lab.lambda.get_provisioned_concurrency_config().function_name("ready").qualifier("live");
        let status = get.send().await.unwrap().status().cloned();
        (status == Some(ProvisionedConcurrencyStatusEnum::Ready)).then_some(())
    })
    .await;
    // One after the other: the second has no provisioned environment left.
    let mut held = lab.held("ready:live", 1).await;
    held.extend(lab.held("ready:live", 1).await);
    lab.let_go("ready", held).await;
    lab.invoke("ready", &json!({})).await;
    let live = [("FunctionName", "ready"), ("Resource", "ready:live")];
    assert_eq!(lab.all("ProvisionedConcurrencyInvocations", "Sum", &live).await, Some(1.0));
    assert_eq!(lab.all("ProvisionedConcurrencySpilloverInvocations", "Sum", &live).await, Some(1.0));
    assert_eq!(lab.all("ProvisionedConcurrentExecutions", "Maximum", &live).await, Some(1.0));
    assert_eq!(lab.all("ConcurrentExecutions", "Maximum", &live).await, Some(2.0));
    assert_eq!(lab.all("ProvisionedConcurrencyInvocations", "Sum", &live[..1]).await, Some(1.0));
    lab.engine.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn events_of_the_queue_are_received_and_dropped() {
    let lab = Lab::new().await;
    lab.create("later").await;
    let put = lab.lambda.put_function_event_invoke_config().function_name("later");
    put.maximum_retry_attempts(0).send().await.unwrap();
    for event in ["{}", "\"fail\"", "{}"] {
        let invoke = lab.lambda.invoke().function_name("later").invocation_type(InvocationType::Event);
        invoke.payload(Blob::new(event)).send().await.unwrap();
    }
    let later = [("FunctionName", "later")];
    assert_eq!(lab.all("AsyncEventsReceived", "Sum", &later).await, Some(3.0));
    until("one is dropped", async || lab.all("AsyncEventsDropped", "Sum", &later).await).await;
    until("all ran", async || (lab.sums(&later).await == [Some(3.0), Some(1.0), Some(0.0)]).then_some(()))
        .await;
    assert_eq!(lab.all("AsyncEventsDropped", "Sum", &[]).await, Some(1.0));
    lab.engine.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn each_protocol_says_the_same() {
    let Some(python) = tokio::task::spawn_blocking(python).await.unwrap() else { return };
    let lab = Lab::new().await;
    lab.create("f").await;
    lab.publish("f", Some("live")).await;
    let mut durations = Vec::new();
    for event in ["ok", "ok", "fail", "ok"] {
        durations.push(lab.invoke("f:live", &json!(event)).await.duration);
    }
    let reserve = lab.lambda.put_function_concurrency().function_name("f").reserved_concurrent_executions(0);
    reserve.send().await.unwrap();
    lab.lambda.invoke().function_name("f").send().await.unwrap_err();

    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/python/metrics.py");
    let mut command = Command::new(python);
    command
        .arg(script)
        .args(["f", &lab.begun.to_string(), &(lab.begun + 3600).to_string()])
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("AWS_ENDPOINT_URL", lab.engine.endpoint_url())
        .env("AWS_ACCESS_KEY_ID", lab.engine.access_key_id())
        .env("AWS_SECRET_ACCESS_KEY", lab.engine.secret_access_key().reveal())
        .env("AWS_DEFAULT_REGION", lab.engine.region())
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .env("PYTHONDONTWRITEBYTECODE", "1");
    let output = tokio::task::spawn_blocking(move || command.output()).await.unwrap().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let read: BTreeMap<String, Value> = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(read.len(), 3);
    let cbor = &read["smithy-rpc-v2-cbor"];
    for (protocol, got) in &read {
        for (part, value) in got.as_object().unwrap() {
            assert_eq!(value, &cbor[part], "{part} over {protocol}");
        }
    }

    let at = json!([lab.begun / 60 * 60]);
    let (sum, most) = (lab.all("Duration", "Sum", &[("FunctionName", "f")]).await, durations.iter().copied());
    let most = most.fold(0.0, f64::max);
    near(sum, durations.iter().sum(), 1e-6);
    assert_eq!(
        cbor["data"],
        json!([
            ["invocations", "Invocations", "Complete", at, [4.0]],
            ["errors", "Errors", "Complete", at, [1.0]],
            ["throttles", "Throttles", "Complete", at, [1.0]],
            ["slowest", "Duration", "Complete", at, [most]],
            ["duration", "Duration", "Complete", at, [sum.unwrap()]],
            ["rate", "Error rate (%)", "Complete", at, [25.0]],
        ])
    );
    assert_eq!(cbor["pages"], json!(6));
    let point = &cbor["statistics"][1][0];
    assert_eq!((&point["SampleCount"], &point["Unit"]), (&json!(4.0), &json!("Milliseconds")));
    assert_eq!((&point["Sum"], &point["Maximum"]), (&json!(sum.unwrap()), &json!(most)));
    assert_eq!(cbor["extended"][0]["ExtendedStatistics"]["p99.9"], json!(most));
    assert_eq!(cbor["listed"].as_array().unwrap().len(), 3, "{}", cbor["listed"]);
    assert_eq!(cbor["elsewhere"], json!([]));
    let refusals: Vec<String> = cbor["refusals"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| format!("{} {} {}", it[0], it[1].as_str().unwrap(), it[2].as_str().unwrap_or_default()))
        .collect();
    assert_eq!(
        refusals,
        [
            "400 InvalidParameterCombination You have requested up to 3,600 datapoints, which exceeds the limit of \
             1,440. You may reduce the datapoints requested by increasing Period, or decreasing the time range.",
            "400 MissingParameter The parameter Namespace is required.",
            "400 ValidationError The parameter MetricDataQueries.member.1.MetricStat is required.\n",
            "400 InvalidNextToken The next token specified is invalid.",
            "501 NotImplemented The local engine has no operation 'PutMetricData'.",
            "501 NotImplemented The local engine has no operation 'DescribeAlarms'.",
            "403 SignatureDoesNotMatch ",
            "403 InvalidClientTokenId The security token included in the request is invalid.",
        ]
    );
    lab.engine.shutdown().await;
}
