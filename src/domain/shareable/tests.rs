use proptest::prelude::*;
use rstest::rstest;
use serde_json::Value;

use super::*;

/// As the console writes it, with what a careless reader would change.
const STORED: &str = r#"{
  "openapi" : "3.0.0", "info":{"version":"1.0.0","title":"Event"},"paths":{},
  "components":{"schemas":{"Event":{"type":"object","examples":{"decoy":{"value":0}}}},
    "examples" : { "one": {"summary":"s","value" : {"n":1.10000000000000000000001,"n":2, "b":"}\"{"} },
      "tw\u006f":{"value":[ ]}, "no-value":{"externalValue":"x"},
      "\ud800":{"value":1}
    }},
  "x-more":1e400
}
"#;

fn document(text: &str) -> Document {
    Document::new(Secret::new(text)).unwrap()
}

fn text(edited: Result<Edited, String>) -> String {
    match edited.unwrap() {
        Edited::Document(document) => document.content().reveal().to_owned(),
        Edited::Nothing => panic!("there is something left"),
    }
}

fn secret(text: &str) -> Secret {
    Secret::new(text)
}

#[test]
fn events_come_exactly_as_they_are_stored() {
    let (events, others) = document(STORED).events();
    let events: Vec<(&str, &str)> =
        events.iter().map(|(name, event)| (name.as_str(), event.reveal())).collect();
    assert_eq!(events, [("one", r#"{"n":1.10000000000000000000001,"n":2, "b":"}\"{"}"#), ("two", "[ ]")]);
    assert_eq!(others, 2);
}

#[test]
fn a_replaced_event_leaves_every_other_byte() {
    let after = text(document(STORED).edit("one", Some(&secret("{\"x\": 1e999}\n"))));
    let (before, behind) = STORED.split_once(r#"{"n":1.10000000000000000000001,"n":2, "b":"}\"{"}"#).unwrap();
    assert_eq!(after, format!("{before}{{\"x\": 1e999}}{behind}"));
    let after = text(document(STORED).edit("two", Some(&secret("0"))));
    assert_eq!(after, STORED.replace("[ ]", "0"));
}

#[test]
fn a_new_event_comes_last_and_a_deleted_one_goes_with_its_comma() {
    let added = text(document(STORED).edit("new", Some(&secret("{}"))));
    assert_eq!(
        added,
        STORED.replace(r#""\ud800":{"value":1}"#, r#""\ud800":{"value":1},"new":{"value":{}}"#)
    );
    assert_eq!(text(document(&added).edit("new", None)), STORED);
    let without = text(document(STORED).edit("two", None));
    assert_eq!(without, STORED.replace(",\n      \"tw\\u006f\":{\"value\":[ ]}", ""));
    let without = text(document(&without).edit("one", None));
    assert!(without.contains(r#"{ "no-value":"#), "{without}");
    // What is no event keeps the schema there.
    assert!(matches!(document(&without).edit("no-value", None), Ok(Edited::Document(_))));
}

#[test]
fn with_the_last_example_nothing_is_left() {
    let only = Document::with("one", &secret(r#"{"a":1}"#)).unwrap();
    assert_eq!(only.edit("one", None), Ok(Edited::Nothing));
    let twice = document(r#"{"components":{"examples":{"a":{"value":1},"a":{"value":2}}}}"#);
    assert_eq!(twice.event("a"), Some(secret("2")));
    assert_eq!(text(twice.edit("a", Some(&secret("3")))), twice.content().reveal().replace('2', "3"));
    assert_eq!(twice.edit("a", None), Ok(Edited::Nothing));
}

#[rstest]
#[case("{}", r#"{"components":{"examples":{"e":{"value":1}}}}"#)]
#[case(r#"{"a":1}"#, r#"{"a":1,"components":{"examples":{"e":{"value":1}}}}"#)]
#[case(r#"{"components":{ }}"#, r#"{"components":{ "examples":{"e":{"value":1}}}}"#)]
#[case(r#"{"components":{"x":1 }}"#, r#"{"components":{"x":1,"examples":{"e":{"value":1}} }}"#)]
#[case(r#"{"components":{"examples":{}}}"#, r#"{"components":{"examples":{"e":{"value":1}}}}"#)]
fn what_is_missing_is_added(#[case] stored: &str, #[case] expected: &str) {
    assert_eq!(text(document(stored).edit("e", Some(&secret(" 1 ")))), expected);
}

#[rstest]
#[case(r#"{"components":[]}"#, "its components are no object")]
#[case(r#"{"components":{"examples":null}}"#, "its examples are no object")]
#[case(r#"{"components":{"examples":{"e":{}}}}"#, "the example of that name has no value")]
#[case(r#"{"components":{"examples":{"e":7}}}"#, "the example of that name has no value")]
fn what_can_not_hold_it_is_not_written_over(#[case] stored: &str, #[case] expected: &str) {
    assert_eq!(document(stored).edit("e", Some(&secret("1"))), Err(expected.into()));
}

#[test]
fn what_is_no_document_is_told_without_a_quote() {
    for text in ["", "hunter2", "{\"a\": hunter2}", "\"hunter2\"", "[\"hunter2\"]"] {
        let problem = Document::new(secret(text)).unwrap_err();
        assert!(problem.starts_with("it is ") && !problem.contains("hunter2"), "{problem}");
    }
    let problem = document("{}").edit("e", Some(&secret("hunter2"))).unwrap_err();
    assert!(problem.starts_with("the event is no JSON") && !problem.contains("hunter2"), "{problem}");
}

#[rstest]
#[case("{\"a\":1}", "object")]
#[case("[1]", "array")]
#[case("\"x\"", "string")]
#[case("-1.5", "number")]
#[case("true", "boolean")]
fn a_new_document_has_the_loosest_schema(#[case] event: &str, #[case] kind: &str) {
    let document = Document::with("it", &secret(event)).unwrap();
    let value: Value = serde_json::from_str(document.content().reveal()).unwrap();
    assert_eq!(value["components"]["schemas"]["Event"]["type"], kind);
    assert_eq!(value["openapi"], "3.0.0");
    assert_eq!(document.event("it"), Some(secret(event)));
}

#[test]
fn white_space_between_tokens_makes_no_difference() {
    assert!(same(r#"{"a":[1,"x y"]}"#, "{ \"a\" : [ 1 ,\n\"x y\" ] }"));
    assert!(same(r#""a\\""#, r#" "a\\" "#));
    for (one, other) in
        [(r#"{"a":1}"#, r#"{"a":1.0}"#), (r#""x y""#, r#""xy""#), (r#""\" ""#, r#""\"""#), ("1", "")]
    {
        assert!(!same(one, other), "{one} {other}");
    }
}

#[test]
fn however_deep_an_event_is_it_is_found() {
    let deep = "[".repeat(40_000) + &"]".repeat(40_000);
    let document = Document::with("deep", &secret(&deep)).unwrap();
    assert_eq!(document.event("deep"), Some(secret(&deep)));
    assert_eq!(document.length(), document.content().len());
    assert_eq!(document.edit("deep", None), Ok(Edited::Nothing));
}

#[test]
fn what_differs_is_named() {
    let one = document(r#"{"components":{"examples":{"a":{"value":1},"b":{"value":2},"c":{"value":3}}}}"#);
    let other = document(r#"{"components":{"examples":{"c":{"value":3},"b":{"value":0},"d":{"value":4}}}}"#);
    assert_eq!(differing(&one, &other), ["a", "b", "d"]);
    assert!(differing(&one, &one).is_empty());
}

#[test]
fn values_are_strings_and_numbers_and_no_keys() {
    let values = values(&secret(r#"{"key" : "va\u006cue", "n":[-12.5e3,true,"a:b"],"":{"k":"\ud800"}}"#));
    let values: Vec<&str> = values.iter().map(Secret::reveal).collect();
    assert_eq!(values, ["value", "-12.5e3", "a:b", r#""\ud800""#]);
}

#[test]
fn names_are_those_of_openapi() {
    assert!(check_name("Order_1.created-twice").is_ok());
    for name in ["", "a b", "ü", "a/b", "\u{1b}[2J"] {
        assert!(check_name(name).is_err(), "{name:?}");
    }
}

#[test]
fn a_schema_is_named_after_the_function() {
    assert_eq!(schema_name("checkout"), "_checkout-schema");
    let arn = "arn:aws:lambda:eu-west-1:123456789012:function:checkout";
    assert_eq!(schema_name(arn), "_checkout-schema");
}

#[test]
fn debug_shows_no_event() {
    let document = Document::with("it", &secret(r#""hunter2""#)).unwrap();
    let shareable = Shareable { events: document.events().0, ..Shareable::default() };
    let told = format!("{document:?}{shareable:?}{:?}", document.edit("it", Some(&secret("2"))));
    assert!(!told.contains("hunter2"), "{told}");
}

proptest! {
    /// Whatever is done to a document, its other events stay, and it stays JSON.
    #[test]
    fn an_edit_is_of_one_event(
        events in proptest::collection::vec(("[ab\\\\\"é]{0,3}", "[ab\\\\\"\\[{,: 1]{0,6}"), 0..5),
        spaces in "[ \n]{0,2}",
        name in "[ab\\\\\"é]{0,3}",
        event in proptest::option::of("[ab\\\\\"\\[{,: 1]{0,6}"),
    ) {
        let quoted = |text: &str| serde_json::to_string(text).unwrap();
        let members: Vec<String> = events
            .iter()
            .map(|(name, event)| format!("{}{spaces}:{{\"value\":{spaces}{}}}", quoted(name), quoted(event)))
            .collect();
        let stored = format!(
            "{{\"components\":{spaces}{{\"examples\":{{{spaces}{}{spaces}}}}}}}",
            members.join(&format!("{spaces},{spaces}"))
        );
        let mut expected: BTreeMap<String, String> =
            events.iter().map(|(name, event)| (name.clone(), quoted(event))).collect();
        match &event {
            Some(event) => _ = expected.insert(name.clone(), quoted(event)),
            None => _ = expected.remove(&name),
        }
        let event = event.map(|event| Secret::new(quoted(&event)));
        match document(&stored).edit(&name, event.as_ref()).unwrap() {
            Edited::Nothing => prop_assert!(expected.is_empty()),
            Edited::Document(document) => {
                prop_assert!(json::check(document.content().reveal()).is_ok());
                let left: BTreeMap<String, String> = document
                    .events()
                    .0
                    .into_iter()
                    .map(|(name, event)| (name, event.reveal().to_owned()))
                    .collect();
                prop_assert_eq!(left, expected);
            }
        }
    }

    #[test]
    fn no_text_panics(text in "[\\[\\]{}:,\" \\\\acomponetsxl1\n]{0,60}", at in 0..60_usize) {
        let _ = object(&text, at.min(text.len()));
        let _ = values(&Secret::new(text.as_str()));
        if let Ok(document) = Document::new(Secret::new(text)) {
            let _ = document.edit("a", Some(&Secret::new("1")));
            let _ = document.edit("a", None);
        }
    }
}
