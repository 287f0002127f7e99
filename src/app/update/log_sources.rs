//! The log groups that are followed together: those of marked functions, of a filter, a tag, a stack; added and muted
//! while they are followed.

use crate::{
    app::{
        Action, App, Effect, Screen, Ticket, command,
        function::Tab,
        list::Cursor,
        logs::{
            LogsPane,
            sources::{self, MAX_SOURCES, Source},
        },
        messages::Severity,
        overlay::Overlay,
        prompt::{self, Prompt},
    },
    cloud::{self, Budget},
    domain::{
        function::{Summary, default_log_group},
        log_sources::{Candidate, Found, Search, SourceQuery, Wanted},
    },
    tail::Control,
};

/// From this many functions on it is said how long reading their tags takes.
const MANY_FUNCTIONS: usize = 50;

impl App {
    /// The logs of the marked functions as one.
    pub(super) fn logs_of_marked(&mut self) -> Vec<Effect> {
        let marked = self.functions.marked();
        let sources = marked.iter().map(|name| {
            let group = self.functions.find(name).map(Summary::log_group);
            Source::of_function(name, group.unwrap_or_else(|| default_log_group(name)))
        });
        let sources: Vec<Source> = sources.collect();
        self.open_logs(Vec::new(), sources)
    }

    /// The logs of what was typed as one; where nothing was, the last ones again, or those of the marked functions.
    pub(super) fn logs_typed(&mut self, words: Vec<Wanted>) -> Vec<Effect> {
        if self.session.current.is_none() {
            self.say(Severity::Warning, "there is no connection yet");
            return Vec::new();
        }
        if !words.is_empty() {
            let mut effects = self.open_logs(words.clone(), Vec::new());
            effects.extend(self.want_sources(words));
            return effects;
        }
        if self.screen == Screen::Logs {
            return Vec::new();
        }
        if self.functions.marks().0 > 0 && self.logs.is_none() {
            return self.logs_of_marked();
        }
        let from = self.screen;
        if let Some(pane) = &mut self.logs {
            pane.finding.from = from;
            return self.enter_logs();
        }
        let text = "type which ones behind it: checkout-api team-a-* tag:team=a stack:NAME /aws/...";
        self.say(Severity::Info, text);
        Vec::new()
    }

    /// A new log of several groups.
    fn open_logs(&mut self, words: Vec<Wanted>, sources: Vec<Source>) -> Vec<Effect> {
        let mut effects: Vec<Effect> = self.leave_many_logs().into_iter().collect();
        let old = self.logs.take();
        if old.as_ref().is_some_and(|pane| pane.finding.ticket.is_some()) {
            // Nobody waits any more for what is still being looked for.
            effects.push(Effect::FindSources(self.ticket(), Box::default()));
        }
        let mut pane = old.as_ref().map_or_else(LogsPane::default, LogsPane::like);
        pane.finding.from = match old {
            Some(old) if self.screen == Screen::Logs => old.finding.from,
            _ => self.screen,
        };
        pane.finding.words = words;
        self.logs = Some(pane);
        effects.extend(self.enter_logs());
        effects.extend(self.add_sources(sources));
        effects
    }

    /// To the screen of several functions' logs.
    fn enter_logs(&mut self) -> Vec<Effect> {
        self.mask();
        let left = self.leave_logs();
        self.screen = Screen::Logs;
        left.into_iter().chain(self.begin_logs()).collect()
    }

    /// Begins to follow, unless that is under way or there is nothing to be followed.
    fn begin_logs(&mut self) -> Option<Effect> {
        let (now, ticket) = (self.now, self.ticket());
        let pane = self.logs.as_mut().filter(|pane| pane.ticket.is_none() && !pane.sources.is_empty())?;
        let sources = std::mem::take(&mut pane.sources);
        Some(pane.begin(ticket, sources, now))
    }

    /// Back to where one came from. What was found stays for the next time.
    pub(super) fn back_from_many_logs(&mut self) -> Vec<Effect> {
        let mut effects: Vec<Effect> = self.leave_many_logs().into_iter().collect();
        let from = self.logs.as_ref().map(|pane| pane.finding.from);
        self.screen = Screen::Functions;
        if let (Some(Screen::Function), Some(view)) = (from, &self.function) {
            self.screen = Screen::Function;
            if view.tab == Tab::Logs {
                effects.extend(self.follow());
            }
        }
        effects
    }

    /// Has what these words mean followed, as soon as the list of functions is there.
    fn want_sources(&mut self, words: Vec<Wanted>) -> Vec<Effect> {
        let list = &self.functions;
        let is_loading = list.pending.is_some() && list.loaded_at.is_none();
        let (waiting, known): (Vec<_>, Vec<_>) =
            words.into_iter().partition(|word| is_loading && word.is_of_functions());
        if let Some(pane) = &mut self.logs {
            pane.finding.waiting.extend(waiting);
        }
        self.resolve_sources(known)
    }

    /// The list of functions may be complete: what has waited for it goes on.
    pub(super) fn list_came(&mut self) -> Vec<Effect> {
        match &mut self.logs {
            Some(pane) if self.functions.pending.is_none() && !pane.finding.waiting.is_empty() => {
                let waiting = std::mem::take(&mut pane.finding.waiting);
                self.resolve_sources(waiting)
            }
            _ => Vec::new(),
        }
    }

    /// Finds what these words mean: in the list, or by asking.
    fn resolve_sources(&mut self, words: Vec<Wanted>) -> Vec<Effect> {
        let functions = self.functions.all();
        let is_listed = self.functions.loaded_at.is_some();
        let (mut found, mut queries, mut problems) = (Vec::new(), Vec::new(), Vec::new());
        for word in words {
            match word {
                Wanted::Functions(name) => {
                    let mut meant: Vec<&Summary> =
                        functions.iter().filter(|function| name.matches(&function.name)).collect();
                    meant.sort_by(|a, b| a.name.cmp(&b.name));
                    match (meant.is_empty(), is_listed, name.is_name(), name.text()) {
                        (false, ..) => found
                            .extend(meant.iter().map(|one| Source::of_function(&one.name, one.log_group()))),
                        // Whoever may not list functions can still have the usual group.
                        (_, false, true, name) => {
                            found.push(Source::of_function(name, default_log_group(name)));
                        }
                        (_, false, false, _) => problems.push(unlisted(name.text())),
                        (_, true, true, name) => problems.push(format!(
                            "there is no function {name}; of a deleted one take {}",
                            default_log_group(name)
                        )),
                        (_, true, false, name) => problems.push(format!("no function fits {name}")),
                    }
                }
                Wanted::Group(name) => found.push(sources::of_group(name, functions)),
                Wanted::Asked(query) if query.is_of_functions() && functions.is_empty() => {
                    problems.push(if is_listed {
                        "there are no functions".into()
                    } else {
                        unlisted(&query.to_string())
                    });
                }
                Wanted::Asked(query) => queries.push(query),
            }
        }
        let mut effects = self.add_sources(found);
        effects.extend(self.find_sources(queries));
        if !problems.is_empty() {
            self.say(Severity::Warning, problems.join("; "));
        }
        effects
    }

    /// Follows these as well.
    fn add_sources(&mut self, found: Vec<Source>) -> Vec<Effect> {
        let Some(pane) = &mut self.logs else { return Vec::new() };
        let left_out = pane.finding.left_out;
        let new = pane.add_sources(found);
        let followed = pane.ticket;
        // What is there of one that was removed would be told again, and so would all of a time that has ended.
        let anew = pane.was_removed(&new) || pane.around.is_some_and(|around| around.until.is_some());
        // What is older and being read for the others now is read of these at once.
        let older = pane.older.window().or_else(|| pane.older.failed().map(|(window, _)| window));
        let since_ms = older.map_or(pane.begun(), |window| window.from).as_millisecond();
        if pane.finding.left_out > left_out {
            let text = format!(
                "{MAX_SOURCES} log groups are followed, {} more are not: ask for fewer",
                pane.finding.left_out
            );
            self.say(Severity::Warning, text);
        }
        if new.is_empty() || self.screen != Screen::Logs {
            return Vec::new();
        }
        match followed {
            Some(ticket) if !anew => {
                let add = |group| Effect::SteerLogs(ticket, Control::Add { group, since_ms });
                new.into_iter().map(add).collect()
            }
            _ => {
                let mut effects = self.logs.as_mut().map_or_else(Vec::new, LogsPane::stop);
                effects.extend(self.begin_logs());
                effects
            }
        }
    }

    /// Asks AWS. What is still being looked for is looked for together with it.
    fn find_sources(&mut self, queries: Vec<SourceQuery>) -> Option<Effect> {
        if queries.is_empty() {
            return None;
        }
        let ticket = self.ticket();
        let candidates = || {
            let candidate = |function: &Summary| Candidate {
                name: function.name.to_string(),
                arn: function.arn.to_string(),
                group: function.log_group(),
            };
            self.functions.all().iter().map(candidate).collect::<Vec<_>>()
        };
        let finding = &mut self.logs.as_mut()?.finding;
        if finding.ticket.is_none() {
            finding.queries.clear();
            finding.found = 0;
        }
        finding.queries.extend(queries);
        let is_of_functions = finding.queries.iter().any(SourceQuery::is_of_functions);
        let mut functions = if is_of_functions { candidates() } else { Vec::new() };
        functions.sort_by(|a, b| a.name.cmp(&b.name));
        finding.ticket = Some(ticket);
        finding.looked = (0, functions.len());
        finding.unread = 0;
        finding.error = None;
        let search = Search { queries: finding.queries.clone(), functions };
        let count = search.functions.len();
        let is_aws = self.session.current.as_ref().is_some_and(|current| current.endpoint.is_none());
        if count >= MANY_FUNCTIONS && is_aws {
            let text = format!(
                "reading the tags of {count} functions takes about {}; what is found is added as it comes",
                duration(count)
            );
            self.say(Severity::Info, text);
        }
        Some(Effect::FindSources(ticket, Box::new(search)))
    }

    /// Some of what was looked for has been found.
    pub(super) fn sources_found(
        &mut self,
        ticket: Ticket,
        result: Result<Found, cloud::Error>,
    ) -> Vec<Effect> {
        let Some(pane) = self.logs.as_mut().filter(|pane| pane.finding.ticket == Some(ticket)) else {
            return Vec::new();
        };
        let finding = &mut pane.finding;
        let found = match result {
            Ok(found) => found,
            Err(error) => {
                finding.ticket = None;
                finding.error = Some(error.clone());
                self.report(&error);
                return Vec::new();
            }
        };
        finding.looked.0 = found.looked;
        finding.unread = found.unread;
        finding.found += found.groups.len();
        let functions = self.functions.all();
        let groups: Vec<Source> = found
            .groups
            .into_iter()
            .map(|found| match found.function {
                Some(function) => Source::of_function(&function, found.group),
                None => sources::of_group(found.group, functions),
            })
            .collect();
        if found.last {
            finding.ticket = None;
            let (unread, nothing) = (finding.unread, finding.found == 0);
            let asked: Vec<String> = finding.queries.iter().map(SourceQuery::to_string).collect();
            if unread > 0 {
                let text =
                    format!("the tags of {unread} functions can't be read; that takes lambda:ListTags");
                self.say(Severity::Warning, text);
            } else if nothing {
                self.say(Severity::Warning, format!("nothing fits {}", asked.join(" ")));
            }
        }
        self.add_sources(groups)
    }

    /// The list of the log groups of the log on the screen.
    pub(super) fn open_log_sources(&mut self) -> Vec<Effect> {
        self.overlay = Some(Overlay::LogSources(Cursor::default()));
        Vec::new()
    }

    /// Handles a key in the list of log groups.
    pub(super) fn act_on_log_sources(&mut self, action: &Action) -> Vec<Effect> {
        let (list_height, height) = (LogsPane::sources_height(self.size), self.log_height());
        let count = self.log().map_or(0, |pane| pane.sources.len());
        let Some(Overlay::LogSources(cursor)) = &mut self.overlay else { return Vec::new() };
        if cursor.handle(action, count, list_height) {
            return Vec::new();
        }
        let at = cursor.at;
        match action {
            Action::Back | Action::Quit => self.overlay = None,
            Action::Mark | Action::Solo => {
                if let Some(pane) = self.log_mut() {
                    if *action == Action::Mark {
                        pane.mute(at);
                    } else {
                        pane.solo(at);
                    }
                    pane.refilter(height);
                }
            }
            Action::Add => {
                let rule = "names, team-a-*, tag:team=a, stack:NAME, /aws/...; several with blanks between";
                let prompt = Prompt::new("Add to this log", rule, "", prompt::Then::LogSources);
                self.lay_over(Overlay::Prompt(Box::new(prompt)));
            }
            Action::Delete => return self.remove_source(at),
            _ => {}
        }
        Vec::new()
    }

    fn remove_source(&mut self, at: usize) -> Vec<Effect> {
        if self.screen != Screen::Logs {
            self.say(Severity::Info, "it is this function's own log; + adds others to it");
            return Vec::new();
        }
        let (list_height, height) = (LogsPane::sources_height(self.size), self.log_height());
        let Some(pane) = &mut self.logs else { return Vec::new() };
        let Some(group) = pane.remove_source(at) else { return Vec::new() };
        pane.refilter(height);
        let left = pane.sources.len();
        let effects = if left == 0 {
            pane.stop()
        } else {
            pane.ticket.map(|ticket| Effect::SteerLogs(ticket, Control::Remove(group))).into_iter().collect()
        };
        if let Some(Overlay::LogSources(cursor)) = &mut self.overlay {
            cursor.go(at, left, list_height);
        }
        effects
    }

    /// What was typed is to be followed as well. A function's own log becomes one of several.
    ///
    /// # Errors
    /// What is wrong with what was typed.
    pub(super) fn log_sources_typed(&mut self, text: &str) -> Result<Vec<Effect>, String> {
        let words = command::wanted(text)?;
        if words.is_empty() {
            return Err("type a name, tag:KEY=VALUE, stack:NAME or /aws/...".into());
        }
        let mut effects = Vec::new();
        if self.screen == Screen::Function {
            let own = self.log().map(|pane| pane.sources.clone()).unwrap_or_default();
            effects = self.open_logs(Vec::new(), own);
        } else if let Some(pane) = &mut self.logs
            && !pane.finding.words.is_empty()
        {
            pane.finding.words.extend(words.clone());
        }
        effects.extend(self.want_sources(words));
        Ok(effects)
    }
}

fn unlisted(asked: &str) -> String {
    format!("{asked} can't be found: the list of functions could not be read")
}

/// How long reading the tags of so many functions takes.
fn duration(functions: usize) -> String {
    let seconds = f64::from(u32::try_from(functions).unwrap_or(u32::MAX)) / Budget::CONTROL_PLANE;
    if seconds < 90.0 { format!("{seconds:.0} s") } else { format!("{:.0} min", seconds / 60.0) }
}
