//! Who is not let in, and what goes wrong.

use std::{
    net::TcpStream,
    time::{Duration, SystemTime},
};

use aws_sdk_lambda::types::FunctionUrlAuthType;
use lambdeck::local::{Engine, Options};

use super::lab::{Lab, ask, authority, until};
use crate::support::engine::options;

const DENIED: &str = "AccessDeniedException";
const FORBIDDEN: &str = r#"{"Message":"Forbidden"}"#;
const NOT_ALLOWED: &str = r#"{"Message":"Forbidden. For troubleshooting Function URL authorization issues, see: https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html"}"#;

#[tokio::test(flavor = "multi_thread")]
async fn a_function_that_fails_is_a_bad_gateway() {
    let lab = Lab::new().await;
    let bad = || {
        let reply = lab.get("/");
        assert_eq!((reply.status, reply.text()), (502, "Internal Server Error"));
        assert_eq!(reply.header("content-type"), Some("application/json"));
    };
    for wrong in ["no JSON", r#"{"statusCode":"x"}"#, r#"{"statusCode":200,"headers":{"a":"b\r\nc: d"}}"#] {
        lab.replies(wrong);
        bad();
    }
    // 6 MB and 100 bytes may be in a response, and the quotes are two of them.
    let most = 6 * 1024 * 1024 + 100;
    lab.replies(format!("\"{}\"", "x".repeat(most - 2)));
    assert_eq!(lab.get("/").body.len(), most - 2);
    lab.replies(format!("\"{}\"", "x".repeat(most - 1)));
    bad();
    std::fs::write(lab.path("fail"), r#"{"errorMessage":"secret","errorType":"Oops"}"#).unwrap();
    bad();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_too_much_is_refused() {
    let lab = Lab::new().await;
    lab.replies("1");
    let limit = 6 * 1024 * 1024;
    let post = |size: usize| lab.ask("POST", "/", &[("Content-Type", "text/plain")], &vec![b'x'; size]);
    // The rest of the event takes less than a KB.
    assert_eq!(post(limit - 1024).status, 200);
    let text = "Request must be smaller than 6291456 bytes for the InvokeFunction operation";
    for size in [limit - 300, limit, limit + 1] {
        let reply = post(size);
        assert_eq!(reply.status, 413, "{size}");
        assert_eq!(reply.header("x-amzn-errortype"), Some("RequestTooLargeException"));
        assert!(reply.text().contains(text), "{}", reply.text());
    }
    let reserve = lab.client.put_function_concurrency().function_name("greeter");
    reserve.reserved_concurrent_executions(0).send().await.unwrap();
    let reply = lab.get("/");
    assert_eq!(reply.status, 429);
    assert!(
        reply.text().contains(r#""Reason":"ReservedFunctionConcurrentInvocationLimitExceeded""#),
        "{}",
        reply.text()
    );
    assert_eq!(reply.header("x-amzn-errortype"), Some("TooManyRequestsException"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_that_only_resolves_to_loopback_is_refused() {
    let lab = Lab::new().await;
    lab.replies("1");
    for host in ["evil.example", "127.0.0.1.evil.example:80", "x.lambda-url.eu-central-1.on.aws", ""] {
        let reply = lab.ask("GET", "/", &[("Host", host)], b"");
        assert_eq!((reply.status, reply.header("x-amzn-errortype")), (403, Some(DENIED)), "{host}");
    }
    let port = lab.authority.rsplit_once(':').unwrap().1;
    assert_eq!(lab.ask("GET", "/", &[("Host", &format!("localhost:{port}"))], b"").status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_comes_in_without_permission() {
    let lab = Lab::new().await;
    lab.replies("1");
    assert_eq!(lab.get("/").status, 200);
    // Another function of the same samples, that nobody has been allowed to call.
    let made = lab.client.create_function_url_config().function_name("env-inspector");
    let made = made.auth_type(FunctionUrlAuthType::None).send().await.unwrap();
    let other = authority(made.function_url());
    ask(&other, "GET", "/", &[], b"").refused(403, DENIED, NOT_ALLOWED);
    // A signature does not replace the permission.
    lab.ask_signed(&other, "GET", "/", b"").refused(403, DENIED, NOT_ALLOWED);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_signature_must_be_the_engines() {
    let lab = Lab::new().await;
    lab.replies("1");
    let update = lab.client.update_function_url_config().function_name("greeter");
    update.auth_type(FunctionUrlAuthType::AwsIam).send().await.unwrap();
    let authority = &lab.authority;
    assert_eq!(lab.ask_signed(authority, "POST", "/a%20b?c=d", b"body").status, 200);

    lab.get("/").refused(403, DENIED, FORBIDDEN);
    let send = |headers: Vec<(String, String)>, path: &str, body: &[u8]| {
        let headers: Vec<_> = headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        lab.ask("POST", path, &headers, body)
    };
    let signed = || lab.signature(authority, "POST", "/", b"body");
    assert_eq!(send(signed(), "/", b"body").status, 200);
    send(signed(), "/", b"BODY").refused(403, DENIED, FORBIDDEN);
    send(signed(), "/?more", b"body").refused(403, DENIED, FORBIDDEN);
    let now = SystemTime::now();
    let sign = |service, time| lab.signature_at(authority, "POST", "/", b"", service, time);
    send(sign("s3", now), "/", b"").refused(403, DENIED, FORBIDDEN);
    send(sign("lambda", now - Duration::from_mins(6)), "/", b"").refused(403, DENIED, FORBIDDEN);
    let wrong_key = [(
        "Authorization",
        "AWS4-HMAC-SHA256 Credential=AKID/20261120/eu-central-1/lambda/aws4_request, SignedHeaders=host;x-amz-date, Signature=00",
    )];
    lab.ask("GET", "/", &wrong_key, b"").refused(403, DENIED, FORBIDDEN);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_url_that_is_gone_refuses_connections() {
    let lab = Lab::new().await;
    lab.replies("1");
    assert_eq!(lab.get("/").status, 200);
    lab.client.delete_function_url_config().function_name("greeter").send().await.unwrap();
    assert!(TcpStream::connect(&lab.authority).is_err());

    let echo = lab.signed_echo("echo").await;
    lab.client.delete_function().function_name("echo").send().await.unwrap();
    until("the port of a deleted function is closed", || TcpStream::connect(&echo).is_err()).await;

    let other = lab.signed_echo("other").await;
    lab.engine.shutdown().await;
    assert!(TcpStream::connect(&other).is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_under_way_is_answered_when_the_url_is_deleted() {
    let lab = Lab::new().await;
    lab.replies("1");
    assert_eq!(lab.get("/").status, 200);
    std::fs::write(lab.path("hold"), "").unwrap();
    let before = lab.path("new");
    let asking = {
        let authority = lab.authority.clone();
        tokio::task::spawn_blocking(move || ask(&authority, "GET", "/slow", &[], b""))
    };
    let taken = || {
        let files = std::fs::read_dir(lab.folder.path()).unwrap().map(|file| file.unwrap().path());
        files
            .filter(|file| *file != before)
            .any(|file| std::fs::read_to_string(file).is_ok_and(|text| text.contains("/slow")))
    };
    until("the function has the event", taken).await;
    lab.client.delete_function_url_config().function_name("greeter").send().await.unwrap();
    assert!(TcpStream::connect(&lab.authority).is_err());
    std::fs::remove_file(lab.path("hold")).unwrap();
    assert_eq!(asking.await.unwrap().text(), "1");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_url_of_an_alias_that_is_gone_leads_nowhere() {
    let lab = Lab::new().await;
    lab.replies("1");
    lab.signed_echo("echo").await;
    lab.client.publish_version().function_name("echo").send().await.unwrap();
    let alias = || lab.client.create_alias().function_name("echo").name("live").function_version("1");
    alias().send().await.unwrap();
    let made = lab.client.create_function_url_config().function_name("echo").qualifier("live");
    let made = made.auth_type(FunctionUrlAuthType::AwsIam).send().await.unwrap();
    let url = authority(made.function_url());
    assert_eq!(lab.ask_signed(&url, "GET", "/", b"").status, 200);
    lab.client.delete_alias().function_name("echo").name("live").send().await.unwrap();
    lab.ask_signed(&url, "GET", "/", b"").refused(403, DENIED, NOT_ALLOWED);
    alias().send().await.unwrap();
    assert_eq!(lab.ask_signed(&url, "GET", "/", b"").status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_open_url_for_nobody_is_an_error_at_the_start() {
    for (function, why) in [
        ("nobody", "the function 'nobody' can't have a URL: ResourceNotFoundException: Function not found: "),
        ("greeter:live", "the function 'greeter:live' can't have a URL: "),
        ("greeter:1", "at 'functionName'"),
    ] {
        let wanted = Options { samples: true, open_urls: vec![function.to_owned()], ..options() };
        let error = Engine::start(wanted).await.unwrap_err().to_string();
        assert!(error.contains(why), "{error}");
    }
}
