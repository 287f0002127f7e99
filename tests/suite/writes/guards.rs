//! What keeps a change in: nothing leaves without the confirmation that it takes, given for where it goes.

use std::path::Path;

use lambdeck::cloud::{Error, Kind};
use lambdeck::domain::place::{Place, Protected};

use super::*;
use crate::support::fault_server::canned::serve_identity;
use crate::support::fault_server::{Fault, Reply};

/// Tries all changes, each with the confirmation that `confirm` makes of the right one. Nothing may arrive.
async fn nothing_leaves(
    spec: Spec,
    server: &FaultServer,
    kind: Kind,
    confirm: impl Fn(&Order, Permit) -> Permit,
) {
    let session = Session::open(&spec).await.unwrap();
    for change in changes() {
        let order = order(change);
        let permit = confirm(&order, permit(&session, &order));
        let error = session.write(&order, &permit).await.unwrap_err();
        assert_eq!(error.kind, kind, "{order:?} {permit:?}: {error}");
        assert_quiet(&error);
    }
    assert_eq!(server.count("*"), 0);
    assert_eq!(server.connections(), 0);
}

#[track_caller]
fn assert_quiet(error: &Error) {
    for text in [format!("{error}"), format!("{error:?}")] {
        assert!(!text.contains(CANARY) && !text.contains("the-secret-key"), "{text}");
    }
    assert!(!error.message.is_empty() && error.message.lines().count() == 1, "{error:?}");
}

#[test]
fn the_table_has_every_kind_of_change() {
    let mut sent: Vec<&str> = changes().iter().map(Change::operation).collect();
    sent.extend(OF_SHAREABLE_EVENTS);
    sent.sort_unstable();
    sent.dedup();
    assert_eq!(sent, OPERATIONS);
}

/// The words with which the SDK's operations that change something begin.
const CHANGING: [&str; 17] = [
    "add_",
    "associate_",
    "cancel_",
    "checkpoint_",
    "create_",
    "delete_",
    "disassociate_",
    "import_",
    "publish_",
    "put_",
    "remove_",
    "send_",
    "stop_",
    "tag_",
    "test_",
    "untag_",
    "update_",
];

/// Calls of such operations in a source text.
fn calls(source: &str) -> Vec<String> {
    let mut calls: Vec<String> = source
        .split('.')
        .skip(1)
        .filter_map(|rest| rest.split_once("()").map(|(name, _)| name))
        .filter(|name| name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_'))
        .filter(|name| CHANGING.iter().any(|word| name.starts_with(word)))
        .map(|name| name.split('_').map(|word| word[..1].to_uppercase() + &word[1..]).collect())
        .collect();
    calls.sort_unstable();
    calls.dedup();
    calls
}

#[test]
fn the_sources_call_no_other_operation_that_changes_something() {
    let mut waiting = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("src/cloud")];
    let mut elsewhere: Vec<String> = Vec::new();
    while let Some(path) = waiting.pop() {
        if path.is_dir() {
            waiting.extend(std::fs::read_dir(&path).unwrap().map(|file| file.unwrap().path()));
            continue;
        }
        let source = std::fs::read_to_string(&path).unwrap();
        // What stands behind the program's own text is tests.
        let program = source.split("#[cfg(test)]").next().unwrap();
        if path.ends_with("send.rs") {
            assert_eq!(calls(program), OPERATIONS);
        } else {
            elsewhere.extend(calls(program));
        }
    }
    // A query of Logs Insights changes nothing, nor does its end.
    assert_eq!(elsewhere, ["StopQuery"]);
}

#[tokio::test]
async fn a_read_only_session_sends_nothing() {
    let server = FaultServer::start();
    let spec = Spec { read_only: true, ..spec(&server.endpoint()) };
    nothing_leaves(spec, &server, Kind::ReadOnly, |_, permit| permit).await;
}

#[tokio::test]
async fn where_it_is_protected_a_yes_sends_nothing() {
    let server = FaultServer::start();
    for protected in [
        Protected { names: vec!["check*".into()], ..Protected::default() },
        Protected { profiles: vec!["*".into()], names: vec!["CHECKOUT".into()], ..Protected::default() },
    ] {
        let spec = Spec { protected, ..spec(&server.endpoint()) };
        for typed in [None, Some(""), Some("check"), Some("Checkout"), Some("checkout "), Some("y")] {
            let consent = typed.map_or(Consent::Yes, |typed| Consent::Typed(typed.into()));
            nothing_leaves(spec.clone(), &server, Kind::Invalid, |_, permit| Permit {
                consent: consent.clone(),
                ..permit
            })
            .await;
        }
    }
}

#[tokio::test]
async fn a_confirmation_for_something_else_sends_nothing() {
    let server = FaultServer::start();
    let endpoint = server.endpoint();
    let elsewhere: [fn(Place) -> Place; 3] = [
        |place| Place { region: "eu-west-2".into(), ..place },
        |place| Place { endpoint: None, ..place },
        |place| Place { profile: Some("other".into()), ..place },
    ];
    for change in elsewhere {
        nothing_leaves(spec(&endpoint), &server, Kind::Invalid, |_, permit| Permit {
            place: change(permit.place),
            ..permit
        })
        .await;
    }
    nothing_leaves(spec(&endpoint), &server, Kind::Invalid, |_, permit| Permit {
        function: "billing".into(),
        ..permit
    })
    .await;
}

#[tokio::test]
async fn what_stops_or_deletes_takes_its_own_name_and_no_plan() {
    let server = FaultServer::start();
    let session = Session::open(&spec(&server.endpoint())).await.unwrap();
    let mut tried = 0;
    for change in changes() {
        let order = order(change);
        if order.change.typed_consent(FUNCTION, false).is_none() {
            continue;
        }
        tried += 1;
        let bulk = Consent::Bulk { count: 1, typed: "1".into() };
        for consent in [Consent::Yes, Consent::Typed("x".into()), bulk] {
            let permit = Permit { consent, ..permit(&session, &order) };
            assert_eq!(session.write(&order, &permit).await.unwrap_err().kind, Kind::Invalid);
        }
    }
    assert_eq!((tried, server.count("*")), (3, 0));
}

#[tokio::test]
async fn a_plan_takes_its_count() {
    let server = FaultServer::start();
    for (count, typed) in [(3, "2"), (3, ""), (3, "y"), (0, "0"), (3, "checkout")] {
        nothing_leaves(spec(&server.endpoint()), &server, Kind::Invalid, |_, permit| Permit {
            consent: Consent::Bulk { count, typed: typed.into() },
            ..permit
        })
        .await;
    }
}

#[tokio::test]
async fn a_confirmation_is_for_one_account() {
    let server = FaultServer::start();
    serve_identity(&server, "123456789012");
    let session = Session::open(&spec(&server.endpoint())).await.unwrap();
    assert_eq!(session.place().account, None);
    session.identity().await.unwrap();
    assert_eq!(session.place().account.as_deref(), Some("123456789012"));
    for change in changes() {
        let order = order(change);
        let right = permit(&session, &order);
        let place = Place { account: Some("210987654321".into()), ..right.place.clone() };
        let error = session.write(&order, &Permit { place, ..right }).await.unwrap_err();
        assert_eq!(error.kind, Kind::Invalid, "{error}");
    }
    assert_eq!((server.count("*"), server.count("GetCallerIdentity")), (1, 1));
}

#[tokio::test]
async fn where_accounts_are_protected_the_account_is_asked_for_once() {
    let server = FaultServer::start();
    serve_identity(&server, "123456789012");
    let protected = Protected { accounts: vec!["123456789012".into()], ..Protected::default() };
    let session = Session::open(&Spec { protected, ..spec(&server.endpoint()) }).await.unwrap();
    for change in changes() {
        let order = order(change);
        let permit = Permit { consent: Consent::Yes, ..permit(&session, &order) };
        let error = session.write(&order, &permit).await.unwrap_err();
        assert_eq!(error.kind, Kind::Invalid, "{error}");
    }
    assert_eq!((server.count("*"), server.count("GetCallerIdentity")), (1, 1));
}

#[tokio::test]
async fn where_sts_cannot_be_asked_the_functions_arn_tells_the_account() {
    let server = FaultServer::start();
    server.always("GetCallerIdentity", Fault::access_denied());
    let arn = format!("arn:aws:lambda:{REGION}:123456789012:function:{FUNCTION}");
    let answer = serde_json::json!({ "Configuration": { "FunctionName": FUNCTION, "FunctionArn": arn } });
    let answer = Reply::json(&answer);
    server.always("GetFunction", Fault::Answer(answer));
    let protected = Protected { accounts: vec!["123456789012".into()], ..Protected::default() };
    let session = Session::open(&Spec { protected, ..spec(&server.endpoint()) }).await.unwrap();
    let order = order(Change::ReservedConcurrency { before: None, after: Some(5) });
    let error = write(&session, &order).await.unwrap_err();
    assert_eq!(error.kind, Kind::Invalid, "{error}");
    assert!(error.message.contains("checkout"), "{error}");
    assert_eq!(changing(&server), 0);
}

#[tokio::test]
async fn a_function_of_another_account_or_region_is_not_changed_from_here() {
    let server = FaultServer::start();
    serve_identity(&server, "123456789012");
    let session = Session::open(&spec(&server.endpoint())).await.unwrap();
    for function in [
        "210987654321:function:checkout",
        "arn:aws:lambda:eu-west-1:210987654321:function:checkout",
        "arn:aws:lambda:eu-west-2:123456789012:function:checkout",
        "checkout:1",
        "no name",
        "",
    ] {
        let change = Change::ReservedConcurrency { before: None, after: Some(5) };
        let order = Order { function: function.into(), ..order(change) };
        let error = write(&session, &order).await.unwrap_err();
        assert_eq!(error.kind, Kind::Invalid, "{function}: {error}");
    }
    assert_eq!(server.count("*"), server.count("GetCallerIdentity"));
}

#[tokio::test]
async fn without_a_number_no_version_is_deleted() {
    let server = FaultServer::start();
    let session = Session::open(&spec(&server.endpoint())).await.unwrap();
    for version in ["", "$LATEST", "live", "1 "] {
        let order = order(Change::DeleteVersion { version: version.into() });
        let error = write(&session, &order).await.unwrap_err();
        assert_eq!(error.kind, Kind::Invalid, "{version}: {error}");
    }
    assert_eq!(server.count("*"), 0);
}

/// Each refusal of the door says what it takes, or where it was meant for.
#[tokio::test]
async fn a_refusal_says_why() {
    let server = FaultServer::start();
    let protected = Protected { names: vec!["*".into()], ..Protected::default() };
    let session = Session::open(&Spec { protected, ..spec(&server.endpoint()) }).await.unwrap();
    let order = order(Change::ReservedConcurrency { before: None, after: Some(5) });
    let right = permit(&session, &order);
    let error = session.write(&order, &right).await.unwrap_err();
    assert_eq!(error.message, "nothing was sent: it takes typing checkout to agree to this");
    let place = Place { region: "eu-west-2".into(), ..right.place.clone() };
    let error = session.write(&order, &Permit { place, ..right }).await.unwrap_err();
    assert!(error.message.contains("was given for eu-west-2"), "{error}");
}

#[test]
fn where_it_is_protected_the_header_says_so() {
    use crate::support::app::{connected, moment};
    use lambdeck::app::{Msg, layout::Size};
    use ratatui::{Terminal, backend::TestBackend};

    let first_row = |protected: Protected, columns: u16| {
        let (mut app, _) = connected((columns, 24));
        app.session.spec.protected = protected;
        app.update(moment(), Msg::Resize(Size { columns, rows: 24 }));
        let mut terminal = Terminal::new(TestBackend::new(columns, 24)).unwrap();
        let theme = lambdeck::ui::Theme::named("mono").unwrap();
        terminal.draw(|frame| lambdeck::ui::draw(&app, &theme, frame)).unwrap();
        let buffer = terminal.backend().buffer();
        buffer.content[..usize::from(columns)].iter().map(ratatui::buffer::Cell::symbol).collect::<String>()
    };
    let prod = || Protected { profiles: vec!["prod".into()], ..Protected::default() };
    for columns in [200, 80, 40] {
        let row = first_row(prod(), columns);
        assert!(row.contains(" PROD "), "{columns}: {row:?}");
        assert!(row.contains(" prod "), "{columns}: {row:?}");
        let names = Protected { names: vec!["*".into()], ..Protected::default() };
        assert!(!first_row(names, columns).contains("PROD"));
    }
    let account = Protected { accounts: vec!["123456789012".into()], ..Protected::default() };
    assert!(first_row(account, 80).contains(" PROD "));
}
