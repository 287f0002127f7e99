//! Untrusted text made safe to show.
//!
//! Log messages, names, payloads and error texts come from outside and go to a terminal. They are neutralised
//! once, where they enter the program, with [`sanitise`] (one line), [`sanitise_lines`] or [`sanitise_bytes`].
//! Nothing is dropped silently: what a terminal would obey or hide becomes a visible mark.
//!
//! - C0 controls and DEL become control pictures (`␛`, `␀`, `␡`), so an escape sequence is read, not obeyed.
//! - Other controls, bidirectional controls, zero-width and invisible characters, line and paragraph separators
//!   and noncharacters become `⟨U+202E⟩`.
//! - A grapheme cluster holds at most [`MAX_CLUSTER`] code points; the number cut is shown as `⟨+12⟩`.
//! - A cluster that would take no column at all (a combining mark without a base) is spelled out.
//!
//! ZERO WIDTH JOINER is marked as well, so a family emoji is shown as its members: terminals disagree about the
//! width of such sequences, and a joiner elsewhere hides. Emoji variation selectors (U+FE0E, U+FE0F) stay, but only
//! right behind a character that has such a variation (`⚠️`).

mod wrap;

use std::borrow::Cow;
use std::fmt::Write as _;

use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

pub use wrap::{rows, wrap};

/// The most code points that one grapheme cluster of sanitised text holds (at most 32 bytes of UTF-8).
pub const MAX_CLUSTER: usize = 8;

/// The columns that [`sanitise_lines`] puts in place of a tab. Fixed, and more than one, so that a tab still reads
/// as a separator in the lines that Lambda separates by tabs.
pub const TAB_WIDTH: usize = 4;

const TAB: &str = "    ";
const ELLIPSIS: &str = "…";

/// Neutralises a text that is shown on one line: a newline, a carriage return and a tab become visible marks too.
///
/// Idempotent; borrows when there is nothing to change.
#[must_use]
pub fn sanitise(text: &str) -> Cow<'_, str> {
    neutralise(text, Shape::Line)
}

/// Neutralises a text of several lines: `\n` is kept, `\r\n` and a lone `\r` (which Python's runtime client joins
/// traceback lines with) become `\n`, a tab becomes [`TAB_WIDTH`] spaces.
///
/// Idempotent; borrows when there is nothing to change.
#[must_use]
pub fn sanitise_lines(text: &str) -> Cow<'_, str> {
    neutralise(text, Shape::Lines)
}

/// Like [`sanitise_lines`] for bytes that need not be UTF-8: each byte that is not part of a valid sequence becomes
/// a mark such as `⟨0xFF⟩`.
#[must_use]
pub fn sanitise_bytes(bytes: &[u8]) -> Cow<'_, str> {
    if let Ok(text) = std::str::from_utf8(bytes) {
        return sanitise_lines(text);
    }
    let mut text = String::with_capacity(bytes.len() + 32);
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        for byte in chunk.invalid() {
            push_fmt(&mut text, format_args!("⟨0x{byte:02X}⟩"));
        }
    }
    Cow::Owned(sanitise_lines(&text).into_owned())
}

#[derive(Clone, Copy, PartialEq)]
enum Shape {
    Line,
    Lines,
}

impl Shape {
    /// Whether the byte needs no change and, next to another such byte, always ends a grapheme cluster.
    fn is_plain(self, byte: u8) -> bool {
        matches!(byte, 0x20..=0x7e) || (byte == b'\n' && self == Self::Lines)
    }
}

/// Copies runs of plain bytes as they are; only the regions around anything else are looked at one character at a time.
fn neutralise(text: &str, shape: Shape) -> Cow<'_, str> {
    let bytes = text.as_bytes();
    let plain = |byte: &u8| shape.is_plain(*byte);
    let Some(mut region) = bytes.iter().position(|byte| !plain(byte)) else {
        return Cow::Borrowed(text);
    };
    let mut out = String::with_capacity(text.len() + 16);
    let mut scratch = String::new();
    let mut start = 0;
    loop {
        // The last plain character may be the base of a combining mark, the first one behind the region the base
        // of a prepended mark: both belong to the region.
        let from = region.saturating_sub(1).max(start);
        out.push_str(&text[start..from]);
        let end = bytes[region..]
            .windows(2)
            .position(|pair| pair.iter().all(plain))
            .map_or(bytes.len(), |at| region + at + 1);
        scratch.clear();
        mark_characters(&text[from..end], shape, &mut scratch);
        bound_clusters(&scratch, &mut out);
        start = end;
        match bytes[end..].iter().position(|byte| !plain(byte)) {
            Some(at) => region = end + at,
            None => break,
        }
    }
    out.push_str(&text[start..]);
    if out == text { Cow::Borrowed(text) } else { Cow::Owned(out) }
}

/// Puts a mark in place of each character that must not reach a terminal.
fn mark_characters(text: &str, shape: Shape, out: &mut String) {
    let mut previous = None;
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '\n' if shape == Shape::Lines => out.push('\n'),
            '\r' if shape == Shape::Lines => {
                if characters.peek() != Some(&'\n') {
                    out.push('\n');
                }
            }
            '\t' if shape == Shape::Lines => out.push_str(TAB),
            '\0'..='\u{1f}' => out.push(char::from_u32(0x2400 + u32::from(character)).unwrap_or('␦')),
            '\u{7f}' => out.push('␡'),
            '\u{fe0e}' | '\u{fe0f}' if previous.is_some_and(has_emoji_variation) => out.push(character),
            _ if is_hidden(character) => push_code_point(out, character),
            _ => out.push(character),
        }
        previous = Some(character);
    }
}

/// Copies `text` with every grapheme cluster bounded and none without a column.
fn bound_clusters(text: &str, out: &mut String) {
    if text.is_ascii() {
        out.push_str(text);
        return;
    }
    for cluster in text.graphemes(true) {
        if cluster.len() == 1 {
            out.push_str(cluster);
        } else if let Some((last, _)) = cluster.char_indices().nth(MAX_CLUSTER) {
            // One less than the bound is kept: a prefix of prepended marks takes the mark's bracket into its cluster.
            let kept = cluster.char_indices().nth(MAX_CLUSTER - 1).map_or(last, |(at, _)| at);
            push_visible(out, &cluster[..kept]);
            push_fmt(out, format_args!("⟨+{}⟩", cluster[kept..].chars().count()));
        } else {
            push_visible(out, cluster);
        }
    }
}

fn push_visible(out: &mut String, cluster: &str) {
    if cluster.width() > 0 {
        out.push_str(cluster);
    } else {
        for character in cluster.chars() {
            push_code_point(out, character);
        }
    }
}

fn push_code_point(out: &mut String, character: char) {
    push_fmt(out, format_args!("⟨U+{:04X}⟩", u32::from(character)));
}

fn push_fmt(out: &mut String, arguments: std::fmt::Arguments<'_>) {
    // Writing to a String can't fail.
    let _ = out.write_fmt(arguments);
}

/// Whether Unicode defines an emoji and a text variation of the character. Asked of the width table, where such a
/// character is two columns wide with U+FE0F and one with U+FE0E.
fn has_emoji_variation(character: char) -> bool {
    let mut buffer = [0; 8];
    let base = character.encode_utf8(&mut buffer).len();
    let mut width_with = |selector: char| {
        let end = base + selector.encode_utf8(&mut buffer[base..]).len();
        std::str::from_utf8(&buffer[..end]).map_or(0, UnicodeWidthStr::width)
    };
    width_with('\u{fe0f}') == 2 && width_with('\u{fe0e}') == 1
}

/// Characters beyond ASCII that a terminal obeys, or that it shows as nothing. A test holds this against Unicode's
/// own properties for every code point.
fn is_hidden(character: char) -> bool {
    match character {
        // Most text ends here.
        '\u{a0}'..='\u{ac}' | '\u{ae}'..='\u{34e}' => false,
        '\u{80}'..='\u{9f}'                        // C1 controls
        | '\u{ad}'                                 // soft hyphen
        | '\u{34f}'                                // combining grapheme joiner
        | '\u{61c}'                                // Arabic letter mark
        | '\u{115f}' | '\u{1160}' | '\u{3164}' | '\u{ffa0}' // Hangul fillers
        | '\u{17b4}' | '\u{17b5}'                  // Khmer inherent vowels
        | '\u{180b}'..='\u{180f}'                  // Mongolian variation selectors, vowel separator
        | '\u{200b}'..='\u{200f}'                  // zero width space, joiners, direction marks
        | '\u{2028}'..='\u{202e}'                  // line and paragraph separator, embeddings, overrides
        | '\u{2060}'..='\u{206f}'                  // word joiner, invisible operators, isolates
        | '\u{fe00}'..='\u{fe0f}'                  // variation selectors
        | '\u{feff}'                               // byte order mark
        | '\u{fff0}'..='\u{fffb}'                  // unassigned specials, interlinear annotation
        | '\u{fdd0}'..='\u{fdef}'                  // noncharacters
        | '\u{13430}'..='\u{1343f}'                // Egyptian hieroglyph format controls
        | '\u{1bca0}'..='\u{1bca3}'                // shorthand format controls
        | '\u{1d173}'..='\u{1d17a}'                // musical format controls
        | '\u{e0000}'..='\u{e0fff}' => true,       // tags, further variation selectors
        _ => u32::from(character) & 0xfffe == 0xfffe, // U+nFFFE and U+nFFFF
    }
}

/// The first piece of `text`, at least one grapheme cluster, and its width in columns: a run of printable ASCII of
/// at most `limit` columns, or one cluster. Never looks further than `limit` columns ahead. `limit` is at least 1.
fn first_piece(text: &str, limit: usize) -> (&str, usize) {
    let run =
        text.bytes().take(limit.saturating_add(1)).take_while(|byte| matches!(byte, 0x20..=0x7e)).count();
    if run == text.len() {
        let run = run.min(limit);
        return (&text[..run], run);
    }
    if run >= 2 {
        // The last one may be the base of a combining mark.
        return (&text[..run - 1], run - 1);
    }
    let cluster = text.graphemes(true).next().unwrap_or_default();
    (cluster, cluster.width())
}

/// The columns that one line of sanitised text takes: the sum over its grapheme clusters, as a terminal cell holds
/// one cluster.
#[must_use]
pub fn width(text: &str) -> usize {
    if text.is_ascii() {
        return text.len();
    }
    let mut rest = text;
    let mut total = 0;
    while !rest.is_empty() {
        let (piece, columns) = first_piece(rest, usize::MAX);
        total += columns;
        rest = &rest[piece.len()..];
    }
    total
}

/// The longest beginning of whole clusters that takes at most `columns` columns: its end in bytes, and its width.
fn beginning(text: &str, columns: usize) -> (usize, usize) {
    let (mut end, mut used) = (0, 0);
    while end < text.len() {
        let (piece, wide) = first_piece(&text[end..], (columns - used).max(1));
        if used + wide > columns {
            break;
        }
        used += wide;
        end += piece.len();
    }
    (end, used)
}

/// Cuts a text to at most `columns` columns. What is cut off shows as `…`. Never splits a grapheme cluster.
#[must_use]
pub fn fit(text: &str, columns: usize) -> Cow<'_, str> {
    if columns == 0 {
        return Cow::Borrowed("");
    }
    if beginning(text, columns).0 == text.len() {
        return Cow::Borrowed(text);
    }
    let (end, _) = beginning(text, columns - 1);
    Cow::Owned(format!("{}{ELLIPSIS}", &text[..end]))
}

/// Like [`fit`], but keeps the end of the text, as suits paths and ARNs: `…function:checkout-api`.
#[must_use]
pub fn fit_start(text: &str, columns: usize) -> Cow<'_, str> {
    if columns == 0 {
        return Cow::Borrowed("");
    }
    let mut used = 0;
    let mut start = text.len();
    for (at, cluster) in text.grapheme_indices(true).rev() {
        used += cluster.width();
        if used < columns {
            start = at;
        } else if used > columns {
            return Cow::Owned(format!("{ELLIPSIS}{}", &text[start..]));
        }
    }
    Cow::Borrowed(text)
}

/// The part of a line between the columns `from` and `from + columns`, for horizontal scrolling. A wide cluster
/// that the left edge cuts in two becomes a space, one at the right edge is left out.
///
/// Looks at nothing behind `from + columns`, so a line of a megabyte costs what is shown of it.
#[must_use]
pub fn slice_columns(text: &str, from: usize, columns: usize) -> Cow<'_, str> {
    let (mut at, mut start) = (0, 0);
    while at < from && start < text.len() {
        let (piece, wide) = first_piece(&text[start..], from - at);
        at += wide;
        start += piece.len();
    }
    if at < from {
        return Cow::Borrowed("");
    }
    let padding = (at - from).min(columns);
    let (length, _) = beginning(&text[start..], columns - padding);
    let shown = &text[start..start + length];
    if padding == 0 { Cow::Borrowed(shown) } else { Cow::Owned(format!("{:padding$}{shown}", "")) }
}

#[cfg(test)]
mod tests;
