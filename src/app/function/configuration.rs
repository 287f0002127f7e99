//! The Configuration tab: a form of everything that the API lets change.

mod form;

use std::borrow::Cow;

use jiff::Timestamp;

use crate::{
    app::{Action, Remote, draft::SettingsDraft, field::Field, layout::Area, list::Cursor},
    domain::{
        function::Details,
        limits,
        release::{AccountConcurrency, EventInvoke, Extras, Provisioned},
        runtimes,
        settings::{Setting, Settings},
        text,
    },
};

/// What names the function itself among its versions and aliases.
pub const LATEST: &str = "$LATEST";

/// A part of the settings of asynchronous invocation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EventPart {
    /// Retries.
    Retries,
    /// Seconds that an event waits at most.
    Age,
    /// Where successes go.
    OnSuccess,
    /// Where failures go.
    OnFailure,
}

/// What a prompt of this tab asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ask {
    /// The reserved concurrency.
    ReservedConcurrency,
    /// The provisioned concurrency of a version or an alias; none: which one is typed too.
    Provisioned(Option<String>),
    /// A setting of asynchronous invocation of a qualifier.
    Event(String, EventPart),
    /// A qualifier that is to have settings of asynchronous invocation.
    NewEvent,
    /// The value of a tag.
    Tag(String),
    /// Key and value of a new tag.
    NewTag,
}

/// What an editor of several lines of this tab is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Edited {
    /// A setting.
    Setting(Setting),
}

/// What a picker of this tab picks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Pick {
    /// The value of a setting.
    Setting(Setting),
}

impl Pick {
    /// What is picked, as a title.
    pub fn title(&self) -> &'static str {
        match self {
            Self::Setting(setting) => setting.label(),
        }
    }
}

/// A group of the form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Group {
    /// What it is for and what it gets.
    General,
    /// What runs.
    Code,
    /// Where it runs and what it may.
    Network,
    /// Where its lines and its failed events go.
    Logs,
    /// How often it runs at a time.
    Concurrency,
    /// What becomes of events that nobody waits for.
    Asynchronous,
    /// Tags.
    Tags,
}

impl Group {
    /// Its title.
    pub fn title(self) -> &'static str {
        match self {
            Self::General => "General",
            Self::Code => "Code",
            Self::Network => "Network and permissions",
            Self::Logs => "Logs and errors",
            Self::Concurrency => "Concurrency",
            Self::Asynchronous => "Asynchronous invocation",
            Self::Tags => "Tags",
        }
    }
}

/// What a row of the form stands for. A row is found again by it when the form is read again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Key {
    /// A setting.
    Setting(Setting),
    /// What the API does not let change, by its label.
    Fixed(&'static str),
    /// The reserved concurrency.
    Reserved,
    /// The provisioned concurrency of a version or an alias.
    Provisioned(String),
    /// That there is none.
    NoProvisioned,
    /// A setting of asynchronous invocation of a qualifier.
    Event(String, EventPart),
    /// A tag.
    Tag(String),
    /// That there is none.
    NoTags,
    /// That the rows of a group could not be read.
    Unread(Group),
}

/// How the value of a row looks; a sign says it too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Look {
    /// Plain.
    Plain,
    /// Not set, or not to be changed.
    Dim,
    /// Changed and not saved: `~`.
    Changed,
    /// To be looked at: `!`.
    Warning,
    /// Bad: `✗`.
    Bad,
}

/// A row of the form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// The group that it is in.
    pub group: Group,
    /// What it stands for.
    pub key: Key,
    /// Its name.
    pub label: String,
    /// Its value; of a change both, with an arrow.
    pub value: String,
    /// How that looks.
    pub look: Look,
    /// What may be entered, or why nothing.
    pub rule: Cow<'static, str>,
}

/// A line of the form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Line {
    /// The title of a group.
    Group(Group),
    /// A row.
    Row(Row),
}

/// Columns of the labels at most.
const LABEL: usize = 26;

/// The columns of the labels on a screen of so many.
pub fn label_columns(columns: usize) -> usize {
    LABEL.min(columns / 3)
}

/// The columns that are left for values: beside the labels there are the cursor, a sign, and room between them.
pub fn value_columns(columns: usize) -> usize {
    columns.saturating_sub(label_columns(columns) + 8).max(1)
}

impl Line {
    /// The rows of the screen that it takes: long values wrap.
    pub fn rows(&self, columns: usize) -> usize {
        match self {
            Self::Group(_) => 1,
            Self::Row(row) => text::rows(&row.value, value_columns(columns)),
        }
    }

    fn row(&self) -> Option<&Row> {
        match self {
            Self::Group(_) => None,
            Self::Row(row) => Some(row),
        }
    }
}

/// How the tab is divided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Areas {
    /// That the function is stopped; without rows where it is not.
    pub banner: Area,
    /// The form.
    pub form: Area,
    /// The rule of the selected row, or what is wrong with what is typed.
    pub rule: Area,
    /// What is unsaved, what is on its way.
    pub status: Area,
}

/// Divides the tab.
pub fn areas(content: Area, stopped: bool) -> Areas {
    let banner = u16::from(stopped).min(content.rows.saturating_sub(1));
    let below = content.rows.saturating_sub(banner + 2).min(2);
    let form = content.rows.saturating_sub(banner + below);
    let part = |from: u16, rows: u16| Area { row: content.row.saturating_add(from), rows, ..content };
    Areas {
        banner: part(0, banner),
        form: part(banner, form),
        rule: part(banner + form, below.min(1)),
        status: part(banner + form + 1, below.saturating_sub(1)),
    }
}

/// A setting that is being typed.
#[derive(Debug)]
pub struct Editing {
    /// Which.
    pub setting: Setting,
    /// What was typed.
    pub field: Field,
    /// What is wrong with it.
    pub problem: Option<String>,
    /// Whether it was said that leaving now drops what was typed.
    pub warned: bool,
}

impl Editing {
    /// A field that begins with a text.
    pub(in crate::app) fn new(setting: Setting, text: &str) -> Self {
        let mut field = Field::default();
        field.set(text);
        Self { setting, field, problem: None, warned: false }
    }

    /// The text was changed.
    pub(in crate::app) fn check(&mut self) {
        self.problem = self.setting.check(self.field.text()).err();
        self.warned = false;
    }
}

/// What the kill switch of a stopped function would restore.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Restorable {
    /// The journal, which tells, is still being read.
    Reading,
    /// What was reserved before; none: nothing was.
    Known(Option<u32>),
    /// The function was not stopped from here.
    Unknown,
}

/// What the last save from here changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Saved {
    /// The settings before it.
    pub before: Settings,
    /// The settings after it.
    pub after: Settings,
}

/// The tab's part of the state.
#[derive(Debug, Default)]
pub struct ConfigurationPane {
    /// The number of the selected row, and the topmost row on the screen.
    pub cursor: Cursor,
    /// The selected row; none before one was chosen. Its number is what is left of it where it is gone.
    pub selected: Option<Key>,
    /// Edits that are not saved.
    pub draft: Option<SettingsDraft>,
    /// The setting that is being typed.
    pub editing: Option<Editing>,
    /// What the last save changed.
    pub saved: Option<Saved>,
    /// What is shown beside the configuration.
    pub extras: Remote<Extras>,
}

impl ConfigurationPane {
    /// The form. `now` is the day that runtimes are judged by.
    pub fn lines(&self, details: &Details, now: Timestamp) -> Vec<Line> {
        form::lines(self, details, now)
    }

    /// The line that is selected.
    pub fn at(&self, lines: &[Line]) -> usize {
        let rows = || lines.iter().enumerate().filter_map(|(at, line)| Some((at, line.row()?)));
        let is_selected = |row: &Row| self.selected.as_ref().is_some_and(|key| row.key == *key);
        let by_number = rows().nth(self.cursor.at);
        // Its number first: no key is worth getting stuck for, should two rows have the same one.
        let found = by_number
            .filter(|(_, row)| is_selected(row))
            .or_else(|| rows().find(|(_, row)| is_selected(row)))
            .or(by_number)
            .or_else(|| rows().next_back());
        found.map_or(0, |(at, _)| at)
    }

    /// The row that is selected.
    pub fn row<'a>(&self, lines: &'a [Line]) -> Option<&'a Row> {
        lines.get(self.at(lines)).and_then(Line::row)
    }

    /// The topmost row of a screen of that size: the selected line shows, with the title above it where it is the first
    /// of a group.
    pub fn top(&self, lines: &[Line], columns: usize, height: usize) -> usize {
        let at = self.at(lines);
        let rows = |lines: &[Line]| lines.iter().map(|line| line.rows(columns)).sum::<usize>();
        let mut start = rows(&lines[..at]);
        let end = start + lines.get(at).map_or(0, |line| line.rows(columns));
        let titled =
            at.checked_sub(1).and_then(|above| lines.get(above)).is_some_and(|line| line.row().is_none());
        if titled && end - start < height {
            start -= 1;
        }
        let top = self.cursor.top.max(end.saturating_sub(height)).min(start);
        top.min(rows(lines).saturating_sub(height))
    }

    /// The line on that row of the screen.
    pub(in crate::app) fn line_at(
        &self,
        lines: &[Line],
        columns: usize,
        height: usize,
        nth: usize,
    ) -> Option<usize> {
        let wanted = self.top(lines, columns, height) + nth;
        let mut above = 0;
        lines.iter().position(|line| {
            above += line.rows(columns);
            above > wanted
        })
    }

    /// Selects a line; a title can't be selected.
    pub(in crate::app) fn select(
        &mut self,
        lines: &[Line],
        at: usize,
        columns: usize,
        height: usize,
    ) -> bool {
        let Some(row) = lines.get(at).and_then(Line::row) else { return false };
        self.selected = Some(row.key.clone());
        self.cursor.at = lines[..at].iter().filter(|line| line.row().is_some()).count();
        self.cursor.top = self.top(lines, columns, height);
        true
    }

    /// Applies a movement, if the action is one.
    pub(in crate::app) fn moves(
        &mut self,
        action: &Action,
        lines: &[Line],
        columns: usize,
        height: usize,
    ) -> bool {
        let rows: Vec<usize> =
            (0..lines.len()).filter(|at| lines.get(*at).is_some_and(|line| line.row().is_some())).collect();
        let at = self.at(lines);
        let mut cursor = Cursor { at: rows.iter().position(|row| *row == at).unwrap_or_default(), top: 0 };
        if !cursor.handle(action, rows.len(), height) {
            return false;
        }
        if let Some(line) = rows.get(cursor.at) {
            self.select(lines, *line, columns, height);
        }
        true
    }

    /// The text of a setting as it is edited here; none where the function has no such setting.
    pub fn text(&self, details: &Details, setting: Setting) -> Option<String> {
        let settings = Settings::of(&details.configuration);
        let mine = self.draft.as_ref().filter(|draft| draft.base.get(&setting) != draft.mine.get(&setting));
        let mine = mine.and_then(|draft| draft.mine.get(&setting)).map(String::as_str);
        settings.get(setting).map(|now| mine.unwrap_or(now).to_owned())
    }

    /// The account's concurrency, where it is known.
    pub fn account(&self) -> Option<AccountConcurrency> {
        self.extras.value.as_ref().and_then(|extras| extras.account.clone().ok())
    }

    /// The provisioned concurrency.
    ///
    /// # Errors
    /// Why it is not known.
    pub fn provisioned(&self) -> Result<&[Provisioned], String> {
        self.extra(|extras| &extras.provisioned).map(Vec::as_slice)
    }

    /// The settings of asynchronous invocation by qualifier.
    ///
    /// # Errors
    /// Why they are not known.
    pub fn event_invoke(&self) -> Result<&[(String, EventInvoke)], String> {
        self.extra(|extras| &extras.event_invoke).map(Vec::as_slice)
    }

    /// The settings of asynchronous invocation of one qualifier; none where all are Lambda's defaults.
    ///
    /// # Errors
    /// Why they are not known.
    pub fn event_invoke_of(&self, qualifier: &str) -> Result<Option<EventInvoke>, String> {
        let found = self.event_invoke()?.iter().find(|(of, _)| of == qualifier);
        Ok(found.map(|(_, settings)| settings.clone()))
    }

    fn extra<T>(&self, of: fn(&Extras) -> &Result<T, String>) -> Result<&T, String> {
        match &self.extras.value {
            Some(extras) => of(extras).as_ref().map_err(|error| format!("could not be read: {error}")),
            None => Err("is still being read".into()),
        }
    }
}

impl EventPart {
    /// Its name.
    pub fn label(self) -> &'static str {
        match self {
            Self::Retries => "Retry attempts",
            Self::Age => "Maximum event age",
            Self::OnSuccess => "On success",
            Self::OnFailure => "On failure",
        }
    }

    /// What may be entered.
    pub fn rule(self) -> &'static str {
        match self {
            Self::Retries => "0 to 2; empty: the default",
            Self::Age => "60 to 21,600 seconds; empty: the default",
            Self::OnSuccess => "the ARN of a queue, topic, function or bus; empty: none",
            Self::OnFailure => "the ARN of a queue, topic, function, bus or bucket; empty: none",
        }
    }

    /// Its value as a text to begin with.
    pub(in crate::app) fn text(self, settings: &EventInvoke) -> String {
        let number = |value: Option<u32>| value.map(|value| value.to_string()).unwrap_or_default();
        match self {
            Self::Retries => number(settings.maximum_retry_attempts),
            Self::Age => number(settings.maximum_event_age_s),
            Self::OnSuccess => settings.on_success.clone().unwrap_or_default(),
            Self::OnFailure => settings.on_failure.clone().unwrap_or_default(),
        }
    }

    /// The settings with this one as it was typed.
    pub(in crate::app) fn typed(self, text: &str, mut settings: EventInvoke) -> Result<EventInvoke, String> {
        match self {
            Self::Retries => settings.maximum_retry_attempts = limits::retries(text)?,
            Self::Age => settings.maximum_event_age_s = limits::event_age(text)?,
            Self::OnSuccess => settings.on_success = limits::destination(text)?,
            Self::OnFailure => settings.on_failure = limits::destination(text)?,
        }
        Ok(settings)
    }
}

/// What may be reserved, in a prompt, with the account's figures where they are known.
pub(in crate::app) fn reserved_rule(account: Option<AccountConcurrency>) -> String {
    let figures = match account {
        Some(account) => format!(
            "The account has {} unreserved of {}; AWS keeps 10, 50 or 100 of them so, by account.",
            account.unreserved, account.limit
        ),
        None => "What the account has unreserved is not known.".to_owned(),
    };
    format!("A number, 0 to stop it, or nothing for unreserved. {figures}")
}

/// Until when a runtime is supported, in words.
pub(in crate::app) fn runtime_note(status: runtimes::Status) -> Option<String> {
    match status {
        runtimes::Status::Deprecated { since } => Some(format!("deprecated since {since}")),
        runtimes::Status::Supported { until: Some(until) } => Some(format!("supported until {until}")),
        runtimes::Status::Supported { until: None } | runtimes::Status::Unknown => None,
    }
}

#[cfg(test)]
mod tests;
