use std::{
    sync::{
        Condvar, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    thread as threads,
    time::Instant,
};

use proptest::prelude::*;
use rstest::rstest;

use super::*;

fn limits() -> Limits {
    Limits::until(Instant::now() + Duration::from_mins(1))
}

fn run(program: &str, json: &str) -> Result<Output, Problem> {
    Filter::compile(program)?.run(json, limits())
}

fn values(program: &str, json: &str) -> Vec<String> {
    let output = run(program, json).unwrap_or_else(|problem| panic!("{program}: {problem}"));
    assert_eq!(output.cut, None, "{program}");
    output.values
}

fn problem(program: &str) -> Problem {
    match run(program, r#"{"secret":"hunter2","list":[1,2,3]}"#) {
        Ok(output) => panic!("{program} gave {:?}, cut {:?}", output.values, output.cut),
        Err(problem) => problem,
    }
}

#[rstest]
#[case("", r#"{"a":1}"#, &[r#"{"a":1}"#])]
#[case(".a.b[1]", r#"{"a":{"b":[1,{"c":null}]}}"#, &[r#"{"c":null}"#])]
#[case(".[] | select(.n > 1) | .n", r#"[{"n":1},{"n":2},{"n":3}]"#, &["2", "3"])]
#[case("map(.+1) | add", "[1,2,3]", &["9"])]
#[case("to_entries | map(.key)", r#"{"b":1,"a":2}"#, &[r#"["b","a"]"#])]
#[case("keys, length, type", r#"{"b":1,"a":2}"#, &[r#"["a","b"]"#, "2", r#""object""#])]
#[case("10 / 2, 7 / 2, 1e3 * 1e3, 1e300 * 10", "null", &["5", "3.5", "1000000", "1e301"])]
#[case(".body | fromjson | .x", r#"{"body":"{\"x\":1.50}"}"#, &["1.50"])]
#[case("@base64d, @json, @text", r#""aGk=""#, &[r#""hi""#, r#""\"aGk=\"""#, r#""aGk=""#])]
#[case("@csv, @tsv", r#"["a\"b",1,null,"t\tb"]"#, &["\"\\\"a\\\"\\\"b\\\",1,,\\\"t\\tb\\\"\"", r#""a\"b\t1\t\tt\\tb""#])]
#[case(r#"test("^h"), [scan("[a-z]")], sub("h"; "j")"#, r#""hi""#, &["true", r#"["h","i"]"#, r#""ji""#])]
#[case(r#"contains("ell"), index("l"), indices("l"), has("x")?"#, r#""hell""#, &["true", "2", "[2,3]"])]
#[case(r#"contains({a:["x"]}), contains({a:["y"]})"#, r#"{"a":["xyz"],"b":1}"#, &["true", "true"])]
#[case(".[1:], .[-1:], (.[0] |= 9), (.[1:] |= [7]), del(.[0])", "[1,2,3]",
    &["[2,3]", "[3]", "[9,2,3]", "[1,7]", "[2,3]"])]
#[case("[paths]", r#"{"a":[1]}"#, &[r#"[["a"],["a",0]]"#])]
#[case("[limit(3; range(10))], first(range(5;0;-2)), [range(0;1;0.3)]", "null", &["[0,1,2]", "5", "[0,0.3,0.6,0.8999999999999999]"])]
#[case(". as [$a, {b: $c}] | $a + $c", r#"[1,{"b":2}]"#, &["3"])]
#[case("try error(\"x\") catch .", "null", &[r#""x""#])]
#[case("(.a.b.c = 1), (.x // \"none\")", "{}", &[r#"{"a":{"b":{"c":1}}}"#, r#""none""#])]
#[case("walk(if type == \"number\" then . + 1 else . end)", r#"{"a":[1,{"b":2}]}"#, &[r#"{"a":[2,{"b":3}]}"#])]
#[case("group_by(.k) | map(length)", r#"[{"k":1},{"k":2},{"k":1}]"#, &["[2,1]"])]
#[case("reduce .[] as $x (0; . + $x), [foreach .[] as $x (0; . + $x)]", "[1,2,3]", &["6", "[1,3,6]"])]
#[case("nan, infinite, -infinite, (nan < 1)", "null",
    &["null", "1.7976931348623157e308", "-1.7976931348623157e308", "true"])]
#[case("todate, (\"2015-03-05T23:51:47Z\" | fromdate)", "1425599507", &[r#""2015-03-05T23:51:47Z""#, "1425599507"])]
#[case("length, (-1 | length), (\"äß\" | length), (null | length)", "[1,2]", &["2", "1", "2", "0"])]
#[case("bsearch(2), bsearch(9), IN([1,2,3]), [leaf_paths]", "[1,2,3]", &["1", "-4", "true", "[[0],[1],[2]]"])]
#[case("1, halt, 2", "null", &["1"])]
#[case("debug, stderr, debug(.a)", r#"{"a":1}"#, &[r#"{"a":1}"#, r#"{"a":1}"#, r#"{"a":1}"#])]
#[case("ltrimstr(\"a\"), ascii_upcase, (explode | implode), split(\"b\")", r#""abc""#,
    &[r#""bc""#, r#""ABC""#, r#""abc""#, r#"["a","c"]"#])]
#[case("(. * {\"a\":{\"c\":2}}), (\"ab\" * 2), ([1,2] - [1])", r#"{"a":{"b":1}}"#,
    &[r#"{"a":{"b":1,"c":2}}"#, r#""abab""#, "[2]"])]
fn filters(#[case] program: &str, #[case] json: &str, #[case] expected: &[&str]) {
    assert_eq!(values(program, json), expected, "{program}");
}

#[rstest]
#[case("1.10")]
#[case("1e400")]
#[case("-1E-400")]
#[case("-0")]
#[case("0.000")]
#[case("123456789012345678901234567890")]
#[case("-9223372036854775809")]
#[case("3.14159265358979323846264338327950288")]
fn numbers_passed_on_keep_every_digit(#[case] number: &str) {
    assert_eq!(values(".", number), [number]);
    let object = format!(r#"{{"n":{number},"l":[{number}]}}"#);
    assert_eq!(
        values("., .n, .l, {x: .n}, [.l[]], tojson, (.l |= reverse)", &object)[1..4],
        [number.to_owned(), format!("[{number}]"), format!(r#"{{"x":{number}}}"#)]
    );
    assert_eq!(values("tojson | fromjson", &object), [object]);
}

#[test]
fn a_number_of_a_million_digits_is_read_at_once_and_kept() {
    let number = "7".repeat(1_000_000);
    assert_eq!(values(". , (. > 1)", &number), [number.clone(), "true".to_owned()]);
}

#[test]
fn integers_are_exact_also_beyond_the_machines() {
    assert_eq!(
        values("9223372036854775807 + 1, . * 10", "12345678901234567890"),
        ["9223372036854775808", "123456789012345678900"]
    );
}

#[test]
fn keys_keep_their_order_and_of_two_the_last_value_counts() {
    let json = r#"{"z":1,"a":2,"m":3,"z":4,"\u0062":5}"#;
    assert_eq!(values(".", json), [r#"{"z":4,"a":2,"m":3,"b":5}"#]);
    assert_eq!(values("del(.z)", json), [r#"{"a":2,"m":3,"b":5}"#]);
    assert_eq!(values(".a |= empty", json), [r#"{"z":4,"m":3,"b":5}"#]);
    assert_eq!(values(".a = 9 | .new = 0", json), [r#"{"z":4,"a":9,"m":3,"b":5,"new":0}"#]);
    assert_eq!(values("map_values(select(. != 2))", json), [r#"{"z":4,"m":3,"b":5}"#]);
    assert_eq!(values("with_entries(.value += 1)", json), [r#"{"z":5,"a":3,"m":4,"b":6}"#]);
}

#[test]
fn texts_stay_what_they_are() {
    let json = r#"["\ud800","x\udfffy","\ud83d\ude00","é","\u0000\u001f","\"\\\/","\u2028","\ud83d\u0041"]"#;
    assert_eq!(
        values(".", json),
        [
            "[\"\\ud800\",\"x\\udfffy\",\"😀\",\"é\",\"\\u0000\\u001f\",\"\\\"\\\\/\",\"\u{2028}\",\"\\ud83dA\"]"
        ]
    );
    assert_eq!(values(".[0] + .[0] | tojson | fromjson", json), [r#""\ud800\ud800""#]);
    assert_eq!(values("@base64d", r#""/w==""#), ["\"\u{fffd}\""]);
}

#[test]
fn a_filter_sees_nothing_but_the_value() {
    assert!(std::env::var_os("PATH").is_some());
    assert_eq!(values("$ENV, env, (env | length), $ENV.PATH", "1"), ["{}", "{}", "0", "null"]);
    for name in ["now", "input", "inputs", "localtime", "input_filename"] {
        let problem = problem(name);
        assert!(problem.message.contains("left out"), "{problem}");
        assert_eq!(problem.column, Some(1));
    }
    for program in [r#"import "a" as $x; $x"#, r#"include "a"; ."#, r#"import "a" as a; a::f"#] {
        assert!(problem(program).message.contains("no files"), "{program}");
    }
    assert!(run("get_search_list", "1").is_err());
    assert!(run("$__prog_args", "1").is_err());
}

#[rstest]
#[case(".a | foo", 6, "there is no filter foo")]
#[case("\"äö\" | é", 8, "expected token, found é")]
#[case("\"äö\" | keys(1)", 8, "there is no filter keys with 1 argument")]
#[case(". | map(1; 2)", 5, "there is no filter map with 2 arguments")]
#[case("1 + $x", 5, "there is no variable $x")]
#[case("break $out", 7, "there is no label $out")]
#[case("[1, 2", 1, "there is no closing bracket for [")]
#[case("\"abc", 1, "there is no closing quote for \"")]
#[case(".a |", 5, "expected term, found the end")]
#[case(".a b", 4, "expected the end, found b")]
#[case("if . then 1", 12, "expected else or end, found the end")]
#[case(".a.", 4, "expected key, found the end")]
#[case("{a:1", 1, "there is no closing brace for {")]
#[case("\"\\q\"", 3, "expected string escape sequence, found q\"")]
#[case("m::f", 1, "there is no module m")]
fn what_is_wrong_with_a_program_and_where(
    #[case] program: &str,
    #[case] column: usize,
    #[case] message: &str,
) {
    assert_eq!(problem(program), Problem { column: Some(column), message: message.to_owned() });
}

#[test]
fn errors_quote_no_value() {
    for program in [
        ".secret.x",
        ".secret | keys",
        ".secret[]",
        ".secret + 1",
        ".secret * {}",
        ".secret % 2",
        "-.secret",
        ".list[.secret]",
        ".[.list[0]]",
        "{(.list[0]): 1}",
        ".secret | tonumber",
        ".secret | fromjson",
        ".secret | has(1)",
        ".secret[1:].x",
        "(.secret[0:2]) |= 1",
        ".secret | strftime(\"%Y\")",
        "[.secret] | implode",
        ".secret |= .[.] | .x",
        ".secret | test(1)",
        "path(.secret | tojson)",
        ".list[99] |= 1",
        "try .secret.x catch error",
    ] {
        let message = problem(program).to_string();
        assert!(!message.contains("hunter2") && !message.is_empty(), "{program}: {message}");
    }
    assert_eq!(problem(".secret.x").message, "cannot index a string with a string");
    assert_eq!(problem("error(\"own\\u001b[2Jwords\")").message, "own␛[2Jwords");
    assert_eq!(problem("error({a:1})").message, "error: an object");
    assert_eq!(problem("error(\"x\" * 100000)").message.chars().count(), 300);
    assert!(!format!("{:?}", run(".secret", r#"{"secret":"hunter2"}"#).unwrap()).contains("hunter2"));
}

#[test]
fn an_error_behind_outputs_leaves_them() {
    let output = run(".[] | 10 / . | floor, error(\"stop\")", "[2]").unwrap();
    assert_eq!(output, Output { values: vec!["5".to_owned()], cut: Some("stop".to_owned()) });
}

#[rstest]
#[case("nonsense")]
#[case("")]
#[case("{} {}")]
#[case("[1,]")]
#[case("NaN")]
#[case("+1")]
#[case("01")]
#[case("# comment\n1")]
fn what_is_not_json_is_refused(#[case] json: &str) {
    assert!(run(".", json).unwrap_err().message.starts_with("not JSON: "), "{json}");
}

#[test]
fn outputs_and_bytes_are_bounded() {
    let filter = Filter::compile("repeat(\"0123456789\")").unwrap();
    let output = filter.run("1", Limits { outputs: 3, ..limits() }).unwrap();
    assert_eq!((output.values.len(), output.cut.as_deref()), (3, Some("only the first 3 outputs")));
    let output = filter.run("1", Limits { bytes: 30, ..limits() }).unwrap();
    assert_eq!((output.values.len(), output.cut.as_deref()), (2, Some("more than 30 bytes of output")));
    let exact =
        Filter::compile("1, 2").unwrap().run("1", Limits { outputs: 2, bytes: 2, ..limits() }).unwrap();
    assert_eq!(exact, Output { values: vec!["1".to_owned(), "2".to_owned()], cut: None });
    let error =
        Filter::compile("[range(1000)]").unwrap().run("1", Limits { bytes: 100, ..limits() }).unwrap_err();
    assert_eq!(error.message, "more than 100 bytes of output");
}

/// Ends at its deadline, whatever the program tries; `try` does not catch it.
#[rstest]
#[case("def f: f; f")]
#[case("def f: f; try f catch 1")]
#[case("last(range(1e18))")]
#[case("[range(1e18) | empty]")]
#[case("last(repeat(1))")]
#[case("def f: ., (f | . + 1); try (0 | last(f)) catch 1")]
#[case("until(false; .)")]
#[case("reduce repeat(1) as $x (0; .)")]
#[case("first(range(infinite) | select(. < 0))")]
#[case("[.[range(1e5)]?, .] | last(.[0,0,0,0][0,0,0,0]?, repeat(1))")]
fn an_endless_filter_ends_at_its_deadline(#[case] program: &str) {
    let filter = Filter::compile(program).unwrap();
    let started = Instant::now();
    let error = filter.run("[[[1]]]", Limits::until(started + Duration::from_millis(30))).unwrap_err();
    assert_eq!(error.message, "the filter takes too long", "{program}");
}

#[test]
fn an_endless_filter_keeps_what_it_gave() {
    let filter = Filter::compile("1, 2, (def f: f; f)").unwrap();
    let output = filter.run("1", Limits::until(Instant::now() + Duration::from_millis(30))).unwrap();
    assert_eq!(output.values, ["1", "2"]);
    assert_eq!(output.cut.as_deref(), Some("the filter takes too long"));
}

#[test]
fn a_deadline_that_has_passed_ends_at_once() {
    let error = Filter::compile(".").unwrap().run("1", Limits::until(Instant::now())).unwrap_err();
    assert_eq!(error.message, "the filter takes too long");
}

#[test]
fn a_filter_is_cancelled() {
    let limits = limits();
    let cancel = Arc::clone(&limits.cancel);
    let filter = Filter::compile("def f: f; f").unwrap();
    let waiting = threads::spawn(move || filter.run("1", limits));
    cancel.store(true, Ordering::Relaxed);
    assert_eq!(waiting.join().unwrap().unwrap_err().message, "cancelled");
}

#[rstest]
#[case("def f: 1 + f; f", "the filter calls itself too deep")]
#[case("def f: [f]; f", "the filter calls itself too deep")]
#[case("def f(g): f(g | g) + 1; f(.)", "the filter calls itself too deep")]
#[case("reduce range(1e7) as $i (0; [.])", "the filter nests a value too deep")]
#[case("reduce range(1e7) as $i (0; {a: .})", "the filter nests a value too deep")]
#[case("[1] | until(false; .[0] |= [.])", "the filter nests a value too deep")]
#[case("{} | until(false; {b: .} * {a: .})", "the filter nests a value too deep")]
#[case(
    "\"[\" * 20000 + \"]\" * 20000 | fromjson",
    "cannot parse a string as JSON: the value has more than 10000 levels"
)]
#[case("reduce range(100) as $i (\"x\"; . + .)", "the filter makes too much: more than 512 MB of values")]
#[case("\"x\" * 1e12", "the filter makes too much: more than 512 MB of values")]
#[case("\"x\" * 99999999999999999999999", "the filter makes too much: more than 512 MB of values")]
#[case("reduce range(100) as $i ([1]; . + .)", "the filter makes too much: more than 512 MB of values")]
#[case("[limit(100; repeat(\"x\" * 100000000))]", "the filter makes too much: more than 512 MB of values")]
#[case("123456789012345678901 | until(false; . * .)", "the product has too many digits")]
fn a_greedy_filter_is_ended(#[case] program: &str, #[case] message: &str) {
    assert_eq!(run(program, "1").unwrap_err().message, message);
}

#[test]
fn values_that_are_taken_apart_and_put_together_do_not_count_as_deeper() {
    let json = r#"{"a":{"b":[[1]]},"x":0}"#;
    for program in [
        "reduce range(30000) as $i (.; .a = .a)",
        "reduce range(30000) as $i (.; {a: .a, x: $i})",
        "reduce range(30000) as $i (.; [.a, $i] | {a: .[0], x: .[1]})",
        "reduce range(15000) as $i (.; to_entries | from_entries)",
        "reduce range(15000) as $i (.; with_entries(.))",
        "reduce range(15000) as $i (.; .a.b[0:1] |= .)",
        "reduce range(15000) as $i (.; . + {a: .a})",
    ] {
        assert_eq!(values(&format!("{program} | .a"), json), [r#"{"b":[[1]]}"#], "{program}");
    }
}

#[test]
fn ten_thousand_levels_are_fine_and_more_are_refused() {
    let deep = "[".repeat(10_000) + &"]".repeat(10_000);
    assert!(values(".", &deep) == [deep.as_str()]);
    assert_eq!(values("[..] | length", &deep), ["10000"]);
    assert_eq!(values(". == ., (. > [.]), (tojson | length)", &deep), ["true", "false", "20000"]);
    assert_eq!(values("walk(.) | tojson | length", &deep), ["20000"]);
    assert_eq!(values("def down: if length == 0 then 0 else .[0] | down end; down", &deep), ["0"]);
    assert_eq!(values("[[.]] | unique | length", &deep), ["1"]);
    let deeper = format!("[{deep}]");
    assert_eq!(run(".", &deeper).unwrap_err().message, "the value has more than 10000 levels");
    let objects = "{\"a\":".repeat(10_000) + "1" + &"}".repeat(10_000);
    assert_eq!(values("[..] | length", &objects), ["10001"]);
    let objects = "{\"a\":".repeat(2_000) + "1" + &"}".repeat(2_000);
    let depth = "def depth: if type == \"object\" then 1 + (.a | depth) else 0 end; depth";
    assert_eq!(values(depth, &objects), ["2000"]);
    assert_eq!(values("[paths] | length", &objects), ["2000"]);
}

#[rstest]
#[case("(", ")")]
#[case("[", "]")]
#[case("-", "")]
#[case("try ", "")]
#[case("def f: ", "1; f")]
#[case("\"\\(", ")\"")]
#[case("if 1 then ", " end")]
#[case("1|", "")]
#[case("1+", "")]
#[case("1 as $x|", "")]
#[case("label $x|", "")]
#[case("{a:", "}")]
#[case(".[", "]")]
#[case("reduce . as $x (0;", ")")]
#[case("f(", ")")]
fn a_program_nested_as_deep_as_it_may_be_long_is_no_harm(#[case] open: &str, #[case] close: &str) {
    let levels = LONGEST_PROGRAM / (open.len() + close.len()) - 1;
    let program = open.repeat(levels) + "1" + &close.repeat(levels);
    if let Ok(filter) = Filter::compile(&program) {
        let _ = filter.run("1", limits());
    }
    assert!(Filter::compile(&" ".repeat(LONGEST_PROGRAM + 1)).is_err());
}

#[test]
fn a_panic_in_jaq_is_told() {
    // jaq-std unwraps the place of a group that matched before the group ahead of it.
    let problem = run(r#"[match("(?:(x)|(y))+")]"#, r#""yx""#).unwrap_err();
    assert_eq!(problem.message, "the filter failed inside jaq, which is a bug in it");
}

static STUCK: AtomicBool = AtomicBool::new(true);
static FREED: (Mutex<()>, Condvar) = (Mutex::new(()), Condvar::new());

/// A filter that never looks up, until the test lets it go.
#[allow(clippy::needless_pass_by_value, reason = "jaq's type of a filter")]
pub(super) fn stuck(cv: jaq_core::Cv<'_, compile::Metered>) -> jaq_core::ValXs<'_, Value> {
    let guard = FREED.0.lock().unwrap();
    drop(FREED.1.wait_while(guard, |()| STUCK.load(Ordering::SeqCst)).unwrap());
    Box::new(std::iter::once(Ok(cv.1)))
}

#[test]
fn a_filter_that_never_looks_up_is_left_behind_and_counted() {
    let filter = Filter::compile("stuck").unwrap();
    let started = Instant::now();
    let error = filter.run("1", Limits::until(started + Duration::from_millis(10))).unwrap_err();
    assert_eq!(error.message, "the filter takes too long; its last operation goes on in the background");
    assert_eq!(thread::abandoned(), 1);
    // Others still run.
    assert_eq!(values(".", "1"), ["1"]);
    {
        let _guard = FREED.0.lock().unwrap();
        STUCK.store(false, Ordering::SeqCst);
        FREED.1.notify_all();
    }
    while thread::abandoned() > 0 {
        threads::yield_now();
    }
}

proptest! {
    #[test]
    fn no_program_brings_it_down(program in "[.\\[\\](){}|,:;$a\"\\\\01+*/<=? -]{0,30}") {
        if let Ok(filter) = Filter::compile(&program) {
            let limits = Limits { outputs: 50, ..Limits::until(Instant::now() + Duration::from_millis(200)) };
            let _ = filter.run(r#"{"a":[1,"x",null,{"b":2.50}]}"#, limits);
        }
    }

    #[test]
    fn a_value_passed_on_stays_the_same(text in "[\\[\\]{}:,\" \\\\abu019e.-]{0,30}") {
        if let Ok(output) = run(".", &text) {
            let same: serde_json::Value = serde_json::from_str(&output.values[0]).unwrap();
            if let Ok(value) = serde_json::from_str::<serde_json::Value>(&text) {
                prop_assert_eq!(same, value);
            }
        }
    }
}
