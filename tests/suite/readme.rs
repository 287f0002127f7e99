//! What the README shows is true: its picture, its table of keys, its commands, its exit codes.
//!
//! `INSTA_UPDATE=always cargo test --test suite readme` draws the picture and writes the table anew, as it does with
//! the snapshots of the screens.

mod svg;

use std::{fs, path::Path};

use clap::Parser as _;
use jiff::Timestamp;
use lambdeck::{
    app::{Action, App, Effect, Msg, Settings, layout::Size, msg::Connected, session::SessionState},
    cli::args::Arguments,
    cloud::{Session, Spec},
    keys,
    local::{Engine, Options},
    ui::{self, Theme},
};
use ratatui::{Terminal, backend::TestBackend, buffer::Buffer};

const README: &str = "README.md";
const PICTURE: &str = "assets/screens/functions.svg";
const SIZE: Size = Size { columns: 132, rows: 18 };

fn read(path: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap_or_default()
}

/// Compares a file with what it ought to hold, or makes it so where that is asked for.
fn keep_current(path: &str, wanted: &str) {
    if std::env::var("INSTA_UPDATE").is_ok_and(|value| value == "always") {
        fs::write(Path::new(env!("CARGO_MANIFEST_DIR")).join(path), wanted).unwrap();
    }
    let current = read(path);
    assert!(
        current == wanted,
        "{path} is not current: INSTA_UPDATE=always cargo test --test suite readme; then read its diff"
    );
}

/// The list as it is with the samples of the local engine, in front of the real answers of a real engine. Only what an
/// engine makes at its start (times, its account and its port) is fixed, and so is the program's path, which the size
/// of the samples' code depends on: none of them runs here.
async fn functions() -> Buffer {
    let engine = Engine::start(Options {
        account_id: Some("123456789012".into()),
        region: "eu-west-1".into(),
        settle_ms: 0,
        ..Options::new("/usr/local/bin/lambdeck".into())
    })
    .await
    .unwrap();
    let spec = Spec {
        region: Some(engine.region().into()),
        endpoint_url: Some(engine.endpoint_url()),
        keys: Some((engine.access_key_id().into(), engine.secret_access_key().clone())),
        ..Spec::default()
    };
    let session = Session::open(&spec).await.unwrap();

    let now: Timestamp = "2026-11-20T14:03:22Z".parse().unwrap();
    let mut app =
        App::new(now, Settings { local_first: true, ..Settings::default() }, SessionState::new(spec.clone()));
    app.update(now, Msg::Resize(SIZE));
    let [Effect::StartLocal { epoch }] = app.start()[..] else { panic!("the local engine comes first") };
    let connected = Connected {
        spec,
        region: session.region().to_owned(),
        endpoint: Some("http://127.0.0.1:4566".into()),
        identity: Some(session.identity().await.unwrap()),
    };
    let mut effects = app.update(now, Msg::Connected(epoch, Ok(Box::new(connected))));
    while let Some(effect) = effects.pop() {
        match effect {
            Effect::ListFunctions(ticket) => {
                let mut functions = session.list_functions(None).await.unwrap().items;
                for (minutes, function) in (2..).zip(&mut functions) {
                    function.modified_ms = Some(now.as_millisecond() - minutes * 60_000);
                }
                effects.extend(app.update(now, Msg::FunctionsPage { ticket, functions, last: true }));
            }
            Effect::FetchStates(ticket, names) => {
                for name in names {
                    let state = session.function_state(&name).await;
                    effects.extend(app.update(now, Msg::FunctionState(ticket, name, state)));
                }
            }
            other => panic!("not asked for by a list: {other:?}"),
        }
    }
    app.update(now, Msg::Action(Action::Top));
    let mut terminal = Terminal::new(TestBackend::new(SIZE.columns, SIZE.rows)).unwrap();
    let frame = terminal.draw(|frame| ui::draw(&app, &Theme::DEFAULT, frame)).unwrap();
    let buffer = frame.buffer.clone();
    engine.shutdown().await;
    buffer
}

#[tokio::test(flavor = "multi_thread")]
async fn the_picture_is_what_the_screen_is() {
    let title = "lambdeck on its local engine: the list of functions, and a preview of the selected one";
    keep_current(PICTURE, &svg::svg(&Box::pin(functions()).await, title));
    assert!(read(README).contains(PICTURE), "the README shows it");
}

#[test]
fn the_table_of_keys_is_the_one_that_the_program_has() {
    const BEGIN: &str = "<!-- keys: written by the tests -->\n";
    const END: &str = "<!-- end of keys -->\n";
    let readme = read(README);
    let (before, rest) = readme.split_once(BEGIN).expect("the place where the table begins");
    let (_, after) = rest.split_once(END).expect("the place where it ends");
    keep_current(README, &format!("{before}{BEGIN}\n{}\n{END}{after}", keys::markdown()));
}

/// Lines of the README's code blocks.
fn code(readme: &str) -> impl Iterator<Item = &str> {
    readme.split("\n```").skip(1).step_by(2).flat_map(|block| block.lines().skip(1))
}

#[test]
fn every_command_is_one() {
    let readme = read(README);
    let mut seen = 0;
    for line in code(&readme) {
        let command = line.split(" #").next().unwrap_or_default().trim();
        let words = command.strip_prefix("cargo run --release --").or(command.strip_prefix("lambdeck"));
        let Some(words) = words else { continue };
        let words = words.split_whitespace().map(|word| word.trim_matches('\''));
        let parsed = Arguments::try_parse_from(["lambdeck"].into_iter().chain(words));
        assert!(parsed.is_ok(), "{command}: {}", parsed.unwrap_err());
        seen += 1;
    }
    assert!(seen > 5, "{seen} commands in the README");
}
