//! Marks, and one change of many functions.

use std::time::Duration;

use lambdeck::{
    app::{Action, App, Effect, Msg, Ticket, bulk::Stage, overlay::Overlay},
    cloud::{Error, Kind},
    domain::{
        change::{Change, Consent, Order, Permit},
        function::{Details, State, Summary},
        place::{Place, Protected},
        secret::Secret,
        settings::{Setting, Settings},
    },
};

use crate::support::app::{CANARY, act, details, fresh, moment, session, summary, type_text, with_functions};

pub(super) const SIZE: (u16, u16) = (80, 24);

pub(super) fn some() -> Vec<Summary> {
    (1..=4).map(|number| summary(&format!("f-{number}"), "python3.13", 512, number)).collect()
}

pub(super) fn place() -> Place {
    Place {
        profile: Some("prod".into()),
        account: Some("123456789012".into()),
        region: "eu-west-1".into(),
        endpoint: None,
    }
}

fn marked(app: &App) -> Vec<String> {
    app.functions.marked().iter().map(ToString::to_string).collect()
}

fn command(app: &mut App, line: &str) -> Vec<Effect> {
    act(app, Action::CommandLine);
    type_text(app, line);
    act(app, Action::Open)
}

pub(super) fn at(name: &str, revision: &str) -> Details {
    let mut details = details(name);
    details.configuration.revision_id = Some(revision.into());
    details
}

fn observed(app: &mut App, ticket: Ticket, details: Details) -> Vec<Effect> {
    let name = details.configuration.name.as_str().into();
    app.update(moment(), Msg::Observed(ticket, name, Ok(Box::new(details))))
}

fn observing(effects: &[Effect]) -> (Ticket, Vec<String>) {
    match effects {
        [Effect::Observe { ticket, names, after: Duration::ZERO }] => {
            (*ticket, names.iter().map(ToString::to_string).collect())
        }
        other => panic!("functions are read: {other:?}"),
    }
}

fn writing(effects: &[Effect]) -> (Ticket, Order, Permit) {
    match effects {
        [Effect::Write(ticket, order, permit)] => (*ticket, (**order).clone(), (**permit).clone()),
        other => panic!("one change is sent: {other:?}"),
    }
}

/// Four functions of 512 MB and the plan to change them, read; f-2 has the memory already.
fn planned(line: &str) -> App {
    let mut app = with_functions(SIZE, some());
    act(&mut app, Action::MarkAll);
    let (ticket, names) = observing(&command(&mut app, line));
    assert_eq!(names, ["f-1", "f-2", "f-3", "f-4"]);
    for name in names {
        let mut details = at(&name, "r1");
        if name == "f-2" {
            details.configuration.memory_mb = Some(1024);
        }
        assert_eq!(observed(&mut app, ticket, details), []);
    }
    app
}

fn steps(app: &App) -> Vec<String> {
    let bulk = app.bulk.as_ref().unwrap();
    bulk.rows.iter().map(|row| format!("{} {}", row.name, row.text(bulk.stage))).collect()
}

fn agree(app: &mut App, phrase: &str) -> Vec<Effect> {
    type_text(app, phrase);
    act(app, Action::Open)
}

fn stage(app: &App) -> Stage {
    app.bulk.as_ref().unwrap().stage
}

fn done(app: &mut App, ticket: Ticket) -> Vec<Effect> {
    app.update(moment(), Msg::Written(ticket, Ok(Box::default())))
}

fn failed(app: &mut App, ticket: Ticket, kind: Kind) -> Vec<Effect> {
    app.update(moment(), Msg::Written(ticket, Err(Error::new(kind, "AWS says no"))))
}

fn said(app: &App) -> &str {
    app.messages.shown().map_or("", |message| message.text.as_str())
}

#[test]
fn marks_survive_filter_sort_and_refresh_and_go_with_their_functions() {
    let mut app = with_functions(SIZE, some());
    act(&mut app, Action::Mark);
    act(&mut app, Action::Down);
    act(&mut app, Action::Down);
    act(&mut app, Action::Mark);
    assert_eq!(marked(&app), ["f-1", "f-3"]);
    act(&mut app, Action::ReverseSort);
    assert_eq!(marked(&app), ["f-3", "f-1"]);
    act(&mut app, Action::ReverseSort);
    act(&mut app, Action::Filter);
    type_text(&mut app, "f-1");
    act(&mut app, Action::Open);
    assert_eq!((marked(&app), app.functions.marks()), (vec!["f-1".into(), "f-3".into()], (2, 1)));
    // What is typed into the filter marks nothing.
    act(&mut app, Action::Filter);
    type_text(&mut app, " *");
    act(&mut app, Action::Back);
    assert_eq!(app.functions.marks(), (2, 0));
    // Read again: f-3 is gone.
    let refreshed = act(&mut app, Action::Refresh);
    let [Effect::ListFunctions(ticket)] = refreshed[..] else { panic!("{refreshed:?}") };
    let left = some().into_iter().filter(|row| &*row.name != "f-3").collect();
    app.update(moment(), Msg::FunctionsPage { ticket, functions: left, last: true });
    assert_eq!(marked(&app), ["f-1"]);
    // Another session: nothing is marked.
    let epoch = match command(&mut app, "profile dev")[..] {
        [Effect::Connect { epoch, .. }] => epoch,
        ref other => panic!("{other:?}"),
    };
    let effects = app.update(moment(), Msg::Connected(epoch, Ok(session("dev", "eu-west-1"))));
    let [Effect::ListFunctions(ticket)] = effects[..] else { panic!("{effects:?}") };
    app.update(moment(), Msg::FunctionsPage { ticket, functions: some(), last: true });
    assert!(marked(&app).is_empty());
}

#[test]
fn all_that_are_shown_are_marked_or_none() {
    let mut app = with_functions(SIZE, some());
    act(&mut app, Action::Mark);
    act(&mut app, Action::MarkAll);
    assert_eq!(marked(&app).len(), 4);
    act(&mut app, Action::Filter);
    type_text(&mut app, "f-2");
    act(&mut app, Action::Open);
    act(&mut app, Action::MarkAll);
    assert_eq!(app.functions.marks(), (3, 3));
    act(&mut app, Action::MarkAll);
    assert_eq!(app.functions.marks(), (4, 3));
    act(&mut app, Action::Mark);
    assert_eq!(app.functions.marks(), (3, 3));
}

#[test]
fn the_key_opens_the_line_with_the_command_begun() {
    let mut app = with_functions(SIZE, some());
    assert_eq!(act(&mut app, Action::Bulk), []);
    let Some(Overlay::CommandLine(line)) = &app.overlay else { panic!("{:?}", app.overlay) };
    assert_eq!(line.field.text(), "bulk ");
    assert_eq!(line.suggestions().len(), 8);
    // Tab completes the change.
    type_text(&mut app, "mem");
    act(&mut app, Action::Complete);
    // Nothing is marked: the selected one is meant.
    type_text(&mut app, "1024");
    assert_eq!(observing(&act(&mut app, Action::Open)).1, ["f-1"]);
}

#[test]
fn what_is_wrong_with_a_change_is_said_on_the_line() {
    let mut app = with_functions(SIZE, some());
    assert_eq!(command(&mut app, "bulk env MY-KEY=canary"), []);
    let Some(Overlay::CommandLine(line)) = &app.overlay else { panic!("{:?}", app.overlay) };
    let problem = line.problem.as_deref().unwrap();
    assert!(problem.contains("`-` at position 3") && !problem.contains("canary"), "{problem}");
    assert!(app.bulk.is_none() && app.messages.log.is_empty());
}

#[test]
fn a_plan_is_agreed_to_by_its_number_and_sent_one_after_the_other() {
    let mut app = planned("bulk memory 1024");
    assert_eq!(
        steps(&app),
        ["f-1 512 MB → 1024 MB", "f-3 512 MB → 1024 MB", "f-4 512 MB → 1024 MB", "f-2 already so"]
    );
    assert_eq!(app.bulk.as_ref().unwrap().phrase, "3");
    assert!(app.takes_text());
    // Something else, nothing, and a paste send nothing.
    assert_eq!(act(&mut app, Action::Open), []);
    assert_eq!(act(&mut app, Action::Paste("3".into())), []);
    assert_eq!(agree(&mut app, "33"), []);
    assert_eq!(stage(&app), Stage::Planned);
    let backspace =
        tui_textarea::Input { key: tui_textarea::Key::Backspace, ctrl: false, alt: false, shift: false };
    act(&mut app, Action::Text(backspace));
    let (ticket, order, permit) = writing(&act(&mut app, Action::Open));
    let before = Settings::of(&at("f-1", "r1").configuration);
    let mut after = before.clone();
    after.set(Setting::Memory, "1024");
    assert_eq!(
        order,
        Order {
            function: "f-1".into(),
            revision_id: Some("r1".into()),
            change: Change::Settings { before, after }
        }
    );
    let consent = Consent::Bulk { count: 3, typed: "3".into() };
    assert_eq!(permit, Permit { place: place(), function: "f-1".into(), consent: consent.clone() });
    // Enter is still held: nothing is sent twice.
    assert_eq!(act(&mut app, Action::Open), []);
    let (next, order, permit) = writing(&done(&mut app, ticket));
    assert_eq!((order.function.as_str(), permit.function.as_str()), ("f-3", "f-3"));
    assert_eq!(permit.consent, consent);
    // An answer that came twice changes nothing.
    assert_eq!(done(&mut app, ticket), []);
    assert_eq!(app.bulk.as_ref().unwrap().progress(), "1 of 3");
    let (last, ..) = writing(&failed(&mut app, next, Kind::Denied));
    assert_eq!(app.bulk.as_ref().unwrap().progress(), "2 of 3, 1 failed");
    let effects = done(&mut app, last);
    let [Effect::ListFunctions(_), Effect::Observe { ticket, names, after }] = &effects[..] else {
        panic!("{effects:?}")
    };
    assert_eq!((&names[..], *after), (&["f-1", "f-4"].map(Box::<str>::from)[..], Duration::from_secs(2)));
    let watch = *ticket;
    assert_eq!(stage(&app), Stage::Over);
    assert_eq!(said(&app), "Memory 1024 MB: 2 done, 1 failed, 1 already so; :bulk shows each");
    assert_eq!(
        steps(&app),
        [
            "f-1 done, settling  512 MB → 1024 MB",
            "f-3 failed  512 MB → 1024 MB: AWS says no",
            "f-4 done, settling  512 MB → 1024 MB",
            "f-2 already so"
        ]
    );
    // Whether it is in use shows later.
    let status = |name: &str, status: &str| {
        let mut details = at(name, "r2");
        details.configuration.state.last_update_status = Some(status.into());
        details.configuration.state.last_update_status_reason = Some("no free address".into());
        details
    };
    assert_eq!(observed(&mut app, watch, status("f-1", "InProgress")), []);
    let effects = observed(&mut app, watch, status("f-4", "Successful"));
    let [Effect::Observe { ticket: watch, names, .. }] = &effects[..] else { panic!("{effects:?}") };
    assert_eq!(names[..], [Box::<str>::from("f-1")]);
    assert_eq!(steps(&app)[2], "f-4 done  512 MB → 1024 MB");
    assert_eq!(observed(&mut app, *watch, status("f-1", "Failed")), []);
    assert!(steps(&app)[0].contains("the update failed: no free address"), "{:?}", steps(&app));
    assert_eq!(said(&app), "f-1: the update failed: no free address; the old configuration serves");
}

#[test]
fn where_all_is_protected_the_profile_is_typed_too() {
    for protected in [
        Protected { profiles: vec!["pro*".into()], ..Protected::default() },
        // One of the functions is enough.
        Protected { names: vec!["f-3".into()], ..Protected::default() },
    ] {
        let mut app = with_functions(SIZE, some());
        app.session.spec.protected = protected;
        act(&mut app, Action::MarkAll);
        let (ticket, names) = observing(&command(&mut app, "bulk timeout 60"));
        for name in names {
            observed(&mut app, ticket, at(&name, "r1"));
        }
        assert_eq!(app.bulk.as_ref().unwrap().phrase, "4 prod");
        assert_eq!(agree(&mut app, "4"), []);
        assert!(app.bulk.as_ref().unwrap().mistyped);
        let (.., permit) = writing(&agree(&mut app, " prod"));
        assert_eq!(permit.consent, Consent::Bulk { count: 4, typed: "4 prod".into() });
    }
    // A protected function that is left out asks for nothing.
    let mut app = with_functions(SIZE, some());
    app.session.spec.protected = Protected { names: vec!["f-2".into()], ..Protected::default() };
    act(&mut app, Action::MarkAll);
    let (ticket, names) = observing(&command(&mut app, "bulk memory 1024"));
    for name in names {
        let mut details = at(&name, "r1");
        details.configuration.memory_mb = Some(if name == "f-2" { 1024 } else { 512 });
        observed(&mut app, ticket, details);
    }
    assert_eq!(app.bulk.as_ref().unwrap().phrase, "3");
}

#[test]
fn a_plan_that_is_left_sends_nothing_and_stops_its_reads() {
    let mut app = with_functions(SIZE, some());
    act(&mut app, Action::MarkAll);
    let (ticket, _) = observing(&command(&mut app, "bulk memory 1024"));
    assert_eq!(act(&mut app, Action::Back), [Effect::StopObserving(ticket)]);
    assert!(app.bulk.is_none() && app.overlay.is_none());
    assert_eq!(observed(&mut app, ticket, at("f-1", "r1")), []);

    let mut app = planned("bulk memory 1024");
    assert!(matches!(act(&mut app, Action::Quit)[..], [Effect::StopObserving(_)]));
    assert!(app.bulk.is_none() && app.exit.is_none());
}

#[test]
fn what_goes_on_can_be_closed_reopened_and_stopped() {
    let mut app = planned("bulk memory 1024");
    let (ticket, ..) = writing(&agree(&mut app, "3"));
    assert_eq!(act(&mut app, Action::Back), []);
    assert!(app.overlay.is_none());
    // Neither a second one nor the end of the program comes in between unasked.
    assert_eq!(command(&mut app, "bulk timeout 60"), []);
    assert!(said(&app).contains("still under way"), "{}", said(&app));
    act(&mut app, Action::Back);
    act(&mut app, Action::Quit);
    assert!(matches!(&app.overlay, Some(Overlay::Question(_))) && app.exit.is_none());
    act(&mut app, Action::No);
    act(&mut app, Action::Bulk);
    assert!(matches!(&app.overlay, Some(Overlay::Bulk)));
    act(&mut app, Action::Back);
    let (next, ..) = writing(&done(&mut app, ticket));
    assert_eq!(command(&mut app, "bulk"), []);
    assert!(matches!(&app.overlay, Some(Overlay::Bulk)));
    assert_eq!(act(&mut app, Action::Pause), []);
    assert_eq!(stage(&app), Stage::Stopping);
    let effects = done(&mut app, next);
    assert!(matches!(effects[..], [Effect::ListFunctions(_), Effect::Observe { .. }]), "{effects:?}");
    assert_eq!(said(&app), "Memory 1024 MB: 2 done, 1 not sent, 1 already so; :bulk shows each");
    // What was not sent can be planned again; it takes the number again.
    let (ticket, names) = observing(&act(&mut app, Action::Refresh));
    assert_eq!(names, ["f-4"]);
    observed(&mut app, ticket, at("f-4", "r7"));
    assert_eq!((stage(&app), app.bulk.as_ref().unwrap().phrase.as_str()), (Stage::Planned, "1"));
    let (_, order, permit) = writing(&agree(&mut app, "1"));
    assert_eq!((order.function.as_str(), order.revision_id.as_deref()), ("f-4", Some("r7")));
    assert_eq!(permit.consent, Consent::Bulk { count: 1, typed: "1".into() });
}

#[test]
fn a_switch_of_the_session_stops_it() {
    let switch = |app: &mut App| {
        act(app, Action::Back);
        let epoch = match command(app, "profile dev")[..] {
            [Effect::Connect { epoch, .. }] => epoch,
            ref other => panic!("{other:?}"),
        };
        app.update(moment(), Msg::Connected(epoch, Ok(session("dev", "us-east-1"))));
    };
    let mut app = planned("bulk memory 1024");
    let (ticket, ..) = writing(&agree(&mut app, "3"));
    let (ticket, ..) = writing(&done(&mut app, ticket));
    switch(&mut app);
    assert!(said(&app).contains("stops, for the session has changed: 1 done"), "{}", said(&app));
    assert_eq!(done(&mut app, ticket), []);
    assert_eq!(said(&app), "Memory 1024 MB: 2 done, 1 not sent, 1 already so; :bulk shows each");
    // Nor is it taken up in the other place.
    command(&mut app, "bulk");
    assert_eq!(act(&mut app, Action::Refresh), []);
    assert!(said(&app).contains("the session has changed since"), "{}", said(&app));

    // A stale answer of the old session is not read again in the new one.
    let mut app = planned("bulk memory 1024");
    let (ticket, ..) = writing(&agree(&mut app, "3"));
    switch(&mut app);
    assert_eq!(failed(&mut app, ticket, Kind::Stale), []);
    assert_eq!(stage(&app), Stage::Over);

    // One that is being read again for the old session is not waited for: that read has ended with it.
    let mut app = planned("bulk memory 1024");
    let (ticket, ..) = writing(&agree(&mut app, "3"));
    observing(&failed(&mut app, ticket, Kind::Stale));
    switch(&mut app);
    assert_eq!(stage(&app), Stage::Over);
    assert!(steps(&app)[0].contains("the session changed"), "{:?}", steps(&app));

    // A plan that is only read goes with its session.
    let mut app = planned("bulk memory 1024");
    let epoch = app.session.epoch + 1;
    app.session.connecting = Some((epoch, session("dev", "us-east-1").spec));
    app.update(moment(), Msg::Connected(epoch, Ok(session("dev", "us-east-1"))));
    assert!(app.bulk.is_none() && app.overlay.is_none());
}

#[test]
fn a_function_that_somebody_else_changed_is_read_again_and_left_for_another_try() {
    let mut app = planned("bulk env STAGE=canary-stage");
    assert_eq!(app.bulk.as_ref().unwrap().phrase, "4");
    let (ticket, ..) = writing(&agree(&mut app, "4"));
    let (reread, names) = observing(&failed(&mut app, ticket, Kind::Stale));
    assert_eq!(names, ["f-1"]);
    // Another variable was changed: the plan still fits.
    let mut other = at("f-1", "r2");
    let environment = other.configuration.environment.as_mut().unwrap();
    environment.variables.insert("TOKEN".into(), "theirs".into());
    let (ticket, order, _) = writing(&observed(&mut app, reread, other.clone()));
    assert_eq!(order.function, "f-2");
    assert!(steps(&app)[0].contains("failed  (4 bytes) → (12 bytes): somebody else changed the function"));
    // The very variable was changed.
    let (reread, _) = observing(&failed(&mut app, ticket, Kind::Stale));
    let mut same = at("f-2", "r2");
    let environment = same.configuration.environment.as_mut().unwrap();
    environment.variables.insert("STAGE".into(), "theirs".into());
    let (ticket, ..) = writing(&observed(&mut app, reread, same));
    assert!(steps(&app)[1].contains("somebody else changed this meanwhile"), "{:?}", steps(&app));
    // It has become what it was to become.
    let (reread, _) = observing(&failed(&mut app, ticket, Kind::Stale));
    let mut so = at("f-3", "r2");
    let environment = so.configuration.environment.as_mut().unwrap();
    environment.variables.insert("STAGE".into(), "canary-stage".into());
    let (ticket, ..) = writing(&observed(&mut app, reread, so));
    assert_eq!(steps(&app)[2], "f-3 already so");
    // It can't be read.
    let (reread, _) = observing(&failed(&mut app, ticket, Kind::Stale));
    let gone = Err(Error::new(Kind::Throttled, "slow down"));
    assert_eq!(app.update(moment(), Msg::Observed(reread, "f-4".into(), gone)), []);
    assert_eq!(stage(&app), Stage::Over);
    // Tried again with what is there now: theirs is in it.
    let (ticket, names) = observing(&act(&mut app, Action::Refresh));
    assert_eq!(names, ["f-1", "f-2", "f-4"]);
    observed(&mut app, ticket, other);
    observed(&mut app, ticket, at("f-2", "r3"));
    observed(&mut app, ticket, at("f-4", "r3"));
    let (_, order, _) = writing(&agree(&mut app, "3"));
    assert_eq!(order.revision_id.as_deref(), Some("r2"));
    let Change::Environment { after, .. } = order.change else { panic!("{order:?}") };
    let values: Vec<&str> = after.values().map(Secret::reveal).collect();
    assert_eq!(values, ["canary-stage", "theirs"]);
}

#[test]
fn an_unknown_outcome_is_looked_at_before_another_try() {
    let mut app = planned("bulk memory 1024");
    let (ticket, ..) = writing(&agree(&mut app, "3"));
    let (ticket, ..) = writing(&failed(&mut app, ticket, Kind::OutcomeUnknown));
    let (ticket, ..) = writing(&failed(&mut app, ticket, Kind::OutcomeUnknown));
    assert_eq!(failed(&mut app, ticket, Kind::OutcomeUnknown), []);
    assert_eq!(said(&app), "Memory 1024 MB: 0 done, 3 unknown, 1 already so; :bulk shows each");
    assert_eq!(app.bulk.as_ref().unwrap().rows[0].step.word().1, "outcome unknown");
    let (ticket, names) = observing(&act(&mut app, Action::Refresh));
    assert_eq!(names, ["f-1", "f-3", "f-4"]);
    let mut made = at("f-1", "r2");
    made.configuration.memory_mb = Some(1024);
    observed(&mut app, ticket, made);
    observed(&mut app, ticket, at("f-3", "r1"));
    let denied = Err(Error::new(Kind::Denied, "not yours"));
    app.update(moment(), Msg::Observed(ticket, "f-4".into(), denied));
    let rows = steps(&app);
    assert!(
        rows.contains(&"f-1 done  512 MB → 1024 MB  ! no answer came, but it was done".into()),
        "{rows:?}"
    );
    assert!(rows.contains(&"f-3 512 MB → 1024 MB  ! no answer came, and it was not done".into()), "{rows:?}");
    assert!(rows.iter().any(|row| row.contains("outcome unknown  512 MB → 1024 MB: not yours")), "{rows:?}");
    let (_, order, permit) = writing(&agree(&mut app, "1"));
    assert_eq!(
        (order.function.as_str(), permit.consent),
        ("f-3", Consent::Bulk { count: 1, typed: "1".into() })
    );
}

#[rstest::rstest]
#[case(Kind::Credentials)]
#[case(Kind::Network)]
#[case(Kind::ReadOnly)]
fn what_would_fail_for_all_is_tried_once(#[case] kind: Kind) {
    let mut app = planned("bulk memory 1024");
    let (ticket, ..) = writing(&agree(&mut app, "3"));
    assert_eq!(failed(&mut app, ticket, kind), []);
    assert_eq!(said(&app), "Memory 1024 MB: 0 done, 1 failed, 2 not sent, 1 already so; :bulk shows each");
}

#[test]
fn log_groups_are_read_after_their_functions_and_changed_once_each() {
    let mut app = with_functions(SIZE, some());
    act(&mut app, Action::MarkAll);
    let (ticket, names) = observing(&command(&mut app, "bulk retention 30"));
    let mut effects = Vec::new();
    for name in names {
        let mut details = at(&name, "r1");
        if name != "f-1" {
            let group = if name == "f-4" { "/other" } else { "/shared" };
            let logging = details.configuration.logging.get_or_insert_default();
            logging.log_group = Some(group.into());
        }
        effects = observed(&mut app, ticket, details);
    }
    let [Effect::GetLogRetention(ticket, groups)] = &effects[..] else { panic!("{effects:?}") };
    let pair = |name: &str, group: &str| (Box::<str>::from(name), group.to_owned());
    assert_eq!(*groups, [pair("f-1", "/aws/lambda/f-1"), pair("f-2", "/shared"), pair("f-4", "/other")]);
    let mut read = |name: &str, days| app.update(moment(), Msg::LogRetention(*ticket, name.into(), days));
    assert_eq!(read("f-1", Ok(None)), []);
    assert_eq!(read("f-2", Ok(Some(30))), []);
    assert_eq!(read("f-4", Err(Error::new(Kind::NotFound, "no such group"))), []);
    assert_eq!(
        steps(&app),
        [
            "f-1 never expire → 30 days",
            "f-3 left out: it shares /shared with f-2",
            "f-4 left out: it has no log group /other yet",
            "f-2 already so",
        ]
    );
    let (ticket, order, _) = writing(&agree(&mut app, "1"));
    let change = Change::LogRetention { group: "/aws/lambda/f-1".into(), before: None, after: Some(30) };
    assert_eq!(order, Order { function: "f-1".into(), revision_id: None, change });
    // Somebody else was faster: the door has read the group again and says so.
    let mut stale = planned_retention();
    let (other, ..) = writing(&agree(&mut stale, "1"));
    assert_eq!(failed(&mut stale, other, Kind::Stale), []);
    assert!(steps(&stale)[0].contains("failed  never expire → 30 days: AWS says no"), "{:?}", steps(&stale));
    // Nobody knows whether it was done: the group tells.
    assert_eq!(failed(&mut app, ticket, Kind::OutcomeUnknown), []);
    let (ticket, names) = observing(&act(&mut app, Action::Refresh));
    assert_eq!(names, ["f-1"]);
    let effects = observed(&mut app, ticket, at("f-1", "r1"));
    let [Effect::GetLogRetention(ticket, _)] = effects[..] else { panic!("{effects:?}") };
    assert_eq!(app.update(moment(), Msg::LogRetention(ticket, "f-1".into(), Ok(Some(30)))), []);
    assert_eq!(stage(&app), Stage::Over);
    assert!(steps(&app).iter().any(|row| row.contains("but it was done")), "{:?}", steps(&app));
}

/// One function whose log group is to be kept for 30 days.
fn planned_retention() -> App {
    let mut app = with_functions(SIZE, some());
    let (ticket, _) = observing(&command(&mut app, "bulk retention 30"));
    let effects = observed(&mut app, ticket, at("f-1", "r1"));
    let [Effect::GetLogRetention(ticket, _)] = effects[..] else { panic!("{effects:?}") };
    app.update(moment(), Msg::LogRetention(ticket, "f-1".into(), Ok(None)));
    app
}

#[test]
fn what_can_not_be_changed_is_left_out_and_can_be_tried_again_where_that_may_help() {
    let mut app = with_functions(SIZE, some());
    act(&mut app, Action::MarkAll);
    let (ticket, names) = observing(&command(&mut app, "bulk runtime python3.14"));
    for name in names {
        let mut details = at(&name, "r1");
        match name.as_str() {
            "f-1" => details.configuration.package_type = Some("Image".into()),
            "f-2" => {
                details.configuration.state =
                    State { last_update_status: Some("InProgress".into()), ..State::default() };
            }
            "f-3" => {
                let error = Err(Error::new(Kind::NotFound, "no such function"));
                app.update(moment(), Msg::Observed(ticket, name.into(), error));
                continue;
            }
            _ => _ = details.tags.insert("aws:cloudformation:stack-name".into(), "shop".into()),
        }
        observed(&mut app, ticket, details);
    }
    assert_eq!(
        steps(&app),
        [
            "f-4 python3.13 → python3.14  ! CloudFormation stack shop owns it: the change makes it drift",
            "f-1 left out: a container image has no runtime",
            "f-2 not now: it is updating just now",
            "f-3 left out: it is gone",
        ]
    );
    let (ticket, ..) = writing(&agree(&mut app, "1"));
    done(&mut app, ticket);
    assert_eq!(observing(&act(&mut app, Action::Refresh)).1, ["f-2"]);
}

#[test]
fn a_read_only_session_plans_nothing() {
    let mut app = fresh(SIZE);
    app.start();
    let mut read_only = session("prod", "eu-west-1");
    read_only.spec.read_only = true;
    app.update(moment(), Msg::Connected(1, Ok(read_only)));
    let ticket = Ticket { epoch: 1, number: 1 };
    app.update(moment(), Msg::FunctionsPage { ticket, functions: some(), last: true });
    assert_eq!(command(&mut app, "bulk memory 1024"), []);
    assert!(app.bulk.is_none() && said(&app).contains("read-only"));
}

#[test]
fn a_typed_value_stays_nowhere() {
    let mut app = planned(&format!("bulk env NEW={CANARY}-quokka"));
    let told = |app: &App| format!("{app:?}{:?}", steps(app));
    assert!(!told(&app).contains("quokka"), "{}", told(&app));
    let (ticket, order, permit) = writing(&agree(&mut app, "4"));
    let kinds = [Kind::OutcomeUnknown, Kind::Denied, Kind::Credentials];
    let mut ticket = ticket;
    let mut all = format!("{order:?}{permit:?}");
    for kind in kinds {
        all.push_str(&told(&app));
        let effects = failed(&mut app, ticket, kind);
        let debug = format!("{effects:?}");
        all.push_str(&debug);
        all.push_str(&told(&app));
        if let [Effect::Write(next, ..)] = effects[..] {
            ticket = next;
        }
    }
    assert!(!all.contains("quokka"), "{all}");
    assert!(!all.contains(CANARY), "{all}");
}

#[test]
fn a_change_of_a_function_that_is_on_its_way_is_not_crossed() {
    let mut app = planned("bulk memory 1024");
    // Somebody proposes a change of f-3 from elsewhere while the plan waits: the door takes one at a time.
    app.writing.push(lambdeck::app::review::Writing {
        ticket: Ticket { epoch: 1, number: 999 },
        order: app.bulk.as_ref().unwrap().rows[1].step.order().unwrap().clone(),
        place: place(),
        phase: lambdeck::app::review::Phase::Sending,
        since: moment(),
        reads: 0,
        of_draft: false,
    });
    let (ticket, ..) = writing(&agree(&mut app, "3"));
    let (_, order, _) = writing(&done(&mut app, ticket));
    assert_eq!(order.function, "f-4");
    assert!(steps(&app)[1].contains("another change of it is on its way"));
}
