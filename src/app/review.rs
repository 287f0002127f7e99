//! A change that waits for its confirmation, frozen to where it would go; and changes on their way.

use jiff::{SignedDuration, Timestamp};

use super::{
    Ticket,
    field::Field,
    layout::{self, Area, Size},
    list::Cursor,
};
use crate::domain::{
    change::{Consent, DiffLine, Mark, Order, Permit},
    place::Place,
    text::{sanitise, slice_columns, width, wrap},
};

/// A change with its diff, to be agreed to. Nothing in it follows the screen behind it: what is agreed to is what is
/// sent.
#[derive(Debug)]
pub struct Review {
    /// Account, region, endpoint.
    pub place: Place,
    /// The session's epoch: with another one nothing is sent.
    pub epoch: u32,
    /// Whether the configuration file protects the place or the function.
    pub protected: bool,
    /// The change.
    pub order: Order,
    /// What it does, masked.
    pub diff: Vec<DiffLine>,
    /// What is shown beside it.
    pub beside: Beside,
    /// What must be typed; none where a Yes is enough.
    pub typed: Option<String>,
    /// What was typed so far.
    pub field: Field,
    /// Whether something else was typed than what must be.
    pub mistyped: bool,
    /// Scroll position of what is between the place and what is to be given.
    pub cursor: Cursor,
    /// When it came up by itself, with an answer: keys that are pressed at that moment were not meant for it.
    pub came_up: Option<Timestamp>,
}

/// What is shown beside a change's own diff. All of it is fit to be shown.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Beside {
    /// What one should know before agreeing.
    pub warnings: Vec<String>,
    /// Where something comes from, what something is.
    pub facts: Vec<String>,
    /// Another diff with its title.
    pub more: Option<(String, Vec<DiffLine>)>,
}

/// How a piece of text is meant. The screen gives it its look; marks and words say the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    /// As it is.
    Plain,
    /// Less important.
    Dim,
    /// A name, a title.
    Title,
    /// A key that can be pressed.
    Key,
    /// The place is protected.
    Alarm,
    /// It comes.
    Added,
    /// It goes.
    Removed,
    /// It becomes something else.
    Changed,
    /// One should know it.
    Warning,
}

/// A row of the dialog: pieces from left to right.
pub type Row = Vec<(String, Tone)>;

/// The most columns of the dialog: more are not read well.
const WIDEST: u16 = 100;

/// How the dialog is divided. Whatever the size, what must be pressed or typed is on it.
#[derive(Debug, PartialEq)]
pub struct Layout {
    /// All of it.
    pub outer: Area,
    /// Whether there is room for a frame.
    pub framed: bool,
    /// Whether there is room for rules above and below the body.
    pub ruled: bool,
    /// Where it goes: rows from the top of what is inside.
    pub head: Vec<Row>,
    /// Inside the frame.
    pub inner: Area,
    /// Where the diff is scrolled.
    pub body: Area,
    /// All rows of the body.
    pub rows: Vec<Row>,
    /// What is to be pressed or typed: rows up to the bottom. The text field, where there is one, is below them.
    pub foot: Vec<Row>,
}

/// How long a review that came up by itself takes no Yes.
pub(super) const UNREAD: SignedDuration = SignedDuration::from_millis(500);

impl Review {
    /// Whether nobody can have read it yet.
    pub fn is_unread(&self, now: Timestamp) -> bool {
        self.came_up.is_some_and(|at| now.duration_since(at) < UNREAD)
    }

    /// The confirmation, once it was given.
    pub fn permit(&self) -> Permit {
        Permit {
            place: self.place.clone(),
            function: self.order.function.clone(),
            consent: match &self.typed {
                Some(_) => Consent::Typed(self.field.text().trim().to_owned()),
                None => Consent::Yes,
            },
        }
    }

    /// Divides the dialog.
    pub fn layout(&self, size: Size) -> Layout {
        let page = layout::page(size).frame;
        let field = usize::from(self.typed.is_some());
        // A frame where at least the place and two rows of the diff fit into it.
        let framed = page.columns > 30 && usize::from(page.rows) >= 8 + field;
        let edge = u16::from(framed);
        let columns = page.columns.min(WIDEST);
        // One blank column on both sides.
        let text = usize::from(columns.saturating_sub(2 * edge + 2 * edge)).max(1);
        let most = usize::from(page.rows.saturating_sub(2 * edge)).max(1);
        let foot = match most.saturating_sub(field) {
            // Place and diff need some of it.
            rows if framed => rows.saturating_sub(3).clamp(1, 6),
            6.. => 2,
            _ => 1,
        };
        let foot = self.foot(text, foot);
        let mut room = most.saturating_sub(foot.len() + field);
        let mut head = self.head(text);
        if head.len() + 4 > room {
            head = vec![self.short_head()];
            head.truncate(room.saturating_sub(1));
        }
        room = room.saturating_sub(head.len());
        let mut rows = self.body(text, false);
        let ruled = framed && room >= 4;
        room = room.saturating_sub(if ruled { 2 } else { 0 });
        if rows.len() > room && room >= 4 {
            // What one should know must not be below the edge.
            rows = self.body(text, true);
        }
        let body = rows.len().min(room);
        let inner = head.len() + body + foot.len() + field + if ruled { 2 } else { 0 };
        let outer_rows = u16::try_from(inner).unwrap_or(u16::MAX).saturating_add(2 * edge).min(page.rows);
        let outer = Area {
            column: (page.columns - columns) / 2,
            row: page.row + (page.rows - outer_rows) / 3,
            columns,
            rows: outer_rows,
        };
        let inner = Area {
            column: outer.column + 2 * edge,
            row: outer.row + edge,
            columns: u16::try_from(text).unwrap_or(u16::MAX),
            rows: outer.rows.saturating_sub(2 * edge),
        };
        let above = u16::try_from(head.len()).unwrap_or(u16::MAX).saturating_add(u16::from(ruled));
        let body = Area {
            row: inner.row.saturating_add(above),
            rows: u16::try_from(body).unwrap_or(u16::MAX),
            ..inner
        };
        Layout { outer, framed, ruled, head, inner, body, rows, foot }
    }

    /// Where it goes, in words.
    fn head(&self, columns: usize) -> Vec<Row> {
        let mut rows = Vec::new();
        let place = sanitise(&self.place.to_string()).into_owned();
        let alarm = if self.protected { " PROD " } else { "" };
        let indent = if self.protected { width(alarm) + 1 } else { 0 };
        for (nth, piece) in pieces(&place, columns.saturating_sub(indent)).enumerate() {
            rows.push(match (nth, self.protected) {
                (0, true) => vec![
                    (alarm.to_owned(), Tone::Alarm),
                    (" ".to_owned(), Tone::Plain),
                    (piece.to_owned(), Tone::Plain),
                ],
                _ => vec![(" ".repeat(indent), Tone::Plain), (piece.to_owned(), Tone::Plain)],
            });
        }
        let (function, operation) = (sanitise(&self.order.function), self.order.change.operation());
        if width(&function) + 2 + width(operation) <= columns {
            rows.push(vec![
                (function.into_owned(), Tone::Title),
                ("  ".into(), Tone::Plain),
                (operation.to_owned(), Tone::Dim),
            ]);
        } else {
            rows.extend(pieces(&function, columns).map(|piece| vec![(piece.to_owned(), Tone::Title)]));
            rows.push(vec![(operation.to_owned(), Tone::Dim)]);
        }
        rows
    }

    /// The same in one row.
    fn short_head(&self) -> Row {
        let mut row = Vec::new();
        if self.protected {
            row.push((" PROD ".to_owned(), Tone::Alarm));
            row.push((" ".to_owned(), Tone::Plain));
        }
        row.push((sanitise(&self.order.function).into_owned(), Tone::Title));
        row.push((format!(" {}", sanitise(&self.place.to_string())), Tone::Plain));
        row
    }

    /// The diff and all that stands beside it.
    fn body(&self, columns: usize, warnings_first: bool) -> Vec<Row> {
        let airy = columns >= 50;
        let mut parts = vec![diff_rows(&self.diff, columns)];
        if let Some((title, lines)) = &self.beside.more {
            let mut rows: Vec<Row> = pieces(&sanitise(title), columns)
                .map(|piece| vec![(piece.to_owned(), Tone::Title)])
                .collect();
            rows.extend(diff_rows(lines, columns));
            parts.push(rows);
        }
        parts.push(paragraphs(&self.beside.facts, "  ", Tone::Plain, columns));
        let warnings = paragraphs(&self.beside.warnings, "! ", Tone::Warning, columns);
        let at = if warnings_first { 0 } else { parts.len() };
        parts.insert(at, warnings);
        let mut all: Vec<Row> = Vec::new();
        for part in parts {
            if airy && !all.is_empty() && !part.is_empty() {
                all.push(Row::new());
            }
            all.extend(part);
        }
        all
    }

    /// What is to be pressed or typed, in at most so many rows.
    fn foot(&self, columns: usize, most: usize) -> Vec<Row> {
        let Some(wanted) = &self.typed else { return vec![yes_or_no(columns)] };
        let wanted = sanitise(wanted);
        let (told, tone): ([&str; 3], _) = if self.mistyped {
            (["✗ this is something else, nothing was sent", "✗ something else", "✗"], Tone::Removed)
        } else {
            (["then enter sends it; esc sends nothing", "then enter sends it", "enter sends"], Tone::Dim)
        };
        let longest = |room: usize| told.into_iter().find(|told| width(told) <= room);
        let label = "Type ";
        let whole: Vec<&str> = pieces(&wanted, columns.saturating_sub(label.len()).max(1)).collect();
        if whole.len() < most.max(1) || (whole.len() == most.max(1) && !self.mistyped) {
            let mut rows: Vec<Row> = whole
                .iter()
                .enumerate()
                .map(|(nth, piece)| {
                    let before = if nth == 0 { label.to_owned() } else { " ".repeat(label.len()) };
                    vec![(before, Tone::Plain), ((*piece).to_owned(), Tone::Warning)]
                })
                .collect();
            let last = rows.len() - 1;
            let used: usize = rows[last].iter().map(|(text, _)| width(text)).sum();
            if used + 2 + width(told[0]) <= columns {
                rows[last].extend([("  ".to_owned(), Tone::Plain), (told[0].to_owned(), tone)]);
            } else if rows.len() < most {
                rows.extend(longest(columns).map(|told| vec![(told.to_owned(), tone)]));
            }
            return rows;
        }
        // Too long for the room: what comes next is in view.
        let room = columns.saturating_sub(label.len());
        let typed = width(self.field.text()).min(width(&wanted));
        let from = (typed + room / 2).saturating_sub(room).min(width(&wanted).saturating_sub(room));
        let mark = if self.mistyped { "✗    " } else { label };
        vec![vec![
            (mark.to_owned(), if self.mistyped { Tone::Removed } else { Tone::Plain }),
            (slice_columns(&wanted, from, room).into_owned(), Tone::Warning),
        ]]
    }
}

/// The longest form that fits.
fn yes_or_no(columns: usize) -> Row {
    let forms: [[&str; 2]; 4] = [
        [" sends it", ", enter or esc sends nothing (the default)"],
        [" sends it", ", enter, esc: nothing is sent"],
        [" sends", ", enter: nothing"],
        [" yes", " no"],
    ];
    let long = |form: &[&str; 2]| 1 + width(form[0]) + 4 + 1 + width(form[1]);
    let form = forms.iter().find(|form| long(form) <= columns).unwrap_or(&forms[3]);
    let gap = if long(form) <= columns { "    " } else { " " };
    vec![
        ("y".into(), Tone::Key),
        (form[0].into(), Tone::Plain),
        (gap.into(), Tone::Plain),
        ("n".into(), Tone::Key),
        (form[1].into(), Tone::Plain),
    ]
}

fn pieces(text: &str, columns: usize) -> impl Iterator<Item = &str> {
    wrap(text, columns.max(1)).map(|range| &text[range])
}

/// Wrapped texts, each with a mark and its lines below each other.
fn paragraphs(texts: &[String], mark: &str, tone: Tone, columns: usize) -> Vec<Row> {
    let mut rows = Vec::new();
    for text in texts {
        let text = sanitise(text);
        for (nth, piece) in pieces(&text, columns.saturating_sub(width(mark))).enumerate() {
            let mark = if nth == 0 { mark.to_owned() } else { " ".repeat(width(mark)) };
            rows.push(vec![(mark, tone), (piece.to_owned(), tone)]);
        }
    }
    rows
}

fn mark(mark: Mark) -> (&'static str, Tone) {
    match mark {
        Mark::Added => ("+ ", Tone::Added),
        Mark::Removed => ("- ", Tone::Removed),
        Mark::Changed => ("~ ", Tone::Changed),
    }
}

const ARROW: &str = " → ";

/// A diff in columns: mark, name, before, after. What does not fit beside its name goes below it, and is never cut.
pub fn diff_rows(lines: &[DiffLine], columns: usize) -> Vec<Row> {
    let widest = (columns * 2 / 5).max(8);
    let names = lines.iter().map(|line| width(&sanitise(&line.name))).filter(|name| *name <= widest);
    let names = names.max().unwrap_or_default();
    let room = columns.saturating_sub(2 + names + 2).max(1);
    let fits = |line: &DiffLine| {
        line.mark == Mark::Changed && width(&line.before) + width(ARROW) + width(&line.after) <= room
    };
    // Arrows stand below each other where that costs no line its row.
    let befores = lines.iter().filter(|line| fits(line)).map(|line| width(&line.before)).max();
    let befores = befores.unwrap_or_default();
    let mut rows = Vec::new();
    for line in lines {
        let (name, before, after) = (sanitise(&line.name), sanitise(&line.before), sanitise(&line.after));
        let (sign, tone) = mark(line.mark);
        let mut begin: Row = vec![(sign.to_owned(), tone)];
        let mut indent = 2 + names + 2;
        if width(&name) <= names && columns > names + 12 {
            begin.push((format!("{name}{}", " ".repeat(names - width(&name) + 2)), tone));
        } else {
            indent = 4.min(columns / 4);
            for (nth, piece) in pieces(&name, columns.saturating_sub(2)).enumerate() {
                let sign = if nth == 0 { sign } else { "  " };
                rows.push(vec![(sign.to_owned(), tone), (piece.to_owned(), tone)]);
            }
            begin = vec![(" ".repeat(indent), Tone::Plain)];
        }
        let room = columns.saturating_sub(indent).max(1);
        let values: Vec<(&str, &str, Tone)> = match line.mark {
            Mark::Added => vec![("", &after, Tone::Plain)],
            Mark::Removed => vec![("", &before, Tone::Dim)],
            Mark::Changed => {
                let long = width(&before) + width(ARROW) + width(&after);
                if long <= room {
                    let pad = befores.saturating_sub(width(&before)).min(room - long);
                    begin.extend([
                        (format!("{before}{}", " ".repeat(pad)), Tone::Dim),
                        (ARROW.to_owned(), tone),
                        (after.into_owned(), Tone::Plain),
                    ]);
                    rows.push(begin);
                    continue;
                }
                vec![("was ", &before, Tone::Dim), ("now ", &after, Tone::Plain)]
            }
        };
        for (word, value, value_tone) in values {
            for (nth, piece) in pieces(value, room.saturating_sub(width(word))).enumerate() {
                let mut row = std::mem::take(&mut begin);
                if row.is_empty() {
                    row.push((" ".repeat(indent), Tone::Plain));
                }
                let word = if nth == 0 { word.to_owned() } else { " ".repeat(width(word)) };
                row.extend([(word, tone), (piece.to_owned(), value_tone)]);
                rows.push(row);
            }
        }
    }
    rows
}

/// Where a change is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// The request is on its way. Quitting waits for it.
    Sending,
    /// AWS has taken it, and the function is settling.
    Settling,
    /// No answer came: the function is read to see whether it was done.
    Checking,
    /// Somebody else was faster: the function is read to merge with it.
    Rereading,
}

/// A change on its way.
#[derive(Clone, Debug, PartialEq)]
pub struct Writing {
    /// The request.
    pub ticket: Ticket,
    /// The change.
    pub order: Order,
    /// Where it goes.
    pub place: Place,
    /// Where it is.
    pub phase: Phase,
    /// When it was sent.
    pub since: Timestamp,
    /// Reads since then.
    pub reads: u32,
    /// Whether it is what the draft of the function was when it was agreed to.
    pub of_draft: bool,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{
        change::Change,
        release::{Additional, Alias},
    };

    fn line(mark: Mark, name: &str, before: &str, after: &str) -> DiffLine {
        DiffLine { mark, name: name.into(), before: before.into(), after: after.into(), recorded: true }
    }

    fn texts(rows: &[Row]) -> Vec<String> {
        let text = |row: &Row| row.iter().map(|(text, _)| text.as_str()).collect::<String>();
        rows.iter().map(text).map(|text| text.trim_end().to_owned()).collect()
    }

    #[test]
    fn a_diff_stands_in_columns() {
        let lines = [
            line(Mark::Changed, "Memory", "512 MB", "1024 MB"),
            line(Mark::Changed, "Timeout", "3 s", "30 s"),
            line(Mark::Added, "KMS key", "", "arn:aws:kms:eu-west-1:1:key/x"),
            line(Mark::Removed, "Layers", "arn:aws:lambda:eu-west-1:1:layer:l:1", ""),
        ];
        assert_eq!(
            texts(&diff_rows(&lines, 60)),
            [
                "~ Memory   512 MB → 1024 MB",
                "~ Timeout  3 s    → 30 s",
                "+ KMS key  arn:aws:kms:eu-west-1:1:key/x",
                "- Layers   arn:aws:lambda:eu-west-1:1:layer:l:1",
            ]
        );
    }

    #[test]
    fn what_is_long_is_wrapped_and_never_cut() {
        let lines = [
            line(Mark::Changed, "Role", "arn:aws:iam::1:role/before", "arn:aws:iam::1:role/after"),
            line(Mark::Added, "A_VARIABLE_OF_A_LONG_NAME", "", "(8 bytes)"),
        ];
        assert_eq!(
            texts(&diff_rows(&lines, 34)),
            [
                "~ Role  was arn:aws:iam::1:role/be",
                "            fore",
                "        now arn:aws:iam::1:role/af",
                "            ter",
                "+ A_VARIABLE_OF_A_LONG_NAME",
                "    (8 bytes)",
            ]
        );
        for columns in 1..80 {
            let shown = texts(&diff_rows(&lines, columns)).concat().replace(' ', "");
            for text in ["A_VARIABLE_OF_A_LONG_NAME", "(8bytes)"] {
                assert!(shown.contains(text), "{columns}: {shown}");
            }
        }
    }

    #[test]
    fn whatever_the_size_nothing_is_outside_and_what_is_asked_is_inside() {
        let alias = |additional: Option<f64>| Alias {
            name: "live".into(),
            version: "7".into(),
            additional: additional.map(|weight| Additional { version: "8".into(), weight }),
            ..Alias::default()
        };
        for (typed, protected, mistyped) in
            [(None, false, false), (Some("f".repeat(190)), true, false), (Some("f".into()), true, true)]
        {
            let change = Change::Alias {
                name: "live".into(),
                before: Some(alias(None)),
                after: Some(alias(Some(0.1))),
            };
            let review = Review {
                place: Place {
                    profile: Some("p".repeat(70)),
                    account: Some("123456789012".into()),
                    region: "eu-west-1".into(),
                    endpoint: None,
                },
                epoch: 1,
                protected,
                diff: change.diff(),
                order: Order { function: "f".repeat(64), revision_id: None, change },
                beside: Beside {
                    warnings: vec!["w ".repeat(200)],
                    facts: vec!["a fact".into()],
                    more: Some(("Since".into(), vec![line(Mark::Added, "x", "", "y"); 30])),
                },
                typed: typed.clone(),
                field: Field::default(),
                mistyped,
                cursor: Cursor::default(),
                came_up: None,
            };
            for columns in (1..140).step_by(8) {
                for rows in 0..40 {
                    let size = Size { columns, rows };
                    let page = layout::page(size).frame;
                    let it = review.layout(size);
                    let field = usize::from(typed.is_some());
                    let bottom = |area: &Area| area.row + area.rows;
                    assert!(it.outer.rows <= page.rows && it.outer.columns <= page.columns, "{it:?}");
                    assert!(bottom(&it.inner) <= bottom(&it.outer), "{it:?}");
                    if columns < layout::LEAST.columns || rows < layout::LEAST.rows {
                        continue;
                    }
                    let used = it.head.len() + usize::from(it.body.rows) + it.foot.len() + field;
                    let ruled = if it.ruled { 2 } else { 0 };
                    assert_eq!(used + ruled, usize::from(it.inner.rows), "{size:?} {it:?}");
                    assert!(
                        !it.foot.is_empty() && !it.head.is_empty() && it.body.rows > 0,
                        "{size:?} {it:?}"
                    );
                    for row in it.foot.iter().chain(&it.rows) {
                        let wide: usize = row.iter().map(|(text, _)| width(text)).sum();
                        assert!(wide <= usize::from(it.inner.columns), "{size:?} {row:?}");
                    }
                }
            }
        }
    }
}
