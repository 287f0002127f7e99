//! Messages that go on with the one before them, as the lines of a stack trace do that were written one by one: they
//! share its fate, so that it stays together under a filter.

use super::{filter::Fate, flags, index::Entry};

/// How many rows before a row the one that it continues is at most, those of other streams counted.
pub(super) const ROWS: usize = 200;

/// How long before it that is at most, in milliseconds.
const MS: i64 = 2_000;

/// How far before a row the one is that it continues: the nearest of its stream. `before` are the rows before it, from
/// the nearest back.
pub(super) fn head(
    of: Entry,
    before: impl Iterator<Item = Entry>,
    source: impl Fn(Entry) -> Option<u32>,
) -> Option<usize> {
    let stream = source(of)?;
    before
        .take(ROWS)
        .take_while(|entry| of.timestamp.saturating_sub(entry.timestamp) <= MS)
        .position(|entry| source(entry) == Some(stream))
        .map(|rows| rows + 1)
}

/// A row's flags where it follows the fate of the row that it continues, so far as that one is known.
pub(super) fn follow(row: u8, head: Option<u8>) -> u8 {
    let by_itself = match row {
        row if row & flags::MATCHES != 0 => Fate::Shown,
        row if row & flags::EXCLUDED != 0 => Fate::Excluded,
        _ => Fate::Hidden,
    };
    let head = head.filter(|head| head & flags::JUDGED != 0).map(|head| match head {
        head if head & flags::SHOWN != 0 => Fate::Shown,
        head if head & flags::KEPT_OUT != 0 => Fate::Excluded,
        _ => Fate::Hidden,
    });
    let row = row & !(flags::SHOWN | flags::KEPT_OUT);
    match by_itself.after(head) {
        Fate::Shown => row | flags::SHOWN,
        Fate::Excluded => row | flags::KEPT_OUT,
        Fate::Hidden => row,
    }
}
