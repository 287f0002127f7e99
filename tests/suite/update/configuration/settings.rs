//! Settings: edited in a draft, saved together.

use super::*;

#[test]
fn a_number_is_checked_as_typed_taken_over_by_enter_and_saved_as_one_request() {
    let mut app = at_tab(function(), extras(), Vec::new());
    setting(&mut app, Setting::Memory);
    press(&mut app, "<enter>");
    assert_eq!(editing(&app), Some(("512", None)));
    press(&mut app, "<ctrl-u>64");
    let told = "the memory is 64 MB: at least 128 MB are needed; raise it";
    assert_eq!(editing(&app), Some(("64", Some(told))));
    // What is wrong can't be taken over.
    assert_eq!(press(&mut app, "<enter><ctrl-s>"), []);
    assert_eq!(editing(&app), Some(("64", Some(told))));
    press(&mut app, "0");
    assert_eq!(editing(&app), Some(("640", None)));
    assert_eq!(press(&mut app, "<enter>"), []);
    assert_eq!((editing(&app), mine(&app, Setting::Memory)), (None, Some("640")));
    // Another one, in the same request.
    setting(&mut app, Setting::Timeout);
    assert_eq!(press(&mut app, "e<ctrl-u>31<ctrl-s>"), []);
    let order = settings_order(&[(Setting::Memory, "640"), (Setting::Timeout, "31")]);
    assert_eq!(review(&app).order, order);
    let lines: Vec<String> = review(&app).diff.iter().map(lambdeck::domain::change::DiffLine::text).collect();
    assert_eq!(lines, ["~ Memory  512 MB → 640 MB", "~ Timeout  30 s → 31 s"]);
    // Enter is No.
    assert_eq!(press(&mut app, "<enter>"), []);
    assert_eq!(said(&app), "nothing was sent");
    assert_eq!(mine(&app, Setting::Memory), Some("640"));
    press(&mut app, "<ctrl-s>");
    let effects = press(&mut app, "y");
    let permit = Permit { place: place(), function: NAME.into(), consent: Consent::Yes };
    assert!(
        matches!(&effects[..], [Effect::Write(_, sent, by)] if **sent == order && **by == permit),
        "{effects:?}"
    );
    // The draft goes when it is done, and not before.
    let Effect::Write(ticket, ..) = effects[0] else { unreachable!() };
    assert!(app.function.as_ref().unwrap().is_unsaved());
    app.update(moment(), Msg::Written(ticket, Ok(Box::new(Written::default()))));
    assert!(!app.function.as_ref().unwrap().is_unsaved());
}

#[test]
fn esc_keeps_what_is_valid_and_drops_what_is_not_the_second_time() {
    let mut app = at_tab(function(), extras(), Vec::new());
    setting(&mut app, Setting::Timeout);
    press(&mut app, "e<ctrl-u>45<esc>");
    assert_eq!((editing(&app), mine(&app, Setting::Timeout)), (None, Some("45")));
    press(&mut app, "e<ctrl-u>901<esc>");
    assert!(editing(&app).is_some_and(|(text, problem)| text == "901" && problem.is_some()));
    press(&mut app, "<esc>");
    assert_eq!((editing(&app), mine(&app, Setting::Timeout)), (None, Some("45")));
    // Typing in between begins anew.
    press(&mut app, "e<ctrl-u>901<esc>2<esc>");
    assert!(editing(&app).is_some());
}

#[test]
fn plain_keys_are_text_in_the_field() {
    let mut app = at_tab(function(), extras(), Vec::new());
    setting(&mut app, Setting::Description);
    press(&mut app, "equK+?: 3");
    assert_eq!(editing(&app), Some(("quK+?: 3", None)));
    app.update(moment(), Msg::Action(Action::Paste("\u{1b}[2J\npasted".into())));
    let (text, _) = editing(&app).unwrap();
    assert!(text.starts_with("quK+?: 3") && text.ends_with("pasted") && !text.contains('\u{1b}'), "{text:?}");
    assert_eq!(app.exit, None);
}

#[test]
fn a_choice_is_made_with_up_and_down_or_typed() {
    let mut app = at_tab(function(), extras(), Vec::new());
    setting(&mut app, Setting::LogFormat);
    press(&mut app, "e<down>");
    assert_eq!(editing(&app), Some(("JSON", None)));
    press(&mut app, "<down>");
    assert_eq!(editing(&app), Some(("Text", None)));
    press(&mut app, "<up><enter>");
    assert_eq!(mine(&app, Setting::LogFormat), Some("JSON"));
    setting(&mut app, Setting::SystemLogLevel);
    press(&mut app, "eWARN");
    assert_eq!(editing(&app), Some(("WARN", None)));
    press(&mut app, "<ctrl-u>LOUD");
    assert!(editing(&app).unwrap().1.is_some());
    // Neither typed nor chosen: up and down go to the list's ends.
    press(&mut app, "<up>");
    assert_eq!(editing(&app), Some(("WARN", None)));
    press(&mut app, "<ctrl-s>");
    let changes = [(Setting::LogFormat, "JSON"), (Setting::SystemLogLevel, "WARN")];
    assert_eq!(review(&app).order, settings_order(&changes));
}

#[test]
fn settings_that_do_not_fit_each_other_are_not_proposed() {
    let mut app = at_tab(function(), extras(), Vec::new());
    setting(&mut app, Setting::ApplicationLogLevel);
    press(&mut app, "eINFO<ctrl-s>");
    assert!(app.overlay.is_none());
    assert!(said(&app).contains("JSON format only"), "{}", said(&app));
    assert_eq!(mine(&app, Setting::ApplicationLogLevel), Some("INFO"));
}

#[test]
fn several_lines_have_an_editor() {
    let mut app = at_tab(function(), extras(), Vec::new());
    setting(&mut app, Setting::Layers);
    press(&mut app, "e");
    assert!(matches!(&app.overlay, Some(Overlay::TextEditor(_))));
    press(&mut app, "<enter>nothing<esc>");
    assert!(problem(&app).contains("no ARN of lambda"), "{}", problem(&app));
    // A second esc leaves what can't be taken.
    press(&mut app, "<esc>");
    assert!(app.overlay.is_none());
    assert_eq!(mine(&app, Setting::Layers), None);

    let more = "arn:aws:lambda:eu-west-1:123456789012:layer:more:1";
    press(&mut app, &format!("e<enter><enter>{more}<esc>"));
    let both = format!("arn:aws:lambda:eu-west-1:123456789012:layer:shared:7\n{more}");
    assert_eq!(mine(&app, Setting::Layers), Some(both.as_str()));
    press(&mut app, "u");
    press(&mut app, &format!("e<enter>{more}<ctrl-s>"));
    assert_eq!(review(&app).order, settings_order(&[(Setting::Layers, &both)]));
}

#[test]
fn the_runtime_is_picked_or_typed() {
    let mut app = at_tab(function(), extras(), Vec::new());
    setting(&mut app, Setting::Runtime);
    press(&mut app, "e");
    let Some(Overlay::Picker(picker)) = &app.overlay else { panic!("{:?}", app.overlay) };
    let items: Vec<(&str, &str)> =
        picker.items.iter().map(|item| (item.name.as_str(), item.note.as_str())).take(3).collect();
    assert_eq!(
        items,
        [
            ("python3.13", "as it is; supported until 2029-06-30"),
            ("python3.14", "supported until 2029-06-30"),
            ("python3.12", "supported until 2028-10-31"),
        ]
    );
    assert!(
        picker
            .items
            .iter()
            .any(|item| item.name == "python3.8" && item.note == "! deprecated since 2024-10-14")
    );
    assert_eq!(picker.items.iter().filter(|item| item.name == "python3.13").count(), 1);
    press(&mut app, "<down><enter>");
    assert_eq!(mine(&app, Setting::Runtime), Some("python3.14"));
    // One that is not listed: its digits fit dates of others, which must not count.
    press(&mut app, "epython3.15<enter>");
    assert_eq!(mine(&app, Setting::Runtime), Some("python3.15"));
    press(&mut app, "ehas white space<enter>");
    assert_eq!(mine(&app, Setting::Runtime), Some("python3.15"));
    assert!(said(&app).contains("white space"));
    press(&mut app, "e<esc>");
    assert_eq!(mine(&app, Setting::Runtime), Some("python3.15"));
}

#[test]
fn u_takes_back_one_row_and_the_last_one_leaves_no_draft() {
    let mut app = at_tab(function(), extras(), Vec::new());
    setting(&mut app, Setting::Memory);
    press(&mut app, "e<ctrl-u>1024<enter>je<ctrl-u>9<enter>");
    assert_eq!((mine(&app, Setting::Memory), mine(&app, Setting::Timeout)), (Some("1024"), Some("9")));
    press(&mut app, "u");
    assert_eq!((mine(&app, Setting::Memory), mine(&app, Setting::Timeout)), (Some("1024"), Some("30")));
    press(&mut app, "u");
    assert_eq!(said(&app), "nothing is unsaved in this row");
    press(&mut app, "ku");
    assert!(app.function.as_ref().unwrap().configuration.draft.is_none());
    press(&mut app, "<ctrl-s>");
    assert_eq!(said(&app), "nothing is changed");
    // What is typed back to what it was is no change.
    press(&mut app, "e<ctrl-u>1024<enter>e<ctrl-u>512<enter>");
    assert!(app.function.as_ref().unwrap().configuration.draft.is_none());
}

#[test]
fn deleting_a_setting_empties_it_where_it_may_be_empty() {
    let mut details = function();
    details.configuration.dead_letter_arn = Some(QUEUE.into());
    details.configuration.logging =
        Some(lambdeck::domain::function::Logging { log_group: Some("/mine".into()), ..Default::default() });
    let mut app = at_tab(details, extras(), Vec::new());
    setting(&mut app, Setting::DeadLetter);
    press(&mut app, "<ctrl-d>");
    assert_eq!(mine(&app, Setting::DeadLetter), Some(""));
    setting(&mut app, Setting::LogGroup);
    press(&mut app, "<ctrl-d>");
    // Lambda's own choice, by its name: so it is answered.
    assert_eq!(mine(&app, Setting::LogGroup), Some("/aws/lambda/checkout-api"));
    setting(&mut app, Setting::Role);
    press(&mut app, "<ctrl-d>");
    assert!(said(&app).contains("a function needs one"), "{}", said(&app));
    setting(&mut app, Setting::Layers);
    press(&mut app, "<ctrl-d><ctrl-s>");
    let names: Vec<&str> = review(&app).diff.iter().map(|line| line.name.as_str()).collect();
    assert_eq!(names, ["Layers", "Log group", "Dead-letter queue"]);
}

/// Saves a memory of 1024 MB; the function has settled.
fn saved() -> App {
    let mut app = at_tab(function(), extras(), Vec::new());
    setting(&mut app, Setting::Memory);
    let effects = press(&mut app, "e<ctrl-u>1024<ctrl-s>y");
    let [Effect::Write(ticket, ..)] = effects[..] else { panic!("{effects:?}") };
    let effects = app.update(moment(), Msg::Written(ticket, Ok(Box::new(Written::default()))));
    let [Effect::Observe { ticket, .. }] = effects[..] else { panic!("{effects:?}") };
    let mut now = function();
    now.configuration.memory_mb = Some(1024);
    now.configuration.revision_id = Some("r2".into());
    let effects = app.update(moment(), Msg::Observed(ticket, NAME.into(), Ok(Box::new(now.clone()))));
    let [Effect::GetFunction { ticket, .. }, Effect::GetExtras(read, _), Effect::ReadJournal(journal)] =
        effects[..]
    else {
        panic!("{effects:?}")
    };
    answer(&mut app, [ticket, read, journal], now, extras(), Vec::new());
    app
}

#[test]
fn the_settings_before_the_last_save_can_be_put_back() {
    let mut app = at_tab(function(), extras(), Vec::new());
    press(&mut app, "U");
    assert_eq!(said(&app), "nothing was saved from here yet");

    let mut app = saved();
    press(&mut app, "U");
    let after = with(&[(Setting::Memory, "1024")]);
    let order = Order {
        function: NAME.into(),
        revision_id: Some("r2".into()),
        change: Change::Settings { before: after.clone(), after: with(&[]) },
    };
    assert_eq!(review(&app).order, order);
    let effects = press(&mut app, "y");
    let [Effect::Write(ticket, ..)] = effects[..] else { panic!("{effects:?}") };
    app.update(moment(), Msg::Written(ticket, Ok(Box::new(Written::default()))));
    // And once more, the other way round.
    let saved = app.function.as_ref().unwrap().configuration.saved.clone().unwrap();
    assert_eq!((saved.before, saved.after), (after, with(&[])));

    // A save that was refused is none.
    let mut app = at_tab(function(), extras(), Vec::new());
    setting(&mut app, Setting::Memory);
    let effects = press(&mut app, "e<ctrl-u>1024<ctrl-s>y");
    let [Effect::Write(ticket, ..)] = effects[..] else { panic!("{effects:?}") };
    app.update(moment(), Msg::Written(ticket, Err(Error::new(Kind::Denied, "no"))));
    assert_eq!(mine(&app, Setting::Memory), Some("1024"));
    press(&mut app, "U");
    assert_eq!(said(&app), "nothing was saved from here yet");
}

#[test]
fn a_second_change_waits_for_the_first() {
    let mut app = at_tab(function(), extras(), Vec::new());
    setting(&mut app, Setting::Memory);
    assert_eq!(press(&mut app, "e<ctrl-u>1024<ctrl-s>y").len(), 1);
    assert_eq!(press(&mut app, "<ctrl-s>K"), []);
    assert!(app.overlay.is_none());
    assert!(said(&app).contains("a change of it is on its way"), "{}", said(&app));
}

#[test]
fn somebody_elses_change_of_another_setting_is_kept() {
    let mut app = at_tab(function(), extras(), Vec::new());
    setting(&mut app, Setting::Memory);
    press(&mut app, "e<ctrl-u>1024<enter>");
    let effects = press(&mut app, "r");
    let [Effect::GetFunction { ticket, .. }, ..] = effects[..] else { panic!("{effects:?}") };
    let mut theirs = function();
    theirs.configuration.timeout_s = Some(60);
    theirs.configuration.revision_id = Some("r2".into());
    app.update(moment(), Msg::Function(ticket, Ok(Box::new(theirs))));
    press(&mut app, "<ctrl-s>");
    let review = review(&app);
    assert_eq!(review.order.revision_id.as_deref(), Some("r2"));
    let (before, after) =
        (with(&[(Setting::Timeout, "60")]), with(&[(Setting::Timeout, "60"), (Setting::Memory, "1024")]));
    assert_eq!(review.order.change, Change::Settings { before, after });
    assert_eq!(review.beside.warnings.len(), 1);
}
