//! What comes into the state and what goes out of it: data only.

use std::{fmt, sync::Arc, time::Duration};

use jiff::Timestamp;

use super::{Action, layout::Size, logs::export::LogExport, messages::Severity};
use crate::{
    cloud::{self, Identity, Spec, profiles::Profile, repeat::Why},
    disk::{Over, SaveError},
    domain::{
        body::Body,
        change::{Order, Permit, Written},
        compare::{Comparison, Side},
        document::diff::Differences,
        function::{Details, State, Summary},
        insights,
        invocation::{Chunk, Record, Reply, Request},
        journal,
        json::{Duplicate, Problem},
        log_sources::{Found, Search},
        place::Place,
        release::{Extras, Releases},
        repeat::{Plan, Tally},
        saved_event::{Owner, SavedEvent},
        secret::Secret,
        shareable::Shareable,
    },
    tail,
};

/// Names a request, so that its result finds its place, and is dropped when that place is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub struct Ticket {
    /// Counts sessions: a result of an earlier one is dropped.
    pub epoch: u32,
    /// Counts requests.
    pub number: u64,
}

/// What a connected session is, as far as the dashboard shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Connected {
    /// What it was made of.
    pub spec: Spec,
    /// The region in use.
    pub region: String,
    /// The endpoint, where it is not AWS's own.
    pub endpoint: Option<String>,
    /// Who is calling, where that was asked before connecting (a switch of sessions).
    pub identity: Option<Identity>,
}

/// Something happened.
#[derive(Debug)]
pub enum Msg {
    /// The user did something.
    Action(Action),
    /// The terminal has another size.
    Resize(Size),
    /// The terminal gained (`true`) or lost the focus.
    Focus(bool),
    /// The moment that [`super::App::wake_at`] named has come.
    Tick,
    /// The terminal ended or a signal asks to end; the exit code.
    Terminate(u8),
    /// A session is ready, or could not be made. The number is the epoch it was asked for with.
    Connected(u32, Result<Box<Connected>, cloud::Error>),
    /// The local engine has started: what is to be said of it.
    EngineNotes(Vec<(Severity, String)>),
    /// There is nothing to connect with: what was looked for.
    NoCredentials(u32),
    /// Who is calling.
    Identity(Ticket, Result<Identity, cloud::Error>),
    /// A page of functions; `last` on the last one.
    FunctionsPage {
        /// The request.
        ticket: Ticket,
        /// Its rows.
        functions: Vec<Summary>,
        /// Whether it was the last page.
        last: bool,
    },
    /// The list could not be read to its end.
    FunctionsFailed(Ticket, cloud::Error),
    /// A function's state.
    FunctionState(Ticket, Box<str>, Result<State, cloud::Error>),
    /// A function with everything.
    Function(Ticket, Result<Box<Details>, cloud::Error>),
    /// A piece of a response that is being streamed.
    Streamed(Ticket, Chunk),
    /// An invocation ended.
    Invoked(Ticket, Result<Box<Reply>, cloud::Error>),
    /// The differences of two answers, or why there is no telling.
    Diffed(Ticket, Result<Differences, String>),
    /// What was found out about an event, or where it is not JSON.
    Examined(Ticket, Result<Examined, Problem>),
    /// What another program made of an event, or why there is none.
    EditedOutside(Ticket, Result<EditedOutside, String>),
    /// What a filter or a decoding of an answer gave, with its title; or why it gave nothing.
    Looked(Ticket, Result<Box<(String, Body)>, String>),
    /// How far a request is that is sent many times: some ten of these a second at most.
    Repeated(Ticket, Box<Tally>),
    /// A request was sent many times, and all of it ended: what it came to, and why no more were sent.
    RepeatEnded(Ticket, Box<Tally>, Box<Why>),
    /// News of a followed log.
    Tail(Ticket, tail::Update),
    /// What was found in rows of a log.
    LogsScanned(Ticket, Box<tail::Scanned>),
    /// What rows of a log tell of invocations.
    LogsFolded(Ticket, Box<tail::Folded>),
    /// Rows of a log were written to a file, as the text tells; or not.
    LogsExported(Ticket, Result<String, SaveError>),
    /// Some of the log groups that are meant, or why no more are found.
    SourcesFound(Ticket, Result<Found, cloud::Error>),
    /// How far a query of Logs Insights is.
    Insights(Ticket, Result<Box<insights::Results>, cloud::Error>),
    /// The profiles to pick from.
    Profiles(Ticket, Result<Vec<Profile>, cloud::Error>),
    /// Something went wrong beside the requests; said once.
    Trouble(String),
    /// A change was done, or not.
    Written(Ticket, Result<Box<Written>, cloud::Error>),
    /// A function as it is after a change, or as it is when a plan is made. The name tells which of several.
    Observed(Ticket, Box<str>, Result<Box<Details>, cloud::Error>),
    /// A function's versions and aliases.
    Releases(Ticket, Result<Box<Releases>, cloud::Error>),
    /// A function's shareable test events.
    Shareable(Ticket, Result<Box<Shareable>, cloud::Error>),
    /// What the Configuration tab shows beside the configuration.
    Extras(Ticket, Box<Extras>),
    /// How long a log group is kept; the name is the function's.
    LogRetention(Ticket, Box<str>, Result<Option<u32>, cloud::Error>),
    /// Two sides, compared.
    Compared(Ticket, Result<Box<Comparison>, cloud::Error>),
    /// The journal of changes, oldest first, or why it can't be read.
    Journal(Ticket, Result<Vec<journal::Entry>, String>),
    /// The saved events of a function and the shared ones, as they are listed.
    Events(Ticket, Result<Vec<SavedEvent>, String>),
    /// The name and the content of an event that was read or imported.
    EventRead(Ticket, Result<(String, Secret), String>),
    /// An event was saved, renamed, deleted or exported, as the text tells; or not.
    EventStored(Ticket, Result<String, SaveError>),
    /// The newest invocations of the history on disk, newest last, or why it can't be read.
    InvocationsRead(Ticket, Result<Vec<Record>, String>),
}

/// What is to be found out about an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Examining {
    /// Whether it is JSON.
    Check,
    /// How it is written prettily.
    Format,
    /// How it is written without blanks.
    Minify,
}

/// What was found out about an event that is JSON.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Examined {
    /// It, written as was asked.
    pub written: Option<Secret>,
    /// A name that an object of it has twice, where that was asked.
    pub duplicate: Option<Duplicate>,
}

/// What another program made of an event.
#[derive(Debug, PartialEq, Eq)]
pub struct EditedOutside {
    /// The event; none where it is as it was.
    pub text: Option<Secret>,
    /// How the program ended, where that was not well.
    pub ending: Option<String>,
    /// Whether it came back as fast as nobody edits.
    pub at_once: bool,
}

/// What is to be made of a payload.
#[derive(Clone)]
pub enum Look {
    /// It, read for being looked at.
    Read(Vec<u8>),
    /// A message of a log, with the JSON in it.
    Message(String),
    /// What a jq filter gives.
    Filter {
        /// The filter.
        program: String,
        /// Of this.
        body: Arc<Body>,
    },
    /// What is behind base64, gzip, JSON in a string.
    Decode {
        /// Of this.
        body: Arc<Body>,
        /// The string of its document; none for the whole.
        node: Option<usize>,
    },
}

impl fmt::Debug for Look {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Read(bytes) => write!(f, "Read({} bytes)", bytes.len()),
            Self::Message(message) => write!(f, "Message({} bytes)", message.len()),
            Self::Filter { body, .. } => f.debug_tuple("Filter").field(body).finish(),
            Self::Decode { body, node } => f.debug_tuple("Decode").field(body).field(node).finish(),
        }
    }
}

impl PartialEq for Look {
    /// Whether both are the same of the same payload.
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Read(bytes), Self::Read(other)) => bytes == other,
            (Self::Message(message), Self::Message(other)) => message == other,
            (Self::Filter { program, body }, Self::Filter { program: other, body: of }) => {
                program == other && Arc::ptr_eq(body, of)
            }
            (Self::Decode { body, node }, Self::Decode { body: of, node: other }) => {
                node == other && Arc::ptr_eq(body, of)
            }
            _ => false,
        }
    }
}

/// An event that is to be saved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventToSave {
    /// Whose it is.
    pub owner: Owner,
    /// Its name.
    pub name: String,
    /// Its content.
    pub content: Arc<Secret>,
    /// What it may take the place of.
    pub over: Over,
}

/// An event that is to be renamed, or given to another owner.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventToRename {
    /// Whose it is.
    pub owner: Owner,
    /// Its name.
    pub name: String,
    /// Whose it is to be.
    pub to_owner: Owner,
    /// The name that it is to have.
    pub to: String,
}

/// What is written to a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EventToExport {
    /// A saved event.
    Saved(Owner, String),
    /// A text, such as the one that is being edited.
    Text(Arc<Secret>),
}

/// Something is to be done, outside.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    /// Make a session. `verify`: ask who is calling first, so that a switch that fails leaves all as it was.
    Connect {
        /// The epoch it will have.
        epoch: u32,
        /// What it is to be made of.
        spec: Spec,
        /// Whether identity comes first.
        verify: bool,
    },
    /// Start the local engine, then connect to it.
    StartLocal {
        /// The epoch the session on it will have.
        epoch: u32,
    },
    /// Ask who is calling.
    Identify(Ticket),
    /// Read all pages of functions.
    ListFunctions(Ticket),
    /// Read the states of these functions, in this order.
    FetchStates(Ticket, Vec<Box<str>>),
    /// Read one function with everything.
    GetFunction {
        /// The request.
        ticket: Ticket,
        /// Function name.
        name: String,
        /// Version or alias.
        qualifier: Option<String>,
        /// Wait so long first: a change is settling.
        after: Duration,
    },
    /// Send an invocation, once. When it has ended it is in the history on disk.
    Invoke {
        /// The request.
        ticket: Ticket,
        /// When it was asked for: its name in the history.
        at: Timestamp,
        /// What is sent.
        request: Box<Request>,
        /// Where, for the history.
        place: Box<Place>,
        /// The template or saved event that it came from, for the history.
        event: Option<String>,
    },
    /// Find something out about an event, off the thread that draws.
    Examine(Ticket, Examining, Arc<Secret>),
    /// Give the terminal to the user's editor, with this event.
    EditOutside(Ticket, Arc<Secret>),
    /// Compare two answers, off the thread that draws.
    Diff(Ticket, Arc<Body>, Arc<Body>),
    /// Make something of a payload, off the thread that draws.
    Look(Ticket, Look),
    /// Send a request many times, each once. It is never cancelled.
    Repeat(Ticket, Box<Request>, Plan),
    /// Begin no further one of these; those on their way are waited for.
    StopRepeat(Ticket),
    /// Read log groups' history from `since` on, then follow them; or, with `until`, read them up to there.
    FollowLogs {
        /// The request.
        ticket: Ticket,
        /// Log groups.
        groups: Vec<String>,
        /// From when on.
        since: Timestamp,
        /// The end, where it lies in the past.
        until: Option<Timestamp>,
        /// A filter pattern that the service applies.
        pattern: Option<String>,
        /// Whether Live Tail is used beside polling. It costs money.
        live_tail: bool,
    },
    /// Change what a follow does.
    SteerLogs(Ticket, tail::Control),
    /// Stop following.
    StopLogs(Ticket),
    /// Look at rows, off the thread that draws.
    ScanLogs(Ticket, Box<tail::Scan>),
    /// Read rows for the table of invocations, off the thread that draws.
    FoldLogs(Ticket, Box<tail::FoldScan>),
    /// Write rows to a file.
    ExportLogs {
        /// The request.
        ticket: Ticket,
        /// Which.
        export: Box<LogExport>,
        /// The path as it was typed.
        path: String,
        /// Whether a file that is there is replaced.
        overwrite: bool,
    },
    /// Find the log groups that are meant. The search before this one ends.
    FindSources(Ticket, Box<Search>),
    /// Ask Logs Insights.
    StartInsights(Ticket, Box<insights::Query>),
    /// Stop a query. What there is of its results stays.
    StopInsights(Ticket),
    /// Read the profiles.
    LoadProfiles(Ticket),
    /// Send a change, once. It is never cancelled.
    Write(Ticket, Box<Order>, Box<Permit>),
    /// Read functions one after the other, within the budget; the answers are [`Msg::Observed`].
    Observe {
        /// The request.
        ticket: Ticket,
        /// Function names.
        names: Vec<Box<str>>,
        /// Wait so long first.
        after: Duration,
    },
    /// Stop reading for a plan.
    StopObserving(Ticket),
    /// Read versions, aliases and their provisioned concurrency.
    GetReleases(Ticket, String),
    /// Read a function's shareable test events.
    GetShareable(Ticket, String),
    /// Read what the Configuration tab shows beside the configuration.
    GetExtras(Ticket, String),
    /// Read how long log groups are kept: function name and group.
    GetLogRetention(Ticket, Vec<(Box<str>, String)>),
    /// Read two sides and compare them.
    Compare(Ticket, Box<[Side; 2]>),
    /// Read the journal.
    ReadJournal(Ticket),
    /// List the saved events of a function, and the shared ones.
    ListEvents(Ticket, String),
    /// Read a saved event.
    ReadEvent(Ticket, Owner, String),
    /// Save an event.
    SaveEvent(Ticket, Box<EventToSave>),
    /// Rename a saved event.
    RenameEvent(Ticket, Box<EventToRename>),
    /// Delete a saved event.
    DeleteEvent(Ticket, Owner, String),
    /// Read an event from a file somebody made: the path as it was typed. The answer is [`Msg::EventRead`].
    ImportEvent(Ticket, String),
    /// Write an event to a file.
    ExportEvent {
        /// The request.
        ticket: Ticket,
        /// Which.
        event: Box<EventToExport>,
        /// The path as it was typed.
        path: String,
        /// Whether a file that is there is replaced.
        overwrite: bool,
    },
    /// Read the history of invocations.
    ReadInvocations(Ticket),
    /// Put a text on the clipboard.
    Copy(String),
    /// Put the program into the background.
    Suspend,
}
