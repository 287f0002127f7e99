//! Live Tail beside polling, with the real SDK: on the local engine, and on moto, which ends a session after one update.

use std::{collections::HashMap, future::Future, time::Duration};

use aws_config::{BehaviorVersion, Region};
use aws_credential_types::Credentials;
use aws_sdk_cloudwatchlogs::{Client, Config, types::InputLogEvent};
use jiff::Timestamp;
use lambdeck::{
    cloud::{Budget, Session, Spec},
    local::Engine,
    tail::{Options, Status, SystemClock, Transport, Update, follow},
};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::support::{emulators, engine};

const GROUP: &str = "/live/tail";

/// So many requests after the last event it has been read again by polling.
const READ_AGAIN: u64 = 3;

async fn write(client: &Client, numbers: std::ops::Range<usize>) {
    let mut put = client.put_log_events().log_group_name(GROUP).log_stream_name("stream");
    for number in numbers {
        let at = Timestamp::now().as_millisecond();
        let event = InputLogEvent::builder().timestamp(at).message(format!("line {number}")).build();
        put = put.log_events(event.unwrap());
    }
    put.send().await.unwrap();
}

/// Follows while lines are written; answers how often each was told, and all that was told of the group.
async fn followed(spec: &Spec, client: &Client) -> (HashMap<String, usize>, Vec<Status>) {
    client.create_log_group().log_group_name(GROUP).send().await.unwrap();
    client.create_log_stream().log_group_name(GROUP).log_stream_name("stream").send().await.unwrap();
    write(client, 0..2).await;
    let session = Session::open(spec).await.unwrap();
    let since = Timestamp::now().as_millisecond() - 60_000;
    let options = Options { live_tail: true, ..Options::live(GROUP, since) };
    let (out, mut news) = mpsc::channel(64);
    let (_steer, control) = mpsc::channel(1);
    let cancel = CancellationToken::new();
    let _ends_with_this = cancel.clone().drop_guard();
    tokio::spawn(follow(session, options, Budget::unlimited(), SystemClock, out, control, cancel));
    let (mut told, mut statuses) = (HashMap::new(), Vec::<Status>::new());
    let mut complete_at = None;
    while let Some(update) = news.recv().await {
        match update {
            Update::Events { batch, .. } => {
                for arrival in batch {
                    *told.entry(arrival.event.message).or_default() += 1;
                }
            }
            Update::HistoryDone { .. } => write(client, 2..9).await,
            Update::Status(status) => {
                let calls = status.calls;
                statuses.push(status);
                if told.len() == 9 && calls >= *complete_at.get_or_insert(calls) + READ_AGAIN {
                    break;
                }
            }
            Update::Gap { .. } => {}
        }
    }
    (told, statuses)
}

fn assert_told_once(told: &HashMap<String, usize>) {
    let lines: HashMap<String, usize> = (0..9).map(|number| (format!("line {number}"), 1)).collect();
    assert_eq!(*told, lines);
}

/// However slow the machine is.
async fn in_time<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_mins(1), future).await.expect("all lines are told within a minute")
}

#[tokio::test]
async fn on_the_local_engine_each_line_is_told_once() {
    let engine = Engine::start(engine::options()).await.unwrap();
    let config = Config::builder()
        .behavior_version(BehaviorVersion::v2026_01_12())
        .region(Region::new(engine.region().to_owned()))
        .endpoint_url(engine.endpoint_url())
        .credentials_provider(Credentials::new(
            engine.access_key_id(),
            engine.secret_access_key().reveal(),
            None,
            None,
            "test",
        ))
        .build();
    let (told, statuses) = in_time(followed(&engine::spec(&engine), &Client::from_conf(config))).await;
    assert_told_once(&told);
    let live = |status: &Status| matches!(status.transport, Transport::LiveTail { .. });
    assert!(statuses.iter().any(live), "{statuses:?}");
    engine.shutdown().await;
}

#[tokio::test]
async fn on_moto_which_ends_each_session_polling_goes_on() {
    let Some(moto) = emulators::moto() else { return };
    let region = "eu-south-2";
    let (told, _) = in_time(followed(&moto.spec(region), &Client::new(&moto.sdk_config(region)))).await;
    assert_told_once(&told);
}
