//! Writing what is shown of a log to a file.

use crate::{
    app::{
        App, Effect, Ticket,
        logs::{
            Ask,
            export::{Form, LogExport},
        },
        messages::Severity,
        overlay::{Overlay, Question, Then},
        prompt::{self, Prompt},
    },
    disk::SaveError,
    domain::text::sanitise,
};

/// Rows that are being written: where there is a file already, one is asked.
#[derive(Debug)]
pub(in crate::app) struct LogExporting {
    ticket: Ticket,
    rows: Box<LogExport>,
    path: String,
}

impl App {
    /// Asks where what is shown is to be written.
    pub(super) fn ask_for_log_path(&mut self) -> Vec<Effect> {
        let date = self.zone().to_datetime(self.now).strftime("%Y-%m-%d-%H%M%S").to_string();
        let Some(pane) = self.log() else { return Vec::new() };
        if pane.is_empty() {
            self.say(Severity::Info, "there is nothing to write: no event is shown");
            return Vec::new();
        }
        let title = "Write what is shown to a file";
        let rule = "a path; ~ is your home; one that ends in .ndjson or .json gets JSON, any other text";
        let prompt = Prompt::new(title, rule, &pane.file_name(&date), prompt::Then::Log(Ask::Export));
        self.lay_over(Overlay::Prompt(Box::new(prompt)));
        Vec::new()
    }

    /// The path was typed: what is shown at this moment is written there.
    ///
    /// # Errors
    /// Why it can't be.
    pub(super) fn log_path_typed(&mut self, path: &str) -> Result<Vec<Effect>, String> {
        if path.is_empty() {
            return Err("a path is wanted".into());
        }
        let Some(pane) = self.log() else { return Ok(Vec::new()) };
        if pane.is_scanning() {
            return Err("the filter is still searching: try again in a moment".into());
        }
        let rows = pane.export(Form::of_path(path));
        Ok(self.export_log(Box::new(rows), path.to_owned(), false))
    }

    pub(super) fn export_log(&mut self, rows: Box<LogExport>, path: String, overwrite: bool) -> Vec<Effect> {
        let ticket = self.ticket();
        self.log_exports.push(LogExporting { ticket, rows: rows.clone(), path: path.clone() });
        vec![Effect::ExportLogs { ticket, export: rows, path, overwrite }]
    }

    /// Rows were written, or not.
    pub(super) fn log_exported(&mut self, ticket: Ticket, result: Result<String, SaveError>) -> Vec<Effect> {
        let Some(at) = self.log_exports.iter().position(|export| export.ticket == ticket) else {
            return Vec::new();
        };
        let LogExporting { rows, path, .. } = self.log_exports.remove(at);
        match result {
            Ok(done) => self.say(Severity::Info, done),
            Err(error @ SaveError::Exists(_)) => {
                let question = Question {
                    text: format!("{}.", sanitise(&error.to_string())),
                    detail: "Replace the file?".into(),
                    then: Then::ExportLogOver(rows, path),
                    came_up: Some(self.now),
                };
                self.lay_over(Overlay::Question(question));
            }
            Err(error) => self.say(Severity::Error, format!("nothing was written: {error}")),
        }
        Vec::new()
    }
}
