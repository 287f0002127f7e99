//! Comparing two functions, versions or aliases.

use super::super::{
    Action, App, Effect, Screen, Ticket,
    compare::Comparing,
    layout,
    messages::Severity,
    overlay::{CommandLine, Overlay},
};
use crate::{
    cloud,
    domain::{
        compare::{Comparison, Side},
        name::FunctionRef,
    },
};

impl App {
    /// The key: compares the two that are marked, or the one that is marked with the selected one; else the other side
    /// is to be typed.
    pub(super) fn begin_compare(&mut self) -> Vec<Effect> {
        let Some(here) = self.compared_function() else {
            self.say(Severity::Info, "there is no function to compare");
            return Vec::new();
        };
        let marked = if self.screen == Screen::Functions { self.functions.marked() } else { Vec::new() };
        let side = |name: &str| Side { profile: None, region: None, function: FunctionRef::named(name) };
        match marked.as_slice() {
            [one, other] => self.compare([side(one), side(other)]),
            [one] if **one != here => self.compare([side(one), side(&here)]),
            _ => {
                let mut line = CommandLine::default();
                line.field.set(&format!("compare {here} "));
                self.overlay = Some(Overlay::CommandLine(line));
                Vec::new()
            }
        }
    }

    /// The function that is open or selected.
    fn compared_function(&self) -> Option<String> {
        match (self.screen, &self.function) {
            (Screen::Function, Some(view)) => Some(view.name.clone()),
            (Screen::Functions, _) => self.functions.selected().map(|function| function.name.to_string()),
            _ => None,
        }
    }

    /// `:compare A [B]` was typed; without B the open or selected function is the other side.
    pub(super) fn compare_typed(&mut self, first: Side, second: Option<Side>) -> Vec<Effect> {
        if let Some(second) = second {
            return self.compare([first, second]);
        }
        let Some(here) = self.compared_function() else {
            self.say(Severity::Info, "type both sides: compare A B");
            return Vec::new();
        };
        let here = Side { profile: None, region: None, function: FunctionRef::named(here) };
        self.compare([here, first])
    }

    /// Reads two sides and shows them beside each other.
    pub(super) fn compare(&mut self, sides: [Side; 2]) -> Vec<Effect> {
        let Some(current) = &self.session.current else {
            self.say(Severity::Warning, "there is no connection yet");
            return Vec::new();
        };
        // What names the session's own place needs no other session.
        let (profile, region) = (current.spec.profile.clone(), current.region.clone());
        let sides = sides.map(|mut side| {
            // A profile without a region means the profile's own, which the session may have left.
            if side.profile == profile && side.region.as_ref() == Some(&region) {
                side.profile = None;
            }
            if side.profile.is_none() && side.region.as_ref() == Some(&region) {
                side.region = None;
            }
            side
        });
        if sides[0] == sides[1] {
            let text = format!("{} is the same on both sides: name another one", sides[0].typed());
            self.say(Severity::Warning, text);
            return Vec::new();
        }
        let ticket = self.ticket();
        let mut comparing = Comparing::new(sides.clone());
        comparing.result.ask(ticket);
        self.overlay = Some(Overlay::Compare(Box::new(comparing)));
        vec![Effect::Compare(ticket, Box::new(sides))]
    }

    pub(super) fn act_on_compare(&mut self, action: &Action) -> Vec<Effect> {
        let text = layout::page(self.size).text;
        let (columns, height) = (usize::from(text.columns), usize::from(text.rows));
        let ticket = self.ticket();
        let Some(Overlay::Compare(comparing)) = &mut self.overlay else { return Vec::new() };
        match action {
            Action::Back | Action::Quit => self.overlay = None,
            Action::ErrorsOnly => {
                comparing.differences_only = !comparing.differences_only;
                comparing.cursor.top = 0;
            }
            Action::Refresh if comparing.result.pending.is_none() => {
                comparing.result.ask(ticket);
                return vec![Effect::Compare(ticket, Box::new(comparing.sides.clone()))];
            }
            _ => {
                let height = height.saturating_sub(comparing.head_rows(columns));
                let rows = comparing.rows(columns);
                comparing.cursor.scroll(action, rows, height);
            }
        }
        Vec::new()
    }

    pub(super) fn compared(&mut self, ticket: Ticket, result: Result<Box<Comparison>, cloud::Error>) {
        let now = self.now;
        if let Some(Overlay::Compare(comparing)) = &mut self.overlay {
            comparing.result.receive(ticket, result.map(|comparison| *comparison), now);
        }
    }
}
