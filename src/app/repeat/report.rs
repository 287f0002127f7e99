//! What came of a request that is sent many times, as lines: for the screen, and to be copied.

use jiff::Timestamp;

use super::{Repeating, Stage, word};
use crate::{
    cloud::repeat::Why,
    domain::{
        cost, format,
        invocation::{Ending, Mode},
        repeat::Samples,
        text::{fit, sanitise, width, wrap},
    },
};

/// How a piece of text is meant. The screen gives it its look; shapes and words say the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    /// As it is.
    Plain,
    /// Less important.
    Dim,
    /// A title.
    Title,
    /// It went well.
    Good,
    /// It is on its way, or wants attention.
    Warning,
    /// It failed.
    Error,
    /// The place is protected.
    Alarm,
    /// A bar.
    Bar,
}

/// Pieces from left to right.
pub type Line = Vec<(String, Tone)>;

/// From so many columns on numbers and outcomes stand beside each other.
const BESIDE: usize = 76;

/// Columns of the numbers where something stands beside them.
const NUMBERS: usize = LABEL + 3 * TIME;

/// Columns of the names of numbers.
const LABEL: usize = 12;

/// Most columns of a part: more are not read well.
const WIDEST: usize = 72;

/// Columns of a time with one before it: `99.9 ms`, `59m 59s`.
const TIME: usize = 8;

/// Rows of the histogram, as far as its steps come out so.
const BUCKETS: f64 = 6.0;

fn line(text: impl Into<String>, tone: Tone) -> Line {
    vec![(text.into(), tone)]
}

fn columns(line: &Line) -> usize {
    line.iter().map(|(text, _)| width(text)).sum()
}

impl Repeating {
    /// Where it is, how far it is, and where it goes: a line each.
    pub fn head(&self, now: Timestamp, columns: usize) -> [Line; 3] {
        let tally = &self.tally;
        let times = tally.plan.times;
        let (text, tone) = match &self.stage {
            Stage::Running => (
                format!("◐ sending: {} of {times} done, {} on their way", tally.ended, tally.on_their_way()),
                Tone::Warning,
            ),
            Stage::Stopping => (
                format!(
                    "◐ stopping: no further one is sent, {} on their way are waited for",
                    tally.on_their_way()
                ),
                Tone::Warning,
            ),
            Stage::Over(Why::Done) if self.is_whole() => {
                (format!("● over: all {times} were sent and went well"), Tone::Good)
            }
            Stage::Over(Why::Done) => {
                (format!("● over: all {times} were sent, {} went well", tally.good()), Tone::Warning)
            }
            Stage::Over(Why::Stopped) => {
                (format!("○ stopped: {} of {times} were sent", tally.begun), Tone::Warning)
            }
            Stage::Over(Why::Pointless(_)) => {
                (format!("✗ given up after {} of {times}: more would fail alike", tally.begun), Tone::Error)
            }
        };
        let mut place = Line::new();
        if self.protected {
            place.extend([(" PROD ".to_owned(), Tone::Alarm), (" ".to_owned(), Tone::Plain)]);
        }
        place.push((sanitise(&self.place.to_string()).into_owned(), Tone::Plain));
        place.push((format!("  {}", self.sent()), Tone::Dim));
        let elapsed = clock(self.elapsed_ms(now));
        [
            vec![(text, tone), (format!("  {elapsed}"), Tone::Plain)],
            progress(tally.ended, times, columns),
            place,
        ]
    }

    /// What is sent, without what is in it.
    fn sent(&self) -> String {
        let mut text =
            format!("{}, {} at a time", sanitise(&self.request.sent_as()), self.tally.plan.at_once);
        if let Some(event) = &self.event {
            text = format!("{text}, {}", sanitise(event));
        }
        format!("{text}, {}", format::bytes(self.request.payload.len() as u64))
    }

    /// All numbers. No line is wider than the columns.
    pub fn table(&self, now: Timestamp, columns: usize) -> Vec<Line> {
        let mut lines = Vec::new();
        if let Stage::Over(Why::Pointless(error)) = &self.stage {
            lines.extend(paragraph(&error.message, Tone::Error, columns));
            lines.extend(error.hint.iter().flat_map(|hint| paragraph(hint, Tone::Plain, columns)));
            lines.push(Line::new());
        }
        if columns >= BESIDE {
            let right = (columns - NUMBERS - 2).min(WIDEST);
            let outcomes = self.outcomes_and_histogram(right);
            lines.extend(beside(self.numbers(now, NUMBERS), outcomes, NUMBERS + 2));
        } else {
            lines.extend(self.numbers(now, columns));
            lines.push(Line::new());
            lines.extend(self.outcomes_and_histogram(columns.min(WIDEST)));
        }
        lines.push(Line::new());
        let note = "They are counted here only: none of them is in the list of invocations.";
        lines.extend(paragraph(note, Tone::Dim, columns));
        lines.into_iter().map(|line| cut(line, columns)).collect()
    }

    /// All of it as text.
    pub fn text(&self, now: Timestamp) -> String {
        let mut text = format!("{}\n", sanitise(&self.request.target()));
        let [state, _, place] = self.head(now, WIDEST);
        for line in [state, place].into_iter().chain(self.table(now, WIDEST)) {
            let pieces: String = line.iter().map(|(piece, _)| piece.as_str()).collect();
            text.push_str(pieces.trim_end());
            text.push('\n');
        }
        text
    }

    fn numbers(&self, now: Timestamp, columns: usize) -> Vec<Line> {
        let tally = &self.tally;
        let mut lines = Vec::new();
        let mut head = line(format!("{:<LABEL$}", "Times"), Tone::Title);
        for name in ["p50", "p95", "max"] {
            head.push((format!("{name:>TIME$}"), Tone::Dim));
        }
        lines.push(head);
        for (name, samples) in [("Duration", &tally.durations), ("Round trip", &tally.round_trips)] {
            let mut row = line(format!("{name:<LABEL$}"), Tone::Dim);
            for value in [samples.percentile(50), samples.percentile(95), samples.max()] {
                let text = value.map_or_else(|| "-".into(), format::duration_ms);
                row.push((format!("{text:>TIME$}"), Tone::Plain));
            }
            lines.push(row);
        }
        lines.push(Line::new());
        let mut add = |name: &str, text: String, tone: Tone| {
            let room = columns.saturating_sub(LABEL).max(1);
            for (nth, piece) in pieces(&text, room).enumerate() {
                let name = if nth == 0 { name } else { "" };
                lines.push(vec![(format!("{name:<LABEL$}"), Tone::Dim), (piece.to_owned(), tone)]);
            }
        };
        if let Some(rate) = per_second(tally.ended, self.elapsed_ms(now)) {
            add("Rate", format!("{rate} requests/s"), Tone::Plain);
        }
        if matches!(self.request.mode, Mode::RequestResponse | Mode::ResponseStream) {
            let tone = if tally.cold_starts > 0 { Tone::Warning } else { Tone::Plain };
            add("Cold starts", tally.cold_starts.to_string(), tone);
            add("Billed", format!("{} ms in all", tally.billed_ms), Tone::Plain);
            if let Some(cost) = self.architecture.as_ref().and_then(|it| tally.cost(it)) {
                add("Est. cost", cost::usd(cost), Tone::Plain);
            }
            if tally.measured < tally.ended {
                add("Reports", format!("{} of {}", tally.measured, tally.ended), Tone::Dim);
            }
        }
        lines
    }

    fn outcomes_and_histogram(&self, columns: usize) -> Vec<Line> {
        let tally = &self.tally;
        let mut lines = vec![line("Outcomes", Tone::Title)];
        if tally.ended == 0 {
            let text = if self.is_running() { "none so far" } else { "nothing was sent" };
            lines.push(line(text, Tone::Dim));
        }
        for (ending, count) in tally.endings() {
            let (shape, tone) = match ending {
                ending if ending.is_good() => ("●", Tone::Good),
                Ending::Unknown => ("?", Tone::Warning),
                _ => ("✗", Tone::Error),
            };
            let ended = u64::from(tally.ended.max(1));
            let percent = (u64::from(*count) * 100 + ended / 2) / ended;
            let text = format!("{shape} {}", sanitise(&word(ending)));
            lines.push(counted(&text, tone, &format!("{count:>6} {percent:>3}%"), columns));
            if *ending == Ending::Throttled {
                for (reason, count) in tally.throttles() {
                    lines.extend(throttled(&sanitise(reason), count, columns));
                }
            }
        }
        let (title, samples) = if tally.durations.count() > 0 {
            ("Durations", &tally.durations)
        } else {
            ("Round trips", &tally.round_trips)
        };
        let rows = histogram(samples, columns);
        if !rows.is_empty() {
            lines.push(Line::new());
            lines.push(line(title, Tone::Title));
            lines.extend(rows);
        }
        lines
    }
}

/// A reason and its count: AWS's names are long, and which of them it is matters.
fn throttled(reason: &str, count: u32, columns: usize) -> Vec<Line> {
    const INDENT: &str = "    ";
    let count = format!("{count:>6}     ");
    let room = columns.saturating_sub(INDENT.len() + width(&count) + 1);
    let parts: Vec<&str> = pieces(reason, room).collect();
    let last = parts.len().saturating_sub(1);
    let row = |(nth, part): (usize, &&str)| {
        let text = format!("{INDENT}{part}");
        if nth == last { counted(&text, Tone::Dim, &count, columns) } else { line(text, Tone::Dim) }
    };
    parts.iter().enumerate().map(row).collect()
}

/// A bar of the whole width and its share.
fn progress(done: u32, of: u32, columns: usize) -> Line {
    let share = u64::from(done) * 100 / u64::from(of.max(1));
    let label = format!(" {share:>3}%");
    let room = columns.saturating_sub(label.len()).min(WIDEST);
    let full = usize::try_from(u64::from(done) * room as u64 / u64::from(of.max(1))).unwrap_or(room);
    vec![
        ("█".repeat(full), Tone::Bar),
        ("░".repeat(room.saturating_sub(full)), Tone::Dim),
        (label, Tone::Plain),
    ]
}

/// A text on the left and a count on the right, which is never cut.
fn counted(text: &str, tone: Tone, count: &str, columns: usize) -> Line {
    let room = columns.saturating_sub(width(count) + 1);
    let text = fit(text, room).into_owned();
    let gap = room.saturating_sub(width(&text)) + 1;
    vec![(text, tone), (format!("{}{count}", " ".repeat(gap)), Tone::Plain)]
}

/// Two parts beside each other; the left one has so many columns.
fn beside(left: Vec<Line>, right: Vec<Line>, width: usize) -> Vec<Line> {
    let rows = left.len().max(right.len());
    let (mut left, mut right) = (left.into_iter(), right.into_iter());
    (0..rows)
        .map(|_| {
            let mut line = left.next().unwrap_or_default();
            let gap = width.saturating_sub(columns(&line));
            line.push((" ".repeat(gap), Tone::Plain));
            line.extend(right.next().unwrap_or_default());
            line
        })
        .collect()
}

/// How many there are between two bounds each: in even steps up to what 95 of 100 do not exceed, and one row for the
/// rest.
fn histogram(samples: &Samples, columns: usize) -> Vec<Line> {
    let (Some(least), Some(usual), Some(most)) =
        (samples.percentile(0), samples.percentile(95), samples.max())
    else {
        return Vec::new();
    };
    let step = step((usual - least) / BUCKETS, usual);
    let mut from = (least / step).floor() * step;
    let mut buckets: Vec<(f64, usize)> = Vec::new();
    while from <= usual && buckets.len() < 16 {
        buckets.push((from, samples.below(from + step) - samples.below(from)));
        from += step;
    }
    let rest = samples.count() - samples.below(from);
    if rest > 0 {
        buckets.push((from, rest));
    }
    let largest = buckets.iter().map(|(_, count)| *count).max().unwrap_or(1).max(1);
    let bar = columns.saturating_sub(5 + TIME + 2 + 7).clamp(1, 40);
    let bottom = buckets.len().saturating_sub(1);
    let row = |(nth, (from, count)): (usize, &(f64, usize))| {
        let cells = count * bar / largest;
        // What is there is seen, however little it is.
        let cells = if *count > 0 { "█".repeat(cells.max(1)) } else { String::new() };
        let mut line = vec![
            (format!("from {:>TIME$}  ", format::duration_ms(*from)), Tone::Dim),
            (cells, Tone::Bar),
            (format!(" {count}"), Tone::Plain),
        ];
        if nth == bottom && rest > 0 {
            line.push((format!("  up to {}", format::duration_ms(most)), Tone::Dim));
        }
        line
    };
    buckets.iter().enumerate().map(row).collect()
}

/// A step of 1, 2 or 5 times a power of ten, so wide that no two bounds are written alike.
fn step(wanted: f64, largest: f64) -> f64 {
    // As far as durations are written out.
    let least = match largest {
        ms if ms < 90.0 => 0.1,
        ms if ms < 900.0 => 1.0,
        ms if ms < 59_000.0 => 10.0,
        ms if ms < 3_500_000.0 => 1000.0,
        _ => 60_000.0,
    };
    let mut power = least;
    loop {
        for factor in [1.0, 2.0, 5.0] {
            if power * factor >= wanted {
                return power * factor;
            }
        }
        power *= 10.0;
        if !power.is_finite() {
            return f64::MAX;
        }
    }
}

/// So many in so much time, with a digit behind the point where they are few.
fn per_second(count: u32, elapsed_ms: u64) -> Option<String> {
    if count == 0 || elapsed_ms == 0 {
        return None;
    }
    #[allow(clippy::cast_precision_loss, reason = "2^53 ms are 285,000 years")]
    let rate = f64::from(count) * 1000.0 / elapsed_ms as f64;
    Some(if rate < 10.0 { format!("{rate:.1}") } else { format!("{rate:.0}") })
}

/// Seconds with their tenths; minutes from one on.
fn clock(ms: u64) -> String {
    if ms < 60_000 {
        return format!("{}.{} s", ms / 1000, ms % 1000 / 100);
    }
    let seconds = ms / 1000;
    match seconds / 3600 {
        0 => format!("{}m {:02}s", seconds / 60, seconds % 60),
        hours => format!("{hours}h {:02}m", seconds % 3600 / 60),
    }
}

fn pieces(text: &str, columns: usize) -> impl Iterator<Item = &str> {
    wrap(text, columns.max(1)).map(|range| &text[range])
}

fn paragraph(text: &str, tone: Tone, columns: usize) -> Vec<Line> {
    let text = sanitise(text);
    pieces(&text, columns.min(WIDEST)).map(|piece| line(piece, tone)).collect()
}

/// No wider than so many columns.
fn cut(line: Line, columns: usize) -> Line {
    let mut room = columns;
    let mut kept = Line::new();
    for (text, tone) in line {
        let text = fit(&text, room).into_owned();
        room -= width(&text).min(room);
        kept.push((text, tone));
    }
    kept
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn samples(values: &[f64]) -> Samples {
        let mut samples = Samples::default();
        for value in values {
            samples.add(*value);
        }
        samples
    }

    fn text(line: &Line) -> String {
        line.iter().map(|(text, _)| text.as_str()).collect()
    }

    #[rstest]
    #[case(&[], &[])]
    #[case(&[12.0], &["from  12.0 ms  ████ 1"])]
    #[case(
        &[1.0, 1.05, 2.2, 3.1, 3.2, 3.3, 3.4],
        &["from   1.0 ms  ██ 2", "from   1.5 ms   0", "from   2.0 ms  █ 1", "from   2.5 ms   0", "from   3.0 ms  ████ 4"],
    )]
    fn bounds_are_round_and_every_sample_is_in_one_of_them(
        #[case] values: &[f64],
        #[case] expected: &[&str],
    ) {
        let rows: Vec<String> = histogram(&samples(values), 26).iter().map(text).collect();
        assert_eq!(rows, expected);
    }

    #[test]
    fn a_few_slow_ones_have_a_row_of_their_own() {
        let mut values: Vec<f64> = (0..99).map(|nth| 10.0 + f64::from(nth) / 10.0).collect();
        values.push(5_000.0);
        let rows: Vec<String> = histogram(&samples(&values), 60).iter().map(text).collect();
        assert_eq!(rows.len(), 6, "{rows:?}");
        assert!(rows[5].contains(" 1  up to 5.00 s"), "{rows:?}");
        let counts = rows.iter().map(|row| {
            let count = row.split("  up to").next().unwrap().rsplit(' ').next().unwrap();
            count.parse::<usize>().unwrap()
        });
        assert_eq!(counts.sum::<usize>(), 100);
    }

    #[test]
    fn bounds_are_never_written_alike() {
        for exponent in 0..8 {
            for spread in [0.0, 0.001, 0.1, 1.0, 7.0] {
                let least = 1.7 * 10f64.powi(exponent);
                let values: Vec<f64> =
                    (0..40).map(|nth| least * (1.0 + spread * f64::from(nth) / 40.0)).collect();
                let rows: Vec<String> = histogram(&samples(&values), 40).iter().map(text).collect();
                let bound = |row: &String| row[4..].trim_start().split("  ").next().unwrap().to_owned();
                let bounds: std::collections::HashSet<String> = rows.iter().map(bound).collect();
                assert_eq!(bounds.len(), rows.len(), "{rows:#?}");
            }
        }
    }

    #[rstest]
    #[case(0, 100, None)]
    #[case(5, 0, None)]
    #[case(5, 1000, Some("5.0"))]
    #[case(1, 3000, Some("0.3"))]
    #[case(500, 2500, Some("200"))]
    fn rates(#[case] count: u32, #[case] elapsed_ms: u64, #[case] expected: Option<&str>) {
        assert_eq!(per_second(count, elapsed_ms).as_deref(), expected);
    }

    #[rstest]
    #[case(0, "0.0 s")]
    #[case(12_345, "12.3 s")]
    #[case(60_000, "1m 00s")]
    #[case(3_725_000, "1h 02m")]
    fn clocks(#[case] ms: u64, #[case] expected: &str) {
        assert_eq!(clock(ms), expected);
    }
}
