//! What anyone may write into a log never reaches the terminal as more than text.

use lambdeck::{app::Msg, domain::log_event::LogEvent, tail, ui::Theme};
use ratatui::{buffer::Buffer, crossterm::event::KeyCode};

use super::logs::logs;

/// What terminals obey, of ECMA-48, DEC, xterm, kitty, iTerm2, tmux, screen, Linux and the BEL of old.
const SEQUENCES: [&str; 86] = [
    // Single controls.
    "\u{0}",
    "\u{5}",
    "\u{7}",
    "\u{8}",
    "\u{b}",
    "\u{c}",
    "\r",
    "\u{e}",
    "\u{f}",
    "\u{10}",
    "\u{11}",
    "\u{13}",
    "\u{18}",
    "\u{1a}",
    "\u{1b}",
    "\u{7f}",
    // C1 controls.
    "\u{84}",
    "\u{85}",
    "\u{8d}",
    "\u{90}1$r\u{9c}",
    "\u{98}x\u{9c}",
    "\u{9b}2J",
    "\u{9b}31m",
    "\u{9d}0;title\u{9c}",
    "\u{9e}x\u{9c}",
    "\u{9f}x\u{9c}",
    // Cursor, erasing, scrolling, modes.
    "\u{1b}[2J",
    "\u{1b}[3J",
    "\u{1b}[K",
    "\u{1b}[H",
    "\u{1b}[999;999H",
    "\u{1b}[10A",
    "\u{1b}[10B",
    "\u{1b}[10C",
    "\u{1b}[10D",
    "\u{1b}[5L",
    "\u{1b}[5M",
    "\u{1b}[5P",
    "\u{1b}[5@",
    "\u{1b}[5S",
    "\u{1b}[5T",
    "\u{1b}[1;5r",
    "\u{1b}[s",
    "\u{1b}[u",
    "\u{1b}7",
    "\u{1b}8",
    "\u{1b}[?25l",
    "\u{1b}[?1049h",
    "\u{1b}[?1049l",
    "\u{1b}[?1000h",
    "\u{1b}[?2004h",
    "\u{1b}[?2026h",
    "\u{1b}[4h",
    "\u{1b}[20h",
    "\u{1b}[!p",
    "\u{1b}c",
    "\u{1b}D",
    "\u{1b}E",
    "\u{1b}M",
    "\u{1b}#8",
    "\u{1b}(0",
    "\u{1b}=",
    "\u{1b}[0;31;1m",
    "\u{1b}[38;2;1;2;3m",
    "\u{1b}[2 q",
    // What terminals answer to: text that is typed for whoever looks.
    "\u{1b}[6n",
    "\u{1b}[c",
    "\u{1b}[>c",
    "\u{1b}[21t",
    "\u{1b}[?1$p",
    "\u{1b}P$qm\u{1b}\\",
    "\u{1b}P+q544e\u{1b}\\",
    // Titles, clipboard, links, notifications, images, keyboards, pass-through.
    "\u{1b}]0;title\u{7}",
    "\u{1b}]2;title\u{1b}\\",
    "\u{1b}]4;1;?\u{7}",
    "\u{1b}]52;c;c2VjcmV0\u{7}",
    "\u{1b}]8;;http://example.com\u{1b}\\link\u{1b}]8;;\u{1b}\\",
    "\u{1b}]9;note\u{7}",
    "\u{1b}]10;?\u{7}",
    "\u{1b}]1337;File=inline=1:AAAA\u{7}",
    "\u{1b}]777;notify;a;b\u{7}",
    "\u{1b}_Ga=T,f=24;AAAA\u{1b}\\",
    "\u{1b}[>1u",
    "\u{1b}Ptmux;\u{1b}\u{1b}[2J\u{1b}\\",
    "\u{1b}^private\u{1b}\\",
    "\u{1b}Xstring\u{1b}\\",
];

/// What changes the order or the width of what stands around it.
const INVISIBLE: [char; 14] = [
    '\u{202a}', '\u{202b}', '\u{202c}', '\u{202d}', '\u{202e}', '\u{2066}', '\u{2067}', '\u{2068}',
    '\u{2069}', '\u{200e}', '\u{200f}', '\u{061c}', '\u{feff}', '\u{2028}',
];

fn arrivals(messages: &[String]) -> tail::Update {
    let group = "/aws/lambda/checkout-api";
    let batch = messages.iter().zip(0..).map(|(message, nth)| {
        let event = LogEvent {
            group: group.into(),
            stream: "2026/11/20/[$LATEST]0123456789abcdef".into(),
            id: format!("{nth:08}"),
            timestamp: 1_795_183_200_000 + nth,
            ingestion_time: 1_795_183_200_000 + nth,
            message: message.clone(),
        };
        tail::Arrival::new(event, None)
    });
    tail::Update::Events { group: group.into(), batch: batch.collect() }
}

/// Nothing of what is in the cells is obeyed by a terminal or moves what stands beside it.
fn assert_harmless(buffer: &Buffer, what: &str) {
    for cell in buffer.content() {
        for character in cell.symbol().chars() {
            assert!(
                !character.is_control() && !INVISIBLE.contains(&character),
                "{character:?} is on the screen for {what:?}"
            );
        }
    }
}

/// All the ways in which lines are shown.
fn assert_harmless_everywhere(messages: &[String], what: &str) {
    let (mut screen, ticket) = logs();
    screen.send(Msg::Tail(ticket, arrivals(messages)));
    for keys in ["", "w", "w!", "!"] {
        screen.keys(keys);
        for (columns, rows) in [(80, 24), (23, 7)] {
            assert_harmless(&screen.buffer(columns, rows, &Theme::DEFAULT), what);
        }
    }
    screen.key(KeyCode::Enter);
    assert_harmless(&screen.buffer(80, 24, &Theme::DEFAULT), what);
}

#[test]
fn no_control_sequence_of_a_line_is_obeyed() {
    for sequence in SEQUENCES {
        let forms = [
            format!("before {sequence} after"),
            format!(
                r#"{{"level":"ERROR","message":"a {} b","k{sequence}":"{sequence}"}}"#,
                sequence.escape_debug()
            ),
            // JSON that means the control and does not hold it.
            serde_json::json!({ "level": "INFO", "message": sequence, "key": { sequence: [sequence] } })
                .to_string(),
            format!("[ERROR]\t2026-11-20T14:00:00.190Z\t8f5c6d2e-0000-4000-8000-000000000001\t{sequence}"),
        ];
        assert_harmless_everywhere(&forms, sequence);
    }
}

#[test]
fn a_sequence_that_is_split_over_two_lines_is_not_obeyed_either() {
    for sequence in SEQUENCES {
        let cuts = sequence.char_indices().skip(1).map(|(at, _)| at);
        let halves: Vec<String> =
            cuts.flat_map(|at| [sequence[..at].to_owned(), sequence[at..].to_owned()]).collect();
        assert_harmless_everywhere(&halves, sequence);
    }
}

#[test]
fn what_turns_the_order_around_shows_as_marks() {
    for character in INVISIBLE {
        let line = format!("user {character}nimda{character} logged in");
        assert_harmless_everywhere(&[line], &character.to_string());
    }
}

#[test]
fn bytes_that_are_no_text_and_marks_without_end_are_drawn() {
    let invalid = String::from_utf8_lossy(b"\xff\xfe\x80 text \xc3\x28 \xf0\x9f\x92").into_owned();
    let combining = format!("a{}b", "\u{301}".repeat(500));
    let emoji = "\u{1f469}\u{200d}\u{1f469}\u{200d}\u{1f467}".repeat(50);
    let wide = "\u{4e2d}".repeat(300);
    assert_harmless_everywhere(&[invalid, combining, emoji, wide], "text at its limits");
}

#[test]
fn lines_of_a_megabyte_are_drawn() {
    let mebibyte = 1 << 20;
    let lines = [
        "x".repeat(mebibyte),
        format!("{{\"message\":\"{}\"}}", "y".repeat(mebibyte - 20)),
        "\u{1b}[2J".repeat(mebibyte / 4),
        "line\n".repeat(mebibyte / 5),
        "[".repeat(mebibyte),
        format!("{{\"a\":{}1{}}}", "[".repeat(400_000), "]".repeat(400_000)),
    ];
    assert_harmless_everywhere(&lines, "a megabyte");
}
