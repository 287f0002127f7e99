//! Keys of the Configuration tab.
//!
//! Settings are edited in a draft and saved together, in one request. Concurrency, asynchronous invocation and tags have
//! requests of their own: each edit is a change that is proposed at once.

use std::time::Duration;

use jiff::tz::TimeZone;

use super::super::{
    Action, App, Effect, Ticket,
    draft::Draft,
    function::{
        Tab,
        configuration::{
            self, Areas, Ask, Edited, Editing, Group, Key, LATEST, Line, Look, Pick, Restorable, Saved,
            reserved_rule, runtime_note,
        },
    },
    layout,
    messages::Severity,
    overlay::{Item, Overlay, Picker, PickerKind},
    prompt::{self, Prompt},
    text_editor::{self, TextEditor},
};
use crate::domain::{
    change::{Change, Order},
    function::{Details, default_log_group},
    journal::concurrency_before_stop,
    limits,
    place::Place,
    release::{EventInvoke, Extras},
    runtimes,
    secret::Secret,
    settings::{Kind, Setting, Settings},
    text::sanitise,
};

const UNREAD: &str = "this is not known: r reads it again";

impl App {
    /// Answers with nothing where the tab has no use for the action.
    pub(super) fn act_on_configuration(&mut self, action: &Action) -> Option<Vec<Effect>> {
        if self.function.as_ref()?.configuration.editing.is_some() {
            return self.act_on_setting_field(action);
        }
        if *action == Action::Refresh {
            let mut effects = self.read_function(Duration::ZERO);
            effects.extend(self.read_tab(Tab::Configuration));
            return Some(effects);
        }
        let (columns, height) = self.form_size()?;
        let lines = self.form()?;
        let key = self.function.as_ref()?.configuration.row(&lines).map(|row| row.key.clone());
        if self.function.as_mut()?.configuration.moves(action, &lines, columns, height) {
            return Some(Vec::new());
        }
        match action {
            Action::Click(column, row) => {
                self.select_at(&lines, *column, *row);
                Some(Vec::new())
            }
            Action::DoubleClick(column, row) => match self.select_at(&lines, *column, *row) {
                Some(key) => Some(self.edit_row(&key)),
                None => Some(Vec::new()),
            },
            Action::Edit | Action::Open => Some(self.edit_row(&key?)),
            Action::Add => Some(self.add_to_group(&lines)),
            Action::Delete => Some(self.delete_row(&key?)),
            Action::Revert => Some(self.revert_row(&key?)),
            Action::Restore => Some(self.restore_settings()),
            Action::Save => Some(self.save_settings()),
            Action::KillSwitch => Some(self.kill_switch()),
            _ => None,
        }
    }

    fn details_in_view(&self) -> Option<&Details> {
        self.function.as_ref()?.details.value.as_ref()
    }

    fn form(&self) -> Option<Vec<Line>> {
        let view = self.function.as_ref()?;
        Some(view.configuration.lines(view.details.value.as_ref()?, self.now))
    }

    fn form_areas(&self) -> Option<Areas> {
        let stopped = self.details_in_view()?.reserved_concurrency == Some(0);
        Some(configuration::areas(layout::tab(self.size).content, stopped))
    }

    fn form_size(&self) -> Option<(usize, usize)> {
        let form = self.form_areas()?.form;
        Some((usize::from(form.columns), usize::from(form.rows)))
    }

    /// Selects the row at a cell, and answers with it.
    fn select_at(&mut self, lines: &[Line], column: u16, row: u16) -> Option<Key> {
        let form = self.form_areas()?.form;
        if !form.contains(column, row) {
            return None;
        }
        let (columns, height) = self.form_size()?;
        let pane = &mut self.function.as_mut()?.configuration;
        let at = pane.line_at(lines, columns, height, usize::from(row - form.row))?;
        if !pane.select(lines, at, columns, height) {
            return None;
        }
        pane.selected.clone()
    }

    /// Whether anything may be changed from here; says so where not.
    pub(super) fn may_change(&mut self) -> bool {
        let read_only = self.session.read_only();
        if read_only {
            self.say(Severity::Warning, "this session is read-only: nothing is changed from here");
        }
        !read_only
    }

    fn edit_row(&mut self, key: &Key) -> Vec<Effect> {
        match key {
            Key::Fixed(label) => {
                let lines = self.form().unwrap_or_default();
                let row = self.function.as_ref().and_then(|view| view.configuration.row(&lines));
                match row {
                    Some(row) if row.look != Look::Bad => {
                        let text = format!("{label} can't be changed here: {}", row.rule);
                        self.say(Severity::Info, text);
                    }
                    _ => self.say(Severity::Warning, UNREAD),
                }
            }
            Key::Unread(_) => self.say(Severity::Warning, UNREAD),
            Key::Tag(key) if limits::is_aws_tag(key) => {
                self.say(Severity::Info, "this tag is AWS's own: nobody else changes it");
            }
            _ if !self.may_change() => {}
            Key::Setting(setting) => self.edit_setting(*setting),
            Key::Reserved => self.ask(Ask::ReservedConcurrency),
            Key::Provisioned(qualifier) => self.ask(Ask::Provisioned(Some(qualifier.clone()))),
            Key::NoProvisioned => self.ask(Ask::Provisioned(None)),
            Key::Event(qualifier, part) => self.ask(Ask::Event(qualifier.clone(), *part)),
            Key::Tag(key) => self.ask(Ask::Tag(key.clone())),
            Key::NoTags => self.ask(Ask::NewTag),
        }
        Vec::new()
    }

    fn edit_setting(&mut self, setting: Setting) {
        let today = self.now.to_zoned(TimeZone::UTC).date();
        let Some(view) = &mut self.function else { return };
        let Some(details) = &view.details.value else { return };
        let Some(text) = view.configuration.text(details, setting) else { return };
        if setting == Setting::Runtime {
            let items = runtime_items(&text, today);
            let picker = Picker::new(PickerKind::Configuration(Pick::Setting(setting)), items);
            self.overlay = Some(Overlay::Picker(picker));
        } else if setting.kind() == Kind::Lines {
            let title = format!("{} of {}", setting.label(), view.name);
            let then = text_editor::Then::Configuration(Edited::Setting(setting));
            let editor = TextEditor::new(title, setting.rule(), &text, then);
            self.overlay = Some(Overlay::TextEditor(Box::new(editor)));
        } else {
            view.configuration.editing = Some(Editing::new(setting, &text));
        }
    }

    /// Opens a prompt.
    fn ask(&mut self, ask: Ask) {
        let Some(view) = &self.function else { return };
        let Some(details) = &view.details.value else { return };
        let (name, pane) = (&view.name, &view.configuration);
        let found = match &ask {
            Ask::ReservedConcurrency => {
                let text = details.reserved_concurrency.map(|count| count.to_string());
                let title = format!("Reserved concurrency of {name}");
                Ok((title, reserved_rule(pane.account()), text.unwrap_or_default()))
            }
            Ask::Provisioned(None) => pane.provisioned().map(|_| {
                let rule = "a version or an alias, and a number of at least 1: live 5; not $LATEST";
                (format!("Provisioned concurrency of {name}"), rule.to_owned(), String::new())
            }),
            Ask::Provisioned(Some(qualifier)) => pane.provisioned().map(|all| {
                let now = all.iter().find(|one| one.qualifier == *qualifier);
                let text = now.map(|one| one.requested.to_string()).unwrap_or_default();
                let title = format!("Provisioned concurrency of {name}:{qualifier}");
                (title, "a number of at least 1; ctrl-d on its row removes it".to_owned(), text)
            }),
            Ask::Event(qualifier, part) => pane.event_invoke_of(qualifier).map(|now| {
                let of = if qualifier == LATEST { String::new() } else { format!(":{qualifier}") };
                let title = format!("{} of {name}{of}", part.label());
                (title, part.rule().to_owned(), part.text(&now.unwrap_or_default()))
            }),
            Ask::NewEvent => pane.event_invoke().map(|_| {
                let rule = "a version or an alias, and its retry attempts, 0 to 2: live 1";
                (format!("Asynchronous invocation of {name}"), rule.to_owned(), String::new())
            }),
            Ask::Tag(key) => {
                let text = details.tags.get(key).cloned().unwrap_or_default();
                Ok((format!("Tag {key} of {name}"), "at most 256 characters".to_owned(), text))
            }
            Ask::NewTag if details.tags_error.is_some() => Err("could not be read".to_owned()),
            Ask::NewTag => {
                let rule = "key=value; the key has at most 128 characters, the value 256";
                Ok((format!("New tag of {name}"), rule.to_owned(), String::new()))
            }
        };
        match found {
            Ok((title, rule, text)) => {
                let then = prompt::Then::Configuration(ask);
                let prompt = Prompt::new(sanitise(&title), rule, &text, then);
                self.overlay = Some(Overlay::Prompt(Box::new(prompt)));
            }
            Err(problem) => self.say(Severity::Warning, format!("what is there {problem}")),
        }
    }

    fn add_to_group(&mut self, lines: &[Line]) -> Vec<Effect> {
        let row = self.function.as_ref().and_then(|view| view.configuration.row(lines));
        match row.map(|row| row.group) {
            Some(Group::Concurrency) if self.may_change() => self.ask(Ask::Provisioned(None)),
            Some(Group::Asynchronous) if self.may_change() => self.ask(Ask::NewEvent),
            Some(Group::Tags) if self.may_change() => self.ask(Ask::NewTag),
            Some(Group::Concurrency | Group::Asynchronous | Group::Tags) => {}
            _ => self.say(
                Severity::Info,
                "+ adds in the groups Concurrency, Asynchronous invocation and Tags: go there first",
            ),
        }
        Vec::new()
    }

    fn delete_row(&mut self, key: &Key) -> Vec<Effect> {
        let Some(details) = self.details_in_view() else { return Vec::new() };
        let change = match key {
            Key::Setting(setting) => {
                if self.may_change()
                    && let Err(problem) = self.draft_setting(*setting, "")
                {
                    self.say(Severity::Warning, problem);
                }
                return Vec::new();
            }
            Key::Reserved => {
                Change::ReservedConcurrency { before: details.reserved_concurrency, after: None }
            }
            Key::Provisioned(qualifier) => {
                let before = self.provisioned_now(qualifier).ok().flatten();
                Change::ProvisionedConcurrency { qualifier: qualifier.clone(), before, after: None }
            }
            Key::Event(qualifier, _) => {
                let view = self.function.as_ref();
                let before =
                    view.and_then(|view| view.configuration.event_invoke_of(qualifier).ok()).flatten();
                if before.is_none() {
                    self.say(Severity::Info, "nothing is set: these are Lambda's defaults");
                    return Vec::new();
                }
                Change::EventInvoke { qualifier: qualifier_of(qualifier), before, after: None }
            }
            Key::Tag(key) if !limits::is_aws_tag(key) => {
                Change::Tag { key: key.clone(), before: details.tags.get(key).cloned(), after: None }
            }
            _ => {
                self.say(Severity::Info, "there is nothing to delete here");
                return Vec::new();
            }
        };
        self.propose_here(change, None)
    }

    fn revert_row(&mut self, key: &Key) -> Vec<Effect> {
        let reverted = match (key, &mut self.function) {
            (Key::Setting(setting), Some(view)) => {
                let pane = &mut view.configuration;
                let reverted = pane.draft.as_mut().is_some_and(|draft| draft.revert(setting));
                pane.draft = pane.draft.take().filter(Draft::is_changed);
                reverted
            }
            _ => false,
        };
        if !reverted {
            self.say(Severity::Info, "nothing is unsaved in this row");
        }
        Vec::new()
    }

    /// What was there before the last save, as a change to be agreed to.
    fn restore_settings(&mut self) -> Vec<Effect> {
        if !self.may_change() {
            return Vec::new();
        }
        let saved = self.function.as_ref().and_then(|view| view.configuration.saved.clone());
        let Some(Saved { before, after }) = saved else {
            self.say(Severity::Info, "nothing was saved from here yet");
            return Vec::new();
        };
        for setting in before.changed(&after) {
            if let Some(text) = before.get(setting)
                && let Err(problem) = self.draft_setting(setting, text)
            {
                self.say(Severity::Error, format!("{}: {problem}", setting.label()));
                return Vec::new();
            }
        }
        self.save_settings()
    }

    /// Settings were saved: what was there before them can be put back.
    pub(super) fn settings_saved(&mut self, place: &Place, order: &Order) {
        let Change::Settings { before, after } = &order.change else { return };
        let here = self.place().is_some_and(|now| now.is_same(place));
        if let Some(view) = self.function.as_mut().filter(|view| here && view.name == order.function) {
            view.configuration.saved = Some(Saved { before: before.clone(), after: after.clone() });
        }
    }

    /// What the kill switch would restore: what the journal says was reserved before the function was stopped.
    pub fn restorable_concurrency(&self) -> Restorable {
        let known = self
            .function
            .as_ref()
            .zip(self.place())
            .and_then(|(view, place)| concurrency_before_stop(&self.journal, &place, &view.name));
        match known {
            _ if self.journal_ticket.is_some() => Restorable::Reading,
            Some(count) => Restorable::Known(count),
            None => Restorable::Unknown,
        }
    }

    fn kill_switch(&mut self) -> Vec<Effect> {
        let Some(details) = self.details_in_view() else { return Vec::new() };
        let before = details.reserved_concurrency;
        if before != Some(0) {
            return self.propose_here(Change::ReservedConcurrency { before, after: Some(0) }, None);
        }
        match self.restorable_concurrency() {
            Restorable::Reading => {
                self.say(Severity::Info, "the journal is still being read: press it again");
            }
            Restorable::Known(after) => {
                let account = self.function.as_ref().and_then(|view| view.configuration.account());
                let warning = account.and_then(|account| limits::reserved_warning(before, after, account));
                return self.propose_here(Change::ReservedConcurrency { before, after }, warning);
            }
            Restorable::Unknown => {
                let text = "the journal does not know what was reserved before: type what is to be";
                self.say(Severity::Warning, text);
                if self.may_change() {
                    self.ask(Ask::ReservedConcurrency);
                }
            }
        }
        Vec::new()
    }

    /// Shows a change of the function that is open. These requests take no revision id: what was read is compared.
    fn propose_here(&mut self, change: Change, warning: Option<String>) -> Vec<Effect> {
        let Some(function) = self.function.as_ref().map(|view| view.name.clone()) else { return Vec::new() };
        let order = Order { function, revision_id: None, change };
        self.propose_with(order, warning.into_iter().collect())
    }

    fn provisioned_now(&self, qualifier: &str) -> Result<Option<u32>, String> {
        let Some(view) = &self.function else { return Ok(None) };
        let all = view.configuration.provisioned()?;
        Ok(all.iter().find(|one| one.qualifier == qualifier).map(|one| one.requested))
    }

    /// A prompt of the tab was answered.
    pub(super) fn configuration_asked(&mut self, ask: &Ask, text: &str) -> Result<Vec<Effect>, String> {
        let Some(view) = &self.function else { return Ok(Vec::new()) };
        let Some(details) = &view.details.value else { return Ok(Vec::new()) };
        let pane = &view.configuration;
        let (change, warning) = match ask {
            Ask::ReservedConcurrency => {
                let (before, account) = (details.reserved_concurrency, pane.account());
                let after = limits::reserved(text, before, account)?;
                let warning = account.and_then(|account| limits::reserved_warning(before, after, account));
                (Change::ReservedConcurrency { before, after }, warning)
            }
            Ask::Provisioned(qualifier) => {
                let (qualifier, count) = match qualifier {
                    Some(qualifier) => (qualifier.clone(), limits::provisioned(text)?),
                    None => limits::qualified(text, limits::provisioned)?,
                };
                let all = pane.provisioned()?;
                let others = all.iter().filter(|one| one.qualifier != qualifier).map(|one| one.requested);
                let total = others.fold(count, u32::saturating_add);
                let warning = limits::provisioned_warning(total, details.reserved_concurrency);
                let before = self.provisioned_now(&qualifier)?;
                (Change::ProvisionedConcurrency { qualifier, before, after: Some(count) }, warning)
            }
            Ask::Event(qualifier, part) => {
                let before = pane.event_invoke_of(qualifier)?;
                let after = part.typed(text, before.clone().unwrap_or_default())?;
                (event_invoke(qualifier, before, after), None)
            }
            Ask::NewEvent => {
                let (qualifier, retries) = limits::qualified(text, limits::retries)?;
                let before = pane.event_invoke_of(&qualifier)?;
                let mut after = before.clone().unwrap_or_default();
                after.maximum_retry_attempts = retries;
                (event_invoke(&qualifier, before, after), None)
            }
            Ask::Tag(key) => {
                let (before, after) = (details.tags.get(key).cloned(), Some(limits::tag_value(text)?));
                (Change::Tag { key: key.clone(), before, after }, None)
            }
            Ask::NewTag => {
                let (key, value) = limits::tag(text)?;
                let before = details.tags.get(&key).cloned();
                let warning = before.is_none().then(|| limits::tags_warning(details.tags.keys())).flatten();
                (Change::Tag { key, before, after: Some(value) }, warning)
            }
        };
        Ok(self.propose_here(change, warning))
    }

    /// An editor of several lines was left; with `save` the diff is shown at once.
    pub(super) fn configuration_edited(
        &mut self,
        edited: Edited,
        text: &Secret,
        save: bool,
    ) -> Result<Vec<Effect>, String> {
        let Edited::Setting(setting) = edited;
        self.draft_setting(setting, text.reveal())?;
        Ok(if save { self.save_settings() } else { Vec::new() })
    }

    /// A picker of the tab was answered.
    pub(super) fn configuration_picked(&mut self, pick: &Pick, chosen: &str) -> Vec<Effect> {
        let Pick::Setting(setting) = pick;
        if let Err(problem) = self.draft_setting(*setting, chosen) {
            self.say(Severity::Error, problem);
        }
        Vec::new()
    }

    /// Takes a setting into the draft, unsaved.
    fn draft_setting(&mut self, setting: Setting, text: &str) -> Result<(), String> {
        setting.check(text)?;
        let Some(view) = &mut self.function else { return Ok(()) };
        let Some(details) = &view.details.value else { return Ok(()) };
        let draft = view.configuration.draft.take().unwrap_or_else(|| {
            let settings = Settings::of(&details.configuration).as_map().clone();
            Draft::new(settings, details.configuration.revision_id.clone())
        });
        // Lambda answers with the group's name even where it is its own choice.
        let own_group = setting == Setting::LogGroup && text.is_empty();
        let text = if own_group { default_log_group(&view.name) } else { text.to_owned() };
        let mut mine = Settings::from(draft.mine.clone());
        mine.set(setting, text);
        let draft = Draft { mine: mine.as_map().clone(), ..draft };
        view.configuration.draft = Some(draft).filter(Draft::is_changed);
        Ok(())
    }

    fn act_on_setting_field(&mut self, action: &Action) -> Option<Vec<Effect>> {
        let editing = self.function.as_mut()?.configuration.editing.as_mut()?;
        let changed = match action {
            Action::Text(input) => editing.field.input(input.clone()),
            Action::Paste(text) => editing.field.paste(text.reveal()),
            Action::Clear => {
                editing.field.set("");
                true
            }
            Action::Up | Action::Down => step_choice(editing, *action == Action::Down),
            Action::Open => {
                self.take_field();
                false
            }
            Action::Save => {
                return Some(if self.take_field() { self.save_settings() } else { Vec::new() });
            }
            Action::Back => {
                self.leave_setting();
                false
            }
            Action::Click(column, row) | Action::DoubleClick(column, row) => {
                if self.take_field()
                    && let Some(lines) = self.form()
                {
                    self.select_at(&lines, *column, *row);
                }
                false
            }
            Action::Quit => {
                self.leave_setting();
                let left = self.function.as_ref()?.configuration.editing.is_none();
                return if left { None } else { Some(Vec::new()) };
            }
            Action::Suspend => return None,
            _ => false,
        };
        if changed && let Some(editing) = self.function.as_mut()?.configuration.editing.as_mut() {
            editing.check();
        }
        Some(Vec::new())
    }

    /// Takes over what was typed and leaves the field. Answers whether that could be.
    fn take_field(&mut self) -> bool {
        let taken = self.function.as_mut().and_then(|view| view.configuration.editing.take());
        let Some(mut editing) = taken else { return true };
        match self.draft_setting(editing.setting, editing.field.text()) {
            Ok(()) => true,
            Err(problem) => {
                editing.problem = Some(problem);
                if let Some(view) = &mut self.function {
                    view.configuration.editing = Some(editing);
                }
                false
            }
        }
    }

    /// Leaves the field. What can't be taken over is dropped the second time.
    fn leave_setting(&mut self) {
        if self.take_field() {
            return;
        }
        let Some(view) = &mut self.function else { return };
        let pane = &mut view.configuration;
        match &mut pane.editing {
            Some(editing) if !editing.warned => editing.warned = true,
            _ => pane.editing = None,
        }
    }

    pub(super) fn extras_read(&mut self, ticket: Ticket, extras: Extras) {
        let now = self.now;
        if let Some(view) = &mut self.function {
            view.configuration.extras.receive(ticket, Ok(extras), now);
        }
    }
}

/// The API names the function itself by no qualifier.
fn qualifier_of(qualifier: &str) -> Option<String> {
    (qualifier != LATEST).then(|| qualifier.to_owned())
}

fn event_invoke(qualifier: &str, before: Option<EventInvoke>, after: EventInvoke) -> Change {
    // With nothing set there is nothing to keep.
    let after = Some(after).filter(|after| *after != EventInvoke::default());
    Change::EventInvoke { qualifier: qualifier_of(qualifier), before, after }
}

/// The next choice of a setting that has some. Answers whether the text changed.
fn step_choice(editing: &mut Editing, forward: bool) -> bool {
    let Kind::Choice(choices) = editing.setting.kind() else { return false };
    let at = choices.iter().position(|choice| *choice == editing.field.text());
    let last = choices.len() - 1;
    let next = match (at, forward) {
        (None, true) => 0,
        (None, false) => last,
        (Some(at), true) => (at + 1) % choices.len(),
        (Some(at), false) => at.checked_sub(1).unwrap_or(last),
    };
    editing.field.set(choices[next]);
    true
}

/// The runtimes to pick from: the one that is set, then those of the same language.
fn runtime_items(current: &str, today: jiff::civil::Date) -> Vec<Item> {
    let mut all = runtimes::all(today);
    let family = runtimes::family(current);
    all.sort_by_key(|(runtime, status)| (status.is_deprecated(), runtimes::family(runtime) != family));
    let item = |runtime: &str, status: runtimes::Status| {
        let mark = if status.is_deprecated() { "! " } else { "" };
        let set = if runtime == current { "as it is; " } else { "" };
        let note = runtime_note(status).unwrap_or_else(|| "no date known".into());
        Item { name: runtime.into(), note: format!("{set}{mark}{note}") }
    };
    let now = Some(current).filter(|current| !current.is_empty());
    let now = now.map(|current| item(current, runtimes::status(current, today)));
    let others = all.into_iter().filter(|(runtime, _)| *runtime != current);
    now.into_iter().chain(others.map(|(runtime, status)| item(runtime, status))).collect()
}
