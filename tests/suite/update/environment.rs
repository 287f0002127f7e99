//! The Environment tab by its keys: what becomes of the draft, what is asked, what is sent, what is kept.

mod merging;
mod random;
mod saving;

use lambdeck::{
    app::{
        App, Effect, Msg,
        draft::EnvironmentDraft,
        function::environment::{Editing, EnvironmentPane},
        merging::Merging,
        overlay::Overlay,
        review::Review,
        text_editor::TextEditor,
    },
    domain::{
        change::{Change, Variables},
        function::{Details, Environment},
        secret::Secret,
    },
    keys,
};
use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use rstest::rstest;

use super::{SIZE, three};
use crate::support::app::{act, details, moment, session, with_functions};
use lambdeck::app::Action;

/// The variables of a function with three of them.
fn base() -> Variables {
    map(&[("DB_HOST", "db.internal"), ("STAGE", "live"), ("TOKEN", "old-token")])
}

fn map(pairs: &[(&str, &str)]) -> Variables {
    pairs.iter().map(|(key, value)| ((*key).to_owned(), Secret::new(*value))).collect()
}

fn with(variables: Variables, revision: &str) -> Details {
    let mut details = details("checkout-api");
    details.configuration.revision_id = Some(revision.into());
    details.configuration.environment = Some(Environment { variables, error: None });
    details
}

/// Presses keys: characters, or names in angle brackets such as `<enter>`, `<ctrl-s>`. Answers with the effects of the
/// last one.
fn press(app: &mut App, keys: &str) -> Vec<Effect> {
    let mut effects = Vec::new();
    let mut rest = keys;
    while let Some(first) = rest.chars().next() {
        let end = rest.find('>').filter(|_| first == '<').map_or(first.len_utf8(), |at| at + 1);
        let (key, behind) = rest.split_at(end);
        rest = behind;
        effects = match action_of(app, key) {
            Some(action) => act(app, action),
            None => Vec::new(),
        };
    }
    effects
}

/// What one key does now.
fn action_of(app: &App, key: &str) -> Option<Action> {
    let (code, modifiers) = match key.strip_prefix('<').and_then(|key| key.strip_suffix('>')) {
        None => (KeyCode::Char(key.chars().next()?), KeyModifiers::NONE),
        Some("enter") => (KeyCode::Enter, KeyModifiers::NONE),
        Some("esc") => (KeyCode::Esc, KeyModifiers::NONE),
        Some("down") => (KeyCode::Down, KeyModifiers::NONE),
        Some("home") => (KeyCode::Home, KeyModifiers::NONE),
        Some("tab") => (KeyCode::Tab, KeyModifiers::NONE),
        Some(name) => (KeyCode::Char(name.strip_prefix("ctrl-")?.chars().next()?), KeyModifiers::CONTROL),
    };
    keys::lookup(&app.contexts(), app.takes_text(), KeyEvent::new(code, modifiers))
}

fn paste(app: &mut App, text: &str) {
    assert!(app.takes_paste());
    act(app, Action::Paste(Secret::new(text)));
}

/// Answers a read of the function.
fn answer(app: &mut App, effects: &[Effect], details: Details) {
    let ticket = effects.iter().find_map(|effect| match effect {
        Effect::GetFunction { ticket, .. } => Some(*ticket),
        _ => None,
    });
    app.update(app.now, Msg::Function(ticket.expect("the function is read"), Ok(Box::new(details))));
}

/// Somebody else has made this of the variables, and they were read again.
fn refreshed(app: &mut App, variables: Variables, revision: &str) {
    let effects = press(app, "r");
    answer(app, &effects, with(variables, revision));
}

/// The tab of a function with these variables.
fn tab_with(variables: Variables) -> App {
    let mut app = with_functions(SIZE, three());
    let effects = press(&mut app, "E");
    answer(&mut app, &effects, with(variables, "r1"));
    app
}

fn tab() -> App {
    tab_with(base())
}

fn pane(app: &App) -> &EnvironmentPane {
    &app.function.as_ref().unwrap().environment
}

/// The draft, where anything is changed in it.
fn draft(app: &App) -> Option<&EnvironmentDraft> {
    pane(app).draft.as_ref().filter(|draft| draft.is_changed())
}

/// What the variables are to be.
fn mine(app: &App) -> Variables {
    let details = app.function.as_ref().unwrap().details.value.as_ref();
    pane(app).variables(details).cloned().unwrap_or_default()
}

fn review(app: &App) -> &Review {
    match &app.overlay {
        Some(Overlay::Review(review)) => review,
        other => panic!("a review, not {other:?}"),
    }
}

fn merge(app: &App) -> &Merging {
    match &app.overlay {
        Some(Overlay::Merge(merging)) => merging,
        other => panic!("a merge, not {other:?}"),
    }
}

fn editor(app: &App) -> &TextEditor {
    match &app.overlay {
        Some(Overlay::TextEditor(editor)) => editor,
        other => panic!("an editor, not {other:?}"),
    }
}

/// Before and after of what is to be agreed to.
fn proposed(app: &App) -> (Variables, Variables) {
    match &review(app).order.change {
        Change::Environment { before, after } => (before.clone(), after.clone()),
        other => panic!("{other:?}"),
    }
}

fn said(app: &App) -> &str {
    app.messages.shown().map(|message| message.text.as_str()).unwrap_or_default()
}

#[test]
fn a_value_is_edited_where_it_stands() {
    let mut app = tab();
    press(&mut app, "je");
    assert!(matches!(&pane(&app).editing, Some(Editing::Value { key, .. }) if key == "STAGE"));
    assert!(app.takes_text());
    press(&mut app, "-2<enter>");
    assert_eq!(mine(&app)["STAGE"].reveal(), "live-2");
    assert_eq!(draft(&app).unwrap().base, base());
    assert_eq!(draft(&app).unwrap().revision_id.as_deref(), Some("r1"));
    // What is as it was is no change.
    press(&mut app, "<enter><ctrl-u>live<enter>");
    assert_eq!(draft(&app), None);
    assert!(app.overlay.is_none() && app.writing.is_empty());
}

#[test]
fn the_short_way_from_a_filter_to_the_question() {
    let mut app = tab();
    press(&mut app, "/tok<enter><ctrl-u>new-token<ctrl-s>");
    let (before, after) = proposed(&app);
    assert_eq!(before, base());
    assert_eq!(after, map(&[("DB_HOST", "db.internal"), ("STAGE", "live"), ("TOKEN", "new-token")]));
    let effects = press(&mut app, "y");
    let [Effect::Write(_, order, permit)] = &effects[..] else { panic!("{effects:?}") };
    assert_eq!(order.revision_id.as_deref(), Some("r1"));
    assert_eq!((order.function.as_str(), permit.function.as_str()), ("checkout-api", "checkout-api"));
    assert!(!format!("{effects:?} {app:?}").contains("token\""));
}

#[test]
fn esc_keeps_what_was_typed_and_u_takes_it_back() {
    let mut app = tab();
    press(&mut app, "e<ctrl-u>other<esc>");
    assert_eq!(mine(&app)["DB_HOST"].reveal(), "other");
    assert!(said(&app).contains("DB_HOST is kept as an unsaved change"));
    press(&mut app, "u");
    assert_eq!(draft(&app), None);
    // Nothing typed, nothing said.
    act(&mut app, Action::Back);
    let mut app = tab();
    press(&mut app, "e<esc>");
    assert_eq!((draft(&app), said(&app)), (None, ""));
    press(&mut app, "u");
    assert_eq!(said(&app), "nothing is changed in this row");
}

#[test]
fn a_variable_is_added_by_its_name_and_then_its_value() {
    let mut app = tab();
    press(&mut app, "+NEW_ONE<enter>");
    assert!(matches!(&pane(&app).editing, Some(Editing::Value { key, .. }) if key == "NEW_ONE"));
    press(&mut app, "1<enter>");
    assert_eq!(mine(&app)["NEW_ONE"].reveal(), "1");
    // It is what is selected now.
    press(&mut app, "e2<enter>");
    assert_eq!(mine(&app)["NEW_ONE"].reveal(), "12");
    press(&mut app, "+EMPTY<enter><enter>");
    assert_eq!(mine(&app)["EMPTY"].reveal(), "");
    assert_eq!(pane(&app).changes(), 2);
    // ctrl-s after a name goes on to the value; after the value it asks.
    press(&mut app, "+THIRD<ctrl-s>");
    assert!(app.overlay.is_none());
    press(&mut app, "3<ctrl-s>");
    assert_eq!(proposed(&app).1.len(), 6);
}

#[rstest]
#[case("<enter>")]
#[case("A<enter>")]
#[case("A-B<enter>")]
#[case("_AB<enter>")]
#[case("1AB<enter>")]
#[case("AWS_REGION<enter>")]
#[case("STAGE<enter>")]
#[case("STAGE<ctrl-s>")]
fn a_name_that_breaks_a_rule_stays_where_it_is_typed(#[case] keys: &str) {
    let mut app = tab();
    press(&mut app, "+");
    press(&mut app, keys);
    assert!(matches!(&pane(&app).editing, Some(Editing::Name { of: None, .. })));
    // An unfinished name is dropped.
    press(&mut app, "<esc>");
    assert!(pane(&app).editing.is_none() && draft(&app).is_none() && app.overlay.is_none());
}

#[test]
fn a_new_variable_without_a_value_is_not_added_by_esc() {
    let mut app = tab();
    press(&mut app, "+NEW_ONE<enter><esc>");
    assert_eq!(draft(&app), None);
    press(&mut app, "+NEW_ONE<enter>v<esc>");
    assert_eq!(mine(&app)["NEW_ONE"].reveal(), "v");
}

#[test]
fn a_variable_is_renamed_with_its_value() {
    let mut app = tab();
    press(&mut app, "jjR_2<enter>");
    let renamed = map(&[("DB_HOST", "db.internal"), ("STAGE", "live"), ("TOKEN_2", "old-token")]);
    assert_eq!(mine(&app), renamed);
    assert_eq!(pane(&app).changes(), 1);
    assert_eq!(pane(&app).selected.as_deref(), Some("TOKEN_2"));
    press(&mut app, "<ctrl-s>");
    assert!(review(&app).diff.iter().any(|line| line.after.contains("renamed from TOKEN")));
    press(&mut app, "n");
    // One side's u takes both back.
    press(&mut app, "u");
    assert_eq!((draft(&app), mine(&app)), (None, base()));
    // Not onto another one; to its own name is no change; onto one that goes is a change of that.
    press(&mut app, "R<ctrl-u>STAGE<enter>");
    assert!(pane(&app).editing.is_some());
    press(&mut app, "<esc>R<enter>");
    assert_eq!(draft(&app), None);
    press(&mut app, "gj<ctrl-d>GR<ctrl-u>STAGE<enter>");
    assert_eq!(mine(&app), map(&[("DB_HOST", "db.internal"), ("STAGE", "old-token")]));
}

#[test]
fn what_is_deleted_stays_in_view_until_it_is_saved() {
    let mut app = tab();
    press(&mut app, "j<ctrl-d>");
    assert_eq!(mine(&app).len(), 2);
    let details = app.function.as_ref().unwrap().details.value.as_ref();
    assert_eq!(pane(&app).rows(details).len(), 3);
    // Neither edited nor renamed.
    for keys in ["e", "t", "R"] {
        press(&mut app, keys);
        assert!(said(&app).contains("STAGE is marked as deleted"), "{keys}: {}", said(&app));
        assert!(pane(&app).editing.is_none() && app.overlay.is_none());
    }
    for back in ["u", "<ctrl-d>"] {
        press(&mut app, back);
        assert_eq!(draft(&app), None);
        press(&mut app, "<ctrl-d>");
    }
    // Deleting is no request: saving asks.
    assert_eq!(press(&mut app, "<ctrl-s>"), []);
    assert_eq!(proposed(&app).1.len(), 2);
    // One that was never there is just gone.
    let mut app = tab();
    press(&mut app, "+NEW<enter>1<enter><ctrl-d>");
    assert_eq!((draft(&app), said(&app)), (None, "NEW is no longer added"));
}

#[test]
fn values_that_a_line_would_change_are_edited_in_the_editor() {
    for value in
        ["two\nlines", "a\ttab", "\u{1b}[31m", "zero\u{200b}width", &"long ".repeat(50), "cr\r\nlf\r"]
    {
        let mut app = tab_with(map(&[("AA", value)]));
        press(&mut app, "e");
        assert_eq!(editor(&app).text().reveal(), value);
        press(&mut app, "<esc>");
        assert_eq!((draft(&app), app.overlay.is_none()), (None, true), "{value:?}");
        press(&mut app, "exy<esc>");
        assert_eq!(mine(&app)["AA"].reveal(), format!("{value}xy"));
    }
    // `t` edits any value so.
    let mut app = tab();
    press(&mut app, "gt<enter>line");
    press(&mut app, "<ctrl-s>");
    assert_eq!(proposed(&app).1["DB_HOST"].reveal(), "db.internal\nline");
}

#[test]
fn a_paste_that_a_line_would_change_goes_on_in_the_editor() {
    let mut app = tab();
    press(&mut app, "e<ctrl-u>ab");
    act(&mut app, Action::Text(tui_textarea::Input { key: tui_textarea::Key::Left, ..Default::default() }));
    paste(&mut app, "one line \u{20ac}\n");
    assert!(app.overlay.is_none());
    paste(&mut app, "1\r2\r\n3\n");
    assert_eq!(editor(&app).text().reveal(), "aone line \u{20ac}1\n2\n3b");
    press(&mut app, "<esc>");
    assert_eq!(mine(&app)["DB_HOST"].reveal(), "aone line \u{20ac}1\n2\n3b");
}

#[test]
fn a_block_is_pasted_read_and_merged_into_the_draft() {
    let mut app = tab();
    paste(&mut app, "# comment\rSTAGE=test\rexport FLAG='a b'\r");
    assert_eq!(editor(&app).text().reveal(), "# comment\nSTAGE=test\nexport FLAG='a b'\n");
    press(&mut app, "<esc>");
    let expected =
        map(&[("DB_HOST", "db.internal"), ("FLAG", "a b"), ("STAGE", "test"), ("TOKEN", "old-token")]);
    assert_eq!(mine(&app), expected);
    assert!(said(&app).starts_with("2 variables read, 2 of them new or changed"));
    press(&mut app, "pSTAGE=x<ctrl-s>");
    assert_eq!(proposed(&app).1["STAGE"].reveal(), "x");
}

#[test]
fn a_block_that_can_not_be_read_says_where_and_stays() {
    let mut app = tab();
    press(&mut app, "p");
    paste(&mut app, "STAGE=test\nAWS_REGION=canary\nZZ=1");
    press(&mut app, "<esc>");
    assert!(editor(&app).problem.as_ref().unwrap().starts_with("line 2: "));
    assert_eq!(editor(&app).bad_line(), Some(2));
    assert_eq!(mine(&app), base());
    press(&mut app, "<ctrl-s>");
    assert!(editor(&app).problem.is_some());
    // Esc again leaves it, and nothing of it is taken.
    press(&mut app, "<esc>");
    assert!(app.overlay.is_none() && draft(&app).is_none());
    // An empty one is nothing.
    press(&mut app, "p<esc>");
    assert!(app.overlay.is_none() && draft(&app).is_none());
}

const EDITS: [&str; 9] = ["e", "<enter>", "t", "+", "R", "<ctrl-d>", "U", "p", "<ctrl-s>"];

#[test]
fn values_that_can_not_be_read_are_never_edited() {
    for keys in EDITS {
        let mut app = with_functions(SIZE, three());
        let effects = press(&mut app, "E");
        let mut details = with(Variables::new(), "r1");
        details.configuration.environment.as_mut().unwrap().error = Some("AccessDenied: KMS".into());
        answer(&mut app, &effects, details);
        assert_eq!(press(&mut app, keys), []);
        assert!(said(&app).contains("saving would wipe them"), "{keys}: {}", said(&app));
        assert!(app.overlay.is_none() && pane(&app).editing.is_none() && draft(&app).is_none());
    }
    let mut app = tab();
    press(&mut app, "ex<enter>");
    let effects = press(&mut app, "r");
    let mut details = with(Variables::new(), "r2");
    details.configuration.environment.as_mut().unwrap().error = Some("AccessDenied: KMS".into());
    answer(&mut app, &effects, details);
    paste(&mut app, "A=1");
    assert!(app.overlay.is_none());
    assert_eq!(press(&mut app, "<ctrl-s>"), []);
    assert!(app.overlay.is_none());
    // The edits of before are kept.
    assert!(draft(&app).unwrap().is_changed());
}

#[test]
fn a_read_only_session_says_so_before_anything_is_typed() {
    for keys in EDITS {
        let mut app = tab();
        app.session.current.as_mut().unwrap().spec.read_only = true;
        assert_eq!(press(&mut app, keys), []);
        assert!(said(&app).contains("read-only"), "{keys}: {}", said(&app));
        assert!(app.overlay.is_none() && pane(&app).editing.is_none() && draft(&app).is_none());
    }
}

#[test]
fn nothing_is_edited_before_it_is_read_and_empty_tables_answer() {
    let mut app = with_functions(SIZE, three());
    press(&mut app, "E");
    for keys in EDITS {
        press(&mut app, keys);
        assert_eq!(said(&app), "the function is still being read", "{keys}");
    }
    // A filter that is typed before the answer is there is no row of commands.
    let mut app = with_functions(SIZE, three());
    let effects = press(&mut app, "E");
    press(&mut app, "/token<enter>");
    assert!(pane(&app).filter.is_some());
    answer(&mut app, &effects, with(base(), "r1"));
    press(&mut app, "<enter>");
    assert!(matches!(&pane(&app).editing, Some(Editing::Value { key, .. }) if key == "TOKEN"));
    let mut app = tab_with(Variables::new());
    for keys in ["e", "t", "R", "<ctrl-d>", "u", "U", "/", "x", "<ctrl-s>"] {
        press(&mut app, keys);
        assert!(app.overlay.is_none() && pane(&app).editing.is_none(), "{keys}");
    }
    press(&mut app, "+AB<enter>1<ctrl-s>");
    assert_eq!(proposed(&app), (Variables::new(), map(&[("AB", "1")])));
}

#[test]
fn the_filter_ranks_moves_and_goes() {
    let mut app =
        tab_with(map(&[("API_TOKEN_OLD", "1"), ("STAGE", "2"), ("TOKEN", "3"), ("TOKEN_URL", "4")]));
    press(&mut app, "/token");
    assert_eq!(pane(&app).selected.as_deref(), Some("TOKEN"));
    press(&mut app, "<down>");
    assert_eq!(pane(&app).selected.as_deref(), Some("TOKEN_URL"));
    press(&mut app, "<enter>");
    assert!(matches!(&pane(&app).editing, Some(Editing::Value { key, .. }) if key == "TOKEN_URL"));
    press(&mut app, "<esc>/zzz<enter>");
    assert!(pane(&app).filter.is_some() && pane(&app).editing.is_none());
    press(&mut app, "<esc>");
    assert!(pane(&app).filter.is_none());
    assert_eq!(app.screen, lambdeck::app::Screen::Function);
}

#[test]
fn a_click_selects_and_a_double_click_edits() {
    let mut app = tab();
    let rows = app.environment_layout().rows;
    act(&mut app, Action::Click(10, rows.row + 2));
    assert_eq!(pane(&app).selected.as_deref(), Some("TOKEN"));
    act(&mut app, Action::Click(10, rows.row + 9));
    assert_eq!(pane(&app).selected.as_deref(), Some("TOKEN"));
    act(&mut app, Action::DoubleClick(10, rows.row + 1));
    assert!(matches!(&pane(&app).editing, Some(Editing::Value { key, .. }) if key == "STAGE"));
    // While something is typed the mouse does nothing to it.
    act(&mut app, Action::Click(10, rows.row));
    press(&mut app, "<esc>");
    assert_eq!(pane(&app).selected.as_deref(), Some("STAGE"));
}

#[test]
fn a_value_that_is_being_typed_is_hidden_while_nobody_looks_and_kept() {
    let masked = |app: &App| matches!(&pane(app).editing, Some(Editing::Value { masked: true, .. }));
    let mut app = tab();
    press(&mut app, "e-x");
    app.update(moment(), Msg::Focus(false));
    assert!(masked(&app));
    app.update(moment(), Msg::Focus(true));
    act(&mut app, Action::Scroll(1));
    assert!(masked(&app));
    press(&mut app, "y");
    assert!(!masked(&app));
    assert_eq!(press(&mut app, "<ctrl-z>"), [Effect::Suspend]);
    assert!(masked(&app));
    press(&mut app, "<esc>");
    assert_eq!(mine(&app)["DB_HOST"].reveal(), "db.internal-xy");
    // So is an editor of several lines.
    press(&mut app, "t");
    app.update(moment(), Msg::Focus(false));
    assert!(editor(&app).masked);
    press(&mut app, "z<esc>");
    assert_eq!(mine(&app)["DB_HOST"].reveal(), "db.internal-xyz");
}

#[test]
fn what_is_revealed_is_the_drafts_value() {
    let mut app = tab();
    press(&mut app, "e2<enter>x");
    assert!(pane(&app).is_revealed("DB_HOST"));
    let details = app.function.as_ref().unwrap().details.value.as_ref();
    assert_eq!(pane(&app).selected_row(details).unwrap().value().unwrap().reveal(), "db.internal2");
    // Editing another one hides it.
    press(&mut app, "je");
    assert!(pane(&app).revealed.is_none());
}

#[test]
fn quitting_asks_while_something_is_unsaved_or_being_typed() {
    let mut app = tab();
    press(&mut app, "e2<ctrl-c>");
    assert!(
        matches!(&app.overlay, Some(Overlay::Question(question)) if question.text.contains("without saving"))
    );
    press(&mut app, "n");
    assert_eq!(mine(&app)["DB_HOST"].reveal(), "db.internal2");
    assert_eq!(app.exit, None);
    let mut app = tab();
    press(&mut app, "/x<ctrl-c>");
    assert_eq!(app.exit, Some(0));
}

#[test]
fn a_draft_outlives_tabs_functions_and_sessions() {
    let mut app = tab();
    press(&mut app, "e2<enter>");
    let kept = draft(&app).cloned();
    press(&mut app, "<tab><esc>");
    press(&mut app, "E");
    assert_eq!(draft(&app).cloned(), kept);
    // Another function, which has none.
    press(&mut app, "<esc>jE");
    assert_ne!(app.function.as_ref().unwrap().name, "checkout-api");
    assert_eq!(draft(&app), None);
    press(&mut app, "<esc>kE");
    assert_eq!(draft(&app).cloned(), kept);
    // Another session and back, in the midst of typing.
    let effects = press(&mut app, "r");
    answer(&mut app, &effects, with(base(), "r1"));
    switch(&mut app, "us-east-1", "je-typed");
    press(&mut app, "E");
    assert_eq!(draft(&app), None);
    assert_eq!(app.unsaved(), ["checkout-api"]);
    switch(&mut app, "eu-west-1", "");
    let effects = press(&mut app, "E");
    answer(&mut app, &effects, with(base(), "r1"));
    assert_eq!(mine(&app)["DB_HOST"].reveal(), "db.internal2");
    assert_eq!(mine(&app)["STAGE"].reveal(), "live-typed");
    // So does what is in the editor of several lines.
    switch(&mut app, "us-east-1", "pFROM_BLOCK=1");
    switch(&mut app, "eu-west-1", "");
    press(&mut app, "E");
    assert_eq!(mine(&app)["FROM_BLOCK"].reveal(), "1");
}

/// Goes to another region; keys are pressed while it connects.
fn switch(app: &mut App, region: &str, meanwhile: &str) {
    let effects = press(app, &format!(":region {region}<enter>"));
    let [Effect::Connect { epoch, .. }] = effects[..] else { panic!("{effects:?}") };
    press(app, meanwhile);
    let effects = app.update(app.now, Msg::Connected(epoch, Ok(session("prod", region))));
    let list = effects.iter().find_map(|effect| match effect {
        Effect::ListFunctions(ticket) => Some(*ticket),
        _ => None,
    });
    app.update(app.now, Msg::FunctionsPage { ticket: list.unwrap(), functions: three(), last: true });
}
