//! The filter-pattern language, by AWS's documented examples and then some.

use lambdeck::local::logs::pattern::Pattern;
use proptest::prelude::*;
use rstest::rstest;

const JSON: &str = r#"{
  "eventType": "UpdateTrail", "sourceIPAddress": "111.111.111.111",
  "arrayKey": ["value", "another value"],
  "objectList": [{ "name": "a", "id": 1 }, { "name": "b", "id": 2 }],
  "SomeObject": null, "ThisFlag": true, "Off": false, "cluster.name": "c", "sc-status": 503,
  "latency": 42.5, "count": 9007199254740993, "star": "Ev*ent", "digits": "400",
  "user": { "id": 1, "email": "John.Stiles@example.com" },
  "users": [{ "id": 2, "email": "John.Doe@example.com" }, { "id": 3, "email": "Jane.Doe@example.com" }],
  "actions": ["GET", "PUT", "DELETE"], "coordinates": [[0, 1, 2], [4, 5, 6], [7, 8, 9]]
}"#;

const ACCESS: &str =
    r#"127.0.0.1 Prod frank [10/Oct/2000:13:25:15 -0700] "GET /index.html HTTP/1.0" 404 1534"#;

fn matches(pattern: &str, message: &str) -> bool {
    Pattern::parse(pattern).unwrap_or_else(|error| panic!("{pattern}: {error}")).matches(message)
}

#[rstest]
#[case("", "anything", true)]
#[case("  ", "anything", true)]
#[case("ERROR", "[ERROR 400] BAD REQUEST", true)]
#[case("ERROR", "Exiting with ERRORCODE: -1", true)]
#[case("ERROR", "error", false)]
#[case("ERROR ARGUMENTS", "[ERROR 419] MISSING ARGUMENTS", true)]
#[case("ERROR ARGUMENTS", "[ERROR 401] UNAUTHORIZED REQUEST", false)]
#[case("?ERROR ?ARGUMENTS", "[ERROR 401] UNAUTHORIZED REQUEST", true)]
#[case("?ERROR ?ARGUMENTS", "MISSING ARGUMENTS", true)]
#[case("?ERROR ?ARGUMENTS", "[WARN 401] REQUEST", false)]
#[case("?ERROR REQUEST", "[WARN 401] REQUEST", true)] // `?` has no effect beside plain terms
#[case("?ERROR -DEBUG", "INFO", true)]
#[case("ERROR -ARGUMENTS", "[ERROR 401] UNAUTHORIZED REQUEST", true)]
#[case("ERROR -ARGUMENTS", "[ERROR 419] MISSING ARGUMENTS", false)]
#[case(r#""ERROR" - "Exiting""#, "ERROR: Exiting", false)]
#[case(r#""INTERNAL SERVER ERROR""#, "[ERROR 500] INTERNAL SERVER ERROR", true)]
#[case(r#""INTERNAL SERVER ERROR""#, "INTERNAL ERROR", false)]
#[case(r#""say \"hi\"""#, r#"they say "hi""#, true)]
#[case(r#""a\\b""#, r"a\b", true)]
#[case("\"caf\u{e9}\"", "un caf\u{e9}", true)]
#[case("%AUTHORIZED%", "[ERROR 401] UNAUTHORIZED REQUEST", true)]
#[case(r"%\d{3}%", "[ERROR 40] x", false)]
#[case(r"%^\[ERROR\s4\d\d\]%", "[ERROR 401] x", true)]
#[case("%a.c% -abc", "xabcx", false)]
fn terms(#[case] pattern: &str, #[case] message: &str, #[case] expected: bool) {
    assert_eq!(matches(pattern, message), expected);
}

#[rstest]
#[case(r#"{ $.eventType = "UpdateTrail" }"#, true)]
#[case(r"{$.eventType=UpdateTrail}", true)]
#[case(r#"{ $.eventType != "UpdateTrail" }"#, false)]
#[case(r"{ $.eventType = Update* }", true)]
#[case(r#"{ $.eventType = "*Trail" }"#, true)]
#[case(r"{ $.eventType = *dateT* }", true)]
#[case(r"{ $.eventType = U*l }", false)] // only at the ends
#[case(r"{ $.star = Ev*ent }", true)]
#[case(r#"{ $.eventType = "*" }"#, true)]
#[case(r"{ $.nothing = * }", false)]
#[case(r"{ $.nothing != x }", false)]
#[case(r"{ $.sourceIPAddress != 123.123.* }", true)]
#[case(r"{ $.sourceIPAddress = 111.111.* }", true)]
#[case(r#"{ $.arrayKey[0] = "value" }"#, true)]
#[case(r#"{ $.arrayKey[2] = "value" }"#, false)]
#[case(r"{ $.arrayKey = value }", false)]
#[case(r"{ $.arrayKey != value }", false)]
#[case(r"{ $.objectList[1].id = 2 }", true)]
#[case(r"{ $.objectList[*].id = 2 }", true)]
#[case(r"{ $.objectList[*].id = 3 }", false)]
#[case(r"{ $.* = UpdateTrail }", true)]
#[case(r"{ $.SomeObject IS NULL }", true)]
#[case(r"{ $.eventType IS NULL }", false)]
#[case(r"{ $.SomeOtherObject IS NULL }", false)]
#[case(r"{ $.SomeOtherObject NOT EXISTS }", true)]
#[case(r"{ $.SomeObject NOT EXISTS }", false)]
#[case(r"{ $.SomeObject EXISTS }", true)]
#[case(r"{ $.users[*].name EXISTS }", false)]
#[case(r"{ $.ThisFlag IS TRUE }", true)]
#[case(r"{ $.Off IS FALSE }", true)]
#[case(r"{ $.Off IS TRUE }", false)]
#[case(r"{ $.['cluster.name'] = c }", true)]
#[case(r#"{ $["cluster.name"] = c }"#, true)]
#[case(r"{ $.sc-status = 5* }", true)]
#[case(r"{ $.sc-status = 503 }", true)]
#[case(r"{ $.sc-status = 503.0 }", true)]
#[case(r"{ $.sc-status > +5e2 && $.sc-status <= 503 }", true)]
#[case(r"{ $.latency >= 42.5 }", true)]
#[case(r"{ $.latency < 10e-3 }", false)]
#[case(r"{ $.count = 9007199254740993 }", true)]
#[case(r"{ $.count = 9007199254740992 }", false)]
#[case(r"{ $.digits = 400 }", true)]
#[case(r"{ $.digits > 1 }", false)]
#[case(r"{ $.eventType = %^Upd[a-z]+Trail$% }", true)]
#[case(r"{ $.eventType != %Trail% }", false)]
#[case(r"{ $.sc-status = %^5\d\d$% }", true)]
#[case(r#"{ ($.user.id = 1) && ($.users[0].email = "John.Doe@example.com") }"#, true)]
#[case(r#"{ ($.user.id = 2 && $.users[0].email = "nonmatch") || $.actions[2] = "GET" }"#, false)]
#[case(r#"{ $.user.email = "John.Stiles@example.com" || $.coordinates[0][1] = nonmatch && $.actions[2] = nomatch }"#, true)]
#[case(r#"{ ($.user.email = "John.Stiles@example.com" || $.coordinates[0][1] = nonmatch) && $.actions[2] = nomatch }"#, false)]
#[case(r"{ $.coordinates[1][2] = 6 }", true)]
fn json(#[case] pattern: &str, #[case] expected: bool) {
    assert_eq!(matches(pattern, JSON), expected);
}

#[test]
fn json_patterns_match_json_only() {
    assert!(!matches("{ $.a NOT EXISTS }", "plain text"));
    assert!(!matches("{ $.a NOT EXISTS }", r#"INFO {"b": 1}"#));
    assert!(!matches("{ $.a NOT EXISTS }", r#"{"b": "#));
    assert!(matches("{ $[1] = 2 }", "[1, 2]"));
}

#[rstest]
#[case("[ip, user, username, timestamp, request, status_code, bytes]", true)]
#[case("[ip, user, username, timestamp, request, status_code]", false)]
#[case("[ip, user, username, timestamp, request, status_code, bytes, more]", false)]
#[case("[ip, user, username, timestamp, request, status_code = 404, bytes > 1000]", true)]
#[case("[ip, user, username, timestamp, request, status_code = 4*, bytes]", true)]
#[case(
    "[ip, user, username, timestamp, request = *html*, status_code = 4* && status_code != 403, bytes]",
    true
)]
#[case("[ip, user, username, timestamp, request, status_code = 4* && status_code != 404, bytes]", false)]
#[case("[..., status_code = 5* || status_code = 404, bytes]", true)]
#[case("[..., (status_code = 5* || status_code = 404) && status_code < 404, bytes]", false)]
#[case("[..., bytes]", true)]
#[case("[ip = 127.*, ...]", true)]
#[case("[ip = 10.*, ...]", false)]
#[case("[ip, user, ..., status_code = 404, bytes]", true)]
#[case("[a, b, c, d, ..., e, f, g]", true)]
#[case("[a, b, c, d, ..., e, f, g, h]", false)]
#[case("[..., request=*.html*, status_code=4*,]", true)]
#[case("[ip=%127\\.0\\.0\\.[1-9]%, ...]", true)]
#[case(r#"[..., r = "GET /index.html HTTP/1.0", s, b]"#, true)]
#[case(r#"[ip, u = "Pr*d", ...]"#, true)]
#[case("[...]", true)]
#[case("[]", false)]
fn columns(#[case] pattern: &str, #[case] expected: bool) {
    assert_eq!(matches(pattern, ACCESS), expected);
}

#[test]
fn columns_take_broken_delimiters_as_words() {
    assert!(matches("[a, b]", "[open quote"));
    assert!(matches(r#"[a, b = "\"x"]"#, "one \"x"));
    assert!(matches("[a = ERROR, ...]", "  ERROR\tsomething\n"));
    assert!(matches("[a, b = 1, c]", "[] 1 \"\""));
}

#[rstest]
#[case("a:b", "Invalid character(s) in term ':'")]
#[case("a,b", "Invalid character(s) in term ','")]
#[case("Status: timeout", "Invalid character(s) in term ':'")]
#[case("(a)", "Invalid character(s) in term '('")]
#[case("`a", "Invalid character(s) in term '`'")]
#[case(r#""""#, "Invalid character(s) in term '\"\"'")]
#[case("%a b%", "Invalid character(s) in term ' '")]
#[case("%something!%", "Invalid character(s) in term '!'")]
#[case("%(a|b)%", "Invalid character(s) in term '('")]
#[case("%%", "Invalid character(s) in term '%%'")]
#[case("%a% %b% %c%", "Invalid filter pattern: more than 2 regular expressions")]
#[case("%[a%", "Invalid filter pattern: %[a% is not a supported regular expression")]
#[case("%a{1000}{1000}%", "Invalid filter pattern: %a{1000}{1000}% is not a supported regular expression")]
#[case("%abc", "Invalid filter pattern: expected a closing % at position 5")]
#[case(r#""abc"#, "Invalid filter pattern: expected a closing \" at position 5")]
#[case("a -", "Invalid filter pattern: expected a term at position 4")]
#[case("{ $.a = 1", "If a filter pattern starts with '{' it must end with '}'")]
#[case("[a, b", "If a filter pattern starts with '[' it must end with ']'")]
#[case("{", "If a filter pattern starts with '{' it must end with '}'")]
#[case(r#"{ $."sc-status" = 5* }"#, "Invalid character(s) in term '$.\"'")]
#[case("{ }", "Invalid filter pattern: expected a selector that starts with $ at position 3")]
#[case("{ $ = 1 }", "Invalid filter pattern: expected a property at position 4")]
#[case("{ $.a }", "Invalid filter pattern: expected =, !=, <, <=, >, >=, IS or NOT EXISTS at position 7")]
#[case("{ $.a = }", "Invalid character(s) in term '}'")]
#[case("{ $.a = 'x' }", "Invalid character(s) in term '''")]
#[case("{ $.a > x }", "Invalid filter pattern: expected a number before this place at position 10")]
#[case("{ $.a IS 5 }", "Invalid filter pattern: expected NULL, TRUE or FALSE at position 10")]
#[case("{ ($.a = 1 }", "Invalid filter pattern: expected &&, || or ) at position 12")]
#[case("{ $.a = 1 } }", "Invalid filter pattern: expected the end of the pattern at position 12")]
#[case("{ $.a = 1 $.b = 2 }", "Invalid filter pattern: expected &&, || or } at position 11")]
#[case("{ $.a[*].b[*] = 1 }", "Invalid filter pattern: more than one wildcard in a selector")]
#[case(
    "{ $.a[*] = 1 || $.b[*] = 1 || $.c[*] = 1 || $.d[*] = 1 }",
    "Invalid filter pattern: more than 3 wildcard selectors"
)]
#[case("[a, ..., b, ...]", "Invalid filter pattern: more than one ...")]
#[case("[a = 1 && b = 2]", "Invalid filter pattern: column b is not this column's name")]
#[case("[a b]", "Invalid character(s) in term 'b'")]
#[case("[a=!ERROR]", "Invalid character(s) in term '!'")]
fn errors(#[case] pattern: &str, #[case] expected: &str) {
    assert_eq!(Pattern::parse(pattern).unwrap_err().to_string(), expected);
}

#[test]
fn a_pattern_is_bounded() {
    assert!(Pattern::parse(&"a".repeat(1024)).is_ok());
    assert!(Pattern::parse(&"a".repeat(1025)).is_err());
    assert!(Pattern::parse(&format!("{{{}", "(".repeat(1000) + "}")).is_err());
}

proptest! {
    #![proptest_config(super::same_every_time(256))]

    #[test]
    fn anything_may_be_given_as_a_pattern(pattern in any::<String>(), message in any::<String>()) {
        if let Ok(pattern) = Pattern::parse(&pattern) {
            pattern.matches(&message);
        }
    }

    #[test]
    fn what_nearly_is_a_pattern_neither(
        pattern in r#"[\[{]? ?([$.a*"'%\[\](){}=!<>&|,0-9?-]|\$\.a|\.\.\.|IS|NULL|NOT|EXISTS| |é){0,24}[\]}]?"#,
        message in r#"[\[{"a: 01,\]}é \n]{0,24}"#,
    ) {
        if let Ok(pattern) = Pattern::parse(&pattern) {
            pattern.matches(&message);
        }
    }

    #[test]
    fn a_quoted_term_finds_exactly_the_messages_that_hold_it(
        term in "[ab\"\\\\ é:]{1,4}",
        message in "[ab\"\\\\ é:]{0,12}",
    ) {
        let pattern = format!("\"{}\"", term.replace('\\', "\\\\").replace('"', "\\\""));
        prop_assert_eq!(matches(&pattern, &message), message.contains(&term));
    }

    #[test]
    fn a_star_stands_for_any_text(parts in prop::collection::vec("[ab]{0,2}", 1..4), text in "[ab]{0,8}") {
        let pattern = format!("[c = \"{}\"]", parts.join("*"));
        let regex = regex::Regex::new(&format!("^{}$", parts.join(".*"))).unwrap();
        prop_assume!(!text.is_empty() && pattern != "[c = \"\"]");
        prop_assert_eq!(matches(&pattern, &text), regex.is_match(&text));
    }
}
