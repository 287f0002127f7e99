//! Edits that were not saved yet. They live in memory only, and are lost by nothing but the decision to drop them.

use std::collections::BTreeMap;

use crate::domain::{
    merge::{self, Row, Side},
    place::Place,
    secret::Secret,
    settings::Setting,
};

/// Edits of a map: the environment's variables or the configuration's settings.
#[derive(Clone, Debug, PartialEq)]
pub struct Draft<K, V> {
    /// What was read and is edited.
    pub base: BTreeMap<K, V>,
    /// What it is to become.
    pub mine: BTreeMap<K, V>,
    /// The revision that `base` was read at.
    pub revision_id: Option<String>,
}

/// Edits of the environment.
pub type EnvironmentDraft = Draft<String, Secret>;
/// Edits of the configuration.
pub type SettingsDraft = Draft<Setting, String>;

impl<K: Ord + Clone, V: PartialEq + Clone> Draft<K, V> {
    /// A draft in which nothing is changed yet.
    pub fn new(base: BTreeMap<K, V>, revision_id: Option<String>) -> Self {
        Self { mine: base.clone(), base, revision_id }
    }

    /// Whether anything differs from what was read.
    pub fn is_changed(&self) -> bool {
        self.base != self.mine
    }

    /// How many keys differ.
    pub fn changes(&self) -> usize {
        merge::rows(&self.base, &self.mine, &self.base).len()
    }

    /// Takes back what was done to one key. Answers whether anything was.
    pub fn revert(&mut self, key: &K) -> bool {
        if self.base.get(key) == self.mine.get(key) {
            return false;
        }
        match self.base.get(key) {
            Some(value) => _ = self.mine.insert(key.clone(), value.clone()),
            None => _ = self.mine.remove(key),
        }
        true
    }

    /// What I and somebody else changed since `base`.
    pub fn conflicts(&self, theirs: &BTreeMap<K, V>) -> Vec<Row<K, V>> {
        merge::rows(&self.base, &self.mine, theirs)
    }

    /// The same edits on top of what somebody else has made of it. `choose` says whose word counts where both changed a
    /// key.
    pub fn rebase(
        &mut self,
        theirs: BTreeMap<K, V>,
        revision_id: Option<String>,
        choose: impl FnMut(&K) -> Side,
    ) {
        let rows = self.conflicts(&theirs);
        self.mine = merge::merge(&theirs, &rows, choose);
        self.base = theirs;
        self.revision_id = revision_id;
    }
}

/// The edits of a function that is not open now.
#[derive(Clone, Debug, PartialEq)]
pub struct Stashed {
    /// Account, region, endpoint.
    pub place: Place,
    /// Function name.
    pub function: String,
    /// Edits of its environment.
    pub environment: Option<EnvironmentDraft>,
    /// Edits of its configuration.
    pub settings: Option<SettingsDraft>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(pairs: &[(&str, &str)]) -> BTreeMap<String, Secret> {
        pairs.iter().map(|(key, value)| ((*key).to_owned(), Secret::new(*value))).collect()
    }

    #[test]
    fn a_draft_counts_and_takes_back() {
        let mut draft = Draft::new(map(&[("A1", "1"), ("B1", "2")]), Some("r1".into()));
        assert!(!draft.is_changed());
        draft.mine.remove("A1");
        draft.mine.insert("C1".into(), "3".into());
        assert_eq!(draft.changes(), 2);
        assert!(draft.revert(&"A1".into()) && draft.revert(&"C1".into()));
        assert!(!draft.revert(&"B1".into()));
        assert!(!draft.is_changed());
    }

    #[test]
    fn edits_move_on_top_of_what_others_did() {
        let mut draft = Draft::new(map(&[("A1", "1"), ("B1", "2")]), Some("r1".into()));
        draft.mine.insert("A1".into(), "mine".into());
        draft.rebase(map(&[("A1", "1"), ("B1", "theirs")]), Some("r2".into()), |_| Side::Mine);
        assert_eq!(draft.mine, map(&[("A1", "mine"), ("B1", "theirs")]));
        assert_eq!((draft.changes(), draft.revision_id.as_deref()), (1, Some("r2")));
    }
}
