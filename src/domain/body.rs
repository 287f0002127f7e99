//! A response, read for being looked at.

use std::fmt;

use super::{
    json,
    lines::Lines,
    text::{sanitise_bytes, sanitise_lines},
};

/// A response, read for being looked at.
pub struct Body {
    bytes: Vec<u8>,
    pretty: Lines,
    raw: Lines,
}

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Body({} bytes)", self.bytes.len())
    }
}

impl Body {
    /// Reads it.
    pub fn read(bytes: Vec<u8>) -> Self {
        let text = std::str::from_utf8(&bytes).ok();
        let raw = Lines::new(&text.map_or_else(|| sanitise_bytes(&bytes), sanitise_lines));
        let pretty = text.and_then(json::pretty);
        let pretty = pretty.map_or_else(
            || Lines::new(&text.map_or_else(|| sanitise_bytes(&bytes), sanitise_lines)),
            |text| Lines::new(&sanitise_lines(&text)),
        );
        Self { bytes, pretty, raw }
    }

    /// The bytes.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Written prettily.
    pub fn pretty(&self) -> &Lines {
        &self.pretty
    }

    /// As they are.
    pub fn raw(&self) -> &Lines {
        &self.raw
    }
}
