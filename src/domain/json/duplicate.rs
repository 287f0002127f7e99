//! Names that an object has twice. JSON allows them and Lambda takes them, but what a function reads differs from one
//! parser to the next.

use std::{
    borrow::Cow,
    collections::{HashMap, hash_map::Entry},
    fmt,
};

use super::{place, tokens};

/// A name that its object has twice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Duplicate {
    /// Line of the second one, from 1.
    pub line: usize,
    /// Its column, from 1, counted in characters.
    pub column: usize,
    /// Line of the first one, from 1.
    pub first_line: usize,
}

impl fmt::Display for Duplicate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { line, column, first_line } = self;
        write!(f, "line {line} column {column}: a name that its object has already, on line {first_line}")
    }
}

/// The first name that its object has already. The text must be JSON.
pub fn duplicate(text: &str) -> Option<Duplicate> {
    // The names of each object that is open; none for a list.
    let mut open: Vec<Option<HashMap<Cow<'_, str>, usize>>> = Vec::new();
    let mut at_name = false;
    for (at, token) in tokens(text) {
        match token {
            "{" => open.push(Some(HashMap::new())),
            "[" => open.push(None),
            "}" | "]" => _ = open.pop(),
            _ => {
                if let Some(Some(names)) = open.last_mut().filter(|_| at_name) {
                    match names.entry(name(token)) {
                        Entry::Vacant(free) => _ = free.insert(at),
                        Entry::Occupied(first) => {
                            let (line, column) = place(text, at);
                            let (first_line, _) = place(text, *first.get());
                            return Some(Duplicate { line, column, first_line });
                        }
                    }
                }
            }
        }
        at_name = matches!(token, "{" | ",");
    }
    None
}

/// A name as a parser reads it; as it is written where it holds half a surrogate pair.
fn name(token: &str) -> Cow<'_, str> {
    if !token.contains('\\') {
        return Cow::Borrowed(token);
    }
    match serde_json::from_str::<String>(token) {
        Ok(name) => Cow::Owned(format!("\"{name}\"")),
        Err(_) => Cow::Borrowed(token),
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::none(r#"{"a":1,"b":{"a":2},"c":[{"a":1},{"a":2}],"d":"a"}"#, None)]
    #[case::values_may_be_the_same(r#"{"a":"x","b":"x","c":["x","x"]}"#, None)]
    #[case::at_once("{\"ä\":1,\n \"ä\":2}", Some((2, 2, 1)))]
    #[case::behind_an_object("{\"ä\":{\"x\":[]},  \"ä\":2}", Some((1, 17, 1)))]
    #[case::in_a_list("[0,\n{\"x\":{}, \"x\":1}]", Some((2, 10, 2)))]
    #[case::escaped(r#"{"a":1,"\u0061":2}"#, Some((1, 8, 1)))]
    #[case::half_a_pair(r#"{"\ud800":1,"\ud801":2,"\ud800":3}"#, Some((1, 24, 1)))]
    #[case::no_object("1", None)]
    fn finds_the_first(#[case] text: &str, #[case] expected: Option<(usize, usize, usize)>) {
        let expected = expected.map(|(line, column, first_line)| Duplicate { line, column, first_line });
        assert_eq!(duplicate(text), expected);
    }

    #[test]
    fn depth_is_no_trouble() {
        let deep = "{\"a\":".repeat(100_000) + "1" + &"}".repeat(100_000);
        assert_eq!(duplicate(&deep), None);
    }
}
