//! The list of functions: loading, filtering, sorting, and which rows' states are wanted.

pub mod filter;

use std::{cmp::Ordering, collections::HashSet};

use jiff::{Timestamp, ToSpan};

use self::filter::Filter;
use super::{Action, Effect, Ticket, field::Field, list::Cursor};
use crate::{
    cloud,
    domain::function::{Function, State, Summary},
};

/// The column the list is sorted by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Column {
    /// Function name.
    Name,
    /// Runtime.
    Runtime,
    /// Memory.
    Memory,
    /// Time-out.
    Timeout,
    /// Size of the code.
    Size,
    /// Last change, newest first.
    #[default]
    Modified,
}

impl Column {
    const ALL: [Self; 6] =
        [Self::Name, Self::Runtime, Self::Memory, Self::Timeout, Self::Size, Self::Modified];

    /// Its name in lower case.
    pub fn label(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::Runtime => "runtime",
            Self::Memory => "memory",
            Self::Timeout => "timeout",
            Self::Size => "size",
            Self::Modified => "modified",
        }
    }

    fn next(self) -> Self {
        let at = Self::ALL.iter().position(|column| *column == self).unwrap_or_default();
        Self::ALL[(at + 1) % Self::ALL.len()]
    }

    /// Names run from a to z, numbers and dates from the largest down.
    fn compare(self, a: &Summary, b: &Summary) -> Ordering {
        match self {
            Self::Name => a.name.cmp(&b.name),
            Self::Runtime => a.runtime.cmp(&b.runtime),
            Self::Memory => b.memory_mb.cmp(&a.memory_mb),
            Self::Timeout => b.timeout_s.cmp(&a.timeout_s),
            Self::Size => b.code_size.cmp(&a.code_size),
            Self::Modified => b.modified_ms.cmp(&a.modified_ms),
        }
        .then_with(|| a.name.cmp(&b.name))
    }
}

/// The list's part of the state.
#[derive(Debug)]
#[allow(clippy::struct_excessive_bools, reason = "each is a switch of its own")]
pub struct FunctionsPane {
    rows: Vec<Summary>,
    /// A refresh gathers here, so that the old rows stay until all new ones are there.
    incoming: Option<Vec<Summary>>,
    /// The request under way.
    pub pending: Option<Ticket>,
    /// Why the last attempt failed.
    pub error: Option<cloud::Error>,
    /// When the list was last read to its end.
    pub loaded_at: Option<Timestamp>,
    /// The filter as it is typed.
    pub filter: Field,
    /// Whether the filter is being typed.
    pub filter_focused: bool,
    /// The column it is sorted by.
    pub sort: Column,
    /// Whether the order is turned around.
    pub reversed: bool,
    /// Whether the preview is wanted where there is room.
    pub preview: bool,
    /// The selected row, counted in what the filter leaves.
    pub cursor: Cursor,
    /// Whether the user chose a row: then the cursor stays on its function when rows come and go.
    chosen: bool,
    shown: Vec<u32>,
    /// How many rows there were when `shown` was made.
    arranged: usize,
    /// The functions that are marked, whether the filter leaves them or not.
    marked: HashSet<Box<str>>,
    states_ticket: Option<Ticket>,
    states_wanted: HashSet<Box<str>>,
    states_failed: HashSet<Box<str>>,
    /// States that are shown until they are read again.
    states_stale: HashSet<Box<str>>,
    /// When states that are settling are read again.
    pub recheck_at: Option<Timestamp>,
}

impl Default for FunctionsPane {
    fn default() -> Self {
        Self {
            rows: Vec::new(),
            incoming: None,
            pending: None,
            error: None,
            loaded_at: None,
            filter: Field::default(),
            filter_focused: false,
            sort: Column::default(),
            reversed: false,
            preview: true,
            cursor: Cursor::default(),
            chosen: false,
            shown: Vec::new(),
            arranged: 0,
            marked: HashSet::new(),
            states_ticket: None,
            states_wanted: HashSet::new(),
            states_failed: HashSet::new(),
            states_stale: HashSet::new(),
            recheck_at: None,
        }
    }
}

impl FunctionsPane {
    /// An empty list that keeps how it is to be shown.
    pub(super) fn emptied(&self) -> Self {
        Self { sort: self.sort, reversed: self.reversed, preview: self.preview, ..Self::default() }
    }

    /// All functions that are known.
    pub fn total(&self) -> usize {
        self.rows.len()
    }

    /// All of them, in no order.
    pub fn all(&self) -> &[Summary] {
        &self.rows
    }

    /// How many functions the filter leaves.
    pub fn len(&self) -> usize {
        self.shown.len()
    }

    /// Whether the filter leaves none.
    pub fn is_empty(&self) -> bool {
        self.shown.is_empty()
    }

    /// How many functions a refresh has gathered so far.
    pub fn gathered(&self) -> Option<usize> {
        self.incoming.as_ref().map(Vec::len)
    }

    /// The function in a row of what the filter leaves.
    pub fn get(&self, row: usize) -> Option<&Summary> {
        self.rows.get(*self.shown.get(row)? as usize)
    }

    /// The selected function.
    pub fn selected(&self) -> Option<&Summary> {
        self.get(self.cursor.at)
    }

    /// A function by its name.
    pub fn find(&self, name: &str) -> Option<&Summary> {
        self.rows.iter().find(|function| &*function.name == name)
    }

    /// Whether a function is marked.
    pub fn is_marked(&self, name: &str) -> bool {
        self.marked.contains(name)
    }

    /// The marked functions in the list's order; those that the filter hides come last, by name.
    pub fn marked(&self) -> Vec<Box<str>> {
        let shown = (0..self.len()).filter_map(|row| self.get(row)).map(|row| &row.name);
        let mut marked: Vec<Box<str>> = shown.filter(|name| self.is_marked(name)).cloned().collect();
        let shown: HashSet<&str> = marked.iter().map(|name| &**name).collect();
        let mut hidden: Vec<Box<str>> =
            self.marked.iter().filter(|name| !shown.contains(&***name)).cloned().collect();
        hidden.sort_unstable();
        marked.extend(hidden);
        marked
    }

    /// How many are marked, and how many of them the filter hides.
    pub fn marks(&self) -> (usize, usize) {
        if self.marked.is_empty() {
            return (0, 0);
        }
        let shown = (0..self.len()).filter_map(|row| self.get(row));
        let seen = shown.filter(|row| self.is_marked(&row.name)).count();
        (self.marked.len(), self.marked.len() - seen)
    }

    fn mark(&mut self) {
        let Some(name) = self.selected().map(|function| function.name.clone()) else { return };
        // Whoever marks a row has chosen it: rows that come do not move the cursor to another.
        self.chosen = true;
        if !self.marked.remove(&name) {
            self.marked.insert(name);
        }
    }

    fn mark_all(&mut self) {
        let shown: Vec<Box<str>> =
            (0..self.len()).filter_map(|row| self.get(row)).map(|row| row.name.clone()).collect();
        if shown.iter().all(|name| self.is_marked(name)) {
            for name in &shown {
                self.marked.remove(name);
            }
        } else {
            self.marked.extend(shown);
        }
    }

    /// The list is going to be read again.
    pub(super) fn ask(&mut self, ticket: Ticket) {
        self.pending = Some(ticket);
        self.incoming = (!self.rows.is_empty()).then(Vec::new);
    }

    /// A page came.
    pub(super) fn receive(
        &mut self,
        ticket: Ticket,
        functions: Vec<Summary>,
        last: bool,
        now: Timestamp,
        height: usize,
    ) {
        if self.pending != Some(ticket) {
            return;
        }
        match &mut self.incoming {
            Some(incoming) => incoming.extend(functions),
            None => self.rows.extend(functions),
        }
        if last {
            self.pending = None;
            self.error = None;
            self.loaded_at = Some(now);
            if let Some(mut incoming) = self.incoming.take() {
                // States are read again for what is looked at; until then the old ones are better than none.
                let known: std::collections::HashMap<&str, &State> =
                    self.rows.iter().filter_map(|row| Some((&*row.name, row.state.as_ref()?))).collect();
                for row in &mut incoming {
                    if row.state.is_none() {
                        row.state = known.get(&*row.name).map(|state| (*state).clone());
                    }
                }
                self.states_failed.clear();
                self.states_stale.clear();
                self.states_wanted.clear();
                self.states_ticket = None;
                self.replace(incoming, height);
                return;
            }
        }
        self.arrange(height);
    }

    fn replace(&mut self, rows: Vec<Summary>, height: usize) {
        let selected = self.selected().map(|function| function.name.clone());
        self.rows = rows;
        self.rows.shrink_to_fit();
        if !self.marked.is_empty() {
            // A function that is gone is not marked any more.
            let there: HashSet<&str> = self.rows.iter().map(|row| &*row.name).collect();
            self.marked.retain(|name| there.contains(&**name));
        }
        self.arrange_around(selected.as_deref(), height);
    }

    /// The list could not be read to its end: what came stays, and the old rows stay.
    pub(super) fn failed(&mut self, ticket: Ticket, error: cloud::Error) -> bool {
        if self.pending != Some(ticket) {
            return false;
        }
        self.pending = None;
        self.incoming = None;
        self.error = Some(error);
        true
    }

    /// A state came.
    pub(super) fn receive_state(
        &mut self,
        ticket: Ticket,
        name: &str,
        result: Result<State, cloud::Error>,
        now: Timestamp,
    ) {
        if self.states_ticket != Some(ticket) {
            return;
        }
        self.states_wanted.remove(name);
        self.states_stale.remove(name);
        let row = self.rows.iter_mut().find(|row| &*row.name == name);
        if let Ok(state) = result {
            if state.is_settling() {
                self.recheck_at = self.recheck_at.or_else(|| now.checked_add(2.seconds()).ok());
            }
            if let Some(row) = row {
                row.state = Some(state);
            }
        } else {
            if let Some(row) = row {
                row.state = None;
            }
            self.states_failed.insert(name.into());
        }
    }

    /// A function is known as it is after a change: its row follows, and so does one that a refresh has gathered.
    pub(super) fn follow(&mut self, name: &str, configuration: &Function, now: Timestamp, height: usize) {
        let mut found = false;
        for row in self.rows.iter_mut().chain(self.incoming.iter_mut().flatten()) {
            if &*row.name == name {
                row.follow(configuration);
                found = true;
            }
        }
        if !found {
            return;
        }
        self.states_wanted.remove(name);
        self.states_stale.remove(name);
        self.states_failed.remove(name);
        if configuration.state.is_settling() {
            self.recheck_at = self.recheck_at.or_else(|| now.checked_add(2.seconds()).ok());
        }
        self.arrange(height);
    }

    /// Time has passed.
    pub(super) fn tick(&mut self, now: Timestamp) {
        if self.recheck_at.is_some_and(|at| at <= now) {
            self.recheck_at = None;
            let settling = self.rows.iter().filter(|row| row.state.as_ref().is_some_and(State::is_settling));
            self.states_stale.extend(settling.map(|row| row.name.clone()));
        }
    }

    /// Asks for the states of the visible rows that are not known and not asked for yet.
    pub(super) fn want_states(&mut self, height: usize, ticket: impl FnOnce() -> Ticket) -> Option<Effect> {
        // While pages come the rows on the screen change with each of them: what was asked for comes first.
        let moving = self.pending.is_some() && !self.chosen && self.filter.text().is_empty();
        if moving && !self.states_wanted.is_empty() {
            return None;
        }
        let missing: Vec<Box<str>> = self
            .cursor
            .visible(self.len(), height)
            .filter_map(|row| self.get(row))
            .filter(|function| function.state.is_none() || self.states_stale.contains(&function.name))
            .filter(|function| !self.states_failed.contains(&function.name))
            .map(|function| function.name.clone())
            .collect();
        if missing.iter().all(|name| self.states_wanted.contains(name)) {
            return None;
        }
        let ticket = ticket();
        self.states_ticket = Some(ticket);
        self.states_wanted = missing.iter().cloned().collect();
        Some(Effect::FetchStates(ticket, missing))
    }

    /// Whether a function's state is on its way.
    pub fn state_is_coming(&self, name: &str) -> bool {
        self.states_wanted.contains(name)
    }

    /// Filters and sorts again; the cursor stays on its function where one was chosen.
    pub(super) fn arrange(&mut self, height: usize) {
        let selected = self.selected().filter(|_| self.chosen).map(|function| function.name.clone());
        self.arrange_around(selected.as_deref(), height);
    }

    fn arrange_around(&mut self, selected: Option<&str>, height: usize) {
        let filter = Filter::parse(self.filter.text());
        let mut matcher = filter.matcher();
        // Where the last order has all rows, it is begun with: to sort what a page added to it takes one comparison for
        // each row, a sort from scratch a dozen.
        let mut order = std::mem::take(&mut self.shown);
        if order.len() != self.arranged || self.arranged > self.rows.len() {
            order.clear();
        }
        let known = order.len();
        order.extend((0u32..).take(self.rows.len()).skip(known));
        self.arranged = self.rows.len();
        let row = |index: u32| &self.rows[index as usize];
        let mut ranked: Vec<(u32, u32)> =
            order.iter().filter_map(|&index| Some((matcher.rank(row(index))?, index))).collect();
        ranked.sort_by(|&(rank_a, a), &(rank_b, b)| {
            let order = self.sort.compare(row(a), row(b));
            rank_b.cmp(&rank_a).then(if self.reversed { order.reverse() } else { order })
        });
        order.clear();
        order.extend(ranked.into_iter().map(|(_, index)| index));
        self.shown = order;
        let at = selected
            .filter(|_| self.chosen)
            .and_then(|name| self.shown.iter().position(|index| &*self.rows[*index as usize].name == name))
            .unwrap_or(if self.chosen { self.cursor.at } else { 0 });
        self.cursor.go(at, self.shown.len(), height);
    }

    /// Handles what concerns the list alone. Answers whether it did.
    pub(super) fn handle(&mut self, action: &Action, height: usize) -> bool {
        if self.filter_focused {
            return self.handle_filter(action, height);
        }
        if self.cursor.handle(action, self.len(), height) {
            self.chosen = true;
            return true;
        }
        match action {
            Action::Filter => self.filter_focused = true,
            Action::Sort => {
                self.sort = self.sort.next();
                self.reversed = false;
                self.arrange(height);
            }
            Action::ReverseSort => {
                self.reversed = !self.reversed;
                self.arrange(height);
            }
            Action::Preview => self.preview = !self.preview,
            Action::Mark => self.mark(),
            Action::MarkAll => self.mark_all(),
            Action::Back if !self.filter.text().is_empty() => {
                self.filter.set("");
                self.arrange(height);
            }
            _ => return false,
        }
        true
    }

    fn handle_filter(&mut self, action: &Action, height: usize) -> bool {
        match action {
            Action::Open => self.filter_focused = false,
            Action::Back => {
                self.filter_focused = false;
                self.filter.set("");
                self.arrange(height);
            }
            Action::Up | Action::Down | Action::PageUp | Action::PageDown => {
                self.cursor.handle(action, self.len(), height);
            }
            Action::Text(_) | Action::Paste(_) => {
                let changed = match action {
                    Action::Text(input) => self.filter.input(input.clone()),
                    Action::Paste(text) => self.filter.paste(text.reveal()),
                    _ => false,
                };
                if changed {
                    // A new filter starts at its best match.
                    self.chosen = false;
                    self.arrange(height);
                }
            }
            _ => return false,
        }
        true
    }

    /// Selects a row that was clicked.
    pub(super) fn click(&mut self, row: usize, height: usize) {
        if row < self.len() {
            self.chosen = true;
            self.cursor.go(row, self.len(), height);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn summary(number: usize) -> Summary {
        Summary {
            name: format!("f-{number:03}").into(),
            arn: "".into(),
            runtime: None,
            architecture: "x86_64".into(),
            memory_mb: 128,
            timeout_s: 3,
            code_size: 0,
            // Many share a moment: names decide then.
            modified_ms: i64::try_from(number % 7).ok(),
            description: "".into(),
            custom_log_group: None,
            state: None,
        }
    }

    fn in_order(pane: &FunctionsPane) -> bool {
        let rows: Vec<&Summary> = (0..pane.len()).filter_map(|row| pane.get(row)).collect();
        rows.len() == pane.len()
            && rows.is_sorted_by(|a, b| {
                let order = pane.sort.compare(a, b);
                (if pane.reversed { order.reverse() } else { order }) == Ordering::Less
            })
    }

    /// A list that grows by pages, is filtered, sorted and read again, is in order at each moment, whatever order it
    /// had before.
    #[test]
    fn pages_fall_into_place() {
        let mut pane = FunctionsPane::default();
        let ticket = Ticket::default();
        let rows_of =
            |nth: usize| (0..10).map(|row| summary((nth * 10 + row) * 37 % 100)).collect::<Vec<_>>();
        pane.ask(ticket);
        for nth in 0..10 {
            if nth == 4 {
                pane.filter.set("5");
            }
            if nth == 6 {
                assert_eq!(
                    pane.len(),
                    (0..60).filter(|row| (row * 37 % 100).to_string().contains('5')).count()
                );
                pane.filter.set("");
            }
            if nth == 8 {
                pane.handle(&Action::ReverseSort, 5);
            }
            pane.receive(ticket, rows_of(nth), nth == 9, Timestamp::UNIX_EPOCH, 5);
            assert!(nth == 4 || nth == 5 || pane.len() == (nth + 1) * 10, "{nth}");
            assert!(nth == 4 || nth == 5 || in_order(&pane), "{nth}");
        }
        pane.handle(&Action::Sort, 5);
        assert!(in_order(&pane) && pane.len() == 100);
        // Read again: fewer are left, and more than the list had at first.
        for pages in [3, 7] {
            pane.ask(ticket);
            for nth in 0..pages {
                pane.receive(ticket, rows_of(nth), nth + 1 == pages, Timestamp::UNIX_EPOCH, 5);
            }
            assert!(in_order(&pane) && pane.len() == pages * 10);
        }
    }
}
