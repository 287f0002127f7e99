//! The Environment tab: keys with values that are masked until one is asked for, and edits that are kept until saved.

use std::{borrow::Cow, collections::BTreeMap};

use jiff::{Timestamp, ToSpan};
use nucleo_matcher::{
    Config, Matcher, Utf32Str,
    pattern::{CaseMatching, Normalization, Pattern},
};

use crate::{
    app::{
        Action,
        draft::{Draft, EnvironmentDraft},
        field::Field,
        list::Cursor,
        messages::Severity,
        review::{Phase, Writing},
    },
    domain::{
        change::{Change, Variables},
        function::Details,
        name::{MAX_ENVIRONMENT, RuleError, check_variable_name, environment_size},
        place::Place,
        secret::Secret,
        text::sanitise,
    },
};

/// Seconds that a revealed value stays readable.
pub const REVEAL_SECONDS: i64 = 30;

/// Values of more bytes than that are edited in an editor of several lines.
const LONG: usize = 200;

/// What an editor of several lines of this tab is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Edited {
    /// The value of a variable.
    Value(String),
    /// A `.env` block.
    Block,
}

/// What is being typed in the table. The name and the value show in no `Debug`.
#[derive(Debug)]
pub enum Editing {
    /// A name: of a new variable, or the new one of the variable that is named here.
    Name {
        /// The variable that is renamed.
        of: Option<String>,
        /// What was typed.
        field: Field,
    },
    /// The value of a variable, which may be a new one.
    Value {
        /// Its name.
        key: String,
        /// What was typed.
        field: Field,
        /// Whether it is hidden until the next key: the focus was lost.
        masked: bool,
    },
}

/// What becomes of a variable when the draft is saved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark<'a> {
    /// Nothing.
    Same,
    /// It comes.
    Added,
    /// It goes; until then it stays in the table.
    Removed,
    /// It gets another value.
    Changed,
    /// It comes in place of the one named here, with its value.
    RenamedFrom(&'a str),
    /// It goes, and the one named here has its value.
    RenamedTo(&'a str),
}

/// A row of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Row<'a> {
    /// The variable.
    pub key: &'a str,
    /// Its value as it was read.
    pub before: Option<&'a Secret>,
    /// Its value as it is to be.
    pub after: Option<&'a Secret>,
    /// What becomes of it.
    pub mark: Mark<'a>,
}

impl Row<'_> {
    /// The value that is shown when asked for: the draft's, and of what goes the one that is there.
    pub fn value(&self) -> Option<&Secret> {
        self.after.or(self.before)
    }
}

/// An environment that was saved over, so that it can be put back. It is kept in memory only.
#[derive(Clone, Debug, PartialEq)]
pub struct SavedOver {
    /// Account, region, endpoint.
    pub place: Place,
    /// Function name.
    pub function: String,
    /// What was there before the last save.
    pub before: Variables,
    /// What was saved.
    pub after: Variables,
}

/// The tab's part of the state.
#[derive(Debug, Default)]
pub struct EnvironmentPane {
    /// Where the table is scrolled to.
    pub cursor: Cursor,
    /// The selected variable. Rows come and go: it is held by its name.
    pub selected: Option<String>,
    /// The key whose value is readable, and until when.
    pub revealed: Option<(String, Timestamp)>,
    /// Edits that are not saved.
    pub draft: Option<EnvironmentDraft>,
    /// What is being typed in the table.
    pub editing: Option<Editing>,
    /// The filter, while it is being typed.
    pub filter: Option<Field>,
}

impl EnvironmentPane {
    /// The draft, where it differs from what was read.
    fn changed(&self) -> Option<&EnvironmentDraft> {
        self.draft.as_ref().filter(|draft| draft.is_changed())
    }

    /// The variables as they are to be.
    pub fn variables<'a>(&'a self, details: Option<&'a Details>) -> Option<&'a Variables> {
        self.changed().map(|draft| &draft.mine).or_else(|| read(details))
    }

    /// The rows of the table: by name, or, where a filter is being typed, the best fit first.
    pub fn rows<'a>(&'a self, details: Option<&'a Details>) -> Vec<Row<'a>> {
        let mut rows = match self.changed() {
            Some(draft) => drafted(draft),
            None => read(details).into_iter().flatten().map(unchanged).collect(),
        };
        let wanted = self.filter.as_ref().map(|field| field.text().trim()).unwrap_or_default();
        if !wanted.is_empty() {
            let pattern = Pattern::parse(wanted, CaseMatching::Ignore, Normalization::Smart);
            let mut matcher = Matcher::new(Config::DEFAULT);
            let mut buffer = Vec::new();
            let mut ranked: Vec<(u32, Row<'a>)> = rows
                .into_iter()
                .filter_map(|row| {
                    Some((pattern.score(Utf32Str::new(row.key, &mut buffer), &mut matcher)?, row))
                })
                .collect();
            ranked.sort_by(|a, b| b.0.cmp(&a.0).then(a.1.key.len().cmp(&b.1.key.len())));
            rows = ranked.into_iter().map(|(_, row)| row).collect();
        }
        rows
    }

    /// The cursor on the selected variable, where so many rows are on the screen.
    pub fn placed(&self, rows: &[Row<'_>], height: usize) -> Cursor {
        let selected = self.selected.as_deref();
        let at = rows.iter().position(|row| Some(row.key) == selected).unwrap_or(self.cursor.at);
        let mut cursor = self.cursor;
        cursor.go(at, rows.len(), height);
        cursor
    }

    /// The row that is selected.
    pub fn selected_row<'a>(&'a self, details: Option<&'a Details>) -> Option<Row<'a>> {
        let rows = self.rows(details);
        rows.get(self.placed(&rows, usize::MAX).at).copied()
    }

    /// Applies a movement, if the action is one.
    pub(in crate::app) fn navigate(
        &mut self,
        action: &Action,
        details: Option<&Details>,
        height: usize,
    ) -> bool {
        let rows = self.rows(details);
        let mut cursor = self.placed(&rows, height);
        if !cursor.handle(action, rows.len(), height) {
            return false;
        }
        self.selected = rows.get(cursor.at).map(|row| row.key.to_owned());
        self.cursor = cursor;
        true
    }

    /// Selects the first row: what is filtered has changed.
    pub(in crate::app) fn select_first(&mut self, details: Option<&Details>) {
        self.selected = self.rows(details).first().map(|row| row.key.to_owned());
        self.cursor = Cursor::default();
    }

    /// How many variables differ from what was read. One that was renamed counts once.
    pub fn changes(&self) -> usize {
        self.changed().map_or(0, |draft| draft.changes() - renamed(draft).len())
    }

    /// The bytes that the variables take as Lambda counts them, with what is being typed.
    pub fn size(&self, details: Option<&Details>) -> usize {
        let edited = match &self.editing {
            Some(Editing::Value { key, field, .. }) => Some((key.as_str(), field.text())),
            _ => None,
        };
        let others = self.variables(details).into_iter().flatten();
        let others = others
            .map(|(key, value)| (key.as_str(), value.reveal()))
            .filter(|(key, _)| edited.is_none_or(|(edited, _)| edited != *key));
        environment_size(others.chain(edited))
    }

    /// Why the variables can't be saved as they are, with the name of the one that is wrong; none where they can, or
    /// where nothing is changed.
    pub fn problem(&self, details: Option<&Details>) -> Option<(Option<&str>, String)> {
        let variables = &self.changed()?.mine;
        let wrong = variables.keys().find_map(|key| Some((key, check_variable_name(key).err()?)));
        if let Some((key, problem)) = wrong {
            return Some((Some(key), format!("{}: {}", sanitise(key), brief(&problem))));
        }
        let over = self.size(details).checked_sub(MAX_ENVIRONMENT).filter(|over| *over > 0)?;
        let text = format!("{} {} too many: shorten or remove variables", thousands(over), bytes(over));
        Some((None, text))
    }

    /// What is wrong with the name that is being typed; none also while nothing was typed.
    pub fn name_problem(&self, details: Option<&Details>) -> Option<String> {
        let Some(Editing::Name { of, field }) = &self.editing else { return None };
        let name = field.text();
        if name.is_empty() {
            return None;
        }
        if let Err(problem) = check_variable_name(name) {
            return Some(brief(&problem));
        }
        let taken = of.as_deref() != Some(name)
            && self.variables(details).is_some_and(|variables| variables.contains_key(name));
        taken.then(|| format!("{name} exists already"))
    }

    /// Whether somebody else has changed the variables since the draft was begun.
    pub fn is_stale(&self, details: Option<&Details>) -> bool {
        let Some(draft) = self.draft.as_ref().filter(|draft| draft.is_changed() || self.editing.is_some())
        else {
            return false;
        };
        read(details).map_or(!draft.base.is_empty(), |variables| *variables != draft.base)
    }

    /// What is said below the table, the most important first: a change on its way, somebody else's change, a rule
    /// that is not kept, edits that are not saved.
    pub fn notes(
        &self,
        details: Option<&Details>,
        writing: Option<&Writing>,
        now: Timestamp,
    ) -> Vec<(Severity, String)> {
        let mut notes = Vec::new();
        if let Some(writing) = writing {
            let seconds = now.duration_since(writing.since).as_secs().max(0);
            let text = match writing.phase {
                Phase::Sending => "◐ sending…".to_owned(),
                Phase::Settling => format!("◐ updating, {seconds} s"),
                Phase::Checking => format!("◐ no answer: looking whether it was done, {seconds} s"),
                Phase::Rereading => "◐ somebody else was faster: reading it again…".to_owned(),
            };
            notes.push((Severity::Warning, text));
        }
        // What ctrl-s does is said once.
        let mut saves = ", ctrl-s saves";
        if self.is_stale(details) {
            saves = "";
            let text = "! changed by somebody else since you began; ctrl-s merges";
            notes.push((Severity::Warning, text.to_owned()));
        }
        if let Some((_, problem)) = self.problem(details) {
            saves = "";
            notes.push((Severity::Error, format!("✗ can't be saved: {problem}")));
        }
        let sent = writing.is_some_and(|writing| {
            let mine = self.changed().map(|draft| &draft.mine);
            matches!(&writing.order.change, Change::Environment { after, .. } if Some(after) == mine)
        });
        let changes = self.changes();
        if changes > 0 && !sent {
            let word = if changes == 1 { "change" } else { "changes" };
            notes.push((Severity::Info, format!("{changes} unsaved {word}{saves}")));
        }
        notes
    }

    /// Rows of the table that what is being typed takes away: its rule, and the row of a new variable.
    pub fn typing_rows(&self, details: Option<&Details>) -> usize {
        match &self.editing {
            None => 0,
            Some(Editing::Name { of: Some(_), .. }) => 1,
            Some(Editing::Name { of: None, .. }) => 2,
            Some(Editing::Value { key, .. }) => {
                1 + usize::from(!self.rows(details).iter().any(|row| row.key == key))
            }
        }
    }

    /// Whether a variable's value may be shown.
    pub fn is_revealed(&self, key: &str) -> bool {
        self.revealed.as_ref().is_some_and(|(revealed, _)| revealed == key)
    }

    /// Masks all values: the focus was lost, the tab was left, the program is suspended. What was typed stays.
    pub fn mask(&mut self) {
        self.revealed = None;
        if let Some(Editing::Value { masked, .. }) = &mut self.editing {
            *masked = true;
        }
    }

    pub(in crate::app) fn tick(&mut self, now: Timestamp) {
        if self.revealed.as_ref().is_some_and(|(_, until)| *until <= now) {
            self.revealed = None;
        }
    }

    /// Shows the selected value for a while, or masks it.
    pub(in crate::app) fn reveal(&mut self, details: Option<&Details>, now: Timestamp) {
        let selected = self.selected_row(details).map(|row| row.key.to_owned());
        self.revealed = match selected {
            Some(key) if !self.is_revealed(&key) => {
                now.checked_add(REVEAL_SECONDS.seconds()).ok().map(|until| (key, until))
            }
            _ => None,
        };
    }

    /// Begins to edit: what is read now is what the edits are of, so that somebody else's change is noticed.
    pub(in crate::app) fn begin(&mut self, details: Option<&Details>) -> &mut EnvironmentDraft {
        self.draft = self.draft.take().filter(Draft::is_changed);
        self.revealed = None;
        self.drafted(details)
    }

    /// The draft; a new one where there is none.
    pub(in crate::app) fn drafted(&mut self, details: Option<&Details>) -> &mut EnvironmentDraft {
        self.draft.get_or_insert_with(|| {
            let revision = details.and_then(|details| details.configuration.revision_id.clone());
            Draft::new(read(details).cloned().unwrap_or_default(), revision)
        })
    }

    /// Ends the typing. A draft in which nothing is changed goes.
    pub(in crate::app) fn finish(&mut self) {
        self.editing = None;
        self.draft = self.draft.take().filter(Draft::is_changed);
    }

    /// Gives a variable a value. Answers whether that changed anything.
    pub(in crate::app) fn set(&mut self, key: &str, value: Secret, details: Option<&Details>) -> bool {
        let draft = self.drafted(details);
        let changed = draft.mine.get(key) != Some(&value);
        draft.mine.insert(key.to_owned(), value);
        self.selected = Some(key.to_owned());
        changed
    }

    /// Takes a value that is being typed into the draft. Answers with the variable, where that changed anything. A
    /// name that is not finished is dropped, and so is a new variable without a value.
    pub(in crate::app) fn keep_typed(&mut self, details: Option<&Details>) -> Option<String> {
        let mut kept = None;
        if let Some(Editing::Value { key, field, .. }) = self.editing.take() {
            let known = self.drafted(details).mine.contains_key(&key);
            if known || !field.text().is_empty() {
                kept = self.set(&key, Secret::new(field.text()), details).then_some(key);
            }
        }
        self.finish();
        kept
    }

    /// Takes back what was done to the selected variable; of a renaming, both sides of it.
    pub(in crate::app) fn revert(&mut self, details: Option<&Details>) -> bool {
        let rows = self.rows(details);
        let at = self.placed(&rows, usize::MAX).at;
        let Some(row) = rows.get(at) else { return false };
        let (key, other) = match row.mark {
            Mark::Same => return false,
            Mark::Added | Mark::Removed | Mark::Changed => (row.key.to_owned(), None),
            Mark::RenamedFrom(other) | Mark::RenamedTo(other) => (row.key.to_owned(), Some(other.to_owned())),
        };
        // Where its row goes, the next one is selected.
        self.cursor.at = at;
        if let Some(draft) = &mut self.draft {
            draft.revert(&key);
            if let Some(other) = &other {
                draft.revert(other);
            }
            // The name that stays.
            let stays = draft.mine.contains_key(&key);
            self.selected = if stays { Some(key) } else { other };
        }
        self.finish();
        true
    }
}

/// Whether a value can be edited in a field of one line: that shows and keeps every character of it.
pub(in crate::app) fn fits_field(value: &str) -> bool {
    value.len() <= LONG && is_plain(value)
}

/// Whether a text is shown as it is on one line.
pub(in crate::app) fn is_plain(text: &str) -> bool {
    matches!(sanitise(text), Cow::Borrowed(_))
}

/// The word for a number of bytes.
pub fn bytes(count: usize) -> &'static str {
    if count == 1 { "byte" } else { "bytes" }
}

/// A number of up to six digits with a comma.
pub fn thousands(number: usize) -> String {
    if number < 1000 { number.to_string() } else { format!("{},{:03}", number / 1000, number % 1000) }
}

/// What is wrong and the rule, in one line.
fn brief(problem: &RuleError) -> String {
    format!("{}: {}", problem.problem, problem.rule)
}

fn read(details: Option<&Details>) -> Option<&Variables> {
    details?.configuration.environment.as_ref().map(|environment| &environment.variables)
}

fn unchanged<'a>((key, value): (&'a String, &'a Secret)) -> Row<'a> {
    Row { key, before: Some(value), after: Some(value), mark: Mark::Same }
}

/// The rows of a draft: all names of both sides.
fn drafted(draft: &EnvironmentDraft) -> Vec<Row<'_>> {
    let renamed = renamed(draft);
    let mut keys: Vec<&String> = draft.base.keys().chain(draft.mine.keys()).collect();
    keys.sort_unstable();
    keys.dedup();
    keys.into_iter()
        .map(|key| {
            let (before, after) = (draft.base.get(key), draft.mine.get(key));
            let mark = match (before, after) {
                (None, _) => renamed.get(key.as_str()).map_or(Mark::Added, |from| Mark::RenamedFrom(from)),
                (_, None) => renamed
                    .iter()
                    .find(|(_, from)| *from == key)
                    .map_or(Mark::Removed, |(to, _)| Mark::RenamedTo(to)),
                (Some(before), Some(after)) if before == after => Mark::Same,
                _ => Mark::Changed,
            };
            Row { key, before, after, mark }
        })
        .collect()
}

/// New names and the old ones whose value they have.
fn renamed(draft: &EnvironmentDraft) -> BTreeMap<&str, &str> {
    let mut gone: Vec<(&String, &Secret)> = draft
        .base
        .iter()
        .filter(|(key, value)| !draft.mine.contains_key(*key) && !value.is_empty())
        .collect();
    draft
        .mine
        .iter()
        .filter(|(key, _)| !draft.base.contains_key(*key))
        .filter_map(|(key, value)| {
            let at = gone.iter().position(|(_, old)| *old == value)?;
            Some((key.as_str(), gone.remove(at).0.as_str()))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(pairs: &[(&str, &str)]) -> Variables {
        pairs.iter().map(|(key, value)| ((*key).to_owned(), Secret::new(*value))).collect()
    }

    fn pane(base: &[(&str, &str)], mine: &[(&str, &str)]) -> EnvironmentPane {
        let draft = Draft { base: map(base), mine: map(mine), revision_id: None };
        EnvironmentPane { draft: Some(draft), ..EnvironmentPane::default() }
    }

    fn marks(pane: &EnvironmentPane) -> Vec<(&str, Mark<'_>)> {
        pane.rows(None).into_iter().map(|row| (row.key, row.mark)).collect()
    }

    #[test]
    fn a_draft_is_told_row_by_row() {
        let pane = pane(
            &[("AA", "1"), ("BB", "2"), ("CC", "3"), ("DD", "4")],
            &[("AA", "1"), ("BB", "x"), ("EE", "3"), ("FF", "5")],
        );
        assert_eq!(
            marks(&pane),
            [
                ("AA", Mark::Same),
                ("BB", Mark::Changed),
                ("CC", Mark::RenamedTo("EE")),
                ("DD", Mark::Removed),
                ("EE", Mark::RenamedFrom("CC")),
                ("FF", Mark::Added),
            ]
        );
        assert_eq!(pane.changes(), 4);
    }

    #[test]
    fn a_value_is_the_source_of_one_renaming_only() {
        let pane = pane(&[("AA", "1")], &[("BB", "1"), ("CC", "1")]);
        assert_eq!(
            marks(&pane),
            [("AA", Mark::RenamedTo("BB")), ("BB", Mark::RenamedFrom("AA")), ("CC", Mark::Added)]
        );
    }

    #[test]
    fn reverting_a_renaming_takes_both_sides_back() {
        for selected in ["AA", "BB"] {
            let mut pane = pane(&[("AA", "1")], &[("BB", "1")]);
            pane.selected = Some(selected.into());
            assert!(pane.revert(None));
            assert_eq!(pane.draft, None);
            assert_eq!(pane.selected.as_deref(), Some("AA"));
        }
    }

    #[test]
    fn the_selection_goes_with_its_name() {
        let mut pane = pane(&[("BB", "1"), ("CC", "2")], &[("BB", "1"), ("CC", "x")]);
        assert!(pane.navigate(&Action::Bottom, None, 10));
        assert_eq!(pane.selected_row(None).unwrap().key, "CC");
        pane.draft.as_mut().unwrap().mine.insert("AA".into(), "new".into());
        assert_eq!(pane.selected_row(None).unwrap().key, "CC");
        assert_eq!(pane.placed(&pane.rows(None), 10).at, 2);
    }

    #[test]
    fn the_size_counts_what_is_being_typed() {
        let mut pane = pane(&[("AA", "1")], &[("AA", "1"), ("BB", "\"\n")]);
        assert_eq!(pane.size(None), r#"{"AA":"1","BB":"\"\n"}"#.len());
        let mut field = Field::default();
        field.set("12345");
        pane.editing = Some(Editing::Value { key: "AA".into(), field, masked: false });
        assert_eq!(pane.size(None), r#"{"AA":"12345","BB":"\"\n"}"#.len());
    }

    #[test]
    fn too_many_bytes_are_counted_exactly() {
        let overhead = r#"{"AA":""}"#.len();
        for (length, expected) in
            [(MAX_ENVIRONMENT - overhead, None), (MAX_ENVIRONMENT - overhead + 1, Some("1 byte too many"))]
        {
            let value = "x".repeat(length);
            let pane = pane(&[], &[("AA", &value)]);
            let problem = pane.problem(None).map(|(_, problem)| problem);
            assert_eq!(problem.is_some(), expected.is_some(), "{problem:?}");
            assert!(expected.is_none_or(|expected| problem.unwrap().starts_with(expected)));
        }
    }

    #[test]
    fn only_values_that_a_line_keeps_as_they_are_fit_its_field() {
        assert!(fits_field("") && fits_field("plain value") && fits_field("é"));
        for value in ["two\nlines", "tab\t", "bell\u{7}", "\u{202e}", "\u{200b}"] {
            assert!(!fits_field(value), "{value:?}");
        }
        assert!(fits_field(&"x".repeat(LONG)) && !fits_field(&"x".repeat(LONG + 1)));
    }

    #[test]
    fn what_is_typed_shows_in_no_debug() {
        let mut pane = pane(&[("AA", "canary")], &[("BB", "canary")]);
        let mut field = Field::default();
        field.set("canary");
        pane.filter = Some(field.clone());
        pane.editing = Some(Editing::Value { key: "AA".into(), field, masked: false });
        assert!(!format!("{pane:?} {:?}", pane.rows(None)).contains("canary"));
    }
}
