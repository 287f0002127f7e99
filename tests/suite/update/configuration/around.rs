//! Concurrency, asynchronous invocation, tags: each edit is a request.

use super::*;

#[rstest]
#[case("45", Ok(Some(45)))]
#[case("", Ok(None))]
#[case("0", Ok(Some(0)))]
#[case("899", Ok(Some(899)))]
#[case("900", Ok(Some(900)))]
#[case("901", Err("only 900 are free"))]
#[case("-1", Err("no whole number"))]
#[case("many", Err("no whole number"))]
fn reserved_concurrency_is_asked_for(#[case] typed: &str, #[case] expected: Result<Option<u32>, &str>) {
    let mut app = at_tab(reserved(Some(20)), extras(), Vec::new());
    go_to(&mut app, &Key::Reserved);
    press(&mut app, &format!("<enter><ctrl-u>{typed}<enter>"));
    match expected {
        Ok(after) => {
            assert_eq!(*proposed(&app), Change::ReservedConcurrency { before: Some(20), after });
            let stops = after == Some(0);
            assert_eq!(review(&app).typed.is_some(), stops);
            // What leaves little to all others is said.
            assert_eq!(review(&app).beside.warnings.len(), usize::from(after > Some(800)));
        }
        Err(told) => {
            assert!(problem(&app).contains(told), "{}", problem(&app));
            press(&mut app, "<esc>");
            assert!(app.overlay.is_none());
        }
    }
}

#[test]
fn the_reservation_is_dropped_or_left_as_it_is() {
    let mut app = at_tab(reserved(Some(20)), extras(), Vec::new());
    go_to(&mut app, &Key::Reserved);
    press(&mut app, "<ctrl-d>");
    assert_eq!(*proposed(&app), Change::ReservedConcurrency { before: Some(20), after: None });
    press(&mut app, "ne<enter>");
    assert_eq!(said(&app), "nothing is changed");
    // Without the account's figures the number is sent as it is.
    let mut app = at_tab(reserved(None), denied(), Vec::new());
    go_to(&mut app, &Key::Reserved);
    press(&mut app, "e5000<enter>");
    assert_eq!(*proposed(&app), Change::ReservedConcurrency { before: None, after: Some(5000) });
}

#[test]
fn the_kill_switch_takes_the_typed_name() {
    let mut app = at_tab(reserved(Some(20)), extras(), Vec::new());
    press(&mut app, "K");
    assert_eq!(*proposed(&app), Change::ReservedConcurrency { before: Some(20), after: Some(0) });
    assert_eq!(review(&app).typed.as_deref(), Some(NAME));
    assert_eq!(press(&mut app, "y<enter>checkout<enter>"), []);
    assert!(review(&app).mistyped);
    app.update(moment(), Msg::Action(Action::Paste(NAME.into())));
    assert_eq!(press(&mut app, "<enter><esc>K"), []);
    let effects = press(&mut app, &format!("{NAME}<enter>"));
    let consent = Consent::Typed(NAME.into());
    let permit = Permit { place: place(), function: NAME.into(), consent };
    let [Effect::Write(ticket, _, by)] = &effects[..] else { panic!("{effects:?}") };
    assert_eq!(**by, permit);
    // It is done: what is shown is read again, and stays on the screen meanwhile.
    let effects = app.update(moment(), Msg::Written(*ticket, Ok(Box::new(Written::default()))));
    let [Effect::GetFunction { ticket, after, .. }, Effect::GetExtras(..), Effect::ReadJournal(journal)] =
        &effects[..]
    else {
        panic!("{effects:?}")
    };
    assert_eq!(*after, Duration::ZERO);
    let (function, journal) = (*ticket, *journal);
    assert!(app.function.as_ref().unwrap().configuration.extras.value.is_some());
    app.update(moment(), Msg::Function(function, Ok(Box::new(reserved(Some(0))))));
    // What to restore is not known before the journal is read.
    press(&mut app, "K");
    assert_eq!(said(&app), "the journal is still being read: press it again");
    assert!(app.overlay.is_none());
    app.update(moment(), Msg::Journal(journal, Ok(vec![stopped(Some(20))])));
    press(&mut app, "K");
    assert_eq!(*proposed(&app), Change::ReservedConcurrency { before: Some(0), after: Some(20) });
    assert_eq!(review(&app).typed, None);
    assert!(matches!(press(&mut app, "y")[..], [Effect::Write(..)]));
}

#[test]
fn what_was_unreserved_is_unreserved_again() {
    let mut app = at_tab(reserved(Some(0)), extras(), vec![stopped(Some(20)), stopped(None)]);
    assert_eq!(app.restorable_concurrency(), Restorable::Known(None));
    press(&mut app, "K");
    assert_eq!(*proposed(&app), Change::ReservedConcurrency { before: Some(0), after: None });
}

#[test]
fn what_nobody_knows_is_asked_for() {
    let mut app = at_tab(reserved(Some(0)), extras(), Vec::new());
    assert_eq!(app.restorable_concurrency(), Restorable::Unknown);
    press(&mut app, "K");
    assert!(said(&app).contains("does not know"), "{}", said(&app));
    press(&mut app, "<ctrl-u>7<enter>");
    assert_eq!(*proposed(&app), Change::ReservedConcurrency { before: Some(0), after: Some(7) });
}

fn provisioned(qualifier: &str, before: Option<u32>, after: Option<u32>) -> Change {
    Change::ProvisionedConcurrency { qualifier: qualifier.into(), before, after }
}

#[test]
fn provisioned_concurrency_is_added_edited_and_removed() {
    let mut app = at_tab(reserved(Some(20)), extras(), Vec::new());
    go_to(&mut app, &Key::Provisioned("live".into()));
    press(&mut app, "e<ctrl-u>6<enter>");
    assert_eq!(*proposed(&app), provisioned("live", Some(5), Some(6)));
    press(&mut app, "n<ctrl-d>");
    assert_eq!(*proposed(&app), provisioned("live", Some(5), None));
    press(&mut app, "n+beta 3<enter>");
    assert_eq!(*proposed(&app), provisioned("beta", None, Some(3)));
    assert!(review(&app).beside.warnings.is_empty());
    // 5 and 2 are there: 13 make 20, 14 are more than is reserved.
    press(&mut app, "n+beta 13<enter>");
    assert!(review(&app).beside.warnings.is_empty());
    press(&mut app, "n+beta 14<enter>");
    assert_eq!(review(&app).beside.warnings.len(), 1);
    // One that is there is changed, not added.
    press(&mut app, "n+7 4<enter>");
    assert_eq!(*proposed(&app), provisioned("7", Some(2), Some(4)));
    press(&mut app, "n");
    for (typed, told) in [
        ("$LATEST 5", "$LATEST can't have it"),
        ("live", "a space, and a number"),
        ("live 0", "at least 1 is needed"),
        ("li:ve 1", "the qualifier has `:`"),
        ("", "a space, and a number"),
    ] {
        press(&mut app, &format!("+{typed}<enter>"));
        assert!(problem(&app).contains(told), "{typed}: {}", problem(&app));
        press(&mut app, "<esc>");
    }
    go_to(&mut app, &Key::Provisioned("7".into()));
    press(&mut app, "e<ctrl-u>0<enter>");
    assert!(problem(&app).contains("at least 1"), "{}", problem(&app));
}

#[test]
fn without_any_provisioned_concurrency_there_is_a_row_to_add_it() {
    let none = Extras { provisioned: Ok(Vec::new()), ..extras() };
    let mut app = at_tab(function(), none, Vec::new());
    go_to(&mut app, &Key::NoProvisioned);
    press(&mut app, "elive 5<enter>");
    assert_eq!(*proposed(&app), provisioned("live", None, Some(5)));
    press(&mut app, "n<ctrl-d>");
    assert_eq!(said(&app), "there is nothing to delete here");
}

fn event(qualifier: Option<&str>, before: Option<EventInvoke>, after: Option<EventInvoke>) -> Change {
    Change::EventInvoke { qualifier: qualifier.map(str::to_owned), before, after }
}

#[rstest]
#[case(EventPart::Retries, "2", EventInvoke { maximum_retry_attempts: Some(2), ..live() })]
#[case(EventPart::Retries, "", EventInvoke { maximum_retry_attempts: None, ..live() })]
#[case(EventPart::Age, "60", EventInvoke { maximum_event_age_s: Some(60), ..live() })]
#[case(EventPart::OnSuccess, QUEUE, EventInvoke { on_success: Some(QUEUE.into()), ..live() })]
#[case(EventPart::OnFailure, "", EventInvoke { on_failure: None, ..live() })]
fn asynchronous_invocation_is_edited_by_its_parts(
    #[case] part: EventPart,
    #[case] typed: &str,
    #[case] after: EventInvoke,
) {
    let mut app = at_tab(function(), extras(), Vec::new());
    go_to(&mut app, &Key::Event("live".into(), part));
    press(&mut app, &format!("e<ctrl-u>{typed}<enter>"));
    assert_eq!(*proposed(&app), event(Some("live"), Some(live()), Some(after)));
}

#[rstest]
#[case(EventPart::Retries, "3")]
#[case(EventPart::Age, "59")]
#[case(EventPart::Age, "21601")]
#[case(EventPart::OnFailure, "queue")]
fn asynchronous_invocation_has_limits(#[case] part: EventPart, #[case] typed: &str) {
    let mut app = at_tab(function(), extras(), Vec::new());
    go_to(&mut app, &Key::Event(LATEST.into(), part));
    press(&mut app, &format!("e{typed}<enter>"));
    assert!(!problem(&app).is_empty());
}

#[test]
fn asynchronous_invocation_is_begun_and_taken_away() {
    let mut app = at_tab(function(), extras(), Vec::new());
    // The function itself has no qualifier.
    go_to(&mut app, &Key::Event(LATEST.into(), EventPart::Retries));
    press(&mut app, "<ctrl-d>");
    assert!(said(&app).contains("Lambda's defaults"));
    press(&mut app, "e0<enter>");
    let retries = |count| EventInvoke { maximum_retry_attempts: Some(count), ..EventInvoke::default() };
    assert_eq!(*proposed(&app), event(None, None, Some(retries(0))));
    press(&mut app, "n+7 1<enter>");
    assert_eq!(*proposed(&app), event(Some("7"), None, Some(retries(1))));
    press(&mut app, "n+7 3<enter>");
    assert!(problem(&app).contains("at most 2"));
    press(&mut app, "<esc>");
    go_to(&mut app, &Key::Event("live".into(), EventPart::Age));
    press(&mut app, "<ctrl-d>");
    assert_eq!(*proposed(&app), event(Some("live"), Some(live()), None));
    // With the last one all of it goes.
    let one = Extras { event_invoke: Ok(vec![(LATEST.into(), retries(1))]), ..extras() };
    let mut app = at_tab(function(), one, Vec::new());
    go_to(&mut app, &Key::Event(LATEST.into(), EventPart::Retries));
    press(&mut app, "e<ctrl-u><enter>");
    assert_eq!(*proposed(&app), event(None, Some(retries(1)), None));
}

fn tag(key: &str, before: Option<&str>, after: Option<&str>) -> Change {
    let owned = |text: Option<&str>| text.map(str::to_owned);
    Change::Tag { key: key.into(), before: owned(before), after: owned(after) }
}

#[test]
fn tags_are_added_edited_and_removed() {
    let mut app = at_tab(function(), extras(), Vec::new());
    go_to(&mut app, &Key::Tag("team".into()));
    press(&mut app, "e<ctrl-u>orders<enter>");
    assert_eq!(*proposed(&app), tag("team", Some("shop"), Some("orders")));
    press(&mut app, "n<ctrl-d>");
    assert_eq!(*proposed(&app), tag("team", Some("shop"), None));
    press(&mut app, "n+stage=live=1<enter>");
    assert_eq!(*proposed(&app), tag("stage", None, Some("live=1")));
    press(&mut app, "n+team=a b<enter>");
    assert_eq!(*proposed(&app), tag("team", Some("shop"), Some("a b")));
    press(&mut app, "n");
    for typed in
        ["", "stage", "=x", "aws:x=y", &format!("{}=x", "k".repeat(129)), &format!("k={}", "v".repeat(257))]
    {
        press(&mut app, &format!("+{typed}<enter>"));
        assert!(!problem(&app).is_empty(), "{typed}");
        press(&mut app, "<esc>");
    }
    go_to(&mut app, &Key::Tag("aws:cloudformation:logical-id".into()));
    press(&mut app, "e");
    assert!(said(&app).contains("AWS's own"));
    press(&mut app, "<ctrl-d>");
    assert!(app.overlay.is_none());
}

#[test]
fn the_last_tags_come_with_a_warning() {
    let mut details = function();
    details.tags = (0..50).map(|n| (format!("k{n}"), "v".into())).collect();
    let mut app = at_tab(details, extras(), Vec::new());
    press(&mut app, "G+more=1<enter>");
    assert_eq!(review(&app).beside.warnings.len(), 1);
    press(&mut app, "n+k1=2<enter>");
    assert!(review(&app).beside.warnings.is_empty());
    let mut details = function();
    details.tags.clear();
    let mut app = at_tab(details, extras(), Vec::new());
    go_to(&mut app, &Key::NoTags);
    press(&mut app, "ea=<enter>");
    assert_eq!(*proposed(&app), tag("a", None, Some("")));
}
