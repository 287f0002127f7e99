//! jaq-json's values with what a bounded filter needs: how deep a value is, and the meter told of what is made.
//!
//! Differs from jaq-json where jq differs from it: keys are strings only, and the order of keys stays when one is
//! deleted.

use std::{
    cell::{Cell, RefCell},
    cmp::Ordering,
    fmt,
    ops::{Add, Div, Mul, Neg, Rem, Sub},
    sync::Arc,
};

use bytes::Bytes;
use jaq_core::{Error, Exn, ValR, ValT, ValX, box_iter::BoxIter, path::Opt, val::Range};
use jaq_json::{Map, Num, Val};

use super::{
    DEEPEST_INPUT, meter,
    meter::{Stop, make, stop},
    text,
};

/// The most levels of a value: an input of [`DEEPEST_INPUT`] and what a filter puts around it. Dropping, comparing and
/// writing recurse as deep.
const DEEPEST: u32 = 12_000;
const _: () = assert!(DEEPEST as usize > DEEPEST_INPUT);

/// What an item of an array and a member of an object are counted as, in bytes.
const ITEM: usize = size_of::<Val>();
const MEMBER: usize = 4 * ITEM;

/// The most bits that a product of integers may have.
const WIDEST_INTEGER: u64 = 1 << 17;

type Problem = Error<Value>;
type Result<T, E = Problem> = std::result::Result<T, E>;

/// A value, and an upper bound of its levels: 0 for what is neither an array nor an object.
#[derive(Clone)]
pub(super) struct Value {
    val: Val,
    depth: u32,
}

impl Value {
    /// With the levels it has at most.
    pub(super) fn with_depth(val: Val, depth: u32) -> Self {
        match val {
            Val::Arr(_) | Val::Obj(_) if depth > DEEPEST => stop(Stop::Depth),
            Val::Arr(_) | Val::Obj(_) => Self { val, depth: depth.max(1) },
            _ => Self { val, depth: 0 },
        }
    }

    /// A value without levels below it.
    pub(super) fn from_val(val: Val) -> Self {
        Self::with_depth(val, 1)
    }

    pub(super) fn no_object() -> Self {
        Self::from_val(Val::obj(Map::default()))
    }

    pub(super) fn val(&self) -> &Val {
        &self.val
    }

    /// The text of a string.
    pub(super) fn text(&self) -> Option<String> {
        match &self.val {
            Val::TStr(bytes) => Some(String::from_utf8_lossy(bytes).into_owned()),
            _ => None,
        }
    }

    /// Its JSON text as a string.
    pub(super) fn into_json(self) -> Self {
        match text::write(&self.val, usize::MAX) {
            Some(text) => Self::from(text),
            None => Self::from_val(Val::Null),
        }
    }

    /// What it is, for messages: they quote no values.
    pub(super) fn kind(&self) -> &'static str {
        match self.val {
            Val::Null => "null",
            Val::Bool(_) => "a boolean",
            Val::Num(_) => "a number",
            Val::BStr(_) | Val::TStr(_) => "a string",
            Val::Arr(_) => "an array",
            Val::Obj(_) => "an object",
        }
    }

    fn children(self) -> Result<BoxIter<'static, Val>, Self> {
        match self.val {
            Val::Arr(items) => Ok(Box::new(Arc::unwrap_or_clone(items).into_iter())),
            Val::Obj(members) => {
                Ok(Box::new(Arc::unwrap_or_clone(members).into_iter().map(|(_, value)| value)))
            }
            _ => Err(self),
        }
    }

    fn uniterable(&self) -> Problem {
        Error::str(format_args!("cannot iterate over {}", self.kind()))
    }

    fn unindexable(&self, index: &Self) -> Problem {
        Error::str(format_args!("cannot index {} with {}", self.kind(), index.kind()))
    }
}

/// The kinds and not the values: this is what errors are made of, and those hold nothing of a payload.
impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.kind())
    }
}

impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Self::from_val(Val::Bool(value))
    }
}

impl From<isize> for Value {
    fn from(value: isize) -> Self {
        Self::from_val(Val::from(value))
    }
}

impl From<usize> for Value {
    fn from(value: usize) -> Self {
        Self::from_val(Val::from(value))
    }
}

impl From<f64> for Value {
    fn from(value: f64) -> Self {
        Self::from_val(Val::from(value))
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        make(text.len());
        Self::from_val(Val::from(text))
    }
}

impl From<Range<Self>> for Value {
    fn from(range: Range<Self>) -> Self {
        let ends = [("start", range.start), ("end", range.end)];
        let ends = ends.into_iter().filter_map(|(key, end)| Some((Val::from(key.to_owned()), end?.val)));
        Self::from_val(Val::obj(ends.collect()))
    }
}

impl FromIterator<Self> for Value {
    fn from_iter<T: IntoIterator<Item = Self>>(items: T) -> Self {
        let mut depth = 0;
        let items: Vec<Val> = items
            .into_iter()
            .map(|item| {
                meter::step();
                make(ITEM);
                depth = depth.max(item.depth);
                item.val
            })
            .collect();
        Self::with_depth(Val::Arr(Arc::new(items)), depth + 1)
    }
}

impl PartialEq for Value {
    fn eq(&self, other: &Self) -> bool {
        self.val == other.val
    }
}

impl Eq for Value {}

impl PartialOrd for Value {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Value {
    fn cmp(&self, other: &Self) -> Ordering {
        self.val.cmp(&other.val)
    }
}

/// What copying a value because somebody else holds it too takes.
fn copied(val: &Val) -> usize {
    match val {
        Val::TStr(bytes) if !bytes.is_unique() => bytes.len(),
        Val::Arr(items) if Arc::strong_count(items) > 1 => items.len() * ITEM,
        Val::Obj(members) if Arc::strong_count(members) > 1 => members.len() * MEMBER,
        _ => 0,
    }
}

fn added(val: &Val) -> usize {
    match val {
        Val::TStr(bytes) => bytes.len(),
        Val::Arr(items) => items.len() * ITEM,
        Val::Obj(members) => members.len() * MEMBER,
        _ => 0,
    }
}

/// Runs an operation of jaq-json's values. Its error would quote them.
fn calculate(
    left: Value,
    operator: &str,
    right: Value,
    operation: impl FnOnce(Val, Val) -> jaq_json::ValR,
) -> Result<Value> {
    let kinds = (left.kind(), right.kind());
    let depth = left.depth.max(right.depth);
    operation(left.val, right.val)
        .map(|val| Value::with_depth(val, depth))
        .map_err(|_| Error::str(format_args!("cannot calculate {} {operator} {}", kinds.0, kinds.1)))
}

impl Add for Value {
    type Output = Result<Self>;

    fn add(self, other: Self) -> Result<Self> {
        if self.val != Val::Null {
            make(copied(&self.val) + added(&other.val));
        }
        calculate(self, "+", other, Val::add)
    }
}

impl Sub for Value {
    type Output = Result<Self>;

    fn sub(self, other: Self) -> Result<Self> {
        make(copied(&self.val));
        calculate(self, "-", other, Val::sub)
    }
}

impl Mul for Value {
    type Output = Result<Self>;

    fn mul(self, other: Self) -> Result<Self> {
        match (&self.val, &other.val) {
            (Val::TStr(text), Val::Num(_)) => make(text.len().saturating_mul(times(&other))),
            (Val::Num(_), Val::TStr(text)) => make(text.len().saturating_mul(times(&self))),
            (Val::Num(left), Val::Num(right)) if bits(left) + bits(right) > WIDEST_INTEGER => {
                return Err(Error::str("the product has too many digits"));
            }
            (Val::Obj(_), Val::Obj(_)) => make(copied(&self.val) + added(&other.val)),
            _ => {}
        }
        calculate(self, "*", other, Val::mul)
    }
}

/// How often a text is repeated.
#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "it saturates, below zero at none"
)]
fn times(count: &Value) -> usize {
    jaq_std::ValT::as_f64(count).unwrap_or_default() as usize
}

/// The bits of an integer beyond the machine's own.
fn bits(number: &Num) -> u64 {
    match number {
        Num::BigInt(number) => number.bits(),
        _ => 0,
    }
}

impl Div for Value {
    type Output = Result<Self>;

    fn div(self, other: Self) -> Result<Self> {
        if let (Val::TStr(text), Val::TStr(_)) = (&self.val, &other.val) {
            make(text.len());
        }
        calculate(self, "/", other, Val::div)
    }
}

impl Rem for Value {
    type Output = Result<Self>;

    fn rem(self, other: Self) -> Result<Self> {
        calculate(self, "%", other, Val::rem)
    }
}

impl Neg for Value {
    type Output = Result<Self>;

    fn neg(self) -> Result<Self> {
        let kind = self.kind();
        (-self.val).map(Self::from_val).map_err(|_| Error::str(format_args!("cannot negate {kind}")))
    }
}

impl ValT for Value {
    fn from_num(number: &str) -> ValR<Self> {
        Val::from_num(number).map(Self::from_val).map_err(|_| Error::str("not a number"))
    }

    fn from_map<I: IntoIterator<Item = (Self, Self)>>(members: I) -> ValR<Self> {
        let mut depth = 0;
        let mut map = Map::default();
        for (key, value) in members {
            if !matches!(key.val, Val::TStr(_)) {
                return Err(Error::str(format_args!("cannot use {} as a key", key.kind())));
            }
            make(MEMBER);
            depth = depth.max(value.depth);
            map.insert(key.val, value.val);
        }
        Ok(Self::with_depth(Val::obj(map), depth + 1))
    }

    fn key_values(self) -> BoxIter<'static, ValR<(Self, Self), Self>> {
        let depth = self.depth.saturating_sub(1);
        let child = move |val| Self::with_depth(val, depth);
        match self.val {
            Val::Arr(items) => {
                let items = Arc::unwrap_or_clone(items).into_iter().enumerate();
                Box::new(items.map(move |(at, item)| Ok((Self::from(at), child(item)))))
            }
            Val::Obj(members) => {
                let members = Arc::unwrap_or_clone(members).into_iter();
                Box::new(members.map(move |(key, member)| Ok((Self::from_val(key), child(member)))))
            }
            _ => Box::new(std::iter::once(Err(self.uniterable()))),
        }
    }

    fn values(self) -> Box<dyn Iterator<Item = ValR<Self>>> {
        let depth = self.depth.saturating_sub(1);
        match self.children() {
            Ok(children) => Box::new(children.map(move |child| Ok(Self::with_depth(child, depth)))),
            Err(other) => Box::new(std::iter::once(Err(other.uniterable()))),
        }
    }

    fn index(self, index: &Self) -> ValR<Self> {
        if matches!((&self.val, &index.val), (Val::Obj(_), key) if !matches!(key, Val::TStr(_))) {
            return Err(self.unindexable(index));
        }
        let depth = self.depth.saturating_sub(1);
        // Of a text or an array by a range comes a part, which is as deep as the whole.
        let depth = if matches!(index.val, Val::Obj(_)) { self.depth } else { depth };
        let kinds = (self.kind(), index.kind());
        self.val
            .index(&index.val)
            .map(|val| Self::with_depth(val, depth))
            .map_err(|_| Error::str(format_args!("cannot index {} with {}", kinds.0, kinds.1)))
    }

    fn range(self, range: Range<&Self>) -> ValR<Self> {
        let (kind, depth) = (self.kind(), self.depth);
        if let Val::Arr(items) = &self.val {
            make(items.len() * ITEM);
        }
        let bounds = range.start.map(|start| &start.val)..range.end.map(|end| &end.val);
        self.val
            .range(bounds)
            .map(|val| Self::with_depth(val, depth))
            .map_err(|_| Error::str(format_args!("cannot take a part of {kind}")))
    }

    fn map_values<'a, I: Iterator<Item = ValX<'a, Self>>>(
        self,
        opt: Opt,
        f: impl Fn(Self) -> I,
    ) -> ValX<'a, Self> {
        let below = self.depth.saturating_sub(1);
        let mut depth = 0;
        let mut take = |value: Self| {
            meter::step();
            depth = depth.max(value.depth);
            value.val
        };
        match self.val {
            Val::Arr(items) => {
                make(items.len() * ITEM);
                let mut mapped = Vec::with_capacity(items.len());
                for item in Arc::unwrap_or_clone(items) {
                    for value in f(Self::with_depth(item, below)) {
                        mapped.push(take(value?));
                    }
                }
                Ok(Self::with_depth(Val::Arr(Arc::new(mapped)), depth + 1))
            }
            Val::Obj(members) => {
                make(members.len() * MEMBER);
                let mut mapped = Map::default();
                for (key, member) in Arc::unwrap_or_clone(members) {
                    if let Some(value) = f(Self::with_depth(member, below)).next() {
                        mapped.insert(key, take(value?));
                    }
                }
                Ok(Self::with_depth(Val::obj(mapped), depth + 1))
            }
            _ => opt.fail(self, |value| Exn::from(value.uniterable())),
        }
    }

    fn map_index<'a, I: Iterator<Item = ValX<'a, Self>>>(
        self,
        index: &Self,
        opt: Opt,
        f: impl Fn(Self) -> I,
    ) -> ValX<'a, Self> {
        let below = self.depth.saturating_sub(1);
        match (self.val, &index.val) {
            (Val::Obj(mut members), key @ Val::TStr(_)) => {
                let old = members.get(key).cloned();
                make(MEMBER);
                let new = f(Self::with_depth(old.unwrap_or_default(), below)).next().transpose()?;
                let depth = new.as_ref().map_or(0, |new| new.depth + 1).max(self.depth);
                if Arc::strong_count(&members) > 1 {
                    make(members.len() * MEMBER);
                }
                let map = Arc::make_mut(&mut members);
                match new {
                    Some(new) => _ = map.insert(key.clone(), new.val),
                    None => _ = map.shift_remove(key),
                }
                Ok(Self::with_depth(Val::Obj(members), depth))
            }
            (Val::Null, key @ Val::TStr(_)) => {
                let Some(new) = f(Self::from_val(Val::Null)).next().transpose()? else {
                    return Ok(Self::from_val(Val::Null));
                };
                make(MEMBER);
                let map = [(key.clone(), new.val)].into_iter().collect();
                Ok(Self::with_depth(Val::obj(map), new.depth + 1))
            }
            (val @ (Val::TStr(_) | Val::Arr(_)), Val::Obj(ends)) => {
                let end = |key: &str| ends.get(&Val::from(key.to_owned())).cloned().map(Self::from_val);
                let (start, end) = (end("start"), end("end"));
                Self { val, depth: self.depth }.map_range(start.as_ref()..end.as_ref(), opt, f)
            }
            (Val::Arr(mut items), Val::Num(Num::Int(at))) => {
                let place = if *at < 0 {
                    items.len().checked_sub(at.unsigned_abs())
                } else {
                    usize::try_from(*at).ok()
                };
                let Some(place) = place.filter(|place| *place < items.len()) else {
                    let whole = Self { val: Val::Arr(items), depth: self.depth };
                    return opt
                        .fail(whole, |_| Exn::from(Error::str(format_args!("index {at} is out of bounds"))));
                };
                let old = items[place].clone();
                let new = f(Self::with_depth(old, below)).next().transpose()?;
                let depth = new.as_ref().map_or(0, |new| new.depth + 1).max(self.depth);
                if Arc::strong_count(&items) > 1 {
                    make(items.len() * ITEM);
                }
                let list = Arc::make_mut(&mut items);
                match new {
                    Some(new) => list[place] = new.val,
                    None => _ = list.remove(place),
                }
                Ok(Self::with_depth(Val::Arr(items), depth))
            }
            (val, _) => {
                let whole = Self { val, depth: self.depth };
                opt.fail(whole, |whole| Exn::from(whole.unindexable(index)))
            }
        }
    }

    fn map_range<'a, I: Iterator<Item = ValX<'a, Self>>>(
        self,
        range: Range<&Self>,
        opt: Opt,
        f: impl Fn(Self) -> I,
    ) -> ValX<'a, Self> {
        let (kind, depth) = (self.kind(), self.depth);
        let bounds = range.start.map(|start| &start.val)..range.end.map(|end| &end.val);
        make(added(&self.val));
        let deepest = Cell::new(depth);
        // jaq-json's exceptions are of another type: this one is kept beside.
        let failed = RefCell::new(None);
        let whole = self.val.map_range(bounds, opt, |part| {
            let new = f(Self::with_depth(part, depth)).next().map(|new| match new {
                Ok(new) => {
                    deepest.set(deepest.get().max(new.depth));
                    Ok(new.val)
                }
                Err(exception) => {
                    failed.replace(Some(exception));
                    Err(Exn::from(jaq_json::Error::str("")))
                }
            });
            new.into_iter()
        });
        match (whole, failed.into_inner()) {
            (_, Some(exception)) => Err(exception),
            (Ok(val), None) => Ok(Self::with_depth(val, deepest.get())),
            (Err(_), None) => Err(Exn::from(Error::str(format_args!("cannot update a part of {kind}")))),
        }
    }

    fn as_bool(&self) -> bool {
        self.val.as_bool()
    }

    fn into_string(self) -> Self {
        if matches!(self.val, Val::TStr(_)) { self } else { self.into_json() }
    }
}

impl jaq_std::ValT for Value {
    fn into_seq<S: FromIterator<Self>>(self) -> Result<S, Self> {
        let depth = self.depth.saturating_sub(1);
        match self.val {
            Val::Arr(items) => {
                make(items.len() * ITEM);
                Ok(Arc::unwrap_or_clone(items)
                    .into_iter()
                    .map(|item| Self::with_depth(item, depth))
                    .collect())
            }
            _ => Err(self),
        }
    }

    fn is_int(&self) -> bool {
        jaq_std::ValT::is_int(&self.val)
    }

    fn as_isize(&self) -> Option<isize> {
        jaq_std::ValT::as_isize(&self.val)
    }

    fn as_f64(&self) -> Option<f64> {
        jaq_std::ValT::as_f64(&self.val)
    }

    fn is_utf8_str(&self) -> bool {
        matches!(self.val, Val::TStr(_))
    }

    fn as_bytes(&self) -> Option<&[u8]> {
        jaq_std::ValT::as_bytes(&self.val)
    }

    fn as_sub_str(&self, part: &[u8]) -> Self {
        Self::from_val(jaq_std::ValT::as_sub_str(&self.val, part))
    }

    fn from_utf8_bytes(bytes: impl AsRef<[u8]> + Send + 'static) -> Self {
        make(bytes.as_ref().len());
        Self::from_val(Val::utf8_str(Bytes::from_owner(bytes)))
    }
}
