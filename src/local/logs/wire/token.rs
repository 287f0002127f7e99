//! Paging tokens: opaque, bound to the operation and what it pages through, good for 24 hours.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use sha2::{Digest, Sha256};

use super::Fault;
use crate::local::logs::store::DAY_MS;

/// Makes a token. `scope` names the operation and its resource, `place` says where to go on.
pub(super) fn make(scope: &str, place: &str, now_ms: i64) -> String {
    let text = format!("{now_ms}|{place}");
    URL_SAFE_NO_PAD.encode(format!("{}|{text}", seal(scope, &text)))
}

/// The place in a token.
pub(super) fn open(scope: &str, token: &str, now_ms: i64) -> Result<String, Fault> {
    read(scope, token, now_ms).ok_or_else(invalid)
}

pub(super) fn invalid() -> Fault {
    Fault::parameter("The specified nextToken is invalid.")
}

fn read(scope: &str, token: &str, now_ms: i64) -> Option<String> {
    let token = String::from_utf8(URL_SAFE_NO_PAD.decode(token).ok()?).ok()?;
    let (sealed, text) = token.split_once('|')?;
    let (made, place) = text.split_once('|')?;
    let fresh = now_ms.saturating_sub(made.parse().ok()?) <= DAY_MS;
    (fresh && sealed == seal(scope, text)).then(|| place.to_owned())
}

/// Tells a token of another request, or one that was typed, from ours. Not a secret: a token gives away nothing.
fn seal(scope: &str, text: &str) -> String {
    let digest = Sha256::new().chain_update(scope).chain_update([0]).chain_update(text).finalize();
    URL_SAFE_NO_PAD.encode(&digest[..9])
}
