//! Two functions, versions or aliases side by side.

use lambdeck::{
    app::{Effect, Msg, Ticket},
    cloud::{self, Kind},
    domain::compare::{Comparison, Row},
};
use ratatui::crossterm::event::KeyCode;

use super::fixtures::*;

fn reading() -> (Screen, Ticket) {
    let mut screen = Screen::listed();
    screen.keys(":compare checkout-api:live staging@eu-central-1/checkout-api");
    let effects = screen.key(KeyCode::Enter);
    match effects[..] {
        [Effect::Compare(ticket, _)] => (screen, ticket),
        ref other => panic!("two sides are read: {other:?}"),
    }
}

fn comparison() -> Comparison {
    let row = |group, name: &str, left: Option<&str>, right: Option<&str>| Row {
        group,
        name: name.into(),
        left: left.map(str::to_owned),
        right: right.map(str::to_owned),
        equal: left == right,
    };
    let same = |group, name: &str, text: &str| row(group, name, Some(text), Some(text));
    let masked = |name: &str, bytes: &str, equal| Row {
        group: "Environment variables",
        name: name.into(),
        left: Some(bytes.into()),
        right: Some(bytes.into()),
        equal,
    };
    let role = |account: &str, name: &str| format!("arn:aws:iam::{account}:role/service-role/{name}");
    Comparison {
        titles: [
            "prod · eu-west-1 · checkout-api:live".into(),
            "staging · eu-central-1 · checkout-api".into(),
        ],
        rows: vec![
            same("Configuration", "Runtime", "python3.13"),
            same("Configuration", "Handler", "app.handler"),
            row("Configuration", "Memory", Some("512 MB"), Some("1024 MB")),
            same("Configuration", "Timeout", "30 s"),
            row(
                "Configuration",
                "Execution role",
                Some(&role("123456789012", "checkout-api-production-role-7k2m9x4q")),
                Some(&role("210987654321", "checkout-api-staging-role-p0o9i8u7")),
            ),
            row("Configuration", "Description", Some(""), Some("a test of the checkout")),
            same("Configuration", "Log group", "/aws/lambda/checkout-api"),
            masked("API_KEY", "(32 bytes)", false),
            masked("LOG_LEVEL", "(4 bytes)", true),
            row("Environment variables", "FEATURE_FLAGS_OF_THE_NEW_CHECKOUT", None, Some("(12 bytes)")),
            same("Tags", "team", "orders"),
            row("Tags", "env", Some("prod"), None),
        ],
    }
}

fn compared() -> Screen {
    let (mut screen, ticket) = reading();
    screen.send(Msg::Compared(ticket, Ok(Box::new(comparison()))));
    screen
}

fn failed() -> Screen {
    let (mut screen, ticket) = reading();
    let error = cloud::Error::new(
        Kind::Credentials,
        "could not read checkout-api with profile staging: the SSO session has expired",
    )
    .with_hint("run `aws sso login --profile staging`, then try again");
    screen.send(Msg::Compared(ticket, Err(error)));
    screen
}

/// All that there is to draw of it.
pub(super) fn all() -> Vec<Screen> {
    let mut differences = compared();
    differences.keys("!");
    let mut end = compared();
    end.keys("G");
    let (mut same, ticket) = reading();
    let mut equal = comparison();
    equal.rows.retain(|row| row.equal);
    same.send(Msg::Compared(ticket, Ok(Box::new(equal))));
    same.keys("!");
    vec![reading().0, compared(), differences, end, same, failed()]
}

#[test]
fn a_comparison() {
    reading().0.check("compare_reading");
    let mut screen = compared();
    screen.check("compare");
    screen.keys("!");
    screen.check("compare_differences");
    let shown = screen.text(80, 24);
    assert!(!shown.contains("LOG_LEVEL") && shown.contains("API_KEY"), "{shown}");
    failed().check("compare_failed");
}

#[test]
fn nothing_differs() {
    let (mut screen, ticket) = reading();
    let mut comparison = comparison();
    comparison.rows.retain(|row| row.equal);
    screen.send(Msg::Compared(ticket, Ok(Box::new(comparison))));
    assert!(screen.text(80, 24).contains("0 of 6 differ"));
    screen.keys("!");
    assert!(screen.text(80, 24).contains("Nothing differs"));
}

#[test]
fn all_of_it_can_be_read_whatever_the_width() {
    for (columns, rows) in [(30, 12), (40, 10), (60, 14), (80, 24), (100, 12), (200, 16)] {
        let mut screen = compared();
        screen.text(columns, rows);
        let mut seen = String::new();
        for _ in 0..120 {
            seen.push_str(&screen.text(columns, rows));
            screen.keys("j");
        }
        let letters: String = seen.chars().filter(|c| !c.is_whitespace() && *c != '│').collect();
        for word in
            ["API_KEY", "(32bytes)", "LOG_LEVEL", "team", "orders", "512MB", "1024MB", "(notthere)", "≠"]
        {
            assert!(letters.contains(word), "{word} at {columns}x{rows}: {seen}");
        }
        // The long names are wrapped between columns: their ends show all the same.
        assert!(
            letters.contains("7k2m9x4q") || letters.contains("m9x4q") || letters.contains("4q"),
            "{seen}"
        );
        let end = screen.text(columns, rows);
        screen.keys("k");
        assert_ne!(screen.text(columns, rows), end, "{columns}x{rows}");
    }
}
