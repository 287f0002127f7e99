//! The answer over the whole screen: its keys, and what is made of it outside.

use std::sync::Arc;

use crate::{
    app::{
        Action, App, Effect, Ticket,
        answer::{AnswerPane, Copied, Subject, Typing, View, of_bytes},
        function::test::Pick,
        invocations::Invocation,
        layout,
        messages::Severity,
        msg::Look,
        overlay::{Item, Overlay, Picker, PickerKind},
    },
    domain::{body::Body, document::Kind, format, invocation_command},
};

/// Bytes that are put on a clipboard at most: terminals drop larger ones without a word.
const CLIPBOARD: usize = 100 * 1024;

const RESPONSE: &str = "response";
const REQUEST_ID: &str = "request id";
const AWS: &str = "aws command";
const CURL: &str = "curl command";

impl App {
    /// Opens the answer that is looked at.
    pub(super) fn open_answer(&mut self) -> Vec<Effect> {
        let Some(number) = self.looked_at().map(|invocation| invocation.number) else {
            self.say(Severity::Info, "nothing was sent yet");
            return Vec::new();
        };
        self.open_answer_of(number)
    }

    /// Opens the answer of an invocation.
    pub(super) fn open_answer_of(&mut self, number: u64) -> Vec<Effect> {
        let ticket = self.ticket();
        let Some(invocation) = self.invocations.get(number) else { return Vec::new() };
        if invocation.is_running() {
            self.say(Severity::Info, "its answer has not come yet");
            return Vec::new();
        }
        let mut pane = AnswerPane::new(invocation);
        let mut effects = Vec::new();
        if pane.levels.is_empty() {
            // What came before it broke off may be large.
            pane.pending = Some(ticket);
            effects.push(Effect::Look(ticket, Look::Read(invocation.stream.kept.clone())));
        }
        self.lay_over(Overlay::Answer(Box::new(pane)));
        effects
    }

    /// The invocation of the answer that is open.
    pub fn opened(&self) -> Option<&Invocation> {
        let Some(Overlay::Answer(pane)) = &self.overlay else { return None };
        match &pane.subject {
            Subject::Invocation(number) => self.invocations.get(*number),
            Subject::LogEvent(_) => None,
        }
    }

    pub(super) fn act_on_answer(&mut self, action: &Action) -> Vec<Effect> {
        let room = layout::answer(self.size);
        let size = (usize::from(room.text.rows), usize::from(room.text.columns));
        let ticket = self.ticket();
        let Some(Overlay::Answer(pane)) = &mut self.overlay else { return Vec::new() };
        if pane.typed.is_some() {
            return self.type_into_answer(action, ticket, size);
        }
        if pane.handle(action, size) {
            return Vec::new();
        }
        match action {
            Action::Back if pane.pending.is_some() && !pane.levels.is_empty() => pane.pending = None,
            Action::Back if pane.pop() => {}
            Action::Back | Action::Quit => self.overlay = None,
            Action::Filter => pane.begin_typing(Typing::Search),
            Action::Query => pane.begin_typing(Typing::Query),
            Action::Fold => pane.show_tree(),
            Action::Decode => return self.decode(ticket),
            Action::CopyName => {
                let copied = pane.copied(CLIPBOARD);
                return self.copy_what(copied);
            }
            Action::CopyPath => match pane.path() {
                Some(path) => return self.copy_text("the path", Some(path)),
                None => self.say(Severity::Info, "a path is of a value of the tree: tab leads there"),
            },
            Action::CopyAs if pane.event().is_some() => return self.pick_log_copy(),
            Action::RequestLog if pane.event().is_some() => {
                self.say(Severity::Info, "back in the log g shows its invocations, each with its lines");
            }
            Action::CopyAs => return self.pick_copy(),
            Action::RequestLog => return self.log_of_looked_at(),
            _ => {}
        }
        Vec::new()
    }

    fn type_into_answer(&mut self, action: &Action, ticket: Ticket, size: (usize, usize)) -> Vec<Effect> {
        let Some(Overlay::Answer(pane)) = &mut self.overlay else { return Vec::new() };
        let Some(typed) = &mut pane.typed else { return Vec::new() };
        let changed = match action {
            Action::Text(input) => typed.field.input(input.clone()),
            Action::Paste(text) => typed.field.paste(text.reveal()),
            Action::Clear => {
                typed.field.set("");
                true
            }
            Action::Back | Action::Quit => {
                pane.leave_typing();
                false
            }
            Action::Open => return self.typed_into_answer(ticket),
            _ => false,
        };
        if changed {
            pane.search_as_typed(size);
        }
        Vec::new()
    }

    /// What was typed is taken: a search is where it should be already.
    fn typed_into_answer(&mut self, ticket: Ticket) -> Vec<Effect> {
        let Some(Overlay::Answer(pane)) = &mut self.overlay else { return Vec::new() };
        let Some(typed) = pane.typed.take_if(|typed| typed.what == Typing::Query) else {
            pane.typed = None;
            return Vec::new();
        };
        let text = typed.field.text();
        pane.problem = None;
        text.clone_into(&mut pane.query);
        let Some(level) = pane.level().filter(|_| !text.trim().is_empty()) else { return Vec::new() };
        if level.body.document().is_none() {
            pane.problem = Some("a filter is for JSON, and this is none".into());
            return Vec::new();
        }
        let look = Look::Filter { program: text.to_owned(), body: Arc::clone(&level.body) };
        pane.pending = Some(ticket);
        vec![Effect::Look(ticket, look)]
    }

    fn decode(&mut self, ticket: Ticket) -> Vec<Effect> {
        let Some(Overlay::Answer(pane)) = &mut self.overlay else { return Vec::new() };
        let Some(level) = pane.level() else { return Vec::new() };
        let node = match level.body.document() {
            Some(document) => {
                // A response that is one string is decoded from every view.
                let selected = level.selected().filter(|_| pane.view == View::Tree);
                let node = selected.or((document.len() == 1).then_some(0));
                let node = node.filter(|node| document.kind(*node) == Kind::String);
                if node.is_none() {
                    pane.problem = Some("only a text can be decoded: choose one in the tree".into());
                    return Vec::new();
                }
                node
            }
            None => None,
        };
        let look = Look::Decode { body: Arc::clone(&level.body), node };
        pane.problem = None;
        pane.pending = Some(ticket);
        vec![Effect::Look(ticket, look)]
    }

    /// What a filter or a decoding gave. A question or a choice may lie over the answer meanwhile.
    pub(super) fn looked(&mut self, ticket: Ticket, result: Result<Box<(String, Body)>, String>) {
        let overlays = self.overlay.iter_mut().chain(&mut self.beneath);
        let pane = overlays.filter_map(|overlay| match overlay {
            Overlay::Answer(pane) if pane.pending == Some(ticket) => Some(pane),
            _ => None,
        });
        let Some(pane) = pane.last() else { return };
        pane.pending = None;
        match result {
            Ok(made) => pane.push(made.0, made.1),
            Err(problem) => pane.problem = Some(problem),
        }
    }

    fn copy_what(&mut self, copied: Option<Copied>) -> Vec<Effect> {
        match copied {
            Some(Copied { what, text: Ok(text) }) => self.copy_text(what, Some(text)),
            Some(Copied { text: Err(bytes), .. }) => {
                self.say_too_large(bytes);
                Vec::new()
            }
            None => Vec::new(),
        }
    }

    fn say_too_large(&mut self, bytes: usize) {
        let size = format::bytes(bytes as u64);
        self.say(Severity::Warning, format!("{size} are too large for a terminal's clipboard"));
    }

    /// Puts a text on the clipboard, unless it is too large for one.
    pub(super) fn copy_text(&mut self, what: &str, text: Option<String>) -> Vec<Effect> {
        match text {
            None => Vec::new(),
            Some(text) if text.len() > CLIPBOARD => {
                self.say_too_large(text.len());
                Vec::new()
            }
            Some(text) => {
                self.say(Severity::Info, format!("copied {what} ({})", format::bytes(text.len() as u64)));
                vec![Effect::Copy(text)]
            }
        }
    }

    /// Asks what is to be copied of an invocation.
    pub(super) fn pick_copy(&mut self) -> Vec<Effect> {
        let looked_at = self.opened().or_else(|| self.looked_at());
        let Some(number) = looked_at.map(|invocation| invocation.number) else {
            self.say(Severity::Info, "nothing was sent yet");
            return Vec::new();
        };
        self.pick_copy_of(number)
    }

    pub(super) fn pick_copy_of(&mut self, number: u64) -> Vec<Effect> {
        let items = [
            (RESPONSE, "as it came"),
            (REQUEST_ID, "for a support case and for the log"),
            (AWS, "what the AWS CLI would send"),
            (CURL, "signed by curl with keys from the environment"),
        ];
        let items =
            items.map(|(name, note)| Item { name: name.into(), note: note.into() }).into_iter().collect();
        self.lay_over(Overlay::Picker(Picker::new(PickerKind::Test(Pick::Copy(number)), items)));
        Vec::new()
    }

    pub(super) fn copy_picked(&mut self, number: u64, chosen: &str) -> Vec<Effect> {
        let Some(invocation) = self.invocations.get(number) else { return Vec::new() };
        let (request, place) = (&invocation.request, &invocation.place);
        let text = match chosen {
            _ if invocation.forgotten && chosen != REQUEST_ID => None,
            RESPONSE => {
                let bytes = match invocation.reply() {
                    Some(reply) => reply.body.bytes(),
                    // What came before it broke off.
                    None => &invocation.stream.kept,
                };
                if !bytes.is_empty() {
                    let Copied { what, text } = of_bytes(bytes, CLIPBOARD);
                    return self.copy_what(Some(Copied { what, text }));
                }
                None
            }
            REQUEST_ID => match &invocation.outcome.as_ref().map(|outcome| &outcome.result) {
                Some(Ok(reply)) => reply.answer.request_id.clone(),
                Some(Err(error)) => error.request_id.clone(),
                None => None,
            },
            AWS => Some(invocation_command::aws(
                request,
                &place.region,
                place.profile.as_deref(),
                place.endpoint.as_deref(),
            )),
            CURL => Some(invocation_command::curl(request, &place.region, place.endpoint.as_deref())),
            _ => return Vec::new(),
        };
        if text.is_none() {
            let why = if invocation.forgotten { "it was not kept" } else { "there is none" };
            self.say(Severity::Info, format!("{chosen}: {why}"));
        }
        self.copy_text(&format!("the {chosen}"), text)
    }
}
