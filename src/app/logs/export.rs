//! What is shown of a log, to be written to a file.

use crate::{
    app::logs::LogsPane,
    domain::{log_export::Exported, text::sanitise},
    tail::{Row, Snapshot},
};

/// How rows are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// A line for each line of a message: time, source, message; control characters as marks.
    Text,
    /// A JSON object for each event, with the API's own member names.
    Ndjson,
}

impl Form {
    /// The form that the ending of a file's name stands for: text, unless it is one of JSON's.
    pub fn of_path(path: &str) -> Self {
        let name = path.trim().to_ascii_lowercase();
        let is_json = [".ndjson", ".jsonl", ".json"].iter().any(|ending| name.ends_with(ending));
        if is_json { Self::Ndjson } else { Self::Text }
    }
}

/// Rows to be written.
#[derive(Clone, Debug)]
pub struct LogExport {
    /// How.
    pub form: Form,
    /// Which.
    pub rows: Snapshot,
    /// What each log group is called.
    pub labels: Vec<(String, String)>,
}

impl PartialEq for LogExport {
    fn eq(&self, other: &Self) -> bool {
        (self.form, self.rows.len()) == (other.form, other.rows.len())
    }
}

impl Eq for LogExport {}

impl LogExport {
    /// Adds a row as it stands in the file.
    pub fn write(&self, row: &Row<'_>, out: &mut String) {
        let label = self.labels.iter().find(|(group, _)| group == row.group).map(|(_, label)| label);
        let exported = exported(row, label.map_or(row.group, String::as_str));
        match self.form {
            Form::Text => exported.write_text(out),
            Form::Ndjson => exported.write_ndjson(out),
        }
    }
}

/// A row, as it leaves the program.
pub(super) fn exported<'a>(row: &Row<'a>, source: &'a str) -> Exported<'a> {
    Exported {
        timestamp: row.timestamp,
        ingestion_time: row.ingestion,
        group: row.group,
        stream: row.stream,
        source,
        message: row.message,
    }
}

impl LogsPane {
    /// What is shown now.
    pub(in crate::app) fn export(&self, form: Form) -> LogExport {
        let labels = self.sources.iter().map(|source| (source.group.clone(), source.label.clone()));
        LogExport { form, rows: self.view.snapshot(&self.store), labels: labels.collect() }
    }

    /// What a log group is called here.
    pub(super) fn label<'a>(&'a self, group: &'a str) -> &'a str {
        self.source(group).map_or(group, |source| &source.label)
    }

    /// A name for a file with what is shown: no path, nor what a shell or the prompt takes for one.
    pub(in crate::app) fn file_name(&self, date: &str) -> String {
        let label = match &self.sources[..] {
            [source] => sanitise(&source.label).replace(['/', '\\'], "-"),
            _ => "logs".to_owned(),
        };
        let stem = label.trim_start_matches(['~', '.', '-']);
        format!("{}-{date}.log", if stem.is_empty() { "logs" } else { stem })
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("rows.log", Form::Text)]
    #[case("rows", Form::Text)]
    #[case("json", Form::Text)]
    #[case("a/rows.ndjson", Form::Ndjson)]
    #[case("ROWS.JSONL ", Form::Ndjson)]
    #[case("rows.json", Form::Ndjson)]
    #[case("rows.json.txt", Form::Text)]
    fn the_ending_says_how(#[case] path: &str, #[case] form: Form) {
        assert_eq!(Form::of_path(path), form);
    }
}
