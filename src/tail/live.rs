//! Live Tail beside polling: who has a session, and when it is opened anew.
//!
//! A session tells sooner than polling does, but it costs money, tells a sample where there is much, and has lost
//! events. So it only ever adds to polling: what it told, polling reads again and finds known ([`merge`]).

pub(super) mod merge;
mod slot;

use std::{
    collections::{BTreeMap, HashMap},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use futures_util::{StreamExt, stream::FuturesUnordered};
use tokio::{
    sync::{mpsc, watch},
    time::Instant,
};

use super::source::{LIVE_TAIL_GROUPS, Source, Streams};
use crate::domain::log_event::LogEvent;
use slot::Slot;

/// The most sessions of a follower: an account has 15 for all who use it.
const MAX_SESSIONS: usize = 5;
/// Updates that may wait for a group. One that comes on top is left out as a sample leaves out, and polling finds it.
const WAITING: usize = 16;

/// What a group tells the keeper of the sessions.
pub(super) enum Call {
    /// It can be read: it may have a session.
    Join(Arc<Member>),
    /// It can't be read any more.
    Leave(String),
    /// Whether Live Tail is wanted at all.
    Use(bool),
}

/// How it is with Live Tail, for a group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum LiveState {
    /// Not wanted.
    Off,
    /// A session is about to be opened.
    Opening,
    /// There is a session.
    Open,
    /// There is none just now, or can't be one.
    Refused(String),
}

/// What a session told of a group.
pub(super) struct Batch {
    pub(super) session: u64,
    pub(super) events: Vec<LogEvent>,
    pub(super) sampled: bool,
}

/// A group, as the keeper has it.
pub(super) struct Member {
    pub(super) name: String,
    batches: mpsc::Sender<Batch>,
    state: watch::Sender<LiveState>,
    /// A batch found no room.
    missed: AtomicBool,
}

/// What a group gets from the keeper.
pub(super) struct Inbox {
    pub(super) batches: mpsc::Receiver<Batch>,
    pub(super) state: watch::Receiver<LiveState>,
}

impl Member {
    pub(super) fn new(name: &str) -> (Arc<Self>, Inbox) {
        let (batches, inbox) = mpsc::channel(WAITING);
        let (state, states) = watch::channel(LiveState::Off);
        let member = Self { name: name.to_owned(), batches, state, missed: AtomicBool::new(false) };
        (Arc::new(member), Inbox { batches: inbox, state: states })
    }

    fn is(&self, state: &LiveState) {
        self.state.send_if_modified(|now| {
            let new = now != state;
            if new {
                now.clone_from(state);
            }
            new
        });
    }

    /// Never waits: a group that is slow must not hold up the others of its session.
    fn deliver(&self, mut batch: Batch) {
        batch.sampled |= self.missed.load(Ordering::Relaxed);
        let taken = self.batches.try_send(batch).is_ok();
        self.missed.store(!taken, Ordering::Relaxed);
    }
}

/// How long the sessions have run.
#[derive(Debug, Default)]
pub(super) struct Meter(Mutex<Running>);

#[derive(Debug, Default)]
struct Running {
    ended: Duration,
    begun: HashMap<u64, Instant>,
    sessions: u64,
}

impl Meter {
    /// Begins to count a session, until the answer is dropped.
    fn begin(self: &Arc<Self>) -> Ticking {
        let mut running = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        running.sessions += 1;
        let session = running.sessions;
        running.begun.insert(session, Instant::now());
        Ticking { meter: Arc::clone(self), session }
    }

    /// Of all sessions together, in seconds.
    pub(super) fn seconds(&self) -> u64 {
        let running = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let open: Duration = running.begun.values().map(Instant::elapsed).sum();
        (running.ended + open).as_secs()
    }
}

struct Ticking {
    meter: Arc<Meter>,
    session: u64,
}

impl Drop for Ticking {
    fn drop(&mut self) {
        let mut running = self.meter.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(begun) = running.begun.remove(&self.session) {
            running.ended += begun.elapsed();
        }
    }
}

/// Spreads groups over sessions. The first [`MAX_SESSIONS`] times [`LIVE_TAIL_GROUPS`] of them have one, where all
/// streams are wanted, else the first [`MAX_SESSIONS`]; the rest is polled, and told so.
pub(super) struct Keeper<'a, S> {
    source: &'a S,
    streams: &'a Streams,
    filter_pattern: Option<&'a str>,
    meter: Arc<Meter>,
    members: BTreeMap<String, Arc<Member>>,
    wanted: bool,
    /// The groups of each session.
    rooms: Vec<watch::Sender<Vec<Arc<Member>>>>,
}

impl<'a, S: Source> Keeper<'a, S> {
    pub(super) fn new(
        source: &'a S,
        streams: &'a Streams,
        filter_pattern: Option<&'a str>,
        meter: Arc<Meter>,
    ) -> Self {
        let (members, rooms) = (BTreeMap::new(), Vec::new());
        Self { source, streams, filter_pattern, meter, members, wanted: false, rooms }
    }

    /// Until nobody calls any more.
    pub(super) async fn run(mut self, mut calls: mpsc::UnboundedReceiver<Call>) {
        let mut slots = FuturesUnordered::new();
        loop {
            let member = tokio::select! {
                biased;
                call = calls.recv() => match call {
                    None => return,
                    Some(call) => self.heed(call),
                },
                Some(()) = slots.next(), if !slots.is_empty() => continue,
            };
            for member in member {
                if let Some(members) = self.place(member) {
                    slots.push(
                        Slot {
                            source: self.source,
                            streams: self.streams,
                            filter_pattern: self.filter_pattern,
                            meter: Arc::clone(&self.meter),
                            members,
                        }
                        .run(),
                    );
                }
            }
        }
    }

    /// Answers the groups that are to be given a session.
    fn heed(&mut self, call: Call) -> Vec<Arc<Member>> {
        match call {
            Call::Join(member) => {
                self.members.insert(member.name.clone(), Arc::clone(&member));
                return if self.wanted { vec![member] } else { Vec::new() };
            }
            Call::Leave(name) => {
                if let Some(member) = self.members.remove(&name) {
                    member.is(&LiveState::Off);
                }
                for room in &self.rooms {
                    room.send_if_modified(|members| {
                        let before = members.len();
                        members.retain(|member| member.name != name);
                        members.len() != before
                    });
                }
            }
            Call::Use(wanted) if wanted != self.wanted => {
                self.wanted = wanted;
                if wanted {
                    return self.members.values().cloned().collect();
                }
                self.rooms.clear();
                self.members.values().for_each(|member| member.is(&LiveState::Off));
            }
            Call::Use(_) => {}
        }
        Vec::new()
    }

    /// Gives a group a place; answers those of a session that is new.
    fn place(&mut self, member: Arc<Member>) -> Option<watch::Receiver<Vec<Arc<Member>>>> {
        let size = if *self.streams == Streams::All { LIVE_TAIL_GROUPS } else { 1 };
        if let Some(room) = self.rooms.iter().find(|room| room.borrow().len() < size) {
            member.is(&LiveState::Opening);
            room.send_modify(|members| members.push(member));
            return None;
        }
        if self.rooms.len() == MAX_SESSIONS {
            let reason =
                format!("there are Live Tail sessions for {} log groups at most", MAX_SESSIONS * size);
            member.is(&LiveState::Refused(reason));
            return None;
        }
        member.is(&LiveState::Opening);
        let (room, members) = watch::channel(vec![member]);
        self.rooms.push(room);
        Some(members)
    }
}
