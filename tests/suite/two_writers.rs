//! Two people edit the same function's environment at once, in any order of steps: no update is lost without having
//! been shown to the one who wrote over it.
//!
//! Both drive the real state (`App::update`) and the real door (`Session::write`); only the loop is left out, so that
//! chance decides which answer arrives when.

use std::collections::{BTreeMap, VecDeque};

use aws_sdk_lambda::{
    primitives::Blob,
    types::{Environment, FunctionCode, Runtime},
};
use lambdeck::{
    app::{Action, App, Effect, Msg, Settings, draft::Draft, layout::Size, msg::Connected, overlay::Overlay},
    cloud::{Kind, Session, Spec},
    domain::{
        change::{Change, Variables},
        merge::Side,
        secret::Secret,
    },
    local::Engine,
};

use crate::support::{
    app::{act, moment},
    emulators::{Emulator, ministack},
    engine::{self, client, options},
    random::Random,
    zip_of,
};

const FUNCTION: &str = "shared";
const KEYS: [&str; 4] = ["ALPHA", "BETA", "GAMMA", "DELTA"];

/// What somebody wants a variable to be; none: gone.
type Wishes = BTreeMap<String, Option<Secret>>;

/// One person at a terminal.
struct Desk {
    app: App,
    session: Session,
    /// Effects that were not carried out yet.
    waiting: VecDeque<Effect>,
    /// What was typed and is not saved.
    wishes: Wishes,
    saved: usize,
    stale: usize,
    asked: usize,
}

impl Desk {
    async fn open(spec: &Spec, session: Session) -> Self {
        let mut app =
            App::new(moment(), Settings::default(), lambdeck::app::session::SessionState::new(spec.clone()));
        app.update(moment(), Msg::Resize(Size { columns: 100, rows: 30 }));
        let [Effect::Connect { epoch, .. }] = app.start()[..] else { panic!("the start connects") };
        let connected = Connected {
            spec: spec.clone(),
            region: session.region().to_owned(),
            endpoint: session.endpoint().map(str::to_owned),
            identity: Some(session.identity().await.unwrap()),
        };
        app.update(moment(), Msg::Connected(epoch, Ok(Box::new(connected))));
        act(&mut app, Action::CommandLine);
        crate::support::app::type_text(&mut app, &format!("open {FUNCTION}"));
        let mut waiting = VecDeque::from(act(&mut app, Action::Open));
        waiting.extend(act(&mut app, Action::Environment));
        Self { app, session, waiting, wishes: Wishes::new(), saved: 0, stale: 0, asked: 0 }
    }

    fn act(&mut self, action: Action) {
        let effects = act(&mut self.app, action);
        self.waiting.extend(effects);
    }

    fn draft(&mut self) -> Option<&mut Draft<String, Secret>> {
        self.app.function.as_mut()?.environment.draft.as_mut()
    }

    /// Changes a variable as the tab does.
    fn edit(&mut self, key: &str, value: Option<Secret>) {
        let Some(view) = self.app.function.as_mut() else { return };
        let Some(details) = &view.details.value else { return };
        let read = details.configuration.environment.clone().unwrap_or_default().variables;
        let revision = details.configuration.revision_id.clone();
        let draft = view.environment.draft.get_or_insert_with(|| Draft::new(read, revision));
        match &value {
            Some(value) => _ = draft.mine.insert(key.into(), value.clone()),
            None => _ = draft.mine.remove(key),
        }
        self.wishes.insert(key.into(), value);
    }

    /// Decides a merge by chance. What is given up that way was shown.
    fn decide(&mut self, random: &mut Random) {
        let Some(Overlay::Merge(merging)) = &self.app.overlay else { return };
        let lambdeck::app::merging::Subject::Environment { rows, .. } = &merging.subject else { return };
        let collisions: Vec<(usize, String)> = rows
            .iter()
            .enumerate()
            .filter(|(_, row)| row.side().is_none())
            .map(|(at, row)| (at, row.key.clone()))
            .collect();
        let count = rows.len();
        self.asked += collisions.len();
        for _ in 0..count {
            self.act(Action::Up);
        }
        let mut chosen = BTreeMap::new();
        for at in 0..count {
            if let Some((_, key)) = collisions.iter().find(|(row, _)| *row == at) {
                let side = if random.chance(50) { Side::Mine } else { Side::Theirs };
                self.act(if side == Side::Mine { Action::Mine } else { Action::Theirs });
                chosen.insert(key.clone(), side);
            }
            self.act(Action::Down);
        }
        self.act(Action::Save);
        for (key, side) in chosen {
            if side == Side::Theirs {
                self.wishes.remove(&key);
            }
        }
    }

    /// Carries out the next effect against the endpoint, and hands in what comes of it.
    async fn deliver(&mut self, sdk: &aws_sdk_lambda::Client) {
        let Some(effect) = self.waiting.pop_front() else { return };
        let message = match effect {
            Effect::GetFunction { ticket, name, .. } => {
                Msg::Function(ticket, self.session.get_function(&name, None).await.map(Box::new))
            }
            Effect::Observe { ticket, names, .. } => {
                let name = names[0].clone();
                let details = self.session.observe(&name).await;
                Msg::Observed(ticket, name, details.map(Box::new))
            }
            Effect::Write(ticket, order, permit) => {
                let Change::Environment { before, after } = order.change.clone() else { panic!("{order:?}") };
                let there = variables(sdk).await;
                let result = self.session.write(&order, &permit).await;
                let now = variables(sdk).await;
                match &result {
                    Ok(_) => {
                        self.saved += 1;
                        assert_eq!(
                            names_of(&there, &before),
                            Vec::<&str>::new(),
                            "written over what was not shown"
                        );
                        assert!(now == after, "what was agreed to is there");
                        // What is saved is no wish any more, unless it was changed again since.
                        self.wishes.retain(|key, wish| after.get(key) != wish.as_ref());
                    }
                    Err(error) => {
                        assert!(matches!(error.kind, Kind::Stale | Kind::Conflict), "{error}");
                        self.stale += usize::from(error.kind == Kind::Stale);
                        assert!(now == there, "a refused change changes nothing");
                    }
                }
                Msg::Written(ticket, result.map(Box::new))
            }
            _ => return,
        };
        let effects = self.app.update(moment(), message);
        self.waiting.extend(effects);
    }

    /// Every wish is in the draft, or in what was read.
    fn check(&mut self) {
        let wishes = self.wishes.clone();
        let read = self
            .app
            .function
            .as_ref()
            .and_then(|view| view.details.value.as_ref())
            .map(|details| details.configuration.environment.clone().unwrap_or_default().variables)
            .unwrap_or_default();
        let (base, mine) = self
            .draft()
            .map_or_else(|| (read.clone(), read.clone()), |draft| (draft.base.clone(), draft.mine.clone()));
        for (key, wish) in wishes {
            assert!(mine.get(&key) == wish.as_ref(), "{key} was typed and is nowhere");
        }
        // What is there already is no change: whoever changes it later takes nothing away.
        self.wishes.retain(|key, wish| base.get(key) != wish.as_ref());
    }

    async fn step(&mut self, random: &mut Random, sdk: &aws_sdk_lambda::Client) {
        match random.below(10) {
            0..=4 => self.deliver(sdk).await,
            5 | 6 => {
                let key = KEYS[usize::try_from(random.below(4)).unwrap()];
                let value = random.chance(80).then(|| Secret::new(format!("v{}", random.below(1000))));
                if self.app.overlay.is_none() {
                    self.edit(key, value);
                }
            }
            7 | 8 => match &self.app.overlay {
                None => self.act(Action::Save),
                Some(Overlay::Review(_)) => self.act(Action::Yes),
                Some(Overlay::Merge(_)) => self.decide(random),
                other => panic!("{other:?}"),
            },
            _ => match &self.app.overlay {
                None => self.act(Action::Refresh),
                Some(_) if random.chance(30) => self.act(Action::Back),
                Some(_) => {}
            },
        }
        self.check();
    }
}

/// The keys whose values differ.
fn names_of<'m>(one: &'m Variables, other: &'m Variables) -> Vec<&'m str> {
    one.keys()
        .chain(other.keys())
        .filter(|key| one.get(*key) != other.get(*key))
        .map(String::as_str)
        .collect()
}

/// What is there, asked past all of this program.
async fn variables(sdk: &aws_sdk_lambda::Client) -> Variables {
    let answer = sdk.get_function_configuration().function_name(FUNCTION).send().await.unwrap();
    let environment = answer.environment().and_then(|environment| environment.variables());
    environment.into_iter().flatten().map(|(key, value)| (key.clone(), Secret::new(value.as_str()))).collect()
}

async fn create(sdk: &aws_sdk_lambda::Client, role: &str) {
    let code =
        FunctionCode::builder().zip_file(Blob::new(zip_of(&[("index.py", "def handler(e, c): return e")])));
    sdk.create_function()
        .function_name(FUNCTION)
        .runtime(Runtime::Python313)
        .handler("index.handler")
        .role(role)
        .code(code.build())
        .environment(Environment::builder().variables("ALPHA", "first").build())
        .send()
        .await
        .unwrap();
    for _ in 0..1000 {
        let state = sdk.get_function_configuration().function_name(FUNCTION).send().await.unwrap();
        if state.state().is_none_or(|state| state.as_str() == "Active") {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
}

/// So many runs of so many steps. Answers how often was saved, refused as stale, and asked for.
async fn interleave(spec: &Spec, sdk: &aws_sdk_lambda::Client, seeds: std::ops::Range<u64>) -> [usize; 3] {
    let mut totals = [0; 3];
    let sessions = [Session::open(spec).await.unwrap(), Session::open(spec).await.unwrap()];
    for seed in seeds {
        let mut random = Random(seed);
        let [first, second] = sessions.clone();
        let mut desks = vec![Desk::open(spec, first).await, Desk::open(spec, second).await];
        for desk in &mut desks {
            while !desk.waiting.is_empty() {
                desk.deliver(sdk).await;
            }
        }
        for _ in 0..40 {
            let desk = usize::from(random.chance(50));
            desks[desk].step(&mut random, sdk).await;
        }
        for desk in &desks {
            let counts = [desk.saved, desk.stale, desk.asked];
            for (total, count) in totals.iter_mut().zip(counts) {
                *total += count;
            }
        }
    }
    totals
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_the_local_engine() {
    let engine = Engine::start(options()).await.unwrap();
    let (spec, sdk) = (engine::spec(&engine), client(&engine));
    create(&sdk, "arn:aws:iam::123456789012:role/test").await;
    let [saved, stale, asked] = interleave(&spec, &sdk, 0..1000).await;
    // The runs are worth something only where people get into each other's way.
    assert!(saved > 500 && stale > 50 && asked > 20, "{saved} saved, {stale} stale, {asked} asked");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_ministack() {
    let Some(emulator) = ministack() else { return };
    // A region of its own for each test: the emulator is shared.
    on_emulator(emulator, "eu-north-1", 60).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "takes minutes: cargo test --test suite two_writers -- --ignored"]
async fn on_ministack_at_length() {
    let Some(emulator) = ministack() else { return };
    on_emulator(emulator, "eu-south-1", 1000).await;
}

async fn on_emulator(emulator: &Emulator, region: &'static str, runs: u64) {
    let sdk = aws_sdk_lambda::Client::new(&emulator.sdk_config(region));
    create(&sdk, &emulator.role()).await;
    let [saved, stale, asked] = interleave(&emulator.spec(region), &sdk, 0..runs).await;
    let runs = usize::try_from(runs).unwrap();
    let met = saved > runs / 2 && stale > runs / 20 && asked > runs / 100;
    assert!(met, "{saved} saved, {stale} stale, {asked} asked");
}
