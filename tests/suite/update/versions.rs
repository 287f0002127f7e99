//! The Versions tab: what each key proposes, and that nothing is sent without a confirmation.

mod random;
mod rollback;
mod weights;

use super::*;
use crate::support::{
    app::CANARY,
    releases::{NAME, alias, moved, releases, version},
};
use lambdeck::{
    app::{
        function::versions::{Selected, VersionsPane},
        messages::Severity,
        overlay::PickerKind,
        review::Review,
        weights::Weights,
    },
    domain::{
        change::{Change, Consent, Order, Permit, Written},
        compare::Side,
        journal::Entry,
        name::FunctionRef,
        place::{Place, Protected},
        release::{Additional, Alias, LATEST, Releases},
    },
};

fn place() -> Place {
    Place {
        profile: Some("prod".into()),
        account: Some("123456789012".into()),
        region: "eu-west-1".into(),
        endpoint: None,
    }
}

/// The tickets of the reads of the tab: versions, journal.
fn tickets(effects: &[Effect]) -> (Ticket, Ticket) {
    let releases = effects.iter().find_map(|effect| match effect {
        Effect::GetReleases(ticket, name) if name == NAME => Some(*ticket),
        _ => None,
    });
    let journal = effects.iter().find_map(|effect| match effect {
        Effect::ReadJournal(ticket) => Some(*ticket),
        _ => None,
    });
    (releases.expect("the versions are read"), journal.expect("the journal is read"))
}

/// The tab with nothing read yet, by `key`.
fn opened(key: Action) -> (App, Ticket, Ticket) {
    let mut app = with_functions(SIZE, three());
    let effects = act(&mut app, key);
    let (releases, journal) = tickets(&effects);
    let Effect::GetFunction { ticket, .. } = effects[0] else { panic!("{effects:?}") };
    app.update(moment(), Msg::Function(ticket, Ok(Box::new(details(NAME)))));
    (app, releases, journal)
}

fn at_versions_of(releases: Releases, entries: Vec<Entry>) -> App {
    let (mut app, ticket, journal) = opened(Action::Aliases);
    assert_eq!(app.update(moment(), Msg::Journal(journal, Ok(entries))), []);
    assert_eq!(app.update(moment(), Msg::Releases(ticket, Ok(Box::new(releases)))), []);
    app
}

/// The tab with everything read; the cursor on the first alias.
fn at_versions() -> App {
    at_versions_of(releases(), Vec::new())
}

fn pane(app: &App) -> &VersionsPane {
    &app.function.as_ref().unwrap().versions
}

fn selected(app: &App) -> String {
    match pane(app).selected() {
        Some(Selected::Alias(alias)) => alias.name.clone(),
        Some(Selected::Version(version)) => version.version.clone().unwrap(),
        None => "nothing".into(),
    }
}

fn go_to(app: &mut App, name: &str) {
    act(app, Action::Top);
    for _ in 0..100 {
        if selected(app) == name {
            return;
        }
        act(app, Action::Down);
    }
    panic!("there is no {name}");
}

fn review(app: &App) -> &Review {
    match &app.overlay {
        Some(Overlay::Review(review)) => review,
        other => panic!("no review: {other:?}, {:?}", app.messages.log.back()),
    }
}

fn weights(app: &App) -> &Weights {
    match &app.overlay {
        Some(Overlay::Weights(weights)) => weights,
        other => panic!("no weights: {other:?}, {:?}", app.messages.log.back()),
    }
}

fn said(app: &App) -> &str {
    &app.messages.log.back().unwrap().text
}

fn live() -> Alias {
    alias("live", "8", Some(("9", 0.1)))
}

fn order(before: Option<Alias>, after: Option<Alias>) -> Order {
    let name = before.as_ref().or(after.as_ref()).unwrap().name.clone();
    let revision_id = before.as_ref().and_then(|alias| alias.revision_id.clone());
    Order { function: NAME.into(), revision_id, change: Change::Alias { name, before, after } }
}

/// Says yes, and checks that exactly this is sent.
fn agree(app: &mut App, expected: &Order) -> Ticket {
    assert_eq!(&review(app).order, expected);
    let effects = act(app, Action::Yes);
    let [Effect::Write(ticket, order, permit)] = &effects[..] else { panic!("{effects:?}") };
    assert_eq!(&**order, expected);
    assert_eq!(**permit, Permit { place: place(), function: NAME.into(), consent: Consent::Yes });
    assert!(app.overlay.is_none());
    *ticket
}

/// Types what must be typed, and checks that exactly this is sent.
fn agree_typed(app: &mut App, text: &str, expected: &Order) {
    assert_eq!(&review(app).order, expected);
    assert_eq!(act(app, Action::Yes), []);
    type_text(app, text);
    let effects = act(app, Action::Open);
    let [Effect::Write(_, order, permit)] = &effects[..] else { panic!("{effects:?}") };
    assert_eq!(&**order, expected);
    assert_eq!(permit.consent, Consent::Typed(text.into()));
}

#[rstest::rstest]
#[case(Action::Aliases, "dev")]
#[case(Action::Versions, LATEST)]
fn from_the_list_to_the_first_row_of_a_section(#[case] key: Action, #[case] expected: &str) {
    let mut app = with_functions(SIZE, three());
    assert_eq!(
        act(&mut app, key),
        [
            Effect::GetFunction {
                ticket: ticket(3),
                name: NAME.into(),
                qualifier: None,
                after: Duration::ZERO
            },
            Effect::GetReleases(ticket(4), NAME.into()),
            Effect::ReadJournal(ticket(5)),
        ]
    );
    assert_eq!(selected(&app), "nothing");
    app.update(moment(), Msg::Releases(ticket(4), Ok(Box::new(releases()))));
    assert_eq!(selected(&app), expected);
}

#[test]
fn within_the_tab_the_sections_are_jumped_to_without_reading_anew() {
    let mut app = at_versions();
    assert_eq!(act(&mut app, Action::Versions), []);
    assert_eq!(selected(&app), LATEST);
    act(&mut app, Action::Bottom);
    assert_eq!(selected(&app), "6");
    assert_eq!(act(&mut app, Action::Aliases), []);
    assert_eq!(selected(&app), "dev");
    // From another tab they are read again, and the old ones stay on the screen meanwhile.
    assert_eq!(act(&mut app, Action::Tab(1)), []);
    let effects = act(&mut app, Action::Versions);
    let (ticket, _) = tickets(&effects);
    assert_eq!((effects.len(), selected(&app).as_str()), (2, LATEST));
    let mut fewer = releases();
    fewer.aliases.pop();
    app.update(moment(), Msg::Releases(ticket, Ok(Box::new(fewer))));
    assert_eq!(selected(&app), LATEST);
}

#[test]
fn a_refresh_keeps_the_selected_row_whatever_came_or_went() {
    let mut app = at_versions();
    go_to(&mut app, "8");
    let effects = act(&mut app, Action::Refresh);
    assert!(
        matches!(&effects[..], [Effect::GetFunction { .. }, Effect::GetReleases(..), Effect::ReadJournal(_)]),
        "{effects:?}"
    );
    let (ticket, _) = tickets(&effects);
    let mut other = releases();
    other.aliases.insert(0, alias("beta", "9", None));
    other.versions.insert(1, version("10", "eEeEeEeE", 0));
    app.update(moment(), Msg::Releases(ticket, Ok(Box::new(other))));
    assert_eq!(selected(&app), "8");
    // A read that failed leaves all as it is, and says so.
    let effects = act(&mut app, Action::Refresh);
    let (ticket, _) = tickets(&effects);
    app.update(moment(), Msg::Releases(ticket, Err(Error::new(Kind::Throttled, "slow down"))));
    assert_eq!((selected(&app).as_str(), said(&app)), ("8", "slow down"));
    go_to(&mut app, "live");
    act(&mut app, Action::Promote);
    let warnings = review(&app).beside.warnings.join(" ");
    assert!(warnings.contains("those of 14:03:22"), "{warnings}");
}

#[test]
fn before_the_versions_are_read_every_key_says_so() {
    for action in
        [Action::Edit, Action::Add, Action::Publish, Action::Weights, Action::Promote, Action::Delete]
    {
        let (mut app, ticket, journal) = opened(Action::Versions);
        assert_eq!(act(&mut app, action.clone()), []);
        assert_eq!(said(&app), "the versions are still being read", "{action:?}");
        app.update(moment(), Msg::Journal(journal, Ok(Vec::new())));
        app.update(moment(), Msg::Releases(ticket, Err(Error::new(Kind::Denied, "not allowed"))));
        assert_eq!(act(&mut app, action.clone()), []);
        assert!(said(&app).contains("not allowed"), "{action:?}: {}", said(&app));
        assert!(app.overlay.is_none());
    }
}

#[test]
fn publishing_shows_what_has_changed_and_sends_what_was_shown() {
    let mut app = at_versions();
    assert_eq!(act(&mut app, Action::Publish), []);
    assert!(matches!(app.overlay, Some(Overlay::Prompt(_))));
    type_text(&mut app, &"x".repeat(257));
    assert_eq!(act(&mut app, Action::Open), []);
    let Some(Overlay::Prompt(prompt)) = &app.overlay else { panic!("{:?}", app.overlay) };
    assert!(prompt.problem.as_ref().unwrap().contains("256"), "{:?}", prompt.problem);
    act(&mut app, Action::Clear);
    type_text(&mut app, "Prices in cents");
    assert_eq!(act(&mut app, Action::Open), []);
    let (title, lines) = review(&app).beside.more.clone().unwrap();
    assert_eq!(title, "Since version 9");
    let texts: Vec<String> = lines.iter().map(lambdeck::domain::change::DiffLine::text).collect();
    assert_eq!(
        texts,
        ["~ Code  cCcCcCcC → dDdDdDdD", "~ Memory  512 MB → 1024 MB", "~ TOKEN  (11 bytes) → (13 bytes)"]
    );
    assert!(!format!("{:?}", app.overlay).contains(CANARY));
    let latest = releases().versions[0].clone();
    let expected = Order {
        function: NAME.into(),
        revision_id: Some("revision-$LATEST".into()),
        change: Change::Publish {
            description: "Prices in cents".into(),
            code_sha256: latest.code_sha256.clone(),
        },
    };
    let ticket = agree(&mut app, &expected);
    let written = Written { version: Some("10".into()), ..Written::default() };
    let effects = app.update(moment(), Msg::Written(ticket, Ok(Box::new(written))));
    assert!(
        matches!(&effects[..], [Effect::GetFunction { .. }, Effect::GetReleases(..), Effect::ReadJournal(_)]),
        "{effects:?}"
    );
    assert_eq!(said(&app), "checkout-api: version 10 is published");
}

#[test]
fn nothing_is_proposed_where_aws_would_make_no_new_version() {
    let mut same = releases();
    same.versions[0] = version(LATEST, "cCcCcCcC", 6);
    let mut app = at_versions_of(same.clone(), Vec::new());
    assert_eq!(act(&mut app, Action::Publish), []);
    assert!(app.overlay.is_none());
    assert!(said(&app).contains("nothing has changed since version 9"), "{}", said(&app));
    // Version 9 was given a description of its own: whether $LATEST's is a change is known by its age only.
    same.versions[0] = version(LATEST, "cCcCcCcC", 1);
    let mut app = at_versions_of(same, Vec::new());
    act(&mut app, Action::Publish);
    act(&mut app, Action::Open);
    let beside = &review(&app).beside;
    assert!(beside.warnings[0].contains("nothing but the description"), "{beside:?}");
    assert_eq!(beside.more, None);
}

#[test]
fn the_first_version_needs_nothing_to_compare_with() {
    let only = Releases {
        versions: vec![version(LATEST, "aAaAaAaA", 1)],
        aliases: Vec::new(),
        provisioned: Ok(Vec::new()),
    };
    let mut app = at_versions_of(only.clone(), Vec::new());
    assert_eq!(selected(&app), LATEST);
    act(&mut app, Action::Publish);
    act(&mut app, Action::Open);
    assert_eq!(review(&app).beside.facts, ["It is the first version: code aAaAaAaA."]);
    act(&mut app, Action::No);
    assert_eq!(act(&mut app, Action::Edit), []);
    assert!(said(&app).contains("no version yet to compare"), "{}", said(&app));
    act(&mut app, Action::Rollback);
    assert!(said(&app).contains("there is no alias to roll back"), "{}", said(&app));
    // Without $LATEST in the list nobody knows what would be published.
    let mut app = at_versions_of(Releases { versions: Vec::new(), ..only }, Vec::new());
    act(&mut app, Action::Publish);
    assert!(app.overlay.is_none() && said(&app).contains("did not list $LATEST"), "{}", said(&app));
    act(&mut app, Action::Add);
    act(&mut app, Action::Delete);
    assert!(app.overlay.is_none());
}

#[test]
fn variables_that_cannot_be_read_may_differ() {
    let mut hidden = releases();
    let environment = hidden.versions[1].environment.as_mut().unwrap();
    environment.variables.clear();
    environment.error = Some("AccessDenied".into());
    hidden.versions[0] = version(LATEST, "cCcCcCcC", 1);
    let mut app = at_versions_of(hidden, Vec::new());
    act(&mut app, Action::Publish);
    act(&mut app, Action::Open);
    assert!(review(&app).beside.warnings[0].contains("can't be read"));
}

#[rstest::rstest]
#[case("9", "9")]
#[case("live", "8")]
#[case(LATEST, LATEST)]
fn an_alias_is_made_of_a_version_or_beside_another(#[case] row: &str, #[case] target: &str) {
    let mut app = at_versions();
    go_to(&mut app, row);
    assert_eq!(act(&mut app, Action::Add), []);
    for (typed, problem) in
        [("", "the alias name"), ("7", "digits only"), ("a b", "the alias name"), ("live", "of that name")]
    {
        act(&mut app, Action::Clear);
        type_text(&mut app, typed);
        assert_eq!(act(&mut app, Action::Open), []);
        let Some(Overlay::Prompt(prompt)) = &app.overlay else { panic!("{typed}: {:?}", app.overlay) };
        assert!(prompt.problem.as_ref().unwrap().contains(problem), "{:?}", prompt.problem);
    }
    act(&mut app, Action::Clear);
    type_text(&mut app, "beta");
    assert_eq!(act(&mut app, Action::Open), []);
    let made = Alias { name: "beta".into(), version: target.into(), ..Alias::default() };
    agree(&mut app, &order(None, Some(made)));
}

#[test]
fn an_alias_is_pointed_to_a_version_that_is_picked() {
    let mut app = at_versions();
    go_to(&mut app, "live");
    assert_eq!(act(&mut app, Action::Edit), []);
    let Some(Overlay::Picker(picker)) = &app.overlay else { panic!("{:?}", app.overlay) };
    assert!(matches!(picker.kind, PickerKind::Versions(_)));
    let items: Vec<String> = picker.items.iter().map(|item| format!("{}|{}", item.name, item.note)).collect();
    assert_eq!(
        items,
        [
            "$LATEST|1h ago",
            "9|5h ago, \"Faster prices\"",
            "8|now; 1d ago",
            "7|4d ago",
            "6|16d ago, \"The one that worked all summer\""
        ]
    );
    // A word of the description finds it.
    type_text(&mut app, "summer");
    assert_eq!(act(&mut app, Action::Open), []);
    let after = Alias { version: "6".into(), additional: None, ..live() };
    let told = &review(&app).beside.facts;
    assert_eq!(told, &["Version 6: code aAaAaAaA, 16d ago, \"The one that worked all summer\""], "{told:?}");
    agree(&mut app, &order(Some(live()), Some(after)));
    // Where it points already.
    let mut app = at_versions();
    go_to(&mut app, "test");
    act(&mut app, Action::Edit);
    type_text(&mut app, "9");
    assert_eq!(act(&mut app, Action::Open), []);
    assert!(app.overlay.is_none());
    assert_eq!(said(&app), "nothing is changed");
    // $LATEST is no version that stays.
    act(&mut app, Action::Edit);
    type_text(&mut app, "LATEST");
    act(&mut app, Action::Open);
    assert!(review(&app).beside.warnings[0].contains("changes with every deployment"));
}

#[rstest::rstest]
#[case("7", "7")]
#[case(LATEST, "9")]
fn enter_on_a_version_compares_it_with_latest(#[case] row: &str, #[case] left: &str) {
    let mut app = at_versions();
    go_to(&mut app, row);
    let side = |qualifier: &str| Side {
        profile: None,
        region: None,
        function: FunctionRef { qualifier: Some(qualifier.into()), ..FunctionRef::named(NAME) },
    };
    let effects = act(&mut app, Action::Edit);
    let [Effect::Compare(ticket, sides)] = &effects[..] else { panic!("{effects:?}") };
    assert_eq!(**sides, [side(left), side(LATEST)]);
    let Some(Overlay::Compare(comparing)) = &app.overlay else { panic!("{:?}", app.overlay) };
    assert_eq!((comparing.result.pending, &comparing.sides), (Some(*ticket), &**sides));
}

#[test]
fn deleting_takes_the_typed_name() {
    let mut app = at_versions();
    go_to(&mut app, "live");
    assert_eq!(act(&mut app, Action::Delete), []);
    assert!(review(&app).beside.warnings.iter().any(|warning| warning.contains("provisioned")));
    agree_typed(&mut app, "checkout-api:live", &order(Some(live()), None));

    let mut app = at_versions();
    go_to(&mut app, "7");
    act(&mut app, Action::Delete);
    let change = Change::DeleteVersion { version: "7".into() };
    let order = Order { function: NAME.into(), revision_id: None, change };
    // Something else is no consent.
    type_text(&mut app, "checkout-api:8");
    assert_eq!(act(&mut app, Action::Open), []);
    assert!(review(&app).mistyped);
    for _ in 0.."checkout-api:8".len() {
        use tui_textarea::{Input, Key};
        act(&mut app, Action::Text(Input { key: Key::Backspace, ctrl: false, alt: false, shift: false }));
    }
    // The name is to be typed.
    assert_eq!(act(&mut app, Action::Paste("checkout-api:7".into())), []);
    assert_eq!(act(&mut app, Action::Open), []);
    agree_typed(&mut app, "checkout-api:7", &order);
}

#[rstest::rstest]
#[case("8", "version 8 is used by the alias live: point elsewhere first")]
#[case("9", "version 9 is used by the aliases live, test: point elsewhere first")]
#[case(LATEST, "$LATEST can't be deleted: it is the function itself")]
fn what_is_used_is_not_deleted(#[case] row: &str, #[case] expected: &str) {
    let mut app = at_versions();
    go_to(&mut app, row);
    assert_eq!(act(&mut app, Action::Delete), []);
    assert!(app.overlay.is_none());
    assert_eq!(said(&app), expected);
}

/// One alias, which this machine pointed from 6 to 9 a while ago.
fn one_alias() -> (Releases, Vec<Entry>) {
    let mut one = releases();
    one.aliases = vec![alias("live", "9", None)];
    (one, vec![moved(&place(), "live", "6", "9", moment() - 14.minutes())])
}

fn back_to(version: &str) -> Order {
    let before = alias("live", "9", None);
    order(Some(before.clone()), Some(Alias { version: version.into(), ..before }))
}

#[test]
fn a_change_that_is_refused_or_stale_is_read_again() {
    let mut app = at_versions();
    go_to(&mut app, "live");
    act(&mut app, Action::Promote);
    let after = Alias { version: "9".into(), additional: None, ..live() };
    let ticket = agree(&mut app, &order(Some(live()), Some(after)));
    // One at a time.
    act(&mut app, Action::Promote);
    assert!(app.overlay.is_none());
    assert!(said(&app).contains("a change of it is on its way"), "{}", said(&app));
    let stale = Error::new(Kind::Stale, "somebody else changed it");
    let effects = app.update(moment(), Msg::Written(ticket, Err(stale)));
    assert_eq!(effects.len(), 3, "{effects:?}");
    let (ticket, _) = tickets(&effects);
    let mut theirs = releases();
    theirs.aliases[1] = Alias { revision_id: Some("theirs".into()), ..alias("live", "7", None) };
    app.update(moment(), Msg::Releases(ticket, Ok(Box::new(theirs))));
    assert_eq!(selected(&app), "live");
    act(&mut app, Action::Promote);
    assert_eq!(said(&app), "live points to 7 alone: there is nothing to promote");
}

#[test]
fn an_alias_whose_answer_never_came_is_looked_at() {
    let (one, entries) = one_alias();
    let mut app = at_versions_of(one.clone(), entries);
    act(&mut app, Action::Rollback);
    let ticket = agree(&mut app, &back_to("6"));
    let unknown = Error::new(Kind::OutcomeUnknown, "the connection broke");
    let effects = app.update(moment(), Msg::Written(ticket, Err(unknown)));
    let [Effect::GetReleases(ticket, _)] = effects[..] else { panic!("{effects:?}") };
    let mut done = one;
    done.aliases[0].version = "6".into();
    app.update(moment(), Msg::Releases(ticket, Ok(Box::new(done))));
    let told: Vec<&str> = app.messages.log.iter().map(|message| message.text.as_str()).collect();
    assert!(told.contains(&"checkout-api: no answer came, but it was done"), "{told:?}");
    assert!(app.writing.is_empty());
}

#[test]
fn a_read_only_session_proposes_nothing() {
    let mut app = at_versions();
    app.session.current.as_mut().unwrap().spec.read_only = true;
    app.session.spec.read_only = true;
    go_to(&mut app, "live");
    for action in [Action::Promote, Action::Rollback, Action::Delete] {
        assert_eq!(act(&mut app, action), []);
        assert!(app.overlay.is_none());
        assert!(said(&app).contains("read-only"), "{}", said(&app));
    }
}

#[test]
fn where_all_is_protected_the_functions_name_is_typed() {
    let (one, entries) = one_alias();
    let mut app = at_versions_of(one, entries);
    app.session.spec.protected = Protected { profiles: vec!["prod".into()], ..Protected::default() };
    act(&mut app, Action::Rollback);
    assert!(review(&app).protected);
    agree_typed(&mut app, NAME, &back_to("6"));
}

#[test]
fn the_mouse_selects_and_opens() {
    let mut app = at_versions();
    // Header, title, tabs, counts, heading, dev, live.
    act(&mut app, Action::Click(5, 6));
    assert_eq!(selected(&app), "live");
    // Headings and what is beside the list do nothing.
    for row in [0, 3, 4, 8, 22] {
        act(&mut app, Action::Click(5, row));
        assert_eq!((selected(&app).as_str(), app.overlay.is_none()), ("live", true), "{row}");
    }
    act(&mut app, Action::DoubleClick(5, 7));
    assert_eq!(selected(&app), "test");
    assert!(matches!(app.overlay, Some(Overlay::Picker(_))));
}

#[test]
fn a_review_scrolls_as_far_as_its_end() {
    let mut app = at_versions();
    act(&mut app, Action::Publish);
    act(&mut app, Action::Open);
    app.update(moment(), Msg::Resize(lambdeck::app::layout::Size { columns: 40, rows: 9 }));
    for _ in 0..50 {
        act(&mut app, Action::Down);
    }
    let layout = review(&app).layout(app.size);
    let last = layout.rows.len() - usize::from(layout.body.rows);
    assert_eq!(review(&app).cursor.top, last);
    act(&mut app, Action::PageUp);
    assert!(review(&app).cursor.top < last);
    assert_eq!(act(&mut app, Action::No), []);
    assert_eq!((said(&app), app.overlay.is_none()), ("nothing was sent", true));
    assert_eq!(app.messages.log.back().unwrap().severity, Severity::Info);
}

#[test]
fn a_read_only_session_is_told_so_before_anything_is_typed() {
    let keys =
        [Action::Weights, Action::Edit, Action::Add, Action::Publish, Action::Rollback, Action::Delete];
    for key in keys {
        let mut app = at_versions();
        go_to(&mut app, "live");
        app.session.current.as_mut().unwrap().spec.read_only = true;
        assert_eq!(act(&mut app, key.clone()), []);
        assert!(app.overlay.is_none() && said(&app).contains("read-only"), "{key:?}: {}", said(&app));
    }
}

#[test]
fn the_only_alias_is_meant_wherever_the_cursor_is() {
    let mut one = releases();
    one.aliases.retain(|alias| alias.name == "live");
    let mut app = at_versions_of(one, Vec::new());
    go_to(&mut app, LATEST);
    act(&mut app, Action::Weights);
    assert_eq!(weights(&app).alias.name, "live");
}
