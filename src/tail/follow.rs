//! The poller.

mod group;
mod queries;
mod reading;
mod telling;

use std::{collections::HashMap, pin::pin, sync::Arc};

use futures_util::{StreamExt, stream::FuturesUnordered};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::{
    live::{Call, Keeper, Meter},
    seen::Memory,
    source::{Clock, Source, Streams},
    update::Update,
};
use crate::cloud::Budget;
use group::Group;

/// The most events that are remembered as told, over all groups of a follower.
const MAX_SEEN: usize = 200_000;

/// What to follow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// Names or ARNs of the log groups.
    pub groups: Vec<String>,
    /// The streams of each.
    pub streams: Streams,
    /// First timestamp wanted, in milliseconds since the epoch.
    pub since_ms: i64,
    /// First timestamp not wanted, for history alone (`live: false`).
    pub until_ms: Option<i64>,
    /// Whether to go on after what there is.
    pub live: bool,
    /// CloudWatch Logs' filter pattern.
    pub filter_pattern: Option<String>,
    /// The most events in a page; the service's own limit where absent.
    pub page_limit: Option<u32>,
    /// Whether Live Tail is used beside polling. It costs money.
    pub live_tail: bool,
}

/// What a follower is told while it follows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Control {
    /// Follow another log group, from this time on in milliseconds since the epoch.
    Add {
        /// Name or ARN.
        group: String,
        /// First timestamp wanted.
        since_ms: i64,
    },
    /// Follow this group no more.
    Remove(String),
    /// Use Live Tail beside polling, or no more.
    LiveTail(bool),
}

impl Options {
    /// Follows one group from a time on, in milliseconds since the epoch.
    pub fn live(group: impl Into<String>, since_ms: i64) -> Self {
        Self {
            groups: vec![group.into()],
            streams: Streams::All,
            since_ms,
            until_ms: None,
            live: true,
            filter_pattern: None,
            page_limit: None,
            live_tail: false,
        }
    }

    /// Reads what a group has from a time on, and ends.
    pub fn history(group: impl Into<String>, since_ms: i64) -> Self {
        Self { live: false, ..Self::live(group, since_ms) }
    }
}

/// Follows log groups until it is cancelled or nobody listens. History alone (`live: false`) ends by itself; so does it
/// when no group is left that can be followed and nobody is left who could add one.
///
/// History is told first. Then every second (two when nothing has come for a minute) the newest is read from 5 s
/// behind the newest event on; every 10 s what is up to a minute behind it, and every minute up to five minutes. An
/// event is told once, however often it is read. Failures never end it: a group that does not exist is waited for, and
/// after anything else it tries again, first soon and then every few seconds, and goes on where it was. A listener
/// that is slow makes it read slower: nothing is dropped. Where the budget is short the newest is read less often, and
/// each reading of it is followed by its part of a sweep as before.
///
/// With Live Tail on, events may be told by it first; polling goes on as before. A group that FilterLogEvents does not
/// serve, for it is of the Infrequent Access class, is read by Logs Insights queries every 30 s.
///
/// What `control` asks for is done at once, while the other groups go on. A group that is added has its history told,
/// and then its own [`Update::HistoryDone`]; one that was removed and comes back is told anew.
pub async fn follow<S: Source, C: Clock>(
    source: S,
    options: Options,
    budget: Budget,
    clock: C,
    out: mpsc::Sender<Update>,
    control: mpsc::Receiver<Control>,
    cancel: CancellationToken,
) {
    let (calls, called) = mpsc::unbounded_channel();
    let (memory, meter) = (Memory::new(MAX_SEEN), Arc::default());
    let shared = Shared { source, options, budget, clock, out, memory, calls, meter };
    tokio::select! {
        biased;
        () = cancel.cancelled() => {}
        () = shared.out.closed() => {}
        () = shared.run(control, called) => {}
    }
}

/// What all groups of a follower have in common.
struct Shared<S, C> {
    source: S,
    options: Options,
    budget: Budget,
    clock: C,
    out: mpsc::Sender<Update>,
    memory: Arc<Memory>,
    calls: mpsc::UnboundedSender<Call>,
    meter: Arc<Meter>,
}

impl<S: Source, C: Clock> Shared<S, C> {
    async fn run(&self, mut control: mpsc::Receiver<Control>, called: mpsc::UnboundedReceiver<Call>) {
        let Options { streams, filter_pattern, live, since_ms, .. } = &self.options;
        let meter = Arc::clone(&self.meter);
        let mut keeper =
            pin!(Keeper::new(&self.source, streams, filter_pattern.as_deref(), meter).run(called));
        self.call(Call::Use(self.options.live_tail && *live));
        let mut running = FuturesUnordered::new();
        let mut followed: HashMap<String, (u64, CancellationToken)> = HashMap::new();
        let mut number = 0;
        let mut begin = |name: String, since_ms: i64, followed: &mut HashMap<_, _>| {
            number += 1;
            let stop = CancellationToken::new();
            followed.insert(name.clone(), (number, stop.clone()));
            self.follow_one(number, name, since_ms, stop)
        };
        for name in &self.options.groups {
            if !followed.contains_key(name) {
                running.push(begin(name.clone(), *since_ms, &mut followed));
            }
        }
        let mut steered = *live;
        while steered || !running.is_empty() {
            tokio::select! {
                biased;
                asked = control.recv(), if steered => match asked {
                    None => steered = false,
                    Some(Control::Add { group, since_ms }) => {
                        if !followed.contains_key(&group) {
                            running.push(begin(group, since_ms, &mut followed));
                        }
                    }
                    Some(Control::Remove(group)) => {
                        if let Some((_, stop)) = followed.remove(&group) {
                            stop.cancel();
                            self.call(Call::Leave(group));
                        }
                    }
                    Some(Control::LiveTail(wanted)) => self.call(Call::Use(wanted)),
                },
                Some((number, name)) = running.next(), if !running.is_empty() => {
                    if followed.get(&name).is_some_and(|(of, _)| *of == number) {
                        followed.remove(&name);
                        self.call(Call::Leave(name));
                    }
                }
                () = &mut keeper => return,
            }
        }
    }

    async fn follow_one(
        &self,
        number: u64,
        name: String,
        since_ms: i64,
        stop: CancellationToken,
    ) -> (u64, String) {
        tokio::select! {
            biased;
            () = stop.cancelled() => {}
            () = Group::new(&name, since_ms, self).run() => {}
        }
        (number, name)
    }

    fn call(&self, call: Call) {
        // The keeper is there for as long as there are groups.
        let _ = self.calls.send(call);
    }
}
