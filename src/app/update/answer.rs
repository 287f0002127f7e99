//! The answer over the whole screen: its keys, and what is made of it outside.

use std::sync::Arc;

use crate::{
    app::{
        Action, App, Effect, Ticket,
        answer::{AnswerPane, Typing, View},
        field::Field,
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
    pub(super) fn open_answer(&mut self, number: Option<u64>) -> Vec<Effect> {
        let invocation = match number {
            Some(number) => self.invocations.get(number),
            None => self.looked_at(),
        };
        match invocation {
            Some(invocation) if invocation.is_running() => {
                self.say(Severity::Info, "its answer has not come yet");
            }
            Some(invocation) => {
                let pane = AnswerPane::new(invocation);
                self.lay_over(Overlay::Answer(Box::new(pane)));
            }
            None => self.say(Severity::Info, "nothing was sent yet"),
        }
        Vec::new()
    }

    /// The invocation of the answer that is open.
    pub fn opened(&self) -> Option<&Invocation> {
        let Some(Overlay::Answer(pane)) = &self.overlay else { return None };
        self.invocations.get(pane.number)
    }

    pub(super) fn act_on_answer(&mut self, action: &Action) -> Vec<Effect> {
        let room = layout::answer(self.size);
        let size = (usize::from(room.text.rows), usize::from(room.text.columns));
        let ticket = self.ticket();
        let Some(Overlay::Answer(pane)) = &mut self.overlay else { return Vec::new() };
        if pane.typing.is_some() {
            return self.type_into_answer(action, ticket, size);
        }
        if pane.handle(action, size) {
            return Vec::new();
        }
        match action {
            Action::Back if pane.pending.is_some() => pane.pending = None,
            Action::Back | Action::Quit => {
                if *action == Action::Quit || !pane.pop() {
                    self.overlay = None;
                }
            }
            Action::Filter => pane.typing = Some((Typing::Search, Field::default())),
            Action::Query => {
                let mut field = Field::default();
                field.set(&pane.query);
                pane.typing = Some((Typing::Query, field));
            }
            Action::Fold if pane.views().contains(&View::Tree) => pane.view = View::Tree,
            Action::Decode => return self.decode(ticket),
            Action::CopyName => {
                let value = pane.value();
                return self.copy_text("the value", value);
            }
            Action::CopyPath => match pane.path() {
                Some(path) => return self.copy_text(&path.clone(), Some(path)),
                None => self.say(Severity::Info, "a path is of a value of the tree: tab leads there"),
            },
            Action::CopyAs => return self.pick_copy(),
            Action::RequestLog => return self.log_of_looked_at(),
            _ => {}
        }
        Vec::new()
    }

    fn type_into_answer(&mut self, action: &Action, ticket: Ticket, size: (usize, usize)) -> Vec<Effect> {
        let Some(Overlay::Answer(pane)) = &mut self.overlay else { return Vec::new() };
        let Some((typing, field)) = &mut pane.typing else { return Vec::new() };
        match action {
            Action::Text(input) => _ = field.input(input.clone()),
            Action::Paste(text) => _ = field.paste(text.reveal()),
            Action::Clear => field.set(""),
            Action::Back | Action::Quit => {
                pane.typing = None;
                pane.problem = None;
            }
            Action::Open => {
                let (typing, text) = (*typing, field.text().to_owned());
                pane.typing = None;
                pane.problem = None;
                match typing {
                    Typing::Search => {
                        pane.searched = Some(text).filter(|text| !text.is_empty());
                        pane.search(false, size);
                    }
                    Typing::Query if text.trim().is_empty() => pane.query.clear(),
                    Typing::Query => {
                        pane.query.clone_from(&text);
                        let Some(level) = pane.level() else { return Vec::new() };
                        if level.body.document().is_none() {
                            pane.problem = Some("a filter is for JSON, and this is none".into());
                            return Vec::new();
                        }
                        let look = Look::Filter { program: text, body: Arc::clone(&level.body) };
                        pane.pending = Some(ticket);
                        return vec![Effect::Look(ticket, look)];
                    }
                }
            }
            _ => {}
        }
        Vec::new()
    }

    fn decode(&mut self, ticket: Ticket) -> Vec<Effect> {
        let Some(Overlay::Answer(pane)) = &mut self.overlay else { return Vec::new() };
        let Some(level) = pane.level() else { return Vec::new() };
        let node = match level.body.document() {
            Some(document) => {
                // A response that is one string is decoded from every view.
                let selected = level.selected().filter(|_| pane.view == View::Tree);
                let node = selected.or((document.len() == 1).then_some(0));
                match node.filter(|node| document.kind(*node) == Kind::String) {
                    Some(node) => Some(node),
                    None => {
                        pane.problem = Some("only a text can be decoded: choose one in the tree".into());
                        return Vec::new();
                    }
                }
            }
            None => None,
        };
        let look = Look::Decode { body: Arc::clone(&level.body), node };
        pane.pending = Some(ticket);
        vec![Effect::Look(ticket, look)]
    }

    /// What a filter or a decoding gave.
    pub(super) fn looked(&mut self, ticket: Ticket, result: Result<Box<(String, Body)>, String>) {
        let Some(Overlay::Answer(pane)) = &mut self.overlay else { return };
        if pane.pending != Some(ticket) {
            return;
        }
        pane.pending = None;
        match result {
            Ok(made) => pane.push(made.0, made.1),
            Err(problem) => pane.problem = Some(problem),
        }
    }

    /// Puts a text on the clipboard, unless it is too large for one.
    pub(super) fn copy_text(&mut self, what: &str, text: Option<String>) -> Vec<Effect> {
        match text {
            None => Vec::new(),
            Some(text) if text.len() > CLIPBOARD => {
                let size = format::bytes(text.len() as u64);
                self.say(Severity::Warning, format!("{size} are too large for a terminal's clipboard"));
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
        match self.opened().or_else(|| self.looked_at()).map(|invocation| invocation.number) {
            Some(number) => self.pick_copy_of(number),
            None => {
                self.say(Severity::Info, "nothing was sent yet");
                Vec::new()
            }
        }
    }

    pub(super) fn pick_copy_of(&mut self, number: u64) -> Vec<Effect> {
        let items = [
            (RESPONSE, "as it came"),
            (REQUEST_ID, "for AWS's support and for the log"),
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
        let reply = invocation.reply();
        let text = match chosen {
            RESPONSE => reply.map(|reply| String::from_utf8_lossy(reply.body.bytes()).into_owned()),
            REQUEST_ID => reply.and_then(|reply| reply.answer.request_id.clone()),
            _ if invocation.forgotten => None,
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
            self.say(Severity::Info, format!("there is no {chosen}"));
        }
        self.copy_text(&format!("the {chosen}"), text)
    }
}
