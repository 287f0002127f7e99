//! One Live Tail session after the other, for the same log groups.

use std::{pin::Pin, sync::Arc, time::Duration};

use futures_util::{
    FutureExt, StreamExt,
    stream::{self, BoxStream, SelectAll},
};
use tokio::{
    sync::watch,
    time::{Instant, sleep_until},
};
use tokio_util::sync::CancellationToken;

use super::{Batch, LiveState, Member, Meter};
use crate::tail::source::{
    LiveTail, LiveTailRequest, LiveUpdate, Source, SourceError, SourceErrorKind, Streams,
};

/// A session ends after three hours; the next is opened before that.
const RENEW_AFTER: Duration = Duration::from_mins(2 * 60 + 55);
/// How long the one before goes on beside it, for there is no telling where the next began.
const OVERLAP: Duration = Duration::from_secs(5);
/// How long groups that come are waited for: several come one after the other, and a session can't be changed.
const SETTLE: Duration = Duration::from_secs(1);
/// A session that lasted so long did not end at once.
const LASTING: Duration = Duration::from_mins(1);
/// The first wait after one that did, and the longest: each session costs a minute at least.
const FIRST_WAIT: Duration = Duration::from_secs(5);
const LONGEST_WAIT: Duration = Duration::from_mins(5);

type Told = (u64, Option<Result<LiveUpdate, SourceError>>);
type Opening<'a> = Pin<Box<dyn Future<Output = Result<LiveTail, SourceError>> + Send + 'a>>;

/// The groups of one session at a time.
pub(super) struct Slot<'a, S> {
    pub(super) source: &'a S,
    pub(super) streams: &'a Streams,
    pub(super) filter_pattern: Option<&'a str>,
    pub(super) meter: Arc<Meter>,
    pub(super) members: watch::Receiver<Vec<Arc<Member>>>,
}

/// What there is of sessions.
#[derive(Default)]
struct Sessions {
    streams: SelectAll<BoxStream<'static, Told>>,
    newest: Option<Session>,
    /// The one before it, and when it is closed.
    before: Option<(Instant, CancellationToken)>,
    /// Whether the last update was a sample.
    sampled: bool,
}

struct Session {
    id: u64,
    begun: Instant,
    groups: Vec<String>,
    close: CancellationToken,
}

impl<S: Source> Slot<'_, S> {
    /// Until there is no room for it any more.
    pub(super) async fn run(mut self) {
        let mut sessions = Sessions::default();
        let mut opening: Option<Opening<'_>> = None;
        let mut asked = Vec::new();
        let mut failures = 0;
        let mut open_at = Some(Instant::now());
        loop {
            let due = open_at.filter(|_| opening.is_none());
            let close_at = sessions.before.as_ref().map(|(at, _)| *at);
            tokio::select! {
                biased;
                changed = self.members.changed() => {
                    if changed.is_err() {
                        return;
                    }
                    let groups = self.groups();
                    if groups.is_empty() {
                        (sessions, opening, open_at) = (Sessions::default(), None, None);
                    } else if let Some(session) = &sessions.newest
                        && groups.iter().all(|group| session.groups.contains(group))
                    {
                        // One that left is not listened to; one that came back is.
                        self.tell(&LiveState::Open);
                    } else {
                        open_at = Some(Instant::now() + SETTLE);
                    }
                }
                () = until(close_at), if close_at.is_some() => {
                    if let Some((_, close)) = sessions.before.take() {
                        close.cancel();
                    }
                }
                () = until(due), if due.is_some() => {
                    open_at = None;
                    asked = self.groups();
                    opening = Some(Box::pin(self.source.live_tail(LiveTailRequest {
                        groups: asked.clone(),
                        streams: self.streams.clone(),
                        filter_pattern: self.filter_pattern.map(str::to_owned),
                    })));
                }
                opened = async { Some(opening.as_mut()?.await) }, if opening.is_some() => {
                    opening = None;
                    match opened {
                        Some(Ok(stream)) => {
                            sessions.add(stream, std::mem::take(&mut asked), &self.meter);
                            open_at = open_at.or(Some(Instant::now() + RENEW_AFTER));
                            self.tell(&LiveState::Open);
                        }
                        // A session that is still open goes on; it ends by itself.
                        Some(Err(error)) => open_at = self.failed(error, &mut failures, sessions.newest.is_some()),
                        None => {}
                    }
                }
                Some((id, told)) = sessions.streams.next(), if !sessions.streams.is_empty() => match told {
                    Some(Ok(update)) => self.deliver(id, update, &mut sessions.sampled),
                    ended => {
                        let Some(session) = sessions.newest.take_if(|session| session.id == id) else { continue };
                        let error = match ended {
                            Some(Err(error)) => error,
                            _ => SourceError {
                                kind: SourceErrorKind::Offline,
                                message: "the Live Tail session was ended".to_owned(),
                            },
                        };
                        if session.begun.elapsed() >= LASTING {
                            failures = 0;
                            open_at = Some(Instant::now());
                            self.tell(&LiveState::Refused(error.message));
                        } else {
                            open_at = self.failed(error, &mut failures, false);
                        }
                    }
                },
            }
        }
    }

    fn groups(&mut self) -> Vec<String> {
        self.members.borrow_and_update().iter().map(|member| member.name.clone()).collect()
    }

    fn tell(&self, state: &LiveState) {
        self.members.borrow().iter().for_each(|member| member.is(state));
    }

    /// There is no session, for this reason; answers when the next is tried, if ever.
    fn failed(&self, error: SourceError, failures: &mut u32, open: bool) -> Option<Instant> {
        let SourceError { kind, message } = error;
        if !open {
            self.tell(&LiveState::Refused(message));
        }
        if matches!(kind, SourceErrorKind::Denied | SourceErrorKind::Unsupported | SourceErrorKind::Other) {
            return None;
        }
        let wait = FIRST_WAIT.saturating_mul(1 << (*failures).min(8)).min(LONGEST_WAIT);
        *failures += 1;
        Some(Instant::now() + wait)
    }

    /// Gives each group what is its own. That there was more is told to all, for nobody knows whose it was.
    fn deliver(&self, session: u64, update: LiveUpdate, sampled: &mut bool) {
        let members = self.members.borrow();
        let mut rest = update.events;
        for member in members.iter() {
            let (events, others) = if let [_] = members[..] {
                (std::mem::take(&mut rest), Vec::new())
            } else {
                std::mem::take(&mut rest).into_iter().partition(|event| event.group == member.name)
            };
            rest = others;
            if !events.is_empty() || update.sampled || *sampled {
                member.deliver(Batch { session, events, sampled: update.sampled });
            }
        }
        *sampled = update.sampled;
    }
}

impl Sessions {
    fn add(&mut self, stream: LiveTail, groups: Vec<String>, meter: &Arc<Meter>) {
        let ticking = meter.begin();
        let (id, close) = (ticking.session, CancellationToken::new());
        let updates = stream.map(move |told| {
            // It counts for as long as the stream is there.
            let _ = &ticking;
            (id, Some(told))
        });
        let end = stream::once(async move { (id, None) });
        self.streams.push(updates.take_until(close.clone().cancelled_owned()).chain(end).boxed());
        let session = Session { id, begun: Instant::now(), groups, close };
        if let Some(before) = self.newest.replace(session)
            && let Some((_, close)) = self.before.replace((Instant::now() + OVERLAP, before.close))
        {
            close.cancel();
        }
    }
}

/// Until a moment; for ever where there is none.
async fn until(at: Option<Instant>) {
    match at {
        Some(at) => sleep_until(at).await,
        None => std::future::pending().boxed().await,
    }
}
