//! Making something of a payload for the answer's view. It may take seconds: not for a thread that draws or waits.

use std::{
    sync::{Arc, atomic::AtomicBool},
    time::{Duration, Instant},
};

use crate::{
    app::msg::{Examined, Examining, Look},
    domain::{
        body::Body,
        decode,
        document::{
            Document,
            diff::{Differences, diff},
        },
        format,
        jq::{Filter, Limits},
        json::{self, Problem},
        secret::Secret,
    },
};

/// How long a filter may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// Bytes of what is made that are looked at: what was packed may be a thousand times as large.
const MADE: usize = 16 << 20;

/// Differences that are listed.
const LISTED: usize = 1000;

/// Compares two answers by their structure.
///
/// # Errors
/// One of them is no JSON: then only whether they are the same can be told.
pub(super) fn compare(before: &Body, after: &Body) -> Result<Differences, String> {
    match (before.document(), after.document()) {
        (Some(before), Some(after)) => Ok(diff(before, after, LISTED)),
        _ if before.bytes() == after.bytes() => Ok(Differences::default()),
        _ => Err("They differ. One of them is no JSON: there is no structure to compare.".into()),
    }
}

/// Finds something out about an event.
///
/// # Errors
/// It is not JSON.
pub(super) fn examine(what: Examining, event: &Secret) -> Result<Examined, Problem> {
    let event = event.reveal();
    json::check(event)?;
    Ok(match what {
        Examining::Check => Examined { written: None, duplicate: json::duplicate(event) },
        Examining::Format => Examined { written: json::pretty(event).map(Secret::new), duplicate: None },
        Examining::Minify => Examined { written: json::minify(event).map(Secret::new), duplicate: None },
    })
}

/// What a filter or a decoding gives, with a title. Setting `cancel` ends a filter.
///
/// # Errors
/// Why it gives nothing, in a line.
pub(super) fn make(look: Look, cancel: Arc<AtomicBool>) -> Result<(String, Body), String> {
    match look {
        Look::Read(bytes) => Ok((String::new(), Body::read(bytes))),
        Look::Message(message) => Ok((String::new(), Body::read_message(message))),
        Look::Filter { program, body } => {
            let json = body.document().map(Document::text).unwrap_or_default();
            let filter = Filter::compile(&program).map_err(|problem| problem.to_string())?;
            let output = filter
                .run(json, Limits { cancel, bytes: MADE, ..Limits::until(Instant::now() + PATIENCE) })
                .map_err(|problem| problem.to_string())?;
            let count = output.values.len();
            // Several outputs are shown as one array, so that they are a tree, too.
            let text = match count {
                1 => output.values.concat(),
                _ => format!("[{}]", output.values.join(",")),
            };
            let several = if count == 1 { String::new() } else { format!(" ({count} results)") };
            let cut = output.cut.map(|cut| format!(", {cut}")).unwrap_or_default();
            let title = format!("jq {program}{several}{cut}");
            Ok((title, Body::read(text.into_bytes())))
        }
        Look::Decode { body, node } => {
            let text = match (node, body.document()) {
                (Some(node), Some(document)) => document.string(node).unwrap_or_default(),
                _ => String::from_utf8_lossy(body.bytes()),
            };
            let decoded = decode::decode(&text).ok_or("it is no base64, no gzip and no JSON in a text")?;
            let steps: Vec<String> = decoded.steps.iter().map(ToString::to_string).collect();
            let mut title = steps.join(" > ");
            if let Some(cut) = decoded.cut {
                title = format!("{title}, {cut}");
            }
            let mut bytes = decoded.bytes;
            if bytes.len() > MADE {
                let size = |bytes: usize| format::bytes(bytes as u64);
                title = format!("{title}, the first {} of {}", size(MADE), size(bytes.len()));
                bytes.truncate(MADE);
            }
            Ok((title, Body::read(bytes)))
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use base64::{Engine as _, engine::general_purpose::STANDARD};
    use flate2::{Compression, write::GzEncoder};
    use rstest::rstest;

    use super::*;

    fn body(text: &str) -> Arc<Body> {
        Arc::new(Body::read(text.into()))
    }

    fn made(look: Look) -> Result<(String, String), String> {
        let (title, body) = make(look, Arc::default())?;
        Ok((title, String::from_utf8_lossy(body.bytes()).into_owned()))
    }

    #[rstest]
    #[case(".a", "jq .a", "1.50")]
    #[case(".b[]", "jq .b[] (2 results)", "[1e400,\"x\"]")]
    #[case("empty", "jq empty (0 results)", "[]")]
    fn a_filter_gives_one_value(#[case] program: &str, #[case] title: &str, #[case] text: &str) {
        let look = Look::Filter { program: program.into(), body: body(r#"{"a":1.50,"b":[1e400,"x"]}"#) };
        assert_eq!(made(look), Ok((title.into(), text.into())));
    }

    #[test]
    fn a_filter_that_is_none_or_is_dropped_says_so() {
        let look = |program: &str| Look::Filter { program: program.into(), body: body("[1]") };
        assert!(made(look(".[")).unwrap_err().contains("column"));
        let dropped = Arc::new(AtomicBool::new(true));
        let (title, _) =
            make(look("[range(1e9)]"), dropped).unwrap_or_else(|problem| (problem, Body::read(Vec::new())));
        assert!(!title.is_empty());
    }

    #[test]
    fn what_is_packed_is_unpacked_within_bounds() {
        let pack = |bytes: &[u8]| {
            let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
            packed.write_all(bytes).unwrap();
            STANDARD.encode(packed.finish().unwrap())
        };
        let decode = |text: &str, node| made(Look::Decode { body: body(text), node });
        let small = pack(b"{\"ok\":1.0}");
        assert_eq!(
            decode(&format!("[\"{small}\"]"), Some(1)),
            Ok(("base64 > gzip > JSON".into(), "{\"ok\":1.0}".into()))
        );
        assert_eq!(decode(&small, None).unwrap().1, "{\"ok\":1.0}");
        let (title, text) = decode(&pack(&vec![b'a'; 2 * MADE]), None).unwrap();
        assert!(title.ends_with(", the first 17MB of 34MB") && text.len() == MADE, "{title}");
        assert!(decode("plain words", None).is_err());
    }

    #[test]
    fn what_is_no_json_is_the_same_or_not() {
        assert_eq!(compare(&body("gone"), &body("gone")), Ok(Differences::default()));
        assert!(compare(&body("gone"), &body("[1]")).is_err());
        assert_eq!(compare(&body("[1]"), &body("[2]")).unwrap().list.len(), 1);
    }
}
