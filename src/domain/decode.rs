//! Seeing through the content of a JSON string: JSON written into a string, base64, gzip and zlib, URL encoding and
//! JSON web tokens, one within another: what CloudWatch Logs sends a function is base64, then gzip, then JSON.
//!
//! A guess has to be convincing. Many a name is valid base64 too: it counts where the padding and the unused bits are
//! right and something that was meant comes out, a text, JSON, compressed data or a file by its first bytes.

use std::{
    fmt::{self, Write as _},
    io::Read,
};

use base64::{
    Engine as _,
    alphabet::{STANDARD, URL_SAFE},
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use flate2::read::{MultiGzDecoder, ZlibDecoder};
use serde::de::IgnoredAny;

use super::json;

/// The most bytes that one step unpacks.
pub const MOST_BYTES: usize = 64 << 20;

/// The most steps within one another.
const MOST_STEPS: usize = 8;

/// The fewest characters of base64, with and without padding at its end: the fewer, the more words look like it.
const SHORTEST_PADDED: usize = 8;
const SHORTEST_BARE: usize = 16;

/// How gzip begins: its mark, and that it is deflated.
const GZIP: &[u8] = &[0x1f, 0x8b, 0x08];

/// One wrapping that was taken off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// A string that holds JSON. As the last step: what came out is an object or an array.
    Json,
    /// base64, standard or URL-safe, with or without padding.
    Base64,
    /// gzip.
    Gzip,
    /// zlib.
    Zlib,
    /// URL encoding. A form (`a=1&b=2`) becomes an object of strings, in which a name may be there twice.
    UrlEncoded,
    /// A JSON web token: an object of its `header` and its `payload`, without the signature, which is not checked.
    Jwt,
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Json => "JSON",
            Self::Base64 => "base64",
            Self::Gzip => "gzip",
            Self::Zlib => "zlib",
            Self::UrlEncoded => "URL encoding",
            Self::Jwt => "JWT",
        })
    }
}

/// What a string holds within its wrappings. `Debug` shows sizes only.
#[derive(Clone, PartialEq, Eq)]
pub struct Decoded {
    /// What was taken off, from the outside in. At least one.
    pub steps: Vec<Step>,
    /// What came out: JSON where the last step is [`Step::Json`], [`Step::Jwt`] or a form, else a text or any bytes.
    pub bytes: Vec<u8>,
    /// Why the bytes are not the whole: more than [`MOST_BYTES`], or compressed data that is broken.
    pub cut: Option<&'static str>,
}

impl Decoded {
    /// The steps in words: `base64, gzip, JSON`.
    #[must_use]
    pub fn path(&self) -> String {
        let steps: Vec<String> = self.steps.iter().map(Step::to_string).collect();
        steps.join(", ")
    }

    /// The bytes where they are text. Not sanitised.
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        std::str::from_utf8(&self.bytes).ok()
    }
}

impl fmt::Debug for Decoded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Decoded")
            .field("steps", &self.steps)
            .field("bytes", &self.bytes.len())
            .field("cut", &self.cut)
            .finish()
    }
}

/// What a string holds within; `None` where it is just a string. For what comes out of one step the next is looked
/// for, at most eight times.
#[must_use]
pub fn decode(text: &str) -> Option<Decoded> {
    let first = layer(text.as_bytes())?;
    let mut decoded = Decoded { steps: vec![first.step], bytes: first.bytes, cut: first.cut };
    let mut last = first.last;
    while !last && decoded.cut.is_none() && decoded.steps.len() < MOST_STEPS {
        let Some(next) = layer(&decoded.bytes) else { break };
        decoded.steps.push(next.step);
        decoded.bytes = next.bytes;
        decoded.cut = next.cut;
        last = next.last;
    }
    Some(decoded)
}

struct Layer {
    step: Step,
    bytes: Vec<u8>,
    cut: Option<&'static str>,
    /// Whether there is nothing more to look for: what came out is a document.
    last: bool,
}

impl Layer {
    fn new(step: Step, bytes: Vec<u8>) -> Self {
        Self { step, bytes, cut: None, last: false }
    }

    fn document(step: Step, bytes: Vec<u8>) -> Self {
        Self { last: true, ..Self::new(step, bytes) }
    }
}

/// The outermost wrapping taken off.
fn layer(bytes: &[u8]) -> Option<Layer> {
    if let Some(unpacked) = unpack(bytes) {
        return Some(unpacked);
    }
    let text = std::str::from_utf8(bytes).ok()?.trim();
    if is_document(text) {
        return Some(Layer::document(Step::Json, text.as_bytes().to_vec()));
    }
    if text.starts_with('"') {
        let inner: String = serde_json::from_str(text).ok()?;
        return Some(Layer::new(Step::Json, inner.into_bytes()));
    }
    if let Some(token) = web_token(text) {
        return Some(Layer::document(Step::Jwt, token));
    }
    if let Some(data) = text.strip_prefix("data:") {
        let (_, data) = data.split_once(";base64,")?;
        return Some(Layer::new(Step::Base64, from_base64(data)?));
    }
    if let Some(bytes) = convincing_base64(text) {
        return Some(Layer::new(Step::Base64, bytes));
    }
    form(text)
        .map(|object| Layer::document(Step::UrlEncoded, object.into_bytes()))
        .or_else(|| percent_decoded(text).map(|text| Layer::new(Step::UrlEncoded, text.into_bytes())))
}

/// A JSON object or array. A number or a word is no wrapping.
fn is_document(text: &str) -> bool {
    text.starts_with(['{', '[']) && json::check(text).is_ok()
}

/// gzip (also several in a row) and zlib.
fn unpack(bytes: &[u8]) -> Option<Layer> {
    let gzip = bytes.starts_with(GZIP);
    // A header that says deflate and is a multiple of 31, as zlib's is.
    let zlib = matches!(bytes, [0x78, flags, ..] if (0x7800 + u16::from(*flags)).is_multiple_of(31));
    let (step, (out, broken)) = match (gzip, zlib) {
        (true, _) => (Step::Gzip, read(MultiGzDecoder::new(bytes))),
        (_, true) => (Step::Zlib, read(ZlibDecoder::new(bytes))),
        _ => return None,
    };
    // A text may begin like zlib: broken, it was none.
    if broken && (out.is_empty() || step == Step::Zlib) {
        return None;
    }
    let mut layer = Layer::new(step, out);
    if layer.bytes.len() > MOST_BYTES {
        layer.bytes.truncate(MOST_BYTES);
        layer.cut = Some("it unpacks to more than 64 MB, of which this is the beginning");
    } else if broken {
        layer.cut = Some("the compressed data is broken; this is what came before");
    }
    Some(layer)
}

/// What there is to read up to one byte beyond the bound, and whether it ended in an error.
fn read(source: impl Read) -> (Vec<u8>, bool) {
    let mut out = Vec::new();
    let broken = source.take(MOST_BYTES as u64 + 1).read_to_end(&mut out).is_err();
    (out, broken)
}

/// base64 of either alphabet, padded or not. The unused bits of its last character have to be zero. Line breaks as MIME
/// puts them are skipped.
fn from_base64(text: &str) -> Option<Vec<u8>> {
    const LENIENT: GeneralPurposeConfig =
        GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
    let alphabet = if text.contains(['-', '_']) { &URL_SAFE } else { &STANDARD };
    let engine = GeneralPurpose::new(alphabet, LENIENT);
    if text.contains(['\r', '\n']) {
        return engine.decode(text.replace(['\r', '\n'], "")).ok();
    }
    engine.decode(text).ok()
}

fn convincing_base64(text: &str) -> Option<Vec<u8>> {
    let shortest = if text.ends_with('=') { SHORTEST_PADDED } else { SHORTEST_BARE };
    if text.len() < shortest {
        return None;
    }
    let bytes = from_base64(text)?;
    let packed = bytes.starts_with(GZIP) || unpack(&bytes).is_some();
    let meant = packed || is_file(&bytes) || std::str::from_utf8(&bytes).is_ok_and(is_text);
    meant.then_some(bytes)
}

/// Files that are often sent as base64, by their first bytes.
fn is_file(bytes: &[u8]) -> bool {
    const BEGINNINGS: [&[u8]; 7] =
        [b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"GIF8", b"%PDF-", b"PK\x03\x04", b"RIFF", b"\0asm"];
    BEGINNINGS.iter().any(|beginning| bytes.starts_with(beginning))
}

/// Whether it reads as text: nothing but what one types.
fn is_text(text: &str) -> bool {
    let private = |c: char| matches!(c, '\u{e000}'..='\u{f8ff}' | '\u{fff0}'..='\u{ffff}' | '\u{e0000}'..);
    !text.is_empty()
        && text.chars().all(|c| matches!(c, '\t' | '\n' | '\r') || !(c.is_control() || private(c)))
}

/// What every token's header has.
#[derive(serde::Deserialize)]
struct Header {
    alg: IgnoredAny,
}

/// Header and payload of a JSON web token, also behind `Bearer`, each as it is written.
fn web_token(text: &str) -> Option<Vec<u8>> {
    let token = text.strip_prefix("Bearer ").unwrap_or(text);
    let mut parts = token.split('.');
    let (header, payload, _signature, None) = (parts.next()?, parts.next()?, parts.next()?, parts.next())
    else {
        return None;
    };
    let part =
        |part: &str| String::from_utf8(from_base64(part)?).ok().filter(|text| json::check(text).is_ok());
    let header = part(header)?;
    let Header { alg: IgnoredAny } = serde_json::from_str(&header).ok()?;
    Some(format!("{{\"header\":{header},\"payload\":{}}}", part(payload)?).into_bytes())
}

/// A form's fields as an object of strings: at least two, or one that is encoded.
fn form(text: &str) -> Option<String> {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_.[]*$~".contains(c);
    let mut object = String::from("{");
    let mut fields = 0;
    for field in text.split('&') {
        let (name, value) = field.split_once('=')?;
        if name.is_empty() || !name.chars().all(|c| plain(c) || "%+".contains(c)) {
            return None;
        }
        if !value.bytes().all(|byte| byte.is_ascii_graphic()) {
            return None;
        }
        let decoded = |text: &str| percent_bytes(&text.replace('+', " "));
        if fields > 0 {
            object.push(',');
        }
        let quoted = |text: &str| serde_json::to_string(text).ok();
        let _ = write!(object, "{}:{}", quoted(&decoded(name)?)?, quoted(&decoded(value)?)?);
        fields += 1;
    }
    object.push('}');
    (fields > 1 || text.contains('%')).then_some(object)
}

fn percent_decoded(text: &str) -> Option<String> {
    let encoded = text.contains('%') && text.bytes().all(|byte| byte.is_ascii_graphic());
    encoded.then(|| percent_bytes(text)).flatten()
}

/// `None` where a `%` is not followed by two digits, or what comes out is no text.
fn percent_bytes(text: &str) -> Option<String> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('%') {
        out.extend_from_slice(before.as_bytes());
        let digits = after.get(..2).filter(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()))?;
        out.push(u8::from_str_radix(digits, 16).ok()?);
        rest = &after[2..];
    }
    out.extend_from_slice(rest.as_bytes());
    String::from_utf8(out).ok()
}

#[cfg(test)]
mod tests;
