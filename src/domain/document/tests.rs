use std::collections::BTreeSet;

use jaq_core::{
    Compiler, Ctx, Vars, data,
    load::{Arena, File, Loader},
    unwrap_valr,
};
use jaq_json::Val;
use proptest::{collection::vec, prelude::*};
use rstest::rstest;
use serde_json::Value;

use super::*;

/// A value as it is written, for made-up documents. Keys and strings are the contents between the quotes.
#[derive(Clone, Debug)]
pub(in crate::domain) enum Model {
    Scalar(&'static str),
    String(String),
    Array(Vec<Model>),
    Object(Vec<(String, Model)>),
}

impl Model {
    /// Any value. Keys repeat; with `odd`, strings and keys hold surrogates without their other half too.
    pub(in crate::domain) fn any(odd: bool) -> BoxedStrategy<Self> {
        const SCALARS: &[&str] =
            &["0", "-0", "1", "1.0", "1E400", "12345678901234567890.10", "true", "false", "null"];
        let leaf = prop_oneof![
            proptest::sample::select(SCALARS).prop_map(Self::Scalar),
            content(odd).prop_map(Self::String),
        ];
        leaf.prop_recursive(4, 24, 5, move |inner| {
            prop_oneof![
                vec(inner.clone(), 0..5).prop_map(Self::Array),
                vec((content(odd), inner), 0..5).prop_map(Self::Object),
            ]
        })
        .boxed()
    }

    /// Writes it with one of `blanks` after the other between the tokens.
    pub(in crate::domain) fn text(&self, blanks: &[&str]) -> String {
        let (mut out, mut turn) = (String::new(), 0);
        self.write(&mut out, &mut |out: &mut String, token: &str| {
            for piece in [blanks[turn % blanks.len()], token] {
                out.push_str(piece);
            }
            turn += 1;
        });
        out
    }

    fn write(&self, out: &mut String, put: &mut impl FnMut(&mut String, &str)) {
        match self {
            Self::Scalar(text) => put(out, text),
            Self::String(content) => put(out, &format!("\"{content}\"")),
            Self::Array(elements) => {
                put(out, "[");
                for (n, element) in elements.iter().enumerate() {
                    if n > 0 {
                        put(out, ",");
                    }
                    element.write(out, put);
                }
                put(out, "]");
            }
            Self::Object(members) => {
                put(out, "{");
                for (n, (key, member)) in members.iter().enumerate() {
                    if n > 0 {
                        put(out, ",");
                    }
                    put(out, &format!("\"{key}\""));
                    put(out, ":");
                    member.write(out, put);
                }
                put(out, "}");
            }
        }
    }

    /// The document without layout.
    pub(in crate::domain) fn document(&self) -> Document {
        Document::read(self.text(&[""])).unwrap()
    }
}

/// What may stand between quotes.
fn content(odd: bool) -> BoxedStrategy<String> {
    let mut pieces = vec![
        "", "a", "a", "b", "A", "key", "7", " ", "é", "\u{202e}", "🏻", "💡", r"\n", r"\u0061", r"\u00c9",
        "{,:",
    ];
    pieces.extend([r"\ud83d\udca1", r#"\""#, r"\\", r"\u0000", "e\u{301}"]);
    if odd {
        pieces.extend([r"\ud800", r"\udc00", r"\ufffd"]);
    }
    vec(proptest::sample::select(pieces), 0..3).prop_map(|pieces| pieces.concat()).boxed()
}

fn blanks() -> impl Strategy<Value = Vec<&'static str>> {
    vec(proptest::sample::select(&["", " ", "\n", "\r\n\t"][..]), 1..4)
}

/// The nodes of a model in order: depth, key, and the value as it is written.
fn flat<'m>(
    model: &'m Model,
    depth: usize,
    key: Option<&'m str>,
    out: &mut Vec<(usize, Option<&'m str>, String)>,
) {
    out.push((depth, key, model.text(&[""])));
    match model {
        Model::Array(elements) => {
            for element in elements {
                flat(element, depth + 1, None, out);
            }
        }
        Model::Object(members) => {
            for (key, member) in members {
                flat(member, depth + 1, Some(key), out);
            }
        }
        _ => {}
    }
}

/// What a document says, read by `serde_json` scalar by scalar.
fn value(document: &Document, n: usize) -> Value {
    match document.kind(n) {
        Kind::Array => document.children_of(n).map(|child| value(document, child)).collect(),
        Kind::Object => {
            let key = |child| document.key(child).unwrap().into_owned();
            document.children_of(n).map(|child| (key(child), value(document, child))).collect()
        }
        _ => serde_json::from_str(document.raw(n)).unwrap(),
    }
}

fn any_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        Just(Value::Null),
        "\\PC{0,6}".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 32, 6, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..6).prop_map(Value::from),
            proptest::collection::btree_map("[a-z \"\\\\é.\u{202e}]{0,3}", inner, 0..6)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

fn jq(filter: &str, text: &str) -> String {
    let arena = Arena::default();
    let modules = Loader::new([]).load(&arena, File { code: filter, path: () }).unwrap();
    let filter = Compiler::default().with_funs([]).compile(modules).unwrap();
    let context = Ctx::<data::JustLut<Val>>::new(&filter.lut, Vars::new([]));
    let input = jaq_json::read::parse_single(text.as_bytes()).unwrap();
    let mut found = filter.id.run((context, input)).map(unwrap_valr);
    found.next().unwrap().unwrap().to_string()
}

#[test]
fn knows_where_everything_is() {
    let text = r#"{"Records":[{"body":"a\nb","odd key":1.10},[ ]],"":{},"Records":null} "#;
    let document = Document::read(text.into()).unwrap();
    let paths: Vec<_> = (0..document.len()).map(|n| document.path(n)).collect();
    assert_eq!(
        paths,
        [
            ".",
            ".Records",
            ".Records[0]",
            ".Records[0].body",
            ".Records[0].\"odd key\"",
            ".Records[1]",
            ".\"\"",
            ".Records"
        ]
    );
    assert_eq!(document.kind(0), Kind::Object);
    assert_eq!((document.children(0), document.end(0), document.parent(0)), (3, 8, None));
    assert_eq!((document.children(1), document.end(1), document.parent(1)), (2, 6, Some(0)));
    assert_eq!((document.depth(4), document.index(4), document.index(5)), (3, None, Some(1)));
    assert_eq!(
        (document.raw(4), document.raw(5), document.raw(2)),
        ("1.10", "[ ]", r#"{"body":"a\nb","odd key":1.10}"#)
    );
    assert_eq!(document.string(3).as_deref(), Some("a\nb"));
    assert_eq!(document.string(4), None);
    assert_eq!((document.key(3).as_deref(), document.raw_key(3)), (Some("body"), Some("\"body\"")));
    assert_eq!((document.key(0), document.key(2)), (None, None));
    assert_eq!(document.text(), text);
}

#[rstest]
#[case("0", ".")]
#[case("[[1]]", ".[0][0]")]
#[case(r#"[{"a":1}]"#, ".[0].a")]
#[case(r#"{"a1_":{"1a":{"_":0}}}"#, r#".a1_."1a"._"#)]
#[case(r#"{"a\"\\(1)\u0000":0}"#, r#"."a\"\\(1)\u0000""#)]
#[case("{\"\u{202e}é💡\":0}", r#"."\u202e\u00e9\ud83d\udca1""#)]
#[case("{\"é💡\":0}", ".\"é💡\"")]
fn a_path_is_safe_to_show(#[case] text: &str, #[case] expected: &str) {
    let document = Document::read(text.into()).unwrap();
    assert_eq!(document.path(document.len() - 1), expected);
}

#[test]
fn a_number_beyond_the_last_node_is_the_last() {
    let document = Document::read("[1,[]]".into()).unwrap();
    for n in [2, 3, usize::MAX] {
        assert_eq!((document.raw(n), document.path(n).as_str(), document.end(n)), ("[]", ".[1]", 3));
        assert_eq!(document.children_of(n).count(), 0);
    }
    assert_eq!(document.find("1", usize::MAX, false), Some(1));
    assert_eq!(document.find("1", usize::MAX, true), Some(1));
}

#[test]
fn finds_keys_and_scalars() {
    let document =
        Document::read(r#"{"Name":"ann","list":[10,"a\u006en",true,{"nam\u0065":null}]}"#.into()).unwrap();
    let find = |needle: &str, from, backwards| document.find(needle, from, backwards);
    assert_eq!(find("name", 0, false), Some(1));
    assert_eq!(find("name", 1, false), Some(7));
    assert_eq!(find("name", 7, false), Some(1));
    assert_eq!(find("name", 1, true), Some(7));
    assert_eq!(find("Name", 1, true), Some(1));
    assert_eq!(find("ANN", 0, false), None);
    assert_eq!(find("ann", 1, false), Some(4));
    assert_eq!(find("ann", 4, false), Some(1));
    assert_eq!(find("10", 0, false), Some(3));
    assert_eq!(find("null", 0, true), Some(7));
    assert_eq!(find("list", 0, false), Some(2));
    assert_eq!(find("\"name\"", 0, true), Some(7));
    assert_eq!(find("\"nam\"", 0, false), None);
    assert_eq!(find("\"ann\"", 1, false), Some(4));
    // Neither marks nor how a letter is spelled.
    for absent in [",", "[", ":", "u006e", "\"\"", ""] {
        assert_eq!(find(absent, 0, false), None, "{absent}");
        assert_eq!(find(absent, 0, true), None, "{absent}");
    }
}

#[test]
fn the_nearest_is_found_whether_escaped_or_not() {
    // More nodes than are searched at once.
    let plain = r#""x","#.repeat(5000);
    let text = format!(r#"[{plain}"here",{plain}"h\u0065re",{plain}"Here","h\u0045re {{"]"#);
    let document = Document::read(text).unwrap();
    let places = [5001, 10_002, 15_003, 15_004];
    for (n, place) in places.into_iter().enumerate() {
        assert_eq!(document.find("here", place, false), Some(places[(n + 1) % 4]));
        assert_eq!(document.find("here", place, true), Some(places[(n + 3) % 4]));
        assert_eq!(document.find("here", place - 1, false), Some(place));
    }
    assert_eq!(document.find("{", 0, false), Some(15_004));
    assert_eq!(document.find("u00", 0, true), None);
}

#[test]
fn lone_surrogates_stay_in_the_text() {
    let text = r#"{"\ud800":"\udc00\ud800"}"#;
    let document = Document::read(text.into()).unwrap();
    assert_eq!(document.key(1).as_deref(), Some("\u{fffd}"));
    assert_eq!(document.string(1).as_deref(), Some("\u{fffd}\u{fffd}"));
    assert_eq!((document.raw_key(1), document.raw(1)), (Some(r#""\ud800""#), r#""\udc00\ud800""#));
    assert_eq!(document.path(1), ".\"\u{fffd}\"");
    assert_eq!(document.find("\u{fffd}\u{fffd}", 0, false), Some(1));
    // jq reads it the same way.
    assert_eq!(jq(&document.path(1), r#"{"\ufffd":1}"#), "1");
}

#[rstest]
#[case::arrays("[".repeat(10_000) + &"]".repeat(10_000), 10_000)]
#[case::objects("{\"a\":".repeat(10_000) + "0" + &"}".repeat(10_000), 10_001)]
#[case::very_deep("[".repeat(100_000) + &"]".repeat(100_000), 100_000)]
fn depth_takes_no_stack(#[case] text: String, #[case] nodes: usize) {
    let document = Document::read(text).unwrap();
    assert_eq!(document.len(), nodes);
    assert_eq!(document.depth(nodes - 1), nodes - 1);
    assert_eq!(document.end(0), nodes);
    assert!(document.path(nodes - 1).len() >= 2 * (nodes - 1));
    assert_eq!(document.find("z", 0, false), None);
}

#[test]
fn a_node_takes_few_bytes() {
    assert_eq!((size_of::<Node>(), size_of::<Container>()), (16, 16));
    let document = Document::read(format!("[{}1]", "1,".repeat(100_000))).unwrap();
    assert_eq!(document.nodes.capacity(), document.len());
}

#[test]
fn a_problem_is_that_of_the_check() {
    for text in ["", "{", "[1,]", "{\"a\":1,}", "01", "\"\u{1}\"", "[1] 2", "nul", "\"\\x\"", "\u{feff}{}"] {
        assert_eq!(Document::read(text.into()).unwrap_err(), json::check(text).unwrap_err(), "{text}");
    }
}

#[test]
fn debug_shows_sizes_only() {
    assert_eq!(
        format!("{:?}", Document::read("[\"hunter2\"]".into()).unwrap()),
        "Document(11 bytes, 2 nodes)"
    );
}

proptest! {
    #[test]
    fn is_as_strict_as_the_check(text in "[\\[\\]{}:,\" \\\\a1\n.-]{0,20}") {
        prop_assert_eq!(Document::read(text.clone()).err(), json::check(&text).err());
    }

    #[test]
    fn says_what_serde_json_says(expected in any_value(), pretty: bool) {
        let text = if pretty { serde_json::to_string_pretty(&expected) } else { serde_json::to_string(&expected) }.unwrap();
        let document = Document::read(text.clone()).unwrap();
        prop_assert_eq!(&value(&document, 0), &expected);
        prop_assert_eq!(json::minify(&text).unwrap(), serde_json::to_string(&expected).unwrap());
        prop_assert_eq!(json::pretty(&text).unwrap(), serde_json::to_string_pretty(&expected).unwrap());
    }

    #[test]
    fn nodes_are_those_of_the_model(model in Model::any(true), blanks in blanks()) {
        let text = model.text(&blanks);
        let document = Document::read(text.clone()).unwrap();
        let mut expected = Vec::new();
        flat(&model, 0, None, &mut expected);
        prop_assert_eq!(document.len(), expected.len());
        for (n, (depth, key, raw)) in expected.iter().enumerate() {
            prop_assert_eq!(document.depth(n), *depth);
            prop_assert_eq!(&json::minify(document.raw(n)).unwrap(), raw);
            let quoted = key.map(|key| format!("\"{key}\""));
            prop_assert_eq!(document.raw_key(n), quoted.as_deref());
            prop_assert_eq!(document.key(n).is_some(), key.is_some());
            // Behind it comes the next one that is no deeper.
            let end = expected[n + 1..].iter().position(|(other, ..)| other <= depth).map_or(expected.len(), |at| n + 1 + at);
            prop_assert_eq!(document.end(n), end);
            let parent = expected[..n].iter().rposition(|(other, ..)| other < depth);
            prop_assert_eq!(document.parent(n), parent);
            let children: Vec<usize> = (n + 1..end).filter(|child| expected[*child].0 == depth + 1).collect();
            prop_assert_eq!(document.children(n), children.len());
            prop_assert_eq!(document.children_of(n).collect::<Vec<_>>(), children.clone());
            if document.kind(n) == Kind::Array {
                let indices: Vec<_> = children.iter().map(|child| document.index(*child)).collect();
                prop_assert_eq!(indices, (0..children.len()).map(Some).collect::<Vec<_>>());
            } else {
                prop_assert!(children.iter().all(|child| document.index(*child).is_none()));
            }
        }
        prop_assert_eq!(document.text(), text);
    }

    #[test]
    fn pretty_and_minify_change_only_white_space(model in Model::any(true), blanks in blanks()) {
        let (text, plain) = (model.text(&blanks), model.text(&[""]));
        prop_assert_eq!(json::minify(&text), Some(plain.clone()));
        let pretty = json::pretty(&text).unwrap();
        prop_assert_eq!(json::minify(&pretty), Some(plain));
        prop_assert_eq!(json::pretty(&pretty), Some(pretty));
    }

    #[test]
    fn finds_what_a_walk_finds(
        model in Model::any(true), needle in "[a7k{\u{fffd}é \"]{1,2}|A|u0|E", from in 0..10_usize, backwards: bool
    ) {
        let document = model.document();
        let from = from.min(document.len() - 1);
        let any_case = !needle.chars().any(char::is_uppercase);
        let holds = |text: &str| {
            if any_case { text.to_lowercase().contains(&needle) } else { text.contains(&needle) }
        };
        let matches = |n: &usize| {
            let scalar = match document.kind(*n) {
                Kind::Object | Kind::Array => false,
                Kind::String => holds(&format!("\"{}\"", document.string(*n).unwrap())),
                _ => holds(document.raw(*n)),
            };
            scalar || document.key(*n).is_some_and(|key| holds(&format!("\"{key}\"")))
        };
        let mut order: Vec<usize> = (from + 1..document.len()).chain(0..=from).collect();
        if backwards {
            order = (0..from).rev().chain((from..document.len()).rev()).collect();
        }
        prop_assert_eq!(document.find(&needle, from, backwards), order.into_iter().find(matches));
    }

    #[test]
    fn jq_finds_a_path(expected in any_value()) {
        let text = serde_json::to_string(&expected).unwrap();
        let document = Document::read(text.clone()).unwrap();
        let paths: Vec<String> = (0..document.len()).map(|n| document.path(n)).collect();
        for (n, path) in paths.iter().enumerate() {
            prop_assert!(sanitise_changes_nothing(path), "{}", path);
            prop_assert_eq!(&jq(path, &text), &value(&document, n).to_string(), "{}", path);
        }
        prop_assert_eq!(paths.iter().collect::<BTreeSet<_>>().len(), document.len());
    }
}

fn sanitise_changes_nothing(text: &str) -> bool {
    crate::domain::text::sanitise(text) == text
}

#[test]
fn a_key_for_a_row_is_bounded() {
    let long = "é".repeat(1_000_000);
    let document = Document::read(format!("{{\"{long}\":[1],\"a\\u0062\":2}}")).unwrap();
    assert_eq!(document.key_head(1, 21).as_deref(), Some(&*format!("{}…", "é".repeat(10))));
    assert_eq!(document.key_head(2, 21), None);
    assert_eq!(document.key_head(3, 21).as_deref(), Some("ab"));
    assert_eq!(document.key_head(0, 21), None);
}
