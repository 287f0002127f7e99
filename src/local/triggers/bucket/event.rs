//! S3's event notifications (event version 2.1).

use std::fmt::Write as _;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use jiff::Timestamp;
use serde_json::json;
use uuid::Uuid;

use crate::local::{lambda::names::Place, triggers::Notification};

/// What happens to an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Happening {
    /// It was written, anew or over an older one. Copies and uploads in parts look the same here.
    Created {
        /// Bytes.
        size: u64,
        /// MD5 of the content, in hexadecimal digits.
        etag: String,
    },
    /// It is gone.
    Removed,
}

/// `s3:ObjectCreated:Put` or `s3:ObjectRemoved:Delete`.
fn kind(created: bool) -> &'static str {
    if created { "s3:ObjectCreated:Put" } else { "s3:ObjectRemoved:Delete" }
}

impl Notification {
    /// Whether it tells of an object that was created (or removed).
    pub(super) fn wants(&self, created: bool, key: &str) -> bool {
        self.events.iter().any(|event| covers(event, kind(created)))
            && begins(key, &self.prefix)
            && ends(key, &self.suffix)
    }

    /// The kinds of events that it names and that never come: a folder doesn't tell a copy or an upload in parts from
    /// a file that is written.
    pub(in crate::local::triggers) fn silent(&self) -> Vec<&str> {
        let events = self.events.iter().map(String::as_str);
        events.filter(|event| !covers(event, kind(true)) && !covers(event, kind(false))).collect()
    }

    /// Whether both would tell of the same object. S3 refuses two such notifications of one bucket.
    pub(in crate::local::triggers) fn overlaps(&self, other: &Self) -> bool {
        let either = |a: &str, b: &str, part: fn(&str, &str) -> bool| part(a, b) || part(b, a);
        self.bucket == other.bucket
            && [true, false].iter().any(|created| {
                let covers = |it: &Self| it.events.iter().any(|event| covers(event, kind(*created)));
                covers(self) && covers(other)
            })
            && either(&self.prefix, &other.prefix, |a, b| a.starts_with(b))
            && either(&self.suffix, &other.suffix, |a, b| a.ends_with(b))
    }
}

/// Whether a kind as it is configured, such as `s3:ObjectCreated:*`, covers one that happens.
fn covers(configured: &str, happens: &str) -> bool {
    let general = configured.strip_suffix('*').filter(|general| general.ends_with(':') && *general != "s3:");
    configured == happens || general.is_some_and(|general| happens.starts_with(general))
}

/// S3 wants special characters in a filter percent-encoded; as they are they are understood, too.
fn begins(key: &str, prefix: &str) -> bool {
    key.starts_with(prefix) || key.as_bytes().starts_with(&decoded(prefix))
}

fn ends(key: &str, suffix: &str) -> bool {
    key.ends_with(suffix) || key.as_bytes().ends_with(&decoded(suffix))
}

fn decoded(text: &str) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let digits = (*first == b'%').then(|| after.get(..2)).flatten();
        let digits = digits.filter(|digits| digits.iter().all(u8::is_ascii_hexdigit));
        let byte = digits
            .and_then(|digits| std::str::from_utf8(digits).ok())
            .and_then(|digits| u8::from_str_radix(digits, 16).ok());
        if let Some(byte) = byte {
            out.push(byte);
            rest = &after[2..];
        } else {
            out.push(if *first == b'+' { b' ' } else { *first });
            rest = after;
        }
    }
    out
}

/// A key as notifications have it: a blank is `+`, slashes stay.
fn encoded(key: &str) -> String {
    let mut out = String::with_capacity(key.len());
    for byte in key.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'*' | b'/' => {
                out.push(byte.into());
            }
            b' ' => out.push('+'),
            _ => {
                // Writing to a String cannot fail.
                let _ = write!(out, "%{byte:02X}");
            }
        }
    }
    out
}

/// Who writes: made up once, as an account's ids are.
#[derive(Clone, Debug)]
pub(super) struct Writer {
    /// `userIdentity`.
    principal: String,
    /// The bucket's `ownerIdentity`.
    owner: String,
    /// The last `sequencer`: of two events of a key the later one has the larger one.
    sequencer: u64,
}

impl Writer {
    pub(super) fn new() -> Self {
        Self {
            principal: format!("AWS:AIDA{}", identifier(17)),
            owner: format!("A{}", identifier(13)),
            sequencer: 0,
        }
    }

    /// The event for a function.
    pub(super) fn event(
        &mut self,
        place: &Place,
        function: &str,
        notification: &Notification,
        key: &str,
        happening: &Happening,
    ) -> Bytes {
        let now = Timestamp::now();
        let nanoseconds = u64::try_from(now.as_nanosecond()).unwrap_or_default();
        self.sequencer = nanoseconds.max(self.sequencer + 1);
        let name = function.split(':').next().unwrap_or(function);
        let bucket = &notification.bucket;
        let mut object = json!({ "key": encoded(key), "sequencer": format!("00{:016X}", self.sequencer) });
        let created = matches!(happening, Happening::Created { .. });
        if let Happening::Created { size, etag } = happening {
            object["size"] = json!(size);
            object["eTag"] = json!(etag);
        }
        let event = json!({ "Records": [{
            "eventVersion": "2.1",
            "eventSource": "aws:s3",
            "awsRegion": place.region,
            "eventTime": now.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string(),
            "eventName": kind(created).trim_start_matches("s3:"),
            "userIdentity": { "principalId": self.principal },
            "requestParameters": { "sourceIPAddress": "127.0.0.1" },
            "responseElements": { "x-amz-request-id": identifier(16), "x-amz-id-2": token() },
            "s3": {
                "s3SchemaVersion": "1.0",
                "configurationId": format!("{name}-notification"),
                "bucket": {
                    "name": bucket,
                    "ownerIdentity": { "principalId": self.owner },
                    "arn": format!("arn:{}:s3:::{bucket}", place.partition),
                },
                "object": object,
            },
        }] });
        Bytes::from(event.to_string())
    }
}

/// Upper-case letters and digits, at most 24 of them.
fn identifier(length: usize) -> String {
    let (mut rest, alphabet) = (Uuid::new_v4().as_u128(), b"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789");
    let mut letters = std::iter::repeat_with(|| {
        let letter = alphabet[usize::try_from(rest % 36).unwrap_or_default()];
        rest /= 36;
        char::from(letter)
    });
    letters.by_ref().take(length).collect()
}

/// 76 letters, as `x-amz-id-2` has them.
fn token() -> String {
    let bytes: Vec<u8> = std::iter::repeat_with(Uuid::new_v4).take(4).flat_map(Uuid::into_bytes).collect();
    STANDARD.encode(&bytes[..57])
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::Value;

    use super::*;

    fn notification(events: &[&str], prefix: &str, suffix: &str) -> Notification {
        Notification {
            bucket: "photos".into(),
            folder: "/data/photos".into(),
            events: events.iter().map(|event| (*event).to_owned()).collect(),
            prefix: prefix.into(),
            suffix: suffix.into(),
        }
    }

    #[rstest]
    #[case("s3:ObjectCreated:*", true, false)]
    #[case("s3:ObjectCreated:Put", true, false)]
    #[case("s3:ObjectRemoved:*", false, true)]
    #[case("s3:ObjectRemoved:Delete", false, true)]
    #[case("s3:ObjectCreated:Copy", false, false)]
    #[case("s3:ObjectCreated:Post", false, false)]
    #[case("s3:ObjectCreated:CompleteMultipartUpload", false, false)]
    #[case("s3:ObjectRemoved:DeleteMarkerCreated", false, false)]
    #[case("s3:ObjectRestore:*", false, false)]
    #[case("s3:*", false, false)]
    #[case("ObjectCreated:*", false, false)]
    fn kinds_of_events(#[case] event: &str, #[case] created: bool, #[case] removed: bool) {
        let it = notification(&[event], "", "");
        assert_eq!((it.wants(true, "k"), it.wants(false, "k")), (created, removed));
        assert_eq!(it.silent().is_empty(), created || removed);
    }

    #[rstest]
    #[case("", "", "any/thing", true)]
    #[case("in/", ".jpg", "in/a.jpg", true)]
    #[case("in/", ".jpg", "in/deep/a.jpg", true)]
    #[case("in/", ".jpg", "out/a.jpg", false)]
    #[case("in/", ".jpg", "in/a.JPG", false)]
    #[case("in/", "", "in", false)]
    #[case("a b/", "", "a b/c", true)]
    #[case("a+b/", "", "a b/c", true)]
    #[case("a%20b/", "%28x%29", "a b/(x)", true)]
    #[case("a+b/", "", "a+b/c", true)]
    #[case("100%", "", "100%/x", true)]
    #[case("f%C3%BC", "", "für", true)]
    #[case("f%C3", "", "für", true)]
    fn filters(#[case] prefix: &str, #[case] suffix: &str, #[case] key: &str, #[case] fits: bool) {
        assert_eq!(notification(&["s3:ObjectCreated:*"], prefix, suffix).wants(true, key), fits);
    }

    #[test]
    fn notifications_that_s3_would_not_have_beside_each_other() {
        let (created, removed) = (&["s3:ObjectCreated:*"], &["s3:ObjectRemoved:*"]);
        let it = notification(created, "in/", ".jpg");
        assert!(it.overlaps(&it) && it.overlaps(&notification(created, "", "")));
        assert!(it.overlaps(&notification(&["s3:ObjectCreated:Put"], "in/deep", "x.jpg")));
        assert!(!it.overlaps(&notification(removed, "in/", ".jpg")));
        assert!(!it.overlaps(&notification(created, "out/", ".jpg")));
        assert!(!it.overlaps(&notification(created, "in/", ".png")));
        assert!(!it.overlaps(&Notification { bucket: "other".into(), ..it.clone() }));
    }

    #[rstest]
    #[case("plain-key_1.txt", "plain-key_1.txt")]
    #[case("a b/c+d.txt", "a+b/c%2Bd.txt")]
    #[case("für (1)/~x*&=%.jpg", "f%C3%BCr+%281%29/%7Ex*%26%3D%25.jpg")]
    fn keys_are_url_encoded(#[case] key: &str, #[case] shown: &str) {
        assert_eq!(encoded(key), shown);
        assert_eq!(decoded(shown), key.as_bytes());
    }

    /// The names of all members, in their places.
    fn shape(value: &Value) -> Vec<String> {
        match value {
            Value::Object(members) => members
                .iter()
                .flat_map(|(name, value)| {
                    let inner = shape(value).into_iter().map(move |inner| format!("{name}.{inner}"));
                    std::iter::once(name.clone()).chain(inner)
                })
                .collect(),
            Value::Array(items) => items.iter().flat_map(shape).collect(),
            _ => Vec::new(),
        }
    }

    #[rstest]
    #[case(include_str!("../../../../assets/events/s3-put.json"), true)]
    #[case(include_str!("../../../../assets/events/s3-delete.json"), false)]
    fn an_event_has_the_shape_of_the_template(#[case] template: &str, #[case] created: bool) {
        let place =
            Place { partition: "aws-cn", region: "cn-north-1".into(), account_id: "123456789012".into() };
        let happening =
            if created { Happening::Created { size: 3, etag: "e".into() } } else { Happening::Removed };
        let mut writer = Writer::new();
        let it = notification(&[], "", "");
        let mut event = || -> Value {
            serde_json::from_slice(&writer.event(&place, "resize:live", &it, "a b", &happening)).unwrap()
        };
        let (first, second) = (event(), event());
        let mut wanted = shape(&serde_json::from_str(template).unwrap());
        // The bucket has no versions.
        wanted.retain(|name| !name.ends_with("versionId"));
        let mut got = shape(&first);
        wanted.sort();
        got.sort();
        assert_eq!(got, wanted);

        let record = &first["Records"][0];
        assert_eq!(record["eventName"], if created { "ObjectCreated:Put" } else { "ObjectRemoved:Delete" });
        assert_eq!(record["awsRegion"], "cn-north-1");
        assert_eq!(record["s3"]["configurationId"], "resize-notification");
        assert_eq!(record["s3"]["bucket"]["arn"], "arn:aws-cn:s3:::photos");
        assert_eq!(record["s3"]["object"]["key"], "a+b");
        let length = |pointer: &str| record.pointer(pointer).unwrap().as_str().unwrap().len();
        assert_eq!(length("/eventTime"), "2026-11-20T10:00:00.000Z".len());
        assert_eq!(length("/userIdentity/principalId"), "AWS:AIDA".len() + 17);
        assert_eq!(
            (length("/responseElements/x-amz-request-id"), length("/responseElements/x-amz-id-2")),
            (16, 76)
        );
        let sequencer = |event: &Value| {
            let text = event["Records"][0]["s3"]["object"]["sequencer"].as_str().unwrap().to_owned();
            assert_eq!(text.len(), 18);
            text
        };
        assert!(sequencer(&first) < sequencer(&second));
        assert_ne!(first["Records"][0]["responseElements"], second["Records"][0]["responseElements"]);
    }
}
