//! Live Tail and Logs Insights as the SDK sees them.

use std::time::Duration;

use aws_config::{BehaviorVersion, Region};
use aws_credential_types::Credentials;
use aws_sdk_cloudwatchlogs::{
    Client, Config,
    operation::start_live_tail::{StartLiveTailError, StartLiveTailOutput},
    types::{
        InputLogEvent, LiveTailSessionMetadata, LiveTailSessionUpdate, LogGroupClass, QueryStatus,
        StartLiveTailResponseStream as Message,
    },
};
use aws_smithy_runtime_api::{
    box_error::BoxError,
    client::{
        endpoint::EndpointPrefix,
        interceptors::{Intercept, context::BeforeSerializationInterceptorContextMut, dyn_dispatch_hint},
        runtime_components::RuntimeComponents,
    },
};
use aws_smithy_types::config_bag::ConfigBag;
use lambdeck::local::{Engine, Options};
use rstest::rstest;

use crate::support::engine::{client as lambda, options};

const GROUP: &str = "/live";
const ARN: &str = "arn:aws:logs:eu-central-1:123456789012:log-group:/live";

/// `stream-127.0.0.1` does not resolve.
#[derive(Debug)]
struct NoPrefix;

#[dyn_dispatch_hint]
impl Intercept for NoPrefix {
    fn name(&self) -> &'static str {
        "NoPrefix"
    }

    fn modify_before_serialization(
        &self,
        _: &mut BeforeSerializationInterceptorContextMut<'_>,
        _: &RuntimeComponents,
        config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        config.interceptor_state().unset::<EndpointPrefix>();
        Ok(())
    }
}

fn logs(engine: &Engine) -> Client {
    let (id, secret) = (engine.access_key_id(), engine.secret_access_key().reveal());
    let config = Config::builder()
        .behavior_version(BehaviorVersion::v2026_01_12())
        .region(Region::new(engine.region().to_owned()))
        .endpoint_url(engine.endpoint_url())
        .credentials_provider(Credentials::new(id, secret, None, None, "test"))
        .interceptor(NoPrefix)
        .build();
    Client::from_conf(config)
}

/// An engine with group `/live` and stream `s`.
async fn engine() -> (Engine, Client) {
    let engine = Engine::start(options()).await.unwrap();
    let client = logs(&engine);
    client.create_log_group().log_group_name(GROUP).send().await.unwrap();
    client.create_log_stream().log_group_name(GROUP).log_stream_name("s").send().await.unwrap();
    (engine, client)
}

fn now() -> i64 {
    jiff::Timestamp::now().as_millisecond()
}

async fn put(client: &Client, messages: impl IntoIterator<Item = String>) {
    let events = messages
        .into_iter()
        .map(|message| InputLogEvent::builder().timestamp(now()).message(message).build().unwrap())
        .collect();
    client
        .put_log_events()
        .log_group_name(GROUP)
        .log_stream_name("s")
        .set_log_events(Some(events))
        .send()
        .await
        .unwrap();
}

async fn next(tail: &mut StartLiveTailOutput) -> LiveTailSessionUpdate {
    match tail.response_stream.recv().await.unwrap().unwrap() {
        Message::SessionUpdate(update) => update,
        other => panic!("{other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_clients_and_functions_write_is_heard() {
    let engine = Engine::start(Options { samples: true, ..options() }).await.unwrap();
    let client = logs(&engine);
    client.create_log_group().log_group_name(GROUP).send().await.unwrap();
    client.create_log_stream().log_group_name(GROUP).log_stream_name("s").send().await.unwrap();
    client.create_log_group().log_group_name("/aws/lambda/greeter").send().await.unwrap();
    let function = "arn:aws:logs:eu-central-1:123456789012:log-group:/aws/lambda/greeter";
    let mut tail = client
        .start_live_tail()
        .log_group_identifiers(ARN)
        .log_group_identifiers(function)
        .send()
        .await
        .unwrap();
    let Some(Message::SessionStart(start)) = tail.response_stream.recv().await.unwrap() else { panic!() };
    assert_eq!(start.log_group_identifiers(), [ARN, function]);
    assert_eq!((start.session_id().unwrap().len(), start.request_id().unwrap().len()), (36, 36));

    let before = now();
    put(&client, ["hello".to_owned()]).await;
    lambda(&engine).invoke().function_name("greeter").send().await.unwrap();
    let (mut heard, mut updates) = (Vec::new(), 0);
    while !heard.iter().any(|(_, message): &(String, String)| message.starts_with("REPORT ")) {
        let update = next(&mut tail).await;
        assert_eq!(update.session_metadata().map(LiveTailSessionMetadata::sampled), Some(false));
        for event in update.session_results() {
            assert!((before..=now()).contains(&event.ingestion_time().unwrap()));
            assert!(event.timestamp().is_some() && event.log_stream_name().is_some());
            let group = event.log_group_identifier().unwrap().to_owned();
            heard.push((group, event.message().unwrap().to_owned()));
        }
        updates += 1;
    }
    assert!(heard.contains(&(ARN.to_owned(), "hello".to_owned())));
    assert!(heard.iter().any(|(group, message)| group == function && message.starts_with("START RequestId")));
    assert!(updates < 30, "{updates}");
    engine.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flood_is_sampled_and_a_stop_ends_the_session_at_once() {
    let (engine, client) = engine().await;
    let mut tail = client
        .start_live_tail()
        .log_group_identifiers(ARN)
        .log_stream_name_prefixes("s")
        .log_event_filter_pattern("wanted")
        .send()
        .await
        .unwrap();
    let Some(Message::SessionStart(start)) = tail.response_stream.recv().await.unwrap() else { panic!() };
    assert_eq!(start.log_stream_name_prefixes(), ["s"]);
    assert_eq!(start.log_event_filter_pattern(), Some("wanted"));
    put(&client, (0..3_000).map(|n| if n % 2 == 0 { format!("wanted {n}") } else { "not".to_owned() })).await;
    let update = loop {
        let update = next(&mut tail).await;
        if !update.session_results().is_empty() {
            break update;
        }
    };
    assert!(update.session_metadata().unwrap().sampled());
    assert_eq!(update.session_results().len(), 500);
    assert!(update.session_results().iter().all(|event| event.message().unwrap().starts_with("wanted")));

    let stopping = tokio::spawn(engine.shutdown());
    while tail.response_stream.recv().await.is_ok_and(|message| message.is_some()) {}
    tokio::time::timeout(Duration::from_secs(20), stopping).await.unwrap().unwrap();
}

#[rstest]
#[case::no_arn(&["/live"], &[], &[], "", "InvalidParameterException", "must be ARNs")]
#[case::asterisk(&["arn:aws:logs:eu-central-1:123456789012:log-group:/live:*"], &[], &[], "", "InvalidParameterException", "asterisk")]
#[case::unknown(&["arn:aws:logs:eu-central-1:123456789012:log-group:/none"], &[], &[], "", "ResourceNotFoundException", "does not exist")]
#[case::many(&[ARN; 11], &[], &[], "", "InvalidParameterException", "'logGroupIdentifiers'")]
#[case::both(&[ARN], &["s"], &["s"], "", "InvalidParameterException", "mutually exclusive")]
#[case::streams_of_two(&[ARN, ARN], &["s"], &[], "", "InvalidParameterException", "one log group only")]
#[case::pattern(&[ARN], &[], &[], "{ $.a", "InvalidParameterException", "must end with")]
#[case::class(&["arn:aws:logs:eu-central-1:123456789012:log-group:/ia"], &[], &[], "", "InvalidOperationException", "StartLiveTail is not supported for this log class")]
#[tokio::test(flavor = "multi_thread")]
async fn a_session_is_refused_before_it_begins(
    #[case] groups: &[&str],
    #[case] names: &[&str],
    #[case] prefixes: &[&str],
    #[case] pattern: &str,
    #[case] code: &str,
    #[case] part: &str,
) {
    let owned = |list: &[&str]| {
        (!list.is_empty()).then(|| list.iter().map(|&one| one.to_owned()).collect::<Vec<_>>())
    };
    let (_engine, client) = engine().await;
    let class = LogGroupClass::InfrequentAccess;
    client.create_log_group().log_group_name("/ia").log_group_class(class).send().await.unwrap();
    let error: StartLiveTailError = client
        .start_live_tail()
        .set_log_group_identifiers(owned(groups))
        .set_log_stream_names(owned(names))
        .set_log_stream_name_prefixes(owned(prefixes))
        .log_event_filter_pattern(pattern)
        .send()
        .await
        .unwrap_err()
        .into_service_error();
    assert_eq!(error.meta().code(), Some(code), "{error:?}");
    assert!(error.meta().message().unwrap().contains(part), "{error:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_query_is_started_asked_and_refused_by_the_sdk() {
    let (_engine, client) = engine().await;
    put(&client, (0..10).map(|n| format!("{{\"n\": {n}}}"))).await;
    let start = |query: &str| {
        let (first, last) = (now() / 1_000 - 60, now() / 1_000 + 60);
        client.start_query().log_group_name(GROUP).start_time(first).end_time(last).query_string(query)
    };
    let id = start("stats sum(n) as total, count(*) as events").send().await.unwrap().query_id.unwrap();
    let answer = loop {
        let answer = client.get_query_results().query_id(&id).send().await.unwrap();
        if !matches!(answer.status(), Some(QueryStatus::Scheduled | QueryStatus::Running)) {
            break answer;
        }
    };
    assert_eq!(answer.status(), Some(&QueryStatus::Complete));
    let cells: Vec<_> =
        answer.results()[0].iter().map(|cell| (cell.field().unwrap(), cell.value().unwrap())).collect();
    assert_eq!(cells, [("total", "45"), ("events", "10")]);
    let statistics = answer.statistics().unwrap();
    assert!((statistics.records_matched() - 10.0).abs() < f64::EPSILON);
    assert!(statistics.bytes_scanned() > 0.0);

    let error = start("fields a | nope").send().await.unwrap_err().into_service_error();
    let aws_sdk_cloudwatchlogs::operation::start_query::StartQueryError::MalformedQueryException(error) =
        error
    else {
        panic!("{error:?}")
    };
    let place = error.query_compile_error().unwrap().location().unwrap();
    assert_eq!((place.start_char_offset(), place.end_char_offset()), (Some(11), Some(15)));
    let described = client.describe_queries().send().await.unwrap();
    assert_eq!(described.queries().len(), 1);
}
