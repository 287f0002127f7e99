//! The journal of changes, to be read and taken back.

use jiff::tz::TimeZone;

use super::{Ticket, list::Cursor};
use crate::domain::{
    change::{Change, Order},
    format,
    function::Details,
    journal::{Back, Entry, Field, Outcome},
    place::Place,
    release::{Additional, Alias, Releases},
    settings::{Setting, Settings},
    text,
};

/// The journal on the screen.
#[derive(Debug, Default)]
pub struct HistoryPane {
    /// The entries, newest first.
    pub entries: Vec<Entry>,
    /// The request for them.
    pub pending: Option<Ticket>,
    /// Why there are none.
    pub error: Option<String>,
    /// The selected entry.
    pub cursor: Cursor,
    /// Whether the selected entry is shown whole.
    pub open: bool,
    /// Scroll position of the entry that is shown whole.
    pub detail: Cursor,
    /// The entry that is to be taken back, while what is there now is read.
    pub taking_back: Option<(Ticket, Box<Entry>)>,
}

/// From this width on an entry takes one row, below it two.
const WIDE: usize = 110;

impl HistoryPane {
    /// The selected entry.
    pub fn selected(&self) -> Option<&Entry> {
        self.entries.get(self.cursor.at)
    }

    /// The rows of the screen that each entry takes.
    pub fn rows_each(columns: usize) -> usize {
        if columns >= WIDE { 1 } else { 2 }
    }

    /// The rows of the selected entry when it is shown whole.
    pub fn detail_rows(&self, columns: usize, zone: &TimeZone) -> usize {
        let lines = self.selected().map(|entry| details(entry, zone)).unwrap_or_default();
        lines.iter().map(|(_, told)| text::rows(told, told_columns(columns))).sum()
    }
}

/// The columns of the labels of an entry that is shown whole.
pub const LABEL: usize = 16;

/// The columns of its texts.
pub fn told_columns(columns: usize) -> usize {
    columns.saturating_sub(LABEL).max(8)
}

/// The shape and the word of an outcome.
pub fn outcome(outcome: &Outcome) -> (&'static str, &'static str) {
    match outcome {
        Outcome::Begun => ("◐", "no answer"),
        Outcome::Done => ("●", "done"),
        Outcome::Refused => ("✗", "refused"),
        Outcome::Unknown => ("?", "unknown"),
    }
}

/// A whole entry: labels and texts.
pub fn details(entry: &Entry, zone: &TimeZone) -> Vec<(&'static str, String)> {
    let (shape, word) = outcome(&entry.outcome);
    let told = match entry.outcome {
        Outcome::Begun => {
            "the program ended before the answer came, or it is still on its way: it may have been done"
        }
        Outcome::Done => "AWS did it",
        Outcome::Refused => "nothing was changed",
        Outcome::Unknown => "it left and no answer came: it may have been done",
    };
    let mut lines = vec![
        ("Time", format::date_time(entry.at, zone)),
        ("Place", entry.place.to_string()),
        ("Function", entry.function.clone()),
        ("Operation", entry.operation.clone()),
        ("Outcome", format!("{shape} {word}: {told}")),
        ("Summary", entry.summary.clone()),
    ];
    for field in &entry.fields {
        lines.push(("Change", change(field)));
    }
    match &entry.back {
        Some(Back::ReservedConcurrency { count, now }) => {
            let text = |count: &Option<u32>| count.map_or("unreserved".into(), |count| count.to_string());
            lines.push(("Before", format!("reserved concurrency {}, since then {}", text(count), text(now))));
        }
        Some(Back::Alias { name, version, additional, now }) => {
            let also =
                additional.as_ref().map(|(version, share)| format!(" and {version} with a share of {share}"));
            let since = now.as_ref().map_or("deleted since".into(), |now| format!("since then to {now}"));
            let text = format!("alias {name} pointed to {version}{}, {since}", also.unwrap_or_default());
            lines.push(("Before", text));
        }
        None => {}
    }
    let revision = |revision: &Option<String>| revision.clone().unwrap_or_else(|| "not known".into());
    lines.push(("Revision before", revision(&entry.revision_before)));
    lines.push(("Revision after", revision(&entry.revision_after)));
    lines.push(("Command", entry.command.clone()));
    let none = || "nothing can take it back".into();
    lines.push(("Taken back by", entry.inverse.clone().unwrap_or_else(none)));
    lines
}

fn change(field: &Field) -> String {
    match (&field.before, &field.after) {
        (None, None) => format!("{}  (values are not recorded)", field.name),
        (before, after) => {
            let text = |side: &Option<String>| side.clone().unwrap_or_else(|| "(none)".into());
            format!("{}  {} → {}", field.name, text(before), text(after))
        }
    }
}

/// What must be read before a change is taken back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Read {
    /// The function.
    Function,
    /// Its versions and aliases.
    Releases,
}

/// Whether the journal holds enough of a change to take it back.
///
/// # Errors
/// Why not, and where it can be done.
pub fn readable(entry: &Entry, here: &Place) -> Result<Read, String> {
    if !here.is_same(&entry.place) {
        return Err(format!("it was done in {}: switch there first", entry.place));
    }
    if entry.outcome == Outcome::Refused {
        return Err("it was refused: there is nothing to take back".into());
    }
    match &entry.back {
        Some(Back::ReservedConcurrency { .. }) => return Ok(Read::Function),
        Some(Back::Alias { .. }) => return Ok(Read::Releases),
        None => {}
    }
    if entry.fields.iter().any(|field| recorded(field).is_some()) && is_configuration(entry) {
        return Ok(Read::Function);
    }
    Err(match entry.operation.as_str() {
        "UpdateFunctionConfiguration" => {
            "the journal holds no values of variables and no free texts: U in the tab itself goes back, while lambdeck \
             runs"
        }
        "TagResource" | "UntagResource" => "the journal holds no values of tags: set it in the Configuration tab",
        "PublishVersion" => "a version that was published stays: it can be deleted in the Versions tab",
        "DeleteFunction" => "a version that was deleted is gone: publish another one",
        "CreateAlias" => "there was no such alias before: it can be deleted in the Versions tab",
"CreateRegistry" | "CreateSchema" | "UpdateSchema" | "DeleteSchema" => {
            "the journal holds no events: the registry keeps the earlier versions of a schema that is still there"
        }
        "PutRetentionPolicy" | "DeleteRetentionPolicy" => {
            "bulk retention DAYS sets it, and the entry tells how many days it was"
        }
        _ => "the Configuration tab sets it, and the entry tells what it was",
    }
    .into())
}

fn is_configuration(entry: &Entry) -> bool {
    entry.operation == "UpdateFunctionConfiguration"
}

/// A setting of which the journal holds both sides: as it was and as it was to be, as texts of the form. A variable may
/// be named like a setting, but of it neither side is written.
fn recorded(field: &Field) -> Option<(Setting, String, String)> {
    let setting = Setting::ALL.into_iter().find(|it| it.is_recorded() && it.label() == field.name)?;
    if field.before.is_none() && field.after.is_none() {
        return None;
    }
    let text = |side: &Option<String>| {
        let text = side.clone().unwrap_or_default();
        match setting.unit() {
            Some(unit) => text.trim_end_matches(unit).trim_end().to_owned(),
            None => text,
        }
    };
    Some((setting, text(&field.before), text(&field.after)))
}

/// A change that goes back, and what one should know before agreeing to it.
pub type Undo = (Order, Vec<String>);

/// What takes a change of a function back, by what the function is now.
///
/// # Errors
/// Why there is nothing to be done.
pub fn back_by_function(entry: &Entry, details: &Details) -> Result<Undo, String> {
    let function = &details.configuration;
    let mut warnings = Vec::new();
    let change = if let Some(Back::ReservedConcurrency { count, now }) = &entry.back {
        let before = details.reserved_concurrency;
        if before == *count {
            return Err("the reserved concurrency is as it was before already".into());
        }
        if before != *now {
            warnings.push("somebody has changed the reserved concurrency since".into());
        }
        Change::ReservedConcurrency { before, after: *count }
    } else {
        let before = Settings::of(function);
        let mut after = before.clone();
        let mut missing = Vec::new();
        for field in &entry.fields {
            let Some((setting, was, became)) = recorded(field) else {
                missing.push(field.name.as_str());
                continue;
            };
            let Some(is) = before.get(setting) else { continue };
            if is != became && is != was {
                warnings.push(format!("somebody has changed {} since", setting.label()));
            }
            after.set(setting, was);
        }
        if after == before {
            return Err("it is as it was before already".into());
        }
        if let Err((setting, problem)) = after.check(&before) {
            return Err(format!("{}: {problem}", setting.label()));
        }
        if !missing.is_empty() {
            warnings
                .push(format!("the journal holds no values of {}: that stays as it is", missing.join(", ")));
        }
        Change::Settings { before, after }
    };
    Ok((
        Order { function: entry.function.clone(), revision_id: function.revision_id.clone(), change },
        warnings,
    ))
}

/// What takes a change of an alias back, by what versions and aliases are now.
///
/// # Errors
/// Why there is nothing to be done.
pub fn back_by_releases(entry: &Entry, releases: &Releases) -> Result<Undo, String> {
    let Some(Back::Alias { name, version, additional, now }) = &entry.back else {
        return Err("the journal does not hold enough of it".into());
    };
    let share = |(version, share): &(String, String)| {
        let weight = share.parse().ok().filter(|weight| (0.0..=1.0).contains(weight))?;
        Some(Additional { version: version.clone(), weight })
    };
    let additional = match additional {
        None => None,
        Some(additional) => Some(
            share(additional).ok_or_else(|| format!("the journal's weight of {} is none", additional.0))?,
        ),
    };
    let versions = std::iter::once(version).chain(additional.as_ref().map(|additional| &additional.version));
    for version in versions {
        if releases.version(version).is_none() {
            return Err(format!("version {version}, which alias {name} pointed to, is gone"));
        }
    }
    let before = releases.alias(name).cloned();
    let mut warnings = Vec::new();
    let is = before.as_ref().map(|alias| alias.version.as_str());
    if is != now.as_deref() {
        let is = is.map_or("is deleted by now".into(), |is| format!("points to {is} by now"));
        warnings.push(format!("somebody has changed the alias since: {name} {is}"));
    }
    let after = Alias { version: version.clone(), additional, ..before.clone().unwrap_or_default() };
    let after = Alias { name: name.clone(), ..after };
    if before
        .as_ref()
        .is_some_and(|before| before.version == after.version && before.additional == after.additional)
    {
        return Err(format!("alias {name} points to where it did before already"));
    }
    if before.is_none() {
        warnings.push("the journal does not hold its description".into());
    }
    let revision_id = before.as_ref().and_then(|alias| alias.revision_id.clone());
    let change = Change::Alias { name: name.clone(), before, after: Some(after) };
    Ok((Order { function: entry.function.clone(), revision_id, change }, warnings))
}
