//! A session as a source of events.

use std::time::Duration;

use lambdeck::{
    cloud::{Session, Spec},
    tail::{PageRequest, Source as _, Streams},
};

use crate::support::fault_server::{FaultServer, canned::LogScript};

#[tokio::test]
async fn the_end_of_a_range_is_not_in_it_whatever_the_endpoint_takes_it_for() {
    let server = FaultServer::start();
    let script = LogScript::default();
    // It answers with what happened at the end of the range, too.
    script.serve(&server, 100, Duration::ZERO);
    for time in [9, 10, 11, 19, 20, 21] {
        script.push("/aws/lambda/f", "s", time, &format!("at {time}"));
    }
    let session = Session::open(&Spec {
        region: Some("us-east-1".into()),
        endpoint_url: Some(server.endpoint()),
        keys: Some(("test".into(), "test".into())),
        ..Spec::default()
    })
    .await
    .unwrap();
    let mut read = Vec::new();
    for (start_ms, end_ms) in [(10, Some(20)), (20, None)] {
        let request = PageRequest {
            group: "/aws/lambda/f".into(),
            start_ms,
            end_ms,
            token: None,
            streams: Streams::All,
            filter_pattern: None,
            limit: None,
        };
        let page = session.page(request).await.unwrap();
        read.push(page.events.into_iter().map(|event| event.timestamp).collect::<Vec<_>>());
    }
    assert_eq!(read, [vec![10, 11, 19], vec![20, 21]]);
}
