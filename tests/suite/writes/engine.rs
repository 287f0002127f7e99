//! Each change, done on the local engine and taken back; and what two who change the same thing see.

use lambdeck::cloud::{Kind, compare};
use lambdeck::domain::compare::Side;
use lambdeck::domain::name::FunctionRef;
use proptest::prelude::*;

use super::*;

#[tokio::test]
async fn variables_are_changed_and_changed_back() {
    let stage = Stage::new().await;
    let (none, one) = (Variables::new(), variables(&[("A1", "x"), ("TOKEN", CANARY)]));
    let two = variables(&[("A1", "é\n\"y\""), ("B1", "")]);
    for (before, after) in [(&none, &one), (&one, &two), (&two, &one), (&one, &none)] {
        let change = Change::Environment { before: before.clone(), after: after.clone() };
        let written = stage.write(change.clone()).await.unwrap();
        let details = stage.settled().await;
        assert_eq!(change.is_done(&details), Some(true));
        let environment = details.configuration.environment.unwrap_or_default();
        assert_eq!(environment.variables, *after);
        assert!(written.revision_id.is_some());
        let answered = written.function.unwrap();
        assert_eq!(answered.environment.unwrap_or_default().variables, *after);
    }
}

/// Another value for each setting that the engine can keep.
fn other_settings() -> Vec<(Setting, &'static str)> {
    vec![
        (Setting::Description, "another one"),
        (Setting::Memory, "1024"),
        (Setting::Timeout, "900"),
        (Setting::EphemeralStorage, "1024"),
        (Setting::Runtime, "python3.14"),
        (Setting::Handler, "other.handler"),
        (Setting::SnapStart, "PublishedVersions"),
        (Setting::Role, "arn:aws:iam::123456789012:role/other"),
        (Setting::KmsKey, "arn:aws:kms:eu-west-1:123456789012:key/0123"),
        (Setting::Subnets, "subnet-1\nsubnet-2"),
        (Setting::SecurityGroups, "sg-1"),
        (Setting::Ipv6, "true"),
        (
            Setting::FileSystems,
            "arn:aws:elasticfilesystem:eu-west-1:123456789012:access-point/fsap-0123456789abcdef0 /mnt/data",
        ),
        (Setting::LogFormat, "JSON"),
        (Setting::ApplicationLogLevel, "WARN"),
        (Setting::SystemLogLevel, "DEBUG"),
        (Setting::LogGroup, "/other/group"),
        (Setting::Tracing, "Active"),
        (Setting::DeadLetter, "arn:aws:sqs:eu-west-1:123456789012:letters"),
    ]
}

async fn change_settings(stage: &Stage, pairs: &[(Setting, &str)]) {
    let before = Settings::of(&stage.settled().await.configuration);
    let mut after = before.clone();
    for (setting, text) in pairs {
        after.set(*setting, *text);
    }
    let change = Change::Settings { before: before.clone(), after: after.clone() };
    stage.write(change.clone()).await.unwrap();
    let now = Settings::of(&stage.settled().await.configuration);
    for (setting, _) in pairs {
        assert_eq!(now.get(*setting), after.get(*setting), "{setting:?}");
    }
    stage.write(change.inverse().unwrap()).await.unwrap();
    assert_eq!(Settings::of(&stage.settled().await.configuration), before, "{pairs:?}");
}

#[tokio::test]
async fn every_setting_is_changed_and_changed_back() {
    let stage = Stage::new().await;
    let settings = other_settings();
    let alone = |setting: &Setting| {
        !["VpcConfig", "FileSystemConfigs", "LoggingConfig"]
            .iter()
            .any(|block| setting.member().starts_with(block))
    };
    for pair in settings.iter().filter(|(setting, _)| alone(setting)) {
        change_settings(&stage, &[*pair]).await;
    }
    // Those that need each other.
    let block = |block: &str| -> Vec<_> {
        settings.iter().copied().filter(|(setting, _)| setting.member().starts_with(block)).collect()
    };
    let (vpc, systems, logging) = (block("VpcConfig"), block("FileSystemConfigs"), block("LoggingConfig"));
    change_settings(&stage, &vpc).await;
    change_settings(&stage, &[vpc, systems].concat()).await;
    change_settings(&stage, &logging).await;
    change_settings(&stage, &settings).await;
}

#[tokio::test]
async fn a_part_of_a_block_leaves_the_rest_of_it() {
    let stage = Stage::new().await;
    let set = async |pairs: &[(Setting, &str)]| {
        let before = Settings::of(&stage.settled().await.configuration);
        let mut after = before.clone();
        for (setting, text) in pairs {
            after.set(*setting, *text);
        }
        stage.write(Change::Settings { before, after: after.clone() }).await.unwrap();
        (Settings::of(&stage.settled().await.configuration), after)
    };
    set(&[(Setting::LogFormat, "JSON"), (Setting::SystemLogLevel, "WARN"), (Setting::LogGroup, "/g")]).await;
    let (now, wanted) = set(&[(Setting::ApplicationLogLevel, "ERROR")]).await;
    assert_eq!(now, wanted);
    // Empty takes the function's own group.
    let (now, _) = set(&[(Setting::LogGroup, "")]).await;
    assert_eq!(now.get(Setting::LogGroup), Some("/aws/lambda/checkout"));
    assert_eq!(now.get(Setting::SystemLogLevel), Some("WARN"));
    set(&[(Setting::Subnets, "subnet-1"), (Setting::SecurityGroups, "sg-1"), (Setting::Ipv6, "true")]).await;
    let (now, wanted) = set(&[(Setting::SecurityGroups, "sg-1\nsg-2")]).await;
    assert_eq!(now, wanted);
}

#[tokio::test]
async fn only_what_differs_is_sent() {
    let stage = Stage::new().await;
    let before = Settings::of(&stage.read().await.configuration);
    let mut after = before.clone();
    after.set(Setting::Memory, "256");
    stage.write(Change::Settings { before, after }).await.unwrap();
    let sent = stage.server.requests("UpdateFunctionConfiguration")[0].json();
    let members: Vec<&String> = sent.as_object().unwrap().keys().collect();
    assert_eq!(members, ["MemorySize", "RevisionId"]);
}

#[tokio::test]
async fn concurrency_is_changed_and_changed_back() {
    let stage = Stage::new().await;
    for (before, after) in [(None, Some(5)), (Some(5), Some(0)), (Some(0), Some(7)), (Some(7), None)] {
        stage.write(Change::ReservedConcurrency { before, after }).await.unwrap();
        assert_eq!(stage.read().await.reserved_concurrency, after);
    }
    let extras = stage.session.extras(FUNCTION).await;
    let account = extras.account.unwrap();
    assert_eq!((account.limit, account.unreserved), (100, 100));

    let version = stage.publish("first").await;
    let mut now = None;
    for after in [Some(1), Some(2), None] {
        let change = Change::ProvisionedConcurrency { qualifier: version.clone(), before: now, after };
        stage.write(change.clone()).await.unwrap();
        let releases = stage.session.releases(FUNCTION).await.unwrap();
        assert_eq!(change.is_released(&releases), Some(true), "{releases:?}");
        now = after;
    }
}

#[tokio::test]
async fn asynchronous_invocation_is_changed_and_changed_back() {
    let stage = Stage::new().await;
    let version = stage.publish("first").await;
    let one = EventInvoke {
        maximum_retry_attempts: Some(0),
        maximum_event_age_s: Some(60),
        ..EventInvoke::default()
    };
    let two = EventInvoke {
        maximum_retry_attempts: Some(2),
        maximum_event_age_s: None,
        on_failure: Some("arn:aws:sqs:eu-west-1:123456789012:failed".into()),
        on_success: None,
    };
    for qualifier in [None, Some(version)] {
        for (before, after) in [(None, Some(&one)), (Some(&one), Some(&two)), (Some(&two), None)] {
            let (before, after) = (before.cloned(), after.cloned());
            let change = Change::EventInvoke { qualifier: qualifier.clone(), before, after: after.clone() };
            stage.write(change).await.unwrap();
            let expected: Vec<_> =
                after.into_iter().map(|it| (qualifier.clone().unwrap_or("$LATEST".into()), it)).collect();
            assert_eq!(stage.session.extras(FUNCTION).await.event_invoke, Ok(expected));
        }
    }
}

#[tokio::test]
async fn tags_are_changed_and_changed_back() {
    let stage = Stage::new().await;
    let text = |text: &str| Some(text.to_owned());
    for (before, after) in [(None, text("a b/é")), (text("a b/é"), text("")), (text(""), None)] {
        let change = Change::Tag { key: "team:x y".into(), before, after };
        stage.write(change.clone()).await.unwrap();
        assert_eq!(change.is_done(&stage.read().await), Some(true), "{change:?}");
    }
}

#[tokio::test]
async fn versions_and_aliases_are_made_moved_and_deleted() {
    let stage = Stage::new().await;
    let (one, two) = (stage.publish("first").await, stage.publish("second").await);
    assert_eq!((one.as_str(), two.as_str()), ("1", "2"));
    let described =
        |alias: Option<Alias>| alias.map(|alias| Alias { description: "who serves".into(), ..alias });
    let steps = [
        None,
        alias("1", None),
        alias("1", Some(("2", 0.1))),
        described(alias("2", None)),
        alias("2", Some(("1", 0.25))),
        described(alias("1", None)),
        None,
    ];
    for pair in steps.windows(2) {
        let now = stage.session.releases(FUNCTION).await.unwrap().alias("live").cloned();
        let before =
            pair[0].clone().map(|before| Alias { revision_id: now.and_then(|it| it.revision_id), ..before });
        let change = Change::Alias { name: "live".into(), before, after: pair[1].clone() };
        stage.write(change.clone()).await.unwrap();
        let releases = stage.session.releases(FUNCTION).await.unwrap();
        assert_eq!(change.is_released(&releases), Some(true), "{change:?} {releases:?}");
        let description = releases.alias("live").map(|alias| alias.description.clone());
        assert_eq!(description, pair[1].as_ref().map(|alias| alias.description.clone()));
    }
    let releases = stage.session.releases(FUNCTION).await.unwrap();
    let versions: Vec<_> =
        releases.versions.iter().filter_map(|version| version.version.as_deref()).collect();
    assert_eq!(versions, ["$LATEST", "2", "1"]);
    let change = Change::DeleteVersion { version: "1".into() };
    stage.write(change.clone()).await.unwrap();
    assert_eq!(change.is_released(&stage.session.releases(FUNCTION).await.unwrap()), Some(true));
    assert!(stage.read().await.configuration.name == FUNCTION, "the function itself stays");
}

#[tokio::test]
async fn a_version_that_an_alias_uses_stays_and_the_alias_is_named() {
    let stage = Stage::new().await;
    stage.publish("first").await;
    stage.publish("second").await;
    let canary = Change::Alias { name: "live".into(), before: None, after: alias("2", Some(("1", 0.1))) };
    stage.write(canary).await.unwrap();
    let order = order(Change::DeleteVersion { version: "1".into() });
    let error = write(&stage.session, &order).await.unwrap_err();
    assert_eq!(error.kind, Kind::Conflict);
    assert!(error.message.contains("version 1 of checkout is used by the alias live"), "{error}");
    assert_eq!(stage.server.count("DeleteFunction"), 0);
}

#[tokio::test]
async fn more_versions_than_a_page_holds_are_read_newest_first() {
    let stage = Stage::new().await;
    for memory in 0..52 {
        stage
            .lambda()
            .update_function_configuration()
            .function_name(FUNCTION)
            .memory_size(200 + memory)
            .send()
            .await
            .unwrap();
        stage.settled().await;
        stage.lambda().publish_version().function_name(FUNCTION).send().await.unwrap();
    }
    let releases = stage.session.releases(FUNCTION).await.unwrap();
    let versions: Vec<_> = releases.versions.iter().filter_map(|version| version.version.clone()).collect();
    let expected: Vec<String> = std::iter::once("$LATEST".into())
        .chain((1..=52).rev().map(|version: u32| version.to_string()))
        .collect();
    assert_eq!(versions, expected);
    assert!(stage.server.count("ListVersionsByFunction") > 1);
}

#[tokio::test]
async fn the_retention_of_a_log_group_is_changed_and_changed_back() {
    let stage = Stage::new().await;
    let group = "/aws/lambda/checkout";
    let missing = stage.session.log_retention(group).await.unwrap_err();
    assert_eq!(missing.kind, Kind::NotFound);
    let logs = {
        let keys = (stage.engine.access_key_id(), stage.engine.secret_access_key().reveal());
        let config = aws_sdk_cloudwatchlogs::Config::builder()
            .behavior_version(BehaviorVersion::v2026_01_12())
            .region(aws_sdk_cloudwatchlogs::config::Region::new(REGION))
            .endpoint_url(stage.engine.endpoint_url())
            .credentials_provider(Credentials::new(keys.0, keys.1, None, None, "test"))
            .build();
        aws_sdk_cloudwatchlogs::Client::from_conf(config)
    };
    for name in [group, "/aws/lambda/checkout-2"] {
        logs.create_log_group().log_group_name(name).send().await.unwrap();
    }
    for (before, after) in [(None, Some(7)), (Some(7), Some(3653)), (Some(3653), None)] {
        stage.write(Change::LogRetention { group: group.into(), before, after }).await.unwrap();
        assert_eq!(stage.session.log_retention(group).await.unwrap(), after);
        assert_eq!(stage.session.log_retention("/aws/lambda/checkout-2").await.unwrap(), None);
    }
}

#[tokio::test]
async fn a_stale_revision_changes_nothing() {
    let stage = Stage::new().await;
    let old = stage.read().await.configuration;
    stage.lambda().update_function_configuration().function_name(FUNCTION).timeout(10).send().await.unwrap();
    let now = stage.settled().await.configuration;
    assert_ne!(old.revision_id, now.revision_id);
    // What is to be changed is still what it was: the service alone notices.
    let mut after = Settings::of(&old);
    let before = after.clone();
    after.set(Setting::Memory, "512");
    for change in [
        Change::Settings { before, after },
        Change::Environment { before: Variables::new(), after: variables(&[("A1", "x")]) },
        Change::Publish { description: String::new(), code_sha256: old.code_sha256.clone() },
    ] {
        let order = Order { revision_id: old.revision_id.clone(), ..order(change) };
        let sent = changing(&stage.server);
        let error = write(&stage.session, &order).await.unwrap_err();
        assert_eq!(error.kind, Kind::Stale, "{error}");
        // A revision can be compared before it is sent where all of the function is meant.
        let expected = if matches!(order.change, Change::Publish { .. }) { sent } else { sent + 1 };
        assert_eq!(changing(&stage.server), expected);
    }
    assert_eq!(stage.settled().await.configuration, now);
}

/// What somebody else does meanwhile, and a change that was made before that.
#[tokio::test]
async fn what_somebody_else_changed_meanwhile_is_noticed_before_it_is_overwritten() {
    let stage = Stage::new().await;
    stage.publish("first").await;
    stage.publish("second").await;
    let other = stage.lambda();
    let arn = stage.read().await.configuration.arn;
    other
        .put_function_concurrency()
        .function_name(FUNCTION)
        .reserved_concurrent_executions(3)
        .send()
        .await
        .unwrap();
    other.tag_resource().resource(arn).tags("team", "b").send().await.unwrap();
    other
        .put_function_event_invoke_config()
        .function_name(FUNCTION)
        .maximum_retry_attempts(0)
        .send()
        .await
        .unwrap();
    other.create_alias().function_name(FUNCTION).name("live").function_version("2").send().await.unwrap();
    other
        .put_provisioned_concurrency_config()
        .function_name(FUNCTION)
        .qualifier("2")
        .provisioned_concurrent_executions(2)
        .send()
        .await
        .unwrap();
    stage.settled().await;
    other
        .update_function_configuration()
        .function_name(FUNCTION)
        .memory_size(2048)
        .environment(aws_sdk_lambda::types::Environment::builder().variables("TOKEN", CANARY).build())
        .send()
        .await
        .unwrap();
    stage.settled().await;

    let retries = |it| Some(EventInvoke { maximum_retry_attempts: Some(it), ..EventInvoke::default() });
    let live = || "live".to_owned();
    let cases = [
        (Change::ReservedConcurrency { before: Some(5), after: Some(6) }, "it is now 3"),
        (Change::ReservedConcurrency { before: None, after: Some(0) }, "it is now 3"),
        (
            Change::ProvisionedConcurrency { qualifier: "2".into(), before: None, after: Some(1) },
            "it is now 2",
        ),
        (
            Change::ProvisionedConcurrency { qualifier: "1".into(), before: Some(1), after: None },
            "it is now not set",
        ),
        (Change::EventInvoke { qualifier: None, before: None, after: retries(1) }, "it is now set otherwise"),
        (Change::Tag { key: "team".into(), before: Some("a".into()), after: None }, "it is now b"),
        (Change::Tag { key: "stage".into(), before: Some("a".into()), after: None }, "it is now not there"),
        (Change::Alias { name: live(), before: alias("1", None), after: None }, "it is now 2"),
        (
            Change::Alias { name: live(), before: alias("1", None), after: alias("1", Some(("2", 0.5))) },
            "it is now 2",
        ),
        (Change::Alias { name: live(), before: None, after: alias("1", None) }, "it is now 2"),
        (
            Change::Alias { name: "old".into(), before: alias("1", None), after: alias("2", None) },
            "it is now gone",
        ),
        (Change::DeleteVersion { version: "3".into() }, "it is now gone"),
        (
            Change::Environment {
                before: variables(&[("TOKEN", "canary-6b1f-old"), ("A1", "")]),
                after: variables(&[]),
            },
            "changed meanwhile (A1, TOKEN)",
        ),
        (
            Change::Settings {
                before: settings(&[(Setting::Memory, "128")]),
                after: settings(&[(Setting::Memory, "256")]),
            },
            "Memory of checkout changed meanwhile, it is now 2048",
        ),
        (
            Change::Publish { description: String::new(), code_sha256: Some("x".into()) },
            "it is now another one",
        ),
    ];
    let sent = changing(&stage.server);
    for (change, says) in cases {
        let error = write(&stage.session, &order(change)).await.unwrap_err();
        assert_eq!(error.kind, Kind::Stale, "{error}");
        assert!(error.message.contains(says), "{error}");
        assert!(!error.to_string().contains(CANARY), "{error}");
    }
    assert_eq!(changing(&stage.server), sent, "nothing was sent");
}

#[tokio::test]
async fn two_are_compared_also_across_regions() {
    let stage = Stage::new().await;
    stage.publish("first").await;
    stage
        .write(Change::Environment { before: Variables::new(), after: variables(&[("TOKEN", CANARY)]) })
        .await
        .unwrap();
    stage.settled().await;
    let side = |text: &str| Side { profile: None, region: None, function: text.parse().unwrap() };
    let compared = compare::compare(&stage.session, &[side("checkout:1"), side("checkout")]).await.unwrap();
    let host = stage.server.endpoint().replace("http://", "");
    let titles = ["checkout:1", "checkout"].map(|name| format!("{host}@{REGION} {name}"));
    assert_eq!(compared.titles, titles);
    let token = compared.rows.iter().find(|row| row.name == "TOKEN").unwrap();
    assert_eq!((token.left.as_deref(), token.right.as_deref()), (None, Some("(11 bytes)")));
    assert!(!format!("{compared:?}").contains(CANARY));

    // The engine is of no region: the point is that another session was opened for it.
    let elsewhere = Side { region: Some("eu-west-2".into()), ..side("checkout") };
    let compared = compare::compare(&stage.session, &[side("checkout"), elsewhere]).await.unwrap();
    assert_eq!(compared.titles[1], format!("{host}@eu-west-2 checkout"));
    assert!(compared.rows.iter().all(|row| row.equal), "{compared:?}");
    let signed = stage.server.requests("GetFunction");
    let elsewhere = |request: &crate::support::fault_server::Request| {
        String::from_utf8_lossy(&request.raw).contains("/eu-west-2/lambda/")
    };
    assert_eq!(signed.iter().filter(|request| elsewhere(request)).count(), 1);

    let missing = Side { function: FunctionRef::named("nothing"), ..side("checkout") };
    let error = compare::compare(&stage.session, &[side("checkout"), missing]).await.unwrap_err();
    assert_eq!(error.kind, Kind::NotFound);
}

/// What one of two does.
#[derive(Clone, Debug)]
enum Step {
    Read(usize),
    /// Sets a variable of what was read last, and saves all of it.
    Save(usize, u8, u8),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        (0..2_usize).prop_map(Step::Read),
        (0..2_usize, 0..3_u8, 0..4_u8).prop_map(|(who, key, value)| Step::Save(who, key, value)),
    ];
    proptest::collection::vec(step, 1..12)
}

/// Two who save without reading again: whoever is late is told, and what the other saved stays. `PROPTEST_CASES` asks
/// for more interleavings.
#[test]
fn no_save_of_two_is_lost_without_being_told() {
    let cases = std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(50);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let stage = runtime.block_on(Stage::new());
    let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig::with_cases(cases));
    runner.run(&steps(), |steps| runtime.block_on(interleave(&stage, steps))).unwrap();
    runtime.block_on(stage.engine.shutdown());
}

type Seen = (Variables, Option<String>);

async fn interleave(stage: &Stage, steps: Vec<Step>) -> Result<(), TestCaseError> {
    let read = async || -> Seen {
        let configuration = stage.settled().await.configuration;
        (configuration.environment.unwrap_or_default().variables, configuration.revision_id)
    };
    let mut saved = read().await;
    let mut known = [saved.clone(), saved.clone()];
    for step in steps {
        match step {
            Step::Read(who) => {
                known[who] = read().await;
                prop_assert_eq!(&known[who], &saved);
            }
            Step::Save(who, key, value) => {
                let (before, revision_id) = known[who].clone();
                let in_time = revision_id == saved.1;
                let mut after = before.clone();
                after.insert(format!("KEY{key}"), Secret::new(value.to_string()));
                let change = Change::Environment { before, after: after.clone() };
                match write(&stage.session, &Order { revision_id, ..order(change) }).await {
                    Ok(_) => {
                        prop_assert!(in_time, "a late save went through");
                        saved = read().await;
                        prop_assert_eq!(&saved.0, &after);
                        known[who] = saved.clone();
                    }
                    Err(error) => {
                        prop_assert_eq!(error.kind, Kind::Stale);
                        prop_assert!(!in_time, "a save in time was refused");
                    }
                }
            }
        }
    }
    prop_assert_eq!(read().await, saved);
    Ok(())
}
