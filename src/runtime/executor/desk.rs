//! What the executor does with the program's own files: one thing after the other, in the order in which it was asked
//! for, off the thread that draws, and never cancelled.

use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, Mutex, PoisonError},
    time::Instant,
};

use jiff::Timestamp;
use tokio::sync::{mpsc, oneshot};

use super::send;
use crate::{
    app::{
        Msg, Ticket,
        msg::{EventToExport, EventToRename, EventToSave},
    },
    cloud,
    disk::{Disk, Events, SaveError, Saved, events},
    domain::{
        invocation::{Ending, Record, Reply, Request},
        place::Place,
        saved_event::Owner,
        secret::Secret,
        text::sanitise,
    },
};

/// Records that are read: more than one looks through.
const READ: usize = 2000;

/// What a job came to.
#[derive(Default)]
struct Done {
    message: Option<Msg>,
    /// Said once.
    troubles: Vec<String>,
}

impl From<Msg> for Done {
    fn from(message: Msg) -> Self {
        Self { message: Some(message), troubles: Vec::new() }
    }
}

enum Job {
    Do(Box<dyn FnOnce(&Disk) -> Done + Send>),
    Tell(oneshot::Sender<()>),
}

/// Where jobs for the disk are put down.
#[derive(Clone)]
struct Jobs(mpsc::UnboundedSender<Job>);

impl Jobs {
    fn add<D: Into<Done>>(&self, work: impl FnOnce(&Disk) -> D + Send + 'static) {
        // Only the end of the runtime ends those who work.
        let _ = self.0.send(Job::Do(Box::new(move |disk| work(disk).into())));
    }
}

/// Does what is to be done on disk.
pub(super) struct Desk {
    jobs: Jobs,
    running: Running,
}

/// Invocations on their way.
type Running = Arc<Mutex<HashMap<Ticket, Begun>>>;

/// What is known of an invocation before it ends.
struct Begun {
    at: Timestamp,
    since: Instant,
    place: Place,
    request: Request,
    event: Option<String>,
}

impl Begun {
    fn record(self, ending: Ending) -> (Record, u64, Arc<Secret>) {
        let elapsed_ms = u64::try_from(self.since.elapsed().as_millis()).unwrap_or(u64::MAX);
        let record = Record::of(self.at, self.place, &self.request, self.event, ending);
        (record, elapsed_ms, self.request.payload)
    }
}

impl Desk {
    /// A desk for these files; what comes of the work goes to `messages`.
    pub(super) fn new(disk: Disk, messages: mpsc::Sender<Msg>) -> Self {
        let (jobs, waiting) = mpsc::unbounded_channel();
        tokio::spawn(work(Arc::new(disk), waiting, messages));
        Self { jobs: Jobs(jobs), running: Running::default() }
    }

    /// Records the invocations that are still on their way as ones whose outcome is unknown, and waits until all is on
    /// disk.
    pub(super) async fn finish(&self) {
        let running = std::mem::take(&mut *self.running.lock().unwrap_or_else(PoisonError::into_inner));
        for begun in running.into_values() {
            let (record, elapsed_ms, payload) = begun.record(Ending::Unknown);
            let record = record.unanswered(None, elapsed_ms);
            self.jobs.add(move |disk| add(disk, record, &payload, None));
        }
        let (done, told) = oneshot::channel();
        let _ = self.jobs.0.send(Job::Tell(done));
        let _ = told.await;
    }

    /// An invocation is about to be sent.
    pub(super) fn begin(
        &self,
        ticket: Ticket,
        at: Timestamp,
        place: Place,
        request: &Request,
        event: Option<String>,
    ) -> Recording {
        let begun = Begun { at, since: Instant::now(), place, request: request.clone(), event };
        self.running.lock().unwrap_or_else(PoisonError::into_inner).insert(ticket, begun);
        Recording { ticket, running: Arc::clone(&self.running), jobs: self.jobs.clone() }
    }

    pub(super) fn read_invocations(&self, ticket: Ticket) {
        self.jobs.add(move |disk| {
            let read = disk.invocations.as_ref().map_or(Ok(Vec::new()), |history| history.read(READ));
            Msg::InvocationsRead(ticket, read)
        });
    }

    pub(super) fn list_events(&self, ticket: Ticket, function: String) {
        self.jobs.add(move |disk| {
            let Some(events) = &disk.events else { return Msg::Events(ticket, Ok(Vec::new())).into() };
            match events.list(Some(&function)) {
                Ok(listing) => Done {
                    message: Some(Msg::Events(ticket, Ok(listing.events))),
                    troubles: listing.left_out,
                },
                Err(problem) => Msg::Events(ticket, Err(problem)).into(),
            }
        });
    }

    pub(super) fn read_event(&self, ticket: Ticket, owner: Owner, name: String) {
        self.jobs.add(move |disk| {
            let read = in_place(disk).and_then(|events| events.read(&owner, &name));
            Msg::EventRead(ticket, read.map(|content| (name, content)))
        });
    }

    pub(super) fn import_event(&self, ticket: Ticket, path: String) {
        self.jobs.add(move |_| Msg::EventRead(ticket, events::import(&path)));
    }

    pub(super) fn save_event(&self, ticket: Ticket, event: EventToSave) {
        self.store(ticket, move |events| {
            let EventToSave { owner, name, content, over } = event;
            let saved = events.save(&owner, &name, &content, over)?;
            let what = match saved {
                Saved::Added => "saved",
                Saved::Replaced => "saved again",
            };
            Ok(format!("{what}: {} for {owner}", sanitise(&name)))
        });
    }

    pub(super) fn rename_event(&self, ticket: Ticket, event: EventToRename) {
        self.store(ticket, move |events| {
            let EventToRename { owner, name, to_owner, to } = event;
            events.rename(&owner, &name, &to_owner, &to)?;
            Ok(if owner == to_owner {
                format!("{} is called {} now", sanitise(&name), sanitise(&to))
            } else {
                format!("{} is {} for {to_owner} now", sanitise(&name), sanitise(&to))
            })
        });
    }

    pub(super) fn delete_event(&self, ticket: Ticket, owner: Owner, name: String) {
        self.store(ticket, move |events| {
            events.delete(&owner, &name)?;
            Ok(format!("deleted: {} for {owner}", sanitise(&name)))
        });
    }

    pub(super) fn export_event(&self, ticket: Ticket, event: EventToExport, path: String, overwrite: bool) {
        self.jobs.add(move |disk| {
            let content = match event {
                EventToExport::Text(content) => Ok(content),
                EventToExport::Saved(owner, name) => in_place(disk)
                    .and_then(|events| events.read(&owner, &name))
                    .map(Arc::new)
                    .map_err(SaveError::Failed),
            };
            let written = content.and_then(|content| events::export(&content, &path, overwrite));
            let told = written.map(|path| format!("written to {}", sanitise(&path.to_string_lossy())));
            Msg::EventStored(ticket, told)
        });
    }

    fn store(
        &self,
        ticket: Ticket,
        change: impl FnOnce(&Events) -> Result<String, SaveError> + Send + 'static,
    ) {
        self.jobs.add(move |disk| {
            Msg::EventStored(ticket, in_place(disk).map_err(SaveError::Failed).and_then(change))
        });
    }
}

/// An invocation on its way into the history.
pub(super) struct Recording {
    ticket: Ticket,
    running: Running,
    jobs: Jobs,
}

impl Recording {
    /// It ended.
    pub(super) fn end(self, result: &Result<Box<Reply>, cloud::Error>) {
        let begun = self.running.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.ticket);
        // Recorded at the end of the program.
        let Some(begun) = begun else { return };
        match result {
            Ok(reply) => {
                let (answer, body) = (&reply.answer, Arc::clone(&reply.body));
                let (record, _, payload) = begun.record(answer.ending());
                let record = record.answered(answer, body.bytes().len());
                let whole = answer.payload_left_out == 0;
                self.jobs.add(move |disk| add(disk, record, &payload, whole.then(|| body.bytes())));
            }
            Err(error) => {
                let (record, elapsed_ms, payload) = begun.record(error.ending());
                let record = record.unanswered(error.request_id.clone(), elapsed_ms);
                self.jobs.add(move |disk| add(disk, record, &payload, None));
            }
        }
    }
}

fn add(disk: &Disk, record: Record, payload: &Arc<Secret>, response: Option<&[u8]>) -> Done {
    let Some(history) = &disk.invocations else { return Done::default() };
    let trouble = match history.add(record, payload, response) {
        Ok(said) => said,
        Err(problem) => Some(format!("the history of invocations can't be written: {problem}")),
    };
    Done { message: None, troubles: trouble.into_iter().collect() }
}

fn in_place(disk: &Disk) -> Result<&Events, String> {
    disk.events
        .as_ref()
        .ok_or_else(|| "there is no place for saved events: no home directory is known".into())
}

/// Does the jobs until nobody can add one.
async fn work(disk: Arc<Disk>, mut jobs: mpsc::UnboundedReceiver<Job>, messages: mpsc::Sender<Msg>) {
    let mut said = HashSet::new();
    while let Some(job) = jobs.recv().await {
        match job {
            Job::Do(work) => {
                let disk = Arc::clone(&disk);
                // A panic ends the program by itself.
                let done = tokio::task::spawn_blocking(move || work(&disk)).await.unwrap_or_default();
                for trouble in done.troubles {
                    if said.insert(trouble.clone()) {
                        send(&messages, Msg::Trouble(trouble)).await;
                    }
                }
                if let Some(message) = done.message {
                    send(&messages, message).await;
                }
            }
            Job::Tell(done) => _ = done.send(()),
        }
    }
}
