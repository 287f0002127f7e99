//! The poller.

mod group;

use futures_util::future::join_all;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::{
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

/// Follows log groups until it is cancelled or nobody listens. History alone (`live: false`) ends by itself; so does a
/// group that can't be followed.
///
/// History is told first. Then every second (two when nothing has come for a minute) the newest is read from 5 s
/// behind the newest event on; every 10 s what is up to a minute behind it, and every minute up to five minutes. An
/// event is told once, however often it is read. Failures never end it: a group that does not exist is waited for, and
/// after anything else it tries again, first soon and then every few seconds, and goes on where it was. A listener
/// that is slow makes it read slower: nothing is dropped.
pub async fn follow<S: Source, C: Clock>(
    source: S,
    options: Options,
    budget: Budget,
    clock: C,
    out: mpsc::Sender<Update>,
    cancel: CancellationToken,
) {
    let mut names: Vec<&String> = options.groups.iter().collect();
    names.sort();
    names.dedup();
    let cap = MAX_SEEN / names.len().max(1);
    let groups =
        names.into_iter().map(|name| Group::new(name, &source, &options, &budget, &clock, &out, cap).run());
    tokio::select! {
        biased;
        () = cancel.cancelled() => {}
        () = out.closed() => {}
        _ = join_all(groups) => {}
    }
}
