//! An answer over the whole screen.

use lambdeck::{
    app::{Effect, Msg, Ticket, msg::Look},
    cloud::{Error, Kind},
    domain::{
        body::Body,
        invocation::{Answer, Chunk, Reply},
    },
    ui::Theme,
};
use ratatui::{crossterm::event::KeyCode, style::Modifier};

use super::{everywhere::style_of, fixtures::*};

/// JSON that is easily shown wrongly: numbers that no float holds, a key that is there twice, half a surrogate pair,
/// what a terminal obeys, what turns a text around.
const HARD_TEXT: &str = r#"{"id":12345678901234567890123,"price":12.50,"big":1e400,"n":-0,"same":1,"same":2,
"half":"\ud800 of a pair","escape":"\u001b[31mred\u001b[0m","turned":"TURNabc","":null,"odd key\n":true,
"wide":"日本語の関数は長い","body":"eyJvayI6dHJ1ZSwiaXRlbXMiOlsxLDIsM119",
"items":[{"sku":"tea","quantity":2},{"sku":"pot","quantity":1},{}],"none":[],
"long":"Lorem ipsum dolor sit amet, consectetur adipiscing elit, sed do eiusmod tempor incididunt ut labore et dolore magna aliqua."}"#;

fn hard() -> String {
    HARD_TEXT.replace("TURN", "\u{202e}")
}

const PYTHON: &str = r#"{"errorMessage":"'sku'","errorType":"KeyError","requestId":"8f5c6d2e-0000-4000-8000-000000000001",
"stackTrace":["  File \"/var/task/app.py\", line 42, in handler\n    return price(event)\n",
"  File \"/var/task/shop/prices.py\", line 7, in price\n    return PRICES[item[\"sku\"]]\n",
"  File \"/opt/python/wrapt/wrappers.py\", line 578, in __call__\n    return self._self_wrapper(self.__wrapped__)\n"]}"#;

pub(super) fn of(answer: Answer) -> Screen {
    ended(Ok(Box::new(Reply::read(answer))))
}

fn ended(result: Result<Box<Reply>, Error>) -> Screen {
    let mut screen = Screen::opened();
    let ticket = invoked(&mut screen);
    screen.wait(0.3);
    screen.send(Msg::Invoked(ticket, result));
    assert!(screen.keys("o").is_empty());
    screen
}

pub(super) fn with(payload: impl Into<Vec<u8>>) -> Screen {
    let headers = [("content-type", "application/json"), ("x-amzn-trace-id", "Root=1-a;\u{202e}")];
    let headers = headers.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
    of(Answer { payload: payload.into(), headers, ..answer() })
}

fn failed() -> Screen {
    let payload = PYTHON.into();
    of(Answer { function_error: Some("Unhandled".into()), payload, ..answer() })
}

fn denied() -> Screen {
    let error = Error::new(
        Kind::Denied,
        "could not invoke checkout-api: User: arn:aws:iam::123456789012:user/ops is not authorized to perform \
         lambda:InvokeFunction on resource: arn:aws:lambda:eu-west-1:123456789012:function:checkout-api",
    )
    .with_hint("ask for the permission that the message names, or switch with :profile");
    ended(Err(error))
}

/// A response that broke off: it is being read.
fn broken_off() -> (Screen, Ticket, Vec<u8>) {
    let mut screen = Screen::opened();
    let ticket = invoked(&mut screen);
    screen.send(Msg::Streamed(ticket, Chunk { bytes: b"{\"rows\":[1,2,".to_vec(), at_ms: 41 }));
    screen.send(Msg::Invoked(ticket, Err(Error::new(Kind::OutcomeUnknown, "the stream broke off"))));
    let mut effects = screen.keys("o");
    let Some(Effect::Look(ticket, Look::Read(bytes))) = effects.pop() else { panic!("{effects:?}") };
    (screen, ticket, bytes)
}

/// The request for what is made of the response.
fn asked(effects: &[Effect]) -> Ticket {
    let [Effect::Look(ticket, _)] = effects else { panic!("{effects:?}") };
    *ticket
}

fn filtered() -> Screen {
    let mut screen = with(hard());
    screen.keys("|.items[].sku");
    let ticket = asked(&screen.key(KeyCode::Enter));
    let body = Body::read(br#"["tea","pot",null]"#.to_vec());
    screen.send(Msg::Looked(ticket, Ok(Box::new(("jq .items[].sku (3 results)".into(), body)))));
    screen
}

/// The tree of the hard one.
fn tree() -> Screen {
    let mut screen = with(hard());
    screen.key(KeyCode::Tab);
    screen
}

/// All that there is to draw of it.
pub(super) fn all() -> Vec<Screen> {
    let mut screens = vec![failed(), denied(), filtered(), broken_off().0];
    let press = |mut screen: Screen, keys: &str| {
        for key in keys.chars() {
            screen.key(if key == '\t' { KeyCode::Tab } else { KeyCode::Char(key) });
        }
        screen
    };
    for keys in ["", "\tG", "\t\t", "\t\t\t\t", "\tz", "/sku", "\t/te", "|.items[", "x"] {
        screens.push(press(with(hard()), keys));
    }
    for payload in [&b"\xff\xfe\x00\x01binary\x00"[..], b"", b"Task timed out\xff"] {
        screens.push(press(with(payload), ""));
    }
    let mut working = with(hard());
    working.keys("|.a");
    working.key(KeyCode::Enter);
    screens.push(working);
    let mut copying = with(hard());
    copying.keys("C");
    screens.push(copying);
    screens
}

#[test]
fn the_views_of_an_answer() {
    let mut screen = with(hard());
    screen.check("answer_pretty");
    screen.key(KeyCode::Tab);
    screen.check("answer_tree");
    screen.keys("jjjjjjjjjjjjjj");
    screen.key(KeyCode::Enter);
    screen.check("answer_tree_folded");
    screen.key(KeyCode::Tab);
    screen.check("answer_raw");
    screen.key(KeyCode::Tab);
    screen.check("answer_headers");
    screen.key(KeyCode::Tab);
    screen.check("answer_log");
    screen.key(KeyCode::Tab);
    assert!(screen.text(80, 24).contains("[Pretty]"));
}

#[test]
fn a_function_error_opens_on_its_own_frames() {
    let mut screen = failed();
    screen.check("answer_error");
    let buffer = screen.buffer(100, 30, &Theme::DEFAULT);
    assert!(style_of(&buffer, "File \"/var/task/app.py\"").add_modifier.contains(Modifier::BOLD));
    assert!(!style_of(&buffer, "File \"/opt/python").add_modifier.contains(Modifier::BOLD));
}

#[test]
fn what_aws_refused_is_told_whole() {
    denied().check("answer_denied");
}

#[test]
fn a_stream_that_broke_off_is_read_first() {
    let (mut screen, ticket, bytes) = broken_off();
    assert!(screen.text(80, 24).contains("the stream broke off"));
    screen.key(KeyCode::Tab);
    let shown = screen.text(80, 24);
    assert!(shown.contains("Reading what came of it…") && shown.contains("◐ working"), "{shown}");
    screen.send(Msg::Looked(ticket, Ok(Box::new((String::new(), Body::read(bytes))))));
    let shown = screen.text(80, 24);
    assert!(shown.contains("{\"rows\":[1,2,") && !shown.contains("working"), "{shown}");
    // There is nothing below it to go back to.
    screen.key(KeyCode::Esc);
    assert!(screen.app.overlay.is_none());
}

#[test]
fn the_error_of_a_stream_is_told_beside_its_response() {
    let mut screen = of(Answer {
        function_error: Some("Unhandled".into()),
        error_details: Some(r#"{"errorType":"ValueError","errorMessage":"too \u001b[31mlate"}"#.into()),
        payload: b"[1,".to_vec(),
        ..answer()
    });
    assert!(screen.text(80, 24).contains("ValueError: too ␛[31mlate"), "{}", screen.text(80, 24));
    let mut plain = of(Answer {
        function_error: Some("Sandbox.Timedout".into()),
        error_details: Some("after 3 s".into()),
        payload: b"[1,".to_vec(),
        ..answer()
    });
    assert!(plain.text(80, 24).contains("Sandbox.Timedout: after 3 s"));
    plain.key(KeyCode::Tab);
    assert!(plain.text(80, 24).contains("[1,"));
}

#[test]
fn a_filter_is_typed_run_and_left() {
    let mut screen = with(hard());
    screen.keys("|.items[].sku");
    screen.check("answer_filter_typed");
    screen.key(KeyCode::Enter);
    assert!(screen.text(80, 24).contains("◐ working, esc stops"));
    let mut screen = filtered();
    screen.check("answer_filtered");
    screen.key(KeyCode::Esc);
    assert!(screen.text(80, 24).contains("12345678901234567890123"));
}

#[test]
fn a_search_shows_as_it_is_typed() {
    let mut screen = with(hard());
    screen.keys("/sku");
    screen.check("answer_search_typed");
    screen.keys("zzz");
    assert!(screen.text(80, 24).contains("✗ not there"));
    screen.key(KeyCode::Esc);
    let buffer = screen.buffer(80, 50, &Theme::DEFAULT);
    assert!(!style_of(&buffer, "sku").add_modifier.contains(Modifier::UNDERLINED));

    screen.keys("/sku");
    screen.key(KeyCode::Enter);
    screen.keys("n");
    let buffer = screen.buffer(80, 50, &Theme::DEFAULT);
    // Both are marked, and one is where one is.
    let marks: Vec<Modifier> = buffer
        .content
        .windows(3)
        .filter(|cells| cells.iter().map(ratatui::buffer::Cell::symbol).eq(["s", "k", "u"]))
        .map(|cells| cells[0].modifier & (Modifier::UNDERLINED | Modifier::REVERSED))
        .collect();
    assert_eq!(marks.iter().filter(|mark| **mark == Modifier::UNDERLINED).count(), 1, "{marks:?}");
    assert_eq!(marks.iter().filter(|mark| mark.contains(Modifier::REVERSED)).count(), 1, "{marks:?}");
}

#[test]
fn a_match_is_marked_over_the_rows_that_it_takes() {
    let needle = "n".repeat(100);
    let mut screen = with(format!("\"{}{needle}{}\"", "a".repeat(5000), "b".repeat(5000)));
    screen.keys("/");
    screen.keys(&needle);
    screen.key(KeyCode::Enter);
    for (columns, rows) in [(80, 24), (40, 12), (200, 60)] {
        screen.text(columns, rows);
        screen.keys("n");
        let buffer = screen.buffer(columns, rows, &Theme::DEFAULT);
        let marked = buffer.content.iter().filter(|cell| cell.modifier.contains(Modifier::UNDERLINED));
        let marked: Vec<&str> = marked.map(ratatui::buffer::Cell::symbol).collect();
        assert_eq!(marked.concat(), needle, "{columns}x{rows}");
    }
}

#[test]
fn the_selected_value_and_its_path_show_in_the_lowest_screen() {
    for (columns, rows) in [(24, 7), (40, 8), (80, 10)] {
        let mut screen = tree();
        for _ in 0..20 {
            let shown = screen.text(columns, rows);
            assert!(shown.lines().any(|line| line.contains("│ >")), "{columns}x{rows}:\n{shown}");
            screen.keys("j");
        }
    }
}

#[test]
fn ten_thousand_levels_and_keys_of_megabytes_are_drawn() {
    let deep = format!("{}{{\"leaf\":7}}{}", "{\"level\":[".repeat(5000), "]}".repeat(5000));
    let mut screen = with(deep);
    screen.key(KeyCode::Tab);
    screen.keys("zG");
    let shown = screen.text(80, 24);
    assert!(shown.contains("leaf: 7") && shown.contains(".level[0].leaf"), "{shown}");
    screen.keys("/leaf");
    assert!(screen.text(80, 24).contains("leaf: 7"));

    let key = "k".repeat(1_000_000);
    let mut screen = with(format!("{{\"{key}\":\"{key}\"}}"));
    screen.key(KeyCode::Tab);
    screen.keys("j");
    assert!(screen.text(80, 24).contains("kkkk…"), "{}", screen.text(80, 24));
}

#[test]
fn what_lies_below_a_choice_shows_around_it() {
    let mut screen = with(hard());
    screen.keys("C");
    screen.check("answer_copied_as");
    screen.key(KeyCode::Esc);
    screen.keys("?");
    let shown = screen.text(80, 24);
    assert!(shown.contains("Keys of this place") && shown.contains("copy the path of the value"), "{shown}");
    screen.key(KeyCode::Esc);
    assert!(screen.text(80, 24).contains("[Pretty]"));
}
