//! The Versions tab, the weights of an alias, and the dialog in which a change is agreed to.

use jiff::ToSpan;
use lambdeck::{
    app::layout::Size,
    domain::{
        change::Written,
        journal::Entry,
        place::{Place, Protected},
        release::{LATEST, Provisioned, Releases},
    },
};

use super::*;
use crate::support::{
    app::{self as state, moment},
    releases::{NAME, alias, moved, releases, version},
};

fn ticket_of(effects: &[Effect]) -> (lambdeck::app::Ticket, lambdeck::app::Ticket) {
    let releases = effects.iter().find_map(|effect| match effect {
        Effect::GetReleases(ticket, _) => Some(*ticket),
        _ => None,
    });
    let journal = effects.iter().find_map(|effect| match effect {
        Effect::ReadJournal(ticket) => Some(*ticket),
        _ => None,
    });
    (releases.unwrap(), journal.unwrap())
}

fn place() -> Place {
    Place {
        profile: Some("prod".into()),
        account: Some("123456789012".into()),
        region: "eu-west-1".into(),
        endpoint: None,
    }
}

/// The tab with these versions; the cursor on the first row.
pub(super) fn versions_of(releases: Releases, entries: Vec<Entry>) -> Screen {
    let mut screen = Screen::listed();
    let effects = screen.keys("a");
    screen.answer_function(&effects, details());
    let (ticket, journal) = ticket_of(&effects);
    screen.send(Msg::Journal(journal, Ok(entries)));
    screen.send(Msg::Releases(ticket, Ok(Box::new(releases))));
    screen
}

/// What a function has after a year of deployments.
fn many() -> Releases {
    let mut many = releases();
    many.versions.truncate(1);
    for number in (1..=60_i64).rev() {
        let code = format!("h{number:07}");
        // Every third one is the code of the one before.
        let code = if number % 3 == 0 { format!("h{:07}", number - 1) } else { code };
        let mut version = version(&number.to_string(), &code, (60 - number) * 130);
        version.description = Some(format!("Release {number} of the year"));
        many.versions.push(version);
    }
    many.aliases = vec![
        alias("blue", "58", None),
        alias("canary", "59", Some(("60", 0.005))),
        alias("live", "58", Some(("60", 0.25))),
    ];
    many.provisioned = Ok(vec![
        Provisioned {
            qualifier: "live".into(),
            requested: 50,
            available: 12,
            allocated: 12,
            status: "IN_PROGRESS".into(),
            reason: None,
        },
        Provisioned {
            qualifier: "blue".into(),
            requested: 2,
            available: 0,
            allocated: 0,
            status: "FAILED".into(),
            reason: Some("There are not enough unreserved executions".into()),
        },
    ]);
    many
}

fn one_alias() -> (Releases, Vec<Entry>) {
    let mut one = releases();
    one.aliases = vec![alias("live", "9", None)];
    (one, vec![moved(&place(), "live", "6", "9", moment() - 14.minutes())])
}

/// All pictures of this part, for what holds for every screen.
pub(super) fn all() -> Vec<Screen> {
    let mut screens = Vec::new();
    let mut add = |mut screen: Screen, keys: &str| {
        screen.keys(keys);
        screens.push(screen);
    };
    add(versions_of(releases(), Vec::new()), "j");
    add(versions_of(many(), Vec::new()), "vjjj");
    add(versions_of(releases(), Vec::new()), "jw");
    add(versions_of(releases(), Vec::new()), "je");
    add(versions_of(releases(), Vec::new()), "jb");
    add(versions_of(releases(), Vec::new()), "+x y");
    let mut publishing = versions_of(releases(), Vec::new());
    publishing.keys("p");
    publishing.key(KeyCode::Enter);
    screens.push(publishing);
    for wanted in [None, Some("wrong")] {
        let mut deleting = versions_of(releases(), Vec::new());
        deleting.app.session.spec.protected =
            Protected { profiles: vec!["prod".into()], ..Protected::default() };
        deleting.keys("j");
        deleting.press(KeyEvent::new(KeyCode::Char('d'), KeyModifiers::CONTROL));
        if let Some(wanted) = wanted {
            deleting.keys(wanted);
            deleting.key(KeyCode::Enter);
        }
        screens.push(deleting);
    }
    let mut reading = Screen::listed();
    reading.keys("ab");
    screens.push(reading);
    screens
}

#[test]
fn versions_and_aliases() {
    let mut screen = versions_of(releases(), Vec::new());
    screen.key(KeyCode::Down);
    screen.check("versions");
    screen.keys("v");
    screen.check("versions_latest");
    screen.keys("G");
    screen.check("versions_last");
}

#[test]
fn versions_many() {
    let mut screen = versions_of(many(), Vec::new());
    screen.check("versions_many");
    screen.keys("G");
    screen.check("versions_many_end");
}

#[test]
fn versions_without_aliases_or_versions() {
    let mut only = releases();
    only.aliases.clear();
    only.provisioned = Ok(Vec::new());
    versions_of(only.clone(), Vec::new()).check("versions_no_alias");
    only.versions.truncate(1);
    only.provisioned = Err("not authorized to perform lambda:ListProvisionedConcurrencyConfigs".into());
    versions_of(only, Vec::new()).check("versions_unpublished");
    let mut same = releases();
    same.versions[0] = version(LATEST, "cCcCcCcC", 6);
    let shown = versions_of(same, Vec::new()).text(80, 24);
    assert!(shown.contains("= the code and configuration of 9: nothing to publish"), "{shown}");
}

#[test]
fn versions_being_read_failing_and_older() {
    let mut screen = Screen::listed();
    let effects = screen.keys("a");
    screen.answer_function(&effects, details());
    screen.check("versions_loading");
    screen.keys("b");
    screen.check("versions_rollback_waits");
    screen.keys("j");
    let (ticket, journal) = ticket_of(&effects);
    screen.send(Msg::Journal(journal, Ok(Vec::new())));
    screen.send(Msg::Releases(ticket, Err(expired())));
    screen.wait(20.0);
    screen.check("versions_failed");
    let effects = screen.keys("r");
    let (ticket, journal) = ticket_of(&effects);
    screen.send(Msg::Journal(journal, Ok(Vec::new())));
    screen.send(Msg::Releases(ticket, Ok(Box::new(releases()))));
    let effects = screen.keys("r");
    assert!(screen.text(80, 24).contains("3 aliases, 4 versions  reading…"));
    screen.wait(90.0);
    let (ticket, _) = ticket_of(&effects);
    screen.send(Msg::Releases(ticket, Err(expired())));
    screen.wait(20.0);
    screen.check("versions_older");
}

#[test]
fn weights_of_an_alias() {
    let mut screen = versions_of(releases(), Vec::new());
    screen.keys("jw");
    screen.check("weights");
    screen.key(KeyCode::Up);
    screen.key(KeyCode::Tab);
    let shown = screen.text(80, 24);
    assert!(shown.contains("Version 8       75 %") && shown.contains("Version 7       25 %"), "{shown}");
    screen.keys("1.234");
    screen.check("weights_problem");
}

#[test]
fn review_of_a_publication() {
    let mut screen = versions_of(releases(), Vec::new());
    screen.keys("p");
    screen.check("publish_prompt");
    screen.keys("Prices in cents");
    screen.key(KeyCode::Enter);
    screen.check("review_publish");
}

#[test]
fn review_of_a_rollback() {
    let (one, entries) = one_alias();
    let mut screen = versions_of(one, entries);
    screen.keys("b");
    screen.check("review_rollback");
    let effects = screen.keys("y");
    let [Effect::Write(ticket, ..)] = effects[..] else { panic!("{effects:?}") };
    assert!(screen.text(80, 24).contains("a change is being sent"));
    screen.send(Msg::Written(ticket, Ok(Box::<Written>::default())));
    assert!(screen.text(80, 24).contains("Alias live 9 → 6 is saved"));
}

#[test]
fn review_where_all_is_protected() {
    let mut screen = versions_of(releases(), Vec::new());
    screen.app.session.spec.protected = Protected { profiles: vec!["prod".into()], ..Protected::default() };
    screen.keys("j");
    screen.press(KeyEvent::new(KeyCode::Char('d'), KeyModifiers::CONTROL));
    screen.check("review_delete");
    screen.keys("checkout-api");
    screen.key(KeyCode::Enter);
    screen.check("review_mistyped");
}

#[test]
fn at_the_least_size_it_still_shows_what_is_asked() {
    for mut screen in all() {
        for (columns, rows) in [(24, 6), (30, 7), (24, 24), (40, 9), (80, 12), (200, 6)] {
            let shown = screen.text(columns, rows);
            match &screen.app.overlay {
                Some(lambdeck::app::overlay::Overlay::Review(review)) if review.typed.is_none() => {
                    let last = last_row(&shown, review.layout(Size { columns, rows }).framed);
                    assert!(last.contains('y') && last.contains('n'), "{columns}x{rows}: {shown}");
                }
                Some(lambdeck::app::overlay::Overlay::Review(review)) => {
                    let all: String = shown.replace(['\n', '│', ' '], "");
                    assert!(all.contains("checkout-api:live"), "{columns}x{rows}: {shown}");
                    let field =
                        |row: &str| row.trim_start_matches(|c: char| !c.is_ascii()).trim().starts_with('>');
                    assert!(shown.lines().any(field), "{columns}x{rows}: {shown}");
                    if review.mistyped {
                        assert!(shown.contains('✗'), "{columns}x{rows}: {shown}");
                    }
                    assert!(shown.contains("PROD"), "{columns}x{rows}: {shown}");
                }
                Some(lambdeck::app::overlay::Overlay::Weights(_)) => {
                    assert!(shown.contains("9 gets > 10"), "{columns}x{rows}: {shown}");
                }
                _ => {}
            }
        }
    }
}

/// The dialog's last row with text.
fn last_row(shown: &str, framed: bool) -> String {
    let rows: Vec<&str> = shown.lines().collect();
    match rows.iter().rposition(|row| row.contains('└')) {
        Some(at) if framed => rows[at - 1].to_owned(),
        // Above the footer.
        _ => rows[..rows.len() - 1].join(" "),
    }
}

#[test]
fn a_name_that_is_longer_than_the_screen_is_seen_while_it_is_typed() {
    let name = "a-name-of-64-characters-that-lambda-just-about-allows-0123456789";
    let mut long = releases();
    let alias_name = "b".repeat(128);
    long.aliases = vec![alias(&alias_name, "9", None)];
    let mut screen = versions_of(long, Vec::new());
    screen.app.function.as_mut().unwrap().name = name.into();
    screen.press(KeyEvent::new(KeyCode::Char('d'), KeyModifiers::CONTROL));
    let wanted = format!("{name}:{alias_name}");
    for (at, character) in wanted.char_indices() {
        let shown = screen.text(24, 6);
        let next: String = wanted[at..].chars().take(5).collect();
        assert!(shown.contains(&next), "{next}: {shown}");
        screen.key(KeyCode::Char(character));
    }
    let effects = screen.key(KeyCode::Enter);
    assert!(matches!(effects[..], [Effect::Write(..)]), "{effects:?}");
}

#[test]
fn a_long_diff_is_readable_to_its_end() {
    let mut long = releases();
    let environment = long.versions[0].environment.as_mut().unwrap();
    for number in 0..60 {
        environment.variables.insert(format!("NEW_VARIABLE_{number:02}"), state::CANARY.into());
    }
    let words: Vec<String> = (0..80).map(|number| format!("w{number:02}")).collect();
    long.versions[0].handler = Some(words.join(" "));
    for (columns, rows) in [(80, 24), (40, 10), (26, 8)] {
        let mut screen = versions_of(long.clone(), Vec::new());
        screen.keys("p");
        screen.key(KeyCode::Enter);
        let (mut seen, mut before) = (String::new(), String::new());
        loop {
            let shown = screen.text(columns, rows);
            if shown == before {
                break;
            }
            seen.push_str(&shown.replace(['\n', '│', ' '], ""));
            before = shown;
            screen.key(KeyCode::PageDown);
        }
        for number in 0..60 {
            let name = format!("+NEW_VARIABLE_{number:02}");
            assert!(seen.contains(&name), "{columns}x{rows}: {name} is nowhere");
        }
        for word in &words {
            assert!(seen.contains(word), "{columns}x{rows}: {word} is nowhere");
        }
        assert!(!seen.contains(state::CANARY));
    }
}

#[test]
fn no_screen_of_versions_shows_a_value() {
    for screen in &mut all() {
        for (columns, rows) in [(80, 24), (200, 60)] {
            let shown = screen.text(columns, rows);
            assert!(!shown.contains(state::CANARY) && !shown.contains(CANARY), "{shown}");
        }
    }
    assert_eq!(NAME, "checkout-api");
}
