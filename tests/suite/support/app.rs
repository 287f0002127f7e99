//! A state to test with: connected, with functions, at a fixed moment.

use jiff::{Timestamp, ToSpan};
use lambdeck::{
    app::{Action, App, Effect, Msg, Settings, Ticket, layout::Size, msg::Connected, session::SessionState},
    cloud::{Identity, Spec},
    domain::{
        function::{Details, Environment, Function, State, Summary},
        secret::Secret,
    },
};

/// The moment at which tests begin.
pub fn moment() -> Timestamp {
    "2026-11-20T14:03:22Z".parse().unwrap()
}

/// A row of the list. `age` counts hours since its last change.
pub fn summary(name: &str, runtime: &str, memory_mb: u32, age: i64) -> Summary {
    Summary {
        name: name.into(),
        arn: format!("arn:aws:lambda:eu-west-1:123456789012:function:{name}").into(),
        runtime: Some(runtime.into()),
        architecture: "x86_64".into(),
        memory_mb,
        timeout_s: 30,
        code_size: 1_234_567,
        modified_ms: Some((moment() - age.hours()).as_millisecond()),
        description: format!("What {name} is for").into(),
        custom_log_group: None,
        state: None,
    }
}

/// A state that is active and settled.
pub fn active() -> State {
    State { state: Some("Active".into()), last_update_status: Some("Successful".into()), ..State::default() }
}

/// All that GetFunction tells of a function, with two variables.
pub fn details(name: &str) -> Details {
    Details {
        configuration: Function {
            name: name.into(),
            arn: format!("arn:aws:lambda:eu-west-1:123456789012:function:{name}"),
            runtime: Some("python3.13".into()),
            handler: Some("app.handler".into()),
            role: Some("arn:aws:iam::123456789012:role/checkout".into()),
            code_size: 1_234_567,
            memory_mb: Some(512),
            timeout_s: Some(30),
            last_modified: Some("2026-11-20T12:03:22.000+0000".into()),
            version: Some("$LATEST".into()),
            package_type: Some("Zip".into()),
            architectures: vec!["arm64".into()],
            environment: Some(Environment {
                variables: [("STAGE", "live"), ("TOKEN", CANARY)]
                    .map(|(key, value)| (key.to_owned(), Secret::new(value)))
                    .into(),
                error: None,
            }),
            state: active(),
            ..Function::default()
        },
        tags: [("team".to_owned(), "shop".to_owned())].into(),
        ..Details::default()
    }
}

/// A value that may be seen only where it was revealed.
pub const CANARY: &str = "canary-7f3a";

/// A state of which nothing is known yet.
pub fn fresh(size: (u16, u16)) -> App {
    let mut app = App::new(moment(), Settings::default(), SessionState::new(Spec::default()));
    app.update(moment(), Msg::Resize(Size { columns: size.0, rows: size.1 }));
    app
}

/// A session as it is told.
pub fn session(profile: &str, region: &str) -> Box<Connected> {
    Box::new(Connected {
        spec: Spec { profile: Some(profile.into()), ..Spec::default() },
        region: region.into(),
        endpoint: None,
        identity: Some(Identity {
            account: Some("123456789012".into()),
            arn: Some("arn:aws:iam::123456789012:user/ops".into()),
        }),
    })
}

/// A connected state; answers with it and the ticket of its list.
pub fn connected(size: (u16, u16)) -> (App, Ticket) {
    let mut app = fresh(size);
    let epoch = match app.start().as_slice() {
        [Effect::Connect { epoch, .. }] => *epoch,
        other => panic!("the start connects: {other:?}"),
    };
    let effects = app.update(moment(), Msg::Connected(epoch, Ok(session("prod", "eu-west-1"))));
    match effects.as_slice() {
        [Effect::ListFunctions(ticket)] => (app, *ticket),
        other => panic!("a session begins with the list: {other:?}"),
    }
}

/// A connected state with these functions.
pub fn with_functions(size: (u16, u16), functions: Vec<Summary>) -> App {
    let (mut app, ticket) = connected(size);
    app.update(moment(), Msg::FunctionsPage { ticket, functions, last: true });
    app
}

/// Does something.
pub fn act(app: &mut App, action: Action) -> Vec<Effect> {
    app.update(app.now, Msg::Action(action))
}

/// Reads what came up by itself, as long as that takes.
pub fn look(app: &mut App) {
    app.update(app.now + 1.seconds(), Msg::Tick);
}

/// Types a text.
pub fn type_text(app: &mut App, text: &str) -> Vec<Effect> {
    use tui_textarea::{Input, Key};
    text.chars()
        .flat_map(|c| {
            act(app, Action::Text(Input { key: Key::Char(c), ctrl: false, alt: false, shift: false }))
        })
        .collect()
}
