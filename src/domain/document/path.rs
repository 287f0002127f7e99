//! Where a value is, as jq writes it.

use std::fmt::Write as _;

use super::Document;
use crate::domain::text::sanitise;

/// The path of a node from the root.
pub(super) fn whole(document: &Document, n: usize) -> String {
    written(document, n, usize::MAX)
}

/// The path of a node in about `most` bytes: with `…` in place of its beginning where it is longer, and of the rest of
/// a key that is longer than that by itself.
pub(super) fn bounded(document: &Document, n: usize, most: usize) -> String {
    written(document, n, most)
}

fn written(document: &Document, n: usize, most: usize) -> String {
    // From the node upwards, so that what is cut off costs nothing.
    let mut steps = Vec::new();
    let mut length = 0;
    let mut node = n;
    let mut is_cut = false;
    while let Some(parent) = document.parent(node) {
        if length > most {
            is_cut = true;
            break;
        }
        let step = step(document, node, most);
        length += step.len();
        steps.push(step);
        node = parent;
    }
    let mut path = String::with_capacity(length + 4);
    path.push_str(if is_cut { "…" } else { "" });
    for step in steps.iter().rev() {
        // `.[0]`, but `.a[0]`.
        if path.is_empty() && step.starts_with('[') {
            path.push('.');
        }
        path.push_str(step);
    }
    if path.is_empty() { ".".into() } else { path }
}

/// What leads from a container to a value in it: `.key`, `."odd key"`, `[7]`.
fn step(document: &Document, n: usize, most: usize) -> String {
    if let Some(index) = document.index(n) {
        return format!("[{index}]");
    }
    if let Some(head) = document.long_key(n, most) {
        return format!(".{}…\"", sanitise(head));
    }
    let key = document.key(n).unwrap_or_default();
    let is_name = !key.starts_with(|c: char| c.is_ascii_digit())
        && !key.is_empty()
        && key.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    if is_name { format!(".{key}") } else { format!(".{}", quoted(&key)) }
}

/// A key as a JSON string in which nothing is left that a terminal would obey or hide.
fn quoted(key: &str) -> String {
    let plain = escaped(key, false);
    if sanitise(&plain) == plain { plain } else { escaped(key, true) }
}

fn escaped(key: &str, all: bool) -> String {
    let mut out = String::with_capacity(key.len() + 2);
    out.push('"');
    for character in key.chars() {
        match character {
            '"' | '\\' => out.extend(['\\', character]),
            _ if all && !matches!(character, ' '..='~') => {
                for unit in character.encode_utf16(&mut [0; 2]) {
                    // Writing to a String can't fail.
                    let _ = write!(out, "\\u{unit:04x}");
                }
            }
            _ => out.push(character),
        }
    }
    out.push('"');
    out
}
