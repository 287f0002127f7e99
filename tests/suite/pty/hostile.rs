//! Text from outside that a terminal would obey: it reaches the screen as marks, and never the terminal as it is.

use base64::Engine as _;
use serde_json::{Value, json};

use crate::support::fault_server::canned::{LogScript, serve_identity};
use crate::support::fault_server::{Fault, FaultServer, Reply};
use crate::support::terminal::{Exit, Launch, key};

/// What a terminal obeys, none of which lambdeck itself ever writes.
const SEQUENCES: [&str; 14] = [
    // Window title, clipboard, a link, a colour that nobody has, a device string, an application command.
    "\u{1b}]0;owned\u{7}",
    "\u{1b}]52;c;b3duZWQ=\u{7}",
    "\u{1b}]8;;http://owned\u{1b}\\",
    "\u{1b}[31337m",
    "\u{1b}Powned\u{1b}\\",
    "\u{1b}_Gowned\u{1b}\\",
    // The same begun with one C1 character.
    "\u{9b}31337m",
    "\u{9d}0;owned\u{9c}",
    // What moves, hides or turns around.
    "\u{8}",
    "\u{7f}",
    "\u{202e}",
    "\u{2066}",
    "\u{200b}",
    "\u{feff}",
];

fn hostile(word: &str) -> String {
    format!("{word}{}\r\n{word}-end", SEQUENCES.concat())
}

fn server() -> FaultServer {
    let server = FaultServer::start();
    // XML has no room for the others.
    serve_identity(&server, "account\u{202e}\u{9b}31337m\u{200b}");
    let configuration = json!({
        "FunctionName": hostile("name"),
        "FunctionArn": hostile("arn"),
        "Runtime": hostile("runtime"),
        "Role": hostile("role"),
        "Handler": hostile("handler"),
        "Description": hostile("description"),
        "LastModified": hostile("modified"),
        "Version": hostile("version"),
        "State": hostile("state"),
        "StateReason": hostile("reason"),
        "LastUpdateStatus": hostile("status"),
        "Architectures": [hostile("architecture")],
        "Environment": { "Variables": { hostile("key"): hostile("value") } },
        "Layers": [{ "Arn": hostile("layer"), "CodeSize": 1 }],
        "LoggingConfig": { "LogFormat": hostile("format"), "LogGroup": "/the/group" },
        "MemorySize": 128,
        "Timeout": 3,
        "CodeSize": 1,
    });
    let list = json!({ "Functions": [configuration.clone()] });
    server.always("ListFunctions", Fault::Answer(Reply::json(&list)));
    server.always("GetFunctionConfiguration", Fault::Answer(Reply::json(&configuration)));
    let whole = json!({ "Configuration": configuration, "Tags": { hostile("tag"): hostile("tagged") } });
    server.always("GetFunction", Fault::Answer(Reply::json(&whole)));
    let tail = base64::engine::general_purpose::STANDARD.encode(hostile("tail"));
    let answer = Reply::json(&Value::String(hostile("payload")))
        .header("x-amz-function-error", "Unhandled")
        .header("x-amz-log-result", &tail);
    server.always("Invoke", Fault::Answer(answer));
    let log = LogScript::default();
    let now = jiff::Timestamp::now().as_millisecond();
    log.push("/the/group", &hostile("stream"), now, &hostile("line"));
    log.push(
        "/the/group",
        "stream",
        now + 1,
        &json!({ "level": "ERROR", "message": hostile("json") }).to_string(),
    );
    log.serve(&server, 100, std::time::Duration::ZERO);
    server
}

#[test]
fn what_a_terminal_would_obey_never_reaches_it() {
    let server = server();
    let terminal = Launch::lambdeck(["--endpoint-url", &server.endpoint(), "--region", "eu-west-1"])
        .size(50, 180)
        .start();
    terminal.wait_text("account⟨U+202E⟩");
    // The list with its preview.
    terminal.wait_text("name␛]0;owned");
    terminal.wait_text("description␛");
    terminal.send(key::ENTER);
    terminal.wait_text("handler␛");
    terminal.send("G");
    terminal.wait_text("tagged␛");
    terminal.send("d");
    terminal.wait_text("as JSON");
    terminal.send("q");
    terminal.send("2");
    terminal.wait_text("key␛");
    terminal.send("x");
    terminal.wait_text("value␛");
    terminal.send("5\r");
    terminal.wait_text("FUNCTION ERROR");
    terminal.wait_text("tail␛");
    terminal.wait_text("payload");
    terminal.send("6");
    terminal.wait_text("line␛");
    terminal.wait_text("json␛");
    terminal.send("w");
    terminal.wait_text("line-end");
    terminal.send("\x1b[H");
    terminal.send(key::ENTER);
    terminal.wait_text("stream␛");
    terminal.send("q");

    // An error that quotes such a text, on the footer and in the message log.
    server.always("GetFunction", Fault::error(400, "InvalidParameterValueException", &hostile("error")));
    terminal.send("r");
    terminal.wait_text("✗ error: could not read the function name␛");
    terminal.send(":messages\r");
    terminal.wait_text("Messages");
    terminal.send("q");
    terminal.send("y");
    terminal.wait_text("copied");
    terminal.send("q");
    assert_eq!(terminal.wait_exit(), Exit::Code(0));
    terminal.assert_left_in_order();

    let raw = terminal.raw();
    for sequence in SEQUENCES {
        let at = raw.windows(sequence.len()).position(|window| window == sequence.as_bytes());
        let around = at.map(|at| String::from_utf8_lossy(&raw[at.saturating_sub(60)..at + 10]).into_owned());
        assert_eq!(around, None, "{sequence:?}");
    }
    assert_eq!(terminal.title(), "");
    // A message of several lines is copied as such.
    assert!(!terminal.clipboard().unwrap_or_default().contains(['\u{1b}', '\r', '\u{9b}', '\u{202e}']));
}

#[test]
fn what_is_pasted_is_shown_as_marks_too() {
    let server = server();
    let terminal = Launch::lambdeck(["--endpoint-url", &server.endpoint(), "--region", "eu-west-1"]).start();
    terminal.wait_text("name␛");
    for sequence in SEQUENCES {
        terminal.send("/");
        terminal.wait_text("keep");
        terminal.paste(&format!("typed{sequence}"));
        terminal.wait_text("typed");
        terminal.send(key::ESC);
        terminal.wait_gone("typed");
    }
    terminal.send("q");
    assert_eq!(terminal.wait_exit(), Exit::Code(0));
    let raw = terminal.raw();
    for sequence in SEQUENCES {
        assert!(!raw.windows(sequence.len()).any(|window| window == sequence.as_bytes()), "{sequence:?}");
    }
}
