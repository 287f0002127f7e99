//! stdout and stderr: what is written how, and to whom.

use std::io::{self, BufWriter, IsTerminal as _, Write};

use crossterm::style::{Attribute, Color, ContentStyle, Stylize as _};
use serde::Serialize;

use super::{failure::Failure, json};

/// Whether colours are wanted on a stream that is (`true`) or is not a terminal.
fn coloured(terminal: bool) -> bool {
    let set = |name| std::env::var_os(name).filter(|value| !value.is_empty());
    terminal && set("NO_COLOR").is_none() && set("TERM").is_none_or(|term| term != "dumb")
}

/// Writes `label: text` to stderr. That stderr is gone is nothing that could be told anyone.
pub fn say(label: &str, text: &str) {
    let mut stderr = io::stderr().lock();
    let line = if coloured(stderr.is_terminal()) {
        let style = match label {
            "error" => ContentStyle::new().with(Color::Red).attribute(Attribute::Bold),
            "warning" => ContentStyle::new().with(Color::Yellow).attribute(Attribute::Bold),
            _ => ContentStyle::new().attribute(Attribute::Bold),
        };
        format!("{} {text}\n", style.apply(format!("{label}:")))
    } else {
        format!("{label}: {text}\n")
    };
    let _ = stderr.write_all(line.as_bytes());
}

/// Writes a line to stderr.
pub fn note(text: &str) {
    let _ = io::stderr().lock().write_all(format!("{text}\n").as_bytes());
}

/// stdout, where the data goes.
pub struct Output {
    writer: BufWriter<Box<dyn Write + Send>>,
    /// Whether a person looks at it.
    pub terminal: bool,
    coloured: bool,
}

impl Output {
    /// This process's stdout.
    pub fn stdout() -> Self {
        let stdout = io::stdout();
        let terminal = stdout.is_terminal();
        // BufWriter's buffer over Stdout's own, which flushes at each line.
        let writer: Box<dyn Write + Send> = Box::new(stdout);
        Self { writer: BufWriter::with_capacity(64 * 1024, writer), terminal, coloured: coloured(terminal) }
    }

    /// This process's stderr, for tables of what is not the data.
    pub fn stderr() -> Self {
        let stderr = io::stderr();
        let terminal = stderr.is_terminal();
        Self { writer: BufWriter::new(Box::new(stderr)), terminal, coloured: coloured(terminal) }
    }

    /// Memory, as if it were a file.
    #[cfg(test)]
    pub fn to_memory() -> (Self, Memory) {
        let memory = Memory::default();
        let writer: Box<dyn Write + Send> = Box::new(memory.clone());
        (Self { writer: BufWriter::new(writer), terminal: false, coloured: false }, memory)
    }

    /// The terminal's columns; none where it is no terminal.
    pub fn columns(&self) -> Option<usize> {
        self.terminal.then(|| crossterm::terminal::size().ok()).flatten().map(|(columns, _)| columns.into())
    }

    /// The text in this style, where colours are wanted.
    pub fn styled(&self, style: ContentStyle, text: &str) -> String {
        if self.coloured && !text.is_empty() { style.apply(text).to_string() } else { text.to_owned() }
    }

    /// Writes bytes as they are.
    ///
    /// # Errors
    /// As every write here: nobody reads any more (a quiet end), or the disk is full.
    pub fn bytes(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        self.writer.write_all(bytes).map_err(|error| Failure::writing(&error))
    }

    /// Writes a text and a line break.
    ///
    /// # Errors
    /// As [`Self::bytes`].
    pub fn line(&mut self, text: &str) -> Result<(), Failure> {
        self.bytes(text.as_bytes())?;
        self.bytes(b"\n")
    }

    /// Writes a value as indented JSON.
    ///
    /// # Errors
    /// As [`Self::bytes`].
    pub fn json(&mut self, value: &impl Serialize) -> Result<(), Failure> {
        json::write_pretty(&mut self.writer, value).map_err(|error| Failure::writing(&error.into()))?;
        self.bytes(b"\n")
    }

    /// Writes a value as JSON on one line.
    ///
    /// # Errors
    /// As [`Self::bytes`].
    pub fn json_line(&mut self, value: &impl Serialize) -> Result<(), Failure> {
        json::write_line(&mut self.writer, value).map_err(|error| Failure::writing(&error.into()))?;
        self.bytes(b"\n")
    }

    /// Hands on what was written so far.
    ///
    /// # Errors
    /// As [`Self::bytes`].
    pub fn flush(&mut self) -> Result<(), Failure> {
        self.writer.flush().map_err(|error| Failure::writing(&error))
    }
}

/// A line on stderr that says how far something is, written over and over. Nothing where nobody looks at it.
#[derive(Debug)]
pub struct Progress {
    terminal: bool,
    shown: bool,
}

impl Progress {
    /// None is shown yet.
    pub fn new() -> Self {
        Self { terminal: io::stderr().is_terminal(), shown: false }
    }

    /// Whether anybody looks at it.
    pub fn is_seen(&self) -> bool {
        self.terminal
    }

    /// Shows a sanitised line in place of the one before, as far as it fits.
    pub fn show(&mut self, line: &str) {
        if self.terminal {
            // The last column stays free: some terminals break the line there.
            let columns = crossterm::terminal::size().map_or(80, |(columns, _)| usize::from(columns));
            let line = crate::domain::text::fit(line, columns.saturating_sub(1));
            let _ = io::stderr().lock().write_all(format!("\r\x1b[K{line}").as_bytes());
            self.shown = true;
        }
    }

    /// Takes it away, before anything else is said.
    pub fn clear(&mut self) {
        if std::mem::take(&mut self.shown) {
            let _ = io::stderr().lock().write_all(b"\r\x1b[K");
        }
    }
}

/// Rows in aligned columns.
#[derive(Debug)]
pub struct Table {
    heading: Vec<&'static str>,
    /// Columns whose texts are aligned to the right.
    right: Vec<bool>,
    rows: Vec<Vec<String>>,
}

impl Table {
    /// A table with these columns; those whose names begin with `>` are aligned to the right.
    pub fn new(columns: &[&'static str]) -> Self {
        Self {
            heading: columns.iter().map(|name| name.trim_start_matches('>')).collect(),
            right: columns.iter().map(|name| name.starts_with('>')).collect(),
            rows: Vec::new(),
        }
    }

    /// Adds a row of sanitised texts.
    pub fn row(&mut self, cells: Vec<String>) {
        self.rows.push(cells);
    }

    /// Writes it. Where it is wider than the terminal the last column is cut.
    ///
    /// # Errors
    /// As [`Output::bytes`].
    pub fn write(&self, output: &mut Output) -> Result<(), Failure> {
        use crate::domain::text::{fit, width};
        let widths: Vec<usize> = (0..self.heading.len())
            .map(|column| {
                let cells = self.rows.iter().filter_map(|row| row.get(column)).map(|cell| width(cell));
                cells.chain([self.heading[column].len()]).max().unwrap_or_default()
            })
            .collect();
        let columns = output.columns().unwrap_or(usize::MAX);
        let render = |cells: &mut dyn Iterator<Item = &str>| {
            let mut line = String::new();
            for (column, cell) in cells.enumerate() {
                let padding = " ".repeat(widths[column].saturating_sub(width(cell)));
                if column > 0 {
                    line.push_str("  ");
                }
                let (before, after) = if self.right[column] { (&*padding, "") } else { ("", &*padding) };
                line.push_str(before);
                line.push_str(cell);
                line.push_str(after);
            }
            fit(line.trim_end(), columns).into_owned()
        };
        let heading = render(&mut self.heading.iter().copied());
        let heading = output.styled(ContentStyle::new().attribute(Attribute::Bold), &heading);
        output.line(&heading)?;
        for row in &self.rows {
            output.line(&render(&mut row.iter().map(String::as_str)))?;
        }
        Ok(())
    }
}

/// What a test reads back.
#[cfg(test)]
#[derive(Clone, Default)]
pub struct Memory(std::sync::Arc<std::sync::Mutex<Vec<u8>>>);

#[cfg(test)]
impl Memory {
    /// What was written and flushed.
    pub fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

#[cfg(test)]
impl Write for Memory {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
