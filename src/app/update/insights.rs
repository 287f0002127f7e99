//! Logs Insights: asking, and what comes of it.

use std::sync::Arc;

use jiff::SignedDuration;

use crate::{
    app::{
        Action, App, Effect, Screen, Ticket,
        insights::{Asked, InsightsPane, Reach},
        layout,
        list::Cursor,
        logs::sources::Source,
        messages::Severity,
        msg::EventToExport,
        overlay::{Item, Overlay, Page, Picker, PickerKind},
        prompt::{self, Ask, Prompt},
    },
    cloud,
    domain::{
        function::{Summary, default_log_group},
        insights::{Progress, Query, Results, TEMPLATES},
        log_export::plain,
        secret::Secret,
        text::sanitise_lines,
    },
    tail::State,
};

/// The most log groups of a query (StartQuery).
const MOST_GROUPS: usize = 50;

/// A key that asks again this soon was held: each query is paid for.
const HELD: SignedDuration = SignedDuration::from_millis(800);

impl App {
    /// Opens the query box for the log groups that are followed.
    pub(super) fn open_insights(&mut self) -> Vec<Effect> {
        let Some(pane) = self.log() else { return Vec::new() };
        // A query is refused as a whole where one of its groups does not exist yet.
        let is_there = |source: &&Source| {
            !source.muted && source.status.as_ref().is_none_or(|status| status.state != State::Waiting)
        };
        let groups: Vec<String> =
            pane.sources.iter().filter(is_there).map(|source| source.group.clone()).collect();
        if groups.is_empty() {
            self.say(Severity::Info, "there is no log group to be asked yet");
            return Vec::new();
        }
        self.ask_insights_of(groups)
    }

    /// Opens the query box for the log on the screen, the function that is open, or those that are marked, else the
    /// selected one.
    pub(super) fn insights_of_place(&mut self) -> Vec<Effect> {
        if self.session.current.is_none() {
            self.say(Severity::Warning, "there is no connection yet");
            return Vec::new();
        }
        if self.log().is_some() {
            return self.open_insights();
        }
        let names: Vec<String> = if let (Screen::Function, Some(view)) = (self.screen, &self.function) {
            vec![view.name.clone()]
        } else {
            let marked: Vec<String> = self.functions.marked().iter().map(ToString::to_string).collect();
            let selected = self.functions.selected().map(|function| function.name.to_string());
            if marked.is_empty() { selected.into_iter().collect() } else { marked }
        };
        let group = |name: &String| {
            self.functions.find(name).map_or_else(|| default_log_group(name), Summary::log_group)
        };
        let groups = names.iter().map(group).collect();
        self.ask_insights_of(groups)
    }

    /// Opens the query box for these log groups. What was written before is still there.
    pub(super) fn ask_insights_of(&mut self, mut groups: Vec<String>) -> Vec<Effect> {
        if groups.len() > MOST_GROUPS {
            groups.truncate(MOST_GROUPS);
            self.say(Severity::Warning, "a query takes 50 log groups at most: the first 50 are asked");
        }
        match &mut self.insights {
            // While one is under way it shows whom it asks; the next one asks these.
            Some(pane) if !groups.is_empty() => pane.groups = groups,
            Some(_) => {}
            None => self.insights = Some(InsightsPane::new(groups)),
        }
        self.lay_over(Overlay::Insights);
        Vec::new()
    }

    /// The rows of results that are on the screen.
    fn insights_height(&self) -> usize {
        let lines = self.insights.as_ref().map_or(1, |pane| pane.editor.line_count());
        usize::from(layout::insights(self.size, lines).rows.rows)
    }

    /// Handles a key in the query box or its results.
    pub(super) fn act_on_insights(&mut self, action: &Action) -> Vec<Effect> {
        let height = self.insights_height();
        let Some(pane) = &mut self.insights else {
            self.overlay = None;
            return Vec::new();
        };
        match action {
            Action::Send => return self.ask_insights(),
            Action::Templates => self.pick_insights_template(),
            Action::Back | Action::Quit if pane.editing => pane.editing = false,
            Action::Back | Action::Quit => self.overlay = None,
            Action::Text(input) if pane.editing => _ = pane.editor.input(input),
            Action::Paste(text) if pane.editing => _ = pane.editor.insert(text.reveal()),
            Action::Undo if pane.editing => _ = pane.editor.undo(),
            Action::Redo if pane.editing => _ = pane.editor.redo(),
            _ if pane.editing => {}
            Action::Edit => pane.editing = true,
            Action::Range => {
                let text = match pane.reach {
                    Reach::Last(length) => crate::domain::format::length(length),
                    Reach::Between(from, until) => format!("{from} to {until}"),
                };
                let rule = "1h, 3h to 1h, 2026-11-20 14:00 to 15:00";
                let prompt = Prompt::new("Time that is asked about", rule, &text, insights(Ask::Reach));
                self.lay_over(Overlay::Prompt(Box::new(prompt)));
            }
            Action::Stop => return self.stop_insights(),
            Action::Sort => {
                pane.next_sort();
                pane.arrange(height);
            }
            Action::ReverseSort => {
                let (column, reversed) = pane.sort.unwrap_or((0, false));
                pane.sort = Some((column, !reversed));
                pane.arrange(height);
            }
            Action::Left => pane.left = pane.left.saturating_sub(1),
            Action::Right => {
                let columns = pane.results.as_ref().map_or(0, |results| results.columns.len());
                pane.left = (pane.left + 1).min(columns.saturating_sub(1));
            }
            Action::Open => self.open_insights_row(),
            Action::CopyLine => return self.copy_insights_row(),
            Action::Export => self.ask_insights_path(),
            _ => _ = pane.cursor.handle(action, pane.order.len(), height),
        }
        Vec::new()
    }

    fn ask_insights(&mut self) -> Vec<Effect> {
        let (now, ticket) = (self.now, self.ticket());
        let Some(pane) = &mut self.insights else { return Vec::new() };
        let (from, until) = pane.reach.bounds(now);
        let text = pane.editor.text().trim().to_owned();
        let query = Query { groups: pane.groups.clone(), text, from, until };
        if query.text.is_empty() {
            self.say(Severity::Warning, "there is no query: e writes one, ctrl-t offers some");
            return Vec::new();
        }
        if query.groups.is_empty() {
            self.say(Severity::Warning, "there is no log group to be asked: open a log first");
            return Vec::new();
        }
        if let Some(asked) = &pane.asked {
            let same = asked.query.text == query.text && asked.query.groups == query.groups;
            if same && (pane.ticket.is_some() || now.duration_since(asked.at) < HELD) {
                if pane.ticket.is_some() {
                    self.say(Severity::Info, "it is asked already; x stops it");
                }
                return Vec::new();
            }
        }
        // The executor stops the one before where that is still under way.
        pane.editing = false;
        pane.results = None;
        pane.error = None;
        pane.order.clear();
        pane.cursor = Cursor::default();
        pane.left = 0;
        pane.ticket = Some(ticket);
        pane.asked = Some(Asked { query: query.clone(), at: now, over: None });
        vec![Effect::StartInsights(ticket, Box::new(query))]
    }

    fn stop_insights(&mut self) -> Vec<Effect> {
        let now = self.now;
        let Some(pane) = &mut self.insights else { return Vec::new() };
        let Some(ticket) = pane.ticket.take() else {
            self.say(Severity::Info, "no query is under way");
            return Vec::new();
        };
        if let Some(results) = &mut pane.results {
            results.progress = Progress::Cancelled;
        }
        if let Some(asked) = &mut pane.asked {
            asked.over = Some(now);
        }
        vec![Effect::StopInsights(ticket)]
    }

    /// How far a query is, or why it failed.
    pub(super) fn insights_told(&mut self, ticket: Ticket, result: Result<Box<Results>, cloud::Error>) {
        let (now, height) = (self.now, self.insights_height());
        let Some(pane) = self.insights.as_mut().filter(|pane| pane.ticket == Some(ticket)) else { return };
        let said = match result {
            Ok(results) => {
                let over = results.progress.is_over();
                let rows = results.rows.len();
                pane.results = Some(*results);
                pane.arrange(height);
                over.then(|| {
                    (Severity::Info, format!("Insights has answered: {rows} rows; :insights shows them"))
                })
            }
            Err(error) => {
                let text = format!("Insights: {error}");
                pane.error = Some(error);
                Some((Severity::Error, text))
            }
        };
        let Some((severity, said)) = said else { return };
        pane.ticket = None;
        if let Some(asked) = &mut pane.asked {
            asked.over = Some(now);
        }
        let mut overlays = self.overlay.iter().chain(&self.beneath);
        if !overlays.any(|overlay| matches!(overlay, Overlay::Insights)) {
            self.say(severity, said);
        }
    }

    fn pick_insights_template(&mut self) {
        let items = TEMPLATES.iter().map(|one| Item { name: one.name.into(), note: one.text.into() });
        self.lay_over(Overlay::Picker(Picker::new(PickerKind::Insights, items.collect())));
    }

    pub(super) fn insights_picked(&mut self, chosen: &str) -> Vec<Effect> {
        let template = TEMPLATES.iter().find(|template| template.name == chosen);
        if let (Some(pane), Some(template)) = (&mut self.insights, template) {
            pane.editor.replace(template.query.to_owned());
        }
        Vec::new()
    }

    /// A line that was typed for the query or its results.
    pub(super) fn insights_asked(&mut self, ask: Ask, text: &str) -> Result<Vec<Effect>, String> {
        match ask {
            Ask::Reach => {
                let reach = Reach::parse(text, self.now, &self.zone())?;
                if let Some(pane) = &mut self.insights {
                    pane.reach = reach;
                }
                Ok(Vec::new())
            }
            Ask::Export => {
                if text.is_empty() {
                    return Err("a path is wanted".into());
                }
                let Some((results, order)) =
                    self.insights.as_ref().and_then(|pane| Some((pane.results.as_ref()?, &pane.order)))
                else {
                    return Err("there are no results any more".into());
                };
                let is_json = [".ndjson", ".jsonl", ".json"].iter().any(|end| text.ends_with(end));
                let written = if is_json { results.ndjson(order) } else { results.csv(order)? };
                Ok(self.export_over_or_ask(EventToExport::Text(Arc::new(Secret::new(written))), text))
            }
        }
    }

    fn ask_insights_path(&mut self) {
        let rows = self.insights.as_ref().map_or(0, |pane| pane.order.len());
        if rows == 0 {
            self.say(Severity::Info, "there are no rows to be written");
            return;
        }
        let rule = "a path; .csv, or .ndjson for JSON; ~ is your home";
        let prompt = Prompt::new("Write the results to a file", rule, "insights.csv", insights(Ask::Export));
        self.lay_over(Overlay::Prompt(Box::new(prompt)));
    }

    /// The selected row's values, one below the other.
    fn insights_row(&self) -> Option<Vec<(String, String)>> {
        let pane = self.insights.as_ref()?;
        let (results, row) = (pane.results.as_ref()?, pane.row(pane.cursor.at)?);
        let cells = results.columns.iter().zip(row);
        Some(cells.filter_map(|(name, cell)| Some((name.clone(), cell.clone()?))).collect())
    }

    fn open_insights_row(&mut self) {
        let Some(cells) = self.insights_row() else { return };
        let mut lines = Vec::new();
        for (name, value) in cells {
            let value = crate::domain::json::pretty(&value).unwrap_or(value);
            let value = sanitise_lines(&value);
            let name = sanitise_lines(&name).replace('\n', " ");
            if value.contains('\n') {
                lines.push(format!("{name}:"));
                lines.extend(value.lines().map(|line| format!("  {line}")));
            } else {
                lines.push(format!("{name}: {value}"));
            }
        }
        self.lay_over(Overlay::Page(Page { title: "Row".into(), lines, cursor: Cursor::default() }));
    }

    fn copy_insights_row(&mut self) -> Vec<Effect> {
        let Some(cells) = self.insights_row() else { return Vec::new() };
        let text =
            cells.iter().map(|(name, value)| format!("{name}: {value}")).collect::<Vec<_>>().join("\n");
        self.say(Severity::Info, "copied the row");
        vec![Effect::Copy(plain(&text).into_owned())]
    }
}

fn insights(ask: Ask) -> prompt::Then {
    prompt::Then::Insights(ask)
}
