use std::collections::HashMap;

use proptest::prelude::*;
use rstest::rstest;

use super::{super::tests::Model, *};

fn read(text: &str) -> Document {
    Document::read(text.into()).unwrap()
}

fn of(before: &str, after: &str) -> Vec<String> {
    let found = diff(&read(before), &read(after), 100);
    assert_eq!(found.more, 0);
    let tell = |it: &Difference| {
        let side = |value: &Option<String>| value.clone().unwrap_or_default();
        format!("{:?} {} {}>{}", it.mark, it.path, side(&it.before), side(&it.after))
    };
    found.list.iter().map(tell).collect()
}

#[rstest]
#[case::nothing("{}", "{ }", &[])]
#[case::order_of_keys(r#"{"a":1,"b":2}"#, r#"{"b":2,"a":1}"#, &[])]
#[case::spelling(r#"{"a\u0062":"\u00e9\/"}"#, r#"{"ab":"é/"}"#, &[])]
#[case::numbers("[1,1e2,0.1]", "[1.0,100,0.10]", &["Changed .[0] 1>1.0", "Changed .[1] 1e2>100", "Changed .[2] 0.1>0.10"])]
#[case::huge("12345678901234567890123", "12345678901234567890124", &["Changed . 12345678901234567890123>12345678901234567890124"])]
#[case::surrogates(r#"["\ud800"]"#, r#"["\udc00"]"#, &[r#"Changed .[0] "\ud800">"\udc00""#])]
#[case::surrogate_and_its_replacement(r#"{"\ud800":1}"#, r#"{"\ufffd":1}"#, &["Removed .\"\u{fffd}\" 1>", "Added .\"\u{fffd}\" >1"])]
#[case::members(
    r#"{"same":[1],"gone":{"x": 1},"other":true}"#, r#"{"new":[ ],"other":false,"same":[1]}"#,
    &[r#"Removed .gone {"x":1}>"#, "Changed .other true>false", "Added .new >[]"]
)]
#[case::kinds(r#"{"a":{},"b":"1","c":null}"#, r#"{"a":[],"b":1,"c":""}"#, &["Changed .a {}>[]", r#"Changed .b "1">1"#, r#"Changed .c null>"""#])]
#[case::duplicates_in_order(r#"{"a":1,"a":2}"#, r#"{"a":2,"a":1}"#, &["Changed .a 1>2", "Changed .a 2>1"])]
#[case::one_duplicate_less(r#"{"a":1,"b":0,"a":2}"#, r#"{"a":1,"b":0}"#, &["Removed .a 2>"])]
#[case::inserted("[1,2,3]", "[0,1,2,9,3]", &["Added .[0] >0", "Added .[3] >9"])]
#[case::removed("[1,2,3,4]", "[2,4]", &["Removed .[0] 1>", "Removed .[2] 3>"])]
#[case::changed_in_place(r#"[{"id":1,"n":"a"},{"id":2,"n":"b"}]"#, r#"[{"id":1,"n":"x"},{"id":2,"n":"b"},{"id":3}]"#,
    &[r#"Changed .[0].n "a">"x""#, r#"Added .[2] >{"id":3}"#])]
#[case::moved("[[1],[2],[3]]", "[[2],[3],[1]]", &["Removed .[0] [1]>", "Added .[2] >[1]"])]
fn tells_what_is_different(#[case] before: &str, #[case] after: &str, #[case] expected: &[&str]) {
    assert_eq!(of(before, after), expected);
}

#[test]
fn values_are_bounded_and_safe() {
    let before = format!(
        "{{\"a\":\"{}\",\"b\":[ \"\u{202e}\" , {}]}}",
        "x".repeat(1_000_000),
        ["10"; 500].join(" , ")
    );
    let found = diff(&read(&before), &read(r#"{"a":1,"b":2}"#), 10);
    let shown: Vec<&str> = found.list.iter().filter_map(|it| it.before.as_deref()).collect();
    assert_eq!(shown[0], format!("\"{}…", "x".repeat(199)));
    assert!(shown[1].starts_with(r#"["⟨U+202E⟩",10,10,"#), "{}", shown[1]);
    assert!(shown[1].ends_with('…') && shown[1].chars().count() <= 200 + 8);
    assert_eq!(super::shown(&format!("\"{}\"", "é".repeat(198))), format!("\"{}\"", "é".repeat(198)));
}

#[test]
fn strings_that_differ_late_show_where() {
    let (head, tail) = ("é".repeat(1000), "x".repeat(1000));
    let found = diff(&read(&format!("\"{head}one{tail}\"")), &read(&format!("\"{head}two\"")), 10);
    let context = "é".repeat(20);
    assert_eq!(found.list[0].before.as_deref(), Some(&*format!("…{context}one{}…", "x".repeat(177))));
    assert_eq!(found.list[0].after.as_deref(), Some(&*format!("…{context}two\"")));
    assert_eq!(of("\"ab\"", "\"abc\""), [r#"Changed . "ab">"abc""#]);
}

#[test]
fn paths_are_bounded() {
    let nested = |leaf: &str| format!("{}{leaf}{}", "{\"level\":".repeat(10_000), "}".repeat(10_000));
    let found = diff(&read(&nested("1")), &read(&nested("2")), 10);
    let path = &found.list[0].path;
    assert!(path.starts_with("….level.level") && path.len() < LONGEST_PATH + 20, "{}", path.len());
    assert_eq!((found.list[0].before_node, found.list[0].after_node), (Some(10_000), Some(10_000)));

    let many: Vec<String> = (0..1000).map(|n| format!("\"k{n}\":{n}")).collect();
    let long_key = |inside: &str| format!("{{\"{}\":{{{inside}}}}}", "é".repeat(500_000));
    let found = diff(&read(&long_key(&many.join(","))), &read(&long_key("")), 1000);
    assert_eq!(found.list.len(), 1000);
    assert!(found.list.iter().all(|it| it.path.len() < 2 * LONGEST_PATH + 20));
    assert!(found.list[7].path.ends_with("é…\".k7"));
}

#[test]
fn counts_what_it_does_not_list() {
    let found = diff(&read("[1,2,3,4]"), &read("[5,6,7,8]"), 3);
    assert_eq!((found.list.len(), found.more, found.is_empty()), (3, 1, false));
    let none = diff(&read("[1]"), &read("[2]"), 0);
    assert_eq!((none.list.len(), none.more, none.is_empty()), (0, 1, false));
    assert!(diff(&read("[1]"), &read("[1]"), 0).is_empty());
}

#[test]
fn depth_takes_no_stack() {
    let arrays = |leaf: &str| "[".repeat(10_000) + leaf + &"]".repeat(10_000);
    assert!(diff(&read(&arrays("1")), &read(&arrays("1")), 10).is_empty());
    let found = diff(&read(&arrays("1")), &read(&arrays("")), 10);
    assert_eq!((found.list.len(), found.list[0].mark), (1, Mark::Removed));
}

#[test]
fn what_is_all_alike_and_shifted_is_still_told() {
    // More pairs of equal elements than the budget has.
    let bits = |first: &str| {
        let rest = (0..20_000).map(|n| ["0", "1"][n % 7 % 2]).collect::<Vec<_>>().join(",");
        format!("[{first},{rest},{first}]")
    };
    let found = diff(&read(&bits("5")), &read(&bits("6,0")), 10);
    assert!(found.list.len() == 10 && found.more > 0);
}

#[test]
fn debug_shows_no_value() {
    let found = diff(&read(r#"{"hunter":"hunter2"}"#), &read(r#"{"hunter":"hunter3"}"#), 10);
    assert!(!format!("{found:?}").contains("hunter"), "{found:?}");
}

/// What is left of a document when the differences are taken out of it, with keys in order. What was changed leaves a
/// mark.
fn rest(document: &Document, n: usize, marks: &HashMap<usize, Mark>) -> Option<String> {
    match marks.get(&n) {
        Some(Mark::Changed) => return Some("changed".into()),
        Some(_) => return None,
        None => {}
    }
    let inside = document.children_of(n).filter_map(|child| Some((child, rest(document, child, marks)?)));
    Some(match document.kind(n) {
        Kind::Array => format!("array {:?}", inside.map(|(_, text)| text).collect::<Vec<_>>()),
        Kind::Object => {
            let key =
                |child| string::exact(unquoted(document.raw_key(child).unwrap()), &mut Vec::new()).to_vec();
            let mut members: Vec<_> = inside.map(|(child, text)| (key(child), text)).collect();
            members.sort_by(|a, b| a.0.cmp(&b.0));
            format!("{members:?}")
        }
        Kind::String => format!("text {:?}", string::exact(unquoted(document.raw(n)), &mut Vec::new())),
        _ => document.raw(n).to_owned(),
    })
}

/// Swaps members whose keys differ, and spells letters out.
fn said_differently(model: &Model) -> Model {
    let spell = |content: &str| content.replace('b', "\\u0062").replace('é', "\\u00E9");
    match model {
        Model::Scalar(text) => Model::Scalar(text),
        Model::String(content) => Model::String(spell(content)),
        Model::Array(elements) => Model::Array(elements.iter().map(said_differently).collect()),
        Model::Object(members) => {
            let mut members: Vec<_> =
                members.iter().map(|(key, member)| (spell(key), said_differently(member))).collect();
            let exact = |key: &str| string::exact(key, &mut Vec::new()).to_vec();
            members.sort_by_key(|(key, _)| std::cmp::Reverse(exact(key)));
            Model::Object(members)
        }
    }
}

proptest! {
    #[test]
    fn nothing_is_different_from_itself(model in Model::any(true)) {
        let found = diff(&model.document(), &model.document(), 10);
        prop_assert_eq!((found.list, found.more), (Vec::new(), 0));
        let other = Document::read(said_differently(&model).text(&[" ", "\n"])).unwrap();
        prop_assert!(diff(&model.document(), &other, 10).is_empty());
    }

    #[test]
    fn without_the_differences_both_are_the_same(one in Model::any(true), other in Model::any(true), nested: bool) {
        // Two values made up alone have little in common; several of both in one array do.
        let several = |models: [&Model; 4]| Model::Array(models.into_iter().cloned().collect());
        let (before, after) = if nested {
            (several([&one, &one, &other, &one]).document(), several([&other, &one, &one, &other]).document())
        } else {
            (one.document(), other.document())
        };
        let found = diff(&before, &after, usize::MAX);
        let mut marks = [HashMap::new(), HashMap::new()];
        for it in &found.list {
            let nodes = [it.before_node, it.after_node];
            let expected = match it.mark {
                Mark::Added => [false, true],
                Mark::Removed => [true, false],
                Mark::Changed => [true, true],
            };
            prop_assert_eq!(nodes.map(|node| node.is_some()), expected);
            prop_assert_eq!([it.before.is_some(), it.after.is_some()], expected);
            for (node, marks) in nodes.into_iter().zip(&mut marks) {
                if let Some(node) = node {
                    prop_assert_eq!(marks.insert(node, it.mark), None, "told twice");
                }
            }
            let path = match (it.before_node, it.after_node) {
                (_, Some(node)) => after.path(node),
                (Some(node), _) => before.path(node),
                _ => String::new(),
            };
            prop_assert_eq!(&it.path, &path);
        }
        let rests = (rest(&before, 0, &marks[0]), rest(&after, 0, &marks[1]));
        prop_assert_eq!(&rests.0, &rests.1);
        let whole = [&before, &after].map(|document| rest(document, 0, &HashMap::new()));
        prop_assert_eq!(found.is_empty(), whole[0] == whole[1]);
        // And nothing that is the same is told as changed.
        for it in &found.list {
            if let (Some(a), Some(b)) = (it.before_node, it.after_node) {
                prop_assert!(rest(&before, a, &HashMap::new()) != rest(&after, b, &HashMap::new()));
            }
        }
    }
}
