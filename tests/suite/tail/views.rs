//! Views of a store against a plain list: whatever comes, goes and is handed out in between.

use std::sync::Arc;

use lambdeck::{
    domain::{log_event::LogEvent, log_query::Query},
    tail::{Arrival, Filter, Kind, Layer, Scan, Store, View},
};
use proptest::prelude::*;

use super::same_every_time;

/// How far apart a row and the one that it continues may be: in rows, and in milliseconds.
const ROWS: usize = 200;
const MS: i64 = 2_000;

/// A longer message is not looked at as it comes.
const LONG: usize = 64 << 10;

#[derive(Clone, Copy, Default)]
struct Wanted {
    include: &'static str,
    exclude: &'static str,
    highlight: &'static str,
    errors_only: bool,
}

/// All of it, and what some filters leave.
const WANTED: [Wanted; 8] = [
    Wanted { include: "beta", exclude: "", highlight: "", errors_only: false },
    Wanted { include: "", exclude: "", highlight: "", errors_only: true },
    Wanted { include: "", exclude: "gamma", highlight: "", errors_only: false },
    Wanted { include: "", exclude: "", highlight: "", errors_only: false },
    Wanted { include: "", exclude: "", highlight: "alpha", errors_only: false },
    Wanted { include: "alpha", exclude: "gamma", highlight: "beta", errors_only: false },
    Wanted { include: "", exclude: "alphabet", highlight: "alpha", errors_only: true },
    Wanted { include: "nothing has this", exclude: "", highlight: "", errors_only: false },
];

impl Wanted {
    fn filter(self) -> Filter {
        let layer = |kind, text: &str| Layer { kind, query: Arc::new(Query::parse(text).unwrap()) };
        let layers = [
            layer(Kind::Include, self.include),
            layer(Kind::Exclude, self.exclude),
            layer(Kind::Highlight, self.highlight),
        ];
        Filter::new(layers).errors_only(self.errors_only)
    }

    fn is_all(self) -> bool {
        self.include.is_empty() && self.exclude.is_empty() && !self.errors_only
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Fate {
    Shown,
    Hidden,
    Excluded,
}

/// Whether a row was looked at.
#[derive(Clone, Copy, PartialEq)]
enum Known {
    Waiting,
    HandedOut,
    Judged,
}

struct Row {
    key: (i64, i64, u8),
    serial: usize,
    stream: usize,
    message: String,
    error: bool,
    continues: bool,
    known: Known,
}

impl Row {
    /// Whether a text is in the message. What follows the first bytes are blanks.
    fn has(&self, text: &str) -> bool {
        let start = &self.message[..self.message.len().min(40)];
        !text.is_empty() && start.to_lowercase().contains(text)
    }

    fn fate(&self, wanted: Wanted) -> Fate {
        let has = |text: &str| self.has(text);
        if has(wanted.exclude) {
            Fate::Excluded
        } else if wanted.errors_only && !self.error || !wanted.include.is_empty() && !has(wanted.include) {
            Fate::Hidden
        } else {
            Fate::Shown
        }
    }
}

#[derive(Default)]
struct Model {
    rows: Vec<Row>,
    wanted: Wanted,
}

impl Model {
    /// The positions of those that are shown, with whether they tell of an error and whether something is marked.
    fn shown(&self) -> Vec<(usize, bool, bool)> {
        let mut fates: Vec<Fate> = Vec::new();
        for (at, row) in self.rows.iter().enumerate() {
            let by_itself = row.fate(self.wanted);
            let head = (at.saturating_sub(ROWS)..at).rev().find(|head| self.rows[*head].stream == row.stream);
            let head = head.filter(|head| row.continues && row.key.0 - self.rows[*head].key.0 <= MS);
            fates.push(match head.map(|head| fates[head]) {
                _ if self.wanted.is_all() => Fate::Shown,
                _ if row.known != Known::Judged => Fate::Hidden,
                None | Some(Fate::Hidden) => by_itself,
                Some(fate) => fate,
            });
        }
        let marked = |row: &Row| row.known == Known::Judged && row.has(self.wanted.highlight);
        let shown = self.rows.iter().enumerate().filter(|(at, _)| fates[*at] == Fate::Shown);
        shown.map(|(at, row)| (at, row.error, marked(row))).collect()
    }

    fn look_again(&mut self, wanted: Wanted) {
        self.wanted = wanted;
        let judged = wanted.is_all() && wanted.highlight.is_empty();
        for row in &mut self.rows {
            row.known = if judged { Known::Judged } else { Known::Waiting };
        }
    }

    /// The newest so many that are known in one way are known in another way now.
    fn turn(&mut self, count: usize, from: Known, to: Known) {
        for row in self.rows.iter_mut().rev().filter(|row| row.known == from).take(count) {
            row.known = to;
        }
    }
}

#[derive(Clone, Debug)]
enum Op {
    Insert {
        timestamp: i64,
        id: u8,
        stream: usize,
        word: usize,
        continues: bool,
        padding: usize,
    },
    /// So many rows of one stream, one after the other.
    Burst {
        timestamp: i64,
        stream: usize,
        word: usize,
        count: usize,
        continues: bool,
    },
    HandOut(usize),
    Take,
    /// A scan that was given up comes back.
    TakeOld(prop::sample::Index),
    Scan(usize),
    Refilter(usize),
    /// The view missed something and begins anew.
    Miss,
}

const WORDS: [&str; 5] = ["alpha", "beta ERROR gamma", "  at Beta", "alphabet", "\tERROR\t delta"];

fn op() -> impl Strategy<Value = Op> {
    let time = prop_oneof![4 => 3_000..4_000_i64, 1 => 0..8_000_i64];
    let stream = prop_oneof![6 => Just(0_usize), 3 => Just(1_usize), 1 => Just(2_usize)];
    let insert = (time.clone(), any::<u8>(), stream.clone(), 0..WORDS.len(), any::<bool>(), 0..4_000_usize);
    prop_oneof![
        24 => insert.prop_map(|(timestamp, id, stream, word, continues, padding)| Op::Insert {
            timestamp,
            id: id % 4,
            stream,
            word,
            continues,
            // A few are large, so that something is evicted.
            padding: if id % 8 == 0 { padding * 60 } else { 0 },
        }),
        1 => (time, stream, 0..WORDS.len(), 150..260_usize, any::<bool>()).prop_map(
            |(timestamp, stream, word, count, continues)| Op::Burst { timestamp, stream, word, count, continues }
        ),
        2 => (1..60_usize).prop_map(Op::HandOut),
        2 => (200..500_usize).prop_map(Op::HandOut),
        4 => Just(Op::Take),
        1 => any::<prop::sample::Index>().prop_map(Op::TakeOld),
        2 => (1..40_usize).prop_map(Op::Scan),
        1 => (0..WANTED.len()).prop_map(Op::Refilter),
        1 => Just(Op::Miss),
    ]
}

struct World {
    store: Store,
    view: View,
    model: Model,
    /// Handed out, and not back.
    under_way: Option<Scan>,
    old: Vec<Scan>,
    serial: usize,
}

impl World {
    fn new(wanted: usize) -> Self {
        let store = Store::new(4 << 20);
        let wanted = WANTED[wanted];
        let view = View::new(&store, wanted.filter());
        let model = Model { wanted, ..Model::default() };
        Self { store, view, model, under_way: None, old: Vec::new(), serial: 0 }
    }

    fn insert(&mut self, row: Row, is_told: bool) {
        let (timestamp, ingestion_time, id) = row.key;
        let event = LogEvent {
            group: "/aws/lambda/f".into(),
            stream: format!("s{}", row.stream),
            id: id.to_string(),
            timestamp,
            ingestion_time,
            message: row.message.clone(),
        };
        let mut arrival = Arrival::new(event, i64::try_from(row.serial).ok());
        (arrival.marks.error, arrival.marks.continues) = (row.error, row.continues);
        let inserted = self.store.insert(&arrival);
        if is_told {
            self.view.apply(&self.store, &inserted);
        }
        let at = self.model.rows.partition_point(|other| other.key <= row.key);
        self.model.rows.insert(at, row);
        self.model.rows.drain(..inserted.evicted);
        assert_eq!(inserted.at, at.checked_sub(inserted.evicted));
    }

    fn row(&mut self, timestamp: i64, id: u8, stream: usize, message: String, continues: bool) -> Row {
        self.serial += 1;
        let wanted = self.model.wanted;
        let is_known = message.len() <= LONG || wanted.is_all() && wanted.highlight.is_empty();
        Row {
            key: (timestamp, timestamp + i64::from(id % 3), id),
            serial: self.serial,
            stream,
            error: message.contains("ERROR"),
            message,
            continues,
            known: if is_known { Known::Judged } else { Known::Waiting },
        }
    }

    /// Has the store filled, so that what comes evicts.
    fn fill(&mut self) {
        for nth in 0..120 {
            let padding = if nth % 6 == 0 { 200_000 } else { 0 };
            // In no step with the chunks of memory, which go one by one.
            let message = WORDS[(nth * nth + nth / 7) % WORDS.len()].to_owned() + &" ".repeat(padding);
            let timestamp = i64::try_from(nth * 25).unwrap();
            let row = self.row(timestamp, 1, nth % 2, message, nth % 3 != 0);
            self.insert(row, true);
        }
    }

    fn give_up(&mut self) {
        self.old.extend(self.under_way.take());
    }

    #[allow(clippy::needless_pass_by_value, reason = "an operation is done once")]
    fn run(&mut self, op: Op) {
        match op {
            Op::Insert { timestamp, id, stream, word, continues, padding } => {
                let message = WORDS[word].to_owned() + &" ".repeat(padding);
                let row = self.row(timestamp, id, stream, message, continues);
                self.insert(row, true);
            }
            Op::Burst { timestamp, stream, word, count, continues } => {
                for nth in 0..count {
                    let continues = continues || nth % 2 == 1;
                    let row = self.row(timestamp, 3, stream, WORDS[word].to_owned(), continues);
                    self.insert(row, true);
                }
            }
            Op::HandOut(rows) => {
                let waiting = self.model.rows.iter().filter(|row| row.known == Known::Waiting).count();
                let scan = self.view.next_slice(&self.store, rows);
                if self.under_way.is_some() {
                    assert!(scan.is_none(), "one at a time");
                    return;
                }
                assert_eq!(scan.as_ref().map_or(0, Scan::len), waiting.min(rows));
                self.model.turn(rows, Known::Waiting, Known::HandedOut);
                self.under_way = scan;
            }
            Op::Take => {
                if let Some(scan) = self.under_way.take() {
                    assert!(self.view.take(&self.store, &scan.run()));
                    self.model.turn(usize::MAX, Known::HandedOut, Known::Judged);
                    self.old.push(scan);
                }
            }
            Op::TakeOld(index) => {
                if !self.old.is_empty() {
                    let scan = &self.old[index.index(self.old.len())];
                    assert!(!self.view.take(&self.store, &scan.run()));
                }
            }
            Op::Scan(rows) => {
                let complete = self.view.scan(&self.store, rows);
                self.model.turn(rows, Known::Waiting, Known::Judged);
                assert_eq!(complete, self.model.rows.iter().all(|row| row.known == Known::Judged));
            }
            Op::Refilter(wanted) => {
                self.give_up();
                self.model.look_again(WANTED[wanted]);
                self.view.refilter(WANTED[wanted].filter());
            }
            Op::Miss => {
                self.give_up();
                let row = self.row(3_500, 1, 0, WORDS[0].to_owned(), true);
                self.insert(row, false);
                let row = self.row(3_501, 1, 0, WORDS[1].to_owned(), true);
                self.insert(row, true);
                self.model.look_again(self.model.wanted);
                assert_eq!(
                    self.view.is_complete(&self.store),
                    self.model.rows.iter().all(|row| row.known == Known::Judged)
                );
            }
        }
    }

    fn check(&self) {
        let (store, view, rows) = (&self.store, &self.view, &self.model.rows);
        assert_eq!(store.len(), rows.len());
        let shown = self.model.shown();
        assert_eq!(view.len(), shown.len());
        for (nth, (at, error, _)) in shown.iter().enumerate() {
            let row = view.get(store, nth).unwrap();
            assert_eq!(row.late_by_ms, i64::try_from(rows[*at].serial).ok(), "row {nth}");
            assert_eq!((row.message, row.marks.error), (&*rows[*at].message, *error));
            assert_eq!(view.position(store, &row.key), Ok(nth));
        }
        for (at, row) in rows.iter().enumerate().step_by(7) {
            let stored = store.get(at).unwrap();
            assert_eq!((stored.timestamp, stored.ingestion), (row.key.0, row.key.1));
            let before = shown.partition_point(|shown| shown.0 < at);
            let expected =
                if shown.get(before).is_some_and(|shown| shown.0 == at) { Ok(before) } else { Err(before) };
            assert_eq!(view.position(store, &stored.key), expected);
        }
        let errors: Vec<usize> = (0..shown.len()).filter(|nth| shown[*nth].1).collect();
        let marked: Vec<usize> = (0..shown.len()).filter(|nth| shown[*nth].2).collect();
        assert_eq!((view.errors(), view.marked()), (errors.len(), marked.len()));
        for at in (0..shown.len() + 2).step_by(5) {
            assert_eq!(view.errors_before(at), errors.partition_point(|error| *error < at));
            assert_eq!(view.next_error(at), errors.iter().copied().find(|error| *error > at));
            assert_eq!(view.previous_error(at), errors.iter().copied().rfind(|error| *error < at));
            assert_eq!(view.next_marked(at), marked.iter().copied().find(|marked| *marked > at));
            assert_eq!(view.previous_marked(at), marked.iter().copied().rfind(|marked| *marked < at));
        }
        let bounds: Vec<i64> = (0..30).map(|n| n * 300).collect();
        let expected = bounds.windows(2).map(|bounds| {
            let here: Vec<_> =
                shown.iter().filter(|row| (bounds[0]..bounds[1]).contains(&rows[row.0].key.0)).collect();
            (here.len(), here.iter().filter(|row| row.1).count())
        });
        assert_eq!(view.counts(store, &bounds), expected.collect::<Vec<_>>());
        let snapshot = view.snapshot(store);
        assert!(
            snapshot.rows().map(|row| row.key).eq((0..view.len()).map(|at| view.get(store, at).unwrap().key))
        );
    }
}

proptest! {
    #![proptest_config(same_every_time(32))]
    #[test]
    fn a_view_shows_what_a_plain_list_would(
        first in 0..WANTED.len(),
        is_full in any::<bool>(),
        ops in prop::collection::vec(op(), 0..160),
    ) {
        let mut world = World::new(first);
        if is_full {
            world.fill();
        }
        for op in ops {
            let is_insert = matches!(op, Op::Insert { .. });
            world.run(op);
            if !is_insert {
                world.check();
            }
        }
        world.check();
        world.run(Op::Take);
        world.run(Op::Scan(usize::MAX));
        prop_assert!(world.view.is_complete(&world.store));
        world.check();
    }
}

/// A view under a filter, after messages of one stream, a millisecond apart; those with a blank before them continue.
fn shown(wanted: Wanted, order: &[usize], messages: &[&str]) -> Vec<String> {
    let mut world = World::new(0);
    world.run(Op::Refilter(0));
    world.model.wanted = wanted;
    world.view.refilter(wanted.filter());
    for at in order {
        let message = messages[*at];
        let row = world.row(i64::try_from(*at).unwrap(), 0, 0, message.to_owned(), message.starts_with(' '));
        world.insert(row, true);
    }
    let view = &world.view;
    (0..view.len()).map(|at| view.get(&world.store, at).unwrap().message.to_owned()).collect()
}

const TRACE: [&str; 6] = ["INFO fine", "ERROR broken", " at one", " at two", "INFO next", " at three"];

#[test]
fn a_stack_trace_that_was_written_line_by_line_stays_together() {
    let errors = Wanted { errors_only: true, ..Wanted::default() };
    let broken = Wanted { include: "broken", ..Wanted::default() };
    let one = Wanted { include: "one", ..Wanted::default() };
    let without = Wanted { exclude: "broken", ..Wanted::default() };
    for order in [[0, 1, 2, 3, 4, 5], [5, 4, 3, 2, 1, 0], [3, 1, 5, 0, 2, 4], [2, 3, 5, 4, 1, 0]] {
        assert_eq!(shown(errors, &order, &TRACE), TRACE[1..4]);
        assert_eq!(shown(broken, &order, &TRACE), TRACE[1..4]);
        assert_eq!(shown(one, &order, &TRACE), TRACE[2..4], "what follows it, though not what it follows");
        assert_eq!(shown(without, &order, &TRACE), ["INFO fine", "INFO next", " at three"]);
    }
}

#[test]
fn a_trace_that_is_longer_than_a_slice_stays_together() {
    let errors = WANTED.iter().position(|wanted| wanted.errors_only).unwrap();
    for slice in [150, 300, 1_000] {
        let mut world = World::new(errors);
        for nth in 0..1_000 {
            let message = if nth == 0 { "ERROR broken" } else { " at one" };
            let row = world.row(nth, 0, 0, message.to_owned(), nth > 0);
            world.insert(row, true);
        }
        world.run(Op::Refilter(errors));
        assert_eq!(world.view.len(), 0);
        while !world.view.is_complete(&world.store) {
            world.run(Op::HandOut(slice));
            world.run(Op::Take);
            world.check();
        }
        assert_eq!(world.view.len(), 1_000);
        // Whoever comes between is of another stream, or breaks it off.
        let row = world.row(500, 1, 1, "fine".to_owned(), false);
        world.insert(row, true);
        assert_eq!(world.view.len(), 1_000);
        let row = world.row(500, 1, 0, "fine".to_owned(), false);
        world.insert(row, true);
        world.check();
        assert_eq!(world.view.len(), 501);
    }
}

#[test]
fn rows_that_went_while_they_were_looked_at_are_gone() {
    for large in 1..12 {
        let mut world = World::new(0);
        world.fill();
        world.run(Op::Refilter(0));
        world.run(Op::HandOut(usize::MAX));
        let evicted = world.store.evicted();
        for nth in 0..large {
            let message = format!("beta{}", " ".repeat(300_000));
            let row = world.row(3_000 + nth, 0, 2, message, false);
            world.insert(row, true);
            let row = world.row(2_900 - nth * 7, 0, 0, "beta".to_owned(), nth % 2 == 0);
            world.insert(row, true);
        }
        assert!(large < 6 || world.store.evicted() > evicted, "some made room");
        world.run(Op::Take);
        world.check();
    }
}

#[test]
fn a_long_message_is_looked_at_elsewhere() {
    let mut world = World::new(0);
    let row = world.row(1, 0, 0, format!("beta{}", "x".repeat(1 << 20)), false);
    world.insert(row, true);
    assert_eq!(world.view.len(), 0);
    world.view.scan_small(&world.store, 2_000);
    assert_eq!(world.view.len(), 0, "too much for the thread that draws");
    let scan = world.view.next_scan(&world.store).unwrap();
    assert!(world.view.is_scan_under_way() && world.view.next_scan(&world.store).is_none());
    assert!(world.view.take(&world.store, &scan.run()));
    assert_eq!(world.view.len(), 1);
    assert!(world.view.is_complete(&world.store));
}

#[test]
fn a_scan_that_was_given_up_ends_at_once() {
    let mut world = World::new(0);
    for _ in 0..10_000 {
        let row = world.row(1, 0, 0, "beta".to_owned(), false);
        world.insert(row, true);
    }
    world.run(Op::Refilter(5));
    let scan = world.view.next_scan(&world.store).unwrap();
    world.view.refilter(Filter::all());
    assert!(scan.run().is_empty(), "no row was looked at");
    assert_eq!(world.view.len(), 10_000);
}

#[test]
fn the_first_slice_is_a_small_one() {
    let mut world = World::new(3);
    for n in 0..100_000 {
        let row = world.row(n / 100, 0, 0, "x".to_owned(), false);
        let event = LogEvent {
            group: "g".into(),
            stream: "s".into(),
            id: n.to_string(),
            timestamp: row.key.0,
            ingestion_time: row.key.0,
            message: row.message,
        };
        let inserted = world.store.insert(&Arrival::new(event, None));
        world.view.apply(&world.store, &inserted);
    }
    world.view.refilter(WANTED[0].filter());
    let mut slices = Vec::new();
    while let Some(scan) = world.view.next_scan(&world.store) {
        slices.push(scan.len());
        assert!(world.view.take(&world.store, &scan.run()));
    }
    assert_eq!(slices, [20_000, 60_000, 20_000]);
}
