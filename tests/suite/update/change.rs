//! The way of a change: proposed, agreed to, sent once, watched; and a fault at every step of it.

use std::time::Duration;

use jiff::ToSpan;
use lambdeck::{
    app::{
        Action, App, Effect, Msg, Ticket,
        draft::Draft,
        function::Tab,
        overlay::{Overlay, Question},
        review::Phase,
    },
    cloud::{Error, Kind},
    domain::{
        change::{Change, Consent, Order, Permit, Variables, Written},
        function::Details,
        place::{Place, Protected},
        secret::Secret,
    },
};

use crate::support::app::{CANARY, act, details, look, moment, session, summary, type_text, with_functions};

const SIZE: (u16, u16) = (80, 24);
const NAME: &str = "checkout-api";

fn read(revision: &str, status: &str) -> Box<Details> {
    let mut details = details(NAME);
    details.configuration.revision_id = Some(revision.into());
    details.configuration.state.last_update_status = Some(status.into());
    Box::new(details)
}

fn variables(details: &Details) -> Variables {
    details.configuration.environment.clone().unwrap_or_default().variables
}

/// The Environment tab with a draft that changes STAGE.
fn edited() -> App {
    let functions = vec![summary(NAME, "python3.13", 512, 1), summary("other", "python3.13", 512, 2)];
    let mut app = with_functions(SIZE, functions);
    let effects = act(&mut app, Action::Environment);
    let [Effect::GetFunction { ticket, .. }] = effects[..] else { panic!("{effects:?}") };
    app.update(moment(), Msg::Function(ticket, Ok(read("r1", "Successful"))));
    let view = app.function.as_mut().unwrap();
    let before = variables(view.details.value.as_ref().unwrap());
    let mut draft = Draft::new(before, Some("r1".into()));
    draft.mine.insert("STAGE".into(), "canary-of-the-edit".into());
    view.environment.draft = Some(draft);
    app
}

fn place() -> Place {
    Place {
        profile: Some("prod".into()),
        account: Some("123456789012".into()),
        region: "eu-west-1".into(),
        endpoint: None,
    }
}

fn mine() -> Variables {
    let mut mine = variables(&details(NAME));
    mine.insert("STAGE".into(), "canary-of-the-edit".into());
    mine
}

fn order() -> Order {
    Order {
        function: NAME.into(),
        revision_id: Some("r1".into()),
        change: Change::Environment { before: variables(&details(NAME)), after: mine() },
    }
}

/// Agrees to the change; answers with the write's ticket.
fn sent(app: &mut App) -> Ticket {
    assert_eq!(act(app, Action::Save), []);
    let effects = act(app, Action::Yes);
    let [Effect::Write(ticket, ordered, permit)] = &effects[..] else { panic!("{effects:?}") };
    assert_eq!(**ordered, order());
    let expected = Permit { place: place(), function: NAME.into(), consent: Consent::Yes };
    assert_eq!(**permit, expected);
    *ticket
}

/// The ticket of the read by which a change is watched.
fn watched(effects: &[Effect], after: Duration) -> Ticket {
    match effects {
        [Effect::Observe { ticket, names, after: waits }] => {
            assert_eq!((names.as_slice(), *waits), (&[NAME.into()][..], after));
            *ticket
        }
        other => panic!("{other:?}"),
    }
}

fn done(app: &mut App, ticket: Ticket) -> Vec<Effect> {
    let written = Written { revision_id: Some("r2".into()), ..Written::default() };
    app.update(moment(), Msg::Written(ticket, Ok(Box::new(written))))
}

/// What is there once the change was done.
fn after(status: &str) -> Box<Details> {
    let mut details = read("r2", status);
    details.configuration.environment.as_mut().unwrap().variables = mine();
    details
}

fn said(app: &App) -> &str {
    app.messages.log.back().map_or("", |message| message.text.as_str())
}

fn draft(app: &App) -> Option<&Draft<String, Secret>> {
    app.function.as_ref()?.environment.draft.as_ref()
}

#[test]
fn nothing_leaves_before_a_yes() {
    let mut app = edited();
    assert_eq!(act(&mut app, Action::Save), []);
    let Some(Overlay::Review(review)) = &app.overlay else { panic!("{:?}", app.overlay) };
    assert_eq!(review.place, place());
    assert!(!format!("{review:?}").contains("canary"));
    for no in [Action::No, Action::Back, Action::Quit] {
        act(&mut app, Action::Save);
        assert_eq!(act(&mut app, no), []);
        assert!(app.overlay.is_none() && app.writing.is_empty() && app.exit.is_none());
        assert_eq!(draft(&app).map(Draft::changes), Some(1));
    }
}

#[test]
fn a_change_is_sent_once_then_watched_until_it_is_in_use() {
    let mut app = edited();
    let ticket = sent(&mut app);
    assert_eq!(app.writing(NAME).map(|writing| writing.phase), Some(Phase::Sending));
    // Neither the draft nor a second try: it is on its way.
    assert_eq!(act(&mut app, Action::Save), []);
    assert!(app.overlay.is_none(), "{:?}", app.overlay);
    assert!(said(&app).contains("on its way"), "{}", said(&app));

    let effects = done(&mut app, ticket);
    let ticket = watched(&effects, Duration::ZERO);
    assert!(draft(&app).is_none());
    let effects = app.update(moment(), Msg::Observed(ticket, NAME.into(), Ok(after("InProgress"))));
    let ticket = watched(&effects, Duration::from_secs(1));
    assert_eq!(app.writing(NAME).map(|writing| writing.phase), Some(Phase::Settling));
    let effects = app.update(moment(), Msg::Observed(ticket, NAME.into(), Ok(after("Successful"))));
    assert!(matches!(effects[..], [Effect::GetFunction { .. }]), "{effects:?}");
    assert!(app.writing.is_empty());
    assert_eq!(said(&app), "checkout-api: environment variable STAGE is saved and in use");
}

#[test]
fn what_was_answered_is_shown_until_it_is_read_again() {
    let mut app = edited();
    let ticket = sent(&mut app);
    let answer = after("InProgress").configuration;
    let written = Written { function: Some(Box::new(answer)), ..Written::default() };
    let effects = app.update(moment(), Msg::Written(ticket, Ok(Box::new(written))));
    watched(&effects, Duration::ZERO);
    // The draft is gone: without the answer the old values would be on the screen, and the base of the next edit.
    assert!(draft(&app).is_none());
    let shown = app.function.as_ref().unwrap().details.value.as_ref().unwrap();
    assert!(variables(shown) == mine() && shown.configuration.state.is_settling());
}

#[test]
fn the_row_of_the_list_follows_a_change() {
    let mut app = edited();
    let ticket = sent(&mut app);
    let ticket = watched(&done(&mut app, ticket), Duration::ZERO);
    act(&mut app, Action::Back);
    assert_eq!(app.functions.selected().map(|row| (&*row.name, row.memory_mb)), Some((NAME, 512)));
    let mut read = after("Successful");
    read.configuration.memory_mb = Some(1024);
    read.configuration.last_modified = Some("2026-11-20T14:03:20.000+0000".into());
    app.update(moment(), Msg::Observed(ticket, NAME.into(), Ok(read)));
    let row = app.functions.find(NAME).unwrap();
    assert_eq!((row.memory_mb, row.timeout_s, row.runtime.as_deref()), (1024, 30, Some("python3.13")));
    assert_eq!(row.modified_ms, Some((moment() - 2.seconds()).as_millisecond()));
    assert!(row.state.is_some() && row.custom_log_group.is_none());
    assert_eq!(app.functions.selected().map(|row| &*row.name), Some(NAME));
}

#[test]
fn a_dialog_that_opens_takes_the_message_off_its_keys() {
    let mut app = edited();
    act(&mut app, Action::Save);
    act(&mut app, Action::Back);
    assert_eq!(app.messages.shown().map(|message| message.text.as_str()), Some("nothing was sent"));
    act(&mut app, Action::Save);
    assert!(matches!(app.overlay, Some(Overlay::Review(_))) && app.messages.shown().is_none());
    assert_eq!(said(&app), "nothing was sent", "the log keeps it");
    // So does a field.
    act(&mut app, Action::Back);
    assert!(app.messages.shown().is_some());
    act(&mut app, Action::Edit);
    assert!(app.takes_text() && app.messages.shown().is_none());
}

#[test]
fn a_failed_update_says_why() {
    let mut app = edited();
    let ticket = sent(&mut app);
    let ticket = watched(&done(&mut app, ticket), Duration::ZERO);
    let mut failed = after("Failed");
    failed.configuration.state.last_update_status_reason = Some("KMS key is disabled".into());
    app.update(moment(), Msg::Observed(ticket, NAME.into(), Ok(failed)));
    assert!(said(&app).contains("KMS key is disabled") && said(&app).contains("old configuration serves"));
}

#[test]
fn a_refused_change_keeps_the_draft() {
    for kind in [
        Kind::Invalid,
        Kind::Denied,
        Kind::Credentials,
        Kind::Network,
        Kind::Throttled,
        Kind::Conflict,
        Kind::NotFound,
        Kind::Service,
        Kind::ReadOnly,
    ] {
        let mut app = edited();
        let ticket = sent(&mut app);
        let effects = app.update(moment(), Msg::Written(ticket, Err(Error::new(kind, "refused"))));
        assert!(effects.iter().all(|effect| matches!(effect, Effect::GetFunction { .. })), "{effects:?}");
        assert!(app.writing.is_empty());
        assert_eq!(draft(&app).map(|draft| draft.mine.clone()), Some(mine()), "{kind:?}");
        assert!(said(&app).contains("refused"));
    }
}

#[test]
fn without_an_answer_the_function_is_read_and_what_is_known_is_said() {
    let unknown = || Error::new(Kind::OutcomeUnknown, "the connection broke");
    // It was done.
    let mut app = edited();
    let ticket = sent(&mut app);
    let effects = app.update(moment(), Msg::Written(ticket, Err(unknown())));
    let ticket = watched(&effects, Duration::ZERO);
    assert_eq!(draft(&app).map(Draft::changes), Some(1));
    let effects = app.update(moment(), Msg::Observed(ticket, NAME.into(), Ok(after("InProgress"))));
    let ticket = watched(&effects, Duration::ZERO);
    assert!(draft(&app).is_none());
    app.update(moment(), Msg::Observed(ticket, NAME.into(), Ok(after("Successful"))));
    assert!(said(&app).contains("saved and in use"), "{}", said(&app));

    // It was not.
    let mut app = edited();
    let ticket = sent(&mut app);
    let effects = app.update(moment(), Msg::Written(ticket, Err(unknown())));
    let ticket = watched(&effects, Duration::ZERO);
    let effects = app.update(moment(), Msg::Observed(ticket, NAME.into(), Ok(read("r1", "Successful"))));
    assert!(matches!(effects[..], [Effect::GetFunction { .. }]), "{effects:?}");
    assert_eq!(draft(&app).map(Draft::changes), Some(1));
    assert!(said(&app).contains("was not done"), "{}", said(&app));

    // Nobody knows.
    let mut app = edited();
    let ticket = sent(&mut app);
    let effects = app.update(moment(), Msg::Written(ticket, Err(unknown())));
    let ticket = watched(&effects, Duration::ZERO);
    let offline = Error::new(Kind::Network, "no connection");
    assert_eq!(app.update(moment(), Msg::Observed(ticket, NAME.into(), Err(offline))), []);
    assert_eq!(draft(&app).map(Draft::changes), Some(1));
    assert!(said(&app).contains("not known"), "{}", said(&app));
}

#[test]
fn a_network_that_is_lost_while_it_settles_loses_nothing() {
    let mut app = edited();
    let ticket = sent(&mut app);
    let ticket = watched(&done(&mut app, ticket), Duration::ZERO);
    let offline = Error::new(Kind::Network, "no connection");
    app.update(moment(), Msg::Observed(ticket, NAME.into(), Err(offline)));
    assert!(app.writing.is_empty());
    assert!(said(&app).contains("it is saved, but whether it is in use is not known"), "{}", said(&app));
}

#[test]
fn somebody_elses_change_is_merged_and_shown_before_anything_is_sent_again() {
    let mut app = edited();
    let ticket = sent(&mut app);
    let effects = app.update(moment(), Msg::Written(ticket, Err(Error::new(Kind::Stale, "stale"))));
    let ticket = watched(&effects, Duration::ZERO);
    let mut theirs = read("r9", "Successful");
    theirs.configuration.environment.as_mut().unwrap().variables.insert("THEIRS".into(), "x".into());
    assert_eq!(app.update(moment(), Msg::Observed(ticket, NAME.into(), Ok(theirs))), []);
    let Some(Overlay::Review(review)) = &app.overlay else { panic!("{:?}", app.overlay) };
    assert!(review.beside.warnings.iter().any(|warning| warning.contains("somebody else")), "{review:?}");
    assert_eq!(review.diff.len(), 1);
    // A y that was pressed just then was meant for something else.
    assert_eq!(act(&mut app, Action::Yes), []);
    assert!(said(&app).contains("only just come up"), "{}", said(&app));
    look(&mut app);
    let effects = act(&mut app, Action::Yes);
    let [Effect::Write(_, order, _)] = &effects[..] else { panic!("{effects:?}") };
    assert_eq!(order.revision_id.as_deref(), Some("r9"));
    let Change::Environment { before, after } = &order.change else { panic!("{order:?}") };
    assert!(before.contains_key("THEIRS") && after.contains_key("THEIRS"));
    assert_eq!(after["STAGE"].reveal(), "canary-of-the-edit");
}

#[test]
fn a_collision_is_asked_for() {
    let mut app = edited();
    let ticket = sent(&mut app);
    let effects = app.update(moment(), Msg::Written(ticket, Err(Error::new(Kind::Stale, "stale"))));
    let ticket = watched(&effects, Duration::ZERO);
    let mut theirs = read("r9", "Successful");
    theirs.configuration.environment.as_mut().unwrap().variables.insert("STAGE".into(), "theirs".into());
    assert_eq!(app.update(moment(), Msg::Observed(ticket, NAME.into(), Ok(theirs))), []);
    assert!(matches!(app.overlay, Some(Overlay::Merge(_))), "{:?}", app.overlay);
    assert_eq!(draft(&app).map(|draft| draft.mine.clone()), Some(mine()));
}

#[test]
fn what_became_of_it_is_told_wherever_one_is() {
    let mut app = edited();
    let ticket = sent(&mut app);
    act(&mut app, Action::Back);
    act(&mut app, Action::Down);
    act(&mut app, Action::Open);
    assert_eq!(app.function.as_ref().map(|view| view.name.as_str()), Some("other"));
    let ticket = watched(&done(&mut app, ticket), Duration::ZERO);
    assert_eq!(app.update(moment(), Msg::Observed(ticket, NAME.into(), Ok(after("Successful")))), []);
    assert_eq!(said(&app), "checkout-api: environment variable STAGE is saved and in use");
    assert!(app.unsaved().is_empty());
}

#[test]
fn another_session_gets_nothing_of_a_change_and_the_draft_waits_for_its_own() {
    let mut app = edited();
    act(&mut app, Action::Save);
    // The question is open when the session changes.
    let epoch = 7;
    app.session.connecting = Some((epoch, app.session.spec.clone()));
    app.update(moment(), Msg::Connected(epoch, Ok(session("dev", "eu-west-1"))));
    assert!(app.overlay.is_none());
    assert_eq!(act(&mut app, Action::Yes), []);
    assert_eq!(app.unsaved(), [NAME]);
    // Not in another account's function of the same name.
    let identity = app.session.identity.value.as_mut().unwrap();
    identity.account = Some("999999999999".into());
    let open = |app: &mut App| {
        app.overlay = None;
        type_command(app, &format!("open {NAME}"))
    };
    open(&mut app);
    assert!(draft(&app).is_none());
    // Back in its own.
    app.session.connecting = Some((epoch + 1, app.session.spec.clone()));
    app.update(moment(), Msg::Connected(epoch + 1, Ok(session("prod", "eu-west-1"))));
    open(&mut app);
    assert_eq!(draft(&app).map(|draft| draft.mine.clone()), Some(mine()));
}

fn type_command(app: &mut App, command: &str) -> Vec<Effect> {
    act(app, Action::CommandLine);
    type_text(app, command);
    act(app, Action::Open)
}

#[test]
fn an_answer_of_an_earlier_session_is_still_told() {
    let mut app = edited();
    let ticket = sent(&mut app);
    app.session.connecting = Some((7, app.session.spec.clone()));
    app.update(moment(), Msg::Connected(7, Ok(session("dev", "eu-west-1"))));
    assert_eq!(done(&mut app, ticket), []);
    assert!(said(&app).contains("checkout-api (of the session before)"), "{}", said(&app));
    assert!(app.unsaved().is_empty());
}

#[test]
fn a_change_that_is_watched_is_let_go_with_its_session() {
    let mut app = edited();
    let ticket = sent(&mut app);
    let ticket = watched(&done(&mut app, ticket), Duration::ZERO);
    app.session.connecting = Some((7, app.session.spec.clone()));
    app.update(moment(), Msg::Connected(7, Ok(session("dev", "eu-west-1"))));
    assert!(app.writing.is_empty());
    assert!(said(&app).contains("not watched any more"), "{}", said(&app));
    assert_eq!(app.update(moment(), Msg::Observed(ticket, NAME.into(), Ok(after("Successful")))), []);
}

#[test]
fn a_change_on_its_way_and_a_draft_hold_up_quitting() {
    let mut app = edited();
    act(&mut app, Action::Quit);
    let Some(Overlay::Question(Question { text, .. })) = &app.overlay else { panic!("{:?}", app.overlay) };
    assert_eq!(text, "Quit without saving?");
    act(&mut app, Action::No);
    let ticket = sent(&mut app);
    act(&mut app, Action::Quit);
    let Some(Overlay::Question(Question { text, .. })) = &app.overlay else { panic!("{:?}", app.overlay) };
    assert_eq!(text, "Quit while a change is being sent?");
    act(&mut app, Action::No);
    done(&mut app, ticket);
    // Settling goes on at AWS without us.
    act(&mut app, Action::Quit);
    assert_eq!(app.exit, Some(0));
}

#[test]
fn protection_takes_the_functions_name_typed_and_not_pasted() {
    let mut app = edited();
    app.session.spec.protected = Protected { profiles: vec!["prod".into()], ..Protected::default() };
    assert!(app.is_protected());
    act(&mut app, Action::Save);
    assert_eq!(act(&mut app, Action::Yes), []);
    assert_eq!(act(&mut app, Action::Paste(NAME.into())), []);
    assert_eq!(act(&mut app, Action::Open), []);
    type_text(&mut app, "checkout-ap");
    assert_eq!(act(&mut app, Action::Open), []);
    assert!(matches!(&app.overlay, Some(Overlay::Review(review)) if review.mistyped));
    type_text(&mut app, "i");
    let effects = act(&mut app, Action::Open);
    let [Effect::Write(_, _, permit)] = &effects[..] else { panic!("{effects:?}") };
    assert_eq!(permit.consent, Consent::Typed(NAME.into()));
}

#[test]
fn a_read_only_session_proposes_nothing() {
    let mut app = edited();
    app.session.current.as_mut().unwrap().spec.read_only = true;
    assert_eq!(act(&mut app, Action::Save), []);
    assert!(app.overlay.is_none());
    assert!(said(&app).contains("read-only"));
    assert_eq!(draft(&app).map(Draft::changes), Some(1));
}

#[test]
fn values_that_cannot_be_read_are_never_written_over() {
    let mut app = edited();
    let view = app.function.as_mut().unwrap();
    let environment = view.details.value.as_mut().unwrap().configuration.environment.as_mut().unwrap();
    environment.variables.clear();
    environment.error = Some("KMSAccessDeniedException".into());
    assert_eq!(act(&mut app, Action::Save), []);
    assert!(app.overlay.is_none());
    assert!(said(&app).contains("wipe"), "{}", said(&app));
}

#[test]
fn cloudformation_is_named_before_its_function_drifts() {
    let mut app = edited();
    let details = app.function.as_mut().unwrap().details.value.as_mut().unwrap();
    details.tags.insert("aws:cloudformation:stack-name".into(), "shop".into());
    act(&mut app, Action::Save);
    let Some(Overlay::Review(review)) = &app.overlay else { panic!("{:?}", app.overlay) };
    assert!(review.beside.warnings[0].contains("stack shop") && review.beside.warnings[0].contains("drift"));
}

#[test]
fn a_function_that_never_settles_is_let_go_after_ten_minutes() {
    let mut app = edited();
    let ticket = sent(&mut app);
    let mut effects = done(&mut app, ticket);
    let mut now = moment();
    let mut reads = 0;
    while let [Effect::Observe { ticket, .. }] = effects[..] {
        now += 1.second();
        reads += 1;
        effects = app.update(now, Msg::Observed(ticket, NAME.into(), Ok(after("InProgress"))));
    }
    assert_eq!(reads, 600);
    assert!(said(&app).contains("ten minutes"));
    assert!(app.writing.is_empty());
}

#[test]
fn no_value_is_in_what_is_said_or_debugged() {
    let mut app = edited();
    let ticket = sent(&mut app);
    assert_eq!(app.function.as_ref().map(|view| view.tab), Some(Tab::Environment));
    let ticket = watched(&done(&mut app, ticket), Duration::ZERO);
    app.update(moment(), Msg::Observed(ticket, NAME.into(), Ok(after("Successful"))));
    let told = format!("{app:?}");
    assert!(!told.contains("canary-of-the-edit") && !told.contains(CANARY));
}
