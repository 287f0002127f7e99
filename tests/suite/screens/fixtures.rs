//! The program without a terminal, and what it is shown.

use std::{collections::BTreeMap, sync::Arc};

use jiff::{Timestamp, ToSpan};
use lambdeck::{
    app::{App, Effect, Msg, Settings, Ticket, layout::Size, msg::Connected, session::SessionState},
    cloud::{self, Identity, Kind, Spec},
    domain::{
        function::{Details, Environment, Function, Layer, Logging, State, Summary, Vpc},
        invocation::Answer,
        report::parse_report,
        secret::Secret,
        text::{sanitise, sanitise_lines},
    },
    keys,
    ui::{self, Theme},
};
use ratatui::{
    Terminal,
    backend::TestBackend,
    buffer::Buffer,
    crossterm::event::{KeyCode, KeyEvent, KeyModifiers},
};

/// What no screen may ever show.
pub(super) const CANARY: &str = "hunter2-canary";

/// Names that an attacker may choose for log groups, tags and descriptions; names of functions come from emulators.
pub(super) const HOSTILE: &str = "evil\u{1b}[31m\u{202e}name\u{200b}\r\nx";

/// The program without a terminal: keys go in, pictures come out.
pub(super) struct Screen {
    pub(super) app: App,
    pub(super) now: Timestamp,
}

impl Screen {
    pub(super) fn new(spec: Spec) -> Self {
        let now = "2026-11-20T14:03:22Z".parse().unwrap();
        let mut app = App::new(now, Settings::default(), SessionState::new(spec));
        app.start();
        Self { app, now }
    }

    /// Connected to AWS with the profile `prod`, nothing listed yet. Answers with the list's ticket too.
    pub(super) fn connected() -> (Self, Ticket) {
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
    pub(super) fn listed() -> Self {
        let (mut screen, ticket) = Self::connected();
        let effects = screen.send(Msg::FunctionsPage { ticket, functions: functions(), last: true });
        screen.answer_states(effects);
        screen
    }

    /// The Test tab of the function that is open.
    pub(super) fn test(&mut self) -> &mut lambdeck::app::function::test::TestPane {
        &mut self.app.function.as_mut().unwrap().test
    }

    pub(super) fn answer_states(&mut self, effects: Vec<Effect>) {
        for effect in effects {
            let Effect::FetchStates(ticket, names) = effect else { continue };
            for name in names {
                let state = state_of(&name);
                self.send(Msg::FunctionState(ticket, name, state));
            }
        }
    }

    /// One function, read.
    pub(super) fn opened() -> Self {
        let mut screen = Self::listed();
        screen.open();
        screen
    }

    pub(super) fn open(&mut self) {
        let effects = self.key(KeyCode::Enter);
        self.answer_function(&effects, details());
    }

    /// A function with a value that no row can hold.
    pub(super) fn long_value() -> Self {
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

    pub(super) fn answer_function(&mut self, effects: &[Effect], details: Details) {
        let ticket = effects
            .iter()
            .find_map(
                |effect| if let Effect::GetFunction { ticket, .. } = effect { Some(*ticket) } else { None },
            )
            .expect("opening reads the function");
        self.send(Msg::Function(ticket, Ok(Box::new(details))));
    }

    pub(super) fn send(&mut self, msg: Msg) -> Vec<Effect> {
        self.app.update(self.now, msg)
    }

    /// Presses a key as a terminal reports it.
    pub(super) fn key(&mut self, code: KeyCode) -> Vec<Effect> {
        self.press(KeyEvent::new(code, KeyModifiers::NONE))
    }

    pub(super) fn press(&mut self, event: KeyEvent) -> Vec<Effect> {
        match keys::lookup(&self.app.contexts(), self.app.takes_text(), event) {
            Some(action) => self.send(Msg::Action(action)),
            None => Vec::new(),
        }
    }

    pub(super) fn keys(&mut self, text: &str) -> Vec<Effect> {
        text.chars().flat_map(|character| self.key(KeyCode::Char(character))).collect()
    }

    /// Lets time pass.
    pub(super) fn wait(&mut self, seconds: f64) {
        #[allow(clippy::cast_possible_truncation)]
        let milliseconds = (seconds * 1000.0) as i64;
        self.now += milliseconds.milliseconds();
        self.send(Msg::Tick);
    }

    pub(super) fn buffer(&mut self, columns: u16, rows: u16, theme: &Theme) -> Buffer {
        let effects = self.send(Msg::Resize(Size { columns, rows }));
        self.answer_states(effects);
        let mut terminal = Terminal::new(TestBackend::new(columns, rows)).unwrap();
        terminal.draw(|frame| ui::draw(&self.app, theme, frame)).unwrap();
        terminal.backend().buffer().clone()
    }

    pub(super) fn text(&mut self, columns: u16, rows: u16) -> String {
        text(&self.buffer(columns, rows, &Theme::DEFAULT))
    }

    /// Compares with the snapshots of that name.
    pub(super) fn check(&mut self, name: &str) {
        for (columns, rows) in [(80, 24), (200, 60)] {
            let shown = self.text(columns, rows);
            assert!(!shown.contains(CANARY), "{name} shows a value");
            insta::with_settings!({ prepend_module_to_snapshot => false, snapshot_path => "../snapshots", omit_expression => true }, {
                insta::assert_snapshot!(format!("{name}_{columns}x{rows}"), shown);
            });
        }
    }
}

/// A buffer's text; blanks at the ends of lines are left out.
pub(super) fn text(buffer: &Buffer) -> String {
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

pub(super) fn prod() -> Spec {
    Spec { profile: Some("prod".into()), ..Spec::default() }
}

pub(super) fn summary(
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

pub(super) fn functions() -> Vec<Summary> {
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

pub(super) fn state_of(name: &str) -> Result<State, cloud::Error> {
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

pub(super) fn details() -> Details {
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
                ipv6: false,
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

pub(super) const LOG_TAIL: &str = "START RequestId: 8f5c6d2e-0000-4000-8000-000000000001 Version: $LATEST\n\
    2026-11-20T14:03:22.123Z\t8f5c6d2e\tINFO\tpriced 3 items\n\
    END RequestId: 8f5c6d2e-0000-4000-8000-000000000001\n\
    REPORT RequestId: 8f5c6d2e-0000-4000-8000-000000000001\tDuration: 12.34 ms\tBilled Duration: 198 ms\t\
    Memory Size: 512 MB\tMax Memory Used: 71 MB\tInit Duration: 184.91 ms\t\n";

pub(super) fn answer() -> Answer {
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
        ..Answer::default()
    }
}

/// Sends the event; the answer is still on its way.
pub(super) fn invoked(screen: &mut Screen) -> Ticket {
    screen.key(KeyCode::Char('5'));
    let effects = screen.key(KeyCode::Enter);
    effects
        .iter()
        .find_map(|effect| if let Effect::Invoke { ticket, .. } = effect { Some(*ticket) } else { None })
        .expect("enter sends the event")
}

pub(super) fn expired() -> cloud::Error {
    cloud::Error::new(
        Kind::Credentials,
        "could not list functions: The security token is expired (ExpiredTokenException)",
    )
    .with_hint("renew the credentials (with SSO: `aws sso login --profile prod`), then press r")
}
