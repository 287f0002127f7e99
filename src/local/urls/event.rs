//! A request as an event in payload format 2.0.
//! <https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html#urls-payloads>

use std::time::SystemTime;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use hyper::{
    HeaderMap,
    header::{CONTENT_TYPE, COOKIE, HOST, HeaderName, USER_AGENT},
    http::request::Parts,
};
use jiff::Timestamp;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use crate::local::http::{decode, parse_form};

/// The only address that a caller can have.
const SOURCE_IP: &str = "127.0.0.1";
/// Headers that are about the connection and not the request, and those that have a place of their own.
const LEFT_OUT: &[&str] = &[
    "connection",
    "expect",
    "keep-alive",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    // It is `cookies`.
    "cookie",
];

/// What is known of a request beside what it says itself.
pub(super) struct About<'a> {
    /// The URL's id.
    pub id: &'a str,
    pub port: u16,
    pub request_id: &'a str,
    /// Of the caller who signed.
    pub account_id: Option<&'a str>,
    /// `authorizer`, for a caller who signed.
    pub caller: Option<Value>,
    pub now: SystemTime,
}

/// The event.
pub(super) fn event(head: &Parts, body: &[u8], about: About<'_>) -> Value {
    let raw_query = head.uri.query().unwrap_or_default();
    let text = |name: &HeaderName| joined(&head.headers, name.as_str());
    let host = text(&HOST);
    let now = Timestamp::try_from(about.now).unwrap_or_default();
    let mut context = json!({
        "accountId": about.account_id.unwrap_or("anonymous"),
        "apiId": about.id,
        "domainName": host,
        "domainPrefix": about.id,
        "http": {
            "method": head.method.as_str(),
            "path": decode(head.uri.path()),
            "protocol": format!("{:?}", head.version),
            "sourceIp": SOURCE_IP,
            "userAgent": text(&USER_AGENT),
        },
        "requestId": about.request_id,
        "routeKey": "$default",
        "stage": "$default",
        "time": now.strftime("%d/%b/%Y:%H:%M:%S +0000").to_string(),
        "timeEpoch": now.as_millisecond(),
    });
    let signed = about.caller.is_some();
    if let Some(caller) = about.caller {
        context["authorizer"] = caller;
    }
    let mut event = json!({
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": head.uri.path(),
        "rawQueryString": raw_query,
        "headers": headers(&head.headers, about.port, now, signed),
        "requestContext": context,
        "isBase64Encoded": false,
    });
    // What there is none of is left out.
    let cookies = cookies(&head.headers);
    if !cookies.is_empty() {
        event["cookies"] = json!(cookies);
    }
    let query = query(raw_query);
    if !query.is_empty() {
        event["queryStringParameters"] = Value::Object(query);
    }
    if !body.is_empty() {
        let as_text = is_text(&text(&CONTENT_TYPE))
            .then(|| std::str::from_utf8(body).ok())
            .flatten()
            .map(str::to_owned);
        event["isBase64Encoded"] = json!(as_text.is_none());
        event["body"] = json!(as_text.unwrap_or_else(|| STANDARD.encode(body)));
    }
    event
}

/// A header's values, as one.
fn joined(headers: &HeaderMap, name: &str) -> String {
    let values: Vec<_> =
        headers.get_all(name).iter().map(|value| String::from_utf8_lossy(value.as_bytes())).collect();
    values.join(",")
}

/// The client's headers, in lower case, and the service's. A signature is the service's alone.
fn headers(given: &HeaderMap, port: u16, now: Timestamp, signed: bool) -> Map<String, Value> {
    let kept = given.keys().map(HeaderName::as_str);
    let kept = kept.filter(|name| !(LEFT_OUT.contains(name) || signed && *name == "authorization"));
    let mut headers: Map<_, _> = kept.map(|name| (name.to_owned(), json!(joined(given, name)))).collect();
    let mut set = |name: &str, value: String| headers.insert(name.to_owned(), Value::String(value));
    set("x-forwarded-for", SOURCE_IP.to_owned());
    set("x-forwarded-port", port.to_string());
    set("x-forwarded-proto", "http".to_owned());
    let random = Uuid::new_v4().simple().to_string();
    headers
        .entry("x-amzn-trace-id")
        .or_insert_with(|| json!(format!("Root=1-{:08x}-{}", now.as_second(), &random[..24])));
    headers
}

fn cookies(headers: &HeaderMap) -> Vec<String> {
    let lines = headers.get_all(COOKIE).iter().map(|value| String::from_utf8_lossy(value.as_bytes()));
    lines
        .flat_map(|line| {
            let cookies = line.split(';').map(|cookie| cookie.trim().to_owned());
            cookies.filter(|cookie| !cookie.is_empty()).collect::<Vec<_>>()
        })
        .collect()
}

/// The query's parameters, decoded, those of one name as one.
fn query(raw: &str) -> Map<String, Value> {
    let mut parameters: Map<String, Value> = Map::new();
    for (name, value) in parse_form(raw) {
        match parameters.get_mut(&name) {
            Some(Value::String(values)) => {
                values.push(',');
                values.push_str(&value);
            }
            _ => {
                parameters.insert(name, Value::String(value));
            }
        }
    }
    parameters
}

/// Whether a body of this type is given as it is. Everything else is base64, forms and unknown types too (as AWS's HTTP
/// APIs do, whose format this is).
fn is_text(content_type: &str) -> bool {
    let media_type = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    media_type.starts_with("text/")
        || matches!(media_type.as_str(), "application/json" | "application/javascript" | "application/xml")
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use hyper::{Request, Version};

    use super::*;

    fn of(request: hyper::http::request::Builder, body: &[u8]) -> Value {
        signed_of(request, body, None)
    }

    fn signed_of(request: hyper::http::request::Builder, body: &[u8], caller: Option<Value>) -> Value {
        let (head, ()) = request.body(()).unwrap().into_parts();
        let about = About {
            id: "abc",
            port: 4711,
            request_id: "r-1",
            account_id: caller.is_some().then_some("123456789012"),
            caller,
            now: SystemTime::UNIX_EPOCH + Duration::from_millis(1_583_348_638_390),
        };
        event(&head, body, about)
    }

    #[test]
    fn a_request_becomes_an_event() {
        let request = Request::post("/path/%C3%BC/1?q=a+b&r=1&q=%26c&empty")
            .version(Version::HTTP_11)
            .header("Host", "127.0.0.1:4711")
            .header("User-Agent", "test/echo")
            .header("ExTrA-HeadErs", "With WeiRd CapS")
            .header("twice", "1")
            .header("twice", "2")
            .header("cookie", "a=1; b=2")
            .header("cookie", "c=3")
            .header("connection", "keep-alive")
            .header("authorization", "Bearer x")
            .header("x-forwarded-for", "6.6.6.6")
            .header("content-type", "application/json; charset=utf-8");
        let mut event = of(request, br#"{"foo":"b\u00e4r"}"#);
        let trace = event["headers"].as_object_mut().unwrap().remove("x-amzn-trace-id").unwrap();
        let trace = trace.as_str().unwrap();
        assert!(trace.starts_with("Root=1-5e5ffb9e-") && trace.len() == 40, "{trace}");
        let expected = json!({
            "version": "2.0",
            "routeKey": "$default",
            "rawPath": "/path/%C3%BC/1",
            "rawQueryString": "q=a+b&r=1&q=%26c&empty",
            "cookies": ["a=1", "b=2", "c=3"],
            "headers": {
                "host": "127.0.0.1:4711",
                "user-agent": "test/echo",
                "extra-headers": "With WeiRd CapS",
                "twice": "1,2",
                "authorization": "Bearer x",
                "content-type": "application/json; charset=utf-8",
                "x-forwarded-for": "127.0.0.1",
                "x-forwarded-port": "4711",
                "x-forwarded-proto": "http",
            },
            "queryStringParameters": { "q": "a b,&c", "r": "1", "empty": "" },
            "requestContext": {
                "accountId": "anonymous",
                "apiId": "abc",
                "domainName": "127.0.0.1:4711",
                "domainPrefix": "abc",
                "http": {
                    "method": "POST",
                    "path": "/path/ü/1",
                    "protocol": "HTTP/1.1",
                    "sourceIp": "127.0.0.1",
                    "userAgent": "test/echo",
                },
                "requestId": "r-1",
                "routeKey": "$default",
                "stage": "$default",
                "time": "04/Mar/2020:19:03:58 +0000",
                "timeEpoch": 1_583_348_638_390_i64,
            },
            "body": r#"{"foo":"b\u00e4r"}"#,
            "isBase64Encoded": false,
        });
        assert_eq!(event, expected);
    }

    #[test]
    fn what_there_is_none_of_is_left_out() {
        let event = of(Request::get("/").header("host", "127.0.0.1"), b"");
        for absent in ["body", "cookies", "queryStringParameters"] {
            assert_eq!(event.get(absent), None, "{absent}");
        }
        assert_eq!(event["isBase64Encoded"], false);
        assert_eq!(event["requestContext"].get("authorizer"), None);
        let traced = of(Request::get("/").header("x-amzn-trace-id", "Root=1-0-0"), b"");
        assert_eq!(traced["headers"]["x-amzn-trace-id"], "Root=1-0-0");
    }

    #[test]
    fn a_caller_who_signed_is_named_and_the_signature_is_not() {
        let request =
            || Request::get("/").header("authorization", "AWS4-HMAC-SHA256 x").header("x-amz-date", "d");
        let event = signed_of(request(), b"", Some(json!({ "iam": { "userId": "me" } })));
        assert_eq!(event["requestContext"]["accountId"], "123456789012");
        assert_eq!(event["requestContext"]["authorizer"]["iam"]["userId"], "me");
        assert_eq!(event["headers"].get("authorization"), None);
        assert_eq!(event["headers"]["x-amz-date"], "d");
    }

    #[test]
    fn bodies_that_are_no_text_are_base64() {
        let body = |content_type: Option<&str>, body: &[u8]| {
            let request = Request::post("/");
            let event =
                of(content_type.into_iter().fold(request, |it, kind| it.header("content-type", kind)), body);
            (event["isBase64Encoded"].as_bool().unwrap(), event["body"].as_str().unwrap().to_owned())
        };
        for text in [
            "text/plain",
            "TEXT/html; charset=utf-8",
            "text/csv",
            "application/json",
            "application/xml",
            "application/javascript",
        ] {
            assert_eq!(body(Some(text), b"text"), (false, "text".to_owned()), "{text}");
            assert_eq!(body(Some(text), b"\xff\x00"), (true, "/wA=".to_owned()), "{text}");
        }
        for other in [
            None,
            Some("application/octet-stream"),
            Some("application/x-www-form-urlencoded"),
            Some("multipart/form-data; boundary=x"),
            Some("image/png"),
        ] {
            assert_eq!(body(other, b"text"), (true, "dGV4dA==".to_owned()), "{other:?}");
        }
    }
}
