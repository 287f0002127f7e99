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
        document::diff::{Differences, diff},
        jq::{Filter, Limits},
        json::{self, Problem},
        secret::Secret,
    },
};

/// How long a filter may take.
const PATIENCE: Duration = Duration::from_secs(5);

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
        Look::Filter { program, body } => {
            let json = body.document().map(|document| document.text()).unwrap_or_default();
            let filter = Filter::compile(&program).map_err(|problem| problem.to_string())?;
            let output = filter
                .run(json, Limits { cancel, ..Limits::until(Instant::now() + PATIENCE) })
                .map_err(|problem| problem.to_string())?;
            let count = output.values.len();
            // Several outputs are shown as one array, so that they are a tree, too.
            let text = match count {
                1 => output.values.concat(),
                _ => format!("[{}]", output.values.join(",")),
            };
            let mut title = format!("jq {program}");
            if count != 1 {
                title.push_str(&format!(" ({count} results)"));
            }
            if let Some(cut) = output.cut {
                title.push_str(&format!(", {cut}"));
            }
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
                title.push_str(&format!(", {cut}"));
            }
            Ok((title, Body::read(decoded.bytes)))
        }
    }
}
