//! Any keys in any order, over all of the program: it never panics, nothing leaves that was not agreed to, and no value
//! is seen that was not asked for.

use jiff::ToSpan;
use lambdeck::{
    app::{
        Action, App, Effect, Msg, Ticket,
        bulk::Stage,
        function::test::{Ask, Pick},
        layout::Size,
        overlay::{Overlay, PickerKind},
        prompt,
    },
    cloud::{Error, Kind},
    disk::{Over, SaveError},
    domain::{
        body::Body,
        change::{Change, Consent, Order, Permit, Written},
        compare::Comparison,
        document::diff,
        function::Details,
        invocation::{Answer, Chunk, Ending, Record, Reply, Request},
        journal::{Entry, Outcome},
        place::Place,
        release::{AccountConcurrency, Additional, Alias, Extras, Releases},
        saved_event::{Owner, SavedEvent},
        secret::Secret,
        shareable::Shareable,
    },
    keys,
    ui::{self, Theme},
};
use proptest::{
    prelude::*,
    test_runner::{Config, RngSeed},
};
use ratatui::{
    Terminal,
    backend::TestBackend,
    crossterm::event::{KeyCode, KeyEvent, KeyModifiers},
};

use crate::support::app::{details, moment, summary, with_functions};

const NAMES: [&str; 3] = ["checkout-api", "checkout-worker", "image-resizer"];
const CANARY: &str = "canary-95b1c0";
/// In events and responses: on the screen where it is looked at, and nowhere else.
const PAYLOAD: &str = "payload-41d0";

#[derive(Clone, Debug)]
enum Step {
    /// A key of the table.
    Bound(usize, usize),
    /// What is typed at questions and fields.
    Text(&'static str),
    Paste(&'static str),
    /// The n-th request that waits is answered: well, or with a kind of failure.
    Answer(usize, Option<Kind>),
    /// Somebody else changes a function.
    Other(usize),
    Resize(u16, u16),
    Click(u16, u16),
    Focus(bool),
    /// So many seconds go by.
    Wait(i64),
}

fn step() -> impl Strategy<Value = Step> {
    let texts = prop::sample::select(vec![
        "checkout-api",
        "checkout-api:live",
        "image-resizer",
        "1",
        "2",
        "3",
        "memory 512",
        "env STAGE=new",
        "history",
        "invocations",
        "console/smoke",
        "shared/one",
        "order",
        ".a",
        "/tmp/event.json",
        "live",
        "50",
        "new_key",
        "y",
        "y",
        "a=b",
        "\u{202e}é世",
    ]);
    let failures = prop::sample::select(vec![
        Kind::Stale,
        Kind::Conflict,
        Kind::OutcomeUnknown,
        Kind::Denied,
        Kind::Credentials,
        Kind::Network,
        Kind::Throttled,
    ]);
    let paste = prop::sample::select(vec!["PASTED=1\nTWO=2", "checkout-api", "not a block"]);
    prop_oneof![
        16 => (0..keys::bindings().count(), 0..3usize).prop_map(|(binding, key)| Step::Bound(binding, key)),
        5 => texts.prop_map(Step::Text),
        1 => paste.prop_map(Step::Paste),
        8 => (0..4usize).prop_map(|at| Step::Answer(at, None)),
        2 => (0..4usize, failures).prop_map(|(at, kind)| Step::Answer(at, Some(kind))),
        1 => (0..3usize).prop_map(Step::Other),
        1 => (1..160u16, 1..60u16).prop_map(|(columns, rows)| Step::Resize(columns, rows)),
        1 => (0..100u16, 0..30u16).prop_map(|(column, row)| Step::Click(column, row)),
        1 => any::<bool>().prop_map(Step::Focus),
        1 => (0..40i64).prop_map(Step::Wait),
    ]
}

struct World {
    app: App,
    functions: Vec<Details>,
    waiting: Vec<Effect>,
    journal: Vec<Entry>,
    sent: usize,
    invoked: usize,
    revisions: u32,
}

impl World {
    fn new() -> Self {
        let rows = NAMES.map(|name| summary(name, "python3.13", 512, 1));
        let functions = NAMES.map(|name| {
            let mut details = details(name);
            details.configuration.revision_id = Some("r0".into());
            let environment = details.configuration.environment.as_mut().unwrap();
            for value in environment.variables.values_mut() {
                *value = Secret::new(CANARY);
            }
            details
        });
        Self {
            app: with_functions((100, 30), rows.to_vec()),
            functions: functions.to_vec(),
            waiting: Vec::new(),
            journal: Vec::new(),
            sent: 0,
            invoked: 0,
            revisions: 0,
        }
    }

    fn details(&mut self, name: &str) -> Option<&mut Details> {
        self.functions.iter_mut().find(|details| details.configuration.name == name)
    }

    /// What may leave when this message is taken.
    fn agreed(&self, msg: &Msg) -> Option<Order> {
        match (&self.app.overlay, msg) {
            (Some(Overlay::Review(review)), Msg::Action(Action::Yes)) if review.typed.is_none() => {
                Some(review.order.clone())
            }
            (Some(Overlay::Review(review)), Msg::Action(Action::Open))
                if review.typed.as_deref() == Some(review.field.text().trim()) =>
            {
                Some(review.order.clone())
            }
            _ => None,
        }
    }

    /// Whether this message is the key that sends an event.
    fn sends(&self, msg: &Msg) -> bool {
        match msg {
            Msg::Action(Action::Send | Action::SendAgain) => true,
            Msg::Action(Action::Open) => match &self.app.overlay {
                Some(Overlay::Picker(picker)) => {
                    matches!(picker.kind, PickerKind::Test(Pick::Elsewhere(_)))
                }
                Some(Overlay::Prompt(prompt)) => {
                    matches!(prompt.then, prompt::Then::Test(Ask::Elsewhere(_)))
                }
                _ => false,
            },
            _ => false,
        }
    }

    /// Whether a plan's count was typed before.
    fn is_planned(&self, permit: &Permit) -> bool {
        let bulk = self.app.bulk.as_ref();
        matches!(&permit.consent, Consent::Bulk { typed, .. }
            if bulk.is_some_and(|bulk| *typed == bulk.phrase
                && matches!(bulk.stage, Stage::Applying | Stage::Stopping | Stage::Over)))
    }

    fn send(&mut self, msg: Msg) {
        let agreed = self.agreed(&msg);
        let sends = self.sends(&msg);
        let yes = matches!(msg, Msg::Action(Action::Yes));
        let effects = self.app.update(self.app.now, msg);
        for effect in effects {
            let copied = matches!(effect, Effect::Copy(_));
            assert!(copied || !format!("{effect:?}").contains(PAYLOAD));
            match &effect {
                Effect::Invoke { place, at, .. } => {
                    assert!(sends && **place == self.app.place().unwrap() && *at == self.app.now);
                    self.invoked += 1;
                }
                Effect::DeleteEvent(..) | Effect::ExportEvent { overwrite: true, .. } => {
                    assert!(yes, "{effect:?}");
                }
                Effect::SaveEvent(_, event) => assert!(yes || event.over != Over::Always, "{effect:?}"),
                _ => {}
            }
            if let Effect::Write(_, order, permit) = &effect {
                let may = agreed.as_ref() == Some(&**order) || self.is_planned(permit);
                assert!(may, "nobody agreed to {order:?}");
                assert_eq!(permit.function, order.function);
                self.sent += 1;
            }
            let lives = !matches!(
                effect,
                Effect::Copy(_) | Effect::Suspend | Effect::StopLogs(_) | Effect::StopObserving(_)
            );
            if lives {
                self.waiting.push(effect);
            }
        }
        // Quitting is a decision like any other.
        self.app.exit = None;
    }

    fn answer(&mut self, at: usize, failure: Option<Kind>) {
        if at >= self.waiting.len() {
            return;
        }
        let effect = self.waiting.remove(at);
        let error = failure.map(|kind| Error::new(kind, "it failed"));
        let result = |value| error.clone().map_or(Ok(value), Err);
        match effect {
            Effect::GetFunction { ticket, name, .. } => {
                let Some(details) = self.details(&name).cloned() else { return };
                self.send(Msg::Function(ticket, error.map_or(Ok(Box::new(details)), Err)));
            }
            Effect::Observe { ticket, names, .. } => {
                for name in names {
                    let Some(details) = self.details(&name).cloned() else { continue };
                    self.send(Msg::Observed(ticket, name, error.clone().map_or(Ok(Box::new(details)), Err)));
                }
            }
            Effect::GetLogRetention(ticket, groups) => {
                for (name, _) in groups {
                    self.send(Msg::LogRetention(ticket, name, error.clone().map_or(Ok(None), Err)));
                }
            }
            Effect::Write(ticket, order, _) => self.write(ticket, &order, error),
            Effect::GetReleases(ticket, name) => {
                let mut versions: Vec<_> = Vec::new();
                for number in ["$LATEST", "3", "2", "1"] {
                    let Some(details) = self.details(&name) else { return };
                    let mut version = details.configuration.clone();
                    version.version = Some(number.into());
                    versions.push(version);
                }
                let live = Alias {
                    name: "live".into(),
                    version: "3".into(),
                    additional: Some(Additional { version: "2".into(), weight: 0.1 }),
                    revision_id: Some("a0".into()),
                    ..Alias::default()
                };
                let releases = Releases { versions, aliases: vec![live], provisioned: Ok(Vec::new()) };
                self.send(Msg::Releases(ticket, result(()).map(|()| Box::new(releases))));
            }
            Effect::GetExtras(ticket, _) => {
                let extras = Extras {
                    account: Ok(AccountConcurrency { limit: 1000, unreserved: 900 }),
                    event_invoke: Ok(Vec::new()),
                    provisioned: Err("denied".into()),
                };
                self.send(Msg::Extras(ticket, Box::new(extras)));
            }
            Effect::Compare(ticket, _) => {
                self.send(Msg::Compared(ticket, result(()).map(|()| Box::new(Comparison::default()))));
            }
            Effect::ReadJournal(ticket) => {
                let entries = self.journal.clone();
                self.send(Msg::Journal(
                    ticket,
                    if failure.is_some() { Err("broken".into()) } else { Ok(entries) },
                ));
            }
            Effect::FetchStates(ticket, names) => {
                for name in names {
                    let Some(details) = self.details(&name) else { continue };
                    let state = details.configuration.state.clone();
                    self.send(Msg::FunctionState(ticket, name, Ok(state)));
                }
            }
            effect => self.answer_workbench(effect, error),
        }
    }

    /// What the Test tab and all that opens from it asks for.
    fn answer_workbench(&mut self, effect: Effect, error: Option<Error>) {
        let payload = format!("{{\"a\":[\"{PAYLOAD}\",1.50,{{}}],\"b\":\"{PAYLOAD}\"}}");
        let told = error.as_ref().map(ToString::to_string);
        let stored = |done: &str| match &error {
            None => Ok(done.to_owned()),
            Some(error) if error.kind == Kind::Stale => Err(SaveError::Changed("it".into())),
            Some(error) if error.kind == Kind::Conflict => Err(SaveError::Exists("it".into())),
            Some(error) => Err(SaveError::Failed(error.to_string())),
        };
        match effect {
            Effect::Invoke { ticket, .. } => {
                if self.invoked.is_multiple_of(2) {
                    let bytes = payload.clone().into_bytes();
                    self.send(Msg::Streamed(ticket, Chunk { bytes, at_ms: 5 }));
                }
                let function_error = self.invoked.is_multiple_of(3).then(|| "Unhandled".to_owned());
                let answer = Answer {
                    status: 200,
                    payload: format!("{{\"errorMessage\":{payload}}}").into_bytes(),
                    function_error,
                    log_tail: PAYLOAD.into(),
                    ..Answer::default()
                };
                self.send(Msg::Invoked(ticket, error.map_or_else(|| Ok(Box::new(Reply::read(answer))), Err)));
            }
            Effect::Look(ticket, _) => {
                let made = Box::new((String::from("made"), Body::read(payload.into_bytes())));
                self.send(Msg::Looked(ticket, told.map_or(Ok(made), Err)));
            }
            Effect::Diff(ticket, before, after) => {
                let found = match (before.document(), after.document()) {
                    (Some(before), Some(after)) => diff::diff(before, after, 10),
                    _ => diff::Differences::default(),
                };
                self.send(Msg::Diffed(ticket, told.map_or(Ok(found), Err)));
            }
            Effect::ListEvents(ticket, function) => {
                let event = |owner: Owner, name: &str| SavedEvent {
                    owner,
                    name: name.into(),
                    bytes: 9,
                    modified: moment(),
                };
                let events =
                    vec![event(Owner::Function(function), "order"), event(Owner::Shared, "one \u{202e}")];
                self.send(Msg::Events(ticket, told.map_or(Ok(events), Err)));
            }
            Effect::GetShareable(ticket, _) => {
                let shareable = Shareable {
                    events: vec![("smoke".into(), payload.into()), ("\u{1b}[2J".into(), "1".into())],
                    version: Some("1".into()),
                    others: 0,
                };
                self.send(Msg::Shareable(ticket, error.map_or_else(|| Ok(Box::new(shareable)), Err)));
            }
            Effect::ReadEvent(ticket, _, name) => {
                self.send(Msg::EventRead(ticket, told.map_or_else(|| Ok((name, payload.into())), Err)));
            }
            Effect::ImportEvent(ticket, _) => {
                let read = ("imported".to_owned(), payload.into());
                self.send(Msg::EventRead(ticket, told.map_or(Ok(read), Err)));
            }
            Effect::SaveEvent(ticket, _) => self.send(Msg::EventStored(ticket, stored("saved"))),
            Effect::RenameEvent(ticket, _) => self.send(Msg::EventStored(ticket, stored("renamed"))),
            Effect::DeleteEvent(ticket, ..) => self.send(Msg::EventStored(ticket, stored("deleted"))),
            Effect::ExportEvent { ticket, .. } => self.send(Msg::EventStored(ticket, stored("written"))),
            Effect::ReadInvocations(ticket) => {
                let record = |minutes: i64, place: Place, kept: bool| {
                    let request = Request { function: NAMES[0].into(), ..Request::default() };
                    let at = moment() - minutes.minutes();
                    let mut record = Record::of(at, place, &request, None, Ending::Unknown);
                    record.payload = kept.then(|| std::sync::Arc::new(payload.clone().into()));
                    record.response.clone_from(&record.payload);
                    record
                };
                let here = self.app.place().unwrap();
                let records = vec![
                    record(9, Place::default(), true),
                    record(8, here.clone(), false),
                    record(7, here, true),
                ];
                self.send(Msg::InvocationsRead(ticket, told.map_or(Ok(records), Err)));
            }
            _ => {}
        }
    }

    fn write(&mut self, ticket: Ticket, order: &Order, error: Option<Error>) {
        let unknown = error.as_ref().is_some_and(|error| error.kind == Kind::OutcomeUnknown);
        if error.is_none() || (unknown && self.sent.is_multiple_of(2)) {
            self.revisions += 1;
            let revision = format!("r{}", self.revisions);
            if let Some(details) = self.details(&order.function) {
                details.configuration.revision_id = Some(revision);
                if let Change::Environment { after, .. } = &order.change {
                    details.configuration.environment.as_mut().unwrap().variables = after.clone();
                }
            }
        }
        let place = self.app.place().unwrap();
        let mut entry = Entry::begin(self.sent.to_string(), moment(), &place, order);
        entry.outcome = if error.is_none() { Outcome::Done } else { Outcome::Unknown };
        self.journal.push(entry);
        self.send(Msg::Written(ticket, error.map_or_else(|| Ok(Box::new(Written::default())), Err)));
    }

    fn press(&mut self, key: KeyEvent) {
        if let Some(action) = keys::lookup(&self.app.contexts(), self.app.takes_text(), key) {
            self.send(Msg::Action(action));
        }
    }

    fn step(&mut self, step: &Step) {
        match step {
            Step::Bound(binding, key) => {
                let keys = keys::bindings().nth(*binding).unwrap().keys;
                self.press(keys[key % keys.len()].into());
            }
            Step::Text(text) => {
                for character in text.chars() {
                    self.press(KeyEvent::new(KeyCode::Char(character), KeyModifiers::NONE));
                }
            }
            Step::Paste(text) if self.app.takes_paste() => {
                self.send(Msg::Action(Action::Paste((*text).into())));
            }
            Step::Paste(_) => {}
            Step::Answer(at, failure) => self.answer(*at, *failure),
            Step::Other(at) => {
                self.revisions += 1;
                let revision = format!("other-{}", self.revisions);
                let configuration = &mut self.functions[*at].configuration;
                let value = Secret::new(format!("{CANARY}-{revision}"));
                configuration.environment.as_mut().unwrap().variables.insert("STAGE".into(), value);
                configuration.revision_id = Some(revision);
            }
            Step::Resize(columns, rows) => self.send(Msg::Resize(Size { columns: *columns, rows: *rows })),
            Step::Click(column, row) => self.send(Msg::Action(Action::DoubleClick(*column, *row))),
            Step::Focus(gained) => self.send(Msg::Focus(*gained)),
            Step::Wait(seconds) => {
                let now = self.app.now + seconds.seconds();
                self.app.update(now, Msg::Tick);
            }
        }
        self.look();
    }

    /// Draws the screen: a value may be on it only where it is revealed or edited.
    fn look(&self) {
        let Size { columns, rows } = self.app.size;
        let mut terminal = Terminal::new(TestBackend::new(columns, rows)).unwrap();
        terminal.draw(|frame| ui::draw(&self.app, &Theme::DEFAULT, frame)).unwrap();
        let shown: String =
            terminal.backend().buffer().content.iter().map(ratatui::buffer::Cell::symbol).collect();
        let asked =
            self.app.function.as_ref().is_some_and(|view| {
                view.environment.revealed.is_some() || view.environment.editing.is_some()
            }) || self
                .app
                .beneath
                .iter()
                .chain(&self.app.overlay)
                .any(|overlay| matches!(overlay, Overlay::TextEditor(_) | Overlay::Merge(_)));
        assert!(asked || !shown.contains(CANARY), "{:?}", self.app.overlay);
    }
}

proptest! {
    #![proptest_config(Config {
        cases: 256,
        rng_seed: RngSeed::Fixed(20_261_120),
        failure_persistence: None,
        ..Config::default()
    })]
    #[test]
    fn never_panic_and_never_write_without_a_confirmation(steps in prop::collection::vec(step(), 1..120)) {
        let mut world = World::new();
        for step in &steps {
            world.step(step);
        }
        let told = format!("{:?}", world.app);
        prop_assert!(!told.contains(CANARY) && !told.contains(PAYLOAD), "{}", told);
        let journal = serde_json::to_string(&world.journal).unwrap();
        prop_assert!(!journal.contains(CANARY) && !journal.contains(PAYLOAD));
    }
}

#[test]
fn the_world_lets_changes_through_that_were_agreed_to() {
    let mut world = World::new();
    let key = |code| Step::Text(code);
    let press = |world: &mut World, code, modifiers| world.press(KeyEvent::new(code, modifiers));
    for step in [key("E"), Step::Answer(0, None), Step::Answer(0, None), key("e"), key("x")] {
        world.step(&step);
    }
    press(&mut world, KeyCode::Char('s'), KeyModifiers::CONTROL);
    assert_eq!(world.sent, 0);
    world.step(&key("y"));
    assert_eq!(world.sent, 1, "{:?} {:?}", world.app.overlay, world.app.messages.log);
}

/// Walks that begin in the workbench: by themselves few ever get there.
#[derive(Clone, Copy, Debug)]
enum Begin {
    Answer,
    Invocations,
    Events,
}

impl World {
    /// A world in which something was sent and answered, with one of the overlays open.
    fn at_workbench(begin: Begin) -> Self {
        let mut world = Self::new();
        world.step(&Step::Text("i"));
        world.answer(0, None);
        for _ in 0..2 {
            world.press(KeyEvent::new(KeyCode::Enter, KeyModifiers::NONE));
            let sent = world.waiting.iter().position(|effect| matches!(effect, Effect::Invoke { .. }));
            world.answer(sent.expect("it was sent"), None);
            let later = world.app.now + 2.seconds();
            world.app.update(later, Msg::Tick);
        }
        world.step(&Step::Text(match begin {
            Begin::Answer => "o",
            Begin::Invocations => "h",
            Begin::Events => "t",
        }));
        world
    }
}

proptest! {
    #![proptest_config(Config {
        cases: 192,
        rng_seed: RngSeed::Fixed(20_261_121),
        failure_persistence: None,
        ..Config::default()
    })]
    #[test]
    fn the_workbench_sends_and_deletes_nothing_by_itself(
        begin in prop::sample::select(vec![Begin::Answer, Begin::Invocations, Begin::Events]),
        steps in prop::collection::vec(step(), 1..60),
    ) {
        let mut world = World::at_workbench(begin);
        for step in &steps {
            world.step(step);
        }
        let told = format!("{:?}", world.app);
        prop_assert!(!told.contains(CANARY) && !told.contains(PAYLOAD), "{}", told);
    }
}
