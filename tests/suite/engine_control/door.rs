//! Who is let in, what is refused at the door, and how large a request may be.

use std::{
    io::{Read as _, Write as _},
    net::TcpStream,
    time::{Duration, SystemTime},
};

use lambdeck::local::{Engine, Options};

use super::{FUNCTIONS, Raw, archive, client, creation, engine, exchange, options};

#[tokio::test(flavor = "multi_thread")]
async fn every_request_must_be_signed_by_the_engines_key() {
    let engine = engine().await;
    let authority = engine.endpoint_url().trim_start_matches("http://").to_owned();
    let unsigned = exchange(&authority, "GET", FUNCTIONS, &[("host", authority.clone())], b"");
    unsigned.assert(
        403,
        "MissingAuthenticationTokenException",
        r#"{"message":"Missing Authentication Token"}"#,
    );
    let malformed =
        [("host", authority.clone()), ("authorization", "AWS4-HMAC-SHA256 Credential=x".to_owned())];
    exchange(&authority, "GET", FUNCTIONS, &malformed, b"").assert(
        403,
        "IncompleteSignatureException",
        "'SignedHeaders'",
    );
    let scope = "Credential=LKIAWRONG/20261120/eu-central-1/lambda/aws4_request, SignedHeaders=host;x-amz-date, Signature=00";
    let unknown = [("host", authority.clone()), ("authorization", format!("AWS4-HMAC-SHA256 {scope}"))];
    exchange(&authority, "GET", FUNCTIONS, &unknown, b"").assert(
        403,
        "UnrecognizedClientException",
        "security token",
    );

    assert_eq!(Raw::new(&engine, "GET", FUNCTIONS).send().status, 200);
    let signature = "The request signature we calculated does not match";
    let mut forged = Raw::new(&engine, "POST", FUNCTIONS).body("{}");
    forged.forged = Some(b"[]".to_vec());
    forged.send().assert(403, "InvalidSignatureException", signature);
    let hash = Raw::new(&engine, "GET", FUNCTIONS).header("x-amz-content-sha256", "UNSIGNED-PAYLOAD");
    hash.send().assert(403, "InvalidSignatureException", signature);
    let other = Raw::new(&engine, "GET", FUNCTIONS).service("sqs").send();
    other.assert(
        403,
        "InvalidSignatureException",
        "Credential should be scoped to correct service: 'lambda'.",
    );

    // The exact limit of five minutes is a unit test; here the clock runs.
    let minutes_5 = Duration::from_mins(5);
    let (early, late) = (SystemTime::now() - minutes_5, SystemTime::now() + minutes_5);
    let sent = |time| Raw::new(&engine, "GET", FUNCTIONS).time(time).send();
    assert_eq!(sent(early + Duration::from_secs(5)).status, 200);
    assert_eq!(sent(late - Duration::from_secs(5)).status, 200);
    sent(early - Duration::from_secs(5)).assert(403, "InvalidSignatureException", "Signature expired: ");
    sent(late + Duration::from_secs(20)).assert(
        403,
        "InvalidSignatureException",
        "Signature not yet current: ",
    );

    // The same in the shapes of the other protocols.
    let logs = exchange(
        &authority,
        "POST",
        "/",
        &[("host", authority.clone()), ("x-amz-target", "Logs_20140328.X".into())],
        b"{}",
    );
    logs.assert(
        400,
        "MissingAuthenticationTokenException",
        r#""__type":"MissingAuthenticationTokenException""#,
    );
    let form = ("content-type", "application/x-www-form-urlencoded".to_owned());
    let sts =
        exchange(&authority, "POST", "/", &[("host", authority.clone()), form], b"Action=GetCallerIdentity");
    sts.assert(403, "MissingAuthenticationToken", "<Code>MissingAuthenticationToken</Code>");
}

#[tokio::test(flavor = "multi_thread")]
async fn web_pages_and_foreign_hosts_are_refused_even_when_signed() {
    let engine = engine().await;
    let refused = "AccessDeniedException";
    for host in ["evil.example", "127.0.0.1.evil.example", "192.168.0.1"] {
        Raw::new(&engine, "GET", FUNCTIONS).host(host).send().assert(403, refused, "loopback");
    }
    let port = engine.endpoint_url().rsplit_once(':').unwrap().1.to_owned();
    // Clients put `stream-` before whatever the host is when they ask for a stream of logs.
    for host in ["localhost", "stream-127.0.0.1", "stream-localhost"] {
        assert_eq!(Raw::new(&engine, "GET", FUNCTIONS).host(&format!("{host}:{port}")).send().status, 200);
    }
    for origin in ["https://evil.example", "null", "http://127.0.0.1:1", "http://localhost"] {
        Raw::new(&engine, "GET", FUNCTIONS).header("origin", origin).send().assert(403, refused, "web pages");
    }
    let own = engine.endpoint_url();
    assert_eq!(Raw::new(&engine, "GET", FUNCTIONS).header("origin", &own).send().status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_there_is_named() {
    let engine = engine().await;
    let absent = "NotImplementedException";
    let providers = "/2025-11-30/capacity-providers";
    Raw::new(&engine, "GET", providers).send().assert(501, absent, "'ListCapacityProviders'");
    Raw::new(&engine, "GET", "/nowhere").send().assert(501, absent, "GET /nowhere");
    let metrics = "/service/GraniteServiceVersion20100801/operation/GetMetricData";
    Raw::new(&engine, "POST", metrics).send().assert(501, absent, "'GetMetricData'");
    let logs =
        Raw::new(&engine, "POST", "/").service("logs").header("x-amz-target", "Logs_20140328.StartQuery2");
    logs.body("{}").send().assert(501, absent, "'StartQuery2'");
    let events = Raw::new(&engine, "POST", "/").service("events").header("x-amz-target", "AWSEvents.PutRule");
    events.body("{}").send().assert(501, absent, "'PutRule'");
    let sts = Raw::new(&engine, "POST", "/")
        .service("sts")
        .header("content-type", "application/x-www-form-urlencoded");
    sts.body("Action=Assume%3CRole&Version=2011-06-15").send().assert(
        501,
        "NotImplemented",
        "'Assume&lt;Role'",
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn bodies_have_their_limits() {
    let engine = engine().await;
    let put = |size: usize| {
        Raw::new(&engine, "PUT", "/2015-03-31/functions/no/configuration").body(vec![b' '; size]).send()
    };
    for size in [5119, 5120] {
        put(size).assert(400, "InvalidRequestContentException", "no valid JSON");
    }
    let text = "Request must be smaller than 5120 bytes for the UpdateFunctionConfiguration operation";
    put(5121).assert(413, "RequestEntityTooLargeException", text);

    let invoke = |kind: &str, size: usize| {
        let request = Raw::new(&engine, "POST", "/2015-03-31/functions/no/invocations");
        request.header("x-amz-invocation-type", kind).body(vec![b'1'; size]).send()
    };
    for (kind, limit) in [("RequestResponse", 6 * 1024 * 1024), ("Event", 1024 * 1024)] {
        for size in [limit - 1, limit] {
            invoke(kind, size).assert(404, "ResourceNotFoundException", "function:no:$LATEST");
        }
        let text = format!("Request must be smaller than {limit} bytes for the InvokeFunction operation");
        invoke(kind, limit + 1).assert(413, "RequestTooLargeException", &text);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_code_address_needs_its_own_signature() {
    let engine = engine().await;
    let client = client(&engine);
    creation(&client, "fn").send().await.unwrap();
    let whole = client.get_function().function_name("fn").send().await.unwrap();
    let location = whole.code().unwrap().location().unwrap().to_owned();
    let (authority, path) = location.trim_start_matches("http://").split_once('/').unwrap();
    let get = |path: &str| {
        let mut stream = TcpStream::connect(authority).unwrap();
        write!(stream, "GET /{path} HTTP/1.1\r\nhost: {authority}\r\nconnection: close\r\n\r\n").unwrap();
        let mut reply = Vec::new();
        stream.read_to_end(&mut reply).unwrap();
        reply
    };
    let reply = get(path);
    assert!(reply.starts_with(b"HTTP/1.1 200 "));
    assert!(reply.ends_with(archive().as_ref()));
    let status = |path: &str| String::from_utf8_lossy(&get(path)).split(' ').nth(1).unwrap().to_owned();
    assert_eq!(status(&path.replace("X-Amz-Expires=600", "X-Amz-Expires=599")), "403");
    assert_eq!(status(&path.replacen("code/", "code/0", 1)), "403");
    assert_eq!(status(path.split_once('?').unwrap().0), "403");
    client.delete_function().function_name("fn").send().await.unwrap();
    assert_eq!(status(path), "404");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dropped_engine_frees_its_port_and_a_taken_port_is_an_error() {
    let first = engine().await;
    let port: u16 = first.endpoint_url().rsplit_once(':').unwrap().1.parse().unwrap();
    let error = Engine::start(Options { port, ..options() }).await.unwrap_err();
    assert!(error.to_string().contains(&port.to_string()), "{error}");
    assert!(!format!("{first:?}").contains(first.secret_access_key().reveal()));
    first.shutdown().await;
    let second = Engine::start(Options { port, ..options() }).await.unwrap();
    assert_ne!(second.access_key_id(), "");
    let wrong = Options { account_id: Some("12".into()), ..options() };
    assert!(Engine::start(wrong).await.is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_signature_for_lambda_opens_no_registry() {
    let engine = engine().await;
    let list = |service| Raw::new(&engine, "GET", "/v1/registries").service(service).send();
    assert_eq!(list("schemas").status, 200);
    list("lambda").assert(
        403,
        "InvalidSignatureException",
        r#"{"Code":"InvalidSignatureException","Message":"Credential should be scoped to correct service: 'schemas'."}"#,
    );
    let path = "/v1/registries/name/r/schemas/name/s";
    let large = Raw::new(&engine, "PUT", path).service("schemas").body(vec![b' '; 1024 * 1024 + 1]).send();
    large.assert(413, "RequestEntityTooLargeException", "1048576 bytes");
    let unknown = Raw::new(&engine, "GET", "/v1/nothing").service("schemas").send();
    unknown.assert(501, "NotImplementedException", "The local engine has no operation at GET /v1/nothing.");
}
