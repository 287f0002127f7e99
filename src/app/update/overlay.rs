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
    },
    cloud::Spec,
};

impl App {
    pub(super) fn act_on_overlay(&mut self, action: &Action) -> Vec<Effect> {
        let text = layout::page(self.size).text;
        let (height, columns) = (usize::from(text.rows), usize::from(text.columns));
        match (&mut self.overlay, action) {
            (Some(Overlay::Question(question)), Action::Yes) => {
                let Then::Quit = question.then;
                self.exit = Some(0);
            }
            (Some(Overlay::CommandLine(line)), Action::Open) => {
                let typed = line.field.text().to_owned();
                return self.command_typed(&typed);
            }
            (Some(Overlay::Picker(picker)), Action::Open) => {
                let (kind, chosen) = (picker.kind, picker.chosen());
                return match chosen {
                    Some(chosen) => self.switch(kind, chosen),
                    None => Vec::new(),
                };
            }
            (_, Action::Back | Action::No | Action::Quit) => self.overlay = None,
            (_, Action::Suspend) => return self.act_anywhere(action),
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
                return self.leave_logs().into_iter().collect();
            }
            Command::Help => return self.act_anywhere(&Action::Help),
            Command::Local => return self.start_local(),
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
            Command::Profile(Some(name)) => return self.switch(PickerKind::Profile, name),
            Command::Region(None) => {
                let items = command::REGIONS
                    .iter()
                    .map(|(name, place)| Item { name: (*name).into(), note: (*place).into() })
                    .collect();
                self.overlay = Some(Overlay::Picker(Picker::new(PickerKind::Region, items)));
            }
            Command::Region(Some(name)) => return self.switch(PickerKind::Region, name),
            Command::Endpoint(url) => {
                // Keys made for the local engine are nobody's business elsewhere.
                let spec = Spec { endpoint_url: Some(url), keys: None, ..self.session.spec.clone() };
                return self.connect(spec);
            }
            Command::Utc => self.settings.utc = !self.settings.utc,
            Command::Quit => return self.quit(),
        }
        Vec::new()
    }
}
