//! Functions of one row.

use std::{borrow::Cow, net::IpAddr};

use super::value::Value;

/// A function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Function {
    Abs,
    Ceil,
    Floor,
    Sqrt,
    Log,
    Greatest,
    Least,
    IsPresent,
    Coalesce,
    If,
    IsEmpty,
    IsBlank,
    Concat,
    Ltrim,
    Rtrim,
    Trim,
    Strlen,
    Toupper,
    Tolower,
    Substr,
    Replace,
    Strcontains,
    DateFloor,
    DateCeil,
    FromMillis,
    ToMillis,
    IsValidIp,
    IsValidIpV4,
    IsValidIpV6,
}

/// Any number of arguments.
const MANY: usize = usize::MAX;

/// Names, and the least and most arguments.
const TABLE: [(&str, Function, usize, usize); 29] = [
    ("abs", Function::Abs, 1, 1),
    ("ceil", Function::Ceil, 1, 1),
    ("floor", Function::Floor, 1, 1),
    ("sqrt", Function::Sqrt, 1, 1),
    ("log", Function::Log, 1, 1),
    ("greatest", Function::Greatest, 1, MANY),
    ("least", Function::Least, 1, MANY),
    ("ispresent", Function::IsPresent, 1, 1),
    ("coalesce", Function::Coalesce, 1, MANY),
    ("if", Function::If, 3, 3),
    ("isempty", Function::IsEmpty, 1, 1),
    ("isblank", Function::IsBlank, 1, 1),
    ("concat", Function::Concat, 1, MANY),
    ("ltrim", Function::Ltrim, 1, 2),
    ("rtrim", Function::Rtrim, 1, 2),
    ("trim", Function::Trim, 1, 2),
    ("strlen", Function::Strlen, 1, 1),
    ("toupper", Function::Toupper, 1, 1),
    ("tolower", Function::Tolower, 1, 1),
    ("substr", Function::Substr, 2, 3),
    ("replace", Function::Replace, 3, 3),
    ("strcontains", Function::Strcontains, 2, 2),
    ("datefloor", Function::DateFloor, 2, 2),
    ("dateceil", Function::DateCeil, 2, 2),
    ("frommillis", Function::FromMillis, 1, 1),
    ("tomillis", Function::ToMillis, 1, 1),
    ("isvalidip", Function::IsValidIp, 1, 1),
    ("isvalidipv4", Function::IsValidIpV4, 1, 1),
    ("isvalidipv6", Function::IsValidIpV6, 1, 1),
];

/// The function of a name, in any case, and how many arguments it takes.
pub(super) fn find(name: &str) -> Option<(Function, usize, usize)> {
    TABLE
        .into_iter()
        .find(|(known, ..)| known.eq_ignore_ascii_case(name))
        .map(|(_, function, least, most)| (function, least, most))
}

/// The value of a call. The number of arguments was checked when the query was parsed.
pub(super) fn call<'v>(function: Function, mut arguments: impl Iterator<Item = Cow<'v, Value>>) -> Value {
    match function {
        Function::Greatest | Function::Least => {
            let numbers = arguments.filter_map(|value| value.number());
            let best =
                if function == Function::Least { numbers.reduce(f64::min) } else { numbers.reduce(f64::max) };
            return best.map_or(Value::Missing, Value::Number);
        }
        Function::Coalesce => {
            return arguments.find(|value| !value.is_missing()).map(Cow::into_owned).unwrap_or_default();
        }
        Function::Concat => {
            let mut whole = String::new();
            for part in arguments {
                whole.push_str(&part.shown().unwrap_or_default());
            }
            return Value::text(whole);
        }
        _ => {}
    }
    let first = arguments.next().unwrap_or_default();
    let second = arguments.next().unwrap_or_default();
    let third = arguments.next().unwrap_or_default();
    match function {
        Function::IsPresent => Value::Flag(!first.is_missing()),
        Function::IsEmpty => Value::Flag(first.shown().is_none_or(|text| text.is_empty())),
        Function::IsBlank => Value::Flag(first.shown().is_none_or(|text| text.trim().is_empty())),
        Function::If => if first.holds() { second } else { third }.into_owned(),
        Function::Abs | Function::Ceil | Function::Floor | Function::Sqrt | Function::Log => {
            first.number().map_or(Value::Missing, |number| numeric(function, number))
        }
        Function::DateFloor | Function::DateCeil => time(function, &first, &second),
        Function::FromMillis => milliseconds(&first).map_or(Value::Missing, Value::Time),
        Function::ToMillis => match first.as_ref() {
            #[allow(clippy::cast_precision_loss, reason = "milliseconds stay far below 2^53")]
            Value::Time(ms) => Value::Number(*ms as f64),
            _ => Value::Missing,
        },
        _ => match first.shown() {
            Some(text) => textual(function, &text, &second, &third),
            None => Value::Missing,
        },
    }
}

fn numeric(function: Function, number: f64) -> Value {
    let result = match function {
        Function::Ceil => number.ceil(),
        Function::Floor => number.floor(),
        Function::Sqrt => number.sqrt(),
        Function::Log => number.ln(),
        _ => number.abs(),
    };
    if result.is_finite() { Value::Number(result) } else { Value::Missing }
}

#[allow(clippy::cast_possible_truncation, reason = "checked to be within the range")]
fn milliseconds(value: &Value) -> Option<i64> {
    // Beyond this no date is shown: year 9999.
    const LAST: f64 = 253_402_300_799_999.0;
    value.number().filter(|number| number.abs() <= LAST).map(|number| number as i64)
}

fn time(function: Function, value: &Value, period: &Value) -> Value {
    let (Some(ms), Some(period)) = (milliseconds(value), milliseconds(period)) else { return Value::Missing };
    if period <= 0 {
        return Value::Missing;
    }
    let floor = ms.div_euclid(period) * period;
    Value::Time(if function == Function::DateCeil && floor < ms { floor + period } else { floor })
}

fn textual(function: Function, text: &str, second: &Value, third: &Value) -> Value {
    match function {
        Function::Strlen => {
            #[allow(clippy::cast_precision_loss, reason = "an event is at most 1 MB")]
            let length = text.chars().count() as f64;
            Value::Number(length)
        }
        Function::Toupper => Value::text(text.to_uppercase()),
        Function::Tolower => Value::text(text.to_lowercase()),
        Function::Ltrim | Function::Rtrim | Function::Trim => {
            let chars = second.shown();
            let gone = |c: char| chars.as_deref().map_or(c.is_whitespace(), |chars| chars.contains(c));
            Value::text(match function {
                Function::Ltrim => text.trim_start_matches(gone),
                Function::Rtrim => text.trim_end_matches(gone),
                _ => text.trim_matches(gone),
            })
        }
        Function::Substr => {
            let place = |value: &Value| milliseconds(value).map(|at| usize::try_from(at).unwrap_or_default());
            let rest = text.chars().skip(place(second).unwrap_or_default());
            Value::text(match place(third) {
                Some(length) => rest.take(length).collect::<String>(),
                None => rest.collect(),
            })
        }
        Function::Replace => match (second.shown(), third.shown()) {
            (Some(old), Some(new)) if !old.is_empty() => Value::text(text.replace(&*old, &new)),
            _ => Value::text(text),
        },
        Function::Strcontains => Value::Flag(second.shown().is_some_and(|needle| text.contains(&*needle))),
        Function::IsValidIp => Value::Flag(text.parse::<IpAddr>().is_ok()),
        Function::IsValidIpV4 => Value::Flag(text.parse::<IpAddr>().is_ok_and(|address| address.is_ipv4())),
        Function::IsValidIpV6 => Value::Flag(text.parse::<IpAddr>().is_ok_and(|address| address.is_ipv6())),
        // The others were answered before.
        _ => Value::Missing,
    }
}
