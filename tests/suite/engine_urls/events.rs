//! The event that a request becomes, and the requests that HTTP allows.

use serde_json::json;

use super::lab::{Connection, Lab, head};

#[tokio::test(flavor = "multi_thread")]
async fn a_request_is_the_functions_event() {
    let lab = Lab::new().await;
    let headers = [
        ("Content-Type", "application/json"),
        ("User-Agent", "test/echo"),
        ("ExTrA-HeadErs", "With WeiRd CapS"),
        ("Cookie", "a=1; b=2"),
        ("X-Forwarded-For", "6.6.6.6"),
    ];
    let reply = lab.ask("POST", "/path/1?q=a&q=b%20c", &headers, br#"{"foo":"bar"}"#);
    let event = reply.json();
    assert_eq!(event["version"], "2.0");
    assert_eq!((&event["routeKey"], &event["rawPath"]), (&json!("$default"), &json!("/path/1")));
    assert_eq!(event["rawQueryString"], "q=a&q=b%20c");
    assert_eq!(event["queryStringParameters"], json!({ "q": "a,b c" }));
    assert_eq!(event["cookies"], json!(["a=1", "b=2"]));
    assert_eq!((&event["body"], &event["isBase64Encoded"]), (&json!(r#"{"foo":"bar"}"#), &json!(false)));
    let mut headers = event["headers"].clone();
    let trace = headers.as_object_mut().unwrap().remove("x-amzn-trace-id").unwrap();
    assert!(trace.as_str().unwrap().starts_with("Root=1-"));
    let port = lab.authority.rsplit_once(':').unwrap().1;
    assert_eq!(
        headers,
        json!({
            "content-length": "13", "content-type": "application/json", "extra-headers": "With WeiRd CapS",
            "host": lab.authority, "user-agent": "test/echo", "x-forwarded-for": "127.0.0.1",
            "x-forwarded-port": port, "x-forwarded-proto": "http",
        })
    );
    let context = &event["requestContext"];
    assert_eq!(context["accountId"], "anonymous");
    assert_eq!(context["domainName"], lab.authority);
    assert_eq!(context["http"]["method"], "POST");
    assert_eq!(context["requestId"].as_str(), reply.header("x-amzn-requestid"));
    assert_eq!(context["apiId"].as_str().unwrap().len(), 32);
}

#[tokio::test(flavor = "multi_thread")]
async fn bodies_arrive_as_they_were_sent() {
    let lab = Lab::new().await;
    let multipart = [("Content-Type", "multipart/form-data; boundary=x")];
    let event = lab.ask("POST", "/", &multipart, b"--x\r\n\r\nbar\r\n--x--").json();
    assert_eq!(event["isBase64Encoded"], true);
    assert_eq!(event["body"], "LS14DQoNCmJhcg0KLS14LS0=");
    let event = lab.ask("PUT", "/", &[("Content-Type", "text/plain")], "gr\u{fc}n".as_bytes()).json();
    assert_eq!((&event["body"], &event["isBase64Encoded"]), (&json!("gr\u{fc}n"), &json!(false)));
    let event = lab.ask("POST", "/", &[], b"").json();
    assert_eq!((event.get("body"), &event["isBase64Encoded"]), (None, &json!(false)));

    // In pieces, of which nobody knows how many.
    let mut connection = Connection::open(&lab.authority);
    let chunked = [("Transfer-Encoding", "chunked"), ("Content-Type", "text/plain")];
    connection.send(head(&lab.authority, "POST", "/", &chunked, 0));
    connection.send("3\r\nabc\r\n");
    connection.send("2\r\nde\r\n0\r\n\r\n");
    assert_eq!(connection.reply().json()["body"], "abcde");

    // On the same connection, and only when it is wanted.
    let expecting = [("Expect", "100-continue"), ("Content-Type", "text/plain")];
    connection.send(head(&lab.authority, "POST", "/", &expecting, 4));
    assert_eq!(connection.line(), "HTTP/1.1 100 Continue");
    assert_eq!(connection.line(), "");
    connection.send("body");
    let event = connection.reply().json();
    assert_eq!(event["body"], "body");
    assert_eq!(event["headers"].get("expect"), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn other_methods_and_older_versions_of_http_do() {
    let lab = Lab::new().await;
    for method in ["GET", "DELETE", "PATCH", "OPTIONS", "PROPFIND"] {
        let event = lab.ask(method, "/a", &[], b"").json();
        assert_eq!(event["requestContext"]["http"]["method"], method);
    }
    lab.replies(r#"{"statusCode":203,"body":"12345"}"#);
    let reply = lab.ask("HEAD", "/", &[], b"");
    assert_eq!((reply.status, reply.header("content-length")), (203, Some("5")));

    let mut connection = Connection::open(&lab.authority);
    connection.send(head(&lab.authority, "HEAD", "/", &[], 0));
    connection.send(head(&lab.authority, "GET", "/", &[], 0));
    assert_eq!(connection.head().status, 203);
    assert_eq!(connection.reply().text(), "12345");

    let mut old = Connection::open(&lab.authority);
    old.send(format!("GET / HTTP/1.0\r\nHost: {}\r\n\r\n", lab.authority));
    let reply = String::from_utf8(old.rest()).unwrap();
    assert!(reply.starts_with("HTTP/1.0 203 ") && reply.ends_with("\r\n\r\n12345"), "{reply}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_signed_request_names_its_caller() {
    let lab = Lab::new().await;
    let authority = lab.signed_echo("echo").await;
    let event = lab.ask_signed(&authority, "POST", "/x?y=1", b"text").json();
    let context = &event["requestContext"];
    assert_eq!(context["accountId"], "123456789012");
    let iam = &context["authorizer"]["iam"];
    assert_eq!(iam["accessKey"], lab.engine.access_key_id());
    assert_eq!(iam["userArn"], "arn:aws:iam::123456789012:user/lambdeck");
    assert_eq!((&iam["cognitoIdentity"], &iam["accountId"]), (&json!(null), &json!("123456789012")));
    assert_eq!(event["headers"].get("authorization"), None);
    assert!(event["headers"]["x-amz-date"].is_string());
}

#[tokio::test(flavor = "multi_thread")]
async fn many_at_once_get_their_own_answers() {
    let lab = Lab::new().await;
    let asked: Vec<_> = (0..24)
        .map(|n| {
            let authority = lab.authority.clone();
            tokio::task::spawn_blocking(move || {
                let event = super::lab::ask(&authority, "GET", &format!("/{n}"), &[], b"").json();
                assert_eq!(event["rawPath"], format!("/{n}"));
                event["requestContext"]["requestId"].as_str().unwrap().to_owned()
            })
        })
        .collect();
    let mut ids = Vec::new();
    for asked in asked {
        ids.push(asked.await.unwrap());
    }
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 24);
}
