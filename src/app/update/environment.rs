//! Keys of the Environment tab. Every edit goes into the draft; nothing is sent from here but through
//! [`App::save_environment`], which asks.

use super::super::{
    Action, App, Effect,
    editor::unix_lines,
    field::Field,
    function::environment::{Edited, Editing, Mark, fits_field, is_plain},
    layout,
    messages::Severity,
    overlay::Overlay,
    text_editor::{TextEditor, Then},
};
use crate::domain::{dotenv, function::Details, name::check_variable_name, secret::Secret, text::sanitise};

/// How a value's field is left.
#[derive(Clone, Copy, PartialEq)]
enum Leave {
    /// Esc: what was typed is kept.
    Keep,
    /// Enter: it is taken over.
    Take,
    /// The diff is shown at once.
    Save,
}

impl App {
    /// Answers with nothing where the tab has no use for the action.
    pub(super) fn act_on_environment(&mut self, action: &Action) -> Option<Vec<Effect>> {
        let (now, height) = (self.now, self.environment_height());
        let view = self.function.as_mut()?;
        let details = view.details.value.as_ref();
        let pane = &mut view.environment;
        if pane.editing.is_some() {
            return self.act_on_typing(action);
        }
        if pane.filter.is_some() {
            return self.act_on_variable_filter(action);
        }
        if pane.navigate(action, details, height) {
            return Some(Vec::new());
        }
        match action {
            Action::Reveal => pane.reveal(details, now),
            Action::Filter => {
                // Whoever is faster than the answer must not have his text taken for commands.
                if details.is_none() || !pane.rows(details).is_empty() {
                    pane.filter = Some(Field::default());
                }
            }
            Action::Edit => self.edit_variable(false),
            Action::EditText => self.edit_variable(true),
            Action::Add => {
                if self.may_edit() {
                    self.type_name(None);
                }
            }
            Action::Rename => self.rename_variable(),
            Action::Delete => self.delete_variable(),
            Action::Revert => {
                if !pane.revert(details) {
                    self.say(Severity::Info, "nothing is changed in this row");
                }
            }
            Action::Restore => return Some(self.restore_environment()),
            Action::Import => self.edit_block(""),
            Action::Paste(text) => self.edit_block(&unix_lines(text.reveal())),
            Action::Save => return Some(self.save_variables()),
            Action::Click(column, row) | Action::DoubleClick(column, row) => {
                if self.click_variable(*column, *row) && matches!(action, Action::DoubleClick(..)) {
                    self.edit_variable(false);
                }
            }
            _ => return None,
        }
        Some(Vec::new())
    }

    /// The layout of the tab as it is now.
    pub fn environment_layout(&self) -> layout::EnvironmentLayout {
        let notes = self.function.as_ref().map_or(0, |view| {
            let details = view.details.value.as_ref();
            view.environment.notes(details, self.writing(&view.name), self.now).len()
        });
        layout::environment(layout::tab(self.size).content, notes)
    }

    /// The rows of variables that are on the screen.
    fn environment_height(&self) -> usize {
        let rows = usize::from(self.environment_layout().rows.rows);
        let typing = self
            .function
            .as_ref()
            .map_or(0, |view| view.environment.typing_rows(view.details.value.as_ref()));
        rows.saturating_sub(typing)
    }

    /// Selects the variable at a cell of the screen, where there is one.
    fn click_variable(&mut self, column: u16, row: u16) -> bool {
        let area = self.environment_layout().rows;
        let height = self.environment_height();
        let Some(view) = self.function.as_mut().filter(|_| area.contains(column, row)) else { return false };
        let rows = view.environment.rows(view.details.value.as_ref());
        let top = view.environment.placed(&rows, height).top;
        let Some(clicked) = rows.get(top + usize::from(row - area.row)) else { return false };
        view.environment.selected = Some(clicked.key.to_owned());
        true
    }

    /// Whether the variables may be edited. Says why not.
    fn may_edit(&mut self) -> bool {
        let details = self.function.as_ref().and_then(|view| view.details.value.as_ref());
        let refused = match details {
            None => Some((Severity::Info, "the function is still being read".to_owned())),
            Some(Details { configuration, .. }) => {
                let error = configuration.environment.as_ref().and_then(|read| read.error.as_ref());
                let wipes = |error: &String| {
                    let text = format!(
                        "the values can't be read ({error}): saving would wipe them, so nothing is edited"
                    );
                    (Severity::Error, text)
                };
                let read_only = "this session is read-only: nothing is changed from here";
                error
                    .map(wipes)
                    .or_else(|| self.session.read_only().then(|| (Severity::Warning, read_only.to_owned())))
            }
        };
        match refused {
            Some((severity, text)) => {
                self.say(severity, text);
                false
            }
            None => true,
        }
    }

    /// Edits the selected value: in its row, or, where that can't hold it or with `in_editor`, in an editor.
    fn edit_variable(&mut self, in_editor: bool) {
        if !self.may_edit() {
            return;
        }
        let Some(view) = &mut self.function else { return };
        let details = view.details.value.as_ref();
        let Some(row) = view.environment.selected_row(details) else {
            self.say(Severity::Info, "there is no variable to edit: + adds one");
            return;
        };
        let key = row.key.to_owned();
        let Some(value) = row.after.cloned() else {
            self.say(Severity::Info, format!("{} is marked as deleted: u takes that back", sanitise(&key)));
            return;
        };
        view.environment.begin(details);
        view.environment.selected = Some(key.clone());
        if in_editor || !fits_field(value.reveal()) {
            self.edit_in_editor(key, value.reveal());
        } else {
            let mut field = Field::default();
            field.set(value.reveal());
            view.environment.editing = Some(Editing::Value { key, field, masked: false });
        }
    }

    fn edit_in_editor(&mut self, key: String, text: &str) {
        let title = format!("Value of {}", sanitise(&key));
        let hint = "The value as it is, with its line breaks.";
        self.show_editor(TextEditor::new(title, hint, text, Then::Environment(Edited::Value(key))));
    }

    /// Opens the editor of a `.env` text.
    fn edit_block(&mut self, text: &str) {
        if !self.may_edit() {
            return;
        }
        let Some(view) = &mut self.function else { return };
        view.environment.begin(view.details.value.as_ref());
        let title = format!("Variables of {} from a .env text", view.name);
        let hint = "KEY=value lines, # comments, quotes as in a shell";
        self.show_editor(TextEditor::new(title, hint, text, Then::Environment(Edited::Block)));
    }

    fn show_editor(&mut self, mut editor: TextEditor) {
        editor.follow_cursor(layout::text_editor(self.size).room());
        self.overlay = Some(Overlay::TextEditor(Box::new(editor)));
    }

    /// Begins to type a name: of a new variable, or the new one of a variable.
    fn type_name(&mut self, of: Option<String>) {
        let Some(view) = &mut self.function else { return };
        view.environment.begin(view.details.value.as_ref());
        let mut field = Field::default();
        if let Some(of) = &of {
            field.set(of);
        }
        view.environment.editing = Some(Editing::Name { of, field });
    }

    fn rename_variable(&mut self) {
        if !self.may_edit() {
            return;
        }
        let Some(view) = &mut self.function else { return };
        let row = view.environment.selected_row(view.details.value.as_ref());
        match row.map(|row| (row.key.to_owned(), row.after.is_some())) {
            None => self.say(Severity::Info, "there is no variable to rename"),
            Some((key, false)) => {
                let text = format!("{} is marked as deleted: u takes that back", sanitise(&key));
                self.say(Severity::Info, text);
            }
            Some((key, true)) => self.type_name(Some(key)),
        }
    }

    /// Marks the selected variable as deleted, or takes that back.
    fn delete_variable(&mut self) {
        if !self.may_edit() {
            return;
        }
        let Some(view) = &mut self.function else { return };
        let details = view.details.value.as_ref();
        let pane = &mut view.environment;
        let Some(row) = pane.selected_row(details) else { return };
        if matches!(row.mark, Mark::Removed | Mark::RenamedTo(_)) {
            pane.revert(details);
            return;
        }
        let (key, added) = (row.key.to_owned(), row.before.is_none());
        pane.begin(details).mine.remove(&key);
        pane.finish();
        if added {
            self.say(Severity::Info, format!("{} is no longer added", sanitise(&key)));
        }
    }

    /// Keys while a name or a value is being typed.
    fn act_on_typing(&mut self, action: &Action) -> Option<Vec<Effect>> {
        let view = self.function.as_mut()?;
        let (field, is_value) = match &mut view.environment.editing {
            Some(Editing::Name { field, .. }) => (field, false),
            Some(Editing::Value { field, .. }) => (field, true),
            None => return None,
        };
        match action {
            Action::Text(input) => _ = field.input(input.clone()),
            Action::Paste(text) if !is_value => _ = field.paste(text.reveal()),
            Action::Paste(text) => {
                let text = unix_lines(text.reveal());
                let text = text.trim_end_matches('\n');
                if is_plain(text) {
                    field.insert(text);
                } else {
                    let (before, behind) = field.around_cursor();
                    let whole = Secret::new(format!("{before}{text}{behind}"));
                    if let Some(Editing::Value { key, .. }) = view.environment.editing.take() {
                        self.edit_in_editor(key, whole.reveal());
                    }
                    return Some(Vec::new());
                }
            }
            Action::Clear => field.set(""),
            Action::Open => return Some(self.leave_field(Leave::Take)),
            Action::Save => return Some(self.leave_field(Leave::Save)),
            Action::Back => return Some(self.leave_field(Leave::Keep)),
            // The program may end: what was typed counts among what would be lost.
            Action::Quit => {
                self.leave_field(Leave::Keep);
                return None;
            }
            Action::Up | Action::Down => {}
            // The mouse shows nothing that was masked.
            Action::Click(..) | Action::DoubleClick(..) | Action::Scroll(_) => return Some(Vec::new()),
            _ => return None,
        }
        if let Some(Editing::Value { masked, .. }) = &mut view.environment.editing {
            *masked = false;
        }
        Some(Vec::new())
    }

    fn leave_field(&mut self, leave: Leave) -> Vec<Effect> {
        let Some(view) = &mut self.function else { return Vec::new() };
        let details = view.details.value.as_ref();
        let pane = &mut view.environment;
        if let (Some(Editing::Name { of, field }), true) = (&pane.editing, leave != Leave::Keep) {
            let (of, name) = (of.clone(), field.text().to_owned());
            return self.leave_name(of, &name, leave);
        }
        let kept = match (&pane.editing, leave) {
            // A new variable may be empty, where that is said.
            (Some(Editing::Value { key, field, .. }), Leave::Take | Leave::Save) => {
                let (key, value) = (key.clone(), Secret::new(field.text()));
                pane.set(&key, value, details);
                pane.finish();
                None
            }
            _ => pane.keep_typed(details),
        };
        if let Some(key) = kept {
            let text = format!("{} is kept as an unsaved change; u takes it back", sanitise(&key));
            self.say(Severity::Info, text);
        }
        if leave == Leave::Save { self.save_variables() } else { Vec::new() }
    }

    /// A name was typed: a new variable goes on with its value.
    fn leave_name(&mut self, of: Option<String>, name: &str, leave: Leave) -> Vec<Effect> {
        let Some(view) = &mut self.function else { return Vec::new() };
        let details = view.details.value.as_ref();
        let pane = &mut view.environment;
        // What is wrong stands below the field.
        if check_variable_name(name).is_err() || pane.name_problem(details).is_some() {
            return Vec::new();
        }
        let Some(old) = of else {
            pane.editing =
                Some(Editing::Value { key: name.to_owned(), field: Field::default(), masked: false });
            return Vec::new();
        };
        if let Some(value) = pane.drafted(details).mine.remove(&old) {
            pane.set(name, value, details);
        }
        pane.finish();
        if leave == Leave::Save { self.save_variables() } else { Vec::new() }
    }

    /// Keys while the filter is being typed.
    fn act_on_variable_filter(&mut self, action: &Action) -> Option<Vec<Effect>> {
        let height = self.environment_height();
        let view = self.function.as_mut()?;
        let details = view.details.value.as_ref();
        let pane = &mut view.environment;
        if pane.navigate(action, details, height) {
            return Some(Vec::new());
        }
        let field = pane.filter.as_mut()?;
        let changed = match action {
            Action::Text(input) => field.input(input.clone()),
            Action::Paste(text) => field.paste(text.reveal()),
            Action::Open => {
                if let Some(row) = pane.selected_row(details) {
                    pane.selected = Some(row.key.to_owned());
                    pane.filter = None;
                    self.edit_variable(false);
                } else if details.is_none() {
                    self.say(Severity::Info, "the function is still being read");
                }
                return Some(Vec::new());
            }
            Action::Back => {
                pane.filter = None;
                return Some(Vec::new());
            }
            Action::Quit => {
                pane.filter = None;
                return None;
            }
            _ => return None,
        };
        if changed {
            pane.select_first(details);
        }
        Some(Vec::new())
    }

    /// Shows the diff. Where the draft breaks a rule, its row is selected.
    fn save_variables(&mut self) -> Vec<Effect> {
        if !self.may_edit() {
            return Vec::new();
        }
        let Some(view) = &mut self.function else { return Vec::new() };
        let wrong = view.environment.problem(view.details.value.as_ref());
        if let Some((key, problem)) = wrong {
            if let Some(key) = key.map(str::to_owned) {
                view.environment.selected = Some(key);
            }
            self.say(Severity::Error, format!("nothing is sent: {problem}"));
            return Vec::new();
        }
        self.save_environment()
    }

    /// Puts what was there before the last save into the draft, and shows the diff. What somebody else did since then
    /// is kept.
    fn restore_environment(&mut self) -> Vec<Effect> {
        if !self.may_edit() {
            return Vec::new();
        }
        let Some(place) = self.place() else { return Vec::new() };
        let Some(view) = &mut self.function else { return Vec::new() };
        let Some(saved) =
            self.saved_over.iter().find(|saved| saved.function == view.name && saved.place.is_same(&place))
        else {
            self.say(Severity::Info, "nothing was saved from here that could be taken back");
            return Vec::new();
        };
        let pane = &mut view.environment;
        pane.begin(view.details.value.as_ref());
        let unsaved = pane.changes();
        let same = pane.draft.as_ref().is_some_and(|draft| draft.mine == saved.before);
        if unsaved > 0 && !same {
            let text =
                "there are unsaved changes: save them, or take them back (u), before the last save is undone";
            self.say(Severity::Warning, text);
            return Vec::new();
        }
        if unsaved == 0
            && let Some(draft) = &mut pane.draft
        {
            draft.base.clone_from(&saved.after);
            draft.mine.clone_from(&saved.before);
        }
        pane.selected = None;
        self.save_variables()
    }

    /// Remembers what was there before a save.
    pub(super) fn remember_saved_over(&mut self, saved: super::super::function::environment::SavedOver) {
        self.saved_over
            .retain(|known| known.function != saved.function || !known.place.is_same(&saved.place));
        self.saved_over.push(saved);
    }

    /// The function or the session is left while something is being typed: that is taken into the draft.
    pub(super) fn keep_what_is_typed(&mut self) {
        if let Some(Overlay::TextEditor(editor)) = &self.overlay
            && let Then::Environment(edited) = editor.then.clone()
        {
            let text = editor.text();
            self.overlay = None;
            if let Err(problem) = self.environment_edited(&edited, &text, false) {
                self.say(Severity::Warning, format!("the .env text was not taken over: {problem}"));
            }
        }
        if let Some(view) = &mut self.function {
            view.environment.filter = None;
            view.environment.keep_typed(view.details.value.as_ref());
        }
    }

    /// An editor of several lines was left; with `save` the diff is shown at once.
    pub(super) fn environment_edited(
        &mut self,
        edited: &Edited,
        text: &Secret,
        save: bool,
    ) -> Result<Vec<Effect>, String> {
        let Some(view) = &mut self.function else { return Ok(Vec::new()) };
        let details = view.details.value.as_ref();
        let pane = &mut view.environment;
        let told = match edited {
            Edited::Value(key) => {
                let known = pane.drafted(details).mine.contains_key(key);
                let changed = (known || save || !text.is_empty()) && pane.set(key, text.clone(), details);
                changed.then(|| format!("{} is kept as an unsaved change; u takes it back", sanitise(key)))
            }
            Edited::Block => {
                let variables = dotenv::parse(text.reveal()).map_err(|error| error.to_string())?;
                let count = variables.len();
                let first = variables.keys().next().cloned();
                let mut changed = 0;
                for (key, value) in variables {
                    changed += usize::from(pane.set(&key, value, details));
                }
                pane.selected = first.or(pane.selected.take());
                let word = if count == 1 { "variable" } else { "variables" };
                (count > 0).then(|| {
                    format!(
                        "{count} {word} read, {changed} of them new or changed, unsaved; u takes one back"
                    )
                })
            }
        };
        pane.finish();
        if save {
            return Ok(self.save_variables());
        }
        if let Some(told) = told {
            self.say(Severity::Info, told);
        }
        Ok(Vec::new())
    }
}
