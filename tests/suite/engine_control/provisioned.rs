//! Provisioned concurrency: environments that are there before the first event, and what AWS asks of it.

use std::{path::PathBuf, sync::Arc, time::Duration};

use lambdeck::{
    domain::secret::Secret,
    local::{
        Engine,
        exec::{self, CodeFolder, Event, Executor, FunctionSpec},
        logs::Store,
    },
};
use serde_json::{Value, json};

use super::{
    ARN, CONFLICT, FUNCTIONS, INVALID, MISSING, MODEL, Raw, Reply, ask, engine, make, options, publish, until,
};

const ABSENT: &str = "No Provisioned Concurrency Config found for this function";

fn path(name: &str, qualifier: &str) -> String {
    format!("/2019-09-30/functions/{name}/provisioned-concurrency?Qualifier={qualifier}")
}

fn put(engine: &Engine, name: &str, qualifier: &str, count: i64) -> Reply {
    let body = json!({ "ProvisionedConcurrentExecutions": count });
    ask(engine, "PUT", &path(name, qualifier), &body)
}

fn get(engine: &Engine, name: &str, qualifier: &str) -> Reply {
    ask(engine, "GET", &path(name, qualifier), &Value::Null)
}

fn delete(engine: &Engine, name: &str, qualifier: &str) -> Reply {
    ask(engine, "DELETE", &path(name, qualifier), &Value::Null)
}

fn list(engine: &Engine, name: &str) -> Value {
    let path = format!("/2019-09-30/functions/{name}/provisioned-concurrency?List=ALL");
    ask(engine, "GET", &path, &Value::Null).ok(200)["ProvisionedConcurrencyConfigs"].clone()
}

async fn ready(engine: &Engine, name: &str, qualifier: &str) -> Value {
    until("READY", || {
        let got = get(engine, name, qualifier).ok(200);
        assert_ne!(got["Status"], "FAILED", "{got}");
        (got["Status"] == "READY").then_some(got)
    })
    .await
}

fn invoke(engine: &Engine, name: &str, qualifier: &str) -> Reply {
    ask(engine, "POST", &format!("{FUNCTIONS}/{name}/invocations?Qualifier={qualifier}"), &json!(1))
}

fn alias(engine: &Engine, name: &str, alias: &str, version: &str) -> Value {
    let body = json!({ "Name": alias, "FunctionVersion": version });
    ask(engine, "POST", &format!("{FUNCTIONS}/{name}/aliases"), &body).ok(201)
}

fn update_alias(engine: &Engine, name: &str, alias: &str, body: &Value) -> Reply {
    ask(engine, "PUT", &format!("{FUNCTIONS}/{name}/aliases/{alias}"), body)
}

fn get_alias(engine: &Engine, name: &str, alias: &str) -> Value {
    ask(engine, "GET", &format!("{FUNCTIONS}/{name}/aliases/{alias}"), &Value::Null).ok(200)
}

/// How many environments a function has begun to initialise.
fn inits(engine: &Engine, name: &str) -> usize {
    let body = json!({ "logGroupName": format!("/aws/lambda/{name}"), "filterPattern": "INIT_START" });
    let asked = Raw::new(engine, "POST", "/").service("logs");
    let found = asked.header("x-amz-target", "Logs_20140328.FilterLogEvents").body(body.to_string()).send();
    found.body.matches("INIT_START").count()
}

fn unreserved(engine: &Engine) -> i64 {
    let settings = ask(engine, "GET", "/2016-08-19/account-settings", &Value::Null).ok(200);
    settings["AccountLimit"]["UnreservedConcurrentExecutions"].as_i64().unwrap()
}

fn reserve(engine: &Engine, name: &str, count: i64) -> Reply {
    let body = json!({ "ReservedConcurrentExecutions": count });
    ask(engine, "PUT", &format!("/2017-10-31/functions/{name}/concurrency"), &body)
}

#[tokio::test(flavor = "multi_thread")]
async fn environments_are_there_before_the_first_event() {
    let engine = engine().await;
    make(&engine, "fn", &[]);
    assert_eq!(publish(&engine, "fn", &[("VALUE", "one")]), "1");
    let made = put(&engine, "fn", "1", 2).ok(202);
    let counts = |of: &Value| {
        ["Requested", "Allocated", "Available"]
            .map(|what| of[format!("{what}ProvisionedConcurrentExecutions")].as_i64().unwrap())
    };
    assert_eq!((counts(&made), &made["Status"]), ([2, 0, 0], &json!("IN_PROGRESS")));
    let date = made["LastModified"].as_str().unwrap();
    assert!(date.ends_with("+0000") && date.len() == "2019-11-21T19:32:12+0000".len(), "{date}");
    let now = ready(&engine, "fn", "1").await;
    assert_eq!((counts(&now), now.get("StatusReason")), ([2, 2, 2], None));
    assert_eq!(now["LastModified"], made["LastModified"]);

    let ran = invoke(&engine, "fn", "1").ok(200);
    assert_eq!((&ran["version"], &ran["start"]), (&json!("1"), &json!("provisioned-concurrency")));
    assert_eq!(invoke(&engine, "fn", "$LATEST").ok(200)["start"], "on-demand");

    // More, then fewer.
    put(&engine, "fn", "1", 3).ok(202);
    assert_eq!(counts(&ready(&engine, "fn", "1").await), [3, 3, 3]);
    put(&engine, "fn", "1", 1).ok(202);
    assert_eq!(counts(&ready(&engine, "fn", "1").await), [1, 1, 1]);
    assert_eq!(invoke(&engine, "fn", "1").ok(200)["start"], "provisioned-concurrency");

    // A change of $LATEST is no change of the version.
    publish(&engine, "fn", &[("VALUE", "two")]);
    assert_eq!(invoke(&engine, "fn", "1").ok(200)["start"], "provisioned-concurrency");
    assert_eq!(invoke(&engine, "fn", "2").ok(200)["start"], "on-demand");

    assert_eq!(list(&engine, "fn")[0]["FunctionArn"], format!("{ARN}:fn:1"));
    delete(&engine, "fn", "1").ok(204);
    delete(&engine, "fn", "1").ok(204);
    get(&engine, "fn", "1").refused(404, "ProvisionedConcurrencyConfigNotFoundException", ABSENT);
    assert_eq!(list(&engine, "fn"), json!([]));
    assert_eq!(invoke(&engine, "fn", "1").ok(200)["start"], "on-demand");
    engine.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_ends_with_its_event_is_made_again() {
    let engine = engine().await;
    make(&engine, "fn", &[]);
    publish(&engine, "fn", &[("VALUE", "one")]);
    put(&engine, "fn", "1", 1).ok(202);
    ready(&engine, "fn", "1").await;
    let exit = format!("{FUNCTIONS}/fn/invocations?Qualifier=1");
    for round in 1..=3 {
        let failed = ask(&engine, "POST", &exit, &json!("exit")).ok(200);
        assert_eq!(failed["errorType"], "Runtime.ExitError");
        // Before another event asks for it.
        until("another init", || (inits(&engine, "fn") == round + 1).then_some(())).await;
        assert_eq!(invoke(&engine, "fn", "1").ok(200)["start"], "provisioned-concurrency");
    }
    assert_eq!(ready(&engine, "fn", "1").await["AvailableProvisionedConcurrentExecutions"], 1);
    assert_eq!(inits(&engine, "fn"), 4);
    engine.shutdown().await;
}

/// An executor alone, whose idle environments end after 20 ms.
struct Lab {
    root: tempfile::TempDir,
    executor: Arc<Executor>,
    code: Arc<CodeFolder>,
}

impl Lab {
    fn new() -> Self {
        let root = tempfile::tempdir().unwrap();
        let options = exec::Options {
            program: env!("CARGO_BIN_EXE_lambdeck").into(),
            account_id: "123456789012".into(),
            region: "eu-central-1".into(),
            logs: Arc::new(Store::default()),
            root: root.path().to_owned(),
            account_concurrency: 10,
            metrics: Arc::default(),
        };
        let executor = Executor::with_idle_after(options, Duration::from_millis(20));
        let code = Arc::new(CodeFolder::unpack(super::archive().as_ref(), root.path()).unwrap());
        Self { root, executor, code }
    }

    /// The file that the event "wait" waits for.
    fn hold(&self) -> PathBuf {
        self.root.path().join("hold")
    }

    fn spec(&self, version: &str) -> Arc<FunctionSpec> {
        Arc::new(FunctionSpec {
            name: "fn".into(),
            version: version.into(),
            arn: format!("{ARN}:fn:{version}"),
            revision: version.into(),
            runtime: "provided.al2023".into(),
            handler: "x".into(),
            memory_mb: 128,
            timeout_s: 20,
            variables: [("HOLD".to_owned(), Secret::new(self.hold().to_str().unwrap()))].into(),
            code: Arc::clone(&self.code),
            log_group: "g".into(),
            json_logs: false,
            log_levels: lambdeck::local::exec::LogLevels::default(),
            layers: Vec::new(),
        })
    }

    /// How the environment that takes this event was started.
    async fn run(&self, version: &str, payload: &'static str) -> Value {
        let event = Event::new(version, payload);
        let outcome = self.executor.invoke(&self.spec(version), None, event).await.unwrap();
        serde_json::from_slice::<Value>(&outcome.payload).unwrap()["start"].clone()
    }

    async fn provision(&self, version: &str, count: u32) {
        self.executor.provision(&self.spec(version), count);
        until("provisioned environments", || (self.ready(version) == Some(count)).then_some(())).await;
    }

    fn ready(&self, version: &str) -> Option<u32> {
        self.executor.provisioned("fn", version).map(|it| it.ready)
    }

    /// Each environment has a folder of its own, as long as it lasts.
    fn environments(&self) -> usize {
        let names = std::fs::read_dir(self.root.path()).unwrap().map(|entry| entry.unwrap().file_name());
        names.filter(|name| name.to_str().is_some_and(|name| name.starts_with("tmp-"))).count()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn it_outlasts_environments_that_are_started_on_demand() {
    let lab = Lab::new();
    lab.provision("1", 1).await;
    assert_eq!(lab.run("2", "1").await, "on-demand");
    until("the end of the other one", || (lab.environments() < 2).then_some(())).await;
    assert_eq!((lab.environments(), lab.run("1", "1").await), (1, json!("provisioned-concurrency")));
    lab.executor.retire_version("fn", "2");
    assert_eq!(lab.run("1", "1").await, "provisioned-concurrency");
    lab.executor.deprovision("fn", "1");
    assert_eq!(lab.ready("1"), None);
    until("the end of all", || (lab.environments() == 0).then_some(())).await;
    lab.executor.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_is_busy_goes_after_its_event() {
    let lab = Lab::new();
    lab.provision("1", 3).await;
    let count = |less: u32| {
        lab.executor.provision(&lab.spec("1"), less);
        std::fs::write(lab.hold(), "").unwrap();
    };
    // Two events hold two of the three; the third goes at once, and one of the two with its event.
    let (first, second, ()) = tokio::join!(lab.run("1", "\"wait\""), lab.run("1", "\"wait\""), async {
        count(1);
    });
    assert_eq!((first, second), (json!("provisioned-concurrency"), json!("provisioned-concurrency")));
    until("the end of two", || (lab.environments() == 1).then_some(())).await;
    assert_eq!((lab.ready("1"), lab.run("1", "1").await), (Some(1), json!("provisioned-concurrency")));

    // All of it ends while the last one has an event.
    std::fs::remove_file(lab.hold()).unwrap();
    let (last, ()) = tokio::join!(lab.run("1", "\"wait\""), async {
        lab.executor.deprovision("fn", "1");
        std::fs::write(lab.hold(), "").unwrap();
    });
    assert_eq!(last, "provisioned-concurrency");
    until("the end of the last", || (lab.environments() == 0).then_some(())).await;
    assert_eq!(lab.run("1", "1").await, "on-demand");
    lab.executor.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn it_is_in_progress_until_it_settles_and_fails_with_the_functions_init() {
    let engine = engine().await;
    make(&engine, "fn", &[("BREAK", "1")]);
    publish(&engine, "fn", &[("BREAK", "1")]);
    put(&engine, "fn", "1", 2).ok(202);
    let failed = until("FAILED", || {
        let got = get(&engine, "fn", "1").ok(200);
        (got["Status"] == "FAILED").then_some(got)
    })
    .await;
    assert_eq!(failed["StatusReason"], "FUNCTION_ERROR_INIT_FAILURE");
    assert_eq!(failed["AvailableProvisionedConcurrentExecutions"], 0);
    engine.shutdown().await;

    // Samples are Active from the start, so this engine has something to publish although nothing ever settles.
    let slow = lambdeck::local::Options { settle_ms: 3_600_000, samples: true, ..options() };
    let slow = Engine::start(slow).await.unwrap();
    ask(&slow, "POST", &format!("{FUNCTIONS}/greeter/versions"), &Value::Null).ok(201);
    put(&slow, "greeter", "1", 1).ok(202);
    until("a provisioned environment", || (inits(&slow, "greeter") == 1).then_some(())).await;
    // Whatever it still lacked, it has when another one has started and run.
    invoke(&slow, "greeter", "$LATEST").ok(200);
    let got = get(&slow, "greeter", "1").ok(200);
    assert_eq!(
        (&got["Status"], &got["AvailableProvisionedConcurrentExecutions"]),
        (&json!("IN_PROGRESS"), &json!(0))
    );
    slow.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn it_is_for_published_versions_and_their_aliases_once() {
    let engine = engine().await;
    make(&engine, "fn", &[]);
    publish(&engine, "fn", &[("VALUE", "one")]);
    publish(&engine, "fn", &[("VALUE", "two")]);
    let unpublished = "Provisioned Concurrency Configs cannot be applied to unpublished function versions.";
    let no_latest = "The function resource provided must be an alias or a published version.";
    put(&engine, "fn", "$LATEST", 1).refused(400, INVALID, unpublished);
    get(&engine, "fn", "$LATEST").refused(400, INVALID, no_latest);
    delete(&engine, "fn", "$LATEST").refused(400, INVALID, no_latest);
    alias(&engine, "fn", "newest", "$LATEST");
    put(&engine, "fn", "newest", 1).refused(400, INVALID, unpublished);

    let least = "1 validation error detected: Value '0' at 'provisionedConcurrentExecutions' failed to satisfy constraint: Member must have value greater than or equal to 1";
    put(&engine, "fn", "1", 0).refused(400, MODEL, least);
    let unqualified = "/2019-09-30/functions/fn/provisioned-concurrency";
    let body = json!({ "ProvisionedConcurrentExecutions": 1 });
    ask(&engine, "PUT", unqualified, &body).assert(400, MODEL, "Value null at 'qualifier'");
    let nothing = |qualifier: &str| format!("Function not found: {ARN}:fn:{qualifier}");
    put(&engine, "fn", "7", 1).refused(404, MISSING, &nothing("7"));
    get(&engine, "fn", "7").refused(404, MISSING, &nothing("7"));
    let no_alias = format!("Cannot find alias arn: {ARN}:fn:live");
    put(&engine, "fn", "live", 1).refused(404, MISSING, &no_alias);
    get(&engine, "fn", "live").refused(404, MISSING, &no_alias);
    get(&engine, "none", "1").refused(404, MISSING, &format!("Function not found: {ARN}:none:1"));

    alias(&engine, "fn", "live", "1");
    alias(&engine, "fn", "other", "1");
    put(&engine, "fn", "live", 1).ok(202);
    put(&engine, "fn", "1", 1).refused(
        409,
        CONFLICT,
        "Version is pointed by a Provisioned Concurrency alias",
    );
    let already =
        "Alias can't be used for Provisioned Concurrency configuration on an already Provisioned version";
    put(&engine, "fn", "other", 1).refused(409, CONFLICT, already);
    put(&engine, "fn", "2", 1).ok(202);
    update_alias(&engine, "fn", "live", &json!({ "FunctionVersion": "2" })).refused(409, CONFLICT, already);
    update_alias(&engine, "fn", "live", &json!({ "FunctionVersion": "$LATEST" })).refused(
        400,
        INVALID,
        unpublished,
    );
    assert_eq!(get_alias(&engine, "fn", "live")["FunctionVersion"], "1");
    assert_eq!(get_alias(&engine, "fn", "live").get("RoutingConfig"), None);

    let arns: Vec<_> =
        list(&engine, "fn").as_array().unwrap().iter().map(|it| it["FunctionArn"].clone()).collect();
    assert_eq!(arns, [json!(format!("{ARN}:fn:2")), json!(format!("{ARN}:fn:live"))]);
    // Weights and provisioned concurrency go together, but it can't be changed then.
    let weights = json!({ "RoutingConfig": { "AdditionalVersionWeights": { "2": 0.1 } } });
    update_alias(&engine, "fn", "live", &weights).ok(200);
    put(&engine, "fn", "live", 2).refused(
        400,
        INVALID,
        "Alias with weights can not be used with Provisioned Concurrency",
    );

    // It goes with what it is for.
    ask(&engine, "DELETE", &format!("{FUNCTIONS}/fn/aliases/live"), &Value::Null).ok(204);
    ask(&engine, "DELETE", &format!("{FUNCTIONS}/fn?Qualifier=2"), &Value::Null).ok(204);
    assert_eq!(list(&engine, "fn"), json!([]));
    assert_eq!(unreserved(&engine), 100);
    engine.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn it_counts_against_the_reserved_and_the_accounts_concurrency() {
    let engine = engine().await;
    make(&engine, "fn", &[]);
    make(&engine, "other", &[]);
    publish(&engine, "fn", &[("VALUE", "one")]);
    publish(&engine, "fn", &[("VALUE", "two")]);
    assert_eq!(unreserved(&engine), 100);
    reserve(&engine, "other", 85).ok(200);

    // 100 in all, 85 reserved, 10 must stay.
    let low = "Specified ConcurrentExecutions for function decreases account's UnreservedConcurrentExecution below its minimum value of [10].";
    let high =
        "Specified ConcurrentExecutions for function is greater than account's unreserved concurrency [15].";
    let refused = put(&engine, "fn", "1", 16);
    refused.refused(400, INVALID, high);
    assert!(!refused.body.contains("Type"), "{}", refused.body);
    put(&engine, "fn", "1", 15).refused(400, INVALID, low);
    put(&engine, "fn", "1", 6).refused(400, INVALID, low);
    put(&engine, "fn", "1", 5).ok(202);
    assert_eq!(unreserved(&engine), 10);
    put(&engine, "fn", "1", 2).ok(202);
    put(&engine, "fn", "2", 4).refused(400, INVALID, low);
    put(&engine, "fn", "2", 3).ok(202);
    reserve(&engine, "other", 86).assert(400, INVALID, "below its minimum value of [10]");
    reserve(&engine, "other", 80).ok(200);

    // What is provisioned is a part of the function's own reservation.
    let floor = " ReservedConcurrentExecutions  4 should not be lower than function's total provisioned concurrency [5].";
    reserve(&engine, "fn", 4).refused(400, INVALID, floor);
    reserve(&engine, "fn", 0).assert(400, INVALID, "should not be lower");
    reserve(&engine, "fn", 5).ok(200);
    assert_eq!(unreserved(&engine), 15);
    let over = "Requested Provisioned Concurrency should not be greater than the reservedConcurrentExecution for function";
    put(&engine, "fn", "1", 3).refused(400, INVALID, over);
    put(&engine, "fn", "1", 2).ok(202);
    engine.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_provisioned_is_no_longer_there_for_others() {
    let engine = engine().await;
    make(&engine, "fn", &[]);
    publish(&engine, "fn", &[("VALUE", "one")]);
    reserve(&engine, "fn", 1).ok(200);
    put(&engine, "fn", "1", 1).ok(202);
    ready(&engine, "fn", "1").await;
    let throttled = invoke(&engine, "fn", "$LATEST");
    throttled.refused(429, "TooManyRequestsException", "Rate Exceeded.");
    assert!(throttled.body.contains(r#""Reason":"ReservedFunctionConcurrentInvocationLimitExceeded""#));
    assert_eq!(invoke(&engine, "fn", "1").ok(200)["start"], "provisioned-concurrency");
    delete(&engine, "fn", "1").ok(204);
    assert_eq!(invoke(&engine, "fn", "$LATEST").ok(200)["start"], "on-demand");
    engine.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_alias_keeps_its_old_version_until_the_new_one_is_ready() {
    let engine = engine().await;
    let folder = tempfile::tempdir().unwrap();
    let gate = folder.path().join("gate");
    make(&engine, "fn", &[]);
    publish(&engine, "fn", &[("VALUE", "one")]);
    publish(&engine, "fn", &[("VALUE", "two"), ("GATE", gate.to_str().unwrap())]);
    alias(&engine, "fn", "live", "1");
    put(&engine, "fn", "live", 1).ok(202);
    ready(&engine, "fn", "live").await;

    let moved = update_alias(&engine, "fn", "live", &json!({ "FunctionVersion": "2" })).ok(200);
    let all_old = json!({ "AdditionalVersionWeights": { "1": 1.0 } });
    assert_eq!((&moved["FunctionVersion"], &moved["RoutingConfig"]), (&json!("2"), &all_old));
    assert_eq!(get_alias(&engine, "fn", "live"), moved);
    let status = get(&engine, "fn", "live").ok(200);
    assert_eq!(
        (&status["Status"], &status["AllocatedProvisionedConcurrentExecutions"]),
        (&json!("IN_PROGRESS"), &json!(0))
    );
    let ran = invoke(&engine, "fn", "live").ok(200);
    assert_eq!((&ran["version"], &ran["start"]), (&json!("1"), &json!("provisioned-concurrency")));
    put(&engine, "fn", "live", 2).assert(400, INVALID, "Alias with weights");
    ask(&engine, "DELETE", &format!("{FUNCTIONS}/fn?Qualifier=1"), &Value::Null).refused(
        409,
        CONFLICT,
        "Unable to delete version because the following aliases reference it: [live]",
    );

    std::fs::write(&gate, "").unwrap();
    let there = until("the end of the move", || {
        let got = get_alias(&engine, "fn", "live");
        got.get("RoutingConfig").is_none().then_some(got)
    })
    .await;
    assert_ne!(there["RevisionId"], moved["RevisionId"]);
    assert_eq!(ready(&engine, "fn", "live").await["AvailableProvisionedConcurrentExecutions"], 1);
    let ran = invoke(&engine, "fn", "live").ok(200);
    assert_eq!((&ran["version"], &ran["start"]), (&json!("2"), &json!("provisioned-concurrency")));
    assert_eq!(invoke(&engine, "fn", "1").ok(200)["start"], "on-demand");

    // Weights of one's own are left alone.
    let canary =
        json!({ "FunctionVersion": "1", "RoutingConfig": { "AdditionalVersionWeights": { "2": 0.25 } } });
    let routed = update_alias(&engine, "fn", "live", &canary).ok(200);
    ready(&engine, "fn", "live").await;
    assert_eq!(get_alias(&engine, "fn", "live"), routed);
    assert_eq!(routed["RoutingConfig"]["AdditionalVersionWeights"], json!({ "2": 0.25 }));
    engine.shutdown().await;
}
