//! Turns effects into tasks, and their results into messages.

mod desk;

use std::{
    collections::HashMap,
    future::Future,
    pin::Pin,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use futures_util::StreamExt;
use tokio::{
    sync::mpsc,
    task::{JoinError, JoinHandle},
};
use tokio_util::sync::{CancellationToken, DropGuard};

use self::desk::{Desk, Recording};
use super::{
    crash, exporting,
    following::{Queries, Steering, follow_logs},
    log_sources, look, sending,
};
use crate::{
    app::{
        Effect, Msg, Ticket,
        messages::Severity,
        msg::{Connected, Examining},
    },
    cloud::{self, Kind, Session, Spec, profiles, repeat::Why},
    disk::Disk,
    domain::{
        change::{Order, Permit},
        invocation::Request,
        json::Problem,
        repeat::{Plan, Tally},
        secret::Secret,
    },
    tail,
};

/// States that are read at a time; the budget says how many a second.
const STATES_AT_ONCE: usize = 4;

/// The local engine, started.
#[derive(Clone, Debug, Default)]
pub struct Started {
    /// How it is reached.
    pub spec: Spec,
    /// What is to be said of it: the addresses and folders of its triggers, and what it can't do of a project.
    pub notes: Vec<(Severity, String)>,
}

/// Starts the local engine.
pub type StartLocal =
    Arc<dyn Fn() -> Pin<Box<dyn Future<Output = Result<Started, cloud::Error>> + Send>> + Send + Sync>;

/// A read is cancelled by the next one in its slot. Invocations and changes have none: they are never cancelled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Slot {
    Connect,
    Identity,
    List,
    States,
    Function,
    Logs(Ticket),
    LogSources,
    Profiles,
    Extras,
    Compare,
    /// Each of these reads is awaited by a change of its own, or by the tab that asked.
    Observe(Ticket),
}

/// Runs effects. Dropping it cancels all reads, and begins no further invocation of those that are sent many times.
pub struct Executor {
    messages: mpsc::Sender<Msg>,
    start_local: StartLocal,
    sessions: Sessions,
    slots: HashMap<Slot, (DropGuard, JoinHandle<()>)>,
    /// Changes on their way.
    writes: Vec<JoinHandle<()>>,
    /// Rows of logs that are being written to files.
    exports: Vec<JoinHandle<()>>,
    desk: Desk,
    steering: Steering,
    queries: Queries,
    /// What is being sent many times. Where a guard is dropped, no further one is begun.
    repeats: HashMap<Ticket, (DropGuard, JoinHandle<()>)>,
    /// Set, it ends the filter that is under way.
    looking: Arc<AtomicBool>,
    epoch: u32,
}

/// Sessions by their epoch. The state names the epoch it wants in each ticket.
#[derive(Clone, Default)]
struct Sessions(Arc<Mutex<HashMap<u32, Session>>>);

impl Sessions {
    fn insert(&self, epoch: u32, session: Session) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(epoch, session);
    }

    fn get(&self, epoch: u32) -> Option<Session> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(&epoch).cloned()
    }

    fn forget_before(&self, epoch: u32) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).retain(|of, _| *of >= epoch);
    }
}

impl Executor {
    /// An executor whose results go to `messages`. Call it within a runtime.
    pub fn new(messages: mpsc::Sender<Msg>, start_local: StartLocal, disk: Disk) -> Self {
        Self {
            desk: Desk::new(disk, messages.clone()),
            messages,
            start_local,
            sessions: Sessions::default(),
            slots: HashMap::new(),
            writes: Vec::new(),
            exports: Vec::new(),
            steering: Steering::default(),
            queries: Queries::default(),
            repeats: HashMap::new(),
            looking: Arc::default(),
            epoch: 0,
        }
    }

    /// The program ends: waits until changes that are on their way are answered and their ends are in the journal, and
    /// until the disk has what is to be kept, at most so long. Invocations on their way are in the history as ones whose
    /// outcome is unknown. Answers whether all changes are answered.
    pub async fn finish(&mut self, patience: Duration) -> bool {
        // Nobody looks any more: no further one is begun.
        self.repeats.clear();
        let all = futures_util::future::join_all(self.writes.drain(..));
        let exported = futures_util::future::join_all(self.exports.drain(..));
        let (written, ..) = tokio::join!(
            tokio::time::timeout(patience, all),
            tokio::time::timeout(patience, self.desk.finish()),
            tokio::time::timeout(patience, exported),
            tokio::time::timeout(patience, self.queries.finish())
        );
        written.is_ok()
    }

    /// Begins what an effect asks for.
    #[allow(clippy::too_many_lines, reason = "an arm for each effect")]
    pub fn execute(&mut self, effect: Effect) {
        let messages = self.messages.clone();
        let sessions = self.sessions.clone();
        match effect {
            Effect::Connect { epoch, spec, verify } => {
                self.spawn(Slot::Connect, async move {
                    connect(epoch, spec, verify, &sessions, &messages).await;
                });
            }
            Effect::StartLocal { epoch } => {
                let start = Arc::clone(&self.start_local);
                self.spawn(Slot::Connect, async move {
                    match start().await {
                        Ok(Started { spec, notes }) => {
                            connect(epoch, spec, false, &sessions, &messages).await;
                            send(&messages, Msg::EngineNotes(notes)).await;
                        }
                        Err(error) => send(&messages, Msg::Connected(epoch, Err(error))).await,
                    }
                });
            }
            Effect::Identify(ticket) => self.with_session(Slot::Identity, ticket, |session| async move {
                send(&messages, Msg::Identity(ticket, session.identity().await)).await;
            }),
            Effect::ListFunctions(ticket) => self.with_session(Slot::List, ticket, |session| async move {
                list_functions(ticket, &session, &messages).await;
            }),
            Effect::FetchStates(ticket, names) => {
                self.with_session(Slot::States, ticket, |session| async move {
                    fetch_states(ticket, &session, names, &messages).await;
                });
            }
            Effect::GetFunction { ticket, name, qualifier, after } => {
                self.with_session(Slot::Function, ticket, |session| async move {
                    tokio::time::sleep(after).await;
                    let details = session.get_function(&name, qualifier.as_deref()).await;
                    send(&messages, Msg::Function(ticket, details.map(Box::new))).await;
                });
            }
            Effect::Invoke { ticket, at, request, place, event } => {
                let recording = self.desk.begin(ticket, at, *place, &request, event);
                self.invoke(ticket, *request, recording);
            }
            Effect::Diff(ticket, before, after) => {
                tokio::spawn(async move {
                    let found = tokio::task::spawn_blocking(move || look::compare(&before, &after)).await;
                    let found = found.unwrap_or_else(|_| Err("they can't be compared".into()));
                    send(&messages, Msg::Diffed(ticket, found)).await;
                });
            }
            Effect::Examine(ticket, what, event) => _ = tokio::spawn(examine(ticket, what, event, messages)),
            Effect::Look(ticket, look) => {
                // One is waited for at a time: the one before goes on for nobody.
                let cancel = Arc::new(AtomicBool::new(false));
                std::mem::replace(&mut self.looking, Arc::clone(&cancel)).store(true, Ordering::Relaxed);
                tokio::spawn(async move {
                    let made = tokio::task::spawn_blocking(move || look::make(look, cancel)).await;
                    // What that thread stumbled over may be a part of the payload.
                    let made = made.unwrap_or_else(|_| Err("it can't be read".into()));
                    send(&messages, Msg::Looked(ticket, made.map(Box::new))).await;
                });
            }
            Effect::Repeat(ticket, request, plan) => self.repeat(ticket, *request, plan),
            Effect::StopRepeat(ticket) => _ = self.repeats.remove(&ticket),
            Effect::FollowLogs { ticket, groups, since, until, pattern, live_tail } => {
                let options = tail::Options {
                    groups,
                    live: until.is_none(),
                    until_ms: until.map(jiff::Timestamp::as_millisecond),
                    filter_pattern: pattern,
                    live_tail,
                    ..tail::Options::live("", since.as_millisecond())
                };
                let asked = self.steering.begin(ticket);
                self.with_session(Slot::Logs(ticket), ticket, |session| async move {
                    follow_logs(ticket, session, options, asked, &messages).await;
                });
            }
            Effect::SteerLogs(ticket, control) => self.steering.steer(ticket, control),
            Effect::StopLogs(ticket) => _ = self.slots.remove(&Slot::Logs(ticket)),
            Effect::ScanLogs(ticket, scan) => {
                tokio::spawn(async move {
                    let Ok(found) = tokio::task::spawn_blocking(move || scan.run()).await else { return };
                    send(&messages, Msg::LogsScanned(ticket, Box::new(found))).await;
                });
            }
            Effect::ExportLogs { ticket, export, path, overwrite } => {
                self.exports.retain(|export| !export.is_finished());
                let export = exporting::export(ticket, *export, path, overwrite, messages);
                self.exports.push(tokio::spawn(export));
            }
            Effect::FindSources(ticket, search) => {
                self.with_session(Slot::LogSources, ticket, |session| async move {
                    log_sources::find(ticket, session, *search, &messages).await;
                });
            }
            Effect::StartInsights(ticket, query) => {
                if let Some(session) = self.session(ticket) {
                    self.queries.start(ticket, session, *query, messages);
                }
            }
            Effect::StopInsights(ticket) => self.queries.stop(ticket),
            Effect::FoldLogs(ticket, scan) => {
                tokio::spawn(async move {
                    let Ok(folded) = tokio::task::spawn_blocking(move || scan.run()).await else { return };
                    send(&messages, Msg::LogsFolded(ticket, Box::new(folded))).await;
                });
            }
            Effect::Write(ticket, order, permit) => self.write(ticket, *order, *permit),
            Effect::Observe { ticket, names, after } => {
                self.with_session(Slot::Observe(ticket), ticket, |session| async move {
                    tokio::time::sleep(after).await;
                    for name in names {
                        let details = session.observe(&name).await;
                        send(&messages, Msg::Observed(ticket, name, details.map(Box::new))).await;
                    }
                });
            }
            Effect::StopObserving(ticket) => _ = self.slots.remove(&Slot::Observe(ticket)),
            Effect::GetReleases(ticket, name) => {
                self.with_session(Slot::Observe(ticket), ticket, |session| async move {
                    let releases = session.releases(&name).await;
                    send(&messages, Msg::Releases(ticket, releases.map(Box::new))).await;
                });
            }
            Effect::GetShareable(ticket, name) => {
                self.with_session(Slot::Observe(ticket), ticket, |session| async move {
                    let shareable = session.shareable_events(&name).await;
                    send(&messages, Msg::Shareable(ticket, shareable.map(Box::new))).await;
                });
            }
            Effect::GetExtras(ticket, name) => {
                self.with_session(Slot::Extras, ticket, |session| async move {
                    let extras = session.extras(&name).await;
                    send(&messages, Msg::Extras(ticket, Box::new(extras))).await;
                });
            }
            Effect::GetLogRetention(ticket, groups) => {
                self.with_session(Slot::Observe(ticket), ticket, |session| async move {
                    get_log_retention(ticket, &session, groups, &messages).await;
                });
            }
            Effect::Compare(ticket, sides) => {
                self.with_session(Slot::Compare, ticket, |session| async move {
                    let comparison = cloud::compare::compare(&session, &sides).await;
                    send(&messages, Msg::Compared(ticket, comparison.map(Box::new))).await;
                });
            }
            Effect::ReadJournal(ticket) => self.read_journal(ticket),
            Effect::LoadProfiles(ticket) => self.spawn(Slot::Profiles, async move {
                send(&messages, Msg::Profiles(ticket, profiles::profiles().await)).await;
            }),
            Effect::ListEvents(ticket, function) => self.desk.list_events(ticket, function),
            Effect::ReadEvent(ticket, owner, name) => self.desk.read_event(ticket, owner, name),
            Effect::SaveEvent(ticket, event) => self.desk.save_event(ticket, *event),
            Effect::RenameEvent(ticket, event) => self.desk.rename_event(ticket, *event),
            Effect::DeleteEvent(ticket, owner, name) => self.desk.delete_event(ticket, owner, name),
            Effect::ImportEvent(ticket, path) => self.desk.import_event(ticket, path),
            Effect::ExportEvent { ticket, event, path, overwrite } => {
                self.desk.export_event(ticket, *event, path, overwrite);
            }
            Effect::ReadInvocations(ticket) => self.desk.read_invocations(ticket),
            // The terminal's affairs: the loop takes them.
            Effect::EditOutside(..) | Effect::Copy(_) | Effect::Suspend => {}
        }
    }

    /// Never cancelled, also not by the end of its session.
    fn invoke(&mut self, ticket: Ticket, request: Request, recording: Recording) {
        let (session, messages) = (self.session(ticket), self.messages.clone());
        tokio::spawn(async move {
            let reply = match session {
                Some(session) => sending::invoke(ticket, &session, &request, &messages).await,
                None => Err(not_connected()),
            };
            crash::rehearse("invoke");
            recording.end(&reply);
            send(&messages, Msg::Invoked(ticket, reply)).await;
        });
    }

    /// What is on its way is never cancelled, also not by the end of its session.
    fn repeat(&mut self, ticket: Ticket, request: Request, plan: Plan) {
        let (session, messages) = (self.session(ticket), self.messages.clone());
        let stop = CancellationToken::new();
        let guard = stop.clone().drop_guard();
        let task = tokio::spawn(async move {
            let (tally, why) = match session {
                Some(session) => sending::repeat(ticket, session, request, plan, stop, &messages).await,
                None => (Tally::new(plan), Why::Pointless(not_connected())),
            };
            send(&messages, Msg::RepeatEnded(ticket, Box::new(tally), Box::new(why))).await;
        });
        self.repeats.retain(|_, (_, task)| !task.is_finished());
        self.repeats.insert(ticket, (guard, task));
    }

    /// Never cancelled, also not by the end of its session.
    fn write(&mut self, ticket: Ticket, order: Order, permit: Permit) {
        let (session, messages) = (self.session(ticket), self.messages.clone());
        self.writes.retain(|write| !write.is_finished());
        self.writes.push(tokio::spawn(async move {
            let written = match session {
                Some(session) => session.write(&order, &permit).await,
                None => Err(not_connected()),
            };
            crash::rehearse("write");
            send(&messages, Msg::Written(ticket, written.map(Box::new))).await;
        }));
    }

    fn read_journal(&mut self, ticket: Ticket) {
        let messages = self.messages.clone();
        let journal = self.session(ticket).and_then(|session| session.spec().journal.clone());
        self.spawn(Slot::Observe(ticket), async move {
            let entries = match journal {
                Some(journal) => tokio::task::spawn_blocking(move || journal.read())
                    .await
                    .unwrap_or_else(|error| Err(error.to_string())),
                None => Ok(Vec::new()),
            };
            send(&messages, Msg::Journal(ticket, entries)).await;
        });
    }

    fn spawn(&mut self, slot: Slot, task: impl Future<Output = ()> + Send + 'static) {
        self.slots.retain(|_, (_, task)| !task.is_finished());
        let token = CancellationToken::new();
        let guard = token.clone().drop_guard();
        let task = tokio::spawn(async move {
            tokio::select! {
                () = token.cancelled() => {}
                () = task => {}
            }
        });
        // The task that had the slot before is cancelled by the drop of its guard.
        self.slots.insert(slot, (guard, task));
    }

    fn with_session<F>(&mut self, slot: Slot, ticket: Ticket, task: impl FnOnce(Session) -> F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        if let Some(session) = self.session(ticket) {
            self.spawn(slot, task(session));
        }
    }

    /// The session of a ticket. The first ticket of a new one ends all reads of the old one.
    fn session(&mut self, ticket: Ticket) -> Option<Session> {
        if ticket.epoch > self.epoch {
            self.epoch = ticket.epoch;
            self.slots.retain(|slot, _| matches!(slot, Slot::Connect));
            self.queries.stop_all();
            self.sessions.forget_before(ticket.epoch);
        }
        self.sessions.get(ticket.epoch)
    }
}

pub(super) async fn send(messages: &mpsc::Sender<Msg>, message: Msg) {
    // The loop is gone: so is the one who asked.
    let _ = messages.send(message).await;
}

async fn examine(ticket: Ticket, what: Examining, event: Arc<Secret>, messages: mpsc::Sender<Msg>) {
    let found = tokio::task::spawn_blocking(move || look::examine(what, &event)).await;
    // What that thread stumbled over may be a part of the event.
    let broken = |_: JoinError| Err(Problem { line: 1, column: 1, message: "it can't be checked".into() });
    send(&messages, Msg::Examined(ticket, found.unwrap_or_else(broken))).await;
}

fn not_connected() -> cloud::Error {
    cloud::Error::new(Kind::Network, "nothing was sent: there is no connection")
}

async fn fetch_states(ticket: Ticket, session: &Session, names: Vec<Box<str>>, messages: &mpsc::Sender<Msg>) {
    let mut states = futures_util::stream::iter(names)
        .map(|name| async {
            let state = session.function_state(&name).await;
            (name, state)
        })
        .buffered(STATES_AT_ONCE);
    while let Some((name, state)) = states.next().await {
        send(messages, Msg::FunctionState(ticket, name, state)).await;
    }
}

/// Of functions and their groups, one after the other.
async fn get_log_retention(
    ticket: Ticket,
    session: &Session,
    groups: Vec<(Box<str>, String)>,
    messages: &mpsc::Sender<Msg>,
) {
    for (name, group) in groups {
        let days = session.log_retention(&group).await;
        send(messages, Msg::LogRetention(ticket, name, days)).await;
    }
}

async fn connect(epoch: u32, spec: Spec, verify: bool, sessions: &Sessions, messages: &mpsc::Sender<Msg>) {
    crash::rehearse("connect");
    let named = spec.names_credentials().await;
    if !named {
        send(messages, Msg::NoCredentials(epoch)).await;
    }
    let result = open(epoch, &spec, verify || !named, sessions).await;
    send(messages, Msg::Connected(epoch, result.map(Box::new))).await;
}

async fn open(epoch: u32, spec: &Spec, verify: bool, sessions: &Sessions) -> Result<Connected, cloud::Error> {
    let session = Session::open(spec).await?;
    let identity = if verify {
        match session.identity().await {
            Ok(identity) => Some(identity),
            Err(error) if matches!(error.kind, Kind::Credentials | Kind::Network | Kind::Timeout) => {
                return Err(error);
            }
            // It answered: who is calling may not be asked, or the endpoint has no STS.
            Err(_) => Some(cloud::Identity { account: None, arn: None }),
        }
    } else {
        None
    };
    let connected = Connected {
        spec: spec.clone(),
        region: session.region().to_owned(),
        endpoint: session.endpoint().map(str::to_owned),
        identity,
    };
    sessions.insert(epoch, session);
    Ok(connected)
}

/// The next page is asked for as soon as its marker is known: nothing on the screen holds it up.
async fn list_functions(ticket: Ticket, session: &Session, messages: &mpsc::Sender<Msg>) {
    let mut marker = None;
    loop {
        match session.list_functions(marker.clone()).await {
            Ok(page) => {
                // A marker that repeats would go on for ever.
                let last = page.next.is_none() || page.next == marker;
                marker = page.next;
                send(messages, Msg::FunctionsPage { ticket, functions: page.items, last }).await;
                if last {
                    return;
                }
            }
            Err(error) => return send(messages, Msg::FunctionsFailed(ticket, error)).await,
        }
    }
}
