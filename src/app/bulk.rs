//! One change of many functions: planned, confirmed once, applied one after the other.

use std::fmt;

use super::{Ticket, command, field::Field, list::Cursor};
use crate::domain::{
    change::{Change, Consent, DiffLine, Mark, Order, bulk_phrase, masked},
    function::Details,
    name::{MAX_ENVIRONMENT, check_environment, check_variable_name},
    place::{Place, Protected},
    secret::Secret,
    settings::{Setting, Settings},
    text::{self, width},
};

/// The days that CloudWatch may keep a log group, as PutRetentionPolicy's documentation lists them.
pub const RETENTION_DAYS: [u32; 22] =
    [1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653];

/// The most tags of a function. Lambda's own limit is not documented firmly: more is warned of, not refused.
const TAGS: usize = 50;

/// The tag by which CloudFormation says that it owns something.
const STACK_TAG: &str = "aws:cloudformation:stack-name";

/// What is changed on each function.
#[derive(Clone, PartialEq, Eq)]
pub enum BulkChange {
    /// Memory in MB.
    Memory(u32),
    /// Time-out in seconds.
    Timeout(u32),
    /// Runtime identifier.
    Runtime(String),
    /// A variable, set or (none) removed.
    Variable(String, Option<Secret>),
    /// A tag, set or removed.
    Tag(String, Option<String>),
    /// Days that the log group is kept; none: for ever.
    LogRetention(Option<u32>),
}

impl fmt::Debug for BulkChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "BulkChange({})", self.title())
    }
}

impl BulkChange {
    /// Reads what was typed behind `bulk`. A value goes to the end of the line, as it is: no quotes are taken off.
    ///
    /// # Errors
    /// What is wrong and what to type. No error repeats a value.
    pub fn parse(typed: &str) -> Result<Self, String> {
        let typed = typed.trim();
        let (word, rest) = typed.split_once(char::is_whitespace).unwrap_or((typed, ""));
        let rest = rest.trim();
        let help = command::named(&command::BULK, word).map_err(|several| {
            let all = command::BULK.map(|help| help.name).join(", ");
            several.unwrap_or_else(|| format!("there is no such change: it is one of {all}"))
        })?;
        let needed = || format!("bulk {} needs {}", help.name, help.argument);
        if rest.is_empty() {
            return Err(needed());
        }
        let pair = || rest.split_once('=').ok_or_else(needed);
        match help.name {
            "memory" => number(Setting::Memory, rest).map(Self::Memory),
            "timeout" => number(Setting::Timeout, rest).map(Self::Timeout),
            "runtime" => Setting::Runtime.check(rest).map(|()| Self::Runtime(rest.to_owned())),
            "env" => {
                let (key, value) = pair()?;
                check_variable(key)?;
                check_value(key, value)?;
                Ok(Self::Variable(key.to_owned(), Some(Secret::new(value))))
            }
            "unset" => check_variable(rest).map(|()| Self::Variable(rest.to_owned(), None)),
            "tag" => {
                let (key, value) = pair()?;
                check_tag(key, value)?;
                Ok(Self::Tag(key.to_owned(), Some(value.to_owned())))
            }
            "untag" => check_tag(rest, "").map(|()| Self::Tag(rest.to_owned(), None)),
            _ => retention(rest).map(Self::LogRetention),
        }
    }

    /// What it does, without values of variables: `Memory 1024 MB`, `variable STAGE (4 bytes)`.
    pub fn title(&self) -> String {
        match self {
            Self::Memory(megabytes) => format!("Memory {megabytes} MB"),
            Self::Timeout(seconds) => format!("Timeout {seconds} s"),
            Self::Runtime(runtime) => format!("Runtime {runtime}"),
            Self::Variable(key, Some(value)) => format!("variable {key} {}", masked(value)),
            Self::Variable(key, None) => format!("variable {key} removed"),
            Self::Tag(key, Some(value)) => format!("tag {key}={value}"),
            Self::Tag(key, None) => format!("tag {key} removed"),
            Self::LogRetention(Some(1)) => "log retention 1 day".into(),
            Self::LogRetention(Some(days)) => format!("log retention {days} days"),
            Self::LogRetention(None) => "log retention never expire".into(),
        }
    }

    /// Whether it changes what the list shows.
    pub fn is_listed(&self) -> bool {
        matches!(self, Self::Memory(_) | Self::Timeout(_) | Self::Runtime(_) | Self::Variable(..))
    }

    /// What it means for a function that was read. Log groups are planned by [`Self::plan_retention`].
    pub fn plan(&self, details: &Details) -> Step {
        let function = &details.configuration;
        let change = match self {
            Self::Memory(_) | Self::Timeout(_) | Self::Runtime(_) => {
                let (setting, text) = match self {
                    Self::Memory(megabytes) => (Setting::Memory, megabytes.to_string()),
                    Self::Timeout(seconds) => (Setting::Timeout, seconds.to_string()),
                    Self::Runtime(runtime) => (Setting::Runtime, runtime.clone()),
                    _ => return Step::Reading,
                };
                let before = Settings::of(function);
                match before.get(setting) {
                    None => return Step::Refused("a container image has no runtime".into()),
                    Some(now) if now == text => return Step::Nothing,
                    Some(_) => {}
                }
                let mut after = before.clone();
                after.set(setting, text);
                Change::Settings { before, after }
            }
            Self::Variable(key, value) => {
                let environment = function.environment.clone().unwrap_or_default();
                if let Some(error) = &environment.error {
                    let text = format!("its variables can't be read ({error}): saving would wipe them");
                    return Step::Refused(text);
                }
                let before = environment.variables;
                if before.get(key) == value.as_ref() {
                    return Step::Nothing;
                }
                let mut after = before.clone();
                match value {
                    Some(value) => _ = after.insert(key.clone(), value.clone()),
                    None => _ = after.remove(key),
                }
                if let Err(problem) = check_environment(&after) {
                    return Step::Refused(problem.to_string());
                }
                Change::Environment { before, after }
            }
            Self::Tag(key, value) => {
                if let Some(error) = &details.tags_error {
                    return Step::Refused(format!("its tags can't be read ({error})"));
                }
                let before = details.tags.get(key).cloned();
                if before == *value {
                    return Step::Nothing;
                }
                Change::Tag { key: key.clone(), before, after: value.clone() }
            }
            Self::LogRetention(_) => return Step::Reading,
        };
        if change.settles() && function.state.is_settling() {
            return Step::Unready(format!("it is {} just now", function.state.word().to_lowercase()));
        }
        Step::Planned(Box::new(Order {
            function: function.name.clone(),
            revision_id: function.revision_id.clone(),
            change,
        }))
    }

    /// What it means for a log group that is kept for so many days now.
    pub fn plan_retention(&self, function: &str, group: &str, before: Option<u32>) -> Step {
        match self {
            Self::LogRetention(after) if *after != before => Step::Planned(Box::new(Order {
                function: function.to_owned(),
                revision_id: None,
                change: Change::LogRetention { group: group.to_owned(), before, after: *after },
            })),
            _ => Step::Nothing,
        }
    }

    /// What one should know of a function before agreeing.
    pub fn notes(&self, details: &Details) -> Vec<String> {
        let function = &details.configuration;
        let mut notes: Vec<String> = stack_note(details).into_iter().collect();
        match (self, &function.runtime) {
            (Self::Runtime(wanted), Some(now)) if family(wanted) != family(now) => {
                notes.push(format!("{now} is another language: its code may not run"));
            }
            (Self::Tag(key, Some(_)), _) if details.tags.len() >= TAGS && !details.tags.contains_key(key) => {
                notes.push(format!("it has {} tags, and AWS may allow no more", details.tags.len()));
            }
            _ => {}
        }
        notes
    }

    /// Whether two changes begin from the same: what others did beside it does not matter.
    pub fn fits(&self, planned: &Change, now: &Change) -> bool {
        match (self, planned, now) {
            (
                Self::Variable(key, _),
                Change::Environment { before: one, .. },
                Change::Environment { before: other, .. },
            ) => one.get(key) == other.get(key),
            (_, Change::Settings { before: one, after }, Change::Settings { before: other, .. }) => {
                one.changed(after).into_iter().all(|setting| one.get(setting) == other.get(setting))
            }
            _ => planned == now,
        }
    }
}

/// That CloudFormation owns a function, where it does.
pub(super) fn stack_note(details: &Details) -> Option<String> {
    let stack = details.tags.get(STACK_TAG)?;
    Some(format!("CloudFormation stack {stack} owns it: the change makes it drift"))
}

/// `python` of `python3.13`.
fn family(runtime: &str) -> &str {
    runtime.split(|c: char| c.is_ascii_digit() || c == '.').next().unwrap_or_default()
}

fn number(setting: Setting, text: &str) -> Result<u32, String> {
    setting.check(text)?;
    text.parse().map_err(|_| format!("type {}", setting.rule()))
}

fn retention(text: &str) -> Result<Option<u32>, String> {
    if text == "never" {
        return Ok(None);
    }
    let days = text.parse().ok().filter(|days| RETENTION_DAYS.contains(days));
    days.map(Some).ok_or_else(|| {
        let days = RETENTION_DAYS.map(|days| days.to_string());
        format!("CloudWatch keeps a log for {} days or never deletes it: type one of them", days.join(", "))
    })
}

fn check_variable(key: &str) -> Result<(), String> {
    check_variable_name(key).map_err(|error| error.to_string())
}

/// A text field shows marks in place of line breaks and control characters: a value of such marks is not what was
/// pasted.
fn check_value(key: &str, value: &str) -> Result<(), String> {
    if value.contains(|c: char| ('\u{2400}'..='\u{2426}').contains(&c)) || value.contains("⟨U+") {
        return Err("the value has a line break or a control character: set it in the Environment tab".into());
    }
    let alone = [(key.to_owned(), Secret::new(value))].into();
    check_environment(&alone).map_err(|_| {
        format!("the value is too long: all variables together take at most {MAX_ENVIRONMENT} bytes")
    })
}

/// The rules of tags: a key of 1 to 128 and a value of at most 256 characters; letters, digits, spaces and
/// `_.:/=+-@`; `aws:` is AWS's own.
fn check_tag(key: &str, value: &str) -> Result<(), String> {
    let bad = |text: &str| text.chars().any(|c| !(c.is_alphanumeric() || " _.:/=+-@".contains(c)));
    let too_long = |text: &str, most: usize| text.chars().count() > most;
    let problem = if key.is_empty() {
        "the tag's key is empty: type KEY=VALUE"
    } else if too_long(key, 128) {
        "the tag's key has more than 128 characters: shorten it"
    } else if key.to_lowercase().starts_with("aws:") {
        "the tag's key begins with aws:, which is AWS's own: choose another key"
    } else if too_long(value, 256) {
        "the tag's value has more than 256 characters: shorten it"
    } else if bad(key) || bad(value) {
        "the tag has a character that is not allowed: only letters, digits, spaces and _.:/=+-@"
    } else {
        return Ok(());
    };
    Err(problem.into())
}

/// What became of one function.
#[derive(Clone, Debug, PartialEq)]
pub enum Step {
    /// Being read.
    Reading,
    /// It has that already.
    Nothing,
    /// It can't be: why.
    Refused(String),
    /// It can't be just now: why. It may be tried again.
    Unready(String),
    /// To be done.
    Planned(Box<Order>),
    /// On its way.
    Sending(Box<Order>),
    /// Somebody else changed the function since it was read: it is read again.
    Rereading(Box<Order>),
    /// Done.
    Done(Box<Order>),
    /// Not done: why. It may be tried again.
    Failed(Box<Order>, String),
    /// It may have been done. It is not tried again by itself.
    Unknown(Box<Order>, String),
}

impl Step {
    /// Its shape and its word.
    pub fn word(&self) -> (&'static str, &'static str) {
        match self {
            Self::Reading => ("…", "reading"),
            Self::Nothing => ("=", "already so"),
            Self::Refused(_) => ("○", "left out"),
            Self::Unready(_) => ("○", "not now"),
            Self::Planned(_) => ("~", ""),
            Self::Sending(_) => ("◐", "sending"),
            Self::Rereading(_) => ("◐", "reading again"),
            Self::Done(_) => ("●", "done"),
            Self::Failed(..) => ("✗", "failed"),
            Self::Unknown(..) => ("?", "outcome unknown"),
        }
    }

    /// The change, where there is one.
    pub fn order(&self) -> Option<&Order> {
        match self {
            Self::Planned(order)
            | Self::Sending(order)
            | Self::Rereading(order)
            | Self::Done(order)
            | Self::Failed(order, _)
            | Self::Unknown(order, _) => Some(order),
            _ => None,
        }
    }

    /// Why it is as it is.
    pub fn why(&self) -> Option<&str> {
        match self {
            Self::Refused(why) | Self::Unready(why) | Self::Failed(_, why) | Self::Unknown(_, why) => {
                Some(why)
            }
            _ => None,
        }
    }

    /// Whether another try is worth it: it failed, was not sent, or nobody knows.
    fn is_open(&self) -> bool {
        matches!(self, Self::Unready(_) | Self::Planned(_) | Self::Failed(..) | Self::Unknown(..))
    }

    /// What is to be changed first, what can't be next, what is so already last.
    fn rank(&self) -> u8 {
        match self {
            Self::Refused(_) | Self::Unready(_) => 1,
            Self::Nothing => 2,
            Self::Done(_) => 3,
            _ => 0,
        }
    }
}

/// One function of the plan.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// Function name.
    pub name: Box<str>,
    /// What became of it.
    pub step: Step,
    /// What one should know of it.
    pub notes: Vec<String>,
    /// Its log group, while that is read.
    pub group: Option<String>,
    /// What was sent before, where nobody knows whether it was done.
    pub sent: Option<Box<Order>>,
}

impl Row {
    /// A function that is going to be read.
    pub fn new(name: Box<str>) -> Self {
        Self { name, step: Step::Reading, notes: Vec::new(), group: None, sent: None }
    }

    /// What is told of it: `512 MB → 1024 MB`, `failed: ...`. Fit to be shown: values are told by their length.
    pub fn text(&self) -> String {
        let (_, word) = self.step.word();
        let mut text = word.to_owned();
        if let Some(order) = self.step.order() {
            let changes: Vec<String> = order.change.diff().iter().map(before_and_after).collect();
            let changes = changes.join(", ");
            text = if text.is_empty() { changes } else { format!("{text}  {changes}") };
        }
        if let Some(why) = self.step.why() {
            text.push_str(": ");
            text.push_str(why);
        }
        for note in &self.notes {
            text.push_str("  ! ");
            text.push_str(note);
        }
        text
    }
}

fn before_and_after(line: &DiffLine) -> String {
    match line.mark {
        Mark::Added => format!("(none) → {}", line.after),
        Mark::Removed => format!("{} → (none)", line.before),
        Mark::Changed => format!("{} → {}", line.before, line.after),
    }
}

/// Where the whole is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Functions are read.
    Reading,
    /// The plan is there; the count is to be typed.
    Planned,
    /// Under way.
    Applying,
    /// Ends after the one that is on its way.
    Stopping,
    /// Over.
    Over,
}

/// How many functions stand where.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Not read yet.
    pub reading: usize,
    /// To be done.
    pub planned: usize,
    /// They have it already.
    pub nothing: usize,
    /// They can't be, or not just now.
    pub refused: usize,
    /// On their way.
    pub sending: usize,
    /// Done.
    pub done: usize,
    /// Not done.
    pub failed: usize,
    /// Nobody knows.
    pub unknown: usize,
}

/// A change of many functions.
#[derive(Debug)]
pub struct Bulk {
    /// The request of the reads, then of the write on its way.
    pub ticket: Ticket,
    /// The session's epoch: with another one nothing is sent.
    pub epoch: u32,
    /// Account, region, endpoint.
    pub place: Place,
    /// Whether the configuration file protects the place or one of the functions.
    pub protected: bool,
    /// The change.
    pub change: BulkChange,
    /// Function by function.
    pub rows: Vec<Row>,
    /// Where it is.
    pub stage: Stage,
    /// What must be typed.
    pub phrase: String,
    /// What was typed.
    pub field: Field,
    /// Whether something else was typed.
    pub mistyped: bool,
    /// How it was agreed to.
    pub consent: Option<Consent>,
    /// How many functions were agreed to.
    pub agreed: usize,
    /// Scroll position of the rows.
    pub cursor: Cursor,
    /// Whether the screen stays with the function that is being changed.
    pub follows: bool,
}

impl Bulk {
    /// Rows of the overlay above the functions: place, counts, a rule.
    pub const HEAD: u16 = 3;
    /// Rows below them: a rule, what can be done, the text field.
    pub const FOOT: u16 = 3;

    /// A plan of functions that are going to be read.
    pub fn new(ticket: Ticket, place: Place, change: BulkChange, names: Vec<Box<str>>) -> Self {
        Self {
            ticket,
            epoch: ticket.epoch,
            place,
            protected: false,
            change,
            rows: names.into_iter().map(Row::new).collect(),
            stage: Stage::Reading,
            phrase: String::new(),
            field: Field::default(),
            mistyped: false,
            consent: None,
            agreed: 0,
            cursor: Cursor::default(),
            follows: true,
        }
    }

    /// Whether the number of functions is to be typed now.
    pub fn takes_text(&self) -> bool {
        self.stage == Stage::Planned
    }

    /// Whether functions are being changed.
    pub fn is_under_way(&self) -> bool {
        matches!(self.stage, Stage::Applying | Stage::Stopping)
    }

    /// How many functions stand where.
    pub fn counts(&self) -> Counts {
        let mut counts = Counts::default();
        for row in &self.rows {
            *match row.step {
                Step::Reading => &mut counts.reading,
                Step::Nothing => &mut counts.nothing,
                Step::Refused(_) | Step::Unready(_) => &mut counts.refused,
                Step::Planned(_) => &mut counts.planned,
                Step::Sending(_) | Step::Rereading(_) => &mut counts.sending,
                Step::Done(_) => &mut counts.done,
                Step::Failed(..) => &mut counts.failed,
                Step::Unknown(..) => &mut counts.unknown,
            } += 1;
        }
        counts
    }

    /// How many of those that were agreed to are behind it.
    pub fn behind(&self) -> usize {
        let counts = self.counts();
        self.agreed.saturating_sub(counts.planned + counts.sending)
    }

    /// Where it is, in one line: `12 of 40, 1 failed`.
    pub fn progress(&self) -> String {
        let counts = self.counts();
        let mut text = format!("{} of {}", self.behind(), self.agreed);
        push_count(&mut text, counts.failed, "failed");
        push_count(&mut text, counts.unknown, "unknown");
        text
    }

    /// What it came to: `11 done, 1 failed, 2 not sent`.
    pub fn outcome(&self) -> String {
        let counts = self.counts();
        let mut text = String::new();
        if counts.done > 0 || self.agreed > 0 {
            push_count_even_none(&mut text, counts.done, "done");
        }
        push_count(&mut text, counts.failed, "failed");
        push_count(&mut text, counts.unknown, "unknown");
        push_count(&mut text, counts.planned, "not sent");
        push_count(&mut text, counts.nothing, "already so");
        push_count(&mut text, counts.refused, "left out");
        text
    }

    /// Whether there is something to be tried again.
    pub fn is_open(&self) -> bool {
        self.rows.iter().any(|row| row.step.is_open())
    }

    /// All functions are read: what is to be typed, or that there is nothing to do.
    pub(super) fn planned(&mut self, protected: &Protected) {
        self.rows.sort_by_key(|row| row.step.rank());
        self.field.set("");
        self.mistyped = false;
        self.cursor = Cursor::default();
        let planned = || self.rows.iter().filter(|row| matches!(row.step, Step::Planned(_)));
        let count = planned().count();
        self.protected = protected.covers_place(&self.place)
            || planned().any(|row| protected.covers(&self.place, &row.name));
        self.phrase = bulk_phrase(count, &self.place, self.protected);
        self.agreed = 0;
        self.stage = if count == 0 { Stage::Over } else { Stage::Planned };
    }

    /// Begins anew with those that may be tried again; answers with their names.
    pub(super) fn reopen(&mut self, ticket: Ticket) -> Vec<Box<str>> {
        self.ticket = ticket;
        self.stage = Stage::Reading;
        self.consent = None;
        self.follows = true;
        self.cursor = Cursor::default();
        for row in self.rows.iter_mut().filter(|row| row.step.is_open()) {
            row.sent = match std::mem::replace(&mut row.step, Step::Reading) {
                Step::Unknown(order, _) => Some(order),
                _ => None,
            };
            row.notes.clear();
            row.group = None;
        }
        self.rows.iter().filter(|row| row.step == Step::Reading).map(|row| row.name.clone()).collect()
    }

    /// Columns of a row: the mark, the name, what is told.
    pub fn columns(&self, columns: usize) -> [usize; 3] {
        let longest = self.rows.iter().map(|row| width(&row.name)).max().unwrap_or_default();
        let name = longest.clamp(8, (columns / 3).max(8));
        [1, name, columns.saturating_sub(name + 4).max(1)]
    }

    /// The rows of the screen that each function takes where there are so many columns.
    pub fn heights(&self, columns: usize) -> impl Iterator<Item = usize> {
        let [_, name, told] = self.columns(columns);
        self.rows.iter().map(move |row| text::rows(&row.name, name).max(text::rows(&row.text(), told)))
    }

    /// Scrolls so that the function that is being changed is on the screen.
    pub(super) fn follow(&mut self, columns: usize, height: usize) {
        let at = self.rows.iter().position(|row| matches!(row.step, Step::Sending(_) | Step::Rereading(_)));
        let Some(at) = at.filter(|_| self.follows) else { return };
        let heights: Vec<usize> = self.heights(columns).collect();
        let above: usize = heights[..at].iter().sum();
        let last = heights.iter().sum::<usize>().saturating_sub(height);
        // In the middle: what comes next shows as well.
        self.cursor.top = above.saturating_sub(height / 2).min(last);
    }
}

fn push_count(text: &mut String, count: usize, word: &str) {
    if count > 0 {
        push_count_even_none(text, count, word);
    }
}

fn push_count_even_none(text: &mut String, count: usize, word: &str) {
    if !text.is_empty() {
        text.push_str(", ");
    }
    text.push_str(&format!("{count} {word}"));
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::domain::function::{Environment, Function, State};

    fn tag(key: &str, value: Option<&str>) -> BulkChange {
        BulkChange::Tag(key.into(), value.map(str::to_owned))
    }

    fn variable(key: &str, value: Option<&str>) -> BulkChange {
        BulkChange::Variable(key.into(), value.map(Secret::new))
    }

    #[rstest]
    #[case("memory 512", BulkChange::Memory(512))]
    #[case(" mem  10240 ", BulkChange::Memory(10_240))]
    #[case("timeout 900", BulkChange::Timeout(900))]
    #[case("runtime python3.13", BulkChange::Runtime("python3.13".into()))]
    #[case("env KEY=a b=c", variable("KEY", Some("a b=c")))]
    #[case("env KEY=", variable("KEY", Some("")))]
    #[case("env KEY=\"quoted\"", variable("KEY", Some("\"quoted\"")))]
    #[case("unset KEY", variable("KEY", None))]
    #[case("tag cost centre=a/b", tag("cost centre", Some("a/b")))]
    #[case("tag team=", tag("team", Some("")))]
    #[case("untag cost centre", tag("cost centre", None))]
    #[case("retention 3653", BulkChange::LogRetention(Some(3653)))]
    #[case("retention never", BulkChange::LogRetention(None))]
    fn changes(#[case] typed: &str, #[case] expected: BulkChange) {
        assert_eq!(BulkChange::parse(typed), Ok(expected));
    }

    #[rstest]
    #[case("memory", "bulk memory needs MB")]
    #[case("memory 127", "at least 128 MB")]
    #[case("memory 10241", "at most 10240 MB")]
    #[case("memory 512MB", "no whole number")]
    #[case("timeout 0", "at least 1 seconds")]
    #[case("timeout 901", "at most 900 seconds")]
    #[case("runtime python 3", "has white space")]
    #[case("env KEY", "bulk env needs KEY=VALUE")]
    #[case("env =canary", "the variable name is empty")]
    #[case("env K=canary", "has 1 character")]
    #[case("env MY-KEY=canary", "has `-` at position 3")]
    #[case("env AWS_REGION=canary", "is reserved")]
    #[case("env KEY=canary␊canary", "line break")]
    #[case("unset 1KEY", "begins with `1`")]
    #[case("tag team", "bulk tag needs KEY=VALUE")]
    #[case("tag =canary", "key is empty")]
    #[case("tag AWS:x=canary", "begins with aws:")]
    #[case("tag team=can?ary", "not allowed")]
    #[case("retention 2", "type one of them")]
    #[case("retention -1", "type one of them")]
    #[case("delete f", "there is no")]
    #[case("r 30", "may be runtime or retention")]
    #[case("", "may be env or memory")]
    fn what_is_no_change_is_told_without_its_value(#[case] typed: &str, #[case] told: &str) {
        let error = BulkChange::parse(typed).unwrap_err();
        assert!(error.contains(told) && !error.contains("canary"), "{error}");
    }

    #[test]
    fn limits() {
        let tag = |key: usize, value: usize| {
            BulkChange::parse(&format!("tag {}={}", "k".repeat(key), "v".repeat(value)))
        };
        assert!(tag(127, 255).is_ok() && tag(128, 256).is_ok());
        assert!(tag(129, 1).is_err() && tag(1, 257).is_err());
        // {"KEY":"..."} takes ten bytes beside the value.
        let env = |length: usize| BulkChange::parse(&format!("env KEY={}", "v".repeat(length)));
        assert!(env(MAX_ENVIRONMENT - 10).is_ok());
        assert!(env(MAX_ENVIRONMENT - 9).unwrap_err().contains("too long"));
        for days in 0..4000 {
            let allowed = RETENTION_DAYS.contains(&days);
            assert_eq!(BulkChange::parse(&format!("retention {days}")).is_ok(), allowed, "{days}");
        }
    }

    #[test]
    fn a_value_is_in_no_debug_and_no_title() {
        let change = variable("KEY", Some("canary"));
        let bulk = Bulk::new(Ticket::default(), Place::default(), change.clone(), vec!["f".into()]);
        let told = format!("{change:?}{bulk:?}{}", change.title());
        assert!(!told.contains("canary") && told.contains("(6 bytes)"), "{told}");
    }

    fn function(pairs: &[(&str, &str)]) -> Details {
        Details {
            configuration: Function {
                name: "f".into(),
                runtime: Some("python3.12".into()),
                memory_mb: Some(512),
                revision_id: Some("r1".into()),
                environment: Some(Environment {
                    variables: pairs
                        .iter()
                        .map(|(key, value)| ((*key).to_owned(), Secret::new(*value)))
                        .collect(),
                    error: None,
                }),
                ..Function::default()
            },
            ..Details::default()
        }
    }

    fn row(change: &BulkChange, details: &Details) -> Row {
        Row { step: change.plan(details), notes: change.notes(details), ..Row::new("f".into()) }
    }

    #[rstest]
    #[case(BulkChange::Memory(1024), "512 MB → 1024 MB")]
    #[case(BulkChange::Memory(512), "already so")]
    #[case(BulkChange::Runtime("python3.13".into()), "python3.12 → python3.13")]
    #[case(
        BulkChange::Runtime("nodejs24.x".into()),
        "python3.12 → nodejs24.x  ! python3.12 is another language: its code may not run"
    )]
    #[case(variable("KEY", Some("canary-22")), "(8 bytes) → (9 bytes)")]
    #[case(variable("KEY", Some("canary-2")), "(8 bytes) → (another value of the same length)")]
    #[case(variable("KEY", Some("canary-1")), "already so")]
    #[case(variable("NEW", Some("x")), "(none) → (1 byte)")]
    #[case(variable("KEY", None), "(8 bytes) → (none)")]
    #[case(variable("NEW", None), "already so")]
    #[case(tag("team", Some("shop")), "(none) → shop")]
    fn plans(#[case] change: BulkChange, #[case] told: &str) {
        let row = row(&change, &function(&[("KEY", "canary-1"), ("OTHER", "canary-3")]));
        assert_eq!(row.text(), told);
        let order = row.step.order();
        assert!(order.is_none_or(|order| order.revision_id.as_deref() == Some("r1")));
    }

    #[test]
    fn what_can_not_be_is_left_out() {
        let memory = BulkChange::Memory(1024);
        let mut details = function(&[("KEY", &"x".repeat(4000))]);
        let env = variable("NEW", Some(&"y".repeat(100)));
        assert!(matches!(env.plan(&details), Step::Refused(why) if why.contains("takes 4118 bytes")));
        details.configuration.package_type = Some("Image".into());
        let runtime = BulkChange::Runtime("python3.13".into());
        assert!(matches!(runtime.plan(&details), Step::Refused(why) if why.contains("container image")));
        assert!(matches!(memory.plan(&details), Step::Planned(_)));
        if let Some(environment) = &mut details.configuration.environment {
            environment.error = Some("AccessDenied".into());
        }
        assert!(matches!(env.plan(&details), Step::Refused(why) if why.contains("would wipe them")));
        details.tags_error = Some("denied".into());
        assert!(matches!(tag("a", None).plan(&details), Step::Refused(why) if why.contains("tags")));
        details.configuration.state =
            State { last_update_status: Some("InProgress".into()), ..State::default() };
        assert!(matches!(memory.plan(&details), Step::Unready(why) if why.contains("updating")));
        details.tags.insert(STACK_TAG.into(), "shop".into());
        assert!(memory.notes(&details)[0].contains("stack shop"));
    }

    #[test]
    fn at_its_limit_an_environment_is_full() {
        // {"KEY":"...","NEW":"v"} takes 20 bytes and the first value.
        let change = variable("NEW", Some("v"));
        let plan = |length: usize| change.plan(&function(&[("KEY", &"x".repeat(length))]));
        assert!(matches!(plan(MAX_ENVIRONMENT - 20), Step::Planned(_)));
        assert!(matches!(plan(MAX_ENVIRONMENT - 19), Step::Refused(_)));
    }

    #[test]
    fn what_others_did_beside_it_does_not_matter() {
        let change = variable("KEY", Some("new"));
        let planned = |pairs: &[(&str, &str)]| change.plan(&function(pairs)).order().unwrap().change.clone();
        let before = planned(&[("KEY", "a"), ("OTHER", "1")]);
        assert!(change.fits(&before, &planned(&[("KEY", "a"), ("OTHER", "2")])));
        assert!(!change.fits(&before, &planned(&[("KEY", "b"), ("OTHER", "1")])));
    }

    #[test]
    fn retention_by_its_group() {
        let change = BulkChange::LogRetention(Some(30));
        let row =
            |before| Row { step: change.plan_retention("f", "/g", before), ..Row::new("f".into()) }.text();
        assert_eq!(row(None), "never expire → 30 days");
        assert_eq!(row(Some(30)), "already so");
        assert_eq!(row(Some(7)), "7 days → 30 days");
    }
}
