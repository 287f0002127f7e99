//! A text cut into lines.

use std::fmt;

/// A text cut into lines.
pub struct Lines {
    lines: Vec<String>,
}

impl fmt::Debug for Lines {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Lines({})", self.lines.len())
    }
}

impl Lines {
    /// Cuts a text.
    pub fn new(text: impl AsRef<str>) -> Self {
        Self { lines: text.as_ref().lines().map(str::to_owned).collect() }
    }

    /// How many.
    pub fn len(&self) -> usize {
        self.lines.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    /// The nth, from 0.
    pub fn get(&self, n: usize) -> &str {
        self.lines.get(n).map_or("", String::as_str)
    }
}
