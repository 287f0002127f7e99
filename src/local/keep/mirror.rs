//! Which rows a table has, so that only what differs is noted.

use std::{
    collections::HashMap,
    hash::{DefaultHasher, Hasher as _},
};

use serde::{Serialize, de::DeserializeOwned};

use super::{Change, KeepError, Kept, Table};

/// A collection of records and the table that it is kept in: each record is a row, its key the row's key, its JSON
/// the row's value.
///
/// To keep another collection, a `BTreeMap<String, T>` for instance, give it a table, a mirror and two lines:
///
/// ```ignore
/// let loaded: Vec<(String, T)> = mirror.load(kept)?;              // at the start
/// keeper.note(mirror.changes(&*collection.lock()));              // after a change, under the collection's lock
/// ```
///
/// Nothing has to be said of what was changed: whatever differs from what was noted last is found.
pub(in crate::local) struct Mirror {
    table: Table,
    rows: HashMap<String, Row>,
    round: u64,
}

struct Row {
    /// Of the value. Values can hold what nobody should find twice in memory.
    hash: u64,
    /// When it was last seen.
    round: u64,
}

impl Mirror {
    /// A table that is not read yet.
    pub fn new(table: Table) -> Self {
        Self { table, rows: HashMap::new(), round: 0 }
    }

    /// What was kept, in the order of the keys.
    ///
    /// # Errors
    /// [`KeepError::Unusable`] when the file can't be read, or a row is none of `T`.
    pub fn load<T: DeserializeOwned>(&mut self, kept: &Kept) -> Result<Vec<(String, T)>, KeepError> {
        let mut records = Vec::new();
        kept.each(self.table, |key, value| {
            let key = std::str::from_utf8(key).map_err(|_| "a key is no text".to_owned())?;
            let record = read(value)?;
            self.rows.insert(key.to_owned(), Row { hash: hash(value), round: 0 });
            records.push((key.to_owned(), record));
            Ok(())
        })?;
        Ok(records)
    }

    /// What it takes to bring the table from what it holds to these records.
    pub fn changes<'r, K, T>(&mut self, records: impl IntoIterator<Item = (K, &'r T)>) -> Vec<Change>
    where
        K: AsRef<str>,
        T: Serialize + 'r,
    {
        self.round += 1;
        let (mut changes, mut seen) = (Vec::new(), 0);
        for (key, record) in records {
            let key = key.as_ref();
            seen += 1;
            let value = match serde_json::to_vec(record) {
                Ok(value) => value,
                Err(error) => {
                    tracing::error!(%error, table = self.table.0, key, "a record can't be kept");
                    Vec::new()
                }
            };
            let hash = hash(&value);
            match self.rows.get_mut(key) {
                Some(row) => {
                    row.round = self.round;
                    if row.hash == hash {
                        continue;
                    }
                    row.hash = hash;
                }
                None => {
                    self.rows.insert(key.to_owned(), Row { hash, round: self.round });
                }
            }
            changes.push(Change::put(self.table, key, value));
        }
        if seen < self.rows.len() {
            let (table, round) = (self.table, self.round);
            self.rows.retain(|key, row| {
                let there = row.round == round;
                if !there {
                    changes.push(Change::remove(table, key.as_str()));
                }
                there
            });
        }
        changes
    }
}

/// Reads a value. The message quotes nothing of it.
pub(in crate::local) fn read<'v, T: serde::Deserialize<'v>>(value: &'v [u8]) -> Result<T, String> {
    serde_json::from_slice(value).map_err(|error| {
        format!("a row is no record of its table (line {}, column {})", error.line(), error.column())
    })
}

fn hash(value: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    hasher.write(value);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    const FRUIT: Table = Table("fruit");

    fn noted(changes: &[Change]) -> Vec<(String, Option<String>)> {
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        let mut noted: Vec<_> =
            changes.iter().map(|it| (text(&it.key), it.value.as_deref().map(text))).collect();
        noted.sort();
        noted
    }

    #[tokio::test]
    async fn only_what_differs_is_noted_also_after_a_restart() {
        let folder = tempfile::tempdir().unwrap();
        let mut fruit: BTreeMap<String, u32> =
            [("apple", 1), ("pear", 2)].map(|(name, count)| (name.to_owned(), count)).into();
        let kept = Kept::open(folder.path()).unwrap();
        let mut mirror = Mirror::new(FRUIT);
        assert_eq!(mirror.load::<u32>(&kept).unwrap(), []);
        let keeper = kept.keeper();
        drop(kept);
        let first = mirror.changes(&fruit);
        assert_eq!(noted(&first), [("apple".into(), Some("1".into())), ("pear".into(), Some("2".into()))]);
        keeper.note(first);
        assert_eq!(noted(&mirror.changes(&fruit)), []);
        keeper.close().await;

        let kept = Kept::open(folder.path()).unwrap();
        let mut mirror = Mirror::new(FRUIT);
        let loaded: BTreeMap<String, u32> = mirror.load(&kept).unwrap().into_iter().collect();
        assert_eq!(loaded, fruit);
        assert_eq!(noted(&mirror.changes(&fruit)), []);
        fruit.insert("plum".into(), 3);
        *fruit.get_mut("pear").unwrap() += 1;
        fruit.remove("apple");
        assert_eq!(
            noted(&mirror.changes(&fruit)),
            [("apple".into(), None), ("pear".into(), Some("3".into())), ("plum".into(), Some("3".into()))]
        );
        assert_eq!(noted(&mirror.changes(&fruit)), []);
    }

    #[test]
    fn a_row_that_is_no_record_is_told_without_its_content() {
        let folder = tempfile::tempdir().unwrap();
        let kept = Kept::open(folder.path()).unwrap();
        kept.write(&[Change::put(FRUIT, "apple", "\"secret\"")]).unwrap();
        let error = Mirror::new(FRUIT).load::<u32>(&kept).unwrap_err().to_string();
        assert!(error.contains("the table fruit") && !error.contains("secret"), "{error}");
    }
}
