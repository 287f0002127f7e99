//! Values of fields and expressions, and how they compare, sort and read.

use std::{borrow::Cow, cmp::Ordering, sync::Arc};

use jiff::Timestamp;

/// A value. Text that reads as a number is one wherever a number is needed, as a field's value is text to begin with.
#[derive(Clone, Debug, Default)]
pub(super) enum Value {
    /// The field is not there.
    #[default]
    Missing,
    Text(Arc<str>),
    Number(f64),
    /// Milliseconds since the epoch: shown as a date, and a number otherwise.
    Time(i64),
    /// Shown as `1` or `0`; equal to the texts `true` and `false`, too.
    Flag(bool),
}

impl Value {
    pub(super) fn text(text: impl Into<Arc<str>>) -> Self {
        Self::Text(text.into())
    }

    pub(super) fn is_missing(&self) -> bool {
        matches!(self, Self::Missing)
    }

    #[allow(clippy::cast_precision_loss, reason = "milliseconds stay far below 2^53")]
    pub(super) fn number(&self) -> Option<f64> {
        match self {
            Self::Missing => None,
            Self::Text(text) => number(text),
            Self::Number(number) => Some(*number),
            Self::Time(ms) => Some(*ms as f64),
            Self::Flag(flag) => Some(f64::from(u8::from(*flag))),
        }
    }

    /// The text that is shown, and that text functions work on; `None` where there is no value.
    pub(super) fn shown(&self) -> Option<Cow<'_, str>> {
        match self {
            Self::Missing => None,
            Self::Text(text) => Some(Cow::Borrowed(text)),
            Self::Number(number) => Some(Cow::Owned(written(*number))),
            Self::Time(ms) => Some(Cow::Owned(date(*ms))),
            Self::Flag(flag) => Some(Cow::Borrowed(if *flag { "1" } else { "0" })),
        }
    }

    /// Whether a condition that has this value holds.
    pub(super) fn holds(&self) -> bool {
        match self {
            Self::Missing => false,
            Self::Flag(flag) => *flag,
            Self::Text(text) if text.eq_ignore_ascii_case("true") => true,
            _ => self.number().is_some_and(|number| number != 0.0),
        }
    }

    /// How a comparison sees two values: as numbers where both are, else as texts. `None` where one is missing.
    pub(super) fn compare(&self, other: &Self) -> Option<Ordering> {
        if let (Self::Text(a), Self::Text(b)) = (self, other)
            && a == b
        {
            return Some(Ordering::Equal);
        }
        if let (Self::Flag(flag), Self::Text(text)) | (Self::Text(text), Self::Flag(flag)) = (self, other)
            && text.eq_ignore_ascii_case(if *flag { "true" } else { "false" })
        {
            return Some(Ordering::Equal);
        }
        match (self.number(), other.number()) {
            (Some(a), Some(b)) => a.partial_cmp(&b),
            _ => Some(self.shown()?.cmp(&other.shown()?)),
        }
    }

    /// The order of `sort`: what is missing, then texts, then numbers. Texts sort naturally: runs of digits by their
    /// length and then their value, other characters by their code point.
    pub(super) fn order(&self, other: &Self) -> Ordering {
        match (self.number(), other.number()) {
            (Some(a), Some(b)) => a.total_cmp(&b),
            (Some(_), None) => Ordering::Greater,
            (None, Some(_)) => Ordering::Less,
            (None, None) => match (self.shown(), other.shown()) {
                (Some(a), Some(b)) => natural(&a, &b),
                (a, b) => a.is_some().cmp(&b.is_some()),
            },
        }
    }
}

/// The number that a text reads as.
fn number(text: &str) -> Option<f64> {
    let text = text.trim();
    let first = text.trim_start_matches(['+', '-']).bytes().next()?;
    // `inf` and `NaN` are words.
    if !(first.is_ascii_digit() || first == b'.') {
        return None;
    }
    text.parse().ok().filter(|number: &f64| number.is_finite())
}

/// A number as Insights writes it: with at most four decimals.
fn written(number: f64) -> String {
    let rounded = (number * 10_000.0).round() / 10_000.0;
    // Tiny ones keep their digits, huge ones have no decimals to round.
    let shown = if rounded.is_finite() && rounded != 0.0 { rounded } else { number };
    if shown == 0.0 { "0".to_owned() } else { shown.to_string() }
}

/// `2026-11-20 14:03:22.000`, in UTC.
pub(super) fn date(ms: i64) -> String {
    Timestamp::from_millisecond(ms)
        .map_or_else(|_| ms.to_string(), |time| time.strftime("%Y-%m-%d %H:%M:%S%.3f").to_string())
}

fn natural(a: &str, b: &str) -> Ordering {
    let (mut a, mut b) = (a, b);
    loop {
        let (Some(x), Some(y)) = (a.chars().next(), b.chars().next()) else {
            return a.is_empty().cmp(&b.is_empty()).reverse();
        };
        if x.is_ascii_digit() && y.is_ascii_digit() {
            let (left, right) = (digits(a), digits(b));
            let order = left.len().cmp(&right.len()).then_with(|| left.cmp(right));
            if order.is_ne() {
                return order;
            }
            (a, b) = (&a[left.len()..], &b[right.len()..]);
        } else {
            if x != y {
                return x.cmp(&y);
            }
            (a, b) = (&a[x.len_utf8()..], &b[y.len_utf8()..]);
        }
    }
}

fn digits(text: &str) -> &str {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    &text[..end]
}
