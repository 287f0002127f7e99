//! The log groups that are followed together: what they are called, which of them are shown, how finding them goes.

pub mod labels;

use std::collections::VecDeque;

use jiff::Timestamp;

use super::LogsPane;
use crate::{
    app::{
        Screen, Ticket,
        layout::{self, Size},
    },
    cloud,
    domain::{
        function::{FUNCTION_GROUPS, Summary},
        log_sources::{SourceQuery, Wanted, slow_reading},
    },
    tail::{Arrival, GapKind, State, Status, Transport},
};

/// Colours that sources have.
pub const COLOURS: usize = 6;

/// Log groups that are followed at once at most: they share the requests of one account and region.
pub const MAX_SOURCES: usize = 100;

/// Rows of the list of log groups that are not one of them: the heading, and below them what there is to say.
pub const HEAD: u16 = 1;
/// See [`HEAD`].
pub const FOOT: u16 = 3;

/// A log group that is followed, and what it is called.
#[derive(Clone, Debug, PartialEq)]
pub struct Source {
    /// Log group.
    pub group: String,
    /// The function whose log group it is; none where it was given by hand.
    pub function: Option<String>,
    /// More functions that write to it, as far as they were asked for.
    pub sharing: Vec<String>,
    /// What stands before its rows where there are several.
    pub label: String,
    /// Which of the [`COLOURS`] it has. The group's name has one of its own; where another source has that already it
    /// is the next that is free. It never changes while the source is followed.
    pub colour: usize,
    /// Its rows are read, and not shown.
    pub muted: bool,
    /// How it is doing.
    pub status: Option<Status>,
    /// Whether all of its history is there.
    pub history_done: bool,
    minute: Minute,
}

impl Source {
    /// A function's log group.
    pub fn of_function(function: &str, group: String) -> Self {
        Self { function: Some(function.to_owned()), label: function.to_owned(), ..Self::of_group(group) }
    }

    /// A log group.
    pub fn of_group(group: String) -> Self {
        let label = group.strip_prefix(FUNCTION_GROUPS).unwrap_or(&group).to_owned();
        let hash = group.bytes().fold(0, |hash: usize, byte| hash.wrapping_mul(31) ^ usize::from(byte));
        Self {
            colour: hash % COLOURS,
            function: None,
            sharing: Vec::new(),
            label,
            group,
            muted: false,
            status: None,
            history_done: false,
            minute: Minute::default(),
        }
    }

    /// As it is before anything of it was read.
    fn anew(self) -> Self {
        Self { status: None, history_done: false, minute: Minute::default(), ..self }
    }

    /// The functions that write to it, else its name.
    pub fn name(&self) -> String {
        let Some(function) = &self.function else {
            return self.group.strip_prefix(FUNCTION_GROUPS).unwrap_or(&self.group).to_owned();
        };
        let functions: Vec<&str> =
            std::iter::once(function).chain(&self.sharing).map(String::as_str).collect();
        functions.join(" + ")
    }

    /// How it is doing, in a word or two.
    pub fn state_word(&self) -> &'static str {
        let Some(status) = &self.status else { return "reading" };
        match status.state {
            State::CatchingUp => "reading",
            State::Live if status.transport == Transport::Insights => "not live",
            State::Live => "live",
            State::Waiting => "waiting",
            State::Throttled { .. } => "throttled",
            State::Offline { .. } => "offline",
            State::Credentials { .. } => "no credentials",
            State::Denied { .. } => "denied",
            State::Unsupported { .. } => "not followed",
            State::Failed { .. } => "failed",
        }
    }

    /// Events that were told so far.
    pub fn events(&self) -> u64 {
        self.status.as_ref().map_or(0, |status| status.events)
    }

    /// Events that happened in the minute before now.
    pub fn per_minute(&self, now: Timestamp) -> u64 {
        self.minute.count(now.as_second())
    }
}

/// The events of the newest minute there was, counted by the second in which they happened; oldest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Minute(VecDeque<(i64, u64)>);

impl Minute {
    const SECONDS: i64 = 60;

    fn add(&mut self, second: i64) {
        let newest = self.0.back().map_or(second, |(newest, _)| *newest).max(second);
        if second <= newest - Self::SECONDS {
            return;
        }
        let at = self.0.partition_point(|(other, _)| *other < second);
        match self.0.get_mut(at) {
            Some((other, count)) if *other == second => *count += 1,
            _ => self.0.insert(at, (second, 1)),
        }
        while self.0.front().is_some_and(|(oldest, _)| *oldest <= newest - Self::SECONDS) {
            self.0.pop_front();
        }
    }

    fn count(&self, now: i64) -> u64 {
        self.0.iter().filter(|(second, _)| *second > now - Self::SECONDS).map(|(_, count)| count).sum()
    }
}

/// Sources of which nothing has been read yet, in a follow that begins.
pub(super) fn anew(sources: Vec<Source>) -> Vec<Source> {
    sources.into_iter().map(Source::anew).collect()
}

/// The function whose output goes to a log group, if it is known.
pub(in crate::app) fn of_group(group: String, functions: &[Summary]) -> Source {
    let is_its = |function: &&Summary| {
        function.custom_log_group.as_deref() == Some(&group)
            || function.custom_log_group.is_none()
                && group.strip_prefix(FUNCTION_GROUPS) == Some(&function.name)
    };
    let mut writers = functions.iter().filter(is_its);
    match (writers.next(), writers.next()) {
        (Some(only), None) => Source::of_function(&only.name.clone(), group),
        _ => Source::of_group(group),
    }
}

/// Which log groups were asked for, and how far finding them is.
#[derive(Debug, Default)]
pub struct Finding {
    /// What was asked for; nothing where functions were marked.
    pub words: Vec<Wanted>,
    /// What waits for the list of functions.
    pub waiting: Vec<Wanted>,
    /// The search under way.
    pub ticket: Option<Ticket>,
    /// What it looks for.
    pub queries: Vec<SourceQuery>,
    /// Functions that it has looked at so far, and how many there are.
    pub looked: (usize, usize),
    /// Functions that could not be looked at.
    pub unread: usize,
    /// Log groups that it has found so far.
    pub found: usize,
    /// Why the last search failed.
    pub error: Option<cloud::Error>,
    /// Log groups that are meant and not followed, for there are too many.
    pub left_out: usize,
    /// Where one came from.
    pub(in crate::app) from: Screen,
    /// Log groups that are followed no more. What came of them is not shown.
    removed: Vec<String>,
}

impl Finding {
    /// What was asked for, as it is typed.
    pub fn asked(&self) -> String {
        let words: Vec<String> = self.words.iter().map(Wanted::to_string).collect();
        words.join(" ")
    }

    /// The same without plain names, which are what they are asked for as.
    pub fn rules(&self) -> String {
        let words = self.words.iter().filter(|word| !word.is_name());
        words.map(Wanted::to_string).collect::<Vec<_>>().join(" ")
    }

    /// How far it is, while more may still be found. `listed` counts the functions of the list that have come.
    pub fn progress(&self, listed: usize) -> Option<String> {
        if !self.waiting.is_empty() {
            return Some(format!("waiting for the list of functions, {listed} so far"));
        }
        self.ticket?;
        Some(match self.looked {
            (_, 0) => "looking for log groups".into(),
            (looked, all) => format!("tags of {looked} of {all} functions read"),
        })
    }

    /// Whether more may still be found.
    pub fn is_under_way(&self) -> bool {
        self.ticket.is_some() || !self.waiting.is_empty()
    }

    /// The same in a follow that begins: nothing of what was removed is there.
    pub(super) fn anew(&mut self) -> Self {
        Self { removed: Vec::new(), ..std::mem::take(self) }
    }
}

impl LogsPane {
    /// One that nothing is followed in, with the look of another.
    pub(in crate::app) fn like(other: &Self) -> Self {
        Self { wrap: other.wrap, times: other.times, histogram: other.histogram, ..Self::default() }
    }

    /// Takes in what was found. Answers the log groups that are new.
    pub(in crate::app) fn add_sources(&mut self, found: impl IntoIterator<Item = Source>) -> Vec<String> {
        let mut new = Vec::new();
        for mut source in found {
            if let Some(known) = self.sources.iter_mut().find(|known| known.group == source.group) {
                known.share(source);
                continue;
            }
            if self.sources.len() >= MAX_SOURCES {
                self.finding.left_out += 1;
                continue;
            }
            source.colour = self.free_colour(source.colour);
            new.push(source.group.clone());
            self.sources.push(source);
        }
        labels::arrange(&mut self.sources);
        self.history_done &= new.is_empty();
        new
    }

    /// The colour that the fewest have: the preferred one, or one after it.
    fn free_colour(&self, preferred: usize) -> usize {
        let used = |colour: usize| self.sources.iter().filter(|source| source.colour == colour).count();
        let from_preferred = (preferred..COLOURS).chain(0..preferred);
        from_preferred.min_by_key(|colour| used(*colour)).unwrap_or(preferred)
    }

    /// Whether one of these was followed before and is no more: then its rows are there already, and a new follow
    /// tells them once.
    pub(in crate::app) fn was_removed(&self, groups: &[String]) -> bool {
        groups.iter().any(|group| self.finding.removed.contains(group))
    }

    /// Follows a source no more.
    pub(in crate::app) fn remove_source(&mut self, at: usize) -> Option<String> {
        if at >= self.sources.len() {
            return None;
        }
        let Source { group, .. } = self.sources.remove(at);
        self.gaps.retain(|gap| gap.group != group);
        self.finding.removed.push(group.clone());
        labels::arrange(&mut self.sources);
        self.history_done = !self.sources.is_empty() && self.sources.iter().all(|source| source.history_done);
        Some(group)
    }

    /// Shows the rows of a source no more, or again.
    pub(in crate::app) fn mute(&mut self, at: usize) {
        if let Some(source) = self.sources.get_mut(at) {
            source.muted = !source.muted;
        }
    }

    /// Shows the rows of a source alone, or those of all.
    pub(in crate::app) fn solo(&mut self, at: usize) {
        let is_alone = self.sources.iter().enumerate().all(|(nth, source)| source.muted == (nth != at));
        for (nth, source) in self.sources.iter_mut().enumerate() {
            source.muted = !is_alone && nth != at;
        }
    }

    /// How many are muted.
    pub fn muted(&self) -> usize {
        self.sources.iter().filter(|source| source.muted).count()
    }

    /// The log groups whose rows are not shown.
    pub(super) fn hidden_groups(&self) -> Vec<String> {
        let muted = self.sources.iter().filter(|source| source.muted).map(|source| &source.group);
        muted.chain(&self.finding.removed).cloned().collect()
    }

    /// Counts what came.
    pub(super) fn count(&mut self, group: &str, batch: &[Arrival]) {
        if let Some(source) = self.source_mut(group) {
            for arrival in batch {
                source.minute.add(arrival.event.timestamp.div_euclid(1000));
            }
        }
    }

    /// How often each log group is read, in seconds, where that is slow; and how many requests a second there are.
    pub fn slowness(&self) -> Option<(u32, f64)> {
        let polled = |status: &&Status| matches!(status.transport, Transport::Polling);
        let polled = self.sources.iter().filter_map(|source| source.status.as_ref()).filter(polled);
        let (mut groups, mut budget) = (0, None);
        for status in polled {
            groups += usize::from(!matches!(
                status.state,
                State::Denied { .. } | State::Unsupported { .. } | State::Failed { .. }
            ));
            budget = budget.or(status.budget_per_s);
        }
        let budget = budget?;
        slow_reading(groups, budget).map(|seconds| (seconds, budget))
    }

    /// Whether a log group can't be read as it is written.
    pub fn is_not_live(&self, group: &str) -> bool {
        self.gaps.iter().any(|gap| gap.group == group && gap.kind == GapKind::NotLive)
    }

    /// Rows of the list of log groups that are on the screen.
    pub fn sources_height(size: Size) -> usize {
        usize::from(layout::page(size).text.rows.saturating_sub(HEAD + FOOT)).max(1)
    }
}

impl Source {
    /// Another function writes to it.
    fn share(&mut self, other: Self) {
        let known = |name: &String| self.function.as_ref() == Some(name) || self.sharing.contains(name);
        match other.function {
            Some(name) if known(&name) => {}
            Some(name) if self.function.is_none() => self.function = Some(name),
            Some(name) => self.sharing.push(name),
            None => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pane(groups: &[&str]) -> LogsPane {
        let mut pane = LogsPane::default();
        pane.add_sources(groups.iter().map(|group| Source::of_group((*group).to_owned())));
        pane
    }

    #[test]
    fn colours_stay_and_differ_as_long_as_there_are_some() {
        let groups: Vec<String> = (0..COLOURS * 2).map(|n| format!("/g/{}", n * 7)).collect();
        let names: Vec<&str> = groups.iter().map(String::as_str).collect();
        let mut pane = pane(&names);
        let colours: Vec<usize> = pane.sources.iter().map(|source| source.colour).collect();
        for half in colours.chunks(COLOURS) {
            let mut sorted = half.to_vec();
            sorted.sort_unstable();
            assert_eq!(sorted, (0..COLOURS).collect::<Vec<_>>());
        }
        pane.remove_source(0);
        pane.add_sources([Source::of_group("/another".into())]);
        let after: Vec<usize> = pane.sources.iter().map(|source| source.colour).collect();
        assert_eq!(after[..after.len() - 1], colours[1..]);
        assert_eq!(after[after.len() - 1], colours[0], "the one that is free");
    }

    #[test]
    fn functions_that_share_a_group_are_one_source() {
        let mut pane = LogsPane::default();
        let shared = |name: &str| Source::of_function(name, "/shared".into());
        assert_eq!(pane.add_sources([shared("api"), shared("worker"), shared("api")]), ["/shared"]);
        assert_eq!(pane.sources[0].name(), "api + worker");
        assert!(pane.add_sources([shared("cron")]).is_empty());
        assert_eq!(pane.sources[0].name(), "api + worker + cron");
    }

    #[test]
    fn no_more_are_followed_than_the_requests_are_enough_for() {
        let groups: Vec<String> = (0..120).map(|n| format!("/g/{n}")).collect();
        let pane = pane(&groups.iter().map(String::as_str).collect::<Vec<_>>());
        assert_eq!((pane.sources.len(), pane.finding.left_out), (MAX_SOURCES, 20));
    }

    #[test]
    fn one_alone_then_all_again() {
        let mut pane = pane(&["/a", "/b", "/c"]);
        pane.mute(0);
        pane.solo(1);
        assert_eq!(pane.hidden_groups(), ["/a", "/c"]);
        pane.solo(2);
        assert_eq!(pane.hidden_groups(), ["/a", "/b"]);
        pane.solo(2);
        assert_eq!(pane.muted(), 0);
        assert_eq!(pane.remove_source(1).as_deref(), Some("/b"));
        assert_eq!(pane.hidden_groups(), ["/b"]);
        assert!(pane.was_removed(&["/b".into()]) && !pane.was_removed(&["/a".into()]));
    }

    #[test]
    fn the_last_minute_is_counted_whatever_the_order() {
        let mut minute = Minute::default();
        for second in [100, 130, 99, 130, 159, 30, 99] {
            minute.add(second);
        }
        // 99 went as 159 came, and doesn't come back.
        assert_eq!(minute.count(159), 4);
        assert_eq!(minute.count(189), 3);
        assert_eq!(minute.count(190), 1);
        assert_eq!(minute.count(219), 0);
        assert!(minute.0.len() <= 60);
    }

    #[test]
    fn many_polled_groups_are_said_to_be_slow() {
        let mut pane = pane(&(0..20).map(|_| "/x").collect::<Vec<_>>());
        assert_eq!(pane.slowness(), None);
        pane.sources = (0..20).map(|n| Source::of_group(format!("/{n}"))).collect();
        for source in &mut pane.sources {
            source.status = Some(Status { budget_per_s: Some(2.0), ..Status::new(&*source.group) });
        }
        assert_eq!(pane.slowness(), Some((10, 2.0)));
        for source in &mut pane.sources[..10] {
            source.status.as_mut().unwrap().state = State::Denied { message: "no".into() };
        }
        assert_eq!(pane.slowness(), None);
    }
}
