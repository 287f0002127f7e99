//! Drafts: saved, kept while their function is not open, gone when their change is known to be done.

use crate::{
    app::{
        App, Effect, Screen,
        draft::Draft,
        function::environment::SavedOver,
        merging::{Merging, Subject},
        messages::Severity,
        overlay::Overlay,
    },
    domain::{
        change::{Change, Order},
        merge::Side,
        place::Place,
        settings::Settings,
        text::sanitise,
    },
};

impl App {
    /// The draft of a change that is done has become what is there. A draft that was not sent moves on top of it.
    pub(super) fn forget_draft(&mut self, place: &Place, order: &Order, of_draft: bool) {
        if let Change::Environment { before, after } = &order.change {
            self.remember_saved_over(SavedOver {
                place: place.clone(),
                function: order.function.clone(),
                before: before.clone(),
                after: after.clone(),
            });
        }
        self.settings_saved(place, order);
        let in_view = self.place().is_some_and(|now| now.is_same(place));
        let view = self.function.as_mut().filter(|view| in_view && view.name == order.function);
        let stashed = self
            .stashed
            .iter_mut()
            .find(|stashed| stashed.function == order.function && stashed.place.is_same(place));
        let (environment, settings) = match (view, stashed) {
            (Some(view), _) => (&mut view.environment.draft, &mut view.configuration.draft),
            (None, Some(stashed)) => (&mut stashed.environment, &mut stashed.settings),
            (None, None) => return,
        };
        match &order.change {
            Change::Environment { after, .. } => landed(environment, after, of_draft),
            Change::Settings { after, .. } => landed(settings, after.as_map(), of_draft),
            _ => {}
        }
        self.stashed.retain(|stashed| stashed.environment.is_some() || stashed.settings.is_some());
    }

    /// Shows the diff of the environment's draft, merged with what somebody else did meanwhile.
    pub(super) fn save_environment(&mut self) -> Vec<Effect> {
        let Some(place) = self.place() else { return Vec::new() };
        let Some(view) = &mut self.function else { return Vec::new() };
        let Some(details) = &view.details.value else { return Vec::new() };
        let environment = details.configuration.environment.clone().unwrap_or_default();
        let revision_id = details.configuration.revision_id.clone();
        if let Some(error) = &environment.error {
            let text =
                format!("the values can't be read ({error}): saving would wipe them, so nothing is sent");
            self.say(Severity::Error, text);
            return Vec::new();
        }
        let Some(draft) = view.environment.draft.as_mut().filter(|draft| draft.is_changed()) else {
            self.say(Severity::Info, "nothing is changed");
            return Vec::new();
        };
        let function = view.name.clone();
        let warnings = match merged(draft, environment.variables, revision_id) {
            Ok(warnings) => warnings,
            Err((rows, theirs, revision_id)) => {
                let subject = Subject::Environment { rows, theirs };
                self.overlay =
                    Some(Overlay::Merge(Box::new(Merging::new(place, function, subject, revision_id))));
                return Vec::new();
            }
        };
        if let Err(problem) = crate::domain::name::check_environment(&draft.mine) {
            self.say(Severity::Error, problem.to_string());
            return Vec::new();
        }
        let change = Change::Environment { before: draft.base.clone(), after: draft.mine.clone() };
        let order = Order { function, revision_id: draft.revision_id.clone(), change };
        self.propose_with(order, warnings)
    }

    /// Shows the diff of the configuration's draft, merged with what somebody else did meanwhile.
    pub(super) fn save_settings(&mut self) -> Vec<Effect> {
        let Some(place) = self.place() else { return Vec::new() };
        let Some(view) = &mut self.function else { return Vec::new() };
        let Some(details) = &view.details.value else { return Vec::new() };
        let theirs = Settings::of(&details.configuration).as_map().clone();
        let revision_id = details.configuration.revision_id.clone();
        let Some(draft) = view.configuration.draft.as_mut().filter(|draft| draft.is_changed()) else {
            self.say(Severity::Info, "nothing is changed");
            return Vec::new();
        };
        let function = view.name.clone();
        let warnings = match merged(draft, theirs, revision_id) {
            Ok(warnings) => warnings,
            Err((rows, theirs, revision_id)) => {
                let subject = Subject::Settings { rows, theirs };
                self.overlay =
                    Some(Overlay::Merge(Box::new(Merging::new(place, function, subject, revision_id))));
                return Vec::new();
            }
        };
        let (before, after) = (Settings::from(draft.base.clone()), Settings::from(draft.mine.clone()));
        if let Err((setting, problem)) = after.check(&before) {
            self.say(Severity::Error, format!("{}: {}", setting.label(), sanitise(&problem)));
            return Vec::new();
        }
        let order = Order {
            function,
            revision_id: draft.revision_id.clone(),
            change: Change::Settings { before, after },
        };
        self.propose_with(order, warnings)
    }

    /// Somebody else was faster, and what they made of it is read by now.
    pub(super) fn merge_after(&mut self, order: &Order) -> Vec<Effect> {
        // Whoever is typing must not find a question below his fingers.
        let in_view = self.screen == Screen::Function
            && self.overlay.is_none()
            && !self.takes_text()
            && self.function.as_ref().is_some_and(|view| view.name == order.function);
        if !in_view {
            let text = format!(
                "{}: somebody else changed it meanwhile; your changes are kept: save them again from its tab",
                order.function
            );
            self.say(Severity::Warning, text);
            return Vec::new();
        }
        match order.change {
            Change::Environment { .. } => self.save_environment(),
            _ => self.save_settings(),
        }
    }

    /// Puts the edits of the function that is left aside, and takes those of the one that is opened.
    pub(super) fn stash_drafts(&mut self) {
        self.keep_what_is_typed();
        let Some(place) = self.place() else { return };
        let Some(view) = &mut self.function else { return };
        let environment = view.environment.draft.take().filter(Draft::is_changed);
        let settings = view.configuration.draft.take().filter(Draft::is_changed);
        let function = view.name.clone();
        self.stashed.retain(|stashed| stashed.function != function || !stashed.place.is_same(&place));
        if environment.is_some() || settings.is_some() {
            self.stashed.push(super::super::draft::Stashed { place, function, environment, settings });
        }
    }

    /// Takes up the edits of the function that is open, where there are some.
    pub(super) fn unstash_drafts(&mut self) {
        let Some(place) = self.place() else { return };
        let Some(view) = &mut self.function else { return };
        let found = self
            .stashed
            .iter()
            .position(|stashed| stashed.function == view.name && stashed.place.is_same(&place));
        if let Some(at) = found {
            let stashed = self.stashed.remove(at);
            view.environment.draft = stashed.environment;
            view.configuration.draft = stashed.settings;
        }
    }

    /// The functions whose edits are not saved.
    pub fn unsaved(&self) -> Vec<&str> {
        let view = self.function.as_ref().filter(|view| view.is_unsaved()).map(|view| view.name.as_str());
        view.into_iter().chain(self.stashed.iter().map(|stashed| stashed.function.as_str())).collect()
    }
}

/// A change is done. Where it was the draft's: what was typed since it was sent stays a draft, of what is there now.
/// Where it was another one: the draft's edits stay, and nothing of the change is among them.
fn landed<K: Ord + Clone, V: PartialEq + Clone>(
    draft: &mut Option<Draft<K, V>>,
    after: &std::collections::BTreeMap<K, V>,
    of_draft: bool,
) {
    match draft {
        Some(draft) if of_draft => draft.base.clone_from(after),
        Some(draft) => {
            let revision_id = draft.revision_id.clone();
            draft.rebase(after.clone(), revision_id, |_| Side::Mine);
        }
        None => {}
    }
    *draft = draft.take().filter(Draft::is_changed);
}

/// What collides, theirs, and its revision.
type Collision<K, V> =
    (Vec<crate::domain::merge::Row<K, V>>, std::collections::BTreeMap<K, V>, Option<String>);

/// Puts a draft on top of what is there now. Answers with what one should know of it, or, where both changed the same,
/// with what has to be decided.
fn merged<K: Ord + Clone, V: PartialEq + Clone>(
    draft: &mut Draft<K, V>,
    theirs: std::collections::BTreeMap<K, V>,
    revision_id: Option<String>,
) -> Result<Vec<String>, Collision<K, V>> {
    if theirs == draft.base {
        draft.revision_id = revision_id;
        return Ok(Vec::new());
    }
    let rows = draft.conflicts(&theirs);
    if rows.iter().any(|row| row.side().is_none()) {
        return Err((rows, theirs, revision_id));
    }
    let others = rows.iter().filter(|row| row.theirs != row.base && row.mine == row.base).count();
    draft.rebase(theirs, revision_id, |_| Side::Mine);
    let what = if others == 1 { "1 other change was" } else { &format!("{others} other changes were") };
    Ok(vec![format!("{what} made by somebody else meanwhile; nothing of it is undone")])
}
