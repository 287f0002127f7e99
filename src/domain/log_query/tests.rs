use proptest::{prelude::*, test_runner::RngSeed};
use rstest::rstest;

use super::*;

const ID: &str = "8f5c6d2e-0000-4000-8000-000000000001";

fn line(message: &str) -> Line<'_> {
    Line {
        message,
        group: "/aws/lambda/checkout-api",
        stream: "2026/11/20/[$LATEST]0123456789abcdef",
        error: message.contains("boom"),
    }
}

fn matches(query: &str, message: &str) -> bool {
    Query::parse(query).unwrap().matches(&line(message))
}

#[rstest]
#[case::nothing("", "x", true)]
#[case::word("order", "an ORDER came", true)]
#[case::capital("Order", "an order came", false)]
#[case::words("failed order", "order 7 failed", true)]
#[case::all_of_them("failed order", "order 7 done", false)]
#[case::phrase("\"order 7\"", "order 77", true)]
#[case::phrase_in_order("\"7 order\"", "order 7", false)]
#[case::open_phrase("\"order 7 f", "order 7 failed", true)]
#[case::pasted_json(r#""level":"error""#, r#"{"level":"error"}"#, true)]
#[case::pasted_json_with_blank(r#""level": "error""#, r#"{"level":"error"}"#, false)]
#[case::escapes(r#""a \"b\" \\c""#, r#"a "b" \c"#, true)]
#[case::quote_within(r#"a"b"#, r#"xa"bx"#, true)]
#[case::excluded("order -failed", "order 7 failed", false)]
#[case::excluded_not_there("order -failed", "order 7 done", true)]
#[case::bang("!order", "order 7", false)]
#[case::excluded_phrase("-\"order 7\"", "order 7", false)]
#[case::excluded_expression(r"-/order \d/", "order 7", false)]
#[case::excluded_bracket("-[x]", "[X]", false)]
#[case::option("--all", "run --all", true)]
#[case::arrow("->", "a -> b", true)]
#[case::unequal("!=", "a != b", true)]
#[case::dash_is_not_typed_yet("order -", "order 7", true)]
#[case::dash_between("a - b", "a-b", true)]
#[case::time("12:30:00", "at 12:30:00Z", true)]
#[case::address("https://a.example/x?y=1", "GET https://a.example/x?y=1", true)]
#[case::unknown_field("user:42", "user:42", true)]
#[case::path_of_a_file("/var/task/app.py", "in /var/task/app.py", true)]
#[case::unclosed_expression("/var", "in /var/task", true)]
#[case::two_paths("/var /task", "/var/x /task", true)]
#[case::expression(r"/took \d+ ms/", "it TOOK 12 ms", true)]
#[case::expression_with_slash(r"/a\/b/", "a/b", true)]
#[case::expression_with_bare_slash("/a/b/", "a/b", true)]
#[case::expression_with_capital("/Took/", "took", false)]
#[case::expression_with_capital_class(r"/\S\pL took/", "xx TOOK", true)]
#[case::expression_and_word("/^order/ 7", "order 7", true)]
#[case::expression_not_at_start("/^order/", "an order", false)]
#[case::slashes("//", "http://x", true)]
#[case::long_s("s", "\u{17f}", false)]
#[case::other_letters("straße", "STRAßE", true)]
#[case::dollar("$5", "cost $5", true)]
fn texts(#[case] query: &str, #[case] message: &str, #[case] expected: bool) {
    assert_eq!(matches(query, message), expected);
    let query = Query::parse(query).unwrap();
    assert!(query.is_of_message());
    assert_eq!(query.matches_message(message.as_bytes()), expected);
}

#[rstest]
#[case("level:error", "[ERROR]\tx", true)]
#[case("level:err", "[ERROR]\tx", true)]
#[case("level:e", "[ERROR]\tx", true)]
#[case("level:error", "[INFO]\tx", false)]
#[case("level:>=warn", "[WARNING]\tx", true)]
#[case("level:>=warn", r#"{"level":"fatal","message":"x"}"#, true)]
#[case("level:<warn", "[INFO]\tx", true)]
#[case("level:!=info", "[INFO]\tx", false)]
#[case("level:info", "no level", false)]
#[case("-level:info", "no level", true)]
#[case("level:error", "no level, but boom", true)]
#[case("level:", "x", true)]
#[case("level:>=", "x", true)]
#[case("is:error", "boom", true)]
#[case("is:error", "ERROR", false)]
#[case("is:err", "boom", true)]
#[case("-is:error", "boom", false)]
#[case("is:", "x", true)]
fn levels(#[case] query: &str, #[case] message: &str, #[case] expected: bool) {
    assert_eq!(matches(query, message), expected);
    assert!(!Query::parse("level:info x").unwrap().is_of_message());
}

#[rstest]
#[case("ms:>500", 500.01, true)]
#[case("ms:>500", 500.0, false)]
#[case("ms:>=500", 500.0, true)]
#[case("ms:<10.5", 10.4, true)]
#[case("ms:<=10.5", 10.6, false)]
#[case("ms:=12", 12.34, true)]
#[case("ms:12", 12.5, false)]
#[case("ms:12.34", 12.34, true)]
#[case("ms:!=12", 12.34, false)]
#[case("ms:>", 1.0, true)]
#[case("mem:>90%", 1.0, true)]
#[case("mem:>94%", 1.0, false)]
#[case("mem:>470", 1.0, true)]
#[case("mem:>480", 1.0, false)]
#[case("init:>0", 1.0, true)]
#[case("init:<100", 1.0, false)]
#[case("is:cold", 1.0, true)]
#[case("is:report", 1.0, true)]
#[case("is:platform", 1.0, true)]
#[case("is:r is:c is:p", 1.0, true)]
fn figures(#[case] query: &str, #[case] duration: f64, #[case] expected: bool) {
    let text = format!(
        "REPORT RequestId: {ID}\tDuration: {duration:.2} ms\tBilled Duration: 9 ms\tMemory Size: 512 MB\tMax Memory Used: 480 MB\tInit Duration: 184.91 ms\t\n"
    );
    let json = format!(
        r#"{{"time":"t","type":"platform.report","record":{{"requestId":"{ID}","metrics":{{"durationMs":{duration:.3},"billedDurationMs":9,"memorySizeMB":512,"maxMemoryUsedMB":480,"initDurationMs":184.91}},"status":"success"}}}}"#
    );
    for message in [&text, &json] {
        assert_eq!(matches(query, message), expected, "{message}");
        let others = message.replace("platform.report", "platform.start").replace("REPORT", "START");
        assert_eq!(matches(query, &others), query.ends_with('>') || query == "is:platform", "{others}");
    }
}

#[test]
fn a_warm_invocation_is_no_cold_start() {
    let report = format!(
        "REPORT RequestId: {ID}\tDuration: 1 ms\tBilled Duration: 9 ms\tMemory Size: 0 MB\tMax Memory Used: 480 MB"
    );
    assert!(!matches("is:cold", &report) && !matches("init:>0", &report) && matches("is:report", &report));
    assert!(!matches("mem:>1%", &report), "no share of no memory");
    let bare = r#"{"type":"platform.report","record":{"requestId":"x","metrics":{"durationMs":1.0}}}"#;
    assert!(matches("is:report", bare) && !matches("ms:>0", bare));
}

#[rstest]
#[case("fn:checkout", "/aws/lambda/checkout-api", "s", true)]
#[case("fn:CHECKOUT", "/aws/lambda/checkout-api", "s", false)]
#[case("fn:\"checkout\"", "/aws/lambda/checkout-api", "s", false)]
#[case("fn:\"checkout-api\"", "/aws/lambda/checkout-api", "s", true)]
#[case("fn:checkout*", "/aws/lambda/checkout-api", "s", true)]
#[case("fn:*api", "/aws/lambda/checkout-api", "s", true)]
#[case("fn:out*", "/aws/lambda/checkout-api", "s", false)]
#[case("fn:c*t-*i", "/aws/lambda/checkout-api", "s", true)]
#[case("fn:lambda", "/aws/lambda/checkout-api", "s", false)]
#[case("fn:orders", "/shared", "2026/11/20/orders[$LATEST]0123", true)]
#[case("fn:orders*", "/shared", "2026/11/20/orders[12]0123", true)]
#[case("fn:orders", "/shared", "2026/11/2x/orders[$LATEST]0123", false)]
#[case("fn:*", "/shared", "2026/11/20/[$LATEST]0123", false)]
#[case("fn:api", "/aws/lambda/api", "2026/11/20/[$LATEST]0123", true)]
#[case("-fn:api", "/shared", "x", true)]
#[case("group:shared", "/team/shared", "x", true)]
#[case("group:/team/*", "/team/shared", "x", true)]
#[case("stream:0123", "g", "2026/11/20/[$LATEST]0123", true)]
#[case("stream:*0123", "g", "2026/11/20/[$LATEST]01234", false)]
fn names(#[case] query: &str, #[case] group: &str, #[case] stream: &str, #[case] expected: bool) {
    let line = Line { message: "m", group, stream, error: false };
    assert_eq!(Query::parse(query).unwrap().matches(&line), expected);
}

#[test]
fn a_request_is_named_by_its_beginning_and_a_whole_id_means_all_of_its_lines() {
    let start = format!("START RequestId: {ID} Version: 1");
    assert!(matches("rid:8f5c", &start) && !matches("rid:0000", &start) && !matches("rid:8f5c", "8f5c"));
    assert!(matches("rid:8f5c", r#"{"requestId":"8f5c6d2e","level":"INFO","message":"x"}"#));
    assert_eq!(Query::parse("rid:8f5c").unwrap().request_id(), None);
    assert_eq!(Query::parse(&format!("-rid:{ID}")).unwrap().request_id(), None);
    let query = Query::parse(&format!("x rid:{ID}")).unwrap();
    assert_eq!(query.request_id(), Some(ID));
    assert!(!query.matches(&line("x")) && query.within_request(ID).matches(&line("x")));
    assert!(
        !query.within_request(ID).matches(&line("y")) && !query.within_request("other").matches(&line("x"))
    );
}

const EVENT: &str = r#"{"user":{"id":42,"name":"bob","tags":["a","b"]},"ok":true,"none":null,"took":12.5,"big":9007199254740993}"#;

#[rstest]
#[case("$.user.id=42", true)]
#[case("$.user.id = 42", true)]
#[case("$.user.id==42.0", true)]
#[case("$.user.id=43", false)]
#[case("$.user.id=4", false)]
#[case("$.user.id!=43", true)]
#[case("$.user.id!=42", false)]
#[case("$.nobody!=42", false)]
#[case("$.user.id>41", true)]
#[case("$.user.id>=42 $.user.id<=42", true)]
#[case("$.user.id<42", false)]
#[case("$.took>12.4", true)]
#[case("$.user.name>10", false)]
#[case("$.user.name=bob", true)]
#[case("$.user.name=Bob", false)]
#[case("$.user.name=\"bob\"", true)]
#[case("$.user.name=b*", true)]
#[case("$.user.name!=b*", false)]
#[case("$.user.name=\"b*\"", false)]
#[case("$.user.name>alice", true)]
#[case("$.user.name~^b.b$", true)]
#[case("$.user.name~^ob", false)]
#[case("$.user.id~^4", true)]
#[case("$.user", true)]
#[case("$.user.id", true)]
#[case("$.user.nobody", false)]
#[case("$.none", true)]
#[case("$.none=null", true)]
#[case("$.ok=true", true)]
#[case("$.ok=false", false)]
#[case("$.user={}", false)]
#[case("$.user.tags[1]=b", true)]
#[case("$.user.tags[0]=b", false)]
#[case("$.user.tags[2]", false)]
#[case("$.user.tags[*]=b", true)]
#[case("$.user.*=bob", true)]
#[case("$['user']['id']=42", true)]
#[case("$.user[\"id\"]=42", true)]
#[case("$.big=9007199254740993", true)]
#[case("$.big=9007199254740992", false)]
#[case("$.user.", true)]
#[case("$.user.id=", true)]
#[case("$.user.id!", true)]
#[case("$.user[", true)]
#[case("$.", true)]
#[case("-$.user.id=42", false)]
#[case("-$.user.id=43", true)]
#[case("$.ok=true bob", true)]
#[case("$.ok=true alice", false)]
fn paths(#[case] query: &str, #[case] expected: bool) {
    let quoted = serde_json::to_string(EVENT).unwrap();
    for message in [
        EVENT.to_owned(),
        format!("2023-12-05T22:14:43.862Z\t{ID}\tINFO\t{EVENT}\n"),
        format!("[INFO]\tgot {{x}}: {EVENT} at last"),
        format!(r#"{{"timestamp":"t","level":"INFO","message":{EVENT},"requestId":"x"}}"#),
        format!(r#"{{"timestamp":"t","level":"INFO","requestId":"x","message":{quoted}}}"#),
    ] {
        assert_eq!(matches(query, &message), expected, "{message}");
    }
    assert!(!matches("$.user.id=42", "no JSON, user id=42"));
    assert!(!matches("$.user.id=42", r#"{"user":{"id":42"#));
}

#[test]
fn odd_json_is_understood() {
    assert!(matches("$.a=2", r#"{"a":1,"a":2}"#) && !matches("$.a=1", r#"{"a":1,"a":2}"#));
    assert!(matches("$.id=1", "{\"\\u0069d\":1}"));
    assert!(matches("$[1].a=2", r#"[{"a":1},{"a":2}]"#));
    assert!(matches("$['a.b']=1", r#"{"a.b":1}"#));
    assert!(matches("$.s=\"a b\"", r#"{"s":"a b"}"#));
    let deep = format!("{}1{}", r#"{"a":"#.repeat(100_000), "}".repeat(100_000));
    assert!(!matches("$.a.a.a=1", &deep));
}

#[rstest]
#[case("ms:>x", 3..5, "ms:>500")]
#[case("a init:x", 7..8, "init:>0")]
#[case("mem:>9o%", 4..8, "mem:>90%")]
#[case("level:loud", 6..10, "a level is")]
#[case("é is:odd", 6..9, "is: knows")]
#[case("/(/", 1..2, "unclosed group")]
#[case("a -/b(c/", 5..6, "unclosed group")]
#[case("/é[z-a]/", 4..7, "range")]
#[case("/a{1000}{1000}{1000}/", 1..20, "too large")]
#[case("$.a~(", 4..5, "unclosed group")]
#[case("$.a[x]=1", 3..6, "brackets")]
#[case("$['a']x", 6..7, "path")]
fn errors_say_where_and_why(#[case] query: &str, #[case] at: Range<usize>, #[case] part: &str) {
    let error = Query::parse(query).unwrap_err();
    assert_eq!(error.at, at, "{error}");
    assert!(error.message.contains(part) && !error.message.contains('\n'), "{error}");
}

#[test]
fn what_was_found_is_marked() {
    let query = Query::parse(r"7 order -x /\d\d/ level:info").unwrap();
    assert_eq!(query.highlights("ORDER 7 7 42"), [0..5, 6..7, 8..9, 10..12]);
    assert!(Query::parse("/x*/").unwrap().highlights("abc").is_empty());
    let path = Query::parse("$.user.id=42").unwrap();
    assert_eq!(path.highlights(r#"got {"user":{"id":42}}"#), std::iter::once(18..20).collect::<Vec<_>>());
    assert_eq!(
        path.highlights(r#"{"message":{"user":{"id":42}}}"#),
        std::iter::once(25..27).collect::<Vec<_>>()
    );
    assert!(path.highlights(r#"got {"user":{"id":43}}"#).is_empty());
}

#[test]
fn what_is_looked_for_is_in_no_debug() {
    let query = Query::parse("hunter2 $.a=hunter2").unwrap();
    assert_eq!(format!("{query:?}"), "Query { terms: 2, .. }");
    assert!(!format!("{:?}", Query::parse("level:hunter2")).contains("hunter"));
}

#[rstest]
#[case("Order", "\"Order\"")]
#[case("503", "\"503\"")]
#[case("Order \"Card declined\" 42", "\"Order\" \"Card declined\" \"42\"")]
#[case(r#""Level":"Error""#, r#""Level" "Error""#)]
#[case("Order -Health", "\"Order\" -\"Health\"")]
#[case("Order timeout", "\"Order\"")]
#[case("-health", "-\"health\"")]
#[case("timeout", "%[Tt][Ii][Mm][Ee][Oo][Uu][Tt]%")]
#[case("a.b%", "%[Aa]\\.[Bb].%")]
#[case("\"it 2\"", "%[Ii][Tt].2%")]
#[case(r"/Took \d+ MS/", "%Took..+.MS%")]
#[case(r"/^E[0-9]{3}:|refused$/", "%^E[0-9]{3}:|refused$%")]
#[case("/a+?b/", "%[Aa]+[Bb]%")]
#[case(r"/\bX1\b/", "%X1%")]
#[case("ms:>500", "?\"REPORT RequestId:\" ?\"platform.report\"")]
#[case("is:cold -Health", "?\"REPORT RequestId:\" ?\"platform.report\"")]
#[case("$.user.id=42", "\"user\" \"id\" \"42\"")]
#[case("$.user.id>42", "\"user\" \"id\"")]
#[case("$.user.name=\"bob, jr\"", "\"user\" \"name\" \"bob\" \"jr\"")]
#[case("$.a=123456789", "\"a\"")]
#[case("rid:8f5c", "\"8f5c\"")]
fn filter_patterns(#[case] query: &str, #[case] pattern: &str) {
    assert_eq!(Query::parse(query).unwrap().server_pattern().unwrap(), pattern);
}

#[rstest]
#[case("", "no filter")]
#[case("level:error", "level")]
#[case("fn:checkout", "functions")]
#[case("ünder", "ASCII")]
#[case("/(a|b)/", "expressions")]
#[case(r"/a\sb/", "expressions")]
#[case("/[a-z]+/", "expressions")]
#[case("-/X/", "exclude")]
#[case("-ms:>5", "exclude")]
#[case("rid:8f5c6d2e-0000-4000-8000-000000000001", "name it")]
#[case("$[0]", "plain name")]
#[case("--", "a letter")]
fn what_a_filter_pattern_can_not_say(#[case] query: &str, #[case] part: &str) {
    let reason = Query::parse(query).unwrap().server_pattern().unwrap_err();
    assert!(reason.contains(part), "{reason}");
}

#[test]
fn several_queries_become_one_pattern_and_what_is_left_is_counted() {
    let queries = ["Order level:error", "Health", "A b", "-Card"].map(|text| Query::parse(text).unwrap());
    let [order, health, both, card] = &queries;
    let asked = server_pattern([(true, order), (false, health), (false, both), (false, card)]).unwrap();
    assert_eq!((asked.pattern.as_str(), asked.left), ("\"Order\" \"Card\" -\"Health\"", 3));
    let long = Query::parse(&format!("Short {}", "X".repeat(2000))).unwrap();
    let asked = server_pattern([(true, &long)]).unwrap();
    assert_eq!((asked.pattern.as_str(), asked.left), ("\"Short\"", 1));
}

proptest! {
    #![proptest_config(ProptestConfig {
        failure_persistence: None,
        rng_seed: RngSeed::Fixed(1),
        ..ProptestConfig::default()
    })]

    #[test]
    fn anything_can_be_typed(
        typed in prop::collection::vec(
            prop_oneof![
                ".{0,6}",
                "[-!\"/$.\\[\\]~=<>:* a-zé]{1,8}",
                prop::sample::select(vec!["level:", "ms:", "mem:", "rid:", "is:", "fn:", "$.", " ", "\\"]).prop_map(str::to_owned),
            ],
            0..5,
        ),
        message in ".{0,40}",
    ) {
        let typed = typed.concat();
        match Query::parse(&typed) {
            Ok(query) => {
                let _ = (query.matches(&line(&message)), query.server_pattern());
                for range in query.highlights(&message) {
                    prop_assert!(message.get(range).is_some());
                }
            }
            Err(error) => {
                prop_assert!(typed.get(error.at.clone()).is_some(), "{:?} of {typed:?}", error.at);
            }
        }
    }

    #[test]
    fn a_quoted_text_is_found_as_it_is(text in "[a-zA-Zé\"\\\\/ :$.-]{1,12}", around in ".{0,8}") {
        let quoted = format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""));
        let message = format!("{around}{text}{around}");
        let excluded = format!("-{quoted}");
        prop_assert!(matches(&quoted, &message));
        prop_assert!(!matches(&excluded, &message));
    }
}
