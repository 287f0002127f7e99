//! Base, mine and theirs: what collides is decided row by row, then the diff of what comes of it is shown.

use super::super::{
    Action, App, Effect,
    draft::Draft,
    layout,
    merging::{Merging, Subject},
    messages::Severity,
    overlay::Overlay,
};
use crate::domain::merge::Side;

impl App {
    pub(super) fn act_on_merge(&mut self, action: &Action) -> Vec<Effect> {
        // The first line is a heading.
        let height = usize::from(layout::merge(self.size).rows.rows).saturating_sub(1);
        let now = self.now;
        let Some(Overlay::Merge(merging)) = &mut self.overlay else { return Vec::new() };
        if merging.cursor.handle(action, merging.subject.len(), height) {
            merging.revealed = None;
            return Vec::new();
        }
        match action {
            Action::Mine => merging.choose(Side::Mine),
            Action::Theirs => merging.choose(Side::Theirs),
            Action::Reveal => merging.reveal(now),
            Action::Save => return self.merge_decided(height),
            Action::Back | Action::Quit => {
                self.overlay = None;
                self.say(Severity::Info, "nothing was sent; your changes are kept, unsaved");
            }
            _ => {}
        }
        Vec::new()
    }

    /// Puts the draft on top of theirs and shows the diff, once all that collides is decided.
    fn merge_decided(&mut self, height: usize) -> Vec<Effect> {
        let same_place = |place: Option<_>, merging: &Merging| {
            place.is_some_and(|place: crate::domain::place::Place| place.is_same(&merging.place))
        };
        let place = self.place();
        let Some(Overlay::Merge(merging)) = &mut self.overlay else { return Vec::new() };
        if merging.go_to_undecided(height) {
            merging.incomplete = true;
            return Vec::new();
        }
        let Some(Overlay::Merge(merging)) = self.overlay.take() else { return Vec::new() };
        let here = same_place(place, &merging);
        let view = self.function.as_mut().filter(|view| here && view.name == merging.function);
        let Some(view) = view else {
            self.say(Severity::Error, "the session has changed meanwhile: nothing was sent");
            return Vec::new();
        };
        let sides = merging.sides();
        let Merging { subject, revision_id, .. } = *merging;
        match subject {
            Subject::Environment { rows, theirs } => {
                let draft = view.environment.draft.take();
                view.environment.draft = draft.map(|draft| {
                    rebased(draft, theirs, revision_id, |key| {
                        rows.iter().zip(&sides).find(|(row, _)| row.key == *key).map(|(_, side)| *side)
                    })
                });
                self.save_environment()
            }
            Subject::Settings { rows, theirs } => {
                let draft = view.configuration.draft.take();
                view.configuration.draft = draft.map(|draft| {
                    rebased(draft, theirs, revision_id, |key| {
                        rows.iter().zip(&sides).find(|(row, _)| row.key == *key).map(|(_, side)| *side)
                    })
                });
                self.save_settings()
            }
        }
    }
}

/// The draft on top of theirs. Nothing can be undecided here; if it were, theirs would stay.
fn rebased<K: Ord + Clone, V: PartialEq + Clone>(
    mut draft: Draft<K, V>,
    theirs: std::collections::BTreeMap<K, V>,
    revision_id: Option<String>,
    side: impl Fn(&K) -> Option<Side>,
) -> Draft<K, V> {
    draft.rebase(theirs, revision_id, |key| side(key).unwrap_or(Side::Theirs));
    draft
}
