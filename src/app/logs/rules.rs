//! What stands between the rows of a log: where events may be missing, where others went, where a day begins.

use jiff::civil::Date;

use super::{LogsPane, STORE_BYTES, older::Window};
use crate::tail::{GapKind, RowKey};

/// A rule between two events.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rule {
    /// So many older events went to keep the memory bounded.
    Evicted(u64),
    /// Older events are being read.
    Reading(Window),
    /// Older events were not read to their end, for this reason.
    NotRead(Window, String),
    /// Events may be missing.
    Gap(Missing),
    /// The events below are of this day.
    Day(Date),
}

/// Where events may be missing: one or more gaps that began between the same two events.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Missing {
    /// What made it.
    pub kind: GapKind,
    /// Where the first one starts, in milliseconds since the epoch.
    pub from_ms: i64,
    /// Where the last one ends; none while one goes on.
    pub to_ms: Option<i64>,
    /// The log groups.
    pub groups: Vec<String>,
}

impl LogsPane {
    /// The memory for its lines, in MB.
    pub const STORE_MB: usize = STORE_BYTES >> 20;

    /// What stands between events, each with the number of the event below it, in order.
    pub fn rules(&self) -> Vec<(usize, Rule)> {
        let mut gaps: Vec<(usize, Missing)> = Vec::new();
        for gap in &self.gaps {
            if self.source(&gap.group).is_some_and(|source| source.muted) {
                continue;
            }
            let at = self.view.position(&self.store, &RowKey::at(gap.from_ms)).unwrap_or_else(|next| next);
            match gaps.iter_mut().find(|(other, missing)| *other == at && missing.kind == gap.kind) {
                Some((_, missing)) => {
                    missing.from_ms = missing.from_ms.min(gap.from_ms);
                    missing.to_ms = missing.to_ms.zip(gap.to_ms).map(|(one, other)| one.max(other));
                    if !missing.groups.contains(&gap.group) {
                        missing.groups.push(gap.group.clone());
                    }
                }
                None => gaps.push((
                    at,
                    Missing {
                        kind: gap.kind,
                        from_ms: gap.from_ms,
                        to_ms: gap.to_ms,
                        groups: vec![gap.group.clone()],
                    },
                )),
            }
        }
        gaps.sort_by_key(|(at, missing)| (*at, missing.from_ms));
        let evicted = (self.store.evicted() > 0).then(|| (0, Rule::Evicted(self.store.evicted())));
        let older = match (self.older.window(), self.older.failed()) {
            (Some(window), _) => Some((0, Rule::Reading(window))),
            (None, Some((window, why))) => Some((0, Rule::NotRead(window, why.to_owned()))),
            (None, None) => None,
        };
        older
            .into_iter()
            .chain(evicted)
            .chain(gaps.into_iter().map(|(at, missing)| (at, Rule::Gap(missing))))
            .collect()
    }
}
