//! What is shown, written to a file.

use lambdeck::{
    app::{
        logs::export::{Form, LogExport},
        overlay::Then,
    },
    disk::SaveError,
};
use rstest::rstest;

use super::*;

/// Asks for an export to a path.
fn export_to(app: &mut App, path: &str) -> (Ticket, LogExport) {
    act(app, Action::Export);
    act(app, Action::Clear);
    type_text(app, path);
    written(&act(app, Action::Open), path, false)
}

fn written(effects: &[Effect], to: &str, over: bool) -> (Ticket, LogExport) {
    match effects {
        [Effect::ExportLogs { ticket, export, path, overwrite }] if path == to && *overwrite == over => {
            (*ticket, (**export).clone())
        }
        other => panic!("{other:?}"),
    }
}

fn lines_of(export: &LogExport) -> String {
    let mut text = String::new();
    for row in export.rows.rows() {
        export.write(&row, &mut text);
    }
    text
}

#[rstest]
#[case("~/rows.log", Form::Text, "1970-01-01T00:00:10.000Z\tcheckout-api\t[ERROR] order 10 failed\n")]
#[case(
    "rows.ndjson",
    Form::Ndjson,
    "{\"logGroupName\":\"/aws/lambda/checkout-api\",\"logStreamName\":\"2026/11/20/[$LATEST]0123\",\"timestamp\":10000,\
     \"ingestionTime\":10000,\"message\":\"[ERROR] order 10 failed\\n\"}\n"
)]
fn what_the_filter_leaves_is_written(#[case] path: &str, #[case] form: Form, #[case] first: &str) {
    let (mut app, live) = at_logs();
    act(&mut app, Action::ErrorsOnly);
    act(&mut app, Action::Filter);
    type_text(&mut app, "order 1");
    act(&mut app, Action::Open);
    let (ticket, export) = export_to(&mut app, path);
    assert_eq!((export.form, export.rows.len()), (form, 2));
    assert!(lines_of(&export).starts_with(first), "{}", lines_of(&export));
    // What comes after that is not in it, and nothing is asked about it.
    app.update(moment(), Msg::Tail(live, arrivals(100..120)));
    assert_eq!(export.rows.len(), 2);
    let said = "2 events written to rows.log as text";
    assert_eq!(app.update(moment(), Msg::LogsExported(ticket, Ok(said.into()))), []);
    assert_eq!(told(&app), said);
}

#[test]
fn of_a_requests_log_only_its_rows_are_written() {
    let id = "11111111-1111-4111-8111-111111111111";
    let start = format!("START RequestId: {id} Version: $LATEST\n");
    let report = format!(
        "REPORT RequestId: {id}\tDuration: 3.10 ms\tBilled Duration: 4 ms\tMemory Size: 128 MB\tMax Memory Used: 95 MB\t\n"
    );
    let (mut app, live) = at_lines(&[&start, "its own", &report, "another's"]);
    act(&mut app, Action::Invoke);
    let effects = act(&mut app, Action::Send);
    let [Effect::Invoke { ticket, .. }] = effects[..] else { panic!("{effects:?}") };
    let answer = Answer { request_id: Some(id.into()), ..answer(None) };
    app.update(moment(), Msg::Invoked(ticket, Ok(Box::new(Reply::read(answer)))));
    assert_eq!(act(&mut app, Action::RequestLog), [], "{live:?} has it already");
    let (_, export) = export_to(&mut app, "one.log");
    assert_eq!(export.rows.len(), 3);
}

#[test]
fn the_prompt_proposes_a_name_and_wants_one() {
    let (mut app, _) = at_logs();
    act(&mut app, Action::Export);
    let Some(Overlay::Prompt(prompt)) = &app.overlay else { panic!("no prompt") };
    assert_eq!(prompt.field.text(), "checkout-api-2026-11-20-140322.log");
    act(&mut app, Action::Clear);
    assert_eq!(act(&mut app, Action::Open), []);
    let Some(Overlay::Prompt(prompt)) = &app.overlay else { panic!("no prompt") };
    assert_eq!(prompt.problem.as_deref(), Some("a path is wanted"));
    act(&mut app, Action::Back);
    act(&mut app, Action::Filter);
    type_text(&mut app, "nothing like it");
    act(&mut app, Action::Open);
    act(&mut app, Action::Export);
    assert!(app.overlay.is_none());
    assert_eq!(told(&app), "there is nothing to write: no event is shown");
}

#[test]
fn a_file_is_replaced_after_a_question_only() {
    let (mut app, live) = at_logs();
    let (ticket, _) = export_to(&mut app, "rows.log");
    let exists = || Err(SaveError::Exists("/home/me/rows.log".into()));
    app.update(moment(), Msg::LogsExported(ticket, exists()));
    let Some(Overlay::Question(question)) = &app.overlay else { panic!("no question") };
    assert_eq!(question.text, "/home/me/rows.log is there already.");
    assert!(
        matches!(&question.then, Then::ExportLogOver(rows, path) if rows.rows.len() == 100 && path == "rows.log")
    );
    // It came up by itself: a yes that was meant for something else is none.
    assert_eq!(act(&mut app, Action::Yes), []);
    app.update(moment(), Msg::Tail(live, arrivals(100..110)));
    let effects = app.update(moment() + 2.seconds(), Msg::Action(Action::Yes));
    let (ticket, export) = written(&effects, "rows.log", true);
    assert_eq!(export.rows.len(), 100, "the rows that were shown when it was asked for");
    app.update(app.now, Msg::LogsExported(ticket, Ok("100 events written".into())));
    // No leaves it be.
    let (ticket, _) = export_to(&mut app, "rows.log");
    app.update(app.now, Msg::LogsExported(ticket, exists()));
    assert_eq!(act(&mut app, Action::No), []);
    assert!(app.overlay.is_none());
}

#[test]
fn what_can_not_be_written_is_said_and_a_stale_answer_is_nobodys() {
    let (mut app, _) = at_logs();
    let (ticket, _) = export_to(&mut app, "/none/rows.log");
    let failed = || Err(SaveError::Failed("/none/rows.log: no such directory".into()));
    app.update(moment(), Msg::LogsExported(ticket, failed()));
    assert_eq!(told(&app), "nothing was written: /none/rows.log: no such directory");
    let said = app.messages.log.len();
    app.update(moment(), Msg::LogsExported(ticket, failed()));
    assert_eq!(app.messages.log.len(), said);
}
