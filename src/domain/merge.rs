//! Three versions of a map become one: what it was, what I made of it, what they made of it.

use std::collections::BTreeMap;

/// What became of one key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row<K, V> {
    /// The key.
    pub key: K,
    /// What it was.
    pub base: Option<V>,
    /// What I made of it; none: removed, or never there.
    pub mine: Option<V>,
    /// What they made of it.
    pub theirs: Option<V>,
}

/// Whose word counts for a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// Mine.
    Mine,
    /// Theirs.
    Theirs,
}

impl<K, V: PartialEq> Row<K, V> {
    /// Whose word counts where that is clear: whoever changed it; none where both did, and differently.
    #[must_use]
    pub fn side(&self) -> Option<Side> {
        if self.mine == self.theirs || self.mine == self.base {
            Some(Side::Theirs)
        } else if self.theirs == self.base {
            Some(Side::Mine)
        } else {
            None
        }
    }

    /// The value on one side.
    #[must_use]
    pub fn value(&self, side: Side) -> Option<&V> {
        match side {
            Side::Mine => self.mine.as_ref(),
            Side::Theirs => self.theirs.as_ref(),
        }
    }
}

/// Every key that anybody changed, in order.
#[must_use]
pub fn rows<K: Ord + Clone, V: PartialEq + Clone>(
    base: &BTreeMap<K, V>,
    mine: &BTreeMap<K, V>,
    theirs: &BTreeMap<K, V>,
) -> Vec<Row<K, V>> {
    let mut keys: Vec<&K> = base.keys().chain(mine.keys()).chain(theirs.keys()).collect();
    keys.sort_unstable();
    keys.dedup();
    keys.into_iter()
        .map(|key| Row {
            key: key.clone(),
            base: base.get(key).cloned(),
            mine: mine.get(key).cloned(),
            theirs: theirs.get(key).cloned(),
        })
        .filter(|row| row.mine != row.base || row.theirs != row.base)
        .collect()
}

/// Theirs with my changes in it; `choose` says whose word counts where both changed a key differently.
#[must_use]
pub fn merge<K: Ord + Clone, V: PartialEq + Clone>(
    theirs: &BTreeMap<K, V>,
    rows: &[Row<K, V>],
    mut choose: impl FnMut(&K) -> Side,
) -> BTreeMap<K, V> {
    let mut merged = theirs.clone();
    for row in rows {
        let side = row.side().unwrap_or_else(|| choose(&row.key));
        match row.value(side) {
            Some(value) => _ = merged.insert(row.key.clone(), value.clone()),
            None => _ = merged.remove(&row.key),
        }
    }
    merged
}

#[cfg(test)]
mod tests {
    use proptest::{collection::btree_map, prelude::*};

    use super::*;

    type Map = BTreeMap<u8, u8>;

    fn maps() -> impl Strategy<Value = (Map, Map, Map)> {
        let map = || btree_map(0..6_u8, 0..3_u8, 0..6);
        (map(), map(), map())
    }

    proptest! {
        #[test]
        fn nobodys_change_is_lost((base, mine, theirs) in maps()) {
            let rows = rows(&base, &mine, &theirs);
            let merged = merge(&theirs, &rows, |_| Side::Mine);
            for key in 0..6_u8 {
                let (b, m, t) = (base.get(&key), mine.get(&key), theirs.get(&key));
                let expected = if m == b { t } else { m };
                prop_assert_eq!(merged.get(&key), expected);
                let collides = m != b && t != b && m != t;
                let asked = rows.iter().any(|row| row.key == key && row.side().is_none());
                prop_assert_eq!(asked, collides);
            }
        }

        #[test]
        fn taking_theirs_everywhere_keeps_what_only_i_changed((base, mine, theirs) in maps()) {
            let rows = rows(&base, &mine, &theirs);
            let merged = merge(&theirs, &rows, |_| Side::Theirs);
            for key in 0..6_u8 {
                let (b, m, t) = (base.get(&key), mine.get(&key), theirs.get(&key));
                prop_assert_eq!(merged.get(&key), if t == b { m } else { t });
            }
        }
    }
}
