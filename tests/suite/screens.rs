//! Every screen and overlay as text, at 80x24 and at 200x60, made by real messages through `update`.
//!
//! The snapshots are under `tests/suite/snapshots`. To take changed ones over: `INSTA_UPDATE=always cargo test --test
//! suite screens`, then read the diff.

use std::{collections::BTreeMap, sync::Arc};

use jiff::{Timestamp, ToSpan};
use lambdeck::{
    app::{Action, App, Effect, Msg, Settings, Ticket, layout::Size, msg::Connected, session::SessionState},
    cloud::{self, Identity, Kind, Spec, profiles::Profile},
    domain::{
        function::{Details, Environment, Function, Layer, Logging, State, Summary, Vpc},
        invocation::Answer,
        log_event::LogEvent,
        report::parse_report,
        secret::Secret,
        text::{sanitise, sanitise_lines},
    },
    keys, tail,
    ui::{self, Theme},
};
use ratatui::{
    Terminal,
    backend::TestBackend,
    buffer::Buffer,
    crossterm::event::{KeyCode, KeyEvent, KeyModifiers},
    style::{Color, Modifier},
};

/// What no screen may ever show.
const CANARY: &str = "hunter2-canary";

/// Names that an attacker may choose for log groups, tags and descriptions; names of functions come from emulators.
const HOSTILE: &str = "evil\u{1b}[31m\u{202e}name\u{200b}\r\nx";

/// The program without a terminal: keys go in, pictures come out.
struct Screen {
    app: App,
    now: Timestamp,
}

impl Screen {
    fn new(spec: Spec) -> Self {
        let now = "2026-11-20T14:03:22Z".parse().unwrap();
        let mut app = App::new(now, Settings::default(), SessionState::new(spec));
        app.start();
        Self { app, now }
    }

    /// Connected to AWS with the profile `prod`, nothing listed yet. Answers with the list's ticket too.
    fn connected() -> (Self, Ticket) {
        let mut screen = Self::new(prod());
        let connected = Connected {
            spec: prod(),
            region: "eu-west-1".into(),
            endpoint: None,
            identity: Some(Identity { account: Some("123456789012".into()), arn: None }),
        };
        let effects = screen.send(Msg::Connected(1, Ok(Box::new(connected))));
        let ticket = effects
            .iter()
            .find_map(|effect| if let Effect::ListFunctions(ticket) = effect { Some(*ticket) } else { None });
        (screen, ticket.expect("the list is asked for at once"))
    }

    /// The list with its functions and their states.
    fn listed() -> Self {
        let (mut screen, ticket) = Self::connected();
        let effects = screen.send(Msg::FunctionsPage { ticket, functions: functions(), last: true });
        screen.answer_states(effects);
        screen
    }

    fn answer_states(&mut self, effects: Vec<Effect>) {
        for effect in effects {
            let Effect::FetchStates(ticket, names) = effect else { continue };
            for name in names {
                let state = state_of(&name);
                self.send(Msg::FunctionState(ticket, name, state));
            }
        }
    }

    /// One function, read.
    fn opened() -> Self {
        let mut screen = Self::listed();
        screen.open();
        screen
    }

    fn open(&mut self) {
        let effects = self.key(KeyCode::Enter);
        self.answer_function(&effects, details());
    }

    /// A function with a value that no row can hold.
    fn long_value() -> Self {
        let mut screen = Self::listed();
        let effects = screen.key(KeyCode::Enter);
        let mut details = details();
        if let Some(environment) = &mut details.configuration.environment {
            let value = Secret::new(format!("{CANARY} ").repeat(30));
            environment.variables.insert("FEATURES".into(), value);
        }
        screen.answer_function(&effects, details);
        screen
    }

    fn answer_function(&mut self, effects: &[Effect], details: Details) {
        let ticket = effects
            .iter()
            .find_map(
                |effect| if let Effect::GetFunction { ticket, .. } = effect { Some(*ticket) } else { None },
            )
            .expect("opening reads the function");
        self.send(Msg::Function(ticket, Ok(Box::new(details))));
    }

    fn send(&mut self, msg: Msg) -> Vec<Effect> {
        self.app.update(self.now, msg)
    }

    /// Presses a key as a terminal reports it.
    fn key(&mut self, code: KeyCode) -> Vec<Effect> {
        self.press(KeyEvent::new(code, KeyModifiers::NONE))
    }

    fn press(&mut self, event: KeyEvent) -> Vec<Effect> {
        match keys::lookup(&self.app.contexts(), self.app.takes_text(), event) {
            Some(action) => self.send(Msg::Action(action)),
            None => Vec::new(),
        }
    }

    fn keys(&mut self, text: &str) -> Vec<Effect> {
        text.chars().flat_map(|character| self.key(KeyCode::Char(character))).collect()
    }

    /// Lets time pass.
    fn wait(&mut self, seconds: f64) {
        #[allow(clippy::cast_possible_truncation)]
        let milliseconds = (seconds * 1000.0) as i64;
        self.now += milliseconds.milliseconds();
        self.send(Msg::Tick);
    }

    fn buffer(&mut self, columns: u16, rows: u16, theme: &Theme) -> Buffer {
        let effects = self.send(Msg::Resize(Size { columns, rows }));
        self.answer_states(effects);
        let mut terminal = Terminal::new(TestBackend::new(columns, rows)).unwrap();
        terminal.draw(|frame| ui::draw(&self.app, theme, frame)).unwrap();
        terminal.backend().buffer().clone()
    }

    fn text(&mut self, columns: u16, rows: u16) -> String {
        text(&self.buffer(columns, rows, &Theme::DEFAULT))
    }

    /// Compares with the snapshots of that name.
    fn check(&mut self, name: &str) {
        for (columns, rows) in [(80, 24), (200, 60)] {
            let shown = self.text(columns, rows);
            assert!(!shown.contains(CANARY), "{name} shows a value");
            insta::with_settings!({ prepend_module_to_snapshot => false, omit_expression => true }, {
                insta::assert_snapshot!(format!("{name}_{columns}x{rows}"), shown);
            });
        }
    }
}

/// A buffer's text; blanks at the ends of lines are left out.
fn text(buffer: &Buffer) -> String {
    let columns = usize::from(buffer.area.width);
    let mut text = String::new();
    for row in buffer.content.chunks(columns) {
        let mut covered = 0;
        let mut line = String::new();
        for cell in row {
            if covered > 0 {
                covered -= 1;
                continue;
            }
            covered = unicode_width::UnicodeWidthStr::width(cell.symbol()).saturating_sub(1);
            line.push_str(cell.symbol());
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

fn prod() -> Spec {
    Spec { profile: Some("prod".into()), ..Spec::default() }
}

fn summary(
    name: &str,
    runtime: Option<&str>,
    memory_mb: u32,
    timeout_s: u32,
    size: u64,
    ago_s: i64,
) -> Summary {
    let name = sanitise(name);
    Summary {
        arn: format!("arn:aws:lambda:eu-west-1:123456789012:function:{name}").into(),
        name: name.into(),
        runtime: runtime.map(Arc::from),
        architecture: Arc::from("x86_64"),
        memory_mb,
        timeout_s,
        code_size: size,
        modified_ms: Some(
            "2026-11-20T14:03:22Z".parse::<Timestamp>().unwrap().as_millisecond() - ago_s * 1000,
        ),
        description: "".into(),
        custom_log_group: None,
        state: None,
    }
}

fn functions() -> Vec<Summary> {
    let mut first = summary("checkout-api", Some("python3.13"), 512, 30, 1_234_567, 120);
    first.description = "Takes orders, answers with their price and the time they will take".into();
    vec![
        first,
        summary("checkout-worker", Some("nodejs22.x"), 256, 900, 340_000, 3 * 86_400),
        summary("invoice-render", None, 2048, 120, 0, 40 * 86_400),
        summary("legacy-report", Some("python3.8"), 128, 3, 12_000, 700 * 86_400),
        summary(
            "native-resize-a-name-that-is-so-long-that-it-fits-nowhere",
            Some("provided.al2023"),
            10_240,
            899,
            9_900_000,
            3600,
        ),
        summary("nightly-cleanup", Some("java21"), 1024, 300, 48_000_000, 10 * 86_400),
        summary(HOSTILE, Some("ruby3.3"), 128, 3, 900, 5 * 86_400),
        summary("日本語の関数", Some("dotnet8"), 512, 15, 2_000_000, 20 * 3600),
    ]
}

fn state_of(name: &str) -> Result<State, cloud::Error> {
    let state = |state: &str, update: &str| State {
        state: Some(state.into()),
        last_update_status: Some(update.into()),
        ..State::default()
    };
    match name {
        "checkout-worker" => Ok(state("Active", "InProgress")),
        "invoice-render" => Ok(state("Inactive", "Successful")),
        "legacy-report" => Ok(State {
            last_update_status_reason: Some("The role cannot be assumed by Lambda".into()),
            ..state("Active", "Failed")
        }),
        "nightly-cleanup" => Ok(State {
            reason: Some("The subnet has no free addresses".into()),
            ..state("Failed", "Successful")
        }),
        "日本語の関数" => Err(cloud::Error::new(Kind::Denied, "denied")),
        _ => Ok(state("Active", "Successful")),
    }
}

fn details() -> Details {
    let variables = [
        ("API_KEY", CANARY.to_owned()),
        ("EMPTY", String::new()),
        ("FEATURES", format!("{{\"a\": \"{CANARY}\"}}")),
        ("STAGE", format!("prod-{CANARY}")),
    ];
    Details {
        configuration: Function {
            name: "checkout-api".into(),
            arn: "arn:aws:lambda:eu-west-1:123456789012:function:checkout-api".into(),
            runtime: Some("python3.13".into()),
            role: Some("arn:aws:iam::123456789012:role/checkout".into()),
            handler: Some("app.handler".into()),
            code_size: 1_234_567,
            description: Some(sanitise(HOSTILE).into_owned()),
            timeout_s: Some(30),
            memory_mb: Some(512),
            last_modified: Some("2026-11-20T14:01:22.000+0000".into()),
            code_sha256: Some("47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=".into()),
            version: Some("$LATEST".into()),
            vpc: Some(Vpc {
                vpc_id: "vpc-0a1b2c3d".into(),
                subnet_ids: vec!["subnet-1".into(), "subnet-2".into()],
                security_group_ids: vec!["sg-1".into()],
            }),
            environment: Some(Environment {
                variables: variables
                    .into_iter()
                    .map(|(key, value)| (key.to_owned(), Secret::new(value)))
                    .collect(),
                error: None,
            }),
            tracing: Some("PassThrough".into()),
            revision_id: Some("0f0f0f0f-1111-2222-3333-444444444444".into()),
            layers: vec![Layer {
                arn: "arn:aws:lambda:eu-west-1:123456789012:layer:shared:7".into(),
                code_size: 5_000_000,
            }],
            state: State {
                state: Some("Active".into()),
                last_update_status: Some("Successful".into()),
                ..State::default()
            },
            package_type: Some("Zip".into()),
            architectures: vec!["arm64".into()],
            ephemeral_storage_mb: Some(512),
            logging: Some(Logging {
                log_format: Some("JSON".into()),
                application_log_level: Some("INFO".into()),
                system_log_level: Some("WARN".into()),
                log_group: None,
            }),
            ..Function::default()
        },
        repository_type: Some("S3".into()),
        tags: BTreeMap::from([("team".to_owned(), "orders".to_owned())]),
        reserved_concurrency: Some(0),
        ..Details::default()
    }
}

const LOG_TAIL: &str = "START RequestId: 8f5c6d2e-0000-4000-8000-000000000001 Version: $LATEST\n\
    2026-11-20T14:03:22.123Z\t8f5c6d2e\tINFO\tpriced 3 items\n\
    END RequestId: 8f5c6d2e-0000-4000-8000-000000000001\n\
    REPORT RequestId: 8f5c6d2e-0000-4000-8000-000000000001\tDuration: 12.34 ms\tBilled Duration: 198 ms\t\
    Memory Size: 512 MB\tMax Memory Used: 71 MB\tInit Duration: 184.91 ms\t\n";

fn answer() -> Answer {
    Answer {
        status: 200,
        function_error: None,
        executed_version: Some("$LATEST".into()),
        payload: br#"{"statusCode":200,"body":{"price":12.50,"currency":"EUR","items":[1,2,3],"note":null,"express":true}}"#
            .to_vec(),
        log_tail: sanitise_lines(LOG_TAIL).into_owned(),
        report: LOG_TAIL.lines().find_map(parse_report),
        request_id: Some("8f5c6d2e-0000-4000-8000-000000000001".into()),
        elapsed_ms: 231,
    }
}

/// Sends the event; the answer is still on its way.
fn invoked(screen: &mut Screen) -> Ticket {
    screen.key(KeyCode::Char('5'));
    let effects = screen.key(KeyCode::Enter);
    effects
        .iter()
        .find_map(|effect| if let Effect::Invoke(ticket, _) = effect { Some(*ticket) } else { None })
        .expect("enter sends the event")
}

#[test]
fn functions_list() {
    Screen::listed().check("functions");
}

#[test]
fn functions_moved_and_sorted() {
    let mut screen = Screen::listed();
    screen.keys("sjj");
    screen.check("functions_by_name");
    screen.keys("Sp");
    screen.check("functions_reversed_without_preview");
}

#[test]
fn functions_filtered() {
    let mut screen = Screen::listed();
    screen.keys("/check");
    screen.check("functions_filter_typed");
    screen.key(KeyCode::Enter);
    screen.check("functions_filter_kept");
    screen.keys("/ nothing");
    screen.check("functions_filter_matches_none");
}

#[test]
fn functions_before_the_first_page() {
    Screen::new(prod()).check("connecting");
    let (mut screen, ticket) = Screen::connected();
    screen.check("functions_loading");
    screen.send(Msg::FunctionsPage { ticket, functions: functions(), last: false });
    screen.check("functions_first_page");
}

#[test]
fn functions_none() {
    let (mut screen, ticket) = Screen::connected();
    screen.send(Msg::FunctionsPage { ticket, functions: Vec::new(), last: true });
    screen.check("functions_none");
}

fn expired() -> cloud::Error {
    cloud::Error::new(
        Kind::Credentials,
        "could not list functions: The security token is expired (ExpiredTokenException)",
    )
    .with_hint("renew the credentials (with SSO: `aws sso login --profile prod`), then press r")
}

#[test]
fn functions_failed() {
    let (mut screen, ticket) = Screen::connected();
    screen.send(Msg::FunctionsFailed(ticket, expired()));
    screen.check("functions_failed");
}

#[test]
fn functions_refreshed_in_vain() {
    let mut screen = Screen::listed();
    let effects = screen.key(KeyCode::Char('r'));
    let Some(Effect::ListFunctions(ticket)) = effects.first() else { panic!("{effects:?}") };
    let ticket = *ticket;
    screen.send(Msg::FunctionsPage { ticket, functions: functions(), last: false });
    screen.check("functions_refreshing");
    screen.send(Msg::FunctionsFailed(ticket, expired()));
    screen.wait(20.0);
    screen.check("functions_not_refreshed");
}

#[test]
fn function_tabs() {
    let mut screen = Screen::opened();
    screen.check("overview");
    screen.text(80, 24);
    screen.key(KeyCode::Char('G'));
    screen.check("overview_end");
    screen.keys("3");
    screen.check("configuration");
}

#[test]
fn function_being_read_and_failing() {
    let mut screen = Screen::listed();
    let effects = screen.key(KeyCode::Enter);
    screen.check("overview_loading");
    let Some(Effect::GetFunction { ticket, .. }) = effects.first() else { panic!("{effects:?}") };
    let error = cloud::Error::new(
        Kind::Denied,
        "could not read checkout-api: not authorized to perform lambda:GetFunction",
    )
    .with_hint("ask for the permission that the message names, or switch with :profile");
    screen.send(Msg::Function(*ticket, Err(error)));
    screen.check("overview_failed");
}

#[test]
fn environment_is_masked() {
    let mut screen = Screen::opened();
    screen.keys("Ej");
    screen.check("environment");
    // The second one is empty: its value can be shown here.
    screen.keys("x");
    screen.check("environment_revealed");
}

#[test]
fn environment_reveals_only_what_was_asked_for_and_for_thirty_seconds() {
    let mut screen = Screen::opened();
    screen.keys("Ex");
    let shown = screen.text(120, 30);
    assert_eq!(shown.matches(CANARY).count(), 1, "{shown}");
    assert!(shown.contains("shown until 14:03:52"), "{shown}");
    screen.wait(30.0);
    assert!(!screen.text(120, 30).contains(CANARY));
}

#[test]
fn a_long_value_is_shown_to_its_end() {
    let mut screen = Screen::long_value();
    screen.keys("Ejjx");
    for (columns, rows) in [(80, 24), (40, 60)] {
        let shown = screen.text(columns, rows);
        assert_eq!(shown.matches(CANARY).count(), 30, "{shown}");
        assert!(shown.contains("shown until 14:03:52"), "{shown}");
    }
}

#[test]
fn environment_that_is_not_readable() {
    let mut screen = Screen::listed();
    let effects = screen.keys("E");
    let mut details = details();
    details.configuration.environment = Some(Environment {
        variables: BTreeMap::new(),
        error: Some("AccessDeniedException: Lambda was unable to decrypt your environment variables".into()),
    });
    screen.answer_function(&effects, details);
    screen.check("environment_unreadable");
}

#[test]
fn test_tab() {
    let mut screen = Screen::opened();
    screen.keys("5");
    screen.check("test_nothing_sent");
    let ticket = invoked(&mut screen);
    screen.wait(3.2);
    screen.check("test_running");
    screen.send(Msg::Invoked(ticket, Ok(Box::new(answer()))));
    screen.wait(20.0);
    screen.check("test_answered");
}

#[test]
fn test_tab_with_a_function_error() {
    let mut screen = Screen::opened();
    let ticket = invoked(&mut screen);
    let answer = Answer {
        function_error: Some("Unhandled".into()),
        payload: br#"{"errorMessage":"no price for \u001b[31m9","errorType":"KeyError","stackTrace":["  File \"/var/task/app.py\", line 7, in handler\n"]}"#.to_vec(),
        ..answer()
    };
    screen.send(Msg::Invoked(ticket, Ok(Box::new(answer))));
    screen.wait(20.0);
    screen.check("test_function_error");
}

#[test]
fn test_tab_with_an_unknown_outcome() {
    let mut screen = Screen::opened();
    let ticket = invoked(&mut screen);
    let error = cloud::Error::new(
        Kind::OutcomeUnknown,
        "could not invoke checkout-api: the connection broke (connection reset)",
    )
    .with_hint("outcome unknown: it may have run. Look at its logs before sending it again");
    screen.send(Msg::Invoked(ticket, Err(error)));
    screen.wait(20.0);
    screen.check("test_outcome_unknown");
}

#[test]
fn test_tab_being_edited() {
    let mut screen = Screen::opened();
    screen.keys("ie");
    screen.press(KeyEvent::new(KeyCode::Char('a'), KeyModifiers::CONTROL));
    screen.key(KeyCode::Down);
    screen.keys("世\u{202e}x");
    screen.send(Msg::Action(Action::Paste("\u{1b}[2J\ttab".into())));
    screen.check("test_editing");
}

#[test]
fn start_screen() {
    let mut screen = Screen::new(Spec::default());
    screen.send(Msg::NoCredentials(1));
    screen.check("start");
    let error = cloud::Error::new(Kind::Credentials, "no credentials were found")
        .with_hint("renew the credentials (with SSO: `aws sso login`), then press r");
    screen.send(Msg::Connected(1, Err(error)));
    screen.wait(20.0);
    screen.keys("j");
    screen.check("start_without_credentials");

    let mut screen = Screen::new(prod());
    let error = cloud::Error::new(Kind::Network, "could not ask who is calling: no connection (dns error)")
        .with_hint("check the network and the endpoint, then press r");
    screen.send(Msg::Connected(1, Err(error)));
    screen.wait(20.0);
    screen.check("start_failed");
}

#[test]
fn help_overlay() {
    let mut screen = Screen::listed();
    screen.keys("?");
    screen.check("help_functions");
    let mut screen = Screen::opened();
    screen.keys("5?");
    screen.check("help_test");
}

#[test]
fn command_line() {
    let mut screen = Screen::listed();
    screen.keys(":");
    screen.check("command_line");
    screen.keys("pro");
    screen.check("command_line_typed");
    screen.keys("x");
    screen.key(KeyCode::Enter);
    screen.check("command_line_problem");
}

#[test]
fn pickers() {
    let mut screen = Screen::listed();
    screen.keys(":region");
    screen.key(KeyCode::Enter);
    screen.keys("eu");
    screen.key(KeyCode::Down);
    screen.check("picker_region");
    screen.keys("-moon-1");
    screen.check("picker_region_typed");
    screen.key(KeyCode::Esc);
    screen.keys(":profile");
    let effects = screen.key(KeyCode::Enter);
    screen.check("picker_profile_loading");
    let Some(Effect::LoadProfiles(ticket)) = effects.first() else { panic!("{effects:?}") };
    let profile = |name: &str, region: Option<&str>, sso| Profile {
        name: name.into(),
        region: region.map(Into::into),
        sso,
    };
    let profiles = vec![profile("default", None, false), profile("prod", Some("eu-west-1"), true)];
    screen.send(Msg::Profiles(*ticket, Ok(profiles)));
    screen.check("picker_profile");
    screen.key(KeyCode::Enter);
    screen.check("switching");
}

#[test]
fn question() {
    let mut screen = Screen::opened();
    invoked(&mut screen);
    screen.key(KeyCode::Char('q'));
    screen.check("question_quit");
}

#[test]
fn pages() {
    let mut screen = Screen::opened();
    screen.keys("d");
    screen.check("raw_json");
    screen.key(KeyCode::Esc);
    screen.send(Msg::Trouble("the log file could not be written: no space left on device".into()));
    screen.wait(1.0);
    screen.keys("y");
    screen.check("message");
    screen.keys(":messages");
    screen.key(KeyCode::Enter);
    screen.check("messages");
}

/// Everything that shows while it is scrolled from the top to the end with one key.
fn scrolled_through(screen: &mut Screen, columns: u16, rows: u16) -> String {
    let mut seen = String::new();
    screen.text(columns, rows);
    screen.keys("g");
    for _ in 0..130 {
        seen.push_str(&screen.text(columns, rows).replace(['\n', '│', ' '], ""));
        screen.keys("j");
    }
    // Whoever is at the end is one key away from seeing something else.
    let end = screen.text(columns, rows);
    screen.keys("k");
    assert_ne!(screen.text(columns, rows), end);
    seen
}

#[test]
fn long_lines_are_readable_to_their_end() {
    let words: Vec<String> = (0..300).map(|number| format!("w{number:03}")).collect();
    let long = words.join(" ");
    let assert_all = |seen: &str| {
        for word in &words {
            assert!(seen.contains(word), "{word} is nowhere");
        }
    };

    let mut screen = Screen::opened();
    let ticket = invoked(&mut screen);
    let payload = format!(r#"{{"first":"{long}","last":[1,2,3,4,5,6,7,8,9]}}"#).into_bytes();
    screen.send(Msg::Invoked(ticket, Ok(Box::new(Answer { payload, ..answer() }))));
    assert_all(&scrolled_through(&mut screen, 60, 20));

    let mut screen = Screen::listed();
    let effects = screen.key(KeyCode::Enter);
    let mut details = details();
    details.tags.insert("words".into(), long.clone());
    screen.answer_function(&effects, details);
    assert_all(&scrolled_through(&mut screen, 60, 20));
    screen.keys("d");
    assert_all(&scrolled_through(&mut screen, 60, 20));

    let mut screen = Screen::listed();
    screen.send(Msg::Trouble(long.clone()));
    screen.keys(":messages");
    screen.key(KeyCode::Enter);
    assert_all(&scrolled_through(&mut screen, 60, 20));
}

#[test]
fn a_state_that_settles_is_shown_until_the_next_one_is_known() {
    let mut screen = Screen::listed();
    assert!(screen.text(120, 30).contains("◐ Updating"));
    screen.wait(2.0);
    let effects = screen.send(Msg::Tick);
    assert!(screen.text(120, 30).contains("◐ Updating"), "{effects:?}");
}

#[test]
fn endpoint_and_read_only_are_badges() {
    let spec =
        Spec { endpoint_url: Some("http://127.0.0.1:4566".into()), read_only: true, ..Spec::default() };
    let mut screen = Screen::new(spec.clone());
    let connected = Connected {
        spec: spec.clone(),
        region: "us-east-1".into(),
        endpoint: spec.endpoint_url.clone(),
        identity: None,
    };
    screen.send(Msg::Connected(1, Ok(Box::new(connected))));
    screen.check("endpoint_read_only");
}

/// The Logs tab of a function, and the ticket of its follow.
fn logs() -> (Screen, Ticket) {
    let mut screen = Screen::opened();
    let effects = screen.keys("l");
    let ticket = effects
        .iter()
        .find_map(|effect| if let Effect::FollowLogs { ticket, .. } = effect { Some(*ticket) } else { None });
    (screen, ticket.expect("the tab follows at once"))
}

fn log_status(state: tail::State) -> tail::Update {
    tail::Update::Status(tail::Status {
        group: "/aws/lambda/checkout-api".into(),
        state,
        calls: 9,
        events: 12,
        late: 1,
        lag_ms: Some(800),
        lookback_ms: 300_000,
    })
}

fn events(messages: &[(i64, Option<i64>, &str)]) -> tail::Update {
    let start = "2026-11-20T14:00:00Z".parse::<Timestamp>().unwrap().as_millisecond();
    let batch = messages
        .iter()
        .map(|(after_ms, late_by_ms, message)| tail::Arrival {
            event: LogEvent {
                group: "/aws/lambda/checkout-api".into(),
                stream: "2026/11/20/[$LATEST]0123456789abcdef".into(),
                id: format!("event-{after_ms:08}"),
                timestamp: start + after_ms,
                ingestion_time: start + after_ms + 40,
                message: (*message).into(),
            },
            late_by_ms: *late_by_ms,
        })
        .collect();
    tail::Update::Events { group: "/aws/lambda/checkout-api".into(), batch }
}

const TRACEBACK: &str = "[ERROR] KeyError: 'price'\rTraceback (most recent call last):\r  File \"/var/task/app.py\", \
    line 7, in handler\r    return basket['items'][0]['product']['price'] * basket['items'][0]['quantity'] + shipping(basket)\n";

fn some_events() -> tail::Update {
    let id = "8f5c6d2e-0000-4000-8000-000000000001";
    let report = format!(
        "REPORT RequestId: {id}\tDuration: 12.34 ms\tBilled Duration: 198 ms\tMemory Size: 512 MB\tMax Memory Used: 71 MB\tInit Duration: 184.91 ms\t\n"
    );
    events(&[
        (
            0,
            None,
            "INIT_START Runtime Version: python:3.13.v7\tRuntime Version ARN: arn:aws:lambda:eu-west-1::runtime:abc\n",
        ),
        (185, None, &format!("START RequestId: {id} Version: $LATEST\n")),
        (190, None, &format!("[INFO]\t2026-11-20T14:00:00.190Z\t{id}\tpriced 3 items for 12.50 EUR\n")),
        (192, Some(6_000), &format!("[WARNING]\t2026-11-20T14:00:00.192Z\t{id}\tthe cache is cold\n")),
        (
            195,
            None,
            r#"{"timestamp":"2026-11-20T14:00:00.195Z","level":"INFO","message":"as JSON","requestId":"8f5c6d2e"}"#,
        ),
        (196, None, HOSTILE),
        (197, None, TRACEBACK),
        (198, None, &format!("END RequestId: {id}\n")),
        (199, None, &report),
        (
            3_500,
            None,
            "2026-11-20T14:00:03.500Z 8f5c6d2e-0000-4000-8000-000000000002 Task timed out after 3.00 seconds\n\n",
        ),
    ])
}

#[test]
fn log_tab() {
    let (mut screen, ticket) = logs();
    screen.check("logs_reading");
    screen.send(Msg::Tail(ticket, log_status(tail::State::Live)));
    screen.send(Msg::Tail(ticket, tail::Update::HistoryDone { group: "/aws/lambda/checkout-api".into() }));
    screen.check("logs_none");
    screen.send(Msg::Tail(ticket, some_events()));
    screen.check("logs_live");
    screen.keys("w");
    screen.check("logs_wrapped");
    screen.keys("wkk ");
    screen.keys("k");
    screen.send(Msg::Tail(ticket, events(&[(9_000, None, "one more"), (9_100, None, "and another")])));
    screen.check("logs_paused");
    screen.key(KeyCode::Right);
    screen.key(KeyCode::Right);
    screen.check("logs_sideways");
}

#[test]
fn log_tab_filtered() {
    let (mut screen, ticket) = logs();
    screen.send(Msg::Tail(ticket, log_status(tail::State::Live)));
    screen.send(Msg::Tail(ticket, some_events()));
    screen.keys("!");
    screen.check("logs_errors_only");
    screen.keys("!/PRICED");
    screen.check("logs_filter_matches_none");
    for _ in 0..6 {
        screen.key(KeyCode::Backspace);
    }
    screen.keys("priced");
    screen.key(KeyCode::Enter);
    screen.check("logs_filtered");
    let buffer = screen.buffer(120, 30, &Theme::DEFAULT);
    assert!(
        style_of(&buffer, "priced 3 items").add_modifier.contains(Modifier::REVERSED),
        "the find is marked"
    );
    screen.key(KeyCode::Enter);
    screen.check("logs_event");
}

#[test]
fn log_tab_in_trouble() {
    let (mut screen, ticket) = logs();
    screen.send(Msg::Tail(ticket, log_status(tail::State::Waiting)));
    screen.check("logs_waiting");
    let message =
        "User: arn:aws:iam::123456789012:user/x is not authorized to perform: logs:FilterLogEvents".into();
    screen.send(Msg::Tail(ticket, log_status(tail::State::Denied { message })));
    screen.check("logs_denied");
    screen.send(Msg::Tail(ticket, some_events()));
    let offline = tail::State::Offline { behind_ms: 6_200, message: "no connection".into() };
    screen.send(Msg::Tail(ticket, log_status(offline)));
    let group = "/aws/lambda/checkout-api".into();
    let from_ms = "2026-11-20T14:02:00Z".parse::<Timestamp>().unwrap().as_millisecond();
    let kind = tail::GapKind::Disconnected;
    screen.send(Msg::Tail(ticket, tail::Update::Gap { group, kind, from_ms, repaired: false }));
    screen.check("logs_offline");
}

#[test]
fn a_wrapped_log_shows_the_newest_event_to_its_end_and_the_selected_one() {
    let (mut screen, ticket) = logs();
    let long = format!("{} the very end", "word ".repeat(200));
    let lines: Vec<(i64, Option<i64>, &str)> = (0..30).map(|n| (n, None, long.as_str())).collect();
    screen.text(80, 24);
    screen.send(Msg::Tail(ticket, events(&lines)));
    screen.keys("w");
    let shown = screen.text(80, 24);
    let last = shown.lines().rev().nth(1).unwrap();
    assert!(last.ends_with("the very end"), "{shown}");
    for _ in 0..30 {
        screen.keys("k");
        let shown = screen.text(80, 24);
        assert!(shown.lines().any(|line| line.starts_with('>')), "{shown}");
    }
}

#[test]
fn a_log_line_of_a_megabyte_costs_what_is_shown_of_it() {
    let (mut screen, ticket) = logs();
    let long = "x".repeat(1 << 20);
    let lines: Vec<(i64, Option<i64>, &str)> = (0..40).map(|n| (n, None, long.as_str())).collect();
    screen.send(Msg::Tail(ticket, events(&lines)));
    let start = std::time::Instant::now();
    screen.text(200, 60);
    screen.keys("w");
    screen.text(200, 60);
    // Reading 40 MB would take minutes without optimisation.
    assert!(start.elapsed() < std::time::Duration::from_secs(10));
}

/// The style of the first cell of a text on the screen.
fn style_of(buffer: &Buffer, wanted: &str) -> ratatui::style::Style {
    let columns = usize::from(buffer.area.width);
    for (y, row) in buffer.content.chunks(columns).enumerate() {
        for x in 0..columns {
            let ahead: String =
                row[x..].iter().take(wanted.chars().count()).map(ratatui::buffer::Cell::symbol).collect();
            if ahead == wanted {
                return buffer.content[y * columns + x].style();
            }
        }
    }
    panic!("{wanted:?} is not on the screen:\n{}", text(buffer));
}

#[test]
fn states_and_errors_have_colours_beside_their_words() {
    let mut screen = Screen::listed();
    let buffer = screen.buffer(120, 30, &Theme::DEFAULT);
    let foreground = |wanted: &str| style_of(&buffer, wanted).fg;
    assert_eq!(foreground("● Active"), Some(Color::Green));
    assert_eq!(foreground("◐ Updating"), Some(Color::Yellow));
    assert_eq!(foreground("✗ Failed"), Some(Color::Red));
    assert_eq!(foreground("○ Inactive"), Some(Color::Reset));
    assert_eq!(foreground("python3.8 !"), Some(Color::Yellow));
    assert_eq!(foreground("checkout-api"), Some(Color::Cyan));
    assert_eq!(foreground("checkout-worker"), Some(Color::Reset));

    let (mut screen, ticket) = Screen::connected();
    screen.send(Msg::FunctionsFailed(ticket, expired()));
    let buffer = screen.buffer(120, 30, &Theme::DEFAULT);
    assert_eq!(style_of(&buffer, "✗ could not list").fg, Some(Color::Red));
    assert_eq!(style_of(&buffer, "✗ error:").fg, Some(Color::Red));
}

/// All that there is to draw.
fn all_screens() -> Vec<Screen> {
    let mut screens = vec![Screen::new(prod()), Screen::connected().0, Screen::listed()];
    let mut add = |mut screen: Screen, keys: &str| {
        screen.keys(keys);
        screens.push(screen);
    };
    add(Screen::listed(), "/check");
    add(Screen::listed(), "/ zzz");
    add(Screen::listed(), "?");
    add(Screen::listed(), ":p");
    for tab in '1'..='9' {
        add(Screen::opened(), &tab.to_string());
    }
    add(Screen::opened(), "Ex");
    add(Screen::long_value(), "Ejjx");
    add(Screen::opened(), "ie\u{202e}世");
    add(Screen::opened(), "d");
    for keys in ["", "w", "/x", "!", "kk"] {
        let (mut screen, ticket) = logs();
        screen.send(Msg::Tail(ticket, some_events()));
        add(screen, keys);
    }
    for command in ["profile", "region", "messages"] {
        let mut screen = Screen::listed();
        screen.keys(&format!(":{command}"));
        screen.key(KeyCode::Enter);
        screens.push(screen);
    }
    for result in [Ok(Box::new(answer())), Err(expired())] {
        let mut screen = Screen::opened();
        let ticket = invoked(&mut screen);
        screen.send(Msg::Invoked(ticket, result));
        screens.push(screen);
    }
    let mut running = Screen::opened();
    invoked(&mut running);
    running.key(KeyCode::Char('q'));
    screens.push(running);
    let mut start = Screen::new(Spec::default());
    start.send(Msg::NoCredentials(1));
    screens.push(start);
    screens
}

#[test]
fn every_screen_draws_at_every_size() {
    let rows = [1, 2, 5, 6, 7, 8, 9, 10, 11, 13, 16, 24, 60];
    let sizes = rows
        .into_iter()
        .flat_map(|rows| [1, 2, 23, 24, 25, 31, 33, 57, 80, 99, 131].map(|columns| (columns, rows)))
        .chain([(500, 200), (500, 1), (1, 200), (130, 6), (24, 200)]);
    let mut screens = all_screens();
    for (columns, rows) in sizes {
        for screen in &mut screens {
            let buffer = screen.buffer(columns, rows, &Theme::DEFAULT);
            assert_eq!((buffer.area.width, buffer.area.height), (columns, rows));
        }
    }
}

#[test]
fn a_frame_of_another_size_than_the_state_knows_does_no_harm() {
    // The terminal may have been resized between the last message and the frame.
    for screen in &mut all_screens() {
        for known in [(1, 1), (200, 60)] {
            screen.send(Msg::Resize(Size { columns: known.0, rows: known.1 }));
            for (columns, rows) in [(1, 1), (24, 6), (80, 24), (200, 60)] {
                let mut terminal = Terminal::new(TestBackend::new(columns, rows)).unwrap();
                terminal.draw(|frame| ui::draw(&screen.app, &Theme::MONO, frame)).unwrap();
            }
        }
    }
}

#[test]
fn too_small_says_so() {
    let mut screen = Screen::listed();
    assert!(screen.text(23, 6).contains("too small"));
    assert!(screen.text(40, 5).contains("40x5"));
    assert!(!screen.text(24, 6).contains("too small"));
}

#[test]
fn ascii_and_mono_themes_keep_their_promise() {
    for screen in &mut all_screens() {
        let buffer = screen.buffer(100, 30, &Theme::MONO.with_ascii(true));
        for cell in &buffer.content {
            assert!(cell.symbol().is_ascii(), "{}", cell.symbol());
            assert_eq!((cell.fg, cell.bg), (Color::Reset, Color::Reset), "{}", cell.symbol());
        }
    }
}

#[test]
fn colours_are_the_terminals_own() {
    for screen in &mut all_screens() {
        for cell in &screen.buffer(100, 30, &Theme::DEFAULT).content {
            for colour in [cell.fg, cell.bg] {
                assert!(!matches!(colour, Color::Rgb(..) | Color::Indexed(_)), "{colour:?}");
            }
        }
    }
}

#[test]
fn no_screen_shows_a_value_unasked() {
    for screen in &mut all_screens() {
        let revealed = screen.app.function.as_ref().is_some_and(|view| view.environment.revealed.is_some());
        let shown = screen.text(200, 60);
        assert!(revealed || !shown.contains(CANARY), "{shown}");
    }
}
