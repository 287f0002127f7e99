//! Logs Insights.

use lambdeck::{
    app::{Effect, Msg, Ticket},
    cloud,
    domain::insights::{Progress, Results},
};
use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::{fixtures::*, logs::logs};

fn control(screen: &mut Screen, character: char) -> Vec<Effect> {
    screen.press(KeyEvent::new(KeyCode::Char(character), KeyModifiers::CONTROL))
}

fn asked() -> (Screen, Ticket) {
    let (mut screen, _) = logs();
    screen.keys("I");
    let effects = control(&mut screen, 'r');
    let [Effect::StartInsights(ticket, _)] = effects[..] else { panic!("{effects:?}") };
    (screen, ticket)
}

fn results(progress: Progress) -> Results {
    let row = |cells: [&str; 3]| cells.iter().map(|cell| Some((*cell).to_owned())).collect();
    Results {
        progress,
        columns: vec!["error".into(), "errors".into(), "last".into()],
        rows: vec![
            row(["KeyError", "1204", "2026-11-20 13:59:58.120"]),
            row(["Task timed out \u{1b}[31mred", "31", "2026-11-20 13:20:11.000"]),
            row(["Runtime.ExitError", "2", "2026-11-20 13:01:00.000"]),
            vec![Some("a long name that has no end ".repeat(9)), None, None],
        ],
        matched: 1237.0,
        scanned: 1_204_881.0,
        bytes: 412_000_000.0,
    }
}

#[test]
fn a_query_from_the_box_to_its_results() {
    let (mut screen, _) = logs();
    screen.keys("I");
    screen.check("insights_box");
    screen.keys("e");
    screen.check("insights_editing");
    screen.key(KeyCode::Esc);
    control(&mut screen, 't');
    screen.check("insights_templates");

    let (mut screen, ticket) = asked();
    screen.send(Msg::Insights(ticket, Ok(Box::new(results(Progress::Running)))));
    screen.check("insights_running");
    screen.send(Msg::Insights(ticket, Ok(Box::new(results(Progress::Complete)))));
    screen.keys("ssSj");
    screen.check("insights_results");
    screen.key(KeyCode::Enter);
    screen.check("insights_row");
}

#[test]
fn a_query_that_fails_says_why() {
    let (mut screen, ticket) = asked();
    let error = cloud::Error::new(cloud::Kind::Denied, "not allowed to ask Logs Insights")
        .with_hint("it needs logs:StartQuery on these log groups");
    screen.send(Msg::Insights(ticket, Err(error)));
    screen.check("insights_denied");
}
