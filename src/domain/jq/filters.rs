//! The named filters: jaq's, without those that look outside, and a few in place of jaq-json's own, which are bound
//! to its own type of values.

use jaq_core::{
    Cv, Error, Exn,
    box_iter::box_once,
    load::{self, parse::Def},
    native::{self, Fun, bome, unary, v},
};
use jaq_json::Val;
use jaq_std::ValT as _;

use super::{compile::Metered, meter, text, value::Value};

/// jq's filters that would look at something other than the value.
pub(super) const WITHHELD: &[&str] = &[
    "now",
    "localtime",
    "strflocaltime",
    "date",
    "input",
    "inputs",
    "input_filename",
    "input_line_number",
    "get_search_list",
    "$__prog_args",
];

/// Of jaq's own: left out, or replaced below.
const REPLACED: &[&str] =
    &["now", "localtime", "strflocaltime", "env", "debug_empty", "stderr_empty", "halt", "range"];

/// What jq has and jaq does not define.
const DEFINITIONS: &str = r#"
def toarray: if isarray then . else [.] end;
def leaf_paths: paths(scalars);
def IN(s): any(s == .; .);
def IN(src; s): any(src == s; .);
def INDEX(stream; f): reduce stream as $row ({}; .[$row | f | tostring] |= $row);
def INDEX(f): INDEX(.[]; f);
def ascii: [.] | implode;
def @csv: [.[] | if isstring then "\"" + gsub("\""; "\"\"") + "\"" elif . == null then "" else tostring end] | join(",");
def @tsv: [.[] | if . == null then "" else tostring
  | gsub("\\\\"; "\\\\") | gsub("\t"; "\\t") | gsub("\n"; "\\n") | gsub("\r"; "\\r") end] | join("\t");
"#;

pub(super) fn definitions() -> impl Iterator<Item = Def<&'static str>> {
    load::parse(DEFINITIONS, |parser| parser.defs()).unwrap_or_default().into_iter()
}

type ValueR = Result<Value, Error<Value>>;

pub(super) fn all() -> Vec<Fun<Metered>> {
    let jaq = jaq_core::funs().chain(jaq_std::funs()).filter(|(name, ..)| !REPLACED.contains(name));
    let mut all: Vec<Fun<Metered>> = jaq.collect();
    let own: [native::Filter<jaq_core::RunPtr<Metered>>; 12] = [
        ("env", v(0), |_| box_once(Ok(Value::no_object()))),
        ("debug_empty", v(0), |_| Box::new(std::iter::empty())),
        ("stderr_empty", v(0), |_| Box::new(std::iter::empty())),
        ("halt", v(1), |_| box_once(Err(Exn::halt(0)))),
        ("range", v(3), range),
        ("fromjson", v(0), |cv| bome(from_json(&cv.1))),
        ("tojson", v(0), |cv| bome(Ok(cv.1.into_json()))),
        ("length", v(0), |cv| bome(length(&cv.1))),
        ("contains", v(1), |cv| unary(cv, |x, y| Ok(Value::from(contains(x.val(), y.val()))))),
        ("has", v(1), |cv| unary(cv, |x, key| has(&x, &key))),
        ("indices", v(1), |cv| unary(cv, |x, y| indices(&x, &y))),
        ("bsearch", v(1), |cv| unary(cv, |x, y| bsearch(&x, &y))),
    ];
    all.extend(own.into_iter().map(native::run::<Metered>));
    #[cfg(test)]
    all.push(native::run::<Metered>(("stuck", [].into(), super::tests::stuck)));
    all
}

/// jaq's own gives numbers without calling back in between, and `last(range(1e18))` would never end.
fn range(mut cv: Cv<'_, Metered>) -> jaq_core::ValXs<'_, Value> {
    use std::cmp::Ordering::{Equal, Greater, Less};

    let by = cv.0.pop_var();
    let to = cv.0.pop_var();
    let mut from = Some(cv.0.pop_var());
    let direction = by.cmp(&Value::from(0_isize));
    Box::new(std::iter::from_fn(move || {
        meter::step();
        let item = from.take()?;
        let inside = match direction {
            Greater => item < to,
            Less => item > to,
            Equal => item != to,
        };
        if !inside {
            return None;
        }
        match item.clone() + by.clone() {
            Ok(next) => {
                from = Some(next);
                Some(Ok(item))
            }
            Err(error) => Some(Err(Exn::from(error))),
        }
    }))
}

fn from_json(value: &Value) -> ValueR {
    let wrong = || Error::str(format_args!("cannot parse {} as JSON", value.kind()));
    let Val::TStr(bytes) = value.val() else { return Err(wrong()) };
    let json = std::str::from_utf8(bytes).map_err(|_| wrong())?;
    if matches!(json.trim(), "nan" | "NaN") {
        return Ok(Value::from(f64::NAN));
    }
    meter::make(json.len().saturating_mul(4));
    text::read(json).map_err(|problem| Error::str(format_args!("cannot parse a string as JSON: {problem}")))
}

fn length(value: &Value) -> ValueR {
    Ok(Value::from(match value.val() {
        Val::Null => 0,
        Val::Bool(_) => return Err(Error::str("a boolean has no length")),
        Val::Num(_) => {
            return if *value < Value::from(0_isize) { -value.clone() } else { Ok(value.clone()) };
        }
        Val::BStr(bytes) | Val::TStr(bytes) => String::from_utf8_lossy(bytes).chars().count(),
        Val::Arr(items) => items.len(),
        Val::Obj(members) => members.len(),
    }))
}

fn contains(whole: &Val, part: &Val) -> bool {
    meter::step();
    match (whole, part) {
        (Val::TStr(whole), Val::TStr(part)) => memchr::memmem::find(whole, part).is_some(),
        (Val::Arr(whole), Val::Arr(part)) => {
            part.iter().all(|part| whole.iter().any(|whole| contains(whole, part)))
        }
        (Val::Obj(whole), Val::Obj(part)) => {
            part.iter().all(|(key, part)| whole.get(key).is_some_and(|whole| contains(whole, part)))
        }
        _ => whole == part,
    }
}

fn has(value: &Value, key: &Value) -> ValueR {
    match (value.val(), key.val()) {
        (Val::Obj(members), key @ Val::TStr(_)) => Ok(Value::from(members.contains_key(key))),
        (Val::Arr(items), Val::Num(_)) if key.is_int() => {
            let at = key.as_isize().and_then(|at| usize::try_from(at).ok());
            Ok(Value::from(at.is_some_and(|at| at < items.len())))
        }
        _ => Err(Error::str(format_args!("cannot check whether {} has a key: {}", value.kind(), key.kind()))),
    }
}

/// Where `part` begins in a text (in characters) or an array.
fn indices(value: &Value, part: &Value) -> ValueR {
    let found = |places: Vec<usize>| Ok(places.into_iter().map(Value::from).collect());
    match (value.val(), part.val()) {
        (Val::Null, _) => Ok(Value::from_val(Val::Null)),
        (Val::TStr(whole), Val::TStr(part)) if !part.is_empty() => {
            let (mut places, mut characters, mut counted) = (Vec::new(), 0, 0);
            let mut from = 0;
            while let Some(at) = memchr::memmem::find(&whole[from..], part).map(|at| from + at) {
                meter::step();
                characters += String::from_utf8_lossy(&whole[counted..at]).chars().count();
                counted = at;
                places.push(characters);
                from = at + 1;
            }
            found(places)
        }
        (Val::TStr(_), Val::TStr(_)) => found(Vec::new()),
        (Val::Arr(_), Val::Arr(part)) if part.is_empty() => found(Vec::new()),
        (Val::Arr(whole), Val::Arr(part)) => found(
            whole
                .windows(part.len())
                .enumerate()
                .inspect(|_| meter::step())
                .filter_map(|(at, window)| (window == &***part).then_some(at))
                .collect(),
        ),
        (Val::Arr(whole), part) => {
            found(whole.iter().enumerate().filter_map(|(at, item)| (item == part).then_some(at)).collect())
        }
        _ => Err(Error::index(value.clone(), part.clone())),
    }
}

fn bsearch(value: &Value, item: &Value) -> ValueR {
    let Val::Arr(items) = value.val() else { return Err(Error::typ(value.clone(), "an array")) };
    let place = |at: usize| isize::try_from(at).unwrap_or(isize::MAX);
    Ok(Value::from(match items.binary_search(item.val()) {
        Ok(at) => place(at),
        Err(at) => -1 - place(at),
    }))
}
