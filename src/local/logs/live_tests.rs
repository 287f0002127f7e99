//! Sessions on a clock that the tests move.

use aws_smithy_eventstream::frame::read_message_from;
use serde_json::Value;

use super::*;
use crate::local::logs::{InputEvent, Store};

fn listen(store: &Store, groups: &[&str], streams: Streams, pattern: &str) -> Arc<Session> {
    let groups =
        groups.iter().map(|name| Listened { name: (*name).to_owned(), arn: format!("arn:{name}") }).collect();
    let session = Arc::new(Session::new(groups, streams, Pattern::parse(pattern).unwrap()));
    store.write().sessions.add(&session);
    session
}

fn write(store: &Store, group: &str, stream: &str, messages: impl IntoIterator<Item = String>) {
    let events: Vec<_> = messages.into_iter().map(|message| InputEvent { timestamp: 1, message }).collect();
    store.append(group, stream, &events, 2);
}

/// What a message is, and its payload.
fn read(message: &Bytes) -> (String, String, Value) {
    let message = read_message_from(message.clone()).unwrap();
    let header = |name: &str| {
        let header = message.headers().iter().find(|header| header.name().as_str() == name);
        header.map(|header| header.value().as_string().unwrap().as_str().to_owned())
    };
    let kind = header(":event-type").or_else(|| header(":exception-type")).unwrap();
    (header(":message-type").unwrap(), kind, serde_json::from_slice(message.payload()).unwrap())
}

async fn next(stream: &mut BoxStream<'static, io::Result<Bytes>>) -> (String, String, Value) {
    read(&stream.next().await.unwrap().unwrap())
}

/// The messages of an update, and whether it is a sample.
async fn update(stream: &mut BoxStream<'static, io::Result<Bytes>>) -> (Vec<String>, bool) {
    let (message, kind, payload) = next(stream).await;
    assert_eq!((message.as_str(), kind.as_str()), ("event", "sessionUpdate"));
    let results = payload["sessionResults"].as_array().unwrap();
    let messages = results.iter().map(|event| event["message"].as_str().unwrap().to_owned()).collect();
    (messages, payload["sessionMetadata"]["sampled"].as_bool().unwrap())
}

async fn begun(session: Arc<Session>, stop: &CancellationToken) -> BoxStream<'static, io::Result<Bytes>> {
    let mut stream = stream(session, "", "request", stop.clone());
    assert_eq!(next(&mut stream).await.1, "initial-response");
    assert_eq!(next(&mut stream).await.1, "sessionStart");
    stream
}

#[tokio::test(start_paused = true)]
async fn an_update_a_second_tells_what_was_written_since() {
    let store = Store::new(1 << 20);
    write(&store, "g", "s", ["before".to_owned()]);
    let session = listen(&store, &["g", "h"], Streams::All, "");
    let mut stream = begun(session, &CancellationToken::new()).await;
    let started = Instant::now();
    assert_eq!(update(&mut stream).await, (vec![], false));
    assert_eq!(started.elapsed(), PERIOD);
    write(&store, "g", "s", ["one".to_owned(), "two".to_owned()]);
    write(&store, "other", "s", ["unheard".to_owned()]);
    write(&store, "h", "s", ["three".to_owned()]);
    let (_, _, payload) = next(&mut stream).await;
    assert_eq!(
        payload["sessionResults"][2],
        serde_json::json!({
            "logStreamName": "s", "logGroupIdentifier": "arn:h", "message": "three", "timestamp": 1, "ingestionTime": 2,
        })
    );
    assert_eq!(update(&mut stream).await, (vec![], false));
    assert_eq!(started.elapsed(), 3 * PERIOD);
}

#[tokio::test(start_paused = true)]
async fn streams_and_patterns_choose() {
    let store = Store::new(1 << 20);
    let stop = CancellationToken::new();
    let named = listen(&store, &["g"], Streams::Named(vec!["ab".to_owned()]), "");
    let prefixed = listen(&store, &["g"], Streams::Prefixed(vec!["a".to_owned()]), "ERROR");
    let mut named = begun(named, &stop).await;
    let mut prefixed = begun(prefixed, &stop).await;
    for stream in ["ab", "ac", "b"] {
        write(&store, "g", stream, [format!("ERROR {stream}"), format!("fine {stream}")]);
    }
    assert_eq!(update(&mut named).await.0, ["ERROR ab", "fine ab"]);
    assert_eq!(update(&mut prefixed).await.0, ["ERROR ab", "ERROR ac"]);
}

#[tokio::test(start_paused = true)]
async fn more_than_500_a_second_are_sampled_evenly() {
    let store = Store::new(8 << 20);
    let session = listen(&store, &["g"], Streams::All, "");
    let mut stream = begun(session, &CancellationToken::new()).await;
    write(&store, "g", "s", (0..500).map(|n| n.to_string()));
    let (all, sampled) = update(&mut stream).await;
    assert_eq!((all.len(), sampled), (500, false));
    write(&store, "g", "s", (0..2_000).map(|n| n.to_string()));
    let (some, sampled) = update(&mut stream).await;
    assert_eq!((some.len(), sampled), (500, true));
    let numbers: Vec<usize> = some.iter().map(|message| message.parse().unwrap()).collect();
    assert!(numbers.windows(2).all(|pair| pair[1] - pair[0] == 4), "{numbers:?}");
    assert_eq!(update(&mut stream).await, (vec![], false), "what was left out does not come later");
}

#[tokio::test(start_paused = true)]
async fn a_large_update_stays_within_a_message() {
    let store = Store::new(32 << 20);
    let session = listen(&store, &["g"], Streams::All, "");
    let mut stream = begun(session, &CancellationToken::new()).await;
    write(&store, "g", "s", (0..8).map(|_| "\u{1}".repeat(900_000)));
    let (some, sampled) = update(&mut stream).await;
    assert_eq!((some.len(), sampled), (2, true));
}

#[tokio::test(start_paused = true)]
async fn a_slow_client_gets_each_missed_second_and_loses_the_oldest() {
    let store = Store::new(8 << 20);
    let session = listen(&store, &["g"], Streams::All, "");
    let mut stream = begun(session, &CancellationToken::new()).await;
    tokio::time::advance(PERIOD / 2).await;
    for second in 0..3 {
        write(&store, "g", "s", [format!("second {second}")]);
        tokio::time::advance(PERIOD).await;
    }
    for second in 0..3 {
        assert_eq!(update(&mut stream).await.0, [format!("second {second}")]);
    }
    write(&store, "g", "s", (0..BUFFERED + 10).map(|n| n.to_string()));
    let (some, sampled) = update(&mut stream).await;
    assert!(sampled);
    assert!(some[0].parse::<usize>().unwrap() >= 10, "{}", some[0]);
}

#[tokio::test(start_paused = true)]
async fn a_session_times_out_after_three_hours() {
    let store = Store::new(1 << 20);
    let session = listen(&store, &["g"], Streams::All, "");
    let started = Instant::now();
    let mut stream = begun(session, &CancellationToken::new()).await;
    let end = loop {
        let (message, kind, payload) = next(&mut stream).await;
        if message == "exception" {
            break (kind, payload["message"].as_str().unwrap().to_owned());
        }
    };
    assert_eq!(
        end,
        ("SessionTimeoutException".to_owned(), "The Live Tail session has timed out.".to_owned())
    );
    assert_eq!(started.elapsed(), LIFETIME);
    assert!(stream.next().await.is_none());
}

#[tokio::test(start_paused = true)]
async fn who_hangs_up_and_an_engine_that_stops_leave_nothing_behind() {
    let store = Store::new(1 << 20);
    let stop = CancellationToken::new();
    let gone = begun(listen(&store, &["g"], Streams::All, ""), &stop).await;
    let mut stopped = begun(listen(&store, &["g"], Streams::All, ""), &stop).await;
    assert_eq!(store.write().sessions.open(), 2);
    drop(gone);
    assert_eq!(store.write().sessions.open(), 1);
    stop.cancel();
    assert!(stopped.next().await.is_none());
    assert_eq!(store.write().sessions.open(), 0);
}
