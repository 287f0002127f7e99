//! Keys of what lies over the screen, and the commands that are typed.

use crate::{
    app::{
        Action, App, Effect, Screen,
        command::{self, Command},
        function::Tab,
        layout,
        list::Cursor,
        messages::Severity,
        overlay::{HELP_ROWS, Item, Overlay, Picker, PickerKind, Then},
        prompt, text_editor,
    },
    cloud::Spec,
    domain::secret::Secret,
};

impl App {
    pub(super) fn act_on_overlay(&mut self, action: &Action) -> Vec<Effect> {
        let text = layout::page(self.size).text;
        let (height, columns) = (usize::from(text.rows), usize::from(text.columns));
        match &self.overlay {
            _ if *action == Action::Suspend => return self.act_anywhere(action),
            Some(_) if *action == Action::Help => {
                let contexts = self.contexts();
                self.lay_over(Overlay::Help { contexts, cursor: Cursor::default() });
                return Vec::new();
            }
            Some(Overlay::Review(_)) => return self.act_on_review(action),
            Some(Overlay::Prompt(_)) => return self.act_on_prompt(action),
            Some(Overlay::TextEditor(_)) => return self.act_on_text_editor(action),
            Some(Overlay::Merge(_)) => return self.act_on_merge(action),
            Some(Overlay::Weights(_)) => return self.act_on_weights(action),
            Some(Overlay::Compare(_)) => return self.act_on_compare(action),
            Some(Overlay::Bulk) => return self.act_on_bulk(action),
            Some(Overlay::History(_)) => return self.act_on_history(action),
            Some(Overlay::Answer(_)) => return self.act_on_answer(action),
            Some(Overlay::Events(_)) => return self.act_on_events(action),
            Some(Overlay::Past(_)) => return self.act_on_past(action),
            Some(Overlay::Differences(_)) => return self.act_on_differences(action),
            Some(Overlay::RepeatForm(_)) => return self.act_on_repeat_form(action),
            Some(Overlay::Repeat) => return self.act_on_repeat(action),
            Some(Overlay::LogFilters(_)) => return self.act_on_log_filter_list(action),
            Some(Overlay::LogSources(_)) => return self.act_on_log_sources(action),
            Some(Overlay::Insights) => return self.act_on_insights(action),
            _ => {}
        }
        match (&mut self.overlay, action) {
            (Some(Overlay::Question(question)), Action::Yes) if question.is_unread(self.now) => {}
            (Some(Overlay::Question(question)), Action::Yes) => {
                let then = question.then.clone();
                self.overlay = None;
                return match then {
                    Then::Quit => {
                        self.exit = Some(0);
                        Vec::new()
                    }
                    Then::Repeat => self.repeat_agreed(),
                    Then::DeleteEvent(owner, name) => self.delete_saved(owner, name),
                    Then::SaveOver(event) => self.save_over(*event),
                    Then::ExportOver(event, path) => self.export_over(event, path),
                    Then::ExportLogOver(rows, path) => self.export_log(rows, path, true),
                    Then::LiveTail => self.live_tail_agreed(),
                };
            }
            (Some(Overlay::CommandLine(line)), Action::Open) => {
                // It may hold a value.
                let typed = Secret::new(line.field.text());
                return self.command_typed(typed.reveal());
            }
            (Some(Overlay::Picker(picker)), Action::Open) => {
                let (kind, chosen) = (picker.kind.clone(), picker.chosen());
                return match chosen {
                    Some(chosen) => self.picked(kind, chosen),
                    None => Vec::new(),
                };
            }
            (_, Action::Back | Action::No | Action::Quit) => self.overlay = None,
            (Some(Overlay::CommandLine(line)), _) => line.handle(action),
            (Some(Overlay::Picker(picker)), _) => picker.handle(action),
            (Some(Overlay::Page(page)), _) => {
                page.cursor.scroll(action, page.rows(columns), height);
            }
            (Some(Overlay::Messages { cursor }), _) => {
                cursor.scroll(action, self.messages.rows(columns), height);
            }
            (Some(Overlay::Help { cursor, .. }), _) => {
                cursor.scroll(action, HELP_ROWS, height);
            }
            _ => {}
        }
        Vec::new()
    }

    /// Lays something over what is there, which comes back once that is gone.
    pub(super) fn lay_over(&mut self, overlay: Overlay) {
        self.beneath.extend(self.overlay.replace(overlay));
    }

    fn picked(&mut self, kind: PickerKind, chosen: String) -> Vec<Effect> {
        match kind {
            PickerKind::Profile | PickerKind::Region => self.switch(&kind, chosen),
            PickerKind::Configuration(pick) => {
                self.overlay = None;
                self.configuration_picked(&pick, &chosen)
            }
            PickerKind::Versions(pick) => {
                self.overlay = None;
                self.versions_picked(&pick, &chosen)
            }
            PickerKind::Insights => {
                self.overlay = None;
                self.insights_picked(&chosen)
            }
            PickerKind::Test(pick) => {
                self.overlay = None;
                self.test_picked(&pick, &chosen)
            }
            PickerKind::LogCopy(row) => {
                self.overlay = None;
                self.log_copy_picked(&row, &chosen)
            }
            PickerKind::LogInvocation(id) => {
                self.overlay = None;
                self.log_invocation_picked(&id, &chosen)
            }
        }
    }

    fn act_on_prompt(&mut self, action: &Action) -> Vec<Effect> {
        let Some(Overlay::Prompt(prompt)) = &mut self.overlay else { return Vec::new() };
        match action {
            Action::Open => {}
            Action::Back | Action::Quit => {
                self.overlay = None;
                return Vec::new();
            }
            _ => {
                prompt.handle(action);
                return Vec::new();
            }
        }
        let Some(Overlay::Prompt(mut prompt)) = self.overlay.take() else { return Vec::new() };
        let text = prompt.field.text().trim().to_owned();
        let result = match &prompt.then {
            prompt::Then::Configuration(ask) => self.configuration_asked(&ask.clone(), &text),
            prompt::Then::Versions(ask) => self.versions_asked(&ask.clone(), &text),
            prompt::Then::Test(ask) => self.test_asked(&ask.clone(), &text),
            prompt::Then::Insights(ask) => self.insights_asked(*ask, &text),
            prompt::Then::LogSources => self.log_sources_typed(&text),
            prompt::Then::Log(ask) => self.log_asked(*ask, &text),
        };
        result.unwrap_or_else(|problem| {
            prompt.problem = Some(problem);
            self.overlay = Some(Overlay::Prompt(prompt));
            Vec::new()
        })
    }

    fn act_on_text_editor(&mut self, action: &Action) -> Vec<Effect> {
        let room = layout::text_editor(self.size).room();
        let Some(Overlay::TextEditor(editor)) = &mut self.overlay else { return Vec::new() };
        if !matches!(action, Action::Back | Action::Save | Action::Quit) {
            editor.handle(action, room);
            return Vec::new();
        }
        let Some(Overlay::TextEditor(mut editor)) = self.overlay.take() else { return Vec::new() };
        let (text, save) = (editor.text(), *action == Action::Save);
        let result = match &editor.then {
            text_editor::Then::Environment(edited) => self.environment_edited(&edited.clone(), &text, save),
            text_editor::Then::Configuration(edited) => self.configuration_edited(*edited, &text, save),
        };
        result.unwrap_or_else(|problem| {
            // A second esc leaves what can't be taken.
            if editor.problem.as_ref() != Some(&problem) || save {
                editor.problem = Some(problem);
                self.overlay = Some(Overlay::TextEditor(editor));
            }
            Vec::new()
        })
    }

    pub(super) fn command_typed(&mut self, typed: &str) -> Vec<Effect> {
        if typed.trim().is_empty() {
            self.overlay = None;
            return Vec::new();
        }
        match command::parse(typed) {
            Ok(command) => {
                self.overlay = None;
                self.run(command)
            }
            Err(problem) => {
                if let Some(Overlay::CommandLine(line)) = &mut self.overlay {
                    line.problem = Some(problem);
                }
                Vec::new()
            }
        }
    }

    pub(super) fn run(&mut self, command: Command) -> Vec<Effect> {
        match command {
            Command::Functions | Command::Open(_) if self.session.current.is_none() => {
                self.say(Severity::Warning, "there is no connection yet");
            }
            Command::Functions => {
                self.mask();
                self.screen = Screen::Functions;
                return self.leave_logs().into_iter().chain(self.leave_many_logs()).collect();
            }
            Command::Help => return self.act_anywhere(&Action::Help),
            Command::Local => return self.start_local(),
            Command::Logs(words) => return self.logs_typed(words),
            Command::Messages => {
                let mut cursor = Cursor::default();
                let text = layout::page(self.size).text;
                let rows = self.messages.rows(usize::from(text.columns));
                cursor.scroll(&Action::Bottom, rows, usize::from(text.rows));
                self.overlay = Some(Overlay::Messages { cursor });
            }
            Command::Open(name) => {
                let arn = self.functions.find(&name).map(|function| function.arn.to_string());
                return self.open(name, arn, Tab::Overview);
            }
            Command::Profile(None) => return self.pick_profile(),
            Command::Profile(Some(name)) => return self.switch(&PickerKind::Profile, name),
            Command::Region(None) => {
                let items = command::REGIONS
                    .iter()
                    .map(|(name, place)| Item { name: (*name).into(), note: (*place).into() })
                    .collect();
                self.overlay = Some(Overlay::Picker(Picker::new(PickerKind::Region, items)));
            }
            Command::Region(Some(name)) => return self.switch(&PickerKind::Region, name),
            Command::Endpoint(url) => {
                // Keys made for the local engine are nobody's business elsewhere.
                let spec = Spec { endpoint_url: Some(url), keys: None, ..self.session.spec.clone() };
                return self.connect(spec);
            }
            Command::History => return self.open_history(),
            Command::Insights => return self.insights_of_place(),
            Command::Invocations => {
                self.overlay = None;
                return self.open_past(true);
            }
            Command::Compare(first, second) => return self.compare_typed(*first, second.map(|side| *side)),
            Command::Bulk(Some(change)) => return self.bulk_typed(change),
            Command::Bulk(None) => self.reopen_bulk(),
            Command::Repeat => self.reopen_repeat(),
            Command::Utc => self.settings.utc = !self.settings.utc,
            Command::Quit => return self.quit(),
        }
        Vec::new()
    }
}
