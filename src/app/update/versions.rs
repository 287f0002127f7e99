//! Keys of the Versions tab, and of the weights of an alias.

use std::time::Duration;

use super::super::{
    Action, App, Effect, Remote, Ticket,
    compare::Comparing,
    function::{
        Tab,
        versions::{self, Ask, Pick, Section, Selected},
    },
    layout,
    list::Cursor,
    messages::Severity,
    overlay::{Item, Overlay, Picker, PickerKind},
    prompt::{Prompt, Then},
    review::Beside,
    weights::Weights,
};
use crate::{
    cloud,
    domain::{
        change::{Change, Order},
        compare::Side,
        format,
        function::Function,
        name::{FunctionRef, check_alias_name, check_description},
        release::{Alias, LATEST, Releases, short_hash},
        text::sanitise,
    },
};

impl App {
    /// To the versions or the aliases of the function that is open.
    pub(super) fn show_releases(&mut self, section: Section) -> Vec<Effect> {
        let there = self.function.as_ref().is_some_and(|view| view.tab == Tab::Versions);
        let known = self.function.as_ref().is_some_and(|view| view.versions.releases.value.is_some());
        // Whoever jumps within the tab reads nothing anew.
        let effects = if there && known { Vec::new() } else { self.show_tab(Tab::Versions) };
        let height = self.releases_height();
        if let Some(view) = &mut self.function {
            view.versions.jump_to(section, height);
        }
        effects
    }

    /// The same for the function that is selected in the list.
    pub(super) fn open_releases(&mut self, section: Section) -> Vec<Effect> {
        let effects = self.open_selected(Tab::Versions);
        let height = self.releases_height();
        // Without a selected function nothing was opened.
        if let Some(view) = self.function.as_mut().filter(|_| !effects.is_empty()) {
            view.versions.jump_to(section, height);
        }
        effects
    }

    /// The lines of the tab's list that are on the screen.
    fn releases_height(&self) -> usize {
        usize::from(versions::layout(layout::tab(self.size).content).list.rows)
    }

    /// Answers with nothing where the tab has no use for the action.
    pub(super) fn act_on_versions(&mut self, action: &Action) -> Option<Vec<Effect>> {
        if *action != Action::Rollback && self.drop_rollback(action) {
            return Some(Vec::new());
        }
        let height = self.releases_height();
        let view = self.function.as_mut()?;
        if view.versions.handle(action, height) {
            if view.versions.rows() > 0 {
                view.versions.jump = None;
            }
            return Some(Vec::new());
        }
        Some(match action {
            Action::Aliases => self.show_releases(Section::Aliases),
            Action::Versions => self.show_releases(Section::Versions),
            Action::Refresh => {
                let mut effects = self.read_function(Duration::ZERO);
                effects.extend(self.read_tab(Tab::Versions));
                effects
            }
            Action::Click(column, row) | Action::DoubleClick(column, row) => {
                let list = versions::layout(layout::tab(self.size).content).list;
                if !list.contains(*column, *row) {
                    return Some(Vec::new());
                }
                let found = view.versions.row_at(usize::from(*row - list.row), height);
                let Some(found) = found else { return Some(Vec::new()) };
                view.versions.jump = None;
                view.versions.select(found, height);
                match action {
                    Action::DoubleClick(..) => self.edit_release(),
                    _ => Vec::new(),
                }
            }
            Action::Edit => self.edit_release(),
            // Where nothing may be changed nobody types a thing to be told so at the end.
            Action::Add | Action::Publish | Action::Weights if !self.may_change() => Vec::new(),
            Action::Add => self.add_alias(),
            Action::Publish => self.ask_description(),
            Action::Weights => self.open_weights(),
            Action::Promote => self.promote(),
            Action::Rollback => self.roll_back(),
            Action::Delete => self.delete_release(),
            _ => return None,
        })
    }

    /// The function's name and its versions and aliases. Says why, where there are none.
    fn known_releases(&mut self) -> Option<(String, Releases)> {
        let view = self.function.as_ref()?;
        let releases = &view.versions.releases;
        if let Some(known) = &releases.value {
            return Some((view.name.clone(), known.clone()));
        }
        let (severity, text) = match &releases.error {
            Some(error) => (
                Severity::Error,
                format!("the versions are not known ({}); r reads them again", error.message),
            ),
            None => (Severity::Info, "the versions are still being read".to_owned()),
        };
        self.say(severity, text);
        None
    }

    /// The alias that is selected, or the only one there is.
    pub(super) fn chosen_alias(&mut self, doing: &str) -> Option<(String, Releases, Alias)> {
        let (function, releases) = self.known_releases()?;
        let selected = self.function.as_ref().and_then(|view| view.versions.selected());
        let alias = match (selected, releases.aliases.as_slice()) {
            (Some(Selected::Alias(alias)), _) => alias.clone(),
            (_, [only]) => only.clone(),
            (_, []) => {
                self.say(Severity::Info, format!("there is no alias to {doing}; + makes one of a version"));
                return None;
            }
            _ => {
                self.say(Severity::Info, format!("go to the alias to {doing} (a), then press the key again"));
                return None;
            }
        };
        Some((function, releases, alias))
    }

    /// What one should know where the versions could not be read again.
    fn stale_releases(&self) -> Option<String> {
        let releases = &self.function.as_ref()?.versions.releases;
        let (Some(_), Some(at)) = (&releases.error, releases.loaded_at) else { return None };
        let at = format::clock(at, &self.zone());
        Some(format!("the versions and aliases are those of {at}: they could not be read again since"))
    }

    pub(super) fn propose_alias(
        &mut self,
        function: String,
        releases: &Releases,
        before: Option<Alias>,
        after: Option<Alias>,
        mut beside: Beside,
    ) -> Vec<Effect> {
        let Some(name) = before.as_ref().or(after.as_ref()).map(|alias| alias.name.clone()) else {
            return Vec::new();
        };
        let new = |version: &str| before.as_ref().is_none_or(|before| !before.uses(version));
        if let Some(after) = &after {
            let targets = [Some(&after.version), after.additional.as_ref().map(|one| &one.version)];
            let facts: Vec<String> = targets
                .into_iter()
                .flatten()
                .filter(|version| new(version) || after.additional.is_none())
                .filter_map(|version| releases.version(version))
                .map(|version| self.told(releases, version))
                .collect();
            beside.facts.extend(facts);
            beside.warnings.extend(uneven(releases, after));
        }
        beside.warnings.extend(self.stale_releases());
        let revision_id = before.as_ref().and_then(|alias| alias.revision_id.clone());
        self.propose_beside(
            Order { function, revision_id, change: Change::Alias { name, before, after } },
            beside,
        )
    }

    /// A version in one line: `Version 7: changed 3d ago, python3.13, code 47DEQpj8, "first try"`.
    fn told(&self, releases: &Releases, version: &Function) -> String {
        let number = version.version.as_deref().unwrap_or_default();
        let name = if number == LATEST { number.to_owned() } else { format!("Version {number}") };
        let mut parts = vec![self.note_of(version)];
        if let Some(same) = releases.same_code(version) {
            parts.insert(0, format!("the code of {same}"));
        } else if let Some(hash) = &version.code_sha256 {
            parts.insert(0, format!("code {}", short_hash(hash)));
        }
        parts.retain(|part| !part.is_empty());
        format!("{name}: {}", parts.join(", "))
    }

    /// Age and description of a version.
    fn note_of(&self, version: &Function) -> String {
        let age = version.last_modified.as_deref().and_then(format::parse_last_modified);
        let age = age.map(|then| format::age(self.now, then));
        let description = version.description.as_deref().filter(|text| !text.is_empty());
        let description = description.map(|text| format!("\"{text}\""));
        [age, description].into_iter().flatten().collect::<Vec<_>>().join(", ")
    }

    /// Enter: an alias is pointed elsewhere, a version is compared.
    fn edit_release(&mut self) -> Vec<Effect> {
        let Some((function, releases)) = self.known_releases() else { return Vec::new() };
        let Some(view) = &self.function else { return Vec::new() };
        match view.versions.selected() {
            Some(Selected::Alias(alias)) => {
                let alias = alias.clone();
                if !self.may_change() {
                    return Vec::new();
                }
                let items = releases
                    .versions
                    .iter()
                    .filter_map(|version| {
                        let name = version.version.clone()?;
                        let now = if alias.version == name { "now; " } else { "" };
                        Some(Item { note: format!("{now}{}", self.note_of(version)), name })
                    })
                    .collect();
                let kind = PickerKind::Versions(Pick::Target(alias.name));
                self.overlay = Some(Overlay::Picker(Picker::new(kind, items)));
                Vec::new()
            }
            Some(Selected::Version(version)) => {
                let number = version.version.clone().unwrap_or_default();
                let newest = releases.newest().and_then(|newest| newest.version.clone());
                let older = if number == LATEST { newest } else { Some(number) };
                if let Some(older) = older {
                    self.compare_versions(&function, older)
                } else {
                    self.say(Severity::Info, "there is no version yet to compare $LATEST with");
                    Vec::new()
                }
            }
            None => Vec::new(),
        }
    }

    /// Opens the comparison of a version with `$LATEST`.
    fn compare_versions(&mut self, function: &str, version: String) -> Vec<Effect> {
        let side = |qualifier: String| Side {
            profile: None,
            region: None,
            function: FunctionRef { qualifier: Some(qualifier), ..FunctionRef::named(function) },
        };
        let sides = [side(version), side(LATEST.to_owned())];
        let ticket = self.ticket();
        let mut result = Remote::default();
        result.ask(ticket);
        self.overlay = Some(Overlay::Compare(Box::new(Comparing {
            sides: sides.clone(),
            result,
            differences_only: true,
            cursor: Cursor::default(),
        })));
        vec![Effect::Compare(ticket, Box::new(sides))]
    }

    fn add_alias(&mut self) -> Vec<Effect> {
        if self.known_releases().is_none() {
            return Vec::new();
        }
        let selected = self.function.as_ref().and_then(|view| view.versions.selected());
        let version = match selected {
            Some(Selected::Alias(alias)) => alias.version.clone(),
            Some(Selected::Version(version)) => version.version.clone().unwrap_or_default(),
            None => return Vec::new(),
        };
        self.overlay = Some(Overlay::Prompt(Box::new(Prompt::new(
            format!("Name of a new alias of {version}"),
            "letters, digits, - and _, at most 128, not digits only",
            "",
            Then::Versions(Ask::AliasName(version)),
        ))));
        Vec::new()
    }

    fn ask_description(&mut self) -> Vec<Effect> {
        if self.publishable().is_some() {
            self.overlay = Some(Overlay::Prompt(Box::new(Prompt::new(
                "Description of the new version",
                "at most 256 characters; empty: the one that $LATEST has",
                "",
                Then::Versions(Ask::Description),
            ))));
        }
        Vec::new()
    }

    /// The versions, where publishing would make a new one. Says why not, elsewhere.
    fn publishable(&mut self) -> Option<(String, Releases)> {
        let (function, releases) = self.known_releases()?;
        if releases.latest().is_none() {
            self.say(Severity::Error, "AWS did not list $LATEST; r reads the versions again");
            return None;
        }
        match releases.drift() {
            Some(drift) if drift.is_none() => {
                let text = format!(
                    "nothing has changed since version {}: AWS would make no new version, so nothing is proposed",
                    drift.version
                );
                self.say(Severity::Info, text);
                None
            }
            _ => Some((function, releases)),
        }
    }

    fn propose_publication(&mut self, description: &str) -> Vec<Effect> {
        let Some((function, releases)) = self.publishable() else { return Vec::new() };
        let Some(latest) = releases.latest() else { return Vec::new() };
        let mut beside = Beside::default();
        if let Some(drift) = releases.drift() {
            if drift.unreadable {
                let text = "the variables can't be read: whether they differ is not known";
                beside.warnings.push(text.into());
            }
            if drift.described {
                let text = format!(
                    "nothing but the description differs from version {}: AWS may answer with that version again",
                    drift.version
                );
                beside.warnings.push(text);
            } else {
                beside.more = Some((format!("Since version {}", drift.version), drift.lines));
            }
        } else {
            let hash = latest.code_sha256.as_deref().map(short_hash).unwrap_or_default();
            beside.facts.push(format!("It is the first version: code {hash}."));
        }
        beside.warnings.extend(self.stale_releases());
        if let Some(details) = self.function.as_ref().and_then(|view| view.details.value.as_ref())
            && details.configuration.state.is_settling()
        {
            beside
                .warnings
                .push("the function is still being updated: AWS refuses until that is done".into());
        }
        let change = Change::Publish {
            description: sanitise(description).into_owned(),
            code_sha256: latest.code_sha256.clone(),
        };
        self.propose_beside(Order { function, revision_id: latest.revision_id.clone(), change }, beside)
    }

    fn open_weights(&mut self) -> Vec<Effect> {
        let Some((function, releases, alias)) = self.chosen_alias("weigh") else { return Vec::new() };
        if alias.version == LATEST {
            let text = format!(
                "{} points to $LATEST, which shares with no version: point it to a version first (e)",
                alias.name
            );
            self.say(Severity::Warning, text);
            return Vec::new();
        }
        let others: Vec<(String, String)> = releases
            .published()
            .filter_map(|version| Some((version.version.clone()?, self.note_of(version))))
            .filter(|(version, _)| *version != alias.version)
            .collect();
        if others.is_empty() {
            let text = format!("there is no version besides {}: publish one first (p)", alias.version);
            self.say(Severity::Warning, text);
            return Vec::new();
        }
        let note = releases.version(&alias.version).map(|version| self.note_of(version)).unwrap_or_default();
        self.overlay = Some(Overlay::Weights(Box::new(Weights::new(function, alias, note, others))));
        Vec::new()
    }

    pub(super) fn act_on_weights(&mut self, action: &Action) -> Vec<Effect> {
        let Some(Overlay::Weights(weights)) = &mut self.overlay else { return Vec::new() };
        match action {
            Action::Back | Action::Quit => self.overlay = None,
            Action::Open => {
                let after = match weights.wanted() {
                    Ok(after) => after,
                    Err(problem) => {
                        weights.problem = Some(problem);
                        return Vec::new();
                    }
                };
                let (function, before) = (weights.function.clone(), weights.alias.clone());
                let Some((_, releases)) = self.known_releases() else { return Vec::new() };
                return self.propose_alias(function, &releases, Some(before), Some(after), Beside::default());
            }
            _ => weights.handle(action),
        }
        Vec::new()
    }

    fn promote(&mut self) -> Vec<Effect> {
        let Some((function, releases, alias)) = self.chosen_alias("promote") else { return Vec::new() };
        let Some(additional) = &alias.additional else {
            let text =
                format!("{} points to {} alone: there is nothing to promote", alias.name, alias.version);
            self.say(Severity::Info, text);
            return Vec::new();
        };
        let after = Alias { version: additional.version.clone(), additional: None, ..alias.clone() };
        self.propose_alias(function, &releases, Some(alias), Some(after), Beside::default())
    }

    fn delete_release(&mut self) -> Vec<Effect> {
        let Some((function, releases)) = self.known_releases() else { return Vec::new() };
        let Some(view) = &self.function else { return Vec::new() };
        match view.versions.selected() {
            Some(Selected::Alias(alias)) => {
                let alias = alias.clone();
                let mut warnings = vec![format!(
                    "whoever invokes {function}:{} gets an error from then on, triggers and URLs too",
                    alias.name
                )];
                if let Some(provisioned) = releases.provisioned_for(&alias.name) {
                    let text =
                        format!("its provisioned concurrency of {} goes with it", provisioned.requested);
                    warnings.push(text);
                }
                let beside = Beside { warnings, ..Beside::default() };
                self.propose_alias(function, &releases, Some(alias), None, beside)
            }
            Some(Selected::Version(version)) => {
                let number = version.version.clone().unwrap_or_default();
                let users = releases.users(&number);
                if number == LATEST {
                    self.say(Severity::Warning, "$LATEST can't be deleted: it is the function itself");
                    return Vec::new();
                }
                if !users.is_empty() {
                    let what = if users.len() == 1 { "alias" } else { "aliases" };
                    let text = format!(
                        "version {number} is used by the {what} {}: point elsewhere first",
                        users.join(", ")
                    );
                    self.say(Severity::Warning, text);
                    return Vec::new();
                }
                let mut beside = Beside { facts: vec![self.told(&releases, version)], ..Beside::default() };
                beside.warnings.push("a version that is deleted never comes back".into());
                beside.warnings.extend(self.stale_releases());
                let change = Change::DeleteVersion { version: number };
                self.propose_beside(Order { function, revision_id: None, change }, beside)
            }
            None => Vec::new(),
        }
    }

    /// A prompt of the tab was answered.
    pub(super) fn versions_asked(&mut self, ask: &Ask, text: &str) -> Result<Vec<Effect>, String> {
        match ask {
            Ask::Description => {
                check_description(text).map_err(|error| error.to_string())?;
                Ok(self.propose_publication(text))
            }
            Ask::AliasName(version) => {
                check_alias_name(text).map_err(|error| error.to_string())?;
                let Some((function, releases)) = self.known_releases() else { return Ok(Vec::new()) };
                if let Some(alias) = releases.alias(text) {
                    let target = alias.target();
                    return Err(format!(
                        "there is an alias of that name, it points to {target}; choose another"
                    ));
                }
                if releases.version(version).is_none() {
                    return Err(format!("version {version} does not exist any more"));
                }
                let after = Alias { name: text.to_owned(), version: version.clone(), ..Alias::default() };
                Ok(self.propose_alias(function, &releases, None, Some(after), Beside::default()))
            }
        }
    }

    /// A picker of the tab was answered.
    pub(super) fn versions_picked(&mut self, pick: &Pick, chosen: &str) -> Vec<Effect> {
        let Pick::Target(name) = pick;
        let Some((function, releases)) = self.known_releases() else { return Vec::new() };
        let Some(alias) = releases.alias(name).cloned() else {
            self.say(Severity::Warning, format!("the alias {name} does not exist any more"));
            return Vec::new();
        };
        let mut beside = Beside::default();
        if chosen == LATEST {
            let text = "$LATEST changes with every deployment: so does what the alias serves";
            beside.warnings.push(text.into());
        }
        let after = Alias { version: chosen.to_owned(), additional: None, ..alias.clone() };
        self.propose_alias(function, &releases, Some(alias), Some(after), beside)
    }

    pub(super) fn releases_read(
        &mut self,
        ticket: Ticket,
        result: Result<Box<Releases>, cloud::Error>,
    ) -> Vec<Effect> {
        if let Some(effects) = self.releases_observed(ticket, &result) {
            return effects;
        }
        let (now, height) = (self.now, self.releases_height());
        let Some(view) = &mut self.function else { return Vec::new() };
        let was = view.versions.key();
        if !view.versions.releases.receive(ticket, result.map(|releases| *releases), now) {
            return Vec::new();
        }
        view.versions.settle(was, height);
        if let Some(error) = view.versions.releases.error.clone() {
            self.report(&error);
        }
        self.awaited_rollback();
        self.fill_qualifiers();
        Vec::new()
    }
}

/// AWS shares an alias's invocations between versions of the same role and dead-letter queue only.
fn uneven(releases: &Releases, alias: &Alias) -> Option<String> {
    let (one, other) =
        (releases.version(&alias.version)?, releases.version(&alias.additional.as_ref()?.version)?);
    let what = match () {
        () if one.role != other.role => "execution roles",
        () if one.dead_letter_arn != other.dead_letter_arn => "dead-letter queues",
        () => return None,
    };
    let numbers = [one, other].map(|version| version.version.as_deref().unwrap_or_default());
    Some(format!("versions {} and {} have different {what}: AWS refuses that", numbers[0], numbers[1]))
}
