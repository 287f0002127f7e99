//! What is shown of a log: a filter as it is typed, more of them stacked upon it, only errors.

use std::{collections::VecDeque, fmt, sync::Arc};

use super::LogsPane;
use crate::{
    app::{Action, field::Field},
    domain::log_query::{Query, QueryError, ServerPattern, server_pattern},
    tail::{Filter, Kind, Layer, View},
};

/// The most texts that a field can bring back.
const MAX_TYPED: usize = 100;

/// A filter that was kept.
#[derive(Clone, Debug, PartialEq)]
pub struct Kept {
    /// What it does.
    pub kind: Kind,
    /// What it looks for.
    pub query: Arc<Query>,
    /// Whether it is in force.
    pub on: bool,
}

/// What is being typed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Typing {
    /// The filter that is in force while it is typed.
    Live,
    /// One to be kept.
    New(Kind),
    /// The kept one of that number, anew.
    Kept(usize),
}

/// What is shown of a log.
#[derive(Debug, Default)]
pub struct Filters {
    /// The filter that is in force while it is typed, or what else is being typed.
    pub field: Field,
    /// What is being typed.
    pub typing: Option<Typing>,
    /// Why what is typed can't be understood. What was understood last stays in force.
    pub error: Option<QueryError>,
    /// The filters that were kept.
    pub kept: Vec<Kept>,
    /// Only errors.
    pub errors_only: bool,
    /// Whether the service is to be asked for what matches alone.
    pub on_server: bool,
    /// What the service was asked for by the follow under way.
    asked: Option<Asked>,
    live: Arc<Query>,
    /// What was understood last of a filter to be kept.
    draft: Option<Arc<Query>>,
    recall: Recall,
}

/// What the service was asked for. It may hold a secret: its `Debug` shows nothing of it.
#[derive(Clone, PartialEq, Eq)]
pub struct Asked(ServerPattern);

impl Asked {
    /// The filter pattern.
    pub fn pattern(&self) -> &str {
        &self.0.pattern
    }

    /// Whether it says less than the filters do, which leave out the rest here.
    pub fn is_wider(&self) -> bool {
        self.0.left > 0
    }
}

impl fmt::Debug for Asked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Asked({} bytes)", self.0.pattern.len())
    }
}

impl Filters {
    /// Whether the field takes what is typed.
    pub fn takes_text(&self) -> bool {
        self.typing.is_some()
    }

    /// The filter that is in force while it is typed.
    pub fn live(&self) -> &Query {
        &self.live
    }

    /// The filter pattern that the service was asked with, where it was.
    pub(in crate::app) fn asked_pattern(&self) -> Option<String> {
        self.asked().map(|asked| asked.pattern().to_owned())
    }

    /// What the service was asked for by the follow under way, where that is not all.
    pub fn asked(&self) -> Option<&Asked> {
        self.asked.as_ref()
    }

    /// Whether the service was asked for something else than what the filters are now.
    pub fn is_asked_otherwise(&self) -> bool {
        let wanted = self.wanted().ok();
        self.asked
            .as_ref()
            .is_some_and(|asked| wanted.is_none_or(|wanted| wanted.pattern() != asked.pattern()))
    }

    /// Whether a filter is in force that hides rows, beside [`Filters::errors_only`].
    pub fn is_hiding(&self) -> bool {
        self.layers().any(|layer| layer.kind != Kind::Highlight && !layer.query.is_empty())
    }

    /// Begins to type.
    pub(in crate::app) fn open(&mut self, typing: Typing) {
        self.leave_field();
        match typing {
            Typing::Live => {}
            Typing::New(_) => self.field.set(""),
            Typing::Kept(number) => match self.kept.get(number) {
                Some(kept) => self.field.set(kept.query.text()),
                None => return,
            },
        }
        self.typing = Some(typing);
        self.recall = Recall::default();
    }

    /// Leaves the field; what was understood of the live filter stays in force, of another one nothing is kept.
    pub(in crate::app) fn leave_field(&mut self) {
        self.typing = None;
        self.error = None;
        self.draft = None;
        if self.field.text() != self.live.text() {
            self.field.set(self.live.text());
        }
    }

    /// Drops what was typed.
    pub(in crate::app) fn drop_typed(&mut self) {
        if self.typing == Some(Typing::Live) {
            self.live = Arc::default();
        }
        self.leave_field();
    }

    /// Drops the live filter.
    pub(in crate::app) fn drop_live(&mut self) {
        self.live = Arc::default();
        self.leave_field();
    }

    /// Keeps what was typed and leaves the field; where it can't be understood nothing happens. Answers whether it was
    /// kept.
    pub(in crate::app) fn accept(&mut self) -> bool {
        if self.error.is_some() {
            return false;
        }
        match (self.typing, self.draft.take().filter(|query| !query.is_empty())) {
            (Some(Typing::New(kind)), Some(query)) => {
                match self.kept.iter_mut().find(|kept| kept.kind == kind && kept.query == query) {
                    Some(same) => same.on = true,
                    None => self.kept.push(Kept { kind, query, on: true }),
                }
            }
            (Some(Typing::Kept(number)), Some(query)) => {
                if let Some(kept) = self.kept.get_mut(number) {
                    *kept = Kept { query, on: true, ..*kept };
                }
            }
            // All of it was deleted, or it was not touched.
            (Some(Typing::Kept(number)), None) if self.field.text().trim().is_empty() => self.remove(number),
            _ => {}
        }
        self.leave_field();
        true
    }

    /// Removes a filter that was kept.
    pub(in crate::app) fn remove(&mut self, number: usize) {
        if number < self.kept.len() {
            self.kept.remove(number);
        }
    }

    /// Takes what is in the field into force, where it can be understood.
    pub(in crate::app) fn understand(&mut self) {
        match Query::parse(self.field.text()) {
            Ok(query) => {
                let place = match self.typing {
                    Some(Typing::New(_) | Typing::Kept(_)) => self.draft.get_or_insert_default(),
                    Some(Typing::Live) | None => &mut self.live,
                };
                *place = Arc::new(query);
                self.error = None;
            }
            Err(error) => self.error = Some(error),
        }
    }

    /// Brings back what was typed before, or (`newer`) after that. Answers whether the text changed.
    pub(in crate::app) fn recall(&mut self, typed: &Typed, newer: bool) -> bool {
        let Some(text) = self.recall.step(typed, self.field.text(), newer) else { return false };
        self.field.set(&text);
        true
    }

    /// The layers in force, with what is being typed.
    fn layers(&self) -> impl Iterator<Item = Layer> {
        let draft = self.draft.as_ref();
        let kept = self.kept.iter().enumerate().filter_map(move |(number, kept)| {
            let edited = draft.filter(|_| self.typing == Some(Typing::Kept(number)));
            let query = Arc::clone(edited.unwrap_or(&kept.query));
            (kept.on || edited.is_some()).then_some(Layer { kind: kept.kind, query })
        });
        let new = match (self.typing, draft) {
            (Some(Typing::New(kind)), Some(query)) => Some(Layer { kind, query: Arc::clone(query) }),
            _ => None,
        };
        kept.chain([Layer { kind: Kind::Include, query: Arc::clone(&self.live) }]).chain(new)
    }

    /// What is in force.
    pub(in crate::app) fn filter(&self) -> Filter {
        Filter::new(self.layers()).errors_only(self.errors_only)
    }

    /// What the service can be asked for.
    ///
    /// # Errors
    /// Why it can't be asked for any of it.
    fn wanted(&self) -> Result<Asked, String> {
        let layers: Vec<Layer> = self.layers().filter(|layer| layer.kind != Kind::Highlight).collect();
        let queries = layers.iter().filter(|layer| !layer.query.is_empty());
        let mut wanted = server_pattern(queries.map(|layer| (layer.kind == Kind::Include, &*layer.query)))?;
        wanted.left += usize::from(self.errors_only);
        Ok(Asked(wanted))
    }

    /// Chooses whether the service is asked for what matches alone: for that, for what matches now, or for all again.
    ///
    /// # Errors
    /// Why it can't be asked for that.
    pub(in crate::app) fn choose_server(&mut self) -> Result<(), String> {
        let wanted = self.wanted();
        self.on_server = match (&self.asked, wanted) {
            (Some(asked), Ok(wanted)) => wanted.pattern() != asked.pattern(),
            (Some(_), Err(_)) => false,
            (None, wanted) => wanted.map(|_| true)?,
        };
        Ok(())
    }

    /// What the service is asked for by a follow that begins, where that was chosen: never by one of `all` rows, as that
    /// of one request is.
    pub(in crate::app) fn ask_service(&mut self, all: bool) -> Option<String> {
        self.asked = if self.on_server && !all { self.wanted().ok() } else { None };
        self.asked.as_ref().map(|asked| asked.pattern().to_owned())
    }
}

/// What was typed into the field of a log's filters in this run, oldest first. It may hold secrets: its `Debug` shows
/// how many there are.
#[derive(Default)]
pub struct Typed(VecDeque<String>);

impl fmt::Debug for Typed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Typed({})", self.0.len())
    }
}

impl Typed {
    /// Notes what was typed, as the newest.
    pub(in crate::app) fn note(&mut self, text: &str) {
        let text = text.trim();
        if text.is_empty() {
            return;
        }
        self.0.retain(|before| before != text);
        self.0.push_back(text.to_owned());
        if self.0.len() > MAX_TYPED {
            self.0.pop_front();
        }
    }
}

/// Where one is in what was typed before.
#[derive(Default)]
struct Recall {
    /// How far back, and what stood in the field before.
    at: Option<(usize, String)>,
}

impl fmt::Debug for Recall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Recall({:?})", self.at.as_ref().map(|(back, _)| back))
    }
}

impl Recall {
    fn step(&mut self, typed: &Typed, now: &str, newer: bool) -> Option<String> {
        let (back, before) = match (self.at.take(), newer) {
            (None, true) => return None,
            (None, false) => (1, now.to_owned()),
            (Some((back, before)), true) => (back - 1, before),
            (Some((back, before)), false) => ((back + 1).min(typed.0.len()), before),
        };
        if back == 0 {
            return Some(before);
        }
        let text = typed.0.len().checked_sub(back).and_then(|at| typed.0.get(at))?.clone();
        self.at = Some((back, before));
        Some(text)
    }
}

impl LogsPane {
    /// The one request whose lines are shown: the one that is looked at, or the one that a filter names.
    pub(super) fn wanted_request(&self) -> Option<String> {
        let looked_at = self.request.as_ref().and_then(|request| request.id.clone());
        looked_at.or_else(|| self.filters.filter().request_id().map(str::to_owned))
    }

    /// Takes the filters into force, on the rows of the request that is wanted or on all.
    pub(super) fn take_filters(&mut self) {
        if self.view.request() == self.wanted_request().as_deref() {
            self.view.refilter(self.wanted());
        } else {
            self.view = self.new_view();
        }
    }

    /// A view that has looked at no row yet, of the request that is wanted or of all.
    pub(super) fn new_view(&self) -> View {
        let filter = self.wanted();
        match self.wanted_request() {
            Some(id) => View::of_request(&self.store, filter, &id),
            None => View::new(&self.store, filter),
        }
    }

    /// How many rows of the screen tell what is shown: the filters, and what the service is asked for.
    pub fn filter_rows(&self) -> u16 {
        let filters = &self.filters;
        let any = filters.takes_text() || !filters.kept.is_empty() || !filters.live.is_empty();
        u16::from(any) + u16::from(filters.asked.is_some())
    }

    /// The lines have more or fewer rows of the screen: the selected one stays on it.
    pub(in crate::app) fn resize(&mut self, height: usize) {
        self.restore(self.place(), height);
    }

    /// Handles a key of the field. Answers whether the text changed; none where it is not the field's affair.
    pub(in crate::app) fn type_filter(&mut self, action: &Action, typed: &mut Typed) -> Option<bool> {
        let filters = &mut self.filters;
        let changed = match action {
            Action::Open => {
                let (text, was_live) =
                    (filters.field.text().to_owned(), filters.typing == Some(Typing::Live));
                let accepted = filters.accept();
                if accepted {
                    typed.note(&text);
                }
                return Some(accepted && !was_live);
            }
            Action::Back => {
                filters.drop_typed();
                return Some(true);
            }
            Action::Up | Action::Down => filters.recall(typed, *action == Action::Down),
            Action::Clear => {
                filters.field.set("");
                true
            }
            Action::Text(input) => filters.field.input(input.clone()),
            Action::Paste(text) => filters.field.paste(text.reveal()),
            _ => return None,
        };
        if changed {
            filters.understand();
        }
        Some(changed)
    }
}
