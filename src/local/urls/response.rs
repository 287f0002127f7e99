//! What a function gave, as an HTTP answer.
//!
//! JSON with a `statusCode` says what the answer is. Everything else is the body of one with status 200: a string as it
//! is, other JSON without the blanks between its tokens (recorded on AWS).

use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use hyper::header::{HeaderName, HeaderValue};
use serde::Deserialize;
use serde_json::{Map, Value, value::RawValue};

use crate::local::http::Answer;

const JSON: &str = "application/json";
/// Headers that are the connection's or the service's: the function's own go out under another name.
const REMAPPED: &[&str] = &[
    "connection",
    "content-length",
    "date",
    "host",
    "keep-alive",
    "server",
    "upgrade",
    "www-authenticate",
    "x-amzn-requestid",
];
/// Headers of a framing that the server does itself.
const DROPPED: &[&str] = &["te", "trailer", "transfer-encoding"];

/// The answer where the function failed, or gave nothing that is a response.
pub(super) fn failed() -> Answer {
    Answer::typed(502, JSON, "Internal Server Error")
}

/// Status, headers and cookies, as a function says them: in its response, or before one that it streams.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Meta {
    status_code: Value,
    headers: Option<Map<String, Value>>,
    cookies: Option<Vec<String>>,
}

impl Meta {
    /// The answer that it describes, without a body; `content_type` where it names none.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn answer(&self, content_type: &str) -> Result<Answer, &'static str> {
        let status = match &self.status_code {
            Value::Null => Some(200),
            Value::Number(number) => number.as_u64(),
            Value::String(text) => text.parse().ok(),
            _ => None,
        };
        let status = status.and_then(|it| u16::try_from(it).ok()).filter(|it| (200..=599).contains(it));
        let mut answer = Answer::empty(status.ok_or("statusCode is no status")?);
        for (name, value) in self.headers.iter().flatten() {
            let value = match value {
                Value::String(text) => text.clone(),
                Value::Number(_) | Value::Bool(_) => value.to_string(),
                _ => return Err("a header is no text"),
            };
            let name = name.to_ascii_lowercase();
            if HeaderName::try_from(&name).is_err() || HeaderValue::try_from(&value).is_err() {
                return Err("a header can't be sent");
            }
            if REMAPPED.contains(&name.as_str()) {
                answer = answer.with_header(&format!("x-amzn-remapped-{name}"), value);
            } else if !DROPPED.contains(&name.as_str()) {
                answer = answer.with_header(&name, value);
            }
        }
        if !answer.headers.iter().any(|(name, _)| name == "content-type") {
            answer = answer.with_header("content-type", content_type);
        }
        for cookie in self.cookies.iter().flatten() {
            if HeaderValue::try_from(cookie).is_err() {
                return Err("a cookie can't be sent");
            }
            answer = answer.with_header("set-cookie", cookie.clone());
        }
        Ok(answer)
    }
}

/// A response that says what the answer is.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Structured<'a> {
    #[serde(flatten)]
    meta: Meta,
    #[serde(default)]
    is_base64_encoded: Option<bool>,
    #[serde(skip)]
    body: Option<&'a RawValue>,
}

/// The body apart: flattened, its text would be lost.
#[derive(Deserialize)]
struct Body<'a> {
    #[serde(borrow, default)]
    body: Option<&'a RawValue>,
}

/// The answer for a whole response.
///
/// # Errors
/// What is wrong with it.
pub(super) fn answer(payload: &[u8]) -> Result<Answer, &'static str> {
    let text = std::str::from_utf8(payload).map_err(|_| "it is no text")?;
    match serde_json::from_str::<Value>(text).map_err(|_| "it is no JSON")? {
        Value::Object(members) if members.contains_key("statusCode") => {
            let structured: Structured<'_> = serde_json::from_value(Value::Object(members))
                .map_err(|_| "headers, cookies or isBase64Encoded have another type")?;
            let Body { body } = serde_json::from_str(text).map_err(|_| "it is no JSON")?;
            Structured { body, ..structured }.answer()
        }
        Value::String(text) => Ok(Answer::typed(200, JSON, text)),
        _ => Ok(Answer::typed(200, JSON, compact(text))),
    }
}

impl Structured<'_> {
    fn answer(&self) -> Result<Answer, &'static str> {
        if self.meta.status_code.is_null() {
            return Err("statusCode is null");
        }
        let mut answer = self.meta.answer(JSON)?;
        let body = match self.body.map(|body| (body, serde_json::from_str::<Value>(body.get()))) {
            None | Some((_, Ok(Value::Null))) => Bytes::new(),
            Some((_, Ok(Value::String(text)))) if self.is_base64_encoded == Some(true) => {
                STANDARD.decode(text).map_err(|_| "the body is no base64")?.into()
            }
            Some((_, Ok(Value::String(text)))) => text.into(),
            Some((body, _)) => compact(body.get()).into(),
        };
        // These have none, and a client that got one would take it for the next answer.
        if !matches!(answer.status, 204 | 205 | 304) {
            answer.body = body;
        }
        Ok(answer)
    }
}

/// JSON without the blanks between its tokens, everything else as it was written.
fn compact(json: &str) -> String {
    let (mut in_string, mut escaped) = (false, false);
    json.chars()
        .filter(|&c| {
            if in_string {
                in_string = escaped || c != '"';
                escaped = !escaped && c == '\\';
                return true;
            }
            in_string = c == '"';
            !matches!(c, ' ' | '\t' | '\n' | '\r')
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn good(payload: &str) -> (u16, Vec<(String, String)>, String) {
        let answer = answer(payload.as_bytes()).unwrap();
        (answer.status, answer.headers, String::from_utf8(answer.body.to_vec()).unwrap())
    }

    fn typed(content_type: &str) -> Vec<(String, String)> {
        vec![("content-type".to_owned(), content_type.to_owned())]
    }

    #[test]
    fn what_has_no_status_is_a_body() {
        for (payload, body) in [
            (r#"{"hello": "world"}"#, r#"{"hello":"world"}"#),
            (r#"["hello", 3, true]"#, r#"["hello",3,true]"#),
            ("\"hello\"", "hello"),
            ("3", "3"),
            ("3.10", "3.10"),
            ("true", "true"),
            ("null", "null"),
            (r#"{"z": "a \" b\\", "a" : 1e5}"#, r#"{"z":"a \" b\\","a":1e5}"#),
            (r#"{"body": "x", "headers": {}}"#, r#"{"body":"x","headers":{}}"#),
        ] {
            assert_eq!(good(payload), (200, typed(JSON), body.to_owned()), "{payload}");
        }
    }

    #[test]
    fn what_has_one_says_all() {
        assert_eq!(good(r#"{"statusCode":200,"body":"body123"}"#), (200, typed(JSON), "body123".into()));
        assert_eq!(good(r#"{"statusCode":"418","body":"tea"}"#), (418, typed(JSON), "tea".into()));
        assert_eq!(good(r#"{"statusCode":201}"#), (201, typed(JSON), String::new()));
        let whole = json!({
            "statusCode": 302,
            "headers": { "Content-Type": "text/html", "My-Header": "x", "N": 3, "Www-Authenticate": "Basic",
                         "Content-Length": "99", "Transfer-Encoding": "chunked" },
            "cookies": ["a=1; Secure", "b=2"],
            "body": "PGI+", "isBase64Encoded": true,
        });
        let headers = [
            ("x-amzn-remapped-content-length", "99"),
            ("content-type", "text/html"),
            ("my-header", "x"),
            ("n", "3"),
            ("x-amzn-remapped-www-authenticate", "Basic"),
            ("set-cookie", "a=1; Secure"),
            ("set-cookie", "b=2"),
        ];
        let headers = headers.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
        assert_eq!(good(&whole.to_string()), (302, headers, "<b>".into()));
        assert_eq!(good(r#"{"statusCode":200,"body":{"z": 1, "a": 2.50}}"#).2, r#"{"z":1,"a":2.50}"#);
        assert_eq!(good(r#"{"statusCode":204,"body":"x"}"#).2, "");
        assert_eq!(good(r#"{"statusCode":200,"body":null,"headers":null,"cookies":null}"#).2, "");
    }

    #[test]
    fn wrong_shapes_are_no_responses() {
        for wrong in [
            "",
            "Hello, world!",
            r#"{"statusCode":null}"#,
            r#"{"statusCode":"ok"}"#,
            r#"{"statusCode":200.5}"#,
            r#"{"statusCode":199}"#,
            r#"{"statusCode":600}"#,
            r#"{"statusCode":-200}"#,
            r#"{"statusCode":200,"headers":[]}"#,
            r#"{"statusCode":200,"headers":{"a":["b"]}}"#,
            r#"{"statusCode":200,"headers":{"a b":"c"}}"#,
            r#"{"statusCode":200,"headers":{"a":"b\nc: d"}}"#,
            r#"{"statusCode":200,"cookies":"a=1"}"#,
            r#"{"statusCode":200,"cookies":["a\r\nb"]}"#,
            r#"{"statusCode":200,"body":"%","isBase64Encoded":true}"#,
            r#"{"statusCode":200,"isBase64Encoded":"yes"}"#,
        ] {
            assert!(answer(wrong.as_bytes()).is_err(), "{wrong}");
        }
        for (status, fits) in [(199, false), (200, true), (201, true), (598, true), (599, true), (600, false)]
        {
            assert_eq!(
                answer(json!({ "statusCode": status }).to_string().as_bytes()).is_ok(),
                fits,
                "{status}"
            );
        }
        assert!(answer(b"\"\xff\"").is_err());
    }
}
