//! The journal of changes.

use jiff::ToSpan;
use lambdeck::{
    app::{Effect, Msg},
    domain::{
        change::{Change, Order},
        function::Function,
        journal::{Entry, Outcome},
        place::Place,
        release::{Additional, Alias},
        settings::{Setting, Settings},
    },
};
use ratatui::crossterm::event::KeyCode;

use super::fixtures::*;

fn entries(screen: &Screen) -> Vec<Entry> {
    let here = Place {
        profile: Some("prod".into()),
        account: Some("123456789012".into()),
        region: "eu-west-1".into(),
        endpoint: None,
    };
    let elsewhere = Place {
        profile: Some("staging".into()),
        account: Some("210987654321".into()),
        region: "eu-central-1".into(),
        endpoint: None,
    };
    let entry = |minutes: i64, place: &Place, function: &str, outcome, change| {
        let revision_id = Some("0f0f0f0f-1111-2222-3333-444444444444".into());
        let order = Order { function: function.into(), revision_id, change };
        let at = screen.now - minutes.minutes();
        let mut entry = Entry::begin(minutes.to_string(), at, place, &order);
        entry.revision_after =
            (outcome == Outcome::Done).then(|| "5a5a5a5a-9999-8888-7777-666666666666".into());
        entry.outcome = outcome;
        entry
    };
    let alias = |version: &str, additional: Option<(&str, f64)>| {
        Some(Alias {
            name: "live".into(),
            version: version.into(),
            additional: additional.map(|(version, weight)| Additional { version: version.into(), weight }),
            ..Alias::default()
        })
    };
    let before = Settings::of(&Function { memory_mb: Some(512), ..Function::default() });
    let mut after = before.clone();
    after.set(Setting::Memory, "1024");
    after.set(Setting::Description, format!("a text with {CANARY}"));
    let variables = |value: &str| [("API_KEY".to_owned(), value.into())].into();
    vec![
        entry(
            4000,
            &here,
            "native-resize-a-name-that-is-so-long-that-it-fits-nowhere",
            Outcome::Refused,
            Change::DeleteVersion { version: "3".into() },
        ),
        entry(300, &here, "checkout-api", Outcome::Done, Change::Settings { before, after }),
        entry(
            200,
            &elsewhere,
            "checkout-worker",
            Outcome::Unknown,
            Change::ReservedConcurrency { before: Some(5), after: Some(0) },
        ),
        entry(
            60,
            &here,
            "checkout-api",
            Outcome::Begun,
            Change::Environment { before: variables(CANARY), after: variables("x") },
        ),
        entry(
            2,
            &here,
            "checkout-api",
            Outcome::Done,
            Change::Alias {
                name: "live".into(),
                before: alias("7", Some(("8", 0.1))),
                after: alias("8", None),
            },
        ),
    ]
}

fn history() -> Screen {
    let mut screen = Screen::listed();
    screen.keys(":history");
    let effects = screen.key(KeyCode::Enter);
    let [Effect::ReadJournal(ticket)] = effects[..] else { panic!("{effects:?}") };
    let entries = entries(&screen);
    screen.send(Msg::Journal(ticket, Ok(entries)));
    screen
}

fn whole() -> Screen {
    let mut screen = history();
    screen.key(KeyCode::Enter);
    screen
}

/// All that there is to draw of it.
pub(super) fn all() -> Vec<Screen> {
    let mut reading = Screen::listed();
    reading.keys(":history");
    let effects = reading.key(KeyCode::Enter);
    let [Effect::ReadJournal(ticket)] = effects[..] else { panic!("{effects:?}") };
    let mut failed = Screen::listed();
    failed.keys(":history");
    failed.key(KeyCode::Enter);
    failed.send(Msg::Journal(ticket, Err("permission denied (os error 13)".into())));
    let mut last = history();
    last.keys("Gu");
    vec![reading, failed, history(), whole(), last]
}

#[test]
fn the_journal() {
    let mut screen = history();
    screen.check("history");
    screen.keys("jjj");
    let shown = screen.text(80, 24);
    assert!(
        shown.contains("! elsewhere: 123456789012") || shown.contains("! elsewhere: 210987654321"),
        "{shown}"
    );
    screen.keys("u");
    screen.check("history_not_taken_back");
    whole().check("history_entry");
}

#[test]
fn the_journal_is_empty_or_can_not_be_read() {
    let mut screens = all();
    assert!(screens[0].text(80, 24).contains("Reading…"));
    assert!(screens[1].text(80, 24).contains("the journal can't be read: permission denied"));
}

#[test]
fn the_selected_entry_shows_in_the_lowest_screen() {
    for (columns, rows) in [(24, 6), (40, 8), (80, 10), (120, 6)] {
        let mut screen = history();
        screen.text(columns, rows);
        for _ in 0..5 {
            let shown = screen.text(columns, rows);
            assert!(shown.contains("> 20"), "{columns}x{rows}: {shown}");
            screen.keys("j");
        }
    }
}
